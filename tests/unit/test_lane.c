/* test_lane - a host process with a connector that behaves: what comes through, and how. */
#include "heard.h"

#include "base/fault.h"
#include "base/frame.h"

static const struct secretref hidden = {.how = SECRET_ENV, .name = "NOT_SENT"};
static const struct option_value option_values[] = {
    {.name = "location", .text = "/here/*"},
    {.name = "password", .secret = &hidden},
    {.name = "sites[0].url", .text = "https://zero"},
    {.name = "sites[1].name", .text = "one"},
};
static const struct connection connection = {.name = "hr",
                                             .connector = "good",
                                             .options = option_values,
                                             .option_count = sizeof(option_values) / sizeof(option_values[0])};

static struct lane *begin_good(const atomic_bool *cancel)
{
    struct lane *lane = NULL;
    struct err err = {0};
    struct lane_start start = {TEST_CONNECTORS "/good.so", folder, &connection, &settings, cancel};
    int rc = lane_begin(&start, &lane, &err);
    assert_string_equal(err.text, "");
    assert_int_equal(rc, 0);
    return lane;
}

static void pulls(struct lane *lane, const char *stream, uint64_t limit, struct heard *heard,
                  struct lane_result *result)
{
    struct err err = {0};
    struct lane_sink sink = sink_of(heard);
    muster_pull pull = {.size = sizeof(pull), .partition = "main", .stream = stream, .full = 1, .limit = limit};
    int rc = lane_pull(lane, &pull, &sink, result, &err);
    assert_string_equal(err.text, "");
    assert_int_equal(rc, 0);
}

static void a_description_comes_over_whole(void **state)
{
    (void)state;
    TIDY(lane_stop) struct lane *lane = begin_good(NULL);
    const muster_connector *c = lane_description(lane);
    assert_string_equal(c->name, "good");
    assert_string_equal(c->version, "1.2");
    assert_string_equal(c->hosts, "*.example.com");
    assert_int_equal(c->requests, 5);
    assert_string_equal(c->options[1].initial, "7");
    assert_int_equal(c->options[1].max, 9);
    assert_int_equal(c->options[2].flags, MUSTER_SECRET);
    assert_string_equal(c->options[3].members[0].name, "url");
    assert_null(c->options[4].name);
    assert_string_equal(c->streams[0].fields[1].to, "people");
    assert_null(c->streams[1].fields);
    assert_int_equal(c->streams[1].batch, 5);
    assert_null(c->streams[2].name);
    assert_string_equal(c->routes[0].path, "/hook/{id}");
    assert_non_null(c->pull);
    assert_null(c->apply);
    assert_null(c->lookups ? c->lookups[0].name : NULL);
}

static void a_table_keeps_its_columns_places_and_order(void **state)
{
    (void)state;
    TIDY(lane_stop) struct lane *lane = begin_good(NULL);
    HEARD heard = {0};
    struct lane_result result;
    pulls(lane, "people", 1, &heard, &result);
    assert_string_equal(heard.text.data,
                        "columns people table c0@A c1@B c2@C c3@D c4@E c5@F c6@G c7@H c8@I c9@J c10@K c11@L c12@M "
                        "c13@N c14@O c15@P\n"
                        "people - at 'Sheet!*2': c0/1=s c1/1=so c2/1=som c3/1=some c4/1=some  c5/1=some v c6/1=some va "
                        "c7/1=some val c8/1=some valu c9/1=some value c10/1=s c11/1=so c12/1=som c13/1=some "
                        "c14/1=some \n"
                        "cursor the end\n");
    assert_int_equal(result.rc, MUSTER_OK);
    assert_int_equal(result.claim, CLAIM_COMPLETE);
    assert_int_equal(result.count, 1);
}

static void absent_null_empty_and_json_arrive_as_what_they_are(void **state)
{
    (void)state;
    TIDY(lane_stop) struct lane *lane = begin_good(NULL);
    HEARD heard = {0};
    struct lane_result result;
    pulls(lane, "things", 0, &heard, &result);
    assert_string_equal(heard.text.data,
                        "columns things text null empty\n"
                        "things 7 at '': text/1=value null/5=null empty/3=empty\n"
                        "columns things text null empty name pay none yes deep void\n"
                        "things 8 at '/8': name/1=Ann \xc3\xa9\xf0\x9f\x98\x80 pay/3=12.10 none/1=null yes/4=true "
                        "deep/13={\"a\": [1, 2, {}]} void/1=empty text/1=later\n"
                        "checkpoint c1\n"
                        "reject things 9 at '': a number that is none at byte 9 of the JSON object\n"
                        "reject things - at '/10': no id\n"
                        "gone things 6\n");
    assert_int_equal(result.claim, CLAIM_CHANGES);
    assert_int_equal(result.count, 4);
}

static void columns_that_nobody_asks_for_are_told_and_their_values_do_not_come(void **state)
{
    (void)state;
    TIDY(lane_stop) struct lane *lane = begin_good(NULL);
    HEARD table = {.unwanted = ~(UINT64_C(1) << 1 | UINT64_C(1) << 14)}, named = {.unwanted = 1 << 1 | 1 << 4 | 1 << 7};
    struct lane_result result;
    pulls(lane, "people", 2, &table, &result);
    assert_non_null(strstr(table.text.data, " c0@A c1@B c2@C "));
    assert_non_null(strstr(table.text.data, "people - at 'Sheet!*2': c1/1=so c14/1="));
    assert_int_equal(table.values, 4);
    assert_int_equal(result.count, 2);
    pulls(lane, "things", 0, &named, &result);
    assert_non_null(strstr(named.text.data, "columns things text null empty name pay none yes deep void\n"));
    assert_non_null(strstr(named.text.data, "things 7 at '': text/1=value empty/3=empty\n"));
    assert_non_null(strstr(named.text.data, "name/1=Ann \xc3\xa9\xf0\x9f\x98\x80 none/1=null yes/4=true void/1=empty "
                                            "text/1=later\n"));
    assert_non_null(strstr(named.text.data, "reject things 9 at '': a number that is none at byte 9"));
}

static size_t count_of(const char *text, const char *word)
{
    size_t count = 0;
    for (const char *at = text; (at = strstr(at, word)); at += strlen(word))
        count++;
    return count;
}

/* At once what a record brings, as long as that is not too much to be kept for nothing. */
static void new_columns_are_told_together_and_those_of_a_record_that_is_given_up_too(void **state)
{
    (void)state;
    TIDY(lane_stop) struct lane *lane = begin_good(NULL);
    HEARD all = {0}, some = {.unwanted = 1 << 0 | 1 << 2 | 1 << 5};
    struct lane_result result;
    pulls(lane, "many", 10, &all, &result);
    assert_int_equal(count_of(all.text.data, "columns many"), 3);
    assert_int_equal(all.values, 601 + 1);
    assert_non_null(
        strstr(all.text.data, " f599\nmany 1 at '': first/1=xxxxxxxxxx f0/1=0 f1/1=1 f2/1=2 f3/1=3 f4/1=4"));
    assert_non_null(strstr(all.text.data, "columns up left\ncolumns other right\nother 2 at '': right/1=empty\n"));
    pulls(lane, "many", 100000, &some, &result);
    assert_int_equal(count_of(some.text.data, "columns many"), 4);
    assert_non_null(strstr(some.text.data, "columns many first\n"));
    assert_non_null(strstr(some.text.data, "many 1 at '': f0/1=0 f2/1=2 f3/1=3 f5/1=5 f6/1=6"));
    assert_non_null(strstr(some.text.data, "f598/1=598 f599/1=599\n"));
    assert_int_equal(some.values, 598);
}

/* What is wrong with a value is told, whether anybody asks for it or not. */
static void a_value_that_nobody_asks_for_may_not_be_wrong_either(void **state)
{
    (void)state;
    settings.limits.field_bytes = 1000;
    TIDY(lane_stop) struct lane *lane = begin_good(NULL);
    HEARD heard = {.unwanted = UINT64_MAX};
    struct lane_result result;
    pulls(lane, "big", 1001, &heard, &result);
    assert_non_null(strstr(heard.text.data,
                           "reject one id at 'here': field 'bytes' has 1001 bytes, more than the limit "
                           "of 1000\n"));
    settings_reset();
}

static void records_of_any_size_up_to_the_ceiling_come_whole(void **state)
{
    (void)state;
    static const uint64_t sizes[] = {1, FRAME_MAX - 100, FRAME_MAX, 300 * 1024, 4 << 20};
    TIDY(lane_stop) struct lane *lane = begin_good(NULL);
    for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
        HEARD heard = {0};
        struct lane_result result;
        char words[100];
        pulls(lane, "big", sizes[i], &heard, &result);
        snprintf(words, sizeof(words),
                 sizes[i] > 100 ? "one id at 'here': bytes/1=%u bytes\n" : "one id at 'here': bytes/1=x\n",
                 (unsigned)sizes[i]);
        assert_non_null(strstr(heard.text.data, words));
        assert_non_null(strstr(heard.text.data, "big b at '': before/1=1 n/1=2\nwide w at 'here': bytes/1=empty\n"));
        assert_int_equal(result.claim, CLAIM_PARTIAL);
        assert_string_equal(result.why, "a sample");
    }
}

static void a_field_or_record_over_the_ceiling_is_a_dead_letter_of_its_own(void **state)
{
    (void)state;
    settings.limits.field_bytes = 100000;
    settings.limits.record_bytes = 200000;
    TIDY(lane_stop) struct lane *lane = begin_good(NULL);
    HEARD heard = {0};
    struct lane_result result;
    pulls(lane, "big", 100001, &heard, &result);
    assert_non_null(strstr(heard.text.data, "reject one id at 'here': field 'bytes' has 100001 bytes, more than the "
                                            "limit of 100000\n"));
    lane_stop(TAKE(lane));
    settings.limits.field_bytes = 1000000;
    lane = begin_good(NULL);
    HEARD again = {0};
    pulls(lane, "big", 200000, &again, &result);
    assert_non_null(strstr(again.text.data, "reject one id at 'here': the record has more bytes than the limit of "
                                            "200000\n"));
    assert_int_equal(result.claim, CLAIM_PARTIAL);
    settings_reset();
}

static void options_are_read_with_initial_values_and_secrets_stay_here(void **state)
{
    (void)state;
    TIDY(lane_stop) struct lane *lane = begin_good(NULL);
    HEARD heard = {0};
    struct lane_sink sink = sink_of(&heard);
    struct lane_result result;
    struct err err = {0};
    assert_int_equal(lane_check(lane, &sink, &result, &err), 0);
    assert_int_equal(result.rc, MUSTER_OK);
    assert_string_equal(heard.log.data, "2 location /here/* pace 7 secret unreadable sites 2 url https://example.com "
                                        "self\n");
}

static void discover_and_partitions_answer_in_order(void **state)
{
    (void)state;
    TIDY(lane_stop) struct lane *lane = begin_good(NULL);
    HEARD heard = {0};
    struct lane_sink sink = sink_of(&heard);
    struct lane_result result;
    struct err err = {0};
    assert_int_equal(lane_discover(lane, &sink, &result, &err), 0);
    assert_int_equal(lane_partitions(lane, &sink, &result, &err), 0);
    assert_string_equal(heard.text.data, "stream people boss key: id\nfield things boss 15 people\n"
                                         "partition 1 Store One loc-1\npartition 2 2 -\n");
    assert_int_equal(result.claim, CLAIM_COMPLETE);
    assert_int_equal(result.count, 2);
}

static void files_go_both_ways_as_descriptors(void **state)
{
    (void)state;
    TIDY(lane_stop) struct lane *lane = begin_good(NULL);
    HEARD heard = {.files = {"a.csv", "b.csv"}};
    struct lane_result result;
    pulls(lane, "files", 0, &heard, &result);
    assert_non_null(strstr(heard.text.data, "files a.csv at '': content/1=a.csv size/2=right\n"
                                            "afterwards a.csv 1 done\nstore a.csv back\n"));
    assert_non_null(strstr(heard.text.data, "store b.csv back\n"));
    assert_int_equal(result.rc, MUSTER_OK);
    assert_string_equal(result.text, "");
    heard.unchanged = 1;
    pulls(lane, "files", 0, &heard, &result);
    assert_int_equal(result.rc, MUSTER_SAME);
}

static void a_refusal_of_the_engine_is_the_sentence_at_the_end(void **state)
{
    (void)state;
    TIDY(lane_stop) struct lane *lane = begin_good(NULL);
    HEARD heard = {.files = {"refused"}};
    struct lane_result result;
    pulls(lane, "files", 0, &heard, &result);
    assert_int_equal(result.rc, MUSTER_AUTH);
    assert_string_equal(result.text, "the key of refused is not the pinned one");
    pulls(lane, "sorry", 0, &heard, &result);
    assert_int_equal(result.rc, MUSTER_AUTH);
    assert_string_equal(result.text, "the log-in of somebody was refused");
    pulls(lane, "http", 0, &heard, &result);
    assert_int_equal(result.rc, MUSTER_UNSUPPORTED);
    assert_string_equal(result.text,
                        "there is no HTTP here: the connector declares no hosts, nor an option that names one");
    pulls(lane, "people", 1, &heard, &result); /* and the lane lives */
    assert_int_equal(result.rc, MUSTER_OK);
    assert_string_equal(result.text, "");
}

static char *writes(const char *stream, uint64_t expected)
{
    struct err err = {0};
    HEARD heard = {0};
    struct lane_result result;
    TIDY(lane_stop) struct lane *lane = NULL;
    struct lane_start start = {TEST_CONNECTORS "/scribe.so", folder, NULL, &settings, NULL};
    assert_int_equal(lane_begin(&start, &lane, &err), 0);
    pulls(lane, stream, expected, &heard, &result);
    assert_string_equal(result.rc == MUSTER_OK ? "" : result.text, "");
    return strdup(strstr(heard.text.data, " 1 at "));
}

static void workbooks_and_other_encodings_are_written_behind_the_fence(void **state)
{
    (void)state;
    for (uint64_t expected = 0; expected < 2; expected++) {
        char *text = writes("out.xlsx", expected);
        assert_string_equal(text, " 1 at '': Number/1=Number Start/1=Start\n"
                                  "out.xlsx 2 at '': Number/1=007 Start/5=2026-05-01\n"
                                  "out.xlsx 3 at '': Number/1=\u674e\n"
                                  "out.xlsx 4 at '': Number/1=9 Start/5=2026-05-03\n");
        free(text);
    }
    char *text = writes("out.csv", 0);
    assert_string_equal(text, " 1 at '': Number/1=Number Start/1=Start\n"
                              "out.csv 2 at '': Number/1=007 Start/1=2026-05-01\n"
                              "out.csv 3 at '': Number/1=\u00c0\u00ee Start/1=empty\n" /* GB18030 read as Latin-1 */
                              "out.csv 4 at '': Number/1=9 Start/1=2026-05-03\n");
    free(text);
}

static void a_hundred_thousand_records_come_without_loss(void **state)
{
    (void)state;
    TIDY(lane_stop) struct lane *lane = begin_good(NULL);
    HEARD heard = {.count_only = true};
    struct lane_result result;
    pulls(lane, "people", 100000, &heard, &result);
    assert_int_equal(heard.records, 100000);
    assert_int_equal(heard.values, 1500000);
    assert_int_equal(heard.progress, 100000);
}

#ifdef HAVE_FAULTS
/* One pull from start to end; true when it went well and what was heard is what is heard on a good day. Whatever
 * failed must have left a sentence. */
static bool goes_well(const char *wanted)
{
    HEARD heard = {0};
    struct err err = {0};
    struct lane_result result = {0};
    struct lane_sink sink = sink_of(&heard);
    muster_pull pull = {.size = sizeof(pull), .partition = "main", .stream = "things"};
    TIDY(lane_stop) struct lane *lane = NULL;
    struct lane_start start = {TEST_CONNECTORS "/good.so", folder, &connection, &settings, NULL};
    int rc = lane_begin(&start, &lane, &err);
    if (rc == 0)
        rc = lane_pull(lane, &pull, &sink, &result, &err);
    if (rc != 0)
        assert_string_not_equal(err.text, "");
    else if (result.rc != MUSTER_OK)
        assert_string_not_equal(result.text, "");
    if (rc != 0 || result.rc != MUSTER_OK || heard.text.rc != 0)
        return false;
    assert_string_equal(heard.text.data, wanted);
    return true;
}

static void each_allocation_may_fail_in_the_engine_and_nothing_is_lost_silently(void **state)
{
    (void)state;
    TIDY(lane_stop) struct lane *lane = begin_good(NULL);
    HEARD heard = {0};
    struct lane_result result;
    pulls(lane, "things", 0, &heard, &result);
    long failed = 0, nth = 0, seen;
    do {
        fault_plan("alloc", ++nth);
        failed += !goes_well(heard.text.data);
        seen = fault_plan("alloc", 0);
    } while (seen >= nth);
    assert_in_range(failed, 20, nth);
}

static void each_allocation_may_fail_in_the_host_and_nothing_is_lost_silently(void **state)
{
    (void)state;
    TIDY(lane_stop) struct lane *lane = begin_good(NULL);
    HEARD heard = {0};
    struct lane_result result;
    pulls(lane, "things", 0, &heard, &result);
    char fault[30];
    int failed = 0;
    for (int nth = 1; nth < 60; nth++) {
        snprintf(fault, sizeof(fault), "alloc:%d", nth);
        setenv("MUSTER_HOST_FAULT", fault, 1);
        failed += !goes_well(heard.text.data);
    }
    unsetenv("MUSTER_HOST_FAULT");
    assert_in_range(failed, 10, 58); /* the last ones come after the end */
}
#endif

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_description_comes_over_whole),
        cmocka_unit_test(a_table_keeps_its_columns_places_and_order),
        cmocka_unit_test(absent_null_empty_and_json_arrive_as_what_they_are),
        cmocka_unit_test(columns_that_nobody_asks_for_are_told_and_their_values_do_not_come),
        cmocka_unit_test(new_columns_are_told_together_and_those_of_a_record_that_is_given_up_too),
        cmocka_unit_test(a_value_that_nobody_asks_for_may_not_be_wrong_either),
        cmocka_unit_test(records_of_any_size_up_to_the_ceiling_come_whole),
        cmocka_unit_test(a_field_or_record_over_the_ceiling_is_a_dead_letter_of_its_own),
        cmocka_unit_test(options_are_read_with_initial_values_and_secrets_stay_here),
        cmocka_unit_test(discover_and_partitions_answer_in_order),
        cmocka_unit_test(files_go_both_ways_as_descriptors),
        cmocka_unit_test(a_refusal_of_the_engine_is_the_sentence_at_the_end),
        cmocka_unit_test(workbooks_and_other_encodings_are_written_behind_the_fence),
        cmocka_unit_test(a_hundred_thousand_records_come_without_loss),
#ifdef HAVE_FAULTS
        cmocka_unit_test(each_allocation_may_fail_in_the_engine_and_nothing_is_lost_silently),
        cmocka_unit_test(each_allocation_may_fail_in_the_host_and_nothing_is_lost_silently),
#endif
        cmocka_unit_test(nothing_is_left_behind),
    };
    return cmocka_run_group_tests_name("lane", tests, begins, NULL);
}
