/* test_decision - why a record was passed over: one row each, written when the reason changes, gone when it is taken.
 */
#include "shop.h"

#include "scratch.h"
#include "tables/decision.h"

#include <inttypes.h>

#define HR                                                                                                             \
    "  hr:\n"                                                                                                          \
    "    connector: table\n"                                                                                           \
    "    options: { location: DIR/hr }\n"                                                                              \
    "    safeguards: { deactivate: 100%, rekey: 100%, email: 100%, manager: 100% }\n"                                  \
    "    streams:\n"                                                                                                   \
    "      people:\n"                                                                                                  \
    "        key: Id\n"                                                                                                \
    "        person: { employee_number: Nr, family_name: Last, work_email: Mail }\n"                                   \
    "        require: [family_name]\n"                                                                                 \
    "        where: { from: Company, in: ['100', '110'] }\n"
#define DESK                                                                                                           \
    "  desk:\n"                                                                                                        \
    "    connector: table\n"                                                                                           \
    "    options: { location: DIR/desk }\n"                                                                            \
    "    streams:\n"                                                                                                   \
    "      seats:\n"                                                                                                   \
    "        key: Id\n"                                                                                                \
    "        person: { employee_number: Nr, work_email: Mail, workstation_number: Seat }\n"
#define COLUMNS "columns Id|Nr|Last|Mail|Company\n"
#define SEATS "columns Id|Nr|Mail|Seat\n"

static int line_compare(const void *a, const void *b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

/* "ID reason about text place @run" a line, sorted. To be freed. */
static char *rows_text(struct shop *shop)
{
    struct txn txn __attribute__((cleanup(tidy_txn)));
    struct cursor cursor __attribute__((cleanup(tidy_cursor)));
    struct buffer out = {0};
    char *lines[400];
    size_t count = 0;
    txn_begin(&txn, shop->store, false);
    cursor_open(&cursor, &txn, TABLE_decision);
    for (bool there = cursor_seek(&cursor, bytes("", 0)); there; there = cursor_next(&cursor)) {
        struct decision_row row;
        struct bytes id = source_key_id(cursor.key);
        struct buffer line = {0};
        assert_true(decision_read(cursor.value, &row));
        buffer_add(&line, id.data, id.len);
        const struct bytes texts[] = {row.reason, row.about, row.text, row.place};
        for (size_t i = 0; i < 4; i++) {
            buffer_byte(&line, ' ');
            buffer_add(&line, texts[i].data, texts[i].len);
        }
        buffer_format(&line, " @%u\n", row.run);
        assert_true(count < 400);
        lines[count++] = buffer_take(&line);
    }
    qsort(lines, count, sizeof(*lines), line_compare);
    buffer_text(&out, "");
    for (size_t i = 0; i < count; i++) {
        buffer_text(&out, lines[i]);
        free(lines[i]);
    }
    buffer_byte(&out, '\0');
    return buffer_take(&out);
}

static void expect_rows(struct shop *shop, const char *wanted)
{
    char *text __attribute__((cleanup(tidy_free))) = rows_text(shop);
    assert_string_equal(text, wanted);
}

static void a_record_outside_where_says_by_which_column_and_what_stood_there(void **state)
{
    (void)state;
    struct shop shop;
    shop_open(&shop, "connections:\n" HR);
    shop_hear(&shop, "hr", COLUMNS "row a|1|Vos|a@x|100\nrow b|2|Bos|b@x|200\nrow c|3|Mol|c@x|\n");
    expect_rows(&shop, "b filtered_out Company 200 Sheet!E3 @1\nc filtered_out Company  Sheet!E4 @1\n");
    shop_check_again(&shop);
    shop_close(&shop);
}

static void a_row_that_moves_is_not_written_again_and_one_with_another_reason_is(void **state)
{
    (void)state;
    struct shop shop;
    shop_open(&shop, "connections:\n" HR);
    shop_hear(&shop, "hr", COLUMNS "row b|2|Bos|b@x|200\n");
    shop_hear(&shop, "hr", COLUMNS "row a|1|Vos|a@x|100\nrow b|2|Bos|b@x|200\n");
    expect_rows(&shop, "b filtered_out Company 200 Sheet!E2 @1\n");
    shop_hear(&shop, "hr", COLUMNS "row a|1|Vos|a@x|100\nrow b|2|Bos|b@x|300\n");
    expect_rows(&shop, "b filtered_out Company 300 Sheet!E3 @3\n");
    shop_hear(&shop, "hr", COLUMNS "row a|1|Vos|a@x|100\nrow b|2||b@x|100\n");
    expect_rows(&shop, "b required_field_missing person.family_name  Sheet!C3 @4\n");
    shop_check_again(&shop);
    shop_close(&shop);
}

static void a_record_that_is_taken_has_none(void **state)
{
    (void)state;
    struct shop shop;
    shop_open(&shop, "connections:\n" HR);
    shop_hear(&shop, "hr", COLUMNS "row a|1|Vos|a@x|200\nrow b|2||b@x|100\nrow c|3|Mol|c@x|100\nrow c|3|Pol|c@x|100\n");
    expect_rows(&shop, "a filtered_out Company 200 Sheet!E2 @1\n"
                       "b required_field_missing person.family_name  Sheet!C3 @1\n"
                       "c duplicate_key   Sheet!4 @1\n");
    shop_hear(&shop, "hr", COLUMNS "row a|1|Vos|a@x|100\nrow b|2|Bos|b@x|100\nrow c|3|Mol|c@x|100\n");
    expect_rows(&shop, "");
    /* known already, spoilt for a while, and then the same again as it was before */
    shop_hear(&shop, "hr", COLUMNS "row a|1|Vos|a@x|100\nrow b|2||b@x|100\nrow c|3|Mol|c@x|100\n");
    expect_rows(&shop, "b required_field_missing person.family_name  Sheet!C3 @3\n");
    shop_hear(&shop, "hr", COLUMNS "row a|1|Vos|a@x|100\nrow b|2|Bos|b@x|100\nrow c|3|Mol|c@x|100\n");
    expect_rows(&shop, "");
    shop_check_again(&shop);
    shop_close(&shop);
}

static void only_a_complete_pull_forgets_who_is_not_there(void **state)
{
    (void)state;
    struct shop shop;
    shop_open(&shop, "connections:\n" HR);
    shop_hear(&shop, "hr", COLUMNS "row a|1|Vos|a@x|200\nrow b|2|Bos|b@x|200\n");
    shop_say(&shop, "hr", COLUMNS "row a|1|Vos|a@x|200\npartial half of it\n");
    shop_run(&shop, "hr", false, 0);
    expect_rows(&shop, "a filtered_out Company 200 Sheet!E2 @1\nb filtered_out Company 200 Sheet!E3 @1\n");
    shop_hear(&shop, "hr", COLUMNS "row a|1|Vos|a@x|200\n");
    expect_rows(&shop, "a filtered_out Company 200 Sheet!E2 @1\n");
    shop_close(&shop);
}

static void what_the_connector_rejects_keeps_its_words(void **state)
{
    (void)state;
    struct shop shop;
    shop_open(&shop, "connections:\n" HR);
    shop_hear(&shop, "hr", COLUMNS "row a|1|Vos|a@x|100\nreject b half a row\n");
    expect_rows(&shop, "b unreadable  half a row Sheet!A1 @1\n");
    shop_check_again(&shop);
    shop_close(&shop);
}

static void a_record_that_waits_for_its_person_says_so_until_they_come(void **state)
{
    (void)state;
    struct shop shop;
    shop_open(&shop, "connections:\n" HR DESK "authority: { person: { exists: [hr] } }\n"
                     "match: { person: [[employee_number], [work_email]], within_partition: apart }\n");
    shop_hear(&shop, "desk", SEATS "row p|1|a@x|D1\nrow q||z@x|D2\n");
    expect_rows(&shop, "p unmatched_not_owner    @1\nq unmatched_not_owner    @1\n");
    shop_hear(&shop, "hr", COLUMNS "row a|1|Vos|a@x|100\nrow b|2|Bos|z@x|100\nrow c|3|Mol|z@x|100\n");
    expect_rows(&shop, "q match_ambiguous    @2\n");
    shop_check_again(&shop);
    shop_hear(&shop, "hr", COLUMNS "row a|1|Vos|a@x|100\nrow b|2|Bos|z@x|100\nrow c|3|Mol|c@x|100\n");
    expect_rows(&shop, "");
    expect_field(&shop, "2", "workstation_number", "D2");
    shop_check_again(&shop);
    shop_close(&shop);
}

static void a_disputed_record_whose_row_is_spoilt_says_that_first(void **state)
{
    (void)state;
    struct shop shop;
    shop_open(&shop, "connections:\n" HR "  more:\n    connector: table\n    options: { location: DIR/more }\n"
                     "    streams: { rows: { key: Id, person: { work_email: Mail, phone: Phone },\n"
                     "      require: [phone] } }\n"
                     "match: { person: [[work_email]], within_partition: apart }\n");
    shop_hear(&shop, "hr", COLUMNS "row a|1|Vos|z@x|100\nrow b|2|Bos|y@x|100\n");
    shop_hear(&shop, "hr", COLUMNS "row a|1|Vos|z@x|100\nrow b|2|Bos|z@x|100\n");
    shop_hear(&shop, "more", "columns Id|Mail|Phone\nrow p|z@x|1\n");
    expect_rows(&shop, "p match_ambiguous    @3\n");
    shop_hear(&shop, "more", "columns Id|Mail|Phone\nrow p|z@x|\n");
    expect_rows(&shop, "p required_field_missing person.phone  Sheet!C2 @4\n");
    shop_check_again(&shop);
    shop_hear(&shop, "more", "columns Id|Mail|Phone\nrow p|z@x|1\n");
    expect_rows(&shop, "p match_ambiguous    @7\n");
    shop_check_again(&shop);
    shop_close(&shop);
}

static void the_value_of_a_protected_column_is_not_kept(void **state)
{
    (void)state;
    struct shop shop;
    shop_open(&shop, "connections:\n"
                     "  hr:\n    connector: table\n    options: { location: DIR/hr }\n"
                     "    streams: { people: { key: Id, person: { employee_number: Nr, national_id: Secret },\n"
                     "      where: { from: Secret, match: '^9' } } }\n");
    shop_hear(&shop, "hr", "columns Id|Nr|Secret\nrow a|1|123456782\n");
    expect_rows(&shop, "a filtered_out Secret  Sheet!C2 @1\n");
    shop_close(&shop);
}

#define MANY 20000

/* Half of them are another company's, each day the same. */
static void half_of_the_rows_filtered_out_each_day_write_nothing_the_second_day(void **state)
{
    (void)state;
    struct shop shop;
    struct buffer text = {0};
    shop_open(&shop, "connections:\n" HR);
    buffer_text(&text, COLUMNS);
    for (unsigned n = 0; n < MANY; n++)
        buffer_format(&text, "row %06u|%06u|Vos%u|e%u@x|%s\n", n, n, n, n, n % 2 ? "200" : "100");
    buffer_byte(&text, '\0');
    shop_say(&shop, "hr", text.data);
    shop_run(&shop, "hr", false, 0);
    assert_int_equal(shop.report.created, MANY / 2);
    assert_int_equal(shop.report.filtered, MANY / 2);
    assert_true(shop.report.puts <= 7 * (MANY / 2) + MANY / 2 + 10); /* one row for each that is passed over */
    shop_run(&shop, "hr", true, 0);
    assert_int_equal(shop.report.filtered, MANY / 2);
    assert_true(shop.report.puts < 10);
    buffer_done(&text);
    shop_close(&shop);
}

/* --- random histories against a model that is told what each row is --- */

enum { PEOPLE = 30, ROUNDS = 25 };
enum fate { ABSENT, TAKEN, ALTERED, OUTSIDE, ELSEWHERE, UNNAMED, TWICE, FATES };

struct model {
    const char *reason; /* NULL: none */
    const char *text;
    unsigned run;
};

static void model_hear(struct model *model, enum fate fate, bool complete, unsigned run)
{
    static const char *const reasons[FATES] = {[OUTSIDE] = "filtered_out Company",
                                               [ELSEWHERE] = "filtered_out Company",
                                               [UNNAMED] = "required_field_missing person.family_name",
                                               [TWICE] = "duplicate_key "};
    static const char *const texts[FATES] = {[OUTSIDE] = "200", [ELSEWHERE] = "300", [UNNAMED] = "", [TWICE] = ""};
    if (fate == ABSENT && !complete)
        return;
    if (reasons[fate] && model->reason && strcmp(reasons[fate], model->reason) == 0 &&
        strcmp(texts[fate], model->text) == 0)
        return;
    *model = (struct model){reasons[fate], texts[fate], run};
}

static void person_say(struct buffer *text, unsigned n, enum fate fate)
{
    static const char *const companies[FATES] = {[OUTSIDE] = "200", [ELSEWHERE] = "300"};
    if (fate == ABSENT)
        return;
    buffer_format(text, "row i%02u|%u|%s|e%u@x|%s\n", n, n,
                  fate == UNNAMED   ? ""
                  : fate == ALTERED ? "Bos"
                                    : "Vos",
                  n, companies[fate] ? companies[fate] : "100");
    if (fate == TWICE)
        buffer_format(text, "row i%02u|%u|Mol|e%u@x|100\n", n, n, n);
}

/* The rows without their places: "i07 filtered_out Company 200 @3". */
static char *rows_without_places(struct shop *shop)
{
    char *text = rows_text(shop);
    for (char *at = text, *place; (place = strstr(at, "Sheet!")); at = place) {
        char *end = strchr(place, ' ');
        memmove(place, end + 1, strlen(end));
    }
    return text;
}

static void random_histories_leave_the_rows_that_a_model_says(void **state)
{
    (void)state;
    struct shop shop;
    uint64_t seed = chance_seed();
    struct model models[PEOPLE] = {0};
    shop_open(&shop, "connections:\n" HR);
    for (unsigned run = 1; run <= ROUNDS; run++) {
        struct buffer text = {0}, wanted = {0};
        bool complete = chance(&seed, 3) > 0;
        buffer_text(&text, COLUMNS);
        for (unsigned n = 0; n < PEOPLE; n++) {
            enum fate fate = (enum fate)chance(&seed, FATES);
            person_say(&text, n, fate);
            model_hear(&models[n], fate, complete, run);
            if (models[n].reason)
                buffer_format(&wanted, "i%02u %s %s @%u\n", n, models[n].reason, models[n].text, models[n].run);
        }
        buffer_text(&text, complete ? "" : "partial the rest did not come\n");
        buffer_byte(&text, '\0');
        buffer_byte(&wanted, '\0');
        shop_say(&shop, "hr", text.data);
        shop_run(&shop, "hr", true, 0);
        char *rows = rows_without_places(&shop);
        assert_string_equal(rows, wanted.data);
        free(rows);
        shop_check(&shop);
        buffer_done(&text);
        buffer_done(&wanted);
    }
    shop_close(&shop);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_record_outside_where_says_by_which_column_and_what_stood_there),
        cmocka_unit_test(a_row_that_moves_is_not_written_again_and_one_with_another_reason_is),
        cmocka_unit_test(a_record_that_is_taken_has_none),
        cmocka_unit_test(only_a_complete_pull_forgets_who_is_not_there),
        cmocka_unit_test(what_the_connector_rejects_keeps_its_words),
        cmocka_unit_test(a_record_that_waits_for_its_person_says_so_until_they_come),
        cmocka_unit_test(a_disputed_record_whose_row_is_spoilt_says_that_first),
        cmocka_unit_test(the_value_of_a_protected_column_is_not_kept),
        cmocka_unit_test(half_of_the_rows_filtered_out_each_day_write_nothing_the_second_day),
        cmocka_unit_test(random_histories_leave_the_rows_that_a_model_says),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
