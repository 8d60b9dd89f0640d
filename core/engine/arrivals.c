/* arrivals - records that others sent, as they come out of a connector. */
#include "engine/arrivals.h"

#include "base/digest.h"
#include "base/mem.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

enum { NONE = -1 };

struct arrival {
    const char *id, *place; /* id NULL: the mapping says */
    const char *version;
    bool last;
    struct lane_value *values; /* by column; presence 0: nothing was said */
    size_t room;
};

struct arriving { /* a stream */
    struct lane_stream stream;
    const char **names, **places;
    size_t column_room, place_room;
    const muster_stream *declared; /* NULL: the connector does not say */
    int order, final;              /* columns; NONE */
    struct arrival *items;
    size_t count, room;
    uint32_t *slots; /* of items by id: nth + 1; 0: free */
    size_t slot_count;
};

struct arrival_reject {
    const char *stream, *place, *why;
};

struct arrivals {
    struct arena *arena;
    struct inbox *inbox;
    const char *connection;
    const muster_connector *description;
    struct arriving **streams;
    size_t count, room;
    struct arrival_reject *rejects;
    size_t reject_count, reject_room;
    struct inbox_version *versions;
};

/* --- streams and columns --- */

struct arrivals *arrivals_new(struct inbox *inbox, const char *connection, const muster_connector *description)
{
    struct arrivals *arrivals = mem_new(1, sizeof(*arrivals));
    if (!arrivals)
        return NULL;
    *arrivals =
        (struct arrivals){.arena = arena_new(), .inbox = inbox, .connection = connection, .description = description};
    if (arrivals->arena)
        return arrivals;
    free(arrivals);
    return NULL;
}

void arrivals_free(struct arrivals *arrivals)
{
    if (!arrivals)
        return;
    for (size_t i = 0; i < arrivals->count; i++) {
        struct arriving *arriving = arrivals->streams[i];
        free(arriving->names);
        free(arriving->places);
        free(arriving->items);
        free(arriving->slots);
        free(arriving);
    }
    free(arrivals->streams);
    free(arrivals->rejects);
    free(arrivals->versions);
    arena_free(arrivals->arena);
    free(arrivals);
}

static struct arriving *arriving_find(const struct arrivals *arrivals, const char *stream)
{
    for (size_t i = 0; i < arrivals->count; i++)
        if (strcmp(arrivals->streams[i]->stream.name, stream) == 0)
            return arrivals->streams[i];
    return NULL;
}

static const muster_stream *declared(const struct arrivals *arrivals, const char *name)
{
    const muster_stream *stream = arrivals->description->streams;
    for (; stream && stream->name; stream++) /* read back from bytes: of our own size */
        if (strcmp(stream->name, name) == 0)
            return stream;
    return NULL;
}

static struct arriving *arriving_of(struct arrivals *arrivals, const char *stream)
{
    struct arriving *arriving = arriving_find(arrivals, stream);
    if (arriving)
        return arriving;
    if (mem_grow(&arrivals->streams, arrivals->count, &arrivals->room, sizeof(*arrivals->streams)) != 0 ||
        !(arriving = mem_new(1, sizeof(*arriving))))
        return NULL;
    arrivals->streams[arrivals->count++] = arriving;
    arriving->order = arriving->final = NONE;
    arriving->declared = declared(arrivals, stream);
    arriving->stream.name = arena_text(arrivals->arena, stream);
    return arriving->stream.name ? arriving : NULL;
}

static uint32_t flags_of(const struct arriving *arriving, const char *column)
{
    const muster_field *field = arriving->declared ? arriving->declared->fields : NULL;
    for (; field && field->name; field++)
        if (strcmp(field->name, column) == 0)
            return field->flags;
    return 0;
}

/* Columns keep their places however the calls name them: -ENOMEM, or the nth. */
static int column_of(struct arrivals *arrivals, struct arriving *arriving, const char *name)
{
    size_t count = arriving->stream.count;
    for (size_t i = 0; i < count; i++)
        if (strcmp(arriving->names[i], name) == 0)
            return (int)i;
    if (mem_grow(&arriving->names, count, &arriving->column_room, sizeof(*arriving->names)) != 0 ||
        mem_grow(&arriving->places, count, &arriving->place_room, sizeof(*arriving->places)) != 0 ||
        !(arriving->names[count] = arena_text(arrivals->arena, name)))
        return -ENOMEM;
    uint32_t flags = flags_of(arriving, name);
    arriving->places[count] = "";
    arriving->order = flags & MUSTER_ORDER ? (int)count : arriving->order;
    arriving->final = flags & MUSTER_FINAL ? (int)count : arriving->final;
    arriving->stream.names = arriving->names;
    arriving->stream.places = arriving->places;
    arriving->stream.count++;
    return (int)count;
}

/* --- records by id --- */

static uint32_t *slot_of(const struct arriving *arriving, const char *id)
{
    size_t at = digest_fast(id, strlen(id)) & (arriving->slot_count - 1);
    while (arriving->slots[at] && strcmp(arriving->items[arriving->slots[at] - 1].id, id) != 0)
        at = (at + 1) & (arriving->slot_count - 1);
    return &arriving->slots[at];
}

static int slots_grow(struct arriving *arriving)
{
    if (arriving->slot_count > arriving->count * 2)
        return 0;
    size_t count = arriving->slot_count ? arriving->slot_count * 4 : 64;
    uint32_t *slots = mem_new(count, sizeof(*slots));
    if (!slots)
        return -ENOMEM;
    free(arriving->slots);
    arriving->slots = slots;
    arriving->slot_count = count;
    for (size_t i = 0; i < arriving->count; i++)
        if (arriving->items[i].id)
            *slot_of(arriving, arriving->items[i].id) = (uint32_t)i + 1;
    return 0;
}

/* The one of this id, as it was known to the inbox when it is named first. */
static int arrival_of(struct arrivals *arrivals, struct arriving *arriving, const char *id,
                      struct arrival **ret_arrival)
{
    struct inbox_version before;
    bool known = false;
    if (slots_grow(arriving) != 0 ||
        mem_grow(&arriving->items, arriving->count, &arriving->room, sizeof(*arriving->items)) != 0)
        return -ENOMEM;
    uint32_t *slot = id ? slot_of(arriving, id) : NULL;
    if (slot && *slot) {
        *ret_arrival = &arriving->items[*slot - 1];
        return 0;
    }
    struct arrival *arrival = &arriving->items[arriving->count];
    *arrival = (struct arrival){.id = id ? arena_text(arrivals->arena, id) : NULL, .version = ""};
    if (id && !arrival->id)
        return -ENOMEM;
    int rc = id ? inbox_version(arrivals->inbox, arrivals->connection, arriving->stream.name, id, arrivals->arena,
                                &known, &before)
                : 0;
    if (rc != 0)
        return rc;
    if (known) {
        arrival->version = before.version;
        arrival->last = before.last;
    }
    arriving->count++;
    if (slot)
        *slot = (uint32_t)arriving->count;
    *ret_arrival = arrival;
    return 0;
}

/* --- order --- */

static bool digits(const char *text)
{
    return *text && text[strspn(text, "0123456789")] == '\0';
}

/* Numbers by their size, everything else (instants) as text. */
static int version_order(const char *a, const char *b)
{
    if (!digits(a) || !digits(b))
        return strcmp(a, b);
    a += strspn(a, "0");
    b += strspn(b, "0");
    size_t a_len = strlen(a), b_len = strlen(b);
    return a_len != b_len ? (a_len < b_len ? -1 : 1) : strcmp(a, b);
}

static bool is_true(const struct lane_value *value)
{
    return value->presence == PRESENCE_VALUE && value->len == 4 && memcmp(value->bytes, "true", 4) == 0;
}

static int values_room(struct arrivals *arrivals, const struct arriving *arriving, struct arrival *arrival)
{
    if (arrival->room >= arriving->stream.count)
        return 0;
    struct lane_value *values = arena_get(arrivals->arena, arriving->stream.count * sizeof(*values));
    if (!values)
        return -ENOMEM;
    if (arrival->room > 0)
        memcpy(values, arrival->values, arrival->room * sizeof(*values));
    arrival->values = values;
    arrival->room = arriving->stream.count;
    return 0;
}

static int value_lay(struct arrivals *arrivals, struct arrival *arrival, int column, const struct lane_value *value)
{
    struct lane_value *place = &arrival->values[column];
    *place = *value;
    place->column = (uint32_t)column;
    place->bytes = arena_copy(arrivals->arena, value->bytes, value->len);
    return place->bytes ? 0 : -ENOMEM;
}

/* What it says of its own version; "" when it says none. NULL: no memory. */
static const char *version_said(struct arrivals *arrivals, const struct arriving *arriving,
                                const struct lane_record *record, const int *columns)
{
    for (size_t i = 0; i < record->count; i++)
        if (arriving->order != NONE && columns[i] == arriving->order && record->values[i].presence == PRESENCE_VALUE)
            return arena_copy(arrivals->arena, record->values[i].bytes, record->values[i].len);
    return "";
}

static int record_lay(struct arrivals *arrivals, struct arriving *arriving, struct arrival *arrival,
                      const struct lane_record *record, const int *columns)
{
    static const struct lane_value yes = {0, MUSTER_BOOL, PRESENCE_VALUE, 4, "true"};
    const char *version = version_said(arrivals, arriving, record, columns);
    if (!version)
        return -ENOMEM;
    if (*version && *arrival->version && version_order(version, arrival->version) < 0)
        return 0; /* something later was heard before */
    arrival->version = *version ? version : arrival->version;
    arrival->place = arena_text(arrivals->arena, record->place);
    int rc = arrival->place ? values_room(arrivals, arriving, arrival) : -ENOMEM;
    for (size_t i = 0; rc == 0 && i < record->count; i++) {
        rc = value_lay(arrivals, arrival, columns[i], &record->values[i]);
        arrival->last |= columns[i] == arriving->final && is_true(&record->values[i]);
    }
    if (rc == 0 && arrival->last && arriving->final != NONE)
        rc = value_lay(arrivals, arrival, arriving->final, &yes);
    return rc;
}

/* The column that says the last word, also when this call does not name it. */
static int final_column(struct arrivals *arrivals, struct arriving *arriving)
{
    const muster_field *field = arriving->declared ? arriving->declared->fields : NULL;
    for (; field && field->name; field++)
        if (field->flags & MUSTER_FINAL)
            return column_of(arrivals, arriving, field->name) < 0 ? -ENOMEM : 0;
    return 0;
}

int arrivals_record(struct arrivals *arrivals, const struct lane_record *record)
{
    struct arriving *arriving = arriving_of(arrivals, record->stream->name);
    struct arrival *arrival = NULL;
    TIDY(free) int *columns = mem_new(record->count + 1, sizeof(*columns));
    if (!arriving || !columns)
        return -ENOMEM;
    int rc = final_column(arrivals, arriving);
    for (size_t i = 0; rc == 0 && i < record->count; i++) {
        columns[i] = column_of(arrivals, arriving, record->stream->names[record->values[i].column]);
        rc = columns[i] < 0 ? -ENOMEM : 0;
    }
    rc = rc ? rc : arrival_of(arrivals, arriving, record->source_id, &arrival);
    return rc ? rc : record_lay(arrivals, arriving, arrival, record, columns);
}

/* --- rejected --- */

int arrivals_reject(struct arrivals *arrivals, const char *stream, const char *place, const char *why)
{
    if (mem_grow(&arrivals->rejects, arrivals->reject_count, &arrivals->reject_room, sizeof(*arrivals->rejects)) != 0)
        return -ENOMEM;
    struct arrival_reject reject = {arena_text(arrivals->arena, stream), arena_text(arrivals->arena, place),
                                    arena_text(arrivals->arena, why)};
    if (!reject.stream || !reject.place || !reject.why)
        return -ENOMEM;
    arrivals->rejects[arrivals->reject_count++] = reject;
    return 0;
}

size_t arrivals_rejected(const struct arrivals *arrivals)
{
    return arrivals->reject_count;
}

void arrivals_forget_rejected(struct arrivals *arrivals, size_t count)
{
    arrivals->reject_count = count;
}

/* --- poured --- */

bool arrivals_has(const struct arrivals *arrivals, const char *stream)
{
    for (size_t i = 0; i < arrivals->reject_count; i++)
        if (strcmp(arrivals->rejects[i].stream, stream) == 0)
            return true;
    const struct arriving *arriving = arriving_find(arrivals, stream);
    return arriving && arriving->count > 0;
}

static int pour_one(struct arriving *arriving, const struct arrival *arrival, struct lane_value *values,
                    const struct arrivals_sink *sink)
{
    struct lane_record record = {
        .stream = &arriving->stream, .source_id = arrival->id, .place = arrival->place, .values = values};
    if (!arrival->place)
        return 0; /* all that was said of it was too late */
    for (size_t c = 0; c < arrival->room; c++)
        if (arrival->values[c].presence != PRESENCE_ABSENT)
            values[record.count++] = arrival->values[c];
    return sink->record(sink->context, &record);
}

int arrivals_pour(struct arrivals *arrivals, const char *stream, const struct arrivals_sink *sink)
{
    struct arriving *arriving = arriving_find(arrivals, stream);
    size_t columns = arriving ? arriving->stream.count : 0, count = arriving ? arriving->count : 0;
    TIDY(free) struct lane_value *values = mem_new(columns + 1, sizeof(*values));
    int rc = !values ? -ENOMEM : count > 0 ? sink->columns(sink->context, &arriving->stream) : 0;
    for (size_t i = 0; rc == 0 && i < count; i++)
        rc = pour_one(arriving, &arriving->items[i], values, sink);
    for (size_t i = 0; rc == 0 && i < arrivals->reject_count; i++)
        if (strcmp(arrivals->rejects[i].stream, stream) == 0)
            rc = sink->reject(sink->context, arrivals->rejects[i].place, arrivals->rejects[i].why);
    return rc;
}

int arrivals_versions(struct arrivals *arrivals, const struct inbox_version **ret_versions, size_t *ret_count)
{
    size_t count = 0, most = 1;
    for (size_t i = 0; i < arrivals->count; i++)
        most += arrivals->streams[i]->count;
    struct inbox_version *versions = mem_resize(arrivals->versions, most, sizeof(*versions));
    if (!versions)
        return -ENOMEM;
    arrivals->versions = versions;
    for (size_t i = 0; i < arrivals->count; i++) {
        const struct arriving *arriving = arrivals->streams[i];
        for (size_t n = 0; n < arriving->count; n++)
            if (arriving->items[n].id && (*arriving->items[n].version || arriving->items[n].last))
                versions[count++] = (struct inbox_version){arriving->stream.name, arriving->items[n].id,
                                                           arriving->items[n].version, arriving->items[n].last};
    }
    *ret_versions = versions;
    *ret_count = count;
    return 0;
}
