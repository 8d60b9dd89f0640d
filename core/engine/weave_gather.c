/* weave_gather - the source records that belong to a root, and what each of their sections speaks of. */
#include "engine/weave_inside.h"

#include "base/digest.h"

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

/* `alone`: nothing else will be read from the pile for this root, so it may stay where it is. */
static void group_staged(struct weave *weave, uint64_t place, bool alone)
{
    struct staged staged;
    weave_fail(weave, stage_read(weave->match->stage, place, 0, &staged));
    if (weave->rc != 0)
        return;
    if (group_there(weave, source_key_stream(staged.key), source_key_id(staged.key)))
        return;
    if (alone) {
        group_add(weave, staged.key, staged.value, true);
        return;
    }
    char *key = arena_copy(weave->arena, staged.key.data, staged.key.len);
    char *value = arena_copy(weave->arena, staged.value.data, staged.value.len);
    if (!key || !value)
        weave_fail(weave, -ENOMEM);
    else
        group_add(weave, bytes(key, staged.key.len), bytes(value, staged.value.len), true);
}

static void group_stored(struct weave *weave, const struct member *member)
{
    if (match_left(weave->match, weave->id, member->seed))
        return;
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

void weave_gather(struct weave *weave, const struct root *roots, size_t count)
{
    weave->group_count = 0;
    arena_clear(weave->arena);
    for (size_t i = 0; i < count && weave->rc == 0; i++)
        if (roots[i].place != ROOT_ONLY)
            group_staged(weave, roots[i].place, count == 1);
    weave->had_root = entity_get(weave->snapshot, weave->kind, weave->id, weave->old_root);
    for (uint16_t n = 0; weave->had_root && n < weave->old_root->member_count && weave->rc == 0; n++)
        group_stored(weave, &weave->old_root->members[n]);
    weave_fail(weave, weave->snapshot->rc);
}

/* --- which sections speak of which thing --- */

static bool kind_hangs(enum kind kind)
{
    return kind != KIND_person && kind != KIND_org_unit && !kind_is_raw(kind);
}

static const struct connection *connection_of(const struct weave *weave, const struct part *part)
{
    return weave->groups[part->group].stream->connection;
}

/* Another employment that the same connection speaks of is that one already. */
static bool twin_taken(const struct weave *weave, const struct part *part, uint64_t entity)
{
    for (size_t i = 0; i < weave->part_count; i++) {
        const struct part *other = &weave->parts[i];
        if (other != part && other->kind == KIND_employment && other->entity == entity &&
            connection_of(weave, other) == connection_of(weave, part))
            return true;
    }
    return false;
}

/* How many fields two records say the same of. */
static size_t alike(struct image a, struct image b)
{
    size_t count = 0;
    uint16_t field;
    for (uint16_t n = 0; n < image_count(a); n++) {
        struct value value = image_nth(a, n, &field);
        count += value.presence == PRESENCE_VALUE && value_equal(value, image_get(b, field));
    }
    return count;
}

/* A new employment from another connection is one that the person has already when they start on the same day, or
 * when each side has exactly one. Of several that start on the day it is the one that is most like it. */
static uint64_t employment_twin(struct weave *weave, const struct part *part)
{
    struct image image = part_section(weave, part)->image;
    struct value start = image_get(image, FIELD_employment_start_date);
    size_t ours = 0, theirs = 0, most = 0;
    uint64_t single = 0, found = 0;
    for (size_t i = 0; i < weave->part_count; i++) {
        const struct part *other = &weave->parts[i];
        if (other->kind != KIND_employment)
            continue;
        if (connection_of(weave, other) == connection_of(weave, part)) {
            ours++;
            continue;
        }
        if (other->entity != single)
            theirs++;
        single = other->entity;
        struct image its = part_section(weave, other)->image;
        bool same_day =
            start.presence == PRESENCE_VALUE && value_equal(start, image_get(its, FIELD_employment_start_date));
        if (same_day && alike(image, its) > most && !twin_taken(weave, part, other->entity)) {
            most = alike(image, its);
            found = other->entity;
        }
    }
    return found ? found : ours == 1 && theirs == 1 ? single : 0;
}

/* The person had it before this run: people may know it by its id. */
static bool employment_known(const struct weave *weave, uint64_t id)
{
    for (uint16_t n = 0; weave->had_root && n < weave->old_root->child_count; n++)
        if (weave->old_root->children[n].kind == KIND_employment && weave->old_root->children[n].id == id)
            return true;
    return false;
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
        bool follows = employment_known(weave, twin) && !employment_known(weave, seed),
             late = weave->match->statements.persons && entity_get(weave->snapshot, KIND_employment, seed, weave->old);
        uint64_t id = match_link(weave->match, seed, twin, 0, follows, late);
        for (size_t j = 0; j < weave->part_count; j++)
            if (weave->parts[j].entity == twin || weave->parts[j].entity == seed)
                weave->parts[j].entity = id;
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

/* Whether a section of the root's records has, or had, that seed. */
static bool seed_here(const struct weave *weave, uint64_t seed)
{
    for (size_t g = 0; g < weave->group_count; g++) {
        const struct source *record = weave->groups[g].record;
        for (uint16_t n = 0; n < record->count + record->dead_count; n++)
            if ((n < record->count ? &record->sections[n] : &record->dead[n - record->count])->seed == seed)
                return true;
    }
    return false;
}

/* Things that were one while their records were one person's: each person whose records say it has it under a number of
 * their own. */
static void weave_divide(struct weave *weave)
{
    for (size_t i = 0; i < weave->part_count; i++) {
        uint64_t cluster = weave->parts[i].entity, lowest = UINT64_MAX;
        if (weave->parts[i].kind == weave->kind || seed_here(weave, cluster))
            continue;
        for (size_t j = i; j < weave->part_count; j++)
            if (weave->parts[j].entity == cluster && part_section(weave, &weave->parts[j])->seed < lowest)
                lowest = part_section(weave, &weave->parts[j])->seed;
        for (size_t j = i; j < weave->part_count; j++)
            if (weave->parts[j].entity == cluster && weave->parts[j].kind == weave->parts[i].kind)
                weave->parts[j].entity = lowest;
    }
}

/* Whether a person said that this part of a record is nothing, and its source still says it as it did then. */
static bool section_out(struct weave *weave, const struct section_view *section)
{
    struct statements *statements = &weave->match->statements;
    struct statement suppress;
    if (!statements->persons || !statement_stands(statements, section->seed, STATEMENT_SUPPRESS, &suppress))
        return false;
    uint64_t digest = digest_fast(section->image.bytes, section->image.len);
    bool same = suppress.against.len == sizeof(digest) && memcmp(suppress.against.bytes, &digest, sizeof(digest)) == 0;
    if (same || suppress.ends != PIN_SOURCE_MOVES || suppress.run == weave->run)
        return true;
    statements_withdraw(statements, &suppress, NULL, NULL);
    return false;
}

/* Who moved from one store to another belongs to the first no more. Who left for good keeps what was known last. */
static bool section_left(const struct weave *weave, const struct group *group, const struct section_view *section)
{
    if (section->kind != KIND_membership || group->record->state != SOURCE_GONE)
        return false;
    for (size_t g = 0; g < weave->group_count; g++)
        if (weave->groups[g].record->state != SOURCE_GONE)
            return true;
    return false;
}

void weave_parts(struct weave *weave)
{
    weave->part_count = 0;
    bool several = false;
    for (size_t g = 0; g < weave->group_count; g++)
        for (uint16_t s = 0; s < weave->groups[g].record->count; s++) {
            const struct section_view *section = &weave->groups[g].record->sections[s];
            bool root = section->kind == weave->kind;
            if (!root && !(weave->kind == KIND_person && kind_hangs(section->kind)))
                continue;
            uint64_t entity = weave->group_count == 1 && !weave->had_root && weave->kind == KIND_person &&
                                      !weave->match->statements.persons
                                  ? section->seed
                                  : match_resolve(weave->match, section->seed);
            if (root && weave->kind != KIND_person && entity != weave->id)
                continue;
            if (!root && (section_out(weave, section) || section_left(weave, &weave->groups[g], section)))
                continue;
            weave_fail(weave, mem_grow(&weave->parts, weave->part_count, &weave->part_room, sizeof(*weave->parts)));
            if (weave->rc != 0)
                return;
            weave->parts[weave->part_count++] = (struct part){section->kind, root ? weave->id : entity, (uint16_t)g, s};
            several |= g > 0;
        }
    if (weave->kind == KIND_person && weave->match->statements.persons)
        weave_divide(weave);
    if (several && weave->kind == KIND_person)
        weave_twins(weave);
    for (size_t i = 1; i < weave->part_count; i++) /* those of one record are in order as a rule */
        if (part_compare(&weave->parts[i - 1], &weave->parts[i]) > 0) {
            qsort(weave->parts, weave->part_count, sizeof(*weave->parts), part_compare);
            return;
        }
}
