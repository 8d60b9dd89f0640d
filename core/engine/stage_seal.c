/* stage_seal - what a record's protected values are in plain; what was sealed before stays. Part of stage.h.
 *
 * Writes the `vault` table. */
#include "engine/stage_inside.h"

#include "base/error.h"

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

/* `old` is the row that stands there, `onto` what of it stays. */
static int seal_put(struct stage *stage, uint64_t seed, struct bytes old, struct bytes onto, struct bytes fresh)
{
    struct vault_item items[VAULT_ITEM_MAX];
    struct buffer rows[2] = {{0}, {0}}; /* by turns: each is made out of the one before */
    uint64_t key = __builtin_bswap64(seed);
    const uint8_t *at = fresh.data, *end = at + fresh.len;
    struct bytes row = onto;
    int rc = 0, count;
    for (unsigned turn = 0; rc == 0 && (count = seal_collect(&at, end, row, items)) != 0; turn = !turn) {
        buffer_clear(&rows[turn]);
        rc = count < 0 ? count : vault_add(stage->vault, row, items, (size_t)count, &rows[turn]);
        row = bytes(rows[turn].data, rows[turn].len);
    }
    if (rc == 0 && row.data != old.data && row.len > 0)
        changeset_put(stage->changeset, TABLE_vault, bytes(&key, sizeof(key)), old, row);
    else if (rc == 0 && row.len == 0 && old.len > 0)
        changeset_delete(stage->changeset, TABLE_vault, bytes(&key, sizeof(key)), old);
    buffer_done(&rows[0]);
    buffer_done(&rows[1]);
    return rc;
}

int stage_seal(struct stage *stage, struct bytes fresh)
{
    if (fresh.len == 0)
        return 0;
    uint64_t seed = stage->made.sections[0].seed, key = __builtin_bswap64(seed);
    struct bytes old = {0};
    txn_get(stage->snapshot, TABLE_vault, bytes(&key, sizeof(key)), &old);
    return seal_put(stage, seed, old, old, fresh);
}

void stage_forget(struct stage *stage, uint64_t seed)
{
    struct bytes old;
    uint64_t key = __builtin_bswap64(seed);
    if (txn_get(stage->snapshot, TABLE_vault, bytes(&key, sizeof(key)), &old))
        changeset_delete(stage->changeset, TABLE_vault, bytes(&key, sizeof(key)), old);
}

/* What a record has sealed, in plain, as in a spooled row; `out` is wiped by whoever asked. */
static int seal_reveal(struct stage *stage, struct bytes row, const struct source *record, struct buffer *out)
{
    struct buffer plain __attribute__((cleanup(buffer_done))) = {0};
    int rc = 0;
    for (uint16_t s = 0; s < record->count && rc == 0; s++)
        for (uint16_t n = 0;
             record->sections[s].kind != KIND_RAW && n < image_count(record->sections[s].image) && rc == 0; n++) {
            uint16_t field;
            struct value value = image_nth(record->sections[s].image, n, &field);
            if (!(value.flags & VALUE_SEALED) || value.len != DIGEST_KEYED)
                continue;
            buffer_clear(&plain);
            rc = vault_reveal(stage->vault, row, (const uint8_t *)value.bytes, &plain);
            uint32_t len = (uint32_t)plain.len;
            if (rc == 0) {
                buffer_add(out, value.bytes, value.len);
                buffer_add(out, &len, sizeof(len));
                buffer_add(out, plain.data, plain.len);
            }
            rc = rc == ERR_GONE ? 0 : rc ? rc : plain.rc ? plain.rc : out->rc; /* erased ones stay so */
        }
    if (plain.data)
        explicit_bzero(plain.data, plain.len);
    return rc;
}

int stage_reseal(struct stage *stage, uint64_t from, const struct source *record, uint64_t to, bool add)
{
    struct buffer plain __attribute__((cleanup(buffer_done))) = {0};
    uint64_t source = __builtin_bswap64(from), target = __builtin_bswap64(to);
    struct bytes row = {0}, old = {0};
    if (!txn_get(stage->snapshot, TABLE_vault, bytes(&source, sizeof(source)), &row))
        return stage->snapshot->rc;
    txn_get(stage->snapshot, TABLE_vault, bytes(&target, sizeof(target)), &old);
    int rc = seal_reveal(stage, row, record, &plain);
    if (rc == 0)
        rc = seal_put(stage, to, old, add ? old : (struct bytes){0}, bytes(plain.data, plain.len));
    if (plain.data)
        explicit_bzero(plain.data, plain.len);
    return rc;
}
