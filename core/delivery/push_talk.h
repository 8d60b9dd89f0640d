/* push_talk - what the files of the talk with a target share: push_send.c (its line), push_batch.c (what goes out),
 * push_answer.c (what came of it). */
#ifndef DELIVERY_PUSH_TALK_H
#define DELIVERY_PUSH_TALK_H

#include "delivery/pushing.h"

#define PUSH_NOT_REACHED "the connector ended before it came to this"

/* One change on its way: made ready, handed out, or answered and not kept yet. */
struct sent {
    uint32_t nth;
    uint64_t id;
    uint8_t op;
    bool answered, leaves_manual, leaves_update;
    uint8_t part, parts; /* of a stream in sets */
    uint32_t set;
    bool heard;     /* the set has noted the answer */
    bool untouched; /* the connector never saw it */
    bool counts;    /* a safeguard counts it */
    bool left;      /* it was switched off before */
    muster_rc rc;
    char *remote_id, *why; /* of the answer; NULL: none */
    char *manual;
    void *settles;
    size_t settles_len;
    size_t row, row_len; /* that it is sent, in sending->rows; len 0: nothing is written */
};

struct sending {
    struct push *push; /* first: what push_files_sink() and push_heard_sink() know */
    struct push_stream *stream;
    size_t next; /* job */
    uint32_t nth;
    struct sent *sent; /* in the order of nth; those kept are gone */
    size_t count, room;
    size_t answers;     /* among them */
    size_t ready;       /* the last of them were not handed out yet */
    bool noted;         /* and the store says already that they are sent */
    struct buffer rows; /* what it is to say of them */
    struct lane_cell *before, *after;
    char (*tokens)[GENERATED_TOKEN];
    struct buffer text;
    struct buffer key; /* what a change's key is made of; the first bytes are the same for all of the stream */
    size_t key_begin;
    struct push_parts parts;
    struct lane_result result;
};

static inline void sent_done(struct sent *sent)
{
    __builtin_free(sent->remote_id);
    __builtin_free(sent->why);
    __builtin_free(sent->manual);
    __builtin_free(sent->settles);
}

/* push_batch.c: makes the next changes ready: what is told of each, and the row that will say so. Writes nothing. */
int push_batch_make(struct sending *sending, struct lane_batch *batch);
/* That those that are ready are sent. */
void push_batch_note(struct sending *sending, struct txn *txn);
/* No more are asked for: those that are ready still do not go. */
int push_batch_end(struct sending *sending);

/* push_answer.c: what the connector says of them. */
void push_answer_sink(struct lane_sink *ret_sink);
/* Keeps all answers there are; those without stay. `anyway`: no more will come. */
int push_answer_keep(struct sending *sending, struct txn *txn, bool anyway);

#endif
