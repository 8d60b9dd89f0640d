/* stamp - times as PowerOffice Go writes them: up to seven digits behind the second, with a zone or without. */
#include "poweroffice.h"

#include <ctype.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

static const int64_t SECOND = 10000000, DAY_SECONDS = 86400;

/* Days since 1970 of a day of the Gregorian calendar. */
static int64_t days_of(int64_t year, int64_t month, int64_t day)
{
    year -= month <= 2;
    int64_t era = (year >= 0 ? year : year - 399) / 400, of_era = year - era * 400;
    int64_t of_year = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1;
    return era * 146097 + of_era * 365 + of_era / 4 - of_era / 100 + of_year - 719468;
}

static void day_write(int64_t days, char ret_day[11])
{
    days += 719468;
    int64_t era = (days >= 0 ? days : days - 146096) / 146097, of_era = days - era * 146097;
    int64_t year = (of_era - of_era / 1460 + of_era / 36524 - of_era / 146096) / 365;
    int64_t of_year = of_era - (365 * year + year / 4 - year / 100), shifted = (5 * of_year + 2) / 153;
    int64_t day = of_year - (153 * shifted + 2) / 5 + 1, month = shifted + (shifted < 10 ? 3 : -9);
    char text[64];
    snprintf(text, sizeof(text), "%04" PRId64 "-%02" PRId64 "-%02" PRId64, year + era * 400 + (month <= 2), month, day);
    memcpy(ret_day, text, 10);
    ret_day[10] = '\0';
}

/* `count` digits, then moves on. False: there is something else. */
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

static bool sign(const char **at, char wanted)
{
    if (**at != wanted)
        return false;
    (*at)++;
    return true;
}

static bool day_read(const char **at, int64_t *ret_days)
{
    int64_t year, month, day;
    bool good = digits(at, 4, &year) && sign(at, '-') && digits(at, 2, &month) && sign(at, '-') && digits(at, 2, &day);
    if (!good || month < 1 || month > 12 || day < 1 || day > 31)
        return false;
    *ret_days = days_of(year, month, day);
    return true;
}

/* Z, an offset, or nothing, which is UTC too. */
static bool zone_read(const char **at, int64_t *ret_seconds)
{
    int64_t hours, minutes, way = **at == '-' ? -1 : 1;
    *ret_seconds = 0;
    if (**at == '\0')
        return true;
    if (**at == 'Z' || **at == 'z')
        return (*at)++, true;
    if (!(sign(at, '+') || sign(at, '-')) || !digits(at, 2, &hours) || !sign(at, ':') || !digits(at, 2, &minutes))
        return false;
    *ret_seconds = way * (hours * 3600 + minutes * 60);
    return true;
}

int64_t stamp_read(const char *text)
{
    int64_t days, hour, minute, second, zone, fraction = 0, unit = SECOND;
    const char *at = text;
    if (!at || !day_read(&at, &days) || !(sign(&at, 'T') || sign(&at, 't')) || !digits(&at, 2, &hour) ||
        !sign(&at, ':') || !digits(&at, 2, &minute) || !sign(&at, ':') || !digits(&at, 2, &second) || hour > 23 ||
        minute > 59 || second > 60)
        return INT64_MIN;
    if (sign(&at, '.'))
        for (; isdigit((unsigned char)*at); at++)
            if (unit > 1)
                fraction += (*at - '0') * (unit /= 10);
    if (!zone_read(&at, &zone) || *at)
        return INT64_MIN;
    return (days * DAY_SECONDS + hour * 3600 + minute * 60 + second - zone) * SECOND + fraction;
}

static int64_t floor_by(int64_t number, int64_t by)
{
    return number / by - (number % by < 0);
}

void stamp_filter(int64_t ticks, char ret_text[32])
{
    int64_t ms = floor_by(ticks, SECOND / 1000), seconds = floor_by(ms, 1000), days = floor_by(seconds, DAY_SECONDS);
    int64_t rest = seconds - days * DAY_SECONDS;
    char day[11], text[64];
    day_write(days, day);
    snprintf(text, sizeof(text), "%sT%02d:%02d:%02d.%03dZ", day, (int)(rest / 3600), (int)(rest / 60 % 60),
             (int)(rest % 60), (int)(ms - seconds * 1000));
    memcpy(ret_text, text, 31);
    ret_text[31] = '\0';
}

void stamp_day(int64_t ms, char ret_day[11])
{
    day_write(floor_by(ms, DAY_SECONDS * 1000), ret_day);
}

void day_before(const char *day, char ret_day[11])
{
    int64_t days;
    if (day_read(&day, &days))
        day_write(days - 1, ret_day);
    else
        *ret_day = '\0';
}
