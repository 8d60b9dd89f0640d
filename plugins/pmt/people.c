/* people - the users of a store, with a membership for each department that they work in.
 *
 * A user is as many records as memberships, all under the user's id. One who
 * is out of service stays in the store's list, and has none. */
#include "pmt.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct people {
    struct pmt *pmt;
    const muster_pull *what;
    const struct store *store;
    uint64_t users, records;
};

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

static bool ids_read(const muster_node *list, struct ids *ret_ids)
{
    const char **items = calloc(list->count + 1, sizeof(*items));
    size_t count = 0, doubles = 0;
    if (!items)
        return false;
    for (const muster_node *row = muster_node_first(list); row; row = row->next)
        if (text_of(row, "id"))
            items[count++] = text_of(row, "id");
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

/* A day that exists, as YYYY-MM-DD; others are seen there, and say nothing. */
static bool day_exists(const char *text)
{
    static const int days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    int year, month, day, end = 0;
    if (sscanf(text, "%4d-%2d-%2d%n", &year, &month, &day, &end) != 3 || end != 10 || text[10] != '\0' || month < 1 ||
        month > 12 || day < 1 || year < 1)
        return false;
    bool leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
    return day <= days[month - 1] + (month == 2 && leap);
}

static const char *birth_of(const muster_node *user)
{
    const char *text = text_of(user, "date_of_birth");
    return text && day_exists(text) ? text : NULL;
}

static bool is_active(const muster_node *user)
{
    const char *text = text_of(user, "active");
    return !text || (strcmp(text, "false") != 0 && strcmp(text, "0") != 0);
}

/* Members that are values of their own go under the server's names, so that an organization can map what we do not. */
static void put_members(struct people *people, muster_record *record, const muster_node *user)
{
    const muster_host *host = people->pmt->host;
    for (const muster_node *one = muster_node_first(user); one; one = one->next) {
        if (one->kind == MUSTER_NODE_LIST || one->kind == MUSTER_NODE_OBJECT ||
            strcmp(one->name, "date_of_birth") == 0 || strcmp(one->name, "scope") == 0)
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

/* `department` NULL: a membership of the store alone; with `none` no membership at all. */
static muster_rc give(struct people *people, const muster_node *user, const char *department, bool none)
{
    struct pmt *pmt = people->pmt;
    const muster_host *host = pmt->host;
    const struct department *known = department ? department_find(pmt, department) : NULL;
    char place[CODE_ROOM + 20], code[CODE_ROOM];
    snprintf(place, sizeof(place), "/users/%.150s", text_of(user, "id"));
    muster_record *record = host->record(pmt->run, people->what->stream, text_of(user, "id"), place);
    put_members(people, record, user);
    if (!none)
        host->put(record, "scope.key", MUSTER_TEXT, department ? department : "store");
    if (department) {
        department_code(pmt, people->store, department, code);
        host->put(record, "scope.department", MUSTER_TEXT, department);
        host->put(record, "scope.code", MUSTER_TEXT, code);
        host->put(record, "scope.name", MUSTER_TEXT, known && known->name ? known->name : NULL);
    }
    people->records++;
    muster_rc rc = host->emit(pmt->run, record);
    return rc == MUSTER_DATA ? MUSTER_OK : rc;
}

/* ---- one user ---- */

static bool scope_before(const muster_node *scope, const muster_node *entry)
{
    const char *id = text_of(entry, "department");
    for (const muster_node *one = muster_node_first(scope); one != entry; one = one->next) {
        const char *other = text_of(one, "department");
        if (other && strcmp(other, id) == 0)
            return true;
    }
    return false;
}

/* Departments by scope; where there is none by the user's own; where there is none either, the store alone. */
static muster_rc give_all(struct people *people, const muster_node *user)
{
    const muster_node *scope = muster_node_member(user, "scope");
    muster_rc rc = MUSTER_OK;
    size_t given = 0;
    if (!is_active(user))
        return give(people, user, NULL, true);
    for (const muster_node *one = muster_node_first(scope); rc == MUSTER_OK && one; one = one->next) {
        const char *id = text_of(one, "department");
        if (!id || scope_before(scope, one))
            continue;
        rc = give(people, user, id, false);
        given++;
    }
    return rc == MUSTER_OK && given == 0 ? give(people, user, text_of(user, "department"), false) : rc;
}

static muster_rc people_read(struct people *people, const muster_node *list)
{
    struct pmt *pmt = people->pmt;
    const muster_host *host = pmt->host;
    struct ids doubles = {0};
    muster_rc rc = MUSTER_OK;
    if (!ids_read(list, &doubles))
        return host->fail(pmt->run, MUSTER_FAIL, "out of memory");
    for (const muster_node *user = muster_node_first(list); rc == MUSTER_OK && user; user = user->next) {
        const char *id = text_of(user, "id");
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
            rc = give_all(people, user);
        }
        host->progress(pmt->run, ++people->users, list->count);
    }
    free(doubles.items);
    return rc;
}

muster_rc people_pull(struct pmt *pmt, const muster_pull *what, const struct store *store)
{
    struct people people = {.pmt = pmt, .what = what, .store = store};
    muster_document *document = NULL;
    const muster_node *list = NULL;
    char url[URL_ROOM + 20], who[2 * CODE_ROOM + 20];
    muster_rc rc = departments_read(pmt, store, false);
    if (rc != MUSTER_OK)
        return rc;
    store_call(store, who);
    snprintf(url, sizeof(url), "%s/users", store->url);
    rc = call_list(pmt, who, url, "data", &document, &list);
    if (rc == MUSTER_OK)
        rc = people_read(&people, list);
    muster_document_free(document);
    if (rc != MUSTER_OK || what->limit > 0)
        return rc;
    return pmt->host->complete(pmt->run, people.records);
}
