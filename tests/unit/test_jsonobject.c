/* test_jsonobject - members of JSON objects, and texts that are none. */
#include "unit.h"

#include "base/buffer.h"
#include "base/error.h"
#include "base/jsonobject.h"
#include "base/tidy.h"

static int note(void *context, const struct jsonobject_member *member)
{
    static const char types[] = "0bnsj";
    struct buffer *out = context;
    buffer_add(out, member->name, member->name_len);
    buffer_format(out, "/%c=", types[member->type]);
    buffer_add(out, member->text, member->text_len);
    buffer_byte(out, ';');
    return member->name_len == 4 && memcmp(member->name, "stop", 4) == 0 ? ERR_CANCELLED : 0;
}

/* The text lies in memory of exactly its length, so that the sanitizer sees a byte too many. */
static int split(const char *json, size_t len, struct buffer *out, const char **why, size_t *at)
{
    char *exact = malloc(len ? len : 1);
    memcpy(exact, json, len);
    int rc = jsonobject_split(exact, len, note, out, why, at);
    free(exact);
    return rc;
}

static void members_come_in_order_with_the_digits_they_were_written_with(void **state)
{
    (void)state;
    static const struct {
        const char *json, *wanted;
    } cases[] = {
        {"{}", ""},
        {" {\n} ", ""},
        {"{\"a\":12.10,\"b\":-0,\"c\":1e+5,\"d\":12345678901234567890123}",
         "a/n=12.10;b/n=-0;c/n=1e+5;d/n=12345678901234567890123;"},
        {"{\"a\" : null , \"b\":true,\"c\":false,\"\":\"\"}", "a/0=null;b/b=true;c/b=false;/s=;"},
        {"{\"a\":\"\\\"\\\\\\/\\b\\f\\n\\r\\t\"}", "a/s=\"\\/\b\f\n\r\t;"},
        {"{\"\\u0041\\u00e9\":\"\\u20ac\\ud83d\\ude00\"}", "A\xc3\xa9/s=\xe2\x82\xac\xf0\x9f\x98\x80;"},
        {"{\"a\": [ 1 , {\"b\" : [] }, \"]\" ] ,\"c\":{ } }", "a/j=[ 1 , {\"b\" : [] }, \"]\" ];c/j={ };"},
        {"{\"a\":{\"b\":{\"c\":[[],[[]]]},\"d\":null}}", "a/j={\"b\":{\"c\":[[],[[]]]},\"d\":null};"},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        TIDY_DONE(buffer_done) struct buffer out = {0};
        const char *why = "";
        size_t at = 0;
        int rc = split(cases[i].json, strlen(cases[i].json), &out, &why, &at);
        if (rc != 0)
            fail_msg("%s: %s at %zu", cases[i].json, why, at);
        buffer_text(&out, "");
        assert_string_equal(out.data, cases[i].wanted);
    }
}

static void what_is_no_object_is_refused_where_it_goes_wrong(void **state)
{
    (void)state;
    static const struct {
        const char *json, *why;
        size_t at;
    } cases[] = {
        {"", "something that is no object", 0},
        {"[]", "something that is no object", 0},
        {"{\"a\":1", "an end before its time", 6},
        {"{\"a\":1}x", "something behind the end", 7},
        {"{\"a\":1,}", "a member without a name", 7},
        {"{\"a\" 1}", "a member without ':'", 5},
        {"{\"a\":1 \"b\":2}", "a ',' that is missing", 7},
        {"{\"a\":01}", "a number that is none", 7},
        {"{\"a\":1.}", "a number without digits after the point", 7},
        {"{\"a\":1e}", "a number without an exponent", 7},
        {"{\"a\":-}", "a number that is none", 6},
        {"{\"a\":nul}", "a value that is none", 5},
        {"{\"a\":\"\\x\"}", "an escape that is none", 8},
        {"{\"a\":\"\\ud83d\"}", "half of a surrogate pair", 12},
        {"{\"a\":\"\\ude00\"}", "half of a surrogate pair", 12},
        {"{\"a\":\"\\u0000\"}", "a NUL character", 12},
        {"{\"a\":\"\\u00g0\"}", "a \\u escape without four hexadecimal digits", 11},
        {"{\"a\":\"b", "a text without an end", 7},
        {"{\"a\":\"\n\"}", "a control character within a text", 6},
        {"{\"a\":[1,]}", "a value that is none", 8},
        {"{\"a\":[1}}", "a ',' that is missing", 7},
        {"{\"a\":{\"b\"}}", "a member without ':'", 9},
        {"{\"a\":{1:2}}", "a member without a name", 6},
        {"{\"a\":[", "an end before its time", 6},
        {"{\"a\":[[]", "an end before its time", 8},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        TIDY_DONE(buffer_done) struct buffer out = {0};
        const char *why = "";
        size_t at = 999;
        int rc = split(cases[i].json, strlen(cases[i].json), &out, &why, &at);
        if (rc != ERR_DATA || strcmp(why, cases[i].why) != 0 || at != cases[i].at)
            fail_msg("%s: %d %s at %zu", cases[i].json, rc, why, at);
    }
}

static void every_beginning_of_an_object_is_refused_without_reading_on(void **state)
{
    (void)state;
    static const char json[] = "{\"a\":[1,{\"b\":\"\\u00e9\\ud83d\\ude00\"},[true,null]],\"c\":-1.5e-3,\"d\":\"x\"}";
    for (size_t len = 0; len < sizeof(json) - 1; len++) {
        TIDY_DONE(buffer_done) struct buffer out = {0};
        const char *why;
        size_t at;
        assert_int_equal(split(json, len, &out, &why, &at), ERR_DATA);
        assert_true(at <= len);
    }
}

static void nesting_has_a_ceiling(void **state)
{
    (void)state;
    char json[400];
    const char *why = "";
    size_t at;
    for (size_t depth = 100; depth <= 101; depth++) {
        TIDY_DONE(buffer_done) struct buffer out = {0};
        memcpy(json, "{\"a\":", 5);
        memset(json + 5, '[', depth);
        memset(json + 5 + depth, ']', depth);
        json[5 + 2 * depth] = '}';
        assert_int_equal(split(json, 6 + 2 * depth, &out, &why, &at), depth == 100 ? 0 : ERR_DATA);
    }
    assert_string_equal(why, "nesting that is too deep");
}

static void the_caller_can_stop_it(void **state)
{
    (void)state;
    TIDY_DONE(buffer_done) struct buffer out = {0};
    const char *why;
    size_t at;
    static const char json[] = "{\"a\":1,\"stop\":2,\"b\":3}";
    assert_int_equal(split(json, sizeof(json) - 1, &out, &why, &at), ERR_CANCELLED);
    assert_string_equal(out.data, "a/n=1;stop/n=2;");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(members_come_in_order_with_the_digits_they_were_written_with),
        cmocka_unit_test(what_is_no_object_is_refused_where_it_goes_wrong),
        cmocka_unit_test(every_beginning_of_an_object_is_refused_without_reading_on),
        cmocka_unit_test(nesting_has_a_ceiling),
        cmocka_unit_test(the_caller_can_stop_it),
    };
    return cmocka_run_group_tests_name("jsonobject", tests, NULL, NULL);
}
