/* stamp - times by which a system tells what changed: read, compared, written as it wants them.
 *
 * Formats: iso and iso_ms (with seconds, or milliseconds), date, epoch_s,
 * epoch_ms, number (that only grows). What stands below a millisecond is cut
 * off, so that it is asked for again rather than lost. */
#include "rest.h"

#include <ctype.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { DAY = 86400 };

static int64_t stamp_of_day(int64_t year, int64_t month, int64_t day)
{
    int64_t shifted = month > 2 ? month - 3 : month + 9, years = month > 2 ? year : year - 1;
    int64_t era = (years >= 0 ? years : years - 399) / 400, of_era = years - era * 400;
    int64_t of_year = (153 * shifted + 2) / 5 + day - 1;
    return era * 146097 + of_era * 365 + of_era / 4 - of_era / 100 + of_year - 719468;
}

static bool digits(const char **at, int count, int64_t *ret_number)
{
    int64_t number = 0;
    for (int n = 0; n < count; n++, (*at)++) {
        if (!isdigit((unsigned char)**at))
            return false;
        number = number * 10 + (**at - '0');
    }
    *ret_number = number;
    return true;
}

static bool sign(const char **at, const char *signs)
{
    if (!**at || !strchr(signs, **at))
        return false;
    (*at)++;
    return true;
}

/* Z, an offset, or nothing, which is UTC too. */
static bool zone_read(const char **at, int64_t *ret_seconds)
{
    int64_t hours, minutes, way = **at == '-' ? -1 : 1;
    *ret_seconds = 0;
    if (**at == '\0' || sign(at, "Zz"))
        return true;
    if (!sign(at, "+-") || !digits(at, 2, &hours))
        return false;
    sign(at, ":");
    if (!digits(at, 2, &minutes))
        return false;
    *ret_seconds = way * (hours * 3600 + minutes * 60);
    return true;
}

static int64_t iso_read(const char *at)
{
    int64_t year, month, day, hour = 0, minute = 0, second = 0, zone = 0, ms = 0, unit = 1000;
    bool good = digits(&at, 4, &year) && sign(&at, "-") && digits(&at, 2, &month) && sign(&at, "-") &&
                digits(&at, 2, &day) && month >= 1 && month <= 12 && day >= 1 && day <= 31;
    if (!good)
        return INT64_MIN;
    if (sign(&at, "Tt ")) {
        if (!digits(&at, 2, &hour) || !sign(&at, ":") || !digits(&at, 2, &minute))
            return INT64_MIN;
        if (sign(&at, ":") && !digits(&at, 2, &second))
            return INT64_MIN;
        if (sign(&at, ".,"))
            for (; isdigit((unsigned char)*at); at++)
                ms += unit > 1 ? (*at - '0') * (unit /= 10) : 0;
        if (hour > 23 || minute > 59 || second > 60 || !zone_read(&at, &zone))
            return INT64_MIN;
    }
    return *at ? INT64_MIN
               : (stamp_of_day(year, month, day) * DAY + hour * 3600 + minute * 60 + second - zone) * 1000 + ms;
}

int64_t stamp_read(const char *format, const char *text)
{
    char *end;
    if (strcmp(format, "iso") == 0 || strcmp(format, "iso_ms") == 0 || strcmp(format, "date") == 0)
        return iso_read(text);
    long long number = strtoll(text, &end, 10);
    if (end == text || (*end && *end != '.') || number > INT64_MAX / 2000 || number < INT64_MIN / 2000)
        return INT64_MIN;
    return strcmp(format, "epoch_s") == 0 ? number * 1000 : number;
}

static int64_t floor_by(int64_t number, int64_t by)
{
    return number / by - (number % by < 0);
}

void stamp_write(const char *format, int64_t stamp, char ret_text[STAMP_ROOM])
{
    int64_t seconds = floor_by(stamp, 1000), days = floor_by(seconds, DAY), rest = seconds - days * DAY;
    /* Of days since 1970 to a day of the calendar (the other way of stamp_of_day). */
    int64_t shifted = days + 719468, era = floor_by(shifted, 146097), of_era = shifted - era * 146097;
    int64_t year = (of_era - of_era / 1460 + of_era / 36524 - of_era / 146096) / 365;
    int64_t of_year = of_era - (365 * year + year / 4 - year / 100), month = (5 * of_year + 2) / 153;
    int64_t day = of_year - (153 * month + 2) / 5 + 1;
    month = month < 10 ? month + 3 : month - 9;
    year += era * 400 + (month <= 2);
    if (strcmp(format, "number") == 0 || strcmp(format, "epoch_ms") == 0)
        snprintf(ret_text, STAMP_ROOM, "%" PRId64, stamp);
    else if (strcmp(format, "epoch_s") == 0)
        snprintf(ret_text, STAMP_ROOM, "%" PRId64, seconds);
    else if (strcmp(format, "date") == 0)
        snprintf(ret_text, STAMP_ROOM, "%04d-%02d-%02d", (int)year, (int)month, (int)day);
    else {
        int wrote = snprintf(ret_text, STAMP_ROOM, "%04d-%02d-%02dT%02d:%02d:%02d", (int)year, (int)month, (int)day,
                             (int)(rest / 3600), (int)(rest / 60 % 60), (int)(rest % 60));
        if (strcmp(format, "iso_ms") == 0)
            wrote += snprintf(ret_text + wrote, STAMP_ROOM - (size_t)wrote, ".%03d", (int)(stamp - seconds * 1000));
        snprintf(ret_text + wrote, STAMP_ROOM - (size_t)wrote, "Z");
    }
}
