/* jsontext - JSON written straight into a buffer. */
#ifndef BASE_JSONTEXT_H
#define BASE_JSONTEXT_H

#include "base/buffer.h"

#include <stdbool.h>
#include <stdint.h>

/* A quoted string; bytes that are no UTF-8 become U+FFFD. NULL is null. */
void json_string(struct buffer *out, const char *text, size_t len);
void json_text(struct buffer *out, const char *text);

/* Digits as JSON has numbers, without an exponent: "-12.50", not "012", "+1" or "1e3". */
bool json_number_valid(const char *text, size_t len);

/* Text that should be JSON, as it is; what is not becomes a string. */
void json_raw(struct buffer *out, const char *text, size_t len);

/* "name": with a comma before it unless the object has just begun. */
void json_name(struct buffer *out, const char *name);
/* A member of an object: name and value. */
void json_member_text(struct buffer *out, const char *name, const char *text);
void json_member_number(struct buffer *out, const char *name, uint64_t value);

#endif
