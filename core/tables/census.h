/* census - how many people there are of each status, kept beside them so that nobody has to be counted.
 *
 * A row of `meta`, written by the commit that changes anybody, with the last
 * sequence of the journal that it counts: where the two differ, or there is
 * none, everybody is counted. Nobody who is gone is counted. */
#ifndef TABLES_CENSUS_H
#define TABLES_CENSUS_H

#include "store/changeset.h"
#include "tables/entity.h"

enum { CENSUS_STATUSES = 32 };

struct census {
    uint64_t people[CENSUS_STATUSES]; /* by the number of their status; 0: none is said */
};

/* Somebody of `person` (an image without bytes: nobody) comes in; or goes out. */
void census_in(struct census *census, struct image person);
void census_out(struct census *census, struct image person);

/* Returns 0 or a negative code. */
int census_read(struct txn *txn, struct census *ret_census);
/* Everybody, one by one. */
int census_walk(struct txn *txn, struct census *ret_census);

/* What the snapshot's census becomes by `change` (what came in less what went out), which counts up to `sequence`.
 * Writes nothing where that stands there. Returns 0 or a negative code. */
int census_settle(struct changeset *changeset, struct txn *snapshot, const struct census *change, uint64_t sequence);

#endif
