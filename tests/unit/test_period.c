/* test_period - days, weeks and months of files: where years and clocks turn. */
#include "unit.h"

#include "base/date.h"
#include "base/zone.h"
#include "config/period.h"

#include <string.h>

static int64_t day_of(const char *text)
{
    struct date date;
    assert_true(date_read(text, strlen(text), &date));
    return date_days(date);
}

static void assert_day(int64_t day, const char *text)
{
    char written[11];
    date_write(date_from_days(day), written);
    assert_string_equal(written, text);
}

/* What has a file on a day: its first day, the first day behind it, and its name. */
static const struct due {
    enum target_period period;
    const char *today, *from, *until, *name;
} dues[] = {
    {PERIOD_LAST_DAY, "2026-03-01", "2026-02-28", "2026-03-01", "2026-02-28"},
    {PERIOD_LAST_DAY, "2028-03-01", "2028-02-29", "2028-03-01", "2028-02-29"},
    {PERIOD_LAST_DAY, "2027-01-01", "2026-12-31", "2027-01-01", "2026-12-31"},
    {PERIOD_LAST_WEEK, "2026-03-02", "2026-02-23", "2026-03-02", "2026-W09"}, /* a Monday */
    {PERIOD_LAST_WEEK, "2026-03-01", "2026-02-16", "2026-02-23", "2026-W08"}, /* the Sunday before */
    {PERIOD_LAST_WEEK, "2026-03-08", "2026-02-23", "2026-03-02", "2026-W09"}, /* the Sunday after */
    {PERIOD_LAST_WEEK, "2027-01-03", "2026-12-21", "2026-12-28", "2026-W52"},
    {PERIOD_LAST_WEEK, "2027-01-04", "2026-12-28", "2027-01-04", "2026-W53"}, /* ends in another year */
    {PERIOD_LAST_WEEK, "2027-01-11", "2027-01-04", "2027-01-11", "2027-W01"},
    {PERIOD_LAST_WEEK, "2026-01-05", "2025-12-29", "2026-01-05", "2026-W01"}, /* begins in another year */
    {PERIOD_LAST_WEEK, "2024-12-30", "2024-12-23", "2024-12-30", "2024-W52"},
    {PERIOD_LAST_WEEK, "2025-01-06", "2024-12-30", "2025-01-06", "2025-W01"},
    {PERIOD_LAST_MONTH, "2026-03-01", "2026-02-01", "2026-03-01", "2026-02"},
    {PERIOD_LAST_MONTH, "2026-03-31", "2026-02-01", "2026-03-01", "2026-02"},
    {PERIOD_LAST_MONTH, "2028-03-31", "2028-02-01", "2028-03-01", "2028-02"},
    {PERIOD_LAST_MONTH, "2027-01-15", "2026-12-01", "2027-01-01", "2026-12"},
    {PERIOD_THIS_DAY, "2026-02-28", "2026-02-28", "2026-03-01", "2026-02-28"},
    {PERIOD_THIS_WEEK, "2027-01-01", "2026-12-28", "2027-01-04", "2026-W53"},
    {PERIOD_THIS_WEEK, "2027-01-04", "2027-01-04", "2027-01-11", "2027-W01"},
    {PERIOD_THIS_MONTH, "2026-12-31", "2026-12-01", "2027-01-01", "2026-12"},
    {PERIOD_THIS_MONTH, "2027-01-01", "2027-01-01", "2027-02-01", "2027-01"},
};

static void what_has_a_file_follows_from_the_day(void **state)
{
    (void)state;
    for (size_t n = 0; n < sizeof(dues) / sizeof(dues[0]); n++) {
        char name[PERIOD_TEXT];
        struct span due = period_due(dues[n].period, day_of(dues[n].today));
        assert_day(due.from, dues[n].from);
        assert_day(due.until, dues[n].until);
        period_name(dues[n].period, due.from, name);
        assert_string_equal(name, dues[n].name);
    }
}

/* Whatever the day, periods lie side by side: no day is in two of them, none in none. */
static void periods_follow_each_other_without_a_gap(void **state)
{
    (void)state;
    for (enum target_period period = PERIOD_LAST_DAY; period <= PERIOD_THIS_MONTH; period++)
        for (int64_t day = day_of("2023-12-20"); day < day_of("2033-02-01"); day++) {
            struct span now = period_span(period, day);
            assert_true(now.from <= day && day < now.until);
            assert_int_equal(period_span(period, now.until).from, now.until);
            assert_int_equal(period_span(period, now.from).until, now.until);
            assert_int_equal(period_span(period, now.from - 1).until, now.from);
        }
}

/* Weeks of the years that have 53, and of those that begin or end in another one's. */
static void weeks_belong_to_the_year_of_their_thursday(void **state)
{
    (void)state;
    static const char *const cases[][2] = {
        {"2026-01-01", "2026-W01"}, {"2026-12-28", "2026-W53"}, {"2027-01-03", "2026-W53"}, {"2027-01-04", "2027-W01"},
        {"2025-12-28", "2025-W52"}, {"2025-12-29", "2026-W01"}, {"2021-01-03", "2020-W53"}, {"2021-01-04", "2021-W01"},
        {"2024-12-29", "2024-W52"}, {"2024-12-30", "2025-W01"}, {"2032-12-31", "2032-W53"}, {"2033-01-02", "2032-W53"},
    };
    for (size_t n = 0; n < sizeof(cases) / sizeof(cases[0]); n++) {
        char week[PERIOD_TEXT];
        period_week(day_of(cases[n][0]), week);
        assert_string_equal(week, cases[n][1]);
    }
}

/* In which week a moment lies depends on where the clock hangs; the hour that comes twice or never moves nobody. */
static void an_instant_is_of_the_day_that_its_zone_has(void **state)
{
    (void)state;
    static const struct {
        const char *zone, *at, *week;
    } cases[] = {
        {"Europe/Amsterdam", "2026-03-01T22:59:59Z", "2026-W09"}, /* Sunday 23:59:59 */
        {"Europe/Amsterdam", "2026-03-01T23:00:00Z", "2026-W10"}, /* Monday 00:00 */
        {"Europe/Amsterdam", "2026-03-29T21:59:59Z", "2026-W13"}, /* summer time began that Sunday */
        {"Europe/Amsterdam", "2026-03-29T22:00:00Z", "2026-W14"},
        {"Europe/Amsterdam", "2026-10-25T22:59:59Z", "2026-W43"}, /* it ended: that Sunday has 25 hours */
        {"Europe/Amsterdam", "2026-10-25T23:00:00Z", "2026-W44"},
        {"America/New_York", "2026-03-09T03:59:59Z", "2026-W10"}, /* Sunday 23:59:59, summer time since that morning */
        {"America/New_York", "2026-03-09T04:00:00Z", "2026-W11"},
        {"America/New_York", "2027-01-04T04:59:59Z", "2026-W53"},
        {"America/New_York", "2027-01-04T05:00:00Z", "2027-W01"},
        {"Pacific/Auckland", "2026-03-01T10:59:59Z", "2026-W09"},
        {"Pacific/Auckland", "2026-03-01T11:00:00Z", "2026-W10"},
        {"UTC", "2026-03-01T23:59:59.999Z", "2026-W09"},
    };
    for (size_t n = 0; n < sizeof(cases) / sizeof(cases[0]); n++) {
        TIDY(zone_free) struct zone *zone = NULL;
        char week[PERIOD_TEXT];
        int64_t ms;
        assert_int_equal(zone_open(cases[n].zone, &zone), 0);
        assert_true(instant_read(cases[n].at, strlen(cases[n].at), &ms));
        period_week(zone_day(zone, ms), week);
        assert_string_equal(week, cases[n].week);
    }
}

static void what_happens_has_a_day_and_what_is_has_none(void **state)
{
    (void)state;
    static const enum kind dated[] = {KIND_work_period, KIND_shift,    KIND_punch, KIND_absence,
                                      KIND_pay,         KIND_incident, KIND_note};
    static const enum kind others[] = {KIND_person,     KIND_employment, KIND_org_unit,  KIND_membership,
                                       KIND_work_order, KIND_exchange,   KIND_lookup_row};
    for (size_t n = 0; n < sizeof(dated) / sizeof(dated[0]); n++) {
        const struct field *field = period_field(dated[n]);
        assert_non_null(field);
        assert_true(field->type == TYPE_DATE || field->type == TYPE_DATETIME);
    }
    for (size_t n = 0; n < sizeof(others) / sizeof(others[0]); n++)
        assert_null(period_field(others[n]));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_has_a_file_follows_from_the_day),
        cmocka_unit_test(periods_follow_each_other_without_a_gap),
        cmocka_unit_test(weeks_belong_to_the_year_of_their_thursday),
        cmocka_unit_test(an_instant_is_of_the_day_that_its_zone_has),
        cmocka_unit_test(what_happens_has_a_day_and_what_is_has_none),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
