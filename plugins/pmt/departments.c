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
    muster_document_free(departments->document);
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

muster_rc departments_read(struct pmt *pmt, const struct store *store, bool anew)
{
    char url[URL_ROOM + 20], who[2 * CODE_ROOM + 20];
    const muster_node *list = NULL;
    if (!anew && pmt->read && strcmp(pmt->of.id, store->id) == 0 && strcmp(pmt->of.url, store->url) == 0)
        return MUSTER_OK;
    departments_done(&pmt->departments);
    pmt->read = false;
    pmt->of = *store;
    store_call(store, who);
    snprintf(url, sizeof(url), "%s/departments", store->url);
    muster_rc rc = call_list(pmt, who, url, "departments", &pmt->departments.document, &list);
    if (rc != MUSTER_OK)
        return rc;
    pmt->departments.items = calloc(list->count + 1, sizeof(*pmt->departments.items));
    if (!pmt->departments.items)
        return pmt->host->fail(pmt->run, MUSTER_FAIL, "out of memory");
    for (const muster_node *row = muster_node_first(list); row; row = row->next) {
        const char *id = text_of(row, "department_id");
        if (!id || department_find(pmt, id))
            continue; /* told of as rejected when departments themselves are read */
        pmt->departments.items[pmt->departments.count++] = (struct department){
            .id = id, .name = text_of(row, "department_name"), .shortcode = text_of(row, "department_shortcode")};
    }
    for (size_t n = 0; n < pmt->departments.count; n++)
        department_code(pmt, store, pmt->departments.items[n].id, pmt->departments.items[n].code);
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
