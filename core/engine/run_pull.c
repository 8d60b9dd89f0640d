/* run_pull - partitions, a strand for each of their streams, and what came of its pull. */
#include "engine/running.h"

#include "base/mem.h"
#include "engine/wanted.h"
#include "logic/reason.h"
#include "store/dict.h"

#include <errno.h>
#include <string.h>

static int partition_add(void *context, const char *id, const char *label, const char *locator)
{
    struct run *run = context;
    int rc = mem_grow(&run->partitions, run->partition_count, &run->partition_room, sizeof(*run->partitions));
    if (rc != 0)
        return rc;
    struct partition partition = {.id = arena_text(run->arena, id),
                                  .label = arena_text(run->arena, label ? label : id),
                                  .locator = arena_text(run->arena, locator ? locator : "")};
    if (!partition.id || !partition.label || !partition.locator)
        return -ENOMEM;
    run->partitions[run->partition_count++] = partition;
    return 0;
}

static bool is_named(const struct run *run, const char *partition)
{
    for (size_t p = 0; p < run->partition_count; p++)
        if (strcmp(run->partitions[p].id, partition) == 0)
            return true;
    return false;
}

static bool is_mapped(const struct connection *connection, const char *stream)
{
    for (size_t m = 0; connection->mappings && connection->mappings[m]; m++)
        if (strcmp(connection->mappings[m]->stream, stream) == 0)
            return true;
    return false;
}

/* Whether anything that the source said there is not gone. `record` is scratch; failures stay in the transaction. */
static bool is_inhabited(struct txn *txn, uint32_t stream, struct source *record)
{
    struct cursor cursor __attribute__((cleanup(tidy_cursor)));
    TIDY_DONE(buffer_done) struct buffer prefix = {0};
    source_key(stream, "", 0, &prefix);
    txn->rc = txn->rc ? txn->rc : prefix.rc;
    cursor_open(&cursor, txn, TABLE_source);
    struct bytes key = bytes(prefix.data, prefix.len);
    for (bool there = cursor_seek(&cursor, key); there && cursor_has_prefix(&cursor, key);
         there = cursor_next(&cursor)) {
        struct bytes id = source_key_id(cursor.key);
        bool of_reference = id.len >= sizeof(SOURCE_UNIT_PREFIX) - 1 &&
                            memcmp(id.data, SOURCE_UNIT_PREFIX, sizeof(SOURCE_UNIT_PREFIX) - 1) == 0;
        if (!of_reference && source_read(cursor.value, record) && record->state != SOURCE_GONE)
            return true;
    }
    return false;
}

/* Adds what the store knows of besides those that were named. `unlisted`: only where somebody is still known from, and
 * marked so. */
static int partitions_known(struct run *run, bool unlisted)
{
    const struct connection *connection = run->request->connection;
    struct txn txn __attribute__((cleanup(tidy_txn))) = {0};
    struct streams streams __attribute__((cleanup(streams_done))) = {0};
    TIDY(free) struct source *record = mem_new(1, sizeof(*record));
    txn_begin(&txn, run->store, false);
    int rc = record ? streams_load(run->request->organization, &txn, &streams) : -ENOMEM;
    for (size_t i = 0; rc == 0 && i < streams.count; i++) {
        const struct stream_name *stream = &streams.items[i];
        if (stream->connection != connection || is_named(run, stream->partition))
            continue;
        if (unlisted && (!is_mapped(connection, stream->stream) || !is_inhabited(&txn, stream->number, record)))
            continue;
        rc = partition_add(run, stream->partition, stream->partition, "");
        if (rc == 0)
            run->partitions[run->partition_count - 1].unlisted = unlisted;
    }
    return rc ? rc : txn.rc;
}

int run_partitions(struct run *run)
{
    if (!lane_description(run->lane)->partitions)
        return partition_add(run, "main", "main", "");
    struct pull asks = {.arena = run->arena, .files = run->files, .http = run->http, .scratch_dir = run->dir};
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
    if (rc != 0 || result.claim != CLAIM_COMPLETE || run->partition_count == 0 || run->request->wanted)
        return rc;
    return partitions_known(run, true);
}

int run_kept_partitions(struct run *run)
{
    const struct run_request *request = run->request;
    int rc = partitions_known(run, false);
    if (rc == 0 && run->partition_count == 0)
        rc =
            err_set(run->err, ERR_UNKNOWN, "nothing of connection '%s' is kept yet: `muster sync %s %s` reads it first",
                    request->connection->name, request->organization->id, request->connection->name);
    return rc;
}

/* The numbers of all streams of all partitions, those that are new in one transaction. */
static int strands_number(struct run *run)
{
    size_t count = run->strand_count;
    TIDY(free) const char **names = mem_new(count + 1, sizeof(*names));
    TIDY(free) uint32_t *numbers = mem_new(count + 1, sizeof(*numbers));
    TIDY(arena_free) struct arena *arena = arena_new();
    int rc = names && numbers && arena ? 0 : -ENOMEM;
    for (size_t i = 0; i < count && rc == 0; i++) {
        const struct pull *pull = &run->strands[i].pull;
        names[i] = streams_entry(arena, pull->connection->name, pull->partition, pull->mapping->stream);
        rc = names[i] ? 0 : -ENOMEM;
    }
    if (rc == 0)
        rc = dict_numbers(run->store, names, count, numbers);
    for (size_t i = 0; i < count && rc == 0; i++)
        run->strands[i].pull.stream = numbers[i];
    return rc;
}

/* A partition that is set aside is not asked: what was known of it stays, and counts. */
static int strand_aside(struct run *run, struct txn *txn, struct strand *strand)
{
    struct pull *pull = &strand->pull;
    struct err why = {0};
    int rc = run_partition_allowed(run, txn, pull->partition, &why);
    if (rc != 0)
        err_set(pull_opens(pull), rc, "%s", why.text);
    if (rc == ERR_PAUSED)
        pull->had_checkpoint = checkpoint_get(txn, pull->stream, pull->arena, &pull->before);
    return rc == ERR_PAUSED ? txn->rc : rc;
}

/* What those that are set aside are, and whose files are looked at. */
static int strands_look(struct run *run)
{
    struct txn txn __attribute__((cleanup(tidy_txn))) = {0};
    int rc = 0;
    txn_begin(&txn, run->store, false);
    for (size_t i = 0; i < run->strand_count && rc == 0; i++) {
        if (run->pickup)
            rc = pickup_stream(run->pickup, run->strands[i].pull.stream);
        if (rc == 0 && run->partition_count > 1 && !run->request->kept && !run->strands[i].pull.unlisted)
            rc = strand_aside(run, &txn, &run->strands[i]);
    }
    return rc;
}

static void strand_init(struct run *run, struct strand *strand, const struct partition *partition)
{
    const struct connection *connection = run->request->connection;
    wait_list_init(&strand->waits);
    strand->pull = (struct pull){.arena = run->arena,
                                 .store = run->store,
                                 .files = run->files,
                                 .http = run->http,
                                 .pickup = run->pickup,
                                 .spill = run->spill,
                                 .scratch_dir = run->dir,
                                 .organization = run->request->organization->id,
                                 .connection = connection,
                                 .mapping = connection->mappings[strand->nth],
                                 .partition = partition->id,
                                 .label = partition->label,
                                 .locator = partition->locator,
                                 .run = run->report->run,
                                 .full = run->request->full,
                                 .wanted = run->request->wanted,
                                 .unlisted = partition->unlisted,
                                 .cassette = run->request->cassette,
                                 .warm = run->request->warm,
                                 .zone = run->zone,
                                 .vault = &run->vault,
                                 .settings = run->request->settings,
                                 .waits = &strand->waits,
                                 .progress = run->request->progress,
                                 .context = run->request->context};
}

int run_strands(struct run *run)
{
    const struct connection *connection = run->request->connection;
    size_t mappings = 0;
    while (connection->mappings && connection->mappings[mappings])
        mappings++;
    run->strands = mem_new(run->partition_count * mappings + 1, sizeof(*run->strands));
    run->report->partitions = arena_get(run->arena, (run->partition_count + 1) * sizeof(*run->report->partitions));
    if (!run->strands || !run->report->partitions)
        return -ENOMEM;
    int rc = run->partition_count > 1 ? spill_new(run->dir, &run->spill) : 0; /* one file for all of them */
    if (rc != 0)
        return rc;
    for (size_t p = 0; p < run->partition_count; p++) {
        const struct partition *partition = &run->partitions[p];
        if (run->request->partition && strcmp(run->request->partition, partition->id) != 0)
            continue;
        struct run_partition *report = &run->report->partitions[run->report->partition_count];
        *report = (struct run_partition){partition->id, OUTCOME_SUCCEEDED, "complete", "", NULL, 0, NULL};
        report->streams = arena_get(run->arena, (mappings + 1) * sizeof(*report->streams));
        if (!report->streams)
            return -ENOMEM;
        for (size_t m = 0; m < mappings; m++) {
            if (!run_wants(run->request, connection->mappings[m]->stream) ||
                (run->request->wanted && !wanted_concerns(connection->mappings[m])))
                continue;
            struct strand *strand = &run->strands[run->strand_count++];
            strand->partition = run->report->partition_count;
            strand->nth = report->stream_count++;
            report->streams[strand->nth] =
                (struct run_stream){connection->mappings[m]->stream, OUTCOME_SUCCEEDED, "complete", ""};
            strand_init(run, strand, partition);
        }
        run->report->partition_count++;
    }
    if (run->report->partition_count == 0)
        return err_set(run->err, ERR_UNKNOWN, "there is no partition '%s' in connection '%s'",
                       run->request->partition ? run->request->partition : "", connection->name);
    rc = strands_number(run);
    return rc ? rc : strands_look(run);
}

/* How little a claim says: of a partition's streams the one that says least counts. */
static unsigned claim_rank(const char *claim)
{
    static const char *const by_rank[] = {"changes", "partial", "failed"};
    for (unsigned n = 0; n < 3; n++)
        if (strcmp(claim, by_rank[n]) == 0)
            return n + 1;
    return 0;
}

void strand_outcome(struct run *run, const struct strand *strand, enum outcome outcome, const char *claim,
                    const char *reason)
{
    struct run_partition *partition = &run->report->partitions[strand->partition];
    struct run_stream *stream = &partition->streams[strand->nth];
    const char *kept = arena_text(run->arena, reason);
    unsigned rank = claim_rank(claim), before = claim_rank(partition->claim);
    bool tells = outcome > partition->outcome || (outcome == partition->outcome && !*partition->reason);
    kept = kept ? kept : "";
    if (outcome > stream->outcome || (outcome == stream->outcome && !*stream->reason)) {
        stream->reason = kept;
        stream->claim = claim;
    }
    if (tells)
        partition->reason = kept;
    if (rank > before || (rank == before && tells))
        partition->claim = claim;
    stream->outcome = report_worse(stream->outcome, outcome);
    partition->outcome = report_worse(partition->outcome, outcome);
}

void strand_adds(struct run *run, const struct strand *strand, enum outcome outcome, const char *reason)
{
    const struct run_partition *partition = &run->report->partitions[strand->partition];
    strand_outcome(run, strand, outcome, partition->streams[strand->nth].claim, reason);
}

/* What may not be read is told of each stream: none of it is worse than another. `claim` NULL: it stays. */
static void strand_lacks(struct run *run, const struct strand *strand, const char *claim, const char *reason)
{
    struct run_partition *partition = &run->report->partitions[strand->partition];
    const char *both = partition->outcome == OUTCOME_PARTIAL && *partition->reason
                           ? arena_format(run->arena, "%s; %s", partition->reason, reason)
                           : NULL;
    strand_outcome(run, strand, OUTCOME_PARTIAL, claim ? claim : partition->streams[strand->nth].claim, reason);
    if (both)
        partition->reason = both;
}

bool strand_of_people(const struct strand *strand)
{
    const struct mapping *mapping = strand->pull.mapping;
    return mapping->section_count > 0 && mapping->sections[0].kind == KIND_person;
}

/* What its connector's process did beside reading, or instead of it. */
static void strand_process(struct run *run, const struct strand *strand)
{
    struct run_partition *partition = &run->report->partitions[strand->partition];
    const char *tried = strand->pull.talk ? strand->pull.talk->result.tried : "";
    int rc = pull_rc(&strand->pull);
    const char *code = rc == ERR_CONNECTOR ? REASON_CODE(connector_failed)
                       : rc == ERR_TIMEOUT ? REASON_CODE(connector_hung)
                       : rc == ERR_LIMIT   ? REASON_CODE(connector_over_limit)
                                           : NULL;
    if (*tried) {
        code = REASON_CODE(connector_reached_out);
        const char *both =
            arena_format(run->arena, "%s%sconnector '%s' tried what it may not, which was refused: %s",
                         partition->reason, *partition->reason ? "; " : "", strand->pull.connection->connector, tried);
        if (both && !strstr(partition->reason, "tried what it may not"))
            partition->reason = both;
    }
    if (code && !partition->code)
        partition->code = code;
}

/* What a pull that came to its end, or did not, means for its partition. */
void strand_judge(struct run *run, struct strand *strand)
{
    const struct pull *pull = &strand->pull;
    const char *sentence = pull_sentence(pull), *why = pull->talk ? pull->talk->result.why : "";
    int rc = pull_rc(pull);
    if (rc == ERR_HELD)
        strand_outcome(run, strand, OUTCOME_HELD, "failed", sentence);
    else if (rc == ERR_CANCELLED || run_cancelled((void *)(uintptr_t)run->request))
        strand_outcome(run, strand, OUTCOME_CANCELLED, "failed", "cancelled; nothing of this pull was taken");
    else if (rc == ERR_UNREADY)
        strand_outcome(run, strand, OUTCOME_PARTIAL, "partial", sentence);
    else if (rc == ERR_PERMISSION && !strand_of_people(strand))
        strand_lacks(run, strand, "unchanged", sentence); /* what is known of it stays */
    else if (rc != 0)
        strand_outcome(run, strand, OUTCOME_FAILED, "failed", sentence);
    else if (pull->kept)
        strand_outcome(run, strand, OUTCOME_SUCCEEDED, "kept", "");
    else if (pull->wanted && (pull->same || map_count(pull->map)->wanted == 0))
        strand_outcome(run, strand, OUTCOME_SUCCEEDED, "changes",
                       pull->same ? "nothing can be asked of it now" : "it does not name this person");
    else if (pull->same)
        strand_outcome(run, strand, OUTCOME_SUCCEEDED, "unchanged", "");
    else if (pull->claim == CLAIM_COMPLETE)
        strand_outcome(run, strand, OUTCOME_SUCCEEDED, "complete", "");
    else if (pull->claim == CLAIM_CHANGES)
        strand_outcome(run, strand, OUTCOME_SUCCEEDED, "changes", "");
    else
        strand_outcome(run, strand, OUTCOME_PARTIAL, "partial",
                       *why ? why
                            : "the connector does not say that this is everybody: nobody is concluded to "
                              "be missing");
    if (rc == 0 && pull->lacking)
        strand_lacks(run, strand, NULL, pull->lacking);
    strand_process(run, strand);
}

bool strand_stages(const struct strand *strand)
{
    return pull_rc(&strand->pull) == 0 && !strand->pull.same;
}

bool strand_looked(const struct strand *strand)
{
    return strand->pull.map && map_blocked(strand->pull.map);
}

/* The whole run could not be: every partition says so. */
void run_failed(struct run *run)
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
        for (size_t s = 0; s < partition->stream_count; s++)
            partition->streams[s] =
                (struct run_stream){partition->streams[s].name, partition->outcome, "failed", partition->reason};
    }
}
