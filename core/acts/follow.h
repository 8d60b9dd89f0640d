/* follow - pins that go along when people say whose a record is: a pin is about a record's word, and counts for the
 * person whose the record is. */
#ifndef ACTS_FOLLOW_H
#define ACTS_FOLLOW_H

#include "engine/match.h"

struct following {
    uint64_t number; /* of the pin */
    const char *about;
    uint64_t from, to; /* persons */
    uint64_t seed;     /* of the record */
};

struct follows {
    struct arena *arena;
    struct following *items;
    size_t count, room;
};

/* All pins on records of a person, before anything is said; 0: nobody. */
int follows_note(struct follows *follows, struct match *match, uint64_t person);
/* Afterwards: only those stay in the list that are another person's now. */
void follows_settle(struct follows *follows, struct match *match);
void follows_done(struct follows *follows);

#endif
