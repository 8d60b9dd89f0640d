/* declared - the streams that a connector makes of its options, as its open() says them, and what the organization's
 * file does with them. */
#ifndef CLI_DECLARED_H
#define CLI_DECLARED_H

#include "cli/context.h"

#include <muster/connector.h>

struct declared {
    struct arena *arena;
    muster_stream *items;
    size_t count, room;
};

/* lane_sink.stream: keeps a copy in the arena of `context`, a struct declared. */
int declared_take(void *context, const muster_stream *stream);
/* Mappings against it. Streams that nobody uses are a warning. */
void declared_check(const struct context *context, const struct connection *connection, const struct declared *declared,
                    struct complaints *said);

#endif
