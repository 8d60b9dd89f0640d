/* run_decide - from what was pulled to a changeset: stage, safeguard, match, weave, and the rows that say it happened.
 */
#include "engine/running.h"

#include "base/clock.h"
#include "base/date.h"
#include "base/mem.h"
#include "engine/discard.h"
#include "engine/weave.h"
#include "logic/reason.h"
#include "logic/safeguard.h"
#include "tables/census.h"

#include <errno.h>
#include <string.h>

static const int64_t DAY_MS = 86400000;
enum { ROUNDS_MAX = 8 };

/* How long somebody who is missing is not let go. */
static int64_t run_grace(const struct run *run)
{
    const struct connection *connection = run->request->connection;
    return connection->grace_ms >= 0 ? connection->grace_ms : run->partition_count > 1 ? DAY_MS : 0;
}

static int stage_strand(struct run *run, struct strand *strand)
{
    const struct connection *connection = run->request->connection;
    struct pull *pull = &strand->pull;
    struct stage_stream stream = {.stream = pull->stream,
                                  .mapping = pull->mapping,
                                  .spool = pull->spool,
                                  .complete = pull->claim == CLAIM_COMPLETE,
                                  .kept = pull->kept,
                                  .names_units = pull->kept ? pull->whole : pull->claim == CLAIM_COMPLETE,
                                  .unknown_kinds = map_unknown_kinds(pull->map),
                                  .grace_ms = run_grace(run),
                                  .lately_ms = run->now_ms - connection->deactivate.window_ms,
                                  .ignore_missing = connection->on_missing == MISSING_IGNORE,
                                  .counts = run->standing.persons ? run_counts_gone : NULL,
                                  .context = run};
    if (!strand_stages(strand))
        return run_await(run, strand, &stream);
    run->stage.waits = &strand->waits;
    int rc = stage_compare(&run->stage, &stream, &strand->missing, &strand->count);
    strand->compared = rc == 0;
    strand->without_id = map_count(pull->map)->rejected_without_id;
    if (run->first && stream.complete) /* nobody is known: nothing can be held, nor decided once more */
        sorter_free(TAKE(pull->spool));
    return rc;
}

static int run_stage(struct run *run)
{
    run->stage = (struct stage){.snapshot = &run->snapshot,
                                .changeset = run->changeset,
                                .vault = &run->vault,
                                .anew = run->request->anew,
                                .retention = &run->request->organization->retention,
                                .holds = &run->holds,
                                .run = run->report->run,
                                .now_ms = run->now_ms,
                                .next_seed = meta_number(&run->snapshot, "seed")};
    int rc = stage_init(&run->stage, run->dir);
    for (size_t i = 0; i < run->strand_count && rc == 0; i++)
        if (strand_stages(&run->strands[i]) || strand_awaits(run, &run->strands[i]))
            rc = stage_strand(run, &run->strands[i]);
    return rc ? rc : run_removals(run);
}

static int run_match(struct run *run, struct wait_list *reviews)
{
    struct stage_missing *left = mem_new(run->strand_count + 1, sizeof(*left));
    run->match = (struct match){.organization = run->request->organization,
                                .streams = &run->streams,
                                .slots = &run->slots,
                                .zone = run->zone,
                                .snapshot = &run->snapshot,
                                .stage = &run->stage,
                                .changeset = run->changeset,
                                .waits = reviews,
                                .gates = &run->gates};
    run->match.reindex = run->rules_changed && txn_count(&run->snapshot, TABLE_index) > 0;
    for (size_t i = 0; left && i < run->strand_count; i++)
        left[i] = run->strands[i].missing;
    int rc = left ? match_init(&run->match) : -ENOMEM;
    if (rc == 0 && run->request->allow_held)
        rc = run_gates_approve(run);
    if (rc == 0 && run->act)
        rc = run->act->state(run->act->context, &run->match, run->err);
    if (rc == 0)
        rc = match_run(&run->match, left, run->strand_count);
    if (rc == 0)
        rc = weave_due(&run->match, run->today, run->now_ms);
    if (rc == 0 && run->rules_changed)
        rc = match_everything(&run->match);
    struct weave_count count = {0};
    if (rc == 0)
        rc = weave_run(&run->match, run->today, run->dir, &count);
    if (rc == 0) {
        statements_settled(&run->match.statements);
        rc = run->match.statements.rc;
    }
    run->report->created = count.created;
    run->report->updated = count.updated;
    run->report->unchanged = count.unchanged;
    run->report->deactivated = count.deactivated;
    run->report->reactivated = count.reactivated;
    run->report->retired = count.retired;
    run->report->linked = run->match.count.linked;
    run->report->not_owner = run->match.count.not_owner;
    free(left);
    return rc;
}

/* --- writing down that it happened --- */

/* No source was asked: what is known of it is as old as before. Where all that the mapping asks for was kept, it need
 * not be read again because of the mapping. */
static void checkpoint_kept(const struct pull *pull, struct checkpoint *checkpoint)
{
    struct checkpoint kept = pull->before;
    if (pull->whole)
        memcpy(kept.mapping, checkpoint->mapping, sizeof(kept.mapping));
    kept.held |= checkpoint->held;
    kept.grace |= checkpoint->grace;
    kept.people = checkpoint->people;
    *checkpoint = kept;
}

/* What went through its safeguards lately, this run among it. */
static void strand_tally_write(const struct run *run, const struct strand *strand, struct buffer *out)
{
    struct tally tally = {.count = {0}};
    (void)strand_tally(strand, &tally); /* it was read when the run began */
    for (enum gate gate = GATE_DEACTIVATE; gate <= GATE_MANAGER; gate++) {
        const struct safeguard *safeguard = gate_safeguard(run->request->connection, gate);
        tally_forget(&tally, gate, run->now_ms - safeguard->window_ms);
        tally_add(&tally, gate, run->now_ms, strand->fresh[gate]);
    }
    tally_write(&tally, out);
}

static void rows_of_strand(struct run *run, struct strand *strand)
{
    struct pull *pull = &strand->pull;
    struct buffer value __attribute__((cleanup(buffer_done))) = {0}, tally __attribute__((cleanup(buffer_done))) = {0};
    struct buffer layout __attribute__((cleanup(buffer_done))) = {0};
    uint32_t stream = __builtin_bswap32(pull->stream);
    /* somebody's grace ends by itself: where the same file still lies it is read again until then */
    bool grace = run_grace(run) > 0 && run->request->connection->on_missing != MISSING_IGNORE &&
                 strand->count.missing + strand->count.waiting > 0;
    uint64_t people = strand->count.population + strand->count.added + strand->count.returned - strand->were_present;
    bool whole = pull->claim == CLAIM_COMPLETE, good = whole || pull->claim == CLAIM_CHANGES;
    const char *cursor = good ? pull->cursor : pull->had_checkpoint ? pull->before.cursor : NULL;
    struct checkpoint checkpoint = {.run = run->report->run,
                                    .held = strand->look_again,
                                    .grace = grace,
                                    .at_ms = run->now_ms,
                                    .full_ms = whole ? run->now_ms : pull->before.full_ms,
                                    .people = people,
                                    .cursor = cursor ? cursor : "",
                                    .columns = map_column_names(pull->map),
                                    .header = map_header(pull->map)};
    memcpy(checkpoint.mapping, pull->mapping_digest, sizeof(checkpoint.mapping));
    memcpy(checkpoint.files, pull->files_digest, sizeof(checkpoint.files));
    strand_tally_write(run, strand, &tally);
    if (pull->kept)
        checkpoint_kept(pull, &checkpoint);
    map_layout(pull->map, &layout);
    checkpoint.layout = bytes(layout.data, layout.rc ? 0 : layout.len);
    checkpoint.tally = bytes(tally.data, tally.rc ? 0 : tally.len);
    if (strand->awaited)
        checkpoint_awaited(pull, &checkpoint);
    checkpoint_write(&checkpoint, &value);
    if (value.rc == 0 && tally.rc == 0)
        changeset_set(run->changeset, TABLE_cursor, bytes(&stream, sizeof(stream)), bytes(value.data, value.len));
    run->report->population += people;
}

static void report_counts(struct run *run, const struct wait_list *waits)
{
    run->report->dead_letters += wait_list_count(waits, WAIT_DEAD);
    run->report->held += wait_list_count(waits, WAIT_HELD);
    run->report->drift += wait_list_count(waits, WAIT_DRIFT);
    run->report->reviews += wait_list_count(waits, WAIT_REVIEW);
}

struct strand *run_strand(struct run *run, uint32_t stream)
{
    for (size_t i = 0; i < run->strand_count; i++)
        if ((run->strands[i].compared || strand_looked(&run->strands[i])) && run->strands[i].pull.stream == stream)
            return &run->strands[i];
    return NULL;
}

/* What the header had to say goes into the report, with the numbers under which it can be decided. */
static int report_header(struct run *run, const struct strand *strand)
{
    const struct acceptance *decision;
    for (size_t i = 0; i < strand->waits.count; i++) {
        const struct wait_item *item = &strand->waits.items[i];
        struct buffer sentence __attribute__((cleanup(buffer_done))) = {0};
        if (item->type != WAIT_DRIFT || item->number == 0)
            continue;
        drift_sentence(item, &sentence);
        int rc = report_column(run->report,
                               &(struct run_column){.id = item->number,
                                                    .partition = run->report->partitions[strand->partition].name,
                                                    .stream = strand->pull.mapping->stream,
                                                    .column = item->id,
                                                    .reason = item->reason,
                                                    .offer = item->offer,
                                                    .sentence = sentence.data});
        if (rc != 0 || sentence.rc != 0)
            return rc ? rc : sentence.rc;
    }
    for (size_t nth = 0; strand->pull.map && (decision = map_reading(strand->pull.map, nth)); nth++) {
        struct buffer sentence __attribute__((cleanup(buffer_done))) = {0};
        acceptance_sentence(decision, run->zone, &sentence);
        int rc = report_reading(run->report,
                                &(struct run_column){.id = decision->number,
                                                     .partition = run->report->partitions[strand->partition].name,
                                                     .stream = strand->pull.mapping->stream,
                                                     .column = decision->column,
                                                     .offer = decision->other,
                                                     .sentence = sentence.data});
        if (rc != 0 || sentence.rc != 0)
            return rc ? rc : sentence.rc;
    }
    return 0;
}

/* Whom a pull showed that is not all there is. */
static int strand_seen(struct run *run, struct strand *strand, struct numbers *ret_seen)
{
    struct bytes key, value;
    int more = txn_count(&run->snapshot, TABLE_wait) > 0 ? sorter_rewind(strand->pull.spool) : 0;
    if (more != 0 || txn_count(&run->snapshot, TABLE_wait) == 0)
        return more;
    while ((more = sorter_next(strand->pull.spool, &key, &value)) == 1) {
        int rc = numbers_set(ret_seen, hold_record(key), 1);
        if (rc != 0)
            return rc;
    }
    return more;
}

/* What waits for a person, stream by stream. Of streams that were not compared only who is who was looked at again. */
static int run_waits(struct run *run, struct wait_list *reviews)
{
    struct wait_settling settling = {.txn = &run->snapshot,
                                     .changeset = run->changeset,
                                     .run = run->report->run,
                                     .now_ms = run->now_ms,
                                     .last_number = meta_number(&run->snapshot, "wait"),
                                     .hours = &run->match.hours};
    int rc = 0;
    for (size_t i = 0; i < run->streams.count && rc == 0; i++) {
        uint32_t stream = run->streams.items[i].number;
        struct strand *strand = run_strand(run, stream);
        if (!strand) {
            rc = wait_settle(&settling, reviews, stream, false);
            continue;
        }
        if (!strand->compared) /* what else waits for it was not looked at: it stays, and counts elsewhere */
            run->report->drift += wait_list_count(&strand->waits, WAIT_DRIFT);
        discard_apply(&run->match.statements, &strand->waits);
        for (size_t r = 0; r < reviews->count; r++)
            if (reviews->items[r].stream == stream)
                wait_add(&strand->waits, &reviews->items[r]);
        struct numbers seen __attribute__((cleanup(numbers_done))) = {0};
        bool all = strand->compared && strand->pull.claim == CLAIM_COMPLETE;
        if (strand->compared && !all)
            rc = strand->awaited ? run_awaited(run, strand, &seen) : strand_seen(run, strand, &seen);
        struct ledger_instead instead = {.stream = stream, .run = run->report->run};
        settling.seen = &seen;
        settling.instead = strand->compared && !strand->awaited ? &instead : NULL;
        if (rc == 0)
            rc = wait_settle(&settling, &strand->waits, stream, all);
        settling.seen = NULL;
        settling.instead = NULL;
        if (rc == 0)
            ledger_put_instead(run->changeset, &instead);
        free(instead.numbers);
        if (strand->compared)
            report_counts(run, &strand->waits);
        if (rc == 0)
            rc = report_header(run, strand);
    }
    wait_settled(&settling);
    return rc;
}

/* The source is the same, and so is what could not be taken of it: a run is not well because it looked away. */
static void run_count_standing(struct run *run, const struct strand *strand)
{
    uint64_t dead = wait_count(&run->snapshot, WAIT_DEAD, strand->pull.stream);
    run->report->dead_letters += dead;
    if (dead == 0)
        return;
    const char *text = arena_format(run->arena,
                                    "the source is the same as last time, and some rows or values of it could not be "
                                    "taken then: see `muster deadletters %s`",
                                    run->request->organization->id);
    strand_outcome(run, strand, OUTCOME_PARTIAL, "unchanged", text ? text : "");
}

/* Where something came through, what failed of it does not make all of it a failure; nor is it well. */
static enum outcome outcome_of(const enum outcome *parts, size_t count)
{
    enum outcome worst = OUTCOME_SUCCEEDED, other = OUTCOME_PARTIAL;
    size_t failed = 0;
    for (size_t i = 0; i < count; i++) {
        worst = report_worse(worst, parts[i]);
        failed += parts[i] == OUTCOME_FAILED;
        other = parts[i] == OUTCOME_FAILED ? other : report_worse(other, parts[i]);
    }
    return worst == OUTCOME_FAILED && failed < count ? other : worst;
}

static int run_outcome(struct run *run)
{
    struct run_report *report = run->report;
    size_t most = report->partition_count;
    for (size_t i = 0; i < report->partition_count; i++)
        most = report->partitions[i].stream_count > most ? report->partitions[i].stream_count : most;
    TIDY(free) enum outcome *parts = mem_new(most + 1, sizeof(*parts));
    if (!parts)
        return -ENOMEM;
    for (size_t i = 0; i < report->partition_count; i++) {
        struct run_partition *partition = &report->partitions[i];
        for (size_t s = 0; s < partition->stream_count; s++)
            parts[s] = partition->streams[s].outcome;
        if (partition->stream_count > 1)
            partition->outcome = outcome_of(parts, partition->stream_count);
    }
    for (size_t i = 0; i < report->partition_count; i++)
        parts[i] = report->partitions[i].outcome;
    report->outcome = report_worse(report->outcome, outcome_of(parts, report->partition_count));
    return 0;
}

/* Why something is held; and of what no source was asked and nothing was kept, which nobody else says then. */
static const char *held_reason(struct run *run, const struct strand *strand)
{
    if (strand->pull.unlisted)
        return "the source does not list it any more: what is known from there stays until somebody decides";
    const char *reason = run_held_why(run, strand), *lacking = strand->pull.kept ? strand->pull.lacking : NULL;
    const char *both = lacking ? arena_format(run->arena, "%s; %s", reason, lacking) : NULL;
    return both ? both : reason;
}

static const char *dead_reason(struct run *run)
{
    const char *text = arena_format(run->arena, "some rows or values could not be taken: see `muster deadletters %s`",
                                    run->request->organization->id);
    return text ? text : "some rows or values could not be taken";
}

static int run_count(struct run *run)
{
    struct run_report *report = run->report;
    for (size_t i = 0; i < run->strand_count; i++) {
        struct strand *strand = &run->strands[i];
        if (strand->compared) {
            report->unchanged += run->rules_changed ? 0 : strand->count.same; /* then all of them were merged */
            report->missing += strand->count.missing + strand->count.filtered;
            if (!run->act &&
                !run->request->wanted) /* what is said by the way is no pull that a later one could go on from */
                rows_of_strand(run, strand);
            else
                report->population += strand->pull.before.people;
        } else if (strand->pull.had_checkpoint) {
            report->population += strand->pull.before.people;
            report->unchanged += strand->pull.same && !run->rules_changed ? strand->pull.before.people : 0;
        }
        if ((!strand->compared || strand->awaited) && strand->pull.same && !run->request->wanted)
            run_count_standing(run, strand);
        if (strand->compared && wait_list_count(&strand->waits, WAIT_DEAD) > 0)
            strand_adds(run, strand, OUTCOME_PARTIAL, dead_reason(run));
        if (strand->held)
            strand_adds(run, strand, OUTCOME_HELD, held_reason(run, strand));
    }
    report->outlived = run->stage.outlived;
    int rc = run_outcome(run);
    report->seconds = (double)(clock_steady_ms() - run->steady_ms) / 1000.0;
    return rc;
}

/* Who is there and could go. */
static int people_there(struct txn *txn, uint64_t *ret_people)
{
    static const char *const left[] = {"inactive", "terminated"};
    const struct field *status = field_by_number(KIND_person, FIELD_person_status);
    struct census census;
    uint64_t people = 0;
    int rc = census_read(txn, &census);
    for (size_t i = 0; i < CENSUS_STATUSES && rc == 0; i++)
        people += census.people[i];
    for (size_t i = 0; i < sizeof(left) / sizeof(left[0]) && rc == 0; i++)
        people -= census.people[enum_number(status, left[i], strlen(left[i]))];
    if (rc == 0)
        *ret_people = people;
    return rc;
}

/* Changed rules may let nobody go whom a source would not be allowed to let go. True: they would, and the run says so.
 */
static bool run_rules_held(struct run *run)
{
    uint64_t let_go = 0, people = 0;
    for (size_t i = 0; i < run->strand_count; i++)
        let_go += run->strands[i].let_go;
    if (!run->rules_changed || run->request->allow_held != 0 || run->report->deactivated <= let_go)
        return false;
    if (people_there(&run->snapshot, &people) != 0)
        people = 0; /* what cannot be counted is not believed to be many; the commit says what is wrong with it */
    struct safeguard_case at = {.population = people,
                                .going = run->report->deactivated - let_go,
                                .seen = people,
                                .today = run->today_text,
                                .now_ms = run->now_ms};
    if (!safeguard_judge(&run->request->connection->deactivate, &at))
        return false;
    TIDY_DONE(buffer_done) struct buffer figures = {0};
    safeguard_tell(&run->request->connection->deactivate, gate_name(GATE_DEACTIVATE), &at, &figures);
    err_set(run->err, ERR_HELD,
            "the rules in %s have changed, and by them more people would be deactivated at once than the safeguard "
            "allows: %s: nothing of this run was taken. Put the rules back, or let it through with `muster sync %s %s "
            "--allow-held %u --reason TEXT`.",
            run->request->organization->file, figures.rc ? "" : figures.data, run->request->organization->id,
            run->request->connection->name, run->report->run);
    return true;
}

int run_row(struct run *run)
{
    uint32_t key = __builtin_bswap32(run->report->run);
    int rc = report_write(run->report, run->request);
    if (rc != 0)
        return rc;
    changeset_set(run->changeset, TABLE_run, bytes(&key, sizeof(key)),
                  bytes(run->report->json, strlen(run->report->json)));
    changeset_counter(run->changeset, "run", run->report->run);
    return changeset_rc(run->changeset);
}

void run_row_drop(struct txn *txn, uint32_t run)
{
    uint32_t key = __builtin_bswap32(run);
    txn_delete(txn, TABLE_run, bytes(&key, sizeof(key)));
}

int run_only_row(struct run *run, enum outcome outcome)
{
    struct run_report *report = run->report, empty = {0};
    changeset_free(TAKE(run->changeset));
    for (size_t i = 0; i < run->strand_count; i++)
        run->strands[i].compared = false;
    empty = (struct run_report){.arena = report->arena,
                                .run = report->run,
                                .plan = report->plan,
                                .organization = report->organization,
                                .connection = report->connection,
                                .partitions = report->partitions,
                                .partition_count = report->partition_count,
                                .files = report->files,
                                .file_count = report->file_count,
                                .started_ms = report->started_ms,
                                .seconds = report->seconds,
                                .read = report->read,
                                .held = outcome == OUTCOME_HELD ? report->deactivated : 0};
    *report = empty;
    run_failed(run);
    report->outcome = outcome;
    int rc = changeset_new_at(run->store, run->changeset_path, &run->changeset);
    return rc ? rc : run_row(run);
}

/* Stage, match, weave; once more when a safeguard holds something of it, without that. Nothing is asked again: what was
 * pulled lies in the spools. */
static int run_decide_all(struct run *run, struct wait_list *reviews)
{
    int rc = run_gates_begin(run);
    for (int rounds = 0; rc == 0; rounds++) {
        rc = run_stage(run);
        if (rc == 0)
            rc = run_match(run, reviews);
        if (rc == 0)
            rc = run_gates_judge(run);
        if (rc != 0 || !run->decide_again)
            break;
        if (rounds == ROUNDS_MAX)
            return err_set(
                run->err, ERR_HELD,
                "so much of this run is held that what remains cannot be told apart: nothing of it was taken");
        wait_cut(reviews, 0);
        rc = run_gates_again(run);
    }
    return rc ? rc : run_gates_end(run, reviews);
}

int run_decide(struct run *run)
{
    struct wait_list reviews __attribute__((cleanup(wait_list_done))) = {0};
    int rc = wait_list_init(&reviews);
    txn_begin(&run->snapshot, run->store, false);
    run->first = txn_count(&run->snapshot, TABLE_source) == 0;
    if (rc == 0)
        rc = streams_load(run->request->organization, &run->snapshot, &run->streams);
    if (rc == 0)
        rc = changeset_new_at(run->store, run->changeset_path, &run->changeset);
    if (rc == 0)
        rc = run_decide_all(run, &reviews);
    bool nothing = rc == ERR_HELD && run->err->rc == ERR_HELD;
    if (rc == 0 && run->stage.next_seed != meta_number(&run->snapshot, "seed"))
        changeset_counter(run->changeset, "seed", run->stage.next_seed);
    if (rc == 0)
        rc = run_waits(run, &reviews);
    if (rc == 0)
        rc = run_count(run);
    if (nothing || (rc == 0 && run_rules_held(run)))
        rc = run_only_row(run, OUTCOME_HELD);
    else if (rc == 0 && (run->request->wanted || (rc = run_ledger(run)) == 0))
        rc = run_row(run);
    if (rc == 0)
        rc = run_failures(run);
    if (rc == 0 && run->rules_changed && run->err->rc == 0)
        changeset_meta(run->changeset, "rules", bytes(run->rules, sizeof(run->rules)));
    if (rc == 0 && run->act && run->act->decided)
        run->act->decided(run->act->context, &run->match, run->changeset);
    match_done(&run->match);
    stage_done(&run->stage);
    run_gates_done(run);
    streams_done(&run->streams);
    if (rc == 0)
        rc = run->snapshot.rc;
    txn_abort(&run->snapshot); /* no reader stands while the changeset is applied: its pages can be used again */
    return rc;
}
