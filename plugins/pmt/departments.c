/* departments - the departments of a store, which are the functions that its people work in.
 *
 * Each server numbers its own: "14" may be another thing in the next store.
 * Option department_codes says by what they are told apart. */
#include "pmt.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void departments_done(struct departments *departments)
{
    rows_done(&departments->rows);
    free(departments->items);
    *departments = (struct departments){0};
}

void department_code(const struct pmt *pmt, const struct store *store, const char *id, char ret_code[CODE_ROOM])
{
    const char *by = pmt->host->text(pmt->run, "department_codes");
    const struct department *known = department_find(pmt, id);
    if (strcmp(by, "shortcode") == 0 && known && known->shortcode)
        snprintf(ret_code, CODE_ROOM, "%s", known->shortcode);
    else if (strcmp(by, "id") == 0)
        snprintf(ret_code, CODE_ROOM, "%s", id);
    else
        snprintf(ret_code, CODE_ROOM, "%.80s/%.100s", store->id, id);
}

const struct department *department_find(const struct pmt *pmt, const char *id)
{
    for (size_t n = 0; n < pmt->departments.count; n++)
        if (strcmp(pmt->departments.items[n].id, id) == 0)
            return &pmt->departments.items[n];
    return NULL;
}

/* Either dialect's name of a member. */
static const char *either(const muster_node *row, const char *name, const char *other)
{
    const char *text = text_of(row, name);
    return text ? text : text_of(row, other);
}

muster_rc departments_read(struct pmt *pmt, const struct store *store, bool anew)
{
    static const struct place place = {"departments", "departments", "departments"};
    struct departments *departments = &pmt->departments;
    if (!anew && pmt->read && strcmp(pmt->of.id, store->id) == 0 && strcmp(pmt->of.url, store->url) == 0)
        return MUSTER_OK;
    departments_done(departments);
    pmt->read = false;
    pmt->of = *store;
    muster_rc rc = rows_read(pmt, store, &place, &departments->rows);
    if (rc != MUSTER_OK)
        return rc;
    departments->items = calloc(departments->rows.count + 1, sizeof(*departments->items));
    if (!departments->items)
        return no_memory(pmt);
    for (size_t n = 0; n < departments->rows.count; n++) {
        const muster_node *row = departments->rows.items[n];
        const char *id = either(row, "department_id", "id");
        if (!id || department_find(pmt, id))
            continue; /* told of as rejected when departments themselves are read */
        departments->items[departments->count++] =
            (struct department){.id = id,
                                .name = either(row, "department_name", "name"),
                                .shortcode = either(row, "department_shortcode", "shortcode")};
    }
    for (size_t n = 0; n < departments->count; n++)
        department_code(pmt, store, departments->items[n].id, departments->items[n].code);
    pmt->read = true;
    return MUSTER_OK;
}

muster_rc departments_pull(struct pmt *pmt, const muster_pull *what, const struct store *store)
{
    const muster_host *host = pmt->host;
    muster_rc rc = departments_read(pmt, store, true);
    uint64_t count = 0;
    for (size_t n = 0; rc == MUSTER_OK && n < pmt->departments.count; n++) {
        const struct department *one = &pmt->departments.items[n];
        char place[CODE_ROOM + 20];
        if (what->limit > 0 && count == what->limit)
            return MUSTER_OK;
        snprintf(place, sizeof(place), "/departments/%.150s", one->id);
        muster_record *record = host->record(pmt->run, what->stream, one->id, place);
        host->put(record, "department_id", MUSTER_TEXT, one->id);
        host->put(record, "department_name", MUSTER_TEXT, one->name);
        host->put(record, "department_shortcode", MUSTER_TEXT, one->shortcode);
        host->put(record, "code", MUSTER_TEXT, one->code);
        host->put(record, "store.id", MUSTER_TEXT, store->id);
        host->put(record, "store.name", MUSTER_TEXT, store->name);
        rc = host->emit(pmt->run, record);
        count++;
        rc = rc == MUSTER_DATA ? MUSTER_OK : rc;
    }
    return rc == MUSTER_OK && what->limit == 0 ? host->complete(pmt->run, count) : rc;
}
