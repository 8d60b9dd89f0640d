/* test_organization - an organization's file, checked whole: config/organizations/NAME.yaml and beside it what must be
 * said about it, to the letter. A difference is shown as a diff. */
#include "read_organization.h"

#include "base/fault.h"
#include "base/mem.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#define DAY_MS INT64_C(86400000)

static const char *const only_sheet[] = {"sheet", NULL};

/* ---- cases beside ---- */

static void diff(const char *expected, const struct buffer *said)
{
    int pipes[2];
    if (pipe(pipes) != 0)
        return;
    pid_t child = fork();
    if (child == 0) {
        dup2(pipes[0], 0);
        dup2(2, 1);
        close(pipes[1]);
        execlp("diff", "diff", "-u", "--label", "expected", "--label", "said", expected, "-", (char *)NULL);
        _exit(127);
    }
    close(pipes[0]);
    if (said->len > 0 && write(pipes[1], said->data, said->len) < 0)
        perror("diff");
    close(pipes[1]);
    waitpid(child, NULL, 0);
}

/* Warnings alone leave a file as good as it was. */
static bool has_error(const char *said)
{
    for (const char *line = said; *line; line += strcspn(line, "\n"), line += *line == '\n') {
        const char *warning = strstr(line, ": warning: ");
        if (!warning || warning > line + strcspn(line, "\n"))
            return true;
    }
    return false;
}

/* A case without a .complaints file must have none. */
static void expect_file(const char *folder, const char *id, const char *const *installed, const char *suffix)
{
    char path[4096], expected[65536] = "";
    snprintf(path, sizeof(path), "%s/organizations/%s.%s", folder, id, suffix);
    FILE *file = fopen(path, "r");
    if (file) {
        size_t len = fread(expected, 1, sizeof(expected) - 1, file);
        expected[len] = '\0';
        fclose(file);
    }
    struct reading *reading = read_from(folder, id, installed);
    const char *said = reading->said.data ? reading->said.data : "";
    if (strcmp(said, expected) != 0)
        diff(file ? path : "/dev/null", &reading->said);
    assert_true(strcmp(said, expected) == 0);
    assert_int_equal(reading->rc, has_error(expected) ? ERR_CONFIG : 0);
    assert_null(strstr(said, "hunter2"));
    done(reading);
}

static void five_mistakes_are_five_complaints_at_their_places(void **state)
{
    (void)state;
    expect_file(CASES, "five", test_all_connectors, "complaints");
}

static void a_file_that_is_wrong_everywhere_is_told_everything_at_once(void **state)
{
    (void)state;
    expect_file(CASES, "twenty", test_all_connectors, "complaints");
}

static void the_four_examples_are_accepted_once_their_connectors_exist(void **state)
{
    (void)state;
    static const char *const ids[] = {"fjordbygg", "huaxin", "vandeberg", "wachter"};
    for (size_t i = 0; i < 4; i++)
        expect_file(CASES "/examples", ids[i], test_all_connectors, "installed");
}

static void connectors_that_are_not_installed_are_told_and_the_rest_is_still_checked(void **state)
{
    (void)state;
    static const char *const ids[] = {"fjordbygg", "huaxin", "vandeberg", "wachter"};
    for (size_t i = 0; i < 4; i++)
        expect_file(CASES "/examples", ids[i], only_sheet, "complaints");
}

static void a_connector_that_cannot_be_described_says_why(void **state)
{
    (void)state;
    expect_said(
        "organization: a\nconnections:\n  x: { connector: broken, options: { a: !secret hunter2 }, lanes: 0 }\n",
        "a.yaml:3:19: connector 'broken' cannot be used: its host process died by signal 11\n"
        "a.yaml:3:41: connection 'x': option 'a': after !secret comes file:PATH, env:NAME or credential:NAME\n"
        "a.yaml:3:67: connection 'x': lanes must be a whole number from 1 to 64\n");
}

/* ---- what a good file becomes ---- */

static void a_good_file_is_in_structs_with_its_defaults(void **state)
{
    (void)state;
    struct reading *reading = good(HR STREAM);
    const struct organization *organization = reading->organization;
    const struct connection *hr = organization_connection(organization, "hr");
    assert_string_equal(organization->id, "a");
    assert_string_equal(organization->name, "a");
    assert_string_equal(organization->file, "a.yaml");
    assert_string_equal(organization->time_zone, "UTC");
    assert_null(organization->custom[0].name);
    assert_int_equal(organization->connection_count, 1);
    assert_string_equal(hr->connector, "sheet");
    assert_non_null(hr->description);
    assert_string_equal(connection_option(hr, "location"), "/in/x.xlsx");
    assert_string_equal(connection_option(hr, "after_read"), "keep");
    assert_null(connection_option(hr, "sheet"));
    assert_null(connection_option(hr, "nonsense"));
    assert_int_equal(hr->on_missing, MISSING_DEACTIVATE);
    assert_int_equal(hr->lanes, 1);
    assert_int_equal(hr->grace_ms, -1);
    assert_string_equal(hr->mappings[0]->stream, "e");
    assert_null(hr->mappings[1]);
    assert_true(hr->deactivate.set);
    assert_int_equal(organization->person_rule_count, 1);
    assert_string_equal(organization->person_rules[0].text, "employee_number");
    assert_int_equal(organization->within_partition, WITHIN_REVIEW);
    assert_ptr_equal(organization->exists[0], hr);
    assert_null(organization->exists[1]);
    assert_null(organization_connection(organization, "other"));
    done(reading);
}

static void a_target_keeps_nobody_alive_unless_it_is_listed(void **state)
{
    (void)state;
    struct reading *reading =
        good(HR STREAM "  poc: { connector: poc, target: {} }\n  two: { connector: pmt, options: { "
                       "api_key: !secret env:K } }\n");
    const struct organization *organization = reading->organization;
    assert_string_equal(organization->exists[0]->name, "hr");
    assert_string_equal(organization->exists[1]->name, "two");
    assert_null(organization->exists[2]);
    for (const struct authority *authority = organization->authorities; authority->kind; authority++) {
        assert_null(authority->field);
        assert_string_equal(authority->connections[0]->name, "hr");
        assert_string_equal(authority->connections[1]->name, "poc");
        assert_string_equal(authority->connections[2]->name, "two");
    }
    done(reading);
}

static void authority_is_per_field_then_per_kind_then_the_persons(void **state)
{
    (void)state;
    struct reading *reading = good(
        HR STREAM
        "  two: { connector: pmt, options: { api_key: !secret env:K } }\n"
        "custom: { badge: text }\n"
        "authority: { person: { default: [two], custom.badge: hr, exists: [two, hr] }, absence: { default: hr } }\n");
    const struct organization *organization = reading->organization;
    unsigned seen = 0;
    for (const struct authority *authority = organization->authorities; authority->kind; authority++) {
        const char *first = authority->connections[0]->name;
        if (authority->field)
            assert_string_equal(authority->field->name, "custom.badge");
        bool shared = authority->kind <= KIND_pay; /* of the others whoever says one says all of it */
        assert_string_equal(first, authority->field || authority->kind == KIND_absence || !shared ? "hr" : "two");
        assert_true((authority->connections[1] == NULL) == shared);
        seen++;
    }
    assert_int_equal(seen, KIND_COUNT); /* every kind, and the badge */
    assert_string_equal(organization->exists[0]->name, "two");
    assert_ptr_equal(organization_field(organization, KIND_person, "custom.badge"), &organization->custom[0]);
    assert_int_equal(organization->custom[0].type, TYPE_TEXT);
    assert_null(organization_field(organization, KIND_absence, "custom.badge"));
    assert_ptr_equal(organization_field(organization, KIND_absence, "type"), field_by_name(KIND_absence, "type"));
    organization->custom[0].number = 1003;
    assert_ptr_equal(organization_field_number(organization, KIND_person, 1003), &organization->custom[0]);
    assert_null(organization_field_number(organization, KIND_person, 1004));
    done(reading);
}

static void match_rules_keep_their_order_and_their_fields(void **state)
{
    (void)state;
    struct reading *reading = good(HR STREAM "match:\n  person: [ [employee_number], [work_email, family_name] ]\n"
                                             "  within_partition: apart\n  placeholder_emails: [\"*@x.example\", y]\n");
    const struct organization *organization = reading->organization;
    assert_int_equal(organization->person_rule_count, 2);
    assert_string_equal(organization->person_rules[1].text, "work_email, family_name");
    assert_string_equal(organization->person_rules[1].fields[1]->name, "family_name");
    assert_null(organization->person_rules[1].fields[2]);
    assert_int_equal(organization->within_partition, WITHIN_APART);
    assert_string_equal(organization->placeholder_emails[1], "y");
    assert_null(organization->placeholder_emails[2]);
    done(reading);
}

static void a_shipped_mapping_is_overridden_field_by_field_and_switched_off(void **state)
{
    (void)state;
#define PMT "organization: a\nconnections:\n  p:\n    connector: pmt\n    options: { api_key: !secret env:K }\n"
    struct reading *reading = good(PMT);
    assert_string_equal(reading->organization->connections[0].mappings[0]->stream, "users");
    assert_string_equal(reading->organization->connections[0].mappings[1]->stream, "groups");
    done(reading);
    reading = good(PMT "    streams:\n      groups: off\n      users:\n        person: { family_name: surname, "
                       "work_email: mail }\n        membership: off\n");
    const struct connection *p = &reading->organization->connections[0];
    assert_null(p->mappings[1]);
    const struct node *node = p->mappings[0]->node;
    assert_string_equal(node_get(node, "key")->text, "userid");
    const struct node *person = node_get(node, "person");
    assert_int_equal(person->count, 4);
    assert_string_equal(node_get(person, "family_name")->text, "surname");
    assert_int_equal(node_get(person, "family_name")->line, 9);
    assert_string_equal(node_get(person, "given_name")->text, "first_name");
    assert_int_equal(node_get(person, "given_name")->line, 3); /* the connection: there is no other place for it */
    assert_null(node_get(node, "membership"));
    done(reading);
}

/* Streams that are told and read, and how many fields the first one has: "each2 +desks". */
static void expect_streams(const char *rest, const char *streams)
{
    char found[200] = "", *text = mem_format(HR STREAM "  w:\n    connector: ways\n%s", rest);
    struct reading *reading = good(text);
    const struct connection *connection = organization_connection(reading->organization, "w");
    for (size_t n = 0; connection->target && n < connection->target->stream_count; n++)
        snprintf(found + strlen(found), sizeof(found) - strlen(found), "%s%zu ", connection->target->streams[n].name,
                 connection->target->streams[n].map.rule_count);
    for (size_t n = 0; connection->mappings[n]; n++)
        snprintf(found + strlen(found), sizeof(found) - strlen(found), "+%s ", connection->mappings[n]->stream);
    assert_string_equal(found, streams);
    done(reading);
    free(text);
}

static void what_is_shipped_may_depend_on_options(void **state)
{
    (void)state;
    expect_streams("    options: { user: each, base_url: https://a.example }\n    target: {}\n", "each1 +desks ");
    expect_streams("    options: { user: one, read_only: true }\n    target: {}\n", "each2 ");
    expect_streams("    options: { user: all, base_url: https://a.example }\n    target: {}\n", "all1 +desks ");
    expect_streams("    options: { user: each }\n    target: { streams: { all: {}, each: off } }\n", "all1 ");
    expect_streams(
        "    options: { user: one }\n    target: { streams: { each: { map: { Desk: workstation_number } } } }\n",
        "each2 ");
    expect_said(
        HR STREAM
        "  w:\n    connector: ways\n    options: { user: all, base_url: https://b.example }\n    target: {}\n",
        "a.yaml:10:13: connection 'w': target: nothing would be sent: name streams:, or let the connector 'ways' "
        "say what it takes\n");
}

static void safeguards_short_and_long_are_the_same(void **state)
{
    (void)state;
    struct reading *reading = good(
        HR STREAM
        "    safeguards:\n      deactivate: 5%\n      update: { percent: 2.5, from: 3, count: 7, of: partition, "
        "window: 2d }\n      rekey: { except: [ { from: 2026-07-01, to: 2026-07-14, percent: 100, reason: in } ] }\n"
        "      email: { off: { until: 2026-07-14, reason: move } }\n      grace: 3d\n"
        "time_zone: Europe/Amsterdam\n");
    const struct connection *hr = &reading->organization->connections[0];
    assert_true(hr->deactivate.set);
    assert_true(hr->deactivate.percent == 5);
    assert_int_equal(hr->deactivate.from, 2);
    assert_int_equal(hr->deactivate.count, 50);
    assert_int_equal(hr->deactivate.window_ms, 7 * DAY_MS);
    assert_true(hr->update.percent == 2.5);
    assert_int_equal(hr->update.from, 3);
    assert_int_equal(hr->update.count, 7);
    assert_int_equal(hr->update.window_ms, 2 * DAY_MS);
    assert_int_equal(hr->rekey.exception_count, 1);
    assert_string_equal(hr->rekey.exceptions[0].to, "2026-07-14");
    assert_true(hr->rekey.exceptions[0].percent == 100);
    assert_true(hr->email.off);
    assert_string_equal(hr->email.off_reason, "move");
    assert_true(hr->email.off_until_ms == INT64_C(1784066400000)); /* 2026-07-14T22:00Z: midnight in Amsterdam */
    assert_int_equal(hr->grace_ms, 3 * DAY_MS);
    done(reading);
}

static void safeguards_hold_where_nothing_is_said_but_for_updates(void **state)
{
    (void)state;
    struct reading *reading = good(HR STREAM "    safeguards: { manager: { of: connection, minimum: 20 } }\n");
    const struct connection *hr = &reading->organization->connections[0];
    assert_true(hr->deactivate.set && hr->rekey.set && hr->email.set && hr->manager.set);
    assert_false(hr->update.set);
    assert_true(hr->manager.of_connection);
    assert_false(hr->email.of_connection);
    assert_int_equal(hr->manager.minimum, 20);
    assert_int_equal(hr->manager.from, 5);
    assert_true(hr->manager.percent == 50);
    assert_int_equal(hr->email.minimum, 0);
    done(reading);
}

static void mistakes_in_safeguards_are_told_with_their_place(void **state)
{
    (void)state;
    expect_said(
        HR STREAM "    safeguards:\n"
                  "      deactivate: { except: [ { from: 2026-07-02, to: 2026-07-01, percent: 50, reason: in } ] }\n"
                  "      rekey: { except: [ { from: 2026-07-01, to: 2026-07-02, percent: 50, why: in } ] }\n"
                  "      manager: { off: { until: 2026-07-14, reason: move, form: x } }\n"
                  "      create: { percent: 5 }\n",
        "a.yaml:8:55: connection 'hr': safeguard 'deactivate': except: it ends before it begins\n"
        "a.yaml:9:26: connection 'hr': safeguard 'rekey': except: 'reason' is missing: an exception has from, to, "
        "percent and reason\n"
        "a.yaml:9:75: connection 'hr': safeguard 'rekey': except: unknown key 'why': known are from, to, percent, "
        "reason\n"
        "a.yaml:10:58: connection 'hr': safeguard 'manager': off: unknown key 'form': known are until, reason\n"
        "a.yaml:11:15: connection 'hr': safeguard 'create' looks at who would be new in a target, and it has none: add "
        "target:, or leave it out\n");
    expect_said(
        HR STREAM "    safeguards:\n      email: { of: partion }\n      rekey: { minimum: few, windo: 7d }\n"
                  "      manager: { window: a week, from: 0 }\n      update: off\n",
        "a.yaml:8:20: connection 'hr': safeguard 'email': of: 'partion' is none of partition, connection: did you mean "
        "'partition'?\n"
        "a.yaml:9:25: connection 'hr': safeguard 'rekey': minimum must be a whole number from 0 to 100000000\n"
        "a.yaml:9:30: connection 'hr': safeguard 'rekey': unknown key 'windo': did you mean 'window'?\n"
        "a.yaml:10:26: connection 'hr': safeguard 'manager': window must be a length of time, as in 30s, 15m, "
        "1h, 2d, 3w or 1y\n"
        "a.yaml:10:40: connection 'hr': safeguard 'manager': from must be a whole number from 1 to 1000000\n"
        "a.yaml:11:15: connection 'hr': safeguard 'update': off needs until and reason, as in { until: "
        "2026-07-14, reason: TEXT }\n");
}

static void a_connector_that_needs_more_must_be_allowed(void **state)
{
    (void)state;
    expect_said(
        "organization: a\nconnections:\n  x: { connector: odbc, allow: secrets, streams: { e: { key: N, person: { "
        "employee_number: N } } } }\n",
        "a.yaml:3:3: connection 'x': connector 'odbc' needs network of its own: if it may, add allow: [network]\n");
    done(good("organization: a\nconnections:\n  x: { connector: odbc, allow: [secrets, network], streams: { e: { key: "
              "N, person: { employee_number: N } } } }\n"));
}

/* What the one connection of that connector is given when all is allowed. */
static uint32_t may(const char *connector, const char *allow)
{
    char text[300];
    snprintf(text, sizeof(text),
             "organization: a\nconnections:\n  x: { connector: %s, allow: [%s], streams: { users: { key: N, person: { "
             "employee_number: N } } } }\n",
             connector, allow);
    struct reading *reading = good(text);
    uint32_t found = connection_may(&reading->organization->connections[0]);
    done(reading);
    return found;
}

static void who_starts_programs_is_given_what_the_file_allows_and_others_what_they_declare(void **state)
{
    (void)state;
    const uint32_t both = MUSTER_NEEDS_FILES | MUSTER_NEEDS_EXEC, net = MUSTER_NEEDS_NETWORK | MUSTER_NEEDS_SECRETS;
    assert_int_equal(may("needy", "files, programs"), both);
    assert_int_equal(may("needy", "files, programs, network"), both | MUSTER_NEEDS_NETWORK);
    assert_int_equal(may("needy", "network, files, programs, secrets"), both | net);
    assert_int_equal(may("odbc", "network, secrets, programs"), net);
    assert_int_equal(may("odbc", "network, secrets, files"), net | MUSTER_NEEDS_FILES);
}

static void a_file_that_says_nothing_is_told_so(void **state)
{
    (void)state;
    expect_said("", "a.yaml: the file is empty\n");
    expect_said("just text\n", "a.yaml:1:1: the file must be a map of keys and values\n");
    expect_said("name: x\n", "a.yaml:1:1: 'organization' is missing: write organization: a\n"
                             "a.yaml:1:1: no connections: there is nothing to read from\n");
    expect_said("organization: b\nconnections: {}\n",
                "a.yaml:1:15: organization 'b' must be called like its file: 'a'\n"
                "a.yaml:2:1: no connections: there is nothing to read from\n");
    expect_said(HR, "a.yaml:3:3: connection 'hr' names no stream: add streams: or target:\n");
}

/* ---- sets ---- */

#define LOOKUPS(map)                                                                                                   \
    "  ciq:\n    connector: companyiq\n    target:\n      streams:\n        lookups: { of: lookup_row, map: { " map    \
    " } }\n"

static void what_tells_sets_apart_is_sent_and_seen(void **state)
{
    (void)state;
    struct reading *reading = good(HR STREAM LOOKUPS("values: values"));
    const struct connection *ciq = organization_connection(reading->organization, "ciq");
    assert_string_equal(ciq->target->streams[0].name, "users"); /* in the connector's order, not the file's */
    assert_string_equal(ciq->target->streams[1].name, "lookups");
    done(reading);
    expect_said(HR STREAM LOOKUPS("period: off"),
                "a.yaml:11:18: connection 'ciq': target: stream 'lookups' is written in sets of 'module period': map "
                "'period'\n");
    expect_said(HR STREAM LOOKUPS("period: values"),
                "a.yaml:11:51: connection 'ciq': target: stream 'lookups' is written in sets of 'module period': "
                "'period' cannot come from a protected value, or from several\n");
}

/* ---- files of a period ---- */

#define FILE_TO(name)                                                                                                  \
    "  pay:\n    connector: sheet\n    options: { location: \"/out/" name "\" }\n    target:\n      streams:\n"
#define HOURS(words) "        hours:\n          { of: work_period, " words ", map: { In: started_at } }\n"

static void a_period_is_for_what_happens_and_is_written_as_a_file(void **state)
{
    (void)state;
    struct reading *reading = good(HR STREAM FILE_TO("h-{week}.csv") HOURS("period: last week, late: rewrite"));
    const struct connection *pay = organization_connection(reading->organization, "pay");
    assert_int_equal(pay->target->streams[0].period, PERIOD_LAST_WEEK);
    assert_true(pay->target->streams[0].rewrite_late);
    done(reading);
    expect_said(HR STREAM FILE_TO("h-{week}.csv") HOURS("period: last wek"),
                "a.yaml:13:38: connection 'pay': target: stream 'hours': period: 'last wek' is none of last day, "
                "last week, last month, this day, this week, this month: did you mean 'last week'?\n");
    expect_said(HR STREAM FILE_TO("h-{week}.csv") HOURS("late: rewrite"),
                "a.yaml:13:36: connection 'pay': target: stream 'hours': 'late' is for files of a period: "
                "say which one, as in period: last week\n");
    expect_said(
        HR STREAM FILE_TO("h-{week}.csv") HOURS("period: last week, late: never"),
        "a.yaml:13:55: connection 'pay': target: stream 'hours': late: 'never' is none of next_file, rewrite\n");
    expect_said(
        HR STREAM FILE_TO("p-{week}.csv") "        p: { of: person, period: last week, map: { N: username } }\n",
        "a.yaml:12:34: connection 'pay': target: stream 'p': nobody can say when a person happened: 'period' "
        "is for work_period, shift, punch, absence, pay, incident and note\n");
    expect_said(
        HR STREAM "  pay:\n    connector: poc\n    target:\n      streams:\n"
                  "        employees: { of: absence, period: last week, map: { EmployeeNumber: type } }\n",
        "a.yaml:11:43: connection 'pay': target: stream 'employees': 'period' is for what is written as one file, "
        "and connector 'poc' writes none\n");
}

static void each_period_has_a_file_of_its_own(void **state)
{
    (void)state;
    static const char *const good_names[][2] = {{"h-{week}.csv", "last week"},   {"h-{date}.csv", "this week"},
                                                {"h-{month}.csv", "last month"}, {"h-{date}.csv", "last month"},
                                                {"h-{date}.csv", "last day"},    {"{month}/{week}.csv", "this week"}};
    for (size_t n = 0; n < sizeof(good_names) / sizeof(good_names[0]); n++) {
        char text[1024];
        snprintf(text, sizeof(text), HR STREAM FILE_TO("%s") HOURS("period: %s"), good_names[n][0], good_names[n][1]);
        done(good(text));
    }
    expect_said(HR STREAM FILE_TO("h.csv") HOURS("period: last week"),
                "a.yaml:9:26: connection 'pay': option 'location' is the same for every period of stream 'hours', "
                "so one file would take the place of another: put {week} into it\n");
    expect_said(HR STREAM FILE_TO("h-{week}.csv") HOURS("period: last day"),
                "a.yaml:9:26: connection 'pay': option 'location' is the same for every period of stream 'hours', "
                "so one file would take the place of another: put {date} into it\n");
    expect_said(HR STREAM FILE_TO("h-{week}.csv") HOURS("period: this month"),
                "a.yaml:9:26: connection 'pay': option 'location' is the same for every period of stream 'hours', "
                "so one file would take the place of another: put {month} into it\n");
    expect_said(HR STREAM FILE_TO("h-{week}-{run}.csv") HOURS("period: last week"),
                "a.yaml:9:26: connection 'pay': option 'location' has {run}, but a file of a period may "
                "have to be written again under its name: let {week} tell them apart\n");
}

static void syntax_errors_are_told_like_all_others(void **state)
{
    (void)state;
    expect_said(HR "    lanes:\t2\n\tx: y\n", "a.yaml:7:1: a tab in the indentation: use spaces\n");
    expect_said(HR STREAM "connections: {}\nlanes: 3\n",
                "a.yaml:7:1: key 'connections' stands here a second time: the other is in line 2\n"
                "a.yaml:8:1: unknown key 'lanes': known are organization, name, time_zone, custom, connections, match, "
                "authority, notify, retention\n");
}

static void names_that_are_no_files_of_ours_are_not_there(void **state)
{
    (void)state;
    static const char *const ids[] = {"nobody", "../organizations/a", "", "A", ".a", "a/b"};
    for (size_t i = 0; i < sizeof(ids) / sizeof(ids[0]); i++) {
        struct reading *reading = read_from(dir, ids[i], test_all_connectors);
        assert_int_equal(reading->rc, ERR_GONE);
        assert_int_equal(reading->complaints.count, 0);
        done(reading);
    }
}

static void organizations_are_listed_by_their_files_in_order(void **state)
{
    (void)state;
    struct arena *arena = arena_new();
    const char *const *ids = NULL;
    assert_int_equal(organization_list(&(struct settings){.config_dir = CASES}, arena, &ids), 0);
    assert_string_equal(ids[0], "five");
    assert_string_equal(ids[1], "twenty");
    assert_null(ids[2]);
    assert_int_equal(organization_list(&(struct settings){.config_dir = "/nonexistent"}, arena, &ids), 0);
    assert_null(ids[0]);
    arena_free(arena);
}

#ifdef HAVE_FAULTS
/* How much was understood; no pointer of the arena is looked through that could be wrong unnoticed. */
static size_t weight(const struct organization *organization)
{
    size_t sum = organization->person_rule_count;
    for (size_t i = 0; i < organization->connection_count; i++) {
        const struct connection *connection = &organization->connections[i];
        sum += 1 + connection->option_count + connection->trigger_count;
        for (size_t m = 0; connection->mappings[m]; m++)
            for (size_t s = 0; s < connection->mappings[m]->section_count; s++)
                sum += 1 + connection->mappings[m]->sections[s].rule_count;
    }
    for (size_t i = 0; organization->authorities[i].kind; i++)
        sum++;
    return sum;
}

static int read_failing(const char *id, long nth, bool *ret_failed, size_t *ret_weight)
{
    struct arena *arena = arena_new();
    struct complaints complaints = {.arena = arena};
    struct organization *organization = NULL;
    fault_plan("alloc", nth);
    int rc = organization_read(&(struct settings){.config_dir = CASES "/examples"}, id, test_describe, test_installed,
                               (void *)test_all_connectors, &complaints, &organization);
    *ret_failed = fault_plan("alloc", 0) >= nth;
    assert_int_equal(organization != NULL, rc == 0);
    *ret_weight = organization ? weight(organization) : 0;
    organization_free(organization);
    arena_free(arena);
    return rc;
}

/* Whatever fails, the answer is -ENOMEM or complaints that say so; never an organization that is half read. (A
 * comparison of two names without memory is one that says no: then a column stands in the list twice, and all is
 * there.) */
static void every_allocation_may_fail(void **state)
{
    (void)state;
    static const char *const ids[] = {"fjordbygg", "huaxin", "wachter"};
    for (size_t i = 0; i < 3; i++) {
        bool failed = false;
        size_t whole, got;
        assert_int_equal(read_failing(ids[i], 1000000, &failed, &whole), 0);
        assert_false(failed);
        for (long nth = 1;; nth++) {
            int rc = read_failing(ids[i], nth, &failed, &got);
            if (rc != -ENOMEM && rc != ERR_CONFIG && (rc != 0 || got != whole))
                fail_msg("%s: allocation %ld failed, the answer is %d, %zu of %zu read", ids[i], nth, rc, got, whole);
            if (failed)
                continue;
            assert_int_equal(rc, 0);
            assert_true(nth > 10);
            break;
        }
    }
}
#endif

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(five_mistakes_are_five_complaints_at_their_places),
        cmocka_unit_test(a_file_that_is_wrong_everywhere_is_told_everything_at_once),
        cmocka_unit_test(the_four_examples_are_accepted_once_their_connectors_exist),
        cmocka_unit_test(connectors_that_are_not_installed_are_told_and_the_rest_is_still_checked),
        cmocka_unit_test(a_connector_that_cannot_be_described_says_why),
        cmocka_unit_test(a_good_file_is_in_structs_with_its_defaults),
        cmocka_unit_test(a_target_keeps_nobody_alive_unless_it_is_listed),
        cmocka_unit_test(what_tells_sets_apart_is_sent_and_seen),
        cmocka_unit_test(a_period_is_for_what_happens_and_is_written_as_a_file),
        cmocka_unit_test(each_period_has_a_file_of_its_own),
        cmocka_unit_test(authority_is_per_field_then_per_kind_then_the_persons),
        cmocka_unit_test(match_rules_keep_their_order_and_their_fields),
        cmocka_unit_test(a_shipped_mapping_is_overridden_field_by_field_and_switched_off),
        cmocka_unit_test(what_is_shipped_may_depend_on_options),
        cmocka_unit_test(safeguards_short_and_long_are_the_same),
        cmocka_unit_test(safeguards_hold_where_nothing_is_said_but_for_updates),
        cmocka_unit_test(mistakes_in_safeguards_are_told_with_their_place),
        cmocka_unit_test(a_connector_that_needs_more_must_be_allowed),
        cmocka_unit_test(who_starts_programs_is_given_what_the_file_allows_and_others_what_they_declare),
        cmocka_unit_test(a_file_that_says_nothing_is_told_so),
        cmocka_unit_test(syntax_errors_are_told_like_all_others),
        cmocka_unit_test(names_that_are_no_files_of_ours_are_not_there),
        cmocka_unit_test(organizations_are_listed_by_their_files_in_order),
#ifdef HAVE_FAULTS
        cmocka_unit_test(every_allocation_may_fail),
#endif
    };
    return cmocka_run_group_tests_name("organization", tests, make_dir, remove_dir);
}
