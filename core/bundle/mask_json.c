/* mask_json - JSON, and lines of it: what stands between its values stays byte for byte, so that a question is the same
 * question again. Part of mask.h. */
#include "bundle/mask.h"

#include "base/jsontext.h"

#include <string.h>

static int hex_value(char byte)
{
    return byte >= '0' && byte <= '9'   ? byte - '0'
           : byte >= 'a' && byte <= 'f' ? byte - 'a' + 10
           : byte >= 'A' && byte <= 'F' ? byte - 'A' + 10
                                        : -1;
}

static bool unit_read(const char *at, const char *end, uint32_t *ret_unit)
{
    *ret_unit = 0;
    if (end - at < 6 || at[0] != '\\' || at[1] != 'u')
        return false;
    for (int i = 2; i < 6; i++) {
        int value = hex_value(at[i]);
        if (value < 0)
            return false;
        *ret_unit = *ret_unit << 4 | (uint32_t)value;
    }
    return true;
}

static void utf8_write(uint32_t code, struct buffer *out)
{
    static const uint32_t firsts[] = {0, 0, 0xc0, 0xe0, 0xf0};
    unsigned bytes = code < 0x80 ? 1 : code < 0x800 ? 2 : code < 0x10000 ? 3 : 4;
    buffer_byte(out, (unsigned char)(bytes == 1 ? code : firsts[bytes] | code >> (6 * (bytes - 1))));
    for (unsigned left = bytes - 1; left-- > 0;)
        buffer_byte(out, (unsigned char)(0x80 | (code >> (6 * left) & 0x3f)));
}

/* The text of a string, without its quotes. */
static void unescape(const char *at, const char *end, struct buffer *out)
{
    static const char letters[] = "bfnrt", means[] = "\b\f\n\r\t";
    while (at < end) {
        uint32_t code, second;
        const char *known;
        if (*at != '\\' || at + 1 == end) {
            buffer_byte(out, (unsigned char)*at++);
        } else if (unit_read(at, end, &code)) {
            at += 6;
            if (code >= 0xd800 && code < 0xdc00 && unit_read(at, end, &second) && second >= 0xdc00 && second < 0xe000) {
                code = 0x10000 + ((code - 0xd800) << 10) + (second - 0xdc00);
                at += 6;
            }
            utf8_write(code, out);
        } else {
            known = strchr(letters, at[1]);
            buffer_byte(out, (unsigned char)(known && at[1] ? means[known - letters] : at[1]));
            at += 2;
        }
    }
}

/* As it was written before: in ASCII, or not. */
static void escape(const struct buffer *text, bool ascii, struct buffer *out)
{
    TIDY_DONE(buffer_done) struct buffer quoted = {0};
    json_string(&quoted, text->data, text->len);
    for (size_t i = 1; i + 1 < quoted.len; i++) {
        const unsigned char *at = (const unsigned char *)quoted.data + i;
        uint32_t code = *at;
        if (!ascii || *at < 0xc0) {
            buffer_byte(out, *at);
            continue;
        }
        unsigned more = *at >= 0xf0 ? 3 : *at >= 0xe0 ? 2 : 1;
        code = *at & (0x3fu >> more);
        for (unsigned n = 1; n <= more; n++)
            code = code << 6 | (at[n] & 0x3f);
        if (code >= 0x10000)
            buffer_format(out, "\\u%04x\\u%04x", (unsigned)(0xd800 + ((code - 0x10000) >> 10)),
                          (unsigned)(0xdc00 + ((code - 0x10000) & 0x3ff)));
        else
            buffer_format(out, "\\u%04x", (unsigned)code);
        i += more;
    }
    out->rc = out->rc ? out->rc : quoted.rc;
}

/* Names of members are not values, as long as they look like names: not "Anna Vos". */
static bool is_name(const struct mask *mask, const char *text, size_t len)
{
    const char *at;
    size_t wide;
    bool named = len > 0;
    for (size_t i = 0; i < len; i++)
        named &= (text[i] >= 'a' && text[i] <= 'z') || (text[i] >= 'A' && text[i] <= 'Z') || strchr("_-.$@", text[i]) ||
                 (i > 0 && text[i] >= '0' && text[i] <= '9');
    return named && !mask_finds(mask, text, len, &at, &wide);
}

static void string_out(struct mask *mask, const char *at, const char *end, bool name, enum mask_how how,
                       struct buffer *out)
{
    TIDY_DONE(buffer_done) struct buffer text = {0};
    TIDY_DONE(buffer_done) struct buffer made = {0};
    unescape(at, end, &text);
    if (!name || !is_name(mask, text.data ? text.data : "", text.len))
        mask_text(mask, text.data ? text.data : "", text.len, how, &made);
    if (text.rc != 0 || made.rc != 0)
        out->rc = text.rc ? text.rc : made.rc;
    else if ((name && made.len == 0) || mask_same(&text, &made))
        buffer_add(out, at, (size_t)(end - at));
    else
        escape(&made, memmem(at, (size_t)(end - at), "\\u", 2) != NULL, out);
}

void mask_json(struct mask *mask, const char *text, size_t len, enum mask_how how, struct buffer *out)
{
    const char *end = text + len;
    for (const char *at = text; at < end;) {
        const char *begin = at;
        if (*at == '"') {
            for (at++; at < end && *at != '"'; at++)
                at += *at == '\\' && at + 1 < end;
            const char *after = at < end ? at + 1 : at;
            while (after < end && strchr(" \t\r\n", *after))
                after++;
            buffer_byte(out, '"');
            string_out(mask, begin + 1, at < end ? at : end, after < end && *after == ':', how, out);
            if (at < end)
                buffer_byte(out, (unsigned char)*at++);
        } else if (*at >= '0' && *at <= '9') {
            while (at < end && *at && strchr("0123456789.eE+-", *at))
                at++;
            mask_figure(mask, begin, (size_t)(at - begin), how, out);
        } else {
            buffer_byte(out, (unsigned char)*at++);
        }
    }
}
