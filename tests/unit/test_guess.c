/* What a column probably is, and how its values are shown without telling them. */
#include "unit.h"

#include "cli/guess.h"

static struct buffer out;

static const char *masked(const char *text)
{
    buffer_clear(&out);
    guess_mask(text, strlen(text), &out);
    return out.data ? out.data : "";
}

static const char *yaml(const char *text)
{
    buffer_clear(&out);
    guess_yaml(text, &out);
    return out.data;
}

static void a_sample_keeps_its_shape_and_its_first_letter(void **state)
{
    (void)state;
    assert_string_equal(masked("Jansen"), "J•••••");
    assert_string_equal(masked("de Vries-O'Brien"), "d• •••••-•'•••••");
    assert_string_equal(masked("a.jansen@acme.example"), "a.••••••@••••.•••••••");
    assert_string_equal(masked("31-02-1984"), "99-99-9999");
    assert_string_equal(masked("李小龍"), "李••");
    assert_string_equal(masked("Åkesson"), "Å••••••");
    assert_string_equal(masked(""), "");
}

static void a_long_sample_is_cut(void **state)
{
    (void)state;
    assert_string_equal(masked("1234567890123456789012345678901234567890"), "9999999999999999999999999999…");
}

static void half_a_character_does_not_read_beyond_its_end(void **state)
{
    (void)state;
    char *text = malloc(2); /* the sanitizer watches its end */
    memcpy(text, "a\xe6", 2);
    buffer_clear(&out);
    guess_mask(text, 2, &out);
    free(text);
    assert_string_equal(out.data, "a•");
}

static void headers_are_known_in_several_languages(void **state)
{
    (void)state;
    assert_string_equal(guess_column("Employee Number")->field, "employee_number");
    assert_string_equal(guess_column("  VOORNAAM ")->field, "given_name");
    assert_string_equal(guess_column("姓名")->field, "display_name");
    assert_string_equal(guess_column("E-mail")->field, "work_email");
    assert_null(guess_column("Shoe size"));
}

static void a_field_is_known_by_what_people_call_it(void **state)
{
    (void)state;
    assert_string_equal(guess_field(KIND_person, "surname"), "family_name");
    assert_string_equal(guess_field(KIND_person, "last_name"), "family_name");
    assert_string_equal(guess_field(KIND_person, "firstname"), "given_name");
    assert_string_equal(guess_field(KIND_person, "mail"), "work_email");
    assert_string_equal(guess_field(KIND_person, "mobile"), "mobile_phone");
    assert_string_equal(guess_field(KIND_person, "dob"), "date_of_birth");
    assert_string_equal(guess_field(KIND_person, "birthday"), "date_of_birth");
    assert_string_equal(guess_field(KIND_employment, "dept"), "department");
    assert_null(guess_field(KIND_person, "dept")); /* another kind's */
    assert_null(guess_field(KIND_person, "shoe_size"));
}

static void every_guess_is_a_field_of_the_model(void **state)
{
    (void)state;
    static const char *const names[] = {
        "Employee no", "Voornaam", "Middle name", "Surname",    "Naam",         "Mail",          "Mobile",
        "Telefoon",    "Status",   "In dienst",   "Uit dienst", "BSN",          "City",          "Postcode",
        "Land",        "Adres",    "Username",    "Født",       "Personeelsnr", "Avdelingsnavn", "E-post",
        "Functie",     "Dept no",  "Afdeling",    "Manager",    "FTE",          "Geboortedatum", "Uren per week"};
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        const struct guess *guess = guess_column(names[i]);
        assert_non_null(guess);
        assert_non_null(field_by_name(guess->kind, guess->field));
    }
}

static void dates_are_known_by_their_shape(void **state)
{
    (void)state;
    assert_string_equal(guess_date("31-12-2024", 10), "DD-MM-YYYY");
    assert_string_equal(guess_date("1-2-2024", 8), "DD-MM-YYYY");
    assert_string_equal(guess_date("2024-12-31", 10), "YYYY-MM-DD");
    assert_string_equal(guess_date("3 mei 2021", 10), "DD MMM YYYY");
    assert_string_equal(guess_date("31.12.24", 8), "DD.MM.YY");
    assert_null(guess_date("2024-12-3x", 10));
    assert_null(guess_date("2024-12-311", 11));
    assert_null(guess_date("", 0));
}

static void a_day_that_has_the_month_first_is_seen(void **state)
{
    (void)state;
    assert_string_equal(guess_date("03/04/2024", 10), "DD/MM/YYYY");
    assert_string_equal(guess_date("12/31/2024", 10), "MM/DD/YYYY");
}

static void a_number_of_eight_digits_is_a_day_only_when_there_is_such_a_day(void **state)
{
    (void)state;
    assert_string_equal(guess_date("20241231", 8), "YYYYMMDD");
    assert_null(guess_date("20241331", 8));
    assert_null(guess_date("47110042", 8));
    assert_null(guess_date("00001001", 8));
}

static void a_decimal_comma_is_seen(void **state)
{
    (void)state;
    assert_true(guess_decimal_comma("37,5", 4));
    assert_true(guess_decimal_comma("-0,25", 5));
    assert_false(guess_decimal_comma("37.5", 4));
    assert_false(guess_decimal_comma("37", 2));
    assert_false(guess_decimal_comma("1.234,5", 7));
    assert_false(guess_decimal_comma(",5", 2));
    assert_false(guess_decimal_comma("5,", 2));
    assert_false(guess_decimal_comma("a,b", 3));
    assert_false(guess_decimal_comma("1,2,3", 5));
}

static void words_of_a_status_are_known(void **state)
{
    (void)state;
    assert_string_equal(guess_status("Actief"), "active");
    assert_string_equal(guess_status("VACATION"), "on_leave");
    assert_null(guess_status("Freelance"));
}

static void what_yaml_would_read_otherwise_is_quoted(void **state)
{
    (void)state;
    assert_string_equal(yaml("Job title"), "Job title");
    assert_string_equal(yaml("Dept: no"), "\"Dept: no\"");
    assert_string_equal(yaml("# of hours"), "\"# of hours\"");
    assert_string_equal(yaml("Name, first"), "\"Name, first\"");
    assert_string_equal(yaml("say \"x\""), "\"say \\\"x\\\"\"");
    assert_string_equal(yaml(""), "\"\"");
    assert_string_equal(yaml("two\nlines"), "\"two\\nlines\"");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_sample_keeps_its_shape_and_its_first_letter),
        cmocka_unit_test(a_long_sample_is_cut),
        cmocka_unit_test(half_a_character_does_not_read_beyond_its_end),
        cmocka_unit_test(headers_are_known_in_several_languages),
        cmocka_unit_test(a_field_is_known_by_what_people_call_it),
        cmocka_unit_test(every_guess_is_a_field_of_the_model),
        cmocka_unit_test(dates_are_known_by_their_shape),
        cmocka_unit_test(a_day_that_has_the_month_first_is_seen),
        cmocka_unit_test(a_number_of_eight_digits_is_a_day_only_when_there_is_such_a_day),
        cmocka_unit_test(a_decimal_comma_is_seen),
        cmocka_unit_test(words_of_a_status_are_known),
        cmocka_unit_test(what_yaml_would_read_otherwise_is_quoted),
    };
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    buffer_done(&out);
    return failed;
}
