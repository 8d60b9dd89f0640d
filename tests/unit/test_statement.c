/* test_statement - what people say in a run: seen by those who ask before it is stored, and written once. */
#include "unit.h"

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
        cmocka_unit_test_setup_teardown(a_hundred_thousand_are_found_as_fast_as_ten, set_up, tear_down),
    };
    return cmocka_run_group_tests_name("statement", tests, NULL, NULL);
}
