/* webserver - what the tests of calls by HTTP share: the server, which tests/sim/httpd.py is, and a connection to it
 * that is built by hand. */
#ifndef TESTS_WEBSERVER_H
#define TESTS_WEBSERVER_H

#include "unit.h"

#include "broker/http.h"

#include <jansson.h>
#include <muster/connector.h>

extern json_t *about;    /* what the server says of itself */
extern char web_root[];  /* its folder; this program's too */
extern char web_calls[]; /* where calls are written down */

/* One connection, built by hand, and its calls. */
struct web {
    char base[100];
    struct option_value options[12];
    struct secretref secrets[12];
    struct connection connection;
    struct http *http;
    struct err err;
    const struct http_reply *reply;
    int cancel;
    struct cassette *cassette; /* to be set before web_open() */
};

int web_start(void **state);
int web_stop(void **state);
unsigned web_port(const char *name);
/* A file in the server's folder. */
void web_file(const char *name, const char *text);
const char *web_path(const char *name);

/* `where` is a port's name: "http", "tls", "expired"…; the options name 127.0.0.1, or localhost with TLS. */
void web_begin(struct web *web, const char *where);
void web_option(struct web *web, const char *name, const char *text);
void web_secret(struct web *web, const char *name, const char *text);
void web_open(struct web *web); /* after the options */
void web_end(struct web *web);
/* A call; path is below base, or a whole URL. The reply is in web->reply. */
muster_rc web_call(struct web *web, const char *method, const char *path, const muster_auth *auth);
muster_rc web_ask(struct web *web, muster_http ask, const char *path);
const char *web_url(const struct web *web, const char *path);
/* Fails unless the last call came out so; says: NULL, or words of its sentence. */
void web_expect(const struct web *web, muster_rc rc, int status, const char *says);
/* The requests that the server saw since the last web_forget(), newest last. */
void web_forget(void);
json_t *web_seen(void);

#endif
