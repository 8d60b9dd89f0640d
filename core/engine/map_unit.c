/* map_unit - units that records name: each is spooled once per pull, as a record of its own. */
#include "engine/map_inside.h"

#include "base/digest.h"

#include <assert.h>

static int unit_spool(struct map *map, const struct reference *reference, struct err *err)
{
    struct buffer *id = &map->scratch;
    buffer_clear(id);
    source_unit_id(reference, id);
    if (id->rc != 0)
        return id->rc;
    uint64_t hash = digest_fast(id->data, id->len) | 1;
    if (numbers_get(&map->units, hash))
        return 0;
    int rc = numbers_set(&map->units, hash, 1);
    if (rc != 0)
        return rc;
    struct image_maker *maker = map->unit_maker;
    char number = (char)reference->unit_type;
    image_start(maker);
    image_put(maker, FIELD_org_unit_type, (struct value){PRESENCE_VALUE, 0, 1, &number});
    if (reference->text_len > 0)
        image_put(maker, FIELD_org_unit_code, (struct value){PRESENCE_VALUE, 0, reference->text_len, reference->text});
    if (reference->name_len > 0)
        image_put(maker, FIELD_org_unit_name, (struct value){PRESENCE_VALUE, 0, reference->name_len, reference->name});
    struct buffer image __attribute__((cleanup(buffer_done))) = {0}, body __attribute__((cleanup(buffer_done))) = {0};
    image_write(maker, &image);
    struct body_maker sections;
    struct section_view section = {
        .kind = KIND_org_unit, .key = "", .image = {(const uint8_t *)image.data, (uint32_t)image.len}};
    uint16_t nth;
    body_start(&sections);
    body_add(&sections, &section, &nth);
    body_write(&sections, &body);
    if (image.rc || body.rc)
        return image.rc ? image.rc : body.rc;
    struct spool_row row = {.place = bytes(map->record->place, strlen(map->record->place)),
                            .body = bytes(body.data, body.len)};
    return map_spool(map, id->data, id->len, &row, err);
}

int map_unit(struct map *map, struct value value, struct err *err)
{
    /* Most rows name a unit in the very words of another row: those words are looked up first. */
    uint64_t hash = digest_fast(value.bytes, value.len) & ~(uint64_t)1;
    if (numbers_get(&map->units, hash ? hash : 2))
        return 0;
    struct reference reference;
    bool read = reference_read(value.bytes, value.len, &reference);
    assert(read);
    int rc = read ? unit_spool(map, &reference, err) : ERR_CORRUPT;
    return rc ? rc : numbers_set(&map->units, hash ? hash : 2, 1);
}
