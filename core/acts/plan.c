/* plan - a run that was decided and not carried out. */
#include "acts/plan_inside.h"

#include "base/clock.h"
#include "base/date.h"
#include "base/digest.h"
#include "base/fault.h"
#include "base/mem.h"
#include "delivery/pushing.h"
#include "engine/home.h"
#include "engine/running.h"
#include "store/dict.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>

static const int64_t VALID_MS = 86400000;       /* a plan may be applied for a day */
static const int64_t TOLD_MS = 30 * 86400000LL; /* that it was is told for a month */

/* --- making --- */

static int file_digest(const char *path, uint8_t ret_digest[32])
{
    int fd __attribute__((cleanup(tidy_close))) = open(path, O_RDONLY | O_CLOEXEC);
    return fd < 0 ? -errno : digest_fd(fd, ret_digest);
}

/* What must still be the same when it is applied. */
static int plan_conditions(const struct run_request *request, const struct connection *connection, struct plan *plan)
{
    const char *digest = connectors_digest(request->connectors, connection->edition);
    plan->connector_digest = arena_text(plan->report.arena, digest ? digest : "");
    int rc = plan->connector_digest ? file_digest(request->organization->path, plan->organization_digest) : -ENOMEM;
    return rc;
}

/* Plans that are over lose their rows, those that were over long ago their file; but the newest, so that no number
 * comes twice. Gives the next number. */
static int folder_sweep(const struct plan_folder *folder, int64_t now_ms, uint32_t *ret_next, struct err *err)
{
    uint32_t *numbers;
    size_t count;
    int rc = store_make_dir(folder->path, 0750, err);
    rc = rc ? rc : plan_folder_list(folder, &numbers, &count);
    for (size_t i = 0; rc == 0 && i < count; i++) {
        struct plan plan __attribute__((cleanup(plan_done))) = {0};
        const char *place = plan_folder_place(folder, numbers[i]);
        if (!place)
            return -ENOMEM;
        if (plan_about(folder, numbers[i], &plan, NULL) != 0)
            continue; /* somebody may still want to look why */
        if (i + 1 < count && now_ms >= plan.expires_ms + TOLD_MS)
            rc = unlink(place) != 0 ? -errno : 0;
        else if (now_ms >= plan.expires_ms && plan.state == PLAN_OPEN)
            rc = plan_stub(folder, &plan);
    }
    if (rc == 0)
        *ret_next = (count > 0 ? numbers[count - 1] : 0) + 1;
    return rc;
}

static int plan_strand(const struct run *run, const struct strand *strand, struct plan_strand *ret_kept)
{
    const struct pull *pull = &strand->pull;
    *ret_kept = (struct plan_strand){.stream = pull->stream,
                                     .partition = (uint32_t)strand->partition,
                                     .compared = strand->compared,
                                     .look_again = strand->look_again,
                                     .same = pull->same,
                                     .files = pull->fetched,
                                     .file_count = pull->fetched_count};
    ret_kept->refused = arena_get(run->arena, (strand->waits.count + 1) * sizeof(*ret_kept->refused));
    for (size_t i = 0; ret_kept->refused && i < strand->waits.count; i++)
        if (strand->waits.items[i].type == WAIT_DEAD)
            ret_kept->refused[ret_kept->refused_count++] = strand->waits.items[i];
    return ret_kept->refused ? 0 : -ENOMEM;
}

/* They point into the run: only for writing. */
static int plan_strands(const struct run *run, struct plan *plan)
{
    struct plan_strand *strands = arena_get(run->arena, (run->strand_count + 1) * sizeof(*strands));
    int rc = strands ? 0 : -ENOMEM;
    for (size_t i = 0; i < run->strand_count && rc == 0; i++)
        rc = plan_strand(run, &run->strands[i], &strands[i]);
    plan->strands = strands;
    plan->strand_count = rc == 0 ? run->strand_count : 0;
    return rc;
}

/* Whether a sync would have brought anything: a pull that was taken, or that was the same as before. */
static bool run_brings(const struct run *run)
{
    if (run->report->outcome == OUTCOME_CANCELLED)
        return false;
    if (run->request->push)
        return changeset_rows(run->changeset, TABLE_delivery) > 0;
    for (size_t i = 0; i < run->strand_count; i++)
        if (run->strands[i].compared || (run->strands[i].pull.same && run->begin.rc == 0))
            return true;
    return false;
}

static int plan_keep(struct run *run, const struct plan_folder *folder, struct plan *plan)
{
    struct buffer about __attribute__((cleanup(buffer_done))) = {0};
    struct txn txn __attribute__((cleanup(tidy_txn)));
    txn_begin(&txn, run->store, false);
    plan_counters(&txn, plan->counters);
    int rc = txn_end(&txn);
    if (rc == 0)
        rc = plan_strands(run, plan);
    if (rc == 0)
        rc = dict_settle(run->store, run->changeset);
    const char *place = plan_folder_place(folder, plan->number);
    plan_write(plan, &about);
    plan->strands = NULL;
    plan->strand_count = 0;
    if (rc == 0)
        rc = about.rc ? about.rc : place ? 0 : -ENOMEM;
    if (rc == 0)
        rc = changeset_save(run->changeset, place, folder->key, bytes(about.data, about.len));
    if (rc == 0)
        plan->changeset = TAKE(run->changeset);
    return rc;
}

static int make_fail(const struct plan_folder *folder, int rc, struct err *err)
{
    if (rc == -ENOSPC)
        return err_set(err, rc, "%s: the disk is full. No plan was kept.", folder->path);
    return rc ? err_set(err, rc, "the plan could not be kept in %s: %s", folder->path, err_text(rc)) : 0;
}

int plan_make(const struct run_request *request, struct plan *ret_plan, struct err *err)
{
    struct plan_folder folder __attribute__((cleanup(plan_folder_done))) = {0};
    struct plan plan __attribute__((cleanup(plan_done))) = {0};
    struct run run __attribute__((cleanup(run_done))) = {.lock = -1, .dry = true};
    int rc = run_begin(&run, request, &plan.report, err);
    if (rc == 0 && !request->kept)
        rc = run_allowed(&run, request->push ? QUARANTINE_TELLING : QUARANTINE_READING, err);
    if (rc == 0)
        rc = plan_folder_open(request->settings, request->organization, &folder, err);
    if (rc != 0)
        return rc;
    rc = folder_sweep(&folder, run.now_ms, &plan.number, err);
    if (rc == 0)
        rc = plan_conditions(request, request->connection, &plan);
    run.changeset_path = arena_format(run.arena, "%s/part", folder.path);
    if (rc != 0 || !run.changeset_path)
        return make_fail(&folder, rc ? rc : -ENOMEM, err);
    unlink(run.changeset_path); /* of one that was killed */
    plan.connection = plan.report.connection;
    plan.made_ms = run.now_ms;
    plan.expires_ms = run.now_ms + VALID_MS;
    plan.report.plan = plan.number;
    plan.allow_held = request->allow_held;
    plan.reason = request->reason ? arena_text(run.arena, request->reason) : NULL;
    rc = request->push ? push_plan(&run, err) : run_work_out(&run, err);
    if (rc != 0)
        return rc;
    if (run_brings(&run))
        rc = make_fail(&folder, plan_keep(&run, &folder, &plan), err);
    else
        plan.number = plan.report.plan = 0;
    plan.report.seconds = (double)(clock_steady_ms() - run.steady_ms) / 1000.0;
    if (rc != 0)
        return rc;
    *ret_plan = plan;
    plan = (struct plan){0};
    return 0;
}

/* --- applying --- */

static void told_time(const struct run *run, int64_t ms, char ret_text[20])
{
    char text[25];
    instant_write(ms + (int64_t)zone_offset(run->zone, ms) * 1000, text);
    snprintf(ret_text, 20, "%.10s %.5s", text, text + 11);
}

/* The connection of a plan, which must still be there. */
static int plan_connection(const struct run_request *request, const struct plan *plan,
                           const struct connection **ret_connection, struct err *err)
{
    *ret_connection = organization_connection(request->organization, plan->connection);
    return *ret_connection ? 0
                           : err_set(err, ERR_GONE, "plan %u is of connection '%s', which is no longer in %s",
                                     plan->number, plan->connection, request->organization->file);
}

/* Whether it may be applied: as it was then, or not at all. */
static int plan_may(const struct run *run, const struct plan *plan, struct err *err)
{
    const char *id = run->request->organization->id, *connection = plan->connection;
    struct plan now = {.report.arena = run->arena};
    char made[20], over[20];
    told_time(run, plan->made_ms, made);
    told_time(run, plan->state == PLAN_APPLIED ? plan->applied_ms : plan->expires_ms, over);
    if (plan->state == PLAN_APPLIED && plan->applied_ms)
        return err_set(err, ERR_GONE, "plan %u was applied on %s, as run %u: a plan is applied once.", plan->number,
                       over, plan->report.run);
    if (plan->state == PLAN_APPLIED)
        return err_set(err, ERR_GONE, "plan %u was applied already, as run %u: a plan is applied once.", plan->number,
                       plan->report.run);
    if (plan->state == PLAN_EXPIRED)
        return err_set(err, ERR_GONE, "plan %u was good until %s: plan anew with `muster plan %s %s`.", plan->number,
                       over, id, connection);
    int rc = plan_conditions(run->request, run->request->connection, &now);
    if (rc != 0)
        return err_set(err, rc, "%s cannot be read: %s", run->request->organization->path, err_text(rc));
    if (memcmp(now.organization_digest, plan->organization_digest, sizeof(now.organization_digest)) != 0)
        return err_set(err, ERR_CONFLICT,
                       "%s has changed since plan %u was made (%s), and what it says may lead to something else now: "
                       "plan anew with `muster plan %s %s`.",
                       run->request->organization->file, plan->number, made, id, connection);
    if (strcmp(now.connector_digest, plan->connector_digest) != 0)
        return err_set(err, ERR_CONFLICT,
                       "connector '%s' is another one than when plan %u was made (%s): plan anew with `muster plan %s "
                       "%s`.",
                       run->request->connection->connector, plan->number, made, id, connection);
    return 0;
}

/* What is done with a file was decided for what it held then. */
static bool file_same(struct run *run, const struct pulled_file *file, struct err *err)
{
    uint8_t sha256[32];
    uint64_t size;
    int fd __attribute__((cleanup(tidy_close))) = -1;
    if (files_fetch(run->files, file->name, run->dir, &fd, sha256, &size, err) != 0)
        return false;
    if (memcmp(sha256, file->sha256, sizeof(sha256)) != 0)
        err_set(err, ERR_CONFLICT, "%s is not what the plan was made from any more: it stays where it is", file->name);
    return err->rc == 0;
}

/* One strand as it was when it was decided, as far as its files go. */
static int strand_again(struct run *run, struct strand *strand, const struct plan_strand *kept)
{
    struct pull *pull = &strand->pull;
    *strand = (struct strand){.partition = kept->partition,
                              .compared = kept->compared,
                              .look_again = kept->look_again,
                              .pull = {.arena = run->arena,
                                       .stream = kept->stream,
                                       .same = kept->same,
                                       .fetched = mem_new(kept->file_count + 1, sizeof(*kept->files)),
                                       .fetched_count = kept->file_count}};
    int rc = wait_list_init(&strand->waits);
    if (rc != 0 || !pull->fetched || kept->partition >= run->report->partition_count)
        return rc ? rc : pull->fetched ? ERR_CORRUPT : -ENOMEM;
    for (size_t i = 0; i < kept->refused_count; i++)
        wait_add(&strand->waits, &kept->refused[i]);
    for (size_t i = 0; i < kept->file_count; i++) {
        struct err changed = {0};
        pull->fetched[i] = kept->files[i];
        if (kept->files[i].after == MUSTER_LEAVE || file_same(run, &kept->files[i], &changed))
            continue;
        pull->fetched[i].after = MUSTER_LEAVE;
        strand_outcome(run, strand, OUTCOME_PARTIAL, "complete", changed.text);
        run->report->outcome = report_worse(run->report->outcome, OUTCOME_PARTIAL);
    }
    return strand->waits.rc;
}

/* The files go the way that they go after a sync. */
static int apply_afterwards(struct run *run, const struct plan *plan)
{
    struct err err = {0};
    size_t files = 0;
    for (size_t i = 0; i < plan->strand_count; i++)
        files += plan->strands[i].file_count;
    if (files == 0)
        return 0;
    int rc = files_open(run->request->connection, run_cancelled, (void *)(uintptr_t)run->request, &run->files, &err);
    if (rc == 0)
        rc = run_pickup(run);
    run->strands = mem_new(plan->strand_count + 1, sizeof(*run->strands));
    if (rc != 0 || !run->strands)
        return rc ? rc : -ENOMEM;
    for (size_t i = 0; i < plan->strand_count && rc == 0; i++) {
        run->strand_count++;
        rc = strand_again(run, &run->strands[i], &plan->strands[i]);
    }
    if (rc == 0)
        run_files_afterwards(run);
    return rc;
}

static int plan_carry_out(struct run *run, const struct plan_folder *folder, struct plan *plan, struct err *err)
{
    struct changeset *changeset TIDY(changeset_free) = NULL;
    const char *place = plan_folder_place(folder, plan->number);
    int rc = place ? changeset_open(run->store, place, folder->key, &changeset) : -ENOMEM;
    if (rc != 0)
        return plan_refused(folder, plan->number, rc, err);
    rc = changeset_apply(changeset, &plan->report.puts);
    if (rc != 0)
        return store_fail(run->store, rc, err);
    fault_kill("applied");
    plan->state = PLAN_APPLIED;
    plan->applied_ms = run->now_ms;
    plan_stub(folder, plan); /* else the store says that it was applied */
    return 0;
}

int plan_moved(const struct plan *plan, const char *organization, const char *what, struct err *err)
{
    return err_set(err, ERR_CONFLICT, "plan %u: %s since it was made. Plan anew with `muster plan %s %s`.",
                   plan->number, what, organization, plan->connection);
}

/* Whether any of it is there now, or may be. */
static bool any_told(const struct run_pushed *pushed)
{
    return pushed->created + pushed->updated + pushed->deactivated + pushed->reactivated + pushed->adopted +
               pushed->unknown >
           0;
}

/* What a target is told goes by what the plan says, and each of it by whether it still is so. Where nothing could be
 * told the plan stays as it was: it may be applied when the target is there again. */
static int apply_push(const struct run_request *request, const struct plan_folder *folder, struct plan *plan,
                      struct changeset *changeset, struct err *err)
{
    struct run_report report = {0};
    int rc = push_planned(request, changeset, &report, err);
    if (rc != 0) {
        run_report_done(&report);
        return rc;
    }
    report.plan = plan->number;
    bool applied = report.outcome == OUTCOME_SUCCEEDED || any_told(&report.pushed);
    plan->left_out = report.left_out;
    plan->state = applied ? PLAN_APPLIED : plan->state;
    plan->applied_ms = applied ? clock_now_ms() : 0;
    plan->connection = report.connection;
    plan->connector_digest = arena_text(report.arena, plan->connector_digest);
    plan->reason = plan->reason ? arena_text(report.arena, plan->reason) : NULL;
    arena_free(plan->report.arena);
    plan->report = report;
    if (!plan->connector_digest)
        return -ENOMEM;
    if (applied)
        plan_stub(folder, plan);
    return 0;
}

/* As it was decided. */
static int apply_exactly(struct run *run, const struct plan_folder *folder, struct plan *plan, struct err *err)
{
    int rc = plan_carry_out(run, folder, plan, err);
    if (rc != 0)
        return rc;
    run->report = &plan->report;
    run->arena = plan->report.arena;
    run->now_ms = plan->made_ms; /* the ledger goes by when they were read */
    enum outcome decided = plan->report.outcome;
    rc = apply_afterwards(run, plan);
    plan->report.seconds = (double)(clock_steady_ms() - run->steady_ms) / 1000.0;
    if (rc == 0 && plan->report.outcome != decided) /* else it is what stands in the store */
        rc = report_write(&plan->report, run->request);
    return rc ? err_set(err, rc, "plan %u was applied, and then: %s", plan->number, err_text(rc)) : 0;
}

/* *ret_pushes: its rows, when they are about what a target is told. */
static int plan_pushes(struct run *run, const struct plan_folder *folder, const struct plan *plan,
                       struct changeset **ret_pushes, struct err *err)
{
    struct changeset *changeset TIDY(changeset_free) = NULL;
    if (!plan->report.pushed.is)
        return 0;
    const char *place = plan_folder_place(folder, plan->number);
    int rc = place ? changeset_open(run->store, place, folder->key, &changeset) : -ENOMEM;
    if (rc != 0)
        return plan_refused(folder, plan->number, rc, err);
    *ret_pushes = TAKE(changeset);
    return 0;
}

int plan_apply(const struct run_request *asked, uint32_t number, bool strict, struct plan *ret_plan, struct err *err)
{
    struct plan_folder folder __attribute__((cleanup(plan_folder_done))) = {0};
    struct plan plan __attribute__((cleanup(plan_done))) = {0};
    struct run_report begun __attribute__((cleanup(run_report_done))) = {0};
    struct run run __attribute__((cleanup(run_done))) = {.lock = -1, .dry = true};
    struct run_request request = *asked;
    int rc = plan_folder_open(request.settings, request.organization, &folder, err);
    if (rc == 0)
        rc = plan_about(&folder, number, &plan, err);
    if (rc == 0)
        rc = plan_connection(&request, &plan, &request.connection, err);
    if (rc == 0)
        rc = run_begin(&run, &request, &begun, err);
    if (rc == 0) /* a plan that was made with a copy of the files, too */
        rc = home_claim(request.settings, request.organization, run.dir, err);
    if (rc != 0)
        return rc;
    plan_done(&plan); /* read before we had the lock */
    rc = plan_about(&folder, number, &plan, err);
    if (rc != 0)
        return rc;
    struct txn txn __attribute__((cleanup(tidy_txn)));
    txn_begin(&txn, run.store, false);
    plan_judge(&plan, &txn, run.now_ms);
    rc = txn_end(&txn);
    rc = rc ? store_fail(run.store, rc, err) : plan_may(&run, &plan, err);
    request.allow_held = plan.allow_held;
    request.reason = plan.reason;
    struct changeset *pushes TIDY(changeset_free) = NULL;
    if (rc == 0 && (rc = plan_pushes(&run, &folder, &plan, &pushes, err)) == 0 && pushes) {
        run_done(&run);
        run = (struct run){.lock = -1};
        rc = apply_push(&request, &folder, &plan, pushes, err);
    } else if (rc == 0 && plan.state == PLAN_MOVED && strict)
        rc = plan_moved(&plan, request.organization->id, "another run has changed what is stored", err);
    else if (rc == 0 && plan.state != PLAN_MOVED)
        rc = apply_exactly(&run, &folder, &plan, err);
    else if (rc == 0) {
        run_done(&run); /* it takes the lock by itself, each time that it decides */
        run = (struct run){.lock = -1};
        rc = plan_apply_again(&request, &folder, &plan, err);
    }
    if (rc != 0)
        return rc;
    *ret_plan = plan;
    plan = (struct plan){0};
    return 0;
}
