/* hostkey - whether a server is the one it should be: a pinned fingerprint, or a known_hosts file. Never trust on
 * first use. */
#ifndef BROKER_HOSTKEY_H
#define BROKER_HOSTKEY_H

#include "base/error.h"
#include "config/organization.h"

#include <libssh2.h>
#include <stdbool.h>

enum { HOSTKEY_PINS = 8 };

/* What the options say about a server's key. */
struct hostkey {
    const char *known_hosts; /* NULL: none; of the connection */
    uint8_t pins[HOSTKEY_PINS][32];
    size_t pin_count;
};

enum hostkey_verdict { HOSTKEY_TRUSTED, HOSTKEY_OTHER, HOSTKEY_UNKNOWN_HOST, HOSTKEY_REVOKED };

/* Reads options host_key and known_hosts. */
int hostkey_read(const struct connection *connection, struct hostkey *ret_hostkey, struct err *err);
/* One pin: "SHA256:…", with or without the word and the padding. */
bool hostkey_pin(const char *text, size_t len, uint8_t ret_pin[32]);

/* The known_hosts file's entries; *ret_hosts NULL when the options name no file. */
int hostkey_hosts(const struct hostkey *hostkey, LIBSSH2_SESSION *session, LIBSSH2_KNOWNHOSTS **ret_hosts,
                  struct err *err);
/* Algorithms to ask for, best first, so that a server shows the key that is known; those in the set `avoid` (bits by
 * LIBSSH2_HOSTKEY_TYPE_…) are left out. "" when none is left. */
void hostkey_algorithms(LIBSSH2_SESSION *session, LIBSSH2_KNOWNHOSTS *hosts, const char *host, unsigned port,
                        unsigned avoid, char *ret_list, size_t size);
/* Compares the key that the server has shown. */
enum hostkey_verdict hostkey_judge(const struct hostkey *hostkey, LIBSSH2_KNOWNHOSTS *hosts, const char *host,
                                   unsigned port, const char *key, size_t len, int type);

/* "SHA256:…" of a key; room for 51 bytes. */
void hostkey_fingerprint(const char *key, size_t len, char ret_text[64]);
const char *hostkey_type_name(int type); /* "ED25519" */

#endif
