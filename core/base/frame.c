/* frame - pieces of bytes, each whole, through a stream socket between two processes. */
#include "base/frame.h"

#include "base/clock.h"
#include "base/descriptor.h"
#include "base/error.h"
#include "base/mem.h"
#include "base/tidy.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>

#define MARK 0x4d46u /* "FM" */

enum { IN_FILE = 0x1, WITH_FD = 0x2 };

struct header {
    uint32_t len;
    uint16_t flags, mark;
};

_Static_assert(sizeof(struct header) == FRAME_HEADER, "a header is eight bytes");

void frame_reader_init(struct frame_reader *reader, int fd, size_t ceiling)
{
    *reader = (struct frame_reader){.fd = fd, .ceiling = ceiling, .passed = -1, .frame.fd = -1};
}

static void close_fd(int *fd)
{
    if (*fd >= 0)
        close(*fd);
    *fd = -1;
}

void frame_reader_done(struct frame_reader *reader)
{
    close_fd(&reader->passed);
    close_fd(&reader->frame.fd);
    free(reader->data);
    reader->data = NULL;
    reader->room = 0;
}

int frame_take_fd(struct frame_reader *reader)
{
    return take_fd(&reader->frame.fd);
}

static int nonsense(struct frame_reader *reader, const char *why)
{
    reader->why = why;
    return ERR_CORRUPT;
}

/* Keeps the one descriptor that may come with a frame's first byte; all others are closed at once. */
static int descriptors(struct frame_reader *reader, struct msghdr *message)
{
    int rc = 0;
    for (struct cmsghdr *part = CMSG_FIRSTHDR(message); part; part = CMSG_NXTHDR(message, part)) {
        if (part->cmsg_level != SOL_SOCKET || part->cmsg_type != SCM_RIGHTS)
            continue;
        size_t count = (part->cmsg_len - CMSG_LEN(0)) / sizeof(int);
        for (size_t i = 0; i < count; i++) {
            int fd;
            memcpy(&fd, CMSG_DATA(part) + i * sizeof(fd), sizeof(fd));
            if (reader->passed < 0 && reader->header_have == 0) {
                reader->passed = fd;
            } else {
                close(fd);
                rc = nonsense(reader, "a descriptor that was not announced");
            }
        }
    }
    if (message->msg_flags & MSG_CTRUNC)
        rc = nonsense(reader, "too many descriptors at once");
    return rc;
}

/* Fills from *have up to len. Returns 0 when it is full. */
static int fill(struct frame_reader *reader, void *bytes, size_t len, size_t *have, bool wait)
{
    while (*have < len) {
        union {
            char bytes[CMSG_SPACE(2 * sizeof(int))];
            struct cmsghdr align;
        } control;
        struct iovec vector = {(char *)bytes + *have, len - *have};
        struct msghdr message = {
            .msg_iov = &vector, .msg_iovlen = 1, .msg_control = control.bytes, .msg_controllen = sizeof(control.bytes)};
        ssize_t got = recvmsg(reader->fd, &message, MSG_CMSG_CLOEXEC | (wait ? 0 : MSG_DONTWAIT));
        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0)
            return errno == EAGAIN || errno == EWOULDBLOCK ? -EAGAIN : -errno;
        int rc = descriptors(reader, &message);
        if (rc != 0)
            return rc;
        if (got == 0)
            return reader->header_have == 0 ? -EPIPE : -ECONNRESET;
        *have += (size_t)got;
    }
    return 0;
}

static int make_room(struct frame_reader *reader, size_t len)
{
    if (len < reader->room)
        return 0;
    size_t room = len < FRAME_MAX ? FRAME_MAX + 1 : len + 1;
    char *data = mem_resize(reader->data, room, 1);
    if (!data)
        return -ENOMEM;
    reader->data = data;
    reader->room = room;
    return 0;
}

/* A copy, not a mapping: the other side could cut the file off while we look. */
static int read_file(struct frame_reader *reader, size_t len)
{
    TIDY(close) int fd = take_fd(&reader->passed);
    struct stat status;
    if (fstat(fd, &status) != 0 || !S_ISREG(status.st_mode) || status.st_size < 0 || (uint64_t)status.st_size != len)
        return nonsense(reader, "a large frame whose file is not what was announced");
    for (size_t have = 0; have < len;) {
        ssize_t got = pread(fd, reader->data + have, len - have, (off_t)have);
        if (got < 0 && errno == EINTR)
            continue;
        if (got <= 0)
            return nonsense(reader, "a large frame whose file cannot be read");
        have += (size_t)got;
    }
    return 0;
}

static int header_check(struct frame_reader *reader, const struct header *header)
{
    if (header->mark != MARK || (header->flags & ~(IN_FILE | WITH_FD)) != 0 || header->flags == (IN_FILE | WITH_FD))
        return nonsense(reader, "bytes that are no frame");
    if (header->len > reader->ceiling)
        return nonsense(reader, "a frame over the ceiling");
    if (header->len > FRAME_MAX && !(header->flags & IN_FILE))
        return nonsense(reader, "a large frame through the socket");
    if ((header->flags != 0) != (reader->passed >= 0))
        return nonsense(reader, header->flags ? "an announced descriptor that did not come"
                                              : "a descriptor that was not announced");
    return 0;
}

int frame_read(struct frame_reader *reader, bool wait, struct frame *ret_frame)
{
    close_fd(&reader->frame.fd);
    if (reader->why)
        return ERR_CORRUPT;
    int rc = fill(reader, reader->header, FRAME_HEADER, &reader->header_have, wait);
    if (rc != 0)
        return rc;
    struct header header;
    memcpy(&header, reader->header, sizeof(header));
    if (reader->have == 0) {
        rc = header_check(reader, &header);
        if (rc == 0)
            rc = make_room(reader, header.len);
        if (rc != 0)
            return rc;
    }
    if (header.flags & IN_FILE)
        rc = read_file(reader, header.len);
    else
        rc = fill(reader, reader->data, header.len, &reader->have, wait);
    if (rc != 0)
        return rc;
    reader->data[header.len] = '\0';
    reader->frame = (struct frame){reader->data, header.len, take_fd(&reader->passed)};
    reader->header_have = reader->have = 0;
    *ret_frame = reader->frame;
    return 0;
}

void frame_keep(struct frame_reader *reader, char **kept, size_t *kept_room)
{
    char *data = reader->data;
    size_t room = reader->room;
    reader->data = *kept;
    reader->room = *kept_room;
    *kept = data;
    *kept_room = room;
}

static int wait_writable(int fd, int64_t deadline)
{
    int left = -1;
    if (deadline >= 0) {
        int64_t ms = deadline - clock_steady_ms();
        if (ms <= 0)
            return ERR_TIMEOUT;
        left = ms > INT_MAX ? INT_MAX : (int)ms;
    }
    struct pollfd poller = {.fd = fd, .events = POLLOUT};
    return poll(&poller, 1, left) < 0 && errno != EINTR ? -errno : 0;
}

static int send_all(int fd, struct iovec *vector, size_t count, int passed, int64_t deadline)
{
    union {
        char bytes[CMSG_SPACE(sizeof(int))];
        struct cmsghdr align;
    } control = {.bytes = {0}};
    struct msghdr message = {.msg_iov = vector, .msg_iovlen = count};
    if (passed >= 0) {
        message.msg_control = control.bytes;
        message.msg_controllen = sizeof(control.bytes);
        struct cmsghdr *part = CMSG_FIRSTHDR(&message);
        part->cmsg_level = SOL_SOCKET;
        part->cmsg_type = SCM_RIGHTS;
        part->cmsg_len = CMSG_LEN(sizeof(int));
        memcpy(CMSG_DATA(part), &passed, sizeof(passed));
    }
    while (message.msg_iovlen > 0) {
        ssize_t sent = sendmsg(fd, &message, MSG_NOSIGNAL | (deadline >= 0 ? MSG_DONTWAIT : 0));
        if (sent < 0 && (errno == EAGAIN || errno == EWOULDBLOCK)) {
            int rc = wait_writable(fd, deadline);
            if (rc != 0)
                return rc;
            continue;
        }
        if (sent < 0 && errno == EINTR)
            continue;
        if (sent < 0)
            return errno == ECONNRESET ? -EPIPE : -errno;
        message.msg_control = NULL; /* it went with the first bytes */
        message.msg_controllen = 0;
        size_t done = (size_t)sent;
        while (message.msg_iovlen > 0 && done >= message.msg_iov->iov_len) {
            done -= message.msg_iov->iov_len;
            message.msg_iov++;
            message.msg_iovlen--;
        }
        if (message.msg_iovlen > 0) {
            message.msg_iov->iov_base = (char *)message.msg_iov->iov_base + done;
            message.msg_iov->iov_len -= done;
        }
    }
    return 0;
}

static const char *frames_in;

void frame_folder(const char *folder)
{
    frames_in = folder;
}

static int write_file(const char *data, size_t len, int *ret_fd)
{
    TIDY(close) int fd = -1;
    int rc = frames_in ? descriptor_unnamed(frames_in, &fd) : 0;
    if (rc == 0 && !frames_in && (fd = memfd_create("frame", MFD_CLOEXEC)) < 0)
        rc = -errno;
    if (rc != 0)
        return rc;
    rc = descriptor_write(fd, data, len);
    if (rc == 0)
        *ret_fd = take_fd(&fd);
    return rc;
}

int frame_send(int fd, const void *data, size_t len, int passed, int timeout_ms)
{
    if (len > UINT32_MAX || (len > FRAME_MAX && passed >= 0))
        return -EMSGSIZE;
    int64_t deadline = timeout_ms < 0 ? -1 : clock_steady_ms() + timeout_ms;
    struct header header = {.len = (uint32_t)len, .flags = passed >= 0 ? WITH_FD : 0, .mark = MARK};
    struct iovec vector[2] = {{&header, sizeof(header)}, {(void *)(uintptr_t)data, len}};
    if (len <= FRAME_MAX)
        return send_all(fd, vector, len > 0 ? 2 : 1, passed, deadline);
    TIDY(close) int file = -1;
    int rc = write_file(data, len, &file);
    if (rc != 0)
        return rc;
    header.flags = IN_FILE;
    return send_all(fd, vector, 1, file, deadline);
}
