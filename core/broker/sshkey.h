/* sshkey - what kind of private key a text holds, known before anybody connects. */
#ifndef BROKER_SSHKEY_H
#define BROKER_SSHKEY_H

#include "base/error.h"

#include <stdbool.h>
#include <stddef.h>

struct sshkey {
    enum { SSHKEY_NONE, SSHKEY_OPENSSH, SSHKEY_PEM, SSHKEY_PKCS8, SSHKEY_PUTTY, SSHKEY_PUBLIC } form;
    enum { SSHKEY_UNKNOWN, SSHKEY_RSA, SSHKEY_DSA, SSHKEY_ECDSA, SSHKEY_ED25519, SSHKEY_HARDWARE } type;
    bool encrypted;
};

/* Looks at the frame and the unencrypted head; nothing is copied that stays. */
struct sshkey sshkey_recognise(const char *text, size_t len);

/* Whether it can be used to log in; else ERR_AUTH or ERR_UNSUPPORTED with the ways out. `rsa` says whether libssh2 can
 * sign with RSA as present-day servers want it (1.11 and newer). `what` begins the sentence. */
int sshkey_usable(const struct sshkey *key, bool has_passphrase, bool rsa, const char *what, struct err *err);

#endif
