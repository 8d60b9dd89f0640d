/* link - one SSH session with one server, for one user, that is never waited for blindly.
 *
 * The session is non-blocking: LINK_DO repeats a call of libssh2 until it has
 * an answer, nobody's patience ends and nobody calls it off. A link whose call
 * was given up in the middle is broken and must be closed. */
#ifndef BROKER_LINK_H
#define BROKER_LINK_H

#include "base/error.h"
#include "broker/patience.h"
#include "broker/place.h"
#include "config/organization.h"

#include <libssh2.h>
#include <libssh2_sftp.h>
#include <stdint.h>

struct link {
    const struct connection *connection;
    const struct patience *patience;
    char *user, *host;
    unsigned port;
    char where[300]; /* "files.example port 22" */
    int fd;          /* -1: closed */
    LIBSSH2_SESSION *session;
    LIBSSH2_SFTP *sftp; /* NULL: not logged in */
    int64_t deadline;
    int rc;               /* why waiting ended: ERR_CANCELLED, ERR_TIMEOUT */
    bool wiping;          /* memory that libssh2 gives back now may hold a secret */
    unsigned wrong_kinds; /* kinds of host keys that are not the pinned one, by LIBSSH2_HOSTKEY_TYPE_… */
};

/* Logs in; nothing to do when the link is open. */
int link_open(struct link *link, struct err *err);
void link_close(struct link *link);
bool link_broken(const struct link *link);
/* Whether a call that gave `code` lost the server. libssh2 says "protocol error" of a key file too: only this is sure.
 */
bool link_lost(const struct link *link, long code);

/* Memory that libssh2 will free. NULL: none. */
void *link_memory(size_t size);

void link_begin(struct link *link);
int link_wait(struct link *link); /* 0: try again; else link->rc says why not */

/* result = call, once it is no longer "try again". */
#define LINK_DO(link, result, call)                                                                                    \
    do {                                                                                                               \
        link_begin(link);                                                                                              \
        while (((result) = (call)) == LIBSSH2_ERROR_EAGAIN && link_wait(link) == 0) {                                  \
        }                                                                                                              \
    } while (0)
/* The same for calls that give a pointer. */
#define LINK_GET(link, result, call)                                                                                   \
    do {                                                                                                               \
        link_begin(link);                                                                                              \
        while (!((result) = (call)) && libssh2_session_last_errno((link)->session) == LIBSSH2_ERROR_EAGAIN &&          \
               link_wait(link) == 0) {                                                                                 \
        }                                                                                                              \
    } while (0)

/* The sentence for a call that failed on the way, `doing` in words ("reading /x"): cancelled, too slow, cut off. */
int link_failed(struct link *link, const char *doing, struct err *err);

#endif
