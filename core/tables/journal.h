/* journal - what changed, when, from what to what, by which run: one entry per root (person, unit) and run.
 *
 * Entry: u32 run, u32 parts, i64 time, u8 root kind, u64 root id, u64 previous
 * entry of this root (0: none), then per part { u8 kind, u8 op, u16 changes,
 * u64 id }, per change { u16 field, u8 old presence, u8 old flags, u32 old
 * length, u8 new presence, u8 new flags, u32 new length, u64 seed, old, new }.
 * A creation lists no fields: what was created is what stands there now with
 * all later changes taken back, newest first. Key: u64 sequence big-endian. */
#ifndef TABLES_JOURNAL_H
#define TABLES_JOURNAL_H

#include "base/buffer.h"
#include "model/image.h"
#include "store/store.h"

/* Erased: whoever keeps a copy erases it, too. Expired: it is kept here no longer, which says nothing of copies. */
enum journal_op {
    JOURNAL_CREATED = 1,
    JOURNAL_CHANGED,
    JOURNAL_GONE,
    JOURNAL_RETURNED,
    JOURNAL_ERASED,
    JOURNAL_EXPIRED
};

/* Writing: begin an entry, then parts, then changes of the last part; counts are put right by journal_end(). */
struct journal_entry {
    struct buffer bytes;
    uint32_t parts;
    size_t part_at;   /* where the last part's head stands */
    uint16_t changes; /* of the last part */
};
void journal_begin(struct journal_entry *entry, uint32_t run, int64_t time_ms, enum kind kind, uint64_t id,
                   uint64_t previous);
void journal_part(struct journal_entry *entry, enum kind kind, uint64_t id, enum journal_op op);
void journal_change(struct journal_entry *entry, uint16_t field, struct value was, struct value is, uint64_t seed);
/* Returns whether the entry says anything. */
bool journal_end(struct journal_entry *entry);

/* Reading. */
struct journal_reader {
    uint32_t run, parts;
    int64_t time_ms;
    enum kind kind; /* of the root */
    uint64_t id, previous;
    const uint8_t *at, *end;
    uint16_t changes; /* of the current part that are still to come */
};
struct journal_part {
    enum kind kind;
    enum journal_op op;
    uint64_t id;
    uint16_t changes;
};
struct journal_change {
    uint16_t field;
    struct value was, is;
    uint64_t seed;
};
bool journal_open(struct journal_reader *reader, struct bytes value);
bool journal_next_part(struct journal_reader *reader, struct journal_part *ret_part); /* skips what was not read */
bool journal_next_change(struct journal_reader *reader, struct journal_change *ret_change);
/* To the first entry of the run, or of a later one; `cursor` is on the table journal. False: there is none. */
bool journal_first(struct cursor *cursor, struct txn *txn, uint32_t run, struct journal_reader *ret_reader);

/* Writes an entry that stands once more, without any value: when, by which run, what of. False: it is damaged. */
bool journal_blank(struct bytes value, struct journal_entry *entry);

/* --- after a restore --- */

/* Entries that came after the backup are gone, and who has read them does not know. In a store that was put back,
 * before anything is written to it: the next number is above all that were ever given out (`least` is the highest that
 * is known of), and which ones lie between is noted in `meta`. */
int journal_leap(struct txn *txn, uint64_t least, int64_t now_ms);
/* What `leaps` in `meta` holds, one for each restore: the last number that stayed, and the first that may be given out.
 */
struct journal_leap {
    uint64_t from, to;
};
bool journal_leapt(struct bytes leaps, uint64_t sequence);
/* Whether what somebody has read up to this number was undone since: they have to read everything again. */
bool journal_undone(struct txn *txn, uint64_t sequence);

#endif
