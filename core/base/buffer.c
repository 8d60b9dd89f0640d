/* buffer - bytes that grow, with a ceiling and a sticky error. */
#include "base/buffer.h"

#include "base/error.h"
#include "base/mem.h"

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void buffer_done(struct buffer *buffer)
{
    free(buffer->data);
    buffer->data = NULL;
    buffer->len = buffer->room = 0;
    buffer->rc = 0;
}

void buffer_clear(struct buffer *buffer)
{
    buffer->len = 0;
    buffer->rc = 0;
    if (buffer->data)
        buffer->data[0] = '\0';
}

static int buffer_grow(struct buffer *buffer, size_t len)
{
    size_t ceiling = buffer->ceiling ? buffer->ceiling : BUFFER_CEILING;
    if (len > ceiling || buffer->len > ceiling - len)
        return ERR_LIMIT;
    size_t wanted = buffer->room ? buffer->room : 64;
    while (wanted < buffer->len + len + 1)
        wanted *= 2;
    char *bigger = mem_resize(buffer->data, wanted, 1);
    if (!bigger)
        return -ENOMEM;
    buffer->data = bigger;
    buffer->room = wanted;
    return 0;
}

int buffer_room(struct buffer *buffer, size_t len)
{
    if (buffer->rc == 0 && (buffer->room == 0 || buffer->room - buffer->len <= len))
        buffer->rc = buffer_grow(buffer, len);
    return buffer->rc;
}

void buffer_text(struct buffer *buffer, const char *text)
{
    buffer_add(buffer, text, strlen(text));
}

void buffer_byte(struct buffer *buffer, unsigned char byte)
{
    buffer_add(buffer, &byte, 1);
}

void buffer_vformat(struct buffer *buffer, const char *format, va_list args)
{
    size_t left = buffer->rc == 0 ? buffer->room - buffer->len : 0;
    va_list again;
    va_copy(again, args);
    int len = vsnprintf(left ? buffer->data + buffer->len : NULL, left, format, again); /* mostly there is room */
    va_end(again);
    bool whole = len >= 0 && (size_t)len < left;
    if (!whole && left)
        buffer->data[buffer->len] = '\0';
    char *place = len < 0 ? NULL : buffer_reserve(buffer, (size_t)len);
    if (place && !whole)
        vsnprintf(place, (size_t)len + 1, format, args);
}

void buffer_format(struct buffer *buffer, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    buffer_vformat(buffer, format, args);
    va_end(args);
}

void buffer_number(struct buffer *buffer, uint64_t value)
{
    char digits[20], *at = digits + sizeof(digits);
    do
        *--at = (char)('0' + value % 10);
    while ((value /= 10) > 0);
    buffer_add(buffer, at, (size_t)(digits + sizeof(digits) - at));
}

void buffer_be32(struct buffer *buffer, uint32_t value)
{
    value = __builtin_bswap32(value);
    buffer_add(buffer, &value, sizeof(value));
}

char *buffer_take(struct buffer *buffer)
{
    buffer_reserve(buffer, 0);
    if (buffer->rc != 0) {
        buffer_done(buffer);
        return NULL;
    }
    char *data = buffer->data;
    *buffer = (struct buffer){.ceiling = buffer->ceiling};
    return data;
}
