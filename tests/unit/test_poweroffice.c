/* test_poweroffice - times of 100 ns as PowerOffice Go writes them, and how far its lists were read. */
#include "unit.h"

#include "../../plugins/poweroffice/poweroffice.h"

#include <stdlib.h>

static const int64_t SECOND = 10000000;

static void no_digit_of_a_time_is_lost(void **state)
{
    (void)state;
    int64_t at = stamp_read("2021-09-30T09:33:00.1234567Z");
    assert_true(at == INT64_C(1632994380) * SECOND + 1234567);
    assert_true(stamp_read("2021-09-30T09:33:00.1234568Z") == at + 1);
    assert_true(stamp_read("2021-09-30T09:33:00Z") == INT64_C(1632994380) * SECOND);
    assert_true(stamp_read("2021-09-30T09:33:00.1Z") == INT64_C(1632994380) * SECOND + 1000000);
    assert_true(stamp_read("2021-09-30T09:33:00.12345678999Z") == at); /* what it could not have said is cut off */
    assert_true(stamp_read("1969-12-31T23:59:59.9999999Z") == -1);
}

static void a_zone_is_z_or_an_offset_or_nothing(void **state)
{
    (void)state;
    int64_t at = stamp_read("2021-09-30T09:33:00Z");
    assert_true(stamp_read("2021-09-30T11:33:00+02:00") == at);
    assert_true(stamp_read("2021-09-30T04:03:00-05:30") == at);
    assert_true(stamp_read("2021-09-30T09:33:00") == at);
    assert_true(stamp_read("2021-09-30t09:33:00z") == at);
}

static void what_is_no_time_is_none(void **state)
{
    (void)state;
    static const char *const wrong[] = {"",
                                        "2021-09-30",
                                        "2021-09-30 09:33:00Z",
                                        "2021-13-30T09:33:00Z",
                                        "2021-09-32T09:33:00Z",
                                        "2021-09-30T24:33:00Z",
                                        "2021-09-30T09:60:00Z",
                                        "2021-09-30T09:33:00+0200",
                                        "2021-09-30T09:33:00Zulu",
                                        "21-09-30T09:33:00Z"};
    assert_true(stamp_read(NULL) == INT64_MIN);
    for (size_t n = 0; n < sizeof(wrong) / sizeof(*wrong); n++)
        assert_true(stamp_read(wrong[n]) == INT64_MIN);
}

/* A filter is exclusive: it has to be before what it is to find. */
static void a_filter_is_never_later_than_what_it_is_made_of(void **state)
{
    (void)state;
    char text[32];
    stamp_filter(stamp_read("2021-09-30T09:33:00.1239999Z"), text);
    assert_string_equal(text, "2021-09-30T09:33:00.123Z");
    stamp_filter(-1, text);
    assert_string_equal(text, "1969-12-31T23:59:59.999Z");
    uint64_t seed = 7;
    for (int n = 0; n < 20000; n++) {
        seed = seed * UINT64_C(6364136223846793005) + 1;
        int64_t at = (int64_t)(seed % (UINT64_C(4102444800) * 10000000)), back;
        stamp_filter(at, text);
        back = stamp_read(text);
        assert_true(back <= at && at - back < SECOND / 1000);
    }
}

static void days_are_those_of_the_calendar(void **state)
{
    (void)state;
    char day[11];
    stamp_day(INT64_C(1709164800000), day);
    assert_string_equal(day, "2024-02-29");
    stamp_day(-1, day);
    assert_string_equal(day, "1969-12-31");
    day_before("2024-03-01", day);
    assert_string_equal(day, "2024-02-29");
    day_before("2023-03-01", day);
    assert_string_equal(day, "2023-02-28");
    day_before("2026-01-01", day);
    assert_string_equal(day, "2025-12-31");
    day_before("soon", day);
    assert_string_equal(day, "");
}

/* ---- cursor ---- */

static void add(struct mark *mark, int64_t id, int64_t ticks)
{
    assert_true(mark_add(mark, id, ticks));
}

static void a_cursor_comes_back_as_it_was_kept(void **state)
{
    (void)state;
    struct cursor cursor = {0}, again;
    add(&cursor.employees, 30001, 500);
    add(&cursor.employees, 30002, 900);
    add(&cursor.employments, 40001, 700);
    char *text = cursor_write(&cursor, 1000);
    assert_string_equal(text, "1 900:30002@900,30001@500 700:40001@700");
    assert_true(cursor_read(text, &again));
    assert_true(again.employees.ticks == 900 && again.employees.count == 2 && again.employments.ticks == 700);
    assert_true(mark_knows(&again.employees, 30001, 500));
    assert_false(mark_knows(&again.employees, 30001, 501)); /* it changed again */
    assert_false(mark_knows(&again.employees, 30003, 500));
    free(text);
    cursor_done(&cursor);
    cursor_done(&again);
}

static void only_who_lies_in_the_overlap_is_kept(void **state)
{
    (void)state;
    struct cursor cursor = {0};
    add(&cursor.employees, 1, 79);
    add(&cursor.employees, 2, 80);
    add(&cursor.employees, 3, 100);
    char *text = cursor_write(&cursor, 20);
    assert_string_equal(text, "1 100:3@100,2@80 0");
    free(text);
    cursor_done(&cursor);
}

static void of_very_many_the_latest_are_kept(void **state)
{
    (void)state;
    struct cursor cursor = {0}, again;
    for (int64_t n = 0; n < 5000; n++)
        add(&cursor.employments, INT64_MAX - n, INT64_MAX - 5000 + n);
    char *text = cursor_write(&cursor, INT64_MAX);
    assert_true(strlen(text) < 20000);
    assert_true(cursor_read(text, &again));
    assert_true(again.employments.ticks == INT64_MAX - 1);
    assert_true(mark_knows(&again.employments, INT64_MAX - 4999, INT64_MAX - 1));
    assert_true(again.employments.count < 5000);
    free(text);
    cursor_done(&cursor);
    cursor_done(&again);
}

/* Then everybody is read, and a new one begins. */
static void what_is_no_cursor_is_none(void **state)
{
    (void)state;
    static const char *const wrong[] = {"",        "2 1 1",   "1 ",         "1 5",        "1 5 ",
                                        "1 5 6 7", "1 5:7 6", "1 5:7@ 6",   "1 5:7@8, 6", "1 5 6:7@8,",
                                        "1 x 6",   "1  5 6",  "1 5:7@8x 6", "15 6"};
    struct cursor cursor = {.employees = {.ticks = 42}};
    assert_false(cursor_read(NULL, &cursor));
    for (size_t n = 0; n < sizeof(wrong) / sizeof(*wrong); n++)
        assert_false(cursor_read(wrong[n], &cursor));
    assert_true(cursor.employees.ticks == 42); /* untouched */
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(no_digit_of_a_time_is_lost),
        cmocka_unit_test(a_zone_is_z_or_an_offset_or_nothing),
        cmocka_unit_test(what_is_no_time_is_none),
        cmocka_unit_test(a_filter_is_never_later_than_what_it_is_made_of),
        cmocka_unit_test(days_are_those_of_the_calendar),
        cmocka_unit_test(a_cursor_comes_back_as_it_was_kept),
        cmocka_unit_test(only_who_lies_in_the_overlap_is_kept),
        cmocka_unit_test(of_very_many_the_latest_are_kept),
        cmocka_unit_test(what_is_no_cursor_is_none),
    };
    return cmocka_run_group_tests_name("poweroffice", tests, NULL, NULL);
}
