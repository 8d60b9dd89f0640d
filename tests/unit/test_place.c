/* test_place - what counts as a place, and what lies within it. */
#include "unit.h"

#include "broker/place.h"

static void places_are_split_decoded_and_written_back(void **state)
{
    (void)state;
    static const struct {
        const char *text, *user, *host;
        unsigned port;
        const char *folder, *last;
        bool pattern;
    } cases[] = {
        {"/srv/hr/employees-*.xlsx", NULL, NULL, 0, "/srv/hr", "employees-*.xlsx", true},
        {"/srv//hr/./a.csv", NULL, NULL, 0, "/srv/hr", "a.csv", false},
        {"/a.csv", NULL, NULL, 0, "/", "a.csv", false},
        {"/srv/hr/", NULL, NULL, 0, "/srv/hr", "", false},
        {"/srv/100%.csv", NULL, NULL, 0, "/srv", "100%.csv", false},
        {"sftp://hr@Files.Example/out/e-?.xlsx", "hr", "files.example", 22, "/out", "e-?.xlsx", true},
        {"sftp://hr@files.example:2222/~/out/a%20b.xlsx", "hr", "files.example", 2222, "./out", "a b.xlsx", false},
        {"sftp://a%40b.nl@h/~/x", "a@b.nl", "h", 22, ".", "x", false},
        {"sftp://a@b.nl@h/x%2A.csv", "a@b.nl", "h", 22, "/", "x*.csv", false},
        {"sftp://u@[::1]:2022/f/n", "u", "::1", 2022, "/f", "n", false},
        {"sftp://u@h/~", "u", "h", 22, ".", "", false},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct place place = {0}, again = {0};
        struct err err = {0};
        assert_int_equal(place_read(cases[i].text, PLACE_PATTERN, &place, &err), 0);
        assert_int_equal(place.remote, cases[i].user != NULL);
        if (cases[i].user) {
            assert_string_equal(place.user, cases[i].user);
            assert_string_equal(place.host, cases[i].host);
            assert_int_equal(place.port, cases[i].port);
        }
        assert_string_equal(place.folder, cases[i].folder);
        assert_string_equal(place.last, cases[i].last);
        assert_int_equal(place.pattern, cases[i].pattern);
        struct buffer out = {0};
        place_write(&place, place.folder, place.last, &out);
        assert_int_equal(place_read(out.data, PLACE_NAME, &again, &err), 0);
        assert_string_equal(again.folder, place.folder);
        assert_string_equal(again.last, place.last);
        assert_true(place_same_server(&place, &again));
        assert_false(again.pattern);
        buffer_done(&out);
        place_done(&place);
        place_done(&again);
    }
}

static void what_is_no_place_is_refused_with_the_way_out(void **state)
{
    (void)state;
    static const char *const cases[][2] = {
        {"employees.xlsx", "absolute path"},
        {"./x", "absolute path"},
        {"", "absolute path"},
        {"ftp://u@h/x", "cannot be reached by ftp"},
        {"https://h/x", "cannot be reached by https"},
        {"sftp://h/x", "names no user"},
        {"sftp://@h/x", "names no user"},
        {"sftp://u@/x", "names no host"},
        {"sftp://u@h", "names no file"},
        {"sftp://u@h:0/x", "a port that is no number"},
        {"sftp://u@h:99999/x", "a port that is no number"},
        {"sftp://u@h:2x/x", "a port that is no number"},
        {"sftp://u@[::1/x", "not closed by ]"},
        {"sftp://u@h/a%2", "two hexadecimal digits"},
        {"sftp://u@h/a%00b", "two hexadecimal digits"},
        {"sftp://u@h/a%2Fb", "two hexadecimal digits"},
        {"sftp://u@h/*/x", "only the last part"},
        {"/srv/*/x.csv", "only the last part"},
        {"/srv/../etc/x.csv", "goes up with '..'"},
        {"sftp://u@h/a/%2e%2e/x", "goes up with '..'"},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct place place = {0};
        struct err err = {0};
        assert_int_equal(place_read(cases[i][0], PLACE_PATTERN, &place, &err), ERR_CONFIG);
        if (!strstr(err.text, cases[i][1]))
            fail_msg("%s: %s", cases[i][0], err.text);
    }
}

static void a_password_in_a_place_is_refused_and_not_repeated(void **state)
{
    (void)state;
    struct place place = {0};
    struct err err = {0};
    assert_int_equal(place_read("sftp://hr:hunter2@files.example/x", PLACE_PATTERN, &place, &err), ERR_CONFIG);
    assert_non_null(strstr(err.text, "!secret"));
    assert_null(strstr(err.text, "hunter2"));
}

static void a_place_covers_what_its_pattern_means_and_nothing_else(void **state)
{
    (void)state;
    static const struct {
        const char *outer, *inner;
        bool covered;
    } cases[] = {
        {"/in/e-*.xlsx", "/in/e-1.xlsx", true},
        {"/in/e-*.xlsx", "/in/f-1.xlsx", false},
        {"/in/e-*.xlsx", "/in/sub/e-1.xlsx", false},
        {"/in/*", "/in/.hidden", false},
        {"/in/.h*", "/in/.hidden", true},
        {"/in/", "/in/a", true},
        {"/in", "/in/a", true},
        {"/in", "/in/.a", false},
        {"/in", "/in/a/b", false},
        {"/in", "/inn/a", false},
        {"/in/a", "/in/b", false},
        {"/in/[ab]*", "/in/a1", false},
        {"sftp://u@h/in/*", "/in/a", false},
        {"sftp://u@h/in/*", "sftp://u@h:22/in/a", true},
        {"sftp://u@h/in/*", "sftp://u@H/in/a", true},
        {"sftp://u@h/in/*", "sftp://v@h/in/a", false},
        {"sftp://u@h/in/*", "sftp://u@h:2222/in/a", false},
        {"sftp://u@h/~/in/*", "sftp://u@h/in/a", false},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct place outer = {0}, inner = {0};
        assert_int_equal(place_read(cases[i].outer, PLACE_PATTERN, &outer, NULL), 0);
        assert_int_equal(place_read(cases[i].inner, PLACE_NAME, &inner, NULL), 0);
        if (place_covers(&outer, &inner) != cases[i].covered)
            fail_msg("%s and %s", cases[i].outer, cases[i].inner);
        place_done(&outer);
        place_done(&inner);
    }
}

static void numbers_go_before_the_ending(void **state)
{
    (void)state;
    static const char *const cases[][2] = {
        {"report.xlsx", "report-2.xlsx"}, {"report", "report-2"}, {".hidden", ".hidden-2"}, {"a.b.csv", "a.b-2.csv"}};
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        char *name = place_numbered(cases[i][0], 2), *same = place_numbered(cases[i][0], 1);
        assert_string_equal(name, cases[i][1]);
        assert_string_equal(same, cases[i][0]);
        free(name);
        free(same);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(places_are_split_decoded_and_written_back),
        cmocka_unit_test(what_is_no_place_is_refused_with_the_way_out),
        cmocka_unit_test(a_password_in_a_place_is_refused_and_not_repeated),
        cmocka_unit_test(a_place_covers_what_its_pattern_means_and_nothing_else),
        cmocka_unit_test(numbers_go_before_the_ending),
    };
    return cmocka_run_group_tests_name("place", tests, NULL, NULL);
}
