/* plan_again - a plan whose store has moved: its records are decided once more, and only who would become just what the
 * plan showed is taken.
 *
 * The records come from the plan, no source is asked. What a person was shown
 * of each is compared with what would be now, as text; who differs is left
 * out, and it is decided again, until nobody does. That the pull took place
 * is not noted: the next one looks at the same source again. */
#include "acts/plan_inside.h"

#include "acts/plan_view.h"
#include "base/clock.h"
#include "base/digest.h"
#include "base/fault.h"
#include "base/mem.h"
#include "engine/running.h"
#include "store/changeset.h"
#include "store/overlay.h"
#include "tables/hold.h"

#include <errno.h>
#include <string.h>

enum { TURNS_MAX = 20 };

struct again {
    const struct run_request *request;
    const struct plan *plan;
    struct plan_view *view;  /* of the plan, over the store as it is now */
    struct numbers shown;    /* who → what was shown of them; digests */
    struct numbers left_out; /* records that are not proposed; hold_record() */
    struct numbers met;      /* of `shown`: would become just that */
    bool dropped;            /* in this turn */
    bool besides;            /* something would change that the plan did not show and that none of its records brings */
    struct buffer text, name, sealed;
};

static void again_done(struct again *again)
{
    plan_view_close(again->view);
    numbers_done(&again->shown);
    numbers_done(&again->left_out);
    numbers_done(&again->met);
    buffer_done(&again->text);
    buffer_done(&again->name);
    buffer_done(&again->sealed);
}

/* --- proposing --- */

/* The protected values that the plan brings for a record, in plain, as a spooled row has them. */
static int sealed_values(struct again *again, const struct vault *vault, const struct source *record)
{
    struct buffer plain __attribute__((cleanup(buffer_done))) = {0};
    uint64_t be = __builtin_bswap64(record->sections[0].seed);
    struct bytes row;
    int rc = record->count > 0 ? overlay_get(again->view->overlay, TABLE_vault, bytes(&be, sizeof(be)), &row) : 0;
    if (rc != 1 || !row.data)
        return rc < 0 ? rc : 0; /* what is sealed in the store stays */
    for (uint16_t s = 0; s < record->count; s++)
        for (uint16_t n = 0; n < image_count(record->sections[s].image); n++) {
            uint16_t field;
            struct value value = image_nth(record->sections[s].image, n, &field);
            if (!(value.flags & VALUE_SEALED) || value.len != DIGEST_KEYED)
                continue;
            buffer_clear(&plain);
            rc = vault_reveal(vault, row, (const uint8_t *)value.bytes, &plain);
            if (rc != 0 && rc != ERR_GONE)
                return rc;
            uint32_t len = (uint32_t)plain.len;
            if (rc == ERR_GONE)
                continue;
            buffer_add(&again->sealed, value.bytes, value.len);
            buffer_add(&again->sealed, &len, sizeof(len));
            buffer_add(&again->sealed, plain.data ? plain.data : "", plain.len);
            if (plain.data)
                explicit_bzero(plain.data, plain.len);
        }
    return again->sealed.rc;
}

static int record_propose(struct again *again, struct match *match, const struct changeset_row *row)
{
    struct source *record = again->view->query->record;
    uint64_t known = hold_record(row->key);
    if (row->goes || numbers_get(&again->left_out, known))
        return 0;
    if (!changeset_stands(match->snapshot, TABLE_source, row))
        return numbers_set(&again->left_out, known, 1); /* its source, or a person, has said something else since */
    if (!source_read(row->value, record))
        return ERR_CORRUPT;
    enum staged_what what = record->state == SOURCE_MISSING ? STAGED_MISSING
                            : record->state == SOURCE_GONE  ? STAGED_GONE
                                                            : STAGED_CHANGED;
    buffer_clear(&again->sealed);
    int rc = what == STAGED_CHANGED ? sealed_values(again, match->stage->vault, record) : 0;
    overlay_clear(again->view->overlay);
    return rc ? rc
              : stage_propose(match->stage, row->key, what, row->value,
                              bytes(again->sealed.data ? again->sealed.data : "", again->sealed.len));
}

static int again_state(void *context, struct match *match, struct err *err)
{
    struct again *again = context;
    struct changeset_row row;
    int rc = changeset_rewind(again->plan->changeset, TABLE_source);
    (void)err;
    while (rc == 0 && (rc = changeset_next(again->plan->changeset, TABLE_source, &row)) == 1)
        rc = record_propose(again, match, &row);
    return rc;
}

/* --- what is shown of somebody --- */

struct writing {
    struct again *again;
    struct plan_view *view;
};

static void value_write(struct plan_view *view, const struct field *field, struct value value, struct buffer *out)
{
    buffer_format(out, "|%d|", (int)value.presence);
    if (value.flags & VALUE_SEALED)
        buffer_add(out, value.bytes, value.len);
    else
        query_value(view->query, NULL, field, value, out);
}

static int change_write(void *context, const struct planned_change *change)
{
    struct writing *writing = context;
    struct buffer *out = &writing->again->text;
    buffer_format(out, "%s %d %s", kind_name(change->kind), (int)change->op, change->field ? change->field->name : "");
    if (change->field) {
        value_write(writing->view, change->field, change->was, out);
        value_write(writing->view, change->field, change->is, out);
    }
    buffer_byte(out, '\n');
    return out->rc;
}

/* Who it is, by their records, and what happens to them. */
static int planned_digest(struct again *again, struct plan_view *view, const struct planned *planned, uint64_t *ret_who,
                          uint64_t *ret_what)
{
    struct writing writing = {again, view};
    buffer_clear(&again->name);
    buffer_clear(&again->text);
    if (!entity_get(&view->query->txn, planned->kind, planned->id, view->entity))
        return view->query->txn.rc ? view->query->txn.rc : ERR_CORRUPT;
    buffer_format(&again->name, "%s", kind_name(planned->kind));
    for (uint16_t n = 0; n < view->entity->member_count; n++) {
        buffer_byte(&again->name, ' ');
        query_record(view->query, planned->kind, &view->entity->members[n], &again->name);
    }
    int rc = planned_changes(view, planned, change_write, &writing);
    if (rc != 0 || again->name.rc != 0 || again->text.rc != 0)
        return rc ? rc : again->name.rc ? again->name.rc : again->text.rc;
    *ret_who = digest_fast(again->name.data, again->name.len) | 1;
    *ret_what = digest_fast(again->text.data ? again->text.data : "", again->text.len);
    return 0;
}

static int view_each(struct again *again, struct plan_view *view,
                     int (*each)(struct again *again, struct plan_view *view, const struct planned *planned))
{
    struct planned planned;
    int rc = plan_view_rewind(view);
    while (rc == 0 && (rc = plan_view_next(view, &planned)) == 1)
        rc = each(again, view, &planned);
    return rc;
}

static int shown_note(struct again *again, struct plan_view *view, const struct planned *planned)
{
    uint64_t who, what;
    int rc = planned_digest(again, view, planned, &who, &what);
    return rc ? rc : numbers_set(&again->shown, who, what);
}

/* Leaves out all records of somebody that the plan proposes. *ret_any: there were some. */
static int records_leave_out(struct again *again, struct plan_view *view, const struct planned *planned, bool *ret_any)
{
    struct buffer key __attribute__((cleanup(buffer_done))) = {0};
    *ret_any = false;
    if (!entity_get(&view->query->txn, planned->kind, planned->id, view->entity))
        return ERR_CORRUPT;
    for (uint16_t n = 0; n < view->entity->member_count; n++) {
        const struct member *member = &view->entity->members[n];
        struct bytes row;
        buffer_clear(&key);
        source_key(member->stream, member->id.data, member->id.len, &key);
        if (key.rc != 0)
            return key.rc;
        struct bytes at = bytes(key.data, key.len);
        int rc = overlay_get(again->view->overlay, TABLE_source, at, &row);
        if (rc < 0)
            return rc;
        if (rc == 0 || numbers_get(&again->left_out, hold_record(at)))
            continue;
        *ret_any = again->dropped = true;
        if ((rc = numbers_set(&again->left_out, hold_record(at), 1)) != 0)
            return rc;
    }
    return 0;
}

/* Somebody who would change now: as it was shown, or not at all. */
static int now_compare(struct again *again, struct plan_view *view, const struct planned *planned)
{
    uint64_t who, what;
    bool any;
    int rc = planned_digest(again, view, planned, &who, &what);
    if (rc != 0)
        return rc;
    const uint64_t *shown = numbers_get(&again->shown, who);
    if (shown && *shown == what)
        return numbers_set(&again->met, who, 1);
    rc = records_leave_out(again, view, planned, &any);
    again->besides |= rc == 0 && !any;
    return rc;
}

/* Somebody of the plan who would not become what it showed is left out, with all records. */
static int missed_leave_out(struct again *again, struct plan_view *view, const struct planned *planned)
{
    uint64_t who, what;
    bool any;
    int rc = planned_digest(again, view, planned, &who, &what);
    if (rc != 0 || numbers_get(&again->met, who))
        return rc;
    return records_leave_out(again, view, planned, &any);
}

/* --- deciding --- */

static int again_compare(struct again *again, struct run *run, struct err *err)
{
    struct plan now = {
        .number = again->plan->number, .connection = again->plan->connection, .changeset = run->changeset};
    struct plan_view *view __attribute__((cleanup(tidy_plan_view_close))) = NULL;
    again->dropped = again->besides = false;
    numbers_done(&again->met);
    int rc = plan_view_open(run->request->settings, run->request->organization, &now, &view, err);
    if (rc == 0)
        rc = view_each(again, view, now_compare);
    if (rc == 0)
        rc = view_each(again, again->view, missed_leave_out);
    return rc;
}

/* One turn: 1 when it was applied, 0 when somebody had to be left out first. */
static int again_turn(struct again *again, struct run_report *report, struct err *err)
{
    const struct plan *plan = again->plan;
    const struct act act = {.verb = "apply", .author = NULL, .state = again_state, .context = again};
    struct run run __attribute__((cleanup(run_done))) = {.lock = -1, .act = &act};
    int rc = run_begin(&run, again->request, report, err);
    if (rc != 0)
        return rc;
    run.now_ms = plan->made_ms; /* as of then */
    run.today = zone_day(run.zone, run.now_ms);
    run.rules_changed = false;
    report->plan = plan->number;
    uint64_t shown = again->shown.count;
    rc = run_decide(&run);
    if (rc == 0)
        rc = again_compare(again, &run, err);
    if (rc != 0)
        return err && err->rc ? rc : store_fail(run.store, rc, err);
    if (again->dropped)
        return 0;
    if (again->besides)
        return plan_moved(plan, run.request->organization->id,
                          "what is stored has changed so that it would lead to something else", err);
    report->left_out = shown - again->met.count;
    rc = changeset_apply(run.changeset, &report->puts);
    if (rc != 0)
        return store_fail(run.store, rc, err);
    fault_kill("applied");
    report->outcome = report_worse(report->outcome, report->left_out ? OUTCOME_PARTIAL : OUTCOME_SUCCEEDED);
    report->seconds = (double)(clock_steady_ms() - run.steady_ms) / 1000.0;
    report_update(report, run.request);
    return 1;
}

/* The same connection must not have been asked since, nor a name have got a number that the plan gave to another. */
static int store_may(struct txn *txn, const struct plan *plan, const char *organization, struct err *err)
{
    enum { RUN = 0, DICT = PLAN_COUNTERS - 1 };
    struct arena *arena TIDY(arena_free) = arena_new();
    uint64_t counters[PLAN_COUNTERS];
    plan_counters(txn, counters);
    for (size_t i = 0; arena && i < plan->strand_count; i++) {
        struct checkpoint checkpoint;
        if (checkpoint_get(txn, plan->strands[i].stream, arena, &checkpoint) && checkpoint.run > plan->counters[RUN])
            return plan_moved(plan, organization, "its connection has been synced", err);
    }
    if (changeset_rows(plan->changeset, TABLE_dict) > 0 && counters[DICT] != plan->counters[DICT])
        return plan_moved(plan, organization, "another run has brought streams or columns that are new in it, too",
                          err);
    return arena ? txn->rc : -ENOMEM;
}

static int again_may(struct again *again, struct err *err)
{
    struct txn *txn = &again->view->query->txn;
    txn->over = NULL; /* what stands there, not what would */
    int rc = store_may(txn, again->plan, again->view->query->organization->id, err);
    txn->over = again->view->overlay;
    return rc;
}

int plan_apply_again(const struct run_request *request, const struct plan_folder *folder, struct plan *plan,
                     struct err *err)
{
    struct again again __attribute__((cleanup(again_done))) = {.request = request, .plan = plan};
    struct run_report report __attribute__((cleanup(run_report_done))) = {0};
    const char *place = plan_folder_place(folder, plan->number);
    int rc = place ? changeset_open(NULL, place, folder->key, &plan->changeset) : -ENOMEM;
    if (rc != 0)
        return plan_refused(folder, plan->number, rc, err);
    rc = plan_view_open(request->settings, request->organization, plan, &again.view, err);
    if (rc == 0)
        rc = again_may(&again, err);
    if (rc == 0)
        rc = view_each(&again, again.view, shown_note);
    for (int turn = 0; rc == 0; turn++) {
        if (turn == TURNS_MAX)
            rc = plan_moved(plan, request->organization->id, "too much of it has moved", err);
        run_report_done(&report);
        if (rc == 0)
            rc = again_turn(&again, &report, err);
    }
    if (rc != 1)
        return rc;
    plan->state = PLAN_APPLIED;
    plan->applied_ms = clock_now_ms();
    plan->report.run = report.run;
    plan_stub(folder, plan);
    struct plan applied = {.number = plan->number,
                           .state = plan->state,
                           .connection = arena_text(report.arena, plan->connection),
                           .made_ms = plan->made_ms,
                           .expires_ms = plan->expires_ms,
                           .applied_ms = plan->applied_ms,
                           .left_out = report.left_out,
                           .report = report};
    report = (struct run_report){0};
    plan_view_close(TAKE(again.view)); /* it looks into the plan's rows */
    plan_done(plan);
    *plan = applied;
    return applied.connection ? 0 : -ENOMEM;
}
