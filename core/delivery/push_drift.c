/* push_drift - what people have changed in a target, where its stream can be read: everything that is known to be there
 * beside what is there.
 *
 * What was changed back, or to what it is to have, is settled by that. Else it
 * is noted and waits for a person: `retry`, or a plan with --full that is
 * applied, puts ours there again; `discard` leaves theirs. A change of ours
 * goes out as always. */
#include "delivery/pushing.h"

#include "base/mem.h"

#include <muster/connector.h>
#include <string.h>

struct drifting {
    struct push *push;
    struct push_stream *stream;
    struct push_remotes remotes;
    struct projector *projector;
    struct txn txn;
    struct buffer theirs;
};

/* What was known, with what was read laid over it. */
static int theirs_make(struct drifting *drifting, struct bytes known, struct bytes read)
{
    const struct push_stream *stream = drifting->stream;
    struct image_maker *maker = drifting->push->maker;
    struct image before = {known.data, (uint32_t)known.len}, now = {read.data, (uint32_t)read.len};
    image_start(maker);
    for (size_t n = 0; n < stream->stream->map.rule_count; n++) {
        struct value value = image_get(now, stream->numbers[n]);
        if (value.presence == PRESENCE_ABSENT)
            value = image_get(before, stream->numbers[n]);
        if (value.presence != PRESENCE_ABSENT)
            image_put(maker, stream->numbers[n], value);
    }
    buffer_clear(&drifting->theirs);
    image_write(maker, &drifting->theirs);
    return drifting->theirs.rc;
}

/* What is there now is what is known from here on; whether it is as it is to be, the judge says. */
static int unit_drifted(struct drifting *drifting, uint64_t id, const struct delivery *before,
                        const struct push_remote *remote)
{
    struct push *push = drifting->push;
    struct push_stream *stream = drifting->stream;
    struct push_verdict verdict;
    char why[PUSH_WHY] = "";
    struct delivery row = *before;
    const struct push_job job = {.id = id, .person = stream->unit == KIND_person ? id : 0};
    row.confirmed = bytes(drifting->theirs.data, remote ? drifting->theirs.len : 0);
    row.remote_id = remote ? row.remote_id : bytes("", 0);
    row.active = remote != NULL;
    row.state = DELIVERY_SETTLED;
    row.wanted = bytes("", 0);
    delivery_put(&drifting->txn, stream->number, stream->unit, id, &row);
    int rc = push_judge(push, stream, drifting->projector, &drifting->txn, &job, &verdict);
    if (rc != 0 || verdict.what == PUSH_NOTHING || verdict.op == MUSTER_DEACTIVATE)
        return rc;
    row = verdict.row;
    if (remote)
        push_differences(stream, verdict.projection.kept, verdict.row.confirmed, why);
    else
        snprintf(why, sizeof(why), "it is not there any more");
    row.state = DELIVERY_DRIFTED;
    row.op = (uint8_t)verdict.op;
    row.wanted = verdict.projection.kept;
    row.why = bytes(why, strlen(why));
    row.run = push->run->report->run;
    row.since_ms = push->run->now_ms;
    row.attempts = 0;
    delivery_put(&drifting->txn, stream->number, stream->unit, id, &row);
    return drifting->txn.rc;
}

static int unit_look(struct drifting *drifting, enum kind kind, uint64_t id)
{
    struct delivery row;
    char difference[PUSH_WHY] = "";
    if (!delivery_get(&drifting->txn, drifting->stream->number, kind, id, &row) || !row.active ||
        row.remote_id.len == 0 ||
        (row.state != DELIVERY_SETTLED && row.state != DELIVERY_DRIFTED && row.state != DELIVERY_MANUAL))
        return drifting->txn.rc; /* what is under way is looked at when it has come to an end */
    struct push_remote *remote = push_remotes_id(&drifting->remotes, row.remote_id);
    if (!remote)
        return drifting->remotes.whole ? unit_drifted(drifting, id, &row, NULL) : 0;
    int rc = theirs_make(drifting, row.confirmed, remote->has);
    if (rc == 0)
        push_differences(drifting->stream, row.confirmed, bytes(drifting->theirs.data, drifting->theirs.len),
                         difference);
    return rc == 0 && difference[0] ? unit_drifted(drifting, id, &row, remote) : rc;
}

/* The walk and the writing do not go together: whom to look at is gathered first. */
static int units_look(struct drifting *drifting)
{
    struct push_stream *stream = drifting->stream;
    struct push_ids ids __attribute__((cleanup(push_ids_done))) = {0};
    struct delivery_walk walk;
    enum kind kind;
    uint64_t id;
    int rc = 0;
    delivery_walk_begin(&walk, &drifting->txn, stream->number, DELIVERY_UNIT);
    while (rc == 0 && delivery_walk_next(&walk, &kind, &id))
        if (kind == stream->unit && (rc = mem_grow(&ids.items, ids.count, &ids.room, sizeof(*ids.items))) == 0)
            ids.items[ids.count++] = id;
    delivery_walk_end(&walk);
    for (size_t n = 0; rc == 0 && n < ids.count; n++)
        rc = unit_look(drifting, stream->unit, ids.items[n]);
    return rc;
}

static int stream_drift(struct push *push, struct push_stream *stream)
{
    struct drifting drifting = {.push = push, .stream = stream};
    int rc = push_remotes_read(push, stream, &drifting.remotes);
    if (rc == 0) {
        txn_begin(&drifting.txn, push->run->store, true);
        rc = push_projector(push, stream, &drifting.txn, &drifting.projector);
        if (rc == 0)
            rc = units_look(&drifting);
        projector_free(drifting.projector);
        if (rc == 0)
            rc = txn_end(&drifting.txn);
        else
            txn_abort(&drifting.txn);
    }
    push_remotes_done(&drifting.remotes);
    buffer_done(&drifting.theirs);
    return rc;
}

/* Something of a stream is known there, and it could be read; the lane is not up yet. */
static bool may_have_drifted(struct push *push)
{
    bool any = false;
    struct delivery_head head;
    struct txn txn __attribute__((cleanup(tidy_txn)));
    txn_begin(&txn, push->run->store, false);
    for (size_t n = 0; n < push->stream_count; n++) {
        const struct muster_stream *declared = push->streams[n].stream->description;
        any |= declared && (declared->flags & MUSTER_READ_FULL) && !(declared->flags & MUSTER_SNAPSHOT) &&
               delivery_head_get(&txn, push->streams[n].number, &head);
    }
    return any;
}

int push_drift(struct push *push)
{
    if (!may_have_drifted(push))
        return 0;
    struct err *before = push->run->err;
    push->run->err = &push->run->begin; /* the report tells */
    int rc = push_connect(push);
    for (size_t n = 0; rc == 0 && n < push->stream_count; n++)
        if (push_can_read(push, &push->streams[n]))
            rc = stream_drift(push, &push->streams[n]);
    if (rc == 0)
        push->run->err = before;
    return rc;
}
