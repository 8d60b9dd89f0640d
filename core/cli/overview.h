/* overview - the lines of `status` that tell of an organization as a whole: who there is, and what to type next. */
#ifndef CLI_OVERVIEW_H
#define CLI_OVERVIEW_H

#include "cli/context.h"

enum { OVERVIEW_STATUSES = 32 };

struct overview {
    uint64_t people[OVERVIEW_STATUSES]; /* by the number of their status; 0: none is said */
};

/* Looks at everybody. Returns 0 or a negative code. */
int overview_read(struct query *query, struct overview *ret_overview);
/* "people: 10 active, 1 on_leave" */
void overview_tell(struct context *context, const struct overview *overview);
/* Member "people", an object of counts. */
void overview_json(const struct overview *overview, struct buffer *out);

/* A line for each type of thing that waits, with how many and the next command to type. */
void overview_waits(struct context *context, struct query *query);

#endif
