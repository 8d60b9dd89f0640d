/* push_guard - which changes of a target may be: what people have said of them, and the safeguards' word on the rest.
 *
 * As with a source: what was held stays held until somebody decides, what is
 * to be is another change, or the safeguard is switched off; what passed
 * lately counts, so that a slow bleeding is seen. */
#include "delivery/pushing.h"

#include "logic/reason.h"
#include "logic/safeguard.h"

int push_said_begin(struct push *push, struct txn *txn)
{
    return statements_init(&push->said, txn, NULL, push->run->report->run, push->run->now_ms);
}

void push_said_end(struct push *push)
{
    int rc = push->said.rc;
    statements_done(&push->said);
    push->said.rc = rc;
}

static const struct safeguard *safeguard_at(const struct push *push, enum gate gate)
{
    return gate_safeguard(push->run->request->connection, gate);
}

static bool gate_looks(const struct push *push, enum gate gate)
{
    return safeguard_looks(safeguard_at(push, gate), push->run->today_text, push->run->now_ms);
}

enum push_said push_said_of(struct push *push, const struct push_stream *stream, const struct push_job *job,
                            const struct push_verdict *verdict)
{
    enum gate gate = delivery_gate(verdict->op);
    struct delivery change = {.state = DELIVERY_HELD, .op = (uint8_t)verdict->op, .wanted = verdict->projection.kept};
    bool left =
        verdict->op == MUSTER_DEACTIVATE && verdict->known && !verdict->row.active; /* there is no more to lose */
    if (gate == GATE_NONE || left)
        return PUSH_ALLOWED;
    uint64_t subject = delivery_subject(stream->number, stream->unit, job->id, &change);
    if (statement_stands(&push->said, subject, STATEMENT_REJECT, NULL))
        return PUSH_TURNED_DOWN;
    if (statement_stands(&push->said, subject, STATEMENT_APPROVE, NULL))
        return PUSH_ALLOWED;
    bool held = verdict->known && verdict->row.state == DELIVERY_HELD &&
                delivery_subject(stream->number, stream->unit, job->id, &verdict->row) == subject;
    if (held && verdict->row.run <= push->run->request->allow_held)
        return PUSH_ALLOWED;
    return held && gate_looks(push, gate) ? PUSH_PENDING : PUSH_UNSAID;
}

static bool is_of(const struct push_job *job, enum gate gate)
{
    return job->what == PUSH_SEND && job->part != PUSH_ALSO && delivery_gate(job->op) == gate;
}

static void guard_at(struct push *push, struct push_stream *stream, enum gate gate)
{
    uint64_t fresh = 0, pending = 0;
    bool held = false;
    for (size_t n = 0; n < stream->job_count; n++) {
        fresh += is_of(&stream->jobs[n], gate) && stream->jobs[n].said == PUSH_UNSAID;
        pending += is_of(&stream->jobs[n], gate) && stream->jobs[n].said == PUSH_PENDING;
    }
    struct safeguard_case at = {.population = stream->head.active,
                                .going = fresh + pending,
                                .today = push->run->today_text,
                                .now_ms = push->run->now_ms};
    at.lately = tally_sum(&stream->head.tally, gate, push->run->now_ms - safeguard_at(push, gate)->window_ms);
    at.population += gate == GATE_DEACTIVATE ? at.lately : 0; /* who left was one of them */
    bool trips = fresh > 0 && !push->only && gate_looks(push, gate) && safeguard_trips(safeguard_at(push, gate), &at);
    for (size_t n = 0; n < stream->job_count; n++) {
        struct push_job *job = &stream->jobs[n];
        bool holds = job->said == PUSH_PENDING || (job->said == PUSH_UNSAID && trips);
        if (!is_of(job, gate))
            continue;
        if (holds || job->said == PUSH_TURNED_DOWN)
            job->what = PUSH_HELD;
        held |= holds;
    }
    if (held)
        stream->held = gate_why(push->run->request->connection, gate, &at, push->run->report->arena);
}

void push_guard(struct push *push, struct push_stream *stream)
{
    guard_at(push, stream, GATE_DEACTIVATE);
    guard_at(push, stream, GATE_UPDATE);
    guard_at(push, stream, GATE_CREATE);
}
