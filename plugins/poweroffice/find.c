/* find - who is in PowerOffice Go already: by external number, external import reference, number; an employment by its
 * employee and the day it began. */
#include "write.h"

#include <string.h>
#include <strings.h>

muster_rc find_by(struct poweroffice *po, const char *filter, const char *value, struct list *ret_list)
{
    struct address address;
    address_start(po, &address);
    address_path(&address, "/Employees");
    address_query(&address, filter, value);
    return list_read(po, &address, "Employees", ret_list);
}

static bool is_number(const char *text)
{
    size_t len = strspn(text, "0123456789");
    return len > 0 && len < 18 && text[len] == '\0' && text[0] != '0';
}

muster_rc find_employee(struct poweroffice *po, const char *wanted, char ret_id[24])
{
    static const char *const filters[] = {"externalNos", "externalImportReference", "employeeNos"};
    muster_rc rc = MUSTER_OK;
    *ret_id = '\0';
    for (size_t n = 0; rc == MUSTER_OK && n < 3 && !*ret_id; n++) {
        struct list list = {0};
        size_t page = 0;
        if (n != 1 && !is_number(wanted))
            continue;
        rc = find_by(po, filters[n], wanted, &list);
        if (rc == MUSTER_OK && list.count > 1)
            rc = po->host->fail(po->run, MUSTER_CONFLICT, "PowerOffice Go has several employees with %s %s", filters[n],
                                wanted);
        const muster_node *one = rc == MUSTER_OK ? list_next(&list, &page, NULL) : NULL;
        if (one)
            snprintf(ret_id, 24, "%.20s", text_of(one, "Id"));
        list_done(&list);
    }
    return rc;
}

static muster_rc give(struct poweroffice *po, const char *stream, const char *id, const char *place, const char *name,
                      const char *value)
{
    muster_record *record = po->host->record(po->run, stream, id, place);
    if (record && name)
        po->host->put(record, name, MUSTER_TEXT, value);
    return record ? po->host->row(po->run, record) : MUSTER_FAIL;
}

/* By a field that the service has no filter for, as of an e-mail address: everybody is read, once until somebody is
 * made. */
static muster_rc find_among_all(struct poweroffice *po, const char *field, const char *value)
{
    size_t page = 0;
    muster_rc rc = units_load(po, RIGHT_EMPLOYEES);
    if (rc == MUSTER_OK && po->lacks[RIGHT_EMPLOYEES])
        return MUSTER_PERMISSION;
    for (const muster_node *one = NULL; rc == MUSTER_OK && (one = list_next(&po->of[RIGHT_EMPLOYEES], &page, one));) {
        const char *theirs = text_of(one, field);
        if (theirs && strcasecmp(theirs, value) == 0)
            rc = give(po, "employees", text_of(one, "Id"), "/Employees", field, theirs);
    }
    return rc;
}

static muster_rc find_employees(struct poweroffice *po, const muster_record *fields)
{
    static const struct {
        const char *field, *filter;
    } ways[] = {{"ExternalNumber", "externalNos"},
                {"ExternalImportReference", "externalImportReference"},
                {"Number", "employeeNos"}};
    for (size_t n = 0; n < sizeof(ways) / sizeof(*ways); n++) {
        const char *value = po->host->get(fields, ways[n].field);
        struct list list = {0};
        size_t page = 0;
        if (!value || !*value)
            continue;
        muster_rc rc = find_by(po, ways[n].filter, value, &list);
        for (const muster_node *one = NULL; rc == MUSTER_OK && (one = list_next(&list, &page, one));)
            rc = give(po, "employees", text_of(one, "Id"), "/Employees", ways[n].field, value);
        list_done(&list);
        return rc;
    }
    for (const struct wire_field *field = target_named("employees")->fields; field->name; field++) {
        const char *value = po->host->get(fields, field->name);
        if (value && *value)
            return find_among_all(po, field->name, value);
    }
    return MUSTER_OK;
}

/* The employments of the employee of "1001|2024-01-01"; none where the employee is not there. */
static muster_rc employments_of(struct poweroffice *po, const char *which, char ret_employee[24], struct list *list)
{
    char employee[200];
    struct address address;
    const char *bar = strrchr(which, '|');
    *ret_employee = '\0';
    snprintf(employee, sizeof(employee), "%.*s", bar ? (int)(bar - which) : 0, which);
    muster_rc rc = bar ? find_employee(po, employee, ret_employee) : MUSTER_OK;
    if (rc != MUSTER_OK || !bar || !*ret_employee)
        return rc;
    address_start(po, &address);
    address_path(&address, "/Employees/%s/Employments", ret_employee);
    return list_read(po, &address, "Employments", list);
}

/* The next row whose `field` is what stands behind the last bar. */
static const muster_node *next_on(const struct list *list, size_t *page, const muster_node *at, const char *field,
                                  const char *which)
{
    const char *bar = strrchr(which, '|');
    while ((at = list_next(list, page, at))) {
        const char *day = text_of(at, field);
        if (bar && day && strcmp(day, bar + 1) == 0)
            break;
    }
    return at;
}

muster_rc find_employment(struct poweroffice *po, const char *which, char ret_remote[64])
{
    char id[24];
    struct list list = {0};
    size_t page = 0;
    *ret_remote = '\0';
    muster_rc rc = employments_of(po, which, id, &list);
    for (const muster_node *one = NULL; rc == MUSTER_OK && (one = next_on(&list, &page, one, "StartDate", which));) {
        if (*ret_remote)
            rc = po->host->fail(po->run, MUSTER_CONFLICT, "PowerOffice Go has several employments %s", which);
        snprintf(ret_remote, 64, "%s/%.20s", id, text_of(one, "Id"));
    }
    list_done(&list);
    return rc;
}

/* "1001|2024-01-01": each one, as whoever asks is to see that there are several. */
static muster_rc find_employments(struct poweroffice *po, const char *which)
{
    char id[24], remote[64];
    struct list list = {0};
    size_t page = 0;
    muster_rc rc = employments_of(po, which, id, &list);
    for (const muster_node *one = NULL; rc == MUSTER_OK && (one = next_on(&list, &page, one, "StartDate", which));) {
        snprintf(remote, sizeof(remote), "%s/%.20s", id, text_of(one, "Id"));
        rc = give(po, "employments", remote, "/Employments", "Employment", which);
    }
    list_done(&list);
    return rc;
}

/* "1001|2024-01-01|2024-06-01": of the employment, what begins on that day. */
static muster_rc find_lines(struct poweroffice *po, const struct target_stream *stream, const char *which)
{
    char employment[200], owner[64], remote[120];
    struct address address;
    struct list list = {0};
    size_t page = 0;
    const char *bar = strrchr(which, '|');
    snprintf(employment, sizeof(employment), "%.*s", bar ? (int)(bar - which) : 0, which);
    muster_rc rc = find_employment(po, employment, owner);
    const char *slash = strchr(owner, '/');
    if (rc != MUSTER_OK || !slash)
        return rc;
    address_start(po, &address);
    address_path(&address, "/Employees/Employments/%s/%s", slash + 1, stream->path);
    rc = list_read(po, &address, stream->asked, &list);
    for (const muster_node *one = NULL; rc == MUSTER_OK && (one = next_on(&list, &page, one, stream->day, which));) {
        snprintf(remote, sizeof(remote), "%s/%.40s", owner, text_of(one, "Id"));
        rc = give(po, stream->name, remote, stream->path, stream->fields[0].name, which);
    }
    list_done(&list);
    return rc;
}

muster_rc find_one(struct poweroffice *po, const char *name, const muster_record *fields)
{
    const struct target_stream *stream = target_named(name);
    if (!stream || stream->kind == TARGET_PEOPLE)
        return stream ? find_employees(po, fields) : MUSTER_OK;
    const char *which = po->host->get(fields, stream->fields[0].name);
    if (!which || !*which)
        return MUSTER_OK;
    return stream->kind == TARGET_LINES ? find_lines(po, stream, which) : find_employments(po, which);
}
