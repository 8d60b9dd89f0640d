/* occasion - when a trigger is due next. Pure: an instant and a zone in, an instant out; who asks says what time it is.
 *
 * Instants are ms since 1970 UTC; the words of a trigger are wall-clock time of
 * the organization's zone. A time that its clock jumps over is due when the
 * clock has jumped, once however many were jumped over. A time that comes
 * twice is due the first time; but words that name every hour mean every
 * hour, also the repeated one. */
#ifndef CONFIG_OCCASION_H
#define CONFIG_OCCASION_H

#include "base/zone.h"
#include "config/organization.h"

#define OCCASION_NEVER INT64_MAX

/* The first instant after `after_ms` at which it is due by the clock, closed windows left out. OCCASION_NEVER: not by
 * the clock (file, on_change, after, webhook), or not any more. `every` counts from `last_ms`, when it last began (0:
 * never: soon, spread by `salt` so that not everything begins at once), and varies by up to a tenth. */
int64_t occasion_next(const struct trigger *trigger, const struct zone *zone, int64_t after_ms, int64_t last_ms,
                      uint64_t salt);

/* The first instant from `at_ms` on that lies in none of its closed windows; OCCASION_NEVER: they are never open. */
int64_t occasion_open(const struct trigger *trigger, const struct zone *zone, int64_t at_ms);

/* The earliest of a connection's triggers after `after_ms`; NULL: none of them goes by the clock, or not any more. */
const struct trigger *occasion_first(const struct connection *connection, const struct zone *zone, int64_t after_ms,
                                     int64_t last_ms, int64_t *ret_at_ms);

/* "schedule", "every", … as the organization's file says it. */
const char *trigger_word(const struct trigger *trigger);

#endif
