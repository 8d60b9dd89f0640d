/* descriptor - bytes to an open file, all of them. */
#include "base/descriptor.h"

#include <errno.h>
#include <unistd.h>

int descriptor_write(int fd, const char *bytes, size_t len)
{
    while (len > 0) {
        ssize_t wrote = write(fd, bytes, len);
        if (wrote < 0 && errno == EINTR)
            continue;
        if (wrote < 0)
            return -errno;
        bytes += wrote;
        len -= (size_t)wrote;
    }
    return 0;
}
