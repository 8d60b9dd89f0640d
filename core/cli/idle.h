/* idle - what is well written in an organization's file and does nothing, so that nobody believes in it. */
#ifndef CLI_IDLE_H
#define CLI_IDLE_H

#include "cli/context.h"

/* A warning for each: options without that which they belong to, words of `retention` that nothing goes by yet, an
 * authorization that is not signed or has ended, a time that has passed. */
void idle_tell(struct context *context, const struct organization *organization);
/* Of these, that a target is told nothing. */
void idle_target(struct context *context, const struct organization *organization, const struct connection *connection);

#endif
