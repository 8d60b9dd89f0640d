/* act - what a person decides, carried out at once. */
#include "engine/act.h"

#include "base/clock.h"
#include "base/fault.h"
#include "engine/running.h"

#include <errno.h>

/* As a plan is shown: from the changeset. */
static int act_show(struct run *run)
{
    const struct act *act = run->act;
    int rc = changeset_settle(run->changeset);
    rc = rc ? rc : report_write(run->report, run->request);
    return rc ? rc : act->planned(act->planned_context, run->changeset, run->report);
}

int act_run(const struct run_request *request, const struct act *act, struct run_report *ret_report, struct err *err)
{
    *ret_report = (struct run_report){.arena = arena_new(),
                                      .organization = request->organization->id,
                                      .connection = request->connection ? request->connection->name : NULL,
                                      .verb = act->verb,
                                      .author = act->author,
                                      .because = act->reason,
                                      .started_ms = clock_now_ms()};
    struct run run __attribute__((cleanup(run_done))) = {.request = request,
                                                         .report = ret_report,
                                                         .err = err,
                                                         .arena = ret_report->arena,
                                                         .act = act,
                                                         .lock = -1,
                                                         .steady_ms = clock_steady_ms()};
    if (!run.arena)
        return -ENOMEM;
    int rc = run_open(&run);
    if (rc != 0)
        return err_set(err, rc, "nothing was done: %s", err_text(rc));
    run.rules_changed = false; /* the next sync tells of that, and holds what must be held */
    rc = run_decide(&run);
    if (rc == 0 && act->judge)
        rc = act->judge(act->context, &run, err);
    if (rc != 0 && err && err->rc != 0)
        return rc;
    if (rc == 0 && act->dry && act->planned)
        rc = act_show(&run);
    if (rc == 0 && !act->dry)
        rc = changeset_apply(run.changeset, &ret_report->puts);
    if (rc != 0)
        return store_fail(run.store, rc, err);
    fault_kill("applied");
    if (!act->dry && act->kept)
        act->kept(act->context, &run);
    ret_report->seconds = (double)(clock_steady_ms() - run.steady_ms) / 1000.0;
    report_update(ret_report, request);
    return 0;
}
