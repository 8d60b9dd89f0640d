/* ledger - the files of a connection: what was taken and what each gave; what was seen and not taken, and why.
 *
 * The `file` table, key u32 stream, u32 run, u32 nth. Files that were not
 * taken stand under LEDGER_SEEN in the place of a run; each run that looks
 * writes them anew, so they are what the last one saw. Under LEDGER_INSTEAD in
 * the place of nth stands what was held and is not asked about any more,
 * because that run read something else. */
#ifndef TABLES_LEDGER_H
#define TABLES_LEDGER_H

#include "base/arena.h"
#include "store/changeset.h"

enum { LEDGER_KEY = 12 };
#define LEDGER_SEEN UINT32_MAX
#define LEDGER_INSTEAD UINT32_MAX

struct ledger_row {
    uint32_t stream, run, nth;
    const char *name; /* a whole place */
    uint64_t size;
    int64_t mtime_ms;
    uint8_t sha256[32];
    bool told;                          /* what follows is known: rows of older versions end here */
    int64_t at_ms;                      /* when it was taken */
    uint64_t rows, refused;             /* of this file */
    uint64_t created, updated, missing; /* of its run: files that were read together gave it together */
    uint32_t together;                  /* how many files that were */
    uint8_t outcome;                    /* enum outcome, or LEDGER_UNCHANGED */
    uint8_t after;                      /* MUSTER_LEAVE, MUSTER_ARCHIVE, MUSTER_REMOVE: what was done with it */
    const char *place;                  /* where it was archived to; "": nowhere */
};
enum { LEDGER_UNCHANGED = 255 }; /* outcome: it was the last file once more */

struct ledger_seen {
    const char *name;
    uint64_t size;
    int64_t mtime_ms;
    int64_t first_ms; /* since when it is as it is */
    const char *reason;
};

void ledger_put(struct changeset *changeset, const struct ledger_row *row);
/* Replaces what the stream's last look left, if that is something else. */
int ledger_put_seen(struct changeset *changeset, struct txn *txn, uint32_t stream, const struct ledger_seen *seen,
                    size_t count);

/* The row of one file. False: there is none. */
bool ledger_get(struct txn *txn, uint32_t stream, uint32_t run, uint32_t nth, struct arena *arena,
                struct ledger_row *ret_row);

/* What a run read in the place of what was held: the numbers of all that is held no longer. */
struct ledger_instead {
    uint32_t stream, run;
    uint32_t first_run, last_run; /* that held it */
    uint64_t *numbers;
    size_t count, room;
};
/* Sorts the numbers; nothing is written when there are none. */
void ledger_put_instead(struct changeset *changeset, struct ledger_instead *instead);
/* The run that read something else than what was held under this number. False: none has. */
bool ledger_instead_of(struct txn *txn, uint32_t stream, uint64_t number, uint32_t *ret_run);
/* The same of what a run held: the first one that took the place of any of it. */
bool ledger_instead_of_run(struct txn *txn, uint32_t stream, uint32_t run, uint32_t *ret_run);

/* Walking: the rows of one stream by run; cursor_next() goes on. */
bool ledger_first(struct cursor *cursor, uint32_t stream);
bool ledger_of(const struct cursor *cursor, uint32_t stream);
/* False: the row is of the other sort, or cannot be read. Texts are in the arena. */
bool ledger_read(const struct cursor *cursor, struct arena *arena, struct ledger_row *ret_row);
bool ledger_read_seen(const struct cursor *cursor, struct arena *arena, struct ledger_seen *ret_seen);

#endif
