/* changeset_inside - what the files of a changeset share: changeset (adding, applying), changeset_keep (the one that is
 * being applied, in a file that survives a crash), changeset_file (one that is kept for later, sealed). */
#ifndef STORE_CHANGESET_INSIDE_H
#define STORE_CHANGESET_INSIDE_H

#include "store/changeset.h"
#include "store/sorter.h"

/* A row's value in its sorter: u8 op, u64 digest of the expected old value, new value. */
enum { OP_NEW = 1, OP_REPLACE, OP_SET, OP_DELETE };
enum { ROW_HEAD = 1 + 8 };

/* Where the rows stand in the file, and what deciphers them; what `meta.applying` holds. */
struct applying {
    uint8_t key[SPILL_KEY];
    uint64_t directory; /* where in the file the list of runs stands */
    uint64_t end;
};

struct changeset {
    struct store *store;
    char *path; /* of its file, when it has one */
    struct spill *spill;
    struct sorter *tables[TABLE_COUNT];
    uint64_t replacing[TABLE_COUNT]; /* rows that expect something to stand there */
    bool kept;                       /* named in meta.applying: the file outlives us until all of it is in the store */
    bool saved;                      /* for later: its file is whole and not ours to remove; `standing` says where */
    bool linked;                     /* such a one has a second name, under which it is applied */
    struct applying standing;
    int rc;
};

/* One without rows over a file that is there: to be filled by directory_read(). */
int changeset_over(struct store *store, const char *path, const uint8_t key[SPILL_KEY],
                   struct changeset **ret_changeset);
/* Its file goes, or the second name that a saved one has. */
void changeset_forget(struct changeset *changeset);
/* The list of runs, written behind them, with everything on disk; and read again. ERR_CORRUPT: it cannot be one. */
int directory_write(struct changeset *changeset, struct applying *ret_applying);
int directory_read(struct changeset *changeset, const struct applying *applying);
/* Makes the file durable and says in `meta` that it is being applied. */
int changeset_keep(struct changeset *changeset);
/* All rows; `in_parts`: in several transactions, the last of which forgets meta.applying. */
int changeset_apply_all(struct changeset *changeset, bool in_parts, uint64_t *ret_puts);
/* Looks at all that should stand there, so that a changeset that is written in parts is written to its end. */
void changeset_look(struct changeset *changeset, struct txn *txn);
/* What a file says that was read again must be looked at. */
bool row_valid(struct bytes key, struct bytes row);

#endif
