/* apply - what becomes of each change: somebody is created, patched with what differs, or archived; nobody is deleted.
 *
 * Before a patch the object is read: what stands there already is not sent,
 * and what somebody else changed there is left alone. */
#include "write.h"

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

struct change {
    struct poweroffice *po;
    const muster_change *given;
    const struct wire_field *fields;
    bool people;
    char way[200]; /* below base_url */
    char why[600];
};

static const char *value_of(const struct change *change, const char *field)
{
    const muster_host *host = change->po->host;
    return change->given->after && host->present(change->given->after, field) == 3
               ? host->get(change->given->after, field)
               : NULL;
}

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

static muster_rc send(struct change *change, const char *method, const char *type, const struct script *body,
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
    muster_rc rc = po->host->http(po->run, &ask, &reply);
    if (rc != MUSTER_OK) {
        problem_read(change, reply);
        return rc;
    }
    return call_document(po, change->people ? "Employees" : "Employments", rc, reply, ret_document);
}

/* ---- bodies ---- */

static muster_rc field_write(struct change *change, const struct wire_field *field, struct script *value)
{
    if (!script_open(value))
        return MUSTER_FAIL;
    muster_rc rc = value_write(change->po, field, value_of(change, field->name), true, value);
    bool whole = script_close(value);
    if (rc == MUSTER_GONE && field->unit != RIGHTS)
        rc = MUSTER_DATA;
    if (rc == MUSTER_DATA)
        snprintf(change->why, sizeof(change->why),
                 "PowerOffice Go has no %s '%.60s': make it there, or map %s to what there is",
                 field->unit == RIGHT_DEPARTMENTS ? "department"
                 : field->unit == RIGHT_LOCATIONS ? "location"
                                                  : "enterprise",
                 value_of(change, field->name), field->name);
    else if (rc != MUSTER_OK)
        snprintf(change->why, sizeof(change->why), "what %s refers to could not be looked up", field->name);
    return rc == MUSTER_OK && !whole ? MUSTER_FAIL : rc;
}

static bool in_address(const struct wire_field *field)
{
    return field->path && strncmp(field->path, "/MailAddress/", 13) == 0;
}

/* All members of a creation; those of the address stand in an object of their own. */
static muster_rc members_write(struct change *change, bool address, struct script *body)
{
    muster_rc rc = MUSTER_OK;
    for (const struct wire_field *field = change->fields; rc == MUSTER_OK && field->name; field++) {
        struct script value = {0};
        if (!field->path || in_address(field) != address || !value_of(change, field->name))
            continue;
        rc = field_write(change, field, &value);
        if (rc == MUSTER_OK && strcmp(value.text, "null") != 0)
            fprintf(body->out, "%s\"%s\":%s", body->count++ ? "," : "", strrchr(field->path, '/') + 1, value.text);
        script_done(&value);
    }
    return rc;
}

static muster_rc body_write(struct change *change, struct script *body)
{
    struct script address = {0};
    if (!script_open(body) || !script_open(&address)) {
        script_done(&address);
        return MUSTER_FAIL;
    }
    fputc('{', body->out);
    muster_rc rc = members_write(change, false, body);
    if (rc == MUSTER_OK)
        rc = members_write(change, true, &address);
    if (!script_close(&address) && rc == MUSTER_OK)
        rc = MUSTER_FAIL;
    if (rc == MUSTER_OK && address.count > 0)
        fprintf(body->out, "%s\"MailAddress\":{%s}", body->count ? "," : "", address.text);
    fputc('}', body->out);
    script_done(&address);
    return script_close(body) || rc != MUSTER_OK ? rc : MUSTER_FAIL;
}

static void operation(struct script *patch, const char *path, const char *json)
{
    fprintf(patch->out, "%s{\"op\":\"replace\",\"path\":\"%s\",\"value\":%s}", patch->count++ ? "," : "", path, json);
}

static bool is_changed(const struct change *change, const char *name)
{
    const char *one;
    for (size_t n = 0; (one = change->po->host->changed(change->given, n)); n++)
        if (strcmp(one, name) == 0)
            return true;
    return false;
}

/* What differs of what changed. An address that is not there yet is added whole. */
static muster_rc patch_write(struct change *change, const muster_node *there, struct script *patch)
{
    const muster_node *address = muster_node_member(there, "MailAddress");
    bool bare = change->people && (!address || address->kind == MUSTER_NODE_NULL);
    struct script whole = {0};
    muster_rc rc = script_open(&whole) ? MUSTER_OK : MUSTER_FAIL;
    for (const struct wire_field *field = change->fields; rc == MUSTER_OK && field->name; field++) {
        struct script value = {0};
        if (!field->path || !is_changed(change, field->name))
            continue;
        rc = field_write(change, field, &value);
        if (rc == MUSTER_OK && bare && in_address(field) && strcmp(value.text, "null") != 0)
            fprintf(whole.out, "%s\"%s\":%s", whole.count++ ? "," : "", strrchr(field->path, '/') + 1, value.text);
        else if (rc == MUSTER_OK && !(bare && in_address(field)) && !value_same(there, field, value.text))
            operation(patch, field->path, value.text);
        script_done(&value);
    }
    bool good = script_close(&whole);
    if (rc == MUSTER_OK && good && whole.count > 0)
        fprintf(patch->out, "%s{\"op\":\"add\",\"path\":\"/MailAddress\",\"value\":{%s}}", patch->count++ ? "," : "",
                whole.text);
    script_done(&whole);
    return rc == MUSTER_OK && !good ? MUSTER_FAIL : rc;
}

/* ---- one change ---- */

/* PowerOffice Go wants to know why. */
static muster_rc end_is_whole(struct change *change)
{
    if (!change->people && value_of(change, "EndDate") && !value_of(change, "EndDateReason"))
        return says(change, MUSTER_DATA, "an employment ends for a reason: EndDateReason is missing beside EndDate");
    return MUSTER_OK;
}

static muster_rc create(struct change *change, char ret_id[64])
{
    char employee[24] = "";
    struct script body = {0};
    muster_document *made = NULL;
    muster_rc rc = MUSTER_OK;
    snprintf(change->way, sizeof(change->way), "/Employees");
    if (!change->people) {
        const char *which = value_of(change, "Employment"), *bar = which ? strrchr(which, '|') : NULL;
        char who[200];
        snprintf(who, sizeof(who), "%.*s", bar ? (int)(bar - which) : 0, which ? which : "");
        rc = find_employee(change->po, who, employee);
        if (rc != MUSTER_OK)
            return says(change, rc, "the employee '%.60s' could not be looked up", who);
        if (!*employee)
            return says(change, MUSTER_RETRY, "the employee '%.60s' is not there yet", who);
        snprintf(change->way, sizeof(change->way), "/Employees/%s/Employments", employee);
    }
    rc = body_write(change, &body);
    if (rc == MUSTER_OK)
        rc = send(change, "POST", "Content-Type: application/json", &body, &made);
    script_done(&body);
    const char *id = rc == MUSTER_OK && made ? text_of(muster_document_root(made), "Id") : NULL;
    if (rc == MUSTER_OK && !id)
        rc = says(change, MUSTER_RETRY, "PowerOffice Go answers to a creation without an Id");
    if (rc == MUSTER_OK)
        snprintf(ret_id, 64, "%s%s%.20s", employee, *employee ? "/" : "", id);
    muster_document_free(made);
    return rc;
}

static muster_rc patch(struct change *change, const char *archived)
{
    const char *id = change->given->remote_id, *slash = strchr(id, '/');
    struct script body = {0};
    muster_document *there = NULL, *made = NULL;
    snprintf(change->way, sizeof(change->way), "/Employees/%.*s%s%s", slash ? (int)(slash - id) : 24, id,
             slash ? "/Employments/" : "", slash ? slash + 1 : "");
    muster_rc rc = send(change, "GET", NULL, NULL, &there);
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
        operation(&body, "/IsArchived", archived);
    fputc(']', body.out);
    if (!script_close(&body) && rc == MUSTER_OK)
        rc = MUSTER_FAIL;
    if (rc == MUSTER_OK && body.count > 0)
        rc = send(change, "PATCH", "Content-Type: application/json-patch+json", &body, &made);
    script_done(&body);
    muster_document_free(there);
    muster_document_free(made);
    return rc;
}

static muster_rc change_make(struct change *change, char ret_id[64])
{
    muster_rc rc = end_is_whole(change);
    const char *id = change->given->remote_id;
    snprintf(ret_id, 64, "%s", id ? id : "");
    if (rc != MUSTER_OK)
        return rc;
    switch (change->given->op) {
    case MUSTER_CREATE: return create(change, ret_id);
    case MUSTER_UPDATE: return patch(change, NULL);
    case MUSTER_REACTIVATE: return patch(change, change->people ? "false" : NULL);
    case MUSTER_DEACTIVATE:
    case MUSTER_DELETE:
        if (!change->people && !value_of(change, "EndDate"))
            return says(change, MUSTER_DATA, "an employment ends on a day and for a reason, and neither is known");
        return patch(change, change->people ? "true" : NULL);
    default: return MUSTER_OK;
    }
}

/* Nobody knows whether a creation without an answer was done: then nothing is said, and it is looked for next time. */
static bool unknown(const struct change *change, muster_rc rc)
{
    return rc == MUSTER_RETRY && change->given->op == MUSTER_CREATE && strncmp(change->why, "the employee", 12) != 0;
}

muster_rc apply_all(struct poweroffice *po, const muster_push *push)
{
    const muster_host *host = po->host;
    struct change change = {.po = po, .people = strcmp(push->stream, "people") == 0};
    char id[64];
    change.fields = change.people ? people_wire : employments_wire;
    for (;;) {
        muster_rc rc = host->next(po->run, &change.given);
        if (rc != MUSTER_OK || !change.given)
            return rc;
        *change.why = '\0';
        rc = change_make(&change, id);
        if (rc == MUSTER_OK)
            rc = host->applied(po->run, change.given, id);
        else if (rc == MUSTER_CANCELLED || rc == MUSTER_AUTH || rc == MUSTER_FAIL || unknown(&change, rc))
            return rc;
        else
            rc = host->refused(po->run, change.given, rc, *change.why ? change.why : "PowerOffice Go refuses it");
        if (rc != MUSTER_OK)
            return rc;
    }
}
