/* test_pmt - PMT's local times: what a clock on a wall in Amsterdam says, as moments. */
#include "unit.h"

#include "../../plugins/pmt/pmt.h"

#include <stdio.h>
#include <stdlib.h>
#include <time.h>

static void expect(const char *local, const char *text)
{
    struct moment moment = {0};
    assert_true(clock_read(local, &moment));
    assert_string_equal(moment.text, text);
}

/* Minutes between two local times. */
static int64_t between(const char *from, const char *until)
{
    struct moment begin, end;
    assert_true(clock_read(from, &begin));
    assert_true(clock_read(until, &end));
    return end.utc_minutes - begin.utc_minutes;
}

static void both_dialects_are_read(void **state)
{
    (void)state;
    expect("13-09-2016 10:00:00", "2016-09-13T10:00:00+02:00");
    expect("2016-09-13 10:00:00", "2016-09-13T10:00:00+02:00");
    expect("2016-01-13T10:00:59", "2016-01-13T10:00:59+01:00");
}

static void what_is_no_time_is_refused(void **state)
{
    (void)state;
    static const char *const wrong[] = {"",
                                        "13-09-2016",
                                        "2016-09-13",
                                        "13-09-2016 24:00:00",
                                        "13-09-2016 10:60:00",
                                        "31-04-2016 10:00:00",
                                        "29-02-2015 10:00:00",
                                        "00-09-2016 10:00:00",
                                        "13-13-2016 10:00:00",
                                        "13-09-2016 10:00:00 ",
                                        "2016-09-13 10:00:00Z",
                                        "13-09-1700 10:00:00",
                                        "-1-09-2016 10:00:00",
                                        "0000-00-00 00:00:00"};
    struct moment moment;
    assert_false(clock_read(NULL, &moment));
    for (size_t n = 0; n < sizeof(wrong) / sizeof(*wrong); n++)
        assert_false(clock_read(wrong[n], &moment));
    expect("29-02-2016 10:00:00", "2016-02-29T10:00:00+01:00");
}

static void a_night_in_which_the_clock_changes_is_longer_or_shorter(void **state)
{
    (void)state;
    assert_int_equal(between("28-03-2026 22:00:00", "29-03-2026 06:00:00"), 7 * 60);
    assert_int_equal(between("24-10-2026 22:00:00", "25-10-2026 06:00:00"), 9 * 60);
    assert_int_equal(between("27-03-2026 22:00:00", "28-03-2026 06:00:00"), 8 * 60);
}

static void an_hour_that_comes_twice_is_the_first_and_one_that_does_not_come_is_the_next(void **state)
{
    (void)state;
    expect("25-10-2026 02:30:00", "2026-10-25T02:30:00+02:00");
    expect("25-10-2026 03:00:00", "2026-10-25T03:00:00+01:00");
    expect("29-03-2026 02:30:00", "2026-03-29T03:30:00+02:00");
    expect("29-03-2026 01:59:00", "2026-03-29T01:59:00+01:00");
    expect("29-03-2026 03:00:00", "2026-03-29T03:00:00+02:00");
}

/* The rule that is built in, against the zone files of this machine: thirty years, every half hour at the ends of March
 * and October. */
static void it_is_what_the_zone_files_say(void **state)
{
    (void)state;
    setenv("TZ", "Europe/Amsterdam", 1);
    tzset();
    struct tm probe;
    time_t summer = 1467331200;
    localtime_r(&summer, &probe);
    if (probe.tm_gmtoff != 7200) {
        unsetenv("TZ");
        skip(); /* no zone files here */
    }
    struct tm now = {0};
    for (time_t at = 852076800; at < 1830297600; at += (now.tm_mon + 1) % 7 == 3 && now.tm_mday > 23 ? 1800 : 43200) {
        char local[80];
        struct moment moment;
        localtime_r(&at, &now);
        snprintf(local, sizeof(local), "%02d-%02d-%04d %02d:%02d:00", now.tm_mday, now.tm_mon + 1, now.tm_year + 1900,
                 now.tm_hour, now.tm_min);
        assert_true(clock_read(local, &moment));
        int64_t apart = at / 60 - moment.utc_minutes;
        assert_true(apart == 0 || (apart == 60 && !now.tm_isdst)); /* the second one of an hour that comes twice */
    }
    unsetenv("TZ");
    tzset();
}

static void the_day_is_that_of_amsterdam(void **state)
{
    (void)state;
    char day[DAY_ROOM];
    clock_day(INT64_C(1774738799000), 0, day); /* 2026-03-28 22:59:59 UTC, 23:59:59 there */
    assert_string_equal(day, "2026-03-28");
    clock_day(INT64_C(1774738800000), 0, day); /* midnight there */
    assert_string_equal(day, "2026-03-29");
    clock_day(INT64_C(1774821600000), 0, day); /* 22:00 UTC of the day on which summer time began */
    assert_string_equal(day, "2026-03-30");
    clock_day(INT64_C(1774738799000), 14, day);
    assert_string_equal(day, "2026-04-11");
    clock_day(INT64_C(1774738799000), -28, day);
    assert_string_equal(day, "2026-02-28");
}

static void days_are_counted_and_turned(void **state)
{
    (void)state;
    char day[DAY_ROOM];
    assert_true(day_shift("2024-02-28", 1, day));
    assert_string_equal(day, "2024-02-29");
    assert_true(day_shift("2026-01-01", -1, day));
    assert_string_equal(day, "2025-12-31");
    assert_true(day_turn("2026-03-02", day));
    assert_string_equal(day, "02-03-2026");
    assert_false(day_turn("2026-02-29", day));
    assert_false(day_turn("02-03-2026", day));
    assert_false(day_shift("soon", 1, day));
}

static void a_break_is_minutes(void **state)
{
    (void)state;
    assert_int_equal(clock_minutes("00:30:00"), 30);
    assert_int_equal(clock_minutes("01:15:00"), 75);
    assert_int_equal(clock_minutes("none"), 0);
    assert_int_equal(clock_minutes(NULL), 0);
    assert_int_equal(clock_minutes("-1:00:00"), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(both_dialects_are_read),
        cmocka_unit_test(what_is_no_time_is_refused),
        cmocka_unit_test(a_night_in_which_the_clock_changes_is_longer_or_shorter),
        cmocka_unit_test(an_hour_that_comes_twice_is_the_first_and_one_that_does_not_come_is_the_next),
        cmocka_unit_test(it_is_what_the_zone_files_say),
        cmocka_unit_test(the_day_is_that_of_amsterdam),
        cmocka_unit_test(days_are_counted_and_turned),
        cmocka_unit_test(a_break_is_minutes),
    };
    return cmocka_run_group_tests_name("pmt", tests, NULL, NULL);
}
