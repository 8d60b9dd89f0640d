/* test_transform - cells become values, by rules as integrators write them. */
#include "unit.h"

#include "base/buffer.h"
#include "base/error.h"
#include "base/fault.h"
#include "base/zone.h"
#include "engine/reason.h"
#include "engine/transform.h"

#include <errno.h>
#include <muster/connector.h>
#include <stdio.h>

static const struct field custom[] = {
    {.kind = KIND_person, .number = 1000, .name = "custom.badge", .type = TYPE_TEXT, .doc = ""},
    {.kind = KIND_person, .number = 1001, .name = "custom.since", .type = TYPE_TIME, .doc = ""},
    {.kind = KIND_person, .number = 1002, .name = "custom.count", .type = TYPE_INTEGER, .doc = ""},
    {.name = NULL},
};

static struct zone *amsterdam;
static struct transform *transform;

struct made {
    struct complaints complaints;
    const struct mapping *mapping;
};

/* One stream with the one field: `person.work_email: E-mail`. Its columns are A, B, C. */
static struct made compiled(const char *text)
{
    struct made made = {.complaints = {.arena = arena_new(), .file = "a.yaml"}};
    const struct node *node = NULL;
    struct buffer said = {0};
    assert_int_equal(node_read_text(text, strlen(text), &made.complaints, &node), 0);
    int rc = mapping_compile("s", node, custom, &made.complaints, &made.mapping);
    complaints_write(&made.complaints, &said);
    if (rc != 0)
        fail_msg("%s\n%s", text, said.data ? said.data : "");
    buffer_done(&said);
    return made;
}

static void done(struct made *made)
{
    mapping_done(made->mapping);
    arena_free(made->complaints.arena);
}

static struct made field_made(const char *field, const char *rule)
{
    struct buffer text = {0};
    const char *dot = strchr(field, '.');
    buffer_format(&text, "%.*s: { %s: %s }\n", (int)(dot - field), field, dot + 1, rule);
    struct made made = compiled(text.data);
    buffer_done(&text);
    return made;
}

/* Cells as the tables below write them: "text", "-" absent, "0" null is "~"; "date:", "datetime:", "decimal:",
 * "bool:", "time:", "integer:", "json:" give the type. */
static struct cell cell_of(const char *written)
{
    static const struct {
        const char *prefix;
        uint8_t type;
    } types[] = {{"date:", MUSTER_DATE}, {"datetime:", MUSTER_DATETIME}, {"decimal:", MUSTER_DECIMAL},
                 {"bool:", MUSTER_BOOL}, {"time:", MUSTER_TIME},         {"integer:", MUSTER_INTEGER},
                 {"json:", MUSTER_JSON}};
    struct cell cell = {.presence = PRESENCE_VALUE, .type = MUSTER_TEXT, .bytes = written ? written : ""};
    if (!written || strcmp(written, "absent:") == 0)
        return (struct cell){.presence = PRESENCE_ABSENT};
    if (strcmp(written, "null:") == 0)
        return (struct cell){.presence = PRESENCE_NULL};
    if (strcmp(written, "empty:") == 0)
        return (struct cell){.presence = PRESENCE_EMPTY};
    for (size_t n = 0; n < sizeof(types) / sizeof(types[0]); n++)
        if (strncmp(written, types[n].prefix, strlen(types[n].prefix)) == 0) {
            cell.type = types[n].type;
            cell.bytes = written + strlen(types[n].prefix);
        }
    cell.len = (uint32_t)strlen(cell.bytes);
    return cell;
}

/* Cells by the names of the mapping's columns: A is the first text, B the second … */
static void fill(const struct mapping *mapping, const char *const written[3], struct cell *cells)
{
    for (size_t n = 0; n < mapping->column_count; n++) {
        const char *name = mapping->columns[n];
        assert_true(name[0] >= 'A' && name[0] <= 'C' && name[1] == '\0');
        cells[n] = cell_of(written[name[0] - 'A']);
    }
}

/* The outcome in words: the value, "!" when flagged; "absent", "null", "empty", "clears"; "reject CODE". */
static void tell(const struct field *field, int rc, struct value value, const struct rejection *rejection,
                 struct buffer *out)
{
    static const char *const blanks[] = {"absent", "null", "empty"};
    struct reference reference;
    buffer_clear(out);
    if (rc == ERR_DATA) {
        assert_non_null(reason_text(rejection->reason));
        buffer_format(out, "reject %s", rejection->reason);
        return;
    }
    assert_int_equal(rc, 0);
    if (value.presence != PRESENCE_VALUE) {
        buffer_format(out, "%s%s", blanks[value.presence], value.flags & VALUE_CLEARS ? " clears" : "");
        assert_int_equal(value.len, 0);
        return;
    }
    assert_true(value.len > 0);
    if (field->type == TYPE_REF) {
        assert_true(reference_read(value.bytes, value.len, &reference));
        buffer_format(out, "%c%u:%u:%.*s:%.*s", reference.how, reference.unit_type, reference.field,
                      (int)reference.text_len, reference.text, (int)reference.name_len, reference.name);
    } else {
        transform_show(field, value, out);
    }
    if (value.flags & VALUE_FLAGGED)
        buffer_text(out, " !");
}

struct example {
    const char *field, *rule;
    const char *cells[3];
    const char *wanted;
};

static size_t check(const struct example *examples, size_t count)
{
    size_t failures = 0;
    struct buffer said = {0};
    for (size_t n = 0; n < count; n++) {
        struct made made = field_made(examples[n].field, examples[n].rule);
        const struct rule *rule = &made.mapping->sections[0].rules[0];
        struct cell cells[3] = {0};
        fill(made.mapping, examples[n].cells, cells);
        struct transform_input input = {cells, "Utrecht Centrum", amsterdam, "s7"};
        /* Twice: the second time nothing of the first may be left. */
        for (int again = 0; again < 2; again++) {
            struct value value = {0};
            struct rejection rejection = {0};
            transform_start(transform);
            int rc = transform_rule(transform, rule, &input, &value, &rejection);
            tell(rule->field, rc, value, &rejection, &said);
            if (strcmp(said.data, examples[n].wanted) != 0) {
                print_error("%s: %s | %s | %s: %s instead of %s\n", examples[n].field, examples[n].rule,
                            examples[n].cells[0] ? examples[n].cells[0] : "",
                            examples[n].cells[1] ? examples[n].cells[1] : "", said.data, examples[n].wanted);
                failures++;
            }
        }
        done(&made);
    }
    buffer_done(&said);
    return failures;
}

#define CHECK(examples) assert_int_equal(check(examples, sizeof(examples) / sizeof(examples[0])), 0)
#define TEXT "person.family_name"

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

#define STATUS "person.status"
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

#define DAY "person.hired_on"

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
        {DAY, "A", {"2024-02-01"}, "2024-02-01"},
        {DAY, "A", {"2024-02-01 00:00:00"}, "2024-02-01"},
        {DAY, "A", {"2024-02-01 08:15"}, "2024-02-01 !"},
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
    };
    CHECK(examples);
}

#define INSTANT "shift.starts_at"

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

#define NUMBER "employment.fte_percent"

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
        {NUMBER, "A", {"decimal:1e99"}, "reject bad_number"},
        {NUMBER, "A", {"decimal:1,5"}, "reject bad_number"},
        {NUMBER, "A", {"date:2024-01-01"}, "reject bad_number"},
        {"person.custom.count", "A", {"decimal:12.0"}, "12"},
        {"person.custom.count", "A", {"12.5"}, "reject bad_number"},
        {"person.custom.count", "A", {"1200"}, "1200"},
    };
    CHECK(examples);
}

#define TRUTH "employment.is_default"

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

static int set_up(void **state)
{
    (void)state;
    return zone_open("Europe/Amsterdam", &amsterdam) | transform_new(&transform);
}

static int tear_down(void **state)
{
    (void)state;
    zone_free(amsterdam);
    transform_free(transform);
    return 0;
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
        cmocka_unit_test(days_are_read_by_pattern_or_type_and_never_guessed),
        cmocka_unit_test(instants_are_kept_in_utc),
        cmocka_unit_test(numbers_are_exact_and_their_signs_are_told),
        cmocka_unit_test(truth_has_its_words),
        cmocka_unit_test(absent_null_and_empty_stay_apart),
        cmocka_unit_test(references_name_who_is_meant),
        cmocka_unit_test(numeric_cells_in_identifiers_are_flagged),
        cmocka_unit_test(columns_become_an_ordered_object),
        cmocka_unit_test(conditions_hold_or_not),
        cmocka_unit_test(keys_are_clean_and_trimmed),
        cmocka_unit_test(values_of_a_record_stay_where_they_are),
        cmocka_unit_test(a_rejection_names_the_column),
        cmocka_unit_test(typed_texts_are_checked_against_the_field),
        cmocka_unit_test(every_reason_has_a_sentence),
#ifdef HAVE_FAULTS
        cmocka_unit_test(every_allocation_of_a_rule_may_fail),
#endif
    };
    return cmocka_run_group_tests_name("transform", tests, set_up, tear_down);
}
