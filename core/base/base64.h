/* base64 - bytes as text (RFC 4648, standard alphabet). */
#ifndef BASE_BASE64_H
#define BASE_BASE64_H

#include <stdbool.h>
#include <stddef.h>

/* Room for the text of `len` bytes, padding and '\0' included. */
#define BASE64_ROOM(len) (((len) + 2) / 3 * 4 + 1)

void base64_write(const void *bytes, size_t len, bool padding, char *ret_text);
/* White space is skipped, padding may be missing. False when it is no base64 or longer than `room`. */
bool base64_read(const char *text, size_t len, void *ret_bytes, size_t room, size_t *ret_len);

#endif
