/* identity - what people say about who is who, as acts: link, unlink, keep-apart, suppress, withdraw.
 *
 * Each function fits act.state; its context is a struct identity. */
#ifndef ACTS_IDENTITY_H
#define ACTS_IDENTITY_H

#include "acts/follow.h"

#include "engine/act.h"

struct identity {
    const char *author, *reason;
    /* which record: of link, unlink, keep-apart, suppress */
    uint32_t stream;
    const char *id;
    const char *about;       /* what people call it, "hr/main/employees/1002" */
    uint64_t person;         /* with whom: of link, keep-apart */
    uint64_t number;         /* of the statement to withdraw; told: of the one that was made */
    uint32_t run;            /* of identity_withdraw_run() */
    uint64_t count;          /* told by it: how many it withdrew */
    struct follows *follows; /* NULL, or told by link, unlink, keep-apart: pins that go along */
    bool settled;            /* told by unlink: the record was held as somebody else's, and is */
};

/* The record and the person are the same, with all that either has. A statement that kept them apart is withdrawn. */
int identity_link(void *context, struct match *match, struct err *err);
/* The record stands by itself, whatever older links say; of an undecided one it makes a person of its own. One that
 * is held, because its id seems to be somebody else's now, is: who had it stays, and who has it now is new. */
int identity_unlink(void *context, struct match *match, struct err *err);
/* Of an act: what was held of the record does not wait any more. */
void identity_decided(void *context, struct match *match, struct changeset *changeset);
/* No rule links the record with that person; if it is theirs now, it leaves. */
int identity_apart(void *context, struct match *match, struct err *err);
/* The statement stands no more. */
int identity_withdraw(void *context, struct match *match, struct err *err);
/* All that people stated in a run, and all by which the run was reverted. ERR_GONE: nothing of that stands. */
int identity_withdraw_run(void *context, struct match *match, struct err *err);

/* Whether the record of a seed is somebody's only by what people said when it was nobody's. */
bool identity_undecided(struct match *match, uint64_t seed);

#endif
