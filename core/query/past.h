/* past - everything that ever happened to a person and what hangs on them, newest first.
 *
 * Reads the chain of journal entries of a root. A creation lists no fields in
 * the journal: what was created is what stands there now with all later
 * changes taken back, and is worked out here. */
#ifndef QUERY_PAST_H
#define QUERY_PAST_H

#include "query/query.h"
#include "tables/journal.h"

struct past_change {
    uint16_t field;
    struct value was, is;
    uint64_t seed; /* of the section that said so; 0: nobody did */
};

struct past_part {
    enum kind kind;
    uint64_t id;
    enum journal_op op;
    struct past_change *changes; /* of a creation: all values, `was` absent */
    size_t count;
};

struct past_entry {
    uint64_t sequence;
    uint32_t run;
    int64_t time_ms;
    struct past_part *parts;
    size_t count;
};

struct past {
    struct past_entry *entries; /* newest first */
    size_t count, room;
};

/* Texts point into the query's snapshot, the rest lies in its arena. ERR_CORRUPT: the journal does not fit. */
int past_read(struct query *query, enum kind kind, uint64_t id, struct past *ret_past);
void past_done(struct past *past);

#endif
