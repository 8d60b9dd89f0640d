/* shop_check - what must always hold: derived tables say exactly what follows from sources and golden records.
 *
 * Works it out anew, slowly and from the tables alone, and compares. */
#include "shop.h"

#include "base/clock.h"
#include "base/date.h"
#include "base/mem.h"
#include "base/numbers.h"
#include "base/zone.h"
#include "engine/match.h"
#include "logic/merge.h"
#include "tables/census.h"
#include "tables/refer.h"
#include "tables/slot.h"
#include "tables/streams.h"
#include "tables/wait.h"

#include <errno.h>

/* Rows of a table as they should be, or are. */
struct rows {
    struct buffer *items;
    size_t count, room;
};

static struct buffer *rows_add(struct rows *rows)
{
    assert_int_equal(mem_grow(&rows->items, rows->count, &rows->room, sizeof(*rows->items)), 0);
    rows->items[rows->count] = (struct buffer){0};
    return &rows->items[rows->count++];
}

static int row_order(const void *a, const void *b)
{
    const struct buffer *x = a, *y = b;
    int order = memcmp(x->data, y->data, x->len < y->len ? x->len : y->len);
    return order ? order : (x->len > y->len) - (x->len < y->len);
}

static void rows_show(const char *what, const struct buffer *row)
{
    struct buffer text = {0};
    for (size_t i = 0; i < row->len; i++)
        buffer_format(&text, row->data[i] >= ' ' && row->data[i] < 127 ? "%c" : "\\%02x", (unsigned char)row->data[i]);
    print_message("%s %s\n", what, text.data);
    buffer_done(&text);
}

/* Expects the same rows in both; frees. */
static void rows_compare(const char *what, struct rows *should, struct rows *is)
{
    size_t faults = 0, i = 0, j = 0;
    if (should->count > 1)
        qsort(should->items, should->count, sizeof(*should->items), row_order);
    if (is->count > 1)
        qsort(is->items, is->count, sizeof(*is->items), row_order);
    while (i < should->count || j < is->count) {
        int order = i == should->count ? 1 : j == is->count ? -1 : row_order(&should->items[i], &is->items[j]);
        if (order != 0) {
            print_message("%s: ", what);
            rows_show(order < 0 ? "should be" : "should not be", order < 0 ? &should->items[i] : &is->items[j]);
            faults++;
        }
        size_t at = i;
        if (order <= 0)
            for (i++; i < should->count && row_order(&should->items[at], &should->items[i]) == 0;)
                i++; /* said several times */
        j += order >= 0;
    }
    assert_int_equal(faults, 0);
    for (i = 0; i < should->count; i++)
        buffer_done(&should->items[i]);
    for (j = 0; j < is->count; j++)
        buffer_done(&is->items[j]);
    free(should->items);
    free(is->items);
}

static void rows_read(struct txn *txn, enum table table, bool with_value, struct rows *rows)
{
    struct cursor cursor __attribute__((cleanup(tidy_cursor)));
    cursor_open(&cursor, txn, table);
    for (bool there = cursor_seek(&cursor, bytes("", 0)); there; there = cursor_next(&cursor)) {
        struct buffer *row = rows_add(rows);
        buffer_add(row, cursor.key.data, cursor.key.len);
        if (with_value)
            buffer_add(row, cursor.value.data, cursor.value.len);
    }
}

struct check {
    struct shop *shop;
    struct txn txn;
    struct slots slots;
    struct streams streams;
    struct match match;
    struct source *record;
    struct entity *entity;
    struct numbers owner; /* child → its root, by kind and id */
    struct numbers seeds, taken;
    struct rows index, refer, due;
    struct buffer text;
};

static uint64_t entity_hash(enum kind kind, uint64_t id)
{
    return id << 8 | kind;
}

/* --- sources: seeds, and what waits for its person --- */

static void check_waiting(struct check *check, struct bytes key)
{
    const struct section_view *main = &check->record->sections[0];
    uint64_t be = __builtin_bswap64(main->seed);
    for (size_t r = 0; r < check->slots.rule_count; r++) {
        const struct slot *slot = &check->slots.person[check->slots.rules[r]];
        buffer_clear(&check->text);
        if (!slot_text(&check->slots, slot, main->image, &check->text))
            continue;
        struct buffer *row = rows_add(&check->index);
        slot_prefix(KIND_WAITING(KIND_person), slot->number, check->text.data, check->text.len, row);
        buffer_add(row, &be, sizeof(be));
        buffer_add(row, key.data, key.len);
    }
}

static void check_sources(struct check *check)
{
    struct cursor cursor __attribute__((cleanup(tidy_cursor)));
    uint64_t last = meta_number(&check->txn, "seed");
    cursor_open(&cursor, &check->txn, TABLE_source);
    for (bool there = cursor_seek(&cursor, bytes("", 0)); there; there = cursor_next(&cursor)) {
        assert_true(source_read(cursor.value, check->record));
        assert_non_null(streams_find(&check->streams, source_key_stream(cursor.key)));
        for (uint16_t n = 0; n < check->record->count + check->record->dead_count; n++) {
            const struct section_view *section =
                n < check->record->count ? &check->record->sections[n] : &check->record->dead[n - check->record->count];
            if (n < check->record->count)
                assert_true(image_valid(section->image));
            assert_int_equal(section->seed == 0, n < check->record->count && section->kind == KIND_MAPPED);
            if (section->seed == 0)
                continue;
            assert_in_range(section->seed, 1, last);
            assert_null(numbers_get(&check->seeds, section->seed));
            numbers_set(&check->seeds, section->seed, 1);
        }
        assert_in_range(check->record->situation, SITUATION_LINKED, SITUATION_NOT_OWNER);
        if (check->record->situation != SITUATION_LINKED && check->record->state != SOURCE_GONE)
            check_waiting(check, cursor.key);
    }
}

/* No two things that wait have one number. */
static void check_waits(struct check *check)
{
    struct cursor cursor __attribute__((cleanup(tidy_cursor)));
    struct arena *arena TIDY(arena_free) = arena_new();
    struct numbers numbers = {0};
    uint64_t last = meta_number(&check->txn, "wait");
    cursor_open(&cursor, &check->txn, TABLE_wait);
    for (bool there = cursor_seek(&cursor, bytes("", 0)); there; there = cursor_next(&cursor)) {
        struct wait_item item;
        assert_true(wait_read(cursor.key, cursor.value, arena, &item));
        assert_in_range(item.number, 1, last);
        assert_null(numbers_get(&numbers, item.number));
        numbers_set(&numbers, item.number, 1);
    }
    numbers_done(&numbers);
}

/* Each linked record of a person belongs to exactly one. */
static void check_linked(struct check *check)
{
    struct cursor cursor __attribute__((cleanup(tidy_cursor)));
    cursor_open(&cursor, &check->txn, TABLE_source);
    for (bool there = cursor_seek(&cursor, bytes("", 0)); there; there = cursor_next(&cursor)) {
        assert_true(source_read(cursor.value, check->record));
        bool linked = check->record->situation == SITUATION_LINKED;
        for (uint16_t n = 0; n < check->record->count; n++)
            if (!kind_is_raw(check->record->sections[n].kind))
                assert_int_equal(numbers_get(&check->taken, check->record->sections[n].seed) != NULL, linked);
    }
}

/* --- golden records: members, index, who refers to whom --- */

static void check_index(struct check *check, enum kind kind, uint64_t id, struct image image)
{
    static const uint16_t unit_slots[] = {FIELD_org_unit_code, FIELD_org_unit_name};
    uint64_t be = __builtin_bswap64(id);
    for (size_t i = 0; kind == KIND_person && i < check->slots.person_count; i++) {
        const struct slot *slot = &check->slots.person[i];
        buffer_clear(&check->text);
        if (!slot_text(&check->slots, slot, image, &check->text))
            continue;
        struct buffer *row = rows_add(&check->index);
        slot_prefix(kind, slot->number, check->text.data, check->text.len, row);
        buffer_add(row, &be, sizeof(be));
    }
    struct value type = image_get(image, FIELD_org_unit_type);
    for (size_t i = 0; kind == KIND_org_unit && i < 2; i++) {
        struct value value = image_get(image, unit_slots[i]);
        buffer_clear(&check->text);
        if (value.presence != PRESENCE_VALUE ||
            !slot_unit_text((uint8_t)*type.bytes, value.bytes, value.len, &check->text))
            continue;
        struct buffer *row = rows_add(&check->index);
        slot_prefix(kind, unit_slots[i], check->text.data, check->text.len, row);
        buffer_add(row, &be, sizeof(be));
    }
}

static void check_members(struct check *check, enum kind kind, uint64_t id)
{
    const struct entity *entity = check->entity;
    struct buffer key = {0};
    bool exists = false;
    assert_true(entity->member_count > 0 || entity->state == ENTITY_GONE || kind == KIND_work_period);
    for (uint16_t n = 0; n < entity->member_count; n++) {
        const struct member *member = &entity->members[n];
        struct bytes value;
        buffer_clear(&key);
        source_key(member->stream, member->id.data, member->id.len, &key);
        assert_true(txn_get(&check->txn, TABLE_source, bytes(key.data, key.len), &value));
        assert_true(source_read(value, check->record));
        const struct section_view *section = NULL;
        for (uint16_t s = 0; s < check->record->count; s++)
            if (check->record->sections[s].seed == member->seed)
                section = &check->record->sections[s];
        if (!section) {
            assert_int_equal(entity->state, ENTITY_GONE);
            continue;
        }
        assert_int_equal(match_resolve(&check->match, member->seed), id);
        assert_null(numbers_get(&check->taken, member->seed));
        numbers_set(&check->taken, member->seed, id);
        check_index(check, kind, id, section->image);
        const struct connection *connection = streams_find(&check->streams, member->stream)->connection;
        for (const struct connection *const *at = check->shop->organization->exists; *at; at++)
            exists |= check->record->state != SOURCE_GONE && *at == connection;
    }
    buffer_done(&key);
    struct value status = image_get(entity->image, FIELD_person_status);
    if (kind == KIND_person && !exists)
        assert_int_equal(*status.bytes, 5); /* inactive */
    if (kind == KIND_person && exists) {
        int64_t days[2] = {INT64_MIN, INT64_MIN}, due;
        uint16_t fields[] = {FIELD_person_hired_on, FIELD_person_terminated_on};
        struct date date;
        struct zone *zone;
        assert_int_equal(zone_open(check->shop->organization->time_zone, &zone), 0);
        int64_t today = zone_day(zone, clock_now_ms());
        zone_free(zone);
        for (int i = 0; i < 2; i++) {
            struct value value = image_get(entity->image, fields[i]);
            if (value.presence == PRESENCE_VALUE && date_read(value.bytes, value.len, &date))
                days[i] = date_days(date);
        }
        merge_status(0, false, true, days[0], days[1], today, &due);
        if (due != INT64_MAX) {
            uint8_t entity_at[ENTITY_KEY];
            entity_key(kind, id, entity_at);
            struct buffer *row = rows_add(&check->due);
            buffer_be32(row, (uint32_t)due);
            buffer_add(row, entity_at, sizeof(entity_at));
        }
    }
}

/* By bits for who is known, by key for who is waited for; here each row says one of them. */
static void check_reference(struct check *check, const struct field *field, struct value value, enum kind root_kind,
                            uint64_t root)
{
    uint8_t entity_at[ENTITY_KEY];
    if (!(value.flags & VALUE_WAITING)) {
        uint64_t be;
        assert_int_equal(value.len, 8);
        memcpy(&be, value.bytes, 8);
        uint64_t target = __builtin_bswap64(be);
        struct bytes there;
        entity_key(field->refers_to, target, entity_at);
        assert_true(txn_get(&check->txn, TABLE_entity, bytes(entity_at, ENTITY_KEY), &there));
        if (target == root && field->refers_to == root_kind)
            return;
        struct buffer *row = rows_add(&check->refer);
        buffer_byte(row, REFER_TO);
        buffer_add(row, entity_at, ENTITY_KEY);
        entity_key(root_kind, root, entity_at);
        buffer_add(row, entity_at, ENTITY_KEY);
        return;
    }
    struct reference reference;
    assert_true(reference_read(value.bytes, value.len, &reference));
    buffer_clear(&check->text);
    struct buffer *row = rows_add(&check->refer);
    buffer_byte(row, REFER_WAITING);
    if (reference.how == REFERENCE_FIELD) {
        const struct field *by = organization_field_number(check->shop->organization, KIND_person, reference.field);
        struct value text = {PRESENCE_VALUE, 0, reference.text_len, reference.text};
        assert_true(slot_value_text(&check->slots, by, text, &check->text));
        slot_prefix(KIND_person, by->number, check->text.data, check->text.len, row);
    } else {
        bool code = reference.text_len > 0;
        assert_true(slot_unit_text(reference.unit_type, code ? reference.text : reference.name,
                                   code ? reference.text_len : reference.name_len, &check->text));
        slot_prefix(KIND_org_unit, code ? FIELD_org_unit_code : FIELD_org_unit_name, check->text.data, check->text.len,
                    row);
    }
    entity_key(root_kind, root, entity_at);
    buffer_add(row, entity_at, ENTITY_KEY);
}

static void check_references(struct check *check, enum kind kind, uint64_t id)
{
    const struct entity *entity = check->entity;
    uint64_t *owner = numbers_get(&check->owner, entity_hash(kind, id));
    for (uint16_t n = 0; entity->state == ENTITY_LIVE && n < image_count(entity->image); n++) {
        uint16_t number;
        struct value value = image_nth(entity->image, n, &number);
        const struct field *field = organization_field_number(check->shop->organization, kind, number);
        assert_non_null(field);
        if (field->type == TYPE_REF)
            check_reference(check, field, value, owner ? KIND_person : kind, owner ? *owner : id);
    }
}

static void check_entities(struct check *check, bool first)
{
    struct cursor cursor __attribute__((cleanup(tidy_cursor)));
    cursor_open(&cursor, &check->txn, TABLE_entity);
    for (bool there = cursor_seek(&cursor, bytes("", 0)); there; there = cursor_next(&cursor)) {
        enum kind kind = entity_key_kind(cursor.key);
        uint64_t id = entity_key_id(cursor.key);
        assert_true(entity_read(cursor.value, check->entity));
        assert_true(image_valid(check->entity->image));
        for (uint16_t n = 0; first && n < check->entity->child_count; n++) {
            uint64_t child = entity_hash(check->entity->children[n].kind, check->entity->children[n].id);
            assert_null(numbers_get(&check->owner, child));
            numbers_set(&check->owner, child, id);
        }
        if (first)
            continue;
        if (kind == KIND_employment)
            assert_non_null(numbers_get(&check->owner, entity_hash(kind, id)));
        check_members(check, kind, id);
        check_references(check, kind, id);
    }
}

/* Bits become rows of their own. */
static void refer_read(struct check *check, struct rows *rows)
{
    struct cursor cursor __attribute__((cleanup(tidy_cursor)));
    cursor_open(&cursor, &check->txn, TABLE_refer);
    for (bool there = cursor_seek(&cursor, bytes("", 0)); there; there = cursor_next(&cursor)) {
        const uint8_t *key = cursor.key.data;
        if (key[0] == REFER_WAITING) {
            buffer_add(rows_add(rows), key, cursor.key.len);
            continue;
        }
        struct root *roots = NULL;
        size_t count = 0, room = 0;
        struct bytes target = bytes(key + 1, ENTITY_KEY);
        if (memcmp(key + 1, key + 1, ENTITY_KEY) == 0)
            assert_int_equal(
                refer_each(&check->txn, entity_key_kind(target), entity_key_id(target), &roots, &count, &room), 0);
        assert_true(count > 0);
        for (size_t i = 0; i < count; i++) {
            uint8_t root[ENTITY_KEY];
            entity_key(roots[i].kind, roots[i].id, root);
            struct buffer *row = rows_add(rows);
            buffer_add(row, key, 1 + ENTITY_KEY);
            buffer_add(row, root, ENTITY_KEY);
        }
        free(roots);
        /* that was all buckets of the target */
        struct buffer last = {0};
        buffer_add(&last, key, 1 + ENTITY_KEY);
        buffer_add(&last, "\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff", 10);
        there = cursor_seek(&cursor, bytes(last.data, last.len));
        buffer_done(&last);
        if (!there)
            return;
        bool back = cursor_previous(&cursor);
        assert_true(back);
    }
}

/* --- the census --- */

static void check_census(struct check *check)
{
    struct census stands, walked;
    struct bytes row;
    uint64_t sequence;
    if (meta_number(&check->txn, "sequence") == 0)
        return;
    assert_true(meta_get(&check->txn, "census", &row));
    memcpy(&sequence, row.data, sizeof(sequence));
    assert_int_equal(sequence, meta_number(&check->txn, "sequence"));
    assert_int_equal(census_read(&check->txn, &stands), 0);
    assert_int_equal(census_walk(&check->txn, &walked), 0);
    assert_memory_equal(&stands, &walked, sizeof(stands));
}

void shop_check(struct shop *shop)
{
    struct check check = {
        .shop = shop, .record = mem_new(1, sizeof(*check.record)), .entity = mem_new(1, sizeof(*check.entity))};
    assert_int_equal(slots_make(shop->organization, shop->store, &check.slots), 0);
    txn_begin(&check.txn, shop->store, false);
    assert_int_equal(streams_load(shop->organization, &check.txn, &check.streams), 0);
    check.match = (struct match){.organization = shop->organization, .snapshot = &check.txn};
    assert_int_equal(match_init(&check.match), 0);
    check_sources(&check);
    check_entities(&check, true);
    check_entities(&check, false);
    check_linked(&check);
    check_waits(&check);
    check_census(&check);
    struct rows index = {0}, refer = {0}, due = {0};
    rows_read(&check.txn, TABLE_index, true, &index);
    rows_read(&check.txn, TABLE_due, false, &due);
    refer_read(&check, &refer);
    rows_compare("index", &check.index, &index);
    rows_compare("refer", &check.refer, &refer);
    rows_compare("due", &check.due, &due);
    match_done(&check.match);
    streams_done(&check.streams);
    assert_int_equal(txn_end(&check.txn), 0);
    numbers_done(&check.owner);
    numbers_done(&check.seeds);
    numbers_done(&check.taken);
    buffer_done(&check.text);
    free(check.record);
    free(check.entity);
}

void shop_check_again(struct shop *shop)
{
    size_t before_len, after_len;
    char *before = shop_rows(shop, &before_len);
    for (size_t c = 0; c < shop->organization->connection_count; c++) {
        shop_run(shop, shop->organization->connections[c].name, true, 0);
        char *after = shop_rows(shop, &after_len);
        assert_int_equal(before_len, after_len);
        assert_memory_equal(before, after, before_len);
        free(after);
    }
    free(before);
}
