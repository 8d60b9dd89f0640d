/* scrub: secrets that come back in another form. */
#include "unit.h"

#include "base/base64.h"
#include "broker/scrub.h"

#include <stdio.h>

/* What is left of a text in which a system repeats the secret. */
static const char *left(const char *plain, const char *format, const char *said)
{
    static char text[500];
    struct secret secret = {0};
    struct scrub scrub = {.count = 0};
    assert_int_equal(secret_set(&secret, plain, strlen(plain)), 0);
    assert_int_equal(scrub_learn(&scrub, &secret), 0);
    snprintf(text, sizeof(text), "%s%s%s", format, said, format);
    scrub_bytes(&scrub, text, strlen(text));
    scrub_done(&scrub);
    secret_done(&secret);
    return text;
}

static void a_secret_is_known_in_every_form_in_which_systems_repeat_it(void **state)
{
    (void)state;
    static const char plain[] = "a \"b/\xc3\xa9+&\xf0\x9f\x98\x80"
                                "d";
    static const char *const forms[] = {
        "a \"b/\xc3\xa9+&\xf0\x9f\x98\x80"
        "d",
        "a%20%22b%2F%C3%A9%2B%26%F0%9F%98%80d",
        "a%20%22b%2f%c3%a9%2b%26%f0%9f%98%80d",
        "a+%22b%2F%C3%A9%2B%26%F0%9F%98%80d",
        "a \\\"b/\xc3\xa9+&\xf0\x9f\x98\x80"
        "d",
        "a \\\"b/\\u00e9+&\\ud83d\\ude00d",
        "a \\\"b\\/\\u00e9+&\\ud83d\\ude00d",
        "a \\\"b\\/\xc3\xa9+&\xf0\x9f\x98\x80"
        "d",
    };
    for (size_t i = 0; i < sizeof(forms) / sizeof(forms[0]); i++) {
        char stars[200] = "--";
        memset(stars + 2, '*', strlen(forms[i]));
        memcpy(stars + 2 + strlen(forms[i]), "--", 3);
        assert_string_equal(left(plain, "--", forms[i]), stars);
    }
}

/* "user:secret" for users of one, two and three letters: it begins at another place in the letters each time. */
static void base64_hides_it_nowhere(void **state)
{
    (void)state;
    static const char *const users[] = {"", "u", "us", "use", "muster"};
    for (size_t i = 0; i < sizeof(users) / sizeof(users[0]); i++) {
        char plain[100], text[200], back[200];
        size_t len = 0;
        snprintf(plain, sizeof(plain), "%s:s\xfb\xff-cret-of-ours\xff\xfe", users[i]);
        base64_write(plain, strlen(plain), true, text);
        const char *rest = left("s\xfb\xff-cret-of-ours\xff\xfe", "", text);
        assert_non_null(strstr(rest, "****************"));
        char letters[200];
        snprintf(letters, sizeof(letters), "%s", rest);
        for (char *at = letters; *at; at++)
            *at = *at == '*' ? 'A' : *at;
        assert_true(base64_read(letters, strlen(letters), back, sizeof(back), &len));
        assert_null(memmem(back, len, "cret", 4));
        assert_memory_equal(back, users[i], strlen(users[i]));
        for (char *at = text; *at; at++)
            *at = (char)(*at == '+' ? '-' : *at == '/' ? '_' : *at);
        assert_non_null(strstr(left("s\xfb\xff-cret-of-ours\xff\xfe", "", text), "****************"));
    }
}

static void what_is_no_secret_stays(void **state)
{
    (void)state;
    assert_string_equal(left("secret-one", "", "secret-on"), "secret-on");
    assert_string_equal(left("short", "", "a short word"), "a short word");
    assert_string_equal(left("aaaaaa", "", "aaaaaaaaaaaaab"), "************ab");
    struct scrub scrub = {.count = 0};
    scrub_bytes(&scrub, NULL, 0);
    struct secret secret = {0};
    assert_int_equal(secret_set(&secret, "the first one", 13), 0);
    assert_int_equal(scrub_learn(&scrub, &secret), 0);
    assert_int_equal(secret_set(&secret, "the second", 10), 0);
    assert_int_equal(scrub_learn(&scrub, &secret), 0);
    char text[] = "the first one, the second";
    scrub_bytes(&scrub, text, strlen(text));
    assert_string_equal(text, "the first one, **********");
    scrub_done(&scrub);
    secret_done(&secret);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_secret_is_known_in_every_form_in_which_systems_repeat_it),
        cmocka_unit_test(base64_hides_it_nowhere),
        cmocka_unit_test(what_is_no_secret_stays),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
