/* approval - held changes that a person lets through or turns down.
 *
 * Both are statements about what was proposed. What is let through is carried
 * out at once from the kept proposals; no source is asked. What is turned down
 * stays held whatever the safeguard says, and nobody is asked again. Of what a
 * target is to be told only the statement is made: push_units() carries it out. */
#ifndef ACTS_APPROVAL_H
#define ACTS_APPROVAL_H

#include "engine/match.h"

struct approval {
    const char *author, *reason;
    bool rejects;
    int64_t until_ms; /* a rejection's; 0: for good */
    const struct wait_item *items;
    size_t count;
    /* told */
    uint64_t first, last; /* numbers of the statements */
};

/* Fits act.state: `context` is the approval. ERR_GONE: one of them is not held any more. */
int approval_state(void *context, struct match *match, struct err *err);
/* Fits act.decided: what was held of the records goes. */
void approval_decided(void *context, struct match *match, struct changeset *changeset);

#endif
