/* batch - changes together: one document for many, as JSON or XML, and an answer that says which of them failed.
 *
 * So are those of a stream that is sent whole, everybody in one document or a
 * few. Whoever the system says nothing about was taken. */
#include "poc.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* One employee of the document. The entry that somebody left behind follows the one they moved to. */
struct row {
    const muster_change *change;
    char id[200]; /* "": none */
    char number[80];
    bool ending;
    muster_rc rc;
    char why[500];
};

struct batch {
    struct settings *settings;
    const char *mode;
    bool xml;
    size_t most; /* changes in a document; 0: all */
    struct row *rows;
    size_t count, room, changes;
    muster_text body, url;
    struct lacking lacking;
};

static muster_rc row_add(struct batch *batch, const struct employee *employee)
{
    if (batch->count == batch->room) {
        size_t room = batch->room ? 2 * batch->room : 128;
        struct row *bigger = realloc(batch->rows, room * sizeof(*bigger));
        if (!bigger)
            return batch->settings->host->fail(batch->settings->run, MUSTER_FAIL, "no memory for %zu employees", room);
        batch->rows = bigger;
        batch->room = room;
    }
    struct row *row = &batch->rows[batch->count++];
    *row = (struct row){.change = employee->change, .ending = employee->ending};
    if (!employee_id(employee, row->id))
        row->id[0] = '\0';
    const char *number = employee->values[EMPLOYEE_NUMBER];
    snprintf(row->number, sizeof(row->number), "%s", number ? number : "");
    if (!batch->xml && batch->count > 1)
        muster_text_put(&batch->body, ",");
    (batch->xml ? wire_xml : wire_json)(batch->settings, employee, &batch->body);
    lacking_count(&batch->lacking, employee);
    return MUSTER_OK;
}

static muster_rc change_add(struct batch *batch, const muster_change *change)
{
    struct employee employee, left;
    muster_rc rc = employee_make(batch->settings, change, &employee);
    if (rc != MUSTER_OK)
        return rc;
    rc = row_add(batch, &employee);
    employee_done(&employee);
    batch->changes += rc == MUSTER_OK;
    if (rc == MUSTER_OK && employee_left(batch->settings, change, &left)) {
        rc = row_add(batch, &left);
        employee_done(&left);
    }
    return rc;
}

/* ---- what the system says of them ---- */

static void row_refuse(struct row *row, muster_rc rc, const char *why)
{
    row->rc = rc;
    snprintf(row->why, sizeof(row->why), "%s", why);
}

static void all_refuse(struct batch *batch, muster_rc rc, const char *why)
{
    for (size_t n = 0; n < batch->count; n++)
        row_refuse(&batch->rows[n], rc, why);
}

/* By its number in the document; the employee number has to agree where it is said. NULL: it cannot be told. */
static struct row *row_of(struct batch *batch, const muster_node *error)
{
    const char *index = muster_node_text(muster_node_member(error, "Index"));
    const char *number = muster_node_text(muster_node_member(error, "EmployeeNumber"));
    struct row *found = NULL;
    size_t at = index && *index >= '0' && *index <= '9' ? strtoul(index, NULL, 10) : SIZE_MAX;
    if (at < batch->count && (!number || !*number || strcmp(batch->rows[at].number, number) == 0))
        return &batch->rows[at];
    for (size_t n = 0; number && *number && n < batch->count; n++)
        if (strcmp(batch->rows[n].number, number) == 0) {
            if (found)
                return NULL;
            found = &batch->rows[n];
        }
    return found;
}

static void error_take(struct batch *batch, const muster_node *error)
{
    const char *code = muster_node_text(muster_node_member(error, "Code"));
    const char *message = muster_node_text(muster_node_member(error, "Message"));
    struct row *row = row_of(batch, error);
    const char *field = NULL;
    if (!row) {
        all_refuse(batch, MUSTER_RETRY,
                   "P.O.C says that somebody of the batch failed and not who: it is sent again by itself");
        return;
    }
    /* A batch does not say which field; often the sentence begins with it. */
    for (int n = 0; message && n < FIELDS && !field; n++)
        if (strncmp(message, poc_fields[n].name, strlen(poc_fields[n].name)) == 0)
            field = poc_fields[n].name;
    row->rc = code_meaning(code ? code : "none", field, row->why, sizeof(row->why));
}

static void errors_take(struct batch *batch, const struct answer *answer)
{
    const muster_node *root = muster_document_root(answer->document);
    const muster_node *errors = muster_node_member(root, "Errors");
    const char *status = muster_node_text(muster_node_member(root, "Status"));
    const char *total = muster_node_text(muster_node_member(root, "Total"));
    bool partial = status && strcmp(status, "PARTIAL") == 0;
    if (!status || (!partial && strcmp(status, "OK") != 0) || (partial && !muster_node_first(errors)) ||
        (total && strtoull(total, NULL, 10) != batch->count)) {
        all_refuse(batch, MUSTER_RETRY,
                   "P.O.C's answer does not say what became of the batch: it is sent again by itself");
        return;
    }
    for (const muster_node *error = muster_node_first(errors); error; error = error->next)
        error_take(batch, error);
}

/* A change is done when all of its rows are. */
static muster_rc rows_answer(struct batch *batch)
{
    const muster_host *host = batch->settings->host;
    muster_run *run = batch->settings->run;
    muster_rc rc = MUSTER_OK;
    for (size_t n = 0; n < batch->count && rc == MUSTER_OK; n++) {
        const struct row *row = &batch->rows[n], *left = row;
        while (n + 1 < batch->count && batch->rows[n + 1].ending)
            left = &batch->rows[++n];
        const struct row *bad = row->rc != MUSTER_OK ? row : left;
        bool gone = bad->rc == MUSTER_GONE && (bad->ending || row->change->op == MUSTER_DEACTIVATE);
        rc = bad->rc == MUSTER_OK || gone ? host->applied(run, row->change, row->id[0] ? row->id : NULL)
                                          : host->refused(run, row->change, bad->rc, bad->why);
    }
    return rc;
}

static muster_rc batch_send(struct batch *batch)
{
    struct settings *settings = batch->settings;
    const muster_http *reply;
    struct answer answer;
    muster_http ask;
    muster_rc rc = call_url(settings, "batch_path", NULL, NULL, &batch->url);
    wire_end(batch->xml, batch->mode, &batch->body);
    if (rc == MUSTER_OK && batch->body.failed)
        rc = settings->host->fail(settings->run, MUSTER_FAIL, "no memory for %zu employees", batch->count);
    if (rc != MUSTER_OK)
        return rc;
    call_make(settings, "POST", batch->url.data, &batch->body, batch->xml, &ask);
    rc = settings->host->http(settings->run, &ask, &reply);
    answer_read(settings, rc, reply, &answer);
    if (answer.rc == MUSTER_OK)
        errors_take(batch, &answer);
    else
        all_refuse(batch, answer.rc, answer.why);
    rc = rows_answer(batch);
    if (rc == MUSTER_OK && (answer_ends_it(&answer) || answer.rc == MUSTER_RETRY))
        rc = settings->host->fail(settings->run, answer.rc, "%s", answer.why);
    answer_done(&answer);
    return rc;
}

static void batch_begin(struct batch *batch)
{
    const struct settings *settings = batch->settings;
    batch->count = batch->changes = 0;
    muster_text_clear(&batch->body);
    wire_begin(batch->xml, batch->mode, settings->host->now_ms(settings->run), &batch->body);
}

muster_rc batch_apply(struct settings *settings, const muster_push *push, bool full)
{
    const muster_host *host = settings->host;
    const char *format = host->text(settings->run, "format"), *mode = host->text(settings->run, "mode");
    struct batch batch = {.settings = settings,
                          .mode = mode && *mode ? mode
                                  : full        ? "full"
                                                : "delta",
                          .xml = format && strcmp(format, "xml") == 0,
                          .most = (size_t)host->number(settings->run, "batch_size")};
    const muster_change *change = NULL;
    muster_rc rc = MUSTER_OK;
    (void)push;
    do {
        batch_begin(&batch);
        while (rc == MUSTER_OK && (batch.most == 0 || batch.changes < batch.most) &&
               (rc = host->next(settings->run, &change)) == MUSTER_OK && change)
            rc = change_add(&batch, change);
        if (rc == MUSTER_OK && batch.count > 0)
            rc = batch_send(&batch);
    } while (rc == MUSTER_OK && change);
    lacking_tell(&batch.lacking, settings->run);
    free(batch.rows);
    muster_text_done(&batch.body);
    muster_text_done(&batch.url);
    return rc;
}
