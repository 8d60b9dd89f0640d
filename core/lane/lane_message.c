/* lane_message - what a host says, checked to the last byte, then handed to the sink. */
#include "lane/lane_inside.h"

#include "base/mem.h"
#include "base/text.h"
#include "broker/turn.h"
#include "lane/description.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

enum { COLUMNS_MAX = 16384, STREAMS_MAX = 1024 };

_Static_assert((int)WIRE_IS_NULL == PRESENCE_NULL && (int)WIRE_IS_EMPTY == PRESENCE_EMPTY &&
                   (int)WIRE_IS_VALUE == PRESENCE_VALUE && (int)WIRE_CLAIM_COMPLETE == CLAIM_COMPLETE &&
                   (int)WIRE_CLAIM_CHANGES == CLAIM_CHANGES && (int)WIRE_CLAIM_PARTIAL == CLAIM_PARTIAL,
               "the wire's numbers are the engine's");

int lane_nonsense(struct lane *lane, const char *format, ...)
{
    char what[300];
    va_list args;
    va_start(args, format);
    vsnprintf(what, sizeof(what), format, args);
    va_end(args);
    return err_set(lane->err, ERR_CONNECTOR, "connector '%s' sent nonsense: %s", lane->name, what);
}

int lane_sink_says(struct lane *lane, int rc)
{
    return rc == 0 ? 0 : err_set(lane->err, rc, "connector '%s' was stopped: %s", lane->name, err_text(rc));
}

void lane_forget_streams(struct lane *lane)
{
    for (size_t i = 0; i < lane->stream_count; i++) {
        free(lane->streams[i]->names);
        free(lane->streams[i]->places);
        free(lane->streams[i]);
    }
    lane->stream_count = 0;
}

static bool name_fine(const char *name)
{
    return name && text_valid(name, strlen(name));
}

static int stream_for(struct lane *lane, uint32_t number, const char *name, struct lane_column_table **ret_stream)
{
    if (number < lane->stream_count) {
        *ret_stream = lane->streams[number];
        return strcmp(name, lane->streams[number]->seen.name) == 0 ? 0 : lane_nonsense(lane, "a stream with two names");
    }
    if (number != lane->stream_count || number >= STREAMS_MAX)
        return lane_nonsense(lane, "stream number %u where %zu comes next", number, lane->stream_count);
    if (mem_grow(&lane->streams, lane->stream_count, &lane->stream_room, sizeof(*lane->streams)) != 0)
        return -ENOMEM;
    struct lane_column_table *stream = mem_new(1, sizeof(*stream));
    if (!stream)
        return -ENOMEM;
    lane->streams[lane->stream_count++] = stream;
    stream->seen.name = arena_text(lane->call_arena, name);
    *ret_stream = stream;
    return stream->seen.name ? 0 : -ENOMEM;
}

/* Begins the answer; fields follow when rc is 0. */
size_t lane_answer(struct lane *lane, int rc, const struct err *why)
{
    buffer_clear(&lane->out);
    size_t begin = wire_begin(&lane->out, WIRE_ANSWER);
    wire_put_u32(&lane->out, (uint32_t)turn_of(rc));
    wire_put_text(&lane->out, rc == 0 ? "" : why && why->rc != 0 ? why->text : err_text(rc));
    return begin;
}

int lane_answer_sends(struct lane *lane, size_t begin, int passed)
{
    wire_end(&lane->out, begin);
    return lane_send(lane, passed);
}

static int column_add(struct lane *lane, struct lane_column_table *stream, struct wire *message)
{
    const char *name = wire_need_text(message), *place = wire_need_text(message);
    if (!name_fine(name) || !name_fine(place))
        return lane_nonsense(lane, "a column without a name, or with one that is no UTF-8");
    size_t count = stream->seen.count;
    if (mem_grow(&stream->names, count, &stream->room, sizeof(*stream->names)) != 0 ||
        mem_grow(&stream->places, count, &stream->place_room, sizeof(*stream->places)) != 0)
        return -ENOMEM;
    stream->names[count] = arena_text(lane->call_arena, name);
    stream->places[count] = arena_text(lane->call_arena, place);
    stream->seen.count++;
    stream->seen.names = (const char *const *)stream->names;
    stream->seen.places = (const char *const *)stream->places;
    return stream->names[count] && stream->places[count] ? 0 : -ENOMEM;
}

/* Which of the columns from `first` on somebody asks for. */
static int columns_answer(struct lane *lane, size_t first, size_t count)
{
    char letters[COLUMNS_MAX + 1];
    const struct lane_sink *sink = lane->sink;
    for (size_t i = 0; i < count; i++)
        letters[i] = !sink->wanted || sink->wanted(sink->context, first + i) ? WIRE_WANTED : WIRE_UNWANTED;
    letters[count] = '\0';
    size_t begin = lane_answer(lane, 0, NULL);
    wire_put_text(&lane->out, letters);
    return lane_answer_sends(lane, begin, -1);
}

static int columns(struct lane *lane, struct wire *message)
{
    uint32_t number = wire_get_u32(message);
    const char *name = wire_need_text(message);
    uint32_t table = wire_get_u32(message), first = wire_get_u32(message), count = wire_get_u32(message);
    if (message->bad || !name_fine(name))
        return lane_nonsense(lane, "columns of a stream without a name, or with one that is no UTF-8");
    struct lane_column_table *stream = NULL;
    int rc = stream_for(lane, number, name, &stream);
    if (rc != 0)
        return rc;
    if (first != stream->seen.count || count > COLUMNS_MAX || first + count > COLUMNS_MAX ||
        (first > 0 && (table != 0) != stream->seen.table))
        return lane_nonsense(lane, "columns %u to %u of stream '%.100s', which has %zu", first, first + count, name,
                             stream->seen.count);
    stream->seen.table = table != 0;
    for (uint32_t i = 0; rc == 0 && i < count; i++)
        rc = column_add(lane, stream, message);
    if (rc == 0 && !wire_finished(message))
        rc = lane_nonsense(lane, "columns that do not end where they should");
    while (rc == 0 && lane->value_room < stream->seen.count)
        rc = mem_grow(&lane->values, lane->value_room, &lane->value_room, sizeof(*lane->values));
    if (rc == 0 && lane->sink->columns)
        rc = lane_sink_says(lane, lane->sink->columns(lane->sink->context, &stream->seen));
    return rc ? rc : columns_answer(lane, first, count);
}

/* The hot path: values point into the frame. Says what is wrong, or NULL. */
static const char *values_read(struct lane *lane, const struct lane_stream *stream, uint32_t count, const char *at,
                               const char *end)
{
    const uint64_t field_max = lane->settings->limits.field_bytes;
    if (count > stream->count)
        return "a record with more values than columns";
    for (uint32_t i = 0; i < count; i++) {
        uint16_t column;
        uint32_t len;
        if (end - at < 8)
            return "a record that ends too early";
        memcpy(&column, at, sizeof(column));
        memcpy(&len, at + 4, sizeof(len));
        uint8_t type = (uint8_t)at[2], presence = (uint8_t)at[3];
        at += 8;
        if (column >= stream->count)
            return "a value of a column that was not named";
        if (type < MUSTER_TEXT || type > MUSTER_REF || presence < WIRE_IS_NULL || presence > WIRE_IS_VALUE ||
            (presence == WIRE_IS_VALUE) != (len > 0))
            return "a value of a type or presence that is none";
        if (len > (size_t)(end - at))
            return "a value longer than its record";
        if (len > field_max)
            return "a value over the ceiling of one field";
        lane->values[i] = (struct lane_value){column, type, (enum presence)presence, len, at};
        at += len;
    }
    return at == end ? NULL : "a record with something behind its end";
}

int lane_record(struct lane *lane, struct wire *message, bool row)
{
    if ((uint64_t)(message->end - message->at) > lane->settings->limits.record_bytes)
        return lane_nonsense(lane, "a record over the ceiling of %llu bytes",
                             (unsigned long long)lane->settings->limits.record_bytes);
    uint32_t number = wire_get_u32(message);
    struct lane_record one = {.source_id = wire_get_text(message)};
    one.place = wire_get_text(message);
    uint32_t count = wire_get_u32(message);
    if (message->bad)
        return lane_nonsense(lane, "a record that ends too early");
    if (number >= lane->stream_count)
        return lane_nonsense(lane, "a record of stream number %u, which was not named", number);
    one.stream = &lane->streams[number]->seen;
    const char *why = values_read(lane, one.stream, count, message->at, message->end);
    if (why)
        return lane_nonsense(lane, "%s (stream '%.100s')", why, one.stream->name);
    one.count = count;
    one.values = lane->values;
    if (!one.place)
        one.place = "";
    const struct lane_sink *sink = lane->sink;
    int (*takes)(void *, const struct lane_record *) = (row && sink->row) || !sink->record ? sink->row : sink->record;
    return takes ? lane_sink_says(lane, takes(sink->context, &one)) : 0;
}

static int reject(struct lane *lane, struct wire *message)
{
    const char *stream = wire_need_text(message), *source_id = wire_get_text(message);
    const char *place = wire_get_text(message), *why = wire_need_text(message);
    if (!wire_finished(message) || !name_fine(stream))
        return lane_nonsense(lane, "a rejection that is none");
    const struct lane_sink *sink = lane->sink;
    return sink->reject ? lane_sink_says(lane, sink->reject(sink->context, stream, source_id, place ? place : "", why))
                        : 0;
}

static int lacking(struct lane *lane, struct wire *message)
{
    const char *stream = wire_need_text(message), *field = wire_need_text(message), *why = wire_need_text(message);
    if (!wire_finished(message) || !name_fine(stream) || !name_fine(field) || !text_valid(why, strlen(why)))
        return lane_nonsense(lane, "something that may not be read, and it is none");
    const struct lane_sink *sink = lane->sink;
    return sink->lacking ? lane_sink_says(lane, sink->lacking(sink->context, stream, field, why)) : 0;
}

static int gone(struct lane *lane, struct wire *message)
{
    const char *stream = wire_need_text(message), *source_id = wire_need_text(message);
    if (!wire_finished(message) || !name_fine(stream))
        return lane_nonsense(lane, "a gone record without stream or id");
    return lane->sink->gone ? lane_sink_says(lane, lane->sink->gone(lane->sink->context, stream, source_id)) : 0;
}

static int cursor(struct lane *lane, struct wire *message, bool checkpoint)
{
    const char *value = wire_need_text(message);
    if (!wire_finished(message))
        return lane_nonsense(lane, "a cursor that is none");
    return lane->sink->cursor ? lane_sink_says(lane, lane->sink->cursor(lane->sink->context, value, checkpoint)) : 0;
}

static int partition(struct lane *lane, struct wire *message)
{
    const char *id = wire_need_text(message), *label = wire_get_text(message), *locator = wire_get_text(message);
    if (!wire_finished(message) || !name_fine(id) || id[0] == '\0' || (label && !name_fine(label)))
        return lane_nonsense(lane, "a partition without an id, or with one that is no UTF-8");
    const struct lane_sink *sink = lane->sink;
    return sink->partition ? lane_sink_says(lane, sink->partition(sink->context, id, label ? label : id, locator)) : 0;
}

/* What open() says of streams is for who asks just that: a run, or discover(), has them from where they belong. */
static bool says_at_opening(const struct lane *lane)
{
    return lane->opening && !lane->only_open;
}

static int stream(struct lane *lane, struct wire *message)
{
    muster_stream one;
    int rc = description_stream(message, lane->call_arena, &one);
    if (rc == ERR_CORRUPT)
        return lane_nonsense(lane, "a stream that is none");
    if (rc == 0 && lane->sink->stream && !says_at_opening(lane))
        rc = lane_sink_says(lane, lane->sink->stream(lane->sink->context, &one));
    return rc;
}

static int field(struct lane *lane, struct wire *message)
{
    muster_field one;
    const char *of = wire_need_text(message);
    description_field(message, &one);
    if (!wire_finished(message) || !name_fine(of) || !name_fine(one.name))
        return lane_nonsense(lane, "a field that is none");
    return lane->sink->field && !says_at_opening(lane)
               ? lane_sink_says(lane, lane->sink->field(lane->sink->context, of, &one))
               : 0;
}

static int progress(struct lane *lane, struct wire *message)
{
    uint64_t done = wire_get_u64(message), total = wire_get_u64(message);
    if (!wire_finished(message))
        return lane_nonsense(lane, "progress that is none");
    if (lane->sink->progress)
        lane->sink->progress(lane->sink->context, done, total);
    return 0;
}

static void log_line_of(struct lane *lane, int level, const char *text)
{
    if (lane->sink->log)
        lane->sink->log(lane->sink->context, level, text);
}

/* Bounded, so that a connector cannot fill the log either. */
static int hears_log(struct lane *lane, struct wire *message)
{
    enum { LINES_MAX = 10000 };
    uint32_t level = wire_get_u32(message);
    const char *text = wire_need_text(message);
    if (!wire_finished(message) || level < MUSTER_DEBUG || level > MUSTER_ERROR)
        return lane_nonsense(lane, "a log line that is none");
    lane_scrub(lane, text);
    lane->lines++;
    if (lane->lines <= LINES_MAX)
        log_line_of(lane, (int)level, text);
    else if (lane->lines == LINES_MAX + 1)
        log_line_of(lane, MUSTER_WARN, "it logged more than 10000 lines in one call; the others are left out");
    return 0;
}

/* Names that the host knows by heart; what comes is looked at all the same. */
static int tried(struct lane *lane, struct wire *message)
{
    static const char plain[] = "abcdefghijklmnopqrstuvwxyz0123456789_, ?";
    const char *names = wire_need_text(message), *path = wire_need_text(message);
    char text[sizeof(lane->tried) + 100];
    size_t len = strlen(lane->tried);
    if (!wire_finished(message) || names[strspn(names, plain)] != '\0' || !text_valid(path, strlen(path)))
        return lane_nonsense(lane, "calls that are none");
    if (!lane->tried_path[0])
        snprintf(lane->tried_path, sizeof(lane->tried_path), "%s", path);
    if (!strstr(lane->tried, names))
        snprintf(lane->tried + len, sizeof(lane->tried) - len, "%s%s", len ? ", " : "", names);
    snprintf(text, sizeof(text), "its process tried what it may not, which was refused: %s", names);
    log_line_of(lane, MUSTER_WARN, text);
    return 0;
}

static int list(struct lane *lane, struct wire *message)
{
    const char *place = wire_need_text(message);
    uint64_t nth = wire_get_u64(message), size = 0;
    if (!wire_finished(message))
        return lane_nonsense(lane, "a question for files that is none");
    const char *name = "";
    int64_t mtime = 0;
    struct err why = {0};
    int rc = lane->sink->list ? lane->sink->list(lane->sink->context, place, (size_t)nth, &name, &size, &mtime, &why)
                              : ERR_UNSUPPORTED;
    size_t begin = lane_answer(lane, rc, &why);
    if (rc == 0) {
        wire_put_text(&lane->out, name);
        wire_put_u64(&lane->out, size);
        wire_put_u64(&lane->out, (uint64_t)mtime);
    }
    return lane_answer_sends(lane, begin, -1);
}

static int fetch(struct lane *lane, struct wire *message)
{
    const char *name = wire_need_text(message);
    if (!wire_finished(message))
        return lane_nonsense(lane, "a question for a file that is none");
    TIDY(close) int fd = -1;
    struct err why = {0};
    int rc = lane->sink->fetch ? lane->sink->fetch(lane->sink->context, name, &fd, &why) : ERR_UNSUPPORTED;
    return lane_answer_sends(lane, lane_answer(lane, rc, &why), rc == 0 ? fd : -1);
}

static int store(struct lane *lane, struct wire *message)
{
    const char *name = wire_need_text(message);
    TIDY(close) int fd = frame_take_fd(&lane->in);
    struct stat status;
    if (!wire_finished(message) || fd < 0 || fstat(fd, &status) != 0 || !S_ISREG(status.st_mode))
        return lane_nonsense(lane, "a file to be stored without a name or a descriptor of a file");
    struct err why = {0};
    int rc = lane->sink->store ? lane->sink->store(lane->sink->context, name, fd, &why) : ERR_UNSUPPORTED;
    return lane_answer_sends(lane, lane_answer(lane, rc, &why), -1);
}

static int unchanged(struct lane *lane, struct wire *message)
{
    if (!wire_finished(message))
        return lane_nonsense(lane, "a question that is none");
    lane->same = lane->sink->unchanged && lane->sink->unchanged(lane->sink->context) == 1;
    size_t begin = lane_answer(lane, 0, NULL);
    wire_put_u32(&lane->out, lane->same);
    return lane_answer_sends(lane, begin, -1);
}

static int afterwards(struct lane *lane, struct wire *message)
{
    const char *name = wire_need_text(message);
    uint32_t what = wire_get_u32(message);
    const char *to = wire_get_text(message);
    if (!wire_finished(message) || what > MUSTER_REMOVE || (what == MUSTER_ARCHIVE && !to))
        return lane_nonsense(lane, "something to do with a file that is none");
    const struct lane_sink *sink = lane->sink;
    return sink->afterwards ? lane_sink_says(lane, sink->afterwards(sink->context, name, (int)what, to)) : 0;
}

static int done(struct lane *lane, struct wire *message)
{
    muster_rc rc = (muster_rc)wire_get_u32(message);
    const char *text = wire_need_text(message);
    uint32_t claim = wire_get_u32(message);
    uint64_t count = wire_get_u64(message);
    const char *why = wire_need_text(message), *mended = wire_need_text(message);
    if (!wire_finished(message) || claim > WIRE_CLAIM_PARTIAL || !text_valid(text, strlen(text)) ||
        !text_valid(why, strlen(why)) || !text_valid(mended, strlen(mended)))
        return lane_nonsense(lane, "an end that is none");
    if (rc > MUSTER_SAME || rc < MUSTER_FAIL)
        return lane_nonsense(lane, "the result code %d, which is none", rc);
    if (rc == MUSTER_SAME && !lane->same)
        return lane_nonsense(lane, "MUSTER_SAME as its result, where unchanged() did not say so");
    lane_scrub(lane, text);
    lane_scrub(lane, why);
    struct lane_result *result = &lane->result;
    result->rc = rc;
    result->claim = (enum claim)claim;
    result->count = count;
    snprintf(result->text, sizeof(result->text), "%s", text);
    snprintf(result->why, sizeof(result->why), "%s", why);
    snprintf(result->mended, sizeof(result->mended), "%s", mended);
    lane->done = true;
    return 0;
}

int lane_message(struct lane *lane, uint32_t type, struct wire *message)
{
    switch (type) {
    case WIRE_RECORD: return lane_record(lane, message, false);
    case WIRE_COLUMNS: return columns(lane, message);
    case WIRE_REJECT: return reject(lane, message);
    case WIRE_GONE_ID: return gone(lane, message);
    case WIRE_CURSOR: return cursor(lane, message, false);
    case WIRE_CHECKPOINT: return cursor(lane, message, true);
    case WIRE_PARTITION: return partition(lane, message);
    case WIRE_STREAM: return stream(lane, message);
    case WIRE_FIELD: return field(lane, message);
    case WIRE_PROGRESS: return progress(lane, message);
    case WIRE_LOG: return hears_log(lane, message);
    case WIRE_LIST: return list(lane, message);
    case WIRE_FETCH: return fetch(lane, message);
    case WIRE_STORE: return store(lane, message);
    case WIRE_UNCHANGED: return unchanged(lane, message);
    case WIRE_AFTERWARDS: return afterwards(lane, message);
    case WIRE_NEXT: return lane_next(lane, message);
    case WIRE_APPLIED: return lane_applied(lane, message);
    case WIRE_REFUSES: return lane_refuses(lane, message);
    case WIRE_UNTOUCHED: return lane_untouched(lane, message);
    case WIRE_ROW: return lane_record(lane, message, true);
    case WIRE_FIND: return lane_finds(lane, message);
    case WIRE_DONE: return done(lane, message);
    case WIRE_HTTP_PART: return lane_http_part(lane, message);
    case WIRE_HTTP: return lane_http(lane, message);
    case WIRE_HTTP_WAIT: return lane_http_wait(lane, message);
    case WIRE_LACKING: return lacking(lane, message);
    case WIRE_TRIED: return tried(lane, message);
    case WIRE_REPLY: return lane_replies(lane, message);
    default: return lane_nonsense(lane, "a message of type %u, which is none here", type);
    }
}
