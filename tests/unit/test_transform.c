/* test_transform - cells become values, by rules as integrators write them: what the words of a rule do with text. */
#include "example.h"

#include "base/error.h"
#include "base/fault.h"
#include "logic/reason.h"

#include <errno.h>
#include <muster/connector.h>
#include <stdio.h>

static void text_is_trimmed_and_kept_as_it_is(void **state)
{
    (void)state;
    static const struct example examples[] = {
        {TEXT, "A", {"Jansen"}, "Jansen"},
        {TEXT, "A", {"  van  Dijk \t"}, "van  Dijk"},
        {TEXT, "A", {"\xc2\xa0Zoë\xe2\x80\x8b"}, "Zoë"},
        {TEXT, "{ from: A, trim: false }", {" x "}, " x "},
        {TEXT, "{ from: A, trim: false }", {"   "}, "empty"},
        {TEXT, "A", {"  "}, "empty"},
        {TEXT, "A", {"\xc2\xa0"}, "empty"},
        {TEXT, "A", {"one\ntwo\tthree"}, "one\ntwo\tthree"},
        {TEXT, "A", {"one\r\ntwo\rthree\r\n"}, "one\ntwo\nthree"},
        {TEXT,
         "A",
         {"a\x01"
          "b"},
         "reject control_character"},
        {TEXT,
         "A",
         {"a\x7f"
          "bcdefghi"},
         "reject control_character"},
        {TEXT, "A", {"abcdefgh\x1b[2J"}, "reject control_character"},
        {TEXT,
         "A",
         {"a\xc2\x85"
          "b"},
         "a\xc2\x85"
         "b"},
        {TEXT,
         "A",
         {"a\xc2\x9b"
          "b"},
         "reject control_character"},
        {TEXT, "A", {"a\xc2\x9b"}, "reject control_character"},
        {TEXT,
         "A",
         {"a\xc2\xa9"
          "b"},
         "a\xc2\xa9"
         "b"},
        {TEXT, "A", {"caf\xe9"}, "reject not_utf8"},
        {TEXT, "A", {"\xed\xa0\x80"}, "reject not_utf8"},
        {TEXT, "A", {"date:2024-02-29"}, "2024-02-29"},
        {TEXT, "A", {"decimal:42"}, "42"},
        {TEXT, "A", {"0042"}, "0042"},
    };
    CHECK(examples);
}

static void text_that_is_too_long_is_rejected(void **state)
{
    (void)state;
    static char longest[32769];
    memset(longest, 'x', sizeof(longest) - 1);
    const struct example too_long = {TEXT, "A", {longest}, "reject too_long"};
    assert_int_equal(check(&too_long, 1), 0);
    longest[32767] = '\0';
    const struct example fits = {TEXT, "A", {longest}, longest};
    assert_int_equal(check(&fits, 1), 0);
    const struct example joined = {TEXT, "{ join: [A, B] }", {longest, "y"}, "reject too_long"};
    assert_int_equal(check(&joined, 1), 0);
    const struct example replaced = {TEXT, "{ from: A, match: x, replace: xx }", {longest}, "reject too_long"};
    assert_int_equal(check(&replaced, 1), 0);
}

static void words_work_on_text_in_their_order(void **state)
{
    (void)state;
    static const struct example examples[] = {
        {TEXT, "{ from: A, lower: true }", {"ÅSE@X.NO"}, "åse@x.no"},
        {TEXT, "{ from: A, upper: true }", {"nl-åse"}, "NL-ÅSE"},
        {TEXT, "{ from: A, lower: false }", {"AbC"}, "AbC"},
        {TEXT, "{ from: A, digits: true }", {"+31 (0)6-1234"}, "31061234"},
        {TEXT, "{ from: A, digits: true }", {"none"}, "empty"},
        {TEXT, "{ from: A, split: ',', take: 1 }", {"a, b,c"}, "a"},
        {TEXT, "{ from: A, split: ',', take: 2 }", {"a, b,c"}, "b"},
        {TEXT, "{ from: A, split: ',', take: 3 }", {"a, b,c"}, "c"},
        {TEXT, "{ from: A, split: ',', take: 4 }", {"a, b,c"}, "null"},
        {TEXT, "{ from: A, split: ',', take: 2 }", {"a,,c"}, "empty"},
        {TEXT, "{ from: A, split: '--', take: 2 }", {"a-b--c-d"}, "c-d"},
        {TEXT, "{ from: A, split: '、', take: 2 }", {"张、王"}, "王"},
        {TEXT, "{ from: A, match: '^B-(\\d+)$', take: 1 }", {"B-042"}, "042"},
        {TEXT, "{ from: A, match: '^B-(\\d+)$', take: 1 }", {"C-042"}, "null"},
        {TEXT, "{ from: A, match: '\\d+' }", {"room 17 b"}, "17"},
        {TEXT, "{ from: A, match: '(x)?(y)', take: 1 }", {"y"}, "null"},
        {TEXT, "{ from: A, match: '(x*)y', take: 1 }", {"y"}, "empty"},
        {TEXT, "{ from: A, match: '(?i)^(zoë)', take: 1 }", {"ZOË"}, "ZOË"},
        {TEXT, "{ from: A, match: '^(\\w+), (\\w+)$', replace: '$2 $1' }", {"Jansen, Zoë"}, "Zoë Jansen"},
        {TEXT, "{ from: A, match: '[ .-]', replace: '' }", {"1 2.3-4"}, "1234"},
        {TEXT, "{ from: A, match: '[ .-]', replace: '' }", {"1234"}, "null"},
        {TEXT, "{ from: A, match: '^(a)?(b)', replace: '<${1:-none}$2>' }", {"b"}, "<noneb>"},
        {TEXT, "{ from: A, match: 'x', replace: '' }", {"x"}, "empty"},
        {TEXT, "{ from: A, split: ';', take: 2, match: '^0*(\\d+)', replace: '$1' }", {"a; 007"}, "7"},
        {"person.mobile_phone",
         "{ from: A, digits: true, match: '^(?:31|0)?(6\\d{8})$', replace: '+31$1' }",
         {"+31 6 12 34 56 78"},
         "+31612345678"},
        {"person.mobile_phone",
         "{ from: A, digits: true, match: '^(?:31|0)?(6\\d{8})$', replace: '+31$1' }",
         {"06-12345678"},
         "+31612345678"},
        {"person.mobile_phone",
         "{ from: A, digits: true, match: '^(?:31|0)?(6\\d{8})$', replace: '+31$1' }",
         {"020-1234567"},
         "null"},
        {TEXT, "{ from: A, match: '^(\\w+)@', take: 1, upper: true }", {"a.b@c"}, "null"},
        {TEXT, "{ from: A, match: '^(\\w+)@', take: 1, upper: true }", {"ab@c"}, "AB"},
        {TEXT,
         "{ from: A, lower: true }",
         {"a\xff"
          "B"},
         "reject not_utf8"},
    };
    CHECK(examples);
}

static void no_pattern_can_hang_a_run(void **state)
{
    (void)state;
    static char text[20001];
    memset(text, 'a', sizeof(text) - 1);
    const struct example examples[] = {
        {TEXT, "{ from: A, match: '^(a+)+[bc]' }", {text}, "reject pattern_limit"},
        {TEXT, "{ from: A, match: '(a|aa)+[bc]', replace: '' }", {text}, "reject pattern_limit"},
    };
    assert_int_equal(check(examples, 2), 0);
}

static void values_come_from_several_places(void **state)
{
    (void)state;
    static const struct example examples[] = {
        {TEXT, "{ first_of: [A, B, C] }", {"", "b", "c"}, "b"},
        {TEXT, "{ first_of: [A, B, C] }", {"a", "b", "c"}, "a"},
        {TEXT, "{ first_of: [A, B] }", {"null:", " ", NULL}, "empty"},
        {TEXT, "{ first_of: [A, B] }", {"null:", "null:"}, "null"},
        {TEXT, "{ first_of: [A, B] }", {"absent:", "b"}, "b"},
        {TEXT, "{ first_of: [A, B], on_empty: clear }", {"absent:", ""}, "absent"}, /* it may be in what is missing */
        {TEXT, "{ first_of: [A, B] }", {"a\x01", "b"}, "reject control_character"},
        {TEXT, "{ join: [A, B, C], with: ' ' }", {"Jan", "", "Jansen"}, "Jan Jansen"},
        {TEXT, "{ join: [A, B, C], with: ' ' }", {"Jan", "van", "Dam"}, "Jan van Dam"},
        {TEXT, "{ join: [A, B] }", {" a ", "b"}, "ab"},
        {TEXT, "{ join: [A, B], with: '-' }", {"a\r\nb", "c\rd"}, "a\nb-c\nd"},
        {TEXT, "{ join: [A, B], with: '-', upper: true }", {"a\r\nb", "c"}, "A\nB-C"},
        {TEXT, "{ join: [A, B], with: ' ' }", {"", ""}, "empty"},
        {TEXT, "{ join: [A, B], with: ' ' }", {"absent:", ""}, "absent"},
        {TEXT, "{ join: [A, B], with: ' ' }", {"absent:", "b"}, "b"},
        {"person.country", "{ const: NO }", {NULL}, "NO"},
        {"employment.full_time_hours", "{ const: 37.50 }", {NULL}, "37.5"},
        {"employment.working_hours_arrangement", "{ const: semi_continuous }", {NULL}, "semi_continuous"},
        {TEXT, "{ from_partition: true }", {NULL}, "Utrecht Centrum"},
        {TEXT, "{ from_partition: true, split: ' ', take: 2 }", {NULL}, "Centrum"},
    };
    CHECK(examples);
}

#define TABLE "table: { Active: active, Öffnet: pending, 在职: active, Left: terminated }"

static void tables_compare_as_people_do(void **state)
{
    (void)state;
    static const struct example examples[] = {
        {STATUS, "{ from: A, " TABLE " }", {"Active"}, "active"},
        {STATUS, "{ from: A, " TABLE " }", {" aCTIVE "}, "active"},
        {STATUS, "{ from: A, " TABLE " }", {"ÖFFNET"}, "pending"},
        {STATUS,
         "{ from: A, " TABLE " }",
         {"o\xcc\x88"
          "ffnet"},
         "pending"},
        {STATUS, "{ from: A, " TABLE " }", {"在职"}, "active"},
        {STATUS, "{ from: A, " TABLE " }", {"relocation"}, "relocation"},     /* the field's own word */
        {STATUS, "{ from: A, " TABLE " }", {"离职"}, "reject unknown_value"}, /* status has no `other` */
        {STATUS, "{ from: A, " TABLE ", otherwise: reject }", {"relocation"}, "reject unknown_value"},
        {STATUS, "{ from: A, " TABLE ", otherwise: inactive }", {"x"}, "inactive"},
        {STATUS, "{ from: A, " TABLE ", otherwise: keep }", {"x"}, "reject unknown_value"},
        {STATUS, "{ from: A, " TABLE ", otherwise: reject }", {""}, "empty"},
        {STATUS, "{ from: A, table: { '': inactive, x: active } }", {" "}, "inactive"},
        {STATUS, "{ from: A, table: { '': inactive, x: active } }", {"empty:"}, "inactive"},
        {STATUS, "{ from: A, table: { '': inactive, x: active } }", {"null:"}, "null"},
        {STATUS, "{ from: A, table: { '?': '', x: active }, on_empty: clear }", {"?"}, "empty clears"},
        {STATUS, "A", {"On_Leave"}, "on_leave"},
        {STATUS, "A", {"away"}, "reject unknown_value"},
        {"absence.type", "{ from: A, table: { Foreldre: maternity } }", {"Militær"}, "other !"},
        {"absence.type", "{ from: A, table: { Foreldre: maternity }, otherwise: keep }", {"Militær"}, "other !"},
        {"absence.type", "{ from: A, table: { Foreldre: maternity }, otherwise: keep }", {"military"}, "military"},
        {"absence.type", "{ from: A, otherwise: reject }", {"Militær"}, "reject unknown_value"},
        {"absence.type", "{ from: A, otherwise: education }", {"Militær"}, "education"},
        {"absence.type", "{ from: A, otherwise: reject }", {"military"}, "military"},
        {TEXT, "{ from: A, table: { a: Anna } }", {"A"}, "Anna"},
        {TEXT, "{ from: A, table: { a: Anna } }", {"B"}, "B"},
        {TEXT, "{ from: A, table: { a: Anna }, otherwise: keep }", {"B"}, "B"},
        {TEXT, "{ from: A, table: { a: Anna }, otherwise: reject }", {"B"}, "reject unknown_value"},
        {TEXT, "{ from: A, table: { a: Anna }, otherwise: none }", {"B"}, "none"},
        {TEXT, "{ from: A, lower: true, table: { 'b-1': one } }", {"B-1"}, "one"},
        {TEXT, "{ from: A, table: { '1': one } }", {"decimal:1"}, "one"},
        {"person.hired_on", "{ from: A, date: DD-MM-YYYY, table: { start: 2020-01-01 } }", {"Start"}, "2020-01-01"},
        {"person.hired_on", "{ from: A, date: DD-MM-YYYY, table: { start: 2020-01-01 } }", {"2-1-2020"}, "2020-01-02"},
        {"person.hired_on", "{ from: A, table: { nooit: '' }, on_empty: clear }", {"nooit"}, "empty clears"},
    };
    CHECK(examples);
}

static void conditions_hold_or_not(void **state)
{
    (void)state;
    static const struct {
        const char *when;
        const char *cells[3];
        bool holds;
    } cases[] = {
        {"{ from: A, present: true }", {"x"}, true},
        {"{ from: A, present: true }", {" "}, false},
        {"{ from: A, present: true }", {"null:"}, false},
        {"{ from: A, present: true }", {"absent:"}, false},
        {"{ from: A, present: false }", {"absent:"}, true},
        {"{ from: A, present: false }", {"x"}, false},
        {"{ from: A, present: true }", {"\xff"}, true},
        {"{ from: A, equals: Yes }", {" yES "}, true},
        {"{ from: A, equals: Yes }", {"no"}, false},
        {"{ from: A, equals: Yes }", {""}, false},
        {"{ from: A, in: ['100', '110'] }", {"110"}, true},
        {"{ from: A, in: ['100', '110'] }", {"decimal:100"}, true},
        {"{ from: A, in: ['100', '110'] }", {"0100"}, false},
        {"{ from: A, match: '^N\\d' }", {"N1x"}, true},
        {"{ from: A, match: '^N\\d' }", {"xN1"}, false},
        {"{ from: A, match: '^N\\d' }", {"\xff"}, false},
        {"{ from: A, not: { equals: x } }", {"y"}, true},
        {"{ from: A, not: { equals: x } }", {"X"}, false},
        {"{ from: A, not: { equals: x } }", {"absent:"}, true},
        {"{ from: A, present: true, not: { in: [x, y] } }", {"z"}, true},
        {"{ from: A, present: true, not: { in: [x, y] } }", {"y"}, false},
        {"{ from: A, present: true, not: { in: [x, y] } }", {""}, false},
        {"{ from: A, not: { match: '^a', in: [ab, b] } }", {"ab"}, false}, /* both hold */
        {"{ from: A, not: { match: '^a', in: [ab, b] } }", {"ac"}, true},  /* one does not */
        {"[{ from: A, present: true }, { from: B, equals: b }]", {"x", "b"}, true},
        {"[{ from: A, present: true }, { from: B, equals: b }]", {"x", "c"}, false},
        {"[{ from: A, present: true }, { from: B, equals: b }]", {"", "b"}, false},
        {"{ not: { from: B, equals: b } }", {NULL, "b"}, false},
        {"{ not: { from: B, equals: b } }", {NULL, "c"}, true},
        {"{ from: A, present: true, not: { from: B, present: true } }", {"a", "b"}, false},
        {"{ from: A, present: true, not: { from: B, present: true } }", {"a", ""}, true},
        {"{ from: A, match: '^(a+)+[bc]', present: true }",
         {"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"},
         false},
    };
    for (size_t n = 0; n < sizeof(cases) / sizeof(cases[0]); n++) {
        char text[200];
        snprintf(text, sizeof(text), "person: { given_name: C }\nwhere: %s\n", cases[n].when);
        struct made made = compiled(text);
        struct cell cells[3] = {0};
        fill(made.mapping, cases[n].cells, cells);
        struct transform_input input = {cells, "", amsterdam, ""};
        if (transform_condition(transform, made.mapping->where, &input) != cases[n].holds)
            fail_msg("%s on %s", cases[n].when, cases[n].cells[0] ? cases[n].cells[0] : cases[n].cells[1]);
        done(&made);
    }
    struct transform_input none = {0};
    assert_true(transform_condition(transform, NULL, &none));
}

static void keys_are_clean_and_trimmed(void **state)
{
    (void)state;
    static const struct {
        const char *cell, *wanted; /* NULL: rejected */
    } cases[] = {{" 0042 ", "0042"}, {"", ""},       {"null:", ""},   {"absent:", ""},
                 {"a\r\nb", "a\nb"}, {"\xff", NULL}, {"a\x01", NULL}, {"decimal:7", "7"}};
    for (size_t n = 0; n < sizeof(cases) / sizeof(cases[0]); n++) {
        struct cell cell = cell_of(cases[n].cell);
        struct transform_input input = {&cell, "", amsterdam, ""};
        const char *text = NULL;
        size_t len = 99;
        struct rejection rejection = {.column = -1};
        transform_start(transform);
        int rc = transform_key(transform, &input, 0, &text, &len, &rejection);
        assert_int_equal(rc, cases[n].wanted ? 0 : ERR_DATA);
        if (rc == 0) {
            assert_int_equal(len, strlen(cases[n].wanted));
            assert_memory_equal(text, cases[n].wanted, len);
        } else {
            assert_int_equal(rejection.column, 0);
        }
    }
}

/* Values of one record are put into an image together, so none may move while the next ones are made. */
static void values_of_a_record_stay_where_they_are(void **state)
{
    (void)state;
    enum { MANY = 200, LONG = 3000 };
    struct made made = field_made(TEXT, "{ from: A, upper: true }");
    static char texts[MANY][LONG];
    struct value values[MANY];
    for (int record = 0; record < 3; record++) {
        transform_start(transform);
        for (int n = 0; n < MANY; n++) {
            size_t len = (size_t)((n * 37 + record * 11) % (LONG - 1)) + 1;
            memset(texts[n], 'a' + n % 26, len);
            struct cell cell = {PRESENCE_VALUE, MUSTER_TEXT, (uint32_t)len, texts[n]};
            struct transform_input input = {&cell, "", amsterdam, ""};
            struct rejection rejection;
            assert_int_equal(
                transform_rule(transform, &made.mapping->sections[0].rules[0], &input, &values[n], &rejection), 0);
        }
        for (int n = 0; n < MANY; n++)
            for (uint32_t at = 0; at < values[n].len; at++)
                assert_int_equal(values[n].bytes[at], 'A' + n % 26);
    }
    done(&made);
}

static void a_rejection_names_the_column(void **state)
{
    (void)state;
    struct made made = compiled("person: { given_name: A, display_name: { first_of: [B, C] } }");
    struct cell cells[3] = {cell_of("a"), cell_of(""), cell_of("\x02")};
    struct transform_input input = {cells, "", amsterdam, ""};
    struct value value;
    struct rejection rejection = {.column = -1};
    assert_int_equal(transform_rule(transform, &made.mapping->sections[0].rules[1], &input, &value, &rejection),
                     ERR_DATA);
    assert_string_equal(made.mapping->columns[rejection.column], "C");
    assert_string_equal(rejection.reason, "control_character");
    done(&made);
}

#ifdef HAVE_FAULTS
static void every_allocation_of_a_rule_may_fail(void **state)
{
    (void)state;
    static const char *const rules[] = {"{ join: [A, B], with: x, lower: true }",
                                        "{ from: A, match: 'ë', replace: 'x' }",
                                        "{ from: A, table: { é: e }, otherwise: keep, upper: true }"};
    for (size_t r = 0; r < sizeof(rules) / sizeof(rules[0]); r++) {
        struct made made = field_made(TEXT, rules[r]);
        long nth = 0, failures = 0;
        for (bool failed = true; failed;) {
            struct transform *own = NULL;
            struct cell cells[2] = {cell_of("Zoë\r\nÅ"), cell_of("b")};
            struct transform_input input = {cells, "", amsterdam, ""};
            struct value value = {0};
            struct rejection rejection;
            fault_plan("alloc", ++nth);
            int rc = transform_new(&own);
            if (rc == 0)
                rc = transform_rule(own, &made.mapping->sections[0].rules[0], &input, &value, &rejection);
            failed = fault_plan("alloc", 0) >= nth;
            assert_int_equal(rc, failed ? -ENOMEM : 0);
            failures += failed;
            transform_free(own);
        }
        assert_true(failures > 1);
        done(&made);
    }
}
#endif

static void every_reason_has_a_sentence(void **state)
{
    (void)state;
    for (unsigned n = 0; reason_nth(n); n++) {
        assert_non_null(reason_text(reason_nth(n)));
        assert_true(strlen(reason_text(reason_nth(n))) > 10);
    }
    assert_null(reason_text("no_such_reason"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(text_is_trimmed_and_kept_as_it_is),
        cmocka_unit_test(text_that_is_too_long_is_rejected),
        cmocka_unit_test(words_work_on_text_in_their_order),
        cmocka_unit_test(no_pattern_can_hang_a_run),
        cmocka_unit_test(values_come_from_several_places),
        cmocka_unit_test(tables_compare_as_people_do),
        cmocka_unit_test(conditions_hold_or_not),
        cmocka_unit_test(keys_are_clean_and_trimmed),
        cmocka_unit_test(values_of_a_record_stay_where_they_are),
        cmocka_unit_test(a_rejection_names_the_column),
        cmocka_unit_test(every_reason_has_a_sentence),
#ifdef HAVE_FAULTS
        cmocka_unit_test(every_allocation_of_a_rule_may_fail),
#endif
    };
    return cmocka_run_group_tests_name("transform", tests, examples_begin, examples_end);
}
