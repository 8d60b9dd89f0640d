/* description - what a connector says about itself, read back from the bytes that its host sent or a cache kept. */
#ifndef LANE_DESCRIPTION_H
#define LANE_DESCRIPTION_H

#include "base/arena.h"
#include "base/wire.h"

#include <muster/connector.h>

/* In tables of this program's own sizes, all of it in the arena. Functions that the connector offers are not NULL, and
 * may not be called. Returns 0, -ENOMEM, or ERR_CORRUPT: the bytes are no description. */
int description_read(struct wire *wire, struct arena *arena, const muster_connector **ret_connector);
/* One stream, one field, as discover() sends them. */
int description_stream(struct wire *wire, struct arena *arena, muster_stream *ret_stream);
void description_field(struct wire *wire, muster_field *ret_field); /* points into the wire's bytes */

#endif
