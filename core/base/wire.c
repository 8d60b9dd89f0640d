/* wire - what engine and host say to each other: messages of typed fields, packed into frames. */
#include "base/wire.h"

#include "base/error.h"

enum { MESSAGE_HEADER = 8 };

size_t wire_begin(struct buffer *out, enum wire_type type)
{
    size_t begin = out->len;
    wire_put_u32(out, (uint32_t)type);
    wire_put_u32(out, 0);
    return begin;
}

void wire_end(struct buffer *out, size_t begin)
{
    if (out->rc != 0)
        return;
    uint32_t len = (uint32_t)(out->len - begin - MESSAGE_HEADER);
    memcpy(out->data + begin + 4, &len, sizeof(len));
}

void wire_put_u32(struct buffer *out, uint32_t value)
{
    buffer_add(out, &value, sizeof(value));
}

void wire_put_u64(struct buffer *out, uint64_t value)
{
    buffer_add(out, &value, sizeof(value));
}

void wire_put_bytes(struct buffer *out, const char *bytes, size_t len)
{
    if (len >= WIRE_NULL && out->rc == 0)
        out->rc = ERR_LIMIT;
    wire_put_u32(out, (uint32_t)len);
    buffer_add(out, bytes, len);
    buffer_byte(out, 0);
}

void wire_put_text(struct buffer *out, const char *text)
{
    if (text)
        wire_put_bytes(out, text, strlen(text));
    else
        wire_put_u32(out, WIRE_NULL);
}

void wire_put_blob(struct buffer *out, const char *bytes, size_t len)
{
    if (bytes)
        wire_put_bytes(out, bytes, len);
    else
        wire_put_u32(out, WIRE_NULL);
}

bool wire_next(struct wire *frame, uint32_t *ret_type, struct wire *ret_message)
{
    if (frame->bad || frame->at == frame->end)
        return false;
    uint32_t type = wire_get_u32(frame), len = wire_get_u32(frame);
    const char *bytes = wire_get_bytes(frame, len);
    if (!bytes)
        return false;
    *ret_type = type;
    *ret_message = wire_over(bytes, len);
    return true;
}

bool wire_finished(const struct wire *wire)
{
    return !wire->bad && wire->at == wire->end;
}

const char *wire_get_text(struct wire *wire)
{
    uint32_t len = wire_get_u32(wire);
    if (len == WIRE_NULL || wire->bad)
        return NULL;
    const char *text = wire_get_bytes(wire, (size_t)len + 1);
    if (text && (text[len] != '\0' || memchr(text, '\0', len))) {
        wire->bad = true;
        text = NULL;
    }
    return text;
}

const char *wire_get_blob(struct wire *wire, size_t *ret_len)
{
    uint32_t len = wire_get_u32(wire);
    *ret_len = 0;
    if (len == WIRE_NULL || wire->bad)
        return NULL;
    const char *bytes = wire_get_bytes(wire, (size_t)len + 1);
    if (bytes && bytes[len] != '\0') {
        wire->bad = true;
        return NULL;
    }
    *ret_len = bytes ? len : 0;
    return bytes;
}

const char *wire_need_text(struct wire *wire)
{
    const char *text = wire_get_text(wire);
    if (!text)
        wire->bad = true;
    return text;
}
