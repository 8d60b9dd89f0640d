/* map_column - which of the source's columns are ours, which are missing, new or doubled. */
#include "engine/map_inside.h"

#include "store/dict.h"

uint32_t map_unknown_kinds(const struct map *map)
{
    uint32_t kinds = 0;
    if (!map->table)
        return 0;
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

static bool names_hold(const char *names, const char *name)
{
    for (const char *at = names; at && *at;) {
        size_t len = strcspn(at, "\n");
        if (text_same(at, len, name, strlen(name)))
            return true;
        at += len + (at[len] == '\n');
    }
    return false;
}

static void map_drift(struct map *map, const char *reason, const char *column, const char *place)
{
    wait_add(map->setup.waits, &(struct wait_item){.type = WAIT_DRIFT,
                                                   .stream = map->setup.stream,
                                                   .id = column,
                                                   .reason = reason,
                                                   .place = place,
                                                   .text = column});
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
    map->binding_room = count;
    return 0;
}

static int map_bind_raw(struct map *map, size_t column, const char *name)
{
    map->raw_numbers[column] = 0;
    if (!map->mapping->keep_all)
        return 0;
    char *entry __attribute__((cleanup(tidy_free))) = mem_format("column:%s", name);
    return entry ? dict_number(map->setup.store, entry, &map->raw_numbers[column]) : -ENOMEM;
}

/* Looks at one column of the lane. */
static int map_bind(struct map *map, const struct lane_stream *stream, size_t column, struct err *err)
{
    const char *name = stream->names[column];
    map->binding[column] = IGNORED;
    for (size_t i = 0; i < map->mapping->column_count; i++) {
        if (!text_same(map->mapping->columns[i], strlen(map->mapping->columns[i]), name, strlen(name)))
            continue;
        int before = map->where_found[i];
        if (before != UNBOUND && !*stream->places[column])
            return err_set(
                err, ERR_DATA,
                "the rows have values named '%s' and values named '%s', which the mapping does not tell apart. "
                "Nothing was read: which one is meant cannot be guessed.",
                stream->names[before], name);
        if (before != UNBOUND)
            return err_set(err, ERR_DATA,
                           "two columns are named '%s': %s and %s. Nothing was read: which one is meant cannot be "
                           "guessed; rename or remove one in the file.",
                           name, stream->places[before], stream->places[column]);
        map->binding[column] = (int)i;
        map->where_found[i] = (int)column;
    }
    if (map->names.len > 0)
        buffer_byte(&map->names, '\n');
    buffer_text(&map->names, name);
    if (stream->table && map->setup.columns_before && !names_hold(map->setup.columns_before, name))
        map_drift(map, REASON_CODE(column_new), name, stream->places[column]);
    return map->binding[column] == IGNORED ? map_bind_raw(map, column, name) : 0;
}

static bool column_is_key(const struct mapping *mapping, int column)
{
    for (size_t i = 0; i < mapping->key_count; i++)
        if (mapping->key[i] == column)
            return true;
    const struct section *main = &mapping->sections[0];
    for (size_t i = 0; i < main->key_count; i++)
        if (main->key[i] == column)
            return true;
    return false;
}

/* A required field whose only column is this one. */
static bool column_is_required(const struct mapping *mapping, int column)
{
    const struct section *main = &mapping->sections[0];
    for (size_t r = 0; mapping->require && mapping->require[r]; r++)
        for (size_t i = 0; i < main->rule_count; i++)
            if (main->rules[i].field == mapping->require[r] && main->rules[i].how == FROM_COLUMN &&
                main->rules[i].column_count == 1 && main->rules[i].columns[0] == column)
                return true;
    return false;
}

/* "Name, Surname, E-mail" */
static const char *columns_listed(struct map *map)
{
    char *list = arena_text(map->arena, map_column_names(map));
    for (char *at = list; at && *at; at++)
        if (*at == '\n')
            *at = ';';
    return list ? list : "";
}

/* The whole header is known: what of the mapping is not there? */
static int map_missing_columns(struct map *map, const struct lane_stream *stream, struct err *err)
{
    for (size_t i = 0; i < map->mapping->column_count; i++) {
        if (map->where_found[i] != UNBOUND)
            continue;
        const char *name = map->mapping->columns[i];
        bool key = column_is_key(map->mapping, (int)i);
        if (key || column_is_required(map->mapping, (int)i))
            return err_set(
                err, ERR_DATA,
                "column '%s' is missing, and it is %s. Nothing was read. Put the column back, or name another one "
                "in the mapping; the header has: %.400s",
                name, key ? "the key" : "required", columns_listed(map));
        map_drift(map, REASON_CODE(column_missing), name, NULL);
    }
    for (const char *at = map->setup.columns_before; at && *at;) {
        size_t len = strcspn(at, "\n");
        char *name = arena_copy(map->arena, at, len);
        if (!name)
            return -ENOMEM;
        bool mapped = false;
        for (size_t i = 0; i < map->mapping->column_count && !mapped; i++)
            mapped = text_same(map->mapping->columns[i], strlen(map->mapping->columns[i]), name, len);
        if (!mapped && !names_hold(map_column_names(map), name))
            map_drift(map, REASON_CODE(column_gone), name, NULL);
        at += len + (at[len] == '\n');
    }
    (void)stream;
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
    for (size_t i = 0; i < map->mapping->column_count; i++)
        map->blank[i].presence = stream->table && map->where_found[i] != UNBOUND ? PRESENCE_EMPTY : PRESENCE_ABSENT;
    if (map->names.rc != 0)
        return map->names.rc;
    return stream->table && first ? map_missing_columns(map, stream, err) : 0;
}
