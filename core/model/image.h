/* image - the values of one object, flat: what a source said, or what the organization holds to be true.
 *
 * Shape: u16 count, then per value { u16 field, u32 meta } by ascending field,
 * then the bytes. meta: presence 2 bits, flags 6 bits, end of the value's
 * bytes 24 bits. Read in place; values are only 2-byte aligned, so loads go
 * through memcpy. A field that is not listed is absent.
 *
 * Bytes of a value by its field's type: text, integer, decimal, date
 * (YYYY-MM-DD), time (HH:MM:SS), datetime (YYYY-MM-DDTHH:MM:SS.mmmZ), bool
 * (true, false) and json are UTF-8 text; an enum is one byte, its number; a
 * ref is see `struct reference` in a source's image and eight bytes, the
 * entity's id big-endian, in a golden record; a protected value is its keyed
 * digest. */
#ifndef MODEL_IMAGE_H
#define MODEL_IMAGE_H

#include "base/buffer.h"
#include "model/model.h"

#include <assert.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

enum presence { PRESENCE_ABSENT = 0, PRESENCE_NULL, PRESENCE_EMPTY, PRESENCE_VALUE };

enum {                      /* flags of a value */
       VALUE_CARRIED = 0x1, /* absent now; what was said before (stage) */
       VALUE_FLAGGED = 0x2, /* taken, but odd: a numeric cell in an identifier, a guessed instant */
       VALUE_SEALED = 0x4,  /* a digest stands for a protected value */
       VALUE_CLEARS = 0x8,  /* null or empty that counts as "no value" and wins; without it, as if nothing was said */
       VALUE_UNREAD = 0x20, /* null; the source says something that nobody understood. 0x10 is tables/entity.h's */
};

struct value {
    enum presence presence;
    uint8_t flags;
    uint32_t len;
    const char *bytes; /* not terminated; points into the image */
};

struct image {
    const uint8_t *bytes;
    uint32_t len; /* 0: no image at all */
};

enum { IMAGE_MAX = 0xffffff, IMAGE_FIELDS_MAX = 512 };

enum { IMAGE_HEAD = 2, IMAGE_ENTRY = 6 };

static inline uint16_t image_load16(const uint8_t *at)
{
    uint16_t value;
    memcpy(&value, at, sizeof(value));
    return value;
}

static inline uint16_t image_count(struct image image)
{
    return image.len < IMAGE_HEAD ? 0 : image_load16(image.bytes);
}

/* Presence, flags and end of the nth value. */
static inline uint32_t image_meta(struct image image, uint16_t n)
{
    uint32_t meta;
    memcpy(&meta, image.bytes + IMAGE_HEAD + (size_t)n * IMAGE_ENTRY + 2, sizeof(meta));
    return meta;
}

static inline uint32_t image_end(struct image image, uint16_t n)
{
    return image_meta(image, n) >> 8;
}

/* The nth value by ascending field number; n < image_count(). */
static inline struct value image_nth(struct image image, uint16_t n, uint16_t *ret_field)
{
    uint16_t count = image_count(image);
    assert(n < count);
    uint32_t meta = image_meta(image, n);
    uint32_t begin = n == 0 ? 0 : image_end(image, n - 1u);
    const uint8_t *bytes = image.bytes + IMAGE_HEAD + (size_t)count * IMAGE_ENTRY + begin;
    *ret_field = image_load16(image.bytes + IMAGE_HEAD + (size_t)n * IMAGE_ENTRY);
    return (struct value){(enum presence)(meta & 3u), (meta >> 2) & 0x3fu, (meta >> 8) - begin, (const char *)bytes};
}

/* presence is PRESENCE_ABSENT when the field is not there. */
struct value image_get(struct image image, uint16_t field);
/* True when the image could have been made by image_write(): for bytes that were stored. */
bool image_valid(struct image image);

/* Building: put values in any order, then write. Nothing is kept of the bytes until image_write(); a field put twice
 * keeps the last. The struct is large: make one per thread and start it again. */
struct image_maker {
    uint16_t count;
    bool sorted;
    uint16_t fields[IMAGE_FIELDS_MAX];
    struct value values[IMAGE_FIELDS_MAX];
};

void image_start(struct image_maker *maker);
void image_put(struct image_maker *maker, uint16_t field, struct value value);
/* Appends the image's bytes to `out`, whose sticky error tells of failures (ERR_LIMIT: too large). */
void image_write(struct image_maker *maker, struct buffer *out);

/* True when both hold the same values; flags do not count. */
bool value_equal(struct value a, struct value b);

/* A ref in a source's image. */
enum reference_how {
    REFERENCE_RECORD = 'R', /* `text`: source id of a record in the same connection and partition; `by` its stream */
    REFERENCE_FIELD = 'F',  /* the object whose `field` is `text` */
    REFERENCE_UNIT = 'U',   /* the unit of type `unit_type` with code `text`, else named `name` */
    REFERENCE_SELF = 'S',   /* the person (or employment) that the same row gives; `text`: its part's key */
};

struct reference {
    enum reference_how how;
    uint8_t unit_type;
    uint16_t field;
    const char *text, *name; /* not terminated */
    uint32_t text_len, name_len;
};

void reference_write(const struct reference *reference, struct buffer *out);
/* Points into the bytes. False when they are no reference. */
bool reference_read(const char *bytes, uint32_t len, struct reference *ret_reference);
/* The id that a ref in a golden image has come to; 0: none yet. */
uint64_t reference_id(struct value value);

#endif
