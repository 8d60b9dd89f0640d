/* ingest - the least a server can do that keeps what it is sent: a bare epoll loop, all requests that have come in one
 * turn in one write and one fdatasync, then 200 for each.
 *
 * ingest FILE: prints its port. It takes POST with Content-Length, as wrk sends it, and knows nobody's name. */
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

enum { CALLERS = 1024, ROOM = 16384, ALL = 4 << 20 };

static struct caller {
    size_t len;
    char room[ROOM];
} callers[CALLERS];
static char kept[ALL];
static int answered[CALLERS * 4];
static size_t kept_len, answered_count;

static void fail(const char *what)
{
    perror(what);
    exit(1);
}

static int listener(void)
{
    struct sockaddr_in at = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t len = sizeof(at);
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
    if (fd < 0 || bind(fd, (struct sockaddr *)&at, len) != 0 || listen(fd, 1024) != 0 ||
        getsockname(fd, (struct sockaddr *)&at, &len) != 0)
        fail("listen");
    printf("%d\n", ntohs(at.sin_port));
    fflush(stdout);
    return fd;
}

/* The bytes of the first request; 0: it is not whole yet. */
static size_t request_len(const struct caller *caller, size_t *ret_body)
{
    const char *end = memmem(caller->room, caller->len, "\r\n\r\n", 4);
    const char *length = end ? strcasestr(caller->room, "\r\nContent-Length:") : NULL;
    if (!length || length > end)
        return 0;
    size_t head = (size_t)(end - caller->room) + 4, body = strtoul(length + 17, NULL, 10);
    *ret_body = head;
    return caller->len >= head + body ? head + body : 0;
}

static void take(int fd, struct caller *caller)
{
    size_t body, len;
    while ((len = request_len(caller, &body)) > 0 && kept_len + len + 1 < ALL) {
        memcpy(kept + kept_len, caller->room + body, len - body);
        kept_len += len - body;
        kept[kept_len++] = '\n';
        answered[answered_count++] = fd;
        memmove(caller->room, caller->room + len, caller->len - len);
        caller->len -= len;
    }
}

static void hear(int fd)
{
    struct caller *caller = &callers[fd];
    ssize_t count = read(fd, caller->room + caller->len, ROOM - 1 - caller->len);
    if (count <= 0) {
        if (count < 0 && errno == EAGAIN)
            return;
        caller->len = 0;
        close(fd);
        return;
    }
    caller->len += (size_t)count;
    caller->room[caller->len] = '\0';
    take(fd, caller);
}

static void greet(int epoll, int listening)
{
    int fd, one = 1;
    while ((fd = accept4(listening, NULL, NULL, SOCK_NONBLOCK)) >= 0) {
        struct epoll_event event = {.events = EPOLLIN, .data.fd = fd};
        setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one));
        if (fd >= CALLERS || epoll_ctl(epoll, EPOLL_CTL_ADD, fd, &event) != 0)
            close(fd);
    }
}

static void keep(int file)
{
    static const char said[] = "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 22\r\n\r\n"
                               "{\"status\":\"accepted\"}\n";
    if (answered_count == 0)
        return;
    if (write(file, kept, kept_len) != (ssize_t)kept_len || fdatasync(file) != 0)
        fail("write");
    for (size_t i = 0; i < answered_count; i++)
        if (send(answered[i], said, sizeof(said) - 1, MSG_NOSIGNAL) < 0 && errno != EPIPE && errno != EBADF)
            fail("send");
    kept_len = answered_count = 0;
}

int main(int argc, char **argv)
{
    struct epoll_event events[256];
    int file = argc == 2 ? open(argv[1], O_WRONLY | O_CREAT | O_APPEND, 0600) : -1;
    int epoll = epoll_create1(0), listening = file < 0 ? -1 : listener();
    if (epoll < 0 || listening < 0)
        fail("ingest FILE");
    events[0] = (struct epoll_event){.events = EPOLLIN, .data.fd = listening};
    epoll_ctl(epoll, EPOLL_CTL_ADD, listening, &events[0]);
    for (;;) {
        int count = epoll_wait(epoll, events, 256, -1);
        for (int i = 0; i < count; i++)
            if (events[i].data.fd == listening)
                greet(epoll, listening);
            else
                hear(events[i].data.fd);
        keep(file);
    }
}
