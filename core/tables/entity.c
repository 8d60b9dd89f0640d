/* entity - a golden record as bytes. */
#include "tables/entity.h"

#include <string.h>

enum { HEAD = 28, MEMBER_HEAD = 16, CHILD = 9 };

void entity_key(enum kind kind, uint64_t id, uint8_t ret_key[ENTITY_KEY])
{
    uint64_t be = __builtin_bswap64(id);
    ret_key[0] = (uint8_t)kind;
    memcpy(ret_key + 1, &be, sizeof(be));
}

enum kind entity_key_kind(struct bytes key)
{
    return (enum kind) * (const uint8_t *)key.data;
}

uint64_t entity_key_id(struct bytes key)
{
    uint64_t be;
    memcpy(&be, (const uint8_t *)key.data + 1, sizeof(be));
    return __builtin_bswap64(be);
}

static bool members_read(const uint8_t **at, const uint8_t *end, struct entity *entity)
{
    for (uint16_t n = 0; n < entity->member_count; n++) {
        struct member *member = &entity->members[n];
        uint16_t id_len, key_len;
        if (end - *at < MEMBER_HEAD)
            return false;
        memcpy(&member->stream, *at, 4);
        memcpy(&id_len, *at + 4, 2);
        memcpy(&key_len, *at + 6, 2);
        memcpy(&member->seed, *at + 8, 8);
        *at += MEMBER_HEAD;
        if (end - *at < id_len + key_len)
            return false;
        member->id = bytes(*at, id_len);
        member->key = bytes(*at + id_len, key_len);
        *at += id_len + key_len;
    }
    return true;
}

bool entity_read(struct bytes value, struct entity *ret_entity)
{
    const uint8_t *at = value.data, *end = at + value.len;
    if (value.len < HEAD)
        return false;
    ret_entity->state = (enum entity_state)at[0];
    memcpy(&ret_entity->member_count, at + 2, 2);
    memcpy(&ret_entity->child_count, at + 4, 2);
    memcpy(&ret_entity->image.len, at + 8, 4);
    memcpy(&ret_entity->first, at + 12, 8);
    memcpy(&ret_entity->last, at + 20, 8);
    at += HEAD;
    if (ret_entity->member_count > MEMBERS_MAX || ret_entity->child_count > CHILDREN_MAX ||
        !members_read(&at, end, ret_entity) ||
        (size_t)(end - at) != (size_t)ret_entity->child_count * CHILD + ret_entity->image.len)
        return false;
    for (uint16_t n = 0; n < ret_entity->child_count; n++, at += CHILD) {
        ret_entity->children[n].kind = (enum kind)at[0];
        memcpy(&ret_entity->children[n].id, at + 1, 8);
    }
    ret_entity->image.bytes = at;
    return true;
}

bool entity_image(struct bytes value, struct image *ret_image, enum entity_state *ret_state)
{
    uint32_t len;
    if (value.len < HEAD)
        return false;
    memcpy(&len, (const uint8_t *)value.data + 8, sizeof(len));
    if (len > value.len - HEAD)
        return false;
    *ret_state = (enum entity_state) * (const uint8_t *)value.data;
    *ret_image = (struct image){(const uint8_t *)value.data + value.len - len, len};
    return true;
}

static size_t entity_size(const struct entity *entity)
{
    size_t size = HEAD + (size_t)entity->child_count * CHILD + entity->image.len;
    for (uint16_t n = 0; n < entity->member_count; n++)
        size += MEMBER_HEAD + entity->members[n].id.len + entity->members[n].key.len;
    return size;
}

static uint8_t *member_write(const struct member *member, uint8_t *at)
{
    uint16_t id_len = (uint16_t)member->id.len, key_len = (uint16_t)member->key.len;
    memcpy(at, &member->stream, 4);
    memcpy(at + 4, &id_len, 2);
    memcpy(at + 6, &key_len, 2);
    memcpy(at + 8, &member->seed, 8);
    at += MEMBER_HEAD;
    if (id_len > 0)
        memcpy(at, member->id.data, id_len);
    if (key_len > 0)
        memcpy(at + id_len, member->key.data, key_len);
    return at + id_len + key_len;
}

void entity_write(const struct entity *entity, struct buffer *out)
{
    uint8_t *at = (uint8_t *)buffer_reserve(out, entity_size(entity));
    if (!at)
        return;
    memset(at, 0, HEAD);
    at[0] = (uint8_t)entity->state;
    memcpy(at + 2, &entity->member_count, 2);
    memcpy(at + 4, &entity->child_count, 2);
    memcpy(at + 8, &entity->image.len, 4);
    memcpy(at + 12, &entity->first, 8);
    memcpy(at + 20, &entity->last, 8);
    at += HEAD;
    for (uint16_t n = 0; n < entity->member_count; n++)
        at = member_write(&entity->members[n], at);
    for (uint16_t n = 0; n < entity->child_count; n++, at += CHILD) {
        at[0] = (uint8_t)entity->children[n].kind;
        memcpy(at + 1, &entity->children[n].id, 8);
    }
    if (entity->image.len > 0)
        memcpy(at, entity->image.bytes, entity->image.len);
}

void entity_order_children(struct entity *entity)
{
    for (uint16_t n = 1; n < entity->child_count; n++) {
        struct child child = entity->children[n];
        uint16_t at = n;
        for (; at > 0 && entity->children[at - 1].kind > child.kind; at--)
            entity->children[at] = entity->children[at - 1];
        entity->children[at] = child;
    }
}
