/* pattern - dates read and written by patterns such as DD-MM-YYYY: the second half of date.h. */
#include "base/date.h"

#include <string.h>

enum part {
    PART_END,
    PART_LITERAL,
    PART_YEAR,
    PART_SHORT_YEAR,
    PART_MONTH,
    PART_MONTH_NAME,
    PART_DAY,
    PART_HOUR,
    PART_MINUTE,
    PART_SECOND,
    PART_WRONG
};

/* One step through a pattern. */
struct piece {
    enum part part;
    const char *text; /* where it stands in the pattern */
    size_t len;
    bool exact; /* all of its digits must be there, for another number stands right beside it */
};

/* MM after HH is minutes. `before` is the last part that was no literal. */
static enum part part_of(char letter, size_t len, enum part before)
{
    switch (letter) {
    case 'Y': return len == 4 ? PART_YEAR : len == 2 ? PART_SHORT_YEAR : PART_WRONG;
    case 'M':
        if (before == PART_HOUR)
            return len == 2 ? PART_MINUTE : PART_WRONG;
        return len == 3 ? PART_MONTH_NAME : len < 3 ? PART_MONTH : PART_WRONG;
    case 'D': return len <= 2 ? PART_DAY : PART_WRONG;
    case 'H': return len == 2 ? PART_HOUR : PART_WRONG;
    case 'S': return len == 2 ? PART_SECOND : PART_WRONG;
    default: return PART_LITERAL;
    }
}

static bool is_letter(char c)
{
    return c == 'Y' || c == 'M' || c == 'D' || c == 'H' || c == 'S';
}

/* A walk over a pattern: starts as {pattern}. */
struct walk {
    const char *at;
    enum part before; /* the last part that was no literal */
    bool number;      /* a number ends right here */
};

static struct piece next_piece(struct walk *walk)
{
    struct piece piece = {.text = walk->at, .len = 1, .exact = walk->number};
    if (*walk->at == '\0')
        return (struct piece){.part = PART_END, .text = walk->at};
    if (is_letter(*walk->at))
        while (walk->at[piece.len] == *walk->at)
            piece.len++;
    piece.part = part_of(*walk->at, piece.len, walk->before);
    walk->at += piece.len;
    walk->number = piece.part != PART_LITERAL && piece.part != PART_MONTH_NAME;
    if (piece.part != PART_LITERAL)
        walk->before = piece.part;
    /* MMM is letters: a number before it may be short. */
    piece.exact |= is_letter(*walk->at) && (strncmp(walk->at, "MMM", 3) != 0 || piece.part == PART_HOUR);
    return piece;
}

/* Month names as sheets carry them. What was written must begin one, and every one that it begins must agree. */
static const struct {
    const char *name;
    unsigned month;
} months[] = {
    /* English, Dutch, German, Norwegian and Danish, French, Spanish */
    {"january", 1},   {"januari", 1},    {"januar", 1},    {"janvier", 1},    {"enero", 1},     {"jänner", 1},
    {"february", 2},  {"februari", 2},   {"februar", 2},   {"février", 2},    {"fevrier", 2},   {"febrero", 2},
    {"march", 3},     {"maart", 3},      {"mrt", 3},       {"märz", 3},       {"marz", 3},      {"mars", 3},
    {"marts", 3},     {"marzo", 3},      {"april", 4},     {"avril", 4},      {"abril", 4},     {"may", 5},
    {"mei", 5},       {"mai", 5},        {"maj", 5},       {"mayo", 5},       {"june", 6},      {"juni", 6},
    {"juin", 6},      {"junio", 6},      {"july", 7},      {"juli", 7},       {"juillet", 7},   {"julio", 7},
    {"august", 8},    {"augustus", 8},   {"août", 8},      {"aout", 8},       {"agosto", 8},    {"september", 9},
    {"septembre", 9}, {"septiembre", 9}, {"setiembre", 9}, {"october", 10},   {"oktober", 10},  {"octobre", 10},
    {"octubre", 10},  {"november", 11},  {"novembre", 11}, {"noviembre", 11}, {"december", 12}, {"dezember", 12},
    {"desember", 12}, {"décembre", 12},  {"decembre", 12}, {"diciembre", 12},
};

/* Letters, and any byte beyond ASCII, in lower case (ASCII and Latin-1): no month's name needs more. */
static size_t read_word(const char *text, size_t len, char *word, size_t room)
{
    size_t used = 0;
    for (; used < len && used < room; used++) {
        unsigned char c = (unsigned char)text[used];
        if (c >= 'A' && c <= 'Z')
            c = (unsigned char)(c + 32);
        else if (c >= 0x80 && c <= 0x9e && used > 0 && (unsigned char)text[used - 1] == 0xc3)
            c = (unsigned char)(c + 32);
        else if (!(c >= 'a' && c <= 'z') && c < 0x80)
            break;
        word[used] = (char)c;
    }
    return used;
}

static size_t read_month(const char *text, size_t len, unsigned *ret_month)
{
    char word[16];
    size_t used = read_word(text, len, word, sizeof(word));
    unsigned month = 0;
    if (used < 3)
        return 0;
    for (size_t i = 0; i < sizeof(months) / sizeof(months[0]); i++) {
        if (strncmp(months[i].name, word, used) != 0)
            continue;
        if (month != 0 && month != months[i].month)
            return 0;
        month = months[i].month;
    }
    *ret_month = month;
    return month == 0 ? 0 : used;
}

/* From `least` to `most` digits; 0 when there are too few. */
static size_t read_digits(const char *text, size_t len, size_t least, size_t most, unsigned *ret_number)
{
    size_t used = 0;
    unsigned number = 0;
    while (used < len && used < most && text[used] >= '0' && text[used] <= '9')
        number = number * 10 + (unsigned)(text[used++] - '0');
    if (used < least)
        return 0;
    *ret_number = number;
    return used;
}

static size_t read_literal(const struct piece *piece, const char *text, size_t len)
{
    if (*piece->text != ' ')
        return len > 0 && *text == *piece->text;
    size_t used = 0; /* a blank takes several */
    while (used < len && text[used] == ' ')
        used++;
    return used;
}

static size_t read_piece(const struct piece *piece, const char *text, size_t len, struct moment *moment)
{
    size_t least = piece->exact ? 2 : 1, used;
    unsigned number = 0;
    switch (piece->part) {
    case PART_LITERAL: return read_literal(piece, text, len);
    case PART_YEAR:
        used = read_digits(text, len, 4, 4, &number);
        moment->date.year = (int)number;
        return used;
    case PART_SHORT_YEAR:
        used = read_digits(text, len, 2, 2, &number);
        moment->date.year = (int)(number <= 68 ? 2000 + number : 1900 + number);
        return used;
    case PART_MONTH: return read_digits(text, len, least, 2, &moment->date.month);
    case PART_DAY: return read_digits(text, len, least, 2, &moment->date.day);
    case PART_HOUR: moment->has_time = true; return read_digits(text, len, least, 2, &moment->hour);
    case PART_MINUTE: return read_digits(text, len, 2, 2, &moment->minute);
    case PART_SECOND: return read_digits(text, len, 2, 2, &moment->second);
    case PART_MONTH_NAME:
        used = read_month(text, len, &moment->date.month);
        /* "12. okt. 2024": the full stop of a short name, unless the pattern has one of its own there */
        return used > 0 && used < len && text[used] == '.' && piece->text[piece->len] != '.' ? used + 1 : used;
    default: return 0;
    }
}

/* DD-MM-YYYY and its like on a text of the same length: one pass. False: go the long way. */
static bool parse_plain(const char *pattern, const char *text, size_t len, struct moment *ret_moment)
{
    unsigned year = 0, month = 0, day = 0, year_digits = 0, month_digits = 0, day_digits = 0;
    for (size_t at = 0; at < len; at++) {
        unsigned digit = (unsigned char)text[at] - (unsigned)'0';
        if (!is_letter(pattern[at])) {
            if (pattern[at] != text[at])
                return false;
            continue;
        }
        if (digit > 9)
            return false;
        switch (pattern[at]) {
        case 'Y':
            year = year * 10 + digit;
            year_digits++;
            break;
        case 'M':
            month = month * 10 + digit;
            month_digits++;
            break;
        case 'D':
            day = day * 10 + digit;
            day_digits++;
            break;
        default: return false;
        }
    }
    struct date date = {(int)year, month, day};
    if (pattern[len] != '\0' || year_digits != 4 || month_digits != 2 || day_digits != 2 || !date_valid(date))
        return false;
    *ret_moment = (struct moment){.date = date};
    return true;
}

bool date_parse(const char *pattern, const char *text, size_t len, struct moment *ret_moment)
{
    if (strnlen(pattern, len + 1) == len && parse_plain(pattern, text, len, ret_moment))
        return true;
    struct moment moment = {0};
    struct walk walk = {.at = pattern};
    bool has_date = false;
    for (;;) {
        struct piece piece = next_piece(&walk);
        if (piece.part == PART_END)
            break;
        has_date |= piece.part >= PART_YEAR && piece.part <= PART_DAY;
        size_t used = read_piece(&piece, text, len, &moment);
        if (used == 0)
            return false;
        text += used;
        len -= used;
    }
    if (len > 0 || (has_date ? !date_valid(moment.date) : !moment.has_time) || moment.hour > 23 || moment.minute > 59 ||
        moment.second > 59)
        return false;
    *ret_moment = moment;
    return true;
}

/* Which parts a pattern has, a bit each; 0 with the reason when a part is wrong or stands twice. */
static unsigned pattern_parts(const char *pattern, const char **ret_why)
{
    unsigned parts = 0;
    struct walk walk = {.at = pattern};
    for (;;) {
        struct piece piece = next_piece(&walk);
        if (piece.part == PART_END)
            break;
        if (piece.part == PART_WRONG) {
            *ret_why = "it may have YYYY YY MM M MMM DD D HH MM SS and signs between them, nothing shorter or longer";
            return 0;
        }
        if (piece.part == PART_LITERAL && strchr("ymdhs", *piece.text) && piece.text[1] == *piece.text) {
            *ret_why = "its letters are capitals: YYYY MM DD HH MM SS";
            return 0;
        }
        if (piece.part != PART_LITERAL && parts & 1u << piece.part) {
            *ret_why = "one of its parts stands there twice";
            return 0;
        }
        if (piece.exact && piece.len == 1 && piece.part != PART_LITERAL) {
            *ret_why = "a number of one or two digits must not stand right before another number";
            return 0;
        }
        parts |= piece.part == PART_LITERAL ? 0 : 1u << piece.part;
    }
    if (parts == 0)
        *ret_why = "it has none of YYYY YY MM M MMM DD D HH MM SS";
    return parts;
}

bool date_pattern_valid(const char *pattern, const char **ret_why)
{
    const unsigned year = 1u << PART_YEAR | 1u << PART_SHORT_YEAR, month = 1u << PART_MONTH | 1u << PART_MONTH_NAME;
    unsigned parts = pattern_parts(pattern, ret_why);
    if (parts == 0)
        return false;
    unsigned day = parts & (year | month | 1u << PART_DAY);
    if ((parts & year) == year || (parts & month) == month) {
        *ret_why = "one of its parts stands there twice";
        return false;
    }
    if (day != 0 && !(parts & year && parts & month && parts & 1u << PART_DAY)) {
        *ret_why = "a day needs a year, a month and a day of the month";
        return false;
    }
    if (!(parts & 1u << PART_HOUR) && (day == 0 || parts & 1u << PART_SECOND)) {
        *ret_why = "a time needs hours";
        return false;
    }
    return true;
}

bool date_pattern_writable(const char *pattern, const char **ret_why)
{
    return pattern_parts(pattern, ret_why) != 0;
}

static void add_number(struct buffer *out, unsigned number, size_t digits)
{
    char *to = buffer_reserve(out, digits);
    for (size_t at = digits; to && at > 0; at--, number /= 10)
        to[at - 1] = (char)('0' + number % 10);
}

void date_format(const char *pattern, const struct moment *moment, struct buffer *out)
{
    static const char names[] = "JanFebMarAprMayJunJulAugSepOctNovDec";
    struct walk walk = {.at = pattern};
    for (;;) {
        struct piece piece = next_piece(&walk);
        unsigned number = 0;
        switch (piece.part) {
        case PART_END:
        case PART_WRONG: return;
        case PART_LITERAL: buffer_add(out, piece.text, piece.len); continue;
        case PART_MONTH_NAME: buffer_add(out, names + 3 * (moment->date.month - 1), 3); continue;
        case PART_YEAR: number = (unsigned)moment->date.year; break;
        case PART_SHORT_YEAR: number = (unsigned)moment->date.year % 100; break;
        case PART_MONTH: number = moment->date.month; break;
        case PART_DAY: number = moment->date.day; break;
        case PART_HOUR: number = moment->hour; break;
        case PART_MINUTE: number = moment->minute; break;
        case PART_SECOND: number = moment->second; break;
        }
        add_number(out, number, piece.len == 1 && number > 9 ? 2 : piece.len);
    }
}
