/* transform - one rule of a mapping, applied to one record: columns in, a value of the model out.
 *
 * Pure: no store, no clock, no I/O. The caller gives cells, gets a value or a
 * rejection with a stable reason code (reason.def). Nothing is allocated per
 * record: what has to be written is written into the workspace and stays
 * where it is until transform_start() begins the next record.
 */
#ifndef LOGIC_TRANSFORM_H
#define LOGIC_TRANSFORM_H

#include "base/buffer.h"
#include "base/zone.h"
#include "config/mapping.h"
#include "model/image.h"

/* One cell of a record, by mapping column. */
struct cell {
    enum presence presence; /* ABSENT: the source has no such column */
    uint8_t type;           /* MUSTER_TEXT … */
    uint32_t len;
    const char *bytes;
};

struct transform_input {
    const struct cell *cells; /* one per mapping->columns */
    const char *partition;    /* label, for from_partition */
    const struct zone *zone;  /* the organization's */
    const char *partition_id; /* the code of a unit that is made from_partition */
};

/* Why a value could not be made. */
struct rejection {
    const char *reason; /* a code of reason.def: "bad_date"; lives for ever */
    int column;         /* of the mapping, whose cell is to blame; -1: none */
};

/* A workspace for one thread: PCRE2 match data, scratch buffers and the bytes of one record's values. */
struct transform;
int transform_new(struct transform **ret_transform);
void transform_free(struct transform *transform);
/* Begins a record: the values of the one before are gone. */
void transform_start(struct transform *transform);

/* Applies one rule. *ret_value's bytes lie in the workspace, in a cell or in the rule. Enumerations come as their
 * number, refs as references (reference_write), a protected value still in plain. PRESENCE_ABSENT: the source has
 * no such column; `default` does not stand in for it, so that a column that vanished changes nobody. PRESENCE_NULL and
 * PRESENCE_EMPTY carry VALUE_CLEARS when the rule says `clear`. VALUE_FLAGGED: taken, but odd: a numeric cell in an
 * identifier, a guessed instant, the time of a day cut off, an unknown word that became `other`. Returns 0, ERR_DATA
 * with *ret_rejection, or -ENOMEM. */
int transform_rule(struct transform *transform, const struct rule *rule, const struct transform_input *input,
                   struct value *ret_value, struct rejection *ret_rejection);
/* Whether all parts hold; NULL always does. A cell that is no clean text holds for nothing but `present`. */
bool transform_condition(struct transform *transform, const struct condition *condition,
                         const struct transform_input *input);
/* The text of a cell as a key column gives it: checked and trimmed, in the cell or in the workspace. A blank cell gives
 * length 0. Returns 0, ERR_DATA with *ret_rejection, or -ENOMEM. */
int transform_key(struct transform *transform, const struct transform_input *input, int column, const char **ret_text,
                  size_t *ret_len, struct rejection *ret_rejection);

/* Checks the text against the field's type and gives the bytes that an image holds: "active" → its number. For values
 * that people type (pins, keys). Returns 0, ERR_DATA with *ret_rejection, or -ENOMEM. */
int transform_value(const struct field *field, const char *text, size_t len, struct buffer *out,
                    struct value *ret_value, struct rejection *ret_rejection);
/* A stored value as people read it: enumerators by name. Refs and sealed values are the caller's matter. */
void transform_show(const struct field *field, struct value value, struct buffer *out);

DEFINE_TIDY(struct transform *, transform_free)

#endif
