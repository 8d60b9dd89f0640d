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

void store_call(const struct store *store, char ret_who[2 * CODE_ROOM + 20])
{
    bool named = *store->name && strcmp(store->name, store->id) != 0;
    snprintf(ret_who, 2 * CODE_ROOM + 20, named ? "store %s (%s)" : "store %s", store->id, store->name);
}

/* What the server itself says is wrong, if it does; the broker's own sentence stands otherwise. */
static muster_rc refused(struct pmt *pmt, const char *who, muster_rc rc, const muster_http *reply)
{
    const char *why;
    muster_document *document = reply->status != 0 ? muster_document_of_reply(reply, &why) : NULL;
    const char *said = text_of(muster_document_root(document), "error");
    if (said)
        rc = pmt->host->fail(pmt->run, rc, "%s answers %d: %.200s%s", who, reply->status, said,
                             rc == MUSTER_PERMISSION || rc == MUSTER_AUTH
                                 ? " Check option 'api_key', and that access to this store was granted by Retail "
                                   "Solutions."
                                 : "");
    muster_document_free(document);
    return rc;
}

static muster_rc nonsense(struct pmt *pmt, const char *who, const char *what, const char *more)
{
    return pmt->host->fail(pmt->run, MUSTER_RETRY,
                           "what %s answers is %s%s: nothing is taken of it, and it is asked again at the next run",
                           who, what, more);
}

/* The list in an answer; NULL with a sentence told. */
static const muster_node *list_of(struct pmt *pmt, const char *who, const muster_document *document, const char *list)
{
    const muster_node *root = muster_document_root(document), *found = muster_node_member(root, list);
    const char *said = text_of(root, "error");
    char what[80];
    if (said) {
        snprintf(what, sizeof(what), "an error although its status is good: %.40s", said);
        nonsense(pmt, who, what, "");
        return NULL;
    }
    bool good = found && found->kind == MUSTER_NODE_LIST;
    for (const muster_node *row = muster_node_first(found); good && row; row = row->next)
        good = row->kind == MUSTER_NODE_OBJECT;
    if (good)
        return found;
    snprintf(what, sizeof(what), "no list '%.40s' of objects", list);
    nonsense(pmt, who, what, "");
    return NULL;
}

muster_rc call_list(struct pmt *pmt, const char *who, const char *url, const char *list, muster_document **ret_document,
                    const muster_node **ret_list)
{
    static const char *const headers[] = {"Accept: application/json", NULL};
    const muster_http *reply = NULL;
    muster_http ask = {.size = sizeof(ask),
                       .method = "GET",
                       .url = url,
                       .headers = headers,
                       .timeout_ms = (uint32_t)(pmt->host->number(pmt->run, "timeout") * 1000),
                       .fd = -1,
                       .auth = &pmt->key};
    muster_rc rc = pmt->host->http(pmt->run, &ask, &reply);
    return call_read(pmt, who, rc, reply, list, ret_document, ret_list);
}

muster_rc call_read(struct pmt *pmt, const char *who, muster_rc rc, const muster_http *reply, const char *list,
                    muster_document **ret_document, const muster_node **ret_list)
{
    const char *why = NULL;
    if (rc != MUSTER_OK)
        return reply ? refused(pmt, who, rc, reply) : rc;
    muster_document *document = muster_document_of_reply(reply, &why);
    if (!document)
        return nonsense(pmt, who, "no whole JSON", "");
    const muster_node *found = list_of(pmt, who, document, list);
    if (!found) {
        muster_document_free(document);
        return MUSTER_RETRY;
    }
    *ret_document = document;
    *ret_list = found;
    return MUSTER_OK;
}
