/* date - days of the calendar and instants, written and read. No locale, no time zone data (see zone.h). */
#ifndef BASE_DATE_H
#define BASE_DATE_H

#include "base/buffer.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct date {
    int year;       /* 1 to 9999 */
    unsigned month; /* 1 to 12 */
    unsigned day;   /* 1 to 31 */
};

bool date_valid(struct date date);   /* 31 February is not */
int64_t date_days(struct date date); /* days since 1970-01-01, proleptic Gregorian */
struct date date_from_days(int64_t days);
void date_write(struct date date, char ret_text[11]);           /* YYYY-MM-DD */
bool date_read(const char *text, size_t len, struct date *ret); /* YYYY-MM-DD exactly, and valid */

/* Reads text by a pattern of YYYY YY MM M DD D HH MM SS MMM (month name) and literal characters. `DD-MM-YYYY` takes
 * also one-digit days and months. HH, MM after HH, and SS give the time; a pattern of nothing else leaves the date
 * zero. MMM takes whole and short names in the languages of our customers. Returns false when it does not fit or is no
 * day. Two-digit years: 00–68 are 2000–2068, 69–99 are 1969–1999. */
struct moment {
    struct date date;
    unsigned hour, minute, second;
    bool has_time;
};
bool date_parse(const char *pattern, const char *text, size_t len, struct moment *ret_moment);
/* True when a pattern can be read by date_parse(); else *ret_why says what is wrong with it. */
bool date_pattern_valid(const char *pattern, const char **ret_why);
/* The same for date_format(): parts may be missing, as in YYYY-MM. */
bool date_pattern_writable(const char *pattern, const char **ret_why);
/* Appends the moment as the pattern says. MMM gives Jan, Feb … */
void date_format(const char *pattern, const struct moment *moment, struct buffer *out);

/* YYYY-MM-DDTHH:MM:SS.mmmZ and back (also without fraction; only with Z). */
void instant_write(int64_t ms, char ret_text[25]);
bool instant_read(const char *text, size_t len, int64_t *ret_ms);

#endif
