/* descriptor - bytes to an open file, all of them. */
#ifndef BASE_DESCRIPTOR_H
#define BASE_DESCRIPTOR_H

#include <stddef.h>

/* Writes until everything is written. 0 or a negative errno; then a part may be. */
int descriptor_write(int fd, const char *bytes, size_t len);

#endif
