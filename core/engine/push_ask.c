/* push_ask - before somebody is created there: is there such a one already?
 *
 * Asked of the target where it can be asked, for everybody who would be
 * created, and for those whom a run created and did not hear of again. One
 * answer is adopted: it is from then on known by the target's own id. Several
 * are left to a person. */
#include "engine/push_inside.h"

#include "base/mem.h"

#include <errno.h>
#include <muster/connector.h>
#include <stdlib.h>
#include <string.h>

struct asking {
    struct push *push;
    struct push_stream *stream;
    struct lane_cell *cells;
    char *remote_id;
    size_t rows;
    struct arena *arena; /* of one question */
};

static int take_row(void *context, const struct lane_record *record)
{
    struct asking *asking = context;
    if (asking->rows++ == 0 && record->source_id) {
        asking->remote_id = mem_text(record->source_id);
        return asking->remote_id ? 0 : -ENOMEM;
    }
    return 0;
}

/* By which fields somebody is found there, one after the other: what the file says, else what the connector calls an
 * id. Returns false after the last. */
static bool ask_field(const struct push *push, const struct push_stream *stream, size_t nth, size_t *ret_field)
{
    const struct target_map *map = &stream->stream->map;
    const struct node *match = push->target->match;
    if (match && stream->stream->of == KIND_person && nth >= match->count)
        return false;
    size_t seen = 0;
    for (size_t n = 0; n < map->rule_count; n++) {
        const struct muster_field *declared = target_field(stream->stream, &map->fields[n]);
        bool named = match && stream->stream->of == KIND_person
                         ? strcmp(match->items[nth]->items[0]->text, map->fields[n].name) == 0
                         : declared && (declared->flags & MUSTER_ID) && seen++ == nth;
        if (named) {
            *ret_field = n;
            return true;
        }
    }
    return false;
}

/* What came of the question is kept: the row of this unit says so from now on. */
static int answer_keep(struct asking *asking, const struct push_job *job, struct push_verdict *verdict)
{
    struct push_stream *stream = asking->stream;
    struct push *push = asking->push;
    struct delivery row = {0};
    struct txn txn __attribute__((cleanup(tidy_txn)));
    txn_begin(&txn, push->run->store, true);
    bool known = delivery_get(&txn, stream->number, stream->unit, job->id, &row);
    bool sent = known && row.state == DELIVERY_SENT;
    if (!known)
        row = (struct delivery){0};
    row.op = (uint8_t)verdict->op;
    row.run = push->run->report->run;
    row.since_ms = push->run->now_ms;
    if (asking->rows == 1) {
        push->run->report->pushed.adopted += !sent;
        push->run->report->pushed.created += sent;
        stream->head.active += !row.active;
        row.state = DELIVERY_SETTLED;
        row.active = true;
        row.remote_id =
            bytes(asking->remote_id ? asking->remote_id : "", asking->remote_id ? strlen(asking->remote_id) : 0);
        row.confirmed = sent ? row.wanted : (struct bytes){0};
        row.wanted = (struct bytes){0};
    } else if (asking->rows > 1) {
        static const char why[] = "the target has several like this one: which of them it is has to be decided by hand";
        row.state = DELIVERY_REFUSED;
        row.rc = MUSTER_CONFLICT;
        row.wanted = verdict->projection.kept;
        row.why = bytes(why, sizeof(why) - 1);
        push->run->report->pushed.failed++;
    } else if (sent) {
        row.state = DELIVERY_RETRY; /* it never arrived */
    }
    if (asking->rows > 0 || sent)
        delivery_put(&txn, stream->number, stream->unit, job->id, &row);
    return txn_end(&txn);
}

static int ask_one(struct asking *asking, const struct push_job *job, struct push_verdict *verdict)
{
    struct push_stream *stream = asking->stream;
    const struct lane_fields fields = {stream->stream->map.rule_count, stream->names, stream->types};
    struct lane_sink sink = {.context = asking, .row = take_row};
    size_t field = 0;
    int rc = 0;
    push_files_sink(&sink);
    sink.http = asking->push->run->http;
    asking->rows = 0;
    free(TAKE(asking->remote_id));
    for (size_t nth = 0; rc == 0 && asking->rows == 0 && ask_field(asking->push, stream, nth, &field); nth++) {
        struct value value = verdict->projection.values[field];
        struct lane_result result;
        if (value.presence != PRESENCE_VALUE)
            continue;
        memset(asking->cells, 0, fields.count * sizeof(*asking->cells));
        asking->cells[field] = (struct lane_cell){PRESENCE_VALUE, false, value.len, value.bytes};
        rc = lane_find(asking->push->run->lane, stream->stream->name, &fields, asking->cells, &sink, &result,
                       asking->push->run->err);
        if (rc == 0 && result.rc < 0 && result.rc != MUSTER_GONE)
            rc = err_set(asking->push->run->err, pull_result_code(result.rc), "%s", result.text);
    }
    return rc ? rc : answer_keep(asking, job, verdict);
}

static bool can_be_asked(const struct push *push, const struct push_stream *stream)
{
    size_t field;
    const muster_connector *connector = lane_description(push->run->lane);
    const struct muster_stream *declared = stream->stream->description;
    return connector->find && !(declared && (declared->flags & (MUSTER_REPEAT_SAFE | MUSTER_SNAPSHOT))) &&
           ask_field(push, stream, 0, &field);
}

/* Judged anew, now that more is known. */
static int job_again(struct push *push, struct push_stream *stream, struct push_job *job, struct asking *asking)
{
    struct push_verdict verdict;
    TIDY(projector_free) struct projector *projector = NULL;
    struct txn txn __attribute__((cleanup(tidy_txn)));
    txn_begin(&txn, push->run->store, false);
    int rc = push_projector(push, stream, &txn, &projector);
    if (rc == 0)
        rc = push_judge(push, stream, projector, &txn, job, &verdict);
    bool found_by = rc == 0 && verdict.projection.kept.data; /* who is gone has nothing to be found by */
    bool asks =
        asking && found_by && (verdict.what == PUSH_ASK || (verdict.what == PUSH_SEND && verdict.op == MUSTER_CREATE));
    if (asks && (rc = projection_copy(&verdict.projection, stream->stream, asking->arena)) == 0) {
        txn_abort(&txn); /* nobody reads while the target is asked */
        return ask_one(asking, job, &verdict);
    }
    job->what = (uint8_t)verdict.what;
    job->op = (uint8_t)verdict.op;
    return rc ? rc : txn_end(&txn);
}

int push_ask(struct push *push, struct push_stream *stream)
{
    struct asking asking = {.push = push, .stream = stream};
    if (!can_be_asked(push, stream))
        return 0;
    asking.cells = mem_new(stream->stream->map.rule_count + 1, sizeof(*asking.cells));
    asking.arena = arena_new();
    int rc = asking.cells && asking.arena ? 0 : -ENOMEM;
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
    free(asking.cells);
    free(asking.remote_id);
    return rc;
}
