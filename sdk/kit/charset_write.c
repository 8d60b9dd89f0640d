/* charset_write - UTF-8 written in other encodings. UTF-16 and the Western ones by itself; GB18030 by the C library,
 * whose module for it is fetched while this library is loaded: later the sandbox lets no code in. */
#include "write_parts.h"

#include <errno.h>
#include <iconv.h>
#include <strings.h>

enum { KIND_UTF8, KIND_UTF16LE, KIND_UTF16BE, KIND_1252, KIND_LATIN1, KIND_GB18030 };

#define NO_CONVERTER ((iconv_t)-1)

/* Kept open so that the module stays. */
static iconv_t held = NO_CONVERTER;

__attribute__((constructor)) static void hold(void)
{
    held = iconv_open("GB18030", "UTF-8");
}

__attribute__((destructor)) static void let_go(void)
{
    if (held != NO_CONVERTER)
        iconv_close(held);
}

muster_rc muster_encoder_open(struct muster_encoder *encoder, const char *name, muster_table_error *error)
{
    static const struct {
        const char *name;
        int32_t kind;
    } names[] = {{"utf-8", KIND_UTF8},       {"utf8", KIND_UTF8},        {"", KIND_UTF8},
                 {"utf-16le", KIND_UTF16LE}, {"utf-16be", KIND_UTF16BE}, {"windows-1252", KIND_1252},
                 {"cp1252", KIND_1252},      {"latin1", KIND_LATIN1},    {"iso-8859-1", KIND_LATIN1},
                 {"gb18030", KIND_GB18030}};
    for (size_t n = 0; n < sizeof(names) / sizeof(*names); n++) {
        if (strcasecmp(names[n].name, name ? name : "") != 0)
            continue;
        *encoder = (struct muster_encoder){.kind = names[n].kind};
        if (encoder->kind != KIND_GB18030)
            return MUSTER_OK;
        iconv_t converter = iconv_open("GB18030", "UTF-8");
        if (converter == NO_CONVERTER)
            return muster_table_fail(error, MUSTER_UNSUPPORTED,
                                     "encoding gb18030 cannot be written: the C library has no module for it here, "
                                     "install its gconv modules");
        encoder->converter = converter;
        return MUSTER_OK;
    }
    return muster_table_fail(error, MUSTER_CONFIG,
                             "encoding '%s' cannot be written; use utf-8, utf-16le, utf-16be, windows-1252, iso-8859-1 "
                             "or gb18030",
                             name);
}

void muster_encoder_done(struct muster_encoder *encoder)
{
    if (encoder->converter)
        iconv_close((iconv_t)encoder->converter);
    *encoder = (struct muster_encoder){0};
}

bool muster_encoder_wide(const struct muster_encoder *encoder)
{
    return encoder->kind == KIND_UTF16LE || encoder->kind == KIND_UTF16BE;
}

bool muster_encoder_is_utf8(const struct muster_encoder *encoder)
{
    return encoder->kind == KIND_UTF8;
}

static void add_unit(struct muster_bytes *out, bool big, uint32_t unit)
{
    unsigned char high = (unsigned char)(unit >> 8), low = (unsigned char)unit;
    muster_bytes_add(out, (unsigned char[]){big ? high : low, big ? low : high}, 2);
}

static void add_utf16(bool big, uint32_t character, struct muster_bytes *out)
{
    if (character >= 0x10000) {
        add_unit(out, big, 0xd800 + ((character - 0x10000) >> 10));
        character = 0xdc00 + (character & 0x3ff);
    }
    add_unit(out, big, character);
}

/* The byte of a Western encoding; -1: it has none. */
static int western(bool is_1252, uint32_t character)
{
    if (character < 0x80 || (character >= 0xa0 && character < 0x100))
        return (int)character;
    for (int byte = 0x80; is_1252 && byte < 0xa0; byte++)
        if (muster_windows_1252[byte - 0x80] == character && character >= 0xa0)
            return byte;
    return -1;
}

static muster_rc add_converted(struct muster_encoder *encoder, const char *text, size_t len, struct muster_bytes *out,
                               uint32_t *ret_bad)
{
    char *from = (char *)text;
    size_t left = len;
    while (left > 0) {
        char chunk[512], *to = chunk;
        size_t room = sizeof(chunk);
        size_t rc = iconv((iconv_t)encoder->converter, &from, &left, &to, &room);
        muster_bytes_add(out, chunk, sizeof(chunk) - room);
        if (rc == (size_t)-1 && errno != E2BIG) {
            size_t at = (size_t)(from - text);
            *ret_bad = muster_utf8_next(text, &at);
            return MUSTER_DATA;
        }
    }
    return MUSTER_OK;
}

muster_rc muster_encoder_add(struct muster_encoder *encoder, const char *text, size_t len, struct muster_bytes *out,
                             uint32_t *ret_bad)
{
    if (encoder->kind == KIND_UTF8) {
        muster_bytes_add(out, text, len);
        return MUSTER_OK;
    }
    if (encoder->kind == KIND_GB18030)
        return add_converted(encoder, text, len, out, ret_bad);
    for (size_t at = 0; at < len;) {
        uint32_t character = muster_utf8_next(text, &at);
        if (muster_encoder_wide(encoder)) {
            add_utf16(encoder->kind == KIND_UTF16BE, character, out);
            continue;
        }
        int byte = western(encoder->kind == KIND_1252, character);
        if (byte < 0) {
            *ret_bad = character;
            return MUSTER_DATA;
        }
        muster_bytes_add(out, &(char){(char)byte}, 1);
    }
    return MUSTER_OK;
}
