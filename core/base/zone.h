/* zone - local time of an IANA zone, read from TZif files by ourselves: glibc's TZ belongs to the whole process. */
#ifndef BASE_ZONE_H
#define BASE_ZONE_H

#include "base/tidy.h"

#include <stdbool.h>
#include <stdint.h>

struct zone;

/* "Europe/Amsterdam", "UTC". Returns 0, ERR_GONE (no such zone), ERR_CORRUPT, or a negative errno. */
int zone_open(const char *name, struct zone **ret_zone);
void zone_free(struct zone *zone);

/* Seconds east of UTC at an instant (ms since 1970 UTC). */
int32_t zone_offset(const struct zone *zone, int64_t utc_ms);
/* Wall-clock time (ms since 1970 as if it were UTC) to an instant. An ambiguous time gives the first instant, one
 * that does not exist is shifted by the gap; both set *ret_flagged. */
int64_t zone_to_utc(const struct zone *zone, int64_t local_ms, bool *ret_flagged);
/* The local day of an instant, as days since 1970-01-01. */
int64_t zone_day(const struct zone *zone, int64_t utc_ms);

DEFINE_TIDY(struct zone *, zone_free)

#endif
