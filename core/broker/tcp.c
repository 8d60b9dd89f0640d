/* tcp - a connection to a host and port. */
#include "broker/tcp.h"

#include "base/clock.h"
#include "base/mem.h"
#include "base/tidy.h"

#include <errno.h>
#include <fcntl.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <pthread.h>
#include <stdio.h>
#include <sys/socket.h>

/* A name being looked up by a thread of its own, because getaddrinfo() can neither be stopped nor hurried. Whoever
 * leaves last frees it. */
struct lookup {
    pthread_mutex_t lock;
    pthread_cond_t done_cond;
    int holders;
    int done, rc;
    struct addrinfo *addresses;
    char port[8];
    char *host;
};

static void lookup_leave(struct lookup *lookup)
{
    pthread_mutex_lock(&lookup->lock);
    int left = --lookup->holders;
    pthread_mutex_unlock(&lookup->lock);
    if (left > 0)
        return;
    if (lookup->addresses)
        freeaddrinfo(lookup->addresses);
    pthread_cond_destroy(&lookup->done_cond);
    pthread_mutex_destroy(&lookup->lock);
    free(lookup->host);
    free(lookup);
}

DEFINE_TIDY(struct lookup *, lookup_leave)

static void *lookup_run(void *argument)
{
    struct lookup *lookup = argument;
    struct addrinfo hints = {.ai_socktype = SOCK_STREAM, .ai_flags = AI_NUMERICSERV};
    struct addrinfo *addresses = NULL;
    int rc = getaddrinfo(lookup->host, lookup->port, &hints, &addresses);
    pthread_mutex_lock(&lookup->lock);
    lookup->rc = rc;
    lookup->addresses = rc == 0 ? addresses : NULL;
    lookup->done = 1;
    pthread_cond_signal(&lookup->done_cond);
    pthread_mutex_unlock(&lookup->lock);
    lookup_leave(lookup);
    return NULL;
}

static struct lookup *lookup_start(const char *host, unsigned port)
{
    struct lookup *lookup = mem_new(1, sizeof(*lookup));
    if (!lookup || !(lookup->host = mem_text(host))) {
        free(lookup);
        return NULL;
    }
    snprintf(lookup->port, sizeof(lookup->port), "%u", port);
    pthread_mutex_init(&lookup->lock, NULL);
    pthread_condattr_t steady;
    pthread_condattr_init(&steady);
    pthread_condattr_setclock(&steady, CLOCK_MONOTONIC);
    pthread_cond_init(&lookup->done_cond, &steady);
    pthread_condattr_destroy(&steady);
    lookup->holders = 1;
    struct addrinfo hints = {.ai_socktype = SOCK_STREAM, .ai_flags = AI_NUMERICSERV | AI_NUMERICHOST};
    if (getaddrinfo(host, lookup->port, &hints, &lookup->addresses) == 0) {
        lookup->done = 1; /* an address needs nobody to ask */
        return lookup;
    }
    lookup->addresses = NULL;
    pthread_t thread;
    lookup->holders = 2;
    if (pthread_create(&thread, NULL, lookup_run, lookup) != 0) {
        lookup->holders = 1;
        lookup_leave(lookup);
        return NULL;
    }
    pthread_detach(thread);
    return lookup;
}

/* 1 when it is done, 0 after a slice of waiting. */
static int lookup_wait(struct lookup *lookup)
{
    struct timespec until;
    clock_gettime(CLOCK_MONOTONIC, &until);
    until.tv_nsec += PATIENCE_SLICE_MS * 1000000L;
    if (until.tv_nsec >= 1000000000L) {
        until.tv_nsec -= 1000000000L;
        until.tv_sec++;
    }
    pthread_mutex_lock(&lookup->lock);
    if (!lookup->done)
        pthread_cond_timedwait(&lookup->done_cond, &lookup->lock, &until);
    int done = lookup->done;
    pthread_mutex_unlock(&lookup->lock);
    return done;
}

static int cancelled(const char *host, struct err *err)
{
    return err_set(err, ERR_CANCELLED, "cancelled while %s was being connected", host);
}

static int resolve(struct lookup *lookup, const char *host, const struct patience *patience, int64_t deadline,
                   struct err *err)
{
    while (!lookup_wait(lookup)) {
        if (patience_cancelled(patience))
            return cancelled(host, err);
        if (clock_steady_ms() >= deadline)
            return err_set(err, ERR_NETWORK,
                           "looking up the name %s took too long: check the name servers of this "
                           "machine",
                           host);
    }
    if (lookup->rc == EAI_NONAME || lookup->rc == EAI_NODATA)
        return err_set(err, ERR_NETWORK, "there is no host named %s: check the name, and the name servers", host);
    if (lookup->rc != 0)
        return err_set(err, ERR_NETWORK, "the name %s cannot be looked up now: %s", host, gai_strerror(lookup->rc));
    return 0;
}

/* One address. Returns 0, -errno, or ERR_CANCELLED. */
static int try_address(const struct addrinfo *address, const struct patience *patience, int64_t deadline, int *ret_fd)
{
    __attribute__((cleanup(tidy_close))) int fd =
        socket(address->ai_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, address->ai_protocol);
    if (fd < 0)
        return -errno;
    if (connect(fd, address->ai_addr, address->ai_addrlen) < 0 && errno != EINPROGRESS)
        return -errno;
    for (;;) {
        struct pollfd wait = {.fd = fd, .events = POLLOUT};
        if (poll(&wait, 1, PATIENCE_SLICE_MS) > 0)
            break;
        if (patience_cancelled(patience))
            return ERR_CANCELLED;
        if (clock_steady_ms() >= deadline)
            return -ETIMEDOUT;
    }
    int code = 0, on = 1;
    socklen_t size = sizeof(code);
    if (getsockopt(fd, SOL_SOCKET, SO_ERROR, &code, &size) < 0)
        return -errno;
    if (code != 0)
        return -code;
    (void)setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
    (void)setsockopt(fd, SOL_SOCKET, SO_KEEPALIVE, &on, sizeof(on));
    *ret_fd = take_fd(&fd);
    return 0;
}

int tcp_connect(const char *host, unsigned port, const struct patience *patience, int *ret_fd, struct err *err)
{
    int64_t deadline = clock_steady_ms() + patience->connect_ms;
    TIDY(lookup_leave) struct lookup *lookup = lookup_start(host, port);
    if (!lookup)
        return err_set(err, -ENOMEM, "%s", err_text(-ENOMEM));
    int rc = resolve(lookup, host, patience, deadline, err);
    if (rc < 0)
        return rc;
    rc = -EADDRNOTAVAIL;
    for (const struct addrinfo *address = lookup->addresses; address; address = address->ai_next) {
        /* One that swallows everything must leave time for the next one. */
        int64_t now = clock_steady_ms();
        rc = try_address(address, patience, address->ai_next ? now + (deadline - now) / 2 : deadline, ret_fd);
        if (rc == 0)
            return 0;
        if (rc == ERR_CANCELLED)
            return cancelled(host, err);
    }
    if (rc == -ECONNREFUSED)
        return err_set(err, ERR_NETWORK, "%s port %u refuses connections: check the port, and that the server runs",
                       host, port);
    if (rc == -ETIMEDOUT)
        return err_set(err, ERR_NETWORK,
                       "%s port %u does not answer within %g seconds: check the address, the port and firewalls", host,
                       port, patience->connect_ms / 1000.0);
    return err_set(err, ERR_NETWORK, "%s port %u cannot be reached: %s", host, port, err_text(rc));
}
