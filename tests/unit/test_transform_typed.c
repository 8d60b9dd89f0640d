/* test_transform_typed - cells become days, instants, numbers, truth, references and objects, by rules as integrators
 * write them. */
#include "example.h"

#include "base/error.h"

#include <muster/connector.h>
#include <stdio.h>

#define DAY "person.hired_on"
#define INSTANT "shift.starts_at"
#define NUMBER "employment.fte_percent"
#define TRUTH "employment.is_default"

static void days_are_read_by_pattern_or_type_and_never_guessed(void **state)
{
    (void)state;
    static const struct example examples[] = {
        {DAY, "{ from: A, date: DD-MM-YYYY }", {"31-12-2024"}, "2024-12-31"},
        {DAY, "{ from: A, date: DD-MM-YYYY }", {" 1-2-2024 "}, "2024-02-01"},
        {DAY, "{ from: A, date: DD-MM-YYYY }", {"31-02-2024"}, "reject bad_date"},
        {DAY, "{ from: A, date: DD-MM-YYYY }", {"29-02-2023"}, "reject bad_date"},
        {DAY, "{ from: A, date: DD-MM-YYYY }", {"29-02-1900"}, "reject bad_date"},
        {DAY, "{ from: A, date: DD-MM-YYYY }", {"29-02-2000"}, "2000-02-29"},
        {DAY, "{ from: A, date: DD-MM-YY }", {"01-02-68"}, "2068-02-01"},
        {DAY, "{ from: A, date: DD-MM-YY }", {"01-02-69"}, "1969-02-01"},
        {DAY, "{ from: A, date: [DD-MM-YYYY, YYYYMMDD] }", {"20240201"}, "2024-02-01"},
        {DAY, "{ from: A, date: [DD-MM-YYYY, YYYYMMDD] }", {"2024-02-01"}, "reject bad_date"},
        {DAY, "{ from: A, date: DD-MM-YYYY }", {"soon"}, "reject bad_date"},
        {DAY, "{ from: A, date: DD-MM-YYYY }", {"44927"}, "reject bad_date"},
        {DAY, "{ from: A, date: DD-MM-YYYY }", {"decimal:44927"}, "reject bad_date"},
        {DAY, "A", {"decimal:44927"}, "reject bad_date"},
        {DAY, "A", {"44927"}, "reject bad_date"},
        {DAY, "{ from: A, date: YYYYMMDD }", {"decimal:20240201"}, "2024-02-01"},
        {DAY, "{ from: A, date: DD-MM-YYYY }", {"date:2024-02-01"}, "2024-02-01"},
        {DAY, "{ from: A, date: DD-MM-YYYY }", {"date:2024-02-30"}, "reject bad_date"},
        {DAY, "{ from: A, date: DD-MM-YYYY }", {"datetime:2024-02-01T00:00:00"}, "2024-02-01"},
        {DAY, "{ from: A, date: DD-MM-YYYY }", {"datetime:2024-02-01T13:37:00"}, "2024-02-01 !"},
        {DAY, "A", {"datetime:2024-01-31T23:00:00Z"}, "2024-02-01"}, /* midnight in Amsterdam */
        {DAY, "A", {"2024-01-31T22:30:00Z"}, "2024-01-31 !"},
        {DAY, "A", {"2024-02-01T00:00:00+01:00"}, "2024-02-01"},
        {DAY, "A", {"1960-01-31T23:30:00Z"}, "1960-02-01 !"}, /* before what machines count from */
        {DAY, "A", {"2024-02-01"}, "2024-02-01"},
        {DAY, "A", {"2024-02-01 00:00:00"}, "2024-02-01"},
        {DAY, "A", {"2024-02-01 08:15"}, "2024-02-01 !"},
        {DAY, "A", {"2024-02-01 00:15"}, "2024-02-01 !"}, /* a time of day, however little of it, is cut off */
        {DAY, "A", {"2024-02-01 00:00:15"}, "2024-02-01 !"},
        {DAY, "A", {"2024-02-01 00:00:00.001"}, "2024-02-01 !"},
        {DAY, "A", {"01-02-2024"}, "reject bad_date"},
        {DAY, "{ from: A, date: \"DD-MM-YYYY HH:MM\" }", {"01-02-2024 00:00"}, "2024-02-01"},
        {DAY, "{ from: A, date: \"DD-MM-YYYY HH:MM\" }", {"01-02-2024 07:00"}, "2024-02-01 !"},
        {DAY, "A", {"bool:true"}, "reject bad_date"},
        {DAY, "{ from: A, match: '^(.{10})', take: 1 }", {"datetime:2024-02-01T13:37:00"}, "2024-02-01"},
        {"lookup_row.period", "{ from: A, date: YYYY-MM }", {"date:2024-02-01"}, "2024-02"},
        {"lookup_row.period", "{ from: A, date: YYYY-MM }", {"2024-02-01"}, "2024-02"},
        {"lookup_row.period", "{ from: A, date: YYYY-MM }", {"datetime:2024-02-01T07:00:00"}, "2024-02"},
        {"lookup_row.period", "{ from: A, date: YYYY-MM }", {"2024-01-31T23:30:00Z"}, "2024-02"},
        {"lookup_row.period", "{ from: A, date: YYYY-MM }", {"202402"}, "reject bad_date"},
        {"lookup_row.period", "{ from: A, date: \"DD-MM HH:MM:SS\" }", {"2024-01-31T23:30:15Z"}, "01-02 00:30:15"},
    };
    CHECK(examples);
}

static void instants_are_kept_in_utc(void **state)
{
    (void)state;
    static const struct example examples[] = {
        {INSTANT, "A", {"2024-07-01T09:00:00Z"}, "2024-07-01T09:00:00.000Z"},
        {INSTANT, "A", {"2024-07-01T09:00:00+02:00"}, "2024-07-01T07:00:00.000Z"},
        {INSTANT, "A", {"2024-07-01T09:00:00.1234-0530"}, "2024-07-01T14:30:00.123Z"},
        {INSTANT, "A", {"2024-07-01 09:00"}, "2024-07-01T07:00:00.000Z"},
        {INSTANT, "A", {"datetime:2024-01-01T09:00:00"}, "2024-01-01T08:00:00.000Z"},
        {INSTANT, "A", {"2024-10-27T02:30:00"}, "2024-10-27T00:30:00.000Z !"},
        {INSTANT, "A", {"2024-03-31T02:30:00"}, "2024-03-31T01:30:00.000Z !"},
        {INSTANT, "A", {"date:2024-07-01"}, "2024-06-30T22:00:00.000Z !"},
        {INSTANT, "{ from: A, date: \"DD-MM-YYYY HH:MM\" }", {"01-07-2024 09:00"}, "2024-07-01T07:00:00.000Z"},
        {INSTANT, "{ from: A, date: DD-MM-YYYY }", {"01-07-2024"}, "2024-06-30T22:00:00.000Z !"},
        {INSTANT, "A", {"2024-07-01T25:00:00Z"}, "reject bad_time"},
        {INSTANT, "A", {"2024-07-01T09:60:00Z"}, "reject bad_time"},
        {INSTANT, "A", {"2024-07-01T09:00:60Z"}, "reject bad_time"},
        {INSTANT, "A", {"2024-07-01T09:0a:00Z"}, "reject bad_time"},
        {INSTANT, "A", {"2024-07-01T09:0"}, "reject bad_time"},
        {INSTANT, "A", {"2024-07-01T09:00:00.Z"}, "reject bad_time"},
        {INSTANT, "A", {"2024-07-01T09:00:00+2:00"}, "reject bad_time"},
        {INSTANT, "A", {"2024-07-01T09:00:00Zulu"}, "reject bad_time"},
        {INSTANT, "A", {"0001-01-01T00:00:00"}, "reject bad_time"},
        {INSTANT, "A", {"decimal:45000.5"}, "reject bad_time"},
        {"person.custom.since", "A", {"time:07:05:00"}, "07:05:00"},
        {"person.custom.since", "A", {"7:05"}, "07:05:00"},
        {"person.custom.since", "{ from: A, date: HHMM }", {"0705"}, "07:05:00"},
        {"person.custom.since", "A", {"24:00"}, "reject bad_time"},
    };
    CHECK(examples);
}

static void numbers_are_exact_and_their_signs_are_told(void **state)
{
    (void)state;
    static const struct example examples[] = {
        {NUMBER, "A", {"37.5"}, "37.5"},
        {NUMBER, "A", {"037.50"}, "37.5"},
        {NUMBER, "A", {"0"}, "0"},
        {NUMBER, "A", {"-0.00"}, "0"},
        {NUMBER, "A", {"0.05"}, "0.05"},
        {NUMBER, "A", {"100"}, "100"},
        {NUMBER, "A", {"-12.25"}, "-12.25"},
        {NUMBER,
         "A",
         {"\xe2\x88\x92"
          "12"},
         "-12"},
        {NUMBER, "A", {"12-"}, "-12"},
        {NUMBER, "A", {"+12"}, "12"},
        {NUMBER, "A", {"80 %"}, "80"},
        {NUMBER, "A", {"80,5 %"}, "reject bad_number"},
        {NUMBER, "A", {"1 234.5"}, "1234.5"},
        {NUMBER, "A", {"1'234'567"}, "1234567"},
        {NUMBER,
         "A",
         {"1\xe2\x80\xaf"
          "234\xe2\x80\xaf"
          "567"},
         "1234567"},
        {NUMBER,
         "A",
         {"1\xe2\x80\x99"
          "234"},
         "1234"},
        {NUMBER, "A", {"37,5"}, "reject bad_number"}, /* a sign that was not told is not guessed */
        {NUMBER, "A", {"1,234"}, "reject bad_number"},
        {NUMBER, "A", {"1.2.3"}, "reject bad_number"},
        {NUMBER, "A", {"."}, "reject bad_number"},
        {NUMBER, "A", {".5"}, "reject bad_number"},
        {NUMBER, "A", {"5."}, "reject bad_number"},
        {NUMBER, "A", {"1e3"}, "reject bad_number"},
        {NUMBER, "A", {"--1"}, "reject bad_number"},
        {NUMBER, "A", {"abc"}, "reject bad_number"},
        {NUMBER, "A", {"12345678901234567890.12345678901234567891"}, "12345678901234567890.12345678901234567891"},
        {NUMBER, "{ from: A, decimal: ',' }", {"37,5"}, "37.5"},
        {NUMBER, "{ from: A, decimal: ',' }", {"1.234.567,80"}, "1234567.8"},
        {NUMBER,
         "{ from: A, decimal: ',' }",
         {"1\xc2\xa0"
          "234,5"},
         "1234.5"},
        {NUMBER, "{ from: A, decimal: ',' }", {"12.34"}, "reject bad_number"},
        {NUMBER, "{ from: A, decimal: ',' }", {"1.234 567"}, "reject bad_number"},
        {NUMBER, "{ from: A, decimal: ',' }", {"1234.567"}, "reject bad_number"},
        {NUMBER, "{ from: A, decimal: ',' }", {"decimal:37.5"}, "37.5"},
        {NUMBER, "{ from: A, decimal: '.' }", {"1,234.5"}, "1234.5"},
        {NUMBER, "{ from: A, decimal: '.' }", {"1,23"}, "reject bad_number"},
        {NUMBER, "A", {"decimal:0.8"}, "0.8"},
        {NUMBER, "A", {"decimal:8E-1"}, "0.8"},
        {NUMBER, "A", {"decimal:1.25e+3"}, "1250"},
        {NUMBER, "A", {"decimal:-1.5E-7"}, "-0.00000015"},
        {NUMBER, "A", {"decimal:1e10"}, "10000000000"},
        {NUMBER, "A", {"decimal:1e99"}, "reject bad_number"},
        {NUMBER, "A", {"decimal:1e-60"}, "reject bad_number"}, /* with more than 60 digits */
        {NUMBER, "A", {"decimal:1e0010"}, "reject bad_number"},
        {NUMBER, "A", {"decimal:1e"}, "reject bad_number"},
        {NUMBER, "A", {"decimal:1e5x"}, "reject bad_number"},
        {NUMBER, "A", {"0.1234567890123456789012345678901234567890123456789012345678901"}, "reject bad_number"},
        {NUMBER, "A", {"decimal:1,5"}, "reject bad_number"},
        {NUMBER, "A", {"date:2024-01-01"}, "reject bad_number"},
        {"person.custom.count", "A", {"decimal:12.0"}, "12"},
        {"person.custom.count", "A", {"12.5"}, "reject bad_number"},
        {"person.custom.count", "A", {"1200"}, "1200"},
    };
    CHECK(examples);
}

static void truth_has_its_words(void **state)
{
    (void)state;
    static const struct example examples[] = {
        {TRUTH, "A", {"true"}, "true"},
        {TRUTH, "A", {"No"}, "false"},
        {TRUTH, "A", {"1"}, "true"},
        {TRUTH, "A", {"X"}, "true"},
        {TRUTH, "A", {"ja"}, "reject bad_bool"},
        {TRUTH, "A", {""}, "empty"},
        {TRUTH, "A", {"bool:true"}, "true"},
        {TRUTH, "A", {"bool:false"}, "false"},
        {TRUTH, "A", {"bool:maybe"}, "reject bad_bool"},
        {TRUTH, "A", {"decimal:0"}, "false"},
        {TRUTH, "{ from: A, bool: [ja, nee] }", {"JA"}, "true"},
        {TRUTH, "{ from: A, bool: [ja, nee] }", {"nee"}, "false"},
        {TRUTH, "{ from: A, bool: [ja, nee] }", {"yes"}, "reject bad_bool"},
        {TRUTH, "{ from: A, bool: [ja, nee] }", {"bool:true"}, "true"},
        {TRUTH, "{ from: A, bool: [ja, nee] }", {"bool:false"}, "false"},
        {TRUTH, "{ from: A, bool: [x, ''] }", {""}, "false"},
        {TRUTH, "{ from: A, bool: [x, ''] }", {"null:"}, "null"},
        {TRUTH, "{ from: A, bool: [[ja, j], [nee, n]] }", {"N"}, "false"},
        {TRUTH, "{ from: A, table: { hoofd: true }, bool: [ja, nee] }", {"Hoofd"}, "true"},
        {TRUTH, "{ from: A, table: { hoofd: true }, bool: [ja, nee] }", {"nee"}, "false"},
    };
    CHECK(examples);
}

static void absent_null_and_empty_stay_apart(void **state)
{
    (void)state;
    static const struct {
        const char *words;
        const char *absent, *null, *empty, *value;
    } cases[] = {
        {"", "absent", "null", "empty", "v"},
        {", on_null: keep, on_empty: keep", "absent", "null", "empty", "v"},
        {", on_null: clear", "absent", "null clears", "empty", "v"},
        {", on_empty: clear", "absent", "null", "empty clears", "v"},
        {", on_null: clear, on_empty: clear", "absent", "null clears", "empty clears", "v"},
        {", default: d", "absent", "d", "d", "v"},
        {", default: d, on_null: keep", "absent", "d", "d", "v"},
    };
    for (size_t n = 0; n < sizeof(cases) / sizeof(cases[0]); n++) {
        char rule[80];
        snprintf(rule, sizeof(rule), "{ from: A%s }", cases[n].words);
        const struct example examples[] = {
            {TEXT, rule, {"absent:"}, cases[n].absent}, {TEXT, rule, {"null:"}, cases[n].null},
            {TEXT, rule, {"empty:"}, cases[n].empty},   {TEXT, rule, {""}, cases[n].empty},
            {TEXT, rule, {" \t"}, cases[n].empty},      {TEXT, rule, {"v"}, cases[n].value},
        };
        assert_int_equal(check(examples, 6), 0);
    }
    static const struct example defaults[] = {
        {STATUS, "{ from: A, default: active }", {""}, "active"},
        {DAY, "{ from: A, default: 2024-01-01 }", {"null:"}, "2024-01-01"},
        {NUMBER, "{ from: A, default: 100.0 }", {""}, "100"},
        {TRUTH, "{ from: A, default: false }", {""}, "false"},
        {TEXT, "{ from: A, match: '^x', default: none }", {"y"}, "none"},
        {DAY, "{ from: A, default: 2024-01-01 }", {"soon"}, "reject bad_date"}, /* what is wrong is not blank */
        {"person.manager", "{ person: employee_number, from: A, default: '1' }", {""}, "F0:1:1:"},
    };
    CHECK(defaults);
}

static void references_name_who_is_meant(void **state)
{
    (void)state;
    static const struct example examples[] = {
        {"person.manager", "{ person: employee_number, from: A }", {" 0042 "}, "F0:1:0042:"},
        {"person.manager", "{ person: employee_number, from: A }", {"decimal:42"}, "F0:1:42: !"},
        {"person.manager", "{ person: work_email, from: A, lower: true }", {"A@B"}, "F0:7:a@b:"},
        {"person.manager", "{ person: custom.badge, from: A }", {"7"}, "F0:1000:7:"},
        {"person.manager", "{ person: employee_number, from: A, on_empty: clear }", {""}, "empty clears"},
        {"person.manager", "{ person: employee_number, from: A, table: { boss: '0001' } }", {"Boss"}, "F0:1:0001:"},
        {"person.manager", "{ person: employee_number, const: '0001' }", {NULL}, "F0:1:0001:"},
        {"employment.department", "{ unit: department, code: A, name: B }", {"D1", "Sales"}, "U5:0:D1:Sales"},
        {"employment.department", "{ unit: department, code: A, name: B }", {"", "Sales"}, "U5:0::Sales"},
        {"employment.department", "{ unit: department, code: A, name: B }", {"D1", "null:"}, "U5:0:D1:"},
        {"employment.department", "{ unit: department, code: A, name: B }", {"decimal:7", "Sales"}, "U5:0:7:Sales !"},
        {"employment.department",
         "{ unit: department, code: A, name: B, on_empty: clear }",
         {"", "null:"},
         "empty clears"},
        {"employment.department", "{ unit: department, code: A, name: B }", {"", "absent:"}, "absent"},
        {"employment.department", "{ unit: department, name: B }", {NULL, "a\r\nb"}, "U5:0::a\nb"},
        {"employment.department", "{ unit: department, code: A, name: B }", {"a\rb", "c\rd"}, "U5:0:a\nb:c\nd"},
        {"employment.department", "{ unit: department, name: B }", {NULL, "\xff"}, "reject not_utf8"},
        {"membership.unit", "{ unit: store, from_partition: true }", {NULL}, "U3:0:s7:Utrecht Centrum"},
        {"membership.unit", "{ unit: store, code: A, from_partition: true }", {"42"}, "U3:0:42:Utrecht Centrum"},
    };
    CHECK(examples);
}

static void numeric_cells_in_identifiers_are_flagged(void **state)
{
    (void)state;
    static const struct example examples[] = {
        {"person.employee_number", "A", {"decimal:42"}, "42 !"},
        {"person.employee_number", "A", {"integer:42"}, "42 !"},
        {"person.employee_number", "A", {"42"}, "42"},
        {"person.national_id", "A", {"decimal:12345678901"}, "12345678901 !"},
        {"person.mobile_phone", "{ from: A, digits: true }", {"decimal:612345678"}, "612345678 !"},
        {"person.site_number", "A", {"decimal:7"}, "7 !"},
        {"org_unit.code", "A", {"decimal:7"}, "7 !"},
        {"person.city", "A", {"decimal:7"}, "7"},
        {"person.employee_number", "{ join: [A, B] }", {"N", "decimal:7"}, "N7 !"},
    };
    CHECK(examples);
}

static void columns_become_an_ordered_object(void **state)
{
    (void)state;
    static const struct example examples[] = {
        {"lookup_row.values",
         "{ columns: [B, A, C] }",
         {"1200", "decimal:3.5", ""},
         "{\"B\":\"3.5\",\"A\":\"1200\",\"C\":\"\"}"},
        {"lookup_row.values",
         "{ columns: [A, B, C] }",
         {"absent:", "null:", "a \"b\"\\\n"},
         "{\"B\":null,\"C\":\"a \\\"b\\\"\\\\\"}"},
        {"lookup_row.values", "{ columns: [A, B] }", {"absent:", "absent:"}, "absent"},
        {"lookup_row.values", "A", {"json:{\"a\":[1,true,null]}"}, "{\"a\":[1,true,null]}"},
        {"lookup_row.values", "A", {"json:{\"a\":[1,true,null}"}, "reject bad_json"},
        {"lookup_row.values", "A", {"text"}, "\"text\""},
    };
    CHECK(examples);
}

static void json_of_a_cell_is_json_as_it_is_written(void **state)
{
    (void)state;
    static const char *const whole[] = {"{ \"a b\" : [ ] , \"c\" : { } }",
                                        "[ ]",
                                        "\"a\\\"b\\u00e9\"",
                                        "false",
                                        "-1.5e+3",
                                        "[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]"};
    static const char *const broken[] = {"{\"a\":1,}",
                                         "{a:1}",
                                         "{\"a\" 1}",
                                         "{\"a\":1 \"b\":2}",
                                         "[1 2]",
                                         "[1,]",
                                         "[1}",
                                         "[1",
                                         "{\"a",
                                         "\"\\x\"",
                                         "\"\\u00g9\"",
                                         "\"\\u00\"",
                                         "\"a\nb\"",
                                         "falsey",
                                         "+1",
                                         "1 2",
                                         "[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]"};
    char cell[100];
    struct example example = {"lookup_row.values", "A", {cell}, NULL};
    for (size_t i = 0; i < sizeof(whole) / sizeof(whole[0]); i++) {
        snprintf(cell, sizeof(cell), "json:%s", whole[i]);
        example.wanted = whole[i];
        assert_int_equal(check(&example, 1), 0);
    }
    for (size_t i = 0; i < sizeof(broken) / sizeof(broken[0]); i++) {
        snprintf(cell, sizeof(cell), "json:%s", broken[i]);
        example.wanted = "reject bad_json";
        assert_int_equal(check(&example, 1), 0);
    }
}

static void typed_texts_are_checked_against_the_field(void **state)
{
    (void)state;
    static const struct {
        enum kind kind;
        const char *field, *text, *wanted;
    } cases[] = {
        {KIND_person, "status", "on_leave", "on_leave"},
        {KIND_person, "status", "On_leave", "reject unknown_value"},
        {KIND_person, "hired_on", " 2024-02-29 ", "2024-02-29"},
        {KIND_person, "hired_on", "2023-02-29", "reject bad_date"},
        {KIND_employment, "fte_percent", "080.0", "80"},
        {KIND_employment, "fte_percent", "80,0", "reject bad_number"},
        {KIND_employment, "is_default", "true", "true"},
        {KIND_employment, "is_default", "yes", "reject bad_bool"},
        {KIND_person, "given_name", " Zoë ", "Zoë"},
        {KIND_person, "given_name", "  ", "empty"},
        {KIND_person, "given_name", "a\r", "reject control_character"},
        {KIND_person, "manager", "0042", "reject bad_reference"},
        {KIND_shift, "starts_at", "2024-07-01T09:00:00Z", "2024-07-01T09:00:00.000Z"},
        {KIND_shift, "starts_at", "2024-07-01 09:00", "reject bad_time"},
        {KIND_lookup_row, "values", "{\"a\": [1, -2.5e3, \"\\u00e9\"], \"b\": {}}",
         "{\"a\": [1, -2.5e3, \"\\u00e9\"], \"b\": {}}"},
        {KIND_lookup_row, "values", "{a: 1}", "reject bad_json"},
        {KIND_lookup_row, "values", "[1,]", "reject bad_json"},
        {KIND_lookup_row, "values", "[1] 2", "reject bad_json"},
        {KIND_lookup_row, "values", "\"open", "reject bad_json"},
        {KIND_lookup_row, "values", "[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[1]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]",
         "reject bad_json"},
    };
    struct buffer out = {0}, said = {0};
    for (size_t n = 0; n < sizeof(cases) / sizeof(cases[0]); n++) {
        const struct field *field = field_by_name(cases[n].kind, cases[n].field);
        struct value value = {0};
        struct rejection rejection;
        int rc = transform_value(field, cases[n].text, strlen(cases[n].text), &out, &value, &rejection);
        tell(field, rc, value, &rejection, &said);
        if (strcmp(said.data, cases[n].wanted) != 0)
            fail_msg("%s %s: %s", cases[n].field, cases[n].text, said.data);
    }
    buffer_done(&out);
    buffer_done(&said);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(days_are_read_by_pattern_or_type_and_never_guessed),
        cmocka_unit_test(instants_are_kept_in_utc),
        cmocka_unit_test(numbers_are_exact_and_their_signs_are_told),
        cmocka_unit_test(truth_has_its_words),
        cmocka_unit_test(absent_null_and_empty_stay_apart),
        cmocka_unit_test(references_name_who_is_meant),
        cmocka_unit_test(numeric_cells_in_identifiers_are_flagged),
        cmocka_unit_test(columns_become_an_ordered_object),
        cmocka_unit_test(json_of_a_cell_is_json_as_it_is_written),
        cmocka_unit_test(typed_texts_are_checked_against_the_field),
    };
    return cmocka_run_group_tests_name("transform_typed", tests, examples_begin, examples_end);
}
