/* past - everything that ever happened to a person and what hangs on them. */
#include "query/past.h"

#include "base/error.h"
#include "base/mem.h"

#include <errno.h>
#include <string.h>

/* What one thing was like at the point that the walk has reached. */
struct known {
    enum kind kind;
    uint64_t id;
    struct past_change *values; /* field and `is` */
    size_t count, room;
};

struct walk {
    struct query *query;
    struct known *things;
    size_t count, room;
    struct past past;
};

void past_done(struct past *past)
{
    free(past->entries);
    *past = (struct past){0};
}

static void walk_done(struct walk *walk)
{
    for (size_t i = 0; i < walk->count; i++)
        free(walk->things[i].values);
    free(walk->things);
    past_done(&walk->past);
}

static int known_set(struct known *known, uint16_t field, struct value value)
{
    for (size_t i = 0; i < known->count; i++)
        if (known->values[i].field == field) {
            known->values[i].is = value;
            return 0;
        }
    int rc = mem_grow(&known->values, known->count, &known->room, sizeof(*known->values));
    if (rc == 0)
        known->values[known->count++] = (struct past_change){.field = field, .is = value};
    return rc;
}

/* The thing as it is now, when the walk meets it for the first time. */
static struct known *known_find(struct walk *walk, enum kind kind, uint64_t id)
{
    for (size_t i = 0; i < walk->count; i++)
        if (walk->things[i].kind == kind && walk->things[i].id == id)
            return &walk->things[i];
    if (mem_grow(&walk->things, walk->count, &walk->room, sizeof(*walk->things)) != 0)
        return NULL;
    struct known *known = &walk->things[walk->count++];
    *known = (struct known){.kind = kind, .id = id};
    uint8_t key[ENTITY_KEY];
    struct bytes value;
    struct image image;
    enum entity_state state;
    entity_key(kind, id, key);
    if (!txn_get(&walk->query->txn, TABLE_entity, bytes(key, sizeof(key)), &value) ||
        !entity_image(value, &image, &state))
        return known;
    for (uint16_t n = 0; n < image_count(image); n++) {
        uint16_t field;
        struct value now = image_nth(image, n, &field);
        if (known_set(known, field, now) != 0)
            return NULL;
    }
    return known;
}

static int change_compare(const void *a, const void *b)
{
    return (int)((const struct past_change *)a)->field - (int)((const struct past_change *)b)->field;
}

static bool value_tells(struct value value)
{
    return value.presence == PRESENCE_VALUE || value.presence == PRESENCE_NULL;
}

static int part_created(struct walk *walk, const struct known *known, struct past_part *part)
{
    part->changes = arena_get(walk->query->arena, (known->count + 1) * sizeof(*part->changes));
    if (!part->changes)
        return -ENOMEM;
    for (size_t i = 0; i < known->count; i++)
        if (value_tells(known->values[i].is))
            part->changes[part->count++] = known->values[i];
    if (part->count > 1)
        qsort(part->changes, part->count, sizeof(*part->changes), change_compare);
    return 0;
}

static int part_read(struct walk *walk, struct journal_reader *reader, const struct journal_part *head,
                     struct past_part *part)
{
    struct journal_change change;
    struct known *known = known_find(walk, head->kind, head->id);
    if (!known)
        return -ENOMEM;
    *part = (struct past_part){.kind = head->kind, .id = head->id, .op = head->op};
    if (head->op == JOURNAL_CREATED)
        return part_created(walk, known, part);
    part->changes = arena_get(walk->query->arena, (head->changes + 1u) * sizeof(*part->changes));
    if (!part->changes)
        return -ENOMEM;
    while (part->count < head->changes && journal_next_change(reader, &change)) {
        part->changes[part->count++] = (struct past_change){change.field, change.was, change.is, change.seed};
        int rc = known_set(known, change.field, change.was);
        if (rc != 0)
            return rc;
    }
    return part->count == head->changes ? 0 : ERR_CORRUPT;
}

static int entry_read(struct walk *walk, struct bytes value, struct past_entry *entry, uint64_t *ret_previous)
{
    struct journal_reader reader;
    struct journal_part head;
    if (!journal_open(&reader, value) || reader.parts > CHILDREN_MAX * 2)
        return ERR_CORRUPT;
    entry->run = reader.run;
    entry->time_ms = reader.time_ms;
    *ret_previous = reader.previous;
    entry->parts = arena_get(walk->query->arena, (reader.parts + 1u) * sizeof(*entry->parts));
    if (!entry->parts)
        return -ENOMEM;
    uint32_t parts = reader.parts;
    for (int rc; entry->count < parts && journal_next_part(&reader, &head);)
        if ((rc = part_read(walk, &reader, &head, &entry->parts[entry->count++])) != 0)
            return rc;
    return entry->count == parts ? 0 : ERR_CORRUPT;
}

int past_read(struct query *query, enum kind kind, uint64_t id, struct past *ret_past)
{
    __attribute__((cleanup(walk_done))) struct walk walk = {.query = query};
    TIDY(free) struct entity *entity = mem_new(1, sizeof(*entity));
    if (!entity)
        return -ENOMEM;
    if (!entity_get(&query->txn, kind, id, entity))
        return query->txn.rc ? query->txn.rc : ERR_GONE;
    for (uint64_t sequence = entity->last, previous; sequence != 0; sequence = previous) {
        uint64_t be = __builtin_bswap64(sequence);
        struct bytes value;
        int rc = mem_grow(&walk.past.entries, walk.past.count, &walk.past.room, sizeof(*walk.past.entries));
        if (rc != 0)
            return rc;
        struct past_entry *entry = &walk.past.entries[walk.past.count++];
        *entry = (struct past_entry){.sequence = sequence};
        if (!txn_get(&query->txn, TABLE_journal, bytes(&be, sizeof(be)), &value))
            return query->txn.rc ? query->txn.rc : ERR_CORRUPT;
        rc = entry_read(&walk, value, entry, &previous);
        if (rc == 0 && previous >= sequence)
            rc = ERR_CORRUPT;
        if (rc != 0)
            return rc;
    }
    *ret_past = walk.past;
    walk.past = (struct past){0};
    return 0;
}
