/* stage - the last thing each source said about each of its records.
 *
 * Compares the sorted spool of one stream with what is stored, in key order.
 * An unchanged record costs one comparison and no write. A field that is
 * absent now keeps its previous value, flagged as carried; so staging a pull
 * twice changes nothing the second time. Missing is derived only from a
 * complete claim, and only proposed here: the safeguard decides. What a
 * safeguard holds is not taken, but kept beside as it was proposed.
 *
 * Reads what map spooled and the `source` and `vault` tables; what differs is
 * kept in a pile for match and merge, and goes into the changeset by
 * stage_write(). */
#ifndef ENGINE_STAGE_H
#define ENGINE_STAGE_H

#include "base/numbers.h"
#include "config/mapping.h"
#include "store/changeset.h"
#include "store/pile.h"
#include "store/sorter.h"
#include "store/vault.h"
#include "tables/decision.h"
#include "tables/hold.h"
#include "tables/source.h"
#include "tables/wait.h"

enum staged_what { STAGED_NEW = 1, STAGED_CHANGED, STAGED_RETURNED, STAGED_MISSING, STAGED_GONE };

/* One record that differs from what was stored. */
struct staged {
    enum staged_what what;
    struct bytes key;   /* of the source table */
    struct bytes value; /* as it will be stored, but for the situation */
};

struct stage {
    struct txn *snapshot;
    struct changeset *changeset;
    const struct vault *vault;
    const struct retention *retention; /* what is over for longer than it would be kept is not taken */
    uint64_t outlived;                 /* records that were not, of all streams */
    struct wait_list *waits;
    uint32_t run;
    int64_t now_ms;
    uint64_t next_seed;
    struct pile *pile;
    uint64_t *places; /* of staged records, in the order of streams and keys */
    size_t count, room;
    size_t known_before; /* how many of them are not new */
    struct numbers keys; /* of staged records, for stage_touch() */
    size_t known;
    struct decision_rows decisions;
    struct holds *holds; /* what is not to be taken; NULL: nothing is held */
    uint64_t *held;      /* of records of which something was not taken, as they were proposed */
    size_t held_count, held_room;
    bool anew;                    /* nothing of before is carried on */
    bool has_held;                /* the store keeps proposals of before */
    struct numbers agreed;        /* then: hold_record() of those that say what is taken already */
    struct numbers carried_units; /* named by what records carry on from before */
    /* scratch, reused for each record */
    struct buffer body, value, row, mended;
    struct body_maker maker;
    struct source old, made, proposed;
    struct image_maker image;
};

struct stage_count {
    uint64_t added, changed, same, returned; /* units made by reference are left out everywhere here */
    uint64_t duplicates;
    uint64_t disagreeing; /* further rows of a record that repeat a part with other values: the first row's count */
    uint64_t population;  /* records that were present before */
    uint64_t waiting;     /* that were missing before, but not let go */
    uint64_t gone_lately; /* let go within the safeguard's window */
    uint64_t missing;     /* present before, not seen now (only when asked) */
    uint64_t filtered;    /* present before, now outside `where` */
    uint64_t distinct;    /* different ids in the spool */
};

struct stage_stream {
    uint32_t stream;
    const struct mapping *mapping;
    struct sorter *spool;
    bool complete;          /* the claim proves absence */
    bool kept;              /* records as they were kept: who is not ours any more goes, nobody is missing */
    bool names_units;       /* a unit that none of these rows names is named by nobody */
    uint32_t unknown_kinds; /* bit per kind: the column that says whether there is one is missing; keep what was */
    int64_t grace_ms;
    int64_t lately_ms; /* the instant at which the safeguard's window begins */
    bool ignore_missing;
    /* Whether one that was let go lately counts; NULL: all do. */
    bool (*counts)(void *context, struct bytes key);
    void *context;
};

/* Records that would go, by place in stage->pile; told apart from `places`. Units that rows named are not counted as
 * people are: they go after them. */
struct stage_missing {
    uint64_t *places, *units;
    size_t count, room, unit_count, unit_room;
    bool passed_over; /* some record is as it was, because its rows could not be taken: it may name any unit */
};

int stage_init(struct stage *stage, const char *scratch_dir);
void stage_done(struct stage *stage);
void stage_missing_done(struct stage_missing *missing);

int stage_compare(struct stage *stage, const struct stage_stream *stream, struct stage_missing *missing,
                  struct stage_count *ret_count);
/* The source said nothing new. Whoever was missing when everybody was read last, and whose time of grace is over, would
 * go; of the others nothing is looked at. Units stay until rows are read. */
int stage_await(struct stage *stage, const struct stage_stream *stream, struct stage_missing *missing,
                struct stage_count *ret_count);
/* The safeguard let them go: they join the staged records. */
int stage_release(struct stage *stage, const struct stage_missing *missing, size_t nth);
/* Of the units only those that are not carried on by any record of this run; none when a record was passed over. */
int stage_release_units(struct stage *stage, const struct stage_missing *missing);
/* A stored record comes again although its source said nothing new: it is to be judged once more. */
int stage_touch(struct stage *stage, struct bytes key);
/* Reads a staged record; valid until the next call with the same slot (0 or 1). */
int stage_read(struct stage *stage, uint64_t place, unsigned slot, struct staged *ret_staged);
/* A record as its source was heard to say it, staged value and all, enters as if it had been pulled now: it is compared
 * with what is stored, and only what differs is staged. A new one keeps the seeds of its kept proposal, else it gets
 * new ones. What was staged of it before gives way. `protected_values` as in a spooled row; empty: sealed already. */
int stage_propose(struct stage *stage, struct bytes key, enum staged_what what, struct bytes value,
                  struct bytes protected_values);
/* A record in the pile is only proposed. */
int stage_withheld(struct stage *stage, uint64_t place);
/* A record that was only proposed, and new, is not proposed any more: its sealed values go. */
void stage_forget(struct stage *stage, uint64_t seed);
/* The row goes: what it said stands elsewhere. It is not staged any more in this run. */
int stage_drop(struct stage *stage, struct bytes key);
/* What rows said beside what was made of them is kept of this record no longer; `record` is it, as it is stored. */
int stage_strip(struct stage *stage, struct bytes key, const struct source *record);
/* Puts the record into the changeset, with how it stands to the persons, sealed values into the vault. */
void stage_write(struct stage *stage, const struct staged *staged, enum situation situation);
/* The same of a record that is nobody's yet, and why. */
void stage_write_undecided(struct stage *stage, const struct staged *staged, enum situation situation,
                           const char *reason);

#endif
