/* tcp - a connection to a host and port, within a time and only as long as nobody calls it off. */
#ifndef BROKER_TCP_H
#define BROKER_TCP_H

#include "base/error.h"
#include "broker/patience.h"

/* A non-blocking socket, closed by the caller. Name not found, refused, unreachable and too slow are ERR_NETWORK with a
 * sentence each. */
int tcp_connect(const char *host, unsigned port, const struct patience *patience, int *ret_fd, struct err *err);

#endif
