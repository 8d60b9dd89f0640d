/* schedule - when a connection runs next by itself: a pure function of its triggers, the zone and two instants.
 *
 * Schedules are wall-clock times of the organization's zone. Times that the
 * clock leaps over run once, when it has leapt; times that it shows twice run
 * the first time only. A time that was missed is for who asks: where the first
 * one after the last run is over already, it is due once, now.
 *
 * `not` passes over times of a schedule, as it says which; what comes `every`
 * so often, or `at` one time, waits until the window is open again. */
#ifndef CONFIG_SCHEDULE_H
#define CONFIG_SCHEDULE_H

#include "base/zone.h"
#include "config/organization.h"

struct due {
    const struct trigger *trigger;
    int64_t at_ms;
};

/* The first time after `after_ms` at which the trigger is due; INT64_MAX: the clock does not start it, or not any more.
 * `ran_ms`: when the connection ran last, 0: never. */
int64_t schedule_next(const struct trigger *trigger, const struct zone *zone, int64_t after_ms, int64_t ran_ms);
/* The earliest of a connection's triggers. False: none of them goes by the clock. */
bool schedule_first(const struct connection *connection, const struct zone *zone, int64_t after_ms, int64_t ran_ms,
                    struct due *ret_due);

/* "schedule", "every", … as the organization's file says it. */
const char *trigger_word(const struct trigger *trigger);

#endif
