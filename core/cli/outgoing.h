/* outgoing - what waits because of targets, carried out at once: a push of just these things to each of them. */
#ifndef CLI_OUTGOING_H
#define CLI_OUTGOING_H

#include "cli/sync.h"

bool outgoing_is(const struct query *query, const struct wait_item *item);
/* Those of the items that are about targets; others are passed over. Told and counted as a sync is. */
int outgoing_push(struct syncing *syncing, struct query *query, const struct wait_item *items, size_t count);

#endif
