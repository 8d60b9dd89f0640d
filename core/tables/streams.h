/* streams - the numbers of (connection, partition, stream), and what they mean for one organization. */
#ifndef TABLES_STREAMS_H
#define TABLES_STREAMS_H

#include "base/arena.h"
#include "config/organization.h"
#include "store/store.h"

struct stream_name {
    uint32_t number;
    const char *connection_name, *partition, *stream;
    const struct connection *connection; /* NULL: no longer in the organization's file */
};

struct streams {
    struct arena *arena;
    struct stream_name *items; /* by ascending number */
    size_t count, room;
};

/* Reads all that the store knows. */
int streams_load(const struct organization *organization, struct txn *txn, struct streams *ret_streams);
void streams_done(struct streams *streams);
/* One more, from a row of the dict that is not in the table yet; a row about something else is passed over. Sort at the
 * end. */
int streams_add(struct streams *streams, const struct organization *organization, struct bytes key, uint32_t number);
void streams_sort(struct streams *streams);
const struct stream_name *streams_find(const struct streams *streams, uint32_t number);

/* Under which name the dict has it. NULL: no memory. */
char *streams_entry(struct arena *arena, const char *connection, const char *partition, const char *stream);
/* The number, given when there is none yet. */
int streams_number(struct store *store, const char *connection, const char *partition, const char *stream,
                   uint32_t *ret_number);

#endif
