/* test_date - the calendar, date patterns, instants. */
#include "unit.h"

#include "base/date.h"

#include <stdio.h>

static void days_and_dates_are_each_other_over_all_years(void **state)
{
    (void)state;
    int64_t first = date_days((struct date){1, 1, 1}), last = date_days((struct date){9999, 12, 31});
    struct date expected = {1, 1, 1};
    static const unsigned lengths[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    for (int64_t days = first; days <= last; days++) {
        struct date date = date_from_days(days);
        if (memcmp(&date, &expected, sizeof(date)) != 0 || date_days(date) != days || !date_valid(date))
            fail_msg("day %lld is %d-%u-%u", (long long)days, date.year, date.month, date.day);
        bool leap = (date.year % 4 == 0 && date.year % 100 != 0) || date.year % 400 == 0;
        if (++expected.day > lengths[expected.month - 1] + (leap && expected.month == 2)) {
            expected.day = 1;
            expected.month = expected.month % 12 + 1;
            expected.year += expected.month == 1;
        }
    }
    assert_int_equal(date_days((struct date){1970, 1, 1}), 0);
    assert_int_equal(date_days((struct date){2000, 3, 1}), 11017);
}

static void days_that_are_not_are_refused(void **state)
{
    (void)state;
    static const char *const bad[] = {"2023-02-29", "1900-02-29", "2024-02-30",  "2024-04-31", "2024-13-01",
                                      "2024-00-01", "2024-01-00", "0000-01-01",  "2024-1-01",  "2024-01-1 ",
                                      "2024/01/01", "20240101",   "2024-01-01 ", "",           "2024-01-+1"};
    static const char *const good[] = {"2024-02-29", "2000-02-29", "0001-01-01", "9999-12-31"};
    struct date date;
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
        if (date_read(bad[i], strlen(bad[i]), &date))
            fail_msg("%s was taken", bad[i]);
    for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
        char text[11];
        assert_true(date_read(good[i], strlen(good[i]), &date));
        date_write(date, text);
        assert_string_equal(text, good[i]);
    }
}

/* wanted: as YYYY-MM-DD HH:MM:SS, without the time when there was none; NULL: does not fit. */
static const struct {
    const char *pattern, *text, *wanted;
} parses[] = {
    {"DD-MM-YYYY", "31-12-2024", "2024-12-31"},
    {"DD-MM-YYYY", "1-2-2024", "2024-02-01"},
    {"DD-MM-YYYY", "31-02-2024", NULL},
    {"DD-MM-YYYY", "29-02-2024", "2024-02-29"},
    {"DD-MM-YYYY", "29-02-1900", NULL},
    {"DD-MM-YYYY", "29-02-2000", "2000-02-29"},
    {"DD-MM-YYYY", "31-12-24", NULL},
    {"DD-MM-YYYY", "31/12/2024", NULL},
    {"DD-MM-YYYY", "31-12-2024 ", NULL},
    {"DD-MM-YYYY", "31-12-20245", NULL},
    {"DD-MM-YYYY", "", NULL},
    {"DD-MM-YYYY", "001-02-2024", NULL},
    {"DD-MM-YYYY", "44927", NULL},
    {"DD.MM.YYYY", "1.2.2024", "2024-02-01"},
    {"D.M.YYYY", "12.11.2024", "2024-11-12"},
    {"M/D/YYYY", "2/1/2024", "2024-02-01"},
    {"YYYYMMDD", "20240201", "2024-02-01"},
    {"YYYYMMDD", "2024021", NULL},
    {"YYYYMMDD", "202402010", NULL},
    {"YYMMDD", "680101", "2068-01-01"},
    {"YYMMDD", "690101", "1969-01-01"},
    {"DD-MM-YY", "1-2-00", "2000-02-01"},
    {"DD-MM-YY", "1-2-99", "1999-02-01"},
    {"DD MMM YYYY", "1 Feb 2024", "2024-02-01"},
    {"DD MMM YYYY", "1  february   2024", "2024-02-01"},
    {"DD MMM YYYY", "12 mrt 2024", "2024-03-12"},
    {"DD MMM YYYY", "12 mrt. 2024", "2024-03-12"},
    {"DD. MMM YYYY", "3. MÄRZ 2024", "2024-03-03"},
    {"DD MMM YYYY", "3 août 2024", "2024-08-03"},
    {"DD MMM YYYY", "3 jui 2024", NULL}, /* juin or juillet */
    {"DD MMM YYYY", "3 juil 2024", "2024-07-03"},
    {"DD MMM YYYY", "3 mai 2024", "2024-05-03"},
    {"DD MMM YYYY", "3 ma 2024", NULL},
    {"DD MMM YYYY", "3 foo 2024", NULL},
    {"DDMMMYYYY", "3JAN2024", "2024-01-03"},
    {"YYYY年M月D日", "2024年2月1日", "2024-02-01"},
    {"YYYY年M月D日", "2024年12月31日", "2024-12-31"},
    {"YYYY-MM-DD HH:MM", "2024-02-01 23:59", "2024-02-01 23:59:00"},
    {"YYYY-MM-DD HH:MM", "2024-02-01 24:00", NULL},
    {"YYYY-MM-DD HH:MM", "2024-02-01 12:60", NULL},
    {"YYYY-MM-DD HH:MM", "2024-02-01 7:05", "2024-02-01 07:05:00"},
    {"YYYY-MM-DDTHH:MM:SS", "2024-02-01T07:05:09", "2024-02-01 07:05:09"},
    {"HH:MM DD-MM-YYYY", "07:05 01-02-2024", "2024-02-01 07:05:00"},
    {"YYYYMMDDHHMMSS", "20240201070509", "2024-02-01 07:05:09"},
    {"HH:MM", "07:05", "0000-00-00 07:05:00"},
    {"HHMM", "0705", "0000-00-00 07:05:00"},
};

static void patterns_read_what_they_say_and_no_day_that_is_not(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(parses) / sizeof(parses[0]); i++) {
        struct moment moment = {.hour = 99};
        const char *why;
        char text[64] = "";
        assert_true(date_pattern_valid(parses[i].pattern, &why));
        bool fits = date_parse(parses[i].pattern, parses[i].text, strlen(parses[i].text), &moment);
        if (!fits && moment.hour != 99)
            fail_msg("%s %s: written although it failed", parses[i].pattern, parses[i].text);
        if (fits)
            snprintf(text, sizeof(text), "%04d-%02u-%02u", moment.date.year, moment.date.month, moment.date.day);
        if (fits && moment.has_time)
            snprintf(text + 10, sizeof(text) - 10, " %02u:%02u:%02u", moment.hour, moment.minute, moment.second);
        if (fits != (parses[i].wanted != NULL) || (fits && strcmp(text, parses[i].wanted) != 0))
            fail_msg("%s %s gave %s", parses[i].pattern, parses[i].text, fits ? text : "nothing");
    }
}

static void patterns_that_cannot_be_read_say_why(void **state)
{
    (void)state;
    static const struct {
        const char *pattern, *why;
    } cases[] = {
        {"dd-mm-yyyy", "capitals"},
        {"DD-MM-YYY", "shorter"},
        {"DD-MM", "a year"},
        {"YYYY-MM", "day of the month"},
        {"DD-MM-YYYY DD", "twice"},
        {"DMYYYY", "right before"},
        {"", "none of"},
        {"iso", "none of"},
        {"DD-MM-YYYY MM", "twice"},
        {"SS", "hours"},
        {"DD-MM-YYYY SS", "hours"},
        {"DDDD", "shorter"},
        {"YY-MM-DD YYYY", "twice"},
        {"MMMM", "shorter"},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        const char *why = "";
        if (date_pattern_valid(cases[i].pattern, &why) || !strstr(why, cases[i].why))
            fail_msg("%s: %s", cases[i].pattern, why);
    }
    const char *why;
    assert_true(date_pattern_writable("YYYY-MM", &why));
    assert_false(date_pattern_writable("yyyy-mm", &why));
}

static void moments_are_written_as_the_pattern_says(void **state)
{
    (void)state;
    static const struct {
        const char *pattern, *wanted;
    } cases[] = {{"YYYY-MM", "2024-02"},   {"D/M/YY", "1/2/24"}, {"DD MMM YYYY HH:MM:SS", "01 Feb 2024 07:05:09"},
                 {"YYYYMMDD", "20240201"}, {"HHMM", "0705"},     {"YYYY年M月", "2024年2月"}};
    struct moment moment = {{2024, 2, 1}, 7, 5, 9, true};
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct buffer out = {0};
        date_format(cases[i].pattern, &moment, &out);
        assert_string_equal(out.data, cases[i].wanted);
        buffer_done(&out);
    }
}

static void instants_come_back(void **state)
{
    (void)state;
    static const int64_t instants[] = {0, 1, -1, 999, -62135596800000, 253402300799999, 1709210096789};
    for (size_t i = 0; i < sizeof(instants) / sizeof(instants[0]); i++) {
        char text[25];
        int64_t ms = 7;
        instant_write(instants[i], text);
        assert_int_equal(strlen(text), 24);
        assert_true(instant_read(text, 24, &ms));
        assert_int_equal(ms, instants[i]);
    }
    char text[25];
    instant_write(-1, text);
    assert_string_equal(text, "1969-12-31T23:59:59.999Z");
}

static void instants_need_utc_and_real_times(void **state)
{
    (void)state;
    int64_t ms;
    assert_true(instant_read("2024-02-29T12:34:56Z", 20, &ms));
    assert_int_equal(ms, 1709210096000);
    assert_true(instant_read("2024-02-29T12:34:56.7Z", 22, &ms));
    assert_int_equal(ms, 1709210096700);
    assert_true(instant_read("2024-02-29T12:34:56.789999Z", 27, &ms));
    assert_int_equal(ms, 1709210096789);
    static const char *const bad[] = {"2024-02-29T12:34:56",   "2024-02-30T12:34:56Z", "2024-02-29T24:00:00Z",
                                      "2024-02-29 12:34:56Z",  "2024-02-29T12:34:60Z", "2024-02-29T12:34:56+00:00",
                                      "2024-02-29T12:34:56.Z", "2024-02-29T12:34Z",    ""};
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
        if (instant_read(bad[i], strlen(bad[i]), &ms))
            fail_msg("%s was taken", bad[i]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(days_and_dates_are_each_other_over_all_years),
        cmocka_unit_test(days_that_are_not_are_refused),
        cmocka_unit_test(patterns_read_what_they_say_and_no_day_that_is_not),
        cmocka_unit_test(patterns_that_cannot_be_read_say_why),
        cmocka_unit_test(moments_are_written_as_the_pattern_says),
        cmocka_unit_test(instants_come_back),
        cmocka_unit_test(instants_need_utc_and_real_times),
    };
    return cmocka_run_group_tests_name("date", tests, NULL, NULL);
}
