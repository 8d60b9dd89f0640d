/* apply - what becomes of each change: somebody is created, patched with what differs, or archived; nobody is deleted.
 *
 * Before a patch the object is read: what stands there already is not sent,
 * and what somebody else changed there is left alone. */
#include "write.h"

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

__attribute__((format(printf, 3, 4))) static muster_rc says(struct change *change, muster_rc rc, const char *format,
                                                            ...)
{
    va_list args;
    va_start(args, format);
    vsnprintf(change->why, sizeof(change->why), format, args);
    va_end(args);
    return rc;
}

/* ---- calls ---- */

/* What the service says against it: ProblemDetails, or the gateway's own JSON. */
static void problem_read(struct change *change, const muster_http *reply)
{
    static const char *const members[] = {"title", "Title", "detail", "Detail", "message"};
    const char *why;
    size_t len = 0;
    muster_document *document =
        reply && reply->body && reply->body_len > 0 ? muster_document_read(reply->body, reply->body_len, &why) : NULL;
    const muster_node *root = document ? muster_document_root(document) : NULL;
    for (size_t n = 0; root && root->kind == MUSTER_NODE_OBJECT && n < 5; n++) {
        const char *text = text_of(root, members[n]);
        if (text && *text && len < sizeof(change->why))
            len += (size_t)snprintf(change->why + len, sizeof(change->why) - len, "%s%s",
                                    len ? ": " : "PowerOffice Go says: ", text);
    }
    if (len == 0 && reply && reply->status)
        snprintf(change->why, sizeof(change->why), "PowerOffice Go answers with HTTP status %d", reply->status);
    else if (len == 0)
        snprintf(change->why, sizeof(change->why), "PowerOffice Go gives no answer");
    muster_document_free(document);
}

muster_rc change_send(struct change *change, const char *method, const char *type, const struct script *body,
                      muster_document **ret_document)
{
    struct poweroffice *po = change->po;
    struct address address;
    muster_http ask;
    const muster_http *reply = NULL;
    const char *headers[] = {"Accept: application/json", type, NULL};
    address_start(po, &address);
    address_path(&address, "%s", change->way);
    if (address.failed)
        return says(change, MUSTER_CONFIG, "option 'base_url' is longer than an address can be");
    call_get(po, &address, &ask);
    ask.method = method;
    ask.headers = headers;
    ask.body = body ? body->text : NULL;
    ask.body_len = body ? body->len : 0;
    /* A patch that replaces values does the same twice; a creation does not. */
    ask.flags = strcmp(method, "PATCH") == 0 ? MUSTER_IDEMPOTENT : 0;
    change->posted |= strcmp(method, "POST") == 0;
    list_done(&po->of[RIGHT_EMPLOYEES]); /* as it was before this */
    po->read[RIGHT_EMPLOYEES] = false;
    muster_rc rc = po->host->http(po->run, &ask, &reply);
    if (rc != MUSTER_OK) {
        problem_read(change, reply);
        return rc;
    }
    return call_document(po, change->stream->asked, rc, reply, ret_document);
}

/* ---- one change ---- */

enum { REMOTE_ROOM = 120 }; /* EMPLOYEE[/EMPLOYMENT[/LINE]] */

/* PowerOffice Go wants to know why. */
static muster_rc end_is_whole(struct change *change)
{
    bool employment = change->stream->kind == TARGET_EMPLOYMENTS;
    if (employment && change_value(change, "EndDate") && !change_value(change, "EndDateReason"))
        return says(change, MUSTER_DATA, "an employment ends for a reason: EndDateReason is missing beside EndDate");
    return MUSTER_OK;
}

/* The employee of an employment that is to be. */
static muster_rc way_of_employment(struct change *change, const char *which, char ret_owner[64])
{
    const char *bar = strrchr(which, '|');
    char who[200], employee[24] = "";
    snprintf(who, sizeof(who), "%.*s", bar ? (int)(bar - which) : 0, which);
    muster_rc rc = find_employee(change->po, who, employee);
    if (rc != MUSTER_OK)
        return says(change, rc, "the employee '%.60s' could not be looked up", who);
    if (!*employee)
        return says(change, MUSTER_RETRY, "the employee '%.60s' is not there yet", who);
    snprintf(change->way, sizeof(change->way), "/Employees/%s/Employments", employee);
    snprintf(ret_owner, 64, "%s", employee);
    return MUSTER_OK;
}

/* The employment of a line that is to be: "1001|2024-01-01|2024-06-01" begins with it. */
static muster_rc way_of_line(struct change *change, const char *which, char ret_owner[64])
{
    const char *bar = strrchr(which, '|'), *slash;
    char employment[200];
    snprintf(employment, sizeof(employment), "%.*s", bar ? (int)(bar - which) : 0, which);
    muster_rc rc = find_employment(change->po, employment, ret_owner);
    if (rc != MUSTER_OK)
        return says(change, rc, "the employment '%.60s' could not be looked up", employment);
    slash = strchr(ret_owner, '/');
    if (!slash)
        return says(change, MUSTER_RETRY, "the employment '%.60s' is not there yet", employment);
    snprintf(change->way, sizeof(change->way), "/Employees/Employments/%s/%s", slash + 1, change->stream->path);
    return MUSTER_OK;
}

static muster_rc create(struct change *change, char ret_id[REMOTE_ROOM])
{
    const char *which = change_value(change, change->stream->fields[0].name);
    char owner[64] = "";
    struct script body = {0};
    muster_document *made = NULL;
    muster_rc rc = MUSTER_OK;
    snprintf(change->way, sizeof(change->way), "/Employees");
    if (change->stream->kind == TARGET_EMPLOYMENTS)
        rc = way_of_employment(change, which ? which : "", owner);
    else if (change->stream->kind == TARGET_LINES)
        rc = way_of_line(change, which ? which : "", owner);
    if (rc == MUSTER_OK)
        rc = body_write(change, &body);
    if (rc == MUSTER_OK)
        rc = change_send(change, "POST", "Content-Type: application/json", &body, &made);
    script_done(&body);
    const char *id = rc == MUSTER_OK && made ? text_of(muster_document_root(made), "Id") : NULL;
    if (rc == MUSTER_OK && !id)
        rc = says(change, MUSTER_RETRY, "PowerOffice Go answers to a creation without an Id");
    if (rc == MUSTER_OK)
        snprintf(ret_id, REMOTE_ROOM, "%s%s%.40s", owner, *owner ? "/" : "", id);
    muster_document_free(made);
    return rc;
}

/* Where the object lies that the change is about; `upto`: of how many parts of its id. */
static void way_of(struct change *change, int upto)
{
    char parts[3][48] = {""};
    const char *at = change->given->remote_id;
    int count = 0;
    for (; *at && count < 3 && count < upto; count++) {
        size_t len = strcspn(at, "/");
        snprintf(parts[count], sizeof(parts[count]), "%.*s", (int)len, at);
        at += len + (at[len] == '/');
    }
    if (count == 3)
        snprintf(change->way, sizeof(change->way), "/Employees/Employments/%s/%s/%s", parts[1], change->stream->path,
                 parts[2]);
    else
        snprintf(change->way, sizeof(change->way), "/Employees/%s%s%s", parts[0], count == 2 ? "/Employments/" : "",
                 parts[1]);
}

static muster_rc patch(struct change *change, const char *archived)
{
    struct script body = {0};
    muster_document *there = NULL, *made = NULL;
    way_of(change, 3);
    muster_rc rc = change_send(change, "GET", NULL, NULL, &there);
    if (rc != MUSTER_OK)
        return rc;
    if (!there || !script_open(&body)) {
        muster_document_free(there);
        return says(change, MUSTER_RETRY, "PowerOffice Go answers with nothing");
    }
    fputc('[', body.out);
    rc = patch_write(change, muster_document_root(there), &body);
    const char *is = text_of(muster_document_root(there), "IsArchived");
    if (archived && strcmp(is ? is : "false", archived) != 0)
        patch_operation(&body, "/IsArchived", archived);
    fputc(']', body.out);
    if (!script_close(&body) && rc == MUSTER_OK)
        rc = MUSTER_FAIL;
    if (rc == MUSTER_OK && body.count > 0)
        rc = change_send(change, "PATCH", "Content-Type: application/json-patch+json", &body, &made);
    script_done(&body);
    muster_document_free(there);
    muster_document_free(made);
    return rc;
}

/* A salary or leave that is said no more: of an employment that has ended that is as it should be, for what was paid
 * stays. Of another one a person has to say what was wrong, as nothing is ever deleted there. */
static muster_rc line_ends(struct change *change)
{
    muster_document *employment = NULL;
    way_of(change, 2);
    muster_rc rc = change_send(change, "GET", NULL, NULL, &employment);
    bool ended = rc == MUSTER_OK && text_of(muster_document_root(employment), "EndDate");
    muster_document_free(employment);
    if (rc != MUSTER_OK || ended)
        return rc == MUSTER_GONE ? MUSTER_OK : rc;
    return says(change, MUSTER_DATA,
                "the source says no more of this one, and nothing is deleted in PowerOffice Go by itself: look at it "
                "there under %s",
                change->stream->path);
}

static muster_rc leaves(struct change *change)
{
    if (change->stream->kind == TARGET_LINES)
        return line_ends(change);
    if (change->stream->kind == TARGET_PEOPLE)
        return patch(change, "true");
    if (!change_value(change, "EndDate"))
        return says(change, MUSTER_DATA, "an employment ends on a day and for a reason, and neither is known");
    return patch(change, NULL);
}

static muster_rc change_make(struct change *change, char ret_id[REMOTE_ROOM])
{
    muster_rc rc = end_is_whole(change);
    const char *id = change->given->remote_id;
    snprintf(ret_id, REMOTE_ROOM, "%s", id ? id : "");
    if (rc != MUSTER_OK)
        return rc;
    switch (change->given->op) {
    case MUSTER_CREATE: return create(change, ret_id);
    case MUSTER_UPDATE: return patch(change, NULL);
    case MUSTER_REACTIVATE: return patch(change, change->stream->kind == TARGET_PEOPLE ? "false" : NULL);
    case MUSTER_DEACTIVATE:
    case MUSTER_DELETE: return leaves(change);
    default: return MUSTER_OK;
    }
}

/* Nobody knows whether a creation without an answer was done: then nothing is said, and it is looked for next time. */
static bool unknown(const struct change *change, muster_rc rc)
{
    return rc == MUSTER_RETRY && change->posted;
}

static muster_rc applied(struct change *change, const char *id)
{
    muster_rc rc = change->po->host->applied(change->po->run, change->given, id);
    return rc == MUSTER_OK && change->stream->kind == TARGET_PEOPLE ? managers_settle(change, id) : rc;
}

muster_rc apply_all(struct poweroffice *po, const muster_push *push)
{
    const muster_host *host = po->host;
    struct change change = {.po = po, .stream = target_named(push->stream)};
    char id[REMOTE_ROOM];
    if (!change.stream)
        return host->fail(po->run, MUSTER_CONFIG, "PowerOffice Go has no stream '%s' to write", push->stream);
    for (;;) {
        muster_rc rc = host->next(po->run, &change.given);
        if (rc != MUSTER_OK || !change.given)
            return rc;
        *change.why = '\0';
        change.posted = change.no_manager = false;
        rc = change_make(&change, id);
        if (rc == MUSTER_OK)
            rc = applied(&change, id);
        else if (rc == MUSTER_CANCELLED || rc == MUSTER_AUTH || rc == MUSTER_FAIL || unknown(&change, rc))
            return rc;
        else
            rc = host->refused(po->run, change.given, rc, *change.why ? change.why : "PowerOffice Go refuses it");
        if (rc != MUSTER_OK)
            return rc;
    }
}
