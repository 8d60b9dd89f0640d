/* http_inside - what the files of http share: http (the calls under way), http_request (what goes out), http_fill
 * (values that were made), http_reply (what comes back), http_said (sentences). */
#ifndef BROKER_HTTP_INSIDE_H
#define BROKER_HTTP_INSIDE_H

#include "base/arena.h"
#include "base/buffer.h"
#include "broker/auth.h"
#include "broker/curl.h"
#include "broker/generated.h"
#include "broker/http.h"
#include "broker/keyring.h"
#include "broker/patience.h"
#include "broker/url.h"

enum {
    HTTP_INLINE_MAX = 256 * 1024 - 4096, /* a body that goes through a frame */
    HTTP_ON_WIRE_MAX = 8,                /* of each who calls */
    HTTP_TIMEOUT_MS = 10 * 60 * 1000,
    HTTP_SILENCE_S = 60,
    HTTP_REDIRECTS_MAX = 5,
    HTTP_HEADERS_MAX = 128 * 1024
};
#define HTTP_REPLY_MAX ((uint64_t)1 << 30)

enum request_state { REQUEST_WAITING, REQUEST_ON_WIRE, REQUEST_DONE };

struct request {
    struct request *next;
    struct http *http;
    const void *whose;   /* who takes the reply */
    struct arena *arena; /* of all that was asked */
    struct token *gives; /* the token that this request fetches; NULL: a connector's */
    bool alone;          /* http_ask(): nobody else waits for it */
    /* what is asked */
    uint64_t tag;
    const char *method, *partition, *capture;
    struct url url;
    const char *const *headers;
    size_t header_count;
    const char *body;
    size_t body_len;
    int body_fd;
    struct request_part {
        muster_part part;
        int fd; /* ours; -1 */
        uint64_t fd_len, fd_at;
        bool once; /* the call may not be repeated */
    } * parts;
    size_t part_count;
    const muster_auth *auth;
    const int32_t *accept;
    uint32_t timeout_ms;
    bool repeatable; /* by its method, or the connector says so */
    /* where it stands */
    enum request_state state;
    const struct token *waits;       /* for this token */
    int64_t begun_ms, not_before_ms; /* steady */
    bool budgeted;                   /* its turn at the provider is reserved */
    bool fallback, renewed;          /* the other secret; a fresh token: tried once */
    unsigned attempts, redirects;
    /* the attempt */
    CURL *easy;
    struct curl_slist *lines;
    curl_mime *mime;
    struct buffer filled; /* the body with generated values in the place of tokens; empty: there are none */
    struct auth_made made;
    struct buffer target; /* the URL as it is called; may hold a secret */
    const char *out;      /* the body that is sent, or NULL and out_fd */
    uint64_t out_len, out_at;
    int out_fd;
    bool good;     /* the last attempt was: it is noted when the reply is done */
    bool went_out; /* a byte of it may have reached somebody */
    char curl_said[CURL_ERROR_SIZE];
    /* what came */
    struct buffer head; /* header lines, each ending in '\0' */
    size_t head_count;
    struct buffer in;
    uint64_t in_len;
    int in_fd;
    int in_rc; /* why it could not be kept */
    const char **lines_in;
    struct http_reply reply;
};

struct http {
    struct http_setup setup;
    const struct curl *curl; /* NULL: not loaded yet */
    CURLM *multi;
    struct keyring keyring;
    struct generated generated;    /* length 0: none */
    struct request *first, **last; /* in the order in which they were asked */
    size_t under_way;
    struct request *given; /* whose reply the caller looks at */
    struct token *tokens;
    struct budget *budget;
    int64_t paused_until_ms; /* since 1970 */
    const char *ca_file, *proxy;
    unsigned attempts; /* of one call; 0: as usual */
};

/* http_request.c. Copies what is asked, or points to it when it is `borrowed`. What cannot be asked becomes a request
 * that is done. */
int request_new(struct http *http, const muster_http *ask, bool borrowed, struct request **ret_request);
void request_free(struct request *request);
/* Puts it on the wire. ERR_UNREADY: it waits for a token. */
int request_go(struct request *request, struct err *err);
/* Takes it off the wire and forgets the attempt. */
void request_off(struct request *request);
uint64_t request_random(void);

/* http_fill.c: puts generated values into the body. The body as it goes out but for the log-in. */
struct body {
    const char *data;
    size_t len;
};
int request_fill(struct request *request);
struct body request_body(const struct request *request);

/* http_reply.c */
void reply_expect(struct request *request); /* sets the easy handle's callbacks */
void reply_forget(struct request *request);
/* More of the body. False: it is too much, or cannot be kept (in_rc). */
bool reply_take(struct request *request, const char *bytes, size_t len);
/* Our secrets in it are overwritten. */
void reply_scrub(struct request *request);
/* The value of a header that came; NULL: none. */
const char *reply_header(const struct request *request, const char *name);
/* Makes the reply of what came; rc and why are there already. */
void reply_finish(struct request *request);

/* http_cassette.c. An attempt that came, or failed (code); nothing is noted where there is no cassette. */
void http_cassette_note(struct request *request, CURLcode code);
/* The cassette's answer to the request. Failure: it has none. */
int http_cassette_play(struct request *request, CURLcode *ret_code, int32_t *ret_status, struct err *err);

/* http_said.c: what is told about a failure. Sets rc and why of the reply; *ret_passing: it may pass by itself. */
void said_failure(struct request *request, CURLcode code, bool *ret_passing);
void said_status(struct request *request);
void said(struct request *request, muster_rc rc, const char *format, ...) __attribute__((format(printf, 3, 4)));
muster_rc said_class(int rc); /* one of our codes as the connector's */

DEFINE_TIDY(struct request *, request_free)

#endif
