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
                              &match->out,     &match->moved,        &match->hours,   &match->restored};
    for (size_t i = 0; i < sizeof(maps) / sizeof(maps[0]); i++)
        numbers_done(maps[i]);
    buffer_done(&match->text);
    buffer_done(&match->key);
    free(match->roots);
    free(match->woken);
    free(match->pending);
    free(match->lost);
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
        return id == MATCH_SEVERAL ? 0 : id;
    buffer_clear(&match->text);
    if (slot_unit_text((uint8_t)*type.bytes, name.bytes, name.len, &match->text))
        id = match_find(match, KIND_org_unit, FIELD_org_unit_name, match->text.data, match->text.len);
    if (id == 0 || id == MATCH_SEVERAL)
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
        match_fresh_unit(match, main->image, id);
    match_root(match, KIND_org_unit, id, place);
    stage_write(match->stage, staged, SITUATION_LINKED);
}

static void match_staged(struct match *match, uint64_t place)
{
    struct staged staged;
    match_fail(match, stage_read(match->stage, place, 0, &staged));
    if (match->rc != 0)
        return;
    if (!streams_find(match->streams, source_key_stream(staged.key)) || !source_read(staged.value, &match->record) ||
        match->record.count == 0) {
        match_fail(match, ERR_CORRUPT);
        return;
    }
    const struct section_view *main = &match->record.sections[0];
    bool leaving = staged.what == STAGED_MISSING || staged.what == STAGED_GONE;
    if (main->kind == KIND_person && match_is_out(match))
        match_out(match, &staged);
    else if (main->kind == KIND_person && numbers_get(&match->undecided, main->seed))
        match_new_person(match, &staged, place);
    else if (main->kind == KIND_person &&
             (match->record.situation == SITUATION_LINKED || numbers_get(&match->restored, main->seed)))
        match_known_person(match, &staged, place);
    else if (main->kind == KIND_person && leaving) {
        match_waits(match, &staged, staged.what == STAGED_MISSING);
        stage_write(match->stage, &staged, match->record.situation);
    } else if (main->kind == KIND_person)
        match_new_person(match, &staged, place);
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
            match_fresh_person(match, record->sections[0].image, match_resolve(match, record->sections[0].seed),
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
    bool found;
    match_again(match);
    if (match->reindex)
        match_anew(match);
    match_fail(match, numbers_reserve(&match->fresh, match->stage->count * match->slots->person_count));
    /* What is known comes first, then what is to be judged; who is found wakes others, so that stage->count grows on
     * the way, and whom a rule did not find, or found twice, may be another one then. */
    size_t done = 0;
    do {
        for (; done < match->stage->count && match->rc == 0; done++) {
            match_staged(match, match->stage->places[done]);
            match_woken(match);
        }
        match_lost_settle(match);
        found = match_pending(match);
        match_woken(match);
    } while (match->rc == 0 && (found || done < match->stage->count));
    match_pending_settle(match);
    match_shared_settle(match);
    fault_kill("match");
    match_fail(match, match->stage->decisions.rc);
    return match->rc ? match->rc : match->snapshot->rc ? match->snapshot->rc : changeset_rc(match->changeset);
}
