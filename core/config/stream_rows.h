/* stream_rows - a mapping held against what its connector says of the rows: whether they have ids of their own, and
 * which fields they have. */
#ifndef CONFIG_STREAM_ROWS_H
#define CONFIG_STREAM_ROWS_H

#include "config/organization.h"

#include <stdbool.h>

struct muster_stream;

/* `declared`: of the connector's description, or what its open() has said (muster_host.stream). */
void stream_rows_check(struct complaints *complaints, const struct connection *connection,
                       const struct muster_stream *declared, const struct mapping *mapping);

/* Of a stream that has more fields than its connector declares: the declared one that a column looks like, and is not.
 * NULL: it is one, or like none. *ret_place: where the file names the column. */
const char *stream_rows_near(const struct muster_stream *declared, const struct mapping *mapping, size_t column,
                             const struct node **ret_place);

/* Whether the organization's file reads the stream, or tells it. */
bool stream_is_used(const struct connection *connection, const char *stream);

#endif
