/* sshserver - what the tests on a real OpenSSH server share: the server, which tests/sshd.py starts and takes away
 * again, and a connection to it that is built by hand.
 *
 * With MUSTER_SSHD_JSON in the environment a server that already runs is used. */
#ifndef TESTS_SSHSERVER_H
#define TESTS_SSHSERVER_H

#include "unit.h"

#include "broker/file.h"

#include <jansson.h>

extern json_t *server;
extern char scratch[]; /* a folder for this program's own files */

/* One connection, built by hand: text options and secrets by file. */
struct world {
    char location[300], name[300];
    struct option_value options[8];
    struct secretref secrets[8];
    struct connection connection;
    struct files *files;
    struct err err;
    int calls, cancel_at;
    int64_t cancelled_ms;
};

/* server["a"]["b"] as text */
const char *said(const char *a, const char *b);
int number(const char *name);
void option(struct world *w, const char *name, const char *text);
void secret_option(struct world *w, const char *name, const char *path);
const char *secret_file(const char *text);
void place(struct world *w, const char *user, int port, const char *path);
void begin(struct world *w, const char *path);
void begin_in_files(struct world *w, const char *pattern);
void trusted(struct world *w);
void with_key(struct world *w);
void end(struct world *w);
void expect(struct world *w, int rc, int wanted, const char *says);
void check(struct world *w, int wanted, const char *says);
const char *in_files(const char *name);
void put(const char *name, const char *text, long age_s);
void put_big(const char *name, size_t megabytes, uint8_t ret_sha256[32]);
void clear_files(void);
void kill_children_of(pid_t parent); /* connections, when it is the server */
bool has_children(pid_t parent);
int start_server(void **state);
int stop_server(void **state);

#endif
