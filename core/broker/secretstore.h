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

/* Whether we can put something there: only a file. Else ERR_UNSUPPORTED and how it is done. */
int secretstore_writable(const struct secretref *ref, const char *what, struct err *err);
/* Whole or not at all, for nobody but us to read. */
int secretstore_write(const struct secretref *ref, const char *what, const char *bytes, size_t len, struct err *err);

#endif
