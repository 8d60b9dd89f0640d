/* mail - a short message leaves: by a mail server, by sendmail, by a program, or to a web address.
 *
 * The message goes as it is given; who calls sees to it that it says nothing
 * about people. Secrets are read here, for the one log-in. */
#ifndef BROKER_MAIL_H
#define BROKER_MAIL_H

#include "base/error.h"
#include "config/organization.h"

struct mail {
    const char *to;      /* "mailto:hr@acme.example", "https://…" */
    const char *subject; /* ASCII, one line */
    const char *body;    /* UTF-8, lines ending in \n */
    int64_t now_ms;
};

/* Returns 0, or a code and a sentence that names the address and the way: ERR_NETWORK, ERR_AUTH, ERR_TIMEOUT,
 * ERR_UNSUPPORTED, or what reading the password said. */
int mail_send(const struct mail_way *way, const struct mail *mail, struct err *err);

#endif
