/* test_option_rule - when an option does anything, and when it must be given, as its connector says it. */
#include "unit.h"

#include "config/option_rule.h"

#include <muster/connector.h>

static const muster_option members[] = {{.name = "kind", .type = MUSTER_TEXT, .initial = "plain"},
                                        {.name = "secret", .type = MUSTER_TEXT, .flags = MUSTER_SECRET},
                                        {.name = "tenant", .type = MUSTER_TEXT},
                                        {0}};
static const muster_option table[] = {{.name = "format", .type = MUSTER_TEXT, .initial = "auto"},
                                      {.name = "location", .type = MUSTER_TEXT, .flags = MUSTER_PLACE},
                                      {.name = "stores", .type = MUSTER_LIST, .members = members},
                                      {.name = "dialect", .type = MUSTER_TEXT, .initial = "v1"},
                                      {0}};
static const muster_connector connector = {
    .size = sizeof(connector), .option_size = sizeof(muster_option), .name = "any", .options = table};

/* What the file says in these cases. */
static const struct secretref somewhere = {.how = SECRET_ENV, .name = "A"};
static const struct option_value values[] = {{.name = "location", .text = "/srv/in/guards-*.CSV"},
                                             {.name = "stores[0].kind", .text = "signed"},
                                             {.name = "stores[0].secret", .secret = &somewhere},
                                             {.name = "stores[1].tenant", .text = ""}};
static const struct mapping users = {.stream = "users"};
static const struct mapping *const mappings[] = {&users, NULL};
static const struct target_stream streams[] = {{.name = "units"}, {0}};
static const struct target target = {.streams = streams, .stream_count = 1};
static const struct connection connection = {.name = "a",
                                             .description = &connector,
                                             .options = values,
                                             .option_count = sizeof(values) / sizeof(values[0]),
                                             .mappings = mappings,
                                             .target = &target};

/* Of an option at `path`; "" when it holds, else what is told. */
static const char *amiss(const char *path, const char *rule)
{
    static char why[OPTION_RULE_WHY];
    struct option_place place;
    assert_true(option_place_find(&connection, path, &place));
    return option_rule_holds(&connection, &place, rule, why) ? "" : why;
}

static const char *held(const char *path, const char *rule)
{
    static char why[OPTION_RULE_WHY];
    struct option_place place;
    assert_true(option_place_find(&connection, path, &place));
    assert_true(option_rule_holds(&connection, &place, rule, why));
    return why;
}

static void an_option_is_found_in_the_table_that_it_is_of(void **state)
{
    (void)state;
    struct option_place place;
    assert_true(option_place_find(&connection, "stores[12].secret", &place));
    assert_ptr_equal(place.table, members);
    assert_string_equal(place.prefix, "stores[12].");
    assert_string_equal(place.option->name, "secret");
    assert_true(option_place_find(&connection, "format", &place));
    assert_string_equal(place.prefix, "");
    assert_true(option_place_find(&connection, "passphrase", &place)); /* the broker's */
    assert_false(option_place_find(&connection, "stores[0].none", &place));
    assert_false(option_place_find(&connection, "none", &place));
}

static void each_kind_of_term_says_why_it_does_not_hold(void **state)
{
    (void)state;
    static const struct {
        const char *rule, *why;
    } cases[] = {
        {"", ""},
        {"location", ""},
        {"stores", ""},
        {"dialect", " without dialect"}, /* its initial value was not given */
        {"!location", " beside location"},
        {"format=auto", ""},
        {"format=xlsx", " without format: xlsx"},
        {"format=xlsx|csv|json", " without format: xlsx, csv or json"},
        {"!format=csv|auto", " with format: auto"},
        {"location=*.csv", ""}, /* upper and lower case are one */
        {"location=*.xlsx|*.json", " unless location ends in .xlsx or .json"},
        {"!location=*.json|*.csv", " where location ends in .csv"},
        {"@users", ""},
        {"@units", ""},
        {"@*", ""},
        {"@people|others", ": the connection neither reads nor tells people or others"},
        {"!@people", ""},
        {"!@units", " beside stream 'units'"},
        {"location !stores", " beside stores"},
        {"dialect ; format=auto", ""},
        {"dialect; format=csv", " without dialect"},
        {"format=csv;!location", " without format: csv"},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
        assert_string_equal(amiss("format", cases[i].rule), cases[i].why);
}

static void what_a_name_says_is_looked_for_in_its_own_item_first(void **state)
{
    (void)state;
    assert_string_equal(amiss("stores[0].tenant", "kind=signed secret"), "");
    assert_string_equal(amiss("stores[1].tenant", "kind=signed"), " without kind: signed");
    assert_string_equal(amiss("stores[1].tenant", "kind=plain"), "");
    assert_string_equal(amiss("stores[1].kind", "secret"), " without secret");
    assert_string_equal(amiss("stores[1].kind", "tenant"), " without tenant"); /* "" says nothing */
    assert_string_equal(amiss("stores[1].kind", "dialect=v1"), "");
    assert_string_equal(amiss("stores[1].kind", "dialect=v2"), " without dialect: v2");
}

static void what_holds_says_what_made_it(void **state)
{
    (void)state;
    assert_string_equal(held("format", "@people; @units|users location"), " for stream 'units'");
    assert_string_equal(held("format", "@*"), "");
    assert_string_equal(held("format", "!dialect location"), " without dialect");
    assert_string_equal(held("format", "location"), " beside location");
    assert_string_equal(held("format", "format=csv|auto"), " beside format: auto");
    assert_string_equal(held("format", "location=*.csv"), " where location ends in .csv");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_option_is_found_in_the_table_that_it_is_of),
        cmocka_unit_test(each_kind_of_term_says_why_it_does_not_hold),
        cmocka_unit_test(what_a_name_says_is_looked_for_in_its_own_item_first),
        cmocka_unit_test(what_holds_says_what_made_it),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
