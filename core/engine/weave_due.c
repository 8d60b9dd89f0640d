/* weave_due - the days on which something changes by itself; and the instants, where a day is too coarse.
 *
 * Writes the `due` table: u32 day, kind, id → nothing, or an i64 in ms. */
#include "engine/weave_inside.h"

#include "base/date.h"

static int64_t image_day(struct image image, uint16_t field)
{
    struct value value = image_get(image, field);
    struct date date;
    if (value.presence != PRESENCE_VALUE || !date_read(value.bytes, value.len, &date))
        return INT64_MIN;
    return date_days(date);
}

static void due_key(int64_t day, enum kind kind, uint64_t id, uint8_t ret_key[4 + ENTITY_KEY])
{
    uint32_t be = __builtin_bswap32((uint32_t)(day < 0 ? 0 : day));
    memcpy(ret_key, &be, sizeof(be));
    entity_key(kind, id, ret_key + 4);
}

static void due_put(struct weave *weave, int64_t due)
{
    uint8_t key[4 + ENTITY_KEY];
    struct bytes old;
    due_key(due, weave->kind, weave->id, key);
    if (!txn_get(weave->snapshot, TABLE_due, bytes(key, sizeof(key)), &old))
        changeset_put(weave->changeset, TABLE_due, bytes(key, sizeof(key)), bytes(NULL, 0), bytes("", 0));
}

void weave_due_rows(struct weave *weave)
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
        if (before[i] <= weave->today || before[i] == weave->due || before[i] == weave->pin_due ||
            (i == 1 && before[1] == before[0]))
            continue; /* rows up to today are gone already: weave_due() */
        due_key(before[i], weave->kind, weave->id, key);
        if (txn_get(weave->snapshot, TABLE_due, row, &old))
            changeset_delete(weave->changeset, TABLE_due, row, old);
    }
    if (weave->due != INT64_MAX)
        due_put(weave, weave->due);
    if (weave->pin_due != INT64_MAX && weave->pin_due != weave->due)
        due_put(weave, weave->pin_due);
}

static int64_t due_day(const struct cursor *cursor)
{
    uint32_t be;
    memcpy(&be, cursor->key.data, sizeof(be));
    return __builtin_bswap32(be);
}

static int64_t due_instant(struct bytes value)
{
    int64_t at_ms = INT64_MIN;
    if (value.len == sizeof(at_ms))
        memcpy(&at_ms, value.data, sizeof(at_ms));
    return at_ms;
}

bool weave_is_due(const struct cursor *cursor, int64_t today, int64_t now_ms)
{
    return cursor->key.len == 4 + ENTITY_KEY && due_day(cursor) <= today && due_instant(cursor->value) <= now_ms;
}

/* What came before goes with this run: a new row has another key then. */
void weave_due_at(struct weave *weave, enum kind kind, uint64_t id, int64_t at_ms)
{
    uint8_t key[4 + ENTITY_KEY];
    struct bytes row = bytes(key, sizeof(key)), old, new = bytes(&at_ms, sizeof(at_ms));
    int64_t day = weave->match->zone ? zone_day(weave->match->zone, at_ms) : at_ms / (24 * 3600 * 1000);
    due_key(day, kind, id, key);
    bool had = txn_get(weave->snapshot, TABLE_due, row, &old);
    if (had && day <= weave->today && due_instant(old) <= weave->now_ms) {
        due_key(day + 1, kind, id, key);
        had = txn_get(weave->snapshot, TABLE_due, row, &old);
    }
    if (!had || due_instant(old) != at_ms)
        changeset_put(weave->changeset, TABLE_due, row, had ? old : bytes(NULL, 0), new);
}

int weave_due(struct match *match, int64_t today, int64_t now_ms)
{
    struct cursor cursor __attribute__((cleanup(tidy_cursor)));
    cursor_open(&cursor, match->snapshot, TABLE_due);
    for (bool there = cursor_seek(&cursor, bytes("", 0)); there; there = cursor_next(&cursor)) {
        if (cursor.key.len != 4 + ENTITY_KEY)
            return ERR_CORRUPT;
        if (due_day(&cursor) > today)
            break;
        if (!weave_is_due(&cursor, today, now_ms))
            continue;
        struct bytes root = bytes((const uint8_t *)cursor.key.data + 4, ENTITY_KEY);
        int rc = mem_grow(&match->roots, match->root_count, &match->root_room, sizeof(*match->roots));
        if (rc != 0)
            return rc;
        match->roots[match->root_count++] = (struct root){entity_key_kind(root), entity_key_id(root), ROOT_ONLY};
        changeset_delete(match->changeset, TABLE_due, cursor.key, cursor.value);
    }
    return match->snapshot->rc;
}

void weave_due_erase(struct weave *weave)
{
    struct cursor cursor __attribute__((cleanup(tidy_cursor)));
    cursor_open(&cursor, weave->snapshot, TABLE_due);
    for (bool there = cursor_seek(&cursor, bytes("", 0)); there; there = cursor_next(&cursor)) {
        if (cursor.key.len != 4 + ENTITY_KEY || weave_is_due(&cursor, weave->today, weave->now_ms))
            continue; /* rows that are due now go with this run: weave_due() */
        struct bytes root = bytes((const uint8_t *)cursor.key.data + 4, ENTITY_KEY);
        if (weave_is_erased(weave->match, entity_key_kind(root), entity_key_id(root)))
            changeset_delete(weave->changeset, TABLE_due, cursor.key, cursor.value);
    }
}
