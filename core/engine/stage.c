/* stage - the last thing each source said about each of its records. */
#include "engine/stage_walk.h"

#include "base/fault.h"
#include "base/mem.h"
#include "engine/proposal.h"
#include "engine/stage_inside.h"
#include "logic/reason.h"

#include <assert.h>
#include <errno.h>
#include <string.h>

enum { PILE_MEMORY = 32 << 20, STAGED_HEAD = 3 };

int stage_init(struct stage *stage, const char *scratch_dir)
{
    stage->decisions = (struct decision_rows){
        .snapshot = stage->snapshot, .changeset = stage->changeset, .run = stage->run, .now_ms = stage->now_ms};
    decisions_init(&stage->decisions);
    stage->has_held = txn_count(stage->snapshot, TABLE_held) > 0;
    return stage->decisions.rc ? stage->decisions.rc : pile_new(scratch_dir, PILE_MEMORY, &stage->pile);
}

void stage_done(struct stage *stage)
{
    pile_free(stage->pile);
    free(stage->places);
    free(stage->held);
    numbers_done(&stage->agreed);
    numbers_done(&stage->carried_units);
    buffer_done(&stage->mended);
    numbers_done(&stage->keys);
    decisions_done(&stage->decisions);
    buffer_done(&stage->body);
    buffer_done(&stage->value);
    buffer_done(&stage->row);
}

void stage_missing_done(struct stage_missing *missing)
{
    free(missing->places);
    free(missing->units);
    *missing = (struct stage_missing){0};
}

/* --- what is kept of a staged record: u8 what, u16 key length, key, value, then protected values behind --- */

int stage_keep(struct stage *stage, enum staged_what what, struct bytes key, struct bytes value, uint64_t *ret_place)
{
    uint16_t key_len = (uint16_t)key.len;
    uint8_t head[STAGED_HEAD] = {(uint8_t)what};
    memcpy(head + 1, &key_len, sizeof(key_len));
    buffer_clear(&stage->row);
    buffer_add(&stage->row, head, sizeof(head));
    buffer_add(&stage->row, key.data, key.len);
    buffer_add(&stage->row, value.data, value.len);
    if (stage->row.rc != 0)
        return stage->row.rc;
    return pile_add(stage->pile, bytes(stage->row.data, stage->row.len), ret_place);
}

int stage_read(struct stage *stage, uint64_t place, unsigned slot, struct staged *ret_staged)
{
    struct bytes row;
    int rc = pile_get(stage->pile, place, slot, &row);
    if (rc != 0)
        return rc;
    const uint8_t *at = row.data;
    uint16_t key_len;
    memcpy(&key_len, at + 1, sizeof(key_len));
    ret_staged->what = (enum staged_what)at[0];
    ret_staged->key = bytes(at + STAGED_HEAD, key_len);
    ret_staged->value = bytes(at + STAGED_HEAD + key_len, row.len - STAGED_HEAD - key_len);
    return 0;
}

int places_add(uint64_t **places, size_t *count, size_t *room, uint64_t place)
{
    int rc = mem_grow(places, *count, room, sizeof(**places));
    if (rc == 0)
        (*places)[(*count)++] = place;
    return rc;
}

static int stage_add(struct stage *stage, enum staged_what what, struct bytes key, struct bytes value)
{
    uint64_t place;
    int rc = stage_keep(stage, what, key, value, &place);
    stage->known_before += what != STAGED_NEW;
    return rc ? rc : places_add(&stage->places, &stage->count, &stage->room, place);
}

int stage_release(struct stage *stage, const struct stage_missing *missing, size_t nth)
{
    stage->known_before++;
    return places_add(&stage->places, &stage->count, &stage->room, missing->places[nth]);
}

/* --- one record: its rows joined, what is absent overlaid, seeds given --- */

/* The first rule for the field; NULL: the mapping does not name it. */
static const struct rule *mapping_rule(const struct mapping *mapping, enum kind kind, uint16_t field)
{
    for (size_t s = 0; s < mapping->section_count; s++)
        for (size_t i = 0; mapping->sections[s].kind == kind && i < mapping->sections[s].rule_count; i++)
            if (mapping->sections[s].rules[i].field->number == field)
                return &mapping->sections[s].rules[i];
    return NULL;
}

const struct section_view *section_find(const struct section_view *sections, uint16_t count,
                                        const struct section_view *like)
{
    for (uint16_t n = 0; n < count; n++)
        if (sections[n].kind == like->kind && sections[n].key_len == like->key_len &&
            memcmp(sections[n].key, like->key, like->key_len) == 0)
            return &sections[n];
    return NULL;
}

/* Whether the source says something that replaces what it said before. Absent never does; blank does not under `keep`;
 * and what nobody understood leaves what is known of a record, but for one that was gone: what it said then is no news.
 */
static bool value_said(struct value value, struct value before, bool was_gone)
{
    if (value.presence == PRESENCE_ABSENT)
        return false;
    if (value.flags & VALUE_UNREAD)
        return was_gone || before.flags & VALUE_UNREAD;
    return value.presence == PRESENCE_VALUE || value.flags & VALUE_CLEARS || before.presence != PRESENCE_VALUE;
}

/* Fields that the old image has, the new one does not say, and the mapping still names: they are carried. Writes the
 * new image behind `out` when there are any; else gives the new one back. */
static struct image image_overlay(struct stage *stage, const struct mapping *mapping, enum kind kind,
                                  struct image image, struct image old, struct buffer *out)
{
    bool other = false, was_gone = stage->old.state == SOURCE_GONE;
    image_start(&stage->image);
    uint16_t field;
    for (uint16_t n = 0; n < image_count(old); n++) {
        struct value value = image_nth(old, n, &field);
        const struct rule *rule = NULL;
        if (value_said(image_get(image, field), value, was_gone) || !(rule = mapping_rule(mapping, kind, field)))
            continue;
        if (rule->unit_type && out->rc == 0)
            out->rc = stage_unit_carried(stage, value);
        value.flags |= VALUE_CARRIED;
        image_put(&stage->image, field, value);
        other = true;
    }
    for (uint16_t n = 0; n < image_count(image); n++) {
        struct value value = image_nth(image, n, &field);
        if (value_said(value, image_get(old, field), was_gone))
            image_put(&stage->image, field, value);
        else if (value.flags & VALUE_UNREAD)
            other = true;
    }
    if (!other)
        return image;
    size_t begin = out->len;
    image_write(&stage->image, out);
    return (struct image){(const uint8_t *)out->data + begin, (uint32_t)(out->len - begin)};
}

/* Lays the old record under the sections that came. The images that change go to stage->value, which is reserved
 * first so that it does not move. */
static int stage_overlay(struct stage *stage, const struct stage_stream *stream)
{
    if (stage->anew)
        return 0;
    buffer_clear(&stage->value);
    size_t most = stage->old.body.len + stage->body.len + 4096;
    for (uint16_t n = 0; n < stage->maker.count; n++)
        most += stage->maker.sections[n].image.len;
    if (!buffer_reserve(&stage->value, most))
        return stage->value.rc;
    buffer_clear(&stage->value);
    for (uint16_t n = 0; n < stage->maker.count; n++) {
        struct section_view *section = &stage->maker.sections[n];
        const struct section_view *old = section_find(stage->old.sections, stage->old.count, section);
        if (old)
            section->image =
                image_overlay(stage, stream->mapping, section->kind, section->image, old->image, &stage->value);
    }
    for (uint16_t n = 0; n < stage->old.count; n++) {
        const struct section_view *old = &stage->old.sections[n];
        uint16_t nth;
        if (old->kind < 32 && stream->unknown_kinds & 1u << old->kind &&
            !section_find(stage->maker.sections, stage->maker.count, old) &&
            body_add(&stage->maker, old, &nth) == ERR_LIMIT)
            return ERR_LIMIT;
    }
    return stage->value.rc;
}

/* A new record of which something is held has its seeds already. */
static bool stage_proposed(struct stage *stage, struct bytes key)
{
    struct bytes row, value;
    return txn_get(stage->snapshot, TABLE_held, key, &row) && proposal_value(row, &value) &&
           source_read(value, &stage->proposed);
}

/* Seeds stay with their section, also through a time in which the source does not say it. */
int stage_seeds(struct stage *stage, struct bytes key, bool had)
{
    struct source *made = &stage->made, *old = &stage->old;
    if (!had && stage->has_held && (had = stage_proposed(stage, key)))
        old = &stage->proposed;
    for (uint16_t n = 0; n < made->count; n++) {
        const struct section_view *before = NULL;
        made->sections[n].seed = 0;
        if (made->sections[n].kind == KIND_MAPPED)
            continue;
        if (had && !(before = section_find(old->sections, old->count, &made->sections[n])))
            before = section_find(old->dead, old->dead_count, &made->sections[n]);
        made->sections[n].seed = before ? before->seed : ++stage->next_seed;
    }
    made->dead_count = 0;
    for (uint16_t n = 0; had && n < old->count + old->dead_count; n++) {
        const struct section_view *before = n < old->count ? &old->sections[n] : &old->dead[n - old->count];
        if (!kind_is_raw(before->kind) && made->dead_count < SECTIONS_MAX &&
            !section_find(made->sections, made->count, before))
            made->dead[made->dead_count++] = *before;
    }
    return stage->snapshot->rc;
}

/* Writes stage->made (state, seeds) into stage->value and keeps it. */
int stage_finish(struct stage *stage, enum staged_what what, struct bytes key, enum source_state state)
{
    stage->made.state = state;
    stage->made.run = stage->run;
    stage->made.since_ms = stage->now_ms;
    buffer_clear(&stage->value);
    source_write(&stage->made, &stage->value);
    if (stage->value.rc != 0)
        return stage->value.rc;
    return stage_add(stage, what, key, bytes(stage->value.data, stage->value.len));
}

/* The record as the source says it now, in stage->body; what stands in the store, if anything, in stage->old. */
int stage_record(struct stage *stage, const struct stage_stream *stream, const struct group *group, struct bytes stored,
                 struct stage_count *count)
{
    bool had = stored.data != NULL, unit = id_is_unit(group->key);
    if (had && !source_read(stored, &stage->old))
        return ERR_CORRUPT;
    bool present = had && stage->old.state == SOURCE_PRESENT;
    if (present && stage->old.body.len == stage->body.len &&
        memcmp(stage->old.body.data, stage->body.data, stage->body.len) == 0) {
        count->same += !unit;
        return stage->has_held ? numbers_set(&stage->agreed, hold_record(group->key), 1) : 0;
    }
    struct bytes body = bytes(stage->body.data, stage->body.len);
    if (had) {
        if (!body_read(body, stage->maker.sections, &stage->maker.count))
            return ERR_CORRUPT;
        int rc = stage_overlay(stage, stream);
        if (rc != 0)
            return rc;
        buffer_clear(&stage->row);
        body_write(&stage->maker, &stage->row);
        if (stage->row.rc != 0)
            return stage->row.rc;
        body = bytes(stage->row.data, stage->row.len);
        if (present && stage->old.body.len == body.len && memcmp(stage->old.body.data, body.data, body.len) == 0) {
            count->same += !unit;
            return stage->has_held ? numbers_set(&stage->agreed, hold_record(group->key), 1) : 0;
        }
        /* row is scratch of stage_keep() too: the finished body moves to where it can stay */
        buffer_clear(&stage->body);
        buffer_add(&stage->body, body.data, body.len);
        body = bytes(stage->body.data, stage->body.len);
        if (stage->body.rc != 0)
            return stage->body.rc;
    }
    stage->made.body = body;
    if (!body_read(body, stage->made.sections, &stage->made.count))
        return ERR_CORRUPT;
    stage->made.situation = had ? stage->old.situation : 0;
    stage->made.place = group->place;
    stage->made.several = group->several;
    enum staged_what what = !had ? STAGED_NEW : present ? STAGED_CHANGED : STAGED_RETURNED;
    bool taken = true;
    int rc = stage_seeds(stage, group->key, had);
    if (rc == 0)
        rc = stage_seal(stage, group->protected_values);
    if (rc == 0 && stage->holds)
        rc = stage_withhold(stage, group->key, what, &taken);
    if (rc != 0 || !taken)
        return rc;
    if (!unit) {
        count->added += !had;
        count->changed += present;
        count->returned += had && !present;
    }
    return stage_finish(stage, what, group->key, SOURCE_PRESENT);
}

/* Only of one that is merely missing its time of grace is awaited. */
int stage_unseen(struct stage *stage, const struct stage_stream *stream, struct bytes key, struct bytes stored,
                 enum unseen how, struct stage_missing *missing, struct stage_count *count)
{
    if (!source_read(stored, &stage->old))
        return ERR_CORRUPT;
    bool present = stage->old.state == SOURCE_PRESENT;
    bool over = stage->old.state == SOURCE_MISSING && !stream->ignore_missing &&
                (how == UNSEEN_GONE || stage->now_ms - stage->old.since_ms >= stream->grace_ms);
    if (!present && !over)
        return 0;
    bool goes = over || (!stream->ignore_missing && (stream->grace_ms <= 0 || how != UNSEEN_MISSING));
    stage->made = stage->old;
    stage->made.state = goes ? SOURCE_GONE : SOURCE_MISSING;
    stage->made.run = stage->run;
    stage->made.since_ms = stage->now_ms;
    buffer_clear(&stage->value);
    source_write(&stage->made, &stage->value);
    uint64_t place;
    int rc = stage->value.rc;
    if (rc == 0)
        rc = stage_keep(stage, goes ? STAGED_GONE : STAGED_MISSING, key, bytes(stage->value.data, stage->value.len),
                        &place);
    if (rc != 0 || id_is_unit(key))
        return rc ? rc : places_add(&missing->units, &missing->unit_count, &missing->unit_room, place);
    rc = places_add(&missing->places, &missing->count, &missing->room, place);
    count->filtered += how == UNSEEN_FILTERED;
    count->missing += how != UNSEEN_FILTERED && present;
    return rc;
}

int stage_know(struct stage *stage)
{
    for (; stage->known < stage->count; stage->known++) {
        struct staged staged;
        int rc = stage_read(stage, stage->places[stage->known], 1, &staged);
        if (rc == 0)
            rc = numbers_set(&stage->keys, hold_record(staged.key), 1);
        if (rc != 0)
            return rc;
    }
    return 0;
}

int stage_touch(struct stage *stage, struct bytes key)
{
    struct bytes value;
    int rc = stage_know(stage);
    if (rc != 0)
        return rc;
    if (numbers_get(&stage->keys, hold_record(key)))
        return 0;
    return txn_get(stage->snapshot, TABLE_source, key, &value) ? stage_add(stage, STAGED_CHANGED, key, value)
                                                               : stage->snapshot->rc;
}

void stage_write(struct stage *stage, const struct staged *staged, enum situation situation)
{
    if (situation == SITUATION_LINKED || staged->what == STAGED_GONE)
        decision_drop(&stage->decisions, staged->key);
    /* situation is one byte behind the body: see source.h */
    uint32_t body_len;
    memcpy(&body_len, staged->value.data, sizeof(body_len));
    buffer_clear(&stage->value);
    buffer_add(&stage->value, staged->value.data, staged->value.len);
    if (stage->value.rc == 0)
        stage->value.data[sizeof(body_len) + body_len + 1] = (char)situation;
    struct bytes old = {0};
    if (staged->what != STAGED_NEW)
        txn_get(stage->snapshot, TABLE_source, staged->key, &old);
    if (old.len == stage->value.len && memcmp(old.data, stage->value.data, old.len) == 0)
        return; /* it only came again to be judged */
    changeset_put(stage->changeset, TABLE_source, staged->key, old, bytes(stage->value.data, stage->value.len));
}

void stage_write_undecided(struct stage *stage, const struct staged *staged, enum situation situation,
                           const char *reason)
{
    decision_say(&stage->decisions, staged->key, decision_stored(&stage->decisions, staged->key),
                 &(struct decision_row){.judge = JUDGE_MATCH, .reason = bytes(reason, strlen(reason))}, false);
    stage_write(stage, staged, situation);
}

int stage_drop(struct stage *stage, struct bytes key)
{
    struct bytes old;
    int rc = stage_know(stage);
    if (rc == 0 && txn_get(stage->snapshot, TABLE_source, key, &old))
        changeset_delete(stage->changeset, TABLE_source, key, old);
    return rc ? rc : numbers_set(&stage->keys, hold_record(key), 1);
}

int stage_strip(struct stage *stage, struct bytes key, const struct source *record)
{
    struct source *left = &stage->made;
    struct bytes old;
    *left = *record;
    left->count = 0;
    body_start(&stage->maker);
    for (uint16_t n = 0, nth; n < record->count; n++)
        if (!kind_is_raw(record->sections[n].kind)) {
            left->sections[left->count++] = record->sections[n];
            (void)body_add(&stage->maker, &record->sections[n], &nth); /* there were more of them */
        }
    buffer_clear(&stage->row);
    body_write(&stage->maker, &stage->row);
    left->body = bytes(stage->row.data, stage->row.len);
    buffer_clear(&stage->value);
    source_write(left, &stage->value);
    int rc = stage->row.rc ? stage->row.rc : stage->value.rc;
    if (rc == 0 && left->count > 0)
        rc = stage_reseal(stage, left->sections[0].seed, left, left->sections[0].seed, false);
    if (rc == 0 && txn_get(stage->snapshot, TABLE_source, key, &old))
        changeset_put(stage->changeset, TABLE_source, key, old, bytes(stage->value.data, stage->value.len));
    return rc;
}
