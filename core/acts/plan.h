/* plan - a run that was decided and not carried out: kept beside the store, shown, and applied by somebody later.
 *
 * STATE/organizations/ORG/plans/N is a changeset for later (store/changeset.h),
 * sealed by a key that is derived from the master key, with what must still be
 * true when it is applied: the organization's file, the connector, the
 * counters of the store. Deciding is the very same line as a sync's; nothing
 * is written to the store. A plan is applied once; of one that is over only
 * what was said about it stays, for a while. */
#ifndef ACTS_PLAN_H
#define ACTS_PLAN_H

#include "engine/run.h"

struct changeset;
struct plan_strand;

enum plan_state { PLAN_OPEN, PLAN_MOVED /* the store has changed since */, PLAN_EXPIRED, PLAN_APPLIED };

const char *plan_state_name(enum plan_state state); /* "open" */

enum { PLAN_COUNTERS = 6 };

struct plan {
    uint32_t number; /* 0: nothing was kept, see the report */
    enum plan_state state;
    const char *connection;                  /* NULL: what a person would decide, see act.h */
    int64_t made_ms, expires_ms, applied_ms; /* it was decided as of made_ms */
    uint32_t allow_held;                     /* with what it was asked for */
    const char *reason;
    uint8_t organization_digest[32];
    const char *connector_digest;
    uint64_t counters[PLAN_COUNTERS]; /* of the store, when it was decided */
    uint64_t left_out;                /* applied, but for so many people who had moved meanwhile */
    struct run_report report;         /* owns all texts */
    struct plan_strand *strands;      /* what becomes of their files after it is applied */
    size_t strand_count;
    struct changeset *changeset; /* NULL: it was not asked for, or is over */
};

/* Decides what a sync would do, with the same request, and keeps it. Returns and reports as run_sync(); when nothing of
 * any pull could be taken there is nothing to keep. */
int plan_make(const struct run_request *request, struct plan *ret_plan, struct err *err);
/* Carries it out, exactly, and says in its report what run_sync() would have said. request->connection is found by
 * itself. ERR_UNKNOWN: there is no such plan; ERR_GONE: it is over; ERR_CONFLICT: it may not be applied any more; with
 * a sentence. When other runs have changed the store since, its records are decided once more, without asking the
 * source, and whoever would now become something else than what the plan showed is left out; `strict`: ERR_CONFLICT
 * instead. */
int plan_apply(const struct run_request *request, uint32_t number, bool strict, struct plan *ret_plan, struct err *err);
/* What is known of one; `rows`: with its changeset, when it still has one. */
int plan_read(const struct settings *settings, const struct organization *organization, uint32_t number, bool rows,
              struct plan *ret_plan, struct err *err);
void plan_done(struct plan *plan);

/* All of them go, whatever has become of them: they have values of people. `dry`: they are only counted. */
int plans_erase(const struct settings *settings, const struct organization *organization, bool dry, uint64_t *ret_count,
                struct err *err);

/* All there are, newest first; those that cannot be read are passed over. */
struct plans {
    struct plan *items;
    size_t count, room;
};
int plans_read(const struct settings *settings, const struct organization *organization, struct plans *ret_plans,
               struct err *err);
void plans_done(struct plans *plans);

#endif
