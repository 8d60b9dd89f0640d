/* rawrow - what a row said in the columns that its mapping uses, kept beside what was made of it: so that another
 * mapping can be tried on it without asking its source again.
 *
 * A section KIND_MAPPED of the record, one for each of its rows: an image by
 * column of the mapping (its place there plus one; 0: the connector's id,
 * where it is not the record's). What a field of the record gives back as it was read
 * is not kept twice: the layout, in the stream's checkpoint, says which field
 * that is. Its digest begins the section's key, so that a row is never read
 * by another mapping's layout. Values of columns that make a protected field
 * are digests, in plain they lie sealed in the vault. Of columns that nobody
 * mapped there is nothing here.
 *
 * Flags of an entry: VALUE_SEALED; ROW_GIVEN: of a field, and only the type of
 * the cell is told; the type (MUSTER_TEXT …) in the other bits. */
#ifndef TABLES_RAWROW_H
#define TABLES_RAWROW_H

#include "base/arena.h"
#include "config/mapping.h"
#include "logic/transform.h"
#include "tables/source.h"

enum { RAWROW_KEY = 4, RAWROW_COLUMNS_MOST = 500 };

enum rawrow_how {
    RAWROW_KEPT,   /* nothing else has it */
    RAWROW_ID,     /* the record's id */
    RAWROW_FIELD,  /* a value as it stands in the image */
    RAWROW_CODE,   /* of a unit */
    RAWROW_NAME,   /* of a unit */
    RAWROW_PERSON, /* the text by which somebody is referred to */
};

struct rawrow_column {
    const char *name, *place; /* as the mapping writes it; "C", where it stood last */
    enum rawrow_how how;
    enum kind kind;
    uint16_t field;
    bool sealed;             /* makes a protected field */
    bool known;              /* the source had it */
    const struct rule *rule; /* that makes the field; only of a layout that was made */
};

struct rawrow_layout {
    struct rawrow_column *columns; /* in the order of the mapping's */
    size_t count;                  /* 0: nothing is kept */
    bool table;                    /* a blank cell that says nothing is still there */
    bool all;                      /* unmapped columns are kept as well: KIND_RAW */
    bool keyed;                    /* ids come from columns, not from the connector */
    bool filtered;                 /* some rows were not ours: nothing is kept of them */
    uint64_t where;                /* digest of what told which */
    const char *label;             /* of the partition */
    uint8_t digest[RAWROW_KEY];
};

/* What will stand where. In the arena; points into the mapping. Returns 0 or -ENOMEM. */
int rawrow_layout_make(const struct mapping *mapping, struct arena *arena, struct rawrow_layout *ret_layout);
/* The stream turned out to be a table, or not to be one. */
void rawrow_layout_table(struct rawrow_layout *layout, bool table);
/* As it stands in a checkpoint. Names and places are copied. */
void rawrow_layout_write(const struct rawrow_layout *layout, struct buffer *out);
/* False: it is none. No bytes: an empty one. */
bool rawrow_layout_read(struct bytes value, struct arena *arena, struct rawrow_layout *ret_layout);

/* --- writing, by map --- */

/* A rule of a section without a key of its own has made `value` (in plain): which of its columns need not be kept. */
void rawrow_given(const struct rawrow_layout *layout, const struct rule *rule, const struct cell *cells,
                  struct value value, uint8_t *given);
/* The entry of one column, in plain. False: none is needed. `given`: the record has it elsewhere. */
bool rawrow_entry(const struct cell *cell, bool given, struct value *ret_value);

/* A row of which nothing was taken, as one piece: to be sealed as a whole. Everything in `row` is in plain. */
void rawrow_pack(const struct rawrow_layout *layout, const char *place, struct image row, struct buffer *out);
/* Points into it. False: it is none. */
bool rawrow_unpack(struct bytes packed, struct section_view *ret_row, struct bytes *ret_place);

/* --- reading --- */

/* Whether a section is a row of this layout. */
bool rawrow_is(const struct rawrow_layout *layout, const struct section_view *section);
/* A cell as it was read. `id`: the record's. Of a sealed one the bytes are the digest, and *ret_sealed is set. */
struct cell rawrow_cell(const struct rawrow_layout *layout, const struct source *record, const struct section_view *row,
                        struct bytes id, size_t column, bool *ret_sealed);
/* The connector's own id of the row; data NULL: the record's. */
struct bytes rawrow_source_id(const struct section_view *row);

#endif
