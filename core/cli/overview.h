/* overview - the lines of `status` that tell of an organization as a whole: who there is, and what to type next. */
#ifndef CLI_OVERVIEW_H
#define CLI_OVERVIEW_H

#include "cli/context.h"
#include "tables/census.h"

/* "people: 10 active, 1 on_leave" */
void overview_tell(struct context *context, const struct census *census);
/* Member "people", an object of counts. */
void overview_json(const struct census *census, struct buffer *out);

/* "3 h ago" */
void overview_age(int64_t ms, char ret_text[32]);

/* A line for each type of thing that waits, with how many and the next command to type. */
void overview_waits(struct context *context, struct query *query);

/* Who has looked at an old state for so long that its room is missing: a program beside us that hangs lets the file
 * grow without end. */
void overview_reader(struct context *context, struct query *query);
/* Member "reader", where there is one: its process, and the commits since. */
void overview_reader_json(const struct query *query, struct buffer *out);
/* Member "horizon", {run, before, sentence}: how far back history is whole; none where no run was let go. */
void overview_horizon_json(struct query *query, struct buffer *out);

#endif
