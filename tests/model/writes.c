/* writes - what this process writes to files: counted, so that it can die at any of it, and recorded. */
#include "writes.h"

#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>

#define PUBLIC __attribute__((visibility("default")))
#define REAL(name) ((__typeof__(&name))dlsym(RTLD_NEXT, #name))

static long die_at, written;
static int record = -1;
static char folder[PATH_MAX];

void writes_die_at(long nth)
{
    die_at = nth;
}

void writes_record(const char *path, const char *below)
{
    snprintf(folder, sizeof(folder), "%s", below);
    record = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_APPEND | O_CLOEXEC, 0600);
    if (record < 0)
        abort();
}

static void counted(int fd)
{
    if (die_at > 0 && fd > STDERR_FILENO && ++written == die_at)
        raise(SIGKILL);
}

/* The name of an open file below the folder; false: it is none of those. */
static bool name_of(int fd, char name[PATH_MAX])
{
    char link[64];
    snprintf(link, sizeof(link), "/proc/self/fd/%d", fd);
    ssize_t len = readlink(link, name, PATH_MAX - 1);
    if (len <= 0)
        return false;
    name[len] = '\0';
    return strncmp(name, folder, strlen(folder)) == 0 && !strstr(name, " (deleted)");
}

static void note(char what, bool durable, const char *name, uint64_t at, const void *data, size_t len)
{
    uint32_t name_len = (uint32_t)strlen(name);
    uint64_t data_len = len;
    uint8_t head[2] = {(uint8_t)what, durable};
    const struct iovec parts[] = {{head, 2},
                                  {&name_len, 4},
                                  {&at, 8},
                                  {&data_len, 8},
                                  {(void *)(uintptr_t)name, name_len},
                                  {(void *)(uintptr_t)data, len}};
    if (REAL(writev)(record, parts, 6) < 0)
        abort();
}

static void note_write(int fd, const void *data, ssize_t len, uint64_t at)
{
    char name[PATH_MAX];
    if (record >= 0 && len > 0 && name_of(fd, name))
        note('w', (fcntl(fd, F_GETFL) & (O_DSYNC | O_SYNC)) != 0, name, at, data, (size_t)len);
}

static void note_parts(int fd, const struct iovec *parts, int count, ssize_t len, uint64_t at)
{
    for (int i = 0; i < count && len > 0; i++) {
        ssize_t part = len < (ssize_t)parts[i].iov_len ? len : (ssize_t)parts[i].iov_len;
        note_write(fd, parts[i].iov_base, part, at);
        at += (uint64_t)part;
        len -= part;
    }
}

PUBLIC ssize_t pwrite(int fd, const void *bytes, size_t len, off_t at)
{
    counted(fd);
    ssize_t wrote = REAL(pwrite)(fd, bytes, len, at);
    note_write(fd, bytes, wrote, (uint64_t)at);
    return wrote;
}

PUBLIC ssize_t pwritev(int fd, const struct iovec *parts, int count, off_t at)
{
    counted(fd);
    ssize_t wrote = REAL(pwritev)(fd, parts, count, at);
    note_parts(fd, parts, count, wrote, (uint64_t)at);
    return wrote;
}

PUBLIC ssize_t writev(int fd, const struct iovec *parts, int count)
{
    counted(fd);
    off_t at = record >= 0 ? lseek(fd, 0, SEEK_CUR) : 0;
    ssize_t wrote = REAL(writev)(fd, parts, count);
    note_parts(fd, parts, count, wrote, (uint64_t)at);
    return wrote;
}

PUBLIC ssize_t write(int fd, const void *bytes, size_t len)
{
    counted(fd);
    off_t at = record >= 0 ? lseek(fd, 0, SEEK_CUR) : 0;
    ssize_t wrote = REAL(write)(fd, bytes, len);
    note_write(fd, bytes, wrote, (uint64_t)at);
    return wrote;
}

PUBLIC int ftruncate(int fd, off_t len)
{
    char name[PATH_MAX];
    counted(fd);
    int rc = REAL(ftruncate)(fd, len);
    if (rc == 0 && record >= 0 && name_of(fd, name))
        note('t', false, name, (uint64_t)len, "", 0);
    return rc;
}

/* A hole reads as zeros. */
PUBLIC int fallocate(int fd, int mode, off_t at, off_t len)
{
    counted(fd);
    int rc = REAL(fallocate)(fd, mode, at, len);
    char *zeros = rc == 0 && record >= 0 && mode & FALLOC_FL_PUNCH_HOLE ? calloc(1, (size_t)len) : NULL;
    if (zeros)
        note_write(fd, zeros, (ssize_t)len, (uint64_t)at);
    free(zeros);
    return rc;
}

static void note_sync(int fd)
{
    char name[PATH_MAX];
    if (record >= 0 && name_of(fd, name))
        note('s', true, name, 0, "", 0);
}

PUBLIC int fdatasync(int fd)
{
    counted(fd);
    int rc = REAL(fdatasync)(fd);
    note_sync(fd);
    return rc;
}

PUBLIC int fsync(int fd)
{
    counted(fd);
    int rc = REAL(fsync)(fd);
    note_sync(fd);
    return rc;
}

static void note_names(char what, const char *from, const char *to)
{
    if (record >= 0 && strncmp(from, folder, strlen(folder)) == 0)
        note(what, false, from, 0, to, strlen(to));
}

PUBLIC int rename(const char *from, const char *to)
{
    counted(STDERR_FILENO + 1);
    int rc = REAL(rename)(from, to);
    if (rc == 0)
        note_names('r', from, to);
    return rc;
}

PUBLIC int link(const char *from, const char *to)
{
    counted(STDERR_FILENO + 1);
    int rc = REAL(link)(from, to);
    if (rc == 0)
        note_names('l', from, to);
    return rc;
}

PUBLIC int unlink(const char *name)
{
    counted(STDERR_FILENO + 1);
    int rc = REAL(unlink)(name);
    if (rc == 0)
        note_names('u', name, "");
    return rc;
}

PUBLIC int mkdir(const char *name, mode_t mode)
{
    int rc = REAL(mkdir)(name, mode);
    if (rc == 0)
        note_names('m', name, "");
    return rc;
}

static void note_open(int fd, bool was_there, int flags)
{
    char name[PATH_MAX];
    bool made = (flags & O_CREAT) && !was_there;
    if (fd >= 0 && record >= 0 && (made || (flags & O_TRUNC)) && (flags & O_TMPFILE) != O_TMPFILE && name_of(fd, name))
        note('o', false, name, made, "", 0);
}

static mode_t mode_of(int flags, va_list more)
{
    return flags & (O_CREAT | O_TMPFILE) ? va_arg(more, mode_t) : 0;
}

PUBLIC int open(const char *name, int flags, ...)
{
    va_list more;
    va_start(more, flags);
    mode_t mode = mode_of(flags, more);
    va_end(more);
    bool was_there = record >= 0 && access(name, F_OK) == 0;
    int fd = REAL(open)(name, flags, mode);
    note_open(fd, was_there, flags);
    return fd;
}

PUBLIC int openat(int at, const char *name, int flags, ...)
{
    va_list more;
    va_start(more, flags);
    mode_t mode = mode_of(flags, more);
    va_end(more);
    bool was_there = record >= 0 && faccessat(at, name, F_OK, 0) == 0;
    int fd = REAL(openat)(at, name, flags, mode);
    note_open(fd, was_there, flags);
    return fd;
}
