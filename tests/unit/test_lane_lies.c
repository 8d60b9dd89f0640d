/* test_lane_lies - changes on their way to a connector that crashes, hangs or lies, or whose host does; and every
 * allocation on that way fails once. */
#include "book.h"

#include "base/clock.h"
#include "base/fault.h"
#include "base/wire.h"

#include <errno.h>

static void faults_of_a_connector_spoil_its_call_and_not_its_other_answers(void **state)
{
    (void)state;
    static const struct {
        const char *stream, *answers, *words;
    } cases[] = {
        {"twice", "applied 7 r-k1\napplied 3 remote 2\n", "applied() for a change that it has answered already"},
        {"stranger", "applied 3 remote 2\n", "applied() for a change that it was not given"},
        {"nobody", "applied 3 remote 2\n", "refused() for a change that it was not given"},
        {"code", "applied 3 remote 2\n", "refused() with the code 0, which is no refusal"},
        {"long-id", "applied 3 remote 2\n", "a remote id that is empty, longer than 200 bytes"},
        {"puts-late", "columns people name\npeople 1 at '': name/1=one\napplied 3 remote 2\n",
         "put a field into a record that it had handed over"},
        {"puts", "applied 3 remote 2\n", "put a field into a record that it was given to be read"},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        BOOK book = {.changes = changes, .count = 2, .each = 1};
        struct lane_result result = applies_well(cases[i].stream, &book);
        assert_string_equal(book.heard.text.data, cases[i].answers);
        assert_int_equal(result.rc, MUSTER_FAIL);
        if (!strstr(result.text, cases[i].words))
            fail_msg("%s: \"%s\"", cases[i].stream, result.text);
    }
}

static void a_crash_or_a_hang_keeps_the_answers_that_came(void **state)
{
    (void)state;
    for (int i = 0; i < 2; i++) {
        BOOK book = {ALL};
        struct err err = {0};
        struct lane_result result;
        int rc = applies_within(i ? "hang" : "crash", i ? 1000 : 20000, &book, &result, &err);
        assert_int_equal(rc, i ? ERR_TIMEOUT : ERR_CONNECTOR);
        assert_string_equal(book.heard.text.data, "applied 7 r-k1\n");
        assert_non_null(strstr(err.text, i ? "said nothing for 1 seconds" : "killed by signal 11"));
    }
}

static void a_cancel_stops_between_two_changes_and_keeps_what_is_confirmed(void **state)
{
    (void)state;
    atomic_bool cancel = false;
    BOOK book = {ALL, .each = 1, .heard.cancel = &cancel};
    struct err err = {0};
    struct lane_result result;
    TIDY(lane_stop) struct lane *lane = begin_writer(&cancel);
    struct lane_sink sink = sink_over(&book);
    assert_int_equal(lane_apply(lane, push_to("obey"), &sink, &result, &err), ERR_CANCELLED);
    assert_string_equal(err.text, "cancelled");
    assert_string_equal(book.heard.text.data, "applied 7 r-k1\n");
    assert_int_equal(book.handed, 1);
}

static void a_sink_that_fails_ends_the_lane_with_its_own_code(void **state)
{
    (void)state;
    BOOK book = {ALL, .next_rc = -EIO};
    struct err err = {0};
    struct lane_result result;
    assert_int_equal(applies("people", &book, &result, &err), -EIO);
    assert_string_equal(err.text, "connector 'writer' was stopped: Input/output error");
}

static int adds_badly(void *context, struct lane_batch *batch)
{
    static const struct lane_cell zero[FIELDS] = {VALUE("An\0n")};
    struct book *book = context;
    struct lane_change change = {1, MUSTER_CREATE, "zero", NULL, NULL, zero};
    if (book->handed++ > 0)
        return 0;
    assert_int_equal(lane_batch_add(batch, &change), ERR_DATA);
    change = (struct lane_change){1, MUSTER_CREATE, "good", NULL, NULL, ann};
    assert_int_equal(lane_batch_add(batch, &change), 0);
    assert_int_equal(lane_batch_add(batch, &change), -EEXIST);
    assert_false(lane_batch_full(batch));
    return 0;
}

static void a_zero_byte_and_a_second_hand_out_are_no_part_of_a_batch(void **state)
{
    (void)state;
    BOOK book = {0};
    struct err err = {0};
    struct lane_result result;
    TIDY(lane_stop) struct lane *lane = begin_writer(NULL);
    struct lane_sink sink = sink_over(&book);
    sink.next = adds_badly;
    assert_int_equal(lane_apply(lane, push_to("said"), &sink, &result, &err), 0);
    assert_string_equal(book.heard.text.data, "applied 1 r-good\n");
}

/* The frame that "raw:" sends: one message, as hex in the stream's name. */
struct raw {
    struct buffer bytes;
    size_t begin;
    char stream[2100];
};

static void raw_done(struct raw *raw)
{
    buffer_done(&raw->bytes);
}

static const char *raw_stream(struct raw *raw, size_t len)
{
    size_t at = (size_t)snprintf(raw->stream, sizeof(raw->stream), "raw:");
    for (size_t i = 0; i < len; i++)
        at += (size_t)snprintf(raw->stream + at, sizeof(raw->stream) - at, "%02x", (uint8_t)raw->bytes.data[i]);
    return raw->stream;
}

static void put_answer(struct buffer *out, uint32_t nth, const char *id)
{
    size_t begin = wire_begin(out, WIRE_APPLIED);
    wire_put_u32(out, nth);
    wire_put_text(out, id);
    wire_end(out, begin);
}

static void put_refusal(struct buffer *out, uint32_t nth, muster_rc rc, const char *why)
{
    size_t begin = wire_begin(out, WIRE_REFUSES);
    wire_put_u32(out, nth);
    wire_put_u32(out, (uint32_t)rc);
    wire_put_text(out, why);
    wire_end(out, begin);
}

static void put_untouched(struct buffer *out, uint32_t claimed, uint32_t nth)
{
    size_t begin = wire_begin(out, WIRE_UNTOUCHED);
    wire_put_u32(out, claimed);
    wire_put_u32(out, nth);
    wire_end(out, begin);
}

static void put_find(struct buffer *out, const char *value)
{
    size_t begin = wire_begin(out, WIRE_FIND);
    wire_put_text(out, "person");
    wire_put_text(out, value);
    wire_end(out, begin);
}

static void a_host_that_lies_about_changes_ends_its_lane(void **state)
{
    (void)state;
    char long_text[300];
    memset(long_text, 'i', sizeof(long_text) - 1);
    long_text[sizeof(long_text) - 1] = '\0';
    for (int i = 0; i < 12; i++) {
        __attribute__((cleanup(raw_done))) struct raw raw = {.bytes = {0}};
        BOOK book = {ALL, .each = 1};
        struct err err = {0};
        struct lane_result result;
        const char *words = NULL;
        struct buffer *out = &raw.bytes;
        switch (i) {
        case 0: put_answer(out, 7, "a"), put_answer(out, 7, "b"), words = "a second answer to change 7"; break;
        case 1: put_answer(out, 3, "a"), words = "an answer to change 3, which it was not given"; break;
        case 2: put_answer(out, 4000000000u, "a"), words = "an answer to change 4000000000, which"; break;
        case 3: put_answer(out, 7, ""), words = "a remote id that is empty"; break;
        case 4: put_answer(out, 7, long_text), words = "longer than 200 bytes"; break;
        case 5: put_answer(out, 7, "\xff"), words = "or no UTF-8"; break;
        case 6: put_refusal(out, 7, 0, "no"), words = "a refusal with the code 0"; break;
        case 7: put_refusal(out, 7, -11, "no"), words = "a refusal with the code -11"; break;
        case 8: put_refusal(out, 7, -5, NULL), words = "a refusal of a change that is none"; break;
        case 9: put_untouched(out, 2, 7), words = "changes it did not look at, which are none"; break;
        case 10: put_untouched(out, 1, 8), words = "an answer to change 8, which it was not given"; break;
        default: put_find(out, "x"), words = "a question for an object of the organization that is none"; break;
        }
        int rc = applies(raw_stream(&raw, out->len), &book, &result, &err);
        if (rc != ERR_CONNECTOR || !strstr(err.text, "sent nonsense") || !strstr(err.text, words))
            fail_msg("case %d: %d \"%s\"", i, rc, err.text);
        assert_int_equal(book.applied, i == 0);
    }
}

static void an_answer_to_what_only_lies_ready_is_a_lie(void **state)
{
    (void)state;
    __attribute__((cleanup(raw_done))) struct raw raw = {.bytes = {0}};
    BOOK book = {ALL, .each = 1, .ahead = true};
    struct err err = {0};
    struct lane_result result;
    put_answer(&raw.bytes, 3, "a");
    assert_int_equal(applies(raw_stream(&raw, raw.bytes.len), &book, &result, &err), ERR_CONNECTOR);
    assert_non_null(strstr(err.text, "sent nonsense"));
    assert_int_equal(book.handed, 2);
    assert_int_equal(book.applied, 0);
}

/* Good messages cut short at each byte, and with each byte turned over: an end with a sentence or none, no more. */
static void no_message_cut_or_bent_does_harm(void **state)
{
    (void)state;
    __attribute__((cleanup(raw_done))) struct raw raw = {.bytes = {0}};
    struct buffer *out = &raw.bytes;
    put_answer(out, 7, "a");
    put_refusal(out, 40, -5, "w");
    const size_t whole = out->len;
    size_t ended = 0;
    for (size_t i = 0; i < 2 * whole; i += 3) {
        BOOK book = {ALL, .each = 5};
        struct err err = {0};
        struct lane_result result;
        size_t len = i < whole ? i : whole, bent = i < whole ? whole : i - whole;
        if (bent < whole)
            out->data[bent] = (char)~out->data[bent];
        int rc = applies(raw_stream(&raw, len), &book, &result, &err);
        if (bent < whole)
            out->data[bent] = (char)~out->data[bent];
        assert_in_range(book.applied + book.refused, 0, 2);
        assert_true(rc == 0 || (rc == ERR_CONNECTOR && strstr(err.text, "sent nonsense")));
        ended += rc != 0;
    }
    assert_in_range(ended, whole / 3, 2 * whole / 3);
}

#ifdef HAVE_FAULTS
/* One push from start to end; true when it went well and every change got its answer. */
static bool goes_well(void)
{
    BOOK book = {.generated = 3, .heard.count_only = true};
    struct err err = {0};
    struct lane_result result = {0};
    struct lane_sink sink = sink_over(&book);
    TIDY(lane_stop) struct lane *lane = NULL;
    struct lane_start start = {TEST_CONNECTORS "/writer.so", folder, NULL, &settings, NULL};
    int rc = lane_begin(&start, &lane, &err);
    if (rc == 0)
        rc = lane_apply(lane, push_to("people"), &sink, &result, &err);
    if (rc != 0)
        assert_string_not_equal(err.text, "");
    else if (result.rc != MUSTER_OK)
        assert_string_not_equal(result.text, "");
    if (rc != 0 || result.rc != MUSTER_OK || book.heard.log.rc != 0)
        return false;
    assert_int_equal(book.applied, 3);
    return true;
}

static void each_allocation_may_fail_here_and_no_answer_is_lost_silently(void **state)
{
    (void)state;
    long failed = 0, nth = 0, seen;
    do {
        fault_plan("alloc", ++nth);
        failed += !goes_well();
        seen = fault_plan("alloc", 0);
    } while (seen >= nth);
    assert_in_range(failed, 10, nth);
}

static void each_allocation_may_fail_in_the_host_and_no_answer_is_lost_silently(void **state)
{
    (void)state;
    char fault[30];
    int failed = 0;
    for (int nth = 1; nth < 40; nth++) {
        snprintf(fault, sizeof(fault), "alloc:%d", nth);
        setenv("MUSTER_HOST_FAULT", fault, 1);
        failed += !goes_well();
    }
    unsetenv("MUSTER_HOST_FAULT");
    assert_in_range(failed, 5, 38);
}
#endif

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(faults_of_a_connector_spoil_its_call_and_not_its_other_answers),
        cmocka_unit_test(a_crash_or_a_hang_keeps_the_answers_that_came),
        cmocka_unit_test(a_cancel_stops_between_two_changes_and_keeps_what_is_confirmed),
        cmocka_unit_test(a_sink_that_fails_ends_the_lane_with_its_own_code),
        cmocka_unit_test(a_zero_byte_and_a_second_hand_out_are_no_part_of_a_batch),
        cmocka_unit_test(a_host_that_lies_about_changes_ends_its_lane),
        cmocka_unit_test(an_answer_to_what_only_lies_ready_is_a_lie),
        cmocka_unit_test(no_message_cut_or_bent_does_harm),
#ifdef HAVE_FAULTS
        cmocka_unit_test(each_allocation_may_fail_here_and_no_answer_is_lost_silently),
        cmocka_unit_test(each_allocation_may_fail_in_the_host_and_no_answer_is_lost_silently),
#endif
        cmocka_unit_test(nothing_is_left_behind),
    };
    return cmocka_run_group_tests_name("lane_lies", tests, begins, NULL);
}
