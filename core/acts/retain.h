/* retain - what is older than the organization's file wants it kept goes.
 *
 * Goes by `retention:`; what each of its words means stands in muster.yaml(5).
 * Nothing that is true today is touched, however old it is. Every sync ends
 * with a slice of it, so that none gets slow by what has gathered: a walk over
 * the things that may go, once a day, whose place is kept in `meta`. What it
 * finds goes by an act, with what their sources said of them; the journal
 * says that they are kept no longer. */
#ifndef ACTS_RETAIN_H
#define ACTS_RETAIN_H

#include "engine/run.h"
#include "model/model.h"

enum retain_how {
    RETAIN_SLICE, /* as much as takes no time; the next one goes on from there */
    RETAIN_ALL,
    RETAIN_LOOK, /* all of it is counted, and stays */
};

struct retained {
    uint64_t calls;              /* lines about what was called */
    uint64_t things[KIND_COUNT]; /* golden records */
    uint64_t records;            /* of sources */
    uint64_t runs;               /* reports of runs */
    uint64_t replaced;           /* values that history had from before they were replaced */
    uint64_t source;             /* gone records, of what their rows said beside what was made of it */
    uint32_t run;                /* the last one that took any of them; 0: none had to */
};

/* Nothing is done where the file says nothing. Returns 0, ERR_BUSY (somebody runs), or what failed, with a sentence;
 * what went until then is told. */
int retain(const struct run_request *request, enum retain_how how, struct retained *ret_retained, struct err *err);

#endif
