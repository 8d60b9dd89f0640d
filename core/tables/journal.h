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

/* --- what is kept no longer --- */

/* A flag of `was`, which is absent then: what it was is kept no longer. No flag of image.h or entity.h. */
#define VALUE_BYGONE 0x40

/* Runs go when their `retention:` is over, and with them what was held to be true before: of entries up to there stays
 * since when that stands which stood then. `bygone` in `meta`. */
struct bygone {
    uint32_t run;      /* up to this one they went, but for those that something still needs */
    uint32_t zero;     /* these bytes are stored */
    int64_t until_ms;  /* what was true before is not known */
    uint64_t sequence; /* entries up to here have been gone through */
};
/* False: nothing has gone yet. */
bool bygone_get(struct txn *txn, struct bygone *ret_bygone);
void bygone_set(struct txn *txn, const struct bygone *bygone);

/* What an entry says anew: a field of a thing, or (field 0) whether it is there. What older entries of its root say of
 * that stands no more. */
struct journal_anew {
    struct journal_said {
        enum kind kind;
        uint16_t field;
        uint64_t id;
    } * items;
    size_t count, room;
};
/* Returns 0, -ENOMEM or ERR_CORRUPT; free items. */
int journal_anew(struct bytes value, struct journal_anew *ret_anew);
/* An older entry without what is in `anew`, from where it is taken: each stands in one of them. entry->parts 0: it says
 * nothing any more. Returns what journal_anew() does; *ret_less: it is another one now. */
int journal_older(struct bytes value, struct journal_anew *anew, struct journal_entry *entry, bool *ret_less);
/* The entry without what was before: changes of which `was` is VALUE_BYGONE. *ret_values: how many were taken out. */
int journal_forget(struct bytes value, struct journal_entry *entry, uint64_t *ret_values);
/* Hangs an entry behind another one of its root (0: none). */
void journal_hang(struct journal_entry *entry, uint64_t previous);
/* JOURNAL_ERASED or JOURNAL_EXPIRED where it says that of its root, else 0. */
enum journal_op journal_ends(struct bytes value);

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
