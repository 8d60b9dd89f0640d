/* model - the kinds and fields of the shared employee model. */
#include "model/model.h"

#include <stdlib.h>
#include <string.h>

#define KIND(number, name, doc)
#define FIELD(kind, number, name, type, of, sensitivity, doc)
#define ENUM(name, numbers) static const char enum_##name[] = numbers;
#include "model/fields.def"
#undef ENUM
#define enum_NONE NULL
#undef KIND
#undef FIELD

static const struct {
    const char *name, *doc;
} kinds[KIND_COUNT] = {
#define KIND(number, name, doc) [number] = {#name, doc},
#define ENUM(name, numbers)
#define FIELD(kind, number, name, type, of, sensitivity, doc)
#include "model/fields.def"
#undef KIND
#undef ENUM
#undef FIELD
};

/* What `of` means depends on the type: OF_ENUM picks the enumeration, OF_REF the kind. */
#define OF_TEXT(of) NULL, KIND_NONE
#define OF_INTEGER(of) NULL, KIND_NONE
#define OF_DECIMAL(of) NULL, KIND_NONE
#define OF_BOOL(of) NULL, KIND_NONE
#define OF_DATE(of) NULL, KIND_NONE
#define OF_DATETIME(of) NULL, KIND_NONE
#define OF_JSON(of) NULL, KIND_NONE
#define OF_ENUM(of) enum_##of, KIND_NONE
#define OF_REF(of) NULL, KIND_##of

static const struct field fields[] = {
#define KIND(number, name, doc)
#define ENUM(name, numbers)
#define FIELD(kind, number, name, type, of, sensitivity, doc)                                                          \
    {KIND_##kind, number, #name, TYPE_##type, OF_##type(of), SENSITIVITY_##sensitivity, doc},
#include "model/fields.def"
#undef KIND
#undef ENUM
#undef FIELD
};

enum { FIELDS = sizeof(fields) / sizeof(fields[0]), NUMBERS = 64 };

enum {
#define KIND(number, name, doc)
#define ENUM(name, numbers)
#define FIELD(kind, number, name, type, of, sensitivity, doc) PLACE_##kind##_##name,
#include "model/fields.def"
#undef KIND
#undef ENUM
#undef FIELD
};

/* Place in `fields`, from 1, by kind and number. */
static const uint16_t places[KIND_COUNT][NUMBERS] = {
#define KIND(number, name, doc)
#define ENUM(name, numbers)
#define FIELD(kind, number, name, type, of, sensitivity, doc) [KIND_##kind][number] = PLACE_##kind##_##name + 1,
#include "model/fields.def"
#undef KIND
#undef ENUM
#undef FIELD
};

static const char *const types[] = {"",     "text",     "integer", "decimal", "bool", "date",
                                    "time", "datetime", "enum",    "ref",     "json"};

const char *kind_name(enum kind kind)
{
    return kind > KIND_NONE && kind < KIND_COUNT ? kinds[kind].name : "";
}

const char *kind_doc(enum kind kind)
{
    return kind > KIND_NONE && kind < KIND_COUNT ? kinds[kind].doc : "";
}

enum kind kind_by_name(const char *name)
{
    for (int kind = 1; kind < KIND_COUNT; kind++)
        if (strcmp(kinds[kind].name, name) == 0)
            return (enum kind)kind;
    return KIND_NONE;
}

const struct field *field_nth(enum kind kind, size_t n)
{
    for (size_t i = 0; i < FIELDS; i++)
        if (fields[i].kind == kind)
            return i + n < FIELDS && fields[i + n].kind == kind ? &fields[i + n] : NULL;
    return NULL;
}

const struct field *field_by_name(enum kind kind, const char *name)
{
    for (size_t i = 0; i < FIELDS; i++)
        if (fields[i].kind == kind && strcmp(fields[i].name, name) == 0)
            return &fields[i];
    return NULL;
}

const struct field *field_by_number(enum kind kind, uint16_t number)
{
    if (kind <= KIND_NONE || kind >= KIND_COUNT || number >= NUMBERS || places[kind][number] == 0)
        return NULL;
    return &fields[places[kind][number] - 1];
}

const char *type_name(enum type type)
{
    return type >= TYPE_TEXT && type <= TYPE_JSON ? types[type] : "";
}

enum type type_by_name(const char *name, size_t len)
{
    for (int type = TYPE_TEXT; type <= TYPE_JSON; type++)
        if (strlen(types[type]) == len && memcmp(types[type], name, len) == 0)
            return (enum type)type;
    return 0;
}

/* Walks "1=male 2=female": each step gives number and text. */
static bool enum_step(const char **at, uint8_t *ret_number, const char **ret_text, size_t *ret_len)
{
    while (**at == ' ')
        (*at)++;
    if (**at == '\0')
        return false;
    *ret_number = (uint8_t)strtoul(*at, NULL, 10);
    *ret_text = strchr(*at, '=') + 1;
    *ret_len = strcspn(*ret_text, " ");
    *at = *ret_text + *ret_len;
    return true;
}

uint8_t enum_number(const struct field *field, const char *text, size_t len)
{
    const char *at = field->enumerators ? field->enumerators : "", *name;
    size_t name_len;
    uint8_t number;
    while (enum_step(&at, &number, &name, &name_len))
        if (name_len == len && memcmp(name, text, len) == 0)
            return number;
    return 0;
}

const char *enum_text(const struct field *field, uint8_t number, size_t *ret_len)
{
    const char *at = field->enumerators ? field->enumerators : "", *name;
    size_t len;
    uint8_t found;
    while (enum_step(&at, &found, &name, &len))
        if (found == number) {
            *ret_len = len;
            return name;
        }
    return NULL;
}

const char *enum_nth(const struct field *field, size_t n, size_t *ret_len)
{
    const char *at = field->enumerators ? field->enumerators : "", *name;
    size_t len;
    uint8_t number;
    while (enum_step(&at, &number, &name, &len))
        if (n-- == 0) {
            *ret_len = len;
            return name;
        }
    return NULL;
}

bool field_is_phone(const struct field *field)
{
    return field->kind == KIND_person &&
           (field->number == FIELD_person_mobile_phone || field->number == FIELD_person_phone);
}
