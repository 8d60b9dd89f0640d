/* weave_orders - which work order a punch, an incident or a note means: by tenant, customer and stem, or number.
 *
 * Of several revisions the one with the greatest number is meant. Orders come
 * before everything that may mean one (roots are in the order of kinds), so
 * those of this run are known by then; the others are read when they are first
 * asked for. What came before its order is woven once more. */
#include "engine/weave_inside.h"

#include "logic/punch.h"
#include "tables/refer.h"

/* Where a thing says which order it means, and the field that follows from it. */
static const struct meaning {
    enum kind kind;
    uint16_t tenant, customer, stem, order;
} meanings[] = {
    {KIND_punch, FIELD_punch_tenant, FIELD_punch_customer, FIELD_punch_work_order_stem, FIELD_punch_work_order},
    {KIND_incident, FIELD_incident_tenant, FIELD_incident_customer, FIELD_incident_work_order_stem,
     FIELD_incident_work_order},
    {KIND_note, FIELD_note_tenant, FIELD_note_customer, FIELD_note_work_order_stem, FIELD_note_work_order},
};

enum { MEANINGS = sizeof(meanings) / sizeof(meanings[0]) };

struct found {
    uint64_t id;
    struct bytes number;
};

struct weave_orders {
    struct arena *arena;
    struct found *items;
    size_t count, room;
    struct numbers at;      /* digest → place + 1 */
    struct numbers changed; /* digests of orders that came, changed or went in this run */
    struct numbers woven;   /* ids of those orders */
    struct numbers seen;    /* ids of what was woven after them */
    bool read;              /* the other orders were, too */
};

static struct weave_orders *orders_of(struct weave *weave)
{
    if (!weave->orders) {
        weave->orders = mem_new(1, sizeof(*weave->orders));
        if (!weave->orders || !(weave->orders->arena = arena_new()))
            weave_fail(weave, -ENOMEM);
    }
    return weave->rc == 0 ? weave->orders : NULL;
}

void weave_orders_done(struct weave *weave)
{
    struct weave_orders *orders = weave->orders;
    if (!orders)
        return;
    numbers_done(&orders->at);
    numbers_done(&orders->changed);
    numbers_done(&orders->woven);
    numbers_done(&orders->seen);
    arena_free(orders->arena);
    free(orders->items);
    free(orders);
}

/* --- orders --- */

/* By stem and by number; 0: it has none of that. */
static void order_digests(struct image image, uint64_t ret_digests[2])
{
    static const uint16_t words[] = {FIELD_work_order_stem, FIELD_work_order_number};
    for (size_t n = 0; n < 2; n++) {
        const struct value values[] = {image_get(image, FIELD_work_order_tenant),
                                       image_get(image, FIELD_work_order_customer), image_get(image, words[n])};
        ret_digests[n] = values[2].presence == PRESENCE_VALUE ? punch_digest(values, 3) : 0;
    }
}

static bool is_later(struct bytes number, struct bytes than)
{
    size_t less = number.len < than.len ? number.len : than.len;
    int order = less > 0 ? memcmp(number.data, than.data, less) : 0;
    return order > 0 || (order == 0 && number.len > than.len);
}

static void order_add(struct weave *weave, uint64_t id, struct image image)
{
    struct weave_orders *orders = weave->orders;
    struct value value = image_get(image, FIELD_work_order_number);
    struct bytes number = value.presence == PRESENCE_VALUE ? bytes(value.bytes, value.len) : bytes("", 0);
    uint64_t digests[2];
    order_digests(image, digests);
    char *copy = arena_copy(orders->arena, number.data, number.len);
    weave_fail(weave, copy ? 0 : -ENOMEM);
    for (size_t n = 0; n < 2 && weave->rc == 0; n++) {
        uint64_t *known = numbers_get(&orders->at, digests[n]);
        if (digests[n] == 0 || (known && !is_later(number, orders->items[*known - 1].number)))
            continue;
        if (!known) {
            weave_fail(weave, mem_grow(&orders->items, orders->count, &orders->room, sizeof(*orders->items)));
            weave_fail(weave, numbers_set(&orders->at, digests[n], orders->count + 1));
        }
        if (weave->rc == 0)
            orders->items[known ? *known - 1 : orders->count++] = (struct found){id, bytes(copy, number.len)};
    }
}

static void changed_add(struct weave *weave, struct image image)
{
    uint64_t digests[2];
    order_digests(image, digests);
    for (size_t n = 0; n < 2; n++)
        if (digests[n] != 0)
            weave_fail(weave, numbers_set(&weave->orders->changed, digests[n], 1));
}

void weave_order_woven(struct weave *weave, struct image image)
{
    if (!orders_of(weave))
        return;
    weave_fail(weave, numbers_set(&weave->orders->woven, weave->id, 1));
    if (weave->had_root)
        changed_add(weave, weave->old_root->image);
    if (!image.bytes)
        return;
    changed_add(weave, image);
    order_add(weave, weave->id, image);
}

/* Those that this run did not touch. */
static void orders_read(struct weave *weave)
{
    struct cursor cursor __attribute__((cleanup(tidy_cursor)));
    uint8_t kind = KIND_work_order;
    enum entity_state state;
    struct image image;
    weave->orders->read = true;
    cursor_open(&cursor, weave->snapshot, TABLE_entity);
    for (bool there = cursor_seek(&cursor, bytes(&kind, 1));
         there && weave->rc == 0 && cursor_has_prefix(&cursor, bytes(&kind, 1)); there = cursor_next(&cursor))
        if (!numbers_get(&weave->orders->woven, entity_key_id(cursor.key)) &&
            entity_image(cursor.value, &image, &state) && state == ENTITY_LIVE)
            order_add(weave, entity_key_id(cursor.key), image);
}

uint64_t weave_order_find(struct weave *weave, uint64_t digest)
{
    if (digest == 0 || !orders_of(weave))
        return 0;
    if (!weave->orders->read)
        orders_read(weave);
    uint64_t *at = numbers_get(&weave->orders->at, digest);
    return at ? weave->orders->items[*at - 1].id : 0;
}

/* --- what means them --- */

static struct value made_value(const struct image_maker *maker, uint16_t field)
{
    for (uint16_t n = 0; n < maker->count; n++)
        if (maker->fields[n] == field)
            return maker->values[n];
    return (struct value){0};
}

void weave_order_seen(struct weave *weave)
{
    if (weave->orders && weave->orders->changed.count > 0)
        weave_fail(weave, numbers_set(&weave->orders->seen, weave->id, 1));
}

void weave_order_put(struct weave *weave)
{
    const struct meaning *meaning = meanings;
    while (meaning < meanings + MEANINGS && meaning->kind != weave->kind)
        meaning++;
    if (meaning == meanings + MEANINGS)
        return;
    const struct value values[] = {made_value(weave->maker, meaning->tenant),
                                   made_value(weave->maker, meaning->customer),
                                   made_value(weave->maker, meaning->stem)};
    uint64_t id = values[2].presence == PRESENCE_VALUE ? weave_order_find(weave, punch_digest(values, 3)) : 0;
    if (id == 0)
        return;
    uint64_t be = __builtin_bswap64(id);
    char *place = arena_copy(weave->arena, &be, sizeof(be));
    weave_fail(weave, place ? 0 : -ENOMEM);
    if (place)
        image_put(weave->maker, meaning->order, (struct value){PRESENCE_VALUE, 0, sizeof(be), place});
}

/* Whether what is stored means an order of this run, and another one than it says. */
static bool means_another(struct weave *weave, const struct meaning *meaning, struct image image)
{
    const struct value values[] = {image_get(image, meaning->tenant), image_get(image, meaning->customer),
                                   image_get(image, meaning->stem)};
    if (values[2].presence != PRESENCE_VALUE)
        return false;
    uint64_t digest = punch_digest(values, 3);
    return numbers_get(&weave->orders->changed, digest) &&
           weave_order_find(weave, digest) != reference_id(image_get(image, meaning->order));
}

/* What stands in a person's record is woven with the person. */
static bool is_root(struct weave *weave, enum kind kind, uint64_t id)
{
    struct source *record = &weave->match->other;
    struct bytes value;
    if (!entity_get(weave->snapshot, kind, id, weave->old) || weave->old->member_count == 0)
        return false;
    const struct member *member = &weave->old->members[0];
    buffer_clear(&weave->key);
    source_key(member->stream, member->id.data, member->id.len, &weave->key);
    weave_fail(weave, weave->key.rc);
    return weave->rc == 0 && txn_get(weave->snapshot, TABLE_source, bytes(weave->key.data, weave->key.len), &value) &&
           source_read(value, record) && record->count > 0 && record->sections[0].kind != KIND_person;
}

size_t weave_orders_follow(struct weave *weave, struct root **ret_roots)
{
    size_t count = 0, room = 0;
    enum entity_state state;
    struct image image;
    for (size_t n = 0; weave->orders && weave->orders->changed.count > 0 && n < MEANINGS; n++) {
        struct cursor cursor __attribute__((cleanup(tidy_cursor)));
        uint8_t kind = (uint8_t)meanings[n].kind;
        cursor_open(&cursor, weave->snapshot, TABLE_entity);
        for (bool there = cursor_seek(&cursor, bytes(&kind, 1));
             there && weave->rc == 0 && cursor_has_prefix(&cursor, bytes(&kind, 1)); there = cursor_next(&cursor)) {
            uint64_t id = entity_key_id(cursor.key);
            if (!entity_image(cursor.value, &image, &state) || state != ENTITY_LIVE ||
                numbers_get(&weave->orders->seen, id) || !means_another(weave, &meanings[n], image) ||
                !is_root(weave, meanings[n].kind, id))
                continue;
            weave_fail(weave, mem_grow(ret_roots, count, &room, sizeof(**ret_roots)));
            if (weave->rc == 0)
                (*ret_roots)[count++] = (struct root){meanings[n].kind, id, ROOT_ONLY};
        }
    }
    return count;
}
