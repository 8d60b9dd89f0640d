/* run - one sync of one connection, from pull to commit. */
#include "engine/run.h"

#include "base/clock.h"
#include "base/date.h"
#include "base/fault.h"
#include "base/log.h"
#include "base/mem.h"
#include "engine/masterkey.h"
#include "engine/match.h"
#include "engine/pull.h"
#include "engine/reason.h"
#include "engine/report.h"
#include "engine/rules.h"
#include "engine/safeguard.h"
#include "engine/stage.h"
#include "engine/weave.h"
#include "store/dict.h"

#include <assert.h>
#include <errno.h>
#include <string.h>

static const int64_t DAY_MS = 86400000;

struct partition {
    const char *id, *label, *locator;
};

/* One stream of one partition on its way through the run. */
struct strand {
    struct pull pull;
    size_t partition; /* which of the report's */
    struct wait_list waits;
    struct stage_missing missing;
    struct stage_count count;
    bool compared; /* it was staged: what waits for it is settled anew */
    const char *held; /* reason code for which its removals are held */
    uint64_t let_go;  /* removals that went through */
};

struct run {
    const struct run_request *request;
    struct run_report *report;
    struct err *err;
    struct arena *arena;
    const char *dir;
    struct store *store;
    int lock;
    struct vault vault;
    struct zone *zone;
    struct slots slots;
    struct files *files;
    struct lane *lane;
    struct partition *partitions;
    size_t partition_count, partition_room;
    struct strand *strands;
    size_t strand_count;
    int64_t now_ms, today, steady_ms;
    uint8_t rules[16];  /* digest of what decides who is who and whose word counts */
    bool rules_changed; /* since the last run that was applied */
    /* deciding */
    struct txn snapshot;
    struct changeset *changeset;
    struct streams streams;
    struct stage stage;
    struct match match;
};

/* --- setting up --- */

const char *run_store_dir(const struct settings *settings, const char *organization, struct arena *arena)
{
    return arena_format(arena, "%s/organizations/%s", settings->state, organization);
}

int run_bind_fields(const struct organization *organization, struct store *store, bool write)
{
    for (struct field *field = organization->custom; field && field->name; field++) {
        char *name __attribute__((cleanup(tidy_free))) = mem_format("field:%s", field->name);
        uint32_t number = 0;
        int rc = name ? 0 : -ENOMEM;
        if (rc == 0 && write) {
            rc = dict_number(store, name, &number);
        } else if (rc == 0) {
            struct txn txn __attribute__((cleanup(tidy_txn)));
            txn_begin(&txn, store, false);
            number = dict_find(&txn, name);
            rc = txn_end(&txn);
        }
        if (rc != 0 || number > UINT16_MAX)
            return rc ? rc : ERR_LIMIT;
        field->number = (uint16_t)number;
    }
    return 0;
}

static int run_open_store(struct run *run)
{
    const struct organization *organization = run->request->organization;
    run->dir = run_store_dir(run->request->settings, organization->id, run->arena);
    if (!run->dir)
        return -ENOMEM;
    int rc = store_open(run->dir, true, &run->store, run->err);
    if (rc == 0)
        rc = store_lock(run->store, &run->lock, run->err);
    bool finished = false;
    if (rc == 0)
        rc = changeset_recover(run->store, &finished, run->err);
    if (rc == 0 && finished) {
        struct log from = {.organization = organization->id};
        log_info(&from, "a run that was cut short while it was written down is now whole");
    }
    if (rc == 0 && (rc = run_bind_fields(organization, run->store, true)) != 0)
        rc = store_fail(run->store, rc, run->err);
    return rc;
}

static int run_open(struct run *run)
{
    const struct organization *organization = run->request->organization;
    int rc = run_open_store(run);
    uint8_t master[VAULT_MASTER];
    if (rc == 0)
        rc = masterkey_load(run->request->settings, master, run->err);
    if (rc != 0)
        return rc;
    vault_init(&run->vault, master, organization->id);
    explicit_bzero(master, sizeof(master));
    rc = zone_open(organization->time_zone, &run->zone);
    if (rc != 0)
        return err_set(run->err, rc, "%s: time zone '%s' cannot be read: %s", organization->file,
                       organization->time_zone, err_text(rc));
    if ((rc = slots_make(organization, run->store, &run->slots)) != 0)
        return store_fail(run->store, rc, run->err);
    run->now_ms = clock_now_ms();
    run->today = zone_day(run->zone, run->now_ms);
    if ((rc = rules_digest(organization, run->rules)) != 0)
        return rc;
    struct txn txn __attribute__((cleanup(tidy_txn)));
    struct bytes rules;
    txn_begin(&txn, run->store, false);
    run->report->run = (uint32_t)meta_number(&txn, "run") + 1;
    run->rules_changed = !meta_get(&txn, "rules", &rules) || rules.len != sizeof(run->rules) ||
                         memcmp(rules.data, run->rules, sizeof(run->rules)) != 0;
    return txn_end(&txn);
}

static int run_cancelled(void *context)
{
    const struct run_request *request = context;
    return request->cancel && atomic_load(request->cancel);
}

static int run_lane(const struct run_request *request, const char *scratch, struct lane **ret_lane, struct err *err)
{
    struct lane_start start = {.connector = connectors_path(request->connectors, request->connection->connector),
                               .scratch_dir = scratch,
                               .connection = request->connection,
                               .settings = request->settings,
                               .cancel = request->cancel};
    if (!start.connector)
        return err_set(err, ERR_CONFIG, "connector '%s' is not installed", request->connection->connector);
    return lane_begin(&start, ret_lane, err);
}

/* --- pulling --- */

static int partition_add(void *context, const char *id, const char *label, const char *locator)
{
    struct run *run = context;
    int rc = mem_grow(&run->partitions, run->partition_count, &run->partition_room, sizeof(*run->partitions));
    if (rc != 0)
        return rc;
    struct partition partition = {arena_text(run->arena, id), arena_text(run->arena, label ? label : id),
                                  arena_text(run->arena, locator ? locator : "")};
    if (!partition.id || !partition.label || !partition.locator)
        return -ENOMEM;
    run->partitions[run->partition_count++] = partition;
    return 0;
}

static int run_partitions(struct run *run)
{
    if (!lane_description(run->lane)->partitions)
        return partition_add(run, "main", "main", "");
    struct pull asks = {.arena = run->arena, .files = run->files, .scratch_dir = run->dir};
    struct lane_sink sink;
    struct lane_result result;
    pull_file_sink(&asks, &sink);
    sink.context = run;
    sink.partition = partition_add;
    sink.list = NULL;
    sink.fetch = NULL;
    int rc = lane_partitions(run->lane, &sink, &result, run->err);
    if (rc == 0 && result.rc < 0)
        rc = err_set(run->err, ERR_CONNECTOR, "the partitions could not be listed: %s", result.text);
    return rc;
}

static int strands_make(struct run *run)
{
    const struct connection *connection = run->request->connection;
    size_t mappings = 0;
    while (connection->mappings && connection->mappings[mappings])
        mappings++;
    run->strands = mem_new(run->partition_count * mappings + 1, sizeof(*run->strands));
    run->report->partitions = arena_get(run->arena, (run->partition_count + 1) * sizeof(*run->report->partitions));
    if (!run->strands || !run->report->partitions)
        return -ENOMEM;
    for (size_t p = 0; p < run->partition_count; p++) {
        const struct partition *partition = &run->partitions[p];
        if (run->request->partition && strcmp(run->request->partition, partition->id) != 0)
            continue;
        run->report->partitions[run->report->partition_count] =
            (struct run_partition){partition->id, OUTCOME_SUCCEEDED, "complete", ""};
        for (size_t m = 0; m < mappings; m++) {
            struct strand *strand = &run->strands[run->strand_count++];
            strand->partition = run->report->partition_count;
            int rc = wait_list_init(&strand->waits);
            struct pull *pull = &strand->pull;
            *pull = (struct pull){.arena = run->arena,
                                  .store = run->store,
                                  .files = run->files,
                                  .scratch_dir = run->dir,
                                  .connection = connection,
                                  .mapping = connection->mappings[m],
                                  .partition = partition->id,
                                  .label = partition->label,
                                  .locator = partition->locator,
                                  .full = run->request->full,
                                  .zone = run->zone,
                                  .vault = &run->vault,
                                  .settings = run->request->settings,
                                  .waits = &strand->waits,
                                  .progress = run->request->progress,
                                  .context = run->request->context};
            if (rc == 0)
                rc = streams_number(run->store, connection->name, partition->id, pull->mapping->stream, &pull->stream);
            if (rc != 0)
                return rc;
        }
        run->report->partition_count++;
    }
    if (run->report->partition_count == 0)
        return err_set(run->err, ERR_GONE, "there is no partition '%s' in connection '%s'",
                       run->request->partition ? run->request->partition : "", connection->name);
    return 0;
}

static void strand_outcome(struct run *run, const struct strand *strand, enum outcome outcome, const char *claim,
                           const char *reason)
{
    struct run_partition *partition = &run->report->partitions[strand->partition];
    if (outcome > partition->outcome || (outcome == partition->outcome && !*partition->reason)) {
        partition->reason = arena_text(run->arena, reason);
        partition->reason = partition->reason ? partition->reason : "";
        partition->claim = claim;
    }
    partition->outcome = report_worse(partition->outcome, outcome);
}

/* What a pull that came to its end, or did not, means for its partition. */
static void strand_judge(struct run *run, struct strand *strand)
{
    const struct pull *pull = &strand->pull;
    if (pull->err.rc == ERR_HELD)
        strand_outcome(run, strand, OUTCOME_HELD, "failed", pull->err.text);
    else if (pull->err.rc == ERR_CANCELLED || run_cancelled((void *)(uintptr_t)run->request))
        strand_outcome(run, strand, OUTCOME_CANCELLED, "failed", "cancelled; nothing of this pull was taken");
    else if (pull->err.rc != 0)
        strand_outcome(run, strand, OUTCOME_FAILED, "failed", pull->err.text);
    else if (pull->same)
        strand_outcome(run, strand, OUTCOME_SUCCEEDED, "unchanged", "");
    else if (pull->result.claim == CLAIM_COMPLETE)
        strand_outcome(run, strand, OUTCOME_SUCCEEDED, "complete", "");
    else if (pull->result.claim == CLAIM_CHANGES)
        strand_outcome(run, strand, OUTCOME_SUCCEEDED, "changes", "");
    else
        strand_outcome(run, strand, OUTCOME_PARTIAL, "partial",
                       *pull->result.why ? pull->result.why
                                         : "the connector does not say that this is everybody: nobody is concluded to "
                                           "be missing");
}

static bool strand_stages(const struct strand *strand)
{
    return strand->pull.err.rc == 0 && !strand->pull.same;
}

static void run_pulls(struct run *run)
{
    for (size_t i = 0; i < run->strand_count; i++) {
        struct strand *strand = &run->strands[i];
        struct pull *pull = &strand->pull;
        if (!run->lane) { /* the one before killed it: a fresh one, so that it costs nobody else */
            run_lane(run->request, run->dir, &run->lane, &pull->err);
        }
        if (pull->err.rc == 0 && pull_run(pull, run->lane) != 0)
            lane_stop(TAKE(run->lane));
        strand_judge(run, strand);
        if (pull->map) {
            const struct map_count *count = map_count(pull->map);
            const char *field;
            run->report->read += count->read;
            run->report->filtered += count->filtered;
            run->report->flagged += count->flagged;
            if (!run->report->flagged_place && map_flagged_place(pull->map, &field))
                run->report->flagged_place = arena_text(run->arena, map_flagged_place(pull->map, &field));
        }
        if (strand_stages(strand))
            continue;
        if (!pull->same) { /* nothing of it counts */
            wait_list_done(&strand->waits);
            wait_list_init(&strand->waits);
        }
        sorter_free(TAKE(pull->spool));
    }
}

/* --- deciding --- */

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
    const char *const reasons[] = {REASON_CODE(safeguard_deactivate), REASON_CODE(empty_partition), REASON_CODE(row_without_id)};
    struct wait_item item = {.type = WAIT_HELD, .stream = strand->pull.stream, .id = id}, found;
    for (size_t i = 0; run->request->allow_held && i < sizeof(reasons) / sizeof(reasons[0]); i++) {
        item.reason = reasons[i];
        if (wait_find(&run->snapshot, &item, run->arena, &found) && found.run <= run->request->allow_held)
            return true;
    }
    return false;
}

/* Lets the missing go, or holds them one by one. */
static int strand_removals(struct run *run, struct strand *strand)
{
    char today[11];
    date_write(date_from_days(run->today), today);
    struct safeguard_case at = {.population = strand->count.population,
                                .going = strand->missing.count,
                                .seen = strand->count.distinct,
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
            rc = stage_release(&run->stage, &strand->missing, i);
        } else {
            wait_add(&strand->waits, &(struct wait_item){.type = WAIT_HELD,
                                                         .stream = strand->pull.stream,
                                                         .id = text,
                                                         .reason = strand->held});
            rc = strand->waits.rc;
        }
        if (rc != 0)
            return rc;
    }
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
    uint64_t before = meta_number(&run->snapshot, "statement");
    struct stage_missing *left = mem_new(run->strand_count + 1, sizeof(*left));
    run->match = (struct match){.organization = run->request->organization,
                                .streams = &run->streams,
                                .slots = &run->slots,
                                .snapshot = &run->snapshot,
                                .stage = &run->stage,
                                .changeset = run->changeset,
                                .waits = reviews};
    for (size_t i = 0; left && i < run->strand_count; i++)
        left[i] = run->strands[i].missing;
    int rc = left ? match_init(&run->match) : -ENOMEM;
    if (rc == 0)
        rc = match_run(&run->match, left, run->strand_count);
    if (rc == 0)
        rc = weave_due(&run->match, run->today);
    if (rc == 0 && run->rules_changed)
        rc = match_everything(&run->match);
    struct weave_count count = {0};
    if (rc == 0)
        rc = weave_run(&run->match, run->today, run->dir, &count);
    if (rc == 0 && run->match.next_statement != before)
        changeset_set(run->changeset, TABLE_meta, bytes("statement", 9), bytes(&run->match.next_statement, 8));
    run->report->created += count.created;
    run->report->updated += count.updated;
    run->report->unchanged += count.unchanged;
    run->report->deactivated += count.deactivated;
    run->report->reactivated += count.reactivated;
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
    uint64_t people = strand->count.population + strand->count.added + strand->count.returned - strand->let_go;
    struct checkpoint checkpoint = {.run = run->report->run,
                                    .at_ms = run->now_ms,
                                    .people = people,
                                    .cursor = pull->cursor ? pull->cursor : "",
                                    .columns = map_column_names(pull->map)};
    memcpy(checkpoint.mapping, pull->mapping->digest, sizeof(checkpoint.mapping));
    /* A file whose removals are held is not done with: the same file is looked at again. */
    if (!strand->held)
        memcpy(checkpoint.files, pull->files_digest, sizeof(checkpoint.files));
    checkpoint_write(&checkpoint, &value);
    if (value.rc == 0)
        changeset_set(run->changeset, TABLE_cursor, bytes(&stream, sizeof(stream)), bytes(value.data, value.len));
    for (size_t i = 0; i < pull->fetched_count; i++) {
        uint32_t key[3] = {stream, __builtin_bswap32(run->report->run), __builtin_bswap32((uint32_t)i)};
        buffer_clear(&value);
        ledger_write(&pull->fetched[i], &value);
        if (value.rc == 0)
            changeset_set(run->changeset, TABLE_file, bytes(key, sizeof(key)), bytes(value.data, value.len));
    }
    run->report->population += people;
}

static void report_counts(struct run *run, const struct wait_list *waits)
{
    run->report->dead_letters += waits->by_type[WAIT_DEAD];
    run->report->held += waits->by_type[WAIT_HELD];
    run->report->drift += waits->by_type[WAIT_DRIFT];
    run->report->reviews += waits->by_type[WAIT_REVIEW];
}

/* What waits for a person, per stream that was compared; what was not compared stays as it is. */
static int run_waits(struct run *run, struct wait_list *reviews)
{
    for (size_t i = 0; i < run->strand_count; i++) {
        struct strand *strand = &run->strands[i];
        if (!strand->compared)
            continue;
        for (size_t r = 0; r < reviews->count; r++)
            if (reviews->items[r].stream == strand->pull.stream)
                wait_add(&strand->waits, &reviews->items[r]);
        bool all = strand->pull.result.claim == CLAIM_COMPLETE;
        int rc = wait_settle(&strand->waits, &run->snapshot, &strand->pull.stream, 1, all ? NULL : "dhrc",
                             run->report->run, run->now_ms, run->changeset);
        if (rc != 0)
            return rc;
        report_counts(run, &strand->waits);
    }
    return 0;
}

static void run_count(struct run *run)
{
    struct run_report *report = run->report;
    for (size_t i = 0; i < run->strand_count; i++) {
        struct strand *strand = &run->strands[i];
        if (strand->compared) {
            report->unchanged += strand->count.same;
            report->missing += strand->count.missing + strand->count.filtered;
            rows_of_strand(run, strand);
        } else if (strand->pull.had_checkpoint) {
            report->population += strand->pull.before.people;
            report->unchanged += strand->pull.same ? strand->pull.before.people : 0;
        }
        if (strand->compared && strand->waits.by_type[WAIT_DEAD] > 0)
            strand_outcome(run, strand, OUTCOME_PARTIAL, "complete", "some rows could not be taken: see muster deadletters");
        if (strand->held)
            strand_outcome(run, strand, OUTCOME_HELD, "complete", reason_text(strand->held));
    }
    for (size_t i = 0; i < report->partition_count; i++)
        report->outcome = report_worse(report->outcome, report->partitions[i].outcome);
    report->seconds = (double)(clock_steady_ms() - run->steady_ms) / 1000.0;
}

/* Changed rules may let nobody go whom a source would not be allowed to let go. True: they would, and the run says so. */
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
    uint64_t number = run->report->run;
    int rc = report_write(run->report, run->request);
    if (rc != 0)
        return rc;
    changeset_set(run->changeset, TABLE_run, bytes(&key, sizeof(key)),
                  bytes(run->report->json, strlen(run->report->json)));
    changeset_set(run->changeset, TABLE_meta, bytes("run", 3), bytes(&number, sizeof(number)));
    return changeset_rc(run->changeset);
}

/* The whole run could not be: every partition says so. */
static void run_failed(struct run *run)
{
    if (run->report->partition_count == 0) {
        run->report->partitions = arena_get(run->arena, sizeof(*run->report->partitions));
        run->report->partition_count = run->report->partitions ? 1 : 0;
        if (run->report->partitions)
            run->report->partitions[0].name = "main";
    }
    for (size_t i = 0; i < run->report->partition_count; i++) {
        struct run_partition *partition = &run->report->partitions[i];
        partition->outcome = run->err->rc == ERR_CANCELLED ? OUTCOME_CANCELLED
                             : run->err->rc == ERR_HELD    ? OUTCOME_HELD
                                                           : OUTCOME_FAILED;
        partition->claim = "failed";
        partition->reason = arena_text(run->arena, run->err->text);
    }
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
    int rc = changeset_new(run->store, &run->changeset);
    return rc ? rc : run_row(run);
}

static int run_decide(struct run *run)
{
    struct wait_list reviews __attribute__((cleanup(wait_list_done))) = {0};
    int rc = wait_list_init(&reviews);
    txn_begin(&run->snapshot, run->store, false);
    if (rc == 0)
        rc = streams_load(run->request->organization, &run->snapshot, &run->streams);
    if (rc == 0)
        rc = changeset_new(run->store, &run->changeset);
    if (rc == 0)
        rc = run_stage(run);
    if (rc == 0)
        rc = run_match(run, &reviews);
    if (rc == 0 && run->stage.next_seed != meta_number(&run->snapshot, "seed"))
        changeset_set(run->changeset, TABLE_meta, bytes("seed", 4), bytes(&run->stage.next_seed, 8));
    if (rc == 0)
        rc = run_waits(run, &reviews);
    if (rc == 0)
        run_count(run);
    if (rc == 0 && run_rules_held(run))
        rc = run_only_row(run);
    else if (rc == 0)
        rc = run_row(run);
    if (rc == 0 && run->rules_changed && run->err->rc == 0)
        changeset_set(run->changeset, TABLE_meta, bytes("rules", 5), bytes(run->rules, sizeof(run->rules)));
    match_done(&run->match);
    stage_done(&run->stage);
    streams_done(&run->streams);
    if (rc == 0)
        rc = run->snapshot.rc;
    txn_abort(&run->snapshot); /* no reader stands while the changeset is applied: its pages can be used again */
    return rc;
}

/* Files go where they shall only now, when everything read from them is kept. */
static void run_afterwards(struct run *run)
{
    for (size_t i = 0; i < run->strand_count; i++) {
        struct strand *strand = &run->strands[i];
        for (size_t f = 0; f < strand->pull.fetched_count && strand->compared && !strand->held; f++) {
            const struct pulled_file *file = &strand->pull.fetched[f];
            struct err err = {0};
            if (file->after == MUSTER_ARCHIVE)
                files_archive(run->files, file->name, file->to, &err);
            else if (file->after == MUSTER_REMOVE)
                files_remove(run->files, file->name, &err);
            if (err.rc != 0) {
                strand_outcome(run, strand, OUTCOME_PARTIAL, "complete", err.text);
                run->report->outcome = report_worse(run->report->outcome, OUTCOME_PARTIAL);
            }
        }
    }
}

static void run_files(struct run *run)
{
    size_t count = 0;
    for (size_t i = 0; i < run->strand_count; i++)
        count += run->strands[i].pull.fetched_count;
    run->report->files = arena_get(run->arena, (count + 1) * sizeof(*run->report->files));
    for (size_t i = 0; run->report->files && i < run->strand_count; i++)
        for (size_t f = 0; f < run->strands[i].pull.fetched_count; f++)
            run->report->files[run->report->file_count++] = run->strands[i].pull.fetched[f].name;
}

static void run_done(struct run *run)
{
    for (size_t i = 0; i < run->strand_count; i++) {
        pull_done(&run->strands[i].pull);
        wait_list_done(&run->strands[i].waits);
        stage_missing_done(&run->strands[i].missing);
    }
    free(run->strands);
    free(run->partitions);
    lane_stop(run->lane);
    files_free(run->files);
    changeset_free(run->changeset);
    zone_free(run->zone);
    vault_done(&run->vault);
    store_unlock(run->lock);
    store_close(run->store);
}

int run_sync(const struct run_request *request, struct run_report *ret_report, struct err *err)
{
    *ret_report = (struct run_report){.arena = arena_new(),
                                      .organization = request->organization->id,
                                      .connection = request->connection->name,
                                      .started_ms = clock_now_ms()};
    struct err begin = {0};
    struct run run __attribute__((cleanup(run_done))) = {.request = request,
                                                         .report = ret_report,
                                                         .err = err,
                                                         .arena = ret_report->arena,
                                                         .lock = -1,
                                                         .steady_ms = clock_steady_ms()};
    if (!run.arena)
        return -ENOMEM;
    int rc = run_open(&run);
    if (rc != 0)
        return err_set(err, rc, "the run could not begin: %s", err_text(rc));
    run.err = &begin;
    rc = files_open(request->connection, run_cancelled, (void *)(uintptr_t)request, &run.files, &begin);
    if (rc == 0)
        rc = run_lane(request, run.dir, &run.lane, &begin);
    if (rc == 0)
        rc = run_partitions(&run);
    if (rc == 0)
        rc = strands_make(&run);
    if (rc == 0)
        run_pulls(&run);
    else
        err_set(&begin, rc, "the run could not begin: %s", err_text(rc));
    if (rc != 0) {
        run_failed(&run);
        run.strand_count = 0;
    }
    lane_stop(TAKE(run.lane));
    run_files(&run);
    rc = run_decide(&run);
    if (rc == 0)
        rc = changeset_apply(run.changeset, &ret_report->puts);
    if (rc != 0)
        return store_fail(run.store, rc, err);
    fault_kill("applied");
    run_afterwards(&run);
    ret_report->seconds = (double)(clock_steady_ms() - run.steady_ms) / 1000.0;
    return report_write(ret_report, request);
}

void run_report_done(struct run_report *report)
{
    arena_free(report->arena);
    *report = (struct run_report){0};
}

/* --- looking without taking --- */

/* Answers for files itself and passes the rest on. */
struct look {
    struct pull pull; /* first: it is the context of the file functions */
    const struct lane_sink *sink;
};

static int look_columns(void *context, struct lane_stream *stream)
{
    const struct look *look = context;
    return look->sink->columns ? look->sink->columns(look->sink->context, stream) : 0;
}

static int look_record(void *context, const struct lane_record *record)
{
    const struct look *look = context;
    return look->sink->record ? look->sink->record(look->sink->context, record) : 0;
}

static int look_stream(void *context, const muster_stream *stream)
{
    const struct look *look = context;
    return look->sink->stream ? look->sink->stream(look->sink->context, stream) : 0;
}

static int look_field(void *context, const char *stream, const muster_field *field)
{
    const struct look *look = context;
    return look->sink->field ? look->sink->field(look->sink->context, stream, field) : 0;
}

static int run_look(const struct run_request *request, const struct lane_sink *sink,
                    int (*call)(struct lane *, const struct lane_sink *, struct lane_result *, struct err *),
                    struct err *err)
{
    static const char scratch[] = "/tmp"; /* nothing of it is kept, and there may be no state folder yet */
    static const struct lane_sink nothing;
    struct arena *arena TIDY(arena_free) = arena_new();
    struct files *files TIDY(files_free) = NULL;
    struct lane *lane TIDY(lane_stop) = NULL;
    int rc = arena ? files_open(request->connection, run_cancelled, (void *)(uintptr_t)request, &files, err) : -ENOMEM;
    if (rc == 0)
        rc = files_check(files, err);
    if (rc == 0)
        rc = run_lane(request, scratch, &lane, err);
    if (rc != 0)
        return rc;
    struct look look = {
        .pull = {.arena = arena, .files = files, .scratch_dir = scratch, .connection = request->connection},
        .sink = sink ? sink : &nothing};
    struct lane_sink all;
    struct lane_result result;
    pull_file_sink(&look.pull, &all);
    all.columns = look_columns;
    all.record = look_record;
    all.stream = look_stream;
    all.field = look_field;
    rc = call(lane, &all, &result, err);
    if (rc == 0 && result.rc < 0)
        rc = err_set(err, ERR_CONNECTOR, "%s", *result.text ? result.text : "the connector failed without a word");
    free(look.pull.fetched);
    return rc;
}

int run_check(const struct run_request *request, struct err *err)
{
    return run_look(request, NULL, lane_check, err);
}

int run_discover(const struct run_request *request, const struct lane_sink *sink, struct err *err)
{
    return run_look(request, sink, lane_discover, err);
}
