/* call - questions to a PMT server, and what it answers. */
#include "pmt.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

const char *text_of(const muster_node *object, const char *member)
{
    const char *text = muster_node_text(muster_node_member(object, member));
    return text && text[strspn(text, " \t\r\n")] ? text : NULL;
}

void store_call(const struct store *store, char ret_who[WHO_ROOM])
{
    bool named = *store->name && strcmp(store->name, store->id) != 0;
    snprintf(ret_who, WHO_ROOM, named ? "store %s (%s)" : "store %s", store->id, store->name);
}

muster_rc no_memory(struct pmt *pmt)
{
    return pmt->host->fail(pmt->run, MUSTER_FAIL, "out of memory");
}

const char *said_of(const muster_document *document, const char **ret_code)
{
    const muster_node *root = muster_document_root(document);
    const muster_node *first = muster_node_first(muster_node_member(root, "result"));
    const char *said = text_of(root, "error"), *code = text_of(first, "code");
    *ret_code = said ? NULL : code;
    if (said || !first || first->kind != MUSTER_NODE_OBJECT || first->count > 2)
        return said; /* a row of data has more to it */
    said = text_of(first, "message");
    return said ? said : code;
}

/* What the server itself says is wrong, if it does; the broker's own sentence stands otherwise. */
static muster_rc refused(struct pmt *pmt, const char *who, muster_rc rc, const muster_http *reply)
{
    const char *why, *code;
    muster_document *document = reply->status != 0 ? muster_document_of_reply(reply, &why) : NULL;
    const char *said = said_of(document, &code), *way = "";
    if (rc == MUSTER_PERMISSION || rc == MUSTER_AUTH)
        way = pmt->v2 ? " Check options 'api_key', 'reader' and 'reader_password', and what that account may see."
                      : " Check option 'api_key', and that access to this store was granted by Retail Solutions.";
    bool stops = said && *said && said[strlen(said) - 1] == '.';
    if (said)
        rc = pmt->host->fail(pmt->run, rc, "%s answers %d: %.200s%s%s", who, reply->status, said,
                             stops || !*way ? "" : ".", way);
    muster_document_free(document);
    return rc;
}

static muster_rc nonsense(struct pmt *pmt, const char *who, const char *what)
{
    return pmt->host->fail(pmt->run, MUSTER_RETRY,
                           "what %s answers is %s: nothing is taken of it, and it is asked again at the next run", who,
                           what);
}

/* The list in an answer; NULL with a sentence told. */
static const muster_node *list_of(struct pmt *pmt, const struct question *question, const muster_document *document)
{
    const muster_node *root = muster_document_root(document), *found = muster_node_member(root, question->list);
    const char *code, *said = said_of(document, &code);
    char what[80];
    if (said) {
        snprintf(what, sizeof(what), "an error although its status is good: %.40s", said);
        nonsense(pmt, question->who, what);
        return NULL;
    }
    bool good = found && found->kind == MUSTER_NODE_LIST;
    for (const muster_node *row = muster_node_first(found); good && row; row = row->next)
        good = row->kind == MUSTER_NODE_OBJECT;
    if (good)
        return found;
    snprintf(what, sizeof(what), "no list '%.40s' of objects", question->list);
    nonsense(pmt, question->who, what);
    return NULL;
}

uint32_t call_timeout(const struct pmt *pmt)
{
    return (uint32_t)(pmt->host->number(pmt->run, "timeout") * 1000);
}

muster_rc call_list(struct pmt *pmt, const struct question *question, muster_document **ret_document,
                    const muster_node **ret_list)
{
    static const char *const headers[] = {"Accept: application/json", NULL};
    const muster_http *reply = NULL;
    muster_http ask = {.size = sizeof(ask),
                       .method = "GET",
                       .url = question->url,
                       .headers = headers,
                       .timeout_ms = call_timeout(pmt),
                       .fd = -1,
                       .auth = question->auth ? question->auth : &pmt->key};
    muster_rc rc = pmt->host->http(pmt->run, &ask, &reply);
    return call_read(pmt, question, rc, reply, ret_document, ret_list);
}

muster_rc call_read(struct pmt *pmt, const struct question *question, muster_rc rc, const muster_http *reply,
                    muster_document **ret_document, const muster_node **ret_list)
{
    const char *why = NULL;
    if (rc != MUSTER_OK)
        return reply ? refused(pmt, question->who, rc, reply) : rc;
    muster_document *document = muster_document_of_reply(reply, &why);
    if (!document)
        return nonsense(pmt, question->who, "no whole JSON");
    const muster_node *found = list_of(pmt, question, document);
    if (!found) {
        muster_document_free(document);
        return MUSTER_RETRY;
    }
    *ret_document = document;
    *ret_list = found;
    return MUSTER_OK;
}
