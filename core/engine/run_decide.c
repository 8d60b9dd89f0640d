/* run_decide - from what was pulled to a changeset: stage, safeguard, match, weave, and the rows that say it happened.
 */
#include "engine/run_inside.h"

#include "base/clock.h"
#include "base/date.h"
#include "base/mem.h"
#include "engine/reason.h"
#include "engine/safeguard.h"
#include "engine/weave.h"

#include <errno.h>
#include <string.h>

static const int64_t DAY_MS = 86400000;

static int stage_strand(struct run *run, struct strand *strand)
{
    const struct connection *connection = run->request->connection;
    struct pull *pull = &strand->pull;
    int64_t grace = connection->grace_ms >= 0 ? connection->grace_ms : run->partition_count > 1 ? DAY_MS : 0;
    struct stage_stream stream = {.stream = pull->stream,
                                  .mapping = pull->mapping,
                                  .spool = pull->spool,
                                  .complete = pull->result.claim == CLAIM_COMPLETE,
                                  .unknown_kinds = map_unknown_kinds(pull->map),
                                  .grace_ms = grace,
                                  .lately_ms = run->now_ms - connection->deactivate.window_ms,
                                  .ignore_missing = connection->on_missing == MISSING_IGNORE};
    run->stage.waits = &strand->waits;
    int rc = stage_compare(&run->stage, &stream, &strand->missing, &strand->count);
    strand->compared = rc == 0;
    sorter_free(TAKE(pull->spool));
    return rc;
}

/* Whether this removal was held by the run that a person now lets through. */
static bool removal_allowed(struct run *run, struct strand *strand, const char *id)
{
    const char *const reasons[] = {REASON_CODE(safeguard_deactivate), REASON_CODE(empty_partition),
                                   REASON_CODE(row_without_id)};
    struct wait_item item = {.type = WAIT_HELD, .stream = strand->pull.stream, .id = id}, found;
    for (size_t i = 0; run->request->allow_held && i < sizeof(reasons) / sizeof(reasons[0]); i++) {
        item.reason = reasons[i];
        if (wait_find(&run->snapshot, &item, run->arena, &found) && found.run <= run->request->allow_held)
            return true;
    }
    return false;
}

/* Else it was missing already, in its time of grace. */
static bool record_present(struct run *run, struct bytes key)
{
    struct bytes stored;
    return txn_get(&run->snapshot, TABLE_source, key, &stored) && source_read(stored, &run->stage.old) &&
           run->stage.old.state == SOURCE_PRESENT;
}

/* Lets the missing go, or holds them one by one. */
static int strand_removals(struct run *run, struct strand *strand)
{
    char today[11];
    date_write(date_from_days(run->today), today);
    const struct stage_count *count = &strand->count;
    bool ignored = run->request->connection->on_missing == MISSING_IGNORE; /* noted, but nobody goes */
    size_t going = ignored ? 0 : strand->missing.count;
    struct safeguard_case at = {.population = count->population + count->waiting + count->gone_lately,
                                .going = going ? going + count->gone_lately : 0,
                                .seen = count->distinct,
                                .rows_without_id = map_count(strand->pull.map)->rejected_without_id,
                                .today = today,
                                .now_ms = run->now_ms};
    strand->held = safeguard_judge(&run->request->connection->deactivate, &at);
    for (size_t i = 0; i < strand->missing.count; i++) {
        struct staged staged;
        int rc = stage_read(&run->stage, strand->missing.places[i], 0, &staged);
        struct bytes id = rc ? bytes("", 0) : source_key_id(staged.key);
        char *text __attribute__((cleanup(tidy_free))) = mem_copy(id.data, id.len);
        if (rc != 0 || !text)
            return rc ? rc : -ENOMEM;
        if (!strand->held || removal_allowed(run, strand, text)) {
            strand->let_go++;
            strand->were_present += record_present(run, staged.key);
            rc = stage_release(&run->stage, &strand->missing, i);
        } else {
            wait_add(&strand->waits,
                     &(struct wait_item){
                         .type = WAIT_HELD, .stream = strand->pull.stream, .id = text, .reason = strand->held});
            rc = strand->waits.rc;
        }
        if (rc != 0)
            return rc;
    }
    if (strand->let_go == strand->missing.count)
        strand->held = NULL; /* all of them may go */
    return 0;
}

static int run_stage(struct run *run)
{
    run->stage = (struct stage){.snapshot = &run->snapshot,
                                .changeset = run->changeset,
                                .vault = &run->vault,
                                .run = run->report->run,
                                .now_ms = run->now_ms,
                                .next_seed = meta_number(&run->snapshot, "seed")};
    int rc = stage_init(&run->stage, run->dir);
    for (size_t i = 0; i < run->strand_count && rc == 0; i++)
        if (strand_stages(&run->strands[i]))
            rc = stage_strand(run, &run->strands[i]);
    for (size_t i = 0; i < run->strand_count && rc == 0; i++)
        if (run->strands[i].compared)
            rc = strand_removals(run, &run->strands[i]);
    return rc;
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
                                .waits = reviews};
    run->match.reindex = run->rules_changed && txn_count(&run->snapshot, TABLE_index) > 0;
    for (size_t i = 0; left && i < run->strand_count; i++)
        left[i] = run->strands[i].missing;
    int rc = left ? match_init(&run->match) : -ENOMEM;
    if (rc == 0 && run->act)
        rc = run->act->state(run->act->context, &run->match, run->err);
    if (rc == 0)
        rc = match_run(&run->match, left, run->strand_count);
    if (rc == 0)
        rc = weave_due(&run->match, run->today);
    if (rc == 0 && run->rules_changed)
        rc = match_everything(&run->match);
    struct weave_count count = {0};
    if (rc == 0)
        rc = weave_run(&run->match, run->today, run->dir, &count);
    if (rc == 0) {
        statements_settled(&run->match.statements);
        rc = run->match.statements.rc;
    }
    run->report->created += count.created;
    run->report->updated += count.updated;
    run->report->unchanged += count.unchanged;
    run->report->deactivated += count.deactivated;
    run->report->reactivated += count.reactivated;
    run->report->retired += count.retired;
    run->report->linked += run->match.count.linked;
    run->report->not_owner += run->match.count.not_owner;
    free(left);
    return rc;
}

/* --- writing down that it happened --- */

static void rows_of_strand(struct run *run, struct strand *strand)
{
    struct pull *pull = &strand->pull;
    struct buffer value __attribute__((cleanup(buffer_done))) = {0};
    uint32_t stream = __builtin_bswap32(pull->stream);
    uint64_t people = strand->count.population + strand->count.added + strand->count.returned - strand->were_present;
    struct checkpoint checkpoint = {.run = run->report->run,
                                    .held = strand->held != NULL,
                                    .at_ms = run->now_ms,
                                    .people = people,
                                    .cursor = pull->cursor ? pull->cursor : "",
                                    .columns = map_column_names(pull->map),
                                    .header = map_header(pull->map)};
    memcpy(checkpoint.mapping, pull->mapping_digest, sizeof(checkpoint.mapping));
    memcpy(checkpoint.files, pull->files_digest, sizeof(checkpoint.files));
    checkpoint_write(&checkpoint, &value);
    if (value.rc == 0)
        changeset_set(run->changeset, TABLE_cursor, bytes(&stream, sizeof(stream)), bytes(value.data, value.len));
    run->report->population += people;
}

static void report_counts(struct run *run, const struct wait_list *waits)
{
    run->report->dead_letters += waits->by_type[WAIT_DEAD];
    run->report->held += waits->by_type[WAIT_HELD];
    run->report->drift += waits->by_type[WAIT_DRIFT];
    run->report->reviews += waits->by_type[WAIT_REVIEW];
}

static struct strand *strand_of(struct run *run, uint32_t stream)
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

/* What waits for a person, stream by stream. Of streams that were not compared only who is who was looked at again. */
static int run_waits(struct run *run, struct wait_list *reviews)
{
    struct wait_settling settling = {.txn = &run->snapshot,
                                     .changeset = run->changeset,
                                     .run = run->report->run,
                                     .now_ms = run->now_ms,
                                     .last_number = meta_number(&run->snapshot, "wait")};
    int rc = 0;
    for (size_t i = 0; i < run->streams.count && rc == 0; i++) {
        uint32_t stream = run->streams.items[i].number;
        struct strand *strand = strand_of(run, stream);
        if (!strand) {
            rc = wait_settle(&settling, reviews, stream, false);
            continue;
        }
        if (!strand->compared) /* what else waits for it was not looked at: it stays, and counts elsewhere */
            run->report->drift += strand->waits.by_type[WAIT_DRIFT];
        for (size_t r = 0; r < reviews->count; r++)
            if (reviews->items[r].stream == stream)
                wait_add(&strand->waits, &reviews->items[r]);
        rc = wait_settle(&settling, &strand->waits, stream,
                         strand->compared && strand->pull.result.claim == CLAIM_COMPLETE);
        if (strand->compared)
            report_counts(run, &strand->waits);
        if (rc == 0)
            rc = report_header(run, strand);
    }
    wait_settled(&settling);
    return rc;
}

static void run_count(struct run *run)
{
    struct run_report *report = run->report;
    for (size_t i = 0; i < run->strand_count; i++) {
        struct strand *strand = &run->strands[i];
        if (strand->compared) {
            report->unchanged += run->rules_changed ? 0 : strand->count.same; /* then all of them were merged */
            report->missing += strand->count.missing + strand->count.filtered;
            rows_of_strand(run, strand);
        } else if (strand->pull.had_checkpoint) {
            report->population += strand->pull.before.people;
            report->unchanged += strand->pull.same && !run->rules_changed ? strand->pull.before.people : 0;
        }
        if (strand->compared && strand->waits.by_type[WAIT_DEAD] > 0)
            strand_outcome(run, strand, OUTCOME_PARTIAL, "complete",
                           "some rows or values could not be taken: see muster deadletters");
        if (strand->held)
            strand_outcome(run, strand, OUTCOME_HELD, "complete", reason_text(strand->held));
    }
    for (size_t i = 0; i < report->partition_count; i++)
        report->outcome = report_worse(report->outcome, report->partitions[i].outcome);
    report->seconds = (double)(clock_steady_ms() - run->steady_ms) / 1000.0;
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
    char today[11];
    date_write(date_from_days(run->today), today);
    people = txn_count(&run->snapshot, TABLE_entity);
    struct safeguard_case at = {.population = people,
                                .going = run->report->deactivated - let_go,
                                .seen = people,
                                .today = today,
                                .now_ms = run->now_ms};
    if (!safeguard_judge(&run->request->connection->deactivate, &at))
        return false;
    err_set(run->err, ERR_HELD,
            "the rules in %s have changed, and by them %lu people would be deactivated: nothing of this run was taken. "
            "Put the rules back, or let it through with `muster sync %s --allow-held %u --reason TEXT`.",
            run->request->organization->file, (unsigned long)at.going, run->request->organization->id,
            run->report->run);
    return true;
}

/* The row of the run itself, and the counters; in the last transaction. */
static int run_row(struct run *run)
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

/* Nothing of what was decided is kept, only that the run took place. */
static int run_only_row(struct run *run)
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
                                .held = report->deactivated};
    *report = empty;
    run_failed(run);
    report->outcome = OUTCOME_HELD;
    int rc = changeset_new_at(run->store, run->changeset_path, &run->changeset);
    return rc ? rc : run_row(run);
}

int run_decide(struct run *run)
{
    struct wait_list reviews __attribute__((cleanup(wait_list_done))) = {0};
    int rc = wait_list_init(&reviews);
    txn_begin(&run->snapshot, run->store, false);
    if (rc == 0)
        rc = streams_load(run->request->organization, &run->snapshot, &run->streams);
    if (rc == 0)
        rc = changeset_new_at(run->store, run->changeset_path, &run->changeset);
    if (rc == 0)
        rc = run_stage(run);
    if (rc == 0)
        rc = run_match(run, &reviews);
    if (rc == 0 && run->stage.next_seed != meta_number(&run->snapshot, "seed"))
        changeset_counter(run->changeset, "seed", run->stage.next_seed);
    if (rc == 0)
        rc = run_waits(run, &reviews);
    if (rc == 0)
        run_count(run);
    if (rc == 0 && run_rules_held(run))
        rc = run_only_row(run);
    else if (rc == 0 && (rc = run_ledger(run)) == 0)
        rc = run_row(run);
    if (rc == 0 && run->rules_changed && run->err->rc == 0)
        changeset_meta(run->changeset, "rules", bytes(run->rules, sizeof(run->rules)));
    if (rc == 0 && run->act && run->act->decided)
        run->act->decided(run->act->context, &run->match, run->changeset);
    match_done(&run->match);
    stage_done(&run->stage);
    streams_done(&run->streams);
    if (rc == 0)
        rc = run->snapshot.rc;
    txn_abort(&run->snapshot); /* no reader stands while the changeset is applied: its pages can be used again */
    return rc;
}
