/* question - what is asked for by name: find, get, lookup and action of the connector, and find() of the engine. */
#ifndef HOST_QUESTION_H
#define HOST_QUESTION_H

#include "host/session.h"

/* The call of the engine, whose type is session->under. */
muster_rc question_call(struct session *session, struct wire *message);

/* Stands in the host's table; connector.h says what it does. */
muster_rc question_find(muster_run *run, const char *kind, const char *field, const char *value, muster_record **found);

void found_forget(struct session *session); /* what find() gave last */

#endif
