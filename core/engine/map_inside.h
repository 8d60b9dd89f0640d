/* map_inside - what the files of a map share: map (records), map_column (whose columns are ours), map_drift (what of
 * the header is not as it was), map_list (one section for each item of a list), map_kept (what a row said), map_place
 * (where a cell stands, and what is not taken), map_unit. */
#ifndef ENGINE_MAP_INSIDE_H
#define ENGINE_MAP_INSIDE_H

#include "base/arena.h"
#include "base/mem.h"
#include "base/numbers.h"
#include "base/text.h"
#include "engine/map.h"
#include "logic/reason.h"
#include "logic/transform.h"
#include "tables/decision.h"
#include "tables/erased.h"
#include "tables/source.h"

#include <errno.h>
#include <string.h>

enum { UNBOUND = -1, IGNORED = -2 };

/* A column of the source, for comparing headers; its texts outlive the lane's call. */
struct drift_column {
    const char *name, *place;
    struct fingerprint print;
    bool offered;  /* as the new name of a missing one */
    bool disputed; /* read under another name, which is back as well */
};

/* A cell of an item of a list. */
struct item_cell {
    unsigned item; /* from 1 */
    int column;    /* of the mapping */
    struct cell cell;
};

struct map {
    struct map_setup setup;
    const struct mapping *mapping;
    struct transform *transform;
    struct arena *arena;
    /* columns of the lane */
    const struct lane_stream *stream; /* only as long as the lane's call */
    bool table;
    size_t bound;          /* columns of the lane that were looked at */
    int *binding;          /* lane column → mapping column */
    uint32_t *raw_numbers; /* lane column → dict number, for keep: all */
    unsigned *item_of;     /* lane column → which item of a list it belongs to, from 1; 0: to the row */
    size_t binding_room;
    int *where_found; /* mapping column → lane column; -1: the source has none */
    struct buffer names;
    /* the header of a table (map_drift.c) */
    const struct acceptance **reads; /* mapping column → renamed, in force; NULL: none */
    int *own_found, *other_found;    /* mapping column → lane column of its own name, of the accepted one */
    const char **disputed;           /* mapping column → the accepted name, when both are there; NULL: none is */
    struct arena *seen_arena;        /* lives as long as the map */
    struct drift_column *seen;       /* lane column → */
    struct sampler **samplers;       /* lane column → ; NULL: nobody asks what it holds */
    size_t seen_count;
    struct print_key print_key;
    uint64_t rows;
    bool blocked;
    uint32_t lacking; /* a bit per kind of which something may not be read */
    struct buffer header;
    /* one record */
    struct cell *cells, *blank;
    struct item_cell *items; /* of lists; cells of one item are not together */
    size_t item_count, item_room;
    unsigned item_most; /* the highest number of one, from 1; 0: none */
    struct rawrow_layout layout;
    uint8_t *given; /* mapping column → a field gives the cell back */
    bool plainly;   /* the section that is being made has no key of its own */
    const char *last_id;
    const struct lane_record *record;
    struct buffer id, key, scratch, body, place;
    struct buffer finished;       /* the row's body */
    struct buffer why;            /* nothing of it is taken (decision_pack) */
    struct buffer packed, unused; /* then: what the row said; the same, sealed */
    size_t unused_bytes;          /* of all that were spooled */
    struct buffer sealed;         /* protected values: digest, length, plain */
    struct image_maker *maker, *unit_maker;
    struct body_maker *sections;
    /* units that were written already, by hash of their id (odd), and of the words that name them (even) */
    struct numbers units;
    struct numbers erased; /* erased_subject() of records that are passed over */
    struct map_count count;
    char *flagged_place;
    const char *flagged_field;
};

struct laid { /* a finished section: offsets into map->body, which may move */
    enum kind kind;
    size_t key, image;
    uint16_t key_len;
    uint32_t image_len;
};

/* map.c. A protected value goes to the sealed part; in the image its digest stands for it. */
int map_protect(struct map *map, struct value *value);
/* Writes the image that is in the maker behind the others, with the section's key. */
int map_lay(struct map *map, enum kind kind, struct bytes key, struct laid *ret_laid);
/* The record was there, but nothing of it is taken: it counts as seen. `why` is packed, `unused` sealed. */
int map_seen(struct map *map, const char *id, uint8_t flags, const char *place, const struct buffer *why,
             struct bytes unused, struct err *err);

/* map_place.c. The place of one column of the record, -1: of the record; valid until the next call. */
const char *map_place(struct map *map, const char *record_place, int column);
/* Something of the record is not taken. `field` may be NULL. */
void map_dead_letter(struct map *map, const char *id, const char *reason, int column, const struct field *field);
/* The same for the record as a whole, packed into map->why; its place stays in map->place. */
void map_why(struct map *map, const char *reason, int column, const struct field *field);
/* Nobody is taken for active by default while what their source says of it is not understood: that is kept in mind. */
void map_unread(struct map *map, const struct field *field);

/* map.c. One section of the row, laid behind the others. 1: the row is rejected. */
int map_section(struct map *map, const struct section *section, const struct transform_input *input, const char *id,
                const char *key, struct laid *ret_laid, struct err *err);
/* map.c. The values of the key columns, joined: in the arena. ERR_DATA: a dead letter was written. */
int map_section_key(struct map *map, const struct section *section, const struct transform_input *input, const char *id,
                    const char **ret_key);
/* map.c. The row has more parts than a record may have: it is rejected. Returns 1. */
int map_too_many(struct map *map, const char *id, const char *reason, int column);

/* map_list.c. A section that is made of each item of a list: as many as there are, behind laid[*count]. 1: the row is
 * rejected. */
int map_list(struct map *map, const struct section *section, const struct transform_input *input, const char *id,
             struct laid *laid, size_t *count, struct err *err);

/* map_kept.c. Unmapped columns, when the organization wants them kept: into the maker. */
void map_raw(struct map *map, const struct lane_record *record);
/* What the row said in the columns that are mapped, as far as no field gives it back. */
int map_mapped(struct map *map, const struct lane_record *record, const char *id, struct laid *ret_laid);
/* Nothing of the row is taken: what it said is kept with the reason, sealed, of very many the first. */
int map_unused(struct map *map, const struct lane_record *record, const char *id, struct err *err);

/* Adds one row to the spool, under its source id. */
int map_spool(struct map *map, const char *id, size_t id_len, const struct spool_row *row, struct err *err);
/* A unit is made by being named: written once per pull. */
int map_unit(struct map *map, struct value reference, struct err *err);

#endif
