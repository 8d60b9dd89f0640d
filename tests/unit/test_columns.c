/* test_columns - what a select answers, as far as its text says it. */
#include "unit.h"

#include "plugins/odbc/odbc.h"

#include <stdio.h>

/* The columns with blanks between; "?": the database knows. */
static const char *columns(const char *select)
{
    static char text[500];
    muster_field *fields = columns_of(select);
    snprintf(text, sizeof(text), "%s", fields ? "" : "?");
    for (size_t n = 0; fields && fields[n].name; n++) {
        size_t len = strlen(text);
        snprintf(text + len, sizeof(text) - len, "%s%s", n ? " " : "", fields[n].name);
    }
    columns_free(fields);
    return text;
}

static void what_is_plainly_named_is_known(void **state)
{
    (void)state;
    static const struct {
        const char *select, *columns;
    } cases[] = {
        {"SELECT no, name FROM people", "no name"},
        {"select distinct e.no , dbo.e.[Full Name],\n\t`x` from e", "no Full Name x"},
        {"SELECT no AS \"Number\", count(*) n, sum(a, b) AS total FROM t GROUP BY 1", "Number n total"},
        {"SELECT CASE WHEN a = ',' THEN 1 ELSE (SELECT 2 FROM x) END AS word, b c FROM t", "word c"},
        {"SELECT CASE a WHEN 1 THEN 2 END kind FROM t", "kind"},
        {"SELECT a -- , nothing\n, /* FROM */ b FROM t UNION SELECT c, d FROM u", "a b"},
        {"SELECT 'it''s, FROM' AS \"a \"\"word\"\"\" FROM t;", "a \"word\""},
        {"SELECT 工号, 姓名 AS 名 FROM 员工", "工号 名"},
        {"SELECT 1 AS one", "one"},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
        assert_string_equal(columns(cases[i].select), cases[i].columns);
}

static void what_the_database_alone_knows_is_left_to_it(void **state)
{
    (void)state;
    static const char *const cases[] = {"",
                                        "SELECT * FROM t",
                                        "SELECT t.*, a FROM t",
                                        "SELECT a, count(*) FROM t",
                                        "SELECT a + b FROM t",
                                        "SELECT a || 'x' FROM t",
                                        "SELECT 1 FROM t",
                                        "SELECT a COLLATE nocase FROM t",
                                        "SELECT CASE WHEN a THEN b END FROM t",
                                        "SELECT TOP 10 a FROM t",
                                        "SELECT (a FROM t",
                                        "SELECT 'a FROM t",
                                        "SELECT , a FROM t",
                                        "WITH x AS (SELECT a FROM t) SELECT a FROM x",
                                        "EXEC people"};
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
        if (strcmp(columns(cases[i]), "?") != 0)
            fail_msg("%s: %s", cases[i], columns(cases[i]));
}

static void marks_are_counted_where_they_stand_for_a_value(void **state)
{
    (void)state;
    assert_int_equal(columns_marks("SELECT a FROM t WHERE b >= ? AND c < ?"), 2);
    assert_int_equal(columns_marks("SELECT '?', \"?\" FROM t -- ?\n/* ? */"), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_plainly_named_is_known),
        cmocka_unit_test(what_the_database_alone_knows_is_left_to_it),
        cmocka_unit_test(marks_are_counted_where_they_stand_for_a_value),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
