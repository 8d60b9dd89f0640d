/* stage_unit - units that rows name, when no row names them any more. What a record carries on from before, because its
 * source says nothing of it, is named still. */
#include "engine/stage_inside.h"
#include "engine/stage_walk.h"

#include "base/digest.h"

bool id_is_unit(struct bytes key)
{
    size_t len = strlen(SOURCE_UNIT_PREFIX);
    return key.len >= 4 + len && memcmp((const char *)key.data + 4, SOURCE_UNIT_PREFIX, len) == 0;
}

/* Of a source key, without the stream. */
static uint64_t unit_hash(struct bytes key)
{
    struct bytes id = source_key_id(key);
    return digest_fast(id.data, id.len) | 1;
}

int stage_unit_carried(struct stage *stage, struct value value)
{
    struct reference reference;
    if (value.presence != PRESENCE_VALUE || !reference_read(value.bytes, value.len, &reference))
        return 0;
    struct buffer id __attribute__((cleanup(buffer_done))) = {0}, key __attribute__((cleanup(buffer_done))) = {0};
    source_unit_id(&reference, &id);
    if (id.rc != 0)
        return id.rc;
    source_key(0, id.data, id.len, &key);
    return key.rc ? key.rc : numbers_set(&stage->carried_units, unit_hash(bytes(key.data, key.len)), 1);
}

int stage_release_units(struct stage *stage, const struct stage_missing *missing)
{
    for (size_t i = 0; i < missing->unit_count && !missing->passed_over; i++) {
        struct staged staged;
        int rc = stage_read(stage, missing->units[i], 0, &staged);
        if (rc == 0 && !numbers_get(&stage->carried_units, unit_hash(staged.key)))
            rc = places_add(&stage->places, &stage->count, &stage->room, missing->units[i]);
        if (rc != 0)
            return rc;
    }
    return 0;
}
