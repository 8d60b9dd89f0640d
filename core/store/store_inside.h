/* store_inside - what store.c (opening) and txn.c (transactions) keep for the other files of the room. */
#ifndef STORE_STORE_INSIDE_H
#define STORE_STORE_INSIDE_H

#include "store/store.h"

#include <lmdb.h>
#include <pthread.h>
#include <stdatomic.h>

#define META_WIPED "wiped" /* how often the data file was wiped, and one more while it is */

/* Names that were given a number and are not written down yet: see dict_defer(). */
struct names {
    atomic_bool deferred;
    pthread_mutex_t lock;
    char **items; /* the first has number first + 1 */
    size_t count, room;
    uint32_t first;
};

struct store {
    struct store *next;
    unsigned users;
    char *dir;
    dev_t device; /* one environment per process, by whatever path: LMDB's locks want it so */
    ino_t inode;
    MDB_env *env;
    MDB_dbi tables[TABLE_COUNT];
    struct names names;
    atomic_uint open; /* transactions */
    uint64_t wiped;   /* META_WIPED, when the environment was opened */
};

/* Closes the environment and opens it again; no transaction may be open. Where that fails the next one tries. */
int store_open_anew(struct store *store, struct err *err);
/* Ends one that reads so that the handles of tables that it opened stay. */
int txn_commit(struct txn *txn);
struct names *store_names(struct store *store);

/* The oldest state that somebody looks at, SIZE_MAX: nobody does; and a process that does. Below 0: LMDB's code. */
int store_readers(const struct store *store, size_t *ret_oldest, long *ret_pid);

/* LMDB's own codes become ours; errno comes negative. */
int store_code(int rc);

#endif
