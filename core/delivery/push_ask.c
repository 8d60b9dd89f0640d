/* push_ask - before somebody is created there: is there such a one already?
 *
 * Asked of the target where it can be asked, for everybody who would be
 * created, and for those whom a run created and did not hear of again. One
 * answer is adopted: it is from then on known by the target's own id. Several
 * are left to a person. */
#include "delivery/pushing.h"

#include "base/mem.h"

#include <errno.h>
#include <muster/connector.h>
#include <stdlib.h>
#include <string.h>

struct asking {
    struct push *push;
    struct push_stream *stream;
    struct push_remote remote; /* the first that was found */
    size_t rows;
    struct arena *arena; /* of one question */
};

/* --- by its own search --- */

struct finding {
    struct push *push;
    struct push_stream *stream;
    struct arena *arena;
    struct push_remote *remote;
    size_t rows;
};

static int take_row(void *context, const struct lane_record *record)
{
    struct finding *finding = context;
    if (finding->rows++ > 0)
        return 0;
    finding->remote->id = arena_text(finding->arena, record->source_id ? record->source_id : "");
    return finding->remote->id
               ? push_remote_image(finding->push, finding->stream, record, finding->arena, &finding->remote->has)
               : -ENOMEM;
}

int push_find(struct push *push, struct push_stream *stream, const struct value *values, struct arena *arena,
              struct push_remote *ret_remote, size_t *ret_rows, size_t *ret_field)
{
    const struct lane_fields fields = {stream->stream->map.rule_count, stream->names, stream->types};
    struct finding finding = {push, stream, arena, ret_remote, 0};
    struct lane_sink sink = {.context = &finding, .row = take_row};
    TIDY(free) struct lane_cell *cells = mem_new(fields.count + 1, sizeof(*cells));
    int rc = cells ? 0 : -ENOMEM;
    push_files_sink(&sink);
    sink.context = &finding;
    sink.http = push->run->http;
    for (size_t nth = 0, field = 0; rc == 0 && finding.rows == 0 && push_match_field(push, stream, nth, &field);
         nth++) {
        struct value value = values[field];
        struct lane_result result;
        if (value.presence != PRESENCE_VALUE)
            continue;
        memset(cells, 0, fields.count * sizeof(*cells));
        cells[field] = (struct lane_cell){PRESENCE_VALUE, false, value.len, value.bytes};
        rc = lane_find(push->run->lane, stream->stream->name, &fields, cells, &sink, &result, push->run->err);
        if (rc == 0 && result.rc < 0 && result.rc != MUSTER_GONE)
            rc = err_set(push->run->err, pull_result_code(result.rc), "%s", result.text);
        *ret_field = field;
    }
    *ret_rows = finding.rows;
    return rc;
}

static bool push_can_find(const struct push *push, const struct push_stream *stream)
{
    size_t field;
    const muster_connector *connector = lane_description(push->run->lane);
    const struct muster_stream *declared = stream->stream->description;
    return connector->find && !stream->sets &&
           !(declared && (declared->flags & (MUSTER_REPEAT_SAFE | MUSTER_SNAPSHOT))) &&
           push_match_field(push, stream, 0, &field);
}

/* What came of the question is kept: the row of this unit says so from now on. */
static void answer_write(struct asking *asking, struct txn *txn, const struct push_job *job,
                         const struct push_verdict *verdict)
{
    struct push_stream *stream = asking->stream;
    struct push *push = asking->push;
    struct delivery row = {0};
    bool known = delivery_get(txn, stream->number, stream->unit, job->id, &row);
    bool sent = known && row.state == DELIVERY_SENT;
    if (!known)
        row = (struct delivery){0};
    if (asking->rows == 1) {
        struct bytes wanted = row.wanted;
        push->run->report->pushed.adopted += !sent;
        push->run->report->pushed.created += sent;
        stream->head.active += !row.active;
        row = push_remote_row(push, &row, &asking->remote);
        row.op = (uint8_t)verdict->op;
        row.confirmed = sent ? wanted : row.confirmed;
    } else if (asking->rows > 1) {
        static const char why[] = "the target has several like this one: which of them it is has to be decided by hand";
        row.state = DELIVERY_REFUSED;
        row.op = (uint8_t)verdict->op;
        row.rc = MUSTER_CONFLICT;
        row.run = push->run->report->run;
        row.since_ms = push->run->now_ms;
        row.wanted = verdict->projection.kept;
        row.why = bytes(why, sizeof(why) - 1);
        push->run->report->pushed.failed++;
    } else if (sent) {
        row.state = DELIVERY_RETRY; /* it never arrived */
        row.run = push->run->report->run;
        row.since_ms = push->run->now_ms;
    }
    if (asking->rows > 0 || sent)
        delivery_put(txn, stream->number, stream->unit, job->id, &row);
}

static int answer_keep(struct asking *asking, const struct push_job *job, struct push_verdict *verdict)
{
    struct txn txn __attribute__((cleanup(tidy_txn)));
    txn_begin(&txn, asking->push->run->store, true);
    answer_write(asking, &txn, job, verdict);
    return txn_end(&txn);
}

static int ask_one(struct asking *asking, const struct push_job *job, struct push_verdict *verdict)
{
    size_t field;
    int rc = push_find(asking->push, asking->stream, verdict->projection.values, asking->arena, &asking->remote,
                       &asking->rows, &field);
    return rc ? rc : answer_keep(asking, job, verdict);
}

static bool is_asked(const struct push_verdict *verdict)
{
    return verdict->projection.kept.data && /* who is gone has nothing to be found by */
           (verdict->what == PUSH_ASK || (verdict->what == PUSH_SEND && verdict->op == MUSTER_CREATE));
}

/* Judged anew, now that more is known. */
static int job_again(struct push *push, struct push_stream *stream, struct push_job *job, struct asking *asking)
{
    struct push_verdict verdict = {.what = PUSH_NOTHING};
    TIDY(projector_free) struct projector *projector = NULL;
    struct txn txn __attribute__((cleanup(tidy_txn)));
    txn_begin(&txn, push->run->store, false);
    int rc = push_projector(push, stream, &txn, &projector);
    if (rc == 0)
        rc = push_judge(push, stream, projector, &txn, job, &verdict);
    bool asks = asking && rc == 0 && is_asked(&verdict);
    if (asks && (rc = projection_copy(&verdict.projection, stream->stream, asking->arena)) == 0) {
        txn_abort(&txn); /* nobody reads while the target is asked */
        return ask_one(asking, job, &verdict);
    }
    job->what = (uint8_t)verdict.what;
    job->op = (uint8_t)verdict.op;
    return rc ? rc : txn_end(&txn);
}

/* --- by all that it has --- */

enum { MANY = 50 /* so many are not asked for one by one where all can be read at once */ };

static bool reads_all(const struct push *push, const struct push_stream *stream)
{
    const struct muster_stream *declared = stream->stream->description;
    size_t count = 0;
    if (stream->sets || (declared && (declared->flags & MUSTER_REPEAT_SAFE)))
        return false;
    for (size_t n = 0; n < stream->job_count; n++) {
        const struct push_job *job = &stream->jobs[n];
        count += job->what == PUSH_ASK || (job->what == PUSH_SEND && job->op == MUSTER_CREATE);
    }
    return count > 0 && push_can_read(push, stream) && (count > MANY || !push_can_find(push, stream));
}

static int remote_of(struct asking *asking, const struct push_remotes *remotes, const struct push_verdict *verdict)
{
    struct push_remote *remote;
    size_t field;
    asking->rows =
        push_remotes_match(asking->push, asking->stream, remotes, verdict->projection.values, &remote, &field);
    if (asking->rows == 1 && remote->doubtful)
        asking->rows = 2;
    if (asking->rows > 0)
        asking->remote = *remote;
    return 0;
}

static int ask_table(struct asking *asking, struct push_remotes *remotes)
{
    struct push *push = asking->push;
    struct push_stream *stream = asking->stream;
    TIDY(projector_free) struct projector *projector = NULL;
    struct txn txn __attribute__((cleanup(tidy_txn)));
    txn_begin(&txn, push->run->store, true);
    int rc = push_remotes_claim(push, stream, remotes, &txn);
    if (rc == 0)
        rc = push_projector(push, stream, &txn, &projector);
    for (size_t n = 0; rc == 0 && n < stream->job_count; n++) {
        struct push_job *job = &stream->jobs[n];
        struct push_verdict verdict;
        if (job->what != PUSH_ASK && !(job->what == PUSH_SEND && job->op == MUSTER_CREATE))
            continue;
        rc = push_judge(push, stream, projector, &txn, job, &verdict);
        if (rc == 0 && is_asked(&verdict) && (rc = remote_of(asking, remotes, &verdict)) == 0) {
            answer_write(asking, &txn, job, &verdict);
            rc = push_judge(push, stream, projector, &txn, job, &verdict);
        }
        job->what = (uint8_t)verdict.what;
        job->op = (uint8_t)verdict.op;
    }
    return rc ? rc : txn_end(&txn);
}

static int ask_all(struct asking *asking)
{
    struct push_remotes remotes = {0};
    int rc = push_remotes_read(asking->push, asking->stream, &remotes);
    if (rc == 0 && !remotes.whole)
        rc = err_set(asking->push->run->err, ERR_CONNECTOR,
                     "not all that the target has could be read: nobody is created there who might be there already");
    if (rc == 0)
        rc = ask_table(asking, &remotes);
    push_remotes_done(&remotes);
    return rc;
}

int push_ask(struct push *push, struct push_stream *stream)
{
    struct asking asking = {.push = push, .stream = stream};
    if (reads_all(push, stream))
        return ask_all(&asking);
    if (!push_can_find(push, stream))
        return 0;
    asking.arena = arena_new();
    int rc = asking.arena ? 0 : -ENOMEM;
    for (size_t n = 0; rc == 0 && n < stream->job_count; n++) {
        struct push_job *job = &stream->jobs[n];
        if (job->what != PUSH_ASK && !(job->what == PUSH_SEND && job->op == MUSTER_CREATE))
            continue;
        if (run_cancelled((void *)(uintptr_t)push->run->request))
            break;
        arena_clear(asking.arena);
        rc = job_again(push, stream, job, &asking);
        if (rc == 0)
            rc = job_again(push, stream, job, NULL);
    }
    arena_free(asking.arena);
    return rc;
}
