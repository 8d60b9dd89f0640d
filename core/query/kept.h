/* kept - what the store has of a lookup: the record whose key its arguments are, as its source said it last. */
#ifndef QUERY_KEPT_H
#define QUERY_KEPT_H

#include "query/query.h"

struct mapping;

struct kept {
    const struct mapping *mapping;
    const char *const *key; /* the caller's: values of the key, in the order of its columns */
    uint32_t run;           /* that changed it last */
    uint32_t stream;
};

/* A stream of the connection that answers the lookup; NULL: there is none. */
const struct mapping *kept_stream(const struct connection *connection, const char *lookup);
/* The record, in query->record; of several streams, or partitions, the one that was changed last. False: the store has
 * none that is present. `count`: how many values the key has. */
bool kept_find(struct query *query, const struct connection *connection, const char *lookup, const char *const *key,
               size_t count, struct kept *ret_kept);
/* Appends what it says in a column. False: nothing is kept of that. */
bool kept_value(struct query *query, const struct kept *kept, const char *column, struct buffer *out);

#endif
