/* tally - how many changes of each kind went through lately: a few numbers per stream, kept with its checkpoint, so
 * that a slow bleeding is seen. No record of whom. */
#ifndef TABLES_TALLY_H
#define TABLES_TALLY_H

#include "base/buffer.h"
#include "tables/hold.h"

enum { TALLY_ENTRIES = 32 /* of one gate */ };
#define TALLY_GATES 6u /* GATE_DEACTIVATE to GATE_MANAGER, by number; GATE_CREATE in the place of none */

/* Where a gate is counted; TALLY_GATES: nowhere. */
static inline unsigned tally_slot(enum gate gate)
{
    return gate == GATE_CREATE ? 0 : gate == GATE_NONE || gate > GATE_MANAGER ? TALLY_GATES : (unsigned)gate;
}

struct tally_entry {
    int64_t at_ms;
    uint64_t count;
};

struct tally {
    struct tally_entry entries[TALLY_GATES][TALLY_ENTRIES]; /* oldest first */
    uint8_t count[TALLY_GATES];
};

/* Nothing happens for a count of 0. When there are too many entries, the two oldest become one that is as young as the
 * younger: it counts rather too long than too short. */
void tally_add(struct tally *tally, enum gate gate, int64_t at_ms, uint64_t count);
/* All that went through after that instant. */
uint64_t tally_sum(const struct tally *tally, enum gate gate, int64_t after_ms);
/* What is so old is forgotten. */
void tally_forget(struct tally *tally, enum gate gate, int64_t until_ms);

/* { u8 gate, i64 time, u64 count } each; nothing when nothing is counted. */
void tally_write(const struct tally *tally, struct buffer *out);
/* tally_sum() of what tally_write() made. */
uint64_t tally_stored_sum(const void *bytes, size_t len, enum gate gate, int64_t after_ms);
/* False: damaged. */
bool tally_read(const void *bytes, size_t len, struct tally *ret_tally);

#endif
