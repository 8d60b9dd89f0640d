/* units - departments, locations and enterprises: streams of their own, and names for those who are in them. */
#include "poweroffice.h"

#include <stdio.h>
#include <string.h>

muster_rc units_load(struct poweroffice *po, enum right right)
{
    struct address address;
    if (po->read[right] || po->lacks[right])
        return MUSTER_OK;
    address_start(po, &address);
    address_path(&address, "/%s", rights[right].path);
    muster_rc rc = list_read(po, &address, rights[right].path, &po->of[right]);
    if (rc == MUSTER_PERMISSION)
        account_lacks(po, right);
    po->read[right] = rc == MUSTER_OK;
    return rc == MUSTER_PERMISSION ? MUSTER_OK : rc;
}

const muster_node *units_find(const struct poweroffice *po, enum right right, const char *id)
{
    size_t page = 0;
    for (const muster_node *one = NULL; id && (one = list_next(&po->of[right], &page, one));)
        if (strcmp(text_of(one, "Id"), id) == 0)
            return one;
    return NULL;
}

static void unit_put(struct poweroffice *po, muster_record *record, const muster_node *unit)
{
    for (const muster_node *one = muster_node_first(unit); one; one = one->next)
        if (one->kind != MUSTER_NODE_LIST && one->kind != MUSTER_NODE_OBJECT)
            po->host->put(record, one->name, one->kind == MUSTER_NODE_BOOL ? MUSTER_BOOL : MUSTER_TEXT, one->text);
}

muster_rc units_pull(struct poweroffice *po, enum right right, const muster_pull *what)
{
    char why[WHY_ROOM], place[100];
    size_t page = 0;
    uint64_t count = 0;
    muster_rc rc = units_load(po, right);
    if (rc == MUSTER_OK && po->lacks[right]) {
        account_sentence(po, &right, 1, why);
        return po->host->fail(po->run, MUSTER_PERMISSION, "%s", why);
    }
    for (const muster_node *one = NULL;
         rc == MUSTER_OK && (what->limit == 0 || count < what->limit) && (one = list_next(&po->of[right], &page, one));
         count++) {
        snprintf(place, sizeof(place), "/%s/%s", rights[right].path, text_of(one, "Id"));
        muster_record *record = po->host->record(po->run, what->stream, text_of(one, "Id"), place);
        if (record)
            unit_put(po, record, one);
        rc = po->host->emit(po->run, record);
        rc = rc == MUSTER_DATA ? MUSTER_OK : rc;
    }
    if (rc != MUSTER_OK)
        return rc;
    return what->limit > 0 ? po->host->partial(po->run, "a sample") : po->host->complete(po->run, count);
}
