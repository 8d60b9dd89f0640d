/* receive - what came in for a connection, handed to its connector. */
#ifndef HOST_RECEIVE_H
#define HOST_RECEIVE_H

#include "host/session.h"

/* The call of the engine. */
muster_rc receive_call(struct session *session, struct wire *message);
/* Stands in the host's table; connector.h says what it does. */
muster_rc receive_answer(muster_run *run, const muster_http *reply);

#endif
