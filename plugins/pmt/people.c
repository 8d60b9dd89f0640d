/* people - the users of a store, with a membership for each department that they work in, and where that is asked for
 * their shifts.
 *
 * A user is as many records as there are memberships or shifts, all under the
 * user's id. One who is out of service stays in the store's list, and has no
 * membership. The names are those of the partner's interface in both dialects. */
#include "pmt.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { NAME_ROOM = 400 };

struct people {
    struct pmt *pmt;
    const muster_pull *what;
    const struct store *store;
    struct shifts shifts;
    uint64_t users, records;
};

/* What api/v2 calls otherwise, and what it is here. */
static const struct {
    const char *v2, *name;
} renamed[] = {{"account_id", "id"}, {"employee_first_name", "first_name"}, {"default_department_id", "department"}};

/* A member by the name that it has in the partner's interface. */
static const char *user_text(const struct people *people, const muster_node *user, const char *name)
{
    for (size_t n = 0; people->pmt->v2 && n < sizeof(renamed) / sizeof(*renamed); n++)
        if (strcmp(renamed[n].name, name) == 0)
            name = renamed[n].v2;
    return text_of(user, name);
}

static int id_order(const void *a, const void *b)
{
    const char *const *x = a, *const *y = b;
    return strcmp(*x, *y);
}

/* Ids that several users have: which of them is meant nobody can tell. */
struct ids {
    const char **items;
    size_t count;
};

static bool ids_read(const struct people *people, const struct rows *rows, struct ids *ret_ids)
{
    const char **items = calloc(rows->count + 1, sizeof(*items));
    size_t count = 0, doubles = 0;
    if (!items)
        return false;
    for (size_t n = 0; n < rows->count; n++)
        if ((items[count] = user_text(people, rows->items[n], "id")))
            count++;
    qsort(items, count, sizeof(*items), id_order);
    for (size_t n = 1; n < count; n++)
        if (strcmp(items[n], items[n - 1]) == 0)
            items[doubles++] = items[n];
    *ret_ids = (struct ids){items, doubles};
    return true;
}

static bool ids_have(const struct ids *ids, const char *id)
{
    return ids->count > 0 && bsearch(&id, ids->items, ids->count, sizeof(*ids->items), id_order);
}

/* ---- one record ---- */

static const char *birth_of(const muster_node *user)
{
    const char *text = text_of(user, "date_of_birth");
    char day[DAY_ROOM];
    return text && strlen(text) == 10 && day_turn(text, day) ? text : NULL; /* others are seen there, and say nothing */
}

static bool is_active(const muster_node *user)
{
    const char *text = text_of(user, "active");
    return !text || (strcmp(text, "false") != 0 && strcmp(text, "0") != 0);
}

/* What goes under another name, or is looked at more closely. */
static bool is_told(const struct people *people, const char *name)
{
    static const char *const names[] = {"employee_middle_name", "employee_last_name", "last_name"};
    bool told = strcmp(name, "date_of_birth") == 0 || strcmp(name, "scope") == 0;
    for (size_t n = 0; people->pmt->v2 && !told && n < sizeof(names) / sizeof(*names); n++)
        told = strcmp(name, names[n]) == 0;
    for (size_t n = 0; people->pmt->v2 && !told && n < sizeof(renamed) / sizeof(*renamed); n++)
        told = strcmp(name, renamed[n].v2) == 0 || strcmp(name, renamed[n].name) == 0;
    return told;
}

/* The parts of a name are one there and three here: "van den" stands before "Berg". */
static void put_names(struct people *people, muster_record *record, const muster_node *user)
{
    const muster_host *host = people->pmt->host;
    const char *middle = text_of(user, "employee_middle_name"), *last = text_of(user, "employee_last_name");
    char name[NAME_ROOM];
    for (size_t n = 0; n < sizeof(renamed) / sizeof(*renamed); n++)
        host->put(record, renamed[n].name, MUSTER_TEXT, muster_node_text(muster_node_member(user, renamed[n].v2)));
    snprintf(name, sizeof(name), "%s%s%s", middle ? middle : "", middle && last ? " " : "", last ? last : "");
    host->put(record, "last_name", MUSTER_TEXT, name);
}

/* Members that are values of their own go under the server's names, so that an organization can map what we do not. */
static void put_members(struct people *people, muster_record *record, const muster_node *user)
{
    const muster_host *host = people->pmt->host;
    if (people->pmt->v2)
        put_names(people, record, user);
    for (const muster_node *one = muster_node_first(user); one; one = one->next) {
        if (one->kind == MUSTER_NODE_LIST || one->kind == MUSTER_NODE_OBJECT || is_told(people, one->name))
            continue;
        host->put(record, one->name, MUSTER_TEXT, one->kind == MUSTER_NODE_NULL ? NULL : one->text);
    }
    if (muster_node_member(user, "date_of_birth"))
        host->put(record, "date_of_birth", MUSTER_DATE, birth_of(user));
    if (!muster_node_member(user, "active"))
        host->put(record, "active", MUSTER_TEXT, "true");
    host->put(record, "store.id", MUSTER_TEXT, people->store->id);
    host->put(record, "store.name", MUSTER_TEXT, people->store->name);
}

/* A department, as a membership ("scope") or of a shift. */
static void put_department(struct people *people, muster_record *record, const char *which, const char *id)
{
    struct pmt *pmt = people->pmt;
    const struct department *known = department_find(pmt, id);
    char name[40], code[CODE_ROOM];
    department_code(pmt, people->store, id, code);
    snprintf(name, sizeof(name), "%s.department", which);
    pmt->host->put(record, name, MUSTER_TEXT, code);
    snprintf(name, sizeof(name), "%s.name", which);
    pmt->host->put(record, name, MUSTER_TEXT, known && known->name ? known->name : NULL);
}

static void put_shift(struct people *people, muster_record *record, const struct shift *shift)
{
    const muster_host *host = people->pmt->host;
    char minutes[16];
    snprintf(minutes, sizeof(minutes), "%d", shift->break_minutes);
    host->put(record, "shift.id", MUSTER_TEXT, shift->id);
    host->put(record, "shift.starts_at", MUSTER_DATETIME, shift->begin.text);
    host->put(record, "shift.ends_at", MUSTER_DATETIME, shift->end.text);
    host->put(record, "shift.break_minutes", MUSTER_INTEGER, minutes);
    host->put(record, "shift.status", MUSTER_TEXT, shift->status);
    if (shift->department)
        put_department(people, record, "shift", shift->department);
}

/* Who took it over is known by what the list of users says of them. */
static void put_substitute(struct people *people, muster_record *record, const char *id, const struct rows *users)
{
    const muster_host *host = people->pmt->host;
    const muster_node *found = NULL;
    for (size_t n = 0; id && !found && n < users->count; n++) {
        const char *other = user_text(people, users->items[n], "id");
        found = other && strcmp(other, id) == 0 ? users->items[n] : NULL;
    }
    host->put(record, "exchange.substitute", MUSTER_TEXT, id);
    host->put(record, "exchange.substitute_email", MUSTER_TEXT, found ? text_of(found, "email") : NULL);
    host->put(record, "exchange.substitute_number", MUSTER_TEXT, found ? text_of(found, "personnel_number") : NULL);
}

static void put_exchange(struct people *people, muster_record *record, const struct shift *shift,
                         const struct rows *users)
{
    const muster_host *host = people->pmt->host;
    host->put(record, "exchange.id", MUSTER_TEXT, text_of(shift->exchange, "id"));
    host->put(record, "exchange.status", MUSTER_TEXT, text_of(shift->exchange, "status"));
    host->put(record, "exchange.remark", MUSTER_TEXT, text_of(shift->exchange, "remark"));
    put_substitute(people, record, text_of(shift->exchange, "substitute_id"), users);
    if (shift->eligible)
        host->put(record, "exchange.eligible", MUSTER_JSON, shift->eligible);
}

/* ---- one user ---- */

/* A record of a user: with a membership of a department or, where there is none, of the store ("store"), and a shift;
 * each may be NULL. */
static muster_rc give(struct people *people, const muster_node *user, const char *scope, const struct shift *shift,
                      const struct rows *users)
{
    struct pmt *pmt = people->pmt;
    const muster_host *host = pmt->host;
    const char *id = user_text(people, user, "id");
    char place[CODE_ROOM + 20];
    snprintf(place, sizeof(place), "/users/%.150s", id);
    people->records++;
    if (!host->take(pmt->run, people->what->stream, id, place))
        return MUSTER_OK;
    muster_record *record = host->record(pmt->run, people->what->stream, id, place);
    put_members(people, record, user);
    if (scope)
        host->put(record, "scope.key", MUSTER_TEXT, *scope ? scope : "store");
    if (scope && *scope)
        put_department(people, record, "scope", scope);
    else if (scope) /* in the store, and in no department */
        host->put(record, "scope.department", MUSTER_TEXT, NULL);
    if (shift)
        put_shift(people, record, shift);
    if (shift && shift->exchange)
        put_exchange(people, record, shift, users);
    muster_rc rc = host->emit(pmt->run, record);
    return rc == MUSTER_DATA ? MUSTER_OK : rc;
}

/* The next department of a scope that no entry before it named; *at begins as NULL. */
static const char *scope_next(const struct people *people, const muster_node *scope, const muster_node **at)
{
    const char *member = people->pmt->v2 ? "id" : "department";
    for (*at = *at ? (*at)->next : muster_node_first(scope); *at; *at = (*at)->next) {
        const char *id = text_of(*at, member);
        bool before = false;
        for (const muster_node *one = muster_node_first(scope); id && !before && one != *at; one = one->next) {
            const char *other = text_of(one, member);
            before = other && strcmp(other, id) == 0;
        }
        if (id && !before)
            return id;
    }
    return NULL;
}

/* Departments by scope; where there is none by the user's own; where there is none either, the store alone. Shifts go
 * beside them, as many records as there are of either. */
static muster_rc give_all(struct people *people, const muster_node *user, const struct rows *users)
{
    const muster_node *scope = muster_node_member(user, people->pmt->v2 ? "departments" : "scope"), *at = NULL;
    size_t count = 0;
    const struct shift *shift = shifts_of(&people->shifts, user_text(people, user, "id"), &count);
    const char *where = NULL;
    if (is_active(user) && !(where = scope_next(people, scope, &at))) {
        where = user_text(people, user, "department");
        where = where ? where : "";
    }
    muster_rc rc = give(people, user, where, count > 0 ? shift : NULL, users);
    for (size_t n = 1; rc == MUSTER_OK && (n < count || at); n++) {
        where = at ? scope_next(people, scope, &at) : NULL;
        if (where || n < count)
            rc = give(people, user, where, n < count ? &shift[n] : NULL, users);
    }
    return rc;
}

static muster_rc people_read(struct people *people, const struct rows *users)
{
    struct pmt *pmt = people->pmt;
    const muster_host *host = pmt->host;
    struct ids doubles = {0};
    muster_rc rc = MUSTER_OK;
    if (!ids_read(people, users, &doubles))
        return no_memory(pmt);
    for (size_t n = 0; rc == MUSTER_OK && n < users->count; n++) {
        const muster_node *user = users->items[n];
        const char *id = user_text(people, user, "id");
        if (host->cancelled(pmt->run))
            rc = MUSTER_CANCELLED;
        else if (people->what->limit > 0 && people->users == people->what->limit)
            break;
        else if (!id || strlen(id) > 200 || ids_have(&doubles, id)) {
            rc = people->what->limit > 0
                     ? MUSTER_OK
                     : host->reject(pmt->run, people->what->stream, id && strlen(id) <= 200 ? id : NULL, "/users",
                                    id ? "several users of this store have this id" : "a user without an id");
            people->records++;
        } else {
            rc = give_all(people, user, users);
        }
        host->progress(pmt->run, ++people->users, users->count);
    }
    free(doubles.items);
    return rc;
}

muster_rc people_pull(struct pmt *pmt, const muster_pull *what, const struct store *store)
{
    static const struct place place = {"users", "data", "employees"};
    struct people people = {.pmt = pmt, .what = what, .store = store};
    struct rows users = {0};
    muster_rc rc = departments_read(pmt, store, false);
    if (rc != MUSTER_OK)
        return rc;
    rc = rows_read(pmt, store, &place, &users);
    if (rc == MUSTER_OK)
        rc = shifts_read(pmt, what, store, &people.shifts);
    if (rc == MUSTER_OK)
        rc = people_read(&people, &users);
    shifts_done(&people.shifts);
    rows_done(&users);
    if (rc != MUSTER_OK || what->limit > 0)
        return rc;
    return pmt->host->complete(pmt->run, people.records);
}
