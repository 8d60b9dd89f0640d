/* telling - what targets are told and asked, one thing at a time, and what came of it. */
#ifndef CONFORM_TELLING_H
#define CONFORM_TELLING_H

#include "conform/addressee.h"

/* One change, and what the connector said of it. */
struct told {
    struct visit *visit;
    const struct lane_change *change;
    bool given, applied, refused;
    muster_rc rc;
    char id[256], why[600];
};

/* One change by itself. false: there is nothing to judge, the process is gone. */
bool telling_one(struct addressee *target, int op, const char *key, const char *id, const struct lane_cell *before,
                 const struct lane_cell *after, struct told *ret_told, struct haul *ret_haul);
/* "taken", or the code. */
const char *telling_outcome(const struct told *told, const struct haul *haul);
bool telling_comes_again(const struct told *told, const struct haul *haul);
/* Until the system lets us go on; it has said when, or a moment is enough. */
void telling_wait(const struct visit *visit);

/* find() by each value that identifies whom it was told by `create`; `nobody`: by one that nobody has. False: it is not
 * offered for this stream. */
bool telling_finds(struct addressee *target, enum rule_number rule, const struct lane_cell *create, const char *id,
                   bool nobody);
/* Whether find() gives both ids, by any value that identifies. */
bool telling_finds_both(struct addressee *target, const struct lane_cell *create, const char *one, const char *other);

#endif
