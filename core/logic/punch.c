/* punch - what hours are made of. */
#include "logic/punch.h"

#include "base/date.h"
#include "base/digest.h"

#include <string.h>

uint64_t punch_digest(const struct value values[], size_t count)
{
    uint64_t digest = 1;
    for (size_t n = 0; n < count; n++) {
        bool is = values[n].presence == PRESENCE_VALUE;
        digest = digest_seeded(digest + is, is ? values[n].bytes : "", is ? values[n].len : 0);
    }
    return digest | 1;
}

/* Of what its customer calls so. */
static uint64_t owned_digest(struct image image, uint16_t field)
{
    const struct value values[] = {image_get(image, FIELD_punch_tenant), image_get(image, FIELD_punch_customer),
                                   image_get(image, field)};
    return punch_digest(values, 3);
}

/* Punches of one schedule belong together; without one those of one order do. */
static uint64_t group_of(struct image image)
{
    bool has = image_get(image, FIELD_punch_schedule_ref).presence == PRESENCE_VALUE;
    return owned_digest(image, has ? FIELD_punch_schedule_ref : FIELD_punch_work_order_stem);
}

static bool is_true(struct value value)
{
    return value.presence == PRESENCE_VALUE && value.len == 4 && memcmp(value.bytes, "true", 4) == 0;
}

bool punch_read(uint64_t id, struct image image, bool live, struct punch *ret_punch)
{
    enum { IN = 1, OUT };
    struct value at = image_get(image, FIELD_punch_at), direction = image_get(image, FIELD_punch_direction);
    *ret_punch = (struct punch){.hours = {.id = id, .group = group_of(image)},
                                .person = reference_id(image_get(image, FIELD_punch_person))};
    if (image_get(image, FIELD_punch_work_order_stem).presence == PRESENCE_VALUE)
        ret_punch->order = owned_digest(image, FIELD_punch_work_order_stem);
    ret_punch->hours.deleted = !live || is_true(image_get(image, FIELD_punch_deleted));
    if (at.presence != PRESENCE_VALUE || direction.presence != PRESENCE_VALUE || direction.len != 1)
        return false;
    ret_punch->hours.out = (uint8_t)*direction.bytes == OUT;
    return instant_read(at.bytes, at.len, &ret_punch->hours.at_ms);
}
