/* proposal - source records as their sources say them now, kept beside what is taken because something of them is held.
 *
 * The `held` table: key of the source table → u8 what, u8 holds, u16 0, u32
 * run, per hold { u8 gate, u8 kind, u16 field, u64 key }, then the record as it was
 * staged. Protected values are digests in it; in plain they lie sealed in the
 * vault. A row goes when its record is taken, or no longer proposed by a
 * complete pull. */
#ifndef ENGINE_PROPOSAL_H
#define ENGINE_PROPOSAL_H

#include "engine/stage.h"
#include "tables/hold.h"

enum { PROPOSAL_HOLDS_MAX = 32 };

struct proposal {
    enum staged_what what;
    uint32_t run; /* that proposed it first */
    size_t hold_count;
    struct hold holds[PROPOSAL_HOLDS_MAX];
    struct bytes value; /* as stage_propose() takes it */
};

/* The proposal of a record; false: there is none. */
bool proposal_get(struct txn *txn, struct bytes key, struct proposal *ret_proposal);
bool proposal_read(struct bytes key, struct bytes value, struct proposal *ret_proposal);

/* Only the staged value of a row. */
bool proposal_value(struct bytes row, struct bytes *ret_value);

/* All that was kept from being taken in this deciding, as stage has it: rows that say something new. Holds of a record
 * come from stage->holds. */
int proposals_write(struct stage *stage);
/* Rows of one stream that were not written in this deciding go: all of them after a complete pull, else those of
 * records that were seen. */
int proposals_settle(struct stage *stage, uint32_t stream, bool complete);
/* One row goes: its record is taken as it is. */
void proposal_drop(struct stage *stage, struct bytes key);

#endif
