/* run - one sync of one connection, from pull to commit. */
#include "engine/running.h"

#include "base/clock.h"
#include "base/fault.h"
#include "broker/http.h"
#include "engine/arrivals.h"
#include "engine/warm.h"
#include "store/dict.h"

#include <errno.h>
#include <stdlib.h>

void run_done(struct run *run)
{
    for (size_t i = 0; i < run->strand_count; i++) {
        pull_done(&run->strands[i].pull);
        wait_list_done(&run->strands[i].waits);
        stage_missing_done(&run->strands[i].missing);
    }
    free(run->strands);
    spill_free(run->spill);
    free(run->partitions);
    lane_stop(run->lane);
    arrivals_free(run->arrivals);
    inbox_close(run->inbox);
    pickup_free(run->pickup);
    files_free(run->files);
    http_free(run->http);
    changeset_free(run->changeset);
    zone_free(run->zone);
    vault_done(&run->vault);
    if (run->dry && run->lock >= 0)
        dict_forget(run->store);
    store_unlock(run->lock);
    store_close(run->store);
}

int run_begin(struct run *run, const struct run_request *request, struct run_report *report, struct err *err)
{
    *report = (struct run_report){.arena = arena_new(),
                                  .organization = request->organization->id,
                                  .connection = request->connection->name,
                                  .started_ms = clock_now_ms()};
    if (request->kept || request->wanted || request->person) {
        report->verb = request->kept ? "sync --kept" : "sync --person";
        report->author = request->author;
        report->because = request->reason;
    }
    run->request = request;
    run->report = report;
    run->err = err;
    run->arena = report->arena;
    run->lock = -1;
    run->steady_ms = clock_steady_ms();
    if (!run->arena)
        return -ENOMEM;
    int rc = run_open(run);
    return rc ? err_set(err, rc, "the run could not begin: %s", err_text(rc)) : 0;
}

/* Whom to ask: files, calls, a host with the connector. */
static int run_source(struct run *run, struct err *begin)
{
    const struct run_request *request = run->request;
    int rc = files_open(request->connection, run_cancelled, (void *)(uintptr_t)request, &run->files, begin);
    if (rc == 0)
        files_cassette(run->files, request->cassette);
    if (rc == 0)
        rc = run_http(request, false, run->dir, run->arena, &run->http, begin);
    if (rc == 0)
        rc = run_pickup(run);
    if (rc == 0)
        rc = run_lane(request, run->dir, &run->lane, begin);
    return rc ? rc : run_partitions(run);
}

/* Who only sends cannot be asked for somebody. */
static void run_not_asked(struct run *run)
{
    for (size_t i = 0; i < run->strand_count; i++)
        run->strands[i].pull.same = true;
}

int run_work_out(struct run *run, struct err *err)
{
    const struct run_request *request = run->request;
    struct err *begin = run->err = &run->begin;
    int rc = request->kept ? run_kept_partitions(run) : run_source(run, begin);
    if (rc == 0)
        rc = run_strands(run);
    if (rc == ERR_UNKNOWN) { /* wrong words are no run */
        lane_stop(TAKE(run->lane));
        return err_set(err, rc, "%s", begin->text);
    }
    if (rc == 0 && run_receives(run) && request->wanted)
        run_not_asked(run);
    else if (rc == 0 && run_receives(run))
        run_receive(run);
    else if (rc == 0)
        run_pulls(run);
    else
        err_set(begin, rc, "the run could not begin: %s", err_text(rc));
    for (size_t i = 0; i < run->strand_count && rc != 0; i++)
        run->strands[i].pull.rc = rc; /* nothing of it counts */
    if (rc != 0)
        run_failed(run);
    lane_stop(TAKE(run->lane));
    run_files(run);
    rc = run_decide(run);
    if (rc == ERR_LIMIT && run->changeset && changeset_rc(run->changeset) == 0)
        return err_set(err, rc, "a person or a record has more parts than can be kept together. Nothing was taken.");
    return rc ? store_fail(run->store, rc, err) : 0;
}

/* What has no room is not kept; that the run failed takes a page that is free in the store: without it status would
 * tell of the run before. What was kept to be applied in parts is finished by the next run, and nothing else is. */
static int run_unkept(struct run *run, int rc, const struct err *err)
{
    struct txn txn __attribute__((cleanup(tidy_txn))) = {0};
    struct bytes applying;
    if (rc != -ENOSPC && rc != -EDQUOT && rc != ERR_LIMIT)
        return rc;
    txn_begin(&txn, run->store, false);
    bool half = meta_get(&txn, "applying", &applying);
    int looked = txn_end(&txn);
    *run->err = *err;
    if (looked == 0 && !half && run_only_row(run, OUTCOME_FAILED) == 0)
        (void)changeset_apply(run->changeset, NULL); /* where this has no room either there is the sentence */
    return rc;
}

int run_sync(const struct run_request *request, struct run_report *ret_report, struct err *err)
{
    struct run run __attribute__((cleanup(run_done))) = {.lock = -1};
    int rc = run_begin(&run, request, ret_report, err);
    if (rc == 0 && !request->kept)
        rc = run_allowed(&run, QUARANTINE_READING, err);
    if (rc != 0)
        return rc;
    rc = run_work_out(&run, err);
    if (rc != 0)
        return run_unkept(&run, rc, err);
    if (ret_report->created + ret_report->updated + ret_report->deactivated + ret_report->reactivated > 0)
        warm_up(request->warm);
    rc = changeset_apply(run.changeset, &ret_report->puts);
    if (rc != 0)
        return run_unkept(&run, store_fail(run.store, rc, err), err);
    fault_kill("applied");
    if (!request->wanted) { /* what one person was looked for in is still to be taken */
        run_files_afterwards(&run);
        run_received(&run);
    }
    ret_report->seconds = (double)(clock_steady_ms() - run.steady_ms) / 1000.0;
    report_update(ret_report, request);
    return 0;
}

void run_report_done(struct run_report *report)
{
    arena_free(report->arena);
    *report = (struct run_report){0};
}
