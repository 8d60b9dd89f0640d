/* safeguard - whether that many may go at once. */
#include "engine/safeguard.h"

#include "engine/reason.h"

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
