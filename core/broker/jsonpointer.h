/* jsonpointer - one value of a JSON text by its pointer (RFC 6901), without building a tree; objects only. */
#ifndef BROKER_JSONPOINTER_H
#define BROKER_JSONPOINTER_H

#include "base/buffer.h"

/* Appends the value: a string without its quotes and escapes, else as it is written. ERR_GONE: it is not there, or
 * null; ERR_DATA: the text is no JSON. */
int jsonpointer_get(const char *json, size_t len, const char *pointer, struct buffer *out);

#endif
