/* push_sets - streams that are written in sets: all units that share the values of some fields go out together, or not
 * at all.
 *
 * The stream's description names the fields ("module period"). A set in which
 * something changed is written anew with all that is in it, those that did not
 * change as MUSTER_KEEP; in others nothing is sent. A unit that goes from one
 * set to another is one change with two parts: both sets are written, and it
 * is done when both are. What was under way when a run ended may have been
 * done in part, so its set is written again whatever is wanted by then. */
#ifndef DELIVERY_PUSH_SETS_H
#define DELIVERY_PUSH_SETS_H

#include "base/arena.h"
#include "base/buffer.h"
#include "base/numbers.h"
#include "model/image.h"
#include "store/store.h"

#include <muster/connector.h>

struct push;
struct push_job;
struct push_stream;
struct push_verdict;
struct projector;
struct txn;
struct lane_cell;

enum { PUSH_SET_FIELDS = 4, PUSH_NO_SET = UINT32_MAX };

enum push_part {
    PUSH_UNIT,   /* the change itself */
    PUSH_ALSO,   /* of the same change: another set that has to do without the unit */
    PUSH_UNMADE, /* it is there, and cannot be made any more: its set has to do without it */
};

struct push_set {
    const struct value *values; /* one for each field of the set */
    const char *name;           /* "salary 2026-10" */
    bool dirty;                 /* something in it changed */
    bool blocked;               /* and it is not written all the same */
    uint64_t rows, changed;     /* that are in it when it is written; changes that this makes */
    uint64_t sent, heard;       /* changes, and answers to them */
    uint64_t refused, failed;   /* rows that were not taken; changes that are tried again, with all of the set */
    char *why;                  /* the first sentence of these */
};

struct push_sets {
    size_t fields[PUSH_SET_FIELDS], field_count; /* of the stream's map */
    struct arena *arena;
    struct push_set *items;
    size_t count, room;
    struct numbers by_values; /* digest → position + 1 */
    struct push_job *jobs;    /* what was judged, by the sets it touches */
    size_t job_count, job_room;
    struct numbers known; /* units that were judged; only where not all were */
};

/* Of a stream whose description says so. */
int push_sets_open(struct push_stream *stream);
void push_sets_done(struct push_sets *sets);

/* The set that has the values of an image. `make`: it is noted when it is new; else *ret_set is PUSH_NO_SET. */
int push_sets_find(struct push_stream *stream, struct bytes image, bool make, uint32_t *ret_set);
/* The name of the set in which a unit is to be, else in which it is; NULL: in none. */
int push_sets_name(struct push_stream *stream, const struct push_verdict *verdict, struct arena *arena,
                   const char **ret_name);
/* How many are to be written. */
size_t push_sets_dirty(const struct push_sets *sets);

/* What was tried and is not wanted any more, or has no answer, is written again. */
void push_sets_judge(struct push_verdict *verdict);
/* The change as which a unit that cannot be made any more leaves its set; others as they are. */
int push_sets_op(const struct push_stream *stream, const struct push_verdict *verdict);
/* Notes which sets a unit touches that was judged so. */
int push_sets_place(struct push_stream *stream, const struct push_job *job, const struct push_verdict *verdict);
/* The unit is not as a plan has it: nothing of its sets is sent. */
int push_sets_leave(struct push_stream *stream, const struct push_job *job, const struct push_verdict *verdict);
/* Jobs become those of the sets that are written, one set behind the other; with all that is in them. */
int push_sets_settle(struct push *push, struct push_stream *stream, struct projector *projector, struct txn *txn);
/* Whether the set was found that somebody wants written once more: ERR_UNKNOWN and a sentence when not. */
int push_sets_again(const struct push *push, struct err *err);
/* What is held, and all of its set with it, is not sent. */
int push_sets_hold(struct push *push, struct push_stream *stream);

/* Whether the job still goes as it was decided; makes the verdict what it goes as. */
bool push_sets_goes(const struct push_job *job, struct push_verdict *verdict);
/* The values of the set that a unit leaves. */
void push_sets_cells(const struct push_stream *stream, const struct push_job *job, struct lane_cell *cells);
/* An answer to a change of the set. Not of what is kept: `keep`. */
void push_sets_hear(struct push_stream *stream, uint32_t set, bool keep, muster_rc rc, const char *why);

/* How the sets fared goes into the report; `talked`: something was to be sent, not only planned. */
int push_sets_tell(struct push *push, bool talked);

/* --- push_parts.c: changes of several parts --- */

struct push_parted {
    uint64_t id;
    uint32_t left; /* parts without an answer, besides the change itself */
    muster_rc rc;  /* of those that have one */
    char *why;
    bool closed;
};
struct push_parts {
    struct push_parted *items;
    size_t count, room;
    struct numbers by_unit; /* id → position + 1 */
};
/* The answer to another part of the change of a unit that has `parts` in all. */
int push_parts_also(struct push_parts *parts, uint64_t id, unsigned total, muster_rc rc, const char *why);
/* The change itself is answered: whether all others are; then what became of them all, and it is closed. */
bool push_parts_close(struct push_parts *parts, uint64_t id, bool anyway, muster_rc *ret_rc, const char **ret_why);
void push_parts_done(struct push_parts *parts);

#endif
