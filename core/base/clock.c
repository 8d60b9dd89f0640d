/* clock - what time it is. */
#include "base/clock.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

static int64_t fixed_now(const char *text)
{
    struct tm tm = {0};
    if (strchr(text, 'T') && strptime(text, "%Y-%m-%dT%H:%M:%S", &tm))
        return (int64_t)timegm(&tm) * 1000;
    return strtoll(text, NULL, 10);
}

int64_t clock_now_ms(void)
{
    const char *fixed = getenv("MUSTER_NOW");
    if (fixed && *fixed)
        return fixed_now(fixed);
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

int64_t clock_steady_ms(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}
