/* taking - the object that the connector is about to look into, where the engine sees it should this process die. */
#ifndef HOST_TAKING_H
#define HOST_TAKING_H

#include "host/session.h"

/* Stands in the host's table; connector.h says what it does. */
int32_t taking_take(muster_run *run, const char *stream, const char *source_id, const char *place);
/* The connector has looked into it, and lives. */
void taking_ends(struct session *session);

#endif
