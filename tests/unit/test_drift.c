/* test_drift - columns that come under other names: what is offered, what is decided, and what is kept. */
#include "shop.h"

#include "acts/identity.h"
#include "engine/drift.h"
#include "logic/reason.h"
#include "scratch.h"

#include <errno.h>
#include <stdio.h>

#define YAML                                                                                                           \
    "connections:\n  hr:\n    connector: table\n    options: { location: DIR/hr }\n    streams:\n"                     \
    "      people:\n        key: Nr\n"                                                                                 \
    "        person: { employee_number: Nr, family_name: Last, given_name: First, work_email: Mail,\n"                 \
    "          national_id: Id }\n        require: [family_name]\n"

static struct shop shop;

static int set_up(void **state)
{
    (void)state;
    shop_open(&shop, YAML);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    fault_set(NULL);
    shop_close(&shop);
    return 0;
}

enum { PEOPLE = 400 };

/* A table of PEOPLE under this header; every value is of one person, and says which column it is. */
static void hear(const char *header, bool backwards)
{
    struct buffer text = {0};
    buffer_format(&text, "columns %s\n", header);
    for (int n = 0; n < PEOPLE; n++) {
        int i = backwards ? PEOPLE - n : n + 1;
        buffer_format(&text, "row %04d|Last%d|First%d|p%d@acme.example|9%08d\n", i, i, i, i, i);
    }
    shop_say(&shop, "hr", text.data);
    buffer_done(&text);
}

#define FIRST "Nr|Last|First|Mail|Id"

static const struct run_column *told(const char *column)
{
    for (size_t i = 0; i < shop.report.column_count; i++)
        if (strcmp(shop.report.columns[i].column, column) == 0)
            return &shop.report.columns[i];
    return NULL;
}

static void expect_offer(const char *column, const char *offer, const char *says)
{
    const struct run_column *item = told(column);
    assert_non_null(item);
    assert_string_equal(item->reason, REASON_CODE(column_missing));
    if (!offer)
        assert_null(item->offer);
    else
        assert_string_equal(item->offer, offer);
    if (says && !strstr(item->sentence, says))
        fail_msg("not said: %s\nsaid: %s", says, item->sentence);
}

static int decide(uint64_t id, enum verdict as, const char *column, struct drift_answer *ret_answer)
{
    struct err err = {0};
    struct drift_request request = {.settings = &shop.settings,
                                    .organization = shop.organization,
                                    .item = id,
                                    .as = as,
                                    .column = column,
                                    .author = "anna",
                                    .reason = "because"};
    int rc = drift_accept(&request, shop.arena, ret_answer, &err);
    assert_true(rc == 0 || rc == -ENOMEM || err.text[0] != '\0');
    return rc;
}

/* Takes a decision back as any statement is. */
static int withdraw(uint64_t number)
{
    struct err err = {0};
    struct run_report report = {0};
    struct identity identity = {.author = "anna", .reason = "not so", .number = number};
    struct run_request request = {.settings = &shop.settings, .organization = shop.organization};
    struct act act = {
        .verb = "withdraw", .author = "anna", .reason = "not so", .state = identity_withdraw, .context = &identity};
    int rc = act_run(&request, &act, &report, &err);
    run_report_done(&report);
    return rc;
}

static void a_column_is_recognised_by_what_it_holds_whatever_it_is_called(void **state)
{
    (void)state;
    hear(FIRST, false);
    shop_sync(&shop, "hr");
    hear("Nr|Last|Voornaam|Bereikbaar op|Id", true);
    shop_sync(&shop, "hr");
    expect_offer("First", "Voornaam", "are the same, both hold text");
    expect_offer("Mail", "Bereikbaar op", "are the same, both hold e-mail addresses");
    assert_int_equal(shop.report.drift, 2); /* what is offered is not told as new besides */
    expect_field(&shop, "0001", "work_email", "p1@acme.example");
}

static void names_that_change_places_are_told_apart_by_content(void **state)
{
    (void)state;
    hear(FIRST, false);
    shop_sync(&shop, "hr");
    hear("Nr|Last|Mail 1|First 1|Id", true); /* each has the name of the other */
    shop_sync(&shop, "hr");
    expect_offer("First", "Mail 1", NULL);
    expect_offer("Mail", "First 1", NULL);
}

static void what_is_not_alike_is_not_offered(void **state)
{
    (void)state;
    shop_hear(&shop, "hr", "columns " FIRST "\nrow 1|Vos|Jan|j@v.example|900000001\nrow 2|Bos|Piet|p@b.example|~\n");
    shop_hear(&shop, "hr", "columns Nr|Last|First|Shoe size|Id\nrow 1|Vos|Jan|43|900000001\nrow 2|Bos|Piet|44|~\n");
    expect_offer("Mail", NULL, NULL);
    assert_non_null(told("Shoe size"));
    assert_string_equal(told("Shoe size")->reason, REASON_CODE(column_new));
    expect_field(&shop, "1", "work_email", "j@v.example");
}

static void a_column_that_is_needed_stops_the_run_and_is_offered_all_the_same(void **state)
{
    struct drift_answer answer;
    (void)state;
    hear(FIRST, false);
    shop_sync(&shop, "hr");
    hear("Nr|Achternaam|First|Mail|Id", true);
    assert_int_equal(shop_run(&shop, "hr", false, 0), OUTCOME_FAILED);
    assert_non_null(strstr(shop.report.partitions[0].reason, "it is required. Nothing was read."));
    assert_non_null(strstr(shop.report.partitions[0].reason, "it may be 'Achternaam' in column B now"));
    expect_offer("Last", "Achternaam", NULL);
    uint64_t id = told("Last")->id;
    assert_int_equal(shop_run(&shop, "hr", false, 0), OUTCOME_FAILED);
    assert_int_equal(told("Last")->id, id);
    assert_int_equal(shop.report.population, PEOPLE);
    assert_int_equal(decide(id, VERDICT_VANISHED, NULL, &answer), ERR_CONFIG);
    assert_int_equal(decide(id, VERDICT_NONE, NULL, &answer), 0);
    assert_string_equal(answer.decision.column, "Last");
    assert_string_equal(answer.decision.other, "Achternaam");
    shop_sync(&shop, "hr");
    assert_int_equal(shop.report.drift, 0);
    assert_int_equal(shop.report.updated, 0);
    assert_int_equal(shop.report.reading_count, 1);
    expect_field(&shop, "0400", "family_name", "Last400");
    shop_check_again(&shop);
}

static void a_table_without_rows_does_not_make_us_forget_what_columns_held(void **state)
{
    (void)state;
    hear(FIRST, false);
    shop_sync(&shop, "hr");
    shop_say(&shop, "hr", "columns " FIRST "\n");
    assert_int_equal(shop_run(&shop, "hr", false, 0), OUTCOME_HELD);
    hear("Nr|Last|Voornaam|Bereikbaar op|Id", true);
    shop_sync(&shop, "hr");
    expect_offer("First", "Voornaam", "are the same, both hold text");
    expect_offer("Mail", "Bereikbaar op", "are the same, both hold e-mail addresses");
}

static void a_column_that_was_accepted_and_is_not_there_either_is_told(void **state)
{
    struct drift_answer answer;
    char says[128];
    (void)state;
    hear(FIRST, false);
    shop_sync(&shop, "hr");
    hear("Nr|Achternaam|First|Mail|Id", true);
    assert_int_equal(shop_run(&shop, "hr", false, 0), OUTCOME_FAILED);
    assert_int_equal(decide(told("Last")->id, VERDICT_RENAMED, "Achtername", &answer), 0);
    assert_int_equal(shop_run(&shop, "hr", false, 0), OUTCOME_FAILED);
    snprintf(says, sizeof(says), "; so is 'Achtername', which s%lu says it is now",
             (unsigned long)answer.decision.number);
    assert_non_null(strstr(shop.report.partitions[0].reason, says));
    expect_offer("Last", "Achternaam", NULL);
    assert_int_equal(decide(told("Last")->id, VERDICT_NONE, NULL, &answer), 0); /* the last word counts */
    shop_sync(&shop, "hr");
    expect_field(&shop, "0400", "family_name", "Last400");
}

static void a_decision_and_its_withdrawal_leave_the_people_as_they_were(void **state)
{
    struct drift_answer answer;
    (void)state;
    hear(FIRST, false);
    shop_sync(&shop, "hr");
    char *before = shop_people(&shop, true);
    hear("Nr|Last|First|Post|Id", false);
    shop_sync(&shop, "hr");
    uint64_t id = told("Mail")->id;
    assert_int_equal(decide(id, VERDICT_RENAMED, "Post", &answer), 0);
    shop_sync(&shop, "hr");
    assert_int_equal(withdraw(answer.decision.number), 0);
    assert_int_equal(withdraw(answer.decision.number), ERR_CONFLICT);
    shop_sync(&shop, "hr");
    expect_offer("Mail", "Post", NULL);
    assert_true(told("Mail")->id > id); /* it was decided: this is another question */
    char *after = shop_people(&shop, true);
    assert_string_equal(before, after);
    free(before);
    free(after);
}

static void a_new_column_can_be_said_to_be_a_mapped_one(void **state)
{
    struct drift_answer answer;
    (void)state;
    shop_hear(&shop, "hr", "columns " FIRST "\nrow 1|Vos|Jan|j@v.example|900000001\n");
    shop_hear(&shop, "hr", "columns Nr|Last|First|Contact|Id\nrow 1|Vos|Jan|new@v.example|900000001\n");
    expect_offer("Mail", NULL, NULL);
    uint64_t id = told("Contact")->id;
    assert_int_equal(decide(id, VERDICT_RENAMED, NULL, &answer), ERR_CONFIG);
    assert_int_equal(decide(id, VERDICT_RENAMED, "Contact", &answer), ERR_CONFIG);
    assert_int_equal(decide(id, VERDICT_VANISHED, NULL, &answer), ERR_CONFIG);
    assert_int_equal(decide(id, VERDICT_RENAMED, "Mail", &answer), 0);
    shop_sync(&shop, "hr");
    assert_int_equal(shop.report.drift, 0);
    expect_field(&shop, "1", "work_email", "new@v.example");
}

static unsigned long found;
static const char *canary;

static int look(const char *path, const struct stat *stat, int type, struct FTW *at)
{
    if (type != FTW_F || strcmp(path + at->base, "hr") == 0 || stat->st_size == 0)
        return 0;
    FILE *file = fopen(path, "r");
    char *whole = malloc((size_t)stat->st_size);
    assert_non_null(file);
    size_t len = fread(whole, 1, (size_t)stat->st_size, file);
    found += memmem(whole, len, canary, strlen(canary)) != NULL;
    free(whole);
    fclose(file);
    return 0;
}

static bool kept(const char *text)
{
    canary = text;
    found = 0;
    nftw(shop.dir, look, 16, FTW_PHYS);
    return found > 0;
}

static void values_of_unmapped_and_protected_columns_are_nowhere_kept(void **state)
{
    (void)state;
    shop_hear(&shop, "hr", "columns " FIRST "\nrow 1|Vos|Jan|j@v.example|900000001\n");
    shop_hear(&shop, "hr", "columns Nr|Last|First|Health|BSN\nrow 1|Vos|Jan|canary of health|900000001\n");
    expect_offer("Id", "BSN", NULL);
    assert_true(kept("Vos"));
    assert_false(kept("canary of health"));
    assert_false(kept("900000001"));
}

/* Lets one call after the other fail until it is decided (or, with VERDICT_NONE, withdrawn); a failure afterwards (of
 * the report) is no failure of it. */
static void decide_at_last(const char *point, uint64_t id, enum verdict as)
{
    struct drift_answer answer;
    for (int nth = 1, rc = -1; rc != 0; nth++) {
        char plan[32];
        assert_true(nth < 2000);
        snprintf(plan, sizeof(plan), "%s:%d", point, nth);
        fault_set(plan);
        rc = as ? decide(id, as, "Post", &answer) : withdraw(id);
        fault_set(NULL);
        assert_int_not_equal(rc, ERR_CONFIG);
        if (rc == (as ? ERR_GONE : ERR_CONFLICT))
            return;
    }
}

static void whatever_fails_while_it_is_decided_nothing_is_decided_or_all_of_it(void **state)
{
    static const char *const points[] = {"alloc", "store"};
    (void)state;
    hear(FIRST, false);
    shop_sync(&shop, "hr");
    hear("Nr|Last|First|Post|Id", false);
    for (size_t p = 0; p < 2; p++) {
        shop_sync_full(&shop, "hr");
        expect_offer("Mail", "Post", NULL);
        decide_at_last(points[p], told("Mail")->id, VERDICT_RENAMED);
        shop_sync(&shop, "hr");
        assert_int_equal(shop.report.drift, 0);
        assert_int_equal(shop.report.reading_count, 1);
        assert_int_equal(shop.report.readings[0].id, p + 1);
        decide_at_last(points[p], p + 1, VERDICT_NONE);
    }
    shop_sync(&shop, "hr");
    expect_offer("Mail", "Post", NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_column_is_recognised_by_what_it_holds_whatever_it_is_called, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(names_that_change_places_are_told_apart_by_content, set_up, tear_down),
        cmocka_unit_test_setup_teardown(what_is_not_alike_is_not_offered, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_column_that_is_needed_stops_the_run_and_is_offered_all_the_same, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(a_table_without_rows_does_not_make_us_forget_what_columns_held, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(a_column_that_was_accepted_and_is_not_there_either_is_told, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_decision_and_its_withdrawal_leave_the_people_as_they_were, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_new_column_can_be_said_to_be_a_mapped_one, set_up, tear_down),
        cmocka_unit_test_setup_teardown(values_of_unmapped_and_protected_columns_are_nowhere_kept, set_up, tear_down),
        cmocka_unit_test_setup_teardown(whatever_fails_while_it_is_decided_nothing_is_decided_or_all_of_it, set_up,
                                        tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
