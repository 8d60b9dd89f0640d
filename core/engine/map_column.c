/* map_column - which of the source's columns are ours, by their own name or by an accepted one. */
#include "engine/map_inside.h"

#include "store/dict.h"

#include <limits.h>

uint32_t map_unknown_kinds(const struct map *map)
{
    uint32_t kinds = map->lacking;
    if (!map->table)
        return kinds;
    for (size_t s = 0; s < map->mapping->section_count; s++) {
        const struct section *section = &map->mapping->sections[s];
        bool unknown = false;
        for (const struct condition *when = section->when; when; when = when->next)
            unknown |= map->where_found[when->column] == UNBOUND;
        for (size_t i = 0; i < section->key_count; i++)
            unknown |= map->where_found[section->key[i]] == UNBOUND;
        if (unknown && section->kind < 32)
            kinds |= 1u << section->kind;
    }
    return kinds;
}

static bool names_column(const struct map *map, int column, const char *name)
{
    const char *own = map->mapping->columns[column];
    return text_same(own, strlen(own), name, strlen(name));
}

void map_lacks(struct map *map, const char *column)
{
    for (size_t s = 0; s < map->mapping->section_count; s++) {
        const struct section *section = &map->mapping->sections[s];
        bool hangs = false;
        for (const struct condition *when = section->when; when; when = when->next)
            hangs |= names_column(map, when->column, column);
        for (size_t i = 0; i < section->key_count; i++)
            hangs |= names_column(map, section->key[i], column);
        if (hangs && section->kind < 32)
            map->lacking |= 1u << section->kind;
    }
}

static int map_binding_room(struct map *map, size_t count)
{
    if (count <= map->binding_room)
        return 0;
    int *binding = mem_resize(map->binding, count, sizeof(*binding));
    if (!binding)
        return -ENOMEM;
    map->binding = binding;
    uint32_t *numbers = mem_resize(map->raw_numbers, count, sizeof(*numbers));
    if (!numbers)
        return -ENOMEM;
    map->raw_numbers = numbers;
    unsigned *item_of = mem_resize(map->item_of, count, sizeof(*item_of));
    if (!item_of)
        return -ENOMEM;
    map->item_of = item_of;
    map->binding_room = count;
    return 0;
}

static int map_bind_raw(struct map *map, size_t column, const char *name)
{
    if (!map->mapping->keep_all)
        return 0;
    char *entry __attribute__((cleanup(tidy_free))) = mem_format("column:%s", name);
    return entry ? dict_number(map->setup.store, entry, &map->raw_numbers[column]) : -ENOMEM;
}

static bool same(const char *a, const char *b)
{
    return text_same(a, strlen(a), b, strlen(b));
}

static int column_twice(const struct lane_stream *stream, size_t before, size_t column, struct err *err)
{
    const char *name = stream->names[column];
    if (!*stream->places[column])
        return err_set(err, ERR_DATA,
                       "the rows have values named '%s' and values named '%s', which the mapping does not tell apart. "
                       "Nothing was read: which one is meant cannot be guessed.",
                       stream->names[before], name);
    return err_set(err, ERR_DATA,
                   "two columns are named '%s': %s and %s. Nothing was read: which one is meant cannot be "
                   "guessed; rename or remove one in the file.",
                   name, stream->places[before], stream->places[column]);
}

/* Whether it is a column of items of a list; where the row has one of that name, that is meant. */
static void map_bind_item(struct map *map, const char *name, size_t column)
{
    const struct mapping *mapping = map->mapping;
    unsigned nth;
    for (size_t i = 0; map->binding[column] == IGNORED && i < mapping->column_count; i++)
        if (mapping->beside[i] >= 0 && mapping_item_column(mapping->columns[i], name, &nth) && nth < UINT_MAX) {
            map->binding[column] = (int)i;
            map->own_found[i] = (int)column;
            map->item_of[column] = nth + 1;
        }
}

/* Looks at one column of the lane: has the mapping its name, or one that was accepted for it? */
static int map_bind(struct map *map, const struct lane_stream *stream, size_t column, struct err *err)
{
    const char *name = stream->names[column];
    bool own = false;
    map->binding[column] = IGNORED;
    map->item_of[column] = 0;
    map->raw_numbers[column] = 0;
    for (size_t i = 0; i < map->mapping->column_count; i++) {
        if (!same(map->mapping->columns[i], name))
            continue;
        if (map->own_found[i] != UNBOUND)
            return column_twice(stream, (size_t)map->own_found[i], column, err);
        map->binding[column] = (int)i;
        map->own_found[i] = (int)column;
        own = true;
    }
    if (!own)
        map_bind_item(map, name, column);
    for (size_t i = 0; stream->table && !own && i < map->mapping->column_count; i++) {
        if (!map->reads[i] || !same(map->reads[i]->other, name))
            continue;
        if (map->other_found[i] != UNBOUND)
            return column_twice(stream, (size_t)map->other_found[i], column, err);
        map->other_found[i] = (int)column;
    }
    if (map->names.len > 0)
        buffer_byte(&map->names, '\n');
    buffer_text(&map->names, name);
    return map->binding[column] == IGNORED ? map_bind_raw(map, column, name) : 0;
}

/* Own name or accepted one: where each column of the mapping is read. */
static int map_settle_columns(struct map *map)
{
    for (size_t i = 0; i < map->mapping->column_count; i++) {
        int own = map->own_found[i], other = map->other_found[i];
        map->where_found[i] = own != UNBOUND ? own : other;
        if (own == UNBOUND && other != UNBOUND)
            map->binding[other] = (int)i;
        if (own == UNBOUND || other == UNBOUND)
            continue;
        /* which of the two is meant is for a person to say */
        if (!map->disputed && !(map->disputed = mem_new(map->mapping->column_count, sizeof(*map->disputed))))
            return -ENOMEM;
        map->disputed[i] = map->reads[i]->other;
        map->where_found[i] = UNBOUND;
        map->binding[own] = IGNORED;
        map->seen[own].disputed = map->seen[other].disputed = true;
    }
    return 0;
}

/* The whole header of a table is known: what is asked of each column, and whether rows can be read at all. */
static int map_header_seen(struct map *map, const struct lane_stream *stream)
{
    enum { SAMPLED_MOST = 1024 };
    map->seen = arena_get(map->seen_arena, (stream->count + 1) * sizeof(*map->seen));
    map->samplers = arena_get(map->seen_arena, (stream->count + 1) * sizeof(struct sampler *));
    if (!map->seen || !map->samplers)
        return -ENOMEM;
    for (size_t c = 0; c < stream->count; c++) {
        map->seen[c].name = arena_text(map->seen_arena, stream->names[c]);
        map->seen[c].place = arena_text(map->seen_arena, stream->places[c]);
        if (!map->seen[c].name || !map->seen[c].place)
            return -ENOMEM;
    }
    map->seen_count = stream->count;
    bool missing = false;
    int rc = map_settle_columns(map);
    for (size_t i = 0; i < map->mapping->column_count; i++) {
        missing |= map->where_found[i] == UNBOUND && map->mapping->beside[i] == COLUMN_OF_ROW;
        map->blocked |=
            map->where_found[i] == UNBOUND && mapping_needs(map->mapping, map->mapping->columns[i]) != COLUMN_SPARED;
    }
    for (size_t c = 0, sampled = 0; rc == 0 && c < stream->count && sampled < SAMPLED_MOST; c++) {
        if (map->binding[c] == IGNORED && !missing)
            continue; /* nobody's, and nobody asks whether it is somebody's */
        map->samplers[c] = arena_get(map->seen_arena, sizeof(struct sampler));
        if (!map->samplers[c])
            return -ENOMEM;
        map->samplers[c]->most = UINT64_MAX;
        sampled++;
    }
    return rc;
}

/* Which columns the source has, and where: for whoever looks at a kept row. */
static int layout_settle(struct map *map, const struct lane_stream *stream)
{
    for (size_t i = 0; i < map->layout.count; i++) {
        struct rawrow_column *column = &map->layout.columns[i];
        int found = map->where_found[i];
        column->known = found != UNBOUND || !(stream->table || map->setup.kept);
        if (found != UNBOUND && *stream->places[found] &&
            !(column->place = arena_text(map->seen_arena, stream->places[found])))
            return -ENOMEM;
    }
    return 0;
}

int map_columns(struct map *map, const struct lane_stream *stream, struct err *err)
{
    int rc = map_binding_room(map, stream->count);
    for (size_t column = map->bound; column < stream->count && rc == 0; column++)
        rc = map_bind(map, stream, column, err);
    if (rc != 0)
        return rc;
    bool first = map->bound == 0;
    map->bound = stream->count;
    map->stream = stream;
    map->table = stream->table;
    if (first)
        rawrow_layout_table(&map->layout, map->setup.kept ? map->setup.kept->table : stream->table);
    if (!stream->table)
        memcpy(map->where_found, map->own_found, map->mapping->column_count * sizeof(*map->where_found));
    else if (first && (rc = map_header_seen(map, stream)) != 0)
        return rc;
    for (size_t i = 0; i < map->mapping->column_count; i++)
        map->blank[i].presence = stream->table && map->where_found[i] != UNBOUND ? PRESENCE_EMPTY : PRESENCE_ABSENT;
    rc = stream->table || map->setup.kept ? layout_settle(map, stream) : 0;
    return rc ? rc : map->names.rc;
}

bool map_wants(const struct map *map, size_t column)
{
    return column >= map->bound || map->setup.rejects || map->binding[column] != IGNORED ||
           map->raw_numbers[column] != 0 || (column < map->seen_count && map->samplers[column]);
}
