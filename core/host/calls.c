/* calls - the table of functions that a connector is given. */
#include "host/calls.h"

#include "base/clock.h"
#include "base/descriptor.h"
#include "base/error.h"
#include "base/mem.h"
#include "base/tidy.h"
#include "host/describe.h"
#include "host/http.h"
#include "host/push.h"
#include "host/question.h"
#include "host/reading.h"
#include "host/receive.h"
#include "host/record.h"
#include "host/session.h"
#include "host/taking.h"
#include "host/words.h"

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

enum { PROGRESS_MS = 100, LINE_MAX_BYTES = 2000 };

/* "stores[2].url" against the description's tables: the member's initial value. */
static const char *initial_value(const struct session *session, const char *path)
{
    const muster_option *table = session->connector->options;
    uint16_t stride = session->connector->option_size;
    while (table) {
        size_t len = strcspn(path, "[.");
        const muster_option *option = NULL;
        for (size_t i = 0; !option && DESCRIBE_NTH(table, stride, i)->name; i++) {
            const muster_option *one = DESCRIBE_NTH(table, stride, i);
            if (strncmp(one->name, path, len) == 0 && one->name[len] == '\0')
                option = one;
        }
        if (!option || (option->flags & MUSTER_SECRET))
            return NULL;
        const char *rest = path[len] == '[' ? strstr(path + len, "].") : NULL;
        if (!rest)
            return path[len] == '\0' ? option->initial : NULL;
        path = rest + 2;
        table = option->members;
    }
    return NULL;
}

static const char *call_text(muster_run *run, const char *option)
{
    const struct session *session = session_of(run);
    for (size_t i = 0; option && i < session->option_count; i++)
        if (strcmp(session->options[i].name, option) == 0)
            return session->options[i].text;
    return option ? initial_value(session, option) : NULL;
}

static int64_t call_number(muster_run *run, const char *option)
{
    const char *text = call_text(run, option);
    if (!text)
        return 0;
    if (strcmp(text, "true") == 0)
        return 1;
    char *end;
    errno = 0;
    long long value = strtoll(text, &end, 10);
    return errno == 0 && end != text && *end == '\0' ? value : 0;
}

static size_t call_count(muster_run *run, const char *list)
{
    const struct session *session = session_of(run);
    size_t count = 0, len = list ? strlen(list) : 0;
    for (size_t i = 0; list && i < session->option_count; i++) {
        const char *name = session->options[i].name;
        if (strncmp(name, list, len) != 0 || name[len] != '[')
            continue;
        size_t nth = (size_t)strtoul(name + len + 1, NULL, 10);
        if (nth >= count)
            count = nth + 1;
    }
    return count;
}

__attribute__((format(printf, 3, 4))) static void call_log(muster_run *run, int32_t level, const char *format, ...)
{
    struct session *session = session_of(run);
    char text[LINE_MAX_BYTES];
    va_list args;
    va_start(args, format);
    words_format(text, sizeof(text), format, args);
    va_end(args);
    size_t begin = session_begin(session, WIRE_LOG);
    wire_put_u32(&session->out, (uint32_t)(level < MUSTER_DEBUG   ? MUSTER_DEBUG
                                           : level > MUSTER_ERROR ? MUSTER_ERROR
                                                                  : level));
    words_put(session, "log()", text, 0);
    session_end(session, begin);
}

__attribute__((format(printf, 3, 4))) static muster_rc call_fail(muster_run *run, muster_rc rc, const char *format, ...)
{
    struct session *session = session_of(run);
    char text[sizeof(session->failed)];
    va_list args;
    va_start(args, format);
    words_format(text, sizeof(text), format, args);
    va_end(args);
    return session_fail(session, rc, "%s", text);
}

static int32_t call_cancelled(muster_run *run)
{
    return __atomic_load_n(&session_of(run)->page->cancel, __ATOMIC_RELAXED) != 0;
}

static void call_progress(muster_run *run, uint64_t done, uint64_t total)
{
    struct session *session = session_of(run);
    int64_t now = clock_steady_ms();
    if (done < total && now - session->progress_ms < PROGRESS_MS)
        return;
    session->progress_ms = now;
    size_t begin = session_begin(session, WIRE_PROGRESS);
    wire_put_u64(&session->out, done);
    wire_put_u64(&session->out, total);
    session_end(session, begin);
    session_flush(session, -1); /* somebody is watching */
}

static int64_t call_now_ms(muster_run *run)
{
    (void)run;
    return clock_now_ms();
}

static muster_rc call_scratch(muster_run *run, int *ret_fd)
{
    struct session *session = session_of(run);
    int rc = descriptor_unnamed(session->scratch, ret_fd);
    return rc ? session_fail(session, MUSTER_FAIL, "no scratch file: %s", err_text(rc)) : MUSTER_OK;
}

static muster_rc call_list(muster_run *run, const char *place, size_t nth, const char **name, uint64_t *size,
                           int64_t *mtime)
{
    struct session *session = session_of(run);
    if (!place || !name)
        return session_fail(session, MUSTER_FAIL, "the connector called list() without a place");
    size_t begin = session_begin(session, WIRE_LIST);
    wire_put_text(&session->out, place);
    wire_put_u64(&session->out, nth);
    wire_end(&session->out, begin);
    struct wire answer;
    muster_rc rc = session_ask(session, -1, &answer);
    if (rc != MUSTER_OK)
        return rc;
    free(session->listed);
    session->listed = mem_text(wire_get_text(&answer));
    uint64_t bytes = wire_get_u64(&answer), changed = wire_get_u64(&answer);
    if (!session->listed)
        return session_fail(session, MUSTER_FAIL, "no memory");
    *name = session->listed;
    if (size)
        *size = bytes;
    if (mtime)
        *mtime = (int64_t)changed;
    return MUSTER_OK;
}

static muster_rc call_fetch(muster_run *run, const char *name, int *fd)
{
    struct session *session = session_of(run);
    if (!name || !fd)
        return session_fail(session, MUSTER_FAIL, "the connector called fetch() without a name");
    size_t begin = session_begin(session, WIRE_FETCH);
    wire_put_text(&session->out, name);
    wire_end(&session->out, begin);
    struct wire answer;
    muster_rc rc = session_ask(session, -1, &answer);
    if (rc == MUSTER_OK)
        *fd = frame_take_fd(&session->in);
    return rc;
}

static muster_rc call_store(muster_run *run, const char *name, int fd)
{
    struct session *session = session_of(run);
    if (!name || fd < 0)
        return session_fail(session, MUSTER_FAIL, "the connector called store() without a name or a descriptor");
    session_flush(session, -1); /* a descriptor goes with a frame of its own */
    size_t begin = session_begin(session, WIRE_STORE);
    wire_put_text(&session->out, name);
    wire_end(&session->out, begin);
    struct wire answer;
    return session_ask(session, fd, &answer);
}

static int32_t call_unchanged(muster_run *run)
{
    struct session *session = session_of(run);
    wire_end(&session->out, session_begin(session, WIRE_UNCHANGED));
    struct wire answer;
    muster_rc rc = session_ask(session, -1, &answer);
    return rc == MUSTER_OK && wire_get_u32(&answer) == 1;
}

static muster_rc call_afterwards(muster_run *run, const char *name, int32_t what, const char *to)
{
    struct session *session = session_of(run);
    if (!name || what < MUSTER_LEAVE || what > MUSTER_REMOVE || (what == MUSTER_ARCHIVE && !to))
        return session_fail(session, MUSTER_FAIL, "the connector called afterwards() without a name or a folder");
    size_t begin = session_begin(session, WIRE_AFTERWARDS);
    wire_put_text(&session->out, name);
    wire_put_u32(&session->out, (uint32_t)what);
    wire_put_text(&session->out, to);
    session_end(session, begin);
    return MUSTER_OK;
}

#define NULL_TEXT "the connector called a function of its host with NULL for a text that must be there"

/* A message of up to three texts. `needed` of them must be there. */
static muster_rc say(muster_run *run, enum wire_type type, size_t needed, size_t count, const char *const *texts)
{
    struct session *session = session_of(run);
    for (size_t i = 0; i < needed; i++)
        if (!texts[i])
            return session_fail(session, MUSTER_FAIL, NULL_TEXT);
    size_t begin = session_begin(session, type);
    for (size_t i = 0; i < count; i++)
        wire_put_text(&session->out, texts[i]);
    session_end(session, begin);
    return MUSTER_OK;
}

static muster_rc call_gone(muster_run *run, const char *stream, const char *source_id)
{
    return say(run, WIRE_GONE_ID, 2, 2, (const char *const[]){stream, source_id});
}

static muster_rc call_lacking(muster_run *run, const char *stream, const char *field, const char *why)
{
    struct session *session = session_of(run);
    if (!stream || !field || !why)
        return session_fail(session, MUSTER_FAIL, NULL_TEXT);
    size_t begin = session_begin(session, WIRE_LACKING);
    wire_put_text(&session->out, stream);
    wire_put_text(&session->out, field);
    words_put(session, "lacking()", why, 0);
    session_end(session, begin);
    return MUSTER_OK;
}

static muster_rc call_cursor(muster_run *run, const char *value)
{
    return say(run, WIRE_CURSOR, 1, 1, &value);
}

static muster_rc call_checkpoint(muster_run *run, const char *value)
{
    return say(run, WIRE_CHECKPOINT, 1, 1, &value);
}

static muster_rc call_partition(muster_run *run, const char *id, const char *label, const char *locator)
{
    return say(run, WIRE_PARTITION, 1, 3, (const char *const[]){id, label, locator});
}

static muster_rc claim(muster_run *run, uint32_t what, uint64_t count, const char *why)
{
    struct session *session = session_of(run);
    if (session->claim != WIRE_CLAIM_NONE)
        return session_fail(session, MUSTER_FAIL, "the connector claimed twice how complete its answer is");
    session->claim = what;
    session->claim_count = count;
    words_write(session->claim_why, sizeof(session->claim_why), "%s", why ? why : "");
    return MUSTER_OK;
}

static muster_rc call_complete(muster_run *run, uint64_t count)
{
    return claim(run, WIRE_CLAIM_COMPLETE, count, NULL);
}

static muster_rc call_changes(muster_run *run, uint64_t count)
{
    return claim(run, WIRE_CLAIM_CHANGES, count, NULL);
}

static muster_rc call_partial(muster_run *run, const char *why)
{
    return claim(run, WIRE_CLAIM_PARTIAL, 0, why);
}

static muster_rc call_stream(muster_run *run, const muster_stream *stream)
{
    struct session *session = session_of(run);
    char why[200];
    if (!stream || !stream->name)
        return session_fail(session, MUSTER_FAIL, "the connector called stream() without a name");
    __attribute__((cleanup(buffer_done))) struct buffer bytes = {0};
    if (describe_stream(session->connector, stream, &bytes, why, sizeof(why)) != 0 || bytes.rc != 0)
        return session_fail(session, MUSTER_FAIL, "stream '%.100s': %s", stream->name,
                            bytes.rc != 0 ? err_text(bytes.rc) : why);
    size_t begin = session_begin(session, WIRE_STREAM);
    buffer_add(&session->out, bytes.data, bytes.len);
    session_end(session, begin);
    return MUSTER_OK;
}

static muster_rc call_field(muster_run *run, const char *stream, const muster_field *field)
{
    struct session *session = session_of(run);
    if (!stream || !field || !field->name)
        return session_fail(session, MUSTER_FAIL, "the connector called field() without a stream or a name");
    __attribute__((cleanup(buffer_done))) struct buffer bytes = {0};
    char why[200];
    if (describe_field(field, &bytes, why, sizeof(why)) != 0 || bytes.rc != 0)
        return session_fail(session, MUSTER_FAIL, "stream '%.100s': %s", stream,
                            bytes.rc != 0 ? err_text(bytes.rc) : why);
    size_t begin = session_begin(session, WIRE_FIELD);
    wire_put_text(&session->out, stream);
    buffer_add(&session->out, bytes.data, bytes.len);
    session_end(session, begin);
    return MUSTER_OK;
}

const muster_host calls_table = {
    .size = sizeof(muster_host),
    .abi_major = MUSTER_ABI_MAJOR,
    .abi_minor = MUSTER_ABI_MINOR,
    .text = call_text,
    .number = call_number,
    .count = call_count,
    .log = call_log,
    .fail = call_fail,
    .cancelled = call_cancelled,
    .progress = call_progress,
    .now_ms = call_now_ms,
    .scratch = call_scratch,
    .http = http_ask,
    .http_start = http_start,
    .http_wait = http_wait,
    .list = call_list,
    .fetch = call_fetch,
    .store = call_store,
    .unchanged = call_unchanged,
    .afterwards = call_afterwards,
    .columns = record_columns,
    .record = record_begin,
    .put = record_put,
    .put_nth = record_put_nth,
    .put_json = record_put_json,
    .emit = record_emit,
    .reject = record_reject,
    .gone = call_gone,
    .cursor = call_cursor,
    .checkpoint = call_checkpoint,
    .complete = call_complete,
    .changes = call_changes,
    .partial = call_partial,
    .partition = call_partition,
    .stream = call_stream,
    .field = call_field,
    .present = reading_present,
    .get = reading_get,
    .json = reading_json,
    .next = push_next,
    .changed = push_changed,
    .applied = push_applied,
    .refused = push_refused,
    .row = record_row,
    .answer = receive_answer,
    .find = question_find,
    .lacking = call_lacking,
    .take = taking_take,
};
