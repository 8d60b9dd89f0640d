/* date - days of the calendar and instants, written and read. */
#include "base/date.h"

#include <stdio.h>
#include <string.h>

enum { DAY_MS = 86400000 };

static unsigned days_in_month(int year, unsigned month)
{
    static const uint8_t days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    bool leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
    return month == 2 && leap ? 29 : days[month - 1];
}

bool date_valid(struct date date)
{
    return date.year >= 1 && date.year <= 9999 && date.month >= 1 && date.month <= 12 && date.day >= 1 &&
           date.day <= days_in_month(date.year, date.month);
}

/* Years are counted from March, so that the leap day is a year's last; 400 of them have 146097 days. */
int64_t date_days(struct date date)
{
    int64_t year = date.year - (date.month <= 2);
    int64_t era = (year >= 0 ? year : year - 399) / 400;
    int64_t of_era = year - era * 400;
    int64_t of_year = (153 * (int64_t)(date.month + (date.month > 2 ? -3u : 9u)) + 2) / 5 + date.day - 1;
    return era * 146097 + of_era * 365 + of_era / 4 - of_era / 100 + of_year - 719468;
}

struct date date_from_days(int64_t days)
{
    days += 719468;
    int64_t era = (days >= 0 ? days : days - 146096) / 146097;
    int64_t day = days - era * 146097;
    int64_t of_era = (day - day / 1460 + day / 36524 - day / 146096) / 365;
    int64_t of_year = day - (365 * of_era + of_era / 4 - of_era / 100);
    int64_t month = (5 * of_year + 2) / 153;
    struct date date = {.day = (unsigned)(of_year - (153 * month + 2) / 5 + 1),
                        .month = (unsigned)(month < 10 ? month + 3 : month - 9)};
    date.year = (int)(era * 400 + of_era + (date.month <= 2));
    return date;
}

static void write_number(char *to, unsigned number, size_t digits)
{
    for (size_t at = digits; at > 0; at--, number /= 10)
        to[at - 1] = (char)('0' + number % 10);
}

void date_write(struct date date, char ret_text[11])
{
    write_number(ret_text, (unsigned)date.year, 4);
    ret_text[4] = ret_text[7] = '-';
    write_number(ret_text + 5, date.month, 2);
    write_number(ret_text + 8, date.day, 2);
    ret_text[10] = '\0';
}

/* Exactly `digits` digits. */
static bool read_number(const char *text, size_t digits, unsigned *ret_number)
{
    unsigned number = 0;
    for (size_t at = 0; at < digits; at++) {
        if (text[at] < '0' || text[at] > '9')
            return false;
        number = number * 10 + (unsigned)(text[at] - '0');
    }
    *ret_number = number;
    return true;
}

bool date_read(const char *text, size_t len, struct date *ret)
{
    unsigned year, month, day;
    if (len != 10 || text[4] != '-' || text[7] != '-' || !read_number(text, 4, &year) ||
        !read_number(text + 5, 2, &month) || !read_number(text + 8, 2, &day))
        return false;
    struct date date = {(int)year, month, day};
    if (!date_valid(date))
        return false;
    *ret = date;
    return true;
}

void instant_write(int64_t ms, char ret_text[25])
{
    int64_t days = ms / DAY_MS - (ms % DAY_MS < 0);
    unsigned of_day = (unsigned)(ms - days * DAY_MS);
    date_write(date_from_days(days), ret_text);
    ret_text[10] = 'T';
    write_number(ret_text + 11, of_day / 3600000, 2);
    write_number(ret_text + 14, of_day / 60000 % 60, 2);
    write_number(ret_text + 17, of_day / 1000 % 60, 2);
    write_number(ret_text + 20, of_day % 1000, 3);
    ret_text[13] = ret_text[16] = ':';
    ret_text[19] = '.';
    ret_text[23] = 'Z';
    ret_text[24] = '\0';
}

bool instant_read(const char *text, size_t len, int64_t *ret_ms)
{
    struct date date;
    unsigned hour, minute, second, fraction = 0;
    if (len < 20 || text[len - 1] != 'Z' || text[10] != 'T' || text[13] != ':' || text[16] != ':' ||
        !date_read(text, 10, &date) || !read_number(text + 11, 2, &hour) || !read_number(text + 14, 2, &minute) ||
        !read_number(text + 17, 2, &second) || hour > 23 || minute > 59 || second > 59)
        return false;
    if (len > 20) {
        /* One to nine digits; what is finer than a millisecond is cut off. */
        size_t digits = len - 21;
        unsigned finer;
        if (text[19] != '.' || digits < 1 || digits > 9 || !read_number(text + 20, digits, &finer))
            return false;
        for (; digits > 3; digits--)
            finer /= 10;
        for (; digits < 3; digits++)
            finer *= 10;
        fraction = finer;
    }
    *ret_ms = date_days(date) * DAY_MS + hour * 3600000LL + minute * 60000LL + second * 1000LL + fraction;
    return true;
}
