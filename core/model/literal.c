/* literal - text in the model's own notation, made into the bytes of an image. */
#include "model/literal.h"

#include "base/date.h"
#include "base/text.h"

#include <stdio.h>
#include <string.h>

#define EVERY(byte) (0x0101010101010101u * (byte))

/* Eight bytes that are printable ASCII. */
static bool plain_eight(const char *at)
{
    uint64_t eight;
    memcpy(&eight, at, 8);
    uint64_t below_space = (eight - EVERY(0x20u)) & ~eight;
    uint64_t delete = eight ^ EVERY(0x7fu);
    delete = (delete - EVERY(1u)) & ~delete;
    return ((eight | below_space | delete) & EVERY(0x80u)) == 0;
}

const char *literal_fault(const char *bytes, size_t len, bool *ret_returns)
{
    if (len > LITERAL_MAX)
        return "too_long";
    size_t at = 0;
    while (at + 8 <= len && plain_eight(bytes + at))
        at += 8;
    if (at > 0 && len - at < 8 && plain_eight(bytes + len - 8)) /* the rest, with some that were seen already */
        return NULL;
    bool foreign = false, control = false;
    for (size_t n = at; n < len; n++) {
        unsigned char c = (unsigned char)bytes[n];
        foreign |= c >= 0x80;
        if (c == '\r')
            *ret_returns = true;
        else if ((c < 0x20 && c != '\n' && c != '\t') || c == 0x7f)
            control = true;
        else if (c == 0xc2 && n + 1 < len && (unsigned char)bytes[n + 1] < 0xa0 && (unsigned char)bytes[n + 1] != 0x85)
            control = true;
    }
    if (foreign && !text_valid(bytes + at, len - at))
        return "not_utf8";
    return control ? "control_character" : NULL;
}

/* The bytes at the beginning that separate thousands: a blank (also those that do not break), an apostrophe, and the
 * sign that the form does not use for fractions. */
static size_t group_sign(const char *text, size_t len, enum number_form form)
{
    if (form == NUMBER_PLAIN || len == 0)
        return 0;
    if (*text == ' ' || *text == '\'' || *text == (form == NUMBER_COMMA ? '.' : form == NUMBER_POINT ? ',' : ' '))
        return 1;
    if (len >= 2 && memcmp(text, "\xc2\xa0", 2) == 0)
        return 2;
    if (len >= 3 && (memcmp(text, "\xe2\x80\xaf", 3) == 0 || memcmp(text, "\xe2\x80\x99", 3) == 0))
        return 3;
    return 0;
}

struct number {
    char digits[64];
    size_t count;
    ptrdiff_t point; /* digits before the decimal sign; may lie outside of them after an exponent */
    bool negative;
};

static bool number_sign(const char **text, size_t *len, enum number_form form, bool *ret_negative)
{
    if (form != NUMBER_PLAIN && *len > 1 && (*text)[*len - 1] == '%') {
        (*len)--;
        text_trim(text, len);
    }
    if (*len >= 3 && memcmp(*text, "\xe2\x88\x92", 3) == 0) { /* minus sign */
        *text += 3;
        *len -= 3;
        *ret_negative = true;
    } else if (*len > 0 && (**text == '-' || **text == '+')) {
        *ret_negative = **text == '-';
        (*text)++;
        (*len)--;
    } else if (form != NUMBER_PLAIN && *len > 1 && (*text)[*len - 1] == '-') { /* as ledgers print it */
        (*len)--;
        *ret_negative = true;
    }
    return *len > 0;
}

/* Digits before the decimal sign, in groups of three when there are groups. Returns the bytes used; 0: no number. */
static size_t number_whole(const char *text, size_t len, enum number_form form, struct number *number)
{
    size_t at = 0, in_group = 0, groups = 0, sign = 0;
    const char *first_sign = NULL;
    for (; at < len; at++) {
        size_t used;
        if (text[at] >= '0' && text[at] <= '9') {
            if (number->count >= sizeof(number->digits) - 4)
                return 0;
            number->digits[number->count++] = text[at];
            in_group++;
        } else if ((used = group_sign(text + at, len - at, form)) > 0) {
            if (in_group == 0 || in_group > 3 || (groups > 0 && in_group != 3) ||
                (first_sign && (used != sign || memcmp(first_sign, text + at, used) != 0)))
                return 0;
            first_sign = text + at;
            sign = used;
            groups++;
            in_group = 0;
            at += used - 1;
        } else {
            break;
        }
    }
    return groups > 0 && in_group != 3 ? 0 : at;
}

static bool number_read(const char *text, size_t len, enum number_form form, struct number *number)
{
    if (!number_sign(&text, &len, form, &number->negative))
        return false;
    size_t at = number_whole(text, len, form, number), fraction = 0;
    if (at == 0)
        return false;
    number->point = (ptrdiff_t)number->count;
    if (at < len && text[at] == (form == NUMBER_COMMA ? ',' : '.')) {
        for (at++; at < len && text[at] >= '0' && text[at] <= '9'; at++, fraction++) {
            if (number->count >= sizeof(number->digits) - 4)
                return false;
            number->digits[number->count++] = text[at];
        }
        if (fraction == 0)
            return false;
    }
    if (at < len && form == NUMBER_PLAIN && (text[at] == 'e' || text[at] == 'E')) {
        bool negative = at + 1 < len && text[at + 1] == '-';
        int exponent = 0, digits = 0;
        at += at + 1 < len && (text[at + 1] == '-' || text[at + 1] == '+') ? 2 : 1;
        for (; at < len && text[at] >= '0' && text[at] <= '9' && digits < 3; at++, digits++)
            exponent = exponent * 10 + (text[at] - '0');
        if (digits == 0 || exponent > 60)
            return false;
        number->point += negative ? -exponent : exponent;
    }
    return at == len;
}

bool literal_number(const char *text, size_t len, enum number_form form, bool whole, char ret_number[NUMBER_MAX],
                    size_t *ret_len)
{
    struct number number = {0};
    if (!number_read(text, len, form, &number))
        return false;
    size_t first = 0, last = number.count;
    while (first < last && number.digits[first] == '0')
        first++;
    while (last > first && number.digits[last - 1] == '0')
        last--;
    ptrdiff_t begin = first < last ? (ptrdiff_t)first : number.point, end = first < last ? (ptrdiff_t)last : begin;
    /* From the first digit that counts, or the last before the decimal sign, to the last that counts. */
    ptrdiff_t from = begin < number.point ? begin : number.point - 1, to = end > number.point ? end : number.point;
    if (to - from > 60 || (whole && end > number.point))
        return false;
    char *at = ret_number;
    if (number.negative && begin != end)
        *at++ = '-';
    for (ptrdiff_t n = from; n < to; n++) {
        if (n == number.point)
            *at++ = '.';
        *at++ = (char)(n >= 0 && n < (ptrdiff_t)number.count ? number.digits[n] : '0');
    }
    *ret_len = (size_t)(at - ret_number);
    return true;
}

/* JSON, checked by going over it once. */
struct scan {
    const char *at, *end;
};

static void scan_blanks(struct scan *scan)
{
    while (scan->at < scan->end && strchr(" \t\r\n", *scan->at) && *scan->at)
        scan->at++;
}

static bool scan_string(struct scan *scan)
{
    for (scan->at++; scan->at < scan->end; scan->at++) {
        if (*scan->at == '"')
            return scan->at++, true;
        if ((unsigned char)*scan->at < 0x20)
            return false;
        if (*scan->at != '\\')
            continue;
        scan->at++;
        if (scan->at == scan->end || !*scan->at || !strchr("\"\\/bfnrtu", *scan->at))
            return false;
        if (*scan->at != 'u')
            continue;
        for (int n = 0; n < 4; n++)
            if (++scan->at == scan->end || !*scan->at || !strchr("0123456789abcdefABCDEF", *scan->at))
                return false;
    }
    return false;
}

static bool scan_word(struct scan *scan)
{
    const char *from = scan->at;
    while (scan->at < scan->end && *scan->at && !strchr(" \t\r\n,]}", *scan->at))
        scan->at++;
    size_t len = (size_t)(scan->at - from), used;
    char number[NUMBER_MAX];
    if ((len == 4 && (memcmp(from, "true", 4) == 0 || memcmp(from, "null", 4) == 0)) ||
        (len == 5 && memcmp(from, "false", 5) == 0))
        return true;
    return len > 0 && *from != '+' && *from != '\xe2' && literal_number(from, len, NUMBER_PLAIN, false, number, &used);
}

static bool scan_value(struct scan *scan, unsigned depth)
{
    scan_blanks(scan);
    if (scan->at == scan->end || depth == 0)
        return false;
    char open = *scan->at, close = open == '{' ? '}' : ']';
    if (open == '"')
        return scan_string(scan);
    if (open != '{' && open != '[')
        return scan_word(scan);
    scan->at++;
    scan_blanks(scan);
    if (scan->at < scan->end && *scan->at == close)
        return scan->at++, true;
    while (scan->at < scan->end) {
        if (open == '{') {
            scan_blanks(scan);
            if (scan->at == scan->end || *scan->at != '"' || !scan_string(scan))
                return false;
            scan_blanks(scan);
            if (scan->at == scan->end || *scan->at++ != ':')
                return false;
        }
        if (!scan_value(scan, depth - 1))
            return false;
        scan_blanks(scan);
        if (scan->at == scan->end || (*scan->at != ',' && *scan->at != close))
            return false;
        if (*scan->at++ == close)
            return true;
    }
    return false;
}

bool literal_json(const char *text, size_t len)
{
    struct scan scan = {text, text + len};
    if (!text_valid(text, len) || !scan_value(&scan, 32))
        return false;
    scan_blanks(&scan);
    return scan.at == scan.end;
}

void literal_quote(const char *text, size_t len, struct buffer *out)
{
    buffer_byte(out, '"');
    for (size_t at = 0; at < len; at++) {
        unsigned char c = (unsigned char)text[at];
        if (c == '"' || c == '\\')
            buffer_byte(out, '\\');
        if (c == '\n')
            buffer_add(out, "\\n", 2);
        else if (c == '\t')
            buffer_add(out, "\\t", 2);
        else if (c < 0x20)
            buffer_format(out, "\\u%04x", c);
        else
            buffer_byte(out, c);
    }
    buffer_byte(out, '"');
}

static const char *add_number(const char *text, size_t len, bool whole, struct buffer *out)
{
    char number[NUMBER_MAX];
    size_t used;
    if (!literal_number(text, len, NUMBER_PLAIN, whole, number, &used))
        return "bad_number";
    buffer_add(out, number, used);
    return NULL;
}

static const char *add_time(const char *text, size_t len, struct buffer *out)
{
    struct moment moment;
    if (!date_parse("HH:MM:SS", text, len, &moment) && !date_parse("HH:MM", text, len, &moment))
        return "bad_time";
    date_format("HH:MM:SS", &moment, out);
    return NULL;
}

static const char *add_instant(const char *text, size_t len, struct buffer *out)
{
    int64_t ms;
    char instant[25];
    if (!instant_read(text, len, &ms))
        return "bad_time";
    instant_write(ms, instant);
    buffer_add(out, instant, 24);
    return NULL;
}

static const char *add_by_type(const struct field *field, const char *text, size_t len, struct buffer *out)
{
    struct date date;
    uint8_t number;
    switch (field->type) {
    case TYPE_TEXT: buffer_add(out, text, len); return NULL;
    case TYPE_INTEGER: return add_number(text, len, true, out);
    case TYPE_DECIMAL: return add_number(text, len, false, out);
    case TYPE_BOOL:
        if (!(len == 4 && memcmp(text, "true", 4) == 0) && !(len == 5 && memcmp(text, "false", 5) == 0))
            return "bad_bool";
        buffer_add(out, text, len);
        return NULL;
    case TYPE_DATE:
        if (!date_read(text, len, &date))
            return "bad_date";
        buffer_add(out, text, len);
        return NULL;
    case TYPE_TIME: return add_time(text, len, out);
    case TYPE_DATETIME: return add_instant(text, len, out);
    case TYPE_ENUM:
        number = enum_number(field, text, len);
        if (number == 0)
            return "unknown_value";
        buffer_byte(out, number);
        return NULL;
    case TYPE_JSON:
        if (!literal_json(text, len))
            return "bad_json";
        buffer_add(out, text, len);
        return NULL;
    case TYPE_REF: break;
    }
    return "bad_reference";
}

const char *literal_read(const struct field *field, const char *text, size_t len, struct buffer *out,
                         struct value *ret_value)
{
    bool returns = false;
    const char *fault = literal_fault(text, len, &returns);
    if (fault || returns)
        return fault ? fault : "control_character";
    text_trim(&text, &len);
    if (len == 0) {
        *ret_value = (struct value){.presence = PRESENCE_EMPTY};
        return NULL;
    }
    size_t before = out->len;
    fault = add_by_type(field, text, len, out);
    if (!fault && out->rc == 0)
        *ret_value = (struct value){
            .presence = PRESENCE_VALUE, .len = (uint32_t)(out->len - before), .bytes = out->data + before};
    return fault;
}
