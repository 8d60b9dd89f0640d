/* passed - records that a run read and did not take: found by what people type, with the reason and what to do.
 *
 * Everything lies in the query's arena or its snapshot. */
#ifndef QUERY_PASSED_H
#define QUERY_PASSED_H

#include "query/query.h"
#include "tables/decision.h"

struct passed {
    const struct stream_name *stream;
    struct bytes id;
    bool stored; /* a record of before is kept: state and situation tell of it */
    enum source_state state;
    enum situation situation;
    uint32_t run;
    int64_t since_ms;
    uint64_t person;               /* that the record belongs to; 0: nobody */
    bool decided;                  /* there is a row of `decision` */
    struct decision_row row;       /* its words; else what the stored record says */
    const struct wait_item *items; /* what waits for a person about it: dead letters, reviews, held changes */
    size_t item_count;
};

/* One record, by its stream and id. False: nothing is known of it. */
bool passed_read(struct query *query, const struct stream_name *stream, struct bytes id, struct passed *ret_passed);
/* Records by what people type: CONNECTION/PARTITION/STREAM/ID, a source id, a number or address of one that belongs to
 * nobody, a place ("Employees!C17"). At most QUERY_HITS_MOST. */
int passed_find(struct query *query, const char *key, struct passed **ret_items, size_t *ret_count);
/* The same among records of people who were erased: nothing is kept of these, but that of a record that is named it can
 * be said. `vault`: the organization's keys. */
int passed_erased(struct query *query, const struct vault *vault, const char *key, struct passed **ret_items,
                  size_t *ret_count);
/* The reason code that says it all; "" when it belongs to somebody. */
const char *passed_reason(const struct query *query, const struct passed *passed);
/* What to do about a reason, as a sentence. */
void passed_advice(const struct query *query, const struct passed *passed, struct buffer *out);

#endif
