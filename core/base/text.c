/* text - UTF-8: checking, white space, case folding, normalization. Reads utf8proc's tables, writes to the caller. */
#include "base/text.h"

#include <stdint.h>
#include <string.h>
#include <utf8proc.h>

static bool ascii(const char *text, size_t len)
{
    size_t at = 0;
    for (; at + 8 <= len; at += 8) {
        uint64_t eight;
        memcpy(&eight, text + at, 8);
        if (eight & 0x8080808080808080u)
            return false;
    }
    for (; at < len; at++)
        if (text[at] & 0x80)
            return false;
    return true;
}

static char ascii_lower(char c)
{
    return c >= 'A' && c <= 'Z' ? (char)(c + ('a' - 'A')) : c;
}

#define EVERY(byte) (0x0101010101010101u * (byte))

/* Eight bytes at once: A to Z become lower case, all else stays, bytes above 127 too. */
static uint64_t lower_eight(uint64_t eight)
{
    uint64_t low = eight & EVERY(0x7fu);
    uint64_t from_a = low + EVERY(0x80u - 'A'), after_z = low + EVERY(0x7fu - 'Z');
    return eight | ((~eight & (from_a ^ after_z) & EVERY(0x80u)) >> 2);
}

/* Whether one of eight bytes is a blank or a control character (and ASCII). */
static bool blank_in_eight(uint64_t eight)
{
    return ((eight - EVERY(' ' + 1u)) & ~eight & EVERY(0x80u)) != 0;
}

static bool ascii_space(char c)
{
    return c == ' ' || (c >= '\t' && c <= '\r');
}

/* The code point at the beginning and the bytes it takes; a byte that is no UTF-8 gives -1 and one. */
static size_t decode(const char *text, size_t len, int32_t *ret_point)
{
    utf8proc_int32_t point;
    utf8proc_ssize_t used = utf8proc_iterate((const utf8proc_uint8_t *)text, (utf8proc_ssize_t)len, &point);
    *ret_point = used > 0 ? point : -1;
    return used > 0 ? (size_t)used : 1;
}

void text_mend(const char *text, size_t len, struct buffer *out)
{
    while (len > 0) {
        int32_t point;
        size_t used = decode(text, len, &point);
        buffer_add(out, point < 0 ? "\xef\xbf\xbd" : text, point < 0 ? 3 : used);
        text += used;
        len -= used;
    }
}

bool text_valid(const char *text, size_t len)
{
    while (len > 0) {
        if (len >= 8 && ascii(text, 8)) {
            text += 8;
            len -= 8;
            continue;
        }
        int32_t point;
        size_t used = decode(text, len, &point);
        if (point < 0)
            return false;
        text += used;
        len -= used;
    }
    return true;
}

/* White space, and what cannot be seen at the end of a cell: zero-width space, word joiner, byte order mark. */
static bool blank(int32_t point)
{
    return point == ' ' || (point >= '\t' && point <= '\r') || point == 0x85 || point == 0xa0 || point == 0x1680 ||
           (point >= 0x2000 && point <= 0x200b) || point == 0x2028 || point == 0x2029 || point == 0x202f ||
           point == 0x205f || point == 0x2060 || point == 0x3000 || point == 0xfeff;
}

void text_trim(const char **text, size_t *len)
{
    int32_t point;
    while (*len > 0) {
        size_t used = decode(*text, *len, &point);
        if (!blank(point))
            break;
        *text += used;
        *len -= used;
    }
    while (*len > 0) {
        size_t back = 1;
        while (back < 4 && back < *len && ((*text)[*len - back] & 0xc0) == 0x80)
            back++;
        if (decode(*text + *len - back, back, &point) != back || !blank(point))
            break;
        *len -= back;
    }
}

/* Lower case, white space folded, trimmed; `to` has room for `len`. Takes bytes above 127 as they are. */
static size_t normalize_bytes(const char *text, size_t len, char *to)
{
    size_t used = 0;
    bool wanted = false;
    for (size_t at = 0; at < len; at++) {
        uint64_t eight;
        while (at + 8 <= len && (memcpy(&eight, text + at, 8), !blank_in_eight(eight))) {
            if (wanted)
                to[used++] = ' ';
            wanted = false;
            eight = lower_eight(eight);
            memcpy(to + used, &eight, 8);
            used += 8;
            at += 8;
        }
        if (at == len)
            break;
        if (ascii_space(text[at])) {
            wanted = used > 0;
            continue;
        }
        if (wanted)
            to[used++] = ' ';
        wanted = false;
        to[used++] = ascii_lower(text[at]);
    }
    return used;
}

enum { POINTS_ON_STACK = 512, GROWTH = 18 }; /* no code point decomposes into more than 18 */

static const utf8proc_option_t casefold =
    UTF8PROC_STABLE | UTF8PROC_COMPOSE | UTF8PROC_COMPAT | UTF8PROC_CASEFOLD | UTF8PROC_IGNORE;

/* NFKC_Casefold in place: `points` has room for `room` code points, at least one more than the result has. Returns
 * the UTF-8 bytes' number, now in `points`, or -1 when the text is no UTF-8 or does not fit. */
static ptrdiff_t casefolded(const char *text, size_t len, int32_t *points, size_t room)
{
    utf8proc_ssize_t count = utf8proc_decompose((const utf8proc_uint8_t *)text, (utf8proc_ssize_t)len, points,
                                                (utf8proc_ssize_t)room, casefold);
    if (count < 0 || (size_t)count >= room)
        return -1;
    return utf8proc_reencode(points, count, casefold);
}

static void add_folded(const char *folded, size_t len, struct buffer *out)
{
    char *to = buffer_reserve(out, len);
    if (!to)
        return;
    /* What utf8proc leaves of white space beyond ASCII is seldom: line and paragraph separators, Ogham. */
    size_t used = normalize_bytes(folded, len, to);
    out->len -= len - used;
    out->data[out->len] = '\0';
}

void text_normalize(const char *text, size_t len, struct buffer *out)
{
    if (ascii(text, len)) {
        add_folded(text, len, out);
        return;
    }
    text_trim(&text, &len);
    int32_t points[POINTS_ON_STACK];
    if (len < POINTS_ON_STACK / GROWTH || (len < POINTS_ON_STACK && text_valid(text, len))) {
        ptrdiff_t used = casefolded(text, len, points, POINTS_ON_STACK);
        if (used >= 0) {
            add_folded((const char *)points, (size_t)used, out);
            return;
        }
    }
    if (!text_valid(text, len)) {
        add_folded(text, len, out);
        return;
    }
    struct buffer large = {0};
    size_t room = len * GROWTH + 1;
    int32_t *many = (int32_t *)(void *)buffer_reserve(&large, room * sizeof(int32_t));
    ptrdiff_t used = many ? casefolded(text, len, many, room) : -1;
    if (used >= 0)
        add_folded((const char *)many, (size_t)used, out);
    else if (out->rc == 0)
        out->rc = large.rc;
    buffer_done(&large);
}

/* The value of a decimal digit of any script, or -1. Unicode lays such digits out in runs that begin with zero. */
static int digit_value(int32_t point)
{
    if (point < 0x80)
        return point >= '0' && point <= '9' ? point - '0' : -1;
    if (utf8proc_category(point) != UTF8PROC_CATEGORY_ND)
        return -1;
    int32_t first = point;
    while (utf8proc_category(first - 1) == UTF8PROC_CATEGORY_ND)
        first--;
    return (int)((point - first) % 10);
}

void text_digits(const char *text, size_t len, struct buffer *out)
{
    if (ascii(text, len)) {
        char *to = buffer_reserve(out, len);
        size_t used = 0;
        for (size_t at = 0; to && at < len; at++)
            if (text[at] >= '0' && text[at] <= '9')
                to[used++] = text[at];
        if (to) {
            out->len -= len - used;
            out->data[out->len] = '\0';
        }
        return;
    }
    while (len > 0) {
        int32_t point;
        size_t used = decode(text, len, &point);
        int digit = digit_value(point);
        if (digit >= 0)
            buffer_byte(out, (unsigned char)('0' + digit));
        text += used;
        len -= used;
    }
}

static void convert(const char *text, size_t len, struct buffer *out, utf8proc_int32_t (*one)(utf8proc_int32_t))
{
    while (len > 0) {
        int32_t point;
        size_t used = decode(text, len, &point);
        if (point < 0) {
            buffer_add(out, text, 1);
        } else {
            utf8proc_uint8_t bytes[4];
            buffer_add(out, bytes, (size_t)utf8proc_encode_char(one(point), bytes));
        }
        text += used;
        len -= used;
    }
}

void text_lower(const char *text, size_t len, struct buffer *out)
{
    if (!ascii(text, len)) {
        convert(text, len, out, utf8proc_tolower);
        return;
    }
    char *to = buffer_reserve(out, len);
    size_t at = 0;
    for (; to && at + 8 <= len; at += 8) {
        uint64_t eight;
        memcpy(&eight, text + at, 8);
        eight = lower_eight(eight);
        memcpy(to + at, &eight, 8);
    }
    for (; to && at < len; at++)
        to[at] = ascii_lower(text[at]);
}

void text_upper(const char *text, size_t len, struct buffer *out)
{
    if (!ascii(text, len)) {
        convert(text, len, out, utf8proc_toupper);
        return;
    }
    char *to = buffer_reserve(out, len);
    for (size_t at = 0; to && at < len; at++)
        to[at] = text[at] >= 'a' && text[at] <= 'z' ? (char)(text[at] - ('a' - 'A')) : text[at];
}

bool text_same(const char *a, size_t a_len, const char *b, size_t b_len)
{
    enum { SHORT = 256 };
    if (a_len == b_len && (a_len == 0 || memcmp(a, b, a_len) == 0))
        return true;
    if (a_len <= SHORT && b_len <= SHORT && ascii(a, a_len) && ascii(b, b_len)) {
        char left[SHORT], right[SHORT];
        size_t left_len = normalize_bytes(a, a_len, left), right_len = normalize_bytes(b, b_len, right);
        return left_len == right_len && memcmp(left, right, left_len) == 0;
    }
    struct buffer left = {0}, right = {0};
    text_normalize(a, a_len, &left);
    text_normalize(b, b_len, &right);
    bool same = left.rc == 0 && right.rc == 0 && left.len == right.len &&
                (left.len == 0 || memcmp(left.data, right.data, left.len) == 0);
    buffer_done(&left);
    buffer_done(&right);
    return same;
}

size_t text_distance(const char *a, const char *b, size_t limit)
{
    enum { LONGEST = 128 };
    size_t a_len = strlen(a), b_len = strlen(b);
    size_t apart = a_len > b_len ? a_len - b_len : b_len - a_len;
    if (apart > limit || a_len > LONGEST || b_len > LONGEST)
        return strcmp(a, b) == 0 ? 0 : limit + 1;
    size_t rows[3][LONGEST + 1];
    size_t *before = rows[0], *last = rows[1], *row = rows[2];
    for (size_t j = 0; j <= b_len; j++)
        last[j] = j;
    for (size_t i = 1; i <= a_len; i++) {
        row[0] = i;
        for (size_t j = 1; j <= b_len; j++) {
            size_t best = last[j - 1] + (a[i - 1] != b[j - 1]);
            best = last[j] + 1 < best ? last[j] + 1 : best;
            best = row[j - 1] + 1 < best ? row[j - 1] + 1 : best;
            if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1] && before[j - 2] + 1 < best)
                best = before[j - 2] + 1;
            row[j] = best;
        }
        size_t *free_row = before;
        before = last;
        last = row;
        row = free_row;
    }
    return last[b_len] > limit ? limit + 1 : last[b_len];
}

bool text_glob(const char *pattern, const char *text, bool fold)
{
    const char *star = NULL, *resume = NULL;
    while (*text) {
        if (*pattern == '*') {
            star = pattern++;
            resume = text;
        } else if (*pattern == '?') {
            pattern++;
            do
                text++;
            while ((*text & 0xc0) == 0x80);
        } else if (*pattern && (fold ? ascii_lower(*pattern) == ascii_lower(*text) : *pattern == *text)) {
            pattern++;
            text++;
        } else if (star) {
            pattern = star + 1;
            text = ++resume;
        } else {
            return false;
        }
    }
    while (*pattern == '*')
        pattern++;
    return *pattern == '\0';
}

size_t text_width(const char *text, size_t len)
{
    size_t width = 0;
    while (len > 0) {
        int32_t point;
        size_t used = decode(text, len, &point);
        int columns = point < 0 ? 1 : utf8proc_charwidth(point);
        width += columns > 0 ? (size_t)columns : 0;
        text += used;
        len -= used;
    }
    return width;
}
