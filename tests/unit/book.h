/* book - for tests of lanes: changes that are handed out to the connector `writer`, and its answers written down. */
#ifndef TESTS_BOOK_H
#define TESTS_BOOK_H

#include "heard.h"

#ifndef TEST_CONNECTORS
#define TEST_CONNECTORS "." /* the build says where they are */
#endif

static inline struct lane *begin_writer(const atomic_bool *cancel)
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

static inline struct lane_change generate(uint64_t nth, char name[24], struct lane_cell cells[FIELDS])
{
    snprintf(name, 24, "%llu", (unsigned long long)nth);
    memset(cells, 0, FIELDS * sizeof(*cells));
    cells[0] = (struct lane_cell){PRESENCE_VALUE, true, (uint32_t)strlen(name), name};
    return (struct lane_change){(uint32_t)nth, MUSTER_CREATE, name, NULL, NULL, cells};
}

static inline int gives_next(void *context, struct lane_batch *batch)
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

static inline int hears_applied(void *context, uint32_t nth, const char *remote_id)
{
    struct book *book = context;
    book->applied++;
    if (!book->heard.count_only)
        buffer_format(&book->heard.text, "applied %u %s\n", nth, remote_id ? remote_id : "-");
    return 0;
}

static inline int hears_refused(void *context, uint32_t nth, muster_rc rc, const char *why)
{
    struct book *book = context;
    book->refused++;
    buffer_format(&book->heard.text, "refused %u %d %.10s%s\n", nth, rc, why, strlen(why) > 10 ? "…" : "");
    return 0;
}

static inline int hears_untouched(void *context, uint32_t nth)
{
    struct book *book = context;
    buffer_format(&book->heard.text, "untouched %u\n", nth);
    return 0;
}

static inline int hears_row(void *context, const struct lane_record *record)
{
    struct book *book = context;
    buffer_text(&book->heard.text, "row ");
    return hears_record(&book->heard, record);
}

static inline int gives_found(void *context, const char *kind, const char *field, const char *value,
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

static inline struct lane_sink sink_over(struct book *book)
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

static inline void book_done(struct book *book)
{
    heard_done(&book->heard);
}

#define BOOK __attribute__((cleanup(book_done))) struct book

static inline const struct lane_push *push_to(const char *stream)
{
    static struct lane_push push;
    push = (struct lane_push){"main", stream, true, {FIELDS, names, types}};
    return &push;
}

/* How long it may be silent counts from here on, not while the connector is loaded. */
static inline int applies_within(const char *stream, int64_t silence_ms, struct book *book, struct lane_result *result,
                                 struct err *err)
{
    TIDY(lane_stop) struct lane *lane = begin_writer(NULL);
    struct lane_sink sink = sink_over(book);
    settings.limits.silence_ms = silence_ms;
    int rc = lane_apply(lane, push_to(stream), &sink, result, err);
    settings_reset();
    return rc;
}

static inline int applies(const char *stream, struct book *book, struct lane_result *result, struct err *err)
{
    return applies_within(stream, settings.limits.silence_ms, book, result, err);
}

/* The same where nothing goes wrong. */
static inline struct lane_result applies_well(const char *stream, struct book *book)
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

#endif
