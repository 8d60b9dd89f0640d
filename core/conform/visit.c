/* visit - the connector in a host of its own, with the true broker around it, for one or several calls. */
#include "conform/visit.h"

#include "base/mem.h"
#include "base/text.h"
#include "base/tidy.h"
#include "broker/http.h"
#include "config/given.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* A run ends where a connector speaks of another stream than it was asked for. */
static void stream_heard(void *context, const char *stream)
{
    struct haul *haul = ((struct visit *)context)->haul;
    if (haul->asked && !haul->stray && strcmp(stream, haul->asked) != 0)
        haul->stray = arena_text(haul->arena, stream);
}

/* In discover() a record is a sample: its columns are told by it. */
static int columns_tell(struct haul *haul, const struct lane_stream *stream)
{
    int rc = 0;
    for (size_t i = 0; i < stream->count && rc == 0; i++)
        if (!haul_told(haul, stream->name, stream->names[i]))
            rc = haul_tell(haul, stream->name, stream->names[i], 0);
    return rc;
}

static void utf8_judge(const struct visit *visit, const char *what, const char *of, const char *text, size_t len)
{
    char subject[400];
    if (!text || text_valid(text, len))
        return;
    snprintf(subject, sizeof(subject), "%s %s", what, of);
    trial_fault(visit->trial, RULE_C26, subject, "comes with bytes that are no UTF-8");
}

/* What is mapped of it would be a dead letter. */
static void record_utf8_judge(const struct visit *visit, const struct lane_record *record)
{
    const struct lane_stream *stream = record->stream;
    char field[300];
    trial_looked(visit->trial, RULE_C26);
    utf8_judge(visit, "ids of stream", stream->name, record->source_id,
               record->source_id ? strlen(record->source_id) : 0);
    utf8_judge(visit, "places of stream", stream->name, record->place, strlen(record->place));
    for (size_t i = 0; i < record->count; i++) {
        const struct lane_value *value = &record->values[i];
        if (value->presence != PRESENCE_VALUE || text_valid(value->bytes, value->len))
            continue;
        snprintf(field, sizeof(field), "%s.%s", stream->name, stream->names[value->column]);
        utf8_judge(visit, "field", field, value->bytes, value->len);
    }
}

static int take_record(void *context, const struct lane_record *record)
{
    struct visit *visit = context;
    record_utf8_judge(visit, record);
    stream_heard(context, record->stream->name);
    if (visit->discovers && columns_tell(visit->haul, record->stream) != 0)
        return -ENOMEM;
    circle_record(&visit->circle, record);
    return haul_record(visit->haul, record);
}

static void exchange_heard(void *context, const struct exchange *exchange)
{
    struct visit *visit = context;
    if (visit->overhears)
        visit->overhears(visit->overhearer, exchange);
    if (circle_exchange(&visit->circle, exchange))
        atomic_store(&visit->cancel, true);
}

static int take_stream(void *context, const muster_stream *stream)
{
    return haul_tell(((struct visit *)context)->haul, stream->name, NULL, 0);
}

static int take_field(void *context, const char *stream, const muster_field *field)
{
    return haul_tell(((struct visit *)context)->haul, stream, field->name, field->type);
}

static int take_find(void *context, const char *kind, const char *field, const char *value,
                     struct lane_found *ret_found)
{
    const struct visit *visit = context;
    (void)value;
    if (strcmp(kind, "person") != 0 || strcmp(field, "key") != 0)
        return ERR_UNSUPPORTED;
    *ret_found = visit->person ? *visit->person : (struct lane_found){0};
    return 0;
}

static int take_columns(void *context, struct lane_stream *stream)
{
    (void)context, (void)stream;
    return 0;
}

static int take_reject(void *context, const char *stream, const char *source_id, const char *place, const char *why)
{
    struct visit *visit = context;
    (void)stream, (void)source_id, (void)place;
    if (visit->haul->rejected++ == 0)
        visit->haul->why = arena_text(visit->haul->arena, why && *why ? why : "nobody says why");
    haul_say(visit->haul, why);
    if (!why || !*why)
        trial_fault(visit->trial, RULE_C21, "reject", "a record is rejected without a word");
    return 0;
}

static int take_gone(void *context, const char *stream, const char *source_id)
{
    stream_heard(context, stream);
    utf8_judge(context, "ids of stream", stream, source_id, strlen(source_id));
    return haul_gone(((struct visit *)context)->haul, source_id);
}

static int take_cursor(void *context, const char *value, bool checkpoint)
{
    struct haul *haul = ((struct visit *)context)->haul;
    (void)checkpoint;
    utf8_judge(context, "cursor of", haul->asked ? haul->asked : "it", value, strlen(value));
    haul->cursor = arena_text(haul->arena, value);
    return haul->cursor ? 0 : -ENOMEM;
}

static int take_partition(void *context, const char *id, const char *label, const char *locator)
{
    return haul_partition(((struct visit *)context)->haul, id, label, locator);
}

static void take_log(void *context, int level, const char *text)
{
    if (level >= MUSTER_INFO)
        haul_say(((struct visit *)context)->haul, text);
}

static int take_lacking(void *context, const char *stream, const char *field, const char *why)
{
    struct haul *haul = ((struct visit *)context)->haul;
    (void)field;
    stream_heard(context, stream);
    haul->lacking = true;
    haul_say(haul, why);
    return 0;
}

static int take_unchanged(void *context)
{
    (void)context;
    return 0;
}

/* Files stay where they are: nothing that is read here is committed. */
static int take_afterwards(void *context, const char *name, int what, const char *to)
{
    (void)context, (void)name, (void)what, (void)to;
    return 0;
}

/* As much of a file as is looked into. */
static void store_heard(struct visit *visit, const char *name, int fd)
{
    enum { MOST = 1 << 20 };
    char *bytes __attribute__((cleanup(tidy_free))) = visit->overhears ? mem_new(1, MOST) : NULL;
    ssize_t len = bytes ? pread(fd, bytes, MOST, 0) : -1;
    if (len >= 0)
        visit->overhears(visit->overhearer,
                         &(struct exchange){.what = "store", .asked = name, .body = bytes, .body_len = (size_t)len});
}

static int take_stored(void *context, const char *name, int fd, struct err *err)
{
    store_heard(context, name, fd);
    return files_store(((struct visit *)context)->files, name, fd, err);
}

static void sink_make(struct visit *visit, struct haul *haul, struct lane_sink *ret_sink)
{
    const char *sentence;
    visit->haul = haul;
    circle_begin(&visit->circle);
    atomic_store(&visit->cancel, false);
    visit->unknown = cassette_plays(visit->cassette) ? cassette_unknown(visit->cassette, &sentence) : 0;
    pull_file_sink(&visit->pull, ret_sink);
    ret_sink->columns = take_columns;
    ret_sink->record = take_record;
    ret_sink->reject = take_reject;
    ret_sink->gone = take_gone;
    ret_sink->cursor = take_cursor;
    ret_sink->partition = take_partition;
    ret_sink->log = take_log;
    ret_sink->lacking = take_lacking;
    ret_sink->unchanged = take_unchanged;
    ret_sink->afterwards = take_afterwards;
}

static bool record_has(const struct haul_record *record, const char *text)
{
    if ((record->id && strstr(record->id, text)) || strstr(record->place, text))
        return true;
    for (size_t v = 0; v < record->count; v++)
        if (record->values[v].text && strstr(record->values[v].text, text))
            return true;
    return false;
}

/* Those out of the environment, where a trial makes them up. */
static void secrets_judge(struct visit *visit, const char *call)
{
    const struct connection *connection = visit->subject->connection;
    const struct haul *haul = visit->haul;
    for (size_t i = 0; i < connection->option_count; i++) {
        const struct secretref *secret = connection->options[i].secret;
        const char *text = secret && secret->how == SECRET_ENV ? getenv(secret->name) : NULL;
        if (!text || !*text)
            continue;
        bool said = haul->said.data && strstr(haul->said.data, text);
        for (size_t r = 0; r < haul->count && !said; r++)
            said = record_has(&haul->records[r], text);
        trial_looked(visit->trial, RULE_C24);
        if (said)
            trial_fault(visit->trial, RULE_C24, call, "it tells the secret of option '%s'",
                        connection->options[i].name);
    }
}

/* After each call: what killed its process is the same fault whatever was asked; every sentence is kept. */
static void heard(struct visit *visit, const char *call)
{
    struct haul *haul = visit->haul;
    trial_looked(visit->trial, RULE_C23);
    if (haul->asked)
        trial_looked(visit->trial, RULE_S23);
    if (visit->circle.round)
        trial_fault(visit->trial, haul->asked ? RULE_S23 : RULE_C23, call, "%s", visit->circle.text);
    else if (haul->rc != 0)
        trial_fault(visit->trial, RULE_C23, call, "%s", haul->err.text);
    haul_say(haul, haul->result.text);
    haul_say(haul, haul->result.why);
    secrets_judge(visit, call);
    if (haul->asked)
        trial_looked(visit->trial, RULE_S19);
    if (haul->stray)
        trial_fault(visit->trial, RULE_S19, call, "it speaks of stream '%s' when '%s' is asked for", haul->stray,
                    haul->asked);
    if (haul->rc == 0 && haul->result.tried[0])
        trial_fault(visit->trial, RULE_C13, haul->result.tried, "%s() tried this, and the fence refused it%s%s", call,
                    *haul->result.path ? ": " : "", haul->result.path);
    trial_looked(visit->trial, RULE_C26);
    if (haul->rc == 0 && haul->result.mended[0])
        trial_fault(visit->trial, RULE_C26, call, "what it says by %s is no UTF-8", haul->result.mended);
    if (haul->rc == 0 && haul->result.rc < 0)
        trial_looked(visit->trial, RULE_C21);
    if (haul->rc == 0 && haul->result.rc < 0 && !*haul->result.text)
        trial_fault(visit->trial, RULE_C21, call, "ends as %s without a word", haul_code(haul->result.rc));
}

static int http_begin_here(struct visit *visit, struct err *err)
{
    struct http_setup setup = {
        .connection = visit->subject->connection, .scratch_dir = visit->subject->dir, .cassette = visit->cassette};
    return given_has(visit->subject->description, GIVEN_http) ? http_open(&setup, &visit->http, err) : 0;
}

int visit_begin(struct trial *trial, struct subject *subject, struct cassette *cassette, struct visit *ret_visit,
                struct err *err)
{
    struct visit *visit = ret_visit;
    *visit = (struct visit){.trial = trial, .subject = subject, .cassette = cassette};
    int rc = files_open(subject->connection, NULL, NULL, &visit->files, err);
    if (rc == 0)
        files_cassette(visit->files, cassette);
    if (cassette)
        cassette_watch(cassette, exchange_heard, visit);
    if (rc == 0)
        rc = http_begin_here(visit, err);
    struct lane_start start = {.connector = subject->path,
                               .scratch_dir = subject->dir,
                               .connection = subject->connection,
                               .settings = subject->settings,
                               .cancel = &visit->cancel};
    if (rc == 0)
        rc = lane_begin(&start, &visit->lane, err);
    visit->pull = (struct pull){.arena = subject->arena,
                                .files = visit->files,
                                .http = visit->http,
                                .scratch_dir = subject->dir,
                                .connection = subject->connection,
                                .cassette = cassette};
    return rc;
}

int visit_again(struct trial *trial, struct subject *subject, const struct tape *tape, const char *fault,
                struct visit *ret_visit, struct err *err)
{
    TIDY(cassette_free) struct cassette *cassette = NULL;
    *ret_visit = (struct visit){0};
    int rc = tape_play(tape, fault, &cassette, err);
    if (rc != 0)
        return rc;
    rc = visit_begin(trial, subject, cassette, ret_visit, err);
    ret_visit->own = TAKE(cassette);
    return rc;
}

void visit_end(struct visit *visit)
{
    lane_stop(visit->lane);
    if (visit->cassette)
        cassette_watch(visit->cassette, NULL, NULL);
    circle_done(&visit->circle);
    pull_done(&visit->pull);
    http_free(visit->http);
    files_free(visit->files);
    cassette_free(visit->own);
    *visit = (struct visit){0};
}

void visit_check(struct visit *visit, struct haul *haul)
{
    struct lane_sink sink;
    sink_make(visit, haul, &sink);
    haul->rc = lane_check(visit->lane, &sink, &haul->result, &haul->err);
    heard(visit, "check");
}

void visit_discover(struct visit *visit, struct haul *haul)
{
    struct lane_sink sink;
    sink_make(visit, haul, &sink);
    sink.stream = take_stream;
    sink.field = take_field;
    visit->discovers = true;
    haul->rc = lane_discover(visit->lane, &sink, &haul->result, &haul->err);
    visit->discovers = false;
    heard(visit, "discover");
}

void visit_ask(struct visit *visit, bool action, const char *name, const struct lane_fields *fields,
               const struct lane_cell *cells, const struct lane_found *person, struct haul *haul)
{
    struct lane_sink sink;
    sink_make(visit, haul, &sink);
    sink.find = take_find;
    visit->person = person;
    haul->rc = (action ? lane_action : lane_lookup)(visit->lane, name, fields, cells, &sink, &haul->result, &haul->err);
    visit->person = NULL;
    heard(visit, action ? "action" : "lookup");
}

void visit_partitions(struct visit *visit, struct haul *haul)
{
    struct lane_sink sink;
    sink_make(visit, haul, &sink);
    haul->rc = lane_partitions(visit->lane, &sink, &haul->result, &haul->err);
    heard(visit, "partitions");
}

void visit_pull(struct visit *visit, const muster_pull *pull, struct haul *haul)
{
    struct lane_sink sink;
    sink_make(visit, haul, &sink);
    haul->asked = pull->stream;
    haul->rc = lane_pull(visit->lane, pull, &sink, &haul->result, &haul->err);
    heard(visit, "pull");
}

void visit_get(struct visit *visit, const muster_pull *pull, const char *const *ids, size_t count, struct haul *haul)
{
    struct lane_sink sink;
    sink_make(visit, haul, &sink);
    haul->asked = pull->stream;
    haul->rc = lane_get(visit->lane, pull, ids, count, &sink, &haul->result, &haul->err);
    heard(visit, "get");
}

void visit_find(struct visit *visit, const char *stream, const struct lane_fields *fields,
                const struct lane_cell *cells, struct haul *haul)
{
    struct lane_sink sink;
    sink_make(visit, haul, &sink);
    haul->rc = lane_find(visit->lane, stream, fields, cells, &sink, &haul->result, &haul->err);
    heard(visit, "find");
}

void visit_receive(struct visit *visit, const struct lane_inbound *events, size_t count, struct haul *haul)
{
    struct lane_sink sink;
    sink_make(visit, haul, &sink);
    haul->rc = lane_receive(visit->lane, events, count, &sink, &haul->result, &haul->err);
    heard(visit, "receive");
}

static int told_next(void *context, struct lane_batch *batch)
{
    const struct lane_sink *told = ((struct visit *)context)->told;
    return told->next(told->context, batch);
}

static int told_applied(void *context, uint32_t nth, const char *remote_id)
{
    const struct lane_sink *told = ((struct visit *)context)->told;
    return told->applied(told->context, nth, remote_id);
}

static int told_refused(void *context, uint32_t nth, muster_rc rc, const char *why)
{
    const struct visit *visit = context;
    const struct lane_sink *told = visit->told;
    trial_looked(visit->trial, RULE_C21);
    if (!why || !*why)
        trial_fault(visit->trial, RULE_C21, "apply", "a change is refused as %s without a word", haul_code(rc));
    return told->refused(told->context, nth, rc, why);
}

static bool is_read(const muster_connector *connector, const char *name)
{
    const uint32_t reads = MUSTER_READ_FULL | MUSTER_READ_CHANGES;
    for (const muster_stream *stream = connector->streams; stream && stream->name; stream++)
        if ((stream->flags & reads) && ((stream->flags & MUSTER_DYNAMIC) || strcmp(stream->name, name) == 0))
            return connector->pull != NULL;
    return false;
}

/* What a target gave back while it was told. */
static void emitted_judge(const struct visit *visit, const struct haul *haul)
{
    const muster_connector *connector = visit->subject->description;
    for (size_t i = 0; i < haul->count; i++) {
        const struct haul_record *record = &haul->records[i];
        trial_looked(visit->trial, RULE_T13);
        if (!is_read(connector, record->stream))
            trial_fault(visit->trial, RULE_T13, record->stream, "apply() emits a record of it, and nobody can read it");
        else if (connector->partitions)
            trial_fault(visit->trial, RULE_T13, record->stream,
                        "apply() emits a record of it, and nobody knows of which of its partitions it is");
        else if (record->count == 0)
            trial_fault(visit->trial, RULE_T13, record->stream, "apply() emits a record of it that has no field");
    }
}

void visit_apply(struct visit *visit, const struct lane_push *push, int (*next)(void *, struct lane_batch *),
                 int (*applied)(void *, uint32_t, const char *),
                 int (*refused)(void *, uint32_t, muster_rc, const char *), void *context, struct haul *haul)
{
    const struct lane_sink told = {.context = context, .next = next, .applied = applied, .refused = refused};
    struct lane_sink sink;
    sink_make(visit, haul, &sink);
    visit->told = &told;
    sink.store = take_stored;
    sink.next = told_next;
    sink.applied = told_applied;
    sink.refused = told_refused;
    haul->rc = lane_apply(visit->lane, push, &sink, &haul->result, &haul->err);
    visit->told = NULL;
    heard(visit, "apply");
    emitted_judge(visit, haul);
}

const char *visit_unknown(const struct visit *visit)
{
    const char *sentence = NULL;
    return cassette_plays(visit->cassette) && cassette_unknown(visit->cassette, &sentence) > visit->unknown ? sentence
                                                                                                            : NULL;
}
