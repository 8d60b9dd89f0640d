/* test_lane_push - changes on their way to a connector, its answers on their way back, and what it asks and is asked
 * by name. */
#include "heard.h"

#include "base/clock.h"
#include "base/fault.h"
#include "base/wire.h"

#include <errno.h>

static struct lane *begin_writer(const atomic_bool *cancel)
{
    struct lane *lane = NULL;
    struct err err = {0};
    struct lane_start start = {TEST_CONNECTORS "/writer.so", folder, NULL, &settings, cancel};
    int rc = lane_begin(&start, &lane, &err);
    assert_string_equal(err.text, "");
    assert_int_equal(rc, 0);
    return lane;
}

enum { FIELDS = 6 };
static const char *const names[] = {"name", "pay", "leader", "more", "note", "gone"};
static const uint8_t types[] = {MUSTER_TEXT, MUSTER_DECIMAL, MUSTER_BOOL, MUSTER_JSON, MUSTER_TEXT, MUSTER_INTEGER};

#define VALUE(text)                                                                                                    \
    {                                                                                                                  \
        PRESENCE_VALUE, false, sizeof(text) - 1, text                                                                  \
    }
#define CHANGED(text)                                                                                                  \
    {                                                                                                                  \
        PRESENCE_VALUE, true, sizeof(text) - 1, text                                                                   \
    }

/* What is handed out, `each` at a time, and the answers as they come, one line each. */
struct book {
    struct heard heard;
    const struct lane_change *changes;
    size_t count, handed, each;
    uint64_t generated; /* instead of `changes`: so many, named by their number */
    uint64_t applied, refused, most_out;
    int next_rc;
    bool ahead; /* while the connector is busy, the next ones are made ready */
};

static struct lane_change generate(uint64_t nth, char name[24], struct lane_cell cells[FIELDS])
{
    snprintf(name, 24, "%llu", (unsigned long long)nth);
    memset(cells, 0, FIELDS * sizeof(*cells));
    cells[0] = (struct lane_cell){PRESENCE_VALUE, true, (uint32_t)strlen(name), name};
    return (struct lane_change){(uint32_t)nth, MUSTER_CREATE, name, NULL, NULL, cells};
}

static int gives_next(void *context, struct lane_batch *batch)
{
    struct book *book = context;
    uint64_t end = book->generated ? book->generated : book->count;
    int rc = book->next_rc;
    for (size_t i = 0; rc == 0 && i < book->each && book->handed < end; i++, book->handed++) {
        char name[24];
        struct lane_cell cells[FIELDS];
        struct lane_change one;
        if (book->generated)
            one = generate(book->handed, name, cells);
        else
            one = book->changes[book->handed];
        rc = lane_batch_add(batch, &one);
    }
    uint64_t out = book->handed - book->applied - book->refused;
    book->most_out = out > book->most_out ? out : book->most_out;
    return rc;
}

static int hears_applied(void *context, uint32_t nth, const char *remote_id)
{
    struct book *book = context;
    book->applied++;
    if (!book->heard.count_only)
        buffer_format(&book->heard.text, "applied %u %s\n", nth, remote_id ? remote_id : "-");
    return 0;
}

static int hears_refused(void *context, uint32_t nth, muster_rc rc, const char *why)
{
    struct book *book = context;
    book->refused++;
    buffer_format(&book->heard.text, "refused %u %d %.10s%s\n", nth, rc, why, strlen(why) > 10 ? "…" : "");
    return 0;
}

static int hears_untouched(void *context, uint32_t nth)
{
    struct book *book = context;
    buffer_format(&book->heard.text, "untouched %u\n", nth);
    return 0;
}

static int hears_row(void *context, const struct lane_record *record)
{
    struct book *book = context;
    buffer_text(&book->heard.text, "row ");
    return hears_record(&book->heard, record);
}

static int gives_found(void *context, const char *kind, const char *field, const char *value,
                       struct lane_found *ret_found)
{
    static const struct lane_cell cells[FIELDS] = {VALUE("Ann"), VALUE("12.50"), VALUE("true")};
    struct book *book = context;
    buffer_format(&book->heard.text, "find %s %s %s\n", kind, field, value);
    if (strcmp(value, "both") == 0)
        return ERR_CONFLICT;
    if (strcmp(value, "k1") == 0)
        *ret_found = (struct lane_found){true, {FIELDS, names, types}, cells};
    return 0;
}

static struct lane_sink sink_over(struct book *book)
{
    struct lane_sink sink = sink_of(&book->heard); /* heard is the first member: one context for all */
    sink.next = gives_next;
    sink.applied = hears_applied;
    sink.refused = hears_refused;
    sink.untouched = hears_untouched;
    sink.row = hears_row;
    sink.find = gives_found;
    sink.ahead = book->ahead ? gives_next : NULL;
    if (book->each == 0)
        book->each = 2;
    return sink;
}

static void book_done(struct book *book)
{
    heard_done(&book->heard);
}

#define BOOK __attribute__((cleanup(book_done))) struct book

static const struct lane_push *push_to(const char *stream)
{
    static struct lane_push push;
    push = (struct lane_push){"main", stream, true, {FIELDS, names, types}};
    return &push;
}

/* How long it may be silent counts from here on, not while the connector is loaded. */
static int applies_within(const char *stream, int64_t silence_ms, struct book *book, struct lane_result *result,
                          struct err *err)
{
    TIDY(lane_stop) struct lane *lane = begin_writer(NULL);
    struct lane_sink sink = sink_over(book);
    settings.limits.silence_ms = silence_ms;
    int rc = lane_apply(lane, push_to(stream), &sink, result, err);
    settings_reset();
    return rc;
}

static int applies(const char *stream, struct book *book, struct lane_result *result, struct err *err)
{
    return applies_within(stream, settings.limits.silence_ms, book, result, err);
}

/* The same where nothing goes wrong. */
static struct lane_result applies_well(const char *stream, struct book *book)
{
    struct err err = {0};
    struct lane_result result = {0};
    int rc = applies(stream, book, &result, &err);
    assert_string_equal(err.text, "");
    assert_int_equal(rc, 0);
    return result;
}

static const struct lane_cell ann[FIELDS] = {
    VALUE("Ann"), VALUE("12.50"), VALUE("true"), VALUE("{\"a\": [1]}"), {PRESENCE_NULL, false, 0, NULL}};
static const struct lane_cell anna[FIELDS] = {
    CHANGED("Anna \"A\" \xc3\xa9"),  VALUE("012.50"), VALUE("yes"), CHANGED("1},{"), {PRESENCE_EMPTY, true, 0, NULL},
    {PRESENCE_ABSENT, true, 0, NULL}};
static const struct lane_cell left[FIELDS] = {CHANGED("Ann")};
static const struct lane_change changes[] = {
    {7, MUSTER_CREATE, "k1", NULL, NULL, ann},
    {3, MUSTER_UPDATE, "k2", "remote 2", ann, anna},
    {40, MUSTER_DEACTIVATE, "k3", "remote 3", left, NULL},
    {4000000000u, MUSTER_KEEP, "both", "remote 4", NULL, NULL},
    {41, MUSTER_DELETE, "k5", "remote 5", ann, ann},
};
enum { CHANGES = sizeof(changes) / sizeof(changes[0]) };
#define ALL .changes = changes, .count = CHANGES

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
                        "refused 0 -1 because\nrefused 1 -2 \nrefused 2 -3 \nrefused 3 -4  wwwwwwwww…\n"
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
        cmocka_unit_test(a_connector_reads_all_of_a_change_and_answers_go_to_their_own),
        cmocka_unit_test(what_is_made_ready_ahead_goes_out_in_its_order_and_is_not_out_before),
        cmocka_unit_test(nothing_to_apply_is_a_call_like_any_other),
        cmocka_unit_test(changes_that_are_gathered_live_until_they_are_answered),
        cmocka_unit_test(each_code_of_a_refusal_comes_through_with_its_words),
        cmocka_unit_test(what_a_reply_tells_is_emitted_while_applying),
        cmocka_unit_test(who_ends_early_is_partial_and_what_he_never_saw_comes_back),
        cmocka_unit_test(what_is_not_answered_has_no_answer),
        cmocka_unit_test(faults_of_a_connector_spoil_its_call_and_not_its_other_answers),
        cmocka_unit_test(a_crash_or_a_hang_keeps_the_answers_that_came),
        cmocka_unit_test(a_cancel_stops_between_two_changes_and_keeps_what_is_confirmed),
        cmocka_unit_test(a_sink_that_fails_ends_the_lane_with_its_own_code),
        cmocka_unit_test(a_zero_byte_and_a_second_hand_out_are_no_part_of_a_batch),
        cmocka_unit_test(a_host_that_lies_about_changes_ends_its_lane),
        cmocka_unit_test(an_answer_to_what_only_lies_ready_is_a_lie),
        cmocka_unit_test(no_message_cut_or_bent_does_harm),
        cmocka_unit_test(changes_are_only_where_somebody_applies),
        cmocka_unit_test(find_lookup_and_action_are_given_their_fields_and_answer_in_rows),
        cmocka_unit_test(get_tells_who_is_there_and_who_is_gone),
        cmocka_unit_test(a_connector_asks_for_objects_of_the_organization),
        cmocka_unit_test(a_role_that_is_not_offered_is_said),
#ifdef HAVE_FAULTS
        cmocka_unit_test(each_allocation_may_fail_here_and_no_answer_is_lost_silently),
        cmocka_unit_test(each_allocation_may_fail_in_the_host_and_no_answer_is_lost_silently),
#endif
        cmocka_unit_test(nothing_is_left_behind),
    };
    return cmocka_run_group_tests_name("lane_push", tests, begins, NULL);
}
