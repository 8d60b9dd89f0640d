/* run_people - whom a run changed, and what of them. */
#ifndef CLI_RUN_PEOPLE_H
#define CLI_RUN_PEOPLE_H

#include "cli/context.h"

/* A table of them below a report: whose status changed first. Of those whom the run created only how many there were;
 * `all`: everybody, else the first of them. */
void run_people_tell(struct context *context, struct query *query, uint32_t run, bool all);

#endif
