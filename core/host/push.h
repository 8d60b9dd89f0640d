/* push - writing: changes come in batches, are handed to the connector one by one, and its answers go back.
 *
 * A batch lives until all of it has been answered and next() was called once
 * more, so a connector may gather changes as long as it likes, and what it has
 * answered takes no room. Answers wait in `out` with everything else. */
#ifndef HOST_PUSH_H
#define HOST_PUSH_H

#include "host/session.h"

/* One apply() from beginning to end. */
muster_rc push_call(struct session *session, struct wire *message);

/* These stand in the host's table; connector.h says what they do. */
muster_rc push_next(muster_run *run, const muster_change **change);
const char *push_changed(const muster_change *change, size_t nth);
muster_rc push_applied(muster_run *run, const muster_change *change, const char *remote_id);
muster_rc push_refused(muster_run *run, const muster_change *change, muster_rc rc, const char *why);

#endif
