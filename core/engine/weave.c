/* weave - the golden records of everything that a run touched. */
#include "engine/weave.h"

#include "base/date.h"
#include "base/digest.h"
#include "base/fault.h"
#include "base/mem.h"
#include "engine/journal.h"
#include "engine/merge.h"
#include "engine/refer.h"

#include <errno.h>
#include <string.h>

enum { GROUPS_MAX = MEMBERS_MAX, NODES_MAX = CHILDREN_MAX + 1, LINKS_MAX = 4096, EDIT_MEMORY = 8 << 20 };

/* One source record that belongs to the root. */
struct group {
    const struct stream_name *stream;
    struct bytes id;
    bool staged;
    struct source *record; /* as it is now */
};

/* One section of a group, and the thing it speaks of. */
struct part {
    enum kind kind;
    uint64_t entity;
    uint16_t group, section;
};

/* Somebody the root refers to, or a key it waits for. */
struct link {
    bool waiting;
    enum kind kind;
    uint64_t id;
    struct bytes key; /* index key, waiting only */
};

struct links {
    struct link items[LINKS_MAX];
    size_t count;
};

struct weave {
    struct match *match;
    struct txn *snapshot;
    struct changeset *changeset;
    struct sorter *refer_edits;
    struct numbers units; /* digest of a unit's reference → id, so that a department is looked up once */
    int64_t today;
    uint64_t sequence;
    uint32_t run;
    int64_t now_ms;
    struct weave_count count;
    int rc;
    /* one root */
    struct arena *arena;
    enum kind kind;
    uint64_t id;
    struct group groups[GROUPS_MAX];
    size_t group_count;
    struct source *pool[GROUPS_MAX]; /* for groups[].record */
    struct part *parts;
    size_t part_count, part_room;
    struct entity *old_root, *old, *made;
    bool had_root;
    struct links *was, *is;
    struct image_maker *maker;
    struct merge_input *inputs;
    struct merge_winner *winners;
    struct buffer image, value, text, key;
    struct journal_entry entry;
    enum journal_op root_op; /* what happens to the root itself; 0: nothing */
    uint64_t first, last;    /* sequences of the root */
};

static void weave_fail(struct weave *weave, int rc)
{
    weave->rc = weave->rc ? weave->rc : rc;
}

/* --- gathering the records of a root --- */

static void group_add(struct weave *weave, struct bytes key, struct bytes value, bool staged)
{
    if (weave->group_count == GROUPS_MAX) {
        weave_fail(weave, ERR_LIMIT);
        return;
    }
    struct source **record = &weave->pool[weave->group_count];
    if (!*record && !(*record = mem_new(1, sizeof(**record)))) {
        weave_fail(weave, -ENOMEM);
        return;
    }
    struct group *group = &weave->groups[weave->group_count];
    group->stream = streams_find(weave->match->streams, source_key_stream(key));
    group->id = source_key_id(key);
    group->staged = staged;
    group->record = *record;
    if (!group->stream || !source_read(value, *record)) {
        weave_fail(weave, ERR_CORRUPT);
        return;
    }
    weave->group_count++;
}

static bool group_there(const struct weave *weave, uint32_t stream, struct bytes id)
{
    for (size_t i = 0; i < weave->group_count; i++)
        if (weave->groups[i].stream->number == stream && weave->groups[i].id.len == id.len &&
            memcmp(weave->groups[i].id.data, id.data, id.len) == 0)
            return true;
    return false;
}

static void group_staged(struct weave *weave, uint64_t place)
{
    struct staged staged;
    weave_fail(weave, stage_read(weave->match->stage, place, 0, &staged));
    if (weave->rc != 0)
        return;
    if (group_there(weave, source_key_stream(staged.key), source_key_id(staged.key)))
        return;
    char *key = arena_copy(weave->arena, staged.key.data, staged.key.len);
    char *value = arena_copy(weave->arena, staged.value.data, staged.value.len);
    if (!key || !value)
        weave_fail(weave, -ENOMEM);
    else
        group_add(weave, bytes(key, staged.key.len), bytes(value, staged.value.len), true);
}

static void group_stored(struct weave *weave, const struct member *member)
{
    if (group_there(weave, member->stream, member->id))
        return;
    buffer_clear(&weave->key);
    source_key(member->stream, member->id.data, member->id.len, &weave->key);
    char *key = arena_copy(weave->arena, weave->key.data, weave->key.len);
    struct bytes value;
    if (!key)
        weave_fail(weave, -ENOMEM);
    else if (txn_get(weave->snapshot, TABLE_source, bytes(key, weave->key.len), &value))
        group_add(weave, bytes(key, weave->key.len), value, false);
}

static void weave_gather(struct weave *weave, const struct root *roots, size_t count)
{
    weave->group_count = 0;
    arena_clear(weave->arena);
    for (size_t i = 0; i < count && weave->rc == 0; i++)
        if (roots[i].place != ROOT_ONLY)
            group_staged(weave, roots[i].place);
    weave->had_root = entity_get(weave->snapshot, weave->kind, weave->id, weave->old_root);
    for (uint16_t n = 0; weave->had_root && n < weave->old_root->member_count && weave->rc == 0; n++)
        group_stored(weave, &weave->old_root->members[n]);
    weave_fail(weave, weave->snapshot->rc);
}

/* --- which sections speak of which thing --- */

static bool kind_hangs(enum kind kind)
{
    return kind != KIND_person && kind != KIND_org_unit && kind != KIND_RAW;
}

static struct section_view *part_section(const struct weave *weave, const struct part *part)
{
    return &weave->groups[part->group].record->sections[part->section];
}

/* A new employment from another connection is one that the person has already when they start on the same day, or
 * when each side has exactly one. */
static uint64_t employment_twin(struct weave *weave, const struct part *part)
{
    struct value start = image_get(part_section(weave, part)->image, FIELD_employment_start_date);
    size_t ours = 0, theirs = 0;
    uint64_t single = 0;
    for (size_t i = 0; i < weave->part_count; i++) {
        const struct part *other = &weave->parts[i];
        if (other->kind != KIND_employment)
            continue;
        if (weave->groups[other->group].stream == weave->groups[part->group].stream) {
            ours++;
            continue;
        }
        if (other->entity != single)
            theirs++;
        single = other->entity;
        struct value begins = image_get(part_section(weave, other)->image, FIELD_employment_start_date);
        if (start.presence == PRESENCE_VALUE && value_equal(start, begins))
            return other->entity;
    }
    return ours == 1 && theirs == 1 ? single : 0;
}

static void weave_twins(struct weave *weave)
{
    for (size_t i = 0; i < weave->part_count && weave->rc == 0; i++) {
        struct part *part = &weave->parts[i];
        uint64_t seed = part_section(weave, part)->seed;
        if (part->kind != KIND_employment || part->entity != seed || !weave->groups[part->group].staged)
            continue;
        uint64_t twin = employment_twin(weave, part);
        if (twin == 0 || twin == seed)
            continue;
        match_link(weave->match, seed, twin, 0);
        uint64_t lowest = seed < twin ? seed : twin;
        for (size_t j = 0; j < weave->part_count; j++)
            if (weave->parts[j].entity == twin || weave->parts[j].entity == seed)
                weave->parts[j].entity = lowest;
    }
}

static int part_compare(const void *a, const void *b)
{
    const struct part *x = a, *y = b;
    if (x->kind != y->kind)
        return x->kind < y->kind ? -1 : 1;
    if (x->entity != y->entity)
        return x->entity < y->entity ? -1 : 1;
    return x->group != y->group ? (int)x->group - (int)y->group : (int)x->section - (int)y->section;
}

static void weave_parts(struct weave *weave)
{
    weave->part_count = 0;
    bool several = false;
    for (size_t g = 0; g < weave->group_count; g++)
        for (uint16_t s = 0; s < weave->groups[g].record->count; s++) {
            const struct section_view *section = &weave->groups[g].record->sections[s];
            bool root = section->kind == weave->kind;
            if (!root && !(weave->kind == KIND_person && kind_hangs(section->kind)))
                continue;
            uint64_t entity = weave->group_count == 1 && !weave->had_root && weave->kind == KIND_person
                                  ? section->seed
                                  : match_resolve(weave->match, section->seed);
            if (root && weave->kind != KIND_person && entity != weave->id)
                continue;
            weave_fail(weave, mem_grow(&weave->parts, weave->part_count, &weave->part_room, sizeof(*weave->parts)));
            if (weave->rc != 0)
                return;
            weave->parts[weave->part_count++] = (struct part){section->kind, root ? weave->id : entity, (uint16_t)g, s};
            several |= g > 0;
        }
    if (several && weave->kind == KIND_person)
        weave_twins(weave);
    qsort(weave->parts, weave->part_count, sizeof(*weave->parts), part_compare);
}

/* --- references --- */

static void link_add(struct weave *weave, struct links *links, struct link link)
{
    for (size_t i = 0; i < links->count; i++)
        if (links->items[i].waiting == link.waiting && links->items[i].kind == link.kind &&
            links->items[i].id == link.id && links->items[i].key.len == link.key.len &&
            (link.key.len == 0 || memcmp(links->items[i].key.data, link.key.data, link.key.len) == 0))
            return;
    if (links->count == LINKS_MAX)
        weave_fail(weave, ERR_LIMIT);
    else
        links->items[links->count++] = link;
}

/* The index key by which a reference is waited for, in weave->key. False: it can never be resolved. */
static bool reference_key(struct weave *weave, const struct reference *reference)
{
    buffer_clear(&weave->text);
    buffer_clear(&weave->key);
    if (reference->how == REFERENCE_FIELD) {
        const struct field *field = organization_field_number(weave->match->organization, KIND_person, reference->field);
        struct value value = {PRESENCE_VALUE, 0, reference->text_len, reference->text};
        if (!field || !slot_value_text(weave->match->slots, field, value, &weave->text))
            return false;
        slot_prefix(KIND_person, field->number, weave->text.data, weave->text.len, &weave->key);
    } else if (reference->how == REFERENCE_UNIT) {
        bool code = reference->text_len > 0;
        if (!slot_unit_text(reference->unit_type, code ? reference->text : reference->name,
                            code ? reference->text_len : reference->name_len, &weave->text))
            return false;
        slot_prefix(KIND_org_unit, code ? FIELD_org_unit_code : FIELD_org_unit_name, weave->text.data,
                    weave->text.len, &weave->key);
    } else {
        return false;
    }
    weave_fail(weave, weave->text.rc ? weave->text.rc : weave->key.rc);
    return weave->rc == 0;
}

/* 0: not known yet, or several answer to it. */
static uint64_t reference_resolve(struct weave *weave, const struct reference *reference)
{
    buffer_clear(&weave->text);
    if (reference->how == REFERENCE_FIELD) {
        const struct field *field = organization_field_number(weave->match->organization, KIND_person, reference->field);
        struct value value = {PRESENCE_VALUE, 0, reference->text_len, reference->text};
        if (!field || !slot_value_text(weave->match->slots, field, value, &weave->text))
            return 0;
        uint64_t id = match_find(weave->match, KIND_person, field->number, weave->text.data, weave->text.len);
        return id == FRESH_AMBIGUOUS ? 0 : id;
    }
    uint64_t id = 0;
    if (slot_unit_text(reference->unit_type, reference->text, reference->text_len, &weave->text))
        id = match_find(weave->match, KIND_org_unit, FIELD_org_unit_code, weave->text.data, weave->text.len);
    buffer_clear(&weave->text);
    if (id == 0 && slot_unit_text(reference->unit_type, reference->name, reference->name_len, &weave->text))
        id = match_find(weave->match, KIND_org_unit, FIELD_org_unit_name, weave->text.data, weave->text.len);
    return id == FRESH_AMBIGUOUS ? 0 : id;
}

static uint64_t reference_resolve_cached(struct weave *weave, const struct reference *reference, struct value value)
{
    if (reference->how != REFERENCE_UNIT)
        return reference_resolve(weave, reference);
    uint64_t hash = digest_fast(value.bytes, value.len) | 1;
    uint64_t *known = numbers_get(&weave->units, hash);
    if (known)
        return *known;
    uint64_t id = reference_resolve(weave, reference);
    if (id != 0)
        weave_fail(weave, numbers_set(&weave->units, hash, id));
    return id;
}

/* What a reference is in the golden record: the id, or itself, waiting. */
static struct value weave_reference(struct weave *weave, struct value value)
{
    struct reference reference;
    if (value.presence != PRESENCE_VALUE || !reference_read(value.bytes, value.len, &reference))
        return value;
    uint64_t id = reference_resolve_cached(weave, &reference, value);
    if (id == 0)
        return (struct value){PRESENCE_NULL, VALUE_WAITING, value.len, value.bytes};
    uint64_t be = __builtin_bswap64(id);
    char *place = arena_copy(weave->arena, &be, sizeof(be));
    if (!place)
        weave_fail(weave, -ENOMEM);
    return (struct value){PRESENCE_VALUE, 0, sizeof(be), place};
}

/* Collects whom an image refers to. */
static void links_of(struct weave *weave, enum kind kind, struct image image, struct links *links)
{
    for (uint16_t n = 0; n < image_count(image); n++) {
        uint16_t number;
        struct value value = image_nth(image, n, &number);
        bool waiting = value.flags & VALUE_WAITING;
        if (!waiting && value.len != sizeof(uint64_t))
            continue;
        const struct field *field = number < FIELD_CUSTOM ? field_by_number(kind, number) : NULL;
        if (!field || field->type != TYPE_REF)
            continue;
        struct reference reference;
        if (waiting && reference_read(value.bytes, value.len, &reference) && reference_key(weave, &reference)) {
            char *key = arena_copy(weave->arena, weave->key.data, weave->key.len);
            link_add(weave, links, (struct link){.waiting = true, .key = bytes(key, key ? weave->key.len : 0)});
            weave_fail(weave, key ? 0 : -ENOMEM);
        } else if (!waiting && value.presence == PRESENCE_VALUE) {
            uint64_t be;
            memcpy(&be, value.bytes, sizeof(be));
            be = __builtin_bswap64(be);
            if (be != weave->id || field->refers_to != weave->kind)
                link_add(weave, links, (struct link){.kind = field->refers_to, .id = be});
        }
    }
}

static bool links_hold(const struct links *links, const struct link *link)
{
    for (size_t i = 0; i < links->count; i++)
        if (links->items[i].waiting == link->waiting && links->items[i].kind == link->kind &&
            links->items[i].id == link->id && links->items[i].key.len == link->key.len &&
            (link->key.len == 0 || memcmp(links->items[i].key.data, link->key.data, link->key.len) == 0))
            return true;
    return false;
}

static void links_note(struct weave *weave, const struct links *from, const struct links *against, bool add)
{
    for (size_t i = 0; i < from->count && weave->rc == 0; i++) {
        const struct link *link = &from->items[i];
        if (links_hold(against, link))
            continue;
        weave_fail(weave, link->waiting
                              ? refer_note_waiting(weave->refer_edits, link->key, weave->kind, weave->id, add)
                              : refer_note(weave->refer_edits, link->kind, link->id, weave->kind, weave->id, add));
    }
}

/* --- index rows of persons and units --- */

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

static void index_keys_of(struct weave *weave, struct image image, struct index_keys *keys)
{
    const struct slots *slots = weave->match->slots;
    for (size_t i = 0; weave->kind == KIND_person && i < slots->person_count; i++) {
        buffer_clear(&weave->text);
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
                index_keys_of(weave, record->sections[s].image, keys);
    }
}

static void weave_index(struct weave *weave)
{
    if (weave->kind != KIND_person && weave->kind != KIND_org_unit)
        return;
    struct index_keys was, is;
    was.count = is.count = 0;
    for (size_t i = 0; i < weave->part_count; i++)
        if (weave->parts[i].kind == weave->kind)
            index_keys_of(weave, part_section(weave, &weave->parts[i])->image, &is);
    index_keys_before(weave, &was);
    for (size_t i = 0; i < is.count; i++) {
        bool there = false;
        for (size_t j = 0; j < was.count && !there; j++)
            there = was.items[j].len == is.items[i].len &&
                    memcmp(was.items[j].data, is.items[i].data, is.items[i].len) == 0;
        if (!there)
            changeset_put(weave->changeset, TABLE_index, is.items[i], bytes(NULL, 0), bytes("", 0));
    }
    for (size_t i = 0; i < was.count; i++) {
        bool there = false;
        for (size_t j = 0; j < is.count && !there; j++)
            there = was.items[i].len == is.items[j].len &&
                    memcmp(was.items[i].data, is.items[j].data, is.items[j].len) == 0;
        struct bytes old;
        if (!there && txn_get(weave->snapshot, TABLE_index, was.items[i], &old))
            changeset_delete(weave->changeset, TABLE_index, was.items[i], old);
    }
}

/* --- golden values of one thing --- */

static int64_t image_day(struct image image, uint16_t field)
{
    struct value value = image_get(image, field);
    struct date date;
    if (value.presence != PRESENCE_VALUE || !date_read(value.bytes, value.len, &date))
        return INT64_MIN;
    return date_days(date);
}

static int64_t maker_day(const struct image_maker *maker, uint16_t field)
{
    struct date date;
    for (uint16_t n = 0; n < maker->count; n++)
        if (maker->fields[n] == field && maker->values[n].presence == PRESENCE_VALUE &&
            date_read(maker->values[n].bytes, maker->values[n].len, &date))
            return date_days(date);
    return INT64_MIN;
}

static void due_key(int64_t day, enum kind kind, uint64_t id, uint8_t ret_key[4 + ENTITY_KEY])
{
    uint32_t be = __builtin_bswap32((uint32_t)(day < 0 ? 0 : day));
    memcpy(ret_key, &be, sizeof(be));
    entity_key(kind, id, ret_key + 4);
}

/* One row for the next day on which something changes by itself. */
static void weave_due_row(struct weave *weave, int64_t due)
{
    uint8_t key[4 + ENTITY_KEY] = {0};
    struct bytes row = bytes(key, sizeof(key)), old;
    int64_t before[2] = {INT64_MIN, INT64_MIN};
    if (weave->had_root) {
        before[0] = image_day(weave->old_root->image, FIELD_person_hired_on);
        before[1] = image_day(weave->old_root->image, FIELD_person_terminated_on);
        before[1] += before[1] != INT64_MIN;
    }
    for (int i = 0; i < 2; i++) {
        if (before[i] <= weave->today || before[i] == due || (i == 1 && before[1] == before[0]))
            continue; /* rows up to today are gone already: weave_due() */
        due_key(before[i], weave->kind, weave->id, key);
        if (txn_get(weave->snapshot, TABLE_due, row, &old))
            changeset_delete(weave->changeset, TABLE_due, row, old);
    }
    if (due == INT64_MAX)
        return;
    due_key(due, weave->kind, weave->id, key);
    if (!txn_get(weave->snapshot, TABLE_due, row, &old))
        changeset_put(weave->changeset, TABLE_due, row, bytes(NULL, 0), bytes("", 0));
}

/* The status as of today, computed last: over what the sources say stand their silence and the calendar. */
static void weave_status(struct weave *weave, size_t input_count)
{
    uint8_t said = 0;
    for (uint16_t n = 0; n < weave->maker->count; n++)
        if (weave->maker->fields[n] == FIELD_person_status && weave->maker->values[n].len == 1)
            said = (uint8_t)*weave->maker->values[n].bytes;
    bool exists = merge_exists(weave->match->organization, weave->inputs, input_count);
    int64_t due;
    char status = (char)merge_status(said, exists, maker_day(weave->maker, FIELD_person_hired_on),
                                     maker_day(weave->maker, FIELD_person_terminated_on), weave->today, &due);
    char *place = arena_copy(weave->arena, &status, 1);
    if (!place) {
        weave_fail(weave, -ENOMEM);
        return;
    }
    image_put(weave->maker, FIELD_person_status, (struct value){PRESENCE_VALUE, 0, 1, place});
    weave_due_row(weave, due);
}

/* What hangs on a person says so: the person, and for absence and pay the employment of the same record. */
static void weave_owner(struct weave *weave, const struct part *part)
{
    static const struct {
        enum kind kind;
        uint16_t person, employment;
    } owned[] = {
        {KIND_employment, FIELD_employment_person, 0},
        {KIND_membership, FIELD_membership_person, 0},
        {KIND_absence, FIELD_absence_person, FIELD_absence_employment},
        {KIND_pay, FIELD_pay_person, FIELD_pay_employment},
        {KIND_shift, FIELD_shift_person, 0},
        {KIND_punch, FIELD_punch_person, 0},
        {KIND_work_period, FIELD_work_period_person, 0},
        {KIND_lookup_row, FIELD_lookup_row_person, 0},
    };
    uint64_t employment = 0;
    const struct section_view *section = part_section(weave, part);
    for (size_t i = 0; i < weave->part_count; i++) {
        const struct part *other = &weave->parts[i];
        if (other->kind != KIND_employment || other->group != part->group)
            continue;
        const struct section_view *candidate = part_section(weave, other);
        bool same = candidate->key_len == section->key_len && memcmp(candidate->key, section->key, section->key_len) == 0;
        if (employment == 0 || same)
            employment = other->entity;
    }
    for (size_t i = 0; i < sizeof(owned) / sizeof(owned[0]); i++) {
        if (owned[i].kind != part->kind)
            continue;
        uint64_t ids[2] = {__builtin_bswap64(weave->id), __builtin_bswap64(employment)};
        char *place = arena_copy(weave->arena, ids, sizeof(ids));
        if (!place) {
            weave_fail(weave, -ENOMEM);
            return;
        }
        image_put(weave->maker, owned[i].person, (struct value){PRESENCE_VALUE, 0, 8, place});
        if (owned[i].employment && employment)
            image_put(weave->maker, owned[i].employment, (struct value){PRESENCE_VALUE, 0, 8, place + 8});
    }
}

/* Golden image of the parts [begin, end), in weave->image. Returns the number of winners. */
static size_t weave_image(struct weave *weave, size_t begin, size_t end)
{
    const struct part *first = &weave->parts[begin];
    size_t inputs = 0;
    for (size_t i = begin; i < end && inputs < MEMBERS_MAX; i++) {
        const struct group *group = &weave->groups[weave->parts[i].group];
        const struct section_view *section = part_section(weave, &weave->parts[i]);
        if (group->stream->connection)
            weave->inputs[inputs++] = (struct merge_input){.connection = group->stream->connection,
                                                           .gone = group->record->state == SOURCE_GONE,
                                                           .image = section->image,
                                                           .seed = section->seed};
    }
    size_t winners = merge_fields(weave->match->organization, first->kind, weave->inputs, inputs, weave->winners);
    image_start(weave->maker);
    for (size_t i = 0; i < winners; i++) {
        const struct merge_winner *winner = &weave->winners[i];
        const struct field *field =
            winner->field < FIELD_CUSTOM ? field_by_number(first->kind, winner->field) : NULL;
        struct value value = winner->value;
        if (field && field->type == TYPE_REF)
            value = weave_reference(weave, value);
        if (value.presence != PRESENCE_NULL || value.flags & VALUE_WAITING)
            image_put(weave->maker, winner->field, value);
    }
    if (first->kind == KIND_person)
        weave_status(weave, inputs);
    else if (weave->kind == KIND_person)
        weave_owner(weave, first);
    buffer_clear(&weave->image);
    image_write(weave->maker, &weave->image);
    weave_fail(weave, weave->image.rc);
    return winners;
}

/* --- comparing with what was, and writing it down --- */

static uint64_t winner_seed(const struct weave *weave, size_t winners, uint16_t field)
{
    for (size_t i = 0; i < winners; i++)
        if (weave->winners[i].field == field)
            return weave->inputs[weave->winners[i].input].seed;
    return 0;
}

/* Journals every field that differs; false when none does. */
static bool weave_changes(struct weave *weave, enum kind kind, uint64_t id, struct image was, struct image is,
                          size_t winners, enum journal_op op)
{
    bool any = op != JOURNAL_CHANGED;
    if (any)
        journal_part(&weave->entry, kind, id, op);
    uint16_t a = 0, b = 0, a_count = image_count(was), b_count = image_count(is);
    while (a < a_count || b < b_count) {
        uint16_t a_field = UINT16_MAX, b_field = UINT16_MAX;
        struct value old = {0}, new = {0};
        if (a < a_count)
            old = image_nth(was, a, &a_field);
        if (b < b_count)
            new = image_nth(is, b, &b_field);
        uint16_t field = a_field < b_field ? a_field : b_field;
        if (a_field != field)
            old = (struct value){0};
        if (b_field != field)
            new = (struct value){0};
        a += a_field == field;
        b += b_field == field;
        if (value_equal(old, new))
            continue;
        if (!any)
            journal_part(&weave->entry, kind, id, op);
        any = true;
        journal_change(&weave->entry, field, old, new, winner_seed(weave, winners, field));
    }
    return any;
}

static bool members_equal(const struct entity *a, const struct entity *b)
{
    if (a->member_count != b->member_count || a->child_count != b->child_count || a->state != b->state)
        return false;
    for (uint16_t n = 0; n < a->member_count; n++)
        if (a->members[n].seed != b->members[n].seed)
            return false;
    for (uint16_t n = 0; n < a->child_count; n++)
        if (a->children[n].kind != b->children[n].kind || a->children[n].id != b->children[n].id)
            return false;
    return true;
}

static void entity_put(struct weave *weave, enum kind kind, uint64_t id, const struct entity *made)
{
    uint8_t key[ENTITY_KEY];
    struct bytes old = {0};
    entity_key(kind, id, key);
    if (weave->had_root || kind != weave->kind)
        txn_get(weave->snapshot, TABLE_entity, bytes(key, sizeof(key)), &old);
    buffer_clear(&weave->value);
    entity_write(made, &weave->value);
    weave_fail(weave, weave->value.rc);
    if (weave->rc == 0)
        changeset_put(weave->changeset, TABLE_entity, bytes(key, sizeof(key)), old,
                      bytes(weave->value.data, weave->value.len));
}

static void members_of(struct weave *weave, size_t begin, size_t end, struct entity *made)
{
    made->member_count = 0;
    for (size_t i = begin; i < end && made->member_count < MEMBERS_MAX; i++) {
        const struct group *group = &weave->groups[weave->parts[i].group];
        const struct section_view *section = part_section(weave, &weave->parts[i]);
        made->members[made->member_count++] =
            (struct member){group->stream->number, group->id, bytes(section->key, section->key_len), section->seed};
    }
}

/* One thing that hangs on the root. */
static void weave_dependent(struct weave *weave, size_t begin, size_t end)
{
    enum kind kind = weave->parts[begin].kind;
    uint64_t id = weave->parts[begin].entity;
    size_t winners = weave_image(weave, begin, end);
    struct image image = {(const uint8_t *)weave->image.data, (uint32_t)weave->image.len};
    bool had = weave->had_root && entity_get(weave->snapshot, kind, id, weave->old);
    if (had)
        links_of(weave, kind, weave->old->image, weave->was);
    links_of(weave, kind, image, weave->is);
    enum journal_op op = !had                               ? JOURNAL_CREATED
                         : weave->old->state == ENTITY_GONE ? JOURNAL_RETURNED
                                                            : JOURNAL_CHANGED;
    bool changed = true;
    if (had)
        changed = weave_changes(weave, kind, id, weave->old->image, image, winners, op);
    else
        journal_part(&weave->entry, kind, id, op);
    struct entity *made = weave->made;
    made->state = ENTITY_LIVE;
    made->child_count = 0;
    made->image = image;
    members_of(weave, begin, end, made);
    made->first = had ? weave->old->first : weave->sequence + 1;
    made->last = changed || !had ? weave->sequence + 1 : weave->old->last;
    if (!had || changed || !members_equal(weave->old, made))
        entity_put(weave, kind, id, made);
}

/* Something hung on the root, and no record says it any more: it stays as it was, marked. */
static void weave_orphan(struct weave *weave, enum kind kind, uint64_t id)
{
    if (!entity_get(weave->snapshot, kind, id, weave->old))
        return;
    links_of(weave, kind, weave->old->image, weave->was);
    if (weave->old->state == ENTITY_GONE)
        return;
    journal_part(&weave->entry, kind, id, JOURNAL_GONE);
    *weave->made = *weave->old;
    weave->made->state = ENTITY_GONE;
    weave->made->last = weave->sequence + 1;
    entity_put(weave, kind, id, weave->made);
}

static void weave_dependents(struct weave *weave, size_t from, struct child *children, uint16_t *ret_count)
{
    uint16_t count = 0;
    for (size_t begin = from, end; begin < weave->part_count && weave->rc == 0; begin = end) {
        for (end = begin + 1; end < weave->part_count && weave->parts[end].kind == weave->parts[begin].kind &&
                              weave->parts[end].entity == weave->parts[begin].entity;
             end++)
            ;
        if (count < CHILDREN_MAX)
            children[count++] = (struct child){weave->parts[begin].kind, weave->parts[begin].entity};
        weave_dependent(weave, begin, end);
    }
    for (uint16_t n = 0; weave->had_root && n < weave->old_root->child_count && weave->rc == 0; n++) {
        const struct child *old = &weave->old_root->children[n];
        bool there = false;
        for (uint16_t i = 0; i < count && !there; i++)
            there = children[i].kind == old->kind && children[i].id == old->id;
        if (there)
            continue;
        weave_orphan(weave, old->kind, old->id);
        if (count < CHILDREN_MAX)
            children[count++] = *old; /* still theirs: a history that can be shown */
    }
    *ret_count = count;
}

static uint8_t image_status(struct image image)
{
    struct value value = image_get(image, FIELD_person_status);
    return value.len == 1 ? (uint8_t)*value.bytes : 0;
}

static void weave_counted(struct weave *weave, struct image was, struct image is, bool said)
{
    enum { INACTIVE = 5, TERMINATED = 6 };
    if (weave->kind != KIND_person) {
        weave->count.others += said;
        return;
    }
    uint8_t old = image_status(was), now = image_status(is);
    bool left = now == INACTIVE || now == TERMINATED, had_left = old == INACTIVE || old == TERMINATED;
    if (!weave->had_root)
        weave->count.created++;
    else if (!said)
        weave->count.unchanged++;
    else if (left && !had_left)
        weave->count.deactivated++;
    else if (!left && had_left)
        weave->count.reactivated++;
    else
        weave->count.updated++;
}

/* The root's own golden image; then what hangs on it; then one journal entry for all of it. */
static void weave_root(struct weave *weave, const struct root *roots, size_t count)
{
    weave->kind = roots[0].kind;
    weave->id = roots[0].id;
    weave_gather(weave, roots, count);
    if (weave->rc == 0)
        weave_parts(weave);
    size_t own = 0;
    while (own < weave->part_count && weave->parts[own].kind == weave->kind && weave->parts[own].entity == weave->id)
        own++;
    if (weave->rc != 0 || own == 0)
        return; /* nothing speaks of it: only what refers to it was touched */
    weave->was->count = weave->is->count = 0;
    journal_begin(&weave->entry, weave->run, weave->now_ms, weave->kind, weave->id,
                  weave->had_root ? weave->old_root->last : 0);
    size_t winners = weave_image(weave, 0, own);
    struct image image = {(const uint8_t *)arena_copy(weave->arena, weave->image.data, weave->image.len),
                          (uint32_t)weave->image.len};
    struct image was = weave->had_root ? weave->old_root->image : (struct image){0};
    if (!image.bytes) {
        weave_fail(weave, -ENOMEM);
        return;
    }
    if (weave->had_root) {
        links_of(weave, weave->kind, was, weave->was);
        weave_changes(weave, weave->kind, weave->id, was, image, winners, JOURNAL_CHANGED);
    } else {
        journal_part(&weave->entry, weave->kind, weave->id, JOURNAL_CREATED);
    }
    links_of(weave, weave->kind, image, weave->is);
    struct child children[CHILDREN_MAX];
    uint16_t child_count = 0;
    if (weave->kind == KIND_person)
        weave_dependents(weave, own, children, &child_count);
    bool said = journal_end(&weave->entry);
    struct entity *made = weave->made;
    made->state = ENTITY_LIVE;
    made->image = image;
    made->child_count = child_count;
    memcpy(made->children, children, child_count * sizeof(*children));
    members_of(weave, 0, own, made);
    made->first = weave->had_root ? weave->old_root->first : weave->sequence + 1;
    made->last = said ? weave->sequence + 1 : weave->had_root ? weave->old_root->last : 0;
    if (said || !weave->had_root || !members_equal(weave->old_root, made))
        entity_put(weave, weave->kind, weave->id, made);
    weave_index(weave);
    links_note(weave, weave->was, weave->is, false);
    links_note(weave, weave->is, weave->was, true);
    weave_counted(weave, was, image, said);
    weave_fail(weave, weave->entry.bytes.rc ? weave->entry.bytes.rc : weave->snapshot->rc);
    if (weave->rc == 0 && said) {
        uint64_t be = __builtin_bswap64(++weave->sequence);
        changeset_put(weave->changeset, TABLE_journal, bytes(&be, sizeof(be)), bytes(NULL, 0),
                      bytes(weave->entry.bytes.data, weave->entry.bytes.len));
    }
}

static int root_compare(const void *a, const void *b)
{
    const struct root *x = a, *y = b;
    if (x->kind != y->kind)
        return x->kind < y->kind ? -1 : 1;
    if (x->id != y->id)
        return x->id < y->id ? -1 : 1;
    return x->place < y->place ? -1 : x->place > y->place;
}

int weave_due(struct match *match, int64_t today)
{
    struct cursor cursor __attribute__((cleanup(tidy_cursor)));
    cursor_open(&cursor, match->snapshot, TABLE_due);
    for (bool there = cursor_seek(&cursor, bytes("", 0)); there; there = cursor_next(&cursor)) {
        uint32_t be;
        if (cursor.key.len != 4 + ENTITY_KEY)
            return ERR_CORRUPT;
        memcpy(&be, cursor.key.data, sizeof(be));
        if ((int64_t)__builtin_bswap32(be) > today)
            break;
        struct bytes root = bytes((const uint8_t *)cursor.key.data + 4, ENTITY_KEY);
        int rc = mem_grow(&match->roots, match->root_count, &match->root_room, sizeof(*match->roots));
        if (rc != 0)
            return rc;
        match->roots[match->root_count++] = (struct root){entity_key_kind(root), entity_key_id(root), ROOT_ONLY};
        changeset_delete(match->changeset, TABLE_due, cursor.key, cursor.value);
    }
    return match->snapshot->rc;
}

static void weave_done(struct weave *weave)
{
    for (size_t i = 0; i < GROUPS_MAX; i++)
        free(weave->pool[i]);
    arena_free(weave->arena);
    sorter_free(weave->refer_edits);
    numbers_done(&weave->units);
    struct buffer *buffers[] = {&weave->image, &weave->value, &weave->text, &weave->key, &weave->entry.bytes};
    for (size_t i = 0; i < sizeof(buffers) / sizeof(buffers[0]); i++)
        buffer_done(buffers[i]);
    free(weave->parts);
    free(weave->old_root);
    free(weave->old);
    free(weave->made);
    free(weave->was);
    free(weave->is);
    free(weave->maker);
    free(weave->inputs);
    free(weave->winners);
    free(weave);
}

DEFINE_TIDY(struct weave *, weave_done)

static int weave_new(struct match *match, struct spill *spill, struct weave **ret_weave)
{
    struct weave *weave TIDY(weave_done) = mem_new(1, sizeof(*weave));
    if (!weave)
        return -ENOMEM;
    weave->match = match;
    weave->snapshot = match->snapshot;
    weave->changeset = match->changeset;
    weave->run = match->stage->run;
    weave->now_ms = match->stage->now_ms;
    weave->arena = arena_new();
    weave->old_root = mem_new(1, sizeof(*weave->old_root));
    weave->old = mem_new(1, sizeof(*weave->old));
    weave->made = mem_new(1, sizeof(*weave->made));
    weave->was = mem_new(1, sizeof(*weave->was));
    weave->is = mem_new(1, sizeof(*weave->is));
    weave->maker = mem_new(1, sizeof(*weave->maker));
    weave->inputs = mem_new(MEMBERS_MAX, sizeof(*weave->inputs));
    weave->winners = mem_new(IMAGE_FIELDS_MAX, sizeof(*weave->winners));
    if (!weave->arena || !weave->old_root || !weave->old || !weave->made || !weave->was || !weave->is ||
        !weave->maker || !weave->inputs || !weave->winners)
        return -ENOMEM;
    int rc = sorter_new(spill, EDIT_MEMORY, &weave->refer_edits);
    if (rc != 0)
        return rc;
    *ret_weave = TAKE(weave);
    return 0;
}

int weave_run(struct match *match, int64_t today, const char *scratch_dir, struct weave_count *ret_count)
{
    struct spill *spill TIDY(spill_free) = NULL;
    struct weave *weave TIDY(weave_done) = NULL;
    int rc = spill_new(scratch_dir, &spill);
    if (rc == 0)
        rc = weave_new(match, spill, &weave);
    if (rc != 0)
        return rc;
    weave->today = today;
    weave->sequence = meta_number(match->snapshot, "sequence");
    uint64_t before = weave->sequence;
    if (match->root_count > 1)
        qsort(match->roots, match->root_count, sizeof(*match->roots), root_compare);
    for (size_t begin = 0, end; begin < match->root_count && weave->rc == 0; begin = end) {
        for (end = begin + 1; end < match->root_count && match->roots[end].kind == match->roots[begin].kind &&
                              match->roots[end].id == match->roots[begin].id;
             end++)
            ;
        weave_root(weave, match->roots + begin, end - begin);
        weave_fail(weave, changeset_rc(weave->changeset));
    }
    if (weave->rc == 0)
        weave->rc = refer_write(weave->refer_edits, match->snapshot, weave->changeset);
    if (weave->rc == 0 && weave->sequence != before)
        changeset_set(weave->changeset, TABLE_meta, bytes("sequence", 8), bytes(&weave->sequence, 8));
    fault_kill("weave");
    if (weave->rc == 0 && weave->match->rc == 0)
        *ret_count = weave->count;
    return weave->rc ? weave->rc : weave->match->rc ? weave->match->rc : match->snapshot->rc;
}
