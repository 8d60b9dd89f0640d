/* view - what a thing looks like from outside: the values at a list of paths, as cells for rules.
 *
 * Reads golden records of one snapshot (or of a plan laid over it). A person
 * is seen with the employment that counts by default, the absence of today,
 * the units above and the manager. What is not there is null. Protected values
 * are told in plain: who asks has to see to it that they go nowhere else. */
#ifndef DELIVERY_VIEW_H
#define DELIVERY_VIEW_H

#include "base/arena.h"
#include "config/organization.h"
#include "logic/transform.h"
#include "store/vault.h"
#include "tables/entity.h"

/* Where and when one looks; the same for all views of a run. */
struct view_scene {
    const struct organization *organization;
    struct txn *txn;
    const struct vault *vault;
    const char *today; /* YYYY-MM-DD in the organization's zone */
};

/* The paths of one map, made ready: ways that begin alike are gone once. */
struct view;
int view_new(const struct view_scene *scene, const struct path *paths, size_t count, struct view **ret_view);
void view_free(struct view *view);

/* Looks at one thing; false when there is none such. `membership`: the one that an account stands for; 0: none. What
 * cannot be read sticks in the transaction. Cells live until the next look. */
bool view_look(struct view *view, enum kind kind, uint64_t id, uint64_t membership);
/* One cell per path, in plain. */
const struct cell *view_cells(const struct view *view);
bool view_gone(const struct view *view); /* no source says the thing any more */
/* The thing that was looked at, until the next look. */
const struct entity *view_entity(const struct view *view);
/* The nth thing of a list of the person that was looked at: its children of a kind, of memberships those of today, and
 * only that for which the account stands, if it does; or (org_unit) the levels above the team. 0 after the last. */
uint64_t view_list(struct view *view, enum kind kind, size_t nth);
/* Whether a day lies within the two that a thing has; one that it does not have is open. */
bool view_within(struct image image, uint16_t first, uint16_t last, const char *today);
/* As what values of a field's type are told: MUSTER_TEXT … */
uint8_t view_type(enum type type);
/* 0 when all could be read; else -ENOMEM, ERR_CORRUPT. */
int view_rc(const struct view *view);

DEFINE_TIDY(struct view *, view_free)

#endif
