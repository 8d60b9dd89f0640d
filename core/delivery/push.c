/* push - what changed is carried to a connection's target. */
#include "delivery/pushing.h"

#include "base/clock.h"
#include "base/date.h"
#include "base/fault.h"
#include "base/log.h"
#include "base/mem.h"
#include "broker/file.h"
#include "broker/http.h"
#include "engine/authorization.h"
#include "logic/reason.h"
#include "store/dict.h"

#include <errno.h>
#include <muster/connector.h>
#include <stdlib.h>
#include <string.h>

void push_done(struct push *push)
{
    for (size_t n = 0; n < push->stream_count; n++) {
        free(push->streams[n].numbers);
        free(push->streams[n].names);
        free(push->streams[n].types);
        free(push->streams[n].flags);
        push_generated_close(&push->streams[n]);
        free(push->streams[n].jobs);
        free(push->streams[n].files);
        push_sets_done(push->streams[n].sets);
    }
    free(push->streams);
    free(push->maker);
    free(push->record);
    streams_done(&push->sources);
    push_heard_done(push);
    buffer_done(&push->settles);
}

/* --- what is sent where --- */

/* Numbers of a target's fields, for images that are kept. */
static int fields_number(struct push *push, struct push_stream *stream)
{
    const struct target_map *map = &stream->stream->map;
    int rc = push_generated_open(push, stream);
    size_t count = map->rule_count + stream->generated_count;
    stream->numbers = mem_new(count + 1, sizeof(*stream->numbers));
    stream->names = mem_new(count + 1, sizeof(*stream->names));
    stream->types = mem_new(count + 1, sizeof(*stream->types));
    stream->flags = mem_new(count + 1, sizeof(*stream->flags));
    if (rc != 0 || !stream->numbers || !stream->names || !stream->types || !stream->flags)
        return -ENOMEM;
    for (size_t n = 0; n < map->rule_count; n++) {
        uint32_t number = 0;
        char *name __attribute__((cleanup(tidy_free))) = mem_format("sent:%s", map->fields[n].name);
        rc = name ? dict_number(push->run->store, name, &number) : -ENOMEM;
        if (rc == 0 && number > UINT16_MAX)
            rc = ERR_LIMIT;
        if (rc != 0)
            return rc;
        stream->numbers[n] = (uint16_t)number;
        const struct muster_field *declared = target_field(stream->stream, &map->fields[n]);
        stream->flags[n] = declared ? declared->flags : 0;
        stream->names[n] = map->fields[n].name;
        stream->types[n] = view_type(map->fields[n].type);
    }
    for (size_t n = 0; n < stream->generated_count; n++) {
        stream->names[map->rule_count + n] = stream->generated[n]->name;
        stream->types[map->rule_count + n] = MUSTER_TEXT;
    }
    return 0;
}

static int streams_open(struct push *push)
{
    const char *connection = push->run->request->connection->name;
    push->streams = mem_new(push->target->stream_count + 1, sizeof(*push->streams));
    int rc = push->streams ? 0 : -ENOMEM;
    for (size_t n = 0; rc == 0 && n < push->target->stream_count; n++) {
        if (!run_wants(push->run->request, push->target->streams[n].name))
            continue;
        struct push_stream *stream = &push->streams[push->stream_count++];
        stream->stream = &push->target->streams[n];
        stream->unit =
            push->target->per_membership && stream->stream->of == KIND_person ? KIND_membership : stream->stream->of;
        char *name __attribute__((cleanup(tidy_free))) = mem_format(DELIVERY_STREAM "%s", stream->stream->name);
        rc = name ? streams_number(push->run->store, connection, "main", name, &stream->number) : -ENOMEM;
        if (rc == 0)
            rc = fields_number(push, stream);
        if (rc == 0)
            rc = push_sets_open(stream);
    }
    return rc;
}

/* --- deciding --- */

/* It was changed there, and a person said to leave just that. */
static bool is_left(struct push *push, const struct push_stream *stream, const struct push_job *job,
                    const struct push_verdict *verdict)
{
    const struct delivery *row = &verdict->row;
    return !push_is_named(push) && verdict->known && row->state == DELIVERY_DRIFTED &&
           push_same(row->wanted, verdict->projection.kept) &&
           statement_stands(&push->said, delivery_subject(stream->number, stream->unit, job->id, row),
                            STATEMENT_DISCARD, NULL);
}

static int job_judge(struct push *push, struct push_stream *stream, struct projector *projector, struct txn *txn,
                     struct push_job *job)
{
    struct push_verdict verdict;
    bool held = false;
    int rc = push_judge(push, stream, projector, txn, job, &verdict);
    bool as_it_comes = push->filing && stream->stream->rewrite_late; /* a file is written whole */
    if (rc == 0 && push->only && !as_it_comes && !push_as_planned(push, stream, txn, job, &verdict, &held)) {
        verdict.what = PUSH_NOTHING;
        push->left_out++;
        if (stream->sets)
            return push_sets_leave(stream, job, &verdict);
    }
    bool elsewhere = push->filing && (!push->file.any || verdict.row.in.file != (int32_t)push->file.span.from);
    if (rc == 0 && push_is_whole(stream) && verdict.what == PUSH_NOTHING && verdict.projection.inside &&
        verdict.row.active && !elsewhere)
        verdict.what = PUSH_KEEP;
    if (rc == 0 && verdict.what == PUSH_SEND && is_left(push, stream, job, &verdict))
        verdict.what = PUSH_WAIT;
    job->what = (uint8_t)verdict.what;
    job->op = verdict.what == PUSH_KEEP ? MUSTER_KEEP : (uint8_t)push_sets_op(stream, &verdict);
    bool goes = verdict.what == PUSH_SEND || job->op != verdict.op;
    verdict.op = job->op;
    job->said = rc == 0 && goes ? (uint8_t)push_said_of(push, stream, job, &verdict) : PUSH_UNSAID;
    if (held && job->said == PUSH_UNSAID)
        job->said = PUSH_PENDING; /* the plan showed it as held */
    return rc == 0 && stream->sets ? push_sets_place(stream, job, &verdict) : rc;
}

/* What nothing is to be done about is forgotten at once: of many there are few left. */
static void jobs_keep(struct push_stream *stream, bool anyway)
{
    size_t kept = 0;
    bool sends = anyway && push_is_whole(stream); /* a file that is asked for is written */
    for (size_t n = 0; n < stream->job_count; n++)
        sends |= stream->jobs[n].what == PUSH_SEND;
    for (size_t n = 0; n < stream->job_count; n++) {
        enum push_what what = stream->jobs[n].what;
        if (what != PUSH_NOTHING && what != PUSH_WAIT && what != PUSH_LATER && (what != PUSH_KEEP || sends))
            stream->jobs[kept++] = stream->jobs[n];
    }
    stream->job_count = kept;
}

static int stream_decide(struct push *push, struct push_stream *stream, struct txn *txn)
{
    TIDY(projector_free) struct projector *projector = NULL;
    int rc = push_choose(push, stream, txn);
    if (rc == 0)
        rc = push_projector(push, stream, txn, &projector);
    for (size_t n = 0; rc == 0 && n < stream->job_count; n++)
        rc = job_judge(push, stream, projector, txn, &stream->jobs[n]);
    if (rc != 0)
        return rc;
    if (stream->sets)
        rc = push_sets_settle(push, stream, projector, txn);
    push_guard(push, stream);
    if (!stream->sets)
        jobs_keep(stream, push->filing ? push->file.must : push->run->request->full && !push->run->dry);
    else if (rc == 0)
        rc = push_sets_hold(push, stream);
    return rc ? rc : txn->rc ? txn->rc : push->said.rc;
}

int push_decide(struct push *push)
{
    struct txn txn __attribute__((cleanup(tidy_txn)));
    txn_begin(&txn, push->run->store, false);
    int rc = push_said_begin(push, &txn);
    for (size_t n = 0; rc == 0 && n < push->stream_count; n++) {
        push->streams[n].job_count = 0;
        push->streams[n].walking = false;
        if (push_is_on(push, &push->streams[n]))
            rc = stream_decide(push, &push->streams[n], &txn);
        else if (!push->streams[n].head_known)
            push->streams[n].head_known = delivery_head_get(&txn, push->streams[n].number, &push->streams[n].head);
    }
    push_said_end(push);
    return rc ? rc : txn_end(&txn);
}

/* --- what is not sent is noted all the same --- */

static int note_one(struct push *push, struct push_stream *stream, struct projector *projector, struct txn *txn,
                    const struct push_job *job)
{
    struct push_verdict verdict;
    int rc = push_judge(push, stream, projector, txn, job, &verdict);
    if (rc != 0)
        return rc;
    struct delivery row = verdict.row;
    if (!verdict.known)
        row = (struct delivery){0};
    enum delivery_state state = job->what == PUSH_HELD     ? DELIVERY_HELD
                                : job->what == PUSH_MANUAL ? DELIVERY_MANUAL
                                                           : DELIVERY_SETTLED;
    struct bytes wanted = state == DELIVERY_SETTLED ? bytes("", 0) : verdict.projection.kept;
    if (verdict.echoed)
        row.confirmed = verdict.settles;
    if (verdict.known && !verdict.echoed && row.state == state && row.op == job->op && push_same(row.wanted, wanted) &&
        push_same(row.why, bytes(verdict.why, strlen(verdict.why))))
        return 0;
    row.state = state;
    row.op = job->op;
    row.run = push->run->report->run;
    row.since_ms = push->run->now_ms;
    row.attempts = 0;
    row.wanted = wanted;
    row.why = bytes(verdict.why, strlen(verdict.why));
    row.into = (struct delivery_mark){0};
    delivery_put(txn, stream->number, stream->unit, job->id, &row);
    return txn->rc;
}

/* Whether anything of it is to be told; of a file also that there is nothing in it. */
static bool stream_talks(const struct push *push, const struct push_stream *stream)
{
    if (push->filing == stream && push->file.any && push->file.must)
        return true;
    for (size_t j = 0; j < stream->job_count; j++)
        if (stream->jobs[j].what == PUSH_SEND || stream->jobs[j].what == PUSH_ASK || stream->jobs[j].what == PUSH_KEEP)
            return true;
    return false;
}

static int push_note(struct push *push)
{
    struct txn txn __attribute__((cleanup(tidy_txn)));
    txn_begin(&txn, push->run->store, true);
    int rc = 0;
    for (size_t n = 0; rc == 0 && n < push->stream_count; n++) {
        struct push_stream *stream = &push->streams[n];
        TIDY(projector_free) struct projector *projector = NULL;
        rc = push_projector(push, stream, &txn, &projector);
        for (size_t j = 0; rc == 0 && j < stream->job_count; j++)
            if (stream->jobs[j].what != PUSH_SEND && stream->jobs[j].what != PUSH_ASK &&
                stream->jobs[j].what != PUSH_KEEP)
                rc = note_one(push, stream, projector, &txn, &stream->jobs[j]);
        if (rc == 0 && push->filing && !stream_talks(push, stream))
            push_file_close(push, stream, &txn, false);
    }
    return rc ? rc : txn_end(&txn);
}

/* --- the talk --- */

static bool anything_to_send(const struct push *push)
{
    for (size_t n = 0; n < push->stream_count; n++)
        if (stream_talks(push, &push->streams[n]))
            return true;
    return false;
}

int push_connect(struct push *push)
{
    struct run *run = push->run;
    int rc = push_place(push);
    files_free(TAKE(run->files)); /* of the file before */
    http_free(TAKE(run->http));
    if (rc == 0)
        rc =
            files_open(run->request->connection, run_cancelled, (void *)(uintptr_t)run->request, &run->files, run->err);
    if (rc == 0)
        files_cassette(run->files, run->request->cassette);
    if (rc == 0)
        rc = run_http(run->request, false, run->dir, run->arena, &run->http, run->err);
    if (rc == 0)
        push_generated_begin(push);
    if (rc == 0)
        rc = run_lane(run->request, run->dir, &run->lane, run->err);
    return rc;
}

/* Whether units of it end: they do when nobody is in them any more, which is told first. */
static bool units_close(const struct push_stream *stream)
{
    for (size_t j = 0; j < stream->job_count; j++)
        if (stream->jobs[j].what == PUSH_SEND && push_closes(stream, &stream->jobs[j]))
            return true;
    return false;
}

/* What a target takes by an update only is told those that were created just now. If the run dies before that, they are
 * open, and the next one tells them. */
static int push_rest(struct push *push, struct push_stream *stream)
{
    struct txn txn __attribute__((cleanup(tidy_txn)));
    TIDY(projector_free) struct projector *projector = NULL;
    fault_kill("created");
    txn_begin(&txn, push->run->store, false);
    int rc = push_projector(push, stream, &txn, &projector);
    for (size_t j = 0; rc == 0 && j < stream->job_count; j++) {
        struct push_job *job = &stream->jobs[j];
        struct push_verdict verdict = {.what = PUSH_NOTHING};
        bool created = job->what == PUSH_SEND && job->op == MUSTER_CREATE;
        if (push_closes(stream, job))
            continue; /* its turn is still to come */
        rc = created ? push_judge(push, stream, projector, &txn, job, &verdict) : 0;
        job->what = verdict.what == PUSH_SEND && verdict.op == MUSTER_UPDATE ? PUSH_SEND : PUSH_NOTHING;
        job->op = (uint8_t)verdict.op;
        job->said = PUSH_ALLOWED; /* with the creation */
    }
    rc = rc ? rc : txn_end(&txn);
    stream->leaves_update = false;
    return rc ? rc : push_send(push, stream);
}

static int push_talk(struct push *push)
{
    struct run *run = push->run;
    bool talks = anything_to_send(push) || push_generated_waits(push);
    push->talked |= talks || run->lane;
    int rc = talks && !run->lane ? push_connect(push) : 0;
    if (!run->lane)
        return rc;
    for (size_t n = 0; rc == 0 && n < push->stream_count; n++) {
        struct push_stream *stream = &push->streams[n];
        if (!push_is_on(push, stream) || (push_is_whole(stream) && !stream_talks(push, stream)))
            continue; /* a file of which nothing is new stays as it is */
        if ((rc = push_ask(push, stream)) == 0)
            rc = push_send(push, stream);
        if (rc == 0 && stream->leaves_update)
            rc = push_rest(push, stream);
    }
    push->closing = true;
    for (size_t n = 0; rc == 0 && n < push->stream_count; n++)
        if (push_is_on(push, &push->streams[n]) && units_close(&push->streams[n]))
            rc = push_send(push, &push->streams[n]);
    push->closing = false;
    lane_stop(TAKE(run->lane));
    struct err why = {0};
    int printed = run->http ? push_generated_print(push, rc ? &why : run->err) : 0;
    push->unprinted = rc == 0 && printed != 0;
    return rc ? rc : printed;
}

/* --- writing down that it happened --- */

/* What is wrong with a set as a whole waits in nobody's inbox: it is tried again. */
static const char *set_reason(const struct run_report *report)
{
    for (size_t n = 0; n < report->pushed.set_count; n++) {
        const struct run_set *set = &report->pushed.sets[n];
        const char *text = strcmp(set->outcome, "not taken") != 0
                               ? NULL
                               : arena_format(report->arena, "%s, %s was not taken, and is tried again: %s",
                                              set->stream, set->name, set->why);
        if (text)
            return text;
    }
    return NULL;
}

/* What one person alone cannot be told by. */
static const char *common_reason(const struct push *push)
{
    const char *text = "";
    for (size_t n = 0; text && n < push->stream_count && push->run->request->person; n++)
        if (push_is_common(&push->streams[n]))
            text = arena_format(push->run->report->arena, "%s%s%s", text, *text ? ", " : "",
                                push->streams[n].stream->name);
    return text && *text ? arena_format(push->run->report->arena,
                                        "%s: written with everybody in it, at its time, and not for one person", text)
                         : text;
}

/* What is tried again by itself is in no inbox. */
static const char *put_off_reason(const struct push *push)
{
    const struct run_pushed *pushed = &push->run->report->pushed;
    const char *why = pushed->put_off_why;
    int64_t ms = (pushed->put_off_ms + 59999) / 60000 * 60000; /* the whole minute */
    char again[25];
    instant_write(ms + (int64_t)zone_offset(push->run->zone, ms) * 1000, again);
    return arena_format(push->run->report->arena,
                        "what was not taken is told again by the first run from %.10s %.5s on%s%s", again, again + 11,
                        why ? ": " : "", why ? why : "");
}

static void outcome_tell(struct push *push, int talk)
{
    struct run_report *report = push->run->report;
    struct run_partition *partition = arena_get(report->arena, sizeof(*partition));
    const struct run_pushed *pushed = &report->pushed;
    if (!partition)
        return;
    const char *reason = talk != 0 ? (push->run->err->rc ? push->run->err->text : err_text(talk)) : "";
    enum outcome outcome = talk == ERR_CANCELLED ? OUTCOME_CANCELLED : talk != 0 ? OUTCOME_FAILED : OUTCOME_SUCCEEDED;
    if (talk == 0 && (pushed->failed || pushed->unknown || report->dead_letters || pushed->put_off_ms)) {
        outcome = OUTCOME_PARTIAL;
        reason = pushed->unknown
                     ? "some changes were sent and got no answer: they are looked up before anything is repeated"
                 : pushed->put_off_ms != 0 && report->dead_letters == 0
                     ? put_off_reason(push)
                     : arena_format(report->arena, "some changes were not taken: see `muster inbox %s`",
                                    push->run->request->organization->id);
        const char *set = pushed->unknown ? NULL : set_reason(report);
        reason = set ? set : reason;
    }
    for (size_t n = 0; n < push->stream_count && outcome == OUTCOME_SUCCEEDED; n++)
        if (push->streams[n].held) {
            outcome = OUTCOME_HELD;
            reason = push->streams[n].held;
        }
    if (!reason || !*reason)
        reason = common_reason(push);
    *partition = (struct run_partition){
        .name = "main", .outcome = outcome, .claim = "changes", .reason = arena_text(report->arena, reason)};
    report->partitions = partition;
    report->partition_count = 1;
    report->outcome = outcome;
}

/* What was seen is seen: the next push begins behind it, and what is left to do is open by its own row. Where the talk
 * was cut short (`whole` false) somebody may never have been told: then the next push looks at them again. */
static int heads_write(struct push *push, uint64_t sequence, bool whole)
{
    static const enum gate gates[] = {GATE_DEACTIVATE, GATE_UPDATE, GATE_CREATE};
    const struct connection *connection = push->run->request->connection;
    struct txn txn __attribute__((cleanup(tidy_txn)));
    txn_begin(&txn, push->run->store, true);
    for (size_t s = 0; s < push->stream_count; s++) {
        struct push_stream *stream = &push->streams[s];
        struct delivery_head head = stream->head;
        if (whole && !stream->behind) {
            head.sequence = sequence;
            memcpy(head.digest, stream->stream->digest, sizeof(head.digest));
            memcpy(head.day, push->run->today_text, sizeof(head.day));
        }
        for (size_t n = 0; n < sizeof(gates) / sizeof(gates[0]); n++) {
            tally_forget(&head.tally, gates[n], push->run->now_ms - gate_safeguard(connection, gates[n])->window_ms);
            tally_add(&head.tally, gates[n], push->run->now_ms, stream->passed[tally_slot(gates[n])]);
        }
        delivery_head_put(&txn, stream->number, &head);
    }
    return txn_end(&txn);
}

int push_finish(struct push *push, int talk)
{
    struct run *run = push->run;
    int rc = changeset_new(run->store, &run->changeset);
    if (rc != 0)
        return rc;
    txn_begin(&run->snapshot, run->store, false);
    struct wait_settling settling = {.txn = &run->snapshot,
                                     .changeset = run->changeset,
                                     .run = run->report->run,
                                     .now_ms = run->now_ms,
                                     .last_number = meta_number(&run->snapshot, "wait")};
    rc = push_said_begin(push, &run->snapshot);
    for (size_t n = 0; rc == 0 && n < push->stream_count; n++) {
        rc = push_waits(push, &settling, &push->streams[n]);
        run->report->pushed.people += push->streams[n].stream->of == KIND_person ? push->streams[n].head.active : 0;
    }
    push_said_end(push);
    wait_settled(&settling);
    if (rc == 0)
        rc = push_sets_tell(push, true);
    if (rc == 0 && (push->talked || talk != 0))
        rc = run_told(run, push->unprinted ? 0 : talk, run->err->rc ? run->err->text : err_text(talk));
    outcome_tell(push, talk);
    run->report->seconds = (double)(clock_steady_ms() - run->steady_ms) / 1000.0;
    if (rc == 0)
        rc = run_row(run);
    if (rc == 0)
        rc = run->snapshot.rc;
    txn_abort(&run->snapshot);
    return rc ? rc : changeset_apply(run->changeset, &run->report->puts);
}

/* --- the line --- */

int push_begin(struct push *push, struct err *err)
{
    push->run->report->pushed.is = true;
    push->target = push->run->request->connection->target;
    push->insist = push_is_named(push) || push->only || push->run->request->full;
    push->mends = push_is_named(push) || push->only || (push->run->dry && push->run->request->full);
    date_write(date_from_days(push->run->today), push->run->today_text);
    push->maker = mem_new(1, sizeof(*push->maker));
    int rc = push->maker ? streams_open(push) : -ENOMEM;
    return rc ? store_fail(push->run->store, rc, err) : 0;
}

/* How far the journal goes: what comes later is for the next push. */
static int sequence_now(struct run *run, uint64_t *ret_sequence)
{
    struct txn txn __attribute__((cleanup(tidy_txn)));
    txn_begin(&txn, run->store, false);
    *ret_sequence = meta_number(&txn, "sequence");
    return txn_end(&txn);
}

static int push_line(struct push *push, struct err *err)
{
    struct run *run = push->run;
    uint64_t sequence = 0;
    int rc = sequence_now(run, &sequence);
    int talk = rc == 0 && run->request->full && !push->only && !push_is_named(push) ? push_drift(push) : 0;
    bool alone = run->request->person != 0; /* no file is written for one person */
    rc = rc || alone ? rc : push_files_begin(push, err);
    for (bool more = true; rc == 0 && more; more = talk == 0 && !alone && push_files_next(push)) {
        if ((rc = push_decide(push)) == 0 && (rc = push_sets_again(push, err)) == 0)
            rc = push_note(push);
        if (rc == 0 && talk == 0) {
            run->err = &run->begin; /* what the target says is told by the report */
            talk = push_talk(push);
        }
    }
    if (rc != 0)
        return err && err->rc ? rc : store_fail(run->store, rc, err);
    fault_kill("pushed");
    rc = heads_write(push, sequence, talk == 0 && !push->only && !push_is_named(push));
    if (rc == 0)
        rc = push_finish(push, talk);
    if (rc != 0)
        return store_fail(run->store, rc, err);
    push_heard_take(push);
    return report_write(run->report, run->request);
}

static int push_go(struct push *push, const struct run_request *request, struct run_report *ret_report, struct err *err)
{
    struct run run __attribute__((cleanup(run_done))) = {.lock = -1};
    push->run = &run;
    int rc = authorization_check(request->organization, request->connection, err);
    if (rc == 0)
        rc = run_begin(&run, request, ret_report, err);
    if (rc == 0)
        rc = run_allowed(&run, QUARANTINE_TELLING, err);
    if (rc == 0)
        rc = push_begin(push, err);
    if (rc == 0)
        rc = push_line(push, err);
    ret_report->left_out = push->left_out;
    push_done(push);
    return rc;
}

int push_planned(const struct run_request *request, struct changeset *plan, struct run_report *ret_report,
                 struct err *err)
{
    struct push push = {.only = plan};
    return push_go(&push, request, ret_report, err);
}

int push_units(const struct run_request *request, const struct push_unit *units, size_t count,
               struct run_report *ret_report, struct err *err)
{
    struct push push = {.units = units, .unit_count = count};
    return push_go(&push, request, ret_report, err);
}

int push_run(const struct run_request *request, struct run_report *ret_report, struct err *err)
{
    return push_planned(request, NULL, ret_report, err);
}
