/* refer - who refers to whom, and who waits for somebody not known yet. */
#include "engine/refer.h"

#include "base/error.h"
#include "base/mem.h"
#include "engine/entity.h"

#include <string.h>

enum { BUCKET_BITS = 9, BUCKET = 1 << (BUCKET_BITS - 3), TO_KEY = 1 + ENTITY_KEY + ENTITY_KEY };

static void to_key(enum kind target_kind, uint64_t target, enum kind root_kind, uint64_t bucket,
                   uint8_t ret_key[TO_KEY])
{
    ret_key[0] = REFER_TO;
    entity_key(target_kind, target, ret_key + 1);
    entity_key(root_kind, bucket, ret_key + 1 + ENTITY_KEY);
}

int refer_each(struct txn *txn, enum kind kind, uint64_t id, struct root **roots, size_t *count, size_t *room)
{
    uint8_t prefix[1 + ENTITY_KEY] = {REFER_TO};
    entity_key(kind, id, prefix + 1);
    struct bytes begins = bytes(prefix, sizeof(prefix));
    struct cursor cursor __attribute__((cleanup(tidy_cursor)));
    cursor_open(&cursor, txn, TABLE_refer);
    for (bool there = cursor_seek(&cursor, begins); there && cursor_has_prefix(&cursor, begins);
         there = cursor_next(&cursor)) {
        if (cursor.key.len != TO_KEY || cursor.value.len != BUCKET)
            return ERR_CORRUPT;
        struct bytes bucket = bytes((const uint8_t *)cursor.key.data + sizeof(prefix), ENTITY_KEY);
        for (unsigned bit = 0; bit < BUCKET * 8; bit++) {
            if (!(((const uint8_t *)cursor.value.data)[bit / 8] & 1u << bit % 8))
                continue;
            int rc = mem_grow(roots, *count, room, sizeof(**roots));
            if (rc != 0)
                return rc;
            (*roots)[(*count)++] =
                (struct root){entity_key_kind(bucket), entity_key_id(bucket) << BUCKET_BITS | bit, ROOT_ONLY};
        }
    }
    return txn->rc;
}

int refer_note(struct sorter *edits, enum kind target_kind, uint64_t target, enum kind root_kind, uint64_t root,
               bool add)
{
    uint8_t key[TO_KEY];
    uint16_t edit = (uint16_t)((root & ((1u << BUCKET_BITS) - 1)) | (add ? 1u << 15 : 0));
    to_key(target_kind, target, root_kind, root >> BUCKET_BITS, key);
    return sorter_add(edits, bytes(key, sizeof(key)), bytes(&edit, sizeof(edit)));
}

int refer_note_waiting(struct sorter *edits, struct bytes index_key, enum kind root_kind, uint64_t root, bool add)
{
    uint8_t key[STORE_KEY_MAX];
    uint16_t edit = add ? 1u << 15 : 0;
    if (index_key.len + 1 + ENTITY_KEY > sizeof(key))
        return ERR_LIMIT;
    key[0] = REFER_WAITING;
    memcpy(key + 1, index_key.data, index_key.len);
    entity_key(root_kind, root, key + 1 + index_key.len);
    return sorter_add(edits, bytes(key, 1 + index_key.len + ENTITY_KEY), bytes(&edit, sizeof(edit)));
}

/* One row with its collected edits, as bits; `waiting` rows have no bits, only the last word counts. */
struct row {
    uint8_t key[STORE_KEY_MAX];
    size_t key_len;
    uint8_t bits[BUCKET];
    struct bytes old;
    bool waiting, there;
};

static void row_begin(struct row *row, struct txn *snapshot, struct bytes key)
{
    memcpy(row->key, key.data, key.len);
    row->key_len = key.len;
    row->waiting = row->key[0] == REFER_WAITING;
    row->old = bytes(NULL, 0);
    memset(row->bits, 0, sizeof(row->bits));
    row->there = txn_get(snapshot, TABLE_refer, key, &row->old);
    if (row->there && row->old.len == BUCKET)
        memcpy(row->bits, row->old.data, BUCKET);
}

static void row_edit(struct row *row, uint16_t edit)
{
    bool add = edit & 1u << 15;
    unsigned bit = edit & ((1u << BUCKET_BITS) - 1);
    if (row->waiting)
        row->there = add;
    else if (add)
        row->bits[bit / 8] |= (uint8_t)(1u << bit % 8);
    else
        row->bits[bit / 8] &= (uint8_t) ~(1u << bit % 8);
}

static void row_end(struct row *row, struct changeset *changeset)
{
    static const uint8_t none[BUCKET];
    struct bytes key = bytes(row->key, row->key_len);
    bool wanted = row->waiting ? row->there : memcmp(row->bits, none, BUCKET) != 0;
    struct bytes value = row->waiting ? bytes("", 0) : bytes(row->bits, BUCKET);
    if (!wanted && row->old.data)
        changeset_delete(changeset, TABLE_refer, key, row->old);
    else if (wanted && !(row->old.data && row->old.len == value.len &&
                         (value.len == 0 || memcmp(row->old.data, value.data, value.len) == 0)))
        changeset_put(changeset, TABLE_refer, key, row->old, value);
}

int refer_write(struct sorter *edits, struct txn *snapshot, struct changeset *changeset)
{
    struct row row = {0};
    struct bytes key, value;
    int rc = sorter_rewind(edits);
    while (rc == 0 && (rc = sorter_next(edits, &key, &value)) == 1) {
        uint16_t edit;
        rc = 0;
        if (key.len != row.key_len || memcmp(key.data, row.key, key.len) != 0) {
            if (row.key_len > 0)
                row_end(&row, changeset);
            row_begin(&row, snapshot, key);
        }
        memcpy(&edit, value.data, sizeof(edit));
        row_edit(&row, edit);
    }
    if (rc == 0 && row.key_len > 0)
        row_end(&row, changeset);
    return rc ? rc : snapshot->rc ? snapshot->rc : changeset_rc(changeset);
}
