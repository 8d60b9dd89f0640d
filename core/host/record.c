/* record - records on their way out: streams, their columns by number, and the one record that is being built. */
#include "host/record.h"

#include "base/error.h"
#include "base/jsonobject.h"
#include "base/mem.h"
#include "base/text.h"
#include "host/reading.h"
#include "host/taking.h"
#include "host/words.h"

#include <errno.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>

enum { COLUMNS_MAX = 16384, STREAMS_MAX = 1024, NAME_MAX_BYTES = 4096 };
enum { UNTOLD_MAX = 256, UNTOLD_BYTES = 64 * 1024 }; /* columns that are not told yet, and the record that has them */

struct column {
    char *name;
    uint32_t len;
    uint32_t serial; /* of the last record that has it */
    bool wanted;     /* else its values are looked at and not sent */
};

struct stream {
    char *name;
    uint32_t number;
    bool table; /* columns() was called */
    bool begun; /* a record was begun: columns() comes too late */
    bool known; /* to the engine, with the first `told` of its columns */
    struct column *columns;
    size_t count, room, told;
    uint32_t serial;   /* of the record under way */
    uint32_t *slots;   /* hash table: column + 1, 0 is free */
    size_t slot_count; /* a power of two */
    size_t next;       /* the column after the last one put: mostly the one that comes */
};

static void stream_done(struct stream *stream)
{
    for (size_t i = 0; i < stream->count; i++)
        free(stream->columns[i].name);
    free(stream->columns);
    free(stream->slots);
    free(stream->name);
    free(stream);
}

void record_streams_forget(struct session *session)
{
    for (size_t i = 0; i < session->stream_count; i++)
        stream_done(session->streams[i]);
    session->stream_count = 0;
    session->record.stream = NULL;
}

void record_streams_done(struct session *session)
{
    record_streams_forget(session);
    free(session->streams);
    session->streams = NULL;
    session->stream_room = 0;
}

/* A record's stream is mostly the one before, and there are few. NULL: no memory or too many. */
static struct stream *stream_get(struct session *session, const char *name)
{
    for (size_t i = 0; i < session->stream_count; i++)
        if (strcmp(session->streams[i]->name, name) == 0)
            return session->streams[i];
    if (session->stream_count == STREAMS_MAX || strlen(name) > NAME_MAX_BYTES || !text_valid(name, strlen(name)) ||
        mem_grow(&session->streams, session->stream_count, &session->stream_room, sizeof(*session->streams)) != 0)
        return NULL;
    struct stream *stream = mem_new(1, sizeof(*stream));
    char *copy = mem_text(name);
    if (!stream || !copy) {
        free(stream);
        free(copy);
        return NULL;
    }
    *stream = (struct stream){.name = copy, .number = (uint32_t)session->stream_count};
    session->streams[session->stream_count++] = stream;
    return stream;
}

static size_t hash(const char *name, size_t len)
{
    uint32_t value = 2166136261u;
    for (size_t i = 0; i < len; i++)
        value = (value ^ (unsigned char)name[i]) * 16777619u;
    return value ^ value >> 15;
}

static bool column_is(const struct column *column, const char *name, size_t len)
{
    return column->len == len && memcmp(column->name, name, len) == 0;
}

static size_t slot_of(const struct stream *stream, const char *name, size_t len)
{
    size_t slot = hash(name, len) & (stream->slot_count - 1);
    while (stream->slots[slot] != 0) {
        if (column_is(&stream->columns[stream->slots[slot] - 1], name, len))
            break;
        slot = (slot + 1) & (stream->slot_count - 1);
    }
    return slot;
}

static int slots_grow(struct stream *stream)
{
    if (stream->count * 2 < stream->slot_count)
        return 0;
    size_t wanted = stream->slot_count ? stream->slot_count * 2 : 64;
    uint32_t *slots = mem_new(wanted, sizeof(*slots));
    if (!slots)
        return -1;
    free(stream->slots);
    stream->slots = slots;
    stream->slot_count = wanted;
    for (size_t i = 0; i < stream->count; i++) {
        size_t slot = slot_of(stream, stream->columns[i].name, stream->columns[i].len);
        if (stream->slots[slot] == 0) /* of two columns with one name the first is found by it */
            stream->slots[slot] = (uint32_t)i + 1;
    }
    return 0;
}

/* Returns 0, ERR_DATA or -ENOMEM. */
static int column_add(struct stream *stream, const char *name, size_t len)
{
    if (stream->count == COLUMNS_MAX || len > NAME_MAX_BYTES || !text_valid(name, len))
        return ERR_DATA;
    if (slots_grow(stream) != 0 ||
        mem_grow(&stream->columns, stream->count, &stream->room, sizeof(*stream->columns)) != 0)
        return -ENOMEM;
    char *copy = mem_copy(name, len);
    if (!copy)
        return -ENOMEM;
    size_t slot = slot_of(stream, name, len);
    if (stream->slots[slot] == 0)
        stream->slots[slot] = (uint32_t)stream->count + 1;
    stream->columns[stream->count++] = (struct column){.name = copy, .len = (uint32_t)len, .wanted = true};
    return 0;
}

/* Tells the engine the names of the columns that it does not know, and hears which of them somebody asks for. */
static void columns_tell(struct session *session, struct stream *stream, const char *const *places)
{
    size_t first = stream->told;
    stream->told = stream->count;
    stream->known = true;
    size_t begin = session_begin(session, WIRE_COLUMNS);
    wire_put_u32(&session->out, stream->number);
    wire_put_text(&session->out, stream->name);
    wire_put_u32(&session->out, stream->table);
    wire_put_u32(&session->out, (uint32_t)first);
    wire_put_u32(&session->out, (uint32_t)(stream->count - first));
    for (size_t i = first; i < stream->count; i++) {
        wire_put_text(&session->out, stream->columns[i].name);
        wire_put_text(&session->out, places && places[i - first] ? places[i - first] : "");
    }
    wire_end(&session->out, begin);
    struct wire answer;
    muster_rc rc = session_ask(session, -1, &answer);
    const char *wanted = rc == MUSTER_OK ? wire_get_text(&answer) : NULL;
    for (size_t i = first; i < stream->count && wanted && wanted[i - first]; i++)
        stream->columns[i].wanted = wanted[i - first] != WIRE_UNWANTED;
}

/* Values of columns that nobody asks for are taken out of the record again. */
static void values_drop(struct building *record)
{
    struct buffer *bytes = &record->bytes;
    if (bytes->rc != 0)
        return;
    char *from = bytes->data + record->count_at + sizeof(uint32_t), *to = from, *end = bytes->data + bytes->len;
    while (from < end) {
        uint16_t number;
        uint32_t size;
        memcpy(&number, from, sizeof(number));
        memcpy(&size, from + 4, sizeof(size));
        size_t whole = 8 + (size_t)size;
        if (record->stream->columns[number].wanted) {
            memmove(to, from, whole);
            to += whole;
        } else {
            record->count--;
        }
        from += whole;
    }
    bytes->len = (size_t)(to - bytes->data);
}

/* All columns that the record under way brings are told at once: each time the engine is waited for. */
static void columns_settle(struct building *record)
{
    struct stream *stream = record->stream;
    if (!stream || (stream->known && stream->told == stream->count))
        return;
    columns_tell(record->session, stream, NULL);
    values_drop(record);
}

muster_rc record_columns(muster_run *run, const char *name, const char *const *names, const char *const *places,
                         size_t n)
{
    struct session *session = session_of(run);
    char why[300];
    if (!name || (!names && n > 0))
        return session_spoil(session, "the connector called columns() without a stream or names");
    columns_settle(&session->record); /* streams are told in the order of their numbers */
    struct stream *stream = stream_get(session, name);
    if (!stream)
        return session_spoil(session, "columns() has no memory left, or there are too many streams");
    if (stream->begun || stream->table)
        return session_spoil(session, "%s",
                             stream->table ? "the connector called columns() twice for one stream"
                                           : "the connector called columns() after the first record of the stream");
    stream->table = true;
    for (size_t i = 0; i < n; i++) {
        int rc = names[i] ? column_add(stream, names[i], strlen(names[i])) : ERR_DATA;
        if (rc == 0)
            continue;
        snprintf(why, sizeof(why), "stream '%.100s', column %zu: %s", name, i + 1,
                 rc == -ENOMEM ? err_text(rc)
                               : "it has no name, or a name that is too long or no UTF-8, or is one too many");
        return session_spoil(session, "%s", why);
    }
    columns_tell(session, stream, places);
    return MUSTER_OK;
}

static void record_failed(struct building *record, muster_rc rc, const char *why)
{
    if (record->rc != 0)
        return;
    record->rc = rc;
    snprintf(record->why, sizeof(record->why), "%s", why);
}

/* Where the text stands; SIZE_MAX: nowhere. */
static size_t text_put(struct buffer *bytes, const char *text)
{
    size_t at = bytes->len + sizeof(uint32_t);
    wire_put_text(bytes, text);
    return text && bytes->rc == 0 ? at : SIZE_MAX;
}

muster_record *record_begin(muster_run *run, const char *name, const char *source_id, const char *place)
{
    struct session *session = session_of(run);
    struct building *record = &session->record;
    struct buffer *bytes = &record->bytes;
    columns_settle(record); /* of one that is given up */
    buffer_clear(bytes);
    record->rc = 0;
    record->count = 0;
    record->stream = name ? stream_get(session, name) : NULL;
    if (!record->stream) {
        record_failed(record, MUSTER_FAIL, "a record without a stream, or of too many streams");
        return &record->head;
    }
    struct stream *stream = record->stream;
    stream->begun = true;
    stream->serial++;
    stream->next = 0;
    wire_put_u32(bytes, stream->number);
    record->source_id_at = text_put(bytes, source_id);
    record->place_at = text_put(bytes, place);
    record->count_at = bytes->len;
    wire_put_u32(bytes, 0);
    return &record->head;
}

/* NULL: it is one that the engine gave, or that is on its way already, and nothing can be put into it. */
static struct building *building_of(muster_record *given)
{
    struct building *record = (struct building *)given;
    if (given->read)
        session_spoil(((struct reading *)given)->session,
                      "the connector put a field into a record that it was given to be read");
    else if (!record->stream && record->rc == 0)
        session_spoil((struct session *)((char *)record - offsetof(struct session, record)),
                      "the connector put a field into a record that it had handed over");
    else
        return record;
    return NULL;
}

static void put(struct building *record, size_t nth, int32_t type, const char *value, size_t len)
{
    struct stream *stream = record->stream;
    struct column *column = &stream->columns[nth];
    if (record->rc != 0)
        return;
    if (column->serial == stream->serial || type < MUSTER_TEXT || type > MUSTER_REF) {
        snprintf(record->why, sizeof(record->why), "the connector put field '%.100s' %s", column->name,
                 column->serial == stream->serial ? "twice into one record" : "with a type that is none");
        record->rc = type < MUSTER_TEXT || type > MUSTER_REF ? MUSTER_FAIL : MUSTER_DATA;
        return;
    }
    if (!value)
        len = 0;
    if (len > record->session->field_max) {
        snprintf(record->why, sizeof(record->why), "field '%.100s' has %zu bytes, more than the limit of %llu",
                 column->name, len, (unsigned long long)record->session->field_max);
        record->rc = MUSTER_DATA;
        return;
    }
    column->serial = stream->serial;
    stream->next = nth + 1;
    if (!column->wanted)
        return;
    char *place = buffer_reserve(&record->bytes, 8 + len);
    if (!place)
        return;
    uint16_t number = (uint16_t)nth;
    uint32_t size = (uint32_t)len;
    memcpy(place, &number, sizeof(number));
    place[2] = (char)type;
    place[3] = (char)(!value ? WIRE_IS_NULL : len == 0 ? WIRE_IS_EMPTY : WIRE_IS_VALUE);
    memcpy(place + 4, &size, sizeof(size));
    if (len > 0)
        memcpy(place + 8, value, len);
    record->count++;
}

void record_put_nth(muster_record *given, size_t column, int32_t type, const char *value, size_t len)
{
    struct building *record = building_of(given);
    if (!record || record->rc != 0)
        return;
    if (column >= record->stream->count) {
        record_failed(record, MUSTER_FAIL, "the connector put a column that columns() did not name");
        return;
    }
    put(record, column, type, value, len);
}

/* Finds the column by name, or makes it. */
static void put_named(struct building *record, const char *name, size_t name_len, int32_t type, const char *value,
                      size_t len)
{
    struct stream *stream = record->stream;
    if (record->rc != 0)
        return;
    size_t column = stream->next;
    if (column >= stream->count || !column_is(&stream->columns[column], name, name_len)) {
        uint32_t found = stream->slot_count ? stream->slots[slot_of(stream, name, name_len)] : 0;
        column = found ? found - 1 : stream->count;
    }
    if (column == stream->count) {
        if (stream->table) {
            record_failed(record, MUSTER_FAIL, "the connector put a field that columns() did not name");
            return;
        }
        int rc = column_add(stream, name, name_len);
        if (rc != 0) {
            record_failed(record, rc == -ENOMEM ? MUSTER_FAIL : MUSTER_DATA,
                          rc == -ENOMEM ? "no memory for one more field"
                                        : "a field too many, or one whose name is too long or no UTF-8");
            return;
        }
        if (stream->count - stream->told > UNTOLD_MAX || record->bytes.len + len > UNTOLD_BYTES)
            columns_settle(record);
    }
    put(record, column, type, value, len);
}

void record_put(muster_record *given, const char *field, int32_t type, const char *value)
{
    struct building *record = building_of(given);
    if (!record)
        return;
    if (record->rc == 0 && !field)
        record_failed(record, MUSTER_FAIL, "the connector put a field without a name");
    if (record->rc == 0)
        put_named(record, field, strlen(field), type, value, value ? strlen(value) : 0);
}

static int put_member(void *context, const struct jsonobject_member *member)
{
    static const int32_t types[] = {
        [JSONOBJECT_NULL] = MUSTER_TEXT,   [JSONOBJECT_BOOL] = MUSTER_BOOL,   [JSONOBJECT_NUMBER] = MUSTER_DECIMAL,
        [JSONOBJECT_STRING] = MUSTER_TEXT, [JSONOBJECT_NESTED] = MUSTER_JSON,
    };
    struct building *record = context;
    put_named(record, member->name, member->name_len, types[member->type],
              member->type == JSONOBJECT_NULL ? NULL : member->text, member->text_len);
    return 0;
}

void record_put_json(muster_record *given, const char *json, size_t len)
{
    struct building *record = building_of(given);
    if (!record || record->rc != 0)
        return;
    const char *why = NULL;
    size_t at = 0;
    int rc = jsonobject_split(json, len, put_member, record, &why, &at);
    if (rc != 0 && !why)
        record_failed(record, MUSTER_FAIL, err_text(rc));
    if (rc != 0 && record->rc == 0) {
        record->rc = MUSTER_DATA;
        snprintf(record->why, sizeof(record->why), "%s at byte %zu of the JSON object", why, at + 1);
    }
}

/* A record that is too large or cannot be read is a bad record, not a bad connector: it becomes a dead letter. */
static muster_rc refuse(struct session *session, const struct building *record)
{
    const char *bytes = record->bytes.data;
    muster_rc rc = record_reject(&session->run, record->stream->name,
                                 record->source_id_at == SIZE_MAX ? NULL : bytes + record->source_id_at,
                                 record->place_at == SIZE_MAX ? NULL : bytes + record->place_at, record->why);
    return rc == MUSTER_OK ? MUSTER_DATA : rc;
}

/* What was put is complete and not too large; else the record's failure says why not. */
static void record_finish(const struct session *session, struct building *record)
{
    struct buffer *bytes = &record->bytes;
    if (record->rc != 0)
        return;
    if (bytes->rc == -ENOMEM) {
        record_failed(record, MUSTER_FAIL, "no memory for a record");
    } else if (bytes->rc != 0 || bytes->len > session->record_max) {
        record->rc = MUSTER_DATA;
        snprintf(record->why, sizeof(record->why), "the record has more bytes than the limit of %llu",
                 (unsigned long long)session->record_max);
    }
}

static muster_rc send(struct session *session, enum wire_type type, muster_record *given, const char *verb)
{
    struct building *record = &session->record;
    if (given == &record->head && !record->stream && record->rc != 0)
        return session_spoil(session, "%s", record->why);
    if (given != &record->head || !record->stream)
        return session_spoil(session, "the connector %s a record that it did not begin", verb);
    struct buffer *bytes = &record->bytes;
    columns_settle(record);
    record_finish(session, record);
    if (record->rc != 0) {
        muster_rc rc = record->rc == MUSTER_DATA ? refuse(session, record) : session_spoil(session, "%s", record->why);
        record->stream = NULL;
        return rc;
    }
    memcpy(bytes->data + record->count_at, &record->count, sizeof(record->count));
    if (session->out.len > 0 && session->out.len + bytes->len + 8 > FRAME_MAX)
        session_flush(session, -1);
    size_t begin = session_begin(session, type);
    buffer_add(&session->out, bytes->data, bytes->len);
    session_end(session, begin);
    record->stream = NULL;
    taking_ends(session);
    return MUSTER_OK;
}

muster_rc record_emit(muster_run *run, muster_record *record)
{
    return send(session_of(run), WIRE_RECORD, record, "emitted");
}

muster_rc record_row(muster_run *run, muster_record *record)
{
    struct session *session = session_of(run);
    if (session->under != WIRE_SEEK && session->under != WIRE_GET && session->under != WIRE_LOOKUP &&
        session->under != WIRE_ACTION)
        return session_spoil(session, "the connector called row() where nobody asked for rows");
    return send(session, WIRE_ROW, record, "gave as a row");
}

muster_rc record_reject(muster_run *run, const char *stream, const char *source_id, const char *place, const char *why)
{
    struct session *session = session_of(run);
    if (!stream || !why)
        return session_fail(session, MUSTER_FAIL, "the connector called reject() without a stream or a reason");
    size_t begin = session_begin(session, WIRE_REJECT);
    wire_put_text(&session->out, stream);
    wire_put_text(&session->out, source_id);
    words_put_if(session, "reject()", place);
    words_put(session, "reject()", why, 0);
    session_end(session, begin);
    taking_ends(session);
    return MUSTER_OK;
}
