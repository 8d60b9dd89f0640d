/* map_place - where in its source a cell stands, and what cannot be taken, told with it. */
#include "engine/map_inside.h"

#include <stdlib.h>

/* "emails[0].value" behind the record's place: "/emails/0/value", and as XML counts "/emails[1]/value". */
static void map_pointer(const char *name, bool xml, struct buffer *out)
{
    buffer_byte(out, '/');
    while (*name) {
        size_t len = strcspn(name, ".[");
        char *end;
        buffer_add(out, name, len);
        name += len;
        unsigned long nth = *name == '[' ? strtoul(name + 1, &end, 10) : 0;
        if (*name == '[' && end > name + 1 && *end == ']') {
            buffer_format(out, xml ? "[%lu]" : "/%lu", nth + xml);
            name = end + 1;
        } else if (*name) {
            buffer_byte(out, *name == '.' ? '/' : *name);
            name++;
        }
        if (*name == '.' && name[-1] == ']') {
            buffer_byte(out, '/');
            name++;
        }
    }
}

/* The place of one column of the record: '*' becomes the column's, else its name is appended as a pointer. */
const char *map_place(struct map *map, const char *record_place, int column)
{
    buffer_clear(&map->place);
    int lane_column = column >= 0 ? map->where_found[column] : UNBOUND;
    const char *own = lane_column >= 0 ? map->stream->places[lane_column] : "";
    const char *star = strchr(record_place, '*');
    if (star) {
        buffer_add(&map->place, record_place, (size_t)(star - record_place));
        buffer_text(&map->place, own);
        buffer_text(&map->place, star + 1);
    } else {
        buffer_text(&map->place, record_place);
        if (column >= 0 && *record_place)
            map_pointer(map->mapping->columns[column], record_place[strlen(record_place) - 1] == ']', &map->place);
    }
    return map->place.data ? map->place.data : "";
}

static const char *map_field_name(struct map *map, const struct field *field)
{
    return field ? arena_format(map->arena, "%s.%s", kind_name(field->kind), field->name) : NULL;
}

/* What stood in the cell, short; never of a protected field. */
static const char *map_cell_text(struct map *map, int column, const struct field *field)
{
    enum { SHOWN = 60 };
    if (column < 0 || (field && field->sensitivity == SENSITIVITY_protected))
        return NULL;
    const struct cell *cell = &map->cells[column];
    if (cell->presence != PRESENCE_VALUE || !text_valid(cell->bytes, cell->len))
        return NULL;
    size_t len = cell->len;
    if (len > SHOWN)
        for (len = SHOWN; len > 0 && ((unsigned char)cell->bytes[len] & 0xc0) == 0x80; len--)
            ;
    return arena_format(map->arena, "%.*s%s", (int)len, cell->bytes, len < cell->len ? "…" : "");
}

void map_dead_letter(struct map *map, const char *id, const char *reason, int column, const struct field *field)
{
    if (map->setup.rejects)
        rejects_keep(map->setup.rejects, map->record, map_place(map, map->record->place, column));
    wait_add(map->setup.waits, &(struct wait_item){.type = WAIT_DEAD,
                                                   .stream = map->setup.stream,
                                                   .id = id,
                                                   .place = map_place(map, map->record->place, column),
                                                   .reason = reason,
                                                   .field = map_field_name(map, field),
                                                   .text = map_cell_text(map, column, field)});
}

/* The same for the record as a whole; the place stays in map->place. */
void map_why(struct map *map, const char *reason, int column, const struct field *field)
{
    map_place(map, map->record->place, column);
    decision_pack(reason, map_field_name(map, field), map_cell_text(map, column, field), &map->why);
}

void map_unread(struct map *map, const struct field *field)
{
    bool status = field->number == FIELD_person_status || field->number == FIELD_person_terminated_on;
    if (field->kind == KIND_person && status)
        image_put(map->maker, field->number, (struct value){.presence = PRESENCE_NULL, .flags = VALUE_UNREAD});
}
