/* erase_find - what is theirs: their records, all that was made of these, and things of their own. */
#include "acts/erase_inside.h"

#include "base/digest.h"
#include "engine/former.h"
#include "engine/weave.h"
#include "tables/journal.h"
#include "tables/refer.h"

#include <stdlib.h>

/* --- what has been found --- */

static int person_add(struct erasing *erasing, uint64_t id)
{
    if (erasing_has(&erasing->persons, id))
        return 0;
    int rc = numbers_set(&erasing->persons, id, 1);
    if (rc == 0)
        rc = mem_grow(&erasing->person_list, erasing->person_count, &erasing->person_room,
                      sizeof(*erasing->person_list));
    if (rc == 0)
        erasing->person_list[erasing->person_count++] = id;
    return rc;
}

static int unit_add(struct erasing *erasing, enum kind kind, uint64_t id)
{
    if (erasing_has(&erasing->unit_keys, thing_key(kind, id)))
        return 0;
    int rc = numbers_set(&erasing->unit_keys, thing_key(kind, id), 1);
    if (rc == 0)
        rc = mem_grow(&erasing->units, erasing->unit_count, &erasing->unit_room, sizeof(*erasing->units));
    if (rc == 0)
        erasing->units[erasing->unit_count++] = (struct child){kind, id};
    return rc;
}

static int thing_add(struct erasing *erasing, struct child root, struct child thing)
{
    struct match *match = erasing->match;
    if (erasing_has(&erasing->things, thing_key(thing.kind, thing.id)))
        return 0;
    int rc = numbers_set(&erasing->things, thing_key(thing.kind, thing.id), 1);
    if (rc == 0)
        rc = mem_grow(&match->erased, match->erased_count, &match->erased_room, sizeof(*match->erased));
    if (rc != 0)
        return rc;
    match->erased[match->erased_count++] = (struct erased_thing){root, thing};
    erasing->erase->things[thing.kind]++;
    return unit_add(erasing, thing.kind, thing.id);
}

/* --- their records --- */

/* Under these seeds things, and people, were known. A person who went up in this one is this one. */
static int seed_add(struct erasing *erasing, enum kind kind, uint64_t seed)
{
    int rc = seed != 0 ? numbers_set(&erasing->seeds, seed, 1) : 0;
    bool before = rc == 0 && kind == KIND_person && !erasing_has(&erasing->persons, seed) &&
                  entity_get(erasing->match->snapshot, KIND_person, seed, erasing->other) &&
                  erasing->other->member_count == 0;
    return before ? person_add(erasing, seed) : rc;
}

static int record_seeds(struct erasing *erasing, const struct source *record)
{
    int rc = 0;
    for (uint16_t n = 0; n < record->count && rc == 0; n++)
        rc = seed_add(erasing, record->sections[n].kind, record->sections[n].seed);
    for (uint16_t n = 0; n < record->dead_count && rc == 0; n++)
        rc = seed_add(erasing, record->dead[n].kind, record->dead[n].seed);
    return rc;
}

/* False: it is not stored. Else it is in erasing->record. */
static bool member_record(struct erasing *erasing, const struct member *member, struct buffer *key)
{
    struct match *match = erasing->match;
    struct bytes value;
    buffer_clear(key);
    source_key(member->stream, member->id.data, member->id.len, key);
    match_fail(match, key->rc);
    if (match->rc != 0 || !txn_get(match->snapshot, TABLE_source, bytes(key->data, key->len), &value))
        return false;
    if (!source_read(value, erasing->record))
        match_fail(match, ERR_CORRUPT);
    return match->rc == 0;
}

static int record_add(struct erasing *erasing, const struct member *member)
{
    struct buffer key TIDY_DONE(buffer_done) = {0};
    bool stored = member_record(erasing, member, &key);
    uint64_t digest = digest_fast(key.data, key.len) | 1;
    if (erasing->match->rc != 0 || erasing_has(&erasing->record_keys, digest))
        return erasing->match->rc;
    int rc = numbers_set(&erasing->record_keys, digest, 1);
    if (rc == 0)
        rc = mem_grow(&erasing->records, erasing->record_count, &erasing->record_room, sizeof(*erasing->records));
    const char *copy = rc == 0 ? arena_copy(erasing->erase->arena, key.data, key.len) : NULL;
    if (!copy)
        return rc ? rc : -ENOMEM;
    erasing->records[erasing->record_count++] =
        (struct erase_record){.key = bytes(copy, key.len), .former = former_is(member->id)};
    return stored ? record_seeds(erasing, erasing->record) : 0;
}

/* --- one person, under one of their ids --- */

static uint64_t owner_of(enum kind kind, struct image image)
{
    uint16_t field = weave_owner_field(kind);
    return field ? reference_id(image_get(image, field)) : 0;
}

/* Whether it is somebody else's by now. */
static bool elsewhere(struct erasing *erasing, enum kind kind, uint64_t id)
{
    uint8_t key[ENTITY_KEY];
    struct bytes value;
    struct image image;
    enum entity_state state;
    entity_key(kind, id, key);
    if (!txn_get(erasing->match->snapshot, TABLE_entity, bytes(key, sizeof(key)), &value) ||
        !entity_image(value, &image, &state))
        return false;
    uint64_t owner = owner_of(kind, image);
    return owner != 0 && !erasing_has(&erasing->persons, owner);
}

/* All that ever hung on the person: the journal knows. */
static int units_of_past(struct erasing *erasing, uint64_t last)
{
    struct txn *txn = erasing->match->snapshot;
    struct journal_reader reader;
    struct journal_part part;
    struct bytes value;
    int rc = 0;
    for (uint64_t sequence = last; sequence != 0 && rc == 0; sequence = reader.previous) {
        uint64_t be = __builtin_bswap64(sequence);
        if (!txn_get(txn, TABLE_journal, bytes(&be, sizeof(be)), &value) || !journal_open(&reader, value) ||
            reader.previous >= sequence)
            return txn->rc ? txn->rc : ERR_CORRUPT;
        erasing->erase->entries++;
        while (rc == 0 && journal_next_part(&reader, &part))
            rc = elsewhere(erasing, part.kind, part.id) ? 0 : unit_add(erasing, part.kind, part.id);
    }
    return rc;
}

static int person_find(struct erasing *erasing, uint64_t id)
{
    struct entity *entity = erasing->entity;
    struct child root = {KIND_person, id};
    if (!entity_get(erasing->match->snapshot, KIND_person, id, entity))
        return erasing->match->snapshot->rc;
    int rc = thing_add(erasing, root, root);
    for (uint16_t n = 0; n < entity->child_count && rc == 0; n++)
        if (!elsewhere(erasing, entity->children[n].kind, entity->children[n].id))
            rc = thing_add(erasing, root, entity->children[n]);
    for (uint16_t n = 0; n < entity->member_count && rc == 0; n++)
        rc = record_add(erasing, &entity->members[n]);
    return rc ? rc : units_of_past(erasing, entity->last);
}

/* --- things of their own --- */

/* What a record is mainly about says whose it is. */
static bool record_is_theirs(struct erasing *erasing)
{
    const struct section_view *main = &erasing->record->sections[0];
    uint64_t id = erasing->record->count > 0 ? match_resolve(erasing->match, main->seed) : 0;
    return id != 0 && weave_owner_field(main->kind) &&
           entity_get(erasing->match->snapshot, main->kind, id, erasing->other) &&
           erasing_has(&erasing->persons, owner_of(main->kind, erasing->other->image));
}

int erase_root(struct erasing *erasing, struct child thing)
{
    return thing_add(erasing, thing, thing);
}

int erase_thing(struct erasing *erasing, const struct entity *entity, struct child thing)
{
    struct buffer key TIDY_DONE(buffer_done) = {0};
    int rc = erase_root(erasing, thing);
    for (uint16_t n = 0; n < entity->member_count && rc == 0; n++) {
        rc = record_add(erasing, &entity->members[n]);
        bool stored = rc == 0 && member_record(erasing, &entity->members[n], &key);
        for (uint16_t s = 0; stored && rc == 0 && s < erasing->record->count; s++) {
            const struct section_view *section = &erasing->record->sections[s];
            if (!kind_is_raw(section->kind))
                rc = erase_root(erasing, (struct child){section->kind, match_resolve(erasing->match, section->seed)});
        }
    }
    return rc ? rc : units_of_past(erasing, entity->last);
}

/* The thing in erasing->entity goes, with its records and all that these make; or it stays, being said in a record of
 * somebody else's. */
static int own_thing(struct erasing *erasing, enum kind kind, uint64_t id)
{
    struct buffer key TIDY_DONE(buffer_done) = {0};
    const struct entity *entity = erasing->entity;
    for (uint16_t n = 0; n < entity->member_count; n++)
        if (member_record(erasing, &entity->members[n], &key) && !record_is_theirs(erasing)) {
            erasing->erase->naming[kind]++;
            return numbers_set(&erasing->others, thing_key(kind, id), 1);
        }
    return erase_thing(erasing, entity, (struct child){kind, id});
}

/* What hangs on a person has its last entry in theirs; what has records of its own is a root. */
static bool is_root(struct erasing *erasing, enum kind kind, uint64_t id, uint64_t last)
{
    uint64_t be = __builtin_bswap64(last);
    struct journal_reader reader;
    struct bytes value;
    return txn_get(erasing->match->snapshot, TABLE_journal, bytes(&be, sizeof(be)), &value) &&
           journal_open(&reader, value) && reader.kind == kind && reader.id == id;
}

/* Whatever says that it is theirs, also what has ended and is referred to no more. */
static int things_find(struct erasing *erasing)
{
    struct cursor cursor __attribute__((cleanup(tidy_cursor)));
    struct image image;
    enum entity_state state;
    int rc = 0;
    cursor_open(&cursor, erasing->match->snapshot, TABLE_entity);
    for (bool there = cursor_seek(&cursor, bytes("", 0)); there && rc == 0; there = cursor_next(&cursor)) {
        enum kind kind = entity_key_kind(cursor.key);
        uint64_t id = entity_key_id(cursor.key), owner;
        if (kind >= KIND_COUNT || !weave_owner_field(kind) || !entity_image(cursor.value, &image, &state) ||
            (owner = owner_of(kind, image)) == 0 || !erasing_has(&erasing->persons, owner) ||
            erasing_has(&erasing->things, thing_key(kind, id)))
            continue;
        if (!entity_read(cursor.value, erasing->entity))
            return ERR_CORRUPT;
        rc = is_root(erasing, kind, id, erasing->entity->last)
                 ? own_thing(erasing, kind, id)
                 : thing_add(erasing, (struct child){KIND_person, owner}, (struct child){kind, id});
    }
    return rc ? rc : erasing->match->snapshot->rc;
}

/* --- all of it --- */

/* Of others, who refer to them. */
static int others_find(struct erasing *erasing)
{
    TIDY(free) struct root *roots = NULL;
    size_t count = 0, room = 0;
    int rc = 0;
    for (size_t n = 0; n < erasing->person_count && rc == 0; n++)
        rc = refer_each(erasing->match->snapshot, KIND_person, erasing->person_list[n], &roots, &count, &room);
    for (size_t n = 0; n < count && rc == 0; n++) {
        uint64_t key = thing_key(roots[n].kind, roots[n].id);
        if (erasing_has(&erasing->things, key) || erasing_has(&erasing->others, key))
            continue;
        rc = numbers_set(&erasing->others, key, 1);
        erasing->erase->naming[roots[n].kind]++;
    }
    return rc;
}

static int thing_compare(const void *a, const void *b)
{
    const struct erased_thing *x = a, *y = b;
    uint64_t left[] = {(uint64_t)x->root.kind, x->root.id, (uint64_t)x->thing.kind, x->thing.id};
    uint64_t right[] = {(uint64_t)y->root.kind, y->root.id, (uint64_t)y->thing.kind, y->thing.id};
    for (int n = 0; n < 4; n++)
        if (left[n] != right[n])
            return left[n] < right[n] ? -1 : 1;
    return 0;
}

void erase_order(struct match *match)
{
    if (match->erased_count > 1)
        qsort(match->erased, match->erased_count, sizeof(*match->erased), thing_compare);
}

int erase_find(struct erasing *erasing, struct err *err)
{
    struct match *match = erasing->match;
    if (!entity_get(match->snapshot, KIND_person, erasing->erase->person, erasing->entity))
        return match->snapshot->rc
                   ? match->snapshot->rc
                   : err_set(err, ERR_UNKNOWN, "there is no person id:%lu", (unsigned long)erasing->erase->person);
    int rc = person_add(erasing, erasing->erase->person);
    for (size_t n = 0; n < erasing->person_count && rc == 0; n++) /* it grows */
        rc = person_find(erasing, erasing->person_list[n]);
    rc = rc ? rc : things_find(erasing);
    rc = rc ? rc : others_find(erasing);
    erase_order(match);
    return rc ? rc : match->rc ? match->rc : match->snapshot->rc;
}
