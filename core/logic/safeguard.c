/* safeguard - whether that many may go at once. */
#include "logic/safeguard.h"

#include "logic/reason.h"

#include <limits.h>
#include <string.h>

/* An exception that covers today allows another share. */
static double safeguard_percent(const struct safeguard *safeguard, const char *today)
{
    for (size_t i = 0; i < safeguard->exception_count; i++)
        if (strcmp(safeguard->exceptions[i].from, today) <= 0 && strcmp(today, safeguard->exceptions[i].to) <= 0)
            return safeguard->exceptions[i].percent;
    return safeguard->percent;
}

bool safeguard_looks(const struct safeguard *safeguard, const char *today, int64_t now_ms)
{
    bool off = safeguard->off && now_ms < safeguard->off_until_ms;
    return safeguard->set && !off && safeguard_percent(safeguard, today) < 100.0;
}

bool safeguard_trips(const struct safeguard *safeguard, const struct safeguard_case *at)
{
    if (at->going == 0 || !safeguard_looks(safeguard, at->today, at->now_ms))
        return false;
    uint64_t touched = at->going + at->lately;
    double percent = safeguard_percent(safeguard, at->today);
    bool share = at->population >= safeguard->minimum && (double)touched * 100.0 > percent * (double)at->population;
    return touched >= safeguard->from && (share || touched > safeguard->count);
}

/* The most that do not trip it. */
static uint64_t safeguard_most(const struct safeguard *safeguard, double percent, uint64_t population)
{
    uint64_t most = safeguard->count, few = safeguard->from > 0 ? safeguard->from - 1 : 0;
    double share = percent * (double)population / 100.0;
    if (population >= safeguard->minimum && share < (double)most)
        most = (uint64_t)share;
    return most > few ? most : few;
}

void safeguard_tell(const struct safeguard *safeguard, const char *name, const struct safeguard_case *at,
                    struct buffer *out)
{
    enum { HOUR_MS = 3600000, DAY_MS = 24 * HOUR_MS };
    double percent = safeguard_percent(safeguard, at->today);
    bool days = safeguard->window_ms >= 2 * DAY_MS;
    long window = (long)(safeguard->window_ms / (days ? DAY_MS : HOUR_MS));
    const char *comma = " ";
    buffer_format(out, "%lu of %lu", (unsigned long)(at->going + at->lately), (unsigned long)at->population);
    if (at->lately > 0)
        buffer_format(out, " (with %lu of them in the last %ld %s)", (unsigned long)at->lately, window,
                      days ? "days" : "hours");
    buffer_format(out, ", and %lu may: `safeguards: %s` allows",
                  (unsigned long)safeguard_most(safeguard, percent, at->population), name);
    if (at->population >= safeguard->minimum) {
        buffer_format(out, " %g %%", percent);
        comma = ", ";
    }
    if (safeguard->count != UINT_MAX) {
        buffer_format(out, "%sat most %u", comma, safeguard->count);
        comma = ", ";
    }
    if (safeguard->from > 1)
        buffer_format(out, "%salways %u", comma, safeguard->from - 1);
}

const char *safeguard_judge(const struct safeguard *safeguard, const struct safeguard_case *at)
{
    if (at->going == 0)
        return NULL;
    if (at->rows_without_id > 0)
        return REASON_CODE(row_without_id);
    if (at->seen == 0)
        return REASON_CODE(empty_partition);
    return safeguard_trips(safeguard, at) ? REASON_CODE(safeguard_deactivate) : NULL;
}
