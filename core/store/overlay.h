/* overlay - a store as it would be if a changeset were applied: what the changeset has counts, else what stands there.
 *
 * A transaction that has one answers txn_get() by it; cursors walk what stands
 * there. The changeset must be settled, saved or opened (changeset.h). */
#ifndef STORE_OVERLAY_H
#define STORE_OVERLAY_H

#include "store/changeset.h"

struct overlay;

int overlay_new(struct changeset *changeset, struct overlay **ret_overlay); /* the changeset must outlive it */
void overlay_free(struct overlay *overlay);

/* 1: the changeset has the row, *ret_value is what it will be (data NULL: it goes); 0: it has none; or a negative code.
 * Values live until overlay_clear(). */
int overlay_get(struct overlay *overlay, enum table table, struct bytes key, struct bytes *ret_value);
void overlay_clear(struct overlay *overlay);

DEFINE_TIDY(struct overlay *, overlay_free)

#endif
