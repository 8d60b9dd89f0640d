/* hours - what punches of one person come to: each in with its out, whatever the order in which they were heard of.
 *
 * A pure function: the same punches give the same periods. Instants are UTC,
 * so a night in which clocks change has the hours that it had. Punches are
 * paired within a group (a schedule of a customer). An in that another one
 * follows, or that is longer ago than anybody works, has no out; an out that
 * nothing goes before has no in: both stay open. A punch that was taken back
 * counts for nothing, but what stands in its place is corrected. */
#ifndef LOGIC_HOURS_H
#define LOGIC_HOURS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { HOURS_MOST_MS = 24 * 3600 * 1000 }; /* from an in to its out */

struct hours_punch {
    uint64_t id;
    uint64_t group; /* digest of tenant, customer and schedule */
    int64_t at_ms;
    bool out, deleted;
};

enum hours_state { HOURS_OPEN = 1, HOURS_CLOSED, HOURS_CORRECTED }; /* as the model numbers them */

struct hours_period {
    uint64_t in, out; /* punches; 0: there is none */
    int64_t started_ms, ended_ms;
    enum hours_state state;
    bool running; /* open, and it may yet end by itself */
};

/* The id under which the period is known: that of its in, else of its out. */
static inline uint64_t hours_id(const struct hours_period *period)
{
    return period->in ? period->in : period->out;
}

/* Brings the punches into another order; `ret_periods` has room for as many. Returns how many there are, in the order
 * of groups and times. */
size_t hours_pair(struct hours_punch *punches, size_t count, int64_t now_ms, struct hours_period *ret_periods);

#endif
