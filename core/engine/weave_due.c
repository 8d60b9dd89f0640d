/* weave_due - the days on which something changes by itself.
 *
 * Writes the `due` table. */
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
