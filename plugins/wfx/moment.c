/* moment - local times, with the offset that their zone had then.
 *
 * A host process is this connector's alone, and has one thread: the C library's
 * zone can be set for as long as it takes to ask it. */
#include "wfx.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

enum { MINUTES = 16 /* of YYYY-MM-DDTHH:MM */ };

bool moment_zone(const char *zone)
{
    char path[256];
    if (!zone || !*zone || *zone == '/' || strstr(zone, ".."))
        return false;
    snprintf(path, sizeof(path), "/usr/share/zoneinfo/%s", zone);
    return access(path, R_OK) == 0;
}

/* YYYY-MM-DDTHH:MM, with seconds or without; a fraction behind them is left to whoever reads it. */
static bool local_read(const char *text, struct tm *ret_tm)
{
    struct tm tm = {0};
    char t;
    if (strlen(text) < MINUTES ||
        sscanf(text, "%4d-%2d-%2d%c%2d:%2d:%2d", &tm.tm_year, &tm.tm_mon, &tm.tm_mday, &t, &tm.tm_hour, &tm.tm_min,
               &tm.tm_sec) < 6 ||
        (t != 'T' && t != ' '))
        return false;
    tm.tm_year -= 1900;
    tm.tm_mon -= 1;
    *ret_tm = tm;
    return true;
}

static bool has_zone(const char *text)
{
    return text[MINUTES + strspn(text + MINUTES, ":.0123456789")] != '\0';
}

/* An hour that comes twice is the first of them, one that is jumped over is as much later. */
static long offset_of(const struct tm *local)
{
    struct tm summer = *local, winter = *local;
    summer.tm_isdst = 1;
    winter.tm_isdst = 0;
    time_t first = mktime(&summer), second = mktime(&winter);
    struct tm back = {0};
    bool fits = localtime_r(&first, &back) && back.tm_isdst > 0 && back.tm_hour == local->tm_hour &&
                back.tm_min == local->tm_min;
    localtime_r(fits ? &first : &second, &back);
    struct tm plain = *local;
    plain.tm_isdst = 0;
    return (long)(timegm(&plain) - (fits ? first : second));
}

void moment_write(const char *text, bool utc, const char *zone, char ret_text[MOMENT_ROOM])
{
    struct tm local;
    bool whole = local_read(text, &local);
    snprintf(ret_text, MOMENT_ROOM, "%s", text);
    if (!whole || strlen(text) >= MOMENT_ROOM - 8 || has_zone(text))
        return;
    if (utc) {
        snprintf(ret_text, MOMENT_ROOM, "%.*sZ", (int)(MOMENT_ROOM - 8), text);
        return;
    }
    if (!zone)
        return;
    setenv("TZ", zone, 1);
    tzset();
    const long offset = offset_of(&local), minutes = labs(offset) / 60 % (24 * 60);
    snprintf(ret_text, MOMENT_ROOM, "%.*s%c%02u:%02u", (int)(MOMENT_ROOM - 8), text, offset < 0 ? '-' : '+',
             (unsigned)minutes / 60 % 24, (unsigned)minutes % 60);
}
