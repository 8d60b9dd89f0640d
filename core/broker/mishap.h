/* mishap - what goes wrong with an answer that a cassette gives: for finding out what a connector makes of it.
 *
 * Nothing of it is chance: the same mishaps and the same questions give the same answers. */
#ifndef BROKER_MISHAP_H
#define BROKER_MISHAP_H

#include "base/arena.h"
#include "base/buffer.h"
#include "base/error.h"
#include "broker/cassette.h"

enum { MISHAPS_MAX = 20, MISHAP_EVERY = 1000000000 };

struct mishap {
    enum { MISHAP_SLOW, MISHAP_CUT, MISHAP_SCHEMA, MISHAP_STATUS } kind;
    int32_t status;
    unsigned count;    /* how many answers are left that go wrong */
    unsigned nth;      /* from that question on; 0: from the first */
    const char *where; /* what stands in its address or place; NULL: anything */
};

/* "KIND[=COUNT|=all][@TEXT|@N]"; changes `word`, which must live as long. */
int mishap_read(char *word, struct mishap *ret_mishap, struct err *err);
/* Whether this question's answer goes wrong by it; `nth`: of all that were asked, from 1. */
bool mishap_befalls(const struct mishap *mishap, const struct exchange *ask, unsigned nth);
/* Makes of a good answer what is left of it. Texts are in the arena. */
int mishap_happen(const struct mishap *mishap, struct arena *arena, struct exchange *answer);

#endif
