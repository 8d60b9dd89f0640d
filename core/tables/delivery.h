/* delivery - what a target is known to have of each thing, and what is under way there.
 *
 * Key: u32 number of (connection, partition, stream) big-endian, u8 zone, then
 * what the zone says: the stream's own row; u8 kind, u64 id big-endian of a
 * unit (a thing, or the membership that an account stands for); the same of
 * a unit that is not settled, so that these are found without a search; the
 * same of a unit for which values were made that nobody has been told yet; u8
 * kind, u64 first day of a period of which there is a file, or is to be.
 * Value of a unit: u8 state, u8 op, u8 active, u8 -rc, u32 attempts, u32 run,
 * u32 intent, i64 since, i64 next try, then u32 length and bytes each of the remote
 * id, what is confirmed, what is under way (images), and the sentence; then, of what is written by the period, u32
 * length and two marks, each i32 file, u64 thing. Of a stream: what struct delivery_head says, then a tally. Of a
 * file: u8 state, u8 0 thrice, u32 run, i64 until, i64 time, u64 rows. */
#ifndef TABLES_DELIVERY_H
#define TABLES_DELIVERY_H

#include "base/buffer.h"
#include "model/model.h"
#include "store/store.h"
#include "tables/tally.h"

enum delivery_state {
    DELIVERY_SETTLED = 1, /* the target has what it is to have; or it is to have nothing */
    DELIVERY_SENT,        /* it was sent, and no answer is known */
    DELIVERY_RETRY,       /* it failed and may pass later */
    DELIVERY_REFUSED,     /* the target does not take it as it is */
    DELIVERY_MANUAL,      /* the target's rules leave it to a person */
    DELIVERY_HELD,        /* a safeguard stopped it */
    DELIVERY_DRIFTED,     /* somebody changed it there; `wanted` is what it is to have */
};

const char *delivery_state_name(enum delivery_state state); /* "settled" */

/* Of what happened, and is written into the file of its period: which file, and what it was then. */
struct delivery_mark {
    int32_t file;   /* the day on which the period begins; 0: none */
    uint64_t thing; /* digest of the golden record; 0: it was taken out */
};
enum { DELIVERY_EARLIER = -1 /* a file: of before the first one, and known then */ };

struct delivery {
    enum delivery_state state;
    uint8_t op;  /* MUSTER_CREATE …, of what is under way */
    bool active; /* the target has it, switched on */
    int rc;      /* muster_rc of the last answer */
    uint32_t attempts, run;
    uint32_t intent;           /* run that first meant to do what is under way: a repeat is known by it */
    int64_t since_ms, next_ms; /* in this state; when it is tried again */
    struct bytes remote_id;    /* text; empty: none, or none known */
    struct bytes confirmed;    /* what the target has, as an image; empty: nothing */
    struct bytes wanted;       /* what was sent last and is not confirmed, or would be sent */
    struct bytes why;          /* the sentence of the last refusal */
    struct delivery_mark in;   /* of what is confirmed */
    struct delivery_mark into; /* of what is under way */
};

/* A row about a whole stream. */
struct delivery_head {
    uint64_t sequence; /* of the journal, up to which all is seen */
    uint8_t digest[16];
    char day[11]; /* on which everything was looked at last; "" */
    uint64_t active;
    struct tally tally; /* changes that went through lately */
};

/* The file of one period. */
enum delivery_file_state {
    FILE_DUE = 1, /* it is to be written, whatever is in it */
    FILE_CURRENT, /* its period is not over: it is written again when something of it changes */
    FILE_CLOSED,  /* it was sent */
};
struct delivery_file {
    enum delivery_file_state state;
    int64_t from, until; /* days; the latter is not in it */
    uint32_t run;        /* that wrote it last; 0: none has */
    int64_t at_ms;
    uint64_t rows;
};

enum delivery_zone { DELIVERY_HEAD, DELIVERY_UNIT, DELIVERY_OPEN, DELIVERY_MADE, DELIVERY_FILE };

/* Reads in place. False: there is none (or it is damaged: txn->rc). */
bool delivery_get(struct txn *txn, uint32_t stream, enum kind kind, uint64_t id, struct delivery *ret_delivery);
bool delivery_head_get(struct txn *txn, uint32_t stream, struct delivery_head *ret_head);
/* The only writers. Whether the unit is open follows from its state. */
void delivery_put(struct txn *txn, uint32_t stream, enum kind kind, uint64_t id, const struct delivery *delivery);
/* The same in two: the row is made, and written later. */
void delivery_row(const struct delivery *delivery, struct buffer *out);
void delivery_put_row(struct txn *txn, uint32_t stream, enum kind kind, uint64_t id, struct bytes row);
void delivery_head_put(struct txn *txn, uint32_t stream, const struct delivery_head *head);
/* For this unit a value was made that somebody is to be told; then it has been told. */
void delivery_made(struct txn *txn, uint32_t stream, enum kind kind, uint64_t id);
void delivery_told(struct txn *txn, uint32_t stream, enum kind kind, uint64_t id);

bool delivery_file_get(struct txn *txn, uint32_t stream, enum kind kind, int64_t from, struct delivery_file *ret_file);
void delivery_file_put(struct txn *txn, uint32_t stream, enum kind kind, const struct delivery_file *file);

/* The same into a plan; and what one says. False: the row is about something else. */
struct changeset;
void delivery_plan(struct changeset *changeset, struct txn *snapshot, uint32_t stream, enum kind kind, uint64_t id,
                   const struct delivery *delivery);
bool delivery_planned(struct bytes key, struct bytes value, uint32_t *ret_stream, enum kind *ret_kind, uint64_t *ret_id,
                      struct delivery *ret_delivery);

/* Somebody is erased: what is known of a unit goes, all its rows. */
void delivery_erase(struct changeset *changeset, struct txn *snapshot, uint32_t stream, enum kind kind, uint64_t id);
/* So many fewer are there, switched on. */
void delivery_fewer(struct changeset *changeset, struct txn *snapshot, uint32_t stream, uint64_t count);

/* Walking the units of a stream, or its open ones, by ascending id; or its files, whose ids are their first days. */
struct delivery_walk {
    struct cursor cursor;
    uint32_t stream;
    enum delivery_zone zone;
    bool begun;
};
void delivery_walk_begin(struct delivery_walk *walk, struct txn *txn, uint32_t stream, enum delivery_zone zone);
bool delivery_walk_next(struct delivery_walk *walk, enum kind *ret_kind, uint64_t *ret_id);
/* Of a unit, what stands there: as delivery_get(), and it need not be looked for. */
bool delivery_walk_row(const struct delivery_walk *walk, struct delivery *ret_delivery);
void delivery_walk_end(struct delivery_walk *walk);

#endif
