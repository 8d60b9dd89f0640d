/* test_generated - values that follow from a key, and tokens that stand for them in bodies. */
#include "unit.h"

#include "base/error.h"
#include "base/mem.h"
#include "broker/generated.h"

#include <stdio.h>
#include <string.h>

#define ONE "00112233445566778899aabbccddeeff"
#define OTHER "ffeeddccbbaa99887766554433221100"

static struct generated made_of(uint8_t byte, unsigned length)
{
    struct generated generated = {.length = length};
    memset(generated.key, byte, sizeof(generated.key));
    return generated;
}

static void a_value_is_the_same_each_time_and_another_for_another_key_or_thing(void **state)
{
    (void)state;
    struct generated first = made_of(1, 12), second = made_of(2, 12);
    char a[GENERATED_MOST + 1], b[GENERATED_MOST + 1];
    generated_value(&first, ONE, a);
    generated_value(&first, ONE, b);
    assert_string_equal(a, b);
    generated_value(&first, OTHER, b);
    assert_string_not_equal(a, b);
    generated_value(&second, ONE, b);
    assert_string_not_equal(a, b);
}

static void values_have_their_length_and_letters_that_nobody_mistakes(void **state)
{
    (void)state;
    for (unsigned length = GENERATED_LEAST; length <= GENERATED_MOST; length += 7)
        for (unsigned byte = 0; byte < 200; byte++) {
            struct generated generated = made_of((uint8_t)byte, length);
            char value[GENERATED_MOST + 1];
            generated_value(&generated, ONE, value);
            assert_int_equal(strlen(value), length);
            assert_null(strpbrk(value, "Il1O0oi|"));
            assert_non_null(strpbrk(value, "abcdefghjkmnpqrstuvwxyz"));
            assert_non_null(strpbrk(value, "ABCDEFGHJKLMNPQRSTUVWXYZ"));
            assert_non_null(strpbrk(value, "23456789"));
        }
}

static void tokens_are_replaced_and_what_looks_like_one_is_not(void **state)
{
    (void)state;
    struct generated generated = made_of(3, 12);
    struct buffer out __attribute__((cleanup(buffer_done))) = {0};
    char token[GENERATED_TOKEN], value[GENERATED_MOST + 1], text[400], wanted[400];
    generated_token(ONE, token);
    generated_value(&generated, ONE, value);
    snprintf(text, sizeof(text),
             "{\"a\":\"%s\",\"b\":\"muster.generated.xyz\",\"c\":\"muster.muster.generated.%.31s\"}%s", token, ONE,
             token);
    snprintf(wanted, sizeof(wanted),
             "{\"a\":\"%s\",\"b\":\"muster.generated.xyz\",\"c\":\"muster.muster.generated.%.31s\"}%s", value, ONE,
             value);
    assert_true(generated_stands(text, strlen(text)));
    assert_false(generated_used(&generated, ONE));
    assert_int_equal(generated_fill(&generated, text, strlen(text), &out), 0);
    assert_string_equal(out.data, wanted);
    assert_true(generated_used(&generated, ONE));
    assert_false(generated_used(&generated, OTHER));
    assert_int_equal(generated.count, 1);
    generated_forget(&generated, ONE);
    assert_false(generated_used(&generated, ONE));
    generated_done(&generated);
}

static void a_token_that_is_cut_off_is_none(void **state)
{
    (void)state;
    char token[GENERATED_TOKEN];
    generated_token(ONE, token);
    for (size_t len = 0; len < strlen(token); len++)
        assert_false(generated_stands(token, len));
    assert_true(generated_stands(token, strlen(token)));
}

static void what_a_system_repeats_of_a_value_is_overwritten(void **state)
{
    (void)state;
    struct generated generated = made_of(4, 10);
    char token[GENERATED_TOKEN], value[GENERATED_MOST + 1], other[GENERATED_MOST + 1], reply[300], wanted[300];
    generated_token(ONE, token);
    generated_value(&generated, ONE, value);
    generated_value(&generated, OTHER, other);
    snprintf(reply, sizeof(reply), "you said %s and %s%s", value, other, value);
    snprintf(wanted, sizeof(wanted), "you said ********** and %s**********", other);
    generated_scrub(&generated, token, strlen(token), reply, strlen(reply));
    assert_string_equal(reply, wanted);
}

static void a_value_that_is_said_is_put_in_until_it_is_forgotten(void **state)
{
    (void)state;
    struct generated generated = made_of(5, 12);
    struct buffer out __attribute__((cleanup(buffer_done))) = {0};
    char token[GENERATED_TOKEN], value[GENERATED_MOST + 1], text[100];
    assert_int_equal(generated_say(&generated, ONE, "first-one", 9), 0);
    assert_int_equal(generated_say(&generated, ONE, "01001X and more", 6), 0); /* the last word counts */
    for (unsigned n = 0; n < 200; n++) {
        char what[GENERATED_WHAT];
        snprintf(what, sizeof(what), "%032x", n);
        assert_int_equal(generated_say(&generated, what, "another", 7), 0);
    }
    generated_token(ONE, token);
    snprintf(text, sizeof(text), "{\"password\":\"%s\"}", token);
    assert_int_equal(generated_fill(&generated, text, strlen(text), &out), 0);
    assert_string_equal(out.data, "{\"password\":\"01001X\"}");
    assert_true(generated_used(&generated, ONE));
    generated_forget(&generated, ONE);
    generated_value(&generated, ONE, value);
    assert_int_equal(strlen(value), 12);
    generated_done(&generated);
}

static void one_of_many_is_forgotten_and_the_others_are_not(void **state)
{
    (void)state;
    struct generated generated = made_of(8, 12);
    char what[GENERATED_WHAT], said[20], value[GENERATED_MOST + 1];
    for (unsigned round = 0; round < 2; round++) {
        for (unsigned n = 0; n < 1000; n++) {
            snprintf(what, sizeof(what), "%032x", n * 7);
            snprintf(said, sizeof(said), "said-%u", n);
            assert_int_equal(generated_say(&generated, what, said, strlen(said)), 0);
        }
        for (unsigned n = 0; n < 1000; n += 2) {
            snprintf(what, sizeof(what), "%032x", n * 7);
            generated_forget(&generated, what);
            generated_forget(&generated, what); /* nobody is known by that any more */
        }
        assert_int_equal(generated.count, 500);
        for (unsigned n = 0; n < 1000; n++) {
            snprintf(what, sizeof(what), "%032x", n * 7);
            snprintf(said, sizeof(said), "said-%u", n);
            generated_value(&generated, what, value);
            assert_int_equal(strcmp(value, said) == 0, n % 2);
            if (n % 2)
                generated_forget(&generated, what);
        }
        assert_int_equal(generated.count, 0);
    }
    generated_done(&generated);
}

static void only_what_stands_for_itself_in_any_body_can_be_said(void **state)
{
    (void)state;
    struct generated generated = made_of(6, 12);
    static const char *const good[] = {"abcd", "01001X", "Hx-1001", "a.b_c~d!e@f$g*h"};
    static const char *const wrong[] = {"",      "abc",   "ab\"cd", "ab\\cd", "ab cd",
                                        "ab&cd", "ab%41", "a+b=c",  "<abcd>", "密码密码"};
    char text[GENERATED_MOST + 2];
    memset(text, 'a', sizeof(text));
    for (size_t n = 0; n < 4; n++)
        assert_true(generated_fits(good[n], strlen(good[n])));
    for (size_t n = 0; n < 10; n++)
        assert_int_equal(generated_say(&generated, ONE, wrong[n], strlen(wrong[n])), ERR_DATA);
    assert_true(generated_fits(text, GENERATED_MOST));
    assert_false(generated_fits(text, GENERATED_MOST + 1));
    assert_int_equal(generated.count, 0);
    generated_done(&generated);
}

static void what_was_said_is_overwritten_where_it_stands_alone(void **state)
{
    (void)state;
    struct generated generated = made_of(7, 12);
    char token[GENERATED_TOKEN], reply[] = "1001 not \"1001\" but 21001, 10012 and x1001; at last 1001";
    assert_int_equal(generated_say(&generated, ONE, "1001", 4), 0);
    generated_token(ONE, token);
    generated_scrub(&generated, token, strlen(token), reply, strlen(reply));
    assert_string_equal(reply, "**** not \"****\" but 21001, 10012 and x1001; at last ****");
    generated_done(&generated);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_value_is_the_same_each_time_and_another_for_another_key_or_thing),
        cmocka_unit_test(values_have_their_length_and_letters_that_nobody_mistakes),
        cmocka_unit_test(tokens_are_replaced_and_what_looks_like_one_is_not),
        cmocka_unit_test(a_token_that_is_cut_off_is_none),
        cmocka_unit_test(what_a_system_repeats_of_a_value_is_overwritten),
        cmocka_unit_test(a_value_that_is_said_is_put_in_until_it_is_forgotten),
        cmocka_unit_test(one_of_many_is_forgotten_and_the_others_are_not),
        cmocka_unit_test(only_what_stands_for_itself_in_any_body_can_be_said),
        cmocka_unit_test(what_was_said_is_overwritten_where_it_stands_alone),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
