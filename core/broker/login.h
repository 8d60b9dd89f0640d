/* login - who we are to a server: a key, a password, or what an agent holds. */
#ifndef BROKER_LOGIN_H
#define BROKER_LOGIN_H

#include "base/secret.h"
#include "broker/link.h"
#include "broker/sshkey.h"

struct login {
    struct secret key, passphrase, password; /* len 0: not given */
    struct sshkey kind;
};

/* Reads the secrets and looks at the key, before anybody connects. Ends with login_done() also after a failure. */
int login_read(const struct connection *connection, struct login *login, struct err *err);
void login_done(struct login *login);
/* On a session whose server is trusted. ERR_AUTH with a sentence for each way to fail. */
int login_try(struct link *link, const struct login *login, struct err *err);

#endif
