/* body - what is sent: all there is of what is created, and of what is there already only what differs. */
#include "write.h"

#include <string.h>

static const char *value_in(const struct change *change, const muster_record *record, const char *field)
{
    const muster_host *host = change->po->host;
    return record && host->present(record, field) == 3 ? host->get(record, field) : NULL;
}

/* A temporary employment that has an end, and nothing else is said, ends because its time is over. */
static bool expires(const struct change *change)
{
    const char *form = value_in(change, change->given->after, "EmploymentForm");
    form = form ? form : value_in(change, change->given->before, "EmploymentForm");
    return form && strncmp(form, "Temporary", 9) == 0 && value_in(change, change->given->after, "EndDate");
}

const char *change_value(const struct change *change, const char *field)
{
    const char *value = value_in(change, change->given->after, field);
    if (!value && strcmp(field, "EndDateReason") == 0 && expires(change))
        return "ContractCommitmentOrTemporaryEmploymentExpired";
    return value;
}

static muster_rc field_write(struct change *change, const struct wire_field *field, struct script *value)
{
    if (!script_open(value))
        return MUSTER_FAIL;
    muster_rc rc = value_write(change->po, field, change_value(change, field->name), true, value);
    bool whole = script_close(value);
    change->no_manager |= rc == MUSTER_OK && whole && field->manager && change_value(change, field->name) &&
                          strcmp(value->text, "null") == 0;
    if (rc == MUSTER_GONE && field->unit != RIGHTS)
        rc = MUSTER_DATA;
    if (rc == MUSTER_DATA)
        snprintf(change->why, sizeof(change->why),
                 "PowerOffice Go has no %s '%.60s': make it there, or map %s to what there is",
                 field->unit == RIGHT_DEPARTMENTS ? "department"
                 : field->unit == RIGHT_LOCATIONS ? "location"
                                                  : "enterprise",
                 change_value(change, field->name), field->name);
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
    for (const struct wire_field *field = change->stream->fields; rc == MUSTER_OK && field->name; field++) {
        struct script value = {0};
        if (!field->path || in_address(field) != address || !change_value(change, field->name))
            continue;
        rc = field_write(change, field, &value);
        if (rc == MUSTER_OK && strcmp(value.text, "null") != 0)
            fprintf(body->out, "%s\"%s\":%s", body->count++ ? "," : "", strrchr(field->path, '/') + 1, value.text);
        script_done(&value);
    }
    return rc;
}

muster_rc body_write(struct change *change, struct script *body)
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

void patch_operation(struct script *patch, const char *path, const char *json)
{
    fprintf(patch->out, "%s{\"op\":\"replace\",\"path\":\"%s\",\"value\":%s}", patch->count++ ? "," : "", path, json);
}

/* The reason goes with the day. */
static bool is_changed(const struct change *change, const char *name)
{
    const char *one, *with = strcmp(name, "EndDateReason") == 0 ? "EndDate" : name;
    for (size_t n = 0; (one = change->po->host->changed(change->given, n)); n++)
        if (strcmp(one, name) == 0 || strcmp(one, with) == 0)
            return true;
    return false;
}

/* What differs of what changed. An address that is not there yet is added whole. */
muster_rc patch_write(struct change *change, const muster_node *there, struct script *patch)
{
    const muster_node *address = muster_node_member(there, "MailAddress");
    bool bare = change->stream->kind == TARGET_PEOPLE && (!address || address->kind == MUSTER_NODE_NULL);
    struct script whole = {0};
    muster_rc rc = script_open(&whole) ? MUSTER_OK : MUSTER_FAIL;
    for (const struct wire_field *field = change->stream->fields; rc == MUSTER_OK && field->name; field++) {
        struct script value = {0};
        if (!field->path || !is_changed(change, field->name))
            continue;
        rc = field_write(change, field, &value);
        if (rc == MUSTER_OK && bare && in_address(field) && strcmp(value.text, "null") != 0)
            fprintf(whole.out, "%s\"%s\":%s", whole.count++ ? "," : "", strrchr(field->path, '/') + 1, value.text);
        else if (rc == MUSTER_OK && !(bare && in_address(field)) && !value_same(there, field, value.text))
            patch_operation(patch, field->path, value.text);
        script_done(&value);
    }
    bool good = script_close(&whole);
    if (rc == MUSTER_OK && good && whole.count > 0)
        fprintf(patch->out, "%s{\"op\":\"add\",\"path\":\"/MailAddress\",\"value\":{%s}}", patch->count++ ? "," : "",
                whole.text);
    script_done(&whole);
    return rc == MUSTER_OK && !good ? MUSTER_FAIL : rc;
}
