/* batch - calls with many accounts, and what came of each.
 *
 * The platform knows an account by its external id, and telling it twice is
 * telling it once: a call may be repeated. What it refuses of one account does
 * not hold up the others. */
#include "usersync.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { BATCH_MAX = 500, TIMEOUT_MS = 120 * 1000 };

/* One change on its way. */
struct row {
    const muster_change *change;
    const char *id; /* lives as long as the change */
    muster_rc rc;
    char *why; /* of a refusal */
};

struct batch {
    struct usersync *usersync;
    const struct row_form *form;
    const muster_push *push;
    struct row rows[BATCH_MAX];
    size_t count, most;
    muster_text url, body;
};

/* What the platform says to one call. */
struct answer {
    muster_rc rc;
    char why[WHY];
    muster_document *document;
};

/* --- calling --- */

static bool says(const struct usersync *usersync, const char *option, const char *word)
{
    return strcmp(usersync_option(usersync, option), word) == 0;
}

static muster_rc url_make(struct batch *batch)
{
    const char *base = usersync_option(batch->usersync, "base_url");
    size_t len = strlen(base);
    while (len > 0 && base[len - 1] == '/')
        len--;
    muster_text_clear(&batch->url);
    muster_text_add(&batch->url, base, len);
    muster_text_put(&batch->url, usersync_option(batch->usersync, batch->form->path_option));
    return batch->url.failed ? MUSTER_FAIL : MUSTER_OK;
}

static void body_begin(struct batch *batch)
{
    muster_text_clear(&batch->body);
    if (says(batch->usersync, "body", "object")) {
        muster_text_put(&batch->body, "{");
        muster_text_json(&batch->body, usersync_option(batch->usersync, batch->form->member_option));
        muster_text_put(&batch->body, ":[");
    } else if (says(batch->usersync, "body", "list")) {
        muster_text_put(&batch->body, "[");
    }
}

static void body_end(struct batch *batch)
{
    if (!says(batch->usersync, "body", "single"))
        muster_text_put(&batch->body, says(batch->usersync, "body", "object") ? "]}" : "]");
}

/* No answer that has what it should: who can do something about it. */
static void answer_explain(struct answer *answer, const muster_http *reply)
{
    const char *why = "the platform does not take the call: an integrator has to compare options 'body', 'names' and "
                      "'batch_size' with what it wants";
    switch (answer->rc) {
    case MUSTER_RETRY:
        why = !reply || reply->status == 0
                  ? "the platform could not be reached or broke off: it is tried again by itself"
              : reply->status == 429 ? "the platform wants fewer calls: it is tried again by itself"
                                     : "the platform is in trouble: it is tried again by itself; if that goes on, "
                                       "ask its support";
        break;
    case MUSTER_AUTH:
    case MUSTER_PERMISSION:
        why = "the platform does not let us in: an integrator has to put a valid token where option 'token' points";
        break;
    case MUSTER_GONE:
    case MUSTER_UNSUPPORTED:
        why = "the platform has nothing at this address: an integrator has to check 'base_url' and the options with "
              "paths";
        answer->rc = MUSTER_CONFIG;
        break;
    case MUSTER_CANCELLED: why = "it was cancelled"; break;
    default: answer->rc = MUSTER_CONFIG; break;
    }
    if (reply && reply->status != 0)
        snprintf(answer->why, sizeof(answer->why), "%s (HTTP %d)", why, (int)reply->status);
    else
        snprintf(answer->why, sizeof(answer->why), "%s", why);
}

static void call(struct batch *batch, struct answer *ret_answer)
{
    static const char *const headers[] = {"Content-Type: application/json", "Accept: application/json", NULL};
    struct usersync *usersync = batch->usersync;
    const muster_http *reply = NULL;
    const char *why;
    *ret_answer = (struct answer){.rc = MUSTER_FAIL, .why = "no memory for a call"};
    if (url_make(batch) != MUSTER_OK || batch->body.failed)
        return;
    muster_http ask = {.size = sizeof(ask),
                       .flags = MUSTER_IDEMPOTENT,
                       .timeout_ms = TIMEOUT_MS,
                       .method = "POST",
                       .url = batch->url.data,
                       .headers = headers,
                       .body = batch->body.data,
                       .body_len = batch->body.len,
                       .fd = -1,
                       .auth = &usersync->login};
    *ret_answer = (struct answer){.rc = usersync->host->http(usersync->run, &ask, &reply)};
    if (ret_answer->rc != MUSTER_OK) {
        answer_explain(ret_answer, reply);
        return;
    }
    ret_answer->document = muster_document_of_reply(reply, &why);
    const muster_node *root = muster_document_root(ret_answer->document);
    if (!root || root->kind != MUSTER_NODE_OBJECT) {
        ret_answer->rc = MUSTER_RETRY;
        snprintf(ret_answer->why, sizeof(ret_answer->why),
                 "what came from the platform's address is no answer of it (%s): whether it was done is not known, and "
                 "it is tried again by itself; if that goes on, look what stands between",
                 root ? "it is no object" : why);
    }
}

/* --- what came of each --- */

static void refuse(struct row *row, muster_rc rc, const char *why)
{
    row->rc = rc;
    free(row->why);
    row->why = strdup(why);
}

static void refuse_all(struct batch *batch, muster_rc rc, const char *why)
{
    for (size_t n = 0; n < batch->count; n++)
        refuse(&batch->rows[n], rc, why);
}

static int64_t number_of(const muster_node *node)
{
    const char *text = muster_node_text(node);
    return text && *text && strlen(text) < 10 && strspn(text, "0123456789") == strlen(text) ? strtol(text, NULL, 10)
                                                                                            : -1;
}

/* By its external id; without one by its number in the call. NULL: it cannot be told. */
static struct row *row_meant(struct batch *batch, const muster_node *error)
{
    const struct usersync *usersync = batch->usersync;
    const char *id = muster_node_text(muster_node_member(error, usersync_option(usersync, "error_id")));
    int64_t index = number_of(muster_node_member(error, usersync_option(usersync, "error_index")));
    for (size_t n = 0; id && *id && n < batch->count; n++)
        if (strcmp(batch->rows[n].id, id) == 0)
            return &batch->rows[n];
    if (id && *id)
        return NULL;
    if (index < 0 && batch->count == 1)
        return batch->rows;
    return index >= 0 && index < (int64_t)batch->count ? &batch->rows[index] : NULL;
}

/* An answer that counts has to count everybody. */
static bool adds_up(const struct batch *batch, const muster_node *root, uint32_t errors)
{
    static const char *const counts[] = {"created", "updated", "removed"};
    int64_t sum = errors;
    for (size_t n = 0; n < sizeof(counts) / sizeof(*counts); n++) {
        int64_t count = number_of(muster_node_member(root, counts[n]));
        if (count < 0)
            return true;
        sum += count;
    }
    return sum == (int64_t)batch->count;
}

static void answer_take(struct batch *batch, const struct answer *answer)
{
    const struct usersync *usersync = batch->usersync;
    const muster_node *root = muster_document_root(answer->document);
    const muster_node *errors = muster_node_at(root, usersync_option(usersync, "errors_pointer"));
    char why[WHY];
    bool vague = !adds_up(batch, root, errors ? errors->count : 0);
    for (const muster_node *error = muster_node_first(errors); error && !vague; error = error->next) {
        struct row *row = row_meant(batch, error);
        const char *code = muster_node_text(muster_node_member(error, usersync_option(usersync, "error_code")));
        const char *message = muster_node_text(muster_node_member(error, usersync_option(usersync, "error_message")));
        muster_rc rc = code_meaning(usersync, code, message, why);
        vague = row == NULL;
        if (row)
            refuse(row, rc, why);
    }
    if (vague)
        refuse_all(batch, MUSTER_RETRY,
                   "the platform's answer does not say clearly what became of whom: it is sent again by itself");
}

/* What is wrong with the connection as a whole is no account's fault, and does not count as a try of it. */
static muster_rc class_of_rows(muster_rc of_call)
{
    return of_call == MUSTER_RETRY || of_call == MUSTER_FAIL ? MUSTER_RETRY
           : of_call == MUSTER_CANCELLED                     ? MUSTER_CANCELLED
                                                             : MUSTER_AUTH;
}

static muster_rc rows_tell(struct batch *batch)
{
    const muster_host *host = batch->usersync->host;
    muster_run *run = batch->usersync->run;
    muster_rc rc = MUSTER_OK;
    for (size_t n = 0; n < batch->count; n++) {
        struct row *row = &batch->rows[n];
        if (rc == MUSTER_OK)
            rc = row->rc == MUSTER_OK ? host->applied(run, row->change, row->id)
                                      : host->refused(run, row->change, row->rc, row->why ? row->why : "");
        free(row->why);
    }
    batch->count = 0;
    return rc;
}

/* What failed as a whole is tried later, and ends this push. */
static muster_rc batch_send(struct batch *batch)
{
    struct answer answer;
    if (batch->count == 0)
        return MUSTER_OK;
    body_end(batch);
    call(batch, &answer);
    if (answer.rc == MUSTER_OK)
        answer_take(batch, &answer);
    else
        refuse_all(batch, class_of_rows(answer.rc), answer.why);
    muster_document_free(answer.document);
    muster_rc rc = rows_tell(batch);
    if (rc == MUSTER_OK && answer.rc != MUSTER_OK)
        rc = batch->usersync->host->fail(batch->usersync->run, answer.rc, "%s", answer.why);
    return rc;
}

/* --- gathering --- */

static muster_rc change_add(struct batch *batch, const muster_change *change)
{
    struct usersync *usersync = batch->usersync;
    const char *id = row_id(usersync, change);
    char why[WHY];
    if (!id)
        return usersync->host->refused(usersync->run, change, MUSTER_DATA,
                                       "externalId is empty: the platform tells nobody apart without it");
    for (size_t n = 0; n < batch->count; n++)
        if (strcmp(batch->rows[n].id, id) == 0)
            return usersync->host->refused(usersync->run, change, MUSTER_CONFLICT,
                                           "another account has the same externalId: an integrator has to map it to "
                                           "what only one has, as account.id");
    if (batch->count == 0)
        body_begin(batch);
    size_t before = batch->body.len;
    if (batch->count > 0)
        muster_text_put(&batch->body, ",");
    if (!row_write(usersync, batch->form, batch->push->fields, change, &batch->body, why)) {
        batch->body.len = before;
        return usersync->host->refused(usersync->run, change, MUSTER_DATA, why);
    }
    batch->rows[batch->count++] = (struct row){.change = change, .id = id};
    return MUSTER_OK;
}

static struct batch *batch_new(struct usersync *usersync, const char *stream)
{
    struct batch *batch = calloc(1, sizeof(*batch));
    if (!batch || !(batch->form = row_form(stream))) {
        free(batch);
        usersync->host->fail(usersync->run, MUSTER_FAIL, "no memory for a batch of accounts");
        return NULL;
    }
    batch->usersync = usersync;
    batch->most = says(usersync, "body", "single") ? 1 : (size_t)usersync->host->number(usersync->run, "batch_size");
    return batch;
}

static void batch_free(struct batch *batch)
{
    for (size_t n = 0; n < batch->count; n++)
        free(batch->rows[n].why);
    muster_text_done(&batch->url);
    muster_text_done(&batch->body);
    free(batch);
}

muster_rc batch_apply(struct usersync *usersync, const muster_push *push)
{
    struct batch *batch = batch_new(usersync, push->stream);
    const muster_change *change;
    muster_rc rc = MUSTER_OK;
    if (!batch)
        return MUSTER_FAIL;
    batch->push = push;
    while (rc == MUSTER_OK && (rc = usersync->host->next(usersync->run, &change)) == MUSTER_OK && change) {
        rc = change_add(batch, change);
        if (rc == MUSTER_OK && batch->count == batch->most)
            rc = batch_send(batch);
    }
    if (rc == MUSTER_OK)
        rc = batch_send(batch);
    batch_free(batch);
    return rc;
}

/* A list of nobody; where there are no lists, whatever else than a closed door is an answer. */
muster_rc batch_check(struct usersync *usersync)
{
    struct batch *batch = batch_new(usersync, "users");
    struct answer answer;
    if (!batch)
        return MUSTER_FAIL;
    bool single = says(usersync, "body", "single");
    body_begin(batch);
    muster_text_put(&batch->body, single ? "{}" : "");
    body_end(batch);
    call(batch, &answer);
    muster_document_free(answer.document);
    batch_free(batch);
    if (answer.rc == MUSTER_OK || (single && answer.rc == MUSTER_CONFIG))
        return MUSTER_OK;
    return usersync->host->fail(usersync->run, answer.rc, "%s", answer.why);
}
