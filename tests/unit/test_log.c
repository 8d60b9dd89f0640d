/* test_log - lines for who keeps the system running, in each form. */
#include "unit.h"

#include "base/log.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

static const struct log somewhere = {.organization = "acme", .connection = "hr", .run = 7};

/* What is written to standard error while the three lines are. */
static char *written(const char *form, enum log_level least)
{
    int before = dup(STDERR_FILENO), pipes[2];
    static char text[4096];
    assert_int_equal(pipe(pipes), 0);
    assert_true(log_form(form));
    log_level(least);
    dup2(pipes[1], STDERR_FILENO);
    log_info(&somewhere, "%d files, \"two\" of them new", 3);
    log_warn(&(struct log){.organization = "acme"}, "a line\nand another: a=b \\");
    log_error(NULL, "bare");
    fflush(stderr);
    dup2(before, STDERR_FILENO);
    close(before);
    close(pipes[1]);
    ssize_t got = read(pipes[0], text, sizeof(text) - 1);
    close(pipes[0]);
    assert_true(got >= 0);
    text[got] = '\0';
    return text;
}

static void plain_lines_are_for_people(void **state)
{
    (void)state;
    assert_string_equal(written("plain", LOG_INFO), "info: acme/hr run 7 3 files, \"two\" of them new\n"
                                                    "warning: acme a line\nand another: a=b \\\n"
                                                    "error: bare\n");
}

static void what_is_below_the_level_is_not_written(void **state)
{
    (void)state;
    assert_string_equal(written("plain", LOG_ERROR), "error: bare\n");
}

static void logfmt_quotes_what_has_to_be(void **state)
{
    (void)state;
    setenv("MUSTER_NOW", "2026-03-02T06:30:00Z", 1);
    assert_string_equal(
        written("logfmt", LOG_INFO),
        "time=2026-03-02T06:30:00.000Z level=info organization=acme connection=hr run=7 "
        "message=\"3 files, \\\"two\\\" of them new\"\n"
        "time=2026-03-02T06:30:00.000Z level=warning organization=acme message=\"a line\\nand another: a=b \\\\\"\n"
        "time=2026-03-02T06:30:00.000Z level=error message=bare\n");
}

static void json_is_an_object_on_each_line(void **state)
{
    (void)state;
    setenv("MUSTER_NOW", "2026-03-02T06:30:00Z", 1);
    assert_string_equal(
        written("json", LOG_INFO),
        "{\"time\":\"2026-03-02T06:30:00.000Z\",\"level\":\"info\",\"organization\":\"acme\",\"connection\":\"hr\","
        "\"run\":7,\"message\":\"3 files, \\\"two\\\" of them new\"}\n"
        "{\"time\":\"2026-03-02T06:30:00.000Z\",\"level\":\"warning\",\"organization\":\"acme\","
        "\"message\":\"a line\\nand another: a=b \\\\\"}\n"
        "{\"time\":\"2026-03-02T06:30:00.000Z\",\"level\":\"error\",\"message\":\"bare\"}\n");
}

static void the_journal_gets_the_level_in_front_and_notes_the_time_itself(void **state)
{
    (void)state;
    assert_string_equal(written("journald", LOG_WARN),
                        "<4>level=warning organization=acme message=\"a line\\nand another: a=b \\\\\"\n"
                        "<3>level=error message=bare\n");
}

static void another_form_is_refused_and_changes_nothing(void **state)
{
    (void)state;
    assert_true(log_form("plain"));
    assert_false(log_form("xml"));
    assert_false(log_form(""));
    assert_string_equal(written("plain", LOG_ERROR), "error: bare\n");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(plain_lines_are_for_people),
        cmocka_unit_test(what_is_below_the_level_is_not_written),
        cmocka_unit_test(logfmt_quotes_what_has_to_be),
        cmocka_unit_test(json_is_an_object_on_each_line),
        cmocka_unit_test(the_journal_gets_the_level_in_front_and_notes_the_time_itself),
        cmocka_unit_test(another_form_is_refused_and_changes_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
