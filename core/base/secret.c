/* secret - a text that must not be seen. */
#include "base/secret.h"

#include "base/mem.h"

#include <errno.h>
#include <sodium.h>
#include <stdlib.h>
#include <string.h>

int secret_set(struct secret *secret, const char *bytes, size_t len)
{
    secret_done(secret);
    char *copy = mem_new(1, len + 1);
    if (!copy)
        return -ENOMEM;
    memcpy(copy, bytes, len);
    sodium_mlock(copy, len + 1); /* best effort: a low RLIMIT_MEMLOCK is no reason to fail */
    secret->bytes_ = copy;
    secret->len = len;
    return 0;
}

const char *secret_reveal(const struct secret *secret)
{
    return secret->bytes_ ? secret->bytes_ : "";
}

void secret_done(struct secret *secret)
{
    if (secret->bytes_) {
        sodium_munlock(secret->bytes_, secret->len + 1); /* wipes too */
        free(secret->bytes_);
    }
    *secret = (struct secret){0};
}
