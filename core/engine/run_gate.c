/* run_gate - which changes of a run are held: what was held before and still is proposed, what people have said of it,
 * and the safeguards' word on all that passes.
 *
 * Judged per stream of a partition against its people and what went through
 * lately. What was held stays held until somebody decides, the source takes it
 * back, or the safeguard is switched off. */
#include "engine/running.h"

#include "base/date.h"
#include "base/mem.h"
#include "engine/proposal.h"
#include "logic/reason.h"
#include "logic/safeguard.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

static const enum gate judged[] = {GATE_DEACTIVATE, GATE_UPDATE, GATE_REKEY, GATE_EMAIL, GATE_MANAGER};
enum { JUDGED = sizeof(judged) / sizeof(judged[0]) };

static bool gate_judged(enum gate gate)
{
    return gate >= GATE_DEACTIVATE && gate <= GATE_MANAGER;
}

static const struct safeguard *run_safeguard(const struct run *run, enum gate gate)
{
    return gate_safeguard(run->request->connection, gate);
}

static bool gate_open(const struct run *run, enum gate gate)
{
    return !safeguard_looks(run_safeguard(run, gate), run->today_text, run->now_ms);
}

/* --- what people have said --- */

static bool hold_allowed(struct run *run, uint64_t key)
{
    return numbers_get(&run->gates.allowed, key) != NULL ||
           statement_stands(&run->standing, key, STATEMENT_APPROVE, NULL);
}

static bool hold_rejected(struct run *run, uint64_t key)
{
    return statement_stands(&run->standing, key, STATEMENT_REJECT, NULL);
}

/* --- before anything is compared --- */

/* What was held of a record before: it is still held when the same is proposed again. */
static int hold_again(struct run *run, const struct proposal *proposal)
{
    for (size_t i = 0; i < proposal->hold_count; i++) {
        struct hold hold = proposal->holds[i];
        if (run->request->allow_held && proposal->run <= run->request->allow_held) {
            int rc = numbers_set(&run->gates.allowed, hold.key, 1);
            if (rc != 0)
                return rc;
            continue;
        }
        hold.quiet = hold_rejected(run, hold.key);
        if (!hold.quiet && (!gate_judged(hold.gate) || hold_allowed(run, hold.key) || gate_open(run, hold.gate)))
            continue;
        hold.expected = hold.key;
        int rc = holds_add(&run->holds, &hold, NULL);
        if (rc != 0)
            return rc;
    }
    return 0;
}

static int strand_holds(struct run *run, struct strand *strand)
{
    struct cursor cursor __attribute__((cleanup(tidy_cursor)));
    struct proposal *proposal __attribute__((cleanup(tidy_free))) = mem_new(1, sizeof(*proposal));
    uint32_t be = __builtin_bswap32(strand->pull.stream);
    struct bytes prefix = bytes(&be, sizeof(be));
    int rc = proposal ? 0 : -ENOMEM;
    cursor_open(&cursor, &run->snapshot, TABLE_held);
    for (bool there = cursor_seek(&cursor, prefix); there && rc == 0 && cursor_has_prefix(&cursor, prefix);
         there = cursor_next(&cursor))
        rc = proposal_read(cursor.key, cursor.value, proposal) ? hold_again(run, proposal) : ERR_CORRUPT;
    return rc ? rc : run->snapshot.rc;
}

bool strand_tally(const struct strand *strand, struct tally *ret_tally)
{
    return tally_read(strand->pull.before.tally.data, strand->pull.before.tally.len, ret_tally);
}

int run_gates_begin(struct run *run)
{
    const struct connection *connection = run->request->connection;
    date_write(date_from_days(run->today), run->today_text);
    int rc = statements_init(&run->standing, &run->snapshot, run->changeset, run->report->run, run->now_ms);
    if (rc != 0 || !connection || run->act)
        return rc;
    for (size_t i = 0; i < JUDGED; i++)
        run->gates.watched |= gate_safeguard(connection, judged[i])->set ? 1u << judged[i] : 0;
    bool any = txn_count(&run->snapshot, TABLE_held) > 0;
    for (size_t i = 0; i < run->strand_count; i++) {
        struct strand *strand = &run->strands[i];
        struct tally tally;
        if (!strand_tally(strand, &tally))
            return ERR_CORRUPT;
        strand->waits_pulled = strand->waits.count;
        rc = any && (strand_stages(strand) || strand_awaits(run, strand)) ? strand_holds(run, strand) : 0;
        if (rc != 0)
            return rc;
    }
    return run->snapshot.rc;
}

/* --- how much is how much --- */

/* The people of a stream, those among whom somebody leaves or changes. */
static uint64_t strand_people(const struct strand *strand, enum gate gate)
{
    const struct stage_count *count = &strand->count;
    if (!strand->compared)
        return strand->pull.had_checkpoint ? strand->pull.before.people : 0;
    uint64_t people = count->population;
    if (gate == GATE_DEACTIVATE)
        people += count->waiting + count->gone_lately;
    return gate != GATE_DEACTIVATE && count->distinct > people ? count->distinct : people;
}

static struct safeguard_case strand_case(const struct run *run, const struct strand *strand, enum gate gate)
{
    struct safeguard_case at = {.today = run->today_text, .now_ms = run->now_ms};
    const struct safeguard *safeguard = run_safeguard(run, gate);
    for (size_t i = 0; i < run->strand_count; i++) {
        const struct strand *other = &run->strands[i];
        if (other != strand && !safeguard->of_connection)
            continue;
        at.population += strand_people(other, gate);
        at.lately += tally_stored_sum(other->pull.before.tally.data, other->pull.before.tally.len, gate,
                                      run->now_ms - safeguard->window_ms);
        at.lately += gate == GATE_DEACTIVATE && other->compared ? other->count.gone_lately : 0;
        at.going += other->fresh[gate] + other->pending[gate];
        at.going += gate == GATE_DEACTIVATE ? other->going : 0; /* those that are missing, held ones among them */
    }
    return at;
}

/* --- who is missing --- */

static uint64_t removal_key(uint64_t record)
{
    return hold_key(GATE_DEACTIVATE, record, KIND_NONE, 0, NULL, 0);
}

bool run_counts_gone(void *context, struct bytes key)
{
    struct run *run = context;
    return !statement_stands(&run->standing, removal_key(hold_record(key)), STATEMENT_APPROVE, NULL);
}

enum removal { UNDECIDED, ALLOWED, REJECTED, PENDING };

static enum removal removal_verdict(struct run *run, struct bytes key)
{
    uint64_t record = hold_record(key), is = removal_key(record);
    if (hold_rejected(run, is))
        return REJECTED;
    if (hold_allowed(run, is))
        return ALLOWED;
    for (const struct hold *hold = holds_first(&run->holds, record); hold; hold = holds_next(&run->holds, hold))
        if (hold->field == 0 && hold->expected == is)
            return PENDING;
    return UNDECIDED;
}

/* What is said of each that is missing, and how many of them the safeguard looks at. */
static int removals_look(struct run *run, struct strand *strand)
{
    bool ignored = run->request->connection->on_missing == MISSING_IGNORE; /* noted, but nobody goes */
    bool said = run->holds.count > 0 || run->gates.allowed.count > 0 || run->standing.persons;
    strand->verdicts = mem_new(strand->missing.count + 1, 1);
    strand->going = ignored ? 0 : strand->missing.count;
    if (!strand->verdicts)
        return -ENOMEM;
    for (size_t i = 0; i < strand->missing.count && (said || ignored); i++) {
        struct staged staged;
        int rc = ignored ? 0 : stage_read(&run->stage, strand->missing.places[i], 0, &staged);
        if (rc != 0)
            return rc;
        strand->verdicts[i] = ignored ? ALLOWED : (uint8_t)removal_verdict(run, staged.key);
        strand->going -= !ignored && (strand->verdicts[i] == ALLOWED || strand->verdicts[i] == REJECTED);
    }
    return 0;
}

/* Else it was missing already, in its time of grace. */
static bool record_present(struct run *run, struct bytes key)
{
    struct bytes stored;
    return txn_get(&run->snapshot, TABLE_source, key, &stored) && source_read(stored, &run->stage.old) &&
           run->stage.old.state == SOURCE_PRESENT;
}

static int removal_hold(struct run *run, struct strand *strand, size_t nth, bool quiet, const char *reason)
{
    struct staged staged;
    int rc = stage_read(&run->stage, strand->missing.places[nth], 0, &staged);
    if (rc != 0)
        return rc;
    uint64_t record = hold_record(staged.key);
    struct hold hold = {.record = record, .gate = gate_of_reason(reason)};
    rc = holds_add(&run->holds, &hold, NULL);
    for (struct hold *at = rc ? NULL : holds_first(&run->holds, record); at; at = holds_next(&run->holds, at))
        if (at->gate == hold.gate && at->field == 0) {
            at->kept = true;
            at->quiet = quiet;
            at->key = removal_key(record);
        }
    return rc ? rc : stage_withheld(&run->stage, strand->missing.places[nth]);
}

static int removal_release(struct run *run, struct strand *strand, size_t nth, bool counts)
{
    struct staged staged;
    int rc = stage_read(&run->stage, strand->missing.places[nth], 0, &staged);
    if (rc != 0)
        return rc;
    strand->let_go++;
    strand->removed += counts;
    strand->were_present += record_present(run, staged.key);
    return stage_release(&run->stage, &strand->missing, nth);
}

/* Lets the missing go, or holds them one by one. */
static int removals_decide(struct run *run, struct strand *strand)
{
    struct safeguard_case at = strand_case(run, strand, GATE_DEACTIVATE);
    at.seen = strand->count.distinct;
    at.rows_without_id = strand->without_id;
    const char *reason = safeguard_judge(run_safeguard(run, GATE_DEACTIVATE), &at);
    if (!reason && strand->tripped & 1u << GATE_DEACTIVATE)
        reason = REASON_CODE(safeguard_deactivate);
    int rc = 0;
    for (size_t i = 0; i < strand->missing.count && rc == 0; i++) {
        enum removal verdict = (enum removal)strand->verdicts[i];
        if (verdict == ALLOWED || (verdict == UNDECIDED && !reason))
            rc = removal_release(run, strand, i, verdict == UNDECIDED);
        else
            rc = removal_hold(run, strand, i, verdict == REJECTED, reason ? reason : REASON_CODE(safeguard_deactivate));
    }
    return rc;
}

/* A unit that no row names any more goes, too, unless a row that was not understood or is held might still name it. */
static int units_decide(struct run *run, struct strand *strand)
{
    const struct map *map = strand->pull.map;
    bool doubt = run->stage.held_count > 0 || map_count(map)->rejected_without_id > 0 || map_unknown_kinds(map) != 0;
    return doubt ? 0 : stage_release_units(&run->stage, &strand->missing);
}

int run_removals(struct run *run)
{
    int rc = 0;
    for (size_t i = 0; i < run->strand_count && rc == 0; i++)
        if (run->strands[i].compared)
            rc = removals_look(run, &run->strands[i]);
    for (size_t i = 0; i < run->strand_count && rc == 0; i++)
        if (run->strands[i].compared)
            rc = removals_decide(run, &run->strands[i]);
    for (size_t i = 0; i < run->strand_count && rc == 0; i++)
        if (run->strands[i].compared)
            rc = units_decide(run, &run->strands[i]);
    return rc;
}

/* --- when all is decided --- */

/* What is held from before and still proposed counts, too: a source that lies in part is doubted as a whole. */
static int count_pending(struct run *run)
{
    for (size_t i = 0; i < run->stage.held_count; i++) {
        struct staged staged;
        int rc = stage_read(&run->stage, run->stage.held[i], 0, &staged);
        if (rc != 0)
            return rc;
        struct strand *strand = run_strand(run, source_key_stream(staged.key));
        const struct hold *hold = holds_first(&run->holds, hold_record(staged.key));
        for (; strand && hold; hold = holds_next(&run->holds, hold))
            if (hold->kept && !hold->quiet && (unsigned)hold->gate < TALLY_GATES && staged.what != STAGED_GONE &&
                staged.what != STAGED_MISSING)
                strand->pending[hold->gate]++;
    }
    return 0;
}

static int item_hold(struct run *run, const struct gate_item *item, bool quiet)
{
    struct hold hold = {.record = item->record,
                        .gate = (enum gate)item->gate,
                        .kind = (enum kind)item->kind,
                        .field = item->field,
                        .person = item->person,
                        .quiet = quiet};
    bool added;
    int rc = holds_add(&run->holds, &hold, &added);
    run->decide_again |= rc == 0 && added;
    return rc;
}

/* Each person once for each gate; they come in the order of persons. */
static int count_fresh(struct run *run)
{
    for (size_t i = 0; i < run->gates.count; i++) {
        const struct gate_item *item = &run->gates.items[i];
        struct strand *strand = run_strand(run, item->stream);
        if (!strand || hold_allowed(run, item->key))
            continue;
        if (hold_rejected(run, item->key)) {
            int rc = item_hold(run, item, true);
            if (rc != 0)
                return rc;
        } else if (strand->counted[item->gate] != item->person) {
            strand->counted[item->gate] = item->person;
            strand->fresh[item->gate]++;
        }
    }
    return 0;
}

static void strands_trip(struct run *run)
{
    for (size_t s = 0; s < run->strand_count; s++)
        for (size_t g = 0; g < JUDGED; g++) {
            struct strand *strand = &run->strands[s];
            enum gate gate = judged[g];
            uint64_t passing = strand->fresh[gate] + (gate == GATE_DEACTIVATE ? strand->removed : 0);
            if (!strand->compared || passing == 0 || strand->tripped & 1u << gate)
                continue;
            struct safeguard_case at = strand_case(run, strand, gate);
            if (!safeguard_trips(run_safeguard(run, gate), &at))
                continue;
            strand->tripped |= 1u << gate;
            run->decide_again |= gate == GATE_DEACTIVATE && strand->removed > 0;
        }
}

int run_gates_judge(struct run *run)
{
    run->decide_again = false;
    if (run->gates.rc != 0 || (run->gates.count == 0 && run->stage.held_count == 0))
        return run->gates.rc; /* nothing but removals, which were judged before */
    int rc = count_pending(run);
    if (rc == 0)
        rc = count_fresh(run);
    if (rc != 0)
        return rc;
    strands_trip(run);
    for (size_t i = 0; i < run->gates.count && rc == 0; i++) {
        const struct gate_item *item = &run->gates.items[i];
        const struct strand *strand = run_strand(run, item->stream);
        if (strand && strand->tripped & 1u << item->gate && !hold_allowed(run, item->key))
            rc = item_hold(run, item, false);
    }
    return rc;
}

/* --- why, in figures --- */

static const char *held_at(struct run *run, const struct strand *strand, enum gate gate)
{
    const char *why = reason_text(gate_reason(gate)), *figures = NULL;
    if (run->act || !run->request->connection)
        return why; /* no source was asked: how many it would be is not known */
    struct safeguard_case at = strand_case(run, strand, gate_judged(gate) ? gate : GATE_DEACTIVATE);
    if (gate_judged(gate))
        return gate_why(run->request->connection, gate, &at, run->arena);
    if (gate == GATE_EMPTY)
        figures = arena_format(run->arena, "%s: %lu would go", why, (unsigned long)at.going);
    if (gate == GATE_NO_ID)
        figures = arena_format(run->arena, "%s: rows without one: %lu, missing: %lu", why,
                               (unsigned long)strand->without_id, (unsigned long)at.going);
    return figures ? figures : why;
}

const char *run_held_why(struct run *run, const struct strand *strand)
{
    const char *all = NULL;
    for (unsigned gate = GATE_NONE + 1; gate < GATE_COUNT; gate++) {
        if (!(strand->held & 1u << gate))
            continue;
        const char *why = held_at(run, strand, (enum gate)gate);
        const char *both = all ? arena_format(run->arena, "%s; %s", all, why) : why;
        all = both ? both : all;
    }
    return all ? all : "";
}

/* --- once more --- */

int run_gates_again(struct run *run)
{
    changeset_free(TAKE(run->changeset));
    match_done(&run->match);
    stage_done(&run->stage);
    memset(&run->match, 0, sizeof(run->match));
    memset(&run->stage, 0, sizeof(run->stage));
    gates_again(&run->gates);
    for (size_t i = 0; i < run->holds.count; i++)
        run->holds.items[i].kept = false;
    for (size_t i = 0; i < run->strand_count; i++) {
        struct strand *strand = &run->strands[i];
        wait_cut(&strand->waits, strand->waits_pulled);
        stage_missing_done(&strand->missing);
        free(TAKE(strand->verdicts));
        strand->count = (struct stage_count){0};
        strand->compared = strand->awaited = strand->look_again = false;
        strand->held = 0;
        strand->let_go = strand->were_present = strand->removed = strand->going = 0;
        memset(strand->fresh, 0, sizeof(strand->fresh));
        memset(strand->pending, 0, sizeof(strand->pending));
        memset(strand->counted, 0, sizeof(strand->counted));
    }
    return changeset_new_at(run->store, run->changeset_path, &run->changeset);
}

void run_gates_done(struct run *run)
{
    for (size_t i = 0; i < run->strand_count; i++)
        free(TAKE(run->strands[i].verdicts));
    statements_done(&run->standing);
    gates_done(&run->gates);
    holds_done(&run->holds);
}
