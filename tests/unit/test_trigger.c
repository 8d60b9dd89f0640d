/* test_trigger - what starts a run of a connection, as its file says it; to the letter what is wrong with it. */
#include "read_organization.h"

static void triggers_are_read_in_all_their_forms(void **state)
{
    (void)state;
    struct reading *reading =
        good(HR STREAM "    target: { streams: { out: { of: person, map: { Name: display_name } } } }\n    triggers:\n "
                       "     - { schedule: \"30 6 * * Mon-Fri\", full: true }\n"
                       "      - { at: 2026-12-01 06:00, do: both }\n      - { every: 15m, streams: [e] }\n"
                       "      - { file: arrival, not: [\"Sat,Sun\", \"22:00-06:00\", \"Mon-Fri 08:00-17:00\"] }\n"
                       "      - { on_change: true, do: push }\n      - { after: two }\n"
                       "  two: { connector: wfx, triggers: [ { webhook: true }, { schedule: \"@daily\" } ] }\n");
    const struct connection *hr = &reading->organization->connections[0];
    assert_int_equal(hr->trigger_count, 6);
    for (unsigned i = 0; i < 6; i++)
        assert_int_equal(hr->triggers[i].how, TRIGGER_SCHEDULE + i);
    assert_string_equal(hr->triggers[0].text, "30 6 * * Mon-Fri");
    assert_true(hr->triggers[0].full);
    assert_false(hr->triggers[1].full);
    assert_string_equal(hr->triggers[1].text, "2026-12-01 06:00");
    assert_string_equal(hr->triggers[1].action, "both");
    assert_null(hr->triggers[2].action);
    assert_int_equal(hr->triggers[2].every_ms, 900000);
    assert_string_equal(hr->triggers[2].streams[0], "e");
    assert_string_equal(hr->triggers[3].not_when[2], "Mon-Fri 08:00-17:00");
    assert_string_equal(hr->triggers[5].after[0], "two");
    assert_int_equal(reading->organization->connections[1].triggers[0].how, TRIGGER_WEBHOOK);
    done(reading);
}

static void a_trigger_names_streams_that_there_are(void **state)
{
    (void)state;
    expect_said(HR STREAM
                "    target: { streams: { out: { of: person, map: { Name: display_name } } } }\n    triggers:\n"
                "      - { every: 1h, streams: [e, outt] }\n"
                "      - { every: 2h, streams: [out], do: pull }\n"
                "      - { every: 3h, streams: [e], do: push }\n"
                "      - { every: 4h, streams: [] }\n"
                "      - { every: 5h, streams: e }\n"
                "  two: { connector: wfx, triggers: [ { webhook: true, streams: [users] } ] }\n",
                "a.yaml:9:35: connection 'hr': trigger: streams: no stream 'outt': did you mean 'out'?\n"
                "a.yaml:10:32: connection 'hr': trigger: streams: no stream 'out'; known: e\n"
                "a.yaml:11:32: connection 'hr': trigger: streams: no stream 'e'; known: out\n"
                "a.yaml:12:31: connection 'hr': trigger: streams names none: leave it out, and all are meant\n"
                "a.yaml:14:64: connection 'two': trigger: streams: what others send is taken whole: leave it out\n");
}

static void what_no_trigger_can_be_is_said(void **state)
{
    (void)state;
    expect_said(
        HR STREAM "    triggers:\n"
                  "      - { at: 2026-02-30 06:00 }\n"
                  "      - { at: 2026-02-28 }\n"
                  "      - { every: 9s }\n"
                  "      - { every: 10s }\n"
                  "      - { on_change: true }\n"
                  "      - { after: [two, hr, tow] }\n"
                  "      - { every: 1h, file: arrival }\n"
                  "      - { every: 1h, do: push }\n"
                  "      - { every: 1h, not: [\"Sat\", \"Sunday\"] }\n"
                  "  two: { connector: wfx, triggers: [ { file: arrival } ] }\n",
        "a.yaml:8:15: connection 'hr': trigger: at must be a day and a time that exist, as in 2026-12-01 06:00\n"
        "a.yaml:9:15: connection 'hr': trigger: at must be a day and a time that exist, as in 2026-12-01 06:00\n"
        "a.yaml:10:18: connection 'hr': trigger: every must be 10s or longer\n"
        "a.yaml:12:22: connection 'hr': trigger: on_change is for a connection with a target\n"
        "a.yaml:13:24: connection 'hr': trigger: a connection cannot run after itself\n"
        "a.yaml:13:28: connection 'hr': trigger: after: no connection 'tow': did you mean 'two'?\n"
        "a.yaml:14:22: connection 'hr': trigger: 'every' and 'file' are two triggers: make two list items of them\n"
        "a.yaml:15:26: connection 'hr': trigger: do: push is for a connection with a target\n"
        "a.yaml:16:35: connection 'hr': trigger: not: 'Sunday' is no window: write days, hours or both, as in "
        "\"Sat,Sun\", \"22:00-06:00\", \"Mon-Fri 08:00-17:00\"\n"
        "a.yaml:17:46: connection 'two': trigger: connector 'wfx' reads no files\n");
}

static void a_circle_of_after_is_found(void **state)
{
    (void)state;
    expect_said("organization: a\nconnections:\n"
                "  x: { connector: wfx, triggers: [ { every: 1h } ] }\n"
                "  a: { connector: wfx, triggers: [ { after: [x] }, { after: [b] } ] }\n"
                "  b: { connector: wfx, triggers: [ { after: [c] } ] }\n"
                "  c: { connector: wfx, triggers: [ { after: [x, a] } ] }\n",
                "a.yaml:4:34: connection 'a': its triggers run in a circle: by 'after' it waits for itself\n");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(triggers_are_read_in_all_their_forms),
        cmocka_unit_test(a_trigger_names_streams_that_there_are),
        cmocka_unit_test(what_no_trigger_can_be_is_said),
        cmocka_unit_test(a_circle_of_after_is_found),
    };
    return cmocka_run_group_tests(tests, make_dir, remove_dir);
}
