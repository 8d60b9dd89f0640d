/* period - the days, weeks and months that files of what happened are made of. */
#include "config/period.h"

#include "base/date.h"

#include <stdio.h>

static int64_t week_begin(int64_t day)
{
    int64_t weekday = (day + 3) % 7; /* from Monday; 1970-01-01 was a Thursday */
    return day - (weekday < 0 ? weekday + 7 : weekday);
}

static int64_t month_begin(int64_t day, int months)
{
    struct date date = date_from_days(day);
    int nth = date.year * 12 + (int)date.month - 1 + months;
    return date_days((struct date){nth / 12, (unsigned)(nth % 12) + 1, 1});
}

struct span period_span(enum target_period period, int64_t day)
{
    switch (period) {
    case PERIOD_LAST_WEEK:
    case PERIOD_THIS_WEEK: return (struct span){week_begin(day), week_begin(day) + 7};
    case PERIOD_LAST_MONTH:
    case PERIOD_THIS_MONTH: return (struct span){month_begin(day, 0), month_begin(day, 1)};
    default: return (struct span){day, day + 1};
    }
}

struct span period_due(enum target_period period, int64_t today)
{
    struct span now = period_span(period, today);
    return period >= PERIOD_THIS_DAY ? now : period_span(period, now.from - 1);
}

void period_week(int64_t day, char ret_text[PERIOD_TEXT])
{
    int64_t thursday = week_begin(day) + 3;
    struct date year = {date_from_days(thursday).year, 1, 1};
    snprintf(ret_text, PERIOD_TEXT, "%04d-W%02d", year.year, (int)((thursday - date_days(year)) / 7 + 1));
}

void period_name(enum target_period period, int64_t from, char ret_text[PERIOD_TEXT])
{
    char day[11];
    date_write(date_from_days(from), day);
    if (period == PERIOD_LAST_WEEK || period == PERIOD_THIS_WEEK)
        period_week(from, ret_text);
    else
        snprintf(ret_text, PERIOD_TEXT, "%.*s", period == PERIOD_LAST_MONTH || period == PERIOD_THIS_MONTH ? 7 : 10,
                 day);
}

const struct field *period_field(enum kind kind)
{
    static const struct {
        enum kind kind;
        uint16_t field;
    } fields[] = {{KIND_work_period, FIELD_work_period_started_at},
                  {KIND_shift, FIELD_shift_starts_at},
                  {KIND_punch, FIELD_punch_at},
                  {KIND_absence, FIELD_absence_start_date},
                  {KIND_pay, FIELD_pay_from_date},
                  {KIND_incident, FIELD_incident_occurred_at},
                  {KIND_note, FIELD_note_created_at}};
    for (size_t n = 0; n < sizeof(fields) / sizeof(fields[0]); n++)
        if (fields[n].kind == kind)
            return field_by_number(kind, fields[n].field);
    return NULL;
}
