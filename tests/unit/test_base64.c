/* test_base64 - bytes as text and back. */
#include "unit.h"

#include "base/base64.h"

static void every_length_comes_back(void **state)
{
    (void)state;
    unsigned char bytes[80], again[80];
    for (size_t i = 0; i < sizeof(bytes); i++)
        bytes[i] = (unsigned char)(i * 91 + 7);
    for (size_t len = 0; len <= sizeof(bytes); len++)
        for (int padding = 0; padding < 2; padding++) {
            char text[BASE64_ROOM(sizeof(bytes))];
            size_t got = 99;
            base64_write(bytes, len, padding, text);
            assert_true(base64_read(text, strlen(text), again, sizeof(again), &got));
            assert_int_equal(got, len);
            assert_memory_equal(bytes, again, len);
            assert_true(len == 0 || !base64_read(text, strlen(text), again, len - 1, &got));
        }
}

static void known_texts_lines_and_nonsense(void **state)
{
    (void)state;
    static const struct {
        const char *text, *bytes; /* NULL: no base64 */
    } cases[] = {{"Zm9vYmE=", "fooba"}, {"Zm9v\r\nYmE", "fooba"}, {" Zg==\n", "f"}, {"Zg===", NULL},
                 {"Z", NULL},           {"Zm9v*", NULL},          {"Zm-v", NULL},   {"Zg==Zg==", NULL}};
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        char bytes[32] = "";
        size_t len = 0;
        assert_int_equal(base64_read(cases[i].text, strlen(cases[i].text), bytes, sizeof(bytes) - 1, &len),
                         cases[i].bytes != NULL);
        if (cases[i].bytes)
            assert_string_equal(bytes, cases[i].bytes);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_length_comes_back),
        cmocka_unit_test(known_texts_lines_and_nonsense),
    };
    return cmocka_run_group_tests_name("base64", tests, NULL, NULL);
}
