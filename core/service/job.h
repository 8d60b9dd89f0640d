/* job - a run that goes: `muster sync` as a process of its own, its reports read while it goes.
 *
 * Writes no store and loads no connector: what a run breaks it breaks for
 * itself. What it says on stderr goes where the daemon's own lines go. */
#ifndef SERVICE_JOB_H
#define SERVICE_JOB_H

#include "base/error.h"
#include "config/organization.h"
#include "service/metrics.h"
#include "service/timetable.h"

#include <uv.h>

struct job;

/* Called once, when it has ended and nothing of it is left but `job`, which it may free. */
typedef void job_ended_fn(void *context, struct job *job, const struct job_order *order, const enum job_end ends[]);

/* How far a run of it is: JSON. */
typedef void job_progress_fn(void *context, const char *organization, const char *json, size_t len);

/* Starts it. 0, or a negative code with a sentence; then it is not called back. What it reports is counted. */
int job_start(uv_loop_t *loop, const char *program, const struct settings *settings, const struct job_order *order,
              struct metrics *metrics, job_ended_fn *ended, job_progress_fn *progress, void *context,
              struct job **ret_job, struct err *err);
/* Asks it to stop between two changes; with `now` it is ended on the spot. */
void job_stop(struct job *job, bool now);
long job_pid(const struct job *job);
void job_free(struct job *job); /* after it has ended */

#endif
