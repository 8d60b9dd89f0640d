/* match - which person (or unit) each changed record belongs to. */
#include "engine/match_inside.h"

#include "base/digest.h"
#include "base/fault.h"
#include "base/mem.h"
#include "base/text.h"
#include "engine/weave.h"
#include "logic/reason.h"
#include "tables/entity.h"
#include "tables/refer.h"

#include <errno.h>
#include <string.h>

static bool table_has(struct txn *txn, enum table table, struct bytes prefix)
{
    struct cursor cursor __attribute__((cleanup(tidy_cursor)));
    cursor_open(&cursor, txn, table);
    return cursor_seek(&cursor, prefix) && cursor_has_prefix(&cursor, prefix);
}

int match_init(struct match *match)
{
    static const uint8_t waiting_record = KIND_WAITING(KIND_person), waiting_ref = REFER_WAITING;
    match->entity = mem_new(1, sizeof(*match->entity));
    if (!match->entity)
        return -ENOMEM;
    match->has_index = txn_count(match->snapshot, TABLE_index) > 0;
    match->has_waiting_records = table_has(match->snapshot, TABLE_index, bytes(&waiting_record, 1));
    match->has_waiting_refs = table_has(match->snapshot, TABLE_refer, bytes(&waiting_ref, 1));
    return statements_init(&match->statements, match->snapshot, match->changeset, match->stage ? match->stage->run : 0,
                           match->stage ? match->stage->now_ms : 0);
}

void match_done(struct match *match)
{
    struct numbers *maps[] = {&match->fresh,   &match->fresh_stream, &match->links,   &match->leaving,
                              &match->removed, &match->grown,        &match->indexed, &match->undecided,
                              &match->out,     &match->moved,        &match->hours};
    for (size_t i = 0; i < sizeof(maps) / sizeof(maps[0]); i++)
        numbers_done(maps[i]);
    buffer_done(&match->text);
    buffer_done(&match->key);
    free(match->roots);
    free(match->woken);
    free(match->erased);
    free(match->entity);
    statements_done(&match->statements);
    match_shared_done(match);
}

void match_root(struct match *match, enum kind kind, uint64_t id, uint64_t place)
{
    match_fail(match, mem_grow(&match->roots, match->root_count, &match->root_room, sizeof(*match->roots)));
    if (match->rc == 0)
        match->roots[match->root_count++] = (struct root){kind, id, place};
}

/* --- index keys: in the store, and what this run adds and takes away --- */

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

static bool stands_in(const struct match *match, uint64_t id, uint32_t stream)
{
    const uint64_t *there = numbers_get(&match->fresh_stream, stands_hash(id, stream));
    return there && *there >> id % NEIGHBOURS & 1;
}

size_t match_candidates(struct match *match, enum kind kind, uint16_t slot, const char *text, size_t len,
                        uint64_t *ret_ids, size_t most)
{
    uint64_t hash = match_key_hash(match, kind, slot, text, len);
    size_t count = 0;
    const uint64_t *fresh = numbers_get(&match->fresh, hash);
    if (fresh && *fresh != FRESH_AMBIGUOUS)
        ret_ids[count++] = *fresh;
    struct bytes prefix = bytes(match->key.data, match->key.len);
    struct cursor cursor __attribute__((cleanup(tidy_cursor))) = {.txn = match->snapshot};
    if (match->has_index)
        cursor_open(&cursor, match->snapshot, TABLE_index);
    for (bool there = match->has_index && cursor_seek(&cursor, prefix);
         there && cursor_has_prefix(&cursor, prefix) && count < most; there = cursor_next(&cursor)) {
        uint64_t id;
        if (cursor.key.len != prefix.len + sizeof(id))
            continue;
        memcpy(&id, (const uint8_t *)cursor.key.data + prefix.len, sizeof(id));
        id = __builtin_bswap64(id);
        bool fresh_too = count > 0 && ret_ids[0] == id;
        if (!fresh_too && !numbers_get(&match->removed, removed_hash(hash, id)))
            ret_ids[count++] = id;
    }
    if (fresh && *fresh == FRESH_AMBIGUOUS && count < 2) /* two new ones at least */
        for (count = 0; count < 2; count++)
            ret_ids[count] = FRESH_AMBIGUOUS;
    return count;
}

uint64_t match_find(struct match *match, enum kind kind, uint16_t slot, const char *text, size_t len)
{
    uint64_t ids[2];
    size_t count = match_candidates(match, kind, slot, text, len, ids, 2);
    return count == 0 ? 0 : count == 1 ? ids[0] : FRESH_AMBIGUOUS;
}

static void fresh_add(struct match *match, enum kind kind, uint16_t slot, const char *text, size_t len, uint64_t id,
                      uint32_t stream)
{
    uint64_t hash = match_key_hash(match, kind, slot, text, len);
    uint64_t *there = numbers_get(&match->fresh, hash);
    if (there && *there != id)
        id = FRESH_AMBIGUOUS;
    match_fail(match, numbers_set(&match->fresh, hash, id));
    if (kind == KIND_person && id != FRESH_AMBIGUOUS)
        stands_add(match, id, stream);
    if (!there && (match->has_waiting_records || match->has_waiting_refs))
        match_wake(match, kind, bytes(match->key.data, match->key.len));
}

static void fresh_person(struct match *match, struct image image, uint64_t id, uint32_t stream)
{
    for (size_t i = 0; i < match->slots->person_count; i++) {
        const struct slot *slot = &match->slots->person[i];
        buffer_clear(&match->text);
        if (slot_text(match->slots, slot, image, &match->text))
            fresh_add(match, KIND_person, slot->number, match->text.data, match->text.len, id, stream);
    }
    match_fail(match, match->text.rc);
}

static void fresh_unit(struct match *match, struct image image, uint64_t id)
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

/* Not at once: what is staged moves while something is added to it. */
static void match_woken(struct match *match)
{
    for (size_t i = 0; i < match->woken_count && match->rc == 0; i++)
        match_fail(match, stage_touch(match->stage, match->woken[i]));
    match->woken_count = 0;
}

/* --- persons --- */

static bool same_stream_stands(struct match *match, uint64_t id, uint32_t stream)
{
    if (stands_in(match, id, stream))
        return true;
    if (!entity_get(match->snapshot, KIND_person, id, match->entity))
        return false;
    for (uint16_t n = 0; n < match->entity->member_count; n++) {
        const struct member *member = &match->entity->members[n];
        if (member->stream != stream)
            continue;
        struct bytes value;
        buffer_clear(&match->key);
        source_key(stream, member->id.data, member->id.len, &match->key);
        struct bytes key = bytes(match->key.data, match->key.len);
        if (numbers_get(&match->leaving, digest_fast(key.data, key.len) | 1))
            continue; /* it goes in this very run: its place may be taken */
        if (txn_get(match->snapshot, TABLE_source, key, &value) && source_read(value, &match->other) &&
            match->other.state == SOURCE_PRESENT)
            return true;
    }
    return false;
}

void match_review(struct match *match, struct bytes key, const char *reason, uint64_t entity, const char *text)
{
    struct bytes id = source_key_id(key);
    char *id_text __attribute__((cleanup(tidy_free))) = mem_copy(id.data, id.len);
    if (!id_text)
        match_fail(match, -ENOMEM);
    else
        wait_add(match->waits, &(struct wait_item){.type = WAIT_REVIEW,
                                                   .stream = source_key_stream(key),
                                                   .id = id_text,
                                                   .reason = reason,
                                                   .text = text,
                                                   .entity = entity});
}

static bool owner_exists(const struct match *match, const struct connection *connection)
{
    for (const struct connection *const *at = match->organization->exists; *at; at++)
        if (*at == connection)
            return true;
    return false;
}

/* Whether the person has as many records as one can have, those of this run included. */
static bool person_is_full(struct match *match, uint64_t id)
{
    const uint64_t *grown = numbers_get(&match->grown, id);
    size_t count = entity_get(match->snapshot, KIND_person, id, match->entity) ? match->entity->member_count : 1;
    return count + (grown ? *grown : 0) >= MEMBERS_MAX;
}

struct verdict {
    enum situation situation;
    uint64_t entity; /* to link with; 0: none */
    unsigned rule;   /* from 1 */
    const char *reason;
};

/* The first rule with exactly one candidate decides. */
static struct verdict match_judge(struct match *match, const struct stream_name *stream, uint64_t seed,
                                  struct image image)
{
    bool persons = match->statements.persons,
         alone = persons && statement_stands(&match->statements, seed, STATEMENT_ALONE, NULL);
    for (size_t r = 0; r < match->slots->rule_count && !alone; r++) {
        const struct slot *slot = &match->slots->person[match->slots->rules[r]];
        uint64_t ids[16];
        buffer_clear(&match->text);
        if (!slot_text(match->slots, slot, image, &match->text))
            continue;
        size_t count = match_candidates(match, KIND_person, slot->number, match->text.data, match->text.len, ids,
                                        persons ? sizeof(ids) / sizeof(ids[0]) : 2);
        if (persons)
            count = match_apart(match, seed, ids, count);
        if (count == 0)
            continue;
        if (count > 1)
            return (struct verdict){SITUATION_DISPUTED, 0, (unsigned)r + 1, REASON_CODE(match_ambiguous)};
        if (person_is_full(match, ids[0]))
            return (struct verdict){SITUATION_DISPUTED, ids[0], (unsigned)r + 1, REASON_CODE(match_too_many)};
        if (!same_stream_stands(match, ids[0], stream->number) || match->organization->within_partition == WITHIN_SAME)
            return (struct verdict){SITUATION_LINKED, ids[0], (unsigned)r + 1, NULL};
        if (match->organization->within_partition == WITHIN_REVIEW)
            return (struct verdict){SITUATION_DISPUTED, ids[0], (unsigned)r + 1, REASON_CODE(match_within_partition)};
        break; /* apart */
    }
    bool owner = stream->connection && owner_exists(match, stream->connection);
    return (struct verdict){owner ? SITUATION_LINKED : SITUATION_NOT_OWNER, 0, 0, NULL};
}

/* What an undecided record is found by when its person comes: what it says now instead of what it said before. */
void match_waits(struct match *match, const struct staged *staged, bool waits)
{
    const struct section_view *main = &match->record.sections[0];
    struct image none = {0};
    struct bytes stored;
    bool waited = staged->what != STAGED_NEW && txn_get(match->snapshot, TABLE_source, staged->key, &stored) &&
                  source_read(stored, &match->other) && match->other.count > 0 &&
                  match->other.situation != SITUATION_LINKED && match->other.state != SOURCE_GONE;
    index_waiting(match, staged->key, main->seed, waited ? match->other.sections[0].image : none,
                  waits ? main->image : none);
}

static void match_undecided(struct match *match, const struct staged *staged, const struct verdict *verdict)
{
    bool disputed = verdict->situation == SITUATION_DISPUTED;
    if (match->record.situation == SITUATION_LINKED)
        match_leaves(match);
    match_waits(match, staged, true);
    if (disputed) {
        match->count.disputed++;
        match_review(match, staged->key, verdict->reason, verdict->entity,
                     match->organization->person_rules[verdict->rule - 1].text);
    } else {
        match->count.not_owner++;
    }
    stage_write_undecided(match->stage, staged, verdict->situation,
                          disputed ? verdict->reason : REASON_CODE(unmatched_not_owner));
}

static void match_known_person(struct match *match, const struct staged *staged, uint64_t place);

/* Keys of matching rules that the record did not say before: somebody else may have them. */
static void match_keys_new(struct match *match, const struct staged *staged, uint64_t id, struct image was)
{
    struct buffer before __attribute__((cleanup(buffer_done))) = {0};
    const struct section_view *main = &match->record.sections[0];
    for (size_t r = 0; r < match->slots->rule_count; r++) {
        const struct slot *slot = &match->slots->person[match->slots->rules[r]];
        buffer_clear(&match->text);
        buffer_clear(&before);
        if (!slot_text(match->slots, slot, main->image, &match->text))
            continue;
        slot_text(match->slots, slot, was, &before);
        if (before.len != match->text.len || memcmp(before.data, match->text.data, before.len) != 0)
            match_shared_note(match, staged->key, main->seed, id, r, bytes(match->text.data, match->text.len));
    }
    match_fail(match, before.rc);
}

/* It is somebody, because of what people have stated: without that it is judged again. */
static void match_late(struct match *match, uint64_t seed)
{
    statements_add(&match->statements,
                   &(struct statement){.type = STATEMENT_LINK, .subject = seed, .other = seed, .late = true});
}

static void match_new_person(struct match *match, const struct staged *staged, uint64_t place,
                             const struct stream_name *stream)
{
    const struct section_view *main = &match->record.sections[0];
    if (statement_stands(&match->statements, main->seed, STATEMENT_LINK, NULL)) { /* a person said whose it is */
        if (numbers_get(&match->undecided, main->seed))
            match_late(match, main->seed);
        match_waits(match, staged, false);
        match_known_person(match, staged, place);
        return;
    }
    struct verdict verdict = match_judge(match, stream, main->seed, main->image);
    if (verdict.situation != SITUATION_LINKED) {
        match_undecided(match, staged, &verdict);
        return;
    }
    if (staged->what != STAGED_NEW)
        match_waits(match, staged, false);
    uint64_t id = main->seed;
    bool late = staged->what != STAGED_NEW && match->statements.persons;
    if (verdict.entity != 0) {
        /* also when the record has the lower seed, because it waited: people know the person by the id they have */
        id = match_link(match, main->seed, verdict.entity, verdict.rule, true, late);
        const uint64_t *grown = numbers_get(&match->grown, id);
        match_fail(match, numbers_set(&match->grown, id, grown ? *grown + 1 : 1));
        match->count.linked++;
    } else {
        if (late)
            match_late(match, id);
        match->count.created++;
    }
    fresh_person(match, main->image, id, stream->number);
    match_root(match, KIND_person, id, place);
    stage_write(match->stage, staged, SITUATION_LINKED);
}

/* Keys that the person no longer has: who refers to them by such a key must look again. */
static void match_keys_gone(struct match *match, uint64_t id, struct image was, struct image is)
{
    struct buffer now __attribute__((cleanup(buffer_done))) = {0};
    bool gone = false;
    for (size_t i = 0; i < match->slots->person_count; i++) {
        const struct slot *slot = &match->slots->person[i];
        buffer_clear(&match->text);
        buffer_clear(&now);
        if (!slot_text(match->slots, slot, was, &match->text))
            continue;
        slot_text(match->slots, slot, is, &now);
        if (now.len == match->text.len && memcmp(now.data, match->text.data, now.len) == 0)
            continue;
        gone = true;
        uint64_t hash = match_key_hash(match, KIND_person, slot->number, match->text.data, match->text.len);
        if (match->has_waiting_refs || match->has_waiting_records) /* of two with this key one may be left */
            match_wake(match, KIND_person, bytes(match->key.data, match->key.len));
        bool alone = entity_get(match->snapshot, KIND_person, id, match->entity) && match->entity->member_count < 2;
        if (alone)
            match_fail(match, numbers_set(&match->removed, removed_hash(hash, id), 1));
    }
    match_fail(match, now.rc);
    if (gone)
        match_fail(match,
                   refer_each(match->snapshot, KIND_person, id, &match->roots, &match->root_count, &match->root_room));
}

static void match_known_person(struct match *match, const struct staged *staged, uint64_t place)
{
    const struct section_view *main = &match->record.sections[0];
    uint64_t id = match_resolve(match, main->seed);
    struct bytes stored;
    if (staged->what == STAGED_CHANGED || staged->what == STAGED_RETURNED) {
        bool had = txn_get(match->snapshot, TABLE_source, staged->key, &stored) && source_read(stored, &match->other) &&
                   match->other.count > 0;
        if (had && match_reused(match, staged, place, id, match->other.sections[0].image))
            return; /* nothing is taken until somebody decides */
        if (had)
            match_keys_new(match, staged, id, match->other.sections[0].image);
        if (had)
            match_keys_gone(match, id, match->other.sections[0].image, main->image);
        fresh_person(match, main->image, id, source_key_stream(staged->key));
    }
    match_root(match, KIND_person, id, place);
    stage_write(match->stage, staged, SITUATION_LINKED);
}

/* --- units and things of their own --- */

/* (type, code), else (type, name) where one side has no code. 0: nobody yet. */
static uint64_t match_unit_find(struct match *match, struct image image)
{
    struct value type = image_get(image, FIELD_org_unit_type), code = image_get(image, FIELD_org_unit_code),
                 name = image_get(image, FIELD_org_unit_name);
    uint64_t id = 0;
    if (type.len != 1)
        return 0;
    buffer_clear(&match->text);
    if (code.presence == PRESENCE_VALUE && slot_unit_text((uint8_t)*type.bytes, code.bytes, code.len, &match->text))
        id = match_find(match, KIND_org_unit, FIELD_org_unit_code, match->text.data, match->text.len);
    if (id != 0 || name.presence != PRESENCE_VALUE)
        return id == FRESH_AMBIGUOUS ? 0 : id;
    buffer_clear(&match->text);
    if (slot_unit_text((uint8_t)*type.bytes, name.bytes, name.len, &match->text))
        id = match_find(match, KIND_org_unit, FIELD_org_unit_name, match->text.data, match->text.len);
    if (id == 0 || id == FRESH_AMBIGUOUS)
        return 0;
    if (code.presence == PRESENCE_VALUE &&
        (!entity_get(match->snapshot, KIND_org_unit, id, match->entity) ||
         image_get(match->entity->image, FIELD_org_unit_code).presence == PRESENCE_VALUE))
        return 0; /* same name, but each has a code of its own */
    return id;
}

static void match_unit(struct match *match, const struct staged *staged, uint64_t place)
{
    const struct section_view *main = &match->record.sections[0];
    uint64_t id = match_resolve(match, main->seed);
    if (staged->what == STAGED_NEW) {
        uint64_t found = match_unit_find(match, main->image);
        if (found != 0) {
            id = match_link(match, main->seed, found, 0, false, false);
        }
    }
    if (staged->what != STAGED_MISSING && staged->what != STAGED_GONE)
        fresh_unit(match, main->image, id);
    match_root(match, KIND_org_unit, id, place);
    stage_write(match->stage, staged, SITUATION_LINKED);
}

static void match_staged(struct match *match, uint64_t place)
{
    struct staged staged;
    match_fail(match, stage_read(match->stage, place, 0, &staged));
    if (match->rc != 0)
        return;
    const struct stream_name *stream = streams_find(match->streams, source_key_stream(staged.key));
    if (!stream || !source_read(staged.value, &match->record) || match->record.count == 0) {
        match_fail(match, ERR_CORRUPT);
        return;
    }
    const struct section_view *main = &match->record.sections[0];
    bool leaving = staged.what == STAGED_MISSING || staged.what == STAGED_GONE;
    if (main->kind == KIND_person && match_is_out(match))
        match_out(match, &staged);
    else if (main->kind == KIND_person && numbers_get(&match->undecided, main->seed))
        match_new_person(match, &staged, place, stream);
    else if (main->kind == KIND_person && match->record.situation == SITUATION_LINKED)
        match_known_person(match, &staged, place);
    else if (main->kind == KIND_person && leaving) {
        match_waits(match, &staged, staged.what == STAGED_MISSING);
        stage_write(match->stage, &staged, match->record.situation);
    } else if (main->kind == KIND_person)
        match_new_person(match, &staged, place, stream);
    else if (main->kind == KIND_org_unit)
        match_unit(match, &staged, place);
    else {
        for (uint16_t n = 0; n < match->record.count; n++)
            if (!kind_is_raw(match->record.sections[n].kind))
                match_root(match, match->record.sections[n].kind, match_resolve(match, match->record.sections[n].seed),
                           place);
        stage_write(match->stage, &staged, SITUATION_LINKED);
    }
}

/* Undecided records of before are judged again: what was in doubt may be clear now. */
static void match_again(struct match *match)
{
    struct arena *arena TIDY(arena_free) = arena_new();
    struct cursor cursor __attribute__((cleanup(tidy_cursor)));
    uint8_t type = WAIT_REVIEW;
    cursor_open(&cursor, match->snapshot, TABLE_wait);
    if (!arena) {
        match_fail(match, -ENOMEM);
        return;
    }
    for (bool there = cursor_seek(&cursor, bytes(&type, 1)); there && cursor_has_prefix(&cursor, bytes(&type, 1));
         there = cursor_next(&cursor)) {
        struct wait_item item;
        if (!wait_read(cursor.key, cursor.value, arena, &item) || !item.id)
            continue;
        if (item.reason && strcmp(item.reason, REASON_CODE(match_key_shared)) == 0) {
            match_shared_again(match, &item);
            continue;
        }
        buffer_clear(&match->key);
        source_key(item.stream, item.id, strlen(item.id), &match->key);
        match_fail(match,
                   match->key.rc ? match->key.rc : stage_touch(match->stage, bytes(match->key.data, match->key.len)));
    }
}

/* By other rules others may be found: everybody's keys are known before any record that waits is judged again. */
static void match_anew(struct match *match)
{
    struct cursor cursor __attribute__((cleanup(tidy_cursor)));
    cursor_open(&cursor, match->snapshot, TABLE_source);
    for (bool there = cursor_seek(&cursor, bytes("", 0)); there && match->rc == 0; there = cursor_next(&cursor)) {
        struct source *record = &match->record;
        if (!source_read(cursor.value, record))
            match_fail(match, ERR_CORRUPT);
        else if (record->count == 0 || record->sections[0].kind != KIND_person)
            continue;
        else if (record->situation == SITUATION_LINKED)
            fresh_person(match, record->sections[0].image, match_resolve(match, record->sections[0].seed),
                         source_key_stream(cursor.key));
        else if (record->state != SOURCE_GONE)
            match_fail(match, stage_touch(match->stage, cursor.key));
    }
    match->woken_count = 0; /* they come all the same */
}

int match_everything(struct match *match)
{
    static const enum kind kinds[] = {KIND_person, KIND_org_unit};
    struct cursor cursor __attribute__((cleanup(tidy_cursor)));
    cursor_open(&cursor, match->snapshot, TABLE_entity);
    for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
        uint8_t prefix = (uint8_t)kinds[i];
        for (bool there = cursor_seek(&cursor, bytes(&prefix, 1));
             there && cursor_has_prefix(&cursor, bytes(&prefix, 1)); there = cursor_next(&cursor))
            match_root(match, kinds[i], entity_key_id(cursor.key), ROOT_ONLY);
    }
    match->everything = true;
    return match->rc ? match->rc : match->snapshot->rc;
}

int match_run(struct match *match, const struct stage_missing *left, size_t left_count)
{
    for (size_t l = 0; l < left_count; l++)
        for (size_t i = 0; i < left[l].count && match->rc == 0; i++) {
            struct staged staged;
            match_fail(match, stage_read(match->stage, left[l].places[i], 0, &staged));
            if (match->rc == 0)
                match_fail(match, numbers_set(&match->leaving, digest_fast(staged.key.data, staged.key.len) | 1, 1));
        }
    match_again(match);
    if (match->reindex)
        match_anew(match);
    match_fail(match, numbers_reserve(&match->fresh, match->stage->count * match->slots->person_count));
    match_woken(match); /* by what somebody did who is no more */
    /* stage->count may grow on the way: records that waited come again */
    for (size_t i = 0; i < match->stage->count && match->rc == 0; i++) {
        match_staged(match, match->stage->places[i]);
        match_woken(match);
    }
    match_shared_settle(match);
    fault_kill("match");
    match_fail(match, match->stage->decisions.rc);
    return match->rc ? match->rc : match->snapshot->rc ? match->snapshot->rc : changeset_rc(match->changeset);
}
