/* clock - PMT's local times, which are Amsterdam's.
 *
 * No zone files are to be had behind the fence; the rule of the European Union
 * is short: summer time from the last Sunday of March to that of October, both
 * at 01:00 UTC. */
#include "pmt.h"

#include <stdio.h>

/* Days since 1970-01-01. */
static int64_t days_of(int year, int month, int day)
{
    int64_t y = month <= 2 ? year - 1 : year, era = y / 400, of_era = y - era * 400;
    int64_t of_year = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1;
    return era * 146097 + of_era * 365 + of_era / 4 - of_era / 100 + of_year - 719468;
}

/* 01:00 UTC of the month's last Sunday, in minutes; both months have 31 days. */
static int64_t change_of(int year, int month)
{
    int64_t last = days_of(year, month, 31);
    return (last - (last + 4) % 7) * 1440 + 60; /* 1970-01-01 was a Thursday */
}

/* An hour that comes twice is the first one; one that does not come is the one after. */
static int64_t utc_of(int year, int64_t local)
{
    int64_t summer = local - 120;
    return summer >= change_of(year, 3) && summer < change_of(year, 10) ? summer : local - 60;
}

/* Either dialect's day, then the time: its parts, from the year on. */
static bool parts_read(const char *text, int ret_parts[6])
{
    int *p = ret_parts;
    char rest;
    return sscanf(text, "%2d-%2d-%4d %2d:%2d:%2d%c", &p[2], &p[1], &p[0], &p[3], &p[4], &p[5], &rest) == 6 ||
           sscanf(text, "%4d-%2d-%2d%*1[ T]%2d:%2d:%2d%c", &p[0], &p[1], &p[2], &p[3], &p[4], &p[5], &rest) == 6;
}

static bool day_is(int year, int month, int day)
{
    static const int days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    bool leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
    return year >= 1 && month >= 1 && month <= 12 && day >= 1 && day <= days[month - 1] + (month == 2 && leap);
}

bool clock_read(const char *text, struct moment *ret_moment)
{
    struct moment moment = {0};
    int p[6] = {0};
    if (!text || !parts_read(text, p) || p[0] < 1996 || !day_is(p[0], p[1], p[2]) || p[3] < 0 || p[3] > 23 ||
        p[4] < 0 || p[4] > 59 || p[5] < 0 || p[5] > 59)
        return false;
    int64_t local = days_of(p[0], p[1], p[2]) * 1440 + p[3] * 60 + p[4], offset;
    moment.utc_minutes = utc_of(p[0], local);
    offset = local - moment.utc_minutes;
    if (offset == 60 && moment.utc_minutes >= change_of(p[0], 3) && moment.utc_minutes < change_of(p[0], 10)) {
        offset = 120; /* 02:30 in the night in which the clock goes from 02:00 to 03:00 */
        p[3]++;
    }
    snprintf(moment.text, sizeof(moment.text), "%04d-%02d-%02dT%02d:%02d:%02d+%02d:00", p[0], p[1], p[2], p[3], p[4],
             p[5], (int)(offset / 60));
    *ret_moment = moment;
    return true;
}

int clock_minutes(const char *text)
{
    int hours, minutes, seconds;
    return text && sscanf(text, "%d:%d:%d", &hours, &minutes, &seconds) == 3 && hours >= 0 && minutes >= 0
               ? hours * 60 + minutes
               : 0;
}

static void day_write(const struct tm *day, char ret_day[DAY_ROOM])
{
    snprintf(ret_day, DAY_ROOM, "%04d-%02d-%02d", (day->tm_year + 1900) % 10000, (day->tm_mon + 1) % 100,
             day->tm_mday % 100);
}

void clock_day(int64_t now_ms, int days, char ret_day[DAY_ROOM])
{
    time_t now = (time_t)(now_ms / 1000);
    int64_t minutes = now_ms / 60000;
    struct tm day;
    gmtime_r(&now, &day);
    int year = day.tm_year + 1900;
    now += (minutes >= change_of(year, 3) && minutes < change_of(year, 10) ? 7200 : 3600) + (time_t)days * 86400;
    gmtime_r(&now, &day);
    day_write(&day, ret_day);
}

static bool day_read(const char *text, int ret_parts[3])
{
    char rest;
    return sscanf(text, "%4d-%2d-%2d%c", &ret_parts[0], &ret_parts[1], &ret_parts[2], &rest) == 3 &&
           day_is(ret_parts[0], ret_parts[1], ret_parts[2]);
}

bool day_shift(const char *day, int days, char ret_day[DAY_ROOM])
{
    int p[3];
    struct tm then;
    if (!day_read(day, p))
        return false;
    time_t noon = (time_t)((days_of(p[0], p[1], p[2]) + days) * 86400 + 43200);
    gmtime_r(&noon, &then);
    day_write(&then, ret_day);
    return true;
}

bool day_turn(const char *day, char ret_day[DAY_ROOM])
{
    int p[3];
    return day_read(day, p) &&
           snprintf(ret_day, DAY_ROOM, "%02d-%02d-%04d", p[2] % 100, p[1] % 100, p[0] % 10000) == 10;
}
