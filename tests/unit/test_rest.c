/* test_rest - what the rest connector makes of days, times of change, and texts with words. */
#include "unit.h"

#include "../../plugins/rest/rest.h"

#include <stdio.h>

/* What a field makes of a text: its value, "null", or why not behind a '!'. */
static const char *value(enum kind kind, const char *format, int32_t node_kind, const char *text)
{
    static char out[WHY_ROOM + 2];
    const struct field field = {.name = "f", .kind = kind, .format = format};
    const muster_node node = {.kind = node_kind, .text = text, .len = text ? strlen(text) : 0};
    muster_text room = {0};
    const char *is;
    int32_t type;
    char why[WHY_ROOM];
    if (value_read(&field, &node, &room, &is, &type, why))
        snprintf(out, sizeof(out), "%s", is ? is : "null");
    else
        snprintf(out, sizeof(out), "!%s", why);
    muster_text_done(&room);
    return out;
}

static void days_are_read_in_their_form_and_exist(void **state)
{
    (void)state;
    const int32_t text = MUSTER_NODE_TEXT, digits = MUSTER_NODE_NUMBER;
    assert_string_equal(value(KIND_DATE, "DD-MM-YYYY", text, "29-02-2024"), "2024-02-29");
    assert_string_equal(value(KIND_DATE, "DD-MM-YYYY", text, "29-02-2023"),
                        "!'29-02-2023' is no day written as DD-MM-YYYY");
    assert_string_equal(value(KIND_DATE, "YYYYMMDD", digits, "20240229"), "2024-02-29");
    assert_string_equal(value(KIND_DATE, NULL, text, "2024-02-29T23:30:00+01:00"), "2024-02-29");
    assert_string_equal(value(KIND_DATE, "epoch_ms", digits, "1709164800000"), "2024-02-29");
    assert_string_equal(value(KIND_DATETIME, "epoch_s", digits, "-1"), "1969-12-31T23:59:59Z");
    assert_string_equal(value(KIND_DATETIME, "DD.MM.YYYY HH:mm", text, "01.03.2024 07:05"), "2024-03-01T07:05:00");
    assert_string_equal(value(KIND_DATETIME, NULL, text, "2024-03-01 07:05:00"), "2024-03-01T07:05:00");
    assert_string_equal(value(KIND_TIME, NULL, text, "07:05"), "07:05:00");
    assert_string_equal(value(KIND_DATE, NULL, text, ""), "");
    assert_string_equal(value(KIND_DATE, NULL, MUSTER_NODE_NULL, NULL), "null");
    assert_string_equal(value(KIND_BOOL, NULL, digits, "1"), "true");
    assert_string_equal(value(KIND_BOOL, NULL, text, "maybe"), "!'maybe' is neither true nor false");
    assert_string_equal(value(KIND_INTEGER, NULL, text, "1.5"), "!'1.5' is no whole number");
    assert_string_equal(value(KIND_TEXT, NULL, text, "007"), "007");
}

static void times_of_change_are_written_as_they_are_read_and_never_later(void **state)
{
    (void)state;
    static const char *const cases[][3] = {{"iso", "2024-02-29T10:00:00.9999999Z", "2024-02-29T10:00:00Z"},
                                           {"iso_ms", "2024-02-29T10:00:00.9999999Z", "2024-02-29T10:00:00.999Z"},
                                           {"iso_ms", "2024-02-29T10:00:00+02:00", "2024-02-29T08:00:00.000Z"},
                                           {"date", "2024-12-31", "2024-12-31"},
                                           {"epoch_s", "1709200800", "1709200800"},
                                           {"epoch_ms", "-1", "-1"},
                                           {"number", "12345678901", "12345678901"},
                                           {"iso", "1900-03-01T00:00:00", "1900-03-01T00:00:00Z"}};
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        char text[STAMP_ROOM];
        stamp_write(cases[i][0], stamp_read(cases[i][0], cases[i][1]), text);
        assert_string_equal(text, cases[i][2]);
    }
    assert_true(stamp_read("iso", "yesterday") == INT64_MIN);
    assert_true(stamp_read("epoch_s", "") == INT64_MIN);
}

static void words_are_filled_in_and_what_is_none_is_told(void **state)
{
    (void)state;
    static const char json[] = "{\"id\":\"a/b\",\"name\":\"\",\"nick\":\"Q\\\"\"}";
    const char *why_json;
    muster_document *record = muster_document_read(json, sizeof(json) - 1, &why_json);
    const struct part part = {.id = "101", .url = "https://s.example/x"};
    const struct scene scene = {.part = &part, .record = muster_document_root(record)};
    static const struct {
        const char *text, *wanted;
        enum escape escape;
    } cases[] = {{"/p/{/id}", "/p/a%2Fb", ESCAPE_ADDRESS},
                 {"{partition.url}/y", "https://s.example/x/y", ESCAPE_ADDRESS},
                 {"{\"a\": \"{/nick}\", \"b\": {}}", "{\"a\": \"Q\\\"\", \"b\": {}}", ESCAPE_JSON},
                 {"{/name|/nick}", "Q\"", ESCAPE_NONE},
                 {"{partition.name}:{since}", "101:", ESCAPE_NONE}};
    char why[WHY_ROOM];
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        muster_text out = {0};
        assert_true(words_write(cases[i].text, &scene, cases[i].escape, &out, why));
        assert_string_equal(out.data, cases[i].wanted);
        muster_text_done(&out);
    }
    muster_text out = {0};
    assert_false(words_write("{/nobody}", &scene, ESCAPE_NONE, &out, why));
    assert_string_equal(why, "there is nothing at {/nobody}");
    muster_text_done(&out);
    assert_true(words_check("{partition}{ x }{\"a\"}{}", WORDS_PARTITION, why));
    assert_false(words_check("{partitoin}", WORDS_PARTITION, why));
    assert_non_null(strstr(why, "has {partitoin}, which is no word"));
    assert_false(words_check("{parent/id}", WORDS_PARTITION, why));
    assert_non_null(strstr(why, "parent: employees"));
    muster_document_free(record);
}

static void markup_becomes_what_it_would_be_as_json(void **state)
{
    (void)state;
    static const char *const cases[][2] = {
        {"<a/>", "{\"a\":\"\"}"},
        {"<a x='1'>t</a>", "{\"a\":{\"@x\":\"1\",\"#text\":\"t\"}}"},
        {"<n:a xmlns:n='u'><b>1</b> <b><![CDATA[<2>]]></b><c/></n:a>", "{\"a\":{\"b\":[\"1\",\"<2>\"],\"c\":\"\"}}"},
        {"<a xmlns:i='http://www.w3.org/2001/XMLSchema-instance'><b i:nil='true'/></a>", "{\"a\":{\"b\":null}}"}};
    const char *why = "";
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        muster_text json = {0};
        assert_true(markup_read(cases[i][0], strlen(cases[i][0]), &json, &why));
        assert_string_equal(json.data, cases[i][1]);
        muster_text_done(&json);
    }
    static const char *const wrong[] = {"<a><b></a>", "", "<!DOCTYPE a [<!ENTITY x 'y'>]><a>&x;</a>"};
    for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
        muster_text json = {0};
        assert_false(markup_read(wrong[i], strlen(wrong[i]), &json, &why));
        muster_text_done(&json);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(days_are_read_in_their_form_and_exist),
        cmocka_unit_test(times_of_change_are_written_as_they_are_read_and_never_later),
        cmocka_unit_test(words_are_filled_in_and_what_is_none_is_told),
        cmocka_unit_test(markup_becomes_what_it_would_be_as_json),
    };
    return cmocka_run_group_tests_name("rest", tests, NULL, NULL);
}
