/* buffer - bytes that grow, with a ceiling and a sticky error.
 *
 * Callers append without looking and ask once at the end. */
#ifndef BASE_BUFFER_H
#define BASE_BUFFER_H

#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

struct buffer {
    char *data; /* always followed by a '\0' once something was appended */
    size_t len;
    size_t room;
    size_t ceiling; /* 0: BUFFER_CEILING */
    int rc;         /* the first failure: -ENOMEM or ERR_LIMIT */
};

#define BUFFER_CEILING ((size_t)1 << 30)

void buffer_done(struct buffer *buffer);  /* frees; the struct may be used again */
void buffer_clear(struct buffer *buffer); /* empties, keeps the room, forgets the error */

/* Makes room for `len` more bytes and the '\0' after them. Returns 0 or the buffer's failure. */
int buffer_room(struct buffer *buffer, size_t len);

/* Room for `len` more bytes, to be filled by the caller; NULL when it failed. */
static inline char *buffer_reserve(struct buffer *buffer, size_t len)
{
    if ((buffer->rc != 0 || buffer->room - buffer->len <= len) && buffer_room(buffer, len) != 0)
        return NULL;
    char *place = buffer->data + buffer->len;
    buffer->len += len;
    buffer->data[buffer->len] = '\0';
    return place;
}

static inline void buffer_add(struct buffer *buffer, const void *bytes, size_t len)
{
    char *place = buffer_reserve(buffer, len);
    if (place && len > 0)
        memcpy(place, bytes, len);
}

void buffer_text(struct buffer *buffer, const char *text);
void buffer_byte(struct buffer *buffer, unsigned char byte);
void buffer_format(struct buffer *buffer, const char *format, ...) __attribute__((format(printf, 2, 3)));
void buffer_vformat(struct buffer *buffer, const char *format, va_list args) __attribute__((format(printf, 2, 0)));

/* An integer in decimal. */
void buffer_number(struct buffer *buffer, uint64_t value);

/* A big-endian integer, as it stands in keys. */
void buffer_be32(struct buffer *buffer, uint32_t value);

/* Hands the bytes over (freed with free()); the buffer is empty again. NULL after a failure; "" when empty. */
char *buffer_take(struct buffer *buffer);

#endif
