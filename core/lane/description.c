/* description - what a connector says about itself, read back from the bytes that its host sent or a cache kept. */
#include "lane/description.h"

#include "base/error.h"
#include "base/text.h"

#include <errno.h>
#include <stdlib.h>

enum { ENTRIES_MAX = 4096, NESTING_MAX = 5, NAME_BYTES_MAX = 4096 };

struct reading {
    struct wire *wire;
    struct arena *arena;
    bool no_memory;
};

/* Stand-ins for functions that live in another process: to be compared with NULL, never to be called. */
static muster_rc elsewhere(void)
{
    abort();
}

static const char *text(struct reading *reading)
{
    const char *bytes = wire_get_text(reading->wire);
    if (!bytes)
        return NULL;
    const char *copy = arena_text(reading->arena, bytes);
    if (!copy)
        reading->no_memory = true;
    if (!text_valid(bytes, strlen(bytes)))
        reading->wire->bad = true;
    return copy;
}

static const char *name(struct reading *reading)
{
    const char *copy = text(reading);
    if (!copy || copy[0] == '\0' || strlen(copy) > NAME_BYTES_MAX)
        reading->wire->bad = true;
    return copy;
}

/* A table with one more entry, whose name stays NULL. */
static void *table(struct reading *reading, uint32_t count, size_t size)
{
    if (count > ENTRIES_MAX)
        reading->wire->bad = true;
    if (reading->wire->bad)
        return NULL;
    void *entries = arena_get(reading->arena, (count + 1) * size);
    if (!entries)
        reading->no_memory = true;
    return entries;
}

static const muster_option *options(struct reading *reading, int depth)
{
    uint32_t count = wire_get_u32(reading->wire);
    muster_option *all = depth > NESTING_MAX ? NULL : table(reading, count, sizeof(*all));
    if (!all) {
        reading->wire->bad = true;
        return NULL;
    }
    for (uint32_t i = 0; i < count && !reading->wire->bad; i++) {
        all[i].name = name(reading);
        all[i].initial = text(reading);
        all[i].doc = text(reading);
        all[i].choices = text(reading);
        all[i].type = (int32_t)wire_get_u32(reading->wire);
        all[i].flags = wire_get_u32(reading->wire);
        all[i].min = (int64_t)wire_get_u64(reading->wire);
        all[i].max = (int64_t)wire_get_u64(reading->wire);
        bool members = wire_get_u32(reading->wire) != 0;
        all[i].serves = text(reading);
        all[i].needed = text(reading);
        if (members)
            all[i].members = options(reading, depth + 1);
    }
    return all;
}

static const muster_field *fields(struct reading *reading)
{
    uint32_t there = wire_get_u32(reading->wire), count = wire_get_u32(reading->wire);
    if (!there)
        return NULL;
    muster_field *all = table(reading, count, sizeof(*all));
    for (uint32_t i = 0; all && i < count && !reading->wire->bad; i++) {
        all[i].name = name(reading);
        all[i].doc = text(reading);
        all[i].to = text(reading);
        all[i].type = (int32_t)wire_get_u32(reading->wire);
        all[i].flags = wire_get_u32(reading->wire);
    }
    return all;
}

static void stream(struct reading *reading, muster_stream *one)
{
    one->name = name(reading);
    one->doc = text(reading);
    one->mapping_in = text(reading);
    one->mapping_out = text(reading);
    one->kinds = text(reading);
    one->set = text(reading);
    one->flags = wire_get_u32(reading->wire);
    one->gone = wire_get_u32(reading->wire);
    one->batch = wire_get_u32(reading->wire);
    one->fields = fields(reading);
}

static const muster_stream *streams(struct reading *reading)
{
    uint32_t count = wire_get_u32(reading->wire);
    muster_stream *all = table(reading, count, sizeof(*all));
    for (uint32_t i = 0; all && i < count && !reading->wire->bad; i++)
        stream(reading, &all[i]);
    return all;
}

static const muster_verb *verbs(struct reading *reading)
{
    uint32_t count = wire_get_u32(reading->wire);
    muster_verb *all = table(reading, count, sizeof(*all));
    for (uint32_t i = 0; all && i < count && !reading->wire->bad; i++) {
        all[i].name = name(reading);
        all[i].doc = text(reading);
        all[i].arguments = options(reading, 0);
        all[i].answer = fields(reading);
    }
    return all;
}

static const muster_route *routes(struct reading *reading)
{
    uint32_t count = wire_get_u32(reading->wire);
    muster_route *all = table(reading, count, sizeof(*all));
    for (uint32_t i = 0; all && i < count && !reading->wire->bad; i++) {
        all[i].method = text(reading);
        all[i].path = name(reading);
        all[i].auth = text(reading);
        all[i].secret = text(reading);
        all[i].key = text(reading);
        all[i].replies = (int32_t)wire_get_u32(reading->wire);
        all[i].body_max = wire_get_u32(reading->wire);
    }
    return all;
}

static void roles(muster_connector *c, uint32_t has)
{
#define ROLE(bit, member)                                                                                              \
    if (has & (bit))                                                                                                   \
    c->member = (__typeof__(c->member))(void (*)(void))elsewhere
    ROLE(WIRE_HAS_OPEN, open);
    ROLE(WIRE_HAS_CLOSE, close);
    ROLE(WIRE_HAS_CHECK, check);
    ROLE(WIRE_HAS_DISCOVER, discover);
    ROLE(WIRE_HAS_PARTITIONS, partitions);
    ROLE(WIRE_HAS_PULL, pull);
    ROLE(WIRE_HAS_GET, get);
    ROLE(WIRE_HAS_FIND, find);
    ROLE(WIRE_HAS_APPLY, apply);
    ROLE(WIRE_HAS_RECEIVE, receive);
    ROLE(WIRE_HAS_LOOKUP, lookup);
    ROLE(WIRE_HAS_ACTION, action);
#undef ROLE
}

int description_read(struct wire *wire, struct arena *arena, const muster_connector **ret_connector)
{
    struct reading reading = {wire, arena, false};
    muster_connector *c = arena_get(arena, sizeof(*c));
    if (!c)
        return -ENOMEM;
    c->magic = MUSTER_MAGIC;
    c->size = sizeof(*c);
    uint32_t version = wire_get_u32(wire);
    c->abi_major = (uint16_t)(version >> 16);
    c->abi_minor = (uint16_t)version;
    c->needs_minor = (uint16_t)wire_get_u32(wire);
    c->option_size = sizeof(muster_option);
    c->field_size = sizeof(muster_field);
    c->stream_size = sizeof(muster_stream);
    c->verb_size = sizeof(muster_verb);
    c->route_size = sizeof(muster_route);
    c->needs = wire_get_u32(wire);
    c->name = name(&reading);
    c->version = text(&reading);
    c->summary = text(&reading);
    c->hosts = text(&reading);
    c->account = text(&reading);
    c->requests = wire_get_u32(wire);
    c->per_ms = wire_get_u32(wire);
    roles(c, wire_get_u32(wire));
    c->options = options(&reading, 0);
    c->streams = streams(&reading);
    c->lookups = verbs(&reading);
    c->actions = verbs(&reading);
    c->routes = routes(&reading);
    if (reading.no_memory)
        return -ENOMEM;
    if (!wire_finished(wire) || !c->version || !c->summary)
        return ERR_CORRUPT;
    *ret_connector = c;
    return 0;
}

int description_stream(struct wire *wire, struct arena *arena, muster_stream *ret_stream)
{
    struct reading reading = {wire, arena, false};
    muster_stream one = {0};
    stream(&reading, &one);
    if (reading.no_memory)
        return -ENOMEM;
    if (!wire_finished(wire))
        return ERR_CORRUPT;
    *ret_stream = one;
    return 0;
}

void description_field(struct wire *wire, muster_field *ret_field)
{
    ret_field->name = wire_need_text(wire);
    ret_field->doc = wire_get_text(wire);
    ret_field->to = wire_get_text(wire);
    ret_field->type = (int32_t)wire_get_u32(wire);
    ret_field->flags = wire_get_u32(wire);
}
