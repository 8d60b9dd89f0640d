/* test_identity - who is who: two workbooks of the same people, numbers that are used again, managers that come late.
 */
#include "shop.h"

#define HR                                                                                                             \
    "  hr:\n"                                                                                                          \
    "    connector: table\n"                                                                                           \
    "    options: { location: DIR/hr }\n"                                                                              \
    "    safeguards: { deactivate: 100%, rekey: 100%, email: 100%, manager: 100% }\n"                                  \
    "    streams:\n"                                                                                                   \
    "      people:\n"                                                                                                  \
    "        key: Id\n"                                                                                                \
    "        person:\n"                                                                                                \
    "          employee_number: Nr\n"                                                                                  \
    "          given_name: First\n"                                                                                    \
    "          family_name: Last\n"                                                                                    \
    "          work_email: Mail\n"                                                                                     \
    "          date_of_birth: Born\n"                                                                                  \
    "          manager: { person: employee_number, from: Boss }\n"                                                     \
    "        employment:\n"                                                                                            \
    "          title: Title\n"                                                                                         \
    "          start_date: Start\n"                                                                                    \
    "          department: { unit: department, code: Dept, name: Dept name }\n"                                        \
    "          manager: { person: employee_number, from: Boss }\n"
#define DESK                                                                                                           \
    "  desk:\n"                                                                                                        \
    "    connector: table\n"                                                                                           \
    "    options: { location: DIR/desk }\n"                                                                            \
    "    safeguards: { deactivate: 100%, rekey: 100%, email: 100%, manager: 100% }\n"                                  \
    "    streams:\n"                                                                                                   \
    "      seats:\n"                                                                                                   \
    "        key: Id\n"                                                                                                \
    "        person: { employee_number: Nr, work_email: Mail, family_name: Last, workstation_number: Seat, phone: "    \
    "Phone }\n"
#define BOTH "connections:\n" HR DESK
#define COLUMNS "columns Id|Nr|First|Last|Mail|Born|Boss|Title|Start|Dept|Dept name\n"
#define SEATS "columns Id|Nr|Mail|Last|Seat|Phone\n"

static void the_same_mail_and_another_number_are_one_person_by_the_second_rule(void **state)
{
    (void)state;
    struct shop shop;
    shop_open(&shop, BOTH "match: { person: [[employee_number], [work_email]] }\n"
                          "authority: { person: { exists: [hr] } }\n");
    shop_hear(&shop, "hr", COLUMNS "row a|1|Ann|Vos|ann@x|1980-01-01||||\nrow b|2|Bob|Bos|bob@x|1981-01-01||||\n");
    shop_hear(&shop, "desk", SEATS "row p|77|ANN@x||D1|\nrow q|2|ann@x||D2|\nrow r|9|nobody@x||D3|\n");
    expect_field(&shop, "1", "workstation_number", "D1");
    expect_field(&shop, "2", "workstation_number", "D2"); /* the first rule that finds one decides */
    assert_int_equal(shop.report.linked, 2);
    assert_int_equal(shop.report.not_owner, 1);
    shop_check_again(&shop);
    shop_close(&shop);
}

static void several_candidates_are_a_review_and_nobody_is_made(void **state)
{
    (void)state;
    struct shop shop;
    shop_open(&shop, BOTH "match: { person: [[employee_number], [work_email]], within_partition: apart }\n");
    shop_hear(&shop, "hr", COLUMNS "row a|1|Ann|Vos|x@x|||||\nrow b|2|Bob|Bos|x@x|||||\n");
    shop_hear(&shop, "desk", SEATS "row p||x@x||D1|\n");
    expect_waits(&shop, "r match_ambiguous p\n");
    char *people = shop_people(&shop, false);
    assert_non_null(strstr(people, "1 "));
    assert_null(strstr(people, "D1"));
    free(people);
    shop_check_again(&shop);
    /* the doubt goes away: one of them gets another address */
    shop_hear(&shop, "hr", COLUMNS "row a|1|Ann|Vos|x@x|||||\nrow b|2|Bob|Bos|b@x|||||\n");
    expect_field(&shop, "1", "workstation_number", "D1");
    expect_waits(&shop, "");
    shop_check_again(&shop);
    shop_close(&shop);
}

static void two_rows_of_one_source_that_match_go_by_within_partition(void **state)
{
    (void)state;
    static const struct {
        const char *how, *waits;
        int people;
    } cases[] = {{"review", "r match_within_partition b\n", 1}, {"same", "", 1}, {"apart", "", 2}};
    for (size_t i = 0; i < 3; i++) {
        struct shop shop;
        char yaml[4000];
        snprintf(yaml, sizeof(yaml), "%smatch: { person: [[work_email]], within_partition: %s }\n", "connections:\n" HR,
                 cases[i].how);
        shop_open(&shop, yaml);
        shop_hear(&shop, "hr",
                  COLUMNS "row a|1|Ann|Vos|x@x|||Cook|2020-01-01||\nrow b|2|Ann|Vos|x@x|||Clerk|2021-01-01||\n");
        char *people = shop_people(&shop, false);
        int count = 0;
        for (char *at = people; (at = strchr(at, '\n')); at++)
            count++;
        assert_int_equal(count, cases[i].people);
        free(people);
        expect_waits(&shop, cases[i].waits);
        shop_check_again(&shop);
        shop_close(&shop);
    }
}

static void who_was_not_known_is_linked_in_the_run_in_which_the_owner_comes(void **state)
{
    (void)state;
    struct shop shop;
    shop_open(&shop, BOTH "match: { person: [[employee_number], [work_email]] }\n"
                          "authority: { person: { exists: [hr] } }\n");
    shop_hear(&shop, "desk", SEATS "row p|1|||D1|\nrow q|2|||D2|\nrow r||c@x||D3|\n");
    assert_int_equal(shop.report.not_owner, 3);
    char *people = shop_people(&shop, false);
    assert_string_equal(people, "");
    free(people);
    shop_check_again(&shop);
    shop_hear(&shop, "hr", COLUMNS "row a|1|Ann|Vos|a@x||2|||\nrow b|2|Bob|Bos|b@x|||||\nrow c|3|Cec|Cox|c@x||1|||\n");
    assert_int_equal(shop.report.created, 3);
    expect_field(&shop, "1", "workstation_number", "D1");
    expect_field(&shop, "2", "workstation_number", "D2");
    expect_field(&shop, "3", "workstation_number", "D3");
    expect_field(&shop, "1", "manager", "person:2");
    expect_field(&shop, "3", "manager", "person:1");
    shop_check_again(&shop);
    shop_close(&shop);
}

/* The third finds who it is by the number, the second by what the third says, the first by what the second says. */
static void who_is_found_makes_others_found_however_many_come_of_it(void **state)
{
    (void)state;
    struct shop shop;
    shop_open(&shop, BOTH "match: { person: [[employee_number], [work_email], [phone]], within_partition: same }\n"
                          "authority: { person: { exists: [hr] } }\n");
    shop_hear(&shop, "hr", COLUMNS "row a|1|Ann|Vos||||||||\n");
    shop_hear(&shop, "desk", SEATS "row p||||D1|555\nrow q||ann@x|||555\nrow r|1|ann@x|||\n");
    assert_int_equal(shop.report.linked, 3);
    expect_field(&shop, "1", "workstation_number", "D1");
    shop_check_again(&shop);
    shop_close(&shop);
}

static void a_record_that_waits_is_found_by_what_it_says_now(void **state)
{
    (void)state;
    struct shop shop;
    shop_open(&shop, BOTH "match: { person: [[employee_number], [work_email]] }\n"
                          "authority: { person: { exists: [hr] } }\n");
    shop_hear(&shop, "desk", SEATS "row p|1|a@x||D1|\nrow q|5|old@x||D5|\n");
    shop_hear(&shop, "desk", SEATS "row p|1|other@x||D1|\nrow q|5|new@x||D5|\n"); /* the number stays what it was */
    shop_hear(&shop, "hr", COLUMNS "row a|1|Ann|Vos|z@x|||||\nrow b|7|Bob|Bos|old@x|||||\n");
    expect_field(&shop, "1", "workstation_number", "D1");
    expect_field(&shop, "7", "workstation_number", "");
    shop_hear(&shop, "desk", SEATS "row p|1|other@x||D1|\n"); /* q goes, and waits no more */
    shop_hear(&shop, "hr", COLUMNS "row a|1|Ann|Vos|z@x|||||\nrow b|7|Bob|Bos|new@x|||||\n");
    expect_field(&shop, "7", "workstation_number", "");
    shop_check_again(&shop);
    shop_hear(&shop, "desk", SEATS "row p|1|other@x||D1|\nrow q|5|new@x||D5|\n"); /* and comes back */
    expect_field(&shop, "7", "workstation_number", "D5");
    shop_check_again(&shop);
    shop_close(&shop);
}

static void a_row_with_another_key_and_the_same_number_is_the_same_person(void **state)
{
    (void)state;
    struct shop shop;
    shop_open(&shop, "connections:\n" HR "match: { person: [[employee_number]] }\n");
    shop_hear(&shop, "hr", COLUMNS "row a|1|Ann|Vos||||Cook|2020-01-01||\nrow b|2|Bob|Bos|||||||\n");
    uint64_t id = shop_id(&shop, "1");
    shop_hear(&shop, "hr", COLUMNS "row z|1|Ann|Vos||||Cook|2020-01-01||\nrow b|2|Bob|Bos|||||||\n");
    assert_int_equal(shop_id(&shop, "1"), id);
    expect_field(&shop, "1", "status", "active");
    expect_waits(&shop, "");
    shop_check_again(&shop);
    shop_close(&shop);
}

static void a_number_that_is_somebody_elses_now_waits_for_a_person(void **state)
{
    (void)state;
    struct shop shop;
    shop_open(&shop, "connections:\n" HR);
    shop_hear(&shop, "hr", COLUMNS "row a|1|Ann|Vos|ann@x|1980-01-01||||\n");
    shop_hear(&shop, "hr", COLUMNS "row a|1|Piet|Mol|piet@x|1999-09-09||||\n");
    expect_waits(&shop, "h identity_reused a\n");
    expect_field(&shop, "1", "family_name", "Vos");
    expect_field(&shop, "1", "work_email", "ann@x");
    shop_check_again(&shop);
    shop_hear(&shop, "hr", COLUMNS "row a|1|Ann|Mol|ann@x|1980-01-01||||\n"); /* she married */
    expect_waits(&shop, "");
    expect_field(&shop, "1", "family_name", "Mol");
    shop_hear(&shop, "hr", COLUMNS "row a|1|Anna|Bos|ann@x|1980-01-01||||\n"); /* another name, but born on that day */
    expect_waits(&shop, "");
    expect_field(&shop, "1", "given_name", "Anna");
    shop_close(&shop);
}

static void a_display_name_is_enough_to_see_that_a_number_is_used_again(void **state)
{
    (void)state;
    struct shop shop;
    shop_open(&shop,
              "connections:\n  hr:\n    connector: table\n    options: { location: DIR/hr }\n    streams:\n"
              "      people: { key: Nr, person: { employee_number: Nr, display_name: Name, date_of_birth: Born } }\n");
    shop_hear(&shop, "hr", "columns Nr|Name|Born\nrow 1|Ann Vos|1980-01-01\n");
    shop_hear(&shop, "hr", "columns Nr|Name|Born\nrow 1|Piet Mol|1999-01-01\n");
    expect_waits(&shop, "h identity_reused 1\n");
    expect_field(&shop, "1", "display_name", "Ann Vos");
    shop_close(&shop);
}

static void who_comes_back_is_who_they_were(void **state)
{
    (void)state;
    struct shop shop;
    shop_open(&shop, "connections:\n" HR);
    shop_hear(&shop, "hr", COLUMNS "row a|1|Ann|Vos||||Cook|2020-01-01||\nrow b|2|Bob|Bos|||||||\n");
    uint64_t id = shop_id(&shop, "1");
    shop_hear(&shop, "hr", COLUMNS "row b|2|Bob|Bos|||||||\n");
    expect_field(&shop, "1", "status", "inactive");
    assert_int_equal(shop.report.deactivated, 1);
    shop_check_again(&shop);
    shop_hear(&shop, "hr", COLUMNS "row a|1|Ann|Vos||||Cook|2020-01-01||\nrow b|2|Bob|Bos|||||||\n");
    expect_field(&shop, "1", "status", "active");
    assert_int_equal(shop.report.reactivated, 1);
    assert_int_equal(shop_id(&shop, "1"), id);
    shop_check_again(&shop);
    shop_close(&shop);
}

static void managers_may_come_later_change_their_number_and_be_two(void **state)
{
    (void)state;
    struct shop shop;
    shop_open(&shop, "connections:\n" HR "match: { person: [[work_email]] }\n");
    shop_hear(&shop, "hr", COLUMNS "row a|1|Ann|Vos|a@x||9|Cook|2020-01-01||\n");
    expect_field(&shop, "1", "manager", "waiting:9");
    shop_hear(&shop, "hr", COLUMNS "row a|1|Ann|Vos|a@x||9|Cook|2020-01-01||\nrow z|9|Zoe|Zed|z@x|||||\n");
    expect_field(&shop, "1", "manager", "person:9");
    shop_hear(&shop, "hr", COLUMNS "row a|1|Ann|Vos|a@x||9|Cook|2020-01-01||\nrow z|8|Zoe|Zed|z@x|||||\n");
    expect_field(&shop, "1", "manager", "waiting:9");
    shop_hear(&shop, "hr",
              COLUMNS "row a|1|Ann|Vos|a@x||9|Cook|2020-01-01||\nrow z|9|Zoe|Zed|z@x|||||\n"
                      "row y|9|Yve|Yes|y@x|||||\n");
    shop_check_again(&shop);
    shop_hear(&shop, "hr",
              COLUMNS "row a|1|Ann|Vos|a@x||9|Cook|2020-01-01||\nrow z|9|Zoe|Zed|z@x|||||\n"
                      "row y|7|Yve|Yes|y@x|||||\n");
    expect_field(&shop, "1", "manager", "person:9");
    shop_check_again(&shop);
    shop_close(&shop);
}

static void units_are_found_by_code_then_by_name_and_may_be_renamed(void **state)
{
    (void)state;
    struct shop shop;
    shop_open(&shop, "connections:\n" HR);
    shop_hear(&shop, "hr",
              COLUMNS "row a|1|Ann|Vos||||Cook||10|Kitchen\nrow b|2|Bob|Bos||||Cook|||Kitchen\n"
                      "row c|3|Cec|Cox||||Cook||20|Bar\n");
    char *units = shop_units(&shop);
    assert_string_equal(units, "10 type=department code=10 name=Kitchen\n20 type=department code=20 name=Bar\n");
    free(units);
    expect_field(&shop, "2", "department", "org_unit:10");
    shop_check_again(&shop);
    shop_hear(&shop, "hr", COLUMNS "row a|1|Ann|Vos||||Cook||10|Cuisine\nrow c|3|Cec|Cox||||Cook||20|Bar\n");
    units = shop_units(&shop);
    assert_string_equal(units, "10 type=department code=10 name=Cuisine\n20 type=department code=20 name=Bar\n");
    free(units);
    shop_check_again(&shop);
    /* of the same name, but each has a code of its own */
    shop_hear(&shop, "hr",
              COLUMNS "row a|1|Ann|Vos||||Cook||10|Cuisine\nrow c|3|Cec|Cox||||Cook||20|Bar\n"
                      "row d|4|Dan|Dop||||Cook||30|Bar\n");
    units = shop_units(&shop);
    assert_string_equal(units, "10 type=department code=10 name=Cuisine\n20 type=department code=20 name=Bar\n"
                               "30 type=department code=30 name=Bar\n");
    free(units);
    shop_check_again(&shop);
    shop_close(&shop);
}

static void a_code_that_two_units_have_finds_neither(void **state)
{
    (void)state;
    struct shop shop;
    shop_open(&shop, "connections:\n  hr:\n    connector: table\n    options: { location: DIR/hr }\n    streams:\n"
                     "      units: { key: Id, org_unit: { type: { const: department }, code: Code, name: Name } }\n"
                     "      people: { key: Nr, person: { employee_number: Nr }, employment: { department: { unit: "
                     "department, code: Dept } } }\n");
    shop_hear(&shop, "hr",
              "@ * units\ncolumns Id|Code|Name\nrow w|10|A\nrow x|11|B\nrow y|20|C\nrow z|21|D\n@ * people\n"
              "columns Nr|Dept\nrow 1|11\n");
    shop_hear(&shop, "hr",
              "@ * units\ncolumns Id|Code|Name\nrow w|10|A\nrow x|10|B\nrow y|20|C\nrow z|20|D\n@ * people\n"
              "columns Nr|Dept\nrow 1|10\nrow 2|20\n");
    char *units = shop_units(&shop), *department = shop_field(&shop, "1", "department");
    assert_string_equal(units, "10 type=department code=10\n10 type=department code=10 name=A\n"
                               "10 type=department code=10 name=B\n20 type=department code=20\n"
                               "20 type=department code=20 name=C\n20 type=department code=20 name=D\n");
    assert_string_equal(department, "waiting:10");
    free(units);
    free(department);
    shop_check_again(&shop);
    shop_close(&shop);
}

static void a_department_that_an_employment_left_and_another_has_is_still_referred_to(void **state)
{
    (void)state;
    struct shop shop;
    shop_open(&shop, "connections:\n  hr:\n    connector: table\n    options: { location: DIR/hr }\n    streams:\n"
                     "      people:\n        key: [Nr, Contract]\n"
                     "        person: { key: Nr, employee_number: Nr }\n"
                     "        employment: { title: Title, department: { unit: department, code: Dept } }\n");
    shop_hear(&shop, "hr", "columns Nr|Contract|Title|Dept\nrow 1|a|Cook|10\nrow 1|b|Clerk|20\n");
    shop_hear(&shop, "hr", "columns Nr|Contract|Title|Dept\nrow 1|b|Clerk|20\n");
    shop_hear(&shop, "hr", "columns Nr|Contract|Title|Dept\nrow 1|b|Clerk|20\nrow 1|c|Waiter|10\n");
    shop_hear(&shop, "hr", "columns Nr|Contract|Title|Dept\nrow 1|b|Clerk|20\nrow 1|a|Cook|10\n");
    shop_hear(&shop, "hr", "columns Nr|Contract|Title|Dept\nrow 1|b|Clerk|10\n");
    shop_check_again(&shop);
    shop_close(&shop);
}

static void parts_that_go_and_come_back_keep_their_id(void **state)
{
    (void)state;
    struct shop shop;
    shop_open(&shop,
              "connections:\n  hr:\n    connector: table\n    options: { location: DIR/hr }\n    streams:\n"
              "      people:\n        key: Nr\n        person: { employee_number: Nr }\n"
              "        employment: { title: Title }\n"
              "        absence: { when: { from: Leave, present: true }, type: { const: sick }, start_date: Leave }\n");
    shop_hear(&shop, "hr", "columns Nr|Title|Leave\nrow 1|Cook|2026-01-01\n");
    char *before = shop_people(&shop, true);
    shop_hear(&shop, "hr", "columns Nr|Title|Leave\nrow 1|Cook|\n");
    char *without = shop_people(&shop, false);
    assert_non_null(strstr(without, "absence gone"));
    shop_check_again(&shop);
    shop_hear(&shop, "hr", "columns Nr|Title|Leave\nrow 1|Cook|2026-01-01\n");
    char *after = shop_people(&shop, true);
    assert_string_equal(before, after);
    shop_check_again(&shop);
    free(before);
    free(without);
    free(after);
    shop_close(&shop);
}

static void employments_of_two_sources_are_one_by_day_or_when_each_has_one(void **state)
{
    (void)state;
#define PAYROLL                                                                                                        \
    "  pay:\n    connector: table\n    options: { location: DIR/pay }\n    safeguards: { deactivate: { percent: 100 "  \
    "} }\n"                                                                                                            \
    "    streams:\n      jobs:\n        key: [Nr, Job]\n        person: { key: Nr, employee_number: Nr }\n"            \
    "        employment: { start_date: Start, fte_percent: Fte }\n"
    static const struct {
        const char *hr, *pay, *wanted;
    } cases[] = {
        {"row a|1|A|V||||Cook|2020-01-01||\n", "row 1|x|2019-12-31|80\n",
         "1 employee_number=1 given_name=A family_name=V status=active | employment title=Cook "
         "start_date=2020-01-01 fte_percent=80\n"},
        {"row a|1|A|V||||Cook|2020-01-01||\n", "row 1|x|2020-01-01|80\nrow 1|y|2021-01-01|20\n",
         "1 employee_number=1 given_name=A family_name=V status=active | employment start_date=2021-01-01 "
         "fte_percent=20 | employment title=Cook start_date=2020-01-01 fte_percent=80\n"},
        {"row a|1|A|V||||Cook|2020-01-01||\n", "row 1|x|2018-01-01|80\nrow 1|y|2021-01-01|20\n",
         "1 employee_number=1 given_name=A family_name=V status=active | employment start_date=2018-01-01 "
         "fte_percent=80 | employment start_date=2021-01-01 fte_percent=20 | employment title=Cook "
         "start_date=2020-01-01\n"},
        /* Two that begin on one day are two. */
        {"row a|1|A|V||||Cook|2020-01-01||\n", "row 1|x|2020-01-01|80\nrow 1|y|2020-01-01|20\n",
         "1 employee_number=1 given_name=A family_name=V status=active | employment start_date=2020-01-01 "
         "fte_percent=20 | employment title=Cook start_date=2020-01-01 fte_percent=80\n"},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
        for (int turned = 0; turned < 2; turned++) {
            struct shop shop;
            char hr[400], pay[400];
            shop_open(&shop, "connections:\n" HR PAYROLL "match: { person: [[employee_number]] }\n");
            snprintf(hr, sizeof(hr), COLUMNS "%s", cases[i].hr);
            snprintf(pay, sizeof(pay), "columns Nr|Job|Start|Fte\n%s", cases[i].pay);
            shop_hear(&shop, turned ? "pay" : "hr", turned ? pay : hr);
            shop_hear(&shop, turned ? "hr" : "pay", turned ? hr : pay);
            char *people = shop_people(&shop, false);
            assert_string_equal(people, cases[i].wanted);
            free(people);
            shop_check_again(&shop);
            shop_close(&shop);
        }
}

static void a_person_may_have_several_contracts(void **state)
{
    (void)state;
    struct shop shop;
    shop_open(&shop, "connections:\n  hr:\n    connector: table\n    options: { location: DIR/hr }\n    streams:\n"
                     "      people:\n        key: [Nr, Contract]\n"
                     "        person: { key: Nr, employee_number: Nr, family_name: Last }\n"
                     "        employment: { title: Title }\n"
                     "        pay: { when: { from: Pay, present: true }, type: { const: annual }, amount: Pay }\n");
    shop_hear(&shop, "hr",
              "columns Nr|Contract|Last|Title|Pay\nrow 1|a|Vos|Cook|100\nrow 2|a|Bos|Chef|\nrow 1|b|Vos|Clerk|\n");
    char *people = shop_people(&shop, false);
    assert_non_null(strstr(people, "1 employee_number=1 family_name=Vos status=active | employment title=Clerk | "
                                   "employment title=Cook | pay type=annual amount="));
    free(people);
    assert_int_equal(shop.report.created, 2);
    shop_check_again(&shop);
    shop_hear(&shop, "hr", "columns Nr|Contract|Last|Title|Pay\nrow 1|b|Vos|Clerk|\nrow 2|a|Bos|Chef|\n");
    people = shop_people(&shop, false);
    assert_non_null(strstr(people, "employment gone title=Cook"));
    free(people);
    shop_check_again(&shop);
    shop_close(&shop);
}

static void other_rules_are_applied_to_everybody_and_leave_no_key_behind(void **state)
{
    (void)state;
#define NUMBER "match: { person: [[employee_number]] }\nauthority: { person: { exists: [hr] } }\n"
#define NAMES                                                                                                          \
    "match: { person: [[family_name, given_name], [family_name]], placeholder_emails: [\"*@x\"] }\n"                   \
    "authority: { person: { exists: [hr] } }\n"
    struct shop shop;
    shop_open(&shop, BOTH NUMBER);
    shop_hear(&shop, "hr", COLUMNS "row a|1|Ann|Vos|ann@x|||Cook|||\nrow b|2|Bob|Bos|||1||||\n");
    shop_hear(&shop, "desk", SEATS "row p|1||Vos|D1|\nrow q|9||Bos|D2|\n");
    expect_field(&shop, "2", "workstation_number", "");
    shop_edit(&shop, BOTH NAMES);
    shop_sync(&shop, "hr");
    expect_field(&shop, "1", "workstation_number", "D1"); /* a match is sticky */
    expect_field(&shop, "2", "workstation_number", "D2"); /* who was not known is now */
    shop_check_again(&shop);
    shop_edit(&shop, BOTH NUMBER);
    shop_sync(&shop, "hr");
    shop_hear(&shop, "hr", COLUMNS "row a|1|Ann|Mol|ann@x|||Cook|||\nrow b|2|Bob|Bos|||1||||\n");
    shop_edit(&shop, BOTH NAMES);
    shop_sync(&shop, "desk");
    shop_check_again(&shop);
    shop_close(&shop);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_same_mail_and_another_number_are_one_person_by_the_second_rule),
        cmocka_unit_test(several_candidates_are_a_review_and_nobody_is_made),
        cmocka_unit_test(two_rows_of_one_source_that_match_go_by_within_partition),
        cmocka_unit_test(who_was_not_known_is_linked_in_the_run_in_which_the_owner_comes),
        cmocka_unit_test(who_is_found_makes_others_found_however_many_come_of_it),
        cmocka_unit_test(a_record_that_waits_is_found_by_what_it_says_now),
        cmocka_unit_test(a_row_with_another_key_and_the_same_number_is_the_same_person),
        cmocka_unit_test(a_number_that_is_somebody_elses_now_waits_for_a_person),
        cmocka_unit_test(a_display_name_is_enough_to_see_that_a_number_is_used_again),
        cmocka_unit_test(who_comes_back_is_who_they_were),
        cmocka_unit_test(managers_may_come_later_change_their_number_and_be_two),
        cmocka_unit_test(units_are_found_by_code_then_by_name_and_may_be_renamed),
        cmocka_unit_test(a_code_that_two_units_have_finds_neither),
        cmocka_unit_test(a_department_that_an_employment_left_and_another_has_is_still_referred_to),
        cmocka_unit_test(parts_that_go_and_come_back_keep_their_id),
        cmocka_unit_test(employments_of_two_sources_are_one_by_day_or_when_each_has_one),
        cmocka_unit_test(a_person_may_have_several_contracts),
        cmocka_unit_test(other_rules_are_applied_to_everybody_and_leave_no_key_behind),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
