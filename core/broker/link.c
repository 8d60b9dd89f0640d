/* link - one SSH session with one server. */
#include "broker/link.h"

#include "base/clock.h"
#include "base/mem.h"
#include "base/tidy.h"
#include "broker/hostkey.h"
#include "broker/login.h"
#include "broker/tcp.h"

#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <stddef.h>
#include <string.h>
#include <sys/socket.h>

/* libssh2 copies passwords and keys into memory of its own: it is wiped on its way back while a log-in runs. So each
 * block says before its first byte how large it is. */
union block {
    size_t size;
    max_align_t aligned;
};

void *link_memory(size_t size)
{
    union block *block = mem_resize(NULL, 1, sizeof(*block) + size);
    if (!block)
        return NULL;
    block->size = size;
    return block + 1;
}

static LIBSSH2_ALLOC_FUNC(link_alloc)
{
    (void)abstract;
    return link_memory(count);
}

static LIBSSH2_FREE_FUNC(link_free)
{
    const struct link *link = *abstract;
    if (!ptr)
        return;
    union block *block = (union block *)ptr - 1;
    if (link->wiping)
        explicit_bzero(ptr, block->size);
    free(block);
}

static LIBSSH2_REALLOC_FUNC(link_realloc)
{
    if (!ptr)
        return link_memory(count);
    const struct link *link = *abstract;
    union block *block = (union block *)ptr - 1;
    if (link->wiping) { /* realloc would leave the old bytes behind */
        void *copy = link_memory(count);
        if (!copy)
            return NULL;
        memcpy(copy, ptr, block->size < count ? block->size : count);
        link_free(ptr, abstract);
        return copy;
    }
    block = mem_resize(block, 1, sizeof(*block) + count);
    if (!block)
        return NULL;
    block->size = count;
    return block + 1;
}

void link_begin(struct link *link)
{
    link->deadline = clock_steady_ms() + link->patience->operation_ms;
}

int link_wait(struct link *link)
{
    int ways = libssh2_session_block_directions(link->session);
    struct pollfd wait = {.fd = link->fd};
    if (ways & LIBSSH2_SESSION_BLOCK_INBOUND || ways == 0)
        wait.events |= POLLIN;
    if (ways & LIBSSH2_SESSION_BLOCK_OUTBOUND)
        wait.events |= POLLOUT;
    (void)poll(&wait, 1, PATIENCE_SLICE_MS);
    if (patience_cancelled(link->patience))
        return link->rc = ERR_CANCELLED;
    if (clock_steady_ms() >= link->deadline)
        return link->rc = ERR_TIMEOUT;
    return 0;
}

bool link_lost(const struct link *link, long code)
{
    return link->rc != 0 || code == LIBSSH2_ERROR_SOCKET_SEND || code == LIBSSH2_ERROR_SOCKET_RECV ||
           code == LIBSSH2_ERROR_SOCKET_DISCONNECT || code == LIBSSH2_ERROR_SOCKET_TIMEOUT;
}

bool link_broken(const struct link *link)
{
    if (link->fd < 0)
        return true;
    int code = libssh2_session_last_errno(link->session);
    return link_lost(link, code) || code == LIBSSH2_ERROR_CHANNEL_CLOSED || code == LIBSSH2_ERROR_CHANNEL_EOF_SENT ||
           code == LIBSSH2_ERROR_DECRYPT || code == LIBSSH2_ERROR_INVALID_MAC || code == LIBSSH2_ERROR_PROTO;
}

int link_failed(struct link *link, const char *doing, struct err *err)
{
    if (link->rc == ERR_CANCELLED)
        return err_set(err, ERR_CANCELLED, "cancelled while %s on %s", doing, link->where);
    if (link->rc == ERR_TIMEOUT)
        return err_set(err, ERR_NETWORK, "%s stopped answering while %s: nothing came for %g seconds", link->where,
                       doing, link->patience->operation_ms / 1000.0);
    char *text = NULL;
    int code = link->session ? libssh2_session_last_error(link->session, &text, NULL, 0) : 0;
    if (code == LIBSSH2_ERROR_ALLOC)
        return err_set(err, -ENOMEM, "%s", err_text(-ENOMEM));
    if (link_broken(link))
        return err_set(err, ERR_NETWORK, "the connection to %s was cut off while %s", link->where, doing);
    return err_set(err, ERR_NETWORK, "%s gave an answer that makes no sense while %s (%s)", link->where, doing,
                   text && *text ? text : "no reason given");
}

void link_close(struct link *link)
{
    if (link->session) {
        bool polite = !link_broken(link);
        /* Nobody waits long for a good-bye. */
        int64_t until = clock_steady_ms() + (polite ? 300 : 0);
        link->rc = 0;
        if (!polite)
            (void)shutdown(link->fd, SHUT_RDWR);
        struct pollfd wait = {.fd = link->fd, .events = POLLIN};
        while (link->sftp && libssh2_sftp_shutdown(link->sftp) == LIBSSH2_ERROR_EAGAIN && clock_steady_ms() < until)
            (void)poll(&wait, 1, 20);
        if (polite)
            (void)libssh2_session_disconnect(link->session, "done");
        (void)shutdown(link->fd, SHUT_RDWR);
        for (int i = 0; i < 100 && libssh2_session_free(link->session) == LIBSSH2_ERROR_EAGAIN; i++)
            (void)poll(NULL, 0, 1);
    }
    if (link->fd >= 0)
        close(link->fd);
    link->session = NULL;
    link->sftp = NULL;
    link->fd = -1;
    link->rc = 0;
}

static int handshake_failed(struct link *link, struct err *err)
{
    if (link->rc == ERR_TIMEOUT)
        return err_set(err, ERR_NETWORK,
                       "%s takes the connection but says nothing for %g seconds: check that it is an SFTP server and "
                       "not overloaded",
                       link->where, link->patience->operation_ms / 1000.0);
    if (link->rc != 0)
        return link_failed(link, "connecting", err);
    char *text = NULL;
    int code = libssh2_session_last_error(link->session, &text, NULL, 0);
    const char *banner = libssh2_session_banner_get(link->session);
    if (!banner || strncmp(banner, "SSH-", 4) != 0)
        return err_set(err, ERR_NETWORK, "%s does not answer as an SSH server does: check the port", link->where);
    if (code == LIBSSH2_ERROR_KEX_FAILURE || code == LIBSSH2_ERROR_METHOD_NONE ||
        code == LIBSSH2_ERROR_KEY_EXCHANGE_FAILURE)
        return err_set(
            err, ERR_UNSUPPORTED,
            "%s and libssh2 %s have no common way to encrypt or to show a host key (%s): the server needs an "
            "ed25519 or ecdsa host key, or this machine a newer libssh2",
            link->where, libssh2_version(0), text && *text ? text : "no reason given");
    return err_set(err, ERR_NETWORK, "%s broke off the greeting (%s)", link->where,
                   text && *text ? text : "no reason given");
}

/* A TCP connection and a session on it, with the server's key shown but not judged. 1: no kind of key is left. */
static int greet(struct link *link, const struct hostkey *hostkey, LIBSSH2_KNOWNHOSTS **ret_hosts, struct err *err)
{
    int rc = tcp_connect(link->host, link->port, link->patience, &link->fd, err);
    if (rc < 0)
        return rc;
    link->session = libssh2_session_init_ex(link_alloc, link_free, link_realloc, link);
    if (!link->session)
        return err_set(err, -ENOMEM, "%s", err_text(-ENOMEM));
    libssh2_session_set_blocking(link->session, 0);
    rc = hostkey_hosts(hostkey, link->session, ret_hosts, err);
    if (rc < 0)
        return rc;
    char algorithms[200];
    hostkey_algorithms(link->session, *ret_hosts, link->host, link->port, link->wrong_kinds, algorithms,
                       sizeof(algorithms));
    if (!*algorithms)
        return 1;
    if (libssh2_session_method_pref(link->session, LIBSSH2_METHOD_HOSTKEY, algorithms) != 0)
        return link->wrong_kinds ? 1 : handshake_failed(link, err);
    LINK_DO(link, rc, libssh2_session_handshake(link->session, link->fd));
    if (rc == 0)
        return 0;
    if (link->wrong_kinds && link->rc == 0)
        return 1; /* the server has no key of another kind */
    return handshake_failed(link, err);
}

/* The server shows a key that is not trusted: what it is, how to find out whether it is right, where to write it. */
static int distrusted(struct link *link, const struct hostkey *hostkey, enum hostkey_verdict verdict,
                      const char *fingerprint, int type, struct err *err)
{
    const char *kind = hostkey_type_name(type);
    if (verdict == HOSTKEY_REVOKED)
        return err_set(err, ERR_AUTH, "%s shows the %s host key %s, which %s says is revoked: do not connect",
                       link->where, kind, fingerprint, hostkey->known_hosts);
    if (hostkey->pin_count == 0 && !hostkey->known_hosts)
        return err_set(err, ERR_CONFIG,
                       "nothing says which host key %s must have. It shows the %s key %s: ask who runs the server "
                       "whether that is right (there: ssh-keygen -lf /etc/ssh/ssh_host_*_key.pub), then add the line "
                       "`host_key: %s` to the options",
                       link->where, kind, fingerprint, fingerprint);
    if (verdict == HOSTKEY_UNKNOWN_HOST)
        return err_set(err, ERR_AUTH,
                       "%s does not know %s, which shows the %s host key %s: ask who runs the server whether that is "
                       "right (there: ssh-keygen -lf /etc/ssh/ssh_host_*_key.pub), then add its key to that file or "
                       "write `host_key: %s` instead",
                       hostkey->known_hosts, link->where, kind, fingerprint, fingerprint);
    return err_set(err, ERR_AUTH,
                   "%s shows the %s host key %s, which is not the one that %s%s names: somebody may be in between. If "
                   "the server's key was changed on purpose, ask who runs it for the new one (there: ssh-keygen -lf "
                   "/etc/ssh/ssh_host_*_key.pub) and put it there",
                   link->where, kind, fingerprint, hostkey->pin_count > 0 ? "option 'host_key'" : "known_hosts file ",
                   hostkey->pin_count > 0 ? "" : hostkey->known_hosts);
}

static void tidy_hosts(LIBSSH2_KNOWNHOSTS **hosts)
{
    if (*hosts)
        libssh2_knownhost_free(*hosts);
}

/* Greets until the server shows the key that is wanted. A pin does not say its kind, so other kinds are asked for too
 * before it is called wrong; which ones were in vain is kept for next time. */
static int meet(struct link *link, const struct hostkey *hostkey, struct err *err)
{
    char first[64] = "", fingerprint[64];
    int first_type = 0;
    for (int turn = 0; turn < 8; turn++) {
        int rc;
        size_t len = 0;
        int type = 0;
        enum hostkey_verdict verdict = HOSTKEY_OTHER;
        const char *key = NULL;
        {
            __attribute__((cleanup(tidy_hosts))) LIBSSH2_KNOWNHOSTS *hosts = NULL;
            rc = greet(link, hostkey, &hosts, err);
            if (rc < 0)
                return rc;
            key = rc == 0 ? libssh2_session_hostkey(link->session, &len, &type) : NULL;
            if (key)
                verdict = hostkey_judge(hostkey, hosts, link->host, link->port, key, len, type);
        }
        if (verdict == HOSTKEY_TRUSTED)
            return 0;
        if (!key && *first)
            break;
        if (!key)
            return err_set(err, ERR_NETWORK, "%s shows no host key", link->where);
        hostkey_fingerprint(key, len, fingerprint);
        if (!*first) {
            memcpy(first, fingerprint, sizeof(first));
            first_type = type;
        }
        if (hostkey->pin_count == 0 || verdict == HOSTKEY_REVOKED || link->wrong_kinds & (1u << type))
            return distrusted(link, hostkey, verdict, fingerprint, type, err);
        link->wrong_kinds |= 1u << type;
        link_close(link);
    }
    link->wrong_kinds = 0;
    return distrusted(link, hostkey, HOSTKEY_OTHER, first, first_type, err);
}

static int start_sftp(struct link *link, struct err *err)
{
    LINK_GET(link, link->sftp, libssh2_sftp_init(link->session));
    if (link->sftp)
        return 0;
    if (link_broken(link))
        return link_failed(link, "starting SFTP", err);
    return err_set(err, ERR_PERMISSION,
                   "%s lets user '%s' in but gives no SFTP: the sftp subsystem must be on there for this user",
                   link->where, link->user);
}

/* Whether the server hung up while nobody asked it anything. Bytes that wait need not say so: then it is asked
 * something small. */
static bool hung_up(struct link *link)
{
    struct pollfd wait = {.fd = link->fd, .events = POLLIN};
    char byte;
    if (poll(&wait, 1, 0) <= 0)
        return false;
    if (recv(link->fd, &byte, 1, MSG_PEEK | MSG_DONTWAIT) <= 0)
        return true;
    LIBSSH2_SFTP_ATTRIBUTES a = {0};
    int rc;
    LINK_DO(link, rc, libssh2_sftp_stat(link->sftp, ".", &a));
    return rc != 0 && link_broken(link);
}

static void start_library(void)
{
    (void)libssh2_init(0);
}

int link_open(struct link *link, struct err *err)
{
    static pthread_once_t once = PTHREAD_ONCE_INIT;
    if (link->sftp && !link_broken(link) && !hung_up(link))
        return 0;
    link_close(link);
    pthread_once(&once, start_library);
    struct hostkey hostkey = {0};
    __attribute__((cleanup(login_done))) struct login login = {0};
    int rc = hostkey_read(link->connection, &hostkey, err);
    if (rc == 0)
        rc = login_read(link->connection, &login, err);
    if (rc == 0)
        rc = meet(link, &hostkey, err);
    if (rc == 0) {
        link->wiping = true;
        rc = login_try(link, &login, err);
        link->wiping = false;
    }
    if (rc == 0)
        rc = start_sftp(link, err);
    if (rc < 0)
        link_close(link);
    return rc;
}
