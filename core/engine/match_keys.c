/* match_keys - by which keys persons and units are found: in the store, and what this run adds and takes away. */
#include "base/digest.h"
#include "base/mem.h"
#include "engine/match_inside.h"
#include "tables/refer.h"

#include <stdlib.h>
#include <string.h>

uint64_t match_key_hash(struct match *match, enum kind kind, uint16_t slot, const char *text, size_t len)
{
    buffer_clear(&match->key);
    slot_prefix(kind, slot, text, len, &match->key);
    match_fail(match, match->key.rc);
    return digest_fast(match->key.data, match->key.len) | 1;
}

/* Which of 64 neighbouring ids have a record of the stream is one number: new ids follow each other. */
enum { NEIGHBOURS = 64 };

static uint64_t stands_hash(uint64_t id, uint32_t stream)
{
    return ((id / NEIGHBOURS * 0x9e3779b97f4a7c15u) ^ ((uint64_t)stream << 1)) | 1;
}

static void stands_add(struct match *match, uint64_t id, uint32_t stream)
{
    uint64_t hash = stands_hash(id, stream), bit = UINT64_C(1) << id % NEIGHBOURS;
    uint64_t *there = numbers_get(&match->fresh_stream, hash);
    if (there)
        *there |= bit;
    else
        match_fail(match, numbers_set(&match->fresh_stream, hash, bit));
}

bool match_stands_in(const struct match *match, uint64_t id, uint32_t stream)
{
    const uint64_t *there = numbers_get(&match->fresh_stream, stands_hash(id, stream));
    return there && *there >> id % NEIGHBOURS & 1;
}

/* Where the nth new holder of a key stands. */
static uint64_t nth_hash(uint64_t hash, size_t nth)
{
    return (hash + nth * 0x9e3779b97f4a7c15u) | 1;
}

size_t match_candidates(struct match *match, enum kind kind, uint16_t slot, const char *text, size_t len,
                        uint64_t *ret_ids, size_t most)
{
    uint64_t hash = match_key_hash(match, kind, slot, text, len), *fresh;
    size_t count = 0;
    while (count < most && (fresh = numbers_get(&match->fresh, nth_hash(hash, count))))
        ret_ids[count++] = *fresh;
    struct bytes prefix = bytes(match->key.data, match->key.len);
    struct cursor cursor __attribute__((cleanup(tidy_cursor))) = {.txn = match->snapshot};
    if (match->has_index)
        cursor_open(&cursor, match->snapshot, TABLE_index);
    size_t fresh_count = count;
    for (bool there = match->has_index && cursor_seek(&cursor, prefix);
         there && cursor_has_prefix(&cursor, prefix) && count < most; there = cursor_next(&cursor)) {
        uint64_t id;
        if (cursor.key.len != prefix.len + sizeof(id))
            continue;
        memcpy(&id, (const uint8_t *)cursor.key.data + prefix.len, sizeof(id));
        id = __builtin_bswap64(id);
        bool known = numbers_get(&match->removed, removed_hash(hash, id));
        for (size_t i = 0; i < fresh_count && !known; i++)
            known = ret_ids[i] == id;
        if (!known)
            ret_ids[count++] = id;
    }
    return count;
}

static bool fresh_says(const struct match *match, uint64_t hash, uint64_t id)
{
    uint64_t *fresh = NULL;
    for (size_t nth = 0; nth < CANDIDATES_MAX && (fresh = numbers_get(&match->fresh, nth_hash(hash, nth))); nth++)
        if (*fresh == id)
            return true; /* its records came again, and one of them says so */
    return false;
}

bool match_is_lost(struct match *match, enum kind kind, uint16_t slot, const char *text, size_t len, uint64_t id)
{
    uint64_t hash = match_key_hash(match, kind, slot, text, len);
    return !fresh_says(match, hash, id) && numbers_get(&match->removed, removed_hash(hash, id));
}

/* --- keys of who has several records --- */

void match_lost_note(struct match *match, const struct match_lost *lost)
{
    match_fail(match, mem_grow(&match->lost, match->lost_count, &match->lost_room, sizeof(*match->lost)));
    if (match->rc == 0)
        match->lost[match->lost_count++] = *lost;
}

static int by_key_and_person(const void *a, const void *b)
{
    const struct match_lost *x = a, *y = b;
    if (x->hash != y->hash)
        return x->hash < y->hash ? -1 : 1;
    return x->id < y->id ? -1 : x->id > y->id;
}

/* What a record of the person says: in this run when it lost the key in it, else as it is stored. */
static bool member_image(struct match *match, const struct member *member, const struct match_lost *lost, size_t count,
                         struct image *ret_image)
{
    struct buffer key __attribute__((cleanup(buffer_done))) = {0};
    struct staged staged;
    struct bytes value = {0};
    size_t n = 0;
    while (n < count && lost[n].seed != member->seed)
        n++;
    if (n < count) {
        match_fail(match, stage_read(match->stage, lost[n].place, 0, &staged));
        value = match->rc == 0 ? staged.value : value;
    } else {
        source_key(member->stream, member->id.data, member->id.len, &key);
        match_fail(match, key.rc);
        if (match->rc != 0 || !txn_get(match->snapshot, TABLE_source, bytes(key.data, key.len), &value))
            return false;
    }
    if (match->rc != 0 || !source_read(value, &match->other) || match->other.count == 0)
        return false;
    *ret_image = match->other.sections[0].image;
    return true;
}

/* Whether the person has the key still: one of its records says it, or several together all parts of it, of which what
 * is true of the person may be made. `lost` are those of its records that said it before this run. */
static bool lost_is_said(struct match *match, const struct match_lost *lost, size_t count)
{
    struct buffer was __attribute__((cleanup(buffer_done))) = {0};
    const struct slot *slot = &match->slots->person[lost->slot];
    struct staged staged;
    struct bytes stored;
    if (fresh_says(match, lost->hash, lost->id) || !entity_get(match->snapshot, KIND_person, lost->id, match->entity))
        return true;
    for (size_t f = 0; f < slot->field_count && match->rc == 0; f++) {
        const struct slot part = {.fields = {slot->fields[f]}, .field_count = 1};
        struct image image;
        bool said = false;
        buffer_clear(&was);
        match_fail(match, stage_read(match->stage, lost->place, 0, &staged));
        if (match->rc != 0 || !txn_get(match->snapshot, TABLE_source, staged.key, &stored) ||
            !source_read(stored, &match->other) || match->other.count == 0 ||
            !slot_text(match->slots, &part, match->other.sections[0].image, &was))
            return true;
        for (uint16_t n = 0; n < match->entity->member_count && !said; n++) {
            const struct member *member = &match->entity->members[n];
            buffer_clear(&match->text);
            said = !match_left(match, lost->id, member->seed) && member_image(match, member, lost, count, &image) &&
                   slot_text(match->slots, &part, image, &match->text) && match->text.len == was.len &&
                   memcmp(match->text.data, was.data, was.len) == 0;
        }
        if (!said)
            return false;
    }
    return true;
}

void match_lost_settle(struct match *match)
{
    if (match->lost_count > 1)
        qsort(match->lost, match->lost_count, sizeof(*match->lost), by_key_and_person);
    for (size_t i = 0, end; i < match->lost_count && match->rc == 0; i = end) {
        const struct match_lost *lost = &match->lost[i];
        for (end = i + 1; end < match->lost_count && by_key_and_person(lost, &match->lost[end]) == 0;)
            end++;
        if (!lost_is_said(match, lost, end - i))
            match_fail(match, numbers_set(&match->removed, removed_hash(lost->hash, lost->id), 1));
    }
    match->lost_count = 0;
}

uint64_t match_find(struct match *match, enum kind kind, uint16_t slot, const char *text, size_t len)
{
    uint64_t ids[2];
    size_t count = match_candidates(match, kind, slot, text, len, ids, 2);
    return count == 0 ? 0 : count == 1 ? ids[0] : MATCH_SEVERAL;
}

static void fresh_add(struct match *match, enum kind kind, uint16_t slot, const char *text, size_t len, uint64_t id,
                      uint32_t stream)
{
    uint64_t hash = match_key_hash(match, kind, slot, text, len);
    uint64_t *there = NULL;
    size_t nth = 0;
    while (nth < CANDIDATES_MAX && (there = numbers_get(&match->fresh, nth_hash(hash, nth))) && *there != id)
        nth++;
    if (!there)
        match_fail(match, numbers_set(&match->fresh, nth_hash(hash, nth), id));
    if (kind == KIND_person)
        stands_add(match, id, stream);
    if (nth == 0 && !there && (match->has_waiting_records || match->has_waiting_refs))
        match_wake(match, kind, bytes(match->key.data, match->key.len));
}

void match_fresh_person(struct match *match, struct image image, uint64_t id, uint32_t stream)
{
    for (size_t i = 0; i < match->slots->person_count; i++) {
        const struct slot *slot = &match->slots->person[i];
        buffer_clear(&match->text);
        if (slot_text(match->slots, slot, image, &match->text))
            fresh_add(match, KIND_person, slot->number, match->text.data, match->text.len, id, stream);
    }
    match_fail(match, match->text.rc);
}

void match_fresh_unit(struct match *match, struct image image, uint64_t id)
{
    static const uint16_t slots[] = {FIELD_org_unit_code, FIELD_org_unit_name};
    struct value type = image_get(image, FIELD_org_unit_type);
    for (size_t i = 0; i < 2 && type.len == 1; i++) {
        struct value value = image_get(image, slots[i]);
        buffer_clear(&match->text);
        if (value.presence == PRESENCE_VALUE &&
            slot_unit_text((uint8_t)*type.bytes, value.bytes, value.len, &match->text))
            fresh_add(match, KIND_org_unit, slots[i], match->text.data, match->text.len, id, 0);
    }
    match_fail(match, match->text.rc);
}

void match_wake(struct match *match, enum kind kind, struct bytes prefix)
{
    struct buffer begin __attribute__((cleanup(buffer_done))) = {0};
    struct cursor cursor __attribute__((cleanup(tidy_cursor)));
    cursor_open(&cursor, match->snapshot, TABLE_refer);
    buffer_byte(&begin, REFER_WAITING);
    buffer_add(&begin, prefix.data, prefix.len);
    match_fail(match, begin.rc);
    struct bytes from = bytes(begin.data, begin.len);
    for (bool there = match->has_waiting_refs && match->rc == 0 && cursor_seek(&cursor, from);
         there && cursor_has_prefix(&cursor, from); there = cursor_next(&cursor))
        if (cursor.key.len == from.len + ENTITY_KEY) {
            struct bytes root = bytes((const uint8_t *)cursor.key.data + from.len, ENTITY_KEY);
            match_root(match, entity_key_kind(root), entity_key_id(root), ROOT_ONLY);
        }
    if (kind != KIND_person || !match->has_waiting_records || match->rc != 0)
        return;
    struct cursor index __attribute__((cleanup(tidy_cursor)));
    cursor_open(&index, match->snapshot, TABLE_index);
    ((uint8_t *)begin.data)[1] = KIND_WAITING(KIND_person);
    from = bytes(begin.data + 1, begin.len - 1);
    for (bool there = cursor_seek(&index, from); there && cursor_has_prefix(&index, from) && match->rc == 0;
         there = cursor_next(&index)) {
        match_fail(match, mem_grow(&match->woken, match->woken_count, &match->woken_room, sizeof(*match->woken)));
        if (match->rc == 0)
            match->woken[match->woken_count++] = index.value;
    }
}

void match_woken(struct match *match)
{
    for (size_t i = 0; i < match->woken_count && match->rc == 0; i++)
        match_fail(match, stage_touch(match->stage, match->woken[i]));
    match->woken_count = 0;
}
