/* tally - how many changes of each kind went through lately. */
#include "tables/tally.h"

#include <string.h>

enum { ENTRY = 1 + 8 + 8 };

static void tally_drop(struct tally *tally, unsigned slot, unsigned nth)
{
    struct tally_entry *entries = tally->entries[slot];
    memmove(entries + nth, entries + nth + 1, (tally->count[slot] - nth - 1u) * sizeof(*entries));
    tally->count[slot]--;
}

static void slot_add(struct tally *tally, unsigned slot, int64_t at_ms, uint64_t count)
{
    struct tally_entry *entries = tally->entries[slot];
    if (tally->count[slot] == TALLY_ENTRIES) {
        entries[1].count += entries[0].count;
        tally_drop(tally, slot, 0);
    }
    unsigned at = tally->count[slot]++;
    for (; at > 0 && entries[at - 1].at_ms > at_ms; at--) /* the clock was put back */
        entries[at] = entries[at - 1];
    entries[at] = (struct tally_entry){at_ms, count};
}

void tally_add(struct tally *tally, enum gate gate, int64_t at_ms, uint64_t count)
{
    if (count > 0 && tally_slot(gate) < TALLY_GATES)
        slot_add(tally, tally_slot(gate), at_ms, count);
}

uint64_t tally_sum(const struct tally *tally, enum gate gate, int64_t after_ms)
{
    uint64_t sum = 0;
    unsigned slot = tally_slot(gate);
    for (unsigned i = 0; slot < TALLY_GATES && i < tally->count[slot]; i++)
        sum += tally->entries[slot][i].at_ms > after_ms ? tally->entries[slot][i].count : 0;
    return sum;
}

void tally_forget(struct tally *tally, enum gate gate, int64_t until_ms)
{
    unsigned slot = tally_slot(gate);
    while (slot < TALLY_GATES && tally->count[slot] > 0 && tally->entries[slot][0].at_ms <= until_ms)
        tally_drop(tally, slot, 0);
}

void tally_write(const struct tally *tally, struct buffer *out)
{
    for (unsigned gate = 0; gate < TALLY_GATES; gate++)
        for (unsigned i = 0; i < tally->count[gate]; i++) {
            buffer_byte(out, (unsigned char)gate);
            buffer_add(out, &tally->entries[gate][i].at_ms, sizeof(int64_t));
            buffer_add(out, &tally->entries[gate][i].count, sizeof(uint64_t));
        }
}

static struct tally_entry entry_read(const uint8_t *at)
{
    struct tally_entry entry;
    memcpy(&entry.at_ms, at + 1, sizeof(entry.at_ms));
    memcpy(&entry.count, at + 9, sizeof(entry.count));
    return entry;
}

uint64_t tally_stored_sum(const void *bytes, size_t len, enum gate gate, int64_t after_ms)
{
    uint64_t sum = 0;
    unsigned slot = tally_slot(gate);
    for (const uint8_t *at = bytes; len >= ENTRY; at += ENTRY, len -= ENTRY) {
        struct tally_entry entry = entry_read(at);
        sum += at[0] == slot && entry.at_ms > after_ms ? entry.count : 0;
    }
    return sum;
}

bool tally_read(const void *bytes, size_t len, struct tally *ret_tally)
{
    const uint8_t *at = bytes;
    struct tally tally = {.count = {0}};
    if (len % ENTRY != 0)
        return false;
    for (; len > 0; at += ENTRY, len -= ENTRY) {
        struct tally_entry entry = entry_read(at);
        if (at[0] >= TALLY_GATES || tally.count[at[0]] == TALLY_ENTRIES)
            return false;
        if (entry.count > 0)
            slot_add(&tally, at[0], entry.at_ms, entry.count);
    }
    *ret_tally = tally;
    return true;
}
