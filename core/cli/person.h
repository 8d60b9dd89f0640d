/* person - lists of people, as `people` and a key that fits several show them. */
#ifndef CLI_PERSON_H
#define CLI_PERSON_H

#include "cli/context.h"

enum color status_color(const char *status);
/* Begins a table for person_row(). */
void person_table(struct context *context, struct grid *grid);
void person_row(struct context *context, struct query *query, struct grid *grid, uint64_t id, struct bytes value);
void person_list(struct context *context, struct query *query, const struct query_ids *ids);

#endif
