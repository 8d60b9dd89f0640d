/* call - talk with the Open Platform: one call, and what its answer means. Its own code counts before the HTTP status.
 */
#include "companyiq.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { URL = 2048, REPLY_MAX = 64 * 1024 * 1024 };

void answer_done(struct answer *answer)
{
    muster_document_free(answer->document);
    answer->document = NULL;
}

static void answer_set(struct answer *answer, muster_rc rc, const char *why)
{
    answer->rc = rc;
    snprintf(answer->why, sizeof(answer->why), "%s", why);
}

/* --- pointers --- */

/* The next word of a pointer, with ~1 and ~0 resolved; false: it is too long. */
static bool word_take(const char **at, char *word, size_t room)
{
    size_t len = 0;
    for ((*at)++; **at && **at != '/'; (*at)++) {
        char letter = **at;
        if (letter == '~' && ((*at)[1] == '0' || (*at)[1] == '1'))
            letter = *++*at == '0' ? '~' : '/';
        if (len + 1 >= room)
            return false;
        word[len++] = letter;
    }
    word[len] = '\0';
    return true;
}

static const muster_node *nth(const muster_node *list, size_t n)
{
    const muster_node *node = muster_node_first(list);
    while (node && n-- > 0)
        node = node->next;
    return node;
}

static const muster_node *pointer_get(const muster_node *node, const char *pointer)
{
    char word[200];
    while (node && *pointer == '/') {
        if (!word_take(&pointer, word, sizeof(word)))
            return NULL;
        node = node->kind == MUSTER_NODE_LIST ? nth(node, strtoul(word, NULL, 10)) : muster_node_member(node, word);
    }
    return node;
}

const muster_node *answer_at(const struct companyiq *companyiq, const struct answer *answer, const char *pointer_option)
{
    return pointer_get(muster_document_root(answer->document), companyiq_option(companyiq, pointer_option));
}

int64_t node_count(const muster_node *node)
{
    const char *text = muster_node_text(node);
    return text && *text && strspn(text, "0123456789") == strlen(text) && strlen(text) < 18 ? strtoll(text, NULL, 10)
                                                                                            : -1;
}

const char *node_text(const muster_node *node, const char *member)
{
    return muster_node_text(muster_node_member(node, member));
}

/* --- answers --- */

/* A reply that is too large for a frame lies in a file. */
static muster_document *document_read(const muster_http *reply)
{
    const char *why;
    if (reply->body)
        return muster_document_read(reply->body, reply->body_len, &why);
    char *bytes = reply->fd >= 0 && reply->body_len <= REPLY_MAX ? malloc(reply->body_len + 1) : NULL;
    size_t have = 0;
    for (ssize_t got; bytes && have < reply->body_len; have += (size_t)got)
        if ((got = pread(reply->fd, bytes + have, reply->body_len - have, (off_t)have)) <= 0)
            break;
    muster_document *document = bytes ? muster_document_read(bytes, have, &why) : NULL;
    free(bytes);
    return document;
}

/* No code: what HTTP says is all there is. The host has told the sentence for it. */
static void answer_bare(struct answer *answer, muster_rc rc, const muster_http *reply)
{
    if (rc != MUSTER_OK) {
        answer->rc = rc;
        answer->told = true;
        if (reply && reply->status)
            snprintf(answer->why, sizeof(answer->why), "CompanyIQ answered with HTTP status %d", reply->status);
        else
            answer_set(answer, rc, "CompanyIQ gave no answer");
        return;
    }
    answer_set(answer, MUSTER_RETRY,
               "what CompanyIQ answers is no JSON with a code in it: whether it did what it was asked is not known; "
               "check base_url, and what stands between it and this machine");
}

static void answer_read(const struct companyiq *companyiq, muster_rc rc, const muster_http *reply,
                        struct answer *ret_answer)
{
    *ret_answer = (struct answer){.rc = MUSTER_OK};
    ret_answer->document = reply ? document_read(reply) : NULL;
    const char *code = muster_node_text(answer_at(companyiq, ret_answer, "code_pointer"));
    if (!code || rc == MUSTER_CANCELLED) {
        answer_bare(ret_answer, rc, reply);
        return;
    }
    if (strcmp(code, companyiq_option(companyiq, "success_code")) == 0) {
        if (rc != MUSTER_OK)
            answer_bare(ret_answer, rc, reply);
        return;
    }
    const struct code *means = code_find((int)strtol(code, NULL, 10));
    ret_answer->rc = means->of_call;
    code_why(means, code, muster_node_text(answer_at(companyiq, ret_answer, "message_pointer")), ret_answer->why);
}

static void call(struct companyiq *companyiq, muster_http *ask, const char *path_option, const char *more,
                 struct answer *ret_answer)
{
    char url[URL];
    const muster_http *reply = NULL;
    int len = snprintf(url, sizeof(url), "%s%s%s", companyiq_option(companyiq, "base_url"),
                       companyiq_option(companyiq, path_option), more);
    *ret_answer = (struct answer){.rc = MUSTER_OK};
    if (len < 0 || len >= URL) {
        answer_set(ret_answer, MUSTER_CONFIG, "base_url and the path are longer than an address can be");
        return;
    }
    ask->size = sizeof(*ask);
    ask->url = url;
    muster_rc rc = companyiq->host->http(companyiq->run, ask, &reply);
    answer_read(companyiq, rc, reply, ret_answer);
}

void call_json(struct companyiq *companyiq, const char *path_option, const char *more, const struct text *body,
               struct answer *ret_answer)
{
    static const char *const headers[] = {"Content-Type: application/json", "Accept: application/json", NULL};
    muster_http ask = {.flags = MUSTER_IDEMPOTENT,
                       .method = body ? "POST" : "GET",
                       .headers = body ? headers : headers + 1,
                       .body = body ? body->data : NULL,
                       .body_len = body ? body->len : 0,
                       .fd = -1,
                       .auth = body ? companyiq->links : companyiq->empty};
    call(companyiq, &ask, path_option, more, ret_answer);
}

void call_form(struct companyiq *companyiq, const char *path_option, const muster_part *const *parts, bool repeatable,
               struct answer *ret_answer)
{
    muster_http ask = {.flags = repeatable ? MUSTER_IDEMPOTENT : 0,
                       .method = "POST",
                       .fd = -1,
                       .parts = parts,
                       .auth = companyiq->form};
    call(companyiq, &ask, path_option, "", ret_answer);
}

bool answer_ends_it(const struct answer *answer)
{
    return answer->told || answer->rc == MUSTER_AUTH || answer->rc == MUSTER_PERMISSION ||
           answer->rc == MUSTER_CANCELLED || (answer->rc == MUSTER_RETRY && !answer->later);
}

muster_rc answer_of_rows(const struct answer *answer)
{
    return answer->rc == MUSTER_AUTH || answer->rc == MUSTER_PERMISSION || answer->rc == MUSTER_CONFIG ? MUSTER_AUTH
                                                                                                       : MUSTER_RETRY;
}
