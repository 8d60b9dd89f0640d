/* secretstore - the content of a secret reference: read at each run, never logged, wiped when done. */
#ifndef BROKER_SECRETSTORE_H
#define BROKER_SECRETSTORE_H

#include "base/error.h"
#include "base/secret.h"
#include "config/organization.h"

/* A final newline is cut off a file's content. A file that others than its owner (and group) may read is refused with
 * the command that mends it. `what` names it for the sentence ("connection 'hr': option 'password'"). */
int secretstore_read(const struct secretref *ref, const char *what, struct secret *ret_secret, struct err *err);
/* Whether it is there and readable, without keeping anything. */
int secretstore_present(const struct secretref *ref, const char *what, struct err *err);

#endif
