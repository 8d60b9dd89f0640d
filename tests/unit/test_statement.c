/* test_statement - what people say in a run: seen by those who ask before it is stored, and written once. */
#include "unit.h"

#include "base/error.h"
#include "scratch.h"
#include "tables/statement.h"

static struct scratch scratch;
static struct store *store;

static int set_up(void **state)
{
    (void)state;
    struct err err = {0};
    scratch_make(&scratch);
    return store_open(scratch.dir, true, &store, &err);
}

static int tear_down(void **state)
{
    (void)state;
    store_close(TAKE(store));
    scratch_remove(&scratch);
    return 0;
}

/* One run. */
struct saying {
    struct txn snapshot;
    struct changeset *changeset;
    struct statements statements;
};

static void saying_begin(struct saying *saying, uint32_t run)
{
    assert_int_equal(changeset_new(store, &saying->changeset), 0);
    txn_begin(&saying->snapshot, store, false);
    assert_int_equal(statements_init(&saying->statements, &saying->snapshot, saying->changeset, run, 1000), 0);
}

static void saying_end(struct saying *saying)
{
    statements_settled(&saying->statements);
    assert_int_equal(saying->statements.rc, 0);
    statements_done(&saying->statements);
    txn_abort(&saying->snapshot);
    assert_int_equal(changeset_apply(saying->changeset, NULL), 0);
    changeset_free(TAKE(saying->changeset));
}

static struct value text(const char *words)
{
    return (struct value){PRESENCE_VALUE, 0, (uint32_t)strlen(words), words};
}

static uint64_t pin(struct saying *saying, uint64_t subject, uint16_t field, const char *words)
{
    struct statement statement = {.type = STATEMENT_PIN,
                                  .person = true,
                                  .subject = subject,
                                  .field = field,
                                  .ends = PIN_SOURCE_MOVES,
                                  .value = text(words),
                                  .against = text("then"),
                                  .about = "it"};
    return statements_add(&saying->statements, &statement);
}

/* "1:then 4:now " for what stands about a subject: fields, and against what. */
static void expect(struct saying *saying, uint64_t subject, const char *wanted)
{
    struct statement_walk walk;
    struct statement statement;
    char found[200] = "";
    statement_first(&walk, &saying->statements, subject);
    while (statement_next(&walk, &statement)) {
        size_t len = strlen(found);
        snprintf(found + len, sizeof(found) - len, "%u:%.*s ", statement.field, (int)statement.against.len,
                 statement.against.bytes);
    }
    statement_end(&walk);
    assert_string_equal(found, wanted);
}

static void each_subject_has_its_own_in_the_order_they_were_said(void **state)
{
    (void)state;
    struct saying saying;
    saying_begin(&saying, 1);
    for (uint16_t field = 1; field <= 3; field++)
        for (uint64_t subject = 7; subject < 10; subject++)
            pin(&saying, subject, (uint16_t)(field * 10 + subject), "value");
    expect(&saying, 7, "17:then 27:then 37:then ");
    expect(&saying, 9, "19:then 29:then 39:then ");
    expect(&saying, 10, "");
    saying_end(&saying);
    saying_begin(&saying, 2);
    pin(&saying, 9, 4, "value");
    expect(&saying, 9, "19:then 29:then 39:then 4:then ");
    expect(&saying, 8, "18:then 28:then 38:then ");
    saying_end(&saying);
}

static void one_that_is_added_on_the_way_is_met(void **state)
{
    (void)state;
    struct saying saying;
    struct statement_walk walk;
    struct statement statement;
    saying_begin(&saying, 1);
    pin(&saying, 7, 1, "value");
    statement_first(&walk, &saying.statements, 7);
    assert_true(statement_next(&walk, &statement));
    pin(&saying, 7, 2, "value");
    assert_true(statement_next(&walk, &statement));
    assert_int_equal(statement.field, 2);
    assert_false(statement_next(&walk, &statement));
    assert_false(statement_next(&walk, &statement));
    statement_end(&walk);
    saying_end(&saying);
}

static void what_the_sources_say_now_is_what_a_pin_is_against(void **state)
{
    (void)state;
    struct saying saying;
    struct statement statement;
    saying_begin(&saying, 1);
    pin(&saying, 7, 1, "value");
    uint64_t number = pin(&saying, 7, 2, "value");
    char word[] = "now";
    statements_said(&saying.statements, &(struct statement){.subject = 7, .number = number}, text(word));
    word[0] = 'N'; /* it was copied */
    expect(&saying, 7, "1:then 2:now ");
    saying_end(&saying);
    saying_begin(&saying, 2);
    expect(&saying, 7, "1:then 2:now ");
    assert_true(statement_stands(&saying.statements, 7, STATEMENT_PIN, &statement));
    assert_int_equal(statement.run, 1);
    saying_end(&saying);
}

static void one_that_is_withdrawn_in_the_run_that_said_it_never_stands(void **state)
{
    (void)state;
    struct saying saying;
    struct statement statement;
    saying_begin(&saying, 1);
    pin(&saying, 7, 1, "value");
    pin(&saying, 7, 2, "value");
    assert_true(statement_stands(&saying.statements, 7, STATEMENT_PIN, &statement));
    statements_withdraw(&saying.statements, &statement, "sam", "no");
    expect(&saying, 7, "2:then ");
    saying_end(&saying);
    saying_begin(&saying, 2);
    expect(&saying, 7, "2:then ");
    saying_end(&saying);
}

static void a_link_is_met_from_either_side_and_goes_from_both(void **state)
{
    (void)state;
    struct saying saying;
    struct statement link = {.type = STATEMENT_LINK,
                             .person = true,
                             .follows = true,
                             .late = true,
                             .subject = 7,
                             .other = 9,
                             .rule = RULE_UNDECIDED,
                             .about = "it"};
    struct statement met;
    saying_begin(&saying, 1);
    statements_add(&saying.statements, &link);
    saying_end(&saying);
    saying_begin(&saying, 2);
    assert_true(statement_stands(&saying.statements, 7, STATEMENT_LINK, &met));
    assert_true(met.other == 9 && met.follows && met.late && met.rule == RULE_UNDECIDED);
    assert_string_equal(met.about, "it");
    assert_true(statement_stands(&saying.statements, 9, STATEMENT_LINK, &met));
    assert_true(met.other == 7 && !met.follows && !met.late && met.rule == 0);
    assert_null(met.about);
    statements_withdraw(&saying.statements, &met, "sam", "no");
    saying_end(&saying);
    saying_begin(&saying, 3);
    assert_false(statement_stands(&saying.statements, 7, STATEMENT_LINK, NULL));
    assert_false(statement_stands(&saying.statements, 9, STATEMENT_LINK, NULL));
    saying_end(&saying);
}

static void one_that_ends_is_over_at_its_instant(void **state)
{
    (void)state;
    static const int64_t ends[] = {0, 999, 1000, 1001};
    struct saying saying;
    for (unsigned run = 1; run <= 2; run++) { /* in the run that says it, and stored */
        saying_begin(&saying, run);
        for (uint64_t n = 0; n < 4 && run == 1; n++)
            statements_add(
                &saying.statements,
                &(struct statement){
                    .type = STATEMENT_APPROVE, .person = true, .subject = 7 + n, .until_ms = ends[n], .about = "it"});
        for (uint64_t n = 0; n < 4; n++)
            assert_int_equal(statement_stands(&saying.statements, 7 + n, STATEMENT_APPROVE, NULL),
                             ends[n] == 0 || ends[n] > 1000);
        saying_end(&saying);
    }
}

/* The only row of the table, in a buffer of its own. */
static struct bytes stored_row(struct saying *saying, uint8_t ret_key[16], char *ret_row, size_t room)
{
    struct cursor cursor;
    cursor_open(&cursor, &saying->snapshot, TABLE_statement);
    assert_true(cursor_seek(&cursor, bytes("", 0)));
    assert_int_equal(cursor.key.len, 16);
    assert_true(cursor.value.len <= room);
    memcpy(ret_key, cursor.key.data, 16);
    memcpy(ret_row, cursor.value.data, cursor.value.len);
    struct bytes row = bytes(ret_row, cursor.value.len);
    cursor_close(&cursor);
    return row;
}

static void a_row_that_is_not_whole_is_none(void **state)
{
    (void)state;
    struct saying saying;
    struct statement read;
    uint8_t key[16];
    char kept[300];
    saying_begin(&saying, 1);
    pin(&saying, 7, 1, "value");
    saying_end(&saying);
    saying_begin(&saying, 2);
    struct bytes row = stored_row(&saying, key, kept, sizeof(kept));
    saying_end(&saying);
    assert_true(statement_read(bytes(key, sizeof(key)), row, &read));
    assert_string_equal(read.about, "it");
    for (size_t len = 0; len < row.len; len++)
        assert_false(statement_read(bytes(key, sizeof(key)), bytes(kept, len), &read));
    assert_false(statement_read(bytes(key, sizeof(key) - 1), row, &read));
    *(char *)memchr(kept + (read.about - kept), '\0', 3) = 's';
    assert_false(statement_read(bytes(key, sizeof(key)), row, &read));
}

static void one_that_cannot_be_read_is_not_passed_over(void **state)
{
    (void)state;
    struct saying saying;
    uint64_t key[2] = {__builtin_bswap64(7), __builtin_bswap64(1)};
    saying_begin(&saying, 1);
    changeset_set(saying.changeset, TABLE_statement, bytes(key, sizeof(key)), bytes("x", 1));
    saying_end(&saying);
    saying_begin(&saying, 2);
    assert_false(statement_stands(&saying.statements, 7, STATEMENT_LINK, NULL));
    assert_int_equal(saying.statements.rc, ERR_CORRUPT);
    saying.statements.rc = 0;
    saying_end(&saying);
}

static void one_that_was_nobodys_is_said_to_be_so(void **state)
{
    (void)state;
    struct saying saying;
    struct statement met;
    saying_begin(&saying, 1);
    pin(&saying, 7, 1, "value");
    saying_end(&saying);
    saying_begin(&saying, 2);
    assert_true(statement_stands(&saying.statements, 7, STATEMENT_PIN, &met));
    statements_undecided(&saying.statements, &met);
    saying_end(&saying);
    saying_begin(&saying, 3);
    assert_true(statement_stands(&saying.statements, 7, STATEMENT_PIN, &met));
    assert_int_equal(met.rule, RULE_UNDECIDED);
    saying_end(&saying);
}

static void a_hundred_thousand_are_found_as_fast_as_ten(void **state)
{
    (void)state;
    struct saying saying;
    saying_begin(&saying, 1);
    for (uint64_t subject = 1; subject <= 100000; subject++)
        pin(&saying, subject, 1, "value");
    for (uint64_t subject = 1; subject <= 100000; subject++)
        assert_true(statement_stands(&saying.statements, subject, STATEMENT_PIN, NULL));
    saying_end(&saying);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(each_subject_has_its_own_in_the_order_they_were_said, set_up, tear_down),
        cmocka_unit_test_setup_teardown(one_that_is_added_on_the_way_is_met, set_up, tear_down),
        cmocka_unit_test_setup_teardown(what_the_sources_say_now_is_what_a_pin_is_against, set_up, tear_down),
        cmocka_unit_test_setup_teardown(one_that_is_withdrawn_in_the_run_that_said_it_never_stands, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_link_is_met_from_either_side_and_goes_from_both, set_up, tear_down),
        cmocka_unit_test_setup_teardown(one_that_ends_is_over_at_its_instant, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_row_that_is_not_whole_is_none, set_up, tear_down),
        cmocka_unit_test_setup_teardown(one_that_cannot_be_read_is_not_passed_over, set_up, tear_down),
        cmocka_unit_test_setup_teardown(one_that_was_nobodys_is_said_to_be_so, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_hundred_thousand_are_found_as_fast_as_ten, set_up, tear_down),
    };
    return cmocka_run_group_tests_name("statement", tests, NULL, NULL);
}
