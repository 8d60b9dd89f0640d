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

const char *safeguard_judge(const struct safeguard *safeguard, const struct safeguard_case *at)
{
    if (at->going == 0)
        return NULL;
    if (at->rows_without_id > 0)
        return REASON_CODE(row_without_id);
    if (at->seen == 0)
        return REASON_CODE(empty_partition);
    if (safeguard->off && at->now_ms < safeguard->off_until_ms)
        return NULL;
    double percent = safeguard_percent(safeguard, at->today);
    bool share = (double)at->going * 100.0 > percent * (double)at->population;
    bool many = at->going > safeguard->count && percent < 100.0;
    return at->going >= safeguard->from && (share || many) ? REASON_CODE(safeguard_deactivate) : NULL;
}
