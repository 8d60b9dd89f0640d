/* test_kit_text - text that grows: bodies and addresses of calls. */
#include "unit.h"

#include <muster/text.h>

#include <stdio.h>

static void what_is_added_stands_behind_each_other(void **state)
{
    (void)state;
    muster_text text = {0};
    char whole[20001] = "";
    for (int n = 0; n < 2000; n++) {
        muster_text_put(&text, "0123456789");
        memcpy(whole + 10 * n, "0123456789", 11);
    }
    assert_int_equal(text.len, 20000);
    assert_string_equal(text.data, whole);
    muster_text_clear(&text);
    assert_string_equal(text.data, "");
    muster_text_add(&text, "a\0b", 3);
    assert_memory_equal(text.data, "a\0b", 4);
    muster_text_done(&text);
    assert_null(text.data);
}

static void every_length_has_room_for_its_end(void **state)
{
    (void)state;
    static const char bytes[3000];
    for (size_t len = 0; len < sizeof(bytes); len++) {
        muster_text text = {0};
        muster_text_add(&text, bytes, len);
        assert_int_equal(text.len, len);
        assert_int_equal(text.data[len], 0);
        muster_text_done(&text);
    }
}

static void a_string_of_json_is_escaped(void **state)
{
    (void)state;
    static const char *const cases[][2] = {
        {"", "\"\""},       {"Zoë", "\"Zoë\""}, {"a\"b\\c", "\"a\\\"b\\\\c\""}, {"\n\x01", "\"\\u000a\\u0001\""},
        {"\"", "\"\\\"\""},
    };
    for (size_t n = 0; n < sizeof(cases) / sizeof(*cases); n++) {
        muster_text text = {0};
        muster_text_json(&text, cases[n][0]);
        assert_string_equal(text.data, cases[n][1]);
        muster_text_done(&text);
    }
}

static void a_part_of_an_address_is_escaped(void **state)
{
    (void)state;
    muster_text text = {0};
    muster_text_escaped(&text, "a-Z_0.~ /?é%");
    assert_string_equal(text.data, "a-Z_0.~%20%2F%3F%C3%A9%25");
    muster_text_done(&text);
}

static const char *number(const char *text)
{
    static char out[200];
    muster_text room = {0};
    int32_t good = muster_text_number(&room, text);
    snprintf(out, sizeof(out), "%s", good ? room.data : "none");
    muster_text_done(&room);
    return out;
}

static void numbers_keep_all_their_digits(void **state)
{
    (void)state;
    static const char *const cases[][2] = {{"0", "0"},
                                           {"-0", "0"},
                                           {"007", "7"},
                                           {"1.50", "1.5"},
                                           {"1e3", "1000"},
                                           {"1.5E+2", "150"},
                                           {"-2.5e-3", "-0.0025"},
                                           {"100", "100"},
                                           {"0.000", "0"},
                                           {"12345678901234567890.125", "12345678901234567890.125"},
                                           {"1e99", "none"},
                                           {"abc", "none"},
                                           {"", "none"},
                                           {"1.2.3", "none"},
                                           {"1e", "none"},
                                           {"10e-1", "1"}};
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
        assert_string_equal(number(cases[i][0]), cases[i][1]);
}

static void without_memory_it_says_so_and_nothing_more_is_added(void **state)
{
    (void)state;
    muster_text text = {0};
    muster_text_put(&text, "a");
    muster_text_add(&text, "", SIZE_MAX / 2);
    assert_true(text.failed);
    muster_text_put(&text, "b");
    assert_string_equal(text.data, "a");
    muster_text_done(&text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_added_stands_behind_each_other),
        cmocka_unit_test(every_length_has_room_for_its_end),
        cmocka_unit_test(a_string_of_json_is_escaped),
        cmocka_unit_test(a_part_of_an_address_is_escaped),
        cmocka_unit_test(numbers_keep_all_their_digits),
        cmocka_unit_test(without_memory_it_says_so_and_nothing_more_is_added),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
