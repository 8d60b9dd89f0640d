/* rows - a list of a store, read whole: in the partner's interface one answer; in api/v2 pages.
 *
 * Pages are asked for one after the other, and somebody may be hired or leave
 * in between: who was on the second page is then on the first, or on both. So
 * a list of several pages counts only when two readings say the same. */
#include "pmt.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { READINGS = 4 };

void rows_done(struct rows *rows)
{
    for (size_t n = 0; n < rows->document_count; n++)
        muster_document_free(rows->documents[n]);
    free(rows->documents);
    free(rows->items);
    *rows = (struct rows){0};
}

/* The document is the rows', whatever happens. */
static muster_rc rows_add(struct pmt *pmt, struct rows *rows, muster_document *document, const muster_node *list)
{
    muster_document **documents = realloc(rows->documents, (rows->document_count + 1) * sizeof(muster_document *));
    if (documents)
        rows->documents = documents;
    if (documents)
        documents[rows->document_count++] = document;
    else
        muster_document_free(document);
    const muster_node **items =
        documents ? realloc(rows->items, (rows->count + list->count + 1) * sizeof(muster_node *)) : NULL;
    if (!items)
        return no_memory(pmt);
    rows->items = items;
    for (const muster_node *row = muster_node_first(list); row; row = row->next)
        items[rows->count++] = row;
    return MUSTER_OK;
}

/* The number of the next page; 0: there is none; -1: nonsense. */
static long next_page(const muster_document *document, long page)
{
    const char *text = muster_node_text(muster_node_at(muster_document_root(document), "/metaData/pagination/next"));
    char *end = NULL;
    long next = text ? strtol(text, &end, 10) : 0;
    return !text ? 0 : *end == '\0' && next > page ? next : -1;
}

static muster_rc pages_read(struct pmt *pmt, const struct question *first, struct rows *rows)
{
    char url[ADDRESS_ROOM + 40];
    struct question question = *first;
    muster_rc rc = MUSTER_OK;
    question.url = url;
    for (long page = 1; rc == MUSTER_OK && page > 0;) {
        muster_document *document = NULL;
        const muster_node *list = NULL;
        snprintf(url, sizeof(url), "%s%climit=%lld&page=%ld", first->url, strchr(first->url, '?') ? '&' : '?',
                 (long long)pmt->host->number(pmt->run, "page_size"), page);
        rc = call_list(pmt, &question, &document, &list);
        if (rc != MUSTER_OK)
            return rc;
        page = next_page(document, page);
        rc = rows_add(pmt, rows, document, list);
        if (rc == MUSTER_OK && page < 0)
            rc = pmt->host->fail(pmt->run, MUSTER_RETRY, "%s does not say which page of its list comes next",
                                 question.who);
    }
    return rc;
}

static bool text_same(const char *a, const char *b)
{
    return a && b ? strcmp(a, b) == 0 : a == b;
}

static bool node_same(const muster_node *a, const muster_node *b)
{
    if (a->kind != b->kind || a->count != b->count || !text_same(a->name, b->name) || !text_same(a->text, b->text))
        return false;
    const muster_node *x = muster_node_first(a), *y = muster_node_first(b);
    for (; x && y; x = x->next, y = y->next)
        if (!node_same(x, y))
            return false;
    return x == y;
}

static bool rows_same(const struct rows *a, const struct rows *b)
{
    bool same = a->count == b->count;
    for (size_t n = 0; same && n < a->count; n++)
        same = node_same(a->items[n], b->items[n]);
    return same;
}

/* One page is one moment; of several the same has to be read twice. */
static muster_rc pages_settle(struct pmt *pmt, const struct question *question, struct rows *rows)
{
    struct rows before = {0};
    bool settled = false;
    muster_rc rc = pages_read(pmt, question, rows);
    settled = rc == MUSTER_OK && rows->document_count < 2;
    for (int n = 1; rc == MUSTER_OK && !settled && n < READINGS; n++) {
        rows_done(&before);
        before = *rows;
        *rows = (struct rows){0};
        rc = pages_read(pmt, question, rows);
        settled = rc == MUSTER_OK && rows_same(&before, rows);
    }
    rows_done(&before);
    if (rc == MUSTER_OK && !settled)
        rc =
            pmt->host->fail(pmt->run, MUSTER_RETRY,
                            "the list of %s changes while it is read: it is read again at the next run", question->who);
    return rc;
}

const muster_auth *rows_reader(struct pmt *pmt, const struct store *store)
{
    if (!pmt->v2)
        return &pmt->key;
    snprintf(pmt->log_in_url, sizeof(pmt->log_in_url), "%s/api/v2/pmtLoginSso?subdomain=%s", store->url, store->tenant);
    pmt->reader.token_url = pmt->log_in_url;
    return &pmt->reader;
}

muster_rc rows_read_as(struct pmt *pmt, const struct store *store, const char *who, const muster_auth *auth,
                       const struct place *place, struct rows *ret_rows)
{
    char url[ADDRESS_ROOM];
    struct question question = {.who = who, .url = url, .list = pmt->v2 ? "result" : place->list, .auth = auth};
    struct rows rows = {0};
    muster_document *document = NULL;
    const muster_node *list = NULL;
    muster_rc rc;
    snprintf(url, sizeof(url), "%s/%s%s", store->url, pmt->v2 ? "api/v2/" : "", pmt->v2 ? place->v2 : place->partner);
    if (pmt->v2) {
        rc = pages_settle(pmt, &question, &rows);
    } else {
        rc = call_list(pmt, &question, &document, &list);
        if (rc == MUSTER_OK)
            rc = rows_add(pmt, &rows, document, list);
    }
    if (rc == MUSTER_OK)
        *ret_rows = rows;
    else
        rows_done(&rows);
    return rc;
}

muster_rc rows_read(struct pmt *pmt, const struct store *store, const struct place *place, struct rows *ret_rows)
{
    char who[WHO_ROOM];
    store_call(store, who);
    return rows_read_as(pmt, store, who, rows_reader(pmt, store), place, ret_rows);
}
