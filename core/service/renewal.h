/* renewal - what became of each file when all were read again: for who asked that they be. */
#ifndef SERVICE_RENEWAL_H
#define SERVICE_RENEWAL_H

#include "service/books.h"

struct renewal {
    struct buffer complaints; /* lines, as `muster check` prints them */
    struct buffer told;       /* ids of organizations that they are about, each with its '\0' */
};

/* Fits roster_told_fn: context is the renewal. */
void renewal_told(void *context, const char *organization, const char *text);
void renewal_done(struct renewal *renewal);

/* An object on a line for each complaint (complaint), for each organization that is not as it was (organization,
 * became: new, changed, gone, mistaken: it goes on by its last good file, left out: it never had one), and a last one:
 * configuration (the folder), taken (false: nothing of it counts, and `error` says why), organizations (how many there
 * are). `now` NULL: nothing was taken. */
void renewal_write(const struct renewal *renewal, const char *config, const struct roster *before,
                   const struct roster *now, const struct err *err, struct buffer *out);

#endif
