/* describe - a connector's description on its way to the engine, each table walked by the connector's own stride. */
#ifndef HOST_DESCRIBE_H
#define HOST_DESCRIBE_H

#include "base/buffer.h"

#include <muster/connector.h>

/* Appends the fields of the description. Returns 0, or ERR_CONNECTOR with the sentence when a table has no end or
 * nests too deep, or a text is no UTF-8; the buffer's sticky error tells of the rest. */
int describe_write(const muster_connector *connector, struct buffer *out, char *ret_why, size_t room);
/* One stream or field, as discover() hands it over. */
int describe_stream(const muster_connector *connector, const muster_stream *stream, struct buffer *out, char *ret_why,
                    size_t room);
int describe_field(const muster_field *field, struct buffer *out, char *ret_why, size_t room);

/* The nth entry of a table with that stride. */
#define DESCRIBE_NTH(table, stride, n)                                                                                 \
    ((__typeof__(table))(const void *)((const char *)(const void *)(table) + (size_t)(n) * (stride)))

/* What an entry of options had when it was first released (1.4), and a member that came later: NULL, where a connector
 * was built before that. */
#define DESCRIBE_OPTION_LEAST (offsetof(muster_option, members) + sizeof(((muster_option *)0)->members))
#define DESCRIBE_HAS(stride, entry, member)                                                                            \
    ((stride) >= offsetof(__typeof__(*(entry)), member) + sizeof((entry)->member) ? (entry)->member : NULL)

#endif
