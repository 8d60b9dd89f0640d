/* checkpoint - what is kept about the last good pull of a stream: where the next one goes on, what its columns were. */
#ifndef TABLES_CHECKPOINT_H
#define TABLES_CHECKPOINT_H

#include "base/arena.h"
#include "base/buffer.h"
#include "store/store.h"

/* A row of the `cursor` table. */
struct checkpoint {
    uint32_t run;
    bool held;                      /* something of it waits for a person: the same files are looked at again */
    bool grace;                     /* somebody is missing whose time of grace ends by itself */
    int64_t at_ms, full_ms;         /* full_ms: when everybody was read; 0: never, or nobody noted it */
    uint8_t mapping[16], files[32]; /* digests: of the mapping; of all files together, zero when none */
    uint64_t people;                /* records that are present */
    const char *cursor;             /* what the connector gave; "" when nothing */
    const char *columns;            /* names joined with '\n' */
    struct bytes header;            /* what they held: header_read() */
    struct bytes tally;             /* what went through its safeguards lately: tally_read() */
    struct bytes layout;            /* how what its rows said is kept: rawrow_layout_read() */
};
bool checkpoint_get(struct txn *txn, uint32_t stream, struct arena *arena, struct checkpoint *ret_checkpoint);
void checkpoint_write(const struct checkpoint *checkpoint, struct buffer *out);

#endif
