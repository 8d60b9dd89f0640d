/* web - what comes in by HTTP: addresses, certificates, connections and their time. */
#include "web/web_inside.h"

#include "base/clock.h"
#include "base/log.h"
#include "base/mem.h"
#include "broker/secretstore.h"

#include <errno.h>
#include <fcntl.h>
#include <netdb.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum {
    CERTIFICATE_MAX = 256 << 10,
    BACKLOG = 1024,
    LEAVING = 60 * 1000, /* ms that connections with the certificate of before may last */
};

/* --- connections --- */

static void caller_comes(struct server *server, struct MHD_Connection *connection, void **socket_context)
{
    struct web *web = server->web;
    const union MHD_ConnectionInfo *info = MHD_get_connection_info(connection, MHD_CONNECTION_INFO_CONNECTION_FD);
    struct caller *caller = mem_new(1, sizeof(*caller));
    *socket_context = caller;
    if (!caller || !info) {
        free(caller);
        *socket_context = NULL;
        return;
    }
    int fd = info->connect_fd;
    *caller = (struct caller){.fd = fd, .since_ms = clock_steady_ms(), .plain = web->plain, .server = server};
    pthread_mutex_lock(&web->lock);
    caller->next = web->callers;
    caller->at = &web->callers;
    if (caller->next)
        caller->next->at = &caller->next;
    web->callers = caller;
    web->caller_count++;
    pthread_mutex_unlock(&web->lock);
}

/* Under the lock, and before the descriptor is closed: nobody sends away who has its number next. */
static void caller_goes(struct web *web, struct caller *caller)
{
    if (!caller)
        return;
    pthread_mutex_lock(&web->lock);
    *caller->at = caller->next;
    if (caller->next)
        caller->next->at = caller->at;
    web->caller_count--;
    pthread_mutex_unlock(&web->lock);
    free(caller);
}

void web_meets(void *cls, struct MHD_Connection *connection, void **socket_context,
               enum MHD_ConnectionNotificationCode code)
{
    struct server *server = cls;
    if (code == MHD_CONNECTION_NOTIFY_STARTED)
        caller_comes(server, connection, socket_context);
    else
        caller_goes(server->web, *socket_context);
}

/* libmicrohttpd has no clock for a whole request, only one for silence: who sends a byte now and then would stay for
 * ever. Between two requests a connection just ends. */
static void send_away(struct caller *caller)
{
    static const char late[] = "HTTP/1.1 408 Request Timeout\r\nConnection: close\r\n"
                               "Content-Type: application/problem+json\r\nContent-Length: 110\r\n\r\n"
                               "{\"type\":\"about:blank\",\"title\":\"Request Timeout\",\"status\":408,"
                               "\"detail\":\"The request did not come to its end.\"}\n";
    caller->sent_away = true;
    if (caller->plain && (caller->saying || caller->answered == 0))
        send(caller->fd, late, sizeof(late) - 1, MSG_DONTWAIT | MSG_NOSIGNAL);
    shutdown(caller->fd, SHUT_RDWR);
}

static void look_at_callers(struct web *web)
{
    int64_t before = clock_steady_ms() - web->settings->limits.request_ms;
    pthread_mutex_lock(&web->lock);
    for (struct caller *caller = web->callers; caller; caller = caller->next)
        if (caller->since_ms != 0 && caller->since_ms < before && !caller->sent_away)
            send_away(caller);
    pthread_mutex_unlock(&web->lock);
}

size_t web_connections(struct web *web)
{
    pthread_mutex_lock(&web->lock);
    size_t count = web->caller_count;
    pthread_mutex_unlock(&web->lock);
    return count;
}

/* --- certificates --- */

static struct seen seen_now(const struct secretref *ref)
{
    struct stat status;
    if (ref->how != SECRET_FILE || stat(ref->name, &status) != 0)
        return (struct seen){0};
    return (struct seen){(int64_t)status.st_mtim.tv_sec * 1000000000 + status.st_mtim.tv_nsec, (uint64_t)status.st_size,
                         status.st_ino};
}

static bool seen_same(const struct seen *a, const struct seen *b)
{
    return a->mtime_ns == b->mtime_ns && a->size == b->size && a->inode == b->inode;
}

/* A certificate is no secret: others may read its file. */
static int read_certificate(const struct secretref *ref, struct buffer *out, struct err *err)
{
    struct secret secret = {0};
    if (ref->how != SECRET_FILE) {
        int rc = secretstore_read(ref, "tls: certificate", &secret, err);
        if (rc == 0)
            buffer_text(out, secret_reveal(&secret));
        secret_done(&secret);
        return rc ? rc : out->rc;
    }
    TIDY(close) int fd = open(ref->name, O_RDONLY | O_CLOEXEC);
    char *place = fd >= 0 ? buffer_reserve(out, CERTIFICATE_MAX) : NULL;
    ssize_t len = place ? read(fd, place, CERTIFICATE_MAX) : -1;
    if (fd < 0 || len < 0)
        return err_set(err, -errno, "tls: certificate: %s cannot be read: %s", ref->name, err_text(-errno));
    out->len = (size_t)len;
    out->data[len] = '\0';
    return 0;
}

/* --- servers --- */

/* With the certificate that lies there now. The server of before, if there is one, ends when its callers have. */
static int ear_serve(struct ear *ear, struct err *err)
{
    struct web *web = ear->web;
    const struct settings *settings = web->settings;
    TIDY_DONE(buffer_done) struct buffer certificate = {0};
    TIDY_DONE(secret_done) struct secret key = {0};
    int rc = settings->tls.certificate ? read_certificate(settings->tls.certificate, &certificate, err) : 0;
    if (rc == 0 && settings->tls.key)
        rc = secretstore_read(settings->tls.key, "tls: key", &key, err);
    TIDY(close) int fd = rc == 0 ? fcntl(ear->fd, F_DUPFD_CLOEXEC, 3) : -1;
    if (rc != 0 || fd < 0)
        return rc ? rc : err_set(err, -errno, "%s cannot be listened to: %s", ear->name, err_text(-errno));
    bool tls = settings->tls.certificate != NULL;
    struct server *server;
    rc = server_open(web, fd, tls ? certificate.data : NULL, tls ? secret_reveal(&key) : NULL, &server);
    if (rc == ERR_CONFIG)
        return err_set(err, rc, "tls: the certificate and its key cannot be used: are they PEM, and one pair?");
    if (rc != 0)
        return err_set(err, rc, "%s: the server cannot be started", ear->name);
    take_fd(&fd); /* the server closes it */
    if (ear->server) {
        server_quiesce(ear->server);
        ear->old = ear->server;
        ear->old_until_ms = clock_steady_ms() + LEAVING;
    }
    ear->server = server;
    return 0;
}

/* A server whose caller waits for an answer cannot be stopped; an answer that goes on ends, and its caller comes again.
 */
static bool is_owed(struct web *web, struct server *server)
{
    bool owed = atomic_load(&server->owed) > 0;
    pthread_mutex_lock(&web->lock);
    for (struct caller *caller = web->callers; caller; caller = caller->next) {
        owed |= caller->server == server && caller->since_ms == 0;
        if (caller->server == server && caller->stream)
            web_stream_stop(caller->stream);
    }
    pthread_mutex_unlock(&web->lock);
    return owed;
}

static void ear_let_go(struct ear *ear)
{
    if (is_owed(ear->web, ear->old))
        return;
    if (server_callers(ear->old) > 0 && clock_steady_ms() < ear->old_until_ms)
        return;
    server_close(ear->old);
    ear->old = NULL;
}

static void renew(struct web *web)
{
    struct seen certificate = seen_now(web->settings->tls.certificate), key = seen_now(web->settings->tls.key);
    if (seen_same(&certificate, &web->certificate) && seen_same(&key, &web->key))
        return;
    for (size_t i = 0; i < web->count; i++)
        if (web->ears[i].old)
            return; /* one after the other */
    web->certificate = certificate;
    web->key = key;
    for (size_t i = 0; i < web->count; i++) {
        struct err err = {0};
        if (ear_serve(&web->ears[i], &err) == 0)
            log_info(NULL, "%s: the certificate was read again", web->ears[i].name);
        else
            log_error(NULL, "%s. The one of before is used on.", err.text);
    }
}

void web_tick(struct web *web)
{
    look_at_callers(web);
    if (!web->plain && web->settings->tls.certificate && web->settings->tls.key)
        renew(web);
    for (size_t i = 0; i < web->count; i++)
        if (web->ears[i].old)
            ear_let_go(&web->ears[i]);
}

/* --- addresses --- */

static int listen_at(const struct addrinfo *at)
{
    int yes = 1;
    TIDY(close) int fd = socket(at->ai_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (fd < 0)
        return -errno;
    setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof(yes));
    if (at->ai_family == AF_INET6)
        setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &yes, sizeof(yes));
    if (bind(fd, at->ai_addr, at->ai_addrlen) != 0 || listen(fd, BACKLOG) != 0)
        return -errno;
    return take_fd(&fd);
}

static void name_ear(struct ear *ear)
{
    struct sockaddr_storage bound;
    socklen_t len = sizeof(bound);
    char host[64], port[8];
    if (getsockname(ear->fd, (struct sockaddr *)&bound, &len) == 0 &&
        getnameinfo((struct sockaddr *)&bound, len, host, sizeof(host), port, sizeof(port),
                    NI_NUMERICHOST | NI_NUMERICSERV) == 0)
        snprintf(ear->name, sizeof(ear->name), bound.ss_family == AF_INET6 ? "[%s]:%s" : "%s:%s", host, port);
}

static int ear_open(struct web *web, const char *address, struct err *err)
{
    struct ear *ear = &web->ears[web->count];
    struct addrinfo hints = {.ai_flags = AI_PASSIVE | AI_NUMERICSERV, .ai_socktype = SOCK_STREAM}, *found = NULL;
    TIDY(free) char *host = mem_text(address);
    char *colon = host ? strrchr(host, ':') : NULL;
    if (!colon)
        return err_set(err, -ENOMEM, "out of memory");
    *colon = '\0';
    bool brackets = host[0] == '[' && colon[-1] == ']';
    if (brackets)
        colon[-1] = '\0';
    int rc = getaddrinfo(host + brackets, colon + 1, &hints, &found);
    if (rc != 0)
        return err_set(err, ERR_CONFIG, "listen: %s is no address of this machine: %s", address, gai_strerror(rc));
    *ear = (struct ear){.web = web, .fd = listen_at(found)};
    snprintf(ear->asked, sizeof(ear->asked), "%s", address);
    freeaddrinfo(found);
    if (ear->fd < 0)
        return err_set(err, ear->fd, "%s cannot be listened to: %s", address, err_text(ear->fd));
    web->count++;
    name_ear(ear);
    rc = ear_serve(ear, err);
    if (rc == 0)
        log_info(NULL, "listening on %s", ear->name);
    return rc;
}

static bool same_addresses(const struct web *web, const struct settings *settings)
{
    size_t i = 0;
    for (; i < web->count && settings->listen && settings->listen[i]; i++)
        if (strcmp(web->ears[i].asked, settings->listen[i]) != 0)
            return false;
    return i == web->count && settings->listen && !settings->listen[i];
}

void web_reload(struct web *web, const struct settings *settings)
{
    if (!same_addresses(web, settings) || web->plain != (settings->tls.certificate == NULL))
        log_warn(NULL, "muster.yaml has other addresses under listen, or tls: they count when musterd is started anew");
    web->settings = settings;
}

int web_open(const struct settings *settings, const struct web_handler *handler, struct web **ret_web, struct err *err)
{
    size_t count = 0;
    while (settings->listen && settings->listen[count])
        count++;
    TIDY(web_close) struct web *web = mem_new(1, sizeof(*web));
    if (!web)
        return err_set(err, -ENOMEM, "out of memory");
    pthread_mutex_init(&web->lock, NULL);
    web->settings = settings;
    web->plain = settings->tls.certificate == NULL;
    web->handler = *handler;
    web->ears = mem_new(count + 1, sizeof(*web->ears));
    if (!web->ears)
        return err_set(err, -ENOMEM, "out of memory");
    if (settings->tls.certificate) {
        web->certificate = seen_now(settings->tls.certificate);
        web->key = seen_now(settings->tls.key);
    }
    for (size_t i = 0; i < count; i++) {
        int rc = ear_open(web, settings->listen[i], err);
        if (rc != 0)
            return rc;
    }
    *ret_web = TAKE(web);
    return 0;
}

void web_close(struct web *web)
{
    if (!web)
        return;
    for (size_t i = 0; i < web->count; i++) {
        server_close(web->ears[i].old);
        server_close(web->ears[i].server);
        close(web->ears[i].fd);
    }
    pthread_mutex_destroy(&web->lock);
    free(web->ears);
    free(web);
}
