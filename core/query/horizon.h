/* horizon - how far back it is known what was: runs of before it were let go, as `retention: runs` says. */
#ifndef QUERY_HORIZON_H
#define QUERY_HORIZON_H

#include "query/query.h"
#include "tables/journal.h"

/* Why there is no report of a run, or it is not known what it changed: ERR_UNKNOWN and the sentence, that it was let go
 * or that there never was one. */
int horizon_no_run(struct txn *txn, const struct organization *organization, uint32_t run, struct err *err);
/* Whether what was true then is still known: 0, or ERR_UNKNOWN and the sentence. */
int horizon_reaches(struct txn *txn, const struct organization *organization, struct cut cut, struct err *err);
/* Whether it is known what a run changed. */
bool horizon_knows(struct txn *txn, uint32_t run);
/* "2026-03-02 were let go, as retention: { runs: 400d } in acme.yaml says", behind "Runs of before ". */
void horizon_tell(const struct organization *organization, const struct bygone *bygone, struct buffer *out);

#endif
