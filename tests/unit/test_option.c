/* test_option - options of connections, and the secrets among them. */
#include "read_organization.h"

#include <stdio.h>

static const struct option_value *value_of(const struct connection *connection, const char *name)
{
    for (size_t i = 0; i < connection->option_count; i++)
        if (strcmp(connection->options[i].name, name) == 0)
            return &connection->options[i];
    return NULL;
}

static void options_become_plain_values_with_paths(void **state)
{
    (void)state;
    struct reading *reading = good(
        "organization: a\nconnections:\n  p:\n    connector: pmt\n    options:\n      api_key: !secret file:sub/key\n"
        "      every: 1h30m\n      memory: 64 MiB\n      retries: 007\n      share: 1.50\n      strict: Yes\n"
        "      day: 2026-02-28\n      sources: [a.example, 10.0.0.0/8]\n      root_url: http://127.0.0.1:8080/x\n"
        "      tokens: [ !secret env:A, !secret credential:b, !secret file:/abs ]\n"
        "      stores: [ { id: 1 }, { id: '', name: é, url: https://x.example } ]\n"
        "      extra: { a: [1, \"x\\\"\\n\"], b: {} }\n");
    const struct connection *p = &reading->organization->connections[0];
    static const char *const expected[][2] = {{"every", "5400"},
                                              {"memory", "67108864"},
                                              {"retries", "7"},
                                              {"share", "1.50"},
                                              {"strict", "true"},
                                              {"day", "2026-02-28"},
                                              {"sources", "a.example 10.0.0.0/8"},
                                              {"root_url", "http://127.0.0.1:8080/x"},
                                              {"stores[0].id", "1"},
                                              {"stores[1].id", ""},
                                              {"stores[1].name", "é"},
                                              {"stores[1].url", "https://x.example"},
                                              {"extra", "{\"a\":[\"1\",\"x\\\"\\u000a\"],\"b\":{}}"}};
    for (size_t i = 0; i < sizeof(expected) / sizeof(expected[0]); i++)
        assert_string_equal(connection_option(p, expected[i][0]), expected[i][1]);
    assert_int_equal(p->option_count, 17);
    assert_null(value_of(p, "api_key")->text);
    char path[100];
    snprintf(path, sizeof(path), "%s/secrets/sub/key", dir);
    assert_int_equal(value_of(p, "api_key")->secret->how, SECRET_FILE);
    assert_string_equal(value_of(p, "api_key")->secret->name, path);
    assert_int_equal(value_of(p, "tokens[0]")->secret->how, SECRET_ENV);
    assert_string_equal(value_of(p, "tokens[0]")->secret->name, "A");
    assert_int_equal(value_of(p, "tokens[1]")->secret->how, SECRET_CREDENTIAL);
    assert_string_equal(value_of(p, "tokens[2]")->secret->name, "/abs");
    assert_null(connection_option(p, "stores[0].name"));
    done(reading);
}

static void a_secret_is_never_repeated_wherever_it_was_put(void **state)
{
    (void)state;
    static const char *const places[] = {"password: hunter2",
                                         "password: !secret hunter2",
                                         "password: !secret file:../hunter2/../..",
                                         "private_key: [hunter2]",
                                         "password: !secret [hunter2]",
                                         "header_row: hunter2",
                                         "after_read: hunter2",
                                         "on_missing: hunter2",
                                         "host_key: !secret env:hunter2",
                                         "location: hunter2",
                                         "location: 'sftp://u:hunter2@h/x'",
                                         "location: { hunter2: hunter2 }",
                                         "password: { a: hunter2 }",
                                         "files: [hunter2]",
                                         "password: !secret credential:../hunter2",
                                         "password: !secret env:hunter2-x",
                                         "password: !secret FILE:hunter2"};
    for (size_t i = 0; i < sizeof(places) / sizeof(places[0]); i++) {
        char text[300];
        snprintf(text, sizeof(text), "organization: a\nconnections:\n  hr: { connector: sheet, options: { %s } }\n",
                 places[i]);
        struct reading *reading = read_text(text);
        assert_int_equal(reading->rc, ERR_CONFIG);
        assert_non_null(strstr(reading->said.data, "a.yaml:3:"));
        assert_null(strstr(reading->said.data, "hunter2"));
        done(reading);
    }
}

static void a_secret_outside_of_options_is_refused(void **state)
{
    (void)state;
    expect_said(HR STREAM "name: !secret env:X\nnotify: [ { to: !secret env:Y } ]\n",
                "a.yaml:7:7: no secret belongs here: !secret is for options of a connection\n"
                "a.yaml:8:17: no secret belongs here: !secret is for options of a connection\n"
                "a.yaml:8:17: notify: to must begin with mailto: or https://\n");
}

static void a_server_without_a_known_key_is_refused(void **state)
{
    (void)state;
    expect_said("organization: a\nconnections:\n  hr:\n    connector: sheet\n    options: { location: "
                "\"sftp://u@h.example/x\" }\n" STREAM,
                "a.yaml:5:26: connection 'hr': option 'location' needs host_key: SHA256:… or known_hosts: FILE beside "
                "it, so that no other server is taken for this one: ask who runs it (there: ssh-keygen -lf "
                "/etc/ssh/ssh_host_*_key.pub)\n");
}

static void a_place_is_absolute_or_on_a_server_and_says_what_it_means(void **state)
{
    (void)state;
    static const char *const cases[][2] = {
        {"in/x.xlsx", "must be sftp://USER@HOST/PATH or an absolute path"},
        {"ftp://h.example/x", "must be sftp://USER@HOST/PATH or an absolute path"},
        {"sftp://h.example", "must name a host and a path, as in sftp://USER@HOST/PATH"},
        {"sftp:///x", "must name a host and a path, as in sftp://USER@HOST/PATH"},
        {"/in/*/x.xlsx", "has * or ? in a folder's name: only the last part may be a pattern"},
        {"/in/../x.xlsx", "goes up with '..': write the folder that is meant"},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        char text[400], said[400];
        snprintf(
            text, sizeof(text),
            "organization: a\nconnections:\n  hr:\n    connector: sheet\n    options: { location: \"%s\", host_key: x "
            "}\n" STREAM,
            cases[i][0]);
        snprintf(said, sizeof(said), "a.yaml:5:26: connection 'hr': option 'location' %s\n", cases[i][1]);
        expect_said(text, said);
    }
    done(good("organization: a\nconnections:\n  hr:\n    connector: sheet\n    options: { location: "
              "\"sftp://u@h.example:22/~/in..x/..y-*.csv\", known_hosts: /k, archive_to: ../done }\n" STREAM));
}

static void on_missing_is_taken_from_the_options(void **state)
{
    (void)state;
    struct reading *reading =
        good("organization: a\nconnections:\n  hr: { connector: sheet, options: { location: /x, "
             "on_missing: ignore }, streams: { e: { key: N, person: { employee_number: N } } } }\n");
    assert_int_equal(reading->organization->connections[0].on_missing, MISSING_IGNORE);
    done(reading);
}

static void a_name_beside_a_file_is_made_from_words_that_exist_and_is_not_the_file(void **state)
{
    (void)state;
    static const struct {
        const char *option, *value, *wrong;
    } cases[] = {
        {"ready_marker", "'{nam}.done'", "knows {name} and {stem}, not {nam}: did you mean {name}?"},
        {"ready_marker", "'{run}.done'", "knows {name} and {stem}, not {run}"},
        {"ready_marker", "'{name}'", "would be the file itself: add something, as in {name}.done"},
        {"ready_marker", "'done/{name}'", "must be a name without a folder: markers lie beside their files"},
        {"receipts", "'{name}'", "would be the file itself: add something, as in {name}.receipt.csv"},
        {"receipts", "receipt.csv", "must have {name} or {stem} in it, so that each file has a receipt of its own"},
        {"receipts", "'../{name}.csv'",
         "may begin with the name of one folder beside the files, as in archive/{name}.csv"},
        {"receipts", "'a/b/{name}.csv'",
         "may begin with the name of one folder beside the files, as in archive/{name}.csv"},
        {"receipts", "'{stem}/{name}.csv'",
         "may begin with the name of one folder beside the files, as in archive/{name}.csv"},
        {"stable_for", "soon", "must be a length of time, as in 30s, 15m, 1h or 2d"},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        char text[500], said[400];
        snprintf(text, sizeof(text),
                 "organization: a\nconnections:\n  hr:\n    connector: sheet\n    options:\n      location: /x\n"
                 "      %s: %s\n" STREAM,
                 cases[i].option, cases[i].value);
        snprintf(said, sizeof(said), "a.yaml:7:%zu: connection 'hr': option '%s' %s\n", 9 + strlen(cases[i].option),
                 cases[i].option, cases[i].wrong);
        expect_said(text, said);
    }
    done(good("organization: a\nconnections:\n  hr:\n    connector: sheet\n    options: { location: /x/*.csv, "
              "stable_for: 1m30s, ready_marker: READY, receipts: 'archive/{date}-{stem}.{run}.csv' }\n" STREAM));
}

#define FIELDS "organization: a\nconnections:\n  p:\n    connector: pmt\n    options:\n      api_key: !secret env:A\n"

static void a_list_of_things_with_a_name_may_be_a_map(void **state)
{
    (void)state;
    struct reading *map = good(FIELDS "      fields: { no: /n, born: { at: /b, type: date }, 12: {} }\n");
    struct reading *list = good(FIELDS "      fields: [ { name: no, at: /n }, { name: born, at: /b, type: date }, "
                                       "{ name: '12' } ]\n");
    const struct connection *a = &map->organization->connections[0], *b = &list->organization->connections[0];
    assert_int_equal(a->option_count, 7);
    assert_int_equal(b->option_count, 7);
    for (size_t i = 1; i < 7; i++) {
        assert_string_equal(a->options[i].name, b->options[i].name);
        assert_string_equal(a->options[i].text, b->options[i].text);
    }
    done(map);
    done(list);
    expect_said(FIELDS "      fields:\n        born: { at: /b, tipe: date }\n        left: { type: dat }\n"
                       "        who: [a]\n        '': /x\n",
                "a.yaml:8:25: connection 'p': option 'fields[0].tipe' is unknown to connector 'pmt': did you mean "
                "'type'?\n"
                "a.yaml:9:23: connection 'p': option 'fields[1].type' must be one of text|date: did you mean 'date'?\n"
                "a.yaml:10:14: connection 'p': option 'fields[2].at' must be one text\n");
    /* Without a name there is no such map. */
    expect_said(FIELDS "      stores: { a: https://a.example }\n",
                "a.yaml:7:15: connection 'p': option 'stores' must be a list, as in [a, b]\n");
}

#define CIQ                                                                                                            \
    "organization: a\nconnections:\n  hr:\n    connector: companyiq\n    target: { outside: keep }\n    options:\n"

static void a_word_of_a_choice_is_compared_without_case(void **state)
{
    (void)state;
    struct reading *reading = good(CIQ "      csv_encoding: GB18030\n      encoding: HEX\n");
    const struct connection *ciq = &reading->organization->connections[0];
    assert_string_equal(connection_option(ciq, "csv_encoding"), "gb18030"); /* as the connector's table has it */
    assert_string_equal(connection_option(ciq, "encoding"), "HEX");
    done(reading);
    expect_said(CIQ "      encoding: Hex\n      csv_encoding: gb1803\n",
                "a.yaml:7:17: connection 'hr': option 'encoding' must be one of hex|HEX|base64: did you mean 'hex'?\n"
                "a.yaml:8:21: connection 'hr': option 'csv_encoding' must be one of utf-8|gb18030: did you mean "
                "'gb18030'?\n");
}

static void a_list_of_words_may_be_one_text_and_may_be_empty(void **state)
{
    (void)state;
    static const char *const same[] = {"[employeeId, Status]", "employeeid status", "' employeeId,status '"};
    for (size_t i = 0; i < 3; i++) {
        char text[300];
        snprintf(text, sizeof(text), CIQ "      numeric: %s\n", same[i]);
        struct reading *reading = good(text);
        assert_string_equal(connection_option(&reading->organization->connections[0], "numeric[0]"), "employeeId");
        assert_string_equal(connection_option(&reading->organization->connections[0], "numeric[1]"), "status");
        assert_int_equal(reading->organization->connections[0].option_count, 2);
        done(reading);
    }
    static const char *const none[] = {"[]", "''"};
    for (size_t i = 0; i < 2; i++) {
        char text[300];
        snprintf(text, sizeof(text), CIQ "      numeric: %s\n", none[i]);
        struct reading *reading = good(text);
        assert_string_equal(connection_option(&reading->organization->connections[0], "numeric"), "");
        done(reading);
    }
    struct reading *silent = good(CIQ "      corp_id: x\n");
    assert_string_equal(connection_option(&silent->organization->connections[0], "numeric"), "status");
    done(silent);
    expect_said(
        CIQ "      numeric: [employeeId, statis]\n",
        "a.yaml:7:29: connection 'hr': option 'numeric[1]' must be one of employeeId|status|onboardingDate: did "
        "you mean 'status'?\n");
    expect_said(CIQ "      numeric:\n", "a.yaml:7:7: connection 'hr': option 'numeric' must be a list, as in [a, b]\n");
}

/* ---- fields that an option makes ---- */

#define MADE_BY(rule, map)                                                                                             \
    "  ciq:\n    connector: companyiq\n    options: { password_from: " rule " }\n    target:\n      streams:\n"        \
    "        users: { map: { " map " } }\n"

static void an_option_makes_a_field_that_its_connector_calls_generated(void **state)
{
    (void)state;
    struct reading *reading =
        good(HR STREAM MADE_BY("{ from: national_id, match: '(.{6})$', take: 1 }", "name: display_name"));
    const struct connection *ciq = organization_connection(reading->organization, "ciq");
    const struct target_stream *users = target_stream(ciq->target, "users");
    assert_int_equal(users->map.rule_count, 3); /* name, employeeId, password */
    assert_string_equal(users->map.fields[2].name, "password");
    assert_non_null(users->map.rules[2].match);
    assert_non_null(node_get(users->made, "password"));
    assert_null(node_get(users->made, "name"));
    assert_true(users->protected);
    assert_null(target_stream(ciq->target, "lookups")->made);
    assert_string_equal(connection_option(ciq, "password_from"),
                        "{\"from\":\"national_id\",\"match\":\"(.{6})$\",\"take\":\"1\"}");
    done(reading);
    reading =
        good(HR STREAM MADE_BY("'Hx-{employeeId}'", "name: display_name")); /* a text is the connector's business */
    users = target_stream(organization_connection(reading->organization, "ciq")->target, "users");
    assert_null(users->made);
    assert_int_equal(users->map.rule_count, 2);
    done(reading);
    expect_said(HR STREAM MADE_BY("{ from: national_it }", "name: display_name"),
                "a.yaml:9:39: connection 'ciq': target: stream 'users': person has no 'national_it'; did you "
                "mean 'national_id'?\n");
    expect_said(HR STREAM MADE_BY("{ from: national_id, tale: 1 }", "name: display_name"),
                "a.yaml:9:52: users.password: unknown key 'tale': did you mean 'take'?\n");
    expect_said(HR STREAM MADE_BY("{ from: national_id }", "password: username"),
                "a.yaml:9:31: connection 'ciq': target: stream 'users': option 'password_from' says what 'password' is "
                "made from, and so does the map: keep one\n");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(options_become_plain_values_with_paths),
        cmocka_unit_test(a_secret_is_never_repeated_wherever_it_was_put),
        cmocka_unit_test(a_secret_outside_of_options_is_refused),
        cmocka_unit_test(a_server_without_a_known_key_is_refused),
        cmocka_unit_test(a_place_is_absolute_or_on_a_server_and_says_what_it_means),
        cmocka_unit_test(on_missing_is_taken_from_the_options),
        cmocka_unit_test(a_list_of_things_with_a_name_may_be_a_map),
        cmocka_unit_test(a_word_of_a_choice_is_compared_without_case),
        cmocka_unit_test(a_list_of_words_may_be_one_text_and_may_be_empty),
        cmocka_unit_test(an_option_makes_a_field_that_its_connector_calls_generated),
        cmocka_unit_test(a_name_beside_a_file_is_made_from_words_that_exist_and_is_not_the_file),
    };
    return cmocka_run_group_tests_name("option", tests, make_dir, remove_dir);
}
