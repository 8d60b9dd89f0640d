/* test_puts - how often a run writes: at most seven rows for a new person, a handful when nothing changed. */
#include "shop.h"

#include "scratch.h"

#define PEOPLE 6000

/* As the benchmark's workbook: a person and an employment, a department of a hundred, a manager of ten. */
static const char yaml[] = "connections:\n"
                           "  hr:\n"
                           "    connector: table\n"
                           "    options: { location: DIR/hr }\n"
                           "    streams:\n"
                           "      people:\n"
                           "        key: Nr\n"
                           "        person:\n"
                           "          employee_number: Nr\n"
                           "          given_name: First\n"
                           "          family_name: Last\n"
                           "          work_email: Mail\n"
                           "          hired_on: Start\n"
                           "        employment:\n"
                           "          title: Title\n"
                           "          department: { unit: department, code: Dept, name: Dept name }\n"
                           "          manager: { person: employee_number, from: Boss }\n";

static char *people_text(const char *title)
{
    struct buffer text = {0};
    uint64_t seed = 3;
    buffer_text(&text, "columns Nr|First|Last|Mail|Start|Title|Dept|Dept name|Boss\n");
    for (unsigned n = 1; n <= PEOPLE; n++) {
        unsigned department = (unsigned)chance(&seed, PEOPLE / 100);
        buffer_format(&text, "row %07u|Ann%u|Vos|e%u@a.example|2020-01-01|%s|%u|Department %u|%07u\n", n, n % 40, n,
                      title, department, department, (unsigned)chance(&seed, PEOPLE / 10) + 1);
    }
    assert_int_equal(text.rc, 0);
    return buffer_take(&text);
}

static void a_new_person_costs_at_most_seven_rows(void **state)
{
    (void)state;
    struct shop shop;
    char *text __attribute__((cleanup(tidy_free))) = people_text("Clerk");
    shop_open(&shop, yaml);
    shop_say(&shop, "hr", text);
    shop_run(&shop, "hr", false, 0);
    assert_int_equal(shop.report.created, PEOPLE);
    print_message("%.2f puts per person\n", (double)shop.report.puts / PEOPLE);
    assert_true(shop.report.puts <= 7 * PEOPLE);
    assert_true(shop.report.puts >=
                6 * PEOPLE); /* source, person, employment, journal, two keys: else not all counts */
    shop_run(&shop, "hr", true, 0);
    assert_int_equal(shop.report.unchanged, PEOPLE);
    assert_true(shop.report.puts < 10);
    shop_check(&shop);
    shop_close(&shop);
}

static void a_changed_field_of_an_employment_costs_at_most_four_rows(void **state)
{
    (void)state;
    struct shop shop;
    shop_open(&shop, yaml);
    for (int round = 0; round < 2; round++) {
        char *text __attribute__((cleanup(tidy_free))) = people_text(round ? "Baker" : "Clerk");
        shop_say(&shop, "hr", text);
        shop_run(&shop, "hr", false, 0);
    }
    assert_int_equal(shop.report.updated, PEOPLE);
    assert_true(shop.report.puts <=
                4 * PEOPLE + 10); /* source, employment, journal; the person's row names its entry */
    shop_check(&shop);
    shop_close(&shop);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_new_person_costs_at_most_seven_rows),
        cmocka_unit_test(a_changed_field_of_an_employment_costs_at_most_four_rows),
    };
    return cmocka_run_group_tests_name("puts", tests, NULL, NULL);
}
