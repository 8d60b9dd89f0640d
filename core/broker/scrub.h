/* scrub - what a system repeats of our secrets does not come back to us.
 *
 * A secret is known in every form in which systems say it again: as it is,
 * percent-encoded, as JSON writes it, also inside a text of JSON, and in base64
 * wherever it begins there, so also behind "user:". Each is overwritten with
 * as many '*'. */
#ifndef BROKER_SCRUB_H
#define BROKER_SCRUB_H

#include "base/secret.h"

enum { SCRUB_FORMS = 40 };

struct scrub {
    struct secret forms[SCRUB_FORMS];
    size_t count;
};

/* Forgets what it knew. Secrets of less than 6 bytes would take words of the text with them: those are left alone.
 * Returns 0 or -ENOMEM. */
int scrub_learn(struct scrub *scrub, const struct secret *secret);
void scrub_done(struct scrub *scrub);
void scrub_bytes(const struct scrub *scrub, char *bytes, size_t len);

#endif
