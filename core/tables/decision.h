/* decision - why a record was passed over: what explain tells of somebody who is not there.
 *
 * A record that a run read and did not take has one row, found by its key:
 * reason code, what it hinged on, where it stood, since which run. The row is
 * written when the reason changes, not at each run, and goes when the record
 * is taken. A record that belongs to somebody has none: its source row says
 * all there is to say. Rows of what lies outside `where` hold the record's id
 * and the value it was judged by, nothing else of it; of a row that could not
 * be taken all that it said in mapped columns is kept, sealed, so that a mended
 * mapping can be tried on it.
 *
 * Key: as in `source`. Value: u32 run, i64 since, u8 judge, u8 reason length,
 * u16 about length, u16 place length, u16 text length, then these texts, then
 * the sealed rows to the end. */
#ifndef TABLES_DECISION_H
#define TABLES_DECISION_H

#include "base/buffer.h"
#include "base/numbers.h"
#include "store/changeset.h"

enum decision_judge {
    JUDGE_MAP = 1, /* and stage: what the row itself says */
    JUDGE_MATCH,   /* who it belongs to; stands until that is judged again */
};

/* What is said of a passed-over record. */
struct decision_row {
    enum decision_judge judge;
    struct bytes reason; /* a code of reason.def */
    struct bytes about;  /* the column of `where`, the required field; empty: the whole record */
    struct bytes place;  /* "Employees!C17", at `run` */
    struct bytes text;   /* what stood there; never a protected value */
    /* what its rows said, each a u32 length and as many bytes (rawrow_pack, vault_seal_row); empty: not kept */
    struct bytes kept;
    /* told by the store */
    uint32_t run; /* that found it first */
    int64_t since_ms;
};

/* Reads in place. False: it is damaged. */
bool decision_read(struct bytes value, struct decision_row *ret_row);

/* Writing, by one run. Starts as {.snapshot…, .changeset…, .run…, .now_ms…}, then decisions_init(). */
struct decision_rows {
    struct txn *snapshot;
    struct changeset *changeset;
    uint32_t run;
    int64_t now_ms;
    bool any; /* the store has some */
    /* digests of keys: spoken of already, where match may come again: the first word counts; taken although the store
     * says that their row was passed over: match has the next word */
    struct numbers said, taken;
    struct buffer value;
    int rc; /* sticky */
};

void decisions_init(struct decision_rows *rows);
void decisions_done(struct decision_rows *rows);

/* The row that the store has; data NULL: none. */
struct bytes decision_stored(struct decision_rows *rows, struct bytes key);
/* It is passed over, for this reason. `stored` is decision_stored(); nothing is written when it says the same already.
 * `again`: match may judge the record too in this run. */
void decision_say(struct decision_rows *rows, struct bytes key, struct bytes stored, const struct decision_row *row,
                  bool again);
/* Its row was taken after all: what match says of it may replace what the row said. */
void decision_taken(struct decision_rows *rows, struct bytes key);
/* There is nothing to say any more. */
void decision_drop(struct decision_rows *rows, struct bytes key);

/* The record goes, and whatever was said of it: also what its row said. */
void decision_erase(struct decision_rows *rows, struct bytes key);

/* The stored rows of one stream, beside a walk over its keys in order. Costs nothing where there are none. */
struct decision_walk {
    struct decision_rows *rows;
    struct cursor cursor;
    uint8_t prefix[4];
    bool there;  /* the cursor stands on a row of this stream */
    bool proven; /* who was not seen is not there: rows that are passed by go */
};
void decision_walk_begin(struct decision_walk *walk, struct decision_rows *rows, uint32_t stream, bool proven);
/* The row of this key; data NULL: none. `key` is not below the one of the last call. */
struct bytes decision_walk_to(struct decision_walk *walk, struct bytes key);
/* `whole`: the walk came to its end. */
void decision_walk_end(struct decision_walk *walk, bool whole);

/* What map found, on its way through the spool: reason, about and text, each ended by '\0'. */
void decision_pack(const char *reason, const char *about, const char *text, struct buffer *out);
bool decision_unpack(struct bytes packed, struct decision_row *ret_row);

#endif
