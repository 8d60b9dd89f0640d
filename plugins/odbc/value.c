/* value - one cell as the contract writes values. */
#include "odbc.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { PIECE_UNITS = 4000, WHY = 200, CELL_MOST = 64 << 20 };

static SQLUSMALLINT number_of(size_t column)
{
    return (SQLUSMALLINT)(column + 1);
}

/* A long text, piece by piece, as it is asked for. */
static SQLRETURN pieces_get(struct rows *rows, size_t column, size_t *ret_units, bool *ret_null)
{
    size_t units = 0;
    for (;;) {
        SQLLEN len = 0;
        if (rows->wide_room < units + PIECE_UNITS) {
            size_t room = 2 * (units + PIECE_UNITS);
            SQLWCHAR *wide = room * sizeof(*wide) > CELL_MOST ? NULL : realloc(rows->wide, room * sizeof(*wide));
            if (!wide)
                return SQL_ERROR;
            rows->wide = wide;
            rows->wide_room = room;
        }
        SQLRETURN rc = SQLGetData(rows->handle, number_of(column), SQL_C_WCHAR, rows->wide + units,
                                  PIECE_UNITS * sizeof(SQLWCHAR), &len);
        if (rc == SQL_NO_DATA || !SQL_SUCCEEDED(rc) || len == SQL_NULL_DATA) {
            *ret_null = len == SQL_NULL_DATA && SQL_SUCCEEDED(rc);
            *ret_units = units;
            return rc == SQL_NO_DATA ? SQL_SUCCESS : rc;
        }
        bool more = rc == SQL_SUCCESS_WITH_INFO &&
                    (len == SQL_NO_TOTAL || len > (SQLLEN)((PIECE_UNITS - 1) * sizeof(SQLWCHAR)));
        units += more ? PIECE_UNITS - 1 : (size_t)len / sizeof(SQLWCHAR);
        if (!more) {
            *ret_units = units;
            return SQL_SUCCESS;
        }
    }
}

void value_decimal(muster_text *text)
{
    size_t sign = text->len > 0 && text->data[0] == '-';
    if (text->len > sign && text->data[sign] == '.') {
        muster_text_put(text, "0");
        if (!text->failed) {
            memmove(text->data + sign + 1, text->data + sign, text->len - 1 - sign);
            text->data[sign] = '0';
        }
    }
}

/* The shortest digits that are this very number. */
static muster_rc double_put(muster_text *text, double value, char *ret_why)
{
    char digits[400];
    if (!isfinite(value)) {
        snprintf(ret_why, WHY, "it is no finite number");
        return MUSTER_DATA;
    }
    for (int precision = 15; precision <= 17; precision++) {
        snprintf(digits, sizeof(digits), "%.*g", precision, value);
        if (strtod(digits, NULL) == value)
            break;
    }
    if (strchr(digits, 'e')) {
        snprintf(digits, sizeof(digits), "%.*f", fabs(value) < 1 ? 40 : 0, value);
        if (strchr(digits, '.'))
            for (size_t len = strlen(digits); digits[len - 1] == '0'; len--)
                digits[len - 1] = '\0';
    }
    muster_text_put(text, digits);
    return MUSTER_OK;
}

static void stamp_put(const struct odbc *odbc, muster_text *text, const SQL_TIMESTAMP_STRUCT *at)
{
    char digits[60];
    snprintf(digits, sizeof(digits), "%04d-%02u-%02uT%02u:%02u:%02u", at->year, at->month, at->day, at->hour,
             at->minute, at->second);
    muster_text_put(text, digits);
    if (at->fraction > 0) {
        snprintf(digits, sizeof(digits), ".%09u", (unsigned)at->fraction);
        for (size_t len = strlen(digits); digits[len - 1] == '0'; len--)
            digits[len - 1] = '\0';
        muster_text_put(text, digits);
    }
    muster_text_put(text, strcmp(odbc->time_zone, "UTC") == 0 ? "Z" : odbc->time_zone);
}

/* "2026-03-01 10:00:00.0000000 +01:00" */
static muster_rc zoned_put(muster_text *text, char *ret_why)
{
    char *blank = strchr(text->data, ' '), *second = blank ? strchr(blank + 1, ' ') : NULL;
    if (!blank || !second) {
        snprintf(ret_why, WHY, "it is no time with a zone");
        return MUSTER_DATA;
    }
    *blank = 'T';
    memmove(second, second + 1, strlen(second));
    text->len--;
    return MUSTER_OK;
}

static void padding_cut(muster_text *text)
{
    while (text->len > 0 && (text->data[text->len - 1] == ' ' || text->data[text->len - 1] == '\0'))
        text->data[--text->len] = '\0';
}

static muster_rc text_put(struct rows *rows, const struct column *column, const SQLWCHAR *wide, size_t units,
                          muster_text *text, char *ret_why)
{
    wide_add(text, wide, units);
    if (text->failed || text->len == 0)
        return MUSTER_OK;
    if (column->type == MUSTER_DECIMAL)
        value_decimal(text);
    if (column->zoned)
        return zoned_put(text, ret_why);
    if (column->padded && rows->odbc->trim)
        padding_cut(text);
    if (memchr(text->data, '\0', text->len)) {
        snprintf(ret_why, WHY, "it has a zero byte in it");
        return MUSTER_DATA;
    }
    return MUSTER_OK;
}

/* A day that is none ("0000-00-00") is how some databases write that there is none. */
static muster_rc fixed_put(struct rows *rows, const struct column *column, const void *cell, muster_text *text,
                           bool *ret_null, char *ret_why)
{
    char digits[60] = "";
    if (column->c == SQL_C_DOUBLE)
        return double_put(text, *(const double *)cell, ret_why);
    if (column->c == SQL_C_BIT)
        snprintf(digits, sizeof(digits), "%s", *(const SQLCHAR *)cell ? "true" : "false");
    if (column->c == SQL_C_TYPE_TIMESTAMP) {
        const SQL_TIMESTAMP_STRUCT *at = cell;
        *ret_null = at->month == 0;
        if (!*ret_null)
            stamp_put(rows->odbc, text, at);
        return MUSTER_OK;
    }
    if (column->c == SQL_C_TYPE_DATE) {
        const SQL_DATE_STRUCT *day = cell;
        *ret_null = day->month == 0;
        snprintf(digits, sizeof(digits), "%04d-%02u-%02u", day->year, day->month, day->day);
    }
    if (column->c == SQL_C_TYPE_TIME) {
        const SQL_TIME_STRUCT *time = cell;
        snprintf(digits, sizeof(digits), "%02u:%02u:%02u", time->hour, time->minute, time->second);
    }
    muster_text_put(text, digits);
    return MUSTER_OK;
}

static muster_rc lost(struct rows *rows, const struct column *column)
{
    return fault_of(rows->odbc, SQL_HANDLE_STMT, rows->handle, column->name);
}

static muster_rc asked_read(struct rows *rows, size_t nth, muster_text *text, bool *ret_null, char *ret_why)
{
    const struct column *column = &rows->columns[nth];
    _Alignas(8) char cell[sizeof(SQL_TIMESTAMP_STRUCT)] = {0};
    SQLLEN len = 0;
    size_t units = 0;
    if (column->c == SQL_C_WCHAR) {
        if (!SQL_SUCCEEDED(pieces_get(rows, nth, &units, ret_null)))
            return lost(rows, column);
        return *ret_null ? MUSTER_OK : text_put(rows, column, rows->wide, units, text, ret_why);
    }
    if (!SQL_SUCCEEDED(SQLGetData(rows->handle, number_of(nth), column->c, cell, sizeof(cell), &len)))
        return lost(rows, column);
    *ret_null = len == SQL_NULL_DATA;
    return *ret_null ? MUSTER_OK : fixed_put(rows, column, cell, text, ret_null, ret_why);
}

muster_rc value_read(struct rows *rows, size_t row, size_t nth, muster_text *text, bool *ret_null, char *ret_why)
{
    const struct column *column = &rows->columns[nth];
    muster_text_clear(text);
    *ret_null = false;
    if (!rows->bound)
        return asked_read(rows, nth, text, ret_null, ret_why);
    SQLLEN len = column->lens[row];
    const char *cell = column->cells + row * column->room;
    *ret_null = len == SQL_NULL_DATA;
    if (*ret_null)
        return MUSTER_OK;
    if (column->c != SQL_C_WCHAR)
        return fixed_put(rows, column, cell, text, ret_null, ret_why);
    if (len >= 0 && (size_t)len + sizeof(SQLWCHAR) <= column->room)
        return text_put(rows, column, (const SQLWCHAR *)(const void *)cell, (size_t)len / sizeof(SQLWCHAR), text,
                        ret_why);
    /* It did not fit: the cursor is put on its row, and it is asked for once more. */
    if (!SQL_SUCCEEDED(SQLSetPos(rows->handle, (SQLSETPOSIROW)(row + 1), SQL_POSITION, SQL_LOCK_NO_CHANGE)))
        return lost(rows, column);
    return asked_read(rows, nth, text, ret_null, ret_why);
}

/* Digits as numbers, whatever their lengths. */
static int compare_digits(const char *a, const char *b)
{
    size_t whole_a = strcspn(a, "."), whole_b = strcspn(b, ".");
    if (whole_a != whole_b)
        return whole_a < whole_b ? -1 : 1;
    int order = strncmp(a, b, whole_a);
    if (order != 0)
        return order;
    const char *more_a = a + whole_a, *more_b = b + whole_b;
    for (more_a += *more_a == '.', more_b += *more_b == '.'; *more_a || *more_b;) {
        char one = *more_a ? *more_a++ : '0', other = *more_b ? *more_b++ : '0';
        if (one != other)
            return one < other ? -1 : 1;
    }
    return 0;
}

int value_compare(int32_t type, const char *a, const char *b)
{
    if (type != MUSTER_INTEGER && type != MUSTER_DECIMAL)
        return strcmp(a, b);
    bool below_a = *a == '-', below_b = *b == '-';
    if (below_a != below_b)
        return below_a ? -1 : 1;
    return below_a ? compare_digits(b + 1, a + 1) : compare_digits(a, b);
}
