/* sorter - rows brought into key order, in memory as long as they fit, then in sorted runs on disk.
 *
 * Rows that arrive in order cost no sorting. Rows of one key keep the order in
 * which they were added. */
#ifndef STORE_SORTER_H
#define STORE_SORTER_H

#include "store/spill.h"
#include "store/store.h"

struct sorter;

/* Keeps up to `memory` bytes; the rest goes to `spill` (not owned), which several sorters may share. */
int sorter_new(struct spill *spill, size_t memory, struct sorter **ret_sorter);
void sorter_free(struct sorter *sorter);
/* Before the first row. Rows whose keys differ in the first `prefix` bytes (up to 4) are kept apart, so that several
 * ascending series that come by turns cost no sorting, either. */
void sorter_stripe(struct sorter *sorter, size_t prefix);

/* Copies. Returns 0, -ENOMEM or what the spill said. */
int sorter_add(struct sorter *sorter, struct bytes key, struct bytes value);
/* Adds a row whose value the caller fills in place: valid until the next call. NULL: see sorter_rc(). */
void *sorter_reserve(struct sorter *sorter, struct bytes key, size_t value_len);
int sorter_rc(const struct sorter *sorter);

uint64_t sorter_count(const struct sorter *sorter);
uint64_t sorter_bytes(const struct sorter *sorter); /* keys and values */

/* Ends adding and goes to the first row; may be called again to walk once more. */
int sorter_rewind(struct sorter *sorter);
/* 1 and the next row (until the next call), 0 after the last, or a negative code. */
int sorter_next(struct sorter *sorter, struct bytes *ret_key, struct bytes *ret_value);

/* No row comes for the time being: all are in the spill, and the memory is given back. */
int sorter_rest(struct sorter *sorter);

/* For a changeset that is kept: everything goes to the spill, and where it stands is told and found again. */
struct sorter_run {
    uint64_t offset, end, rows;
};
int sorter_flush(struct sorter *sorter, const struct sorter_run **ret_runs, size_t *ret_count);
/* ERR_CORRUPT: these cannot be runs of the spill. */
int sorter_adopt(struct sorter *sorter, const struct sorter_run *runs, size_t count);

/* The rows where they stand, in no order; when everything is in the spill. `each` ends the walk with a code that is not
 * 0. */
int sorter_places(struct sorter *sorter, int (*each)(void *context, struct bytes key, uint64_t place), void *context);
/* Reads the row at a place; key and value live in the arena. */
struct arena;
int sorter_at(struct sorter *sorter, uint64_t place, struct arena *arena, struct bytes *ret_key,
              struct bytes *ret_value);

DEFINE_TIDY(struct sorter *, sorter_free)

#endif
