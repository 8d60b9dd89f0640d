/* push - writing: changes come in batches, are handed to the connector one by one, and its answers go back. */
#include "host/push.h"

#include "base/mem.h"
#include "base/text.h"
#include "base/tidy.h"
#include "host/reading.h"
#include "host/words.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

enum { REMOTE_ID_MAX = 200, WHY_MAX = 1000, LEAST_CHANGE = 24 /* bytes */ };

struct change {
    muster_change seen; /* first: what the connector holds */
    struct reading before, after;
    uint32_t nth; /* the engine's number */
    bool answered;
    size_t told, told_at; /* changed(): the last one it gave, and where it stands */
};

struct batch {
    struct batch *next; /* the one that came before it */
    struct buffer bytes;
    struct wire rest; /* what of them was not read yet */
    struct change *changes;
    size_t count, read, answered;
    size_t room;
    struct cell *cells; /* two rows for each change */
    size_t cell_room;
};

struct push {
    struct shape shape;
    struct batch *batches; /* the last one first */
    struct batch *spare;   /* the memory of one that is through */
    bool ended;            /* the engine has no more */
};

static void batch_free(struct batch *batch)
{
    if (!batch)
        return;
    buffer_done(&batch->bytes);
    free(batch->changes);
    free(batch->cells);
    free(batch);
}

/* Lets go of the batches that are through, keeping the room of one. */
static void batches_tidy(struct push *push)
{
    for (struct batch **at = &push->batches; *at;) {
        struct batch *batch = *at;
        if (batch->answered < batch->count) {
            at = &batch->next;
            continue;
        }
        *at = batch->next;
        batch_free(push->spare);
        push->spare = batch;
    }
}

static bool batch_make_room(struct batch *batch, size_t fields)
{
    if (batch->count > batch->room) {
        free(batch->changes);
        batch->changes = mem_new(batch->count, sizeof(*batch->changes));
        batch->room = batch->changes ? batch->count : 0;
    }
    size_t cells = batch->count * 2 * (fields + 1); /* at most 2^28 bytes by 2^14 fields: no overflow */
    if (cells > batch->cell_room) {
        free(batch->cells);
        batch->cells = mem_new(cells, sizeof(*batch->cells));
        batch->cell_room = batch->cells ? cells : 0;
    }
    return batch->changes && batch->cells;
}

/* Takes over what came. NULL: no memory. */
static struct batch *batch_take(struct push *push, uint32_t count, const struct wire *answer)
{
    if (count > (size_t)(answer->end - answer->at) / LEAST_CHANGE)
        session_orphaned();
    struct batch *batch = push->spare ? TAKE(push->spare) : mem_new(1, sizeof(*batch));
    if (!batch)
        return NULL;
    batch->count = count;
    batch->read = batch->answered = 0;
    buffer_clear(&batch->bytes);
    buffer_add(&batch->bytes, answer->at, (size_t)(answer->end - answer->at));
    if (batch->bytes.rc != 0 || !batch_make_room(batch, push->shape.count)) {
        batch_free(batch);
        return NULL;
    }
    batch->rest = wire_over(batch->bytes.data, batch->bytes.len);
    batch->next = push->batches;
    push->batches = batch;
    return batch;
}

static const muster_record *row(struct session *session, struct batch *batch, struct reading *reading,
                                struct cell *cells)
{
    struct shape *shape = &session->push->shape;
    *reading = (struct reading){{true}, session, shape, cells};
    return reading_row(shape, &batch->rest, cells) ? &reading->head : NULL;
}

static const muster_change *batch_next(struct session *session, struct batch *batch)
{
    struct wire *rest = &batch->rest;
    struct change *change = &batch->changes[batch->read];
    struct cell *cells = batch->cells + batch->read * 2 * (session->push->shape.count + 1);
    change->nth = wire_get_u32(rest);
    change->answered = false;
    change->told = change->told_at = 0;
    change->seen.size = sizeof(change->seen);
    change->seen.op = (int32_t)wire_get_u32(rest);
    change->seen.key = wire_need_text(rest);
    change->seen.remote_id = wire_get_text(rest);
    change->seen.before = row(session, batch, &change->before, cells);
    change->seen.after = row(session, batch, &change->after, cells + session->push->shape.count + 1);
    if (rest->bad)
        session_orphaned();
    batch->read++;
    return &change->seen;
}

/* The batch that has something which the connector has not seen: the last one, or the next. NULL: see *ret_rc. */
static struct batch *batch_wanted(struct session *session, muster_rc *ret_rc)
{
    struct push *push = session->push;
    *ret_rc = MUSTER_OK;
    if (push->batches && push->batches->read < push->batches->count)
        return push->batches;
    if (push->ended)
        return NULL;
    batches_tidy(push);
    struct wire answer;
    wire_end(&session->out, session_begin(session, WIRE_NEXT));
    *ret_rc = session_ask(session, -1, &answer);
    if (*ret_rc != MUSTER_OK)
        return NULL;
    uint32_t count = wire_get_u32(&answer);
    if (answer.bad)
        session_orphaned();
    push->ended = count == 0;
    if (push->ended)
        return NULL;
    struct batch *batch = batch_take(push, count, &answer);
    if (!batch)
        *ret_rc = session_spoil(session, "no memory for the changes that are to be applied");
    return batch;
}

muster_rc push_next(muster_run *run, const muster_change **change)
{
    struct session *session = session_of(run);
    *change = NULL;
    if (!session->push)
        return session_spoil(session, "the connector called next() outside of apply()");
    muster_rc rc;
    struct batch *batch = batch_wanted(session, &rc);
    if (batch)
        *change = batch_next(session, batch);
    return rc;
}

/* NULL: no change that next() gave, or one that is long through. */
static struct change *change_of(const struct push *push, const muster_change *asked, struct batch **ret_batch)
{
    for (struct batch *batch = push->batches; batch; batch = batch->next) {
        uintptr_t from = (uintptr_t)batch->changes, at = (uintptr_t)asked;
        if (at < from || at >= from + batch->read * sizeof(struct change) || (at - from) % sizeof(struct change) != 0)
            continue;
        *ret_batch = batch;
        return &batch->changes[(at - from) / sizeof(struct change)];
    }
    return NULL;
}

const char *push_changed(const muster_change *asked, size_t nth)
{
    if (!asked || (!asked->before && !asked->after))
        return NULL;
    struct change *change = (struct change *)(uintptr_t)asked;
    const struct reading *reading = asked->after ? &change->after : &change->before;
    if (nth < change->told)
        change->told = change->told_at = 0;
    for (size_t i = change->told_at; i < reading->shape->count; i++) {
        if (!reading->cells[i].changed)
            continue;
        if (change->told == nth) {
            change->told_at = i;
            return reading->shape->names[i];
        }
        change->told++;
    }
    change->told = change->told_at = 0;
    return NULL;
}

/* The change that is being answered, if it can be. Marks it. */
static struct change *answers(struct session *session, const muster_change *asked, const char *verb)
{
    struct batch *batch = NULL;
    struct change *change = session->push ? change_of(session->push, asked, &batch) : NULL;
    if (!change || change->answered) {
        session_spoil(session, "the connector called %s() for a change that %s", verb,
                      change ? "it has answered already" : "it was not given, or has answered long ago");
        return NULL;
    }
    change->answered = true;
    batch->answered++;
    return change;
}

muster_rc push_applied(muster_run *run, const muster_change *asked, const char *remote_id)
{
    struct session *session = session_of(run);
    if (remote_id &&
        (remote_id[0] == '\0' || strlen(remote_id) > REMOTE_ID_MAX || !text_valid(remote_id, strlen(remote_id))))
        return session_spoil(session,
                             "the connector called applied() with a remote id that is empty, longer than %d bytes or "
                             "no UTF-8",
                             REMOTE_ID_MAX);
    const struct change *change = answers(session, asked, "applied");
    if (!change)
        return MUSTER_FAIL;
    size_t begin = session_begin(session, WIRE_APPLIED);
    wire_put_u32(&session->out, change->nth);
    wire_put_text(&session->out, remote_id);
    session_end(session, begin);
    return MUSTER_OK;
}

muster_rc push_refused(muster_run *run, const muster_change *asked, muster_rc rc, const char *why)
{
    struct session *session = session_of(run);
    if (rc > MUSTER_RETRY || rc < MUSTER_FAIL)
        return session_spoil(session, "the connector called refused() with the code %d, which is no refusal", (int)rc);
    const struct change *change = answers(session, asked, "refused");
    if (!change)
        return MUSTER_FAIL;
    size_t begin = session_begin(session, WIRE_REFUSES);
    wire_put_u32(&session->out, change->nth);
    wire_put_u32(&session->out, (uint32_t)rc);
    words_put(session, "refused()", why, WHY_MAX);
    session_end(session, begin);
    return MUSTER_OK;
}

/* What came over and never reached the connector, so that nobody need look whether it was done. */
static void tell_untouched(struct session *session, struct batch *batch)
{
    uint32_t count = (uint32_t)(batch->count - batch->read);
    if (count == 0)
        return;
    size_t begin = session_begin(session, WIRE_UNTOUCHED);
    wire_put_u32(&session->out, count);
    while (batch->read < batch->count) {
        batch_next(session, batch);
        wire_put_u32(&session->out, batch->changes[batch->read - 1].nth);
    }
    session_end(session, begin);
}

static void push_done(struct session *session)
{
    struct push *push = TAKE(session->push);
    while (push->batches) {
        struct batch *batch = push->batches;
        push->batches = batch->next;
        batch_free(batch);
    }
    batch_free(push->spare);
    shape_done(&push->shape);
}

muster_rc push_call(struct session *session, struct wire *message)
{
    __attribute__((cleanup(buffer_done))) struct buffer bytes = {0};
    struct push push = {0};
    buffer_add(&bytes, message->at, (size_t)(message->end - message->at));
    if (bytes.rc != 0)
        return session_fail(session, MUSTER_FAIL, "no memory");
    struct wire kept = wire_over(bytes.data, bytes.len);
    muster_push asked = {.size = sizeof(asked)};
    asked.partition = wire_get_text(&kept);
    asked.stream = wire_get_text(&kept);
    asked.snapshot = (int32_t)wire_get_u32(&kept);
    int rc = shape_read(&push.shape, &kept);
    if (kept.bad)
        session_orphaned();
    muster_field *fields __attribute__((cleanup(tidy_free))) = mem_new(push.shape.count + 1, sizeof(*fields));
    for (size_t n = 0; fields && n < push.shape.count; n++)
        fields[n] = (muster_field){.name = push.shape.names[n], .doc = "", .type = push.shape.types[n]};
    asked.fields = fields;
    rc = fields ? rc : -ENOMEM;
    session->push = &push;
    muster_rc said =
        rc == 0 ? session->connector->apply(&session->run, session->self, &asked)
                : session_fail(session, MUSTER_FAIL, "no memory for the fields of stream '%.100s'", asked.stream);
    if (push.batches)
        tell_untouched(session, push.batches);
    push_done(session);
    return said;
}
