/* image - the values of one object, flat. */
#include "model/image.h"

#include "base/error.h"

#include <assert.h>
#include <string.h>

enum { HEAD = IMAGE_HEAD, ENTRY = IMAGE_ENTRY };

struct value image_get(struct image image, uint16_t field)
{
    uint16_t low = 0, high = image_count(image);
    while (low < high) {
        uint16_t middle = (uint16_t)((low + high) / 2);
        uint16_t found = image_load16(image.bytes + HEAD + (size_t)middle * ENTRY);
        if (found == field)
            return image_nth(image, middle, &found);
        if (found < field)
            low = middle + 1;
        else
            high = middle;
    }
    return (struct value){0};
}

bool image_valid(struct image image)
{
    if (image.len < HEAD)
        return false;
    uint16_t count = image_count(image);
    size_t body = HEAD + (size_t)count * ENTRY;
    if (image.len < body)
        return false;
    uint32_t end = 0;
    for (uint16_t n = 0; n < count; n++) {
        if (n > 0 && image_load16(image.bytes + HEAD + (size_t)n * ENTRY) <=
                         image_load16(image.bytes + HEAD + (size_t)(n - 1u) * ENTRY))
            return false;
        if (image_end(image, n) < end)
            return false;
        end = image_end(image, n);
    }
    return body + end == image.len;
}

void image_start(struct image_maker *maker)
{
    maker->count = 0;
    maker->sorted = true;
}

void image_put(struct image_maker *maker, uint16_t field, struct value value)
{
    if (value.presence == PRESENCE_ABSENT)
        return;
    for (uint16_t n = 0; n < maker->count && !(maker->sorted && maker->fields[maker->count - 1] < field); n++)
        if (maker->fields[n] == field) {
            maker->values[n] = value;
            return;
        }
    assert(maker->count < IMAGE_FIELDS_MAX);
    if (maker->count > 0 && maker->fields[maker->count - 1] > field)
        maker->sorted = false;
    maker->fields[maker->count] = field;
    maker->values[maker->count++] = value;
}

static void maker_sort(struct image_maker *maker)
{
    for (uint16_t n = 1; n < maker->count; n++) {
        uint16_t field = maker->fields[n], at = n;
        struct value value = maker->values[n];
        for (; at > 0 && maker->fields[at - 1] > field; at--) {
            maker->fields[at] = maker->fields[at - 1];
            maker->values[at] = maker->values[at - 1];
        }
        maker->fields[at] = field;
        maker->values[at] = value;
    }
    maker->sorted = true;
}

void image_write(struct image_maker *maker, struct buffer *out)
{
    if (!maker->sorted)
        maker_sort(maker);
    size_t body = 0;
    for (uint16_t n = 0; n < maker->count; n++)
        body += maker->values[n].len;
    size_t head = HEAD + (size_t)maker->count * ENTRY;
    if (head + body > IMAGE_MAX) {
        out->rc = out->rc ? out->rc : ERR_LIMIT;
        return;
    }
    uint8_t *at = (uint8_t *)buffer_reserve(out, head + body);
    if (!at)
        return;
    memcpy(at, &maker->count, sizeof(maker->count));
    uint8_t *bytes = at + head;
    uint32_t end = 0;
    at += HEAD;
    for (uint16_t n = 0; n < maker->count; n++, at += ENTRY) {
        const struct value *value = &maker->values[n];
        if (value->len > 0)
            memcpy(bytes + end, value->bytes, value->len);
        end += value->len;
        uint32_t meta = (uint32_t)value->presence | (uint32_t)(value->flags & 0x3fu) << 2 | end << 8;
        memcpy(at, &maker->fields[n], 2);
        memcpy(at + 2, &meta, 4);
    }
}

bool value_equal(struct value a, struct value b)
{
    return a.presence == b.presence && a.len == b.len && (a.len == 0 || memcmp(a.bytes, b.bytes, a.len) == 0);
}

void reference_write(const struct reference *reference, struct buffer *out)
{
    uint16_t text_len = (uint16_t)(reference->text_len > 0xffff ? 0xffff : reference->text_len);
    buffer_byte(out, (unsigned char)reference->how);
    buffer_byte(out, reference->unit_type);
    buffer_add(out, &reference->field, 2);
    buffer_add(out, &text_len, 2);
    buffer_add(out, reference->text, text_len);
    buffer_add(out, reference->name, reference->name_len);
}

bool reference_read(const char *bytes, uint32_t len, struct reference *ret_reference)
{
    enum { FIXED = 6 };
    if (len < FIXED)
        return false;
    struct reference read = {.how = (enum reference_how)bytes[0], .unit_type = (uint8_t)bytes[1]};
    uint16_t text_len;
    memcpy(&read.field, bytes + 2, 2);
    memcpy(&text_len, bytes + 4, 2);
    if (text_len > len - FIXED)
        return false;
    read.text = bytes + FIXED;
    read.text_len = text_len;
    read.name = read.text + text_len;
    read.name_len = len - FIXED - text_len;
    *ret_reference = read;
    return true;
}

uint64_t reference_id(struct value value)
{
    uint64_t be;
    if (value.presence != PRESENCE_VALUE || value.len != sizeof(be))
        return 0;
    memcpy(&be, value.bytes, sizeof(be));
    return __builtin_bswap64(be);
}
