/* stage_seal - what a record's protected values are in plain; what was sealed before stays. Part of stage.h.
 *
 * Writes the `vault` table. */
#include "engine/stage_inside.h"

#include <string.h>

static bool item_among(const struct vault_item *items, size_t count, const uint8_t *digest)
{
    for (size_t i = 0; i < count; i++)
        if (memcmp(items[i].digest, digest, DIGEST_KEYED) == 0)
            return true;
    return false;
}

/* The next values that are not in the row yet. Moves *at. Returns how many, or ERR_CORRUPT. */
static int seal_collect(const uint8_t **at, const uint8_t *end, struct bytes row, struct vault_item *items)
{
    enum { HEAD = DIGEST_KEYED + 4 };
    int count = 0;
    while (end - *at >= HEAD && count < VAULT_ITEM_MAX) {
        uint32_t len;
        memcpy(&len, *at + DIGEST_KEYED, sizeof(len));
        if ((size_t)(end - *at) - HEAD < len)
            return ERR_CORRUPT;
        if (!vault_has(row, *at) && !item_among(items, (size_t)count, *at)) {
            memcpy(items[count].digest, *at, DIGEST_KEYED);
            items[count].plain = (const char *)*at + HEAD;
            items[count++].len = len;
        }
        *at += HEAD + len;
    }
    return count;
}

int stage_seal(struct stage *stage, struct bytes fresh)
{
    if (fresh.len == 0)
        return 0;
    struct vault_item items[VAULT_ITEM_MAX];
    struct buffer rows[2] = {{0}, {0}}; /* by turns: each is made out of the one before */
    uint64_t key = __builtin_bswap64(stage->made.sections[0].seed);
    const uint8_t *at = fresh.data, *end = at + fresh.len;
    struct bytes old = {0}, row;
    txn_get(stage->snapshot, TABLE_vault, bytes(&key, sizeof(key)), &old);
    row = old;
    int rc = 0, count;
    for (unsigned turn = 0; rc == 0 && (count = seal_collect(&at, end, row, items)) != 0; turn = !turn) {
        buffer_clear(&rows[turn]);
        rc = count < 0 ? count : vault_add(stage->vault, row, items, (size_t)count, &rows[turn]);
        row = bytes(rows[turn].data, rows[turn].len);
    }
    if (rc == 0 && row.data != old.data)
        changeset_put(stage->changeset, TABLE_vault, bytes(&key, sizeof(key)), old, row);
    buffer_done(&rows[0]);
    buffer_done(&rows[1]);
    return rc;
}

void stage_forget(struct stage *stage, uint64_t seed)
{
    struct bytes old;
    uint64_t key = __builtin_bswap64(seed);
    if (txn_get(stage->snapshot, TABLE_vault, bytes(&key, sizeof(key)), &old))
        changeset_delete(stage->changeset, TABLE_vault, bytes(&key, sizeof(key)), old);
}
