/* person - lists of people, as `people` and a key that fits several show them. */
#ifndef CLI_PERSON_H
#define CLI_PERSON_H

#include "cli/context.h"

enum color status_color(const char *status);
void person_list(struct context *context, struct query *query, const struct query_ids *ids);

#endif
