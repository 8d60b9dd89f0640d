/* discard - dead letters, and changes to be made by hand, that a person has said to leave: nobody is asked about them
 * until what stands there changes.
 *
 * It is a statement about the record, the field, the reason and the value; a
 * row whose value is another one is a dead letter again. Of what a target was
 * to be told it is about just that change. Nothing of the record is taken by
 * it: its person stays as they were, here and there. */
#ifndef ENGINE_DISCARD_H
#define ENGINE_DISCARD_H

#include "engine/match.h"
#include "tables/wait.h"

struct discard {
    const char *author, *reason;
    const struct wait_item *items;
    size_t count;
    /* told */
    uint64_t first, last; /* numbers of the statements */
};

/* Fit act.state and act.decided: `context` is the discard. */
int discard_state(void *context, struct match *match, struct err *err);
void discard_decided(void *context, struct match *match, struct changeset *changeset);

/* Takes those out of the list that a person has discarded. */
void discard_apply(struct statements *statements, struct wait_list *list);

#endif
