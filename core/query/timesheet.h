/* timesheet - a person's hours with the punches that they come from: what `explain` tells.
 *
 * Pairs the stored punches as a run does, and reads what waits of them. */
#ifndef QUERY_TIMESHEET_H
#define QUERY_TIMESHEET_H

#include "base/arena.h"
#include "logic/hours.h"
#include "store/store.h"

struct timesheet_side { /* a punch */
    uint64_t id;        /* 0: there is none */
    uint32_t stream;
    const char *record; /* its id in the source; NULL: no record says it any more */
};

struct timesheet_line {
    struct hours_period period;
    struct timesheet_side in, out;
    uint64_t task; /* t12: somebody is to look at it; 0: nobody */
};

/* The latest first, at most so many; *ret_more: how many there are besides. Texts in the arena. */
int timesheet_read(struct txn *txn, uint64_t person, int64_t now_ms, size_t most, struct arena *arena,
                   struct timesheet_line **ret_lines, size_t *ret_count, size_t *ret_more);

#endif
