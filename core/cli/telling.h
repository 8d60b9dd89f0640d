/* telling - whoever is to be told is told what is new, after something was done. */
#ifndef CLI_TELLING_H
#define CLI_TELLING_H

#include "cli/context.h"

/* Sends what is due. `show`: also tells on the screen; `dry`: only that, and nothing is sent. What cannot be sent is
 * said on standard error, and tried again next time. Returns how many could not. */
size_t telling_send(struct context *context, struct organization *organization, bool show, bool dry);

#endif
