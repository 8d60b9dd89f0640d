/* keyring - the secrets of one connection, read when first needed and wiped at the end. */
#ifndef BROKER_KEYRING_H
#define BROKER_KEYRING_H

#include "base/error.h"
#include "base/secret.h"
#include "broker/scrub.h"
#include "config/organization.h"

#include <stdbool.h>

struct keyring {
    const struct connection *connection;
    struct keyring_entry {
        const char *option;
        struct secret secret;
        struct scrub scrub;
    } * *entries;
    size_t count, room;
};

void keyring_done(struct keyring *keyring);
/* One that is no option: asked for a single action and gone with the keyring. It stands before an option of its name.
 * The name must outlive the keyring; the secret is copied. Returns 0 or -ENOMEM. */
int keyring_lend(struct keyring *keyring, const char *name, const struct secret *secret);
/* The content of an option that is a secret; lives as long as the keyring. ERR_CONFIG: the option is not set. */
int keyring_secret(struct keyring *keyring, const char *option, const struct secret **ret_secret, struct err *err);
/* The same for an option that may also be plain text (a user). */
int keyring_text(struct keyring *keyring, const char *option, const char **ret_text, struct err *err);
/* Whether the organization's file sets it, or it was lent. */
bool keyring_has(const struct keyring *keyring, const char *option);
/* Whatever of these secrets stands in the bytes is overwritten, see scrub.h. */
void keyring_scrub(const struct keyring *keyring, char *bytes, size_t len);

#endif
