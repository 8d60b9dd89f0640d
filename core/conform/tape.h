/* tape - what the connector's system said: the cassette that was given, or one that is recorded of it here. */
#ifndef CONFORM_TAPE_H
#define CONFORM_TAPE_H

#include "broker/cassette.h"
#include "conform/subject.h"

struct tape {
    const char *path;
    bool given; /* it was recorded before; the system itself is not asked */
};

/* given: to play; keep: where to leave what is recorded. Both may be NULL. */
int tape_init(struct tape *tape, struct subject *subject, const char *given, const char *keep);
/* The one for the calls that are made once: it records, or plays what was given. The clock stands from here on. */
int tape_live(const struct tape *tape, const struct subject *subject, struct cassette **ret_cassette, struct err *err);
/* One that plays from the beginning, and in which `fault` goes wrong (NULL: nothing). */
int tape_play(const struct tape *tape, const char *fault, struct cassette **ret_cassette, struct err *err);
/* Which different questions of it were answered so far: "http GET https://…", in the arena. NULL: no memory. */
const char **tape_questions(const struct cassette *cassette, struct arena *arena, size_t *ret_count);
/* Whether anything was called by HTTP: no file, and no database, is answered by a status. */
bool tape_calls(const struct cassette *cassette);

#endif
