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

bool clock_read(const char *text, struct moment *ret_moment)
{
    struct moment moment = {0};
    int day, month, year, hour, minute, second;
    char rest;
    if (!text || sscanf(text, "%2d-%2d-%4d %2d:%2d:%2d%c", &day, &month, &year, &hour, &minute, &second, &rest) != 6)
        return false;
    if (year < 1996 || month < 1 || month > 12 || day < 1 || day > 31 || hour < 0 || hour > 23 || minute < 0 ||
        minute > 59 || second < 0 || second > 59)
        return false;
    int64_t local = days_of(year, month, day) * 1440 + hour * 60 + minute, offset;
    moment.utc_minutes = utc_of(year, local);
    offset = local - moment.utc_minutes;
    if (offset == 60 && moment.utc_minutes >= change_of(year, 3) && moment.utc_minutes < change_of(year, 10)) {
        offset = 120; /* 02:30 in the night in which the clock goes from 02:00 to 03:00 */
        hour++;
    }
    snprintf(moment.text, sizeof(moment.text), "%04d-%02d-%02dT%02d:%02d:%02d+%02d:00", year, month, day, hour, minute,
             second, (int)(offset / 60));
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

void clock_day(int64_t now_ms, char ret_day[DAY_ROOM])
{
    int64_t minutes = now_ms / 60000;
    time_t shifted;
    struct tm day;
    gmtime_r(&(time_t){(time_t)(now_ms / 1000)}, &day);
    int year = day.tm_year + 1900;
    shifted = (time_t)(now_ms / 1000) + (minutes >= change_of(year, 3) && minutes < change_of(year, 10) ? 7200 : 3600);
    gmtime_r(&shifted, &day);
    snprintf(ret_day, DAY_ROOM, "%04d-%02d-%02d", (day.tm_year + 1900) % 10000, (day.tm_mon + 1) % 100,
             day.tm_mday % 100);
}
