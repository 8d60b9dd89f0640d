/* web_inside - what the files of web share: web (addresses, connections, their time), web_request (what is said). */
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
    struct MHD_Daemon *server;
    struct web_stream *stream; /* an answer that goes on */
};

/* A certificate's file, as it was when it was read. */
struct seen {
    int64_t mtime_ns;
    uint64_t size, inode;
};

/* One address, and the server that listens there. */
struct ear {
    struct web *web;
    char asked[280], name[80]; /* as muster.yaml has it; with the port that it is */
    int fd;                    /* listens; the server has a copy of its own */
    struct MHD_Daemon *server; /* NULL: not yet */
    struct MHD_Daemon *old;    /* with the certificate of before: its connections come to their end */
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
struct MHD_Response *web_stream_response(struct web_stream *stream, struct MHD_Connection *connection);
void web_stream_free(struct web_stream *stream);
void web_stream_stop(struct web_stream *stream); /* it ends as if it had been said */

/* Callbacks of libmicrohttpd; cls is the web. */
void *web_begins(void *cls, const char *uri, struct MHD_Connection *connection);
enum MHD_Result web_says(void *cls, struct MHD_Connection *connection, const char *url, const char *method,
                         const char *version, const char *upload, size_t *upload_len, void **con_cls);
void web_ends(void *cls, struct MHD_Connection *connection, void **con_cls, enum MHD_RequestTerminationCode how);

#endif
