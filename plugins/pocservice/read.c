/* read - a body becomes employees: one as a JSON object, or many as JSON or XML. */
#include "pocservice.h"

#include <muster/table.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static enum field field_named(const struct service *service, const char *name, size_t len)
{
    for (int n = 0; n < FIELDS; n++) {
        const char *known = service_name(service, (enum field)n);
        if (strlen(known) == len && memcmp(known, name, len) == 0)
            return (enum field)n;
    }
    return FIELDS;
}

/* ---- JSON ---- */

/* [{"Level": 1, "Name": "EMEA"}, …]; where no level is said it is the place in the list. */
static bool levels_read(struct employee *employee, const muster_node *list)
{
    bool good = true;
    int place = 0;
    for (const muster_node *one = muster_node_first(list); one && good; one = one->next) {
        const char *level = muster_node_text(muster_node_member(one, "Level"));
        const char *name =
            one->kind == MUSTER_NODE_TEXT ? one->text : muster_node_text(muster_node_member(one, "Name"));
        long nth = level ? strtol(level, NULL, 10) : ++place;
        if (nth < 1 || nth > 9)
            employee_fault(employee, "E102", HIERARCHY_1, "has a level that is not 1 to 9");
        else
            good = employee_put(employee, (enum field)(HIERARCHY_1 + nth - 1), name);
    }
    return good;
}

/* False: no memory. */
static bool member_read(const struct service *service, const muster_node *member, struct employee *employee)
{
    enum field field = field_named(service, member->name, strlen(member->name));
    if (strcmp(member->name, "Hierarchies") == 0)
        return levels_read(employee, member);
    if (field == FIELDS)
        return true; /* what is not known is no fault */
    if (member->kind == MUSTER_NODE_NULL)
        return employee_put(employee, field, NULL);
    if (member->kind != MUSTER_NODE_TEXT && member->kind != MUSTER_NODE_NUMBER) {
        employee_fault(employee, "E102", field, "must be a text");
        return true;
    }
    if (strlen(member->text) != member->len) {
        employee_fault(employee, "E102", field, "has a zero byte in it");
        return true;
    }
    return employee_put(employee, field, member->text);
}

static bool object_read(const struct service *service, const muster_node *object, struct employee *employee)
{
    bool good = true;
    *employee = (struct employee){0};
    if (object->kind != MUSTER_NODE_OBJECT) {
        employee_fault(employee, "E102", EMPLOYEE_NUMBER, "cannot be found: this is no JSON object");
        return true;
    }
    for (const muster_node *one = muster_node_first(object); one && good; one = one->next)
        good = member_read(service, one, employee);
    employee_check(service, employee);
    return good;
}

bool read_one(const struct service *service, const muster_http *inbound, struct employee *ret_employee,
              char ret_why[SENTENCE])
{
    const char *why = NULL;
    muster_document *document = muster_document_read(inbound->body, inbound->body_len, &why);
    const muster_node *root = muster_document_root(document);
    bool good = root && root->kind == MUSTER_NODE_OBJECT && object_read(service, root, ret_employee);
    if (!good)
        snprintf(ret_why, SENTENCE, "the body must be a JSON object with one employee%s%.100s", why ? ": " : "",
                 why ? why : "");
    muster_document_free(document);
    return good;
}

/* {"Employees": [...]}, or just the list. */
static bool json_batch(const struct service *service, const muster_http *inbound, employee_taken_fn *taken,
                       void *context, char ret_why[SENTENCE])
{
    const char *why = NULL;
    muster_document *document = muster_document_read(inbound->body, inbound->body_len, &why);
    const muster_node *list = muster_document_root(document);
    if (list && list->kind == MUSTER_NODE_OBJECT)
        list = muster_node_member(list, "Employees");
    bool good = list && list->kind == MUSTER_NODE_LIST, on = good;
    size_t nth = 0;
    if (!good)
        snprintf(ret_why, SENTENCE, "the body must be { \"Employees\": [ ... ] }%s%.100s", why ? ": " : "",
                 why ? why : "");
    for (const muster_node *one = good ? muster_node_first(list) : NULL; one && on; one = one->next) {
        struct employee employee;
        on = object_read(service, one, &employee) && taken(context, &employee, nth++);
        employee_done(&employee);
    }
    muster_document_free(document);
    return good;
}

/* ---- XML ---- */

/* "Hierarchies.Hierarchy[2]" and, before or behind it, "Hierarchies.Hierarchy[2].@Level". */
struct levels {
    long level[10], count;
    const char *name[10];
};

static void level_cell(const muster_cell *cell, const char *name, struct levels *levels)
{
    const char *bracket = strchr(name, '[');
    long nth = bracket ? strtol(bracket + 1, NULL, 10) : 0;
    if (nth < 0 || nth > 9)
        return;
    if (strstr(name, "@Level"))
        levels->level[nth] = strtol(cell->text, NULL, 10);
    else if (!strchr(name, '@'))
        levels->name[nth] = cell->text;
    levels->count = nth >= levels->count ? nth + 1 : levels->count;
}

static bool levels_take(const struct levels *levels, struct employee *employee)
{
    bool good = true;
    for (long n = 0; n < levels->count && good; n++) {
        long level = levels->level[n] ? levels->level[n] : n + 1;
        if (level < 1 || level > 9)
            employee_fault(employee, "E102", HIERARCHY_1, "has a level that is not 1 to 9");
        else if (levels->name[n])
            good = employee_put(employee, (enum field)(HIERARCHY_1 + level - 1), levels->name[n]);
    }
    return good;
}

static bool row_read(const struct service *service, const muster_table *table, const muster_row *row,
                     struct employee *employee)
{
    static const char hierarchy[] = "Hierarchies.Hierarchy";
    struct levels levels = {0};
    bool good = true;
    *employee = (struct employee){0};
    for (size_t n = 0; n < row->count && good; n++) {
        const muster_cell *cell = &row->cells[n];
        const char *name = muster_table_name(table, cell->column);
        enum field field = name ? field_named(service, name, strlen(name)) : FIELDS;
        if (name && strncmp(name, hierarchy, sizeof(hierarchy) - 1) == 0)
            level_cell(cell, name, &levels);
        else if (field != FIELDS)
            good = employee_put(employee, field, cell->flags & MUSTER_CELL_NULL ? NULL : cell->text);
    }
    good = good && levels_take(&levels, employee);
    if (row->why)
        employee_fault(employee, "E102", EMPLOYEE_NUMBER, "cannot be trusted: %.100s", row->why);
    employee_check(service, employee);
    return good;
}

static bool xml_rows(const struct service *service, int fd, employee_taken_fn *taken, void *context,
                     char ret_why[SENTENCE])
{
    const muster_table_options options = {.size = sizeof(options), .format = MUSTER_TABLE_XML, .name = "the body"};
    muster_table_error error;
    muster_table *table = NULL;
    const muster_row *row = NULL;
    size_t nth = 0;
    bool on = true;
    muster_rc rc = muster_table_open(fd, &options, &table, &error);
    while (on && rc == MUSTER_OK && (rc = muster_table_next(table, &row, &error)) == MUSTER_OK && row) {
        struct employee employee;
        on = row_read(service, table, row, &employee) && taken(context, &employee, nth++);
        employee_done(&employee);
    }
    if (rc != MUSTER_OK)
        snprintf(ret_why, SENTENCE, "%.150s", error.text);
    muster_table_close(table);
    return rc == MUSTER_OK;
}

static bool spill(int fd, const char *bytes, size_t len)
{
    while (len > 0) {
        ssize_t done = write(fd, bytes, len);
        if (done <= 0)
            return false;
        bytes += done;
        len -= (size_t)done;
    }
    return true;
}

static bool xml_batch(const struct service *service, const muster_http *inbound, employee_taken_fn *taken,
                      void *context, char ret_why[SENTENCE])
{
    int fd = -1;
    snprintf(ret_why, SENTENCE, "the body cannot be read now");
    if (service->host->scratch(service->run, &fd) != MUSTER_OK)
        return false;
    bool good = spill(fd, inbound->body, inbound->body_len) && xml_rows(service, fd, taken, context, ret_why);
    close(fd);
    return good;
}

/* ---- both ---- */

static bool is_xml(const muster_http *inbound)
{
    const char *type = call_header(inbound, "Content-Type"), *at = inbound->body;
    while (*at == ' ' || *at == '\t' || *at == '\r' || *at == '\n' || strncmp(at, "\xef\xbb\xbf", 3) == 0)
        at += *at == '\xef' ? 3 : 1;
    return strstr(type, "xml") || *at == '<';
}

bool read_batch(const struct service *service, const muster_http *inbound, employee_taken_fn *taken, void *context,
                char ret_why[SENTENCE])
{
    return (is_xml(inbound) ? xml_batch : json_batch)(service, inbound, taken, context, ret_why);
}
