/* stage_hold - what is proposed and not taken, and what was proposed before and may be now. Part of stage.h. */
#include "engine/stage_inside.h"

#include "base/error.h"

#include <string.h>

/* --- the set of holds --- */

static bool hold_is_removal(const struct hold *hold)
{
    return hold->field == 0 && (hold->gate == GATE_DEACTIVATE || hold->gate == GATE_EMPTY || hold->gate == GATE_NO_ID);
}

/* Whether a field that a hold covers says something else than before. */
static bool hold_differs(const struct stage *stage, const struct hold *hold, bool had)
{
    const struct source *made = &stage->made, *old = &stage->old;
    for (uint16_t s = 0; s < made->count; s++) {
        if (made->sections[s].kind != hold->kind)
            continue;
        const struct section_view *before = had ? section_find(old->sections, old->count, &made->sections[s]) : NULL;
        struct image was = before ? before->image : (struct image){0}, is = made->sections[s].image;
        uint16_t number;
        for (uint16_t n = 0; n < image_count(is); n++) {
            struct value value = image_nth(is, n, &number);
            if (hold_covers(hold->kind, hold->field, number) && !value_equal(value, image_get(was, number)))
                return true;
        }
        for (uint16_t n = 0; n < image_count(was); n++) {
            image_nth(was, n, &number);
            if (hold_covers(hold->kind, hold->field, number) && image_get(is, number).presence == PRESENCE_ABSENT)
                return true;
        }
    }
    return false;
}

/* Which of the record's holds are for what it says now. *ret_whole: one of them is for all of it. */
static bool holds_apply(struct stage *stage, uint64_t record, bool had, bool *ret_whole)
{
    const struct source *made = &stage->made;
    bool any = false, whole = false;
    for (struct hold *hold = holds_first(stage->holds, record); hold; hold = holds_next(stage->holds, hold)) {
        hold->key = hold_key(hold->gate, record, hold->kind, hold->field, made->sections, made->count);
        hold->kept = !hold_is_removal(hold) && (hold->expected == 0 || hold->expected == hold->key) &&
                     (hold->field == 0 || hold_differs(stage, hold, had));
        any |= hold->kept;
        whole |= hold->kept && hold->field == 0;
    }
    *ret_whole = whole;
    return any;
}

static bool field_held(const struct stage *stage, uint64_t record, enum kind kind, uint16_t field)
{
    for (const struct hold *hold = holds_first(stage->holds, record); hold; hold = holds_next(stage->holds, hold))
        if (hold->kept && hold->kind == kind && hold_covers(kind, hold->field, field))
            return true;
    return false;
}

static bool kind_held(const struct stage *stage, uint64_t record, enum kind kind)
{
    for (const struct hold *hold = holds_first(stage->holds, record); hold; hold = holds_next(stage->holds, hold))
        if (hold->kept && hold->kind == kind)
            return true;
    return false;
}

/* --- taking only what may be --- */

/* The image with held fields as they were, flagged as carried, written behind stage->mended, which has room. */
static struct image image_mended(struct stage *stage, uint64_t record, enum kind kind, struct image image,
                                 struct image old)
{
    uint16_t field;
    image_start(&stage->image);
    for (uint16_t n = 0; n < image_count(image); n++) {
        struct value value = image_nth(image, n, &field);
        if (!field_held(stage, record, kind, field))
            image_put(&stage->image, field, value);
    }
    for (uint16_t n = 0; n < image_count(old); n++) {
        struct value value = image_nth(old, n, &field);
        if (!field_held(stage, record, kind, field))
            continue;
        value.flags |= VALUE_CARRIED;
        image_put(&stage->image, field, value);
    }
    size_t begin = stage->mended.len;
    image_write(&stage->image, &stage->mended);
    return (struct image){(const uint8_t *)stage->mended.data + begin, (uint32_t)(stage->mended.len - begin)};
}

/* Puts into stage->made, for each held field, what stood there before. */
static int stage_mend(struct stage *stage, uint64_t record, bool had)
{
    struct source *made = &stage->made, *old = &stage->old;
    uint64_t seeds[SECTIONS_MAX];
    size_t most = made->body.len + (had ? old->body.len : 0) + 4096;
    buffer_clear(&stage->mended);
    if (!buffer_reserve(&stage->mended, most)) /* so that it does not move */
        return stage->mended.rc;
    buffer_clear(&stage->mended);
    body_start(&stage->maker);
    for (uint16_t n = 0; n < made->count; n++) {
        struct section_view section = made->sections[n];
        uint16_t nth;
        seeds[n] = section.seed;
        if (kind_held(stage, record, section.kind)) {
            const struct section_view *before = had ? section_find(old->sections, old->count, &section) : NULL;
            section.image =
                image_mended(stage, record, section.kind, section.image, before ? before->image : (struct image){0});
        }
        if (body_add(&stage->maker, &section, &nth) != 0)
            return ERR_CORRUPT;
    }
    buffer_clear(&stage->row);
    body_write(&stage->maker, &stage->row);
    buffer_clear(&stage->body);
    buffer_add(&stage->body, stage->row.data, stage->row.len);
    int rc = stage->mended.rc ? stage->mended.rc : stage->row.rc ? stage->row.rc : stage->body.rc;
    if (rc != 0)
        return rc;
    made->body = bytes(stage->body.data, stage->body.len);
    if (!body_read(made->body, made->sections, &made->count))
        return ERR_CORRUPT;
    for (uint16_t n = 0; n < made->count; n++) /* in the order in which they stood */
        made->sections[n].seed = seeds[n];
    return 0;
}

int stage_withheld(struct stage *stage, uint64_t place)
{
    return places_add(&stage->held, &stage->held_count, &stage->held_room, place);
}

int stage_withhold(struct stage *stage, struct bytes key, enum staged_what what, bool *ret_taken)
{
    struct source *made = &stage->made, *old = &stage->old;
    uint64_t record = hold_record(key), place;
    bool had = what != STAGED_NEW, whole;
    *ret_taken = true;
    if (!stage->holds || !holds_apply(stage, record, had, &whole))
        return 0;
    made->state = SOURCE_PRESENT;
    made->run = stage->run;
    made->since_ms = stage->now_ms;
    buffer_clear(&stage->value);
    source_write(made, &stage->value);
    int rc = stage->value.rc;
    if (rc == 0)
        rc = stage_keep(stage, what, key, bytes(stage->value.data, stage->value.len), &place);
    if (rc == 0)
        rc = stage_withheld(stage, place);
    if (rc == 0 && !whole)
        rc = stage_mend(stage, record, had);
    if (rc == 0)
        *ret_taken = !whole && !(had && old->state == SOURCE_PRESENT && old->body.len == made->body.len &&
                                 memcmp(old->body.data, made->body.data, made->body.len) == 0);
    return rc;
}

/* --- what was proposed before --- */

/* A record is staged once: what was staged of it before gives way to what was staged last. */
static int stage_replace(struct stage *stage, struct bytes key)
{
    struct staged staged;
    size_t last = stage->count - 1;
    for (size_t i = 0; i < last; i++) {
        int rc = stage_read(stage, stage->places[i], 1, &staged);
        if (rc != 0)
            return rc;
        if (staged.key.len == key.len && memcmp(staged.key.data, key.data, key.len) == 0) {
            stage->places[i] = stage->places[last];
            stage->count = last;
            return 0;
        }
    }
    return 0;
}

static int propose_finish(struct stage *stage, enum staged_what what, struct bytes key, enum source_state state)
{
    int rc = stage_know(stage);
    bool there = numbers_get(&stage->keys, hold_record(key)) != NULL;
    if (rc == 0)
        rc = stage_finish(stage, what, key, state);
    return rc == 0 && there ? stage_replace(stage, key) : rc;
}

static int propose_leaving(struct stage *stage, struct bytes key, enum staged_what what, bool had)
{
    enum source_state state = what == STAGED_GONE ? SOURCE_GONE : SOURCE_MISSING;
    if (!had || stage->old.state == SOURCE_GONE || stage->old.state == state)
        return 0;
    stage->made = stage->old;
    return propose_finish(stage, what, key, state);
}

int stage_propose(struct stage *stage, struct bytes key, enum staged_what what, struct bytes value,
                  struct bytes protected_values)
{
    struct source *made = &stage->made, *old = &stage->old;
    struct bytes stored;
    bool had = txn_get(stage->snapshot, TABLE_source, key, &stored), taken;
    if (stage->snapshot->rc != 0)
        return stage->snapshot->rc;
    if (!source_read(value, made) || (had && !source_read(stored, old)))
        return ERR_CORRUPT;
    if (what == STAGED_MISSING || what == STAGED_GONE)
        return propose_leaving(stage, key, what, had);
    bool present = had && old->state == SOURCE_PRESENT;
    if (present && old->body.len == made->body.len && memcmp(old->body.data, made->body.data, made->body.len) == 0)
        return 0;
    what = !had ? STAGED_NEW : present ? STAGED_CHANGED : STAGED_RETURNED;
    made->situation = had ? old->situation : 0;
    int rc = stage_seeds(stage, key, had);
    if (rc == 0)
        rc = stage_seal(stage, protected_values);
    if (rc == 0)
        rc = stage_withhold(stage, key, what, &taken);
    return rc != 0 || !taken ? rc : propose_finish(stage, what, key, SOURCE_PRESENT);
}
