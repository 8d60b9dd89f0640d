/* awaiting - connections that await their customer's authorization, for those who ask how it is. */
#ifndef CLI_AWAITING_H
#define CLI_AWAITING_H

#include "cli/context.h"
#include "engine/authorization.h"

/* Those of the organization as of now, NULL at the end; memory of the arena, NULL: there is none. */
const struct connection **awaiting_now(struct arena *arena, const struct organization *organization);
/* A line for each. */
void awaiting_tell(struct context *context, const struct organization *organization,
                   const struct connection *const *awaiting);
/* Member "awaiting", a list of {connection, sentence}. */
void awaiting_json(const struct organization *organization, const struct connection *const *awaiting,
                   struct buffer *out);
/* "awaiting authorization: …" of one of them. */
void awaiting_sentence(const struct organization *organization, const struct connection *connection,
                       struct buffer *out);

#endif
