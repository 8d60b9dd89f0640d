/* journal_stored - entries of the journal in the store. */
#include "tables/journal.h"

#include <string.h>

/* --- what is kept no longer --- */

bool bygone_get(struct txn *txn, struct bygone *ret_bygone)
{
    struct bytes meta;
    if (!meta_get(txn, "bygone", &meta) || meta.len != sizeof(*ret_bygone))
        return false;
    memcpy(ret_bygone, meta.data, sizeof(*ret_bygone));
    return true;
}

void bygone_set(struct txn *txn, const struct bygone *bygone)
{
    meta_set(txn, "bygone", bytes(bygone, sizeof(*bygone)));
}

/* --- after a restore --- */

static const int64_t BEGINNING_MS = INT64_C(1767225600000); /* 2026-01-01 */

int journal_leap(struct txn *txn, uint64_t least, int64_t now_ms)
{
    struct buffer leaps __attribute__((cleanup(buffer_done))) = {0};
    struct journal_leap leap = {.from = meta_number(txn, "sequence")};
    uint64_t by_time = now_ms > BEGINNING_MS ? (uint64_t)(now_ms - BEGINNING_MS) * 1000 : 0; /* faster than any run */
    struct bytes before;
    least = least > leap.from ? least : leap.from;
    leap.to = least + 1 > by_time ? least + 1 : by_time;
    if (meta_get(txn, "leaps", &before))
        buffer_add(&leaps, before.data, before.len);
    buffer_add(&leaps, &leap, sizeof(leap));
    if (leaps.rc != 0)
        return leaps.rc;
    meta_set(txn, "leaps", bytes(leaps.data, leaps.len));
    meta_set_number(txn, "sequence", leap.to);
    return txn->rc;
}

bool journal_undone(struct txn *txn, uint64_t sequence)
{
    struct bytes leaps;
    return meta_get(txn, "leaps", &leaps) && journal_leapt(leaps, sequence);
}

/* --- of a run --- */

static bool entry_at(struct cursor *cursor, uint64_t sequence, struct journal_reader *ret_reader)
{
    uint64_t be = __builtin_bswap64(sequence);
    return cursor_seek(cursor, bytes(&be, sizeof(be))) && journal_open(ret_reader, cursor->value);
}

/* The numbers of runs rise with those of entries. */
bool journal_first(struct cursor *cursor, struct txn *txn, uint32_t run, struct journal_reader *ret_reader)
{
    uint64_t low = 0, high = meta_number(txn, "sequence") + 1;
    while (low < high) {
        uint64_t middle = low + (high - low) / 2;
        if (entry_at(cursor, middle, ret_reader) && ret_reader->run < run)
            low = middle + 1;
        else
            high = middle;
    }
    return entry_at(cursor, low, ret_reader);
}
