/* store_inside - what store.c (opening) and txn.c (transactions) keep for the other files of the room. */
#ifndef STORE_STORE_INSIDE_H
#define STORE_STORE_INSIDE_H

#include "store/store.h"

#include <lmdb.h>
#include <pthread.h>
#include <stdatomic.h>

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
};

struct names *store_names(struct store *store);

/* LMDB's own codes become ours; errno comes negative. */
int store_code(int rc);
/* The folder, and those above it. */
int store_make_dir(const char *dir, struct err *err);

#endif
