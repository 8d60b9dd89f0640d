/* changeset - what a run decided: rows of (table, key, expected old, new), then applied table by table in key order.
 *
 * Small ones are applied in one transaction. One that would make more than
 * TXN_DIRTY_MAX dirty is first kept in a file of the organization and named in
 * `meta.applying`; if the process dies, the next run finishes it and never
 * decides again. Tables are applied in the order of `changeset_order`; what
 * says that the run happened (file, cursor, run, meta) comes last. */
#ifndef STORE_CHANGESET_H
#define STORE_CHANGESET_H

#include "base/buffer.h"
#include "store/store.h"

struct changeset;

int changeset_new(struct store *store, struct changeset **ret_changeset);
/* The same with its file under another name than the folder's `changeset` (NULL: that one). */
int changeset_new_at(struct store *store, const char *path, struct changeset **ret_changeset);
void changeset_free(struct changeset *changeset);

/* Sticky: the first failure comes out of changeset_apply(). `old` is the value that stands there now (data NULL:
 * nothing); it is what must still stand there when the row is applied. */
void changeset_put(struct changeset *changeset, enum table table, struct bytes key, struct bytes old,
                   struct bytes value);
void changeset_delete(struct changeset *changeset, enum table table, struct bytes key, struct bytes old);
/* The same without regard to what stands there: counters, run rows. */
void changeset_set(struct changeset *changeset, enum table table, struct bytes key, struct bytes value);
/* What `meta` holds under a name: a counter, or bytes. */
void changeset_counter(struct changeset *changeset, const char *name, uint64_t value);
void changeset_meta(struct changeset *changeset, const char *name, struct bytes value);

int changeset_rc(const struct changeset *changeset);
uint64_t changeset_rows(const struct changeset *changeset, enum table table);

/* Carries it out. ERR_CONFLICT: what should stand there does not, and nothing was changed; with run.lock held that is a
 * damaged store. After another failure a large changeset may be kept: changeset_recover() finishes it.
 * ret_puts (may be NULL): calls that changed the store. */
int changeset_apply(struct changeset *changeset, uint64_t *ret_puts);

/* Finishes what a run that was killed left behind. *ret_finished tells whether there was something. Call with
 * run.lock held, before anything is decided. */
int changeset_recover(struct store *store, bool *ret_finished, struct err *err);

/* --- for later: a plan --- */

enum { CHANGESET_KEY = 32 };

/* Writes all rows, and what the caller says about them, to a file that survives: sealed with `key`, whole or not at
 * all. What was added can still be walked. Returns 0, -ENOMEM or what the disk said. */
int changeset_save(struct changeset *changeset, const char *path, const uint8_t key[CHANGESET_KEY], struct bytes about);
/* A file of that shape that has no rows, in the place of whatever stood there. */
int changeset_save_about(const char *path, const uint8_t key[CHANGESET_KEY], struct bytes about);
/* What was said about it, without a look at the rows. Returns 0, -ENOENT, ERR_CORRUPT (damaged, or sealed with another
 * key), ERR_NEWER or what the disk said. */
int changeset_about(const char *path, const uint8_t key[CHANGESET_KEY], struct buffer *ret_about);
/* The rows, to be walked or applied; all of the file is checked first. Applying it leaves the file where it is.
 * Returns the same codes, and ERR_GONE when there are none. */
int changeset_open(struct store *store, const char *path, const uint8_t key[CHANGESET_KEY],
                   struct changeset **ret_changeset);

/* --- walking --- */

/* All has been added: it can be walked, and looked through (overlay.h), before it is applied or dropped. */
int changeset_settle(struct changeset *changeset);

struct changeset_row {
    struct bytes key, value; /* the new value; nothing when the row goes */
    bool goes;
    struct bytes whole; /* as it stands in the changeset */
};
/* To the first row of a table; nothing can be added to it from then on. */
int changeset_rewind(struct changeset *changeset, enum table table);
/* 1 and the next row in key order, valid until the next call; 0 after the last, or a negative code. */
int changeset_next(struct changeset *changeset, enum table table, struct changeset_row *ret_row);
/* Whether what the row wants to stand there does. */
bool changeset_stands(struct txn *txn, enum table table, const struct changeset_row *row);

DEFINE_TIDY(struct changeset *, changeset_free)

#endif
