/* revert - what a run brought, taken back, as an act.
 *
 * Each field that it changed is pinned to what stood there before, until the
 * sources say something other than they do now; the record of each person that
 * it created, and each part of a record that it added, makes nobody until its
 * source says something else. What cannot be taken back is told. Of an act what
 * it stated is withdrawn.
 *
 * Fits act.state and act.judge; the context is a struct revert. */
#ifndef ACTS_REVERT_H
#define ACTS_REVERT_H

#include "engine/act.h"

/* One thing that the run did, and what becomes of it. */
struct revert_item {
    const char *left; /* stable code of why it is left as it is; NULL: it is taken back */
    uint64_t root;    /* the person; 0: no person's */
    enum kind kind;
    uint64_t id;               /* of the thing: the person, or what hangs on them */
    const struct field *field; /* NULL: the thing as a whole */
    struct value was, is;      /* before the run and since; in the arena */
};

struct revert {
    const char *author, *reason;
    uint32_t run;
    bool dry, anyway; /* anyway: also what a safeguard would hold */
    struct arena *arena;
    /* told */
    const char *verb;       /* what that run was, when a person decided it; NULL: a sync */
    const char *connection; /* of the run; "" when of none */
    struct revert_item *items;
    size_t count, room;
    uint64_t first, last; /* numbers of the statements; 0: none */
    uint64_t withdrawn;
    char held[400]; /* by which safeguard, as a sentence; "": by none */
    /* inside */
    struct entity *entity;
    struct source *record;
    uint64_t population, gated[GATE_COUNT], gated_root[GATE_COUNT];
};

/* ERR_UNKNOWN: there is no such run. ERR_GONE: nothing of it stands. */
int revert_state(void *context, struct match *match, struct err *err);
/* ERR_HELD: more people would be let go, or changed, than the safeguards of the run's connection allow. */
int revert_judge(void *context, const struct run *run, struct err *err);
void revert_done(struct revert *revert);

#endif
