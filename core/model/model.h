/* model - the kinds and fields of the shared employee model, read from the one table in fields.def. */
#ifndef MODEL_MODEL_H
#define MODEL_MODEL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum kind {
    KIND_NONE = 0,
#define KIND(number, name, doc) KIND_##name = number,
#define ENUM(name, numbers)
#define FIELD(kind, number, name, type, of, sensitivity, doc)
#include "model/fields.def"
#undef KIND
#undef ENUM
#undef FIELD
    KIND_COUNT
};

/* FIELD_person_status and so on. */
enum {
#define KIND(number, name, doc)
#define ENUM(name, numbers)
#define FIELD(kind, number, name, type, of, sensitivity, doc) FIELD_##kind##_##name = number,
#include "model/fields.def"
#undef KIND
#undef ENUM
#undef FIELD
    FIELD_CUSTOM = 1000 /* the first number of an organization's own fields */
};

enum type {
    TYPE_TEXT = 1,
    TYPE_INTEGER,
    TYPE_DECIMAL,
    TYPE_BOOL,
    TYPE_DATE,
    TYPE_TIME,
    TYPE_DATETIME,
    TYPE_ENUM,
    TYPE_REF,
    TYPE_JSON
};

enum sensitivity { SENSITIVITY_plain, SENSITIVITY_personal, SENSITIVITY_protected };

struct field {
    enum kind kind;
    uint16_t number;  /* of a custom field: 0 until the store has given one */
    const char *name; /* "work_email", "custom.badge" */
    enum type type;
    const char *enumerators; /* of an ENUM: "1=male 2=female" */
    enum kind refers_to;     /* of a REF */
    enum sensitivity sensitivity;
    const char *doc;
};

const char *kind_name(enum kind kind); /* "person"; "" for none */
const char *kind_doc(enum kind kind);
enum kind kind_by_name(const char *name); /* KIND_NONE: unknown */

/* NULL when there is no such field. The table lives for ever; walking: n from 0 until NULL, by ascending number. */
const struct field *field_by_name(enum kind kind, const char *name);
const struct field *field_by_number(enum kind kind, uint16_t number);
const struct field *field_nth(enum kind kind, size_t n);

const char *type_name(enum type type);                /* "text" */
enum type type_by_name(const char *name, size_t len); /* 0: unknown */

/* Enumerators. Number 0 is "no such". */
uint8_t enum_number(const struct field *field, const char *text, size_t len);
const char *enum_text(const struct field *field, uint8_t number, size_t *ret_len); /* NULL: no such */
/* The nth (from 0) enumerator's text; NULL after the last. Not terminated: see *ret_len. */
const char *enum_nth(const struct field *field, size_t n, size_t *ret_len);

/* True when two contacts of this field are compared without punctuation (digits only): telephone numbers. */
bool field_is_phone(const struct field *field);

#endif
