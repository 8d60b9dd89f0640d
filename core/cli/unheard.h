/* unheard - fields that a target maps and that stay empty, because those who say them have no word in them. */
#ifndef CLI_UNHEARD_H
#define CLI_UNHEARD_H

#include "cli/context.h"

/* A warning for each, with the place in the file that says whose word counts: only for fields of the kind
 * that the target's stream is of, which a source maps and none whose word counts does. What no source maps at all may
 * be worked out, or come later. */
void unheard_tell(struct context *context, const struct organization *organization);

#endif
