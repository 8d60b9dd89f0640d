/* pushing - a push that is going on: what its files share, and what plans are made of. push.c (the line),
 * push_choose.c (who), push_judge.c (what), push_guard.c (whether it may be), push_ask.c (is it there already),
 * push_send.c (the talk with the target; its files share push_talk.h), push_waits.c (what is left to people),
 * push_sets*.c (streams that are written in sets). */
#ifndef DELIVERY_PUSHING_H
#define DELIVERY_PUSHING_H

#include "broker/generated.h"
#include "delivery/project.h"
#include "delivery/push.h"
#include "delivery/push_sets.h"
#include "engine/running.h"
#include "tables/delivery_wait.h"
#include "tables/statement.h"

#include <muster/connector.h>

struct push_ids {
    uint64_t *items;
    size_t count, room;
};

static inline void push_ids_done(struct push_ids *ids)
{
    __builtin_free(ids->items);
}

/* What is to be done about one unit. */
enum push_what {
    PUSH_NOTHING,
    PUSH_SEND,
    PUSH_MANUAL, /* the target's rules do not let it: a person has to */
    PUSH_HELD,   /* a safeguard stops it */
    PUSH_ASK,    /* it was sent, and no answer came: the target is asked whether it has it */
    PUSH_KEEP,   /* of a file that is written whole: it is in it, and nothing of it changed */
    PUSH_WAIT,   /* it was refused, or is tried later, and nothing has changed since */
    PUSH_SETTLE, /* what was under way is not wanted any more, or turned out to be done */
    PUSH_LATER,  /* it goes into a file whose time has not come */
};

struct push_job {
    uint64_t id, person; /* the unit; whose it is */
    uint8_t what, op, said;
    bool aside;          /* not of the part that somebody named: push_narrow() */
    uint8_t part, parts; /* of streams in sets: enum push_part, and of how many */
    uint32_t set;
};

/* What is said of a change that a safeguard looks at. */
enum push_said {
    PUSH_UNSAID,
    PUSH_ALLOWED, /* a person lets it through, or nobody looks */
    PUSH_TURNED_DOWN,
    PUSH_PENDING, /* it was held before, and nobody has decided */
};

enum { PUSH_WHY = 400 };

/* The file of one period. */
struct push_file {
    struct span span;
    bool any;   /* there is one at hand */
    bool must;  /* it is written even when nothing of it seems to be new */
    bool late;  /* what comes too late for closed ones goes into it */
    bool again; /* it was sent, and nobody knows whether it arrived: it gets what it had */
};

/* What judging one unit gave; all but the numbers lives until the next one is judged. */
struct push_verdict {
    enum push_what what;
    int op;
    struct projection projection;
    struct projector *projector; /* that looked, and the transaction in which it did */
    struct txn *txn;
    bool known; /* there is a row */
    struct delivery row;
    struct bytes settles; /* what the target will have when it takes it: an image */
    bool echoed;          /* what differs is what it says itself: it has what is in `settles` */
    bool leaves_manual;   /* some of it is left to a person all the same */
    bool leaves_update;   /* it is created, and some of it is told by an update only */
    uint64_t thing;       /* of what is written by the period: a digest of what it is now */
    char why[PUSH_WHY];
};

/* One stream of the target on its way. */
struct push_stream {
    const struct target_stream *stream;
    uint32_t number;
    enum kind unit; /* kind of its units: membership where accounts stand for these */
    uint16_t *numbers;
    const char **names;
    uint8_t *types;
    uint32_t *flags;                       /* MUSTER_MUST … of each; 0 of one that the connector does not declare */
    const struct muster_field **generated; /* fields that we make, behind those of the map; see push_generated.c */
    char **made_for; /* of each that we or an option make: what its value is for, but the unit; NULL: of others */
    size_t generated_count;
    struct push_job *jobs; /* by ascending unit */
    size_t job_count, job_room;
    bool whole; /* all were looked at */
    struct delivery_head head;
    bool head_known;
    const char *held;             /* why something is; NULL: nothing is */
    uint64_t passed[TALLY_GATES]; /* changes that a safeguard counts and that were taken there */
    struct push_file *files;      /* of its periods that are to be written or looked at, oldest first */
    size_t file_count, file_room;
    bool walking; /* beside a plan */
    struct changeset_row row;
    struct push_sets *sets; /* NULL: it is not written in sets */
    bool behind;            /* of what was seen something waits for others: it is looked at again */
    bool leaves_update; /* of those that were created some have to be told by an update what could not be said then */
};

struct push {
    struct run *run; /* it belongs to the caller */
    const struct target *target;
    struct push_stream *streams;
    size_t stream_count;
    struct buffer settles; /* scratch of the judge */
    struct image_maker *maker;
    struct statements said;     /* what people have said, in the transaction at hand */
    bool insist;                /* what was put off or refused is tried now */
    bool talked;                /* the target was asked or told something */
    bool unprinted;             /* all of it, and what was made for people lies nowhere yet */
    bool closing;               /* all else is told: now units end */
    bool again;                 /* the file that a person asks for once more has been found */
    bool mends;                 /* what somebody changed there is changed back */
    bool looks;                 /* only who is there already: nothing is sent, everybody is looked at */
    bool shows;                 /* somebody wants to see all of it: also what there is nothing to do about */
    struct push_stream *filing; /* whose file is at hand; NULL: the streams without a period are */
    struct push_file file;
    size_t nth_file;
    const struct run_request *asked; /* before a place was put in; NULL: none was */
    const struct push_unit *units;   /* just these; NULL: whoever may have changed */
    size_t unit_count;
    struct push_heard *heard; /* what the target says of people while it is told */
    struct streams sources;   /* for push_echoes(); record NULL: nothing is read from this connection */
    struct source *record;
    struct changeset *only; /* of a plan: just this, as it was decided; NULL: all there is to do */
    uint64_t left_out;      /* of it: what is not as it was */
};

/* It is written as one file, with everybody in it. */
static inline bool push_is_whole(const struct push_stream *stream)
{
    return stream->stream->description && (stream->stream->description->flags & MUSTER_SNAPSHOT);
}

/* It is written with others, at its time: nothing of it can be told of one person alone. */
static inline bool push_is_common(const struct push_stream *stream)
{
    return stream->stream->period != PERIOD_NONE || push_is_whole(stream) || stream->sets;
}

/* Somebody said whom it is about: what was put off or refused is tried now. */
static inline bool push_is_named(const struct push *push)
{
    return push->units || push->run->request->person;
}

/* Whether a stream has its turn. */
static inline bool push_is_on(const struct push *push, const struct push_stream *stream)
{
    if (push->run->request->person)
        return !push_is_common(stream);
    return stream->stream->period == PERIOD_NONE ? !push->filing : push->filing == stream;
}

/* push_choose.c: the ids of units that may have changed, ascending, each once, with whose they are. */
int push_choose(struct push *push, struct push_stream *stream, struct txn *txn);
int push_job_add(struct push_stream *stream, uint64_t id, uint64_t person);
/* All things of a kind, whatever they hang on. */
int push_things(struct txn *txn, enum kind kind, struct push_ids *ids);

/* The thing that a unit is of; 0: none now. A membership stands for an account while both it and its person are there,
 * and today is one of its days. */
uint64_t push_behind(const struct push *push, const struct push_stream *stream, struct txn *txn,
                     const struct push_job *job);
/* push_judge.c: one unit. */
int push_judge(struct push *push, struct push_stream *stream, struct projector *projector, struct txn *txn,
               const struct push_job *job, struct push_verdict *ret_verdict);
/* Who looks at a stream: the view as of now, in this transaction. */
int push_projector(struct push *push, const struct push_stream *stream, struct txn *txn,
                   struct projector **ret_projector);

/* push_guard.c: what is said of a job that was judged so; then which jobs of the stream are held. */
enum push_said push_said_of(struct push *push, const struct push_stream *stream, const struct push_job *job,
                            const struct push_verdict *verdict);
void push_guard(struct push *push, struct push_stream *stream);
/* The decisions that stand, as far as `txn` sees them; push_said_end() before it ends. */
int push_said_begin(struct push *push, struct txn *txn);
void push_said_end(struct push *push);

/* push_remote.c: what a target's stream has, where it can be read. */
enum { PUSH_MATCHES = 4 /* fields by which somebody is found; more are not looked at */ };
struct push_remote {
    const char *id;
    struct bytes has; /* an image, of the fields that were told */
    uint64_t unit;    /* whose it is; 0: nobody's that we know */
    bool doubtful;    /* more than one of ours could be this one */
    uint64_t values[PUSH_MATCHES];
};
struct push_remotes {
    struct arena *arena;
    struct push_remote *rows;
    size_t count, room;
    struct numbers by_id, by_value; /* digests → position + 1; values also which field's */
    bool whole;                     /* all there are */
};
/* By which fields somebody is found there, one after the other: what the file says, else what the connector calls an
 * id. False after the last. */
bool push_match_field(const struct push *push, const struct push_stream *stream, size_t nth, size_t *ret_field);
bool push_can_read(const struct push *push, const struct push_stream *stream);
int push_remotes_read(struct push *push, struct push_stream *stream, struct push_remotes *ret_remotes);
void push_remotes_done(struct push_remotes *remotes);
/* What one record says, as an image that lives in the arena. */
int push_remote_image(struct push *push, const struct push_stream *stream, const struct lane_record *record,
                      struct arena *arena, struct bytes *ret_image);
struct push_remote *push_remotes_id(const struct push_remotes *remotes, struct bytes id);
/* The one that a thing is by these values: by the first field that finds any. Returns how many it finds; the first in
 * *ret_remote, and the field. */
size_t push_remotes_match(const struct push *push, const struct push_stream *stream, const struct push_remotes *remotes,
                          const struct value *values, struct push_remote **ret_remote, size_t *ret_field);
/* It has a value that several have, and one of ours has that, too. */
bool push_remote_in_doubt(const struct push_remotes *remotes, const struct push_remote *row);
/* Marks those that are known by their ids, and those that several of ours could be. */
int push_remotes_claim(struct push *push, struct push_stream *stream, struct push_remotes *remotes, struct txn *txn);

/* Somebody of ours is that one from now on: the row, as it is to be written. */
struct delivery push_remote_row(const struct push *push, const struct delivery *before,
                                const struct push_remote *remote);

/* push_narrow.c: who is not of the part that `where` names is put aside. *ret_narrowed false: nothing of the kind can
 * be asked of this stream, and why. */
int push_narrow(struct push *push, struct push_stream *stream, const char *where, struct txn *txn, bool *ret_narrowed,
                struct err *why);

/* push_ask.c: asks the target for one like these values, by one field after the other. How many there are, the first
 * of them (in the arena), and the field that found them. */
int push_find(struct push *push, struct push_stream *stream, const struct value *values, struct arena *arena,
              struct push_remote *ret_remote, size_t *ret_rows, size_t *ret_field);

/* push_ask.c: whoever would be created and is there already is adopted; jobs are judged anew. */
int push_ask(struct push *push, struct push_stream *stream);

/* push_heard.c: what a connector emits while it is told; `context` of the sink begins with a struct push *. Decided
 * when the push is kept; a fault is logged and costs only this. */
struct push_heard;
void push_heard_sink(struct lane_sink *ret_sink);
void push_heard_take(struct push *push);
void push_heard_done(struct push *push);
/* Whether the target itself is known to say of the very object just what it would be told in this field: then it need
 * not be told. What it says of something else, as of somebody's file where their account is told, is no such word. */
int push_echoes_begin(struct push *push, struct txn *txn);
bool push_echoes(struct push *push, const struct push_stream *stream, const struct push_verdict *verdict, size_t field);

/* push_send.c: what a connector may ask for besides; `context` of the sink begins with a struct push *. */
void push_files_sink(struct lane_sink *ret_sink);
/* Carries out the jobs of a stream through the lane. */
int push_send(struct push *push, struct push_stream *stream);
/* A unit that ends, which is told after all else. */
bool push_closes(const struct push_stream *stream, const struct push_job *job);

static inline bool push_same(struct bytes a, struct bytes b)
{
    return a.len == b.len && (a.len == 0 || __builtin_memcmp(a.data, b.data, a.len) == 0);
}

/* push_generated.c: values that we make, and nobody keeps. Finds the fields; then what the broker has to know. */
int push_generated_open(const struct push *push, struct push_stream *stream);
void push_generated_close(struct push_stream *stream);
void push_generated_begin(struct push *push);
/* A token for each in the place of its value, when somebody is created; there is one for each cell, and lives with it.
 */
int push_generated_cells(const struct push *push, const struct push_stream *stream, uint64_t id, int op,
                         struct lane_cell *cells, char (*tokens)[GENERATED_TOKEN]);
/* Whether the broker can put in what an option makes of somebody; true for all other fields. */
bool push_generated_fits(const struct push_stream *stream, size_t nth, const struct value *value);
/* Somebody was created: if a value went out, HR is to be told. */
void push_generated_note(const struct push *push, const struct push_stream *stream, struct txn *txn, uint64_t id);
/* What came of creating somebody is kept: whatever was made for it is forgotten. */
void push_generated_forget(const struct push *push, const struct push_stream *stream, uint64_t id);
/* Whether somebody waits to be told; telling. */
bool push_generated_waits(const struct push *push);
int push_generated_print(struct push *push, struct err *err);

/* push.c: begins; then what is to be done about each unit of each stream. */
int push_begin(struct push *push, struct err *err);
int push_decide(struct push *push);
int push_connect(struct push *push);          /* files, http, a host with the connector */
int push_finish(struct push *push, int talk); /* what waits, and the row of the run; `talk`: how that ended */
void push_done(struct push *push);

/* push_drift.c: what people have changed there, where that can be read; nothing is sent. */
int push_drift(struct push *push);
/* "Since 2021-05-03 → 2022-01-04, Title …": where two images differ; appended while there is room. */
void push_differences(const struct push_stream *stream, struct bytes was, struct bytes is, char ret_text[PUSH_WHY]);

/* push_judge.c, for push_period.c: whether all the target needs is there (else why not); whether something that it is
 * known to have would be another; what it will have when it takes it. */
bool push_can_be_told(const struct push_stream *stream, struct push_verdict *verdict);
bool push_differs(const struct push_stream *stream, const struct push_verdict *verdict);
int push_settles(struct push *push, const struct push_stream *stream, struct push_verdict *verdict);

/* push_period.c: which files there are to be, before anything is decided; then one after the other, false when there
 * is no other. `write`: what was found out is kept. */
int push_files_begin(struct push *push, struct err *err);
int push_files_find(struct push *push, struct push_stream *stream, struct txn *txn, bool write);
bool push_files_next(struct push *push);
/* What is to be done about a thing in the file at hand. */
int push_period_judge(struct push *push, struct push_stream *stream, struct projector *projector, struct txn *txn,
                      const struct push_job *job, struct push_verdict *verdict);
/* That it is on its way in the file at hand; no mark where there is none. */
struct delivery_mark push_file_mark(const struct push *push, const struct push_verdict *verdict);
/* The file at hand lies where it belongs; or there was nothing to write. */
void push_file_close(const struct push *push, const struct push_stream *stream, struct txn *txn, bool written);

/* push_place.c: from here on the run's connection names this time's file. */
int push_place(struct push *push);

/* push_plan.c: what was decided, as rows of the run's changeset: the units as they would stand when they are sent. */
int push_plan(struct run *run, struct err *err);
/* Units that a plan names, instead of those that may have changed. */
int push_choose_planned(struct push *push, struct push_stream *stream);
/* Whether a unit is to become what the plan says it is to become; *ret_held: and the plan holds it. */
bool push_as_planned(struct push *push, struct push_stream *stream, struct txn *txn, const struct push_job *job,
                     const struct push_verdict *verdict, bool *ret_held);

/* push_waits.c: what of a stream is left to people goes into the changeset. */
int push_waits(struct push *push, struct wait_settling *settling, struct push_stream *stream);

#endif
