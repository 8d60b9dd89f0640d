/* source - how a source record is written down: what map spools, and what the `source` table keeps.
 *
 * A record is all that rows of one (connection, partition, stream) say under
 * one source id: a person with employments, an absence, pay; or a unit; or a
 * punch. Its parts are sections, each an image of one kind with a key of its
 * own below the record ("" for the main one). People meet a section as
 * CONNECTION/PARTITION/STREAM/ID, with #KIND or #KIND/KEY for a derived one.
 *
 * Body (what the source said, the same bytes for the same words):
 *   u16 count, then per section { u8 kind, u8 0, u16 key length, u32 image length, key, image }
 * Stored value: u32 body length, body, then the engine's part:
 *   u8 state, u8 situation, u16 dead count, u32 run, i64 since, then a u64 seed per section (but KIND_MAPPED), then per
 * dead section (it was said once and is not any more; it keeps its seed) { u8 kind, u8 0, u16 key length, u64 seed, key
 * }, then u8 length and bytes of the place, when the dead count has bit 15: where its first row stood when `run` took
 * it, '*' for the column (a row that only moved is not written again); bit 14: there were more rows Spooled value: u8
 * flags, u8 0, u16 place length, place, u32 body length, body, then protected values { digest 16, u32 length, plain }
 */
#ifndef TABLES_SOURCE_H
#define TABLES_SOURCE_H

#include "base/buffer.h"
#include "model/image.h"
#include "store/store.h"

enum source_state { SOURCE_PRESENT = 1, SOURCE_MISSING, SOURCE_GONE };

/* How a record stands to the persons of the organization. */
enum situation {
    SITUATION_LINKED = 1,
    SITUATION_UNMATCHED,
    SITUATION_DISPUTED,
    SITUATION_NOT_OWNER,
    SITUATION_SUPPRESSED, /* a person said that it makes nobody */
};

/* The section of unmapped columns, when they are kept: an image by numbers of column names. */
#define KIND_RAW ((enum kind)0xff)
/* What a row said in the columns that are mapped: see rawrow.h. It has no seed. */
#define KIND_MAPPED ((enum kind)0xfe)

/* Not of the model: what a row said, kept beside what was made of it. */
static inline bool kind_is_raw(enum kind kind)
{
    return kind == KIND_RAW || kind == KIND_MAPPED;
}

enum { SECTIONS_MAX = 256, SOURCE_ID_MAX = 200, PLACE_MAX = 200 };

struct section_view {
    enum kind kind;
    const char *key;
    uint16_t key_len;
    struct image image;
    uint64_t seed; /* 0 in a spooled body */
};

/* A stored record, read in place. */
struct source {
    struct bytes body;
    uint16_t count;
    struct section_view sections[SECTIONS_MAX];
    uint16_t dead_count;
    struct section_view dead[SECTIONS_MAX];
    enum source_state state;
    enum situation situation;
    uint32_t run;       /* that changed it last */
    int64_t since_ms;   /* it is in this state */
    struct bytes place; /* "Employees!*17", in that run; empty: nobody said */
    bool several;       /* rows made it: that is the first one's, which says what the main section says */
};

/* key: (connection, partition, stream) number and source id; long ids are cut and hashed. */
void source_key(uint32_t stream, const char *id, size_t len, struct buffer *out);
static inline uint32_t source_key_stream(struct bytes key)
{
    uint32_t be;
    __builtin_memcpy(&be, key.data, sizeof(be));
    return __builtin_bswap32(be);
}
static inline struct bytes source_key_id(struct bytes key)
{
    return bytes((const char *)key.data + 4, key.len - 4);
}

/* Ids of units that a reference made begin so. */
#define SOURCE_UNIT_PREFIX "#unit/"
/* The id of the unit that is referred to, behind what is in `out`. */
void source_unit_id(const struct reference *reference, struct buffer *out);

/* Building a body: sections in any order; written main first, then by kind and key. */
struct body_maker {
    uint16_t count;
    struct section_view sections[SECTIONS_MAX];
};
void body_start(struct body_maker *maker);
/* Keeps the pointers until body_write(). Returns 0, ERR_CONFLICT (that section is there already; its number in
 * *ret_nth) or ERR_LIMIT. */
int body_add(struct body_maker *maker, const struct section_view *section, uint16_t *ret_nth);
void body_write(struct body_maker *maker, struct buffer *out);
/* Sections of a body; seeds are 0. False when the bytes are none. */
bool body_read(struct bytes body, struct section_view *ret_sections, uint16_t *ret_count);

bool source_read(struct bytes value, struct source *ret_source);
void source_write(const struct source *source, struct buffer *out);

/* One row as map spools it. */
enum {
    SPOOL_ROW = 0,
    SPOOL_REJECTED, /* only seen: a dead letter is not missing */
    SPOOL_FILTERED, /* only seen: `where` says it is not ours */
    SPOOL_GONE,     /* its source says that it is no more; rows before it do not count */
};
struct spool_row {
    uint8_t flags;
    /* of what is only seen: why (decision_pack) is the body, the sealed row (rawrow_pack) the rest */
    struct bytes place, body, protected_values;
};
size_t spool_row_size(const struct spool_row *row);
void spool_row_write(const struct spool_row *row, uint8_t *at); /* spool_row_size() bytes */
bool spool_row_read(struct bytes value, struct spool_row *ret_row);

#endif
