/* test_schedule - when something runs next: wall-clock times, also where the clock leaps or goes back. */
#include "unit.h"

#include "base/date.h"
#include "config/cron.h"
#include "config/schedule.h"
#include "config/window.h"

#include <string.h>
#include <time.h>

static const int64_t MINUTE_MS = 60000;

static int64_t instant(const char *text)
{
    int64_t ms = 0;
    assert_true(instant_read(text, strlen(text), &ms));
    return ms;
}

static struct trigger cron(const char *words)
{
    return (struct trigger){.how = TRIGGER_SCHEDULE, .text = words};
}

/* The times after `from`, up to `count`, as "2026-03-29T01:00:00.000Z" one after the other. */
static void expect_times(const char *zone_name, struct trigger trigger, const char *from, const char *const *times)
{
    struct zone *zone TIDY(zone_free) = NULL;
    int64_t at = instant(from);
    assert_int_equal(zone_open(zone_name, &zone), 0);
    for (; *times; times++) {
        char text[25];
        at = schedule_next(&trigger, zone, at, 0);
        assert_true(at != INT64_MAX);
        instant_write(at, text);
        assert_string_equal(text, *times);
    }
}

#define TIMES(...)                                                                                                     \
    (const char *const[])                                                                                              \
    {                                                                                                                  \
        __VA_ARGS__, NULL                                                                                              \
    }

static void a_time_is_one_of_the_organizations_wall_clock(void **state)
{
    (void)state;
    expect_times("Europe/Amsterdam", cron("30 6 * * Mon-Fri"), "2026-03-26T05:30:00Z",
                 TIMES("2026-03-27T05:30:00.000Z", "2026-03-30T04:30:00.000Z", "2026-03-31T04:30:00.000Z"));
    expect_times("America/New_York", cron("0 6 1,15 * Mon"), "2026-06-14T00:00:00Z",
                 TIMES("2026-06-15T10:00:00.000Z", "2026-06-22T10:00:00.000Z", "2026-06-29T10:00:00.000Z",
                       "2026-07-01T10:00:00.000Z"));
    expect_times("UTC", cron("0 0 29 2 *"), "2096-03-01T00:00:00Z", TIMES("2104-02-29T00:00:00.000Z"));
}

static void a_time_that_the_clock_leaps_over_runs_once_when_it_has_leapt(void **state)
{
    (void)state;
    expect_times("Europe/Amsterdam", cron("30 2 * * *"), "2026-03-28T00:00:00Z",
                 TIMES("2026-03-28T01:30:00.000Z", "2026-03-29T01:00:00.000Z", "2026-03-30T00:30:00.000Z"));
    expect_times("Europe/Amsterdam", cron("*/10 2 * * *"), "2026-03-28T01:50:00Z",
                 TIMES("2026-03-29T01:00:00.000Z", "2026-03-30T00:00:00.000Z"));
    expect_times("Europe/Amsterdam", cron("*/30 * * * *"), "2026-03-29T00:29:00Z",
                 TIMES("2026-03-29T00:30:00.000Z", "2026-03-29T01:00:00.000Z", "2026-03-29T01:30:00.000Z"));
    expect_times("Australia/Lord_Howe", cron("15 2 * * *"), "2026-10-03T00:00:00Z",
                 TIMES("2026-10-03T15:30:00.000Z", "2026-10-04T15:15:00.000Z"));
    expect_times("Pacific/Apia", cron("0 12 * * *"), "2011-12-29T12:00:00Z", /* which had no 30 December */
                 TIMES("2011-12-29T22:00:00.000Z", "2011-12-30T10:00:00.000Z", "2011-12-30T22:00:00.000Z"));
}

static void a_time_that_the_clock_shows_twice_runs_once(void **state)
{
    (void)state;
    expect_times("Europe/Amsterdam", cron("30 2 * * *"), "2026-10-24T12:00:00Z",
                 TIMES("2026-10-25T00:30:00.000Z", "2026-10-26T01:30:00.000Z"));
    expect_times("Europe/Amsterdam", cron("30 2 * * *"), "2026-10-25T00:45:00Z", TIMES("2026-10-26T01:30:00.000Z"));
    expect_times("America/New_York", cron("30 1 * * *"), "2026-11-01T05:29:59Z",
                 TIMES("2026-11-01T05:30:00.000Z", "2026-11-02T06:30:00.000Z"));
    expect_times("Australia/Lord_Howe", cron("45 1 * * *"), "2026-04-04T00:00:00Z",
                 TIMES("2026-04-04T14:45:00.000Z", "2026-04-05T15:15:00.000Z"));
}

static void closed_hours_are_passed_over_or_waited_for(void **state)
{
    (void)state;
    struct trigger hourly = cron("0 * * * *");
    hourly.not_when = TIMES("Sat,Sun", "22:00-06:00");
    expect_times("Europe/Amsterdam", hourly, "2026-03-06T19:30:00Z",
                 TIMES("2026-03-06T20:00:00.000Z", "2026-03-09T05:00:00.000Z"));
    struct trigger every = {
        .how = TRIGGER_EVERY, .every_ms = 15 * MINUTE_MS, .not_when = TIMES("Sat,Sun", "22:00-06:00")};
    expect_times("Europe/Amsterdam", every, "2026-03-06T22:10:00Z", TIMES("2026-03-09T05:00:00.000Z"));
    struct trigger once = {.how = TRIGGER_AT, .text = "2026-12-05 06:00", .not_when = TIMES("Fri-Sun")};
    expect_times("Europe/Amsterdam", once, "2026-03-06T22:10:00Z", TIMES("2026-12-06T23:00:00.000Z"));
    struct zone *zone TIDY(zone_free) = NULL;
    assert_int_equal(zone_open("Europe/Amsterdam", &zone), 0);
    hourly.not_when = every.not_when = TIMES("Mon-Sun");
    assert_true(schedule_next(&hourly, zone, 0, 0) == INT64_MAX);
    assert_true(schedule_next(&every, zone, 0, 0) == INT64_MAX);
}

static void a_window_may_go_on_into_the_next_day(void **state)
{
    (void)state;
    struct window window;
    int64_t ends, saturday = date_days((struct date){2026, 3, 7}) * 1440 * MINUTE_MS;
    assert_true(window_read("Fri 22:00-06:00", &window));
    assert_false(window_closed(&window, saturday - 121 * MINUTE_MS, &ends));
    assert_true(window_closed(&window, saturday - 120 * MINUTE_MS, &ends));
    assert_true(window_closed(&window, saturday + 359 * MINUTE_MS, &ends));
    assert_true(ends == saturday + 360 * MINUTE_MS);
    assert_false(window_closed(&window, saturday + 360 * MINUTE_MS, &ends));
    assert_false(window_closed(&window, saturday + 1400 * MINUTE_MS, &ends)); /* the evening of Saturday */
    assert_true(window_read("Sat-Mon", &window));
    assert_true(window_closed(&window, saturday + 2 * 1440 * MINUTE_MS, &ends));
    assert_false(window_closed(&window, saturday - 1, &ends));
    static const char *const wrong[] = {"",          "Saturday",        "Sat,", "22:00", "22:00-24:00",
                                        "Sat 22-06", "Sat  22:00-06:00"};
    for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++)
        assert_false(window_read(wrong[i], &window));
}

static void every_counts_from_the_last_run_and_at_is_once(void **state)
{
    (void)state;
    struct zone *zone TIDY(zone_free) = NULL;
    int64_t now = instant("2026-03-06T12:00:00Z");
    struct trigger every = {.how = TRIGGER_EVERY, .every_ms = 60 * MINUTE_MS};
    struct trigger once = {.how = TRIGGER_AT, .text = "2026-03-06 12:59"}, arrival = {.how = TRIGGER_FILE};
    assert_int_equal(zone_open("Europe/Amsterdam", &zone), 0);
    assert_true(schedule_next(&every, zone, now, now - 20 * MINUTE_MS) == now + 40 * MINUTE_MS);
    assert_true(schedule_next(&every, zone, now, now - 80 * MINUTE_MS) == now + 1); /* at once */
    assert_true(schedule_next(&once, zone, now - 2 * MINUTE_MS, 0) == now - MINUTE_MS);
    assert_true(schedule_next(&once, zone, now, 0) == INT64_MAX);
    assert_true(schedule_next(&arrival, zone, now, 0) == INT64_MAX);
    struct trigger all[] = {arrival, cron("0 14 * * *"), every};
    struct connection connection = {.triggers = all, .trigger_count = 3};
    struct due due = {0};
    assert_true(schedule_first(&connection, zone, now, now, &due));
    assert_ptr_equal(due.trigger, &all[1]); /* the first of two at the same time */
    assert_true(due.at_ms == now + 60 * MINUTE_MS);
    connection.trigger_count = 1;
    assert_false(schedule_first(&connection, zone, now, now, &due));
}

/* --- a year, minute by minute --- */

static bool shows(const struct cron *words, int64_t local_minute)
{
    int64_t days = local_minute / 1440;
    struct date date = date_from_days(days);
    bool day = words->days >> date.day & 1, weekday = words->weekdays >> ((days + 4) % 7) & 1;
    bool fits = words->any_day || words->any_weekday ? day && weekday : day || weekday;
    return fits && (words->months >> date.month & 1) && (words->hours >> local_minute % 1440 / 60 & 1) &&
           (words->minutes >> local_minute % 60 & 1);
}

static int64_t local_minute(const struct zone *zone, int64_t minute)
{
    return minute + zone_offset(zone, minute * MINUTE_MS) / 60;
}

/* By the words alone: the clock is watched, and `latest` is the latest time it has ever shown. */
static void expect_a_year(const char *zone_name, const char *text)
{
    struct zone *zone TIDY(zone_free) = NULL;
    struct trigger trigger = cron(text);
    struct cron words;
    const char *why;
    assert_int_equal(zone_open(zone_name, &zone), 0);
    assert_true(cron_read(text, &words, &why));
    int64_t first = instant("2026-01-01T00:00:00Z") / MINUTE_MS, latest = local_minute(zone, first - 1);
    int64_t next = schedule_next(&trigger, zone, first * MINUTE_MS - 1, 0);
    for (int64_t minute = first; minute < first + 366 * 1440; minute++) {
        bool due = false;
        for (int64_t local = local_minute(zone, minute); latest < local;)
            due |= shows(&words, ++latest);
        assert_true(next >= minute * MINUTE_MS);
        if (due != (next == minute * MINUTE_MS))
            fail_msg("%s in %s: minute %ld", text, zone_name, (long)minute);
        if (due)
            next = schedule_next(&trigger, zone, next, 0);
    }
}

static void a_year_of_schedules_is_what_somebody_sees_who_watches_the_clock(void **state)
{
    (void)state;
    static const char *const zones[] = {"Europe/Amsterdam", "America/New_York", "Australia/Lord_Howe", "UTC",
                                        "Africa/Casablanca"};
    static const char *const words[] = {"30 2 * * *", "*/15 * * * *", "0 1-3 * * Sun", "15,45 1,2 * 3,4,10,11 *",
                                        "0 6 13 * Fri"};
    clock_t begun = clock();
    for (size_t z = 0; z < sizeof(zones) / sizeof(zones[0]); z++)
        for (size_t w = 0; w < sizeof(words) / sizeof(words[0]); w++)
            expect_a_year(zones[z], words[w]);
    print_message("%.2f s for %zu years\n", (double)(clock() - begun) / CLOCKS_PER_SEC,
                  sizeof(zones) / sizeof(zones[0]) * (sizeof(words) / sizeof(words[0])));
}

static void a_year_of_schedules_takes_less_than_a_second(void **state)
{
    (void)state;
    struct zone *zone TIDY(zone_free) = NULL;
    struct trigger trigger = cron("*/5 * * * *");
    int64_t at = instant("2026-01-01T00:00:00Z"), end = instant("2027-01-01T00:00:00Z");
    size_t count = 0;
    clock_t begun = clock();
    assert_int_equal(zone_open("America/New_York", &zone), 0);
    for (; at < end; count++)
        at = schedule_next(&trigger, zone, at, 0);
    assert_int_equal(count, 365 * 288 - 12); /* an hour is shown twice and another leapt over, but for its end */
    assert_true(clock() - begun < CLOCKS_PER_SEC);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_time_is_one_of_the_organizations_wall_clock),
        cmocka_unit_test(a_time_that_the_clock_leaps_over_runs_once_when_it_has_leapt),
        cmocka_unit_test(a_time_that_the_clock_shows_twice_runs_once),
        cmocka_unit_test(closed_hours_are_passed_over_or_waited_for),
        cmocka_unit_test(a_window_may_go_on_into_the_next_day),
        cmocka_unit_test(every_counts_from_the_last_run_and_at_is_once),
        cmocka_unit_test(a_year_of_schedules_is_what_somebody_sees_who_watches_the_clock),
        cmocka_unit_test(a_year_of_schedules_takes_less_than_a_second),
    };
    return cmocka_run_group_tests_name("schedule", tests, NULL, NULL);
}
