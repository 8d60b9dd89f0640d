/* mask_address - an address, or a path: each part of it and each value in its query by itself, written as it was
 * written. Part of mask.h. */
#include "bundle/mask.h"

#include <string.h>
#include <strings.h>

static int hex_value(char byte)
{
    return byte >= '0' && byte <= '9'   ? byte - '0'
           : byte >= 'a' && byte <= 'f' ? byte - 'a' + 10
           : byte >= 'A' && byte <= 'F' ? byte - 'A' + 10
                                        : -1;
}

static void decode(const char *at, size_t len, bool query, struct buffer *out)
{
    for (size_t i = 0; i < len; i++) {
        bool coded = at[i] == '%' && i + 2 < len && hex_value(at[i + 1]) >= 0 && hex_value(at[i + 2]) >= 0;
        if (coded) {
            buffer_byte(out, (unsigned char)(hex_value(at[i + 1]) * 16 + hex_value(at[i + 2])));
            i += 2;
        } else {
            buffer_byte(out, (unsigned char)(query && at[i] == '+' ? ' ' : at[i]));
        }
    }
}

/* What stood there plainly stands so again. */
static void encode(const struct buffer *text, const char *was, size_t was_len, bool query, struct buffer *out)
{
    bool plus = query && memchr(was, '+', was_len), small = false;
    for (size_t i = 0; i + 2 < was_len; i++)
        small |=
            was[i] == '%' && ((was[i + 1] >= 'a' && was[i + 1] <= 'f') || (was[i + 2] >= 'a' && was[i + 2] <= 'f'));
    for (size_t i = 0; i < text->len; i++) {
        unsigned char byte = (unsigned char)text->data[i];
        bool plain = (byte >= 'a' && byte <= 'z') || (byte >= 'A' && byte <= 'Z') || (byte >= '0' && byte <= '9') ||
                     strchr("-._~", byte) || (byte != '%' && byte != '+' && memchr(was, byte, was_len));
        if (byte == ' ' && plus)
            buffer_byte(out, '+');
        else if (plain && byte)
            buffer_byte(out, byte);
        else
            buffer_format(out, small ? "%%%02x" : "%%%02X", byte);
    }
}

static void part_out(struct mask *mask, const char *at, size_t len, bool query, enum mask_how how, struct buffer *out)
{
    TIDY_DONE(buffer_done) struct buffer text = {0};
    TIDY_DONE(buffer_done) struct buffer made = {0};
    decode(at, len, query, &text);
    if (text.len > 0)
        mask_text(mask, text.data, text.len, how, &made);
    if (text.rc != 0 || made.rc != 0)
        out->rc = text.rc ? text.rc : made.rc;
    else if (mask_same(&text, &made))
        buffer_add(out, at, len);
    else
        encode(&made, at, len, query, out);
}

/* How many, and from where: no data of anybody. */
static bool counts(const char *name, size_t len)
{
    static const char *const words[] = {"limit", "page", "size", "top", "skip", "offset", "count", "take", "per_"};
    for (size_t w = 0; w < sizeof(words) / sizeof(words[0]); w++)
        for (size_t i = 0; i + strlen(words[w]) <= len; i++)
            if (strncasecmp(name + i, words[w], strlen(words[w])) == 0)
                return true;
    return false;
}

static bool is_count(const char *at, size_t len)
{
    return len > 0 && len < 10 && strspn(at, "0123456789") >= len;
}

void mask_address(struct mask *mask, const char *text, size_t len, enum mask_how how, struct buffer *out)
{
    const char *end = text + len, *at = text, *scheme = memmem(text, len, "://", 3);
    if (scheme) {
        at = memchr(scheme + 3, '/', (size_t)(end - scheme - 3));
        at = at ? at : end;
        buffer_add(out, text, (size_t)(at - text));
    }
    bool query = false;
    const char *name = at;
    size_t name_len = 0;
    while (at < end) {
        size_t wide = strcspn(at, query ? "&=;#" : "/?#");
        wide = wide < (size_t)(end - at) ? wide : (size_t)(end - at);
        bool named = query && at + wide < end && at[wide] == '=';
        if (named) {
            name = at;
            name_len = wide;
        }
        if (named || (query && is_count(at, wide) && counts(name, name_len)))
            buffer_add(out, at, wide);
        else
            part_out(mask, at, wide, query, how, out);
        at += wide;
        if (at < end) {
            query |= *at == '?';
            buffer_byte(out, (unsigned char)*at++);
        }
    }
}
