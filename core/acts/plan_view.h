/* plan_view - a plan as people read it: who would be created, updated, let go, and what waits; from its changeset.
 *
 * A query that answers as if the plan were applied (store/overlay.h); so
 * names, references and winners come by the same ways as for what is stored. */
#ifndef ACTS_PLAN_VIEW_H
#define ACTS_PLAN_VIEW_H

#include "acts/plan.h"
#include "config/mapping.h"
#include "query/query.h"
#include "tables/journal.h"

enum planned_what {
    PLANNED_CREATED,
    PLANNED_UPDATED,
    PLANNED_DEACTIVATED,
    PLANNED_REACTIVATED,
    PLANNED_RETIRED, /* their records are others' */
    PLANNED_OTHER,   /* a unit or a thing of its own */
    PLANNED_WHATS
};

const char *planned_name(enum planned_what what); /* "created" */

struct plan_view {
    struct query *query;
    const struct plan *plan;
    struct overlay *overlay;
    uint64_t counts[PLANNED_WHATS];
    struct entity *entity; /* scratch: whose change was told last */
};

/* The plan must have its changeset and outlive the view. */
int plan_view_open(const struct settings *settings, const struct organization *organization, const struct plan *plan,
                   struct plan_view **ret_view, struct err *err);
void plan_view_close(struct plan_view *view);

/* One root that would change, with its journal entry. */
struct planned {
    enum planned_what what;
    enum kind kind;
    uint64_t id;
    struct bytes entry;
};
/* To the first; then 1 and the next, valid until the call after that; 0 after the last; or a negative code. What was
 * told of the one before is forgotten. */
int plan_view_rewind(struct plan_view *view);
int plan_view_next(struct plan_view *view, struct planned *ret_planned);

/* One field that would change; or what would happen to a thing as a whole. */
struct planned_change {
    enum kind kind;
    uint64_t id;
    enum journal_op op;
    const struct field *field;   /* NULL: the thing as a whole is created, said no more, said again */
    struct value was, is;        /* of what is created: was absent */
    const struct entity *entity; /* whose it is, as it would be */
    const struct member *member; /* whose word counts; NULL: it is worked out */
    bool gone;                   /* it is worked out so because no source has them any more */
    const struct stream_name *stream;
    const struct rule *rule; /* by which that record says so; NULL: none, or no longer there */
};
/* Calls for each in the order of the entry, all fields of what is created included; what it returns but 0 ends the
 * walk.
 */
int planned_changes(struct plan_view *view, const struct planned *planned,
                    int (*each)(void *context, const struct planned_change *change), void *context);

/* What would wait for a person at the plan's connection, or all that it would add, by number; freed with free(). */
int plan_view_waits(struct plan_view *view, struct wait_item **ret_items, size_t *ret_count);

static inline void tidy_plan_view_close(struct plan_view **view)
{
    plan_view_close(*view);
}

#endif
