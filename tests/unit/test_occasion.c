/* test_occasion - when a trigger is due: over whole years, beside a walk through every minute of them. */
#include "unit.h"

#include "base/date.h"
#include "config/cron.h"
#include "config/occasion.h"
#include "config/window.h"

enum { MINUTE = 60 * 1000, HOUR = 60 * MINUTE };
#define DAY (INT64_C(24) * HOUR)

static int64_t at(const char *text)
{
    int64_t ms;
    assert_true(instant_read(text, strlen(text), &ms));
    return ms;
}

static struct zone *zone(const char *name)
{
    struct zone *zone;
    assert_int_equal(zone_open(name, &zone), 0);
    return zone;
}

static void assert_instant(int64_t found, const char *expected)
{
    char text[25];
    instant_write(found, text);
    assert_string_equal(text, expected);
}

static int64_t next_schedule(const struct zone *in, const char *text, const char *after)
{
    struct trigger trigger = {.how = TRIGGER_SCHEDULE, .text = text};
    return occasion_next(&trigger, in, at(after), 0, 0);
}

/* --- against every minute --- */

static bool fits(const struct cron *cron, int64_t local)
{
    struct date date = date_from_days(local / DAY);
    bool day = cron->days >> date.day & 1, weekday = cron->weekdays >> (local / DAY + 4) % 7 & 1;
    if (!(cron->minutes >> local % HOUR / MINUTE & 1) || !(cron->hours >> local % DAY / HOUR & 1) ||
        !(cron->months >> date.month & 1))
        return false;
    return cron->any_day || cron->any_weekday ? day && weekday : day || weekday;
}

/* Whether it is due at this minute: `latest` is the latest wall-clock minute that was passed before. */
static bool due(const struct cron *cron, int64_t local, int64_t latest)
{
    if (cron->hours == 0xffffff)
        return fits(cron, local);
    for (int64_t passed = latest + MINUTE; passed <= local; passed += MINUTE)
        if (fits(cron, passed))
            return true;
    return false;
}

static void walk(const char *zone_name, const char *text, const char *from, unsigned days)
{
    struct zone *in = zone(zone_name);
    struct trigger trigger = {.how = TRIGGER_SCHEDULE, .text = text};
    struct cron cron;
    const char *why;
    assert_true(cron_read(text, &cron, &why));
    int64_t begin = at(from), latest = begin - MINUTE + (int64_t)zone_offset(in, begin - MINUTE) * 1000;
    int64_t expected = occasion_next(&trigger, in, begin - 1, 0, 0);
    unsigned seen = 0;
    for (int64_t now = begin; now < begin + days * DAY; now += MINUTE) {
        int64_t local = now + (int64_t)zone_offset(in, now) * 1000;
        bool is_due = due(&cron, local, latest);
        if (is_due != (now == expected))
            fail_msg("%s in %s: minute %lld is %sdue, and %lld was said", text, zone_name, (long long)now,
                     is_due ? "" : "not ", (long long)expected);
        if (is_due) {
            expected = occasion_next(&trigger, in, now, 0, 0);
            seen++;
        }
        latest = local > latest ? local : latest;
    }
    assert_true(seen > 0);
    zone_free(in);
}

static void a_year_of_schedules_is_as_a_walk_through_its_minutes(void **state)
{
    (void)state;
    static const char *const zones[] = {"Europe/Amsterdam", "America/New_York", "Australia/Lord_Howe",
                                        "Asia/Kathmandu",   "America/St_Johns", "UTC"};
    static const char *const schedules[] = {"30 6 * * Mon-Fri", "30 2 * * *", "*/10 1-3 * * *",
                                            "*/20 * * * *",     "0 0 1 * *",  "15 2 * * Sun",
                                            "@hourly",          "@weekly",    "0 12 13 * Fri"};
    for (size_t z = 0; z < sizeof(zones) / sizeof(zones[0]); z++)
        for (size_t s = 0; s < sizeof(schedules) / sizeof(schedules[0]); s++)
            walk(zones[z], schedules[s], "2026-01-01T00:00:00Z", 366);
}

static void a_day_that_never_was_is_jumped_over(void **state)
{
    (void)state;
    walk("Pacific/Apia", "30 6 * * *", "2011-12-20T00:00:00Z", 30);
    walk("Pacific/Apia", "0 0 30 12 *", "2011-12-20T00:00:00Z", 30);
}

static void every_hour_of_some_days_is_as_a_walk_through_them(void **state)
{
    (void)state;
    walk("Europe/Amsterdam", "*/15 * * * Mon-Fri", "2026-03-20T00:00:00Z", 20);
    walk("Europe/Amsterdam", "0 * 25 10 *", "2026-10-01T00:00:00Z", 31);
    walk("Asia/Beirut", "*/20 * * * Sat", "2026-10-20T00:00:00Z", 20);      /* from midnight back to 23:00 */
    walk("America/Havana", "*/20 * * * Sun", "2026-10-28T00:00:00Z", 20);   /* from 1:00 back to midnight */
    walk("America/St_Johns", "*/20 * * * Sun", "2010-11-01T00:00:00Z", 20); /* from 0:01 back to 23:01 */
    walk("Pacific/Apia", "0 * * * Sat", "2011-12-20T00:00:00Z", 30);
}

/* --- as people would say it --- */

static void what_the_clock_jumps_over_is_due_once_after_the_jump(void **state)
{
    (void)state;
    struct zone *in = zone("Europe/Amsterdam");
    int64_t first = next_schedule(in, "*/15 2 * * *", "2026-03-28T12:00:00Z");
    assert_instant(first, "2026-03-29T01:00:00.000Z"); /* 03:00 there, an hour after 01:59 */
    assert_instant(next_schedule(in, "*/15 2 * * *", "2026-03-29T01:00:00Z"), "2026-03-30T00:00:00.000Z");
    zone_free(in);
}

static void what_comes_twice_is_due_once(void **state)
{
    (void)state;
    struct zone *in = zone("Europe/Amsterdam");
    assert_instant(next_schedule(in, "30 2 * * *", "2026-10-24T12:00:00Z"), "2026-10-25T00:30:00.000Z");
    assert_instant(next_schedule(in, "30 2 * * *", "2026-10-25T00:30:00Z"), "2026-10-26T01:30:00.000Z");
    zone_free(in);
}

static void every_hour_is_every_hour(void **state)
{
    (void)state;
    struct zone *in = zone("Europe/Amsterdam");
    assert_instant(next_schedule(in, "@hourly", "2026-10-25T00:00:00Z"), "2026-10-25T01:00:00.000Z");
    assert_instant(next_schedule(in, "@hourly", "2026-10-25T01:00:00Z"), "2026-10-25T02:00:00.000Z");
    zone_free(in);
}

static void a_day_that_does_not_exist_is_never_due(void **state)
{
    (void)state;
    struct zone *in = zone("UTC");
    assert_true(next_schedule(in, "0 6 31 4 *", "2026-01-01T00:00:00Z") == OCCASION_NEVER);
    assert_instant(next_schedule(in, "0 6 29 2 *", "2026-01-01T00:00:00Z"), "2028-02-29T06:00:00.000Z");
    zone_free(in);
}

static void a_day_and_time_is_due_once(void **state)
{
    (void)state;
    struct zone *in = zone("Europe/Amsterdam");
    struct trigger trigger = {.how = TRIGGER_AT, .text = "2026-12-01 06:00"};
    int64_t found = occasion_next(&trigger, in, at("2026-11-22T00:00:00Z"), 0, 0);
    assert_instant(found, "2026-12-01T05:00:00.000Z");
    assert_true(occasion_next(&trigger, in, found, 0, 0) == OCCASION_NEVER);
    zone_free(in);
}

static void every_so_often_varies_by_a_tenth(void **state)
{
    (void)state;
    struct zone *in = zone("UTC");
    struct trigger trigger = {.how = TRIGGER_EVERY, .every_ms = HOUR};
    assert_true(occasion_next(&trigger, in, at("2026-11-22T06:00:00Z"), at("2026-11-22T06:00:00Z"), 0) ==
                at("2026-11-22T07:00:00Z")); /* as people are told */
    int64_t last = at("2026-11-22T06:00:00Z"), least = INT64_MAX, most = 0;
    for (uint64_t salt = 1; salt < 500; salt++) {
        int64_t first = occasion_next(&trigger, in, last, 0, salt);
        assert_in_range(first - last, 1, MINUTE);
        int64_t length = occasion_next(&trigger, in, last, last, salt) - last;
        assert_in_range(length, HOUR * 9 / 10, HOUR * 11 / 10);
        least = length < least ? length : least;
        most = length > most ? length : most;
    }
    assert_true(most - least > HOUR / 10); /* they do differ */
    assert_int_equal(occasion_next(&trigger, in, last + 5 * HOUR, last, 1), last + 5 * HOUR + 1);
    zone_free(in);
}

static void what_is_not_by_the_clock_is_never_due(void **state)
{
    (void)state;
    struct zone *in = zone("UTC");
    for (unsigned how = TRIGGER_FILE; how <= TRIGGER_WEBHOOK; how++) {
        struct trigger trigger = {.how = how};
        assert_true(occasion_next(&trigger, in, 0, 0, 0) == OCCASION_NEVER);
    }
    zone_free(in);
}

/* --- closed windows --- */

static void a_window_is_days_or_hours_or_both(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        unsigned days, from, end; /* bits from Sunday on; minutes, the end on the next day where it is not later */
    } well[] = {
        {"Sat,Sun", 0x41, 0, 1440},
        {"Mon", 0x02, 0, 1440},
        {"mon-FRI", 0x3e, 0, 1440},
        {"Fri-Mon,Wed", 0x6b, 0, 1440},
        {"Sat-Sat", 0x40, 0, 1440},
        {"08:15-17:45", 0x7f, 495, 1065},
        {"22:00-06:00", 0x7f, 1320, 1800},
        {"00:00-00:00", 0x7f, 0, 1440},
        {"19:59-23:59", 0x7f, 1199, 1439},
        {"Sat,Sun 00:00-12:00", 0x41, 0, 720},
        {"Fri-Sat 22:00-04:00", 0x60, 1320, 1680},
    };
    static const char *const none[] = {"",
                                       "Su",
                                       "Sunday",
                                       "Sun,",
                                       ",Sun",
                                       "Sun;Mon",
                                       "Mon-",
                                       "Mon-Fr",
                                       "Mon-Fri-Sat",
                                       "-Mon",
                                       "Mon ",
                                       " Mon",
                                       "Mon  08:00-09:00",
                                       "8:00-9:00",
                                       "08:00",
                                       "08:00-",
                                       "08:00 -09:00",
                                       "08:00_09:00",
                                       "24:00-06:00",
                                       "22:60-06:00",
                                       "22:00-24:00",
                                       "22-00-06-00",
                                       "2a:00-06:00",
                                       "2/:00-06:00",
                                       "22:00-06:00x",
                                       "Mon 22:00-06:0",
                                       "Foo 22:00-06:00"};
    struct window window = {.days = 42};
    for (size_t i = 0; i < sizeof(none) / sizeof(none[0]); i++)
        if (window_read(none[i], &window) || window.days != 42)
            fail_msg("'%s' is taken", none[i]);
    for (size_t i = 0; i < sizeof(well) / sizeof(well[0]); i++)
        if (!window_read(well[i].text, &window) || window.days != well[i].days || window.from != well[i].from ||
            window.end != well[i].end)
            fail_msg("'%s': %x, %u to %u", well[i].text, window.days, window.from, window.end);
}

static void a_closed_window_is_waited_for(void **state)
{
    (void)state;
    struct zone *in = zone("Europe/Amsterdam");
    const char *const nights[] = {"Sat,Sun", "22:00-06:00", NULL}, *const always[] = {"Mon-Sun", NULL};
    const char *const late[] = {"Fri-Sat 22:00-04:00", NULL};
    struct trigger trigger = {.how = TRIGGER_FILE, .not_when = nights};
    assert_instant(occasion_open(&trigger, in, at("2026-11-20T11:00:00Z")), "2026-11-20T11:00:00.000Z");
    assert_instant(occasion_open(&trigger, in, at("2026-11-20T21:00:00Z")), "2026-11-23T05:00:00.000Z"); /* a Friday */
    assert_instant(occasion_open(&trigger, in, at("2026-11-23T04:59:59Z")), "2026-11-23T05:00:00.000Z");
    trigger.not_when = late; /* the night from Saturday to Sunday, and on Sunday evening not any more */
    assert_instant(occasion_open(&trigger, in, at("2026-11-22T01:00:00Z")), "2026-11-22T03:00:00.000Z");
    assert_instant(occasion_open(&trigger, in, at("2026-11-22T22:00:00Z")), "2026-11-22T22:00:00.000Z");
    trigger.not_when = always;
    assert_true(occasion_open(&trigger, in, at("2026-11-20T11:00:00Z")) == OCCASION_NEVER);
    zone_free(in);
}

static void a_time_in_a_closed_window_is_left_out(void **state)
{
    (void)state;
    struct zone *in = zone("Europe/Amsterdam");
    const char *const weekend[] = {"Sat,Sun", NULL}, *const always[] = {"00:00-00:00", NULL};
    struct trigger trigger = {.how = TRIGGER_SCHEDULE, .text = "30 6 * * *", .not_when = weekend};
    assert_instant(occasion_next(&trigger, in, at("2026-11-20T12:00:00Z"), 0, 0), "2026-11-23T05:30:00.000Z");
    trigger.not_when = always;
    assert_true(occasion_next(&trigger, in, at("2026-11-20T12:00:00Z"), 0, 0) == OCCASION_NEVER);
    struct trigger often = {.how = TRIGGER_EVERY, .every_ms = HOUR, .not_when = weekend};
    int64_t last = at("2026-11-20T22:55:00Z"); /* five minutes before midnight there */
    assert_instant(occasion_next(&often, in, last, last, 7), "2026-11-22T23:00:00.000Z");
    zone_free(in);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_year_of_schedules_is_as_a_walk_through_its_minutes),
        cmocka_unit_test(every_hour_of_some_days_is_as_a_walk_through_them),
        cmocka_unit_test(a_day_that_never_was_is_jumped_over),
        cmocka_unit_test(what_the_clock_jumps_over_is_due_once_after_the_jump),
        cmocka_unit_test(what_comes_twice_is_due_once),
        cmocka_unit_test(every_hour_is_every_hour),
        cmocka_unit_test(a_day_that_does_not_exist_is_never_due),
        cmocka_unit_test(a_day_and_time_is_due_once),
        cmocka_unit_test(every_so_often_varies_by_a_tenth),
        cmocka_unit_test(what_is_not_by_the_clock_is_never_due),
        cmocka_unit_test(a_window_is_days_or_hours_or_both),
        cmocka_unit_test(a_closed_window_is_waited_for),
        cmocka_unit_test(a_time_in_a_closed_window_is_left_out),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
