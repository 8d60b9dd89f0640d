/* holder - the process that is at an organization: who holds its run.lock, found without touching the lock.
 *
 * The file of the lock names a process, but that may be long gone and its
 * number given to another one. So the number alone is never believed: a
 * process counts only while it is seen to hold this very lock, and it is asked
 * through a descriptor that means that process and no later one. */
#ifndef STORE_HOLDER_H
#define STORE_HOLDER_H

#include "base/error.h"

#include <stdbool.h>

struct holder {
    int fd; /* pidfd; -1: none */
    long pid;
};

/* Who holds STATE/organizations/ORG/run.lock (`dir` is the folder). ERR_GONE without a sentence: nobody; ERR_PERMISSION
 * and a sentence: somebody whose processes we may not look at. */
int holder_find(const char *dir, struct holder *ret_holder, struct err *err);
void holder_done(struct holder *holder);

/* Whether it ends between two changes when it is interrupted. Who has been asked already, or only writes down a
 * decision, does not listen: an interruption would end it on the spot. */
bool holder_listens(const struct holder *holder);
/* Asks it to end, as Ctrl-C does. ERR_GONE: it has ended meanwhile. */
int holder_interrupt(const struct holder *holder);
/* Whether it has ended within that time. */
bool holder_ends(const struct holder *holder, int most_ms);

#endif
