/* xlsx_value - a cell's type and text, out of what the sheet wrote.
 *
 * Both tokenizers end here: rows and cells come in, struct muster_rows fills. */
#include "xlsx_parts.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define NO_RESULT "a formula without a result"
#define DAYS_MAX 2958465 /* 31 December 9999, counted from 30 December 1899 */

bool muster_digits(const char *text, size_t len, uint64_t *ret_number)
{
    if (len == 0 || len > 18)
        return false;
    uint64_t number = 0;
    for (size_t n = 0; n < len; n++) {
        if (text[n] < '0' || text[n] > '9')
            return false;
        number = number * 10 + (uint64_t)(text[n] - '0');
    }
    *ret_number = number;
    return true;
}

/* ---- text ---- */

static int hex(char letter)
{
    if (letter >= '0' && letter <= '9')
        return letter - '0';
    if (letter >= 'a' && letter <= 'f')
        return letter - 'a' + 10;
    return letter >= 'A' && letter <= 'F' ? letter - 'A' + 10 : -1;
}

/* The unit of "_xHHHH_", -1: it is none. */
static int32_t escape_unit(const char *text, size_t left)
{
    if (left < 7 || text[0] != '_' || text[1] != 'x' || text[6] != '_')
        return -1;
    int32_t unit = 0;
    for (int n = 2; n < 6; n++) {
        int digit = hex(text[n]);
        if (digit < 0)
            return -1;
        unit = unit * 16 + digit;
    }
    return unit;
}

size_t muster_unescape(char *text, size_t len)
{
    char *found = len >= 7 ? memchr(text, '_', len) : NULL;
    if (!found)
        return len;
    size_t to = (size_t)(found - text);
    for (size_t from = to; from < len;) {
        int32_t unit = escape_unit(text + from, len - from);
        if (unit < 0) {
            text[to++] = text[from++];
            continue;
        }
        from += 7;
        uint32_t character = (uint32_t)unit;
        int32_t low = unit >= 0xd800 && unit < 0xdc00 ? escape_unit(text + from, len - from) : -1;
        if (low >= 0xdc00 && low < 0xe000) {
            character = 0x10000 + (((uint32_t)unit - 0xd800) << 10) + ((uint32_t)low - 0xdc00);
            from += 7;
        } else if (unit == 0 || (unit >= 0xd800 && unit < 0xe000)) {
            character = 0xfffd; /* no character at all */
        }
        to += muster_utf8_put(character, text + to);
    }
    return to;
}

/* ---- numbers ---- */

/* A number that is already as short as it gets: "1001", "-0.25". Whole numbers keep any count of digits. */
static bool number_short(const char *text, size_t len)
{
    size_t at = len > 1 && text[0] == '-';
    size_t whole = at, fraction;
    while (at < len && text[at] >= '0' && text[at] <= '9')
        at++;
    whole = at - whole;
    if (whole == 0 || (whole > 1 && text[at - whole] == '0'))
        return false;
    if (at == len)
        return !(whole == 1 && text[0] == '-' && text[1] == '0');
    if (text[at] != '.')
        return false;
    fraction = ++at;
    while (at < len && text[at] >= '0' && text[at] <= '9')
        at++;
    fraction = at - fraction;
    return at == len && fraction > 0 && whole + fraction <= 15 && text[len - 1] != '0';
}

static bool number_shape(const char *text, size_t len)
{
    bool digit = false;
    for (size_t n = 0; n < len; n++) {
        digit |= text[n] >= '0' && text[n] <= '9';
        if (!((text[n] >= '0' && text[n] <= '9') || strchr("+-.eE", text[n])))
            return false;
    }
    return digit && len < 64;
}

/* "1.25e+03" as printf writes it → "1250" */
static size_t number_expand(const char *scientific, char *out)
{
    char digits[24];
    size_t count = 0, len = 0;
    const char *at = scientific;
    if (*at == '-')
        out[len++] = *at++;
    for (; *at && *at != 'e'; at++)
        if (*at >= '0' && *at <= '9')
            digits[count++] = *at;
    long exponent = *at ? strtol(at + 1, NULL, 10) : 0;
    while (count > 1 && digits[count - 1] == '0')
        count--;
    if (exponent < 0) {
        out[len++] = '0';
        out[len++] = '.';
        for (long n = -1; n > exponent; n--)
            out[len++] = '0';
    }
    for (size_t n = 0; n < count || (long)n <= exponent; n++) {
        if ((long)n == exponent + 1 && exponent >= 0)
            out[len++] = '.';
        out[len++] = n < count ? digits[n] : '0';
    }
    return len;
}

/* strtod minds the locale's decimal sign, which a connector may have set. */
static bool number_read(const char *text, size_t len, double *ret_number)
{
    char copy[64];
    uint64_t whole;
    if (len <= 15 && muster_digits(text, len, &whole)) {
        *ret_number = (double)whole; /* most dates */
        return true;
    }
    if (!number_shape(text, len))
        return false;
    memcpy(copy, text, len);
    copy[len] = '\0';
    char *end;
    double number = strtod(copy, &end);
    char *point = *end == '.' ? end : NULL;
    if (point) {
        char sign[8];
        snprintf(sign, sizeof(sign), "%.1f", 0.0);
        *point = sign[1];
        number = strtod(copy, &end);
    }
    if (*end != '\0' || !isfinite(number))
        return false;
    *ret_number = number;
    return true;
}

static size_t double_text(double number, char *out)
{
    char text[40];
    if (number == 0) {
        *out = '0';
        return 1;
    }
    for (int digits = 14; digits < 17; digits++) {
        snprintf(text, sizeof(text), "%.*e", digits, number);
        if (strtod(text, NULL) == number)
            break;
    }
    return number_expand(text, out);
}

size_t muster_number_text(const char *text, size_t len, char ret_text[MUSTER_NUMBER_ROOM])
{
    double number;
    if (len < MUSTER_NUMBER_ROOM && number_short(text, len)) {
        memcpy(ret_text, text, len);
        return len;
    }
    return number_read(text, len, &number) ? double_text(number, ret_text) : 0;
}

/* ---- dates ---- */

/* Days since 1970-01-01 as a day of the calendar (after Howard Hinnant's public algorithms). */
static void date_text(int64_t days, char *out)
{
    int64_t z = days + 719468;
    int64_t era = (z >= 0 ? z : z - 146096) / 146097;
    unsigned doe = (unsigned)(z - era * 146097);
    unsigned yoe = (doe - doe / 1460 + doe / 36524 - doe / 146096) / 365;
    unsigned doy = doe - (365 * yoe + yoe / 4 - yoe / 100), mp = (5 * doy + 2) / 153;
    unsigned day = doy - (153 * mp + 2) / 5 + 1, month = mp < 10 ? mp + 3 : mp - 9;
    unsigned year = (unsigned)(yoe + era * 400) + (month <= 2);
    const unsigned parts[] = {
        year / 1000 % 10, year / 100 % 10, year / 10 % 10, year % 10, 10, month / 10, month % 10, 10,
        day / 10,         day % 10};
    for (size_t n = 0; n < 10; n++)
        out[n] = parts[n] == 10 ? '-' : (char)('0' + parts[n]);
}

static void time_text(unsigned seconds, char *out)
{
    const unsigned parts[] = {seconds / 3600, seconds / 60 % 60, seconds % 60};
    for (size_t n = 0; n < 3; n++) {
        out[n * 3] = (char)('0' + parts[n] / 10);
        out[n * 3 + 1] = (char)('0' + parts[n] % 10);
        if (n < 2)
            out[n * 3 + 2] = ':';
    }
}

/* A day's number in the sheet's system → days since 1970. The 1900 system counts a 29 February 1900 that never was. */
static bool serial_days(int64_t serial, bool is_1904, int64_t *ret_days)
{
    if (is_1904) {
        *ret_days = serial - 24107; /* 1904-01-01 */
        return serial >= 0 && serial <= DAYS_MAX - 1462;
    }
    *ret_days = serial - (serial < 60 ? 25568 : 25569);
    return serial >= 1 && serial != 60 && serial <= DAYS_MAX;
}

/* Writes a serial number as its format shows it. False: there is no such day. */
static bool serial_text(double serial, enum muster_shows shows, bool is_1904, int32_t *ret_type, char *out,
                        size_t *ret_len)
{
    if (!(serial >= 0 && serial < DAYS_MAX + 1.0))
        return false;
    double whole = floor(serial);
    unsigned seconds = (unsigned)floor((serial - whole) * 86400.0 + 0.5);
    if (seconds == 86400) { /* rounding made it the next day */
        whole += 1;
        seconds = 0;
    }
    if (shows == SHOWS_TIME || (shows == SHOWS_EITHER && serial < 1)) {
        time_text(seconds, out);
        *ret_type = MUSTER_TIME;
        *ret_len = 8;
        return true;
    }
    int64_t days;
    if (!serial_days((int64_t)whole, is_1904, &days))
        return false;
    date_text(days, out);
    bool with_time = shows != SHOWS_DATE && seconds > 0;
    *ret_type = with_time ? MUSTER_DATETIME : MUSTER_DATE;
    *ret_len = 10;
    if (with_time) {
        out[10] = 'T';
        time_text(seconds, out + 11);
        *ret_len = 19;
    }
    return true;
}

/* ---- cells ---- */

void muster_sheet_row(struct muster_sheet *sheet, uint64_t number)
{
    if (number == 0)
        number = sheet->row + 1;
    if (number > MUSTER_TABLE_ROWS && !sheet->damaged)
        sheet->damaged = "it has more than 1,048,576 rows";
    else if (!sheet->damaged && (sheet->seen[number / 8] & 1u << number % 8))
        sheet->damaged = "the row stands in it twice: save it again with a spreadsheet program";
    sheet->row = number;
    sheet->column = -1;
    sheet->disorder = false;
}

/* "C17" → 2; -1: no such column, or another row's cell. */
static int64_t cell_column(const struct muster_sheet *sheet, const char *ref, size_t len)
{
    int64_t column = 0;
    size_t at = 0;
    for (; at < len && at < 4 && ref[at] >= 'A' && ref[at] <= 'Z'; at++)
        column = column * 26 + (ref[at] - 'A' + 1);
    uint64_t row = 0;
    for (size_t n = at; n < len && n < at + 9; n++) {
        unsigned digit = (unsigned)ref[n] - '0';
        if (digit > 9)
            return -1;
        row = row * 10 + digit;
    }
    return at > 0 && row == sheet->row && column <= MUSTER_TABLE_COLUMNS ? column - 1 : -1;
}

static enum muster_shows cell_shows(const struct muster_sheet *sheet, const struct muster_written *written)
{
    uint64_t style = 0;
    if (written->style && muster_digits(written->style, written->style_len, &style) && style < sheet->styles->count)
        return sheet->styles->shows[style];
    return SHOWS_NUMBER;
}

static void cell_number(struct muster_sheet *sheet, uint32_t column, const struct muster_written *written)
{
    char text[MUSTER_NUMBER_ROOM];
    enum muster_shows shows = cell_shows(sheet, written);
    double number;
    size_t len;
    int32_t type = MUSTER_DECIMAL;
    uint32_t flags = 0;
    if (shows != SHOWS_NUMBER && number_read(written->value, written->value_len, &number)) {
        if (serial_text(number, shows, sheet->is_1904, &type, text, &len)) {
            muster_rows_cell(sheet->rows, column, type, 0, text, len, false);
            return;
        }
        flags = MUSTER_CELL_ODD;
    }
    len = muster_number_text(written->value, written->value_len, text);
    if (len == 0)
        muster_rows_blame(sheet->rows, (int32_t)column, "the cell is marked as a number and holds none");
    else
        muster_rows_cell(sheet->rows, column, MUSTER_DECIMAL, flags, text, len, false);
}

static void cell_shared(struct muster_sheet *sheet, uint32_t column, const struct muster_written *written)
{
    const struct muster_strings *strings = sheet->strings;
    uint64_t index;
    if (!strings->starts && !sheet->damaged)
        sheet->damaged = "a cell names a shared text and the workbook has none: it is damaged, save it again";
    if (!muster_digits(written->value, written->value_len, &index) || index >= strings->count) {
        muster_rows_blame(sheet->rows, (int32_t)column, "the cell names a shared text that the workbook does not have");
        return;
    }
    uint32_t start = strings->starts[index], len = strings->starts[index + 1] - start - 1;
    muster_rows_cell(sheet->rows, column, MUSTER_TEXT, 0, strings->bytes.data + start, len, true);
}

/* Does text begin with this pattern? 0 is any digit. */
static bool looks_like(const char *text, size_t len, const char *pattern)
{
    for (size_t n = 0; pattern[n]; n++)
        if (n >= len || (pattern[n] == '0' ? text[n] < '0' || text[n] > '9' : text[n] != pattern[n]))
            return false;
    return true;
}

static unsigned two(const char *text)
{
    return (unsigned)(text[0] - '0') * 10 + (unsigned)(text[1] - '0');
}

/* "2026-05-01": a day that there is. */
static bool iso_day(const char *text, size_t len)
{
    if (!looks_like(text, len, "0000-00-00"))
        return false;
    unsigned year = two(text) * 100 + two(text + 2), month = two(text + 5), day = two(text + 8);
    bool leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
    unsigned days = month == 2 ? (leap ? 29 : 28) : 30 + (month + month / 8) % 2;
    return month >= 1 && month <= 12 && day >= 1 && day <= days;
}

/* "07:30" or "07:30:15" as the latter; returns how much of the text it was, 0: none. */
static size_t iso_time(const char *text, size_t len, char ret_time[8])
{
    bool seconds = looks_like(text, len, "00:00:00");
    if (!looks_like(text, len, "00:00") || two(text) > 23 || two(text + 3) > 59 || (seconds && two(text + 6) > 59))
        return 0;
    memcpy(ret_time, "00:00:00", 8);
    memcpy(ret_time, text, seconds ? 8 : 5);
    return seconds ? 8 : 5;
}

/* What may stand behind the seconds: ".25", "Z", "+02:00". *ret_none: it says nothing. */
static bool iso_rest(const char *text, size_t len, bool *ret_none)
{
    size_t at = 0;
    *ret_none = true;
    if (len > 1 && text[0] == '.')
        for (at = 1; at < len && text[at] >= '0' && text[at] <= '9'; at++)
            *ret_none &= text[at] == '0';
    *ret_none &= at == len;
    return at == len || (len - at == 1 && text[at] == 'Z') ||
           (len - at == 6 && (text[at] == '+' || text[at] == '-') && looks_like(text + at + 1, 5, "00:00"));
}

/* t="d": ISO 8601, of strict workbooks. As with numbers, the format says whether the day counts, the time, or both. */
static void cell_iso(struct muster_sheet *sheet, uint32_t column, const struct muster_written *written)
{
    enum muster_shows shows = cell_shows(sheet, written);
    const char *text = written->value;
    size_t len = written->value_len, at = 0, time = 0;
    bool day = iso_day(text, len), none = true, good = day && len == 10;
    char out[64] = "0000-00-00T00:00:00";
    if (!good && len < sizeof(out) && (!day || text[10] == 'T')) {
        at = day ? 11 : 0;
        time = iso_time(text + at, len - at, out + 11);
        good = time > 0 && iso_rest(text + at + time, len - at - time, &none);
    }
    if (!good) {
        muster_rows_blame(sheet->rows, (int32_t)column, "the cell is marked as a date and holds none");
        return;
    }
    if (day)
        memcpy(out, text, 10);
    if (!day || (shows == SHOWS_TIME && time > 0)) {
        muster_rows_cell(sheet->rows, column, MUSTER_TIME, 0, out + 11, 8, false);
    } else if (shows == SHOWS_DATE || time == 0 || (none && memcmp(out + 11, "00:00:00", 8) == 0)) {
        muster_rows_cell(sheet->rows, column, MUSTER_DATE, 0, out, 10, false);
    } else {
        size_t rest = none ? 0 : len - at - time;
        memcpy(out + 19, text + at + time, rest);
        muster_rows_cell(sheet->rows, column, MUSTER_DATETIME, 0, out, 19 + rest, false);
    }
}

static void cell_typed(struct muster_sheet *sheet, uint32_t column, const struct muster_written *written)
{
    const char *value = written->value, *type = written->type;
    size_t len = written->value_len;
    if (written->type_len == 1 && *type == 'b') {
        bool yes = len == 1 && *value == '1', no = len == 1 && *value == '0';
        yes |= len == 4 && memcmp(value, "true", 4) == 0;
        no |= len == 5 && memcmp(value, "false", 5) == 0;
        if (!yes && !no)
            muster_rows_blame(sheet->rows, (int32_t)column, "the cell is marked as true or false and is neither");
        else
            muster_rows_cell(sheet->rows, column, MUSTER_BOOL, 0, yes ? "true" : "false", yes ? 4 : 5, true);
    } else if (written->type_len == 1 && *type == 'e') {
        muster_rows_cell(sheet->rows, column, MUSTER_TEXT, MUSTER_CELL_ERROR, value, len, false);
    } else if (written->type_len == 1 && *type == 'd') {
        cell_iso(sheet, column, written);
    } else {
        muster_rows_blame(sheet->rows, (int32_t)column, "the cell's type is none that is known");
    }
}

/* Texts that stand in the sheet itself may carry escapes. */
static void cell_text(struct muster_sheet *sheet, uint32_t column, const struct muster_written *written)
{
    if (written->value_len < 7 || !memchr(written->value, '_', written->value_len)) {
        muster_rows_cell(sheet->rows, column, MUSTER_TEXT, 0, written->value, written->value_len, false);
        return;
    }
    char *copy = malloc(written->value_len);
    if (!copy) {
        sheet->rows->rc = MUSTER_FAIL;
        return;
    }
    memcpy(copy, written->value, written->value_len);
    muster_rows_cell(sheet->rows, column, MUSTER_TEXT, 0, copy, muster_unescape(copy, written->value_len), false);
    free(copy);
}

static bool type_is(const struct muster_written *written, const char *type, size_t len)
{
    return written->type_len == len && memcmp(written->type, type, len) == 0;
}

void muster_sheet_cell(struct muster_sheet *sheet, const struct muster_written *written)
{
    int64_t column = written->ref ? cell_column(sheet, written->ref, written->ref_len) : sheet->column + 1;
    if (column < 0 || column >= MUSTER_TABLE_COLUMNS) {
        muster_rows_blame(sheet->rows, -1, "a cell of the row says that it stands elsewhere");
        return;
    }
    sheet->disorder |= column <= sheet->column;
    sheet->column = column;
    bool text = written->type && (type_is(written, "str", 3) || type_is(written, "inlineStr", 9));
    if (!written->value || (written->value_len == 0 && !text)) {
        if (written->formula) /* written by a program that cannot compute: not the same as empty */
            muster_rows_cell(sheet->rows, (uint32_t)column, MUSTER_TEXT, MUSTER_CELL_ERROR, NO_RESULT,
                             sizeof(NO_RESULT) - 1, true);
    } else if (text) {
        cell_text(sheet, (uint32_t)column, written);
    } else if (!written->type || type_is(written, "n", 1)) {
        cell_number(sheet, (uint32_t)column, written);
    } else if (type_is(written, "s", 1)) {
        cell_shared(sheet, (uint32_t)column, written);
    } else {
        cell_typed(sheet, (uint32_t)column, written);
    }
}

void muster_sheet_row_end(struct muster_sheet *sheet)
{
    if (sheet->row <= MUSTER_TABLE_ROWS)
        sheet->seen[sheet->row / 8] |= (uint8_t)(1u << sheet->row % 8);
    if (sheet->disorder)
        muster_rows_order(sheet->rows, "the cell stands in the row twice");
    sheet->finished++;
    if (sheet->skip > 0) {
        sheet->skip--;
        muster_rows_drop(sheet->rows);
    } else {
        muster_rows_end(sheet->rows, sheet->row);
    }
}
