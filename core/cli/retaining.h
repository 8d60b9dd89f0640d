/* retaining - what is kept no longer goes: by its own verb, and at the end of every sync. */
#ifndef CLI_RETAINING_H
#define CLI_RETAINING_H

#include "acts/retain.h"
#include "cli/context.h"

/* A slice of it. Fails no sync; what did not go is told on standard error. */
void retain_after_sync(struct context *context, const struct organization *organization);

#endif
