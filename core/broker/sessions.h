/* sessions - log-ins at SFTP servers that outlive one run.
 *
 * A program that reads several files or connections in turn hands the same
 * sessions to all of them: who logs in to the same server, as the same user,
 * with the same keys and the same word about the server's key, logs in once.
 * For one thread. */
#ifndef BROKER_SESSIONS_H
#define BROKER_SESSIONS_H

#include "broker/sftp.h"

struct sessions;

/* NULL: no memory. The connections that used them must outlive them. */
struct sessions *sessions_new(void);
void sessions_free(struct sessions *sessions);

/* The one for a remote place and a connection; made when there is none. It logs in at its first use. */
int sessions_get(struct sessions *sessions, const struct connection *connection, const struct place *place,
                 const struct patience *patience, struct sftp **ret_sftp, struct err *err);

DEFINE_TIDY(struct sessions *, sessions_free)

#endif
