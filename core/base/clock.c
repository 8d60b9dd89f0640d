/* clock - what time it is. */
#include "base/clock.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

static int64_t true_now(void)
{
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static int64_t begin_of(const char *text)
{
    struct tm tm = {0};
    if (strchr(text, 'T') && strptime(text, "%Y-%m-%dT%H:%M:%S", &tm))
        return (int64_t)timegm(&tm) * 1000;
    return strtoll(text, NULL, 10);
}

/* 0: it stands. */
static int64_t pace_of(const char *text, int64_t *ret_since)
{
    const char *pace = strstr(text, " x"), *since = strstr(text, " since ");
    if (!pace || !since)
        return 0;
    *ret_since = strtoll(since + 7, NULL, 10);
    return strtoll(pace + 2, NULL, 10);
}

static int64_t tests_now(const char *text)
{
    int64_t since = 0, pace = pace_of(text, &since);
    return begin_of(text) + (pace > 0 ? (true_now() - since) * pace : 0);
}

int64_t clock_pace(void)
{
    const char *tests = getenv("MUSTER_NOW");
    int64_t since, pace = tests ? pace_of(tests, &since) : 0;
    return pace > 0 ? pace : 1;
}

int64_t clock_now_ms(void)
{
    const char *fixed = getenv("MUSTER_NOW");
    if (fixed && *fixed)
        return tests_now(fixed);
    return true_now();
}

int64_t clock_steady_ms(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}
