/* map - a connector's records become rows of the model while they come.
 *
 * Reads what the lane hands over, writes the spool: one row per record (and
 * one per unit that a record refers to), keyed by source id. What cannot be
 * used becomes a dead letter with its cell; the rest goes on. No store
 * transaction is open meanwhile. */
#ifndef ENGINE_MAP_H
#define ENGINE_MAP_H

#include "base/zone.h"
#include "engine/drift.h"
#include "engine/rejects.h"
#include "lane/lane.h"
#include "store/sorter.h"
#include "store/vault.h"
#include "tables/header.h"
#include "tables/rawrow.h"
#include "tables/wait.h"

struct map;
struct wanted;

struct map_setup {
    const struct mapping *mapping;
    const char *organization; /* its id, for commands that sentences name */
    uint32_t stream;          /* number of (connection, partition, stream) */
    const char *partition;    /* label */
    const char *partition_id;
    const struct zone *zone;
    const struct vault *vault;
    struct store *store; /* for numbers of columns that are kept unmapped */
    struct sorter *spool;
    uint64_t spool_max; /* bytes */
    struct wait_list *waits;
    struct rejects *rejects;          /* rows that are not taken are kept there; NULL: nobody asks for them */
    const char *columns_before;       /* names of the last good pull's columns, joined with '\n'; NULL: first time */
    struct header header;             /* the accepted description */
    struct acceptances decisions;     /* about this stream's header */
    struct wanted *wanted;            /* only whose records these are; NULL: everybody's */
    const struct rawrow_layout *kept; /* records come from the store, as they were kept by this; NULL: from a source */
    uint32_t run;
};

struct map_count {
    uint64_t read, filtered, rejected;
    uint64_t rejected_without_id; /* any of these holds the removals of this pull */
    uint64_t flagged;             /* values that were taken, but odd */
    uint64_t wanted;              /* rows of the one who was wanted */
    uint64_t erased;              /* records of people who were erased */
};

int map_new(const struct map_setup *setup, struct map **ret_map);
void map_free(struct map *map);

/* To be called by a lane's sink. Failures end the pull, with a sentence. */
int map_columns(struct map *map, const struct lane_stream *stream, struct err *err);
/* Whether a value of this column of the lane is looked at: it is mapped, kept unmapped, or sampled. */
bool map_wants(const struct map *map, size_t column);
int map_record(struct map *map, const struct lane_record *record, struct err *err);
/* The source says that a record is no more. ERR_UNSUPPORTED: the mapping knows records by a key of its own. */
int map_gone(struct map *map, const char *source_id, struct err *err);
int map_reject(struct map *map, const char *source_id, const char *place, const char *why, struct err *err);

/* After the last record: what of the header is not as it was goes to the waits. ERR_DATA with a sentence when nothing
 * could be read, because a column is missing that is needed. */
int map_finish(struct map *map, struct err *err);
/* No record comes any more: what was needed to make them is given back. What the map found out stays. */
void map_rest(struct map *map);
/* A column that is needed is missing: records were only looked at. */
bool map_blocked(const struct map *map);
/* The description of what came, as header_read() reads it; after map_finish(). */
struct bytes map_header(const struct map *map);
/* How what rows said is kept, as rawrow_layout_read() reads it; after the last record. */
void map_layout(const struct map *map, struct buffer *out);
const struct rawrow_layout *map_rows(const struct map *map);
/* The id of the last record that was mapped; NULL: it had none. */
const char *map_last_id(const struct map *map);
/* The nth decision by which a column was read under another name; NULL after the last. */
const struct acceptance *map_reading(const struct map *map, size_t nth);

const struct map_count *map_count(const struct map *map);
/* Names of the columns that came, joined with '\n'; "" when none did. Lives as long as the map. */
const char *map_column_names(const struct map *map);
/* A bit per kind whose `when` or key asks for a column that the source does not have: whether there is one cannot be
 * known, so what was there stays. */
uint32_t map_unknown_kinds(const struct map *map);
/* The source may not be asked for what this column is of: the same as if it were missing. */
void map_lacks(struct map *map, const char *column);
/* The first place where a flagged value stood, and its field; NULL: none. */
const char *map_flagged_place(const struct map *map, const char **ret_field);

DEFINE_TIDY(struct map *, map_free)

#endif
