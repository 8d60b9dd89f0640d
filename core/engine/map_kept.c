/* map_kept - what a row said, kept beside what is made of it: see rawrow.h. */
#include "engine/map_inside.h"

void map_layout(const struct map *map, struct buffer *out)
{
    struct rawrow_layout layout = map->layout;
    layout.filtered = map->count.filtered > 0 || (map->setup.kept && map->setup.kept->filtered);
    rawrow_layout_write(&layout, out);
}

const struct rawrow_layout *map_rows(const struct map *map)
{
    return &map->layout;
}

const char *map_last_id(const struct map *map)
{
    return map->last_id;
}

/* Unmapped columns, when the organization wants them kept. */
void map_raw(struct map *map, const struct lane_record *record)
{
    image_start(map->maker);
    for (size_t i = 0; i < record->count; i++) {
        const struct lane_value *value = &record->values[i];
        uint32_t number = map->raw_numbers[value->column];
        if (number > 0 && number <= UINT16_MAX && map->maker->count < IMAGE_FIELDS_MAX)
            image_put(map->maker, (uint16_t)number,
                      (struct value){.presence = value->presence, .len = value->len, .bytes = value->bytes});
    }
}

/* The connector's id of the row, where its record has another. */
static void map_source_id(struct map *map, const struct lane_record *record, const char *id)
{
    image_start(map->maker);
    if (!map->layout.keyed && strcmp(record->source_id, id) != 0)
        image_put(map->maker, 0,
                  (struct value){PRESENCE_VALUE, 0, (uint32_t)strlen(record->source_id), record->source_id});
}

/* Nothing of the row is taken: what it said is kept with the reason, sealed, of very many the first. */
int map_unused(struct map *map, const struct lane_record *record, const char *id, struct err *err)
{
    enum { UNUSED_MOST = 64 << 20 };
    const char *place = map->place.data ? map->place.data : "";
    bool kept = map->layout.count > 0 && map->unused_bytes < UNUSED_MOST;
    buffer_clear(&map->packed);
    buffer_clear(&map->unused);
    buffer_clear(&map->body);
    map_source_id(map, record, id);
    for (size_t n = 0; kept && n < map->layout.count; n++) {
        struct value value;
        if (rawrow_entry(&map->cells[n], false, &value))
            image_put(map->maker, (uint16_t)(n + 1), value);
    }
    image_write(map->maker, &map->body);
    rawrow_pack(&map->layout, record->place, (struct image){(const uint8_t *)map->body.data, (uint32_t)map->body.len},
                &map->packed);
    int rc = map->body.rc ? map->body.rc : map->packed.rc;
    if (rc == 0 && kept)
        rc = vault_seal_row(map->setup.vault, bytes(map->packed.data, map->packed.len), &map->unused);
    if (map->packed.data)
        explicit_bzero(map->packed.data, map->packed.len);
    if (map->body.data)
        explicit_bzero(map->body.data, map->body.len);
    map->unused_bytes += map->unused.len;
    return rc ? rc : map_seen(map, id, SPOOL_REJECTED, place, &map->why, bytes(map->unused.data, map->unused.len), err);
}

/* What the row said in the columns that are mapped, as far as no field gives it back. */
int map_mapped(struct map *map, const struct lane_record *record, const char *id, struct laid *ret_laid)
{
    const struct rawrow_layout *layout = &map->layout;
    size_t id_len = strlen(id);
    map_source_id(map, record, id);
    for (size_t n = 0; n < layout->count; n++) {
        const struct cell *cell = &map->cells[n];
        struct value value;
        bool given = layout->columns[n].how == RAWROW_ID
                         ? id_len <= SOURCE_ID_MAX && cell->len == id_len && memcmp(cell->bytes, id, id_len) == 0
                         : map->given[n];
        if (!rawrow_entry(cell, given, &value))
            continue;
        int rc = layout->columns[n].sealed && value.len > 0 ? map_protect(map, &value) : 0;
        if (rc != 0)
            return rc;
        image_put(map->maker, (uint16_t)(n + 1), value);
    }
    return map_lay(map, KIND_MAPPED, bytes(layout->digest, RAWROW_KEY), ret_laid);
}
