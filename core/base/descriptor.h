/* descriptor - bytes to an open file, all of them; a file that has no name. */
#ifndef BASE_DESCRIPTOR_H
#define BASE_DESCRIPTOR_H

#include "base/buffer.h"

#include <stddef.h>
#include <sys/types.h>

/* Writes until everything is written. 0 or a negative errno; then a part may be. */
int descriptor_write(int fd, const char *bytes, size_t len);
/* Zeros in a file, from one place to before another. 0 or a negative errno; then a part may be. */
int descriptor_zero(int fd, off_t from, off_t to);
/* Appends all of a regular file. 0, ERR_DATA (it is none), or a negative errno. */
int descriptor_read_file(const char *path, struct buffer *out);
/* An empty file on that folder's disk that no folder names, for reading and writing. 0 or a negative errno. */
int descriptor_unnamed(const char *folder, int *ret_fd);

#endif
