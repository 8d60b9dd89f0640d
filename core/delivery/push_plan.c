/* push_plan - what a target would be told, kept: as rows of a changeset, each a unit as it would stand when it is sent.
 *
 * It is never applied as such: push goes by it (push_planned()), and sends
 * what is still so. */
#include "delivery/pushing.h"

#include <muster/connector.h>
#include <string.h>

static void count_planned(struct push *push, const struct push_job *job, bool left)
{
    struct run_pushed *pushed = &push->run->report->pushed;
    pushed->held += job->what == PUSH_HELD;
    pushed->manual += job->what == PUSH_MANUAL;
    if (job->what != PUSH_SEND)
        return;
    pushed->created += job->op == MUSTER_CREATE;
    pushed->updated += job->op == MUSTER_UPDATE || (job->op == MUSTER_DEACTIVATE && left);
    pushed->deactivated += job->op == MUSTER_DEACTIVATE && !left;
    pushed->reactivated += job->op == MUSTER_REACTIVATE;
}

static int job_keep(struct push *push, struct push_stream *stream, struct projector *projector, struct txn *txn,
                    const struct push_job *job)
{
    static const enum delivery_state states[] = {[PUSH_SEND] = DELIVERY_SENT,
                                                 [PUSH_ASK] = DELIVERY_SENT,
                                                 [PUSH_MANUAL] = DELIVERY_MANUAL,
                                                 [PUSH_HELD] = DELIVERY_HELD};
    struct push_verdict verdict;
    int rc = push_judge(push, stream, projector, txn, job, &verdict);
    if (rc != 0 || job->what == PUSH_SETTLE || job->what == PUSH_KEEP || job->part == PUSH_ALSO)
        return rc;
    struct delivery row = verdict.known ? verdict.row : (struct delivery){0};
    row.state = states[job->what];
    row.op = job->op;
    row.wanted = verdict.projection.kept;
    row.why = bytes(verdict.why, strlen(verdict.why));
    row.into = push_file_mark(push, &verdict);
    if (push->filing && verdict.op == MUSTER_DEACTIVATE && verdict.projection.inside)
        return 0; /* from one file into another: it is told there */
    count_planned(push, job, verdict.known && !verdict.row.active);
    delivery_plan(push->run->changeset, txn, stream->number, stream->unit, job->id, &row);
    return changeset_rc(push->run->changeset);
}

static int jobs_keep(struct push *push)
{
    struct txn txn __attribute__((cleanup(tidy_txn)));
    txn_begin(&txn, push->run->store, false);
    int rc = 0;
    for (size_t n = 0; rc == 0 && n < push->stream_count; n++) {
        struct push_stream *stream = &push->streams[n];
        TIDY(projector_free) struct projector *projector = NULL;
        rc = push_projector(push, stream, &txn, &projector);
        for (size_t j = 0; rc == 0 && j < stream->job_count; j++)
            rc = job_keep(push, stream, projector, &txn, &stream->jobs[j]);
    }
    return rc ? rc : txn_end(&txn);
}

int push_plan(struct run *run, struct err *err)
{
    struct push push __attribute__((cleanup(push_done))) = {.run = run};
    int rc = push_begin(&push, err);
    if (rc != 0)
        return rc;
    rc = changeset_new_at(run->store, run->changeset_path, &run->changeset);
    if (rc == 0)
        rc = push_files_begin(&push, err);
    for (bool more = true; rc == 0 && more; more = push_files_next(&push))
        if ((rc = push_decide(&push)) == 0)
            rc = jobs_keep(&push);
    if (rc == 0)
        rc = push_sets_tell(&push, false);
    for (size_t n = 0; n < push.stream_count; n++)
        if (push.streams[n].held)
            run->report->outcome = OUTCOME_HELD;
    if (rc != 0)
        return err && err->rc ? rc : store_fail(run->store, rc, err);
    return report_write(run->report, run->request);
}

/* --- going by one --- */

int push_choose_planned(struct push *push, struct push_stream *stream)
{
    struct changeset_row row;
    struct delivery planned;
    uint32_t number;
    enum kind kind;
    uint64_t id;
    int rc = changeset_rewind(push->only, TABLE_delivery);
    while (rc == 0 && (rc = changeset_next(push->only, TABLE_delivery, &row)) == 1) {
        rc = 0;
        if (delivery_planned(row.key, row.value, &number, &kind, &id, &planned) && number == stream->number &&
            (!push->filing || !push->file.any || planned.into.file == (int32_t)push->file.span.from))
            rc = push_job_add(stream, id, kind == KIND_person ? id : 0);
    }
    return rc;
}

/* The same change was tried since, and not taken: it is still what the plan showed. */
static bool only_tried(const struct delivery *planned, const struct push_verdict *verdict)
{
    const struct delivery *row = &verdict->row;
    return verdict->known && row->state == DELIVERY_RETRY && row->op == planned->op &&
           push_same(row->wanted, planned->wanted);
}

/* Jobs come by ascending unit, as the rows of a plan do: one walk beside the other. */
bool push_as_planned(struct push *push, struct push_stream *stream, struct txn *txn, const struct push_job *job,
                     const struct push_verdict *verdict, bool *ret_held)
{
    struct delivery planned;
    uint32_t number;
    enum kind kind;
    uint64_t id;
    int rc = stream->walking ? 0 : changeset_rewind(push->only, TABLE_delivery);
    bool again = stream->walking; /* the row that the last one stopped at comes first */
    stream->walking = true;
    while (rc == 0 && (again || changeset_next(push->only, TABLE_delivery, &stream->row) == 1)) {
        again = false;
        if (!delivery_planned(stream->row.key, stream->row.value, &number, &kind, &id, &planned) ||
            number < stream->number || (number == stream->number && id < job->id))
            continue;
        *ret_held = planned.state == DELIVERY_HELD;
        return number == stream->number && id == job->id &&
               (changeset_stands(txn, TABLE_delivery, &stream->row) || only_tried(&planned, verdict)) &&
               planned.op == push_sets_op(stream, verdict) && push_same(planned.wanted, verdict->projection.kept);
    }
    return false;
}
