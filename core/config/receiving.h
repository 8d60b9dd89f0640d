/* receiving - connections whose connector declares routes: others call, and what they say is kept for it.
 *
 * Every such connector may declare these options, which the core understands:
 * the list of secrets that its routes name; `anonymous`, when none is asked
 * for; `sources`, addresses that may call; `relaxed_json`. */
#ifndef CONFIG_RECEIVING_H
#define CONFIG_RECEIVING_H

#include "config/organization.h"

#include "base/buffer.h"

#include <muster/connector.h>

/* NULL after the last; by the stride of who made the table. */
const muster_route *route_nth(const muster_connector *connector, size_t n);
/* Where a route is, with what `paths` says: "/punches/{id}". */
int route_path(const struct connection *connection, const muster_route *route, struct buffer *out);
/* How large a body may be, in bytes; 0: as is usual. */
uint32_t route_body_max(const struct connection *connection, const muster_route *route);
/* The nth of the secrets that a list option names; NULL after the last. */
const struct secretref *route_secret(const struct connection *connection, const char *option, size_t n);
/* How who calls a route shows that they may, with what the options say: "key X-Key"; "" where the options leave no way.
 */
int route_auth(const struct connection *connection, const muster_route *route, struct buffer *out);
/* Whether it asks for no secret: the file says so. */
bool receiving_anonymous(const struct connection *connection);
/* The status of what is kept: 200 unless the file says so. */
unsigned receiving_success(const struct connection *connection);

#endif
