/* test_removal - who is missing, who may go, and what holds them back. */
#include "shop.h"

#include <stdio.h>

#define HEAD "connections:\n  hr:\n    connector: table\n    options: { location: DIR/hr }\n"
#define STREAMS                                                                                                        \
    "    streams:\n"                                                                                                   \
    "      people:\n"                                                                                                  \
    "        key: Nr\n"                                                                                                \
    "        person: { employee_number: Nr, family_name: Last }\n"                                                     \
    "        require: [family_name]\n"                                                                                 \
    "        where: { from: Scope, not: { equals: out } }\n"
#define COLUMNS "columns Nr|Last|Scope\n"

/* Rows 1 to `count` without those whose digit is in `without`. */
static const char *rows(int count, const char *without, const char *more)
{
    static char text[4000];
    size_t len = (size_t)snprintf(text, sizeof(text), COLUMNS);
    for (int i = 1; i <= count; i++)
        if (!(i < 10 && strchr(without, '0' + i)))
            len += (size_t)snprintf(text + len, sizeof(text) - len, "row %d|Name|\n", i);
    snprintf(text + len, sizeof(text) - len, "%s", more);
    return text;
}

static size_t active(struct shop *shop)
{
    char *people = shop_people(shop, false);
    size_t count = 0;
    for (char *at = people; (at = strstr(at, "status=active")); at++)
        count++;
    free(people);
    return count;
}

static void one_of_five_may_leave_and_two_are_held_until_a_person_says_so(void **state)
{
    (void)state;
    struct shop shop;
    shop_open(&shop, HEAD "    safeguards: { deactivate: { percent: 5, window: 0s } }\n" STREAMS);
    shop_hear(&shop, "hr", rows(5, "", ""));
    shop_hear(&shop, "hr", rows(5, "5", ""));
    assert_int_equal(active(&shop), 4);
    assert_int_equal(shop.report.population, 4);
    shop_hear(&shop, "hr", rows(5, "345", ""));
    assert_int_equal(shop.report.outcome, OUTCOME_HELD);
    assert_int_equal(active(&shop), 4);
    assert_int_equal(shop.report.population, 4);
    uint32_t held = shop.report.run;
    expect_waits(&shop, "h safeguard_deactivate 3\nh safeguard_deactivate 4\n");
    shop_sync(&shop, "hr"); /* the same file: still held, the same two */
    assert_int_equal(shop.report.outcome, OUTCOME_HELD);
    shop_hear(&shop, "hr", rows(5, "2345", "")); /* a third one, whom nobody has let go */
    shop_run(&shop, "hr", true, held);
    assert_int_equal(shop.report.outcome, OUTCOME_HELD);
    shop_check(&shop);
    assert_int_equal(active(&shop), 2);
    expect_waits(&shop, "h safeguard_deactivate 2\n");
    shop_run(&shop, "hr", true, shop.report.run);
    assert_int_equal(shop.report.outcome, OUTCOME_SUCCEEDED);
    assert_int_equal(active(&shop), 1);
    assert_int_equal(shop.report.population, 1);
    expect_waits(&shop, "");
    shop_check_again(&shop);
    shop_close(&shop);
}

static void losses_are_counted_over_the_window_and_not_per_run(void **state)
{
    (void)state;
    struct shop shop;
    shop_open(&shop, HEAD "    safeguards: { deactivate: 10% }\n" STREAMS);
    shop_hear(&shop, "hr", rows(20, "", ""));
    shop_hear(&shop, "hr", rows(20, "1", ""));
    shop_hear(&shop, "hr", rows(20, "12", ""));
    assert_int_equal(active(&shop), 18);
    shop_hear(&shop, "hr", rows(20, "123", ""));
    assert_int_equal(shop.report.outcome, OUTCOME_HELD);
    assert_int_equal(active(&shop), 18);
    shop_now("2026-06-25T12:00:00"); /* it has waited for somebody; nobody said that it may */
    shop_hear(&shop, "hr", rows(20, "123", ""));
    assert_int_equal(shop.report.outcome, OUTCOME_HELD);
    assert_int_equal(active(&shop), 18);
    shop_hear(&shop, "hr", rows(20, "12", ""));
    expect_waits(&shop, "");
    shop_hear(&shop, "hr", rows(20, "124", "")); /* the window has passed */
    assert_int_equal(shop.report.outcome, OUTCOME_SUCCEEDED);
    assert_int_equal(active(&shop), 17);
    shop_close(&shop);
}

static void an_empty_source_removes_nobody(void **state)
{
    (void)state;
    struct shop shop;
    shop_open(&shop, HEAD "    safeguards: { deactivate: { percent: 100 } }\n" STREAMS);
    shop_hear(&shop, "hr", rows(5, "", ""));
    shop_hear(&shop, "hr", COLUMNS);
    assert_int_equal(shop.report.outcome, OUTCOME_HELD);
    assert_int_equal(active(&shop), 5);
    shop_hear(&shop, "hr", rows(5, "", ""));
    expect_waits(&shop, "");
    shop_check_again(&shop);
    shop_close(&shop);
}

static void who_is_missing_is_left_alone_when_the_connection_says_so(void **state)
{
    (void)state;
    struct shop shop;
    shop_open(&shop, "connections:\n  hr:\n    connector: table\n"
                     "    options: { location: DIR/hr, on_missing: ignore }\n" STREAMS);
    shop_hear(&shop, "hr", rows(9, "", ""));
    shop_hear(&shop, "hr", rows(9, "2345678", ""));
    assert_int_equal(shop.report.outcome, OUTCOME_SUCCEEDED); /* nobody goes: there is nothing to hold */
    assert_int_equal(shop.report.missing, 7);
    assert_int_equal(active(&shop), 9);
    shop_check_again(&shop);
    assert_int_equal(shop.report.missing, 0); /* said once */
    shop_hear(&shop, "hr", rows(9, "2345", ""));
    assert_int_equal(shop.report.population, 5);
    shop_check_again(&shop);
    shop_close(&shop);
}

static void a_rejected_row_with_an_id_counts_as_seen_and_one_without_holds_all(void **state)
{
    (void)state;
    struct shop shop;
    shop_open(&shop, HEAD "    safeguards: { deactivate: { percent: 100 } }\n" STREAMS);
    shop_hear(&shop, "hr", rows(5, "", ""));
    shop_hear(&shop, "hr", rows(5, "12", "row 1||\nreject 2 it cannot be read\n"));
    assert_int_equal(shop.report.missing, 0);
    assert_int_equal(active(&shop), 5);
    expect_waits(&shop, "d required_field_missing 1 person.family_name\nd unreadable 2\n");
    shop_hear(&shop, "hr", rows(5, "12", "row |Name|\n"));
    assert_int_equal(shop.report.outcome, OUTCOME_HELD);
    assert_int_equal(active(&shop), 5);
    expect_waits(&shop, "d empty_key -\nh row_without_id 1\nh row_without_id 2\n");
    shop_hear(&shop, "hr", rows(5, "12", "reject - it cannot be read\n"));
    assert_int_equal(active(&shop), 5);
    shop_hear(&shop, "hr", rows(5, "12", ""));
    assert_int_equal(active(&shop), 3);
    expect_waits(&shop, "");
    shop_check_again(&shop);
    shop_close(&shop);
}

static void only_a_complete_read_proves_that_somebody_is_missing(void **state)
{
    (void)state;
    static const char *const claims[] = {"partial only the first page\n", "changes\n", "complete 99\n"};
    struct shop shop;
    shop_open(&shop, HEAD "    safeguards: { deactivate: { percent: 100 } }\n" STREAMS);
    shop_hear(&shop, "hr", rows(5, "", ""));
    for (size_t i = 0; i < sizeof(claims) / sizeof(claims[0]); i++) {
        shop_hear(&shop, "hr", rows(5, "123", claims[i]));
        assert_int_equal(shop.report.missing, 0);
        assert_int_equal(active(&shop), 5);
    }
    shop_say(&shop, "hr", rows(5, "123", "fail -10 the server is down\n"));
    assert_int_equal(shop_run(&shop, "hr", true, 0), OUTCOME_FAILED);
    assert_string_equal(shop.report.partitions[0].reason, "the server is down");
    shop_check(&shop);
    assert_int_equal(active(&shop), 5);
    assert_int_equal(shop.report.population, 5);
    shop_close(&shop);
}

static void who_is_heard_again_in_a_part_of_it_waits_no_longer(void **state)
{
    (void)state;
    static const char *const claims[] = {"partial only the first page\n", "changes\n"};
    for (size_t i = 0; i < sizeof(claims) / sizeof(claims[0]); i++) {
        struct shop shop;
        shop_open(&shop, HEAD STREAMS);
        shop_hear(&shop, "hr", rows(5, "", "row 8||\nrow 9||\n"));
        shop_hear(&shop, "hr", rows(5, "345", "row 8||\nrow 9||\n"));
        expect_waits(&shop,
                     "d required_field_missing 8 person.family_name\nd required_field_missing 9 person.family_name\n"
                     "h safeguard_deactivate 3\nh safeguard_deactivate 4\nh safeguard_deactivate 5\n");
        char part[100];
        snprintf(part, sizeof(part), COLUMNS "row 4|Name|\nrow 9|Name|\n%s", claims[i]);
        shop_hear(&shop, "hr", part);
        assert_string_equal(shop.report.partitions[0].claim, i == 0 ? "partial" : "changes");
        expect_waits(&shop, "d required_field_missing 8 person.family_name\n"
                            "h safeguard_deactivate 3\nh safeguard_deactivate 5\n");
        shop_close(&shop);
    }
}

static void who_is_out_of_scope_goes_and_keys_that_say_two_things_stay(void **state)
{
    (void)state;
    struct shop shop;
    shop_open(&shop, HEAD "    safeguards: { deactivate: { percent: 100 } }\n" STREAMS);
    shop_hear(&shop, "hr", rows(5, "", ""));
    shop_hear(&shop, "hr", rows(5, "12", "row 1|Name|out\nrow 2|One|\nrow 2|Two|\n"));
    assert_int_equal(active(&shop), 4);
    assert_int_equal(shop.report.filtered, 1);
    expect_field(&shop, "2", "family_name", "Name");
    expect_field(&shop, "1", "status", "inactive");
    char *waits = shop_waits(&shop);
    assert_non_null(strstr(waits, "d duplicate_key 2 Sheet!6\nd duplicate_key 2 Sheet!7\n"));
    free(waits);
    shop_check_again(&shop);
    shop_hear(&shop, "hr", rows(5, "", ""));
    assert_int_equal(active(&shop), 5);
    shop_close(&shop);
}

static void in_the_time_of_grace_nobody_goes(void **state)
{
    (void)state;
    struct shop shop;
    shop_open(&shop, HEAD "    safeguards: { deactivate: { percent: 50, window: 0s }, grace: 2d }\n" STREAMS);
    shop_hear(&shop, "hr", rows(4, "", ""));
    shop_hear(&shop, "hr", rows(4, "12", ""));
    assert_int_equal(shop.report.missing, 2);
    assert_int_equal(shop.report.deactivated, 0);
    assert_int_equal(active(&shop), 4);
    assert_int_equal(shop.report.population, 2);
    shop_now("2026-06-16T12:00:00");
    shop_check_again(&shop);
    shop_now("2026-06-17T12:00:01");
    shop_hear(&shop, "hr", rows(4, "12", "")); /* the same two of the same four: they were let go already */
    assert_int_equal(shop.report.outcome, OUTCOME_SUCCEEDED);
    assert_int_equal(shop.report.missing, 0);
    assert_int_equal(shop.report.deactivated, 2);
    assert_int_equal(active(&shop), 2);
    assert_int_equal(shop.report.population, 2);
    shop_check_again(&shop);
    shop_hear(&shop, "hr", rows(4, "1", ""));
    assert_int_equal(active(&shop), 3);
    assert_int_equal(shop.report.population, 3);
    shop_close(&shop);
}

static void partitions_are_judged_one_by_one_and_one_that_is_down_keeps_its_people(void **state)
{
    (void)state;
    struct shop shop;
    shop_open(&shop, "connections:\n  hr:\n    connector: table\n    options: { location: DIR/hr, stores: a b c }\n"
                     "    safeguards: { deactivate: { percent: 100 }, grace: 0s }\n" STREAMS);
    shop_hear(&shop, "hr",
              "@ a *\n" COLUMNS "row 1|A|\nrow 2|B|\n@ b *\n" COLUMNS "row 3|C|\n@ c *\n" COLUMNS "row 4|D|\n");
    assert_int_equal(active(&shop), 4);
    shop_say(&shop, "hr",
             "@ a *\n" COLUMNS "row 2|B|\n@ b *\nfail -1 it is down\n@ c *\n" COLUMNS "row 4|D|\nrow 5|E|\n");
    assert_int_equal(shop_run(&shop, "hr", true, 0), OUTCOME_PARTIAL);
    shop_check(&shop);
    assert_int_equal(shop.report.partition_count, 3);
    assert_int_equal(shop.report.partitions[0].outcome, OUTCOME_SUCCEEDED);
    assert_int_equal(shop.report.partitions[1].outcome, OUTCOME_FAILED);
    assert_string_equal(shop.report.partitions[1].reason, "it is down");
    assert_int_equal(active(&shop), 4);
    expect_field(&shop, "1", "status", "inactive");
    expect_field(&shop, "3", "status", "active");
    /* a dead letter in each: their numbers differ, see shop_check() */
    shop_hear(&shop, "hr",
              "@ a *\n" COLUMNS "row 2||\n@ b *\n" COLUMNS "row 3||\n@ c *\n" COLUMNS "row 4||\nrow 5|E|\n");
    /* from one store to another: one person */
    shop_hear(&shop, "hr",
              "@ a *\n" COLUMNS "row 2|B|\n@ b *\n" COLUMNS "row 3|C|\nrow 2|B|\n@ c *\n" COLUMNS
              "row 4|D|\nrow 5|E|\n");
    assert_int_equal(active(&shop), 4);
    shop_check_again(&shop);
    shop_close(&shop);
}

static void several_streams_of_one_connection_go_their_own_ways(void **state)
{
    (void)state;
    struct shop shop;
    shop_open(&shop, "connections:\n  hr:\n    connector: table\n    options: { location: DIR/hr }\n"
                     "    safeguards: { deactivate: { percent: 100 } }\n    streams:\n"
                     "      units: { key: Id, org_unit: { type: { const: department }, code: Id, name: Name } }\n"
                     "      people: { key: Nr, person: { employee_number: Nr }, keep: all,\n"
                     "        employment: { department: { unit: department, code: Dept } } }\n");
    shop_hear(&shop, "hr",
              "@ * units\ncolumns Id|Name\nrow 10|Kitchen\nrow 20|Bar\n@ * people\ncolumns Nr|Dept|Hobby\n"
              "row 1|10|chess\n");
    char *units = shop_units(&shop);
    assert_string_equal(units, "10 type=department code=10 name=Kitchen\n20 type=department code=20 name=Bar\n");
    free(units);
    expect_field(&shop, "1", "department", "org_unit:10");
    shop_check_again(&shop);
    shop_hear(&shop, "hr",
              "@ * units\ncolumns Id|Name\nrow 10|Cuisine\n@ * people\ncolumns Nr|Dept|Hobby\nrow 1|20|go\n");
    expect_field(&shop, "1", "department", "org_unit:20");
    shop_check_again(&shop);
    shop_close(&shop);
}

static void a_record_with_too_many_parts_is_a_dead_letter_and_the_rest_goes_on(void **state)
{
    (void)state;
    struct shop shop;
    struct buffer text = {0};
    shop_open(&shop, "connections:\n  hr:\n    connector: table\n    options: { location: DIR/hr }\n    streams:\n"
                     "      people:\n        key: [Nr, Contract]\n        person: { key: Nr, employee_number: Nr }\n"
                     "        employment: { title: Title }\n        pay: { type: { const: annual }, amount: Pay }\n");
    buffer_text(&text, "columns Nr|Contract|Title|Pay\n");
    for (int i = 0; i < 300; i++)
        buffer_format(&text, "row 1|%d|Title|%d\n", i, i);
    for (int i = 0; i < 100; i++)
        buffer_format(&text, "row 2|%d|Title|%d\n", i, 1000 + i);
    buffer_text(&text, "row 3|a|Title|5\n");
    shop_hear(&shop, "hr", text.data);
    assert_int_equal(shop.report.outcome, OUTCOME_PARTIAL);
    expect_waits(&shop, "d too_many_parts 1\n");
    assert_int_equal(active(&shop), 2);
    shop_check_again(&shop);
    buffer_done(&text);
    shop_close(&shop);
}

static void a_person_of_too_many_records_waits_for_somebody_and_the_rest_goes_on(void **state)
{
    (void)state;
    struct shop shop;
    struct buffer text = {0};
    shop_open(&shop, "connections:\n  hr:\n    connector: table\n    options: { location: DIR/hr }\n    streams:\n"
                     "      people: { key: Nr, person: { employee_number: Nr, work_email: Mail } }\n"
                     "match: { person: [[work_email]], within_partition: same }\n");
    buffer_text(&text, "columns Nr|Mail\n");
    for (int i = 0; i < 300; i++)
        buffer_format(&text, "row %d|everybody@x\n", 1000 + i);
    buffer_text(&text, "row 1|me@x\n");
    shop_hear(&shop, "hr", text.data);
    assert_int_equal(active(&shop), 2);
    assert_int_equal(shop.report.reviews, 300 - MEMBERS_MAX);
    shop_check_again(&shop);
    buffer_done(&text);
    shop_close(&shop);
}

static void a_person_on_whom_too_much_hangs_stops_the_run_with_a_sentence(void **state)
{
    (void)state;
    struct shop shop;
    struct buffer text = {0};
    shop_open(&shop, "connections:\n  hr:\n    connector: table\n    options: { location: DIR/hr }\n    streams:\n"
                     "      people:\n        key: [Nr, Contract]\n        person: { key: Nr, work_email: Mail }\n"
                     "        employment: { title: Contract }\n"
                     "match: { person: [[work_email]], within_partition: same }\n");
    buffer_text(&text, "columns Nr|Contract|Mail\n");
    for (int i = 0; i < CHILDREN_MAX; i++)
        buffer_format(&text, "row %d|%d|me@x\n", 1 + i / 200, i);
    shop_hear(&shop, "hr", text.data);
    assert_int_equal(active(&shop), 1);
    buffer_format(&text, "row 1|%d|me@x\n", CHILDREN_MAX);
    shop_say(&shop, "hr", text.data);
    struct run_request request = {.settings = &shop.settings,
                                  .organization = shop.organization,
                                  .connectors = shop.connectors,
                                  .connection = organization_connection(shop.organization, "hr")};
    struct run_report report = {0};
    struct err err = {0};
    assert_int_equal(run_sync(&request, &report, &err), ERR_LIMIT);
    assert_non_null(strstr(err.text, "more parts than can be kept together"));
    run_report_done(&report);
    assert_int_equal(active(&shop), 1);
    shop_check(&shop);
    buffer_done(&text);
    shop_close(&shop);
}

static void ids_may_be_long(void **state)
{
    (void)state;
    struct shop shop;
    char text[4000], a[260], b[260];
    memset(a, 'x', sizeof(a));
    memset(b, 'x', sizeof(b));
    memcpy(a + 250, "a\xc3\xa9", 4);
    memcpy(b + 250, "b\xc3\xa9", 4);
    a[183] = b[183] = '\xc3';
    a[184] = b[184] = '\xa9';
    shop_open(&shop, HEAD "    safeguards: { deactivate: { percent: 1 } }\n" STREAMS);
    snprintf(text, sizeof(text), COLUMNS "row %s|A|\nrow %s|B|\nrow 1|C|\n", a, b);
    shop_hear(&shop, "hr", text);
    assert_int_equal(active(&shop), 3);
    shop_hear(&shop, "hr", COLUMNS "row 1|C|\n");
    assert_int_equal(shop.report.outcome, OUTCOME_HELD);
    shop_run(&shop, "hr", true, shop.report.run);
    shop_check(&shop);
    assert_int_equal(active(&shop), 1);
    expect_waits(&shop, "");
    shop_close(&shop);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(one_of_five_may_leave_and_two_are_held_until_a_person_says_so),
        cmocka_unit_test(losses_are_counted_over_the_window_and_not_per_run),
        cmocka_unit_test(an_empty_source_removes_nobody),
        cmocka_unit_test(who_is_missing_is_left_alone_when_the_connection_says_so),
        cmocka_unit_test(a_rejected_row_with_an_id_counts_as_seen_and_one_without_holds_all),
        cmocka_unit_test(only_a_complete_read_proves_that_somebody_is_missing),
        cmocka_unit_test(who_is_heard_again_in_a_part_of_it_waits_no_longer),
        cmocka_unit_test(who_is_out_of_scope_goes_and_keys_that_say_two_things_stay),
        cmocka_unit_test(in_the_time_of_grace_nobody_goes),
        cmocka_unit_test(partitions_are_judged_one_by_one_and_one_that_is_down_keeps_its_people),
        cmocka_unit_test(several_streams_of_one_connection_go_their_own_ways),
        cmocka_unit_test(a_record_with_too_many_parts_is_a_dead_letter_and_the_rest_goes_on),
        cmocka_unit_test(a_person_of_too_many_records_waits_for_somebody_and_the_rest_goes_on),
        cmocka_unit_test(a_person_on_whom_too_much_hangs_stops_the_run_with_a_sentence),
        cmocka_unit_test(ids_may_be_long),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
