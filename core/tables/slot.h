/* slot - by what entities are found: a matching rule's fields together, or one field by which people or records ask.
 *
 * An entity stands in the index under the normalized key of each slot, for the
 * values of each of its source records. Index key: u8 kind, u16 slot, text (at
 * most 200 bytes, else cut and hashed), 0, u64 id. */
#ifndef TABLES_SLOT_H
#define TABLES_SLOT_H

#include "base/buffer.h"
#include "config/organization.h"
#include "model/image.h"
#include "store/store.h"

enum { SLOT_FIELDS_MAX = 8, SLOTS_MAX = 32 };

struct slot {
    uint16_t number; /* the field's for one field, else from the dict */
    const struct field *fields[SLOT_FIELDS_MAX];
    size_t field_count;
};

struct slots {
    struct slot person[SLOTS_MAX];
    size_t person_count;
    /* for each matching rule, its slot */
    size_t rules[SLOTS_MAX];
    size_t rule_count;
    const char *const *placeholders; /* e-mail addresses that are nobody's */
};

/* Makes the slots that an organization's file asks for. Numbers of new combinations come from the store's dict. */
int slots_make(const struct organization *organization, struct store *store, struct slots *ret_slots);

/* Appends the normalized text of the image under a slot; false when a field has no value (nothing is appended). */
bool slot_text(const struct slots *slots, const struct slot *slot, struct image image, struct buffer *out);
/* The same for one typed value. */
bool slot_value_text(const struct slots *slots, const struct field *field, struct value value, struct buffer *out);
/* A unit's: by type and code, and by type and name. Numbers: those of the fields. */
bool slot_unit_text(uint8_t type, const char *text, size_t len, struct buffer *out);

/* The part of an index key before the id. */
void slot_prefix(enum kind kind, uint16_t slot, const char *text, size_t len, struct buffer *out);

#endif
