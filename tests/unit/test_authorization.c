/* test_authorization - whether a connection may be used yet, by the paper on which it rests and the day it is. */
#include "read_organization.h"

#include "base/date.h"
#include "engine/authorization.h"

#include <stdio.h>
#include <stdlib.h>

static int64_t day(const char *text)
{
    struct date date;
    assert_true(date_read(text, strlen(text), &date));
    return date_days(date);
}

/* What is said on a day of a connection with this paper; "": it may be used. */
static void expect(const char *paper, bool wants, const char *today, const char *said)
{
    static const muster_option wanting[] = {{.name = "needs_authorization", .type = MUSTER_BOOL, .initial = "true"},
                                            {0}};
    char text[600];
    TIDY_DONE(buffer_done) struct buffer sentence = {0};
    snprintf(text, sizeof(text), "%s%s%s%s" STREAM, HR, *paper ? "    authorization: " : "", paper, *paper ? "\n" : "");
    struct reading *reading = good(text);
    struct connection connection = reading->organization->connections[0];
    struct muster_connector description = *connection.description;
    if (wants)
        description.options = wanting;
    connection.description = &description;
    bool waits = authorization_awaited(&connection, day(today), &sentence);
    assert_int_equal(waits, *said != '\0');
    assert_string_equal(sentence.data ? sentence.data : "", said);
    assert_int_equal(authorization_awaited(&connection, day(today), NULL), waits);
    done(reading);
}

static void who_asks_for_no_paper_needs_none(void **state)
{
    (void)state;
    expect("", false, "2026-03-02", "");
}

static void who_asks_for_one_waits_until_the_file_names_it(void **state)
{
    (void)state;
    expect("", true, "2026-03-02", "awaiting authorization: its customer has to sign one, and the file names none");
}

/* Whoever has begun to write it down means it, whether or not the connector asks. */
static void a_paper_that_is_begun_has_to_be_whole(void **state)
{
    (void)state;
    for (int wants = 0; wants < 2; wants++) {
        expect("{ signed_on: 2026-03-02 }", wants, "2026-03-02",
               "awaiting authorization: the file names no document for it");
        expect("{ document: a.pdf }", wants, "2026-03-02", "awaiting authorization: the document is not signed yet");
        expect("{ document: a.pdf, signed_on: 2026-03-02 }", wants, "2026-03-02", "");
    }
}

static void it_holds_from_the_day_on_which_it_is_signed_and_granted(void **state)
{
    (void)state;
    static const char paper[] = "{ document: a.pdf, signed_on: 2026-03-02, granted_on: 2026-03-09 }";
    expect(paper, true, "2026-03-01", "awaiting authorization: it is signed as of 2026-03-02");
    expect(paper, true, "2026-03-02", "awaiting authorization: access is granted as of 2026-03-09");
    expect(paper, true, "2026-03-08", "awaiting authorization: access is granted as of 2026-03-09");
    expect(paper, true, "2026-03-09", "");
}

static void its_last_day_counts_and_the_next_does_not(void **state)
{
    (void)state;
    static const char paper[] = "{ document: a.pdf, signed_on: 2026-03-02, until: 2027-03-01 }";
    expect(paper, true, "2027-03-01", "");
    expect(paper, true, "2027-03-02", "awaiting authorization: it ended on 2027-03-01");
    expect("{ document: a.pdf, signed_on: 2026-03-02, until: 2026-03-02 }", true, "2026-03-02", "");
}

/* The day is the organization's: an hour before midnight in UTC it is the next day in Amsterdam. */
static void the_day_is_the_organization_s(void **state)
{
    (void)state;
    struct err err = {0};
    struct reading *reading =
        good("organization: a\ntime_zone: Europe/Amsterdam\nconnections:\n  hr:\n    connector: sheet\n"
             "    options: { location: /in/x.xlsx }\n"
             "    authorization: { document: a.pdf, signed_on: 2026-03-02 }\n" STREAM);
    const struct organization *organization = reading->organization;
    setenv("MUSTER_NOW", "2026-03-01T22:59:59Z", 1);
    assert_int_equal(authorization_check(organization, &organization->connections[0], &err), ERR_PAUSED);
    assert_string_equal(err.text, "connection hr is awaiting authorization: it is signed as of 2026-03-02. Nothing was "
                                  "asked of it; when it is signed, say so in a.yaml: authorization: { document: FILE, "
                                  "signed_on: DAY, received_from: WHOM }");
    setenv("MUSTER_NOW", "2026-03-01T23:00:00Z", 1);
    assert_int_equal(authorization_check(organization, &organization->connections[0], &err), 0);
    unsetenv("MUSTER_NOW");
    done(reading);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(who_asks_for_no_paper_needs_none),
        cmocka_unit_test(who_asks_for_one_waits_until_the_file_names_it),
        cmocka_unit_test(a_paper_that_is_begun_has_to_be_whole),
        cmocka_unit_test(it_holds_from_the_day_on_which_it_is_signed_and_granted),
        cmocka_unit_test(its_last_day_counts_and_the_next_does_not),
        cmocka_unit_test(the_day_is_the_organization_s),
    };
    return cmocka_run_group_tests_name("authorization", tests, make_dir, remove_dir);
}
