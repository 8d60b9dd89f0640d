/* source - how a source record is written down. */
#include "tables/source.h"

#include "base/digest.h"
#include "base/error.h"
#include "base/text.h"

#include <assert.h>
#include <string.h>

enum { SECTION_HEAD = 8, TAIL_HEAD = 16, DEAD_HEAD = 12, SPOOL_HEAD = 4 };
enum { HAS_PLACE = 0x8000, HAS_SEVERAL = 0x4000 }; /* in the dead count */

void source_key(uint32_t stream, const char *id, size_t len, struct buffer *out)
{
    enum { HASHED = 184, HASH = 8 }; /* in hex digits, so that an id stays a text */
    buffer_be32(out, stream);
    if (len <= SOURCE_ID_MAX) {
        buffer_add(out, id, len);
        return;
    }
    uint8_t digest[DIGEST_SHA256];
    char hex[2 * HASH + 1];
    size_t kept = HASHED;
    while (kept > HASHED - 4 && ((unsigned char)id[kept] & 0xc0) == 0x80)
        kept--; /* not within a character */
    digest_sha256(id, len, digest);
    digest_hex(digest, HASH, hex);
    buffer_add(out, id, kept);
    buffer_add(out, hex, sizeof(hex) - 1);
}

void source_unit_id(const struct reference *reference, struct buffer *out)
{
    size_t len;
    const char *type = enum_text(field_by_number(KIND_org_unit, FIELD_org_unit_type), reference->unit_type, &len);
    assert(type);
    buffer_format(out, SOURCE_UNIT_PREFIX "%.*s/", (int)len, type);
    if (reference->text_len == 0)
        buffer_byte(out, '~');
    text_normalize(reference->text_len ? reference->text : reference->name,
                   reference->text_len ? reference->text_len : reference->name_len, out);
}

void body_start(struct body_maker *maker)
{
    maker->count = 0;
}

static int section_compare(const struct section_view *a, const struct section_view *b)
{
    if (a->kind != b->kind)
        return a->kind < b->kind ? -1 : 1;
    int order = memcmp(a->key, b->key, a->key_len < b->key_len ? a->key_len : b->key_len);
    return order ? order : (int)a->key_len - (int)b->key_len;
}

/* Kinds ascend with how much hangs on them: the person first. So the order by kind puts the main section first. */
int body_add(struct body_maker *maker, const struct section_view *section, uint16_t *ret_nth)
{
    uint16_t at = maker->count;
    while (at > 0 && section_compare(&maker->sections[at - 1], section) > 0)
        at--;
    if (at > 0 && section_compare(&maker->sections[at - 1], section) == 0) {
        *ret_nth = (uint16_t)(at - 1);
        return ERR_CONFLICT;
    }
    if (maker->count == SECTIONS_MAX)
        return ERR_LIMIT;
    memmove(&maker->sections[at + 1], &maker->sections[at], (maker->count - at) * sizeof(*section));
    maker->sections[at] = *section;
    maker->count++;
    *ret_nth = at;
    return 0;
}

void body_write(struct body_maker *maker, struct buffer *out)
{
    size_t size = sizeof(maker->count);
    for (uint16_t n = 0; n < maker->count; n++)
        size += SECTION_HEAD + (size_t)maker->sections[n].key_len + maker->sections[n].image.len;
    uint8_t *at = (uint8_t *)buffer_reserve(out, size);
    if (!at)
        return;
    memcpy(at, &maker->count, sizeof(maker->count));
    at += sizeof(maker->count);
    for (uint16_t n = 0; n < maker->count; n++) {
        const struct section_view *section = &maker->sections[n];
        at[0] = (uint8_t)section->kind;
        at[1] = 0;
        memcpy(at + 2, &section->key_len, sizeof(section->key_len));
        memcpy(at + 4, &section->image.len, sizeof(section->image.len));
        at += SECTION_HEAD;
        if (section->key_len > 0)
            memcpy(at, section->key, section->key_len);
        at += section->key_len;
        if (section->image.len > 0)
            memcpy(at, section->image.bytes, section->image.len);
        at += section->image.len;
    }
}

bool body_read(struct bytes body, struct section_view *ret_sections, uint16_t *ret_count)
{
    const uint8_t *at = body.data, *end = at + body.len;
    uint16_t count;
    if (body.len < sizeof(count))
        return false;
    memcpy(&count, at, sizeof(count));
    at += sizeof(count);
    if (count > SECTIONS_MAX)
        return false;
    for (uint16_t n = 0; n < count; n++) {
        struct section_view section = {0};
        if (end - at < SECTION_HEAD)
            return false;
        section.kind = (enum kind)at[0];
        memcpy(&section.key_len, at + 2, sizeof(section.key_len));
        memcpy(&section.image.len, at + 4, sizeof(section.image.len));
        at += SECTION_HEAD;
        if ((size_t)(end - at) < (size_t)section.key_len + section.image.len)
            return false;
        section.key = (const char *)at;
        section.image.bytes = at + section.key_len;
        at += section.key_len + section.image.len;
        ret_sections[n] = section;
    }
    *ret_count = count;
    return at == end;
}

/* What stands behind the dead sections: rows of older versions have no place. */
static bool place_read(const uint8_t *at, const uint8_t *end, struct source *ret_source)
{
    if (!ret_source->place.data)
        return at == end;
    if (at == end || end - at != 1 + at[0])
        return false;
    ret_source->place = bytes(at + 1, at[0]);
    return true;
}

static bool dead_read(const uint8_t *at, const uint8_t *end, struct source *ret_source)
{
    for (uint16_t n = 0; n < ret_source->dead_count; n++) {
        struct section_view *dead = &ret_source->dead[n];
        if (end - at < DEAD_HEAD)
            return false;
        *dead = (struct section_view){.kind = (enum kind)at[0]};
        memcpy(&dead->key_len, at + 2, sizeof(dead->key_len));
        memcpy(&dead->seed, at + 4, sizeof(dead->seed));
        dead->key = (const char *)at + DEAD_HEAD;
        if (end - at - DEAD_HEAD < dead->key_len)
            return false;
        at += DEAD_HEAD + dead->key_len;
    }
    return place_read(at, end, ret_source);
}

bool source_read(struct bytes value, struct source *ret_source)
{
    const uint8_t *at = value.data;
    uint32_t body_len;
    if (value.len < sizeof(body_len) + TAIL_HEAD)
        return false;
    memcpy(&body_len, at, sizeof(body_len));
    at += sizeof(body_len);
    if (body_len > value.len - sizeof(body_len) - TAIL_HEAD)
        return false;
    ret_source->body = bytes(at, body_len);
    if (!body_read(ret_source->body, ret_source->sections, &ret_source->count))
        return false;
    at += body_len;
    ret_source->state = (enum source_state)at[0];
    ret_source->situation = (enum situation)at[1];
    memcpy(&ret_source->dead_count, at + 2, sizeof(ret_source->dead_count));
    ret_source->place = bytes(ret_source->dead_count & HAS_PLACE ? at : NULL, 0);
    ret_source->several = ret_source->dead_count & HAS_SEVERAL;
    ret_source->dead_count &= (uint16_t) ~(HAS_PLACE | HAS_SEVERAL);
    if (ret_source->dead_count > SECTIONS_MAX)
        return false;
    memcpy(&ret_source->run, at + 4, sizeof(ret_source->run));
    memcpy(&ret_source->since_ms, at + 8, sizeof(ret_source->since_ms));
    at += TAIL_HEAD;
    const uint8_t *end = (const uint8_t *)value.data + value.len;
    for (uint16_t n = 0; n < ret_source->count; n++) {
        if (ret_source->sections[n].kind == KIND_MAPPED)
            continue; /* body_read() has set 0 */
        if (end - at < (ptrdiff_t)sizeof(uint64_t))
            return false;
        memcpy(&ret_source->sections[n].seed, at, sizeof(uint64_t));
        at += sizeof(uint64_t);
    }
    return dead_read(at, end, ret_source);
}

static uint8_t *dead_write(const struct section_view *dead, uint8_t *at)
{
    at[0] = (uint8_t)dead->kind;
    at[1] = 0;
    memcpy(at + 2, &dead->key_len, sizeof(dead->key_len));
    memcpy(at + 4, &dead->seed, sizeof(dead->seed));
    if (dead->key_len > 0)
        memcpy(at + DEAD_HEAD, dead->key, dead->key_len);
    return at + DEAD_HEAD + dead->key_len;
}

static size_t seed_count(const struct source *source)
{
    size_t count = 0;
    for (uint16_t n = 0; n < source->count; n++)
        count += source->sections[n].kind != KIND_MAPPED;
    return count;
}

void source_write(const struct source *source, struct buffer *out)
{
    uint32_t body_len = (uint32_t)source->body.len;
    size_t place_len = source->place.len > PLACE_MAX ? PLACE_MAX : source->place.len;
    size_t size =
        sizeof(body_len) + body_len + TAIL_HEAD + seed_count(source) * sizeof(uint64_t) + (place_len > 0) + place_len;
    for (uint16_t n = 0; n < source->dead_count; n++)
        size += DEAD_HEAD + (size_t)source->dead[n].key_len;
    uint8_t *at = (uint8_t *)buffer_reserve(out, size);
    if (!at)
        return;
    memcpy(at, &body_len, sizeof(body_len));
    if (body_len > 0)
        memcpy(at + sizeof(body_len), source->body.data, body_len);
    at += sizeof(body_len) + body_len;
    at[0] = (uint8_t)source->state;
    at[1] = (uint8_t)source->situation;
    uint16_t dead_count = (uint16_t)(source->dead_count | (place_len > 0 ? HAS_PLACE : 0) |
                                     (place_len > 0 && source->several ? HAS_SEVERAL : 0));
    memcpy(at + 2, &dead_count, sizeof(dead_count));
    memcpy(at + 4, &source->run, sizeof(source->run));
    memcpy(at + 8, &source->since_ms, sizeof(source->since_ms));
    at += TAIL_HEAD;
    for (uint16_t n = 0; n < source->count; n++)
        if (source->sections[n].kind != KIND_MAPPED) {
            memcpy(at, &source->sections[n].seed, sizeof(uint64_t));
            at += sizeof(uint64_t);
        }
    for (uint16_t n = 0; n < source->dead_count; n++)
        at = dead_write(&source->dead[n], at);
    if (place_len > 0) {
        *at = (uint8_t)place_len;
        memcpy(at + 1, source->place.data, place_len);
    }
}

static uint16_t place_len(const struct spool_row *row)
{
    return (uint16_t)(row->place.len > PLACE_MAX ? PLACE_MAX : row->place.len);
}

size_t spool_row_size(const struct spool_row *row)
{
    return SPOOL_HEAD + place_len(row) + sizeof(uint32_t) + row->body.len + row->protected_values.len;
}

static uint8_t *bytes_write(struct bytes bytes, size_t len, uint8_t *at)
{
    if (len > 0)
        memcpy(at, bytes.data, len);
    return at + len;
}

void spool_row_write(const struct spool_row *row, uint8_t *at)
{
    uint16_t len = place_len(row);
    uint32_t body_len = (uint32_t)row->body.len;
    at[0] = row->flags;
    at[1] = 0;
    memcpy(at + 2, &len, sizeof(len));
    at = bytes_write(row->place, len, at + SPOOL_HEAD);
    memcpy(at, &body_len, sizeof(body_len));
    at = bytes_write(row->body, row->body.len, at + sizeof(body_len));
    bytes_write(row->protected_values, row->protected_values.len, at);
}

bool spool_row_read(struct bytes value, struct spool_row *ret_row)
{
    const uint8_t *at = value.data, *end = at + value.len;
    uint16_t place_len;
    uint32_t body_len;
    if (value.len < 4)
        return false;
    ret_row->flags = at[0];
    memcpy(&place_len, at + 2, sizeof(place_len));
    at += 4;
    if ((size_t)(end - at) < place_len + sizeof(body_len))
        return false;
    ret_row->place = bytes(at, place_len);
    at += place_len;
    memcpy(&body_len, at, sizeof(body_len));
    at += sizeof(body_len);
    if ((size_t)(end - at) < body_len)
        return false;
    ret_row->body = bytes(at, body_len);
    at += body_len;
    ret_row->protected_values = bytes(at, (size_t)(end - at));
    return true;
}
