/* row - one employee as records: a row for each thing that hangs on an employment, all under the employee's id.
 *
 * Names are the vendor's. What hangs on an employment has names of its own,
 * as several lists of the vendor become one kind of ours: Pay.* of salaries
 * and fixed salaries, Absence.* of leaves and lay-offs. */
#include "poweroffice.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { PARTS_MOST = 240 }; /* of one employee; a record has no room for more */

struct part {
    const muster_node *node;
    const char *until; /* first day of the line that follows it */
    enum right right;
};

struct parts {
    struct part *items;
    size_t count;
};

struct rows {
    struct poweroffice *po;
    const char *stream;
    const struct employee *employee;
    const muster_node *employment;
    const char *fte;
    char today[11];
    struct parts pays, absences; /* of the employment */
    size_t parts, left_out;
};

/* ---- lines of an employment, in order ---- */

static const char *or_nothing(const char *text)
{
    return text ? text : "";
}

static const char *from_day(const muster_node *line)
{
    const char *day = text_of(line, "FromDate");
    return or_nothing(day ? day : text_of(line, "StartDate"));
}

static int newest_first(const void *a, const void *b)
{
    const struct part *x = a, *y = b;
    int order = strcmp(from_day(y->node), from_day(x->node));
    return order ? order : strcmp(text_of(x->node, "Id"), text_of(y->node, "Id"));
}

static bool parts_add(struct parts *parts, const struct list *list, enum right right)
{
    size_t page = 0, begin = parts->count;
    struct part *more = realloc(parts->items, (parts->count + list->count + 1) * sizeof(*more));
    if (!more)
        return false;
    parts->items = more;
    for (const muster_node *one = NULL; (one = list_next(list, &page, one));)
        more[parts->count++] = (struct part){.node = one, .right = right};
    if (parts->count > begin + 1)
        qsort(more + begin, parts->count - begin, sizeof(*more), newest_first);
    for (size_t n = begin + 1; right == SUB_SALARIES && n < parts->count; n++)
        more[n].until = from_day(more[n - 1].node);
    return true;
}

/* The line that holds today, else the first one to come. */
static const char *fte_today(const struct list *list, const char *today)
{
    const muster_node *best = NULL;
    size_t page = 0;
    for (const muster_node *one = NULL; (one = list_next(list, &page, one));) {
        bool begun = strcmp(from_day(one), today) <= 0, best_begun = best && strcmp(from_day(best), today) <= 0;
        bool later = best && strcmp(from_day(one), from_day(best)) > 0;
        if (!best || (begun && (!best_begun || later)) || (!begun && !best_begun && !later))
            best = one;
    }
    return text_of(best, "FtePercentage");
}

/* ---- values ---- */

static void put(struct rows *rows, muster_record *record, const char *prefix, const char *name, const char *value)
{
    char field[120];
    snprintf(field, sizeof(field), "%s%s", prefix, name);
    rows->po->host->put(record, field, MUSTER_TEXT, value);
}

/* All that is no list, under the vendor's names. */
static void put_members(struct rows *rows, muster_record *record, const char *prefix, const muster_node *object)
{
    for (const muster_node *one = muster_node_first(object); one; one = one->next) {
        char inner[60];
        bool hidden = one->text && strcmp(one->text, "hidden") == 0 &&
                      (strcmp(one->name, "NationalIdNumber") == 0 || strcmp(one->name, "InternationalIdNumber") == 0);
        snprintf(inner, sizeof(inner), "%s%s.", prefix, one->name);
        if (one->kind == MUSTER_NODE_OBJECT && !*prefix)
            put_members(rows, record, inner, one);
        else if (one->kind != MUSTER_NODE_OBJECT && one->kind != MUSTER_NODE_LIST && !hidden)
            put(rows, record, prefix, one->name, one->text);
    }
}

/* What has a name of its own elsewhere; nothing where that may not be read. */
static void put_unit(struct rows *rows, muster_record *record, enum right right, const char *id, const char *field,
                     const char *member)
{
    const muster_node *unit = units_find(rows->po, right, id);
    if (unit || !id)
        put(rows, record, "", field, text_of(unit, member));
}

/* Who has no address any more has none of its parts; where it is not told, nothing is known of it. */
static void put_no_address(struct rows *rows, muster_record *record)
{
    static const char *const parts[] = {"AddressLine1", "AddressLine2", "ZipCode", "City", "CountryCode"};
    for (size_t n = 0; n < sizeof(parts) / sizeof(*parts); n++)
        put(rows, record, "MailAddress.", parts[n], NULL);
}

static void put_employee(struct rows *rows, muster_record *record)
{
    const muster_node *node = rows->employee->node, *address = muster_node_member(node, "MailAddress");
    put_members(rows, record, "", node);
    if (address && address->kind == MUSTER_NODE_NULL)
        put_no_address(rows, record);
    put_unit(rows, record, RIGHT_DEPARTMENTS, text_of(node, "DepartmentId"), "DepartmentName", "Name");
    put_unit(rows, record, RIGHT_LOCATIONS, text_of(node, "LocationId"), "LocationName", "Name");
}

static void put_employment(struct rows *rows, muster_record *record)
{
    const char *enterprise = text_of(rows->employment, "EnterpriseId");
    if (!rows->employment) {
        put(rows, record, "Employment.", "Id", NULL);
        return;
    }
    put_members(rows, record, "Employment.", rows->employment);
    put_unit(rows, record, RIGHT_ENTERPRISES, enterprise, "Employment.EnterpriseNo", "EnterpriseNo");
    put_unit(rows, record, RIGHT_ENTERPRISES, enterprise, "Employment.EnterpriseName", "Name");
    if (rows->fte)
        put(rows, record, "Employment.", "FtePercentage", rows->fte);
}

static void put_absence(struct rows *rows, muster_record *record, const struct part *part)
{
    const muster_node *line = part ? part->node : NULL;
    put(rows, record, "Absence.", "Id", text_of(line, "Id"));
    if (!line)
        return;
    bool leave = part->right == SUB_LEAVES;
    put(rows, record, "Absence.", "Type", leave ? text_of(line, "TypeOfLeave") : "Layoff");
    put(rows, record, "Absence.", "Percentage", text_of(line, leave ? "LeavePercentage" : "LayoffPercentage"));
    put(rows, record, "Absence.", "StartDate", text_of(line, "StartDate"));
    put(rows, record, "Absence.", "EndDate", text_of(line, "EndDate"));
}

static void put_pay(struct rows *rows, muster_record *record, const struct part *part)
{
    const muster_node *line = part ? part->node : NULL;
    char until[11] = "";
    put(rows, record, "Pay.", "Id", text_of(line, "Id"));
    if (!line)
        return;
    bool salary = part->right == SUB_SALARIES;
    if (part->until)
        day_before(part->until, until);
    const char *to = salary ? (*until ? until : NULL) : text_of(line, "ToDate"), *active = text_of(line, "IsActive");
    bool holds = strcmp(from_day(line), rows->today) <= 0 && (!to || strcmp(to, rows->today) >= 0);
    put(rows, record, "Pay.", "Type", salary ? text_of(line, "RemunerationType") : "FixedSalary");
    put(rows, record, "Pay.", "Amount", text_of(line, salary ? "AnnualSalary" : "Amount"));
    put(rows, record, "Pay.", "Rate", text_of(line, salary ? "HourlyRate" : "Rate"));
    put(rows, record, "Pay.", "Quantity", text_of(line, "Quantity"));
    put(rows, record, "Pay.", "PayItemId", text_of(line, "PayItemId"));
    put(rows, record, "Pay.", "FromDate", text_of(line, "FromDate"));
    put(rows, record, "Pay.", "ToDate", to);
    put(rows, record, "Pay.", "IsActive", salary ? (holds ? "true" : "false") : or_nothing(active));
}

/* ---- rows ---- */

static muster_rc row_emit(struct rows *rows, const struct part *pay, const struct part *absence)
{
    struct poweroffice *po = rows->po;
    char place[100];
    const char *id = text_of(rows->employee->node, "Id");
    snprintf(place, sizeof(place), "/Employees/%s", id);
    po->rows++;
    if (!po->host->take(po->run, rows->stream, id, place))
        return MUSTER_OK;
    muster_record *record = po->host->record(po->run, rows->stream, id, place);
    if (!record)
        return MUSTER_FAIL;
    put_employee(rows, record);
    if (!po->lacks[RIGHT_EMPLOYMENTS]) {
        put_employment(rows, record);
        put_pay(rows, record, pay);
        put_absence(rows, record, absence);
    }
    muster_rc rc = po->host->emit(po->run, record);
    return rc == MUSTER_DATA ? MUSTER_OK : rc; /* the host has rejected it already */
}

/* A part for which there is room; NULL: the list has no more. */
static const struct part *part_take(struct rows *rows, const struct parts *parts, size_t nth)
{
    if (nth >= parts->count)
        return NULL;
    if (rows->parts >= PARTS_MOST) {
        rows->left_out++;
        return NULL;
    }
    rows->parts++;
    return &parts->items[nth];
}

static muster_rc employment_give(struct rows *rows, const struct list *subs)
{
    struct parts *pays = &rows->pays, *absences = &rows->absences;
    pays->count = absences->count = 0;
    if (subs && (!parts_add(pays, &subs[SUB_SALARIES - SUB_FIRST], SUB_SALARIES) ||
                 !parts_add(pays, &subs[SUB_FIXED - SUB_FIRST], SUB_FIXED) ||
                 !parts_add(absences, &subs[SUB_LEAVES - SUB_FIRST], SUB_LEAVES) ||
                 !parts_add(absences, &subs[SUB_LAYOFFS - SUB_FIRST], SUB_LAYOFFS)))
        return rows->po->host->fail(rows->po->run, MUSTER_FAIL, "out of memory");
    rows->fte = subs ? fte_today(&subs[SUB_FTE - SUB_FIRST], rows->today) : NULL;
    rows->parts++;
    muster_rc rc = MUSTER_OK;
    for (size_t n = 0; rc == MUSTER_OK && (n == 0 || n < pays->count || n < absences->count); n++) {
        const struct part *absence = part_take(rows, absences, n), *pay = part_take(rows, pays, n);
        if (n == 0 || pay || absence)
            rc = row_emit(rows, pay, absence);
    }
    return rc;
}

muster_rc row_give(struct poweroffice *po, const char *stream, const struct employee *employee)
{
    struct rows rows = {.po = po, .stream = stream, .employee = employee};
    size_t page = 0, nth = 0;
    muster_rc rc = MUSTER_OK;
    stamp_day(po->host->now_ms(po->run), rows.today);
    for (const muster_node *one = NULL; rc == MUSTER_OK && (one = list_next(&employee->employments, &page, one));
         nth++) {
        rows.employment = one;
        rc = employment_give(&rows, employee->subs ? &employee->subs[nth * SUBS] : NULL);
    }
    if (nth == 0)
        rc = employment_give(&rows, NULL);
    if (rc == MUSTER_OK && rows.left_out > 0)
        po->host->log(po->run, MUSTER_WARN,
                      "employee %" PRId64 " has more salaries, leaves and the like than there is room for: %zu of the "
                      "older ones are left out",
                      employee->id, rows.left_out);
    free(rows.pays.items);
    free(rows.absences.items);
    return rc;
}
