/* belief - what was held to be true at an earlier point. */
#include "query/belief.h"

#include "base/error.h"
#include "base/mem.h"
#include "tables/journal.h"

#include <errno.h>
#include <string.h>

enum { ROOTS_MAX = 64 };

/* One field of a thing, as the walk back has it now. */
struct held {
    uint16_t field;
    bool noted; /* its last change up to the cut was met */
    struct value is;
    struct belief_change change;
};

struct thing {
    enum kind kind;
    uint64_t id;
    bool there; /* it had been created */
    enum entity_state state;
    uint32_t created_run;
    int64_t created_ms;
    struct held *fields;
    size_t count, room;
};

/* An entry of somebody's journal. */
struct heard {
    uint64_t sequence;
    struct bytes value;
};

struct belief {
    struct query *query;
    struct cut cut;
    enum kind kind; /* of all roots here */
    uint64_t roots[ROOTS_MAX];
    size_t root_count;
    struct heard *entries;
    size_t entry_count, entry_room;
    struct thing *things;
    size_t count, room;
    struct entity *entity;
    struct image_maker *maker;
    int rc;
};

void belief_free(struct belief *belief)
{
    if (!belief)
        return;
    for (size_t i = 0; i < belief->count; i++)
        free(belief->things[i].fields);
    free(belief->things);
    free(belief->entries);
    free(belief->entity);
    free(belief->maker);
    free(belief);
}

static void belief_fail(struct belief *belief, int rc)
{
    belief->rc = belief->rc ? belief->rc : rc;
}

/* --- things --- */

static struct held *held_find(const struct thing *thing, uint16_t field)
{
    for (size_t i = 0; i < thing->count; i++)
        if (thing->fields[i].field == field)
            return &thing->fields[i];
    return NULL;
}

static struct held *held_of(struct belief *belief, struct thing *thing, uint16_t field)
{
    struct held *held = held_find(thing, field);
    if (held)
        return held;
    belief_fail(belief, mem_grow(&thing->fields, thing->count, &thing->room, sizeof(*thing->fields)));
    if (belief->rc != 0)
        return NULL;
    held = &thing->fields[thing->count++];
    *held = (struct held){.field = field};
    return held;
}

static struct thing *thing_find(struct belief *belief, enum kind kind, uint64_t id)
{
    for (size_t i = 0; i < belief->count; i++)
        if (belief->things[i].kind == kind && belief->things[i].id == id)
            return &belief->things[i];
    return NULL;
}

/* The thing as it is now, when the walk meets it for the first time. */
static struct thing *thing_of(struct belief *belief, enum kind kind, uint64_t id)
{
    struct thing *thing = thing_find(belief, kind, id);
    if (thing)
        return thing;
    belief_fail(belief, mem_grow(&belief->things, belief->count, &belief->room, sizeof(*belief->things)));
    if (belief->rc != 0)
        return NULL;
    thing = &belief->things[belief->count++];
    *thing = (struct thing){.kind = kind, .id = id};
    uint8_t key[ENTITY_KEY];
    struct bytes value;
    struct image image;
    entity_key(kind, id, key);
    if (!txn_get(&belief->query->txn, TABLE_entity, bytes(key, sizeof(key)), &value) ||
        !entity_image(value, &image, &thing->state))
        return thing; /* nothing of it is left but its history */
    thing->there = true;
    for (uint16_t n = 0; n < image_count(image); n++) {
        uint16_t field;
        struct value is = image_nth(image, n, &field);
        struct held *held = held_of(belief, thing, field);
        if (held)
            held->is = is;
    }
    return thing;
}

/* Whose it is; 0: kinds that do not say so belong to the root that speaks of them. */
static const struct field *owner_field(enum kind kind)
{
    const struct field *field = kind == KIND_person ? NULL : field_by_name(kind, "person");
    return field && field->type == TYPE_REF && field->refers_to == KIND_person ? field : NULL;
}

/* --- collecting: the journals of all roots that had something of it --- */

static void root_add(struct belief *belief, uint64_t id)
{
    for (size_t i = 0; i < belief->root_count; i++)
        if (belief->roots[i] == id)
            return;
    if (id == 0)
        return;
    if (belief->root_count == ROOTS_MAX)
        belief_fail(belief, ERR_LIMIT);
    else
        belief->roots[belief->root_count++] = id;
}

static bool cut_newer(struct cut cut, const struct journal_reader *reader)
{
    return cut.run != 0 ? reader->run > cut.run : reader->time_ms > cut.time_ms;
}

/* Other people to whom things that this entry speaks of belonged, later than the cut. */
static void entry_owners(struct belief *belief, struct journal_reader reader)
{
    struct journal_part part;
    struct journal_change change;
    while (belief->rc == 0 && journal_next_part(&reader, &part)) {
        const struct field *owner = owner_field(part.kind);
        struct thing *thing = thing_of(belief, part.kind, part.id);
        struct held *held = owner && thing ? held_find(thing, owner->number) : NULL;
        if (held)
            root_add(belief, reference_id(held->is));
        while (owner && journal_next_change(&reader, &change))
            if (change.field == owner->number) {
                root_add(belief, reference_id(change.was));
                root_add(belief, reference_id(change.is));
            }
    }
}

static void root_collect(struct belief *belief, uint64_t id)
{
    struct query *query = belief->query;
    if (!entity_get(&query->txn, belief->kind, id, belief->entity)) {
        belief_fail(belief, query->txn.rc);
        return;
    }
    for (uint16_t n = 0; n < belief->entity->child_count; n++)
        thing_of(belief, belief->entity->children[n].kind, belief->entity->children[n].id);
    for (uint64_t sequence = belief->entity->last, previous; sequence != 0 && belief->rc == 0; sequence = previous) {
        uint64_t be = __builtin_bswap64(sequence);
        struct journal_reader reader;
        struct bytes value;
        if (!txn_get(&query->txn, TABLE_journal, bytes(&be, sizeof(be)), &value) || !journal_open(&reader, value) ||
            (previous = reader.previous) >= sequence) {
            belief_fail(belief, query->txn.rc ? query->txn.rc : ERR_CORRUPT);
            return;
        }
        belief_fail(belief,
                    mem_grow(&belief->entries, belief->entry_count, &belief->entry_room, sizeof(*belief->entries)));
        if (belief->rc != 0)
            return;
        belief->entries[belief->entry_count++] = (struct heard){sequence, value};
        if (belief->kind == KIND_person)
            entry_owners(belief, reader);
    }
}

static int heard_compare(const void *a, const void *b)
{
    uint64_t x = ((const struct heard *)a)->sequence, y = ((const struct heard *)b)->sequence;
    return x > y ? -1 : x < y; /* newest first */
}

/* --- taking back --- */

static void part_take_back(struct belief *belief, struct journal_reader *reader, const struct journal_part *part)
{
    struct journal_change change;
    struct thing *thing = thing_of(belief, part->kind, part->id);
    if (thing && part->op == JOURNAL_CREATED)
        thing->there = false;
    if (thing && part->op == JOURNAL_GONE)
        thing->state = ENTITY_LIVE;
    if (thing && part->op == JOURNAL_RETURNED)
        thing->state = ENTITY_GONE;
    while (belief->rc == 0 && journal_next_change(reader, &change)) {
        struct held *held = held_of(belief, thing, change.field);
        if (held)
            held->is = change.was;
    }
}

/* What an entry up to the cut tells of where the values come from. */
static void part_note(struct belief *belief, struct journal_reader *reader, const struct journal_part *part)
{
    struct journal_change change;
    struct thing *thing = thing_of(belief, part->kind, part->id);
    if (thing && part->op == JOURNAL_CREATED) {
        thing->created_run = reader->run;
        thing->created_ms = reader->time_ms;
    }
    while (belief->rc == 0 && journal_next_change(reader, &change)) {
        struct held *held = held_of(belief, thing, change.field);
        if (!held || held->noted)
            continue;
        held->noted = true;
        held->change = (struct belief_change){reader->run, reader->time_ms, change.seed, false, change.was};
    }
}

static void belief_walk(struct belief *belief)
{
    for (size_t i = 0; i < belief->entry_count && belief->rc == 0; i++) {
        struct journal_reader reader;
        struct journal_part part;
        if (!journal_open(&reader, belief->entries[i].value)) {
            belief_fail(belief, ERR_CORRUPT);
            return;
        }
        bool newer = cut_newer(belief->cut, &reader);
        for (uint32_t left = reader.parts; left > 0 && belief->rc == 0; left--) {
            if (!journal_next_part(&reader, &part))
                belief_fail(belief, ERR_CORRUPT);
            else if (newer)
                part_take_back(belief, &reader, &part);
            else
                part_note(belief, &reader, &part);
        }
    }
}

int belief_read(struct query *query, enum kind kind, uint64_t id, struct cut cut, struct belief **ret_belief)
{
    TIDY(belief_free) struct belief *belief = mem_new(1, sizeof(*belief));
    if (!belief)
        return -ENOMEM;
    *belief = (struct belief){.query = query, .cut = cut, .kind = kind, .roots = {id}, .root_count = 1};
    belief->entity = mem_new(1, sizeof(*belief->entity));
    belief->maker = mem_new(1, sizeof(*belief->maker));
    if (!belief->entity || !belief->maker)
        return -ENOMEM;
    struct thing *root = thing_of(belief, kind, id);
    for (size_t i = 0; i < belief->root_count && belief->rc == 0; i++)
        root_collect(belief, belief->roots[i]);
    if (belief->entry_count > 1)
        qsort(belief->entries, belief->entry_count, sizeof(*belief->entries), heard_compare);
    belief_walk(belief);
    if (belief->rc != 0)
        return belief->rc;
    root = thing_find(belief, kind, id);
    if (!root || !root->there)
        return ERR_GONE;
    *ret_belief = TAKE(belief);
    return 0;
}

/* --- telling --- */

static bool thing_belongs(const struct belief *belief, const struct thing *thing)
{
    const struct field *owner = owner_field(thing->kind);
    struct held *held = owner ? held_find(thing, owner->number) : NULL;
    return thing->there && thing->kind != belief->kind &&
           (!held || held->is.presence != PRESENCE_VALUE || reference_id(held->is) == belief->roots[0]);
}

static int child_compare(const void *a, const void *b)
{
    const struct child *x = a, *y = b;
    if (x->kind != y->kind)
        return x->kind < y->kind ? -1 : 1;
    return x->id < y->id ? -1 : x->id > y->id;
}

static bool thing_image(struct belief *belief, const struct thing *thing, struct image *ret_image)
{
    TIDY_DONE(buffer_done) struct buffer bytes = {0};
    image_start(belief->maker);
    for (size_t i = 0; i < thing->count; i++)
        if (thing->fields[i].is.presence != PRESENCE_ABSENT)
            image_put(belief->maker, thing->fields[i].field, thing->fields[i].is);
    image_write(belief->maker, &bytes);
    const char *kept = bytes.rc ? NULL : arena_copy(belief->query->arena, bytes.data, bytes.len);
    if (!kept)
        belief->query->txn.rc = bytes.rc ? bytes.rc : -ENOMEM;
    else
        *ret_image = (struct image){(const uint8_t *)kept, (uint32_t)bytes.len};
    return kept != NULL;
}

static void belief_children(const struct belief *belief, bool gone, struct entity *entity)
{
    uint16_t first = entity->child_count;
    for (size_t i = 0; i < belief->count && entity->child_count < CHILDREN_MAX; i++)
        if (thing_belongs(belief, &belief->things[i]) && (belief->things[i].state == ENTITY_GONE) == gone)
            entity->children[entity->child_count++] = (struct child){belief->things[i].kind, belief->things[i].id};
    if (entity->child_count - first > 1)
        qsort(entity->children + first, (size_t)entity->child_count - first, sizeof(*entity->children), child_compare);
}

bool belief_entity(struct belief *belief, enum kind kind, uint64_t id, struct entity *ret_entity)
{
    struct thing *thing = thing_find(belief, kind, id);
    bool root = kind == belief->kind && id == belief->roots[0];
    if (!thing || !thing->there || (!root && !thing_belongs(belief, thing)))
        return false;
    if (!entity_get(&belief->query->txn, kind, id, ret_entity))
        *ret_entity = (struct entity){0};
    ret_entity->state = thing->state;
    ret_entity->child_count = 0;
    for (int gone = 0; root && gone < 2; gone++) /* as they are stored: who is no longer said comes last */
        belief_children(belief, gone, ret_entity);
    entity_order_children(ret_entity);
    return thing_image(belief, thing, &ret_entity->image);
}

bool belief_field(struct belief *belief, enum kind kind, uint64_t id, uint16_t field, struct belief_change *ret_change)
{
    struct thing *thing = thing_find(belief, kind, id);
    struct held *held = thing && thing->there ? held_find(thing, field) : NULL;
    if (!held)
        return false;
    *ret_change =
        held->noted ? held->change
                    : (struct belief_change){.run = thing->created_run, .time_ms = thing->created_ms, .created = true};
    return true;
}

int64_t belief_begins(struct query *query, enum kind kind, uint64_t id, uint32_t *ret_run)
{
    uint8_t key[ENTITY_KEY];
    struct bytes value;
    struct journal_reader reader;
    entity_key(kind, id, key);
    TIDY(free) struct entity *entity = mem_new(1, sizeof(*entity));
    if (!entity || !entity_get(&query->txn, kind, id, entity))
        return 0;
    uint64_t be = __builtin_bswap64(entity->first);
    if (!txn_get(&query->txn, TABLE_journal, bytes(&be, sizeof(be)), &value) || !journal_open(&reader, value))
        return 0;
    *ret_run = reader.run;
    return reader.time_ms;
}
