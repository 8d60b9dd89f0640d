/* web_inside - what the files of web share: web (addresses, connections, their time), web_server (who turns it),
 * web_request (what is said). */
#ifndef WEB_INSIDE_H
#define WEB_INSIDE_H

#include "web/unzip.h"
#include "web/web.h"

#include <microhttpd.h>
#include <pthread.h>

/* One connection. */
struct caller {
    struct caller *next, **at;
    int fd;
    int64_t since_ms; /* when it began to owe us a request, by the steady clock; 0: we owe an answer */
    unsigned answered;
    bool saying; /* headers of a request are there, its body is not */
    bool plain, sent_away;
    struct server *server;
    struct web_stream *stream; /* an answer that goes on */
};

/* A certificate's file, as it was when it was read. */
struct seen {
    int64_t mtime_ns;
    uint64_t size, inode;
};

/* An answer with nothing in it for one caller alone: who keeps events says the same again and again. */
struct saying {
    char type[64], body[256];
    size_t len;                    /* of the body */
    struct MHD_Response *response; /* NULL: nothing was said yet */
};

/* A server of libmicrohttpd, and the thread that turns it. */
struct server {
    struct web *web;
    struct MHD_Daemon *daemon;
    pthread_t thread;
    pthread_mutex_t lock; /* of the daemon */
    int epoll;            /* the daemon's: readable when something came */
    int wake;             /* readable when an answer is there */
    atomic_bool woken;    /* since the last turn began */
    atomic_bool ends;
    atomic_size_t owed; /* requests that wait for web_answer() */
    /* the thread's own */
    uint64_t turns;
    size_t waiting; /* requests that wait in the turn */
    size_t moved;   /* of this turn: requests that did something, and may have more to do */
    struct saying last;
};

/* One address, and the server that listens there. */
struct ear {
    struct web *web;
    char asked[280], name[80]; /* as muster.yaml has it; with the port that it is */
    int fd;                    /* listens; the server has a copy of its own */
    struct server *server;     /* NULL: not yet */
    struct server *old;        /* with the certificate of before: its connections come to their end */
    int64_t old_until_ms;
};

struct web {
    const struct settings *settings; /* asked by the daemon's own thread only */
    bool plain;
    struct web_handler handler;
    struct ear *ears;
    size_t count;
    pthread_mutex_t lock; /* of callers */
    struct caller *callers;
    size_t caller_count;
    atomic_size_t body_bytes; /* of all bodies that are on their way */
    struct seen certificate, key;
};

struct web_stream;
struct MHD_Response *web_stream_response(struct web_stream *stream, struct server *server,
                                         struct MHD_Connection *connection);
void web_stream_free(struct web_stream *stream);
void web_stream_stop(struct web_stream *stream); /* it ends as if it had been said */

/* With a certificate and its key, or without. The server closes the descriptor in the end. Returns 0, ERR_CONFIG (the
 * certificate and its key cannot be used), or -ENOMEM. */
int server_open(struct web *web, int fd, const char *certificate, const char *key, struct server **ret_server);
/* From any thread: an answer is there; what was suspended goes on. */
void server_wake(struct server *server);
void server_resume(struct server *server, struct MHD_Connection *connection);
void server_quiesce(struct server *server); /* takes nobody new */
unsigned server_callers(struct server *server);
void saying_done(struct saying *saying);
void server_close(struct server *server); /* nothing is owed any more */

/* Callbacks of libmicrohttpd; cls is the server. */
void web_meets(void *cls, struct MHD_Connection *connection, void **socket_context,
               enum MHD_ConnectionNotificationCode code);
void *web_begins(void *cls, const char *uri, struct MHD_Connection *connection);
enum MHD_Result web_says(void *cls, struct MHD_Connection *connection, const char *url, const char *method,
                         const char *version, const char *upload, size_t *upload_len, void **con_cls);
void web_ends(void *cls, struct MHD_Connection *connection, void **con_cls, enum MHD_RequestTerminationCode how);

#endif
