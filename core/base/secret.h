/* secret - a text that must not be seen: no printing, no copies, wiped when done. */
#ifndef BASE_SECRET_H
#define BASE_SECRET_H

#include <stddef.h>

struct secret {
    char *bytes_; /* locked memory; ask secret_reveal() */
    size_t len;
};

/* Takes over a copy of the bytes. Returns 0 or -ENOMEM. */
int secret_set(struct secret *secret, const char *bytes, size_t len);
/* For the one call that needs the plain text, ending in '\0'. Lives until secret_done(). "" when unset. */
const char *secret_reveal(const struct secret *secret);
void secret_done(struct secret *secret);

#endif
