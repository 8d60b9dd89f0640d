/* descriptor - bytes to an open file, all of them; a file that has no name. */
#ifndef BASE_DESCRIPTOR_H
#define BASE_DESCRIPTOR_H

#include <stddef.h>

/* Writes until everything is written. 0 or a negative errno; then a part may be. */
int descriptor_write(int fd, const char *bytes, size_t len);
/* An empty file on that folder's disk that no folder names, for reading and writing. 0 or a negative errno. */
int descriptor_unnamed(const char *folder, int *ret_fd);

#endif
