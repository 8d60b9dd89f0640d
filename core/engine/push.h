/* push - what changed is carried to a connection's target: one run, from the golden records to the answers.
 *
 * Who may have changed comes from the journal, from dates, and from what was
 * not settled before; what the target is to have of them is projected anew
 * and compared with what it was last known to have. What is to be done is sent
 * in batches: one durable commit says that it is sent, before it is, and
 * another what came of it. So nothing is lost, and nothing done twice: a change
 * without an answer is looked up before it is repeated. */
#ifndef ENGINE_PUSH_H
#define ENGINE_PUSH_H

#include "engine/run.h"

/* request->full: everybody is looked at, and what was refused is tried again. Returns and reports as run_sync(). */
int push_run(const struct run_request *request, struct run_report *ret_report, struct err *err);

/* Just what a plan says, as far as it still is so; the rest is left out, and counted. */
struct changeset;
int push_planned(const struct run_request *request, struct changeset *plan, struct run_report *ret_report,
                 struct err *err);

/* Just these things of one target, whatever became of them before: what was put off or refused is tried now. */
struct push_unit {
    uint32_t stream; /* number of the target's stream */
    uint64_t id;
};
int push_units(const struct run_request *request, const struct push_unit *units, size_t count,
               struct run_report *ret_report, struct err *err);

#endif
