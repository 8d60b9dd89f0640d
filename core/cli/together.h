/* together - what is well written in each part of an organization's file and does not go with another part. */
#ifndef CLI_TOGETHER_H
#define CLI_TOGETHER_H

#include "cli/context.h"

/* A warning for each: two connections that read one file of which one puts it away, a target's file that another
 * connection reads, people matched by a field that nobody maps, and people who exist only where they are told. Only of
 * a file without mistakes: a mapping that is broken says nothing. */
void together_tell(struct context *context, const struct organization *organization);

#endif
