/* authorization - whether a connection may be used yet: the paper on which it rests.
 *
 * A connection may be declared before its customer has signed anything. Until
 * the paper is named and signed, where the connector asks for one (by an option
 * needs_authorization) or the file has begun to name it, and after its end,
 * nothing is asked of the system. */
#ifndef ENGINE_AUTHORIZATION_H
#define ENGINE_AUTHORIZATION_H

#include "base/buffer.h"
#include "config/organization.h"

#include <stdbool.h>

/* Whether it has to wait on this day (since 1970, the organization's); the sentence, without a full stop, goes to
 * `out`, which may be NULL: "awaiting authorization: the file names no document for it". */
bool authorization_awaited(const struct connection *connection, int64_t today, struct buffer *out);
/* The same as of now: 0, or ERR_PAUSED with a sentence and a way out. */
int authorization_check(const struct organization *organization, const struct connection *connection, struct err *err);

#endif
