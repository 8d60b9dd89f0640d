/* charset - UTF-8 checked and written, and the few other encodings that exported text files come in. Own tables: iconv
 * would open modules. */
#include "blocks.h"
#include "table_parts.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

size_t muster_utf8_put(uint32_t character, char *ret_bytes)
{
    unsigned char *out = (unsigned char *)ret_bytes;
    if (character < 0x80) {
        out[0] = (unsigned char)character;
        return 1;
    }
    if (character < 0x800) {
        out[0] = (unsigned char)(0xc0 | character >> 6);
        out[1] = (unsigned char)(0x80 | (character & 0x3f));
        return 2;
    }
    if (character < 0x10000) {
        out[0] = (unsigned char)(0xe0 | character >> 12);
        out[1] = (unsigned char)(0x80 | (character >> 6 & 0x3f));
        out[2] = (unsigned char)(0x80 | (character & 0x3f));
        return 3;
    }
    out[0] = (unsigned char)(0xf0 | character >> 18);
    out[1] = (unsigned char)(0x80 | (character >> 12 & 0x3f));
    out[2] = (unsigned char)(0x80 | (character >> 6 & 0x3f));
    out[3] = (unsigned char)(0x80 | (character & 0x3f));
    return 4;
}

static bool trail(unsigned char byte)
{
    return (byte & 0xc0) == 0x80;
}

/* Length of the valid sequence at p, 0 if there is none. */
static size_t utf8_one(const unsigned char *p, size_t left)
{
    if (p[0] < 0x80)
        return 1;
    if (p[0] >= 0xc2 && p[0] <= 0xdf)
        return left >= 2 && trail(p[1]) ? 2 : 0;
    if (p[0] >= 0xe0 && p[0] <= 0xef) {
        if (left < 3 || !trail(p[1]) || !trail(p[2]))
            return 0;
        bool overlong = p[0] == 0xe0 && p[1] < 0xa0, surrogate = p[0] == 0xed && p[1] > 0x9f;
        return overlong || surrogate ? 0 : 3;
    }
    if (p[0] >= 0xf0 && p[0] <= 0xf4) {
        if (left < 4 || !trail(p[1]) || !trail(p[2]) || !trail(p[3]))
            return 0;
        bool overlong = p[0] == 0xf0 && p[1] < 0x90, beyond = p[0] == 0xf4 && p[1] > 0x8f;
        return overlong || beyond ? 0 : 4;
    }
    return 0;
}

size_t muster_utf8_valid(const char *data, size_t len)
{
    const unsigned char *p = (const unsigned char *)data;
    size_t at = len >= 32 ? muster_wide_utf8(data, len) : 0;
    while (at < len) {
        uint64_t eight;
        while (len - at >= 8 && (memcpy(&eight, p + at, 8), (eight & 0x8080808080808080u) == 0))
            at += 8;
        if (at == len)
            break;
        size_t one = utf8_one(p + at, len - at);
        if (one == 0)
            break;
        at += one;
    }
    return at;
}

/* ---- other encodings ---- */

#define CHUNK 65536

/* Windows-1252 from 0x80 to 0x9f; the five that are undefined stay control characters, as browsers have it. */
const uint16_t muster_windows_1252[32] = {0x20ac, 0x81,   0x201a, 0x192,  0x201e, 0x2026, 0x2020, 0x2021,
                                          0x2c6,  0x2030, 0x160,  0x2039, 0x152,  0x8d,   0x17d,  0x8f,
                                          0x90,   0x2018, 0x2019, 0x201c, 0x201d, 0x2022, 0x2013, 0x2014,
                                          0x2dc,  0x2122, 0x161,  0x203a, 0x153,  0x9d,   0x17e,  0x178};

static size_t decode_utf16(bool big, const unsigned char *data, size_t len, bool last, struct muster_bytes *out)
{
    size_t at = 0;
    while (len - at >= 2) {
        uint32_t unit = big ? (uint32_t)(data[at] << 8 | data[at + 1]) : (uint32_t)(data[at + 1] << 8 | data[at]);
        size_t used = 2;
        if (unit >= 0xd800 && unit < 0xdc00) {
            if (len - at < 4 && !last)
                break;
            const unsigned char *next = data + at + 2;
            uint32_t low = len - at < 4 ? 0
                           : big        ? (uint32_t)(next[0] << 8 | next[1])
                                        : (uint32_t)(next[1] << 8 | next[0]);
            bool pair = low >= 0xdc00 && low < 0xe000;
            unit = pair ? 0x10000 + ((unit - 0xd800) << 10) + (low - 0xdc00) : 0xfffd;
            used = pair ? 4 : 2;
        } else if (unit >= 0xdc00 && unit < 0xe000) {
            unit = 0xfffd;
        }
        char utf8[4];
        muster_bytes_add(out, utf8, muster_utf8_put(unit, utf8));
        at += used;
    }
    if (last && at < len) {
        muster_bytes_add(out, "\xef\xbf\xbd", 3);
        at = len;
    }
    return at;
}

size_t muster_encoding_decode(enum muster_encoding encoding, const unsigned char *data, size_t len, bool last,
                              struct muster_bytes *out)
{
    if (encoding == ENCODING_UTF8) {
        muster_bytes_add(out, data, len);
        return len;
    }
    if (encoding == ENCODING_UTF16LE || encoding == ENCODING_UTF16BE)
        return decode_utf16(encoding == ENCODING_UTF16BE, data, len, last, out);
    for (size_t n = 0; n < len; n++) {
        bool special = encoding == ENCODING_1252 && data[n] >= 0x80 && data[n] < 0xa0;
        char utf8[4];
        muster_bytes_add(out, utf8, muster_utf8_put(special ? muster_windows_1252[data[n] - 0x80] : data[n], utf8));
    }
    return len;
}

/* Letters that everybody has, with a NUL byte on one side of each: UTF-16 without its mark. */
static bool encoding_wide(const struct muster_source *source, enum muster_encoding *ret_encoding)
{
    const unsigned char *head = source->head;
    if (source->head_len < 2 || (head[0] == 0) == (head[1] == 0))
        return false;
    *ret_encoding = head[0] == 0 ? ENCODING_UTF16BE : ENCODING_UTF16LE;
    return true;
}

/* What one look at the whole file finds out. */
struct survey {
    uint64_t line, wide, bad; /* lines so far; valid characters beyond ASCII; bytes that are no UTF-8 */
    uint64_t bad_line, nul_line;
};

static void survey_add(struct survey *survey, const char *data, size_t len)
{
    const char *nul = survey->nul_line == 0 ? memchr(data, '\0', len) : NULL;
    if (nul)
        survey->nul_line = survey->line + block_count(data, (size_t)(nul - data), '\n', '\n');
    survey->line += block_count(data, len, '\n', '\n');
    survey->wide += block_count(data, len, 0xc0, 0xff);
}

/* Passes what is as it should be, as most files are to their ends: valid, without NUL, and nothing is counted. */
static uint64_t survey_clean(const struct muster_source *source, unsigned char *chunk)
{
    uint64_t offset = 0;
    while (offset < source->size) {
        int64_t got = muster_pread(source->fd, chunk, CHUNK, offset);
        size_t valid = got > 0 ? muster_utf8_valid((const char *)chunk, (size_t)got) : 0;
        if (valid == 0 || valid + 3 < (size_t)got || memchr(chunk, '\0', valid))
            break;
        offset += valid;
    }
    return offset;
}

static muster_rc survey_file(const struct muster_source *source, struct survey *survey, muster_table_error *error)
{
    unsigned char *chunk = malloc(CHUNK);
    if (!chunk)
        return muster_table_fail(error, MUSTER_FAIL, "%s: out of memory", source->name);
    *survey = (struct survey){.line = 1};
    uint64_t offset = survey_clean(source, chunk) == source->size ? source->size : 0;
    while (offset < source->size) {
        int64_t got = muster_pread(source->fd, chunk, CHUNK, offset);
        if (got <= 0)
            break;
        size_t valid = muster_utf8_valid((const char *)chunk, (size_t)got);
        bool cut = valid + 3 >= (size_t)got && valid > 0 && offset + (uint64_t)got < source->size;
        size_t used = valid;
        if (valid < (size_t)got && !cut) {
            used = valid + 1;
            survey->bad++;
        }
        survey_add(survey, (const char *)chunk, valid);
        if (used > valid && survey->bad_line == 0)
            survey->bad_line = survey->line;
        offset += used;
        if (survey->bad > 100)
            break; /* enough to know that it is no UTF-8 */
    }
    free(chunk);
    if (offset < source->size && survey->bad <= 100)
        return muster_table_fail(error, MUSTER_FAIL, "%s cannot be read to its end", source->name);
    return MUSTER_OK;
}

bool muster_encoding_named(const char *name, enum muster_encoding *ret_encoding, bool *ret_auto)
{
    static const struct {
        const char *name;
        enum muster_encoding encoding;
    } names[] = {{"utf-8", ENCODING_UTF8},        {"utf8", ENCODING_UTF8},         {"utf-16le", ENCODING_UTF16LE},
                 {"utf-16be", ENCODING_UTF16BE},  {"windows-1252", ENCODING_1252}, {"cp1252", ENCODING_1252},
                 {"iso-8859-1", ENCODING_LATIN1}, {"latin1", ENCODING_LATIN1}};
    *ret_auto = !name || !*name || strcasecmp(name, "auto") == 0;
    if (*ret_auto)
        return true;
    for (size_t n = 0; n < sizeof(names) / sizeof(*names); n++)
        if (strcasecmp(names[n].name, name) == 0) {
            *ret_encoding = names[n].encoding;
            return true;
        }
    return false;
}

bool muster_encoding_mark(const struct muster_source *source, enum muster_encoding *ret_encoding, size_t *ret_skip)
{
    const unsigned char *head = source->head;
    if (source->head_len >= 3 && memcmp(head, "\xef\xbb\xbf", 3) == 0) {
        *ret_encoding = ENCODING_UTF8;
        *ret_skip = 3;
    } else if (source->head_len >= 2 && head[0] == 0xff && head[1] == 0xfe) {
        *ret_encoding = ENCODING_UTF16LE;
        *ret_skip = 2;
    } else if (source->head_len >= 2 && head[0] == 0xfe && head[1] == 0xff) {
        *ret_encoding = ENCODING_UTF16BE;
        *ret_skip = 2;
    } else {
        return false;
    }
    return true;
}

static muster_rc encoding_unknown(const struct muster_source *source, muster_table_error *error)
{
    return muster_table_fail(error, MUSTER_CONFIG,
                             "encoding '%s' is not known; use auto, utf-8, utf-16le, utf-16be, windows-1252 or "
                             "iso-8859-1",
                             source->options->encoding);
}

muster_rc muster_encoding_look(const struct muster_source *source, enum muster_encoding *ret_encoding, size_t *ret_skip,
                               bool *ret_said, muster_table_error *error)
{
    enum muster_encoding marked = ENCODING_UTF8, encoding = ENCODING_UTF8;
    bool automatic;
    size_t skip = 0;
    if (!muster_encoding_named(source->options->encoding, &encoding, &automatic))
        return encoding_unknown(source, error);
    bool has_mark = muster_encoding_mark(source, &marked, &skip);
    *ret_said = !automatic || has_mark || encoding_wide(source, &encoding);
    if (automatic && has_mark)
        encoding = marked;
    *ret_skip = has_mark && marked == encoding ? skip : 0;
    *ret_encoding = encoding;
    return MUSTER_OK;
}

muster_rc muster_encoding_find(const struct muster_source *source, enum muster_encoding *ret_encoding, size_t *ret_skip,
                               muster_table_error *error)
{
    enum muster_encoding marked, encoding = ENCODING_UTF8;
    bool automatic;
    size_t skip = 0;
    if (!muster_encoding_named(source->options->encoding, &encoding, &automatic))
        return encoding_unknown(source, error);
    bool has_mark = muster_encoding_mark(source, &marked, &skip);
    if (has_mark && automatic)
        encoding = marked;
    else if (automatic)
        encoding_wide(source, &encoding);
    *ret_skip = has_mark && marked == encoding ? skip : 0;
    *ret_encoding = encoding;
    if (encoding == ENCODING_UTF16LE || encoding == ENCODING_UTF16BE)
        return MUSTER_OK;
    struct survey survey = {0};
    muster_rc rc = survey_file(source, &survey, error);
    if (rc != MUSTER_OK)
        return rc;
    if (survey.nul_line > 0)
        return muster_table_fail(error, MUSTER_DATA,
                                 "%s: line %llu has a NUL byte: that is no text (if it is UTF-16, set encoding: "
                                 "utf-16le)",
                                 source->name, (unsigned long long)survey.nul_line);
    if (encoding != ENCODING_UTF8 || survey.bad == 0)
        return MUSTER_OK;
    /* Hardly any byte of a Windows-1252 text is valid UTF-8 by chance: then it is a UTF-8 file with a fault. */
    if (!automatic || has_mark || survey.wide > survey.bad)
        return muster_table_fail(error, MUSTER_DATA,
                                 "%s: line %llu is not valid UTF-8: save it as UTF-8, or set encoding: windows-1252",
                                 source->name, (unsigned long long)survey.bad_line);
    *ret_encoding = ENCODING_1252;
    return MUSTER_OK;
}
