/* snapshot - the environment of one organization, opened to be read only, and what stands in it at one moment. */
#ifndef READER_SNAPSHOT_H
#define READER_SNAPSHOT_H

#include "tables/entity.h"

#include <lmdb.h>
#include <muster/reader.h>
#include <sys/types.h>

struct muster_reader {
    struct muster_reader *next; /* of this process */
    char *folder;
    dev_t device; /* of data.mdb: after a restore it is another file */
    ino_t inode;
    pid_t pid;    /* whose environment and snapshot these are: not a child's after fork() */
    MDB_env *env; /* NULL: it has to be opened again */
    MDB_dbi meta, dict, entity, journal;
    MDB_txn *txn;     /* the snapshot; NULL: there is none */
    MDB_cursor *walk; /* where muster_reader_next() stands; its key is `walked` */
    uint8_t walked[ENTITY_KEY];
    uint64_t sequence; /* of the last snapshot that was begun */
    uint64_t commit;   /* the last one when a snapshot was tried last */
    int64_t begun_ms;
    uint32_t lease_ms;
    char why[500];
    struct entity one; /* scratch */
};

/* Notes the sentence, and returns rc. */
int reader_fail(struct muster_reader *reader, int rc, const char *format, ...) __attribute__((format(printf, 3, 4)));
/* What LMDB says, as one of our results. */
int reader_code(struct muster_reader *reader, int rc);
/* EXPIRED, and the snapshot ends, when it has lasted for longer than it may. */
int snapshot_lasts(struct muster_reader *reader);
/* A row of the snapshot; END: there is none. */
int snapshot_get(struct muster_reader *reader, MDB_dbi table, const void *key, size_t len, struct bytes *ret_value);

#endif
