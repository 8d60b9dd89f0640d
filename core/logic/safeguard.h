/* safeguard - whether that many may go at once. Pure. */
#ifndef LOGIC_SAFEGUARD_H
#define LOGIC_SAFEGUARD_H

#include "base/buffer.h"
#include "config/organization.h"

struct safeguard_case {
    uint64_t population;      /* that were present before */
    uint64_t going;           /* of these, not seen any more, or changed */
    uint64_t lately;          /* that went or changed before, within the window */
    uint64_t seen;            /* records in this pull */
    uint64_t rows_without_id; /* each might be one of those that go */
    const char *today;        /* YYYY-MM-DD, for exceptions */
    int64_t now_ms;
};

/* Whether it looks at anything at all today. */
bool safeguard_looks(const struct safeguard *safeguard, const char *today, int64_t now_ms);
/* Whether that many are too many. */
bool safeguard_trips(const struct safeguard *safeguard, const struct safeguard_case *at);
/* Of removals, which also other things hold. NULL: they may go; else the stable reason code for which they are held. */
const char *safeguard_judge(const struct safeguard *safeguard, const struct safeguard_case *safeguard_case);
/* The case in figures, how many may, and the option that says so, as a half sentence that is appended: "5 of 40 (with 3
 * of them in the last 7 days), and 2 may: `safeguards: deactivate` allows 5 %, at most 50, always 1". */
void safeguard_tell(const struct safeguard *safeguard, const char *name, const struct safeguard_case *at,
                    struct buffer *out);

#endif
