/* store - an organization's directory: its LMDB environment, opened once per process and shared.
 *
 * STATE/organizations/ORG/ holds everything of it: data.mdb, lock.mdb,
 * run.lock, changesets that are being applied. Transactions are sticky: the
 * first failure is remembered, later calls do nothing, and txn_end() tells.
 * No transaction spans a call into a connector, a socket or a sleep. */
#ifndef STORE_STORE_H
#define STORE_STORE_H

#include "base/error.h"
#include "base/tidy.h"
#include "store/table.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

struct store;

enum { STORE_LAYOUT = 1 }; /* raised by each change of shape; migrated by numbered steps on a copy */
enum { STORE_KEY_MAX = 511 };

/* Opens the environment of one organization; `create` makes folder and tables. The same directory opened again, by
 * whatever path, gives the same store, counted. Returns 0, ERR_GONE (nothing there yet; without a sentence), ERR_NEWER,
 * ERR_CORRUPT, ERR_LIMIT (too many open) or a negative errno, with a sentence. */
int store_open(const char *dir, bool create, struct store **ret_store, struct err *err);
void store_close(struct store *store);
/* Makes a folder of the state folder with these rights, and those above it. A negative errno has a sentence with the
 * place, whose it is, and a way out. */
int store_make_dir(const char *dir, mode_t mode, struct err *err);
const char *store_dir(const struct store *store);
/* Bytes in the data file that are in use. */
uint64_t store_size(const struct store *store);

/* Who looks at the oldest state that somebody looks at: its process, and how many commits there were since; what these
 * freed is not used again meanwhile. False: all look at the last one. */
bool store_reader_behind(const struct store *store, long *ret_pid, uint64_t *ret_commits);

/* Writes what it holds now as data.mdb of another folder, without pages that hold nothing; nobody has to wait. It may
 * be the middle of a changeset that is being applied: then `meta.applying` is in the copy. */
int store_copy(const struct store *store, const char *folder, struct err *err);

struct bytes {
    const void *data;
    size_t len;
};

static inline struct bytes bytes(const void *data, size_t len)
{
    return (struct bytes){data, len};
}

struct overlay;

enum { TXN_NEAR = 32 };

/* A cursor where rows of one table, and one kind of thing, were found last. */
struct near {
    void *mdb; /* MDB_cursor */
    enum table table;
    unsigned wait; /* so many rows are not looked for behind the last one */
};

struct txn {
    struct store *store;
    void *mdb;            /* MDB_txn */
    struct overlay *over; /* of one that reads: txn_get() answers as if a changeset were applied; NULL: as it is */
    int rc;               /* first failure */
    bool write;
    size_t dirty;               /* about so many bytes will be written */
    uint64_t puts;              /* calls that changed something, since txn_begin */
    struct near near[TXN_NEAR]; /* of one that reads: what is asked for in key order is found without a search */
};

enum { TXN_DIRTY_MAX = 32 << 20 };

void txn_begin(struct txn *txn, struct store *store, bool write);
/* The number of the commit that one that reads looks at: another one when anything was written since. */
uint64_t txn_last_commit(const struct txn *txn);
/* Commits a write transaction without failure and ends the rest. Returns the first failure. */
int txn_end(struct txn *txn);
void txn_abort(struct txn *txn);
/* Commits what is whole and goes on in a new transaction. */
void txn_renew(struct txn *txn);

/* True and *ret_value when there is one; it lives until the next write or the end of the transaction. */
bool txn_get(struct txn *txn, enum table table, struct bytes key, struct bytes *ret_value);
void txn_put(struct txn *txn, enum table table, struct bytes key, struct bytes value);
void txn_put_new(struct txn *txn, enum table table, struct bytes key, struct bytes value); /* ERR_CONFLICT: is there */
void txn_append(struct txn *txn, enum table table, struct bytes key, struct bytes value);  /* after the last key */
void txn_delete(struct txn *txn, enum table table, struct bytes key); /* not there: nothing happens */
uint64_t txn_count(struct txn *txn, enum table table);
uint64_t txn_pages(struct txn *txn, enum table table); /* that hold rows */

/* Walking a table in key order. Rows live until the next step or the end of the transaction. */
struct cursor {
    struct txn *txn;
    void *mdb;
    struct bytes key, value;
};

void cursor_open(struct cursor *cursor, struct txn *txn, enum table table);
void cursor_close(struct cursor *cursor);
bool cursor_seek(struct cursor *cursor, struct bytes key); /* the first row not before key */
bool cursor_next(struct cursor *cursor);
bool cursor_last(struct cursor *cursor); /* the last row of the table */
bool cursor_previous(struct cursor *cursor);
/* Adds a row behind the last one; where the cursor stands it finds the next place without a search. */
void cursor_append(struct cursor *cursor, struct bytes key, struct bytes value);
/* Whether the current row's key begins so. */
bool cursor_has_prefix(const struct cursor *cursor, struct bytes prefix);

/* Counters and settings in `meta`. */
uint64_t meta_number(struct txn *txn, const char *name); /* 0: not set */
void meta_set_number(struct txn *txn, const char *name, uint64_t value);
bool meta_get(struct txn *txn, const char *name, struct bytes *ret_value);
void meta_set(struct txn *txn, const char *name, struct bytes value); /* no bytes: forgotten */

/* run.lock: from stage to push one run per organization. ERR_BUSY with a sentence that names who holds it. */
int store_lock(struct store *store, int *ret_fd, struct err *err);
void store_unlock(int fd);

/* The sentence for a failed transaction: disk full, map full, damaged. */
int store_fail(const struct store *store, int rc, struct err *err);

DEFINE_TIDY(struct store *, store_close)

static inline void tidy_cursor(struct cursor *cursor)
{
    cursor_close(cursor);
}

static inline void tidy_txn(struct txn *txn)
{
    txn_abort(txn);
}

#endif
