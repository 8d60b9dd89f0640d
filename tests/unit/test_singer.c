/* test_singer - what the singer connector makes of schemas and keys, and what it takes for text. */
#include "unit.h"

#include "../../plugins/singer/singer.h"

static int32_t type_of(const char *json, bool *ret_object)
{
    const char *why;
    muster_document *document = muster_document_read(json, strlen(json), &why);
    assert_non_null(document);
    int32_t type = schema_of(muster_document_root(document), ret_object);
    muster_document_free(document);
    return type;
}

static void a_schema_says_the_type_where_there_is_one(void **state)
{
    (void)state;
    static const struct {
        const char *json;
        int32_t type;
    } cases[] = {
        {"{}", MUSTER_TEXT},
        {"{\"type\":\"string\"}", MUSTER_TEXT},
        {"{\"type\":[\"null\",\"integer\"]}", MUSTER_INTEGER},
        {"{\"type\":[\"integer\",\"number\",\"null\"]}", MUSTER_DECIMAL},
        {"{\"type\":[\"integer\",\"string\"]}", MUSTER_TEXT},
        {"{\"type\":\"boolean\"}", MUSTER_BOOL},
        {"{\"type\":[\"null\",\"string\"],\"format\":\"date-time\"}", MUSTER_DATETIME},
        {"{\"type\":\"string\",\"format\":\"date\"}", MUSTER_DATE},
        {"{\"type\":\"string\",\"format\":\"uuid\"}", MUSTER_TEXT},
        {"{\"type\":\"string\",\"format\":\"singer.decimal\"}", MUSTER_DECIMAL},
        {"{\"anyOf\":[{\"type\":\"string\",\"format\":\"date-time\"},{\"type\":\"null\"}]}", MUSTER_DATETIME},
        {"{\"anyOf\":[{\"type\":\"string\",\"format\":\"date-time\"},{\"type\":\"string\"}]}", MUSTER_TEXT},
        {"{\"type\":[\"null\",\"array\"],\"items\":{}}", MUSTER_JSON},
    };
    bool object;
    for (size_t n = 0; n < sizeof(cases) / sizeof(*cases); n++) {
        assert_int_equal(type_of(cases[n].json, &object), cases[n].type);
        assert_false(object);
    }
    type_of("{\"type\":[\"null\",\"object\"],\"properties\":{\"a\":{}}}", &object);
    assert_true(object);
}

static void days_within_objects_are_found_by_their_path(void **state)
{
    (void)state;
    static const char json[] =
        "{\"properties\":{\"z\":{\"type\":\"string\",\"format\":\"date\"},\"job\":{\"type\":"
        "\"object\",\"properties\":{\"since\":{\"type\":\"string\",\"format\":\"date-time\"}}}}}";
    const char *why;
    struct schema schema;
    muster_document *document = muster_document_read(json, sizeof(json) - 1, &why);
    assert_true(schema_read(muster_document_root(document), &schema));
    assert_int_equal(schema_type(&schema, "job.since"), MUSTER_DATETIME);
    assert_int_equal(schema_type(&schema, "z"), MUSTER_DATE);
    assert_int_equal(schema_type(&schema, "job"), MUSTER_TEXT);
    schema_done(&schema);
    muster_document_free(document);
}

/* The key of a record, or "-NAME" of what it lacks. */
static void key_is(const char *record, const char *keys, const char *expected)
{
    const char *why, *lacks = "";
    muster_text out = {0};
    muster_document *one = muster_document_read(record, strlen(record), &why);
    muster_document *other = muster_document_read(keys, strlen(keys), &why);
    bool good = record_key(muster_document_root(one), muster_document_root(other), &out, &lacks);
    assert_int_equal(good, *expected != '-');
    assert_string_equal(good ? out.data : lacks, expected + !good);
    muster_document_free(one);
    muster_document_free(other);
    muster_text_done(&out);
}

static void a_key_of_several_is_never_that_of_others(void **state)
{
    (void)state;
    key_is("{\"a\":\"7|8\"}", "[\"a\"]", "7|8");
    key_is("{\"a\":\"007\",\"b\":7.0}", "[\"a\",\"b\"]", "007|7");
    key_is("{\"a\":\"x|y\",\"b\":\"z\"}", "[\"a\",\"b\"]", "x\\|y|z");
    key_is("{\"a\":\"x\",\"b\":\"y|z\"}", "[\"a\",\"b\"]", "x|y\\|z");
    key_is("{\"a\":true}", "[\"a\"]", "true");
    key_is("{\"a\":null}", "[\"a\"]", "-a");
    key_is("{\"a\":\"1\",\"b\":\"\"}", "[\"a\",\"b\"]", "-b");
    key_is("{\"a\":{}}", "[\"a\"]", "-a");
}

static void what_is_no_utf8_is_seen(void **state)
{
    (void)state;
    static const char *const good[] = {"", "abc", "Zoë 李 😀", "\xef\xbf\xbf"};
    static const char *const bad[] = {"\xff",         "\xc3", "\xc0\x80", "\xed\xa0\x80", "\xf4\x90\x80\x80",
                                      "\xe0\x80\x80", "a\x80"};
    for (size_t n = 0; n < sizeof(good) / sizeof(*good); n++)
        assert_true(record_utf8(good[n], strlen(good[n])));
    for (size_t n = 0; n < sizeof(bad) / sizeof(*bad); n++)
        assert_false(record_utf8(bad[n], strlen(bad[n])));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_schema_says_the_type_where_there_is_one),
        cmocka_unit_test(days_within_objects_are_found_by_their_path),
        cmocka_unit_test(a_key_of_several_is_never_that_of_others),
        cmocka_unit_test(what_is_no_utf8_is_seen),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
