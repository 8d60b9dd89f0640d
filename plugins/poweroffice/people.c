/* people - employees with all that hangs on them: everybody, or those of whom something may have changed.
 *
 * A change in a list below an employment, or of an address, moves no
 * timestamp of the employee. So a pull of changes reads again, besides those
 * whose timestamps moved, all who work there now; those who have left are read
 * again with everybody else. Nobody is concluded to be gone but from a pull of
 * everybody. */
#include "poweroffice.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

static const int64_t TICKS_PER_SECOND = 10000000;

/* An employee of whom employments were seen, and how many. */
struct tally {
    int64_t id;
    size_t employments;
};

struct people {
    struct poweroffice *po;
    const muster_pull *what;
    struct cursor before, now;
    bool full, everybody; /* everybody: the list of employees is read whole */
    struct list employees, employments;
    struct tally *tallies; /* by id */
    size_t tally_count;
    struct employee *chosen;
    size_t count, room;
    muster_document **singles; /* of employees who were asked for one by one */
    size_t single_count;
};

static muster_rc no_memory(struct people *people)
{
    return people->po->host->fail(people->po->run, MUSTER_FAIL, "out of memory");
}

static int64_t overlap(const struct poweroffice *po)
{
    return po->host->number(po->run, "overlap") * TICKS_PER_SECOND;
}

static void people_done(struct people *people)
{
    cursor_done(&people->before);
    cursor_done(&people->now);
    list_done(&people->employees);
    list_done(&people->employments);
    for (size_t n = 0; n < people->single_count; n++)
        muster_document_free(people->singles[n]);
    free(people->singles);
    free(people->tallies);
    free(people->chosen);
}

/* ---- lists ---- */

static muster_rc read_list(struct people *people, const char *path, const char *asked, const struct mark *since,
                           const char *filter, struct list *ret_list)
{
    struct address address;
    char text[32];
    address_start(people->po, &address);
    address_path(&address, "%s", path);
    if (since && since->ticks > 0) {
        stamp_filter(since->ticks - overlap(people->po), text);
        address_query(&address, "lastChangedDateTimeOffsetGreaterThan", text);
    }
    if (filter)
        address_query(&address, filter, "true");
    return list_read(people->po, &address, asked, ret_list);
}

static bool any_sub(const struct poweroffice *po)
{
    for (int n = SUB_FIRST; n < RIGHTS; n++)
        if (po->wanted[n] && !po->lacks[n])
            return true;
    return po->addresses;
}

static int by_id(const void *a, const void *b)
{
    const struct tally *x = a, *y = b;
    return x->id < y->id ? -1 : x->id > y->id;
}

/* Whose employments a list shows; those that the last pull saw as they are do not count. */
static muster_rc tally_list(struct people *people, const struct list *list, const struct mark *before)
{
    size_t page = 0;
    struct tally *more = realloc(people->tallies, (people->tally_count + list->count + 1) * sizeof(*more));
    if (!more)
        return no_memory(people);
    people->tallies = more;
    for (const muster_node *one = NULL; (one = list_next(list, &page, one));) {
        int64_t id = number_of(one, "Id"), ticks = stamp_read(text_of(one, "LastChangedDateTimeOffset"));
        if (!mark_add(&people->now.employments, id, ticks))
            return no_memory(people);
        if (!before || !mark_knows(before, id, ticks))
            more[people->tally_count++] = (struct tally){number_of(one, "EmployeeId"), 1};
    }
    return MUSTER_OK;
}

/* One for each employee. `exact`: each row was one employment, so they can be counted. */
static void tally_join(struct people *people, bool exact)
{
    size_t count = 0;
    if (people->tally_count > 1)
        qsort(people->tallies, people->tally_count, sizeof(*people->tallies), by_id);
    for (size_t n = 0; n < people->tally_count; n++)
        if (count > 0 && people->tallies[count - 1].id == people->tallies[n].id)
            people->tallies[count - 1].employments += exact;
        else
            people->tallies[count++] = people->tallies[n];
    people->tally_count = count;
}

static size_t tally_of(const struct people *people, int64_t id)
{
    struct tally wanted = {.id = id};
    const struct tally *found = people->tally_count > 0 ? bsearch(&wanted, people->tallies, people->tally_count,
                                                                  sizeof(*people->tallies), by_id)
                                                        : NULL;
    return found ? found->employments : 0;
}

/* Employments: all of them, or those that changed and those that hold today. */
static muster_rc read_employments(struct people *people)
{
    struct poweroffice *po = people->po;
    const struct mark *since = people->full ? NULL : &people->before.employments;
    struct list active = {0};
    if (po->lacks[RIGHT_EMPLOYMENTS])
        return MUSTER_OK;
    muster_rc rc =
        read_list(people, "/Employees/Employments", "Employees/Employments", since, NULL, &people->employments);
    if (rc == MUSTER_PERMISSION) {
        account_lacks(po, RIGHT_EMPLOYMENTS);
        return MUSTER_OK;
    }
    if (rc == MUSTER_OK)
        rc = tally_list(people, &people->employments, since);
    if (rc == MUSTER_OK && !people->full && any_sub(po))
        rc = read_list(people, "/Employees/Employments", "Employees/Employments", NULL, "activeEmployments", &active);
    if (rc == MUSTER_OK)
        rc = tally_list(people, &active, NULL);
    list_done(&active);
    tally_join(people, people->full);
    return rc;
}

/* ---- who ---- */

static muster_rc choose(struct people *people, const muster_node *node)
{
    if (people->count == people->room) {
        size_t room = people->room ? people->room * 2 : 256;
        struct employee *more = realloc(people->chosen, room * sizeof(*more));
        if (!more)
            return no_memory(people);
        people->chosen = more;
        people->room = room;
    }
    int64_t id = number_of(node, "Id");
    people->chosen[people->count++] = (struct employee){.node = node, .id = id, .expected = tally_of(people, id)};
    return MUSTER_OK;
}

/* Whether somebody has to be read again. Without employments to go by: who is not archived. */
static bool concerned(const struct people *people, const muster_node *node, int64_t id, int64_t ticks)
{
    const struct poweroffice *po = people->po;
    const struct mark *before = &people->before.employees;
    const char *archived = text_of(node, "IsArchived");
    if (people->full || tally_of(people, id) > 0)
        return true;
    if (ticks > before->ticks - overlap(po) && !mark_knows(before, id, ticks))
        return true;
    return people->everybody && po->lacks[RIGHT_EMPLOYMENTS] && !(archived && strcmp(archived, "true") == 0);
}

static muster_rc choose_all(struct people *people)
{
    size_t page = 0;
    muster_rc rc = MUSTER_OK;
    for (const muster_node *one = NULL; rc == MUSTER_OK && (one = list_next(&people->employees, &page, one));) {
        int64_t id = number_of(one, "Id"), ticks = stamp_read(text_of(one, "LastChangedDateTimeOffset"));
        if (!mark_add(&people->now.employees, id, ticks))
            return no_memory(people);
        if (concerned(people, one, id, ticks))
            rc = choose(people, one);
        if (people->what->limit > 0 && people->count >= people->what->limit)
            break;
    }
    return rc;
}

/* Whose employment changed, and who themselves did not: one by one. */
static muster_rc choose_rest(struct people *people)
{
    struct poweroffice *po = people->po;
    size_t had = people->count;
    muster_rc rc = MUSTER_OK;
    people->singles = calloc(people->tally_count + 1, sizeof(muster_document *));
    if (!people->singles)
        return no_memory(people);
    for (size_t n = 0; rc == MUSTER_OK && n < people->tally_count; n++) {
        struct address address;
        bool chosen = false;
        for (size_t i = 0; i < had && !chosen; i++)
            chosen = people->chosen[i].id == people->tallies[n].id;
        if (chosen)
            continue;
        address_start(po, &address);
        address_path(&address, "/Employees/%" PRId64, people->tallies[n].id);
        rc = call_object(po, &address, "Employees", &people->singles[people->single_count]);
        if (rc == MUSTER_OK)
            rc = choose(people, muster_document_root(people->singles[people->single_count++]));
        else if (rc == MUSTER_GONE) /* deleted meanwhile: a pull of everybody says so */
            rc = MUSTER_OK;
    }
    return rc;
}

/* ---- what may not be read ---- */

/* The fields by which what is read of a list is known; it may have another list's in it, too. */
static const struct {
    const char *field;
    enum right rights[2];
    size_t count;
} groups[] = {{"Absence.Id", {SUB_LEAVES, SUB_LAYOFFS}, 2},
              {"Pay.Id", {SUB_SALARIES, SUB_FIXED}, 2},
              {"Employment.FtePercentage", {SUB_FTE}, 1}};
enum { GROUPS = sizeof(groups) / sizeof(*groups) };

/* Tells the host of each field that cannot be read, and once, with the first of them, why. */
static muster_rc tell_lacking(struct people *people)
{
    struct poweroffice *po = people->po;
    const char *stream = people->what->stream;
    enum right lacking[RIGHTS];
    size_t count = 0;
    char why[WHY_ROOM];
    bool employments = po->lacks[RIGHT_EMPLOYMENTS];
    muster_rc rc = MUSTER_OK;
    if (employments)
        lacking[count++] = RIGHT_EMPLOYMENTS;
    for (int n = SUB_FIRST; n < RIGHTS; n++)
        if (po->lacks[n] && po->wanted[n])
            lacking[count++] = (enum right)n;
    if (count == 0)
        return MUSTER_OK;
    account_sentence(po, lacking, count, why);
    if (employments)
        rc = po->host->lacking(po->run, stream, "Employment.Id", why);
    for (size_t n = 0; rc == MUSTER_OK && n < GROUPS; n++) {
        bool lacks = employments;
        for (size_t i = 0; i < groups[n].count; i++)
            lacks |= po->lacks[groups[n].rights[i]] && po->wanted[groups[n].rights[i]];
        if (lacks)
            rc = po->host->lacking(po->run, stream, groups[n].field, why); /* the host repeats no sentence */
    }
    return rc;
}

/* ---- the pull ---- */

static muster_rc give(void *context, const struct employee *employee)
{
    const struct people *people = context;
    return row_give(people->po, people->what->stream, employee);
}

static muster_rc people_read(struct people *people)
{
    struct poweroffice *po = people->po;
    const struct mark *since = people->everybody ? NULL : &people->before.employees;
    muster_rc rc = units_load(po, RIGHT_DEPARTMENTS);
    if (rc == MUSTER_OK)
        rc = units_load(po, RIGHT_LOCATIONS);
    if (rc == MUSTER_OK)
        rc = units_load(po, RIGHT_ENTERPRISES);
    if (rc == MUSTER_OK)
        rc = read_employments(people);
    if (rc == MUSTER_OK)
        rc = read_list(people, "/Employees", "Employees", since, NULL, &people->employees);
    if (rc == MUSTER_OK)
        rc = choose_all(people);
    if (rc == MUSTER_OK && !people->everybody)
        rc = choose_rest(people);
    if (rc == MUSTER_OK)
        rc = loader_run(po, people->chosen, people->count, give, people);
    return rc == MUSTER_OK ? tell_lacking(people) : rc;
}

/* What was seen before counts on, until something later was seen. */
static bool marks_begin(struct people *people)
{
    const struct mark *from[] = {&people->before.employees, &people->before.employments};
    struct mark *to[] = {&people->now.employees, &people->now.employments};
    for (size_t n = 0; n < 2; n++) {
        for (size_t i = 0; i < from[n]->count; i++)
            if (!mark_add(to[n], from[n]->seen[i].id, from[n]->seen[i].ticks))
                return false;
        to[n]->ticks = from[n]->ticks > to[n]->ticks ? from[n]->ticks : to[n]->ticks;
    }
    return true;
}

static muster_rc people_claim(struct people *people)
{
    struct poweroffice *po = people->po;
    if (people->what->limit > 0)
        return MUSTER_OK; /* a sample */
    char *cursor = cursor_write(&people->now, overlap(po));
    if (!cursor)
        return no_memory(people);
    muster_rc rc = po->host->cursor(po->run, cursor);
    free(cursor);
    if (rc != MUSTER_OK)
        return rc;
    return people->full ? po->host->complete(po->run, po->rows) : po->host->changes(po->run, po->rows);
}

muster_rc people_pull(struct poweroffice *po, const muster_pull *what)
{
    struct people people = {.po = po, .what = what, .full = what->full || !what->cursor};
    const enum right employees = RIGHT_EMPLOYEES;
    char why[WHY_ROOM];
    if (po->lacks[RIGHT_EMPLOYEES]) {
        account_sentence(po, &employees, 1, why);
        return po->host->fail(po->run, MUSTER_PERMISSION, "%s", why);
    }
    if (!people.full && !cursor_read(what->cursor, &people.before))
        people.full = true; /* of another version of this connector */
    people.everybody = people.full || any_sub(po);
    po->rows = 0;
    muster_rc rc = marks_begin(&people) ? people_read(&people) : no_memory(&people);
    if (rc == MUSTER_OK)
        rc = people_claim(&people);
    people_done(&people);
    return rc;
}
