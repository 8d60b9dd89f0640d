/* descriptor - bytes to an open file, all of them; a file that has no name. */
#include "base/descriptor.h"

#include "base/error.h"
#include "base/tidy.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
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

int descriptor_zero(int fd, off_t from, off_t to)
{
    static const char zeros[1 << 16];
    while (from < to) {
        size_t len = to - from < (off_t)sizeof(zeros) ? (size_t)(to - from) : sizeof(zeros);
        ssize_t wrote = pwrite(fd, zeros, len, from);
        if (wrote < 0 && errno != EINTR)
            return -errno;
        from += wrote > 0 ? wrote : 0;
    }
    return 0;
}

int descriptor_read_file(const char *path, struct buffer *out)
{
    TIDY(close) int fd = open(path, O_RDONLY | O_CLOEXEC);
    struct stat info;
    if (fd < 0 || fstat(fd, &info) != 0)
        return -errno;
    if (!S_ISREG(info.st_mode))
        return ERR_DATA;
    char *place = buffer_reserve(out, (size_t)info.st_size);
    for (off_t done = 0; place && done < info.st_size;) {
        ssize_t got = pread(fd, place + done, (size_t)(info.st_size - done), done);
        if (got < 0 && errno == EINTR)
            continue;
        if (got <= 0)
            return got < 0 ? -errno : -EIO;
        done += got;
    }
    return out->rc;
}

int descriptor_unnamed(const char *folder, int *ret_fd)
{
    char path[PATH_MAX];
    int fd = open(folder, O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);
    if (fd < 0 && (errno == EOPNOTSUPP || errno == EISDIR || errno == EINVAL)) {
        if (snprintf(path, sizeof(path), "%s/unnamed-XXXXXX", folder) >= (int)sizeof(path))
            return -ENAMETOOLONG;
        fd = mkostemp(path, O_CLOEXEC);
        if (fd >= 0)
            (void)unlink(path);
    }
    if (fd < 0)
        return -errno;
    *ret_fd = fd;
    return 0;
}
