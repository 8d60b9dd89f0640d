/* declared - the streams that a connector makes of its options, and what the organization's file does with them. */
#include "cli/declared.h"

#include "config/stream_rows.h"
#include "config/target.h"

#include <errno.h>
#include <string.h>

/* ---- what is said ---- */

static const char *text_keep(struct arena *arena, const char *text)
{
    return text ? arena_text(arena, text) : NULL;
}

static const muster_field *fields_keep(struct arena *arena, const muster_field *fields)
{
    size_t count = 0;
    while (fields && fields[count].name)
        count++;
    muster_field *kept = fields ? arena_get(arena, (count + 1) * sizeof(*kept)) : NULL;
    for (size_t n = 0; kept && n < count; n++) {
        kept[n] =
            (muster_field){.name = text_keep(arena, fields[n].name), .type = fields[n].type, .flags = fields[n].flags};
        if (!kept[n].name)
            return NULL;
    }
    return kept;
}

int declared_take(void *context, const muster_stream *stream)
{
    struct declared *declared = context;
    if (declared->count == declared->room) {
        size_t room = declared->room ? 2 * declared->room : 16;
        muster_stream *bigger = arena_get(declared->arena, room * sizeof(*bigger));
        if (!bigger)
            return -ENOMEM;
        if (declared->count > 0)
            memcpy(bigger, declared->items, declared->count * sizeof(*bigger));
        declared->items = bigger;
        declared->room = room;
    }
    muster_stream one = {.name = text_keep(declared->arena, stream->name),
                         .flags = stream->flags,
                         .gone = stream->gone,
                         .fields = fields_keep(declared->arena, stream->fields)};
    if (!one.name || (stream->fields && !one.fields))
        return -ENOMEM;
    declared->items[declared->count++] = one;
    return 0;
}

/* ---- what is made of it ---- */

static const muster_stream *by_name(const struct declared *declared, const char *name)
{
    for (size_t n = 0; n < declared->count; n++)
        if (strcmp(declared->items[n].name, name) == 0)
            return &declared->items[n];
    return NULL;
}

static const struct node *key_of(const struct node *map, const char *key)
{
    for (size_t n = 0; map && map->type == NODE_MAP && n < map->count; n++)
        if (strcmp(map->keys[n]->text, key) == 0)
            return map->keys[n];
    return NULL;
}

/* It is known, or the nearest one is told. */
static bool stream_there(struct complaints *complaints, const struct connection *connection,
                         const struct declared *declared, const char *name, const struct node *place)
{
    const char *names[257] = {0};
    for (size_t n = 0; n < declared->count && n < 256; n++)
        names[n] = declared->items[n].name;
    if (by_name(declared, name))
        return true;
    const char *near = nearest_name(name, names);
    complain(complaints, place, "connection '%s': its options describe no stream '%s'%s%s%s", connection->name, name,
             near ? ": did you mean '" : "", near ? near : "", near ? "'?" : "");
    return false;
}

static void streams_check(struct complaints *complaints, const struct connection *connection,
                          const struct declared *declared)
{
    const struct node *read = node_get(connection->node, "streams"),
                      *told = node_get(node_get(connection->node, "target"), "streams");
    for (const struct mapping *const *at = connection->mappings; at && *at; at++)
        if (stream_there(complaints, connection, declared, (*at)->stream, key_of(read, (*at)->stream)))
            stream_rows_check(complaints, connection, by_name(declared, (*at)->stream), *at);
    for (size_t n = 0; connection->target && n < connection->target->stream_count; n++) {
        const char *name = connection->target->streams[n].name;
        stream_there(complaints, connection, declared, name, key_of(told, name));
    }
}

/* Where an option describes it: the key of a map, or the value of a list's `name`. */
static const struct node *description_of(const struct connection *connection, const char *stream)
{
    for (size_t i = 0; i < connection->option_count; i++) {
        const struct option_value *option = &connection->options[i];
        const char *end = strrchr(option->name, '.');
        const struct node *key = key_of(option->node, stream);
        if (key)
            return key;
        if (end && strcmp(end, ".name") == 0 && option->text && strcmp(option->text, stream) == 0)
            return option->node;
    }
    return connection->node;
}

void declared_check(const struct context *context, const struct connection *connection, const struct declared *declared,
                    struct complaints *said)
{
    if (declared->count > 0)
        streams_check(said, connection, declared);
    for (size_t n = 0; n < declared->count && !context->quiet; n++)
        if ((declared->items[n].flags & (MUSTER_READ_FULL | MUSTER_READ_CHANGES | MUSTER_WRITE)) &&
            !stream_is_used(connection, declared->items[n].name))
            complain_warning(said, description_of(connection, declared->items[n].name),
                             "connection '%s': stream '%s' is described and does nothing: neither streams: nor target: "
                             "names it",
                             connection->name, declared->items[n].name);
}
