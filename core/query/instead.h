/* instead - what took the place of what was held, as a sentence for whoever still wants to decide about it.
 *
 * Reads what the ledger keeps of it (tables/ledger.h) and the rows of runs. */
#ifndef QUERY_INSTEAD_H
#define QUERY_INSTEAD_H

#include "base/buffer.h"
#include "query/query.h"

/* "run 3 of hr (2026-03-04 07:30) has read people-3.csv since, and what that says counts". False: no run has taken the
 * place of h`number`, or there never was one. */
bool instead_of_held(struct query *query, uint64_t number, struct buffer *out);
/* The same of all that a run held; false as long as any of it waits. */
bool instead_of_run(struct query *query, uint32_t run, struct buffer *out);

#endif
