/* test_cron - five words that say when, and numbers as people write them. */
#include "unit.h"

#include "config/cron.h"
#include "config/quantity.h"

#define BITS(from, to) ((UINT64_MAX >> (63 - (to))) & (UINT64_MAX << (from)))

static void words_become_sets(void **state)
{
    (void)state;
    struct cron cron;
    const char *why;
    assert_true(cron_read("30 6 * * Mon-Fri", &cron, &why));
    assert_true(cron.minutes == UINT64_C(1) << 30);
    assert_int_equal(cron.hours, 1 << 6);
    assert_int_equal(cron.days, BITS(1, 31));
    assert_int_equal(cron.months, BITS(1, 12));
    assert_int_equal(cron.weekdays, BITS(1, 5));
    assert_true(cron.any_day);
    assert_false(cron.any_weekday);
    assert_true(cron_read(" */15  8-18/5,23 1,15\tjan,FEB-mar 5-7 ", &cron, &why));
    assert_true(cron.minutes == (UINT64_C(1) | UINT64_C(1) << 15 | UINT64_C(1) << 30 | UINT64_C(1) << 45));
    assert_int_equal(cron.hours, 1 << 8 | 1 << 13 | 1 << 18 | 1 << 23);
    assert_int_equal(cron.days, 1 << 1 | 1 << 15);
    assert_int_equal(cron.months, 1 << 1 | 1 << 2 | 1 << 3);
    assert_int_equal(cron.weekdays, 1 << 5 | 1 << 6 | 1 << 0); /* 7 is Sunday too */
    assert_true(cron_read("5/20 0 * * Fri-Sun", &cron, &why));
    assert_true(cron.minutes == (UINT64_C(1) << 5 | UINT64_C(1) << 25 | UINT64_C(1) << 45));
    assert_int_equal(cron.weekdays, 1 << 5 | 1 << 6 | 1 << 0);
    assert_true(cron_read("20-40/10 8-8/4 1-31/30 * Mon", &cron, &why));
    assert_true(cron.minutes == (UINT64_C(1) << 20 | UINT64_C(1) << 30 | UINT64_C(1) << 40));
    assert_int_equal(cron.hours, 1 << 8); /* from 8 to 8 is no open end */
    assert_int_equal(cron.days, 1 << 1 | 1u << 31);
    assert_false(cron.any_day || cron.any_weekday);
    assert_true(cron_read("@weekly", &cron, &why));
    assert_int_equal(cron.weekdays, 1);
    assert_true(cron_read("0 0 29 2 *", &cron, &why));
    assert_true(cron_read("0 0 31 2 Mon", &cron, &why));
}

static void what_is_wrong_is_said(void **state)
{
    (void)state;
    static const char *const cases[][2] = {
        {"", "five words are needed: minute, hour, day, month, day of the week"},
        {"0 6 * *", "five words are needed: minute, hour, day, month, day of the week"},
        {"0 6 * * * *", "five words are enough: minute, hour, day, month, day of the week"},
        {"60 6 * * *", "the first word is the minute, 0 to 59"},
        {"0 24 * * *", "the second word is the hour, 0 to 23"},
        {"0 6 0 * *", "the third word is the day of the month, 1 to 31"},
        {"0 6 32 * *", "the third word is the day of the month, 1 to 31"},
        {"0 6 * 13 *", "the fourth word is the month, 1 to 12 or Jan to Dec"},
        {"0 6 * Mai *", "the fourth word is the month, 1 to 12 or Jan to Dec"},
        {"0 6 * * 8", "the fifth word is the day of the week, 0 to 7 or Mon to Sun"},
        {"0 6 * * Monday", "the fifth word is the day of the week, 0 to 7 or Mon to Sun"},
        {"5-1 6 * * *", "the first word is the minute, 0 to 59"},
        {"5- 6 * * *", "the first word is the minute, 0 to 59"},
        {"*/0 6 * * *", "the first word is the minute, 0 to 59"},
        {"1, 6 * * *", "the first word is the minute, 0 to 59"},
        {"99999999999999999999 6 * * *", "the first word is the minute, 0 to 59"},
        {"0 0 31 4,6 *", "that day never comes"},
        {"@reboot", "with @ there are @hourly, @daily, @weekly and @monthly"},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct cron cron = {.months = 42};
        const char *why = NULL;
        assert_false(cron_read(cases[i][0], &cron, &why));
        assert_string_equal(why, cases[i][1]);
        assert_int_equal(cron.months, 42);
    }
}

static void lengths_of_time_and_sizes_are_exact_or_refused(void **state)
{
    (void)state;
    int64_t seconds = -7;
    uint64_t bytes = 7;
    assert_true(quantity_seconds("1h30m", false, &seconds) && seconds == 5400);
    assert_true(quantity_seconds("2y", false, &seconds) && seconds == 730 * 86400);
    assert_true(quantity_seconds("90", true, &seconds) && seconds == 90);
    static const char *const no_lengths[] = {
        "", "90", "m", "1.5h", "-1h", "1 h", "1h30", "1hh", "200y", "99999999999999999999s", "18446744073709551615d"};
    for (size_t i = 0; i < sizeof(no_lengths) / sizeof(no_lengths[0]); i++)
        assert_false(quantity_seconds(no_lengths[i], false, &seconds));
    assert_int_equal(seconds, 90);
    assert_true(quantity_bytes("64MB", &bytes) && bytes == 64000000);
    assert_true(quantity_bytes("4 MiB", &bytes) && bytes == 4 << 20);
    assert_true(quantity_bytes("12", &bytes) && bytes == 12);
    static const char *const no_sizes[] = {"", "MB", "1.5MB", "-1", "1XB", "99999999TiB", "1 MB x"};
    for (size_t i = 0; i < sizeof(no_sizes) / sizeof(no_sizes[0]); i++)
        assert_false(quantity_bytes(no_sizes[i], &bytes));
    assert_int_equal(bytes, 12);
}

static void numbers_and_shares_are_exact_or_refused(void **state)
{
    (void)state;
    int64_t value;
    double percent = -7;
    assert_true(quantity_integer("-42", &value) && value == -42);
    assert_false(quantity_integer("9223372036854775808", &value));
    assert_false(quantity_integer("1e3", &value));
    assert_false(quantity_integer(" 1", &value));
    assert_true(quantity_decimal("-12.50"));
    assert_false(quantity_decimal("12."));
    assert_false(quantity_decimal(".5"));
    assert_false(quantity_decimal("1.2.3"));
    assert_true(quantity_percent("5%", false, &percent) && percent == 5);
    assert_true(quantity_percent("2.5 %", false, &percent) && percent == 2.5);
    assert_true(quantity_percent("100%", false, &percent) && percent == 100);
    assert_true(quantity_percent("7", true, &percent) && percent == 7);
    static const char *const none[] = {"5", "%", "101%", "100.1%", "-1%", "5%%", "five%", "1,5%", ""};
    for (size_t i = 0; i < sizeof(none) / sizeof(none[0]); i++)
        assert_false(quantity_percent(none[i], false, &percent));
    assert_true(percent == 7);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(words_become_sets),
        cmocka_unit_test(what_is_wrong_is_said),
        cmocka_unit_test(lengths_of_time_and_sizes_are_exact_or_refused),
        cmocka_unit_test(numbers_and_shares_are_exact_or_refused),
    };
    return cmocka_run_group_tests_name("cron", tests, NULL, NULL);
}
