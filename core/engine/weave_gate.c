/* weave_gate - which source records say a golden change that a safeguard looks at. */
#include "engine/weave_inside.h"

#include "base/digest.h"

enum { INACTIVE = 5, TERMINATED = 6 }; /* enumerators of person.status */

static bool status_left(struct value value)
{
    return value.presence == PRESENCE_VALUE && value.len == 1 &&
           ((uint8_t)*value.bytes == INACTIVE || (uint8_t)*value.bytes == TERMINATED);
}

/* Whether a record's words under a field are others than those that are stored; `was` NULL: it is new. */
static bool record_differs(const struct source *is, const struct source *was, enum kind kind, uint16_t field)
{
    for (uint16_t s = 0; s < is->count; s++) {
        const struct section_view *section = &is->sections[s], *before = NULL;
        if (section->kind != kind)
            continue;
        for (uint16_t n = 0; was && n < was->count && !before; n++)
            if (was->sections[n].seed == section->seed)
                before = &was->sections[n];
        struct image old = before ? before->image : (struct image){0};
        uint16_t number;
        for (uint16_t n = 0; n < image_count(section->image); n++) {
            struct value value = image_nth(section->image, n, &number);
            if (hold_covers(kind, field, number) && !value_equal(value, image_get(old, number)))
                return true;
        }
        for (uint16_t n = 0; n < image_count(old); n++) {
            image_nth(old, n, &number);
            if (hold_covers(kind, field, number) && image_get(section->image, number).presence == PRESENCE_ABSENT)
                return true;
        }
    }
    return false;
}

static void note(struct weave *weave, const struct group *group, enum gate gate, enum kind kind, uint16_t field,
                 enum gated which)
{
    struct source *was = &weave->match->other;
    struct bytes stored;
    buffer_clear(&weave->key);
    source_key(group->stream->number, group->id.data, group->id.len, &weave->key);
    struct bytes key = bytes(weave->key.data, weave->key.len);
    bool had = txn_get(weave->snapshot, TABLE_source, key, &stored) && source_read(stored, was);
    const struct source *is = group->record;
    if ((which == GATED_KNOWN && !had) || (which == GATED_NEW && had))
        return;
    bool differs = field != 0 ? record_differs(is, had ? was : NULL, kind, field)
                              : !had || was->state != SOURCE_PRESENT || was->body.len != is->body.len ||
                                    memcmp(was->body.data, is->body.data, is->body.len) != 0;
    if (!differs)
        return;
    uint64_t record = hold_record(key);
    struct gate_item item = {.record = record,
                             .key = hold_key(gate, record, kind, field, is->sections, is->count),
                             .person = weave->id,
                             .stream = group->stream->number,
                             .field = field,
                             .gate = (uint8_t)gate,
                             .kind = (uint8_t)kind};
    gates_note(weave->match->gates, &item);
    weave_fail(weave, weave->key.rc ? weave->key.rc : weave->match->gates->rc);
}

static void note_all(struct weave *weave, enum gate gate, enum kind kind, uint16_t field, enum gated which)
{
    for (size_t i = 0; i < weave->group_count && weave->rc == 0; i++) {
        const struct group *group = &weave->groups[i];
        if (group->staged && group->record->state == SOURCE_PRESENT)
            note(weave, group, gate, kind, field, which);
    }
}

/* Where a record is read for the first time, what nobody said of its person before is no change of anybody; all else is
 * one, once for each record. */
static void note_update(struct weave *weave, bool was_known)
{
    if (weave->gated != weave->id)
        weave->gated_of = GATED_NONE;
    weave->gated = weave->id;
    enum gated left = weave->gated_of == GATED_KNOWN ? GATED_NEW : GATED_ALL;
    if (weave->gated_of == GATED_ALL || (!was_known && weave->gated_of == GATED_KNOWN))
        return;
    note_all(weave, GATE_UPDATE, KIND_NONE, 0, was_known ? left : GATED_KNOWN);
    weave->gated_of = was_known ? GATED_ALL : GATED_KNOWN;
}

void weave_gate(struct weave *weave, enum kind kind, uint16_t field, struct value old, struct value new)
{
    struct gates *gates = weave->match->gates;
    bool was_known = old.presence == PRESENCE_VALUE;
    if (kind != KIND_person && kind != KIND_employment)
        return;
    if (gates_watch(gates, GATE_UPDATE))
        note_update(weave, was_known);
    enum gate gate = gate_of_field(kind, field);
    if (gate == GATE_NONE || !gates_watch(gates, gate) || !was_known)
        return; /* what was not known before is no change of it */
    if (gate == GATE_DEACTIVATE && (status_left(old) || !status_left(new)))
        return;
    note_all(weave, gate, kind, field, GATED_ALL);
}
