/* haul - all that one call of the connector gave, kept to be looked at. */
#ifndef CONFORM_HAUL_H
#define CONFORM_HAUL_H

#include "base/arena.h"
#include "base/buffer.h"
#include "lane/lane.h"

enum { HAUL_MOST = 20000 }; /* records that are kept; all are counted */

struct haul_value {
    const char *name, *text; /* text: NULL unless it is a value */
    int type;
    enum presence presence;
};

struct haul_record {
    const char *stream, *id, *place; /* id: NULL when the connector left it to the mapping */
    size_t count;
    const struct haul_value *values;
};

struct haul_partition {
    const char *id, *label, *locator;
};

struct haul_told {
    const char *stream, *field; /* field: NULL where only the stream was named */
    int type;                   /* 0: by a sample */
};

struct haul {
    struct arena *arena;
    struct haul_record *records;
    size_t count, room;
    const char **columns; /* names that records have: of a table also where cells are empty */
    size_t column_count, column_room;
    uint64_t emitted, rejected;
    const char *why; /* the first one was rejected; NULL: none was */
    struct haul_partition *partitions;
    size_t partition_count, partition_room;
    struct haul_told *told; /* by discover(), in its order */
    size_t told_count, told_room;
    const char **gone;
    size_t gone_count, gone_room;
    const char *cursor;
    const char *asked, *stray; /* the stream that was asked for (NULL: none), and another one that it spoke of */
    bool lacking;
    struct buffer said; /* what was logged at INFO and above, and every sentence, a line each */
    int rc;             /* of the call itself: not 0: the process did not live through it */
    struct err err;
    struct lane_result result;
};

int haul_new(struct haul *ret_haul);
void haul_done(struct haul *haul);

int haul_record(struct haul *haul, const struct lane_record *record);
int haul_partition(struct haul *haul, const char *id, const char *label, const char *locator);
int haul_gone(struct haul *haul, const char *id);
int haul_tell(struct haul *haul, const char *stream, const char *field, int type);
/* The first entry about that field, as mappings find names (NULL: about that stream at all); NULL: there is none. */
const struct haul_told *haul_told(const struct haul *haul, const char *stream, const char *field);
void haul_say(struct haul *haul, const char *text);

/* Of a field of the nth record; NULL: it has none. */
const struct haul_value *haul_value(const struct haul *haul, size_t nth, const char *name);
/* What the nth record has in these fields, a blank between; in the arena. NULL: no memory. */
const char *haul_values(const struct haul *haul, size_t nth, const char *const *names, struct arena *arena);
/* What identifies the nth record: its id, else its values of the fields (or columns) that do; in the arena. */
const char *haul_id(const struct haul *haul, size_t nth, const char *const *keys, struct arena *arena);
/* Whether it went well, so far as the connector itself says: it lived, and its code is no failure. */
bool haul_well(const struct haul *haul);
/* Everybody is said to be in it. */
bool haul_complete(const struct haul *haul);
/* The first record that is not the same in both; SIZE_MAX: they are the same. */
size_t haul_differs(const struct haul *a, const struct haul *b);
/* The same of what discover() told. */
size_t haul_told_differs(const struct haul *a, const struct haul *b);
/* "MUSTER_TEXT" */
const char *haul_type(int type);
/* "MUSTER_AUTH" */
const char *haul_code(muster_rc rc);

#endif
