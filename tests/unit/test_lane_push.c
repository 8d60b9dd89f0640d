/* test_lane_push - changes on their way to a connector, its answers on their way back, and what it asks and is asked
 * by name. */
#include "book.h"

#include <errno.h>

static void a_connector_reads_all_of_a_change_and_answers_go_to_their_own(void **state)
{
    (void)state;
    BOOK book = {ALL};
    struct lane_result result = applies_well("people", &book);
    assert_string_equal(book.heard.log.data,
                        "2 1 k1 - - > {\"name\":\"Ann\",\"pay\":12.50,\"leader\":true,\"more\":{\"a\": [1]},"
                        "\"note\":null}\n"
                        "2 2 k2 remote 2 {\"name\":\"Ann\",\"pay\":12.50,\"leader\":true,\"more\":{\"a\": [1]},"
                        "\"note\":null} > {\"name\":\"Anna \\\"A\\\" \xc3\xa9\",\"pay\":\"012.50\",\"leader\":\"yes\","
                        "\"more\":\"1},{\",\"note\":\"\"} name/3=Anna \"A\" \xc3\xa9 more/3=1},{ note/2= gone/0=-\n"
                        "2 3 k3 remote 3 {\"name\":\"Ann\"} > - name/3=Ann\n"
                        "2 6 both remote 4 - > -\n"
                        "2 5 k5 remote 5 {\"name\":\"Ann\",\"pay\":12.50,\"leader\":true,\"more\":{\"a\": [1]},"
                        "\"note\":null} > {\"name\":\"Ann\",\"pay\":12.50,\"leader\":true,\"more\":{\"a\": [1]},"
                        "\"note\":null}\n");
    assert_string_equal(book.heard.text.data, "applied 7 r-k1\napplied 3 remote 2\napplied 40 remote 3\n"
                                              "applied 4000000000 remote 4\napplied 41 remote 5\n");
    assert_int_equal(result.rc, MUSTER_OK);
    assert_int_equal(result.claim, CLAIM_NONE);
    BOOK said = {ALL};
    applies_well("said", &said);
    assert_string_equal(said.heard.log.data, "2 main said 1\n");
}

static void what_is_made_ready_ahead_goes_out_in_its_order_and_is_not_out_before(void **state)
{
    (void)state;
    for (size_t each = 1; each <= CHANGES + 1; each++) {
        BOOK plain = {ALL, .each = each};
        BOOK ahead = {ALL, .each = each, .ahead = true};
        applies_well("people", &plain);
        applies_well("people", &ahead);
        assert_string_equal(ahead.heard.log.data, plain.heard.log.data);
        assert_string_equal(ahead.heard.text.data, plain.heard.text.data);
    }
    BOOK many = {.each = 500, .generated = 90000, .heard.count_only = true, .ahead = true};
    applies_well("gather700", &many);
    assert_int_equal(many.applied, 90000);
}

static void nothing_to_apply_is_a_call_like_any_other(void **state)
{
    (void)state;
    BOOK book = {0};
    struct lane_result result = applies_well("people", &book);
    assert_int_equal(result.rc, MUSTER_OK);
    assert_int_equal(result.claim, CLAIM_NONE);
    assert_int_equal(book.heard.text.len, 0);
}

static void changes_that_are_gathered_live_until_they_are_answered(void **state)
{
    (void)state;
    static const struct {
        const char *stream;
        size_t each;
        uint64_t count;
    } cases[] = {{"gather500", 500, 3000},
                 {"gather7", 500, 1501},
                 {"gather3000", 7, 3500},
                 {"gather1", 1, 20},
                 {"gather100000", 30000, 90000}}; /* the last: frames that go as files */
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        BOOK book = {.each = cases[i].each, .generated = cases[i].count, .heard.count_only = true};
        struct lane_result result = applies_well(cases[i].stream, &book);
        assert_string_equal(result.text, "");
        assert_int_equal(book.applied, cases[i].count);
    }
}

static void each_code_of_a_refusal_comes_through_with_its_words(void **state)
{
    (void)state;
    BOOK book = {.generated = 11};
    applies_well("refuse", &book);
    assert_string_equal(book.heard.text.data,
                        "refused 0 -1 because\nrefused 1 -2 \nrefused 2 -3 \xef\xbf\xbd no UTF…\n"
                        "refused 3 -4  wwwwwwwww…\n"
                        "refused 4 -5 because\nrefused 5 -6 because\nrefused 6 -7 because\nrefused 7 -8 because\n"
                        "refused 8 -9 because\nrefused 9 -10 because\nrefused 10 -5 because\n");
}

static void what_a_reply_tells_is_emitted_while_applying(void **state)
{
    (void)state;
    BOOK book = {.generated = 2};
    applies_well("emit", &book);
    assert_string_equal(book.heard.text.data,
                        "columns people seat\npeople 0 at '/reply': seat/1=0\napplied 0 r-0\n"
                        "gone people nobody\ncursor 0\npeople 1 at '/reply': seat/1=1\napplied 1 r-1\n"
                        "gone people nobody\ncursor 1\n");
}

static void who_ends_early_is_partial_and_what_he_never_saw_comes_back(void **state)
{
    (void)state;
    BOOK book = {.generated = 10, .each = 5};
    struct lane_result result = applies_well("early", &book);
    assert_string_equal(book.heard.text.data, "applied 0 r-0\napplied 1 r-1\nuntouched 3\nuntouched 4\n");
    assert_int_equal(result.rc, MUSTER_OK);
    assert_int_equal(result.claim, CLAIM_PARTIAL);
    assert_string_equal(result.why, "connector 'writer' ended before it had asked for all changes");
    BOOK again = {.generated = 10, .each = 5};
    result = applies_well("early-retry", &again);
    assert_string_equal(again.heard.text.data, book.heard.text.data);
    assert_int_equal(result.rc, MUSTER_RETRY);
    assert_string_equal(result.text, "the system went away");
    assert_int_equal(result.claim, CLAIM_NONE);
}

static void what_is_not_answered_has_no_answer(void **state)
{
    (void)state;
    BOOK book = {ALL};
    struct lane_result result = applies_well("silent", &book);
    assert_int_equal(book.heard.text.len, 0);
    assert_int_equal(result.rc, MUSTER_OK);
}

static void changes_are_only_where_somebody_applies(void **state)
{
    (void)state;
    BOOK book = {ALL};
    struct err err = {0};
    struct lane_result result;
    TIDY(lane_stop) struct lane *lane = begin_writer(NULL);
    struct lane_sink sink = sink_over(&book);
    assert_int_equal(lane_action(lane, "next", NULL, NULL, &sink, &result, &err), 0);
    assert_int_equal(result.rc, MUSTER_FAIL);
    assert_string_equal(result.text, "the connector called next() outside of apply()");
    sink.next = NULL;
    assert_int_equal(lane_apply(lane, push_to("people"), &sink, &result, &err), 0);
    assert_int_equal(result.rc, MUSTER_UNSUPPORTED);
}

static void find_lookup_and_action_are_given_their_fields_and_answer_in_rows(void **state)
{
    (void)state;
    static const char *const arguments[] = {"number", "name"};
    static const uint8_t argument_types[] = {MUSTER_INTEGER, MUSTER_TEXT};
    static const struct lane_cell cells[] = {VALUE("1001"), VALUE("Ann")};
    const struct lane_fields fields = {2, arguments, argument_types};
    BOOK book = {0};
    struct err err = {0};
    struct lane_result result;
    TIDY(lane_stop) struct lane *lane = begin_writer(NULL);
    struct lane_sink sink = sink_over(&book);
    assert_int_equal(lane_find(lane, "people", &fields, cells, &sink, &result, &err), 0);
    assert_int_equal(lane_lookup(lane, "seat", &fields, cells, &sink, &result, &err), 0);
    assert_int_equal(lane_action(lane, "reset", NULL, NULL, &sink, &result, &err), 0);
    assert_int_equal(result.rc, MUSTER_OK);
    assert_int_equal(lane_action(lane, "dance", NULL, NULL, &sink, &result, &err), 0);
    assert_int_equal(result.rc, MUSTER_UNSUPPORTED);
    assert_string_equal(result.text, "no action 'dance'");
    assert_string_equal(book.heard.log.data, "2 find people {\"number\":1001,\"name\":\"Ann\"}\n"
                                             "2 lookup seat {\"number\":1001,\"name\":\"Ann\"}\n"
                                             "2 action reset {}\n2 action dance {}\n");
    assert_string_equal(book.heard.text.data, "columns people seat floor\n"
                                              "row people r-1 at '': seat/1=1001 floor/2=2\n"
                                              "columns seat seat floor\n"
                                              "row seat - at '': seat/1=1001 floor/2=2\n");
}

static void get_tells_who_is_there_and_who_is_gone(void **state)
{
    (void)state;
    static const char *const ids[] = {"a", "b", "c", "d"};
    muster_pull pull = {.size = sizeof(pull), .partition = "main", .stream = "people"};
    BOOK book = {0};
    struct err err = {0};
    struct lane_result result;
    TIDY(lane_stop) struct lane *lane = begin_writer(NULL);
    struct lane_sink sink = sink_over(&book);
    assert_int_equal(lane_get(lane, &pull, ids, 4, &sink, &result, &err), 0);
    assert_int_equal(result.rc, MUSTER_OK);
    assert_string_equal(book.heard.text.data, "columns people seat\npeople a at '': seat/1=here\n"
                                              "gone people b\nrow people c at '': seat/1=here\ngone people d\n");
    sink.record = NULL; /* then rows are all there is */
    buffer_clear(&book.heard.text);
    assert_int_equal(lane_get(lane, &pull, ids, 1, &sink, &result, &err), 0);
    assert_string_equal(book.heard.text.data, "columns people seat\nrow people a at '': seat/1=here\n");
}

static void a_connector_asks_for_objects_of_the_organization(void **state)
{
    (void)state;
    BOOK book = {.changes = changes, .count = 4};
    applies_well("ask", &book);
    assert_string_equal(book.heard.log.data, "2 0 {\"name\":\"Ann\",\"pay\":12.50,\"leader\":true}\n2 0 -\n2 0 -\n"
                                             "2 -6 -\n");
    assert_string_equal(book.heard.text.data,
                        "find person employee_number k1\napplied 7 r-k1\nfind person employee_number k2\n"
                        "applied 3 remote 2\nfind person employee_number k3\napplied 40 remote 3\n"
                        "find person employee_number both\napplied 4000000000 remote 4\n");
}

static void a_role_that_is_not_offered_is_said(void **state)
{
    (void)state;
    static const struct option_value here = {.name = "location", .text = "/here"};
    static const struct connection reader = {.name = "hr", .options = &here, .option_count = 1};
    struct err err = {0};
    struct lane_result result;
    BOOK book = {ALL};
    struct lane_sink sink = sink_over(&book);
    TIDY(lane_stop) struct lane *lane = NULL;
    struct lane_start start = {TEST_CONNECTORS "/good.so", folder, &reader, &settings, NULL};
    assert_int_equal(lane_begin(&start, &lane, &err), 0);
    assert_int_equal(lane_apply(lane, push_to("people"), &sink, &result, &err), 0);
    assert_int_equal(result.rc, MUSTER_UNSUPPORTED);
    assert_string_equal(result.text, "the connector does not offer this");
    assert_int_equal(lane_lookup(lane, "seat", NULL, NULL, &sink, &result, &err), 0);
    assert_int_equal(result.rc, MUSTER_UNSUPPORTED);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_connector_reads_all_of_a_change_and_answers_go_to_their_own),
        cmocka_unit_test(what_is_made_ready_ahead_goes_out_in_its_order_and_is_not_out_before),
        cmocka_unit_test(nothing_to_apply_is_a_call_like_any_other),
        cmocka_unit_test(changes_that_are_gathered_live_until_they_are_answered),
        cmocka_unit_test(each_code_of_a_refusal_comes_through_with_its_words),
        cmocka_unit_test(what_a_reply_tells_is_emitted_while_applying),
        cmocka_unit_test(who_ends_early_is_partial_and_what_he_never_saw_comes_back),
        cmocka_unit_test(what_is_not_answered_has_no_answer),
        cmocka_unit_test(changes_are_only_where_somebody_applies),
        cmocka_unit_test(find_lookup_and_action_are_given_their_fields_and_answer_in_rows),
        cmocka_unit_test(get_tells_who_is_there_and_who_is_gone),
        cmocka_unit_test(a_connector_asks_for_objects_of_the_organization),
        cmocka_unit_test(a_role_that_is_not_offered_is_said),
        cmocka_unit_test(nothing_is_left_behind),
    };
    return cmocka_run_group_tests_name("lane_push", tests, begins, NULL);
}
