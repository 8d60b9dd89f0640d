/* row - what the platform is told of one account, community or function group: always all there is, so that it does not
 * matter whether what is not named stays or goes there. */
#include "usersync.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

static const struct row_form forms[] = {
    {"users", "users_path", "users_member", true},
    {"communities", "communities_path", "communities_member", false},
    {"functions", "functions_path", "functions_member", false},
};

const struct row_form *row_form(const char *stream)
{
    for (size_t n = 0; n < sizeof(forms) / sizeof(*forms); n++)
        if (strcmp(forms[n].stream, stream) == 0)
            return &forms[n];
    return NULL;
}

/* What a field is called on the wire; "": it is not sent. */
static const char *row_name(const struct usersync *usersync, const char *field)
{
    const char *name = muster_node_text(muster_node_member(muster_document_root(usersync->names), field));
    return name ? name : field;
}

/* --- values --- */

/* Of who leaves, and is not there any more, what was told last. */
static const muster_record *record_with(const struct usersync *usersync, const muster_change *change, const char *field)
{
    if (change->after && usersync->host->present(change->after, field) != 0)
        return change->after;
    return change->before && usersync->host->present(change->before, field) != 0 ? change->before : NULL;
}

/* NULL: it has none. */
static const char *value_of(const struct usersync *usersync, const muster_change *change, const char *field)
{
    const muster_record *record = record_with(usersync, change, field);
    const char *value = record ? usersync->host->get(record, field) : NULL;
    return value && *value ? value : NULL;
}

const char *row_id(const struct usersync *usersync, const muster_change *change)
{
    return change->remote_id ? change->remote_id : value_of(usersync, change, "externalId");
}

static bool is_bare(int32_t type)
{
    return type == MUSTER_JSON || type == MUSTER_BOOL || type == MUSTER_INTEGER || type == MUSTER_DECIMAL;
}

static void member_begin(const struct usersync *usersync, const char *field, muster_text *out)
{
    muster_text_put(out, out->failed || out->data[out->len - 1] == '{' ? "" : ",");
    muster_text_json(out, row_name(usersync, field));
    muster_text_put(out, ":");
}

static void member_write(const struct usersync *usersync, const muster_field *field, const muster_change *change,
                         muster_text *out)
{
    const char *value =
        strcmp(field->name, "externalId") == 0 ? row_id(usersync, change) : value_of(usersync, change, field->name);
    if (!*row_name(usersync, field->name) || !record_with(usersync, change, field->name))
        return;
    member_begin(usersync, field->name, out);
    if (!value)
        muster_text_put(out, "null");
    else if (is_bare(field->type))
        muster_text_put(out, value);
    else
        muster_text_json(out, value);
}

/* --- who can be told --- */

/* '*' stands for anything; upper and lower case are one. */
static bool fits(const char *pattern, const char *text)
{
    const char *star = NULL, *again = NULL;
    while (*text) {
        if (*pattern == '*') {
            star = pattern++;
            again = text;
        } else if (strncasecmp(pattern, text, 1) == 0) {
            pattern++;
            text++;
        } else if (star) {
            pattern = star + 1;
            text = ++again;
        } else {
            return false;
        }
    }
    return pattern[strspn(pattern, "*")] == '\0';
}

static bool is_placeholder(const struct usersync *usersync, const char *address)
{
    char name[40];
    for (size_t n = 0, count = usersync->host->count(usersync->run, "never_invite"); n < count; n++) {
        snprintf(name, sizeof(name), "never_invite[%zu]", n);
        if (fits(usersync_option(usersync, name), address))
            return true;
    }
    return false;
}

/* Whether a list has anything in it. */
static bool has_items(const char *json)
{
    return json && strspn(json, "[ \t\r\n") < strcspn(json, "]");
}

static bool person_fits(const struct usersync *usersync, const muster_change *change, bool placed, char ret_why[WHY])
{
    const char *address = value_of(usersync, change, "email");
    if (address && is_placeholder(usersync, address)) {
        snprintf(ret_why, WHY,
                 "email is a placeholder (option never_invite), at which nobody can be reached: HR has to enter an "
                 "address of the person");
        return false;
    }
    if (!placed && change->op != MUSTER_UPDATE) {
        snprintf(ret_why, WHY,
                 "communities is empty: who is in no community cannot be invited; HR or the store has to say where the "
                 "person works");
        return false;
    }
    return true;
}

bool row_write(const struct usersync *usersync, const struct row_form *form, const muster_field *fields,
               const muster_change *change, muster_text *out, char ret_why[WHY])
{
    bool leaves = change->op == MUSTER_DEACTIVATE || change->op == MUSTER_DELETE;
    bool placed = !form->people || has_items(value_of(usersync, change, "communities"));
    if (form->people && !leaves && !person_fits(usersync, change, placed, ret_why))
        return false;
    muster_text_put(out, "{");
    for (const muster_field *field = fields; field->name; field++)
        member_write(usersync, field, change, out);
    if (*row_name(usersync, "active")) { /* who works in no community any more is not a member of the platform */
        member_begin(usersync, "active", out);
        muster_text_put(out, leaves || !placed ? "false" : "true");
    }
    muster_text_put(out, "}");
    return true;
}
