/* web - what comes in by HTTP, over libmicrohttpd: bounded in number, size and time, before anybody else sees it.
 *
 * A request is handed over twice: when its headers are there, and when all of
 * its body is. Both happen on a thread of the address that it came to, and must
 * not take long; an answer that has to wait (for a disk) is given later, from
 * any thread. A sender that does not come to an end within the time for it gets
 * 408, one that sends too much 413, and nothing of it is kept. Errors are
 * problem documents (RFC 9457). Without a certificate only addresses of this
 * machine are listened to. */
#ifndef WEB_WEB_H
#define WEB_WEB_H

#include "base/buffer.h"
#include "base/error.h"
#include "config/organization.h"

#include <stdatomic.h>
#include <stdbool.h>
#include <sys/socket.h>

struct web;

struct web_reply {
    unsigned status; /* 0: none yet */
    const char *type;
    struct buffer body;
    unsigned retry_after_s;    /* 0: not said */
    const char *allow;         /* of 405; lives until the request ends */
    bool challenge;            /* of 401: Bearer */
    struct buffer heads;       /* more of them: "Name: value\n" */
    struct web_stream *stream; /* the body is what is said to it, until it ends */
};

/* When an answer is given: by whole() itself; or perhaps by web_answer(), SOON: a moment later (a commit), LATER: in
 * its own time. Who waits LATER stays until then. Who is told SOON may go before: from whole() on, nothing is asked of
 * the request by others than `reply` and `held`. */
enum web_when { WEB_AT_ONCE, WEB_SOON, WEB_LATER };

struct web_request {
    const char *method;
    const char *path;   /* decoded, without query */
    const char *target; /* as it came, with query */
    const struct sockaddr *peer;
    const char *body; /* when all of it is there; followed by a '\0' */
    size_t body_len;
    /* the handler's */
    size_t body_max;    /* set when it begins; a body of more is refused */
    enum web_when when; /* set when it begins: whether whole() may leave the answer to web_answer() */
    void *held;         /* whatever it wants to find again */
    struct web_reply reply;
};

/* Of a header or a query: NULL when there is none. */
const char *web_header(struct web_request *request, const char *name);
const char *web_query(struct web_request *request, const char *name);

/* Of each query; it stops, and returns false, when the function does. A query without "=" has no value; one of len
 * bytes may have '\0' among them. */
typedef bool web_query_fn(void *context, const char *name, const char *value, size_t len);
bool web_queries(struct web_request *request, web_query_fn *each, void *context);
/* One more header of the answer; neither has a line's end in it. */
void web_head(struct web_reply *reply, const char *name, const char *value);

/* Makes the reply a problem: title by its status, and one sentence. */
void web_problem(struct web_reply *reply, unsigned status, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

struct web_handler {
    void *context;
    /* The headers are there. False: the reply is made, nothing of the body is wanted. */
    bool (*begins)(void *context, struct web_request *request);
    /* All is there. True: the reply is made; false: it will be, by web_answer(). */
    bool (*whole)(void *context, struct web_request *request);
    /* The request has gone: what it held is let go. Called once for each that began, after web_answer() where that is
     * due. `status`: how it was answered; 0: not at all. */
    void (*ends)(void *context, struct web_request *request, unsigned status);
};

/* The reply of a request that was left for later is made. From any thread, once. */
void web_answer(struct web_request *request);

/* An answer that goes on: from any thread, until web_stream_ends(), or `ends` of the handler. False: the caller does
 * not take it as fast as it comes, and is sent away. */
int web_stream_begins(struct web_request *request);
bool web_stream_says(struct web_request *request, const char *text, size_t len);
void web_stream_ends(struct web_request *request);

/* Listens where the settings say; each address is told in the log, with its port. */
int web_open(const struct settings *settings, const struct web_handler *handler, struct web **ret_web, struct err *err);
/* Now and then: who is late is sent away; a certificate that has changed is taken. */
void web_tick(struct web *web);
/* Muster.yaml was read again: those of before go. Other addresses count from the next start on. */
void web_reload(struct web *web, const struct settings *settings);
size_t web_connections(struct web *web);
/* No request may be left that waits for web_answer(). */
void web_close(struct web *web);

DEFINE_TIDY(struct web *, web_close)

#endif
