/* sorter_inside - what the files of a sorter share: sorter (adding, ordering, spilling), sorter_read (walking). */
#ifndef STORE_SORTER_INSIDE_H
#define STORE_SORTER_INSIDE_H

#include "store/sorter.h"

#include <stdbool.h>
#include <string.h>

/* A row in memory and in a run: u32 key length, u32 value length, key, value. */
enum { HEAD = 8 };

/* One run while it is read. */
struct reader {
    uint64_t offset, end;
    uint8_t *buffer;
    size_t room, filled, at;
    size_t nth;         /* which of the stripe's runs */
    const uint8_t *row; /* in the buffer */
};

/* A row in memory: where it is, and the first bytes of its key behind the stripe's prefix, which settle most
 * comparisons. */
struct entry {
    uint64_t head;
    uint64_t at;
};

/* Rows whose keys begin alike. */
struct stripe {
    uint32_t prefix;
    struct entry *order; /* those in memory */
    size_t count, room;
    bool sorted;
    struct sorter_run *runs; /* those on disk */
    size_t run_count, run_room;
    bool runs_ordered; /* each run begins after the one before ends */
    uint8_t last_key[STORE_KEY_MAX];
    size_t last_key_len;
};

struct sorter {
    struct spill *spill;
    size_t memory;
    size_t prefix; /* bytes by which rows go to their stripe */
    uint8_t *rows; /* rows in memory, one after the other */
    size_t filled, room;
    struct stripe *stripes; /* by prefix */
    size_t stripe_count, stripe_room;
    struct entry *spare; /* room to sort in */
    uint64_t total, total_bytes;
    bool on_disk;              /* there are runs */
    bool by_pieces;            /* all that came so far came in order: what comes next need not be collected */
    struct sorter_run *listed; /* runs of all stripes: see sorter_flush() */
    int rc;
    /* reading */
    size_t stripe_at, row_at;
    struct reader *readers; /* of a stripe */
    struct reader **heap;   /* those with rows left, smallest key first; with ordered runs there is none: a queue */
    size_t reader_count, reader_at, heap_count;
};

static inline struct bytes row_key(const uint8_t *row)
{
    uint32_t len;
    memcpy(&len, row, sizeof(len));
    return bytes(row + HEAD, len);
}

static inline struct bytes row_value(const uint8_t *row)
{
    uint32_t key_len, len;
    memcpy(&key_len, row, sizeof(key_len));
    memcpy(&len, row + 4, sizeof(len));
    return bytes(row + HEAD + key_len, len);
}

static inline int key_compare(struct bytes a, struct bytes b)
{
    size_t len = a.len < b.len ? a.len : b.len;
    int order = len ? memcmp(a.data, b.data, len) : 0;
    return order ? order : a.len < b.len ? -1 : a.len > b.len;
}

/* Brings the stripe's rows in memory into order. Returns 0 or -ENOMEM. */
int stripe_order(struct sorter *sorter, struct stripe *stripe);
/* Writes all rows in memory as sorted runs, one per stripe. */
int sorter_spill(struct sorter *sorter);
/* Forgets where the walk is. */
void readers_free(struct sorter *sorter);

#endif
