/* web_server - a server of libmicrohttpd, and the thread that turns it.
 *
 * Who waits for a disk is not taken out of the turn and put back into it, which would cost three calls of the kernel
 * for each request: libmicrohttpd asks for the answer once in each turn, and the thread sleeps between turns, until
 * something comes or an answer is there. All that are there by then go out in one turn. */
#include "web/web_inside.h"

#include "base/mem.h"

#include <errno.h>
#include <limits.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <unistd.h>

enum {
    HEADERS_MAX = 16 << 10, /* of one connection: headers, and the piece of a body that is being read; wiped for each */
    LOOK_AGAIN = 1,         /* ms after which a turn is taken while somebody waits for an answer */
};
#define TLS_WORDS "NORMAL:-VERS-ALL:+VERS-TLS1.3:+VERS-TLS1.2"

/* --- turns --- */

/* Returns how long nothing is to be done unless something comes: ms; -1: for ever. While somebody waits libmicrohttpd
 * would have us go round without a rest, and does not say whether it has more to do for others: so it is asked again
 * at once after a turn in which anybody may have come no further than that turn let him, and soon after any other. */
static int turn(struct server *server)
{
    MHD_UNSIGNED_LONG_LONG ms = 0;
    pthread_mutex_lock(&server->lock);
    atomic_store(&server->woken, false);
    server->moved = 0;
    server->turns++;
    MHD_run(server->daemon);
    bool timed = MHD_get_timeout(server->daemon, &ms) == MHD_YES;
    int rest = !timed ? -1 : ms < INT_MAX ? (int)ms : INT_MAX;
    if (server->waiting > 0)
        rest = server->moved > 0 ? 0 : LOOK_AGAIN;
    pthread_mutex_unlock(&server->lock);
    return rest;
}

static void *turns(void *context)
{
    struct server *server = context;
    struct pollfd wait[] = {{.fd = server->epoll, .events = POLLIN}, {.fd = server->wake, .events = POLLIN}};
    uint64_t times;
    while (!atomic_load(&server->ends)) {
        int rest = turn(server);
        if (rest != 0 && !atomic_load(&server->ends) && poll(wait, 2, rest) > 0 && wait[1].revents)
            (void)!read(server->wake, &times, sizeof(times));
    }
    return NULL;
}

void server_wake(struct server *server)
{
    const uint64_t once = 1;
    if (!atomic_exchange(&server->woken, true))
        (void)!write(server->wake, &once, sizeof(once));
}

/* libmicrohttpd forgets that it was woken when that happens in the middle of a turn. */
void server_resume(struct server *server, struct MHD_Connection *connection)
{
    MHD_resume_connection(connection);
    server_wake(server);
}

/* --- begin and end --- */

static struct MHD_Daemon *daemon_start(struct server *server, int fd, const char *certificate, const char *key)
{
    const struct settings *settings = server->web->settings;
    unsigned flags = MHD_USE_EPOLL | MHD_ALLOW_SUSPEND_RESUME | (certificate ? MHD_USE_TLS : 0u);
    struct MHD_OptionItem tls[] = {{MHD_OPTION_HTTPS_MEM_CERT, 0, (void *)(uintptr_t)certificate},
                                   {MHD_OPTION_HTTPS_MEM_KEY, 0, (void *)(uintptr_t)key},
                                   {MHD_OPTION_HTTPS_PRIORITIES, 0, (void *)(uintptr_t)TLS_WORDS},
                                   {MHD_OPTION_END, 0, NULL}};
    struct MHD_OptionItem none[] = {{MHD_OPTION_END, 0, NULL}};
    return MHD_start_daemon(flags, 0, NULL, NULL, web_says, server, MHD_OPTION_LISTEN_SOCKET, fd,
                            MHD_OPTION_CONNECTION_LIMIT, settings->limits.connections,
                            MHD_OPTION_PER_IP_CONNECTION_LIMIT, settings->limits.peer_connections,
                            MHD_OPTION_CONNECTION_MEMORY_LIMIT, (size_t)HEADERS_MAX, MHD_OPTION_CONNECTION_TIMEOUT,
                            (unsigned)(settings->limits.request_ms / 1000 + 1), MHD_OPTION_NOTIFY_COMPLETED, web_ends,
                            server, MHD_OPTION_NOTIFY_CONNECTION, web_meets, server, MHD_OPTION_URI_LOG_CALLBACK,
                            web_begins, server, MHD_OPTION_STRICT_FOR_CLIENT, 1, MHD_OPTION_SIGPIPE_HANDLED_BY_APP, 1,
                            MHD_OPTION_ARRAY, certificate ? tls : none, MHD_OPTION_END);
}

static void server_free(struct server *server)
{
    if (server->daemon)
        MHD_stop_daemon(server->daemon);
    saying_done(&server->last);
    if (server->wake >= 0)
        close(server->wake);
    pthread_mutex_destroy(&server->lock);
    free(server);
}

int server_open(struct web *web, int fd, const char *certificate, const char *key, struct server **ret_server)
{
    struct server *server = mem_new(1, sizeof(*server));
    if (!server)
        return -ENOMEM;
    server->web = web;
    pthread_mutex_init(&server->lock, NULL);
    server->wake = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    server->daemon = server->wake >= 0 ? daemon_start(server, fd, certificate, key) : NULL;
    const union MHD_DaemonInfo *info =
        server->daemon ? MHD_get_daemon_info(server->daemon, MHD_DAEMON_INFO_EPOLL_FD) : NULL;
    if (!server->daemon) {
        server_free(server);
        return certificate ? ERR_CONFIG : -ENOMEM;
    }
    server->epoll = info->epoll_fd;
    if (pthread_create(&server->thread, NULL, turns, server) != 0) {
        (void)MHD_quiesce_daemon(server->daemon); /* the descriptor stays the caller's */
        server_free(server);
        return -ENOMEM;
    }
    *ret_server = server;
    return 0;
}

void server_quiesce(struct server *server)
{
    pthread_mutex_lock(&server->lock);
    int left = MHD_quiesce_daemon(server->daemon);
    pthread_mutex_unlock(&server->lock);
    if (left >= 0)
        close(left);
}

unsigned server_callers(struct server *server)
{
    pthread_mutex_lock(&server->lock);
    const union MHD_DaemonInfo *info = MHD_get_daemon_info(server->daemon, MHD_DAEMON_INFO_CURRENT_CONNECTIONS);
    unsigned count = info->num_connections;
    pthread_mutex_unlock(&server->lock);
    return count;
}

void server_close(struct server *server)
{
    if (!server)
        return;
    atomic_store(&server->ends, true);
    server_wake(server);
    pthread_join(server->thread, NULL);
    server_free(server);
}
