/* retry - what an answer means, and whether and when a call is made again. */
#include "broker/retry.h"

#include <ctype.h>
#include <string.h>

enum { DAYS_MAX = 30 };

muster_rc retry_class(int status, const int32_t *accept)
{
    for (size_t i = 0; accept && accept[i]; i++)
        if (accept[i] == status)
            return MUSTER_OK;
    if (status >= 200 && status < 300)
        return MUSTER_OK;
    switch (status) {
    case 401: return MUSTER_AUTH;
    case 403: return MUSTER_PERMISSION;
    case 404:
    case 410: return MUSTER_GONE;
    case 407: return MUSTER_CONFIG;
    case 408:
    case 425:
    case 429: return MUSTER_RETRY;
    case 409:
    case 412: return MUSTER_CONFLICT;
    case 501:
    case 505: return MUSTER_UNSUPPORTED;
    default: return status >= 500 ? MUSTER_RETRY : MUSTER_DATA;
    }
}

int64_t retry_wait_ms(const struct retry_case *one)
{
    if (!one->repeatable || !one->passing || one->attempts >= RETRY_ATTEMPTS)
        return -1;
    int64_t wait = RETRY_FIRST_MS;
    for (unsigned i = 1; i < one->attempts && wait < RETRY_CAP_MS; i++)
        wait *= 2;
    if (wait > RETRY_CAP_MS)
        wait = RETRY_CAP_MS;
    wait = wait / 2 + (int64_t)(one->chance % (uint32_t)(wait / 2 + 1)); /* so that not all come back together */
    if (one->asked_ms >= 0)
        wait = one->asked_ms + (int64_t)(one->chance % 250);
    return one->waited_ms + wait > RETRY_PATIENCE_MS ? -1 : wait;
}

int64_t retry_after_ms(const char *value, int64_t now_ms, int64_t (*date)(const char *text))
{
    value += strspn(value, " \t");
    if (isdigit((unsigned char)*value)) {
        int64_t seconds = 0;
        for (; isdigit((unsigned char)*value); value++)
            if (seconds < DAYS_MAX * 86400)
                seconds = seconds * 10 + (*value - '0');
        if (value[strspn(value, " \t\r\n")] != '\0')
            return -1;
        return (seconds < DAYS_MAX * 86400 ? seconds : DAYS_MAX * 86400) * 1000;
    }
    int64_t at = *value ? date(value) : -1;
    if (at < 0)
        return -1;
    int64_t wait = at * 1000 - now_ms;
    return wait < 0 ? 0 : wait > DAYS_MAX * 86400000LL ? DAYS_MAX * 86400000LL : wait;
}
