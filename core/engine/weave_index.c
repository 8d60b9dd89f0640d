/* weave_index - the rows by which persons and units are found, and records that wait for their person.
 *
 * Writes the `index` table. */
#include "engine/weave_inside.h"

#include "base/digest.h"
#include "engine/former.h"

struct index_keys {
    struct bytes items[SLOTS_MAX * 16];
    size_t count;
};

static void index_key_add(struct weave *weave, struct index_keys *keys, enum kind kind, uint16_t slot)
{
    uint64_t be = __builtin_bswap64(weave->id);
    buffer_clear(&weave->key);
    slot_prefix(kind, slot, weave->text.data, weave->text.len, &weave->key);
    buffer_add(&weave->key, &be, sizeof(be));
    weave_fail(weave, weave->key.rc ? weave->key.rc : weave->text.rc);
    for (size_t i = 0; i < keys->count; i++)
        if (keys->items[i].len == weave->key.len && memcmp(keys->items[i].data, weave->key.data, weave->key.len) == 0)
            return;
    char *copy = arena_copy(weave->arena, weave->key.data, weave->key.len);
    weave_fail(weave, copy ? 0 : -ENOMEM);
    if (copy && keys->count < sizeof(keys->items) / sizeof(keys->items[0]))
        keys->items[keys->count++] = bytes(copy, weave->key.len);
}

static bool slot_has(const struct slot *slot, uint16_t field)
{
    for (size_t i = 0; i < slot->field_count; i++)
        if (slot->fields[i]->number == field)
            return true;
    return false;
}

/* `former`: the number is somebody else's now. */
static void index_keys_of(struct weave *weave, struct image image, bool former, struct index_keys *keys)
{
    const struct slots *slots = weave->match->slots;
    for (size_t i = 0; weave->kind == KIND_person && i < slots->person_count; i++) {
        buffer_clear(&weave->text);
        if (former && slot_has(&slots->person[i], FIELD_person_employee_number))
            continue;
        if (slot_text(slots, &slots->person[i], image, &weave->text))
            index_key_add(weave, keys, KIND_person, slots->person[i].number);
    }
    struct value type = image_get(image, FIELD_org_unit_type);
    static const uint16_t unit_slots[] = {FIELD_org_unit_code, FIELD_org_unit_name};
    for (size_t i = 0; weave->kind == KIND_org_unit && type.len == 1 && i < 2; i++) {
        struct value value = image_get(image, unit_slots[i]);
        buffer_clear(&weave->text);
        if (value.presence == PRESENCE_VALUE &&
            slot_unit_text((uint8_t)*type.bytes, value.bytes, value.len, &weave->text))
            index_key_add(weave, keys, KIND_org_unit, unit_slots[i]);
    }
}

/* Keys that the records gave before this run: only staged ones may differ. */
static void index_keys_before(struct weave *weave, struct index_keys *keys)
{
    for (uint16_t n = 0; weave->had_root && n < weave->old_root->member_count; n++) {
        const struct member *member = &weave->old_root->members[n];
        struct bytes value;
        struct source *record = &weave->match->other;
        buffer_clear(&weave->key);
        source_key(member->stream, member->id.data, member->id.len, &weave->key);
        if (!txn_get(weave->snapshot, TABLE_source, bytes(weave->key.data, weave->key.len), &value) ||
            !source_read(value, record))
            continue;
        for (uint16_t s = 0; s < record->count; s++)
            if (record->sections[s].seed == member->seed)
                index_keys_of(weave, record->sections[s].image, former_is(member->id), keys);
    }
}

static void index_should(struct match *match, struct bytes key)
{
    int rc = match->reindex ? numbers_set(&match->indexed, digest_fast(key.data, key.len) | 1, 1) : 0;
    match->rc = match->rc ? match->rc : rc;
}

/* Rows that were made by other rules. */
void index_sweep(struct match *match)
{
    struct cursor cursor __attribute__((cleanup(tidy_cursor)));
    cursor_open(&cursor, match->snapshot, TABLE_index);
    for (bool there = cursor_seek(&cursor, bytes("", 0)); there; there = cursor_next(&cursor))
        if (!numbers_get(&match->indexed, digest_fast(cursor.key.data, cursor.key.len) | 1))
            changeset_delete(match->changeset, TABLE_index, cursor.key, cursor.value);
}

void weave_index(struct weave *weave)
{
    if (weave->kind != KIND_person && weave->kind != KIND_org_unit)
        return;
    struct index_keys was, is;
    was.count = is.count = 0;
    for (size_t i = 0; i < weave->part_count; i++)
        if (weave->parts[i].kind == weave->kind)
            index_keys_of(weave, part_section(weave, &weave->parts[i])->image,
                          former_is(weave->groups[weave->parts[i].group].id), &is);
    index_keys_before(weave, &was);
    for (size_t i = 0; i < is.count; i++) {
        bool there = false;
        for (size_t j = 0; j < was.count && !there; j++)
            there = was.items[j].len == is.items[i].len &&
                    memcmp(was.items[j].data, is.items[i].data, is.items[i].len) == 0;
        struct bytes old;
        index_should(weave->match, is.items[i]);
        if (weave->match->reindex) /* other rules may ask for other keys */
            there = txn_get(weave->snapshot, TABLE_index, is.items[i], &old);
        if (!there)
            changeset_put(weave->changeset, TABLE_index, is.items[i], bytes(NULL, 0), bytes("", 0));
    }
    for (size_t i = 0; i < was.count && !weave->match->reindex; i++) {
        bool there = false;
        for (size_t j = 0; j < is.count && !there; j++)
            there = was.items[i].len == is.items[j].len &&
                    memcmp(was.items[i].data, is.items[j].data, is.items[j].len) == 0;
        struct bytes old;
        if (!there && txn_get(weave->snapshot, TABLE_index, was.items[i], &old))
            changeset_delete(weave->changeset, TABLE_index, was.items[i], old);
    }
}

/* The key under which the record waits by a rule, in match->key; false: the image does not give it. */
static bool waiting_key(struct match *match, size_t rule, struct image image, uint64_t seed)
{
    const struct slot *slot = &match->slots->person[match->slots->rules[rule]];
    uint64_t be = __builtin_bswap64(seed);
    buffer_clear(&match->text);
    buffer_clear(&match->key);
    if (image.len == 0 || !slot_text(match->slots, slot, image, &match->text))
        return false;
    slot_prefix(KIND_WAITING(KIND_person), slot->number, match->text.data, match->text.len, &match->key);
    buffer_add(&match->key, &be, sizeof(be));
    match->rc = match->rc ? match->rc : match->text.rc ? match->text.rc : match->key.rc;
    return match->rc == 0;
}

static bool rule_is_repeated(const struct slots *slots, size_t rule)
{
    for (size_t r = 0; r < rule; r++)
        if (slots->rules[r] == slots->rules[rule])
            return true;
    return false;
}

void index_waiting(struct match *match, struct bytes record_key, uint64_t seed, struct image was, struct image is)
{
    struct buffer before __attribute__((cleanup(buffer_done))) = {0};
    for (size_t r = 0; r < match->slots->rule_count && match->rc == 0; r++) {
        struct bytes old;
        if (rule_is_repeated(match->slots, r))
            continue;
        buffer_clear(&before);
        if (waiting_key(match, r, was, seed))
            buffer_add(&before, match->key.data, match->key.len);
        match->rc = match->rc ? match->rc : before.rc;
        bool now = waiting_key(match, r, is, seed);
        struct bytes key = bytes(match->key.data, match->key.len);
        if (now)
            index_should(match, key);
        if (now && !txn_get(match->snapshot, TABLE_index, key, &old))
            changeset_put(match->changeset, TABLE_index, key, bytes(NULL, 0), record_key);
        if (match->reindex || before.len == 0 ||
            (now && before.len == key.len && memcmp(before.data, key.data, key.len) == 0))
            continue;
        if (txn_get(match->snapshot, TABLE_index, bytes(before.data, before.len), &old))
            changeset_delete(match->changeset, TABLE_index, bytes(before.data, before.len), old);
    }
}
