/* http - one connection's talk with web servers, for one thread.
 *
 * Several calls may be under way, of several who take turns on that thread; they
 * share connections (keep-alive, HTTP/2), secrets and tokens. Certificates are always verified, hosts are those that
 * the options name or the connector declares, redirects stay on their server.
 * What fails in passing is made again where that cannot do harm: a call that
 * is not idempotent is never repeated once a byte of it went out, but after a
 * refused log-in (401, 403), which says that nothing was done. */
#ifndef BROKER_HTTP_H
#define BROKER_HTTP_H

#include "base/error.h"
#include "base/secret.h"
#include "base/tidy.h"
#include "config/organization.h"

#include <muster/connector.h>
#include <poll.h>
#include <stdbool.h>

struct cassette;
struct http;
struct generated;

struct http_setup {
    const struct connection *connection; /* must outlive it */
    const char *scratch_dir;             /* for bodies over 256 KiB, unlinked at once */
    const char *budgets_dir;             /* the provider's limits, shared by all who use this folder; NULL: alone */
    const char *account_note;            /* the file that says which of them it is; NULL: none */
    const char *calls_dir;               /* where calls are written down; NULL: nowhere */
    int (*cancelled)(void *);            /* may be NULL; asked during waits */
    void *context;
    /* What is kept sealed from run to run by somebody else; may be NULL. Log-ins of people, that systems gave
     * ("subject\nNAME"), and the tokens that last, under a name that says whence they are; what is in them is the
     * broker's business. ERR_GONE: none is kept. */
    int (*token_load)(void *keeper, const char *name, struct secret *ret_token);
    int (*token_keep)(void *keeper, const char *name, const struct secret *token); /* NULL: is forgotten */
    void *keeper;
    struct cassette
        *cassette; /* where all of it is noted, or what answers in the place of the network; NULL: neither */
};

/* What came of a call. Lives until the next one is given. */
struct http_reply {
    uint64_t tag;
    muster_rc rc;
    int32_t status; /* 0: there was no answer */
    uint32_t retry_after_ms;
    char why[600]; /* when rc is not OK: a sentence */
    const char *const *headers;
    size_t header_count;
    const char *body; /* ends in '\0'; NULL: it is in fd */
    size_t body_len;
    int fd; /* a file of ours, at its beginning; -1: none */
};

/* Needs nothing yet; the library is loaded at the first call. */
int http_open(const struct http_setup *setup, struct http **ret_http, struct err *err);
/* Or before it, where there is time to spare. */
void http_prepare(void);
void http_free(struct http *http);
/* A secret that recipes may name as if it were an option, for as long as this one lives; the name is not copied.
 * Returns 0 or -ENOMEM. */
int http_lend(struct http *http, const char *name, const struct secret *secret);

/* From now on tokens in bodies stand for values that follow from this key (broker/generated.h). */
void http_generates(struct http *http, const uint8_t key[32], unsigned length);
/* NULL: none are made. */
struct generated *http_generated(struct http *http);

/* A call alone; `ask` and all that it points to must stay until it returns. Returns 0, ERR_CANCELLED, -ENOMEM, or why
 * there can be no HTTP at all; what the system says is in the reply. */
int http_ask(struct http *http, const muster_http *ask, const struct http_reply **ret_reply, struct err *err);
/* Begins one of several; everything is copied, descriptors are duplicated. */
int http_start(struct http *http, const muster_http *ask, uint64_t tag, struct err *err);
/* The next one of these that is done. ERR_GONE: none is under way. */
int http_wait(struct http *http, const struct http_reply **ret_reply, struct err *err);

/* The same for several who take turns, each known by an address of its own (`whose`): nobody waits in these;
 * http_poll() does, for all. A call that is `alone` is taken by itself, and `ask` and all that it points to must stay
 * until then. */
int http_begin(struct http *http, const void *whose, const muster_http *ask, bool alone, uint64_t tag, struct err *err);
/* Whether something of theirs can be taken: the call that is alone, or the next of the others. */
bool http_ready(const struct http *http, const void *whose, bool alone);
/* ERR_UNREADY: not yet. ERR_GONE: none is under way. */
int http_take(struct http *http, const void *whose, bool alone, const struct http_reply **ret_reply);
/* Gives up all of theirs that is under way: nobody will wait for it. */
void http_forget(struct http *http, const void *whose);
/* The system refused the log-in in words of its own, which only the connector understands: tokens that were fetched are
 * not used again, nor by the next run. */
void http_distrust(struct http *http);
/* The log-in of a person (link->subject of the chain) is forgotten, here and where it is kept. */
int http_log_out(struct http *http, const muster_auth *auth);
/* As poll(), and calls go on meanwhile; whether one of them is done by now, http_ready() says. */
enum { HTTP_POLL_MAX = 130 };
int http_poll(struct http *http, struct pollfd *fds, unsigned count, int timeout_ms);

/* When the provider lets us go on (ms since 1970); 0: nobody told us to stay away. */
int64_t http_paused_until_ms(const struct http *http);

DEFINE_TIDY(struct http *, http_free)

#endif
