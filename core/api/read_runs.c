/* read_runs - the API's questions about runs, answered from the store. */
#include "api/visitor.h"
#include "query/horizon.h"

bool read_runs(struct visitor *visitor)
{
    struct buffer *out = &visitor->request->reply.body;
    uint64_t before, limit, told = 0;
    struct bytes json;
    if (!visitor_page(visitor, &before, &limit) || !visitor_opens_store(visitor))
        return true;
    struct query *query = visitor->book->query;
    uint32_t run = query_last_run(query);
    if (before > 0 && before <= run)
        run = (uint32_t)before - 1;
    buffer_text(out, "{\"items\":[");
    for (; run > 0 && told < limit; run--) {
        if (!query_run(query, run, &json))
            continue;
        buffer_text(out, told++ ? "," : "");
        buffer_add(out, json.data, json.len);
    }
    visitor_page_ends(visitor, run > 0 ? run + 1 : 0);
    visitor_answers(visitor);
    return true;
}

static bool no_run(struct visitor *visitor, uint32_t run)
{
    static const struct trouble none = {404, "not_found", "path: run", "GET runs lists them."};
    struct query *query = visitor->book->query;
    struct err err = {0};
    if (horizon_knows(&query->txn, run))
        return visitor_refuse(visitor, &none, "There is no run %u.", run);
    return visitor_fails(visitor, horizon_no_run(&query->txn, query->organization, run, &err), &err);
}

bool read_run(struct visitor *visitor)
{
    uint64_t run;
    struct bytes json;
    if (!visitor_number(visitor, "run", 0, UINT32_MAX, 0, &run) || !visitor_opens_store(visitor))
        return true;
    if (!query_run(visitor->book->query, (uint32_t)run, &json) && visitor->book->query->txn.rc == 0)
        return no_run(visitor, (uint32_t)run);
    if (visitor->book->query->txn.rc == 0)
        buffer_add(&visitor->request->reply.body, json.data, json.len);
    visitor_answers(visitor);
    return true;
}
