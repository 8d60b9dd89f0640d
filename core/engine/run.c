/* run - one sync of one connection, from pull to commit. */
#include "engine/run_inside.h"

#include "base/clock.h"
#include "base/fault.h"

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
    free(run->partitions);
    lane_stop(run->lane);
    pickup_free(run->pickup);
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
        rc = run_pickup(&run);
    if (rc == 0)
        rc = run_lane(request, run.dir, &run.lane, &begin);
    if (rc == 0)
        rc = run_partitions(&run);
    if (rc == 0)
        rc = run_strands(&run);
    if (rc == 0)
        run_pulls(&run);
    else
        err_set(&begin, rc, "the run could not begin: %s", err_text(rc));
    for (size_t i = 0; i < run.strand_count && rc != 0; i++)
        err_set(&run.strands[i].pull.err, rc, "%s", begin.text); /* nothing of it counts */
    if (rc != 0)
        run_failed(&run);
    lane_stop(TAKE(run.lane));
    run_files(&run);
    rc = run_decide(&run);
    if (rc == ERR_LIMIT && run.changeset && changeset_rc(run.changeset) == 0)
        return err_set(err, rc, "a person or a record has more parts than can be kept together. Nothing was taken.");
    if (rc == 0)
        rc = changeset_apply(run.changeset, &ret_report->puts);
    if (rc != 0)
        return store_fail(run.store, rc, err);
    fault_kill("applied");
    run_files_afterwards(&run);
    ret_report->seconds = (double)(clock_steady_ms() - run.steady_ms) / 1000.0;
    return report_write(ret_report, request);
}

void run_report_done(struct run_report *report)
{
    arena_free(report->arena);
    *report = (struct run_report){0};
}
