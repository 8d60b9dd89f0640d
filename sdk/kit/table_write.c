/* table_write - rows as a workbook or a text file: checks what it is given, then lets the format write it. Reads
 * nothing; writes to one descriptor. */
#include "write_parts.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#define OUT_MAX ((size_t)64 << 20)    /* bytes of one row */
#define OUT_WRITE ((size_t)256 << 10) /* bytes that are worth a call */

static const struct muster_format *const formats[] = {[MUSTER_TABLE_XLSX] = &muster_workbook_format,
                                                      [MUSTER_TABLE_CSV] = &muster_csv_format,
                                                      [MUSTER_TABLE_JSON] = &muster_json_format,
                                                      [MUSTER_TABLE_JSONL] = &muster_json_format,
                                                      [MUSTER_TABLE_XML] = &muster_xml_format};

muster_rc muster_write_blame(const struct muster_table_writer *writer, size_t column, muster_table_error *error,
                             const char *format, ...)
{
    char what[300];
    va_list args;
    va_start(args, format);
    vsnprintf(what, sizeof(what), format, args);
    va_end(args);
    return muster_table_fail(error, MUSTER_DATA, "%s: row %llu, column '%s': %s", writer->name,
                             (unsigned long long)writer->given, writer->columns[column].name, what);
}

muster_rc muster_write_flush(struct muster_table_writer *writer, muster_table_error *error)
{
    size_t done = 0;
    if (writer->out.rc != MUSTER_OK)
        return muster_table_fail(error, MUSTER_FAIL, "%s: out of memory", writer->name);
    while (done < writer->out.len) {
        ssize_t put = write(writer->fd, writer->out.data + done, writer->out.len - done);
        if (put < 0 && errno == EINTR)
            continue;
        if (put < 0)
            return muster_table_fail(error, MUSTER_FAIL, "%s cannot be written: %s", writer->name, strerror(errno));
        done += (size_t)put;
    }
    writer->flushed += writer->out.len;
    writer->out.len = 0;
    return MUSTER_OK;
}

void muster_write_text(struct muster_table_writer *writer, const char *text)
{
    muster_bytes_add(&writer->out, text, strlen(text));
}

uint32_t muster_utf8_next(const char *text, size_t *at)
{
    const unsigned char *p = (const unsigned char *)text + *at;
    size_t more = p[0] < 0x80 ? 0 : p[0] < 0xe0 ? 1 : p[0] < 0xf0 ? 2 : 3;
    uint32_t character = more == 0 ? p[0] : p[0] & (0x3fu >> more);
    for (size_t n = 1; n <= more; n++)
        character = character << 6 | (p[n] & 0x3f);
    *at += more + 1;
    return character;
}

/* ---- values ---- */

static bool digit(char character)
{
    return character >= '0' && character <= '9';
}

/* Digits, and with `point` a fraction. *ret_plain: the shortest way to write it. */
static bool is_number(const char *text, size_t len, bool point, bool *ret_plain)
{
    size_t at = len > 0 && text[0] == '-', whole = at, fraction;
    while (at < len && digit(text[at]))
        at++;
    *ret_plain = at - whole == 1 || text[whole] != '0';
    if (at == whole)
        return false;
    if (at == len)
        return true;
    if (!point || text[at++] != '.')
        return false;
    fraction = at;
    while (at < len && digit(text[at]))
        at++;
    return at == len && at > fraction;
}

/* Two digits as a number, -1 if they are none. */
static int two(const char *text)
{
    return digit(text[0]) && digit(text[1]) ? (text[0] - '0') * 10 + text[1] - '0' : -1;
}

static bool is_date(const char *text, size_t len)
{
    static const int days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    if (len != 10 || text[4] != '-' || text[7] != '-' || two(text) < 0 || two(text + 2) < 0)
        return false;
    int year = two(text) * 100 + two(text + 2), month = two(text + 5), day = two(text + 8);
    bool leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
    return year > 0 && month >= 1 && month <= 12 && day >= 1 && day <= days[month - 1] + (month == 2 && leap);
}

/* HH:MM:SS with a fraction if there is one; how many bytes, 0: it is no time. */
static size_t time_len(const char *text, size_t len)
{
    size_t at = 8;
    if (len < 8 || text[2] != ':' || text[5] != ':' || two(text) < 0 || two(text) > 23 || two(text + 3) < 0 ||
        two(text + 3) > 59 || two(text + 6) < 0 || two(text + 6) > 59)
        return 0;
    if (at + 1 < len && text[at] == '.' && digit(text[at + 1]))
        for (at++; at < len && digit(text[at]); at++)
            ;
    return at;
}

static bool is_zone(const char *text, size_t len)
{
    return len == 0 || (len == 1 && text[0] == 'Z') ||
           (len == 6 && (text[0] == '+' || text[0] == '-') && two(text + 1) >= 0 && two(text + 1) < 24 &&
            text[3] == ':' && two(text + 4) >= 0 && two(text + 4) < 60);
}

static bool is_datetime(const char *text, size_t len)
{
    if (len < 19 || !is_date(text, 10) || text[10] != 'T')
        return false;
    size_t clock = time_len(text + 11, len - 11);
    return clock > 0 && is_zone(text + 11 + clock, len - 11 - clock);
}

/* NULL: it is what it says it is. */
static const char *value_wrong(struct muster_cell_value *value)
{
    const char *text = value->text;
    switch (value->type) {
    case MUSTER_INTEGER: return is_number(text, value->len, false, &value->plain) ? NULL : "this is no whole number";
    case MUSTER_SECONDS:
        return is_number(text, value->len, false, &value->plain) ? NULL : "this is no number of seconds";
    case MUSTER_DECIMAL: return is_number(text, value->len, true, &value->plain) ? NULL : "this is no number";
    case MUSTER_BOOL: return strcmp(text, "true") == 0 || strcmp(text, "false") == 0 ? NULL : "neither true nor false";
    case MUSTER_DATE: return is_date(text, value->len) ? NULL : "this is no day as YYYY-MM-DD";
    case MUSTER_TIME: return time_len(text, value->len) == value->len ? NULL : "this is no time as HH:MM:SS";
    case MUSTER_DATETIME:
        return is_datetime(text, value->len) ? NULL : "this is no day and time as YYYY-MM-DDTHH:MM:SS";
    default: return NULL;
    }
}

static bool type_known(int32_t type)
{
    return type >= MUSTER_TEXT && type <= MUSTER_SECONDS;
}

static muster_rc take_value(struct muster_table_writer *writer, const muster_write_value *given, size_t column,
                            muster_table_error *error)
{
    struct muster_cell_value *value = &writer->row[column];
    *value = (struct muster_cell_value){.type = writer->columns[column].type, .none = true, .text = ""};
    if (!given || !given->text)
        return MUSTER_OK;
    value->none = false;
    value->text = given->text;
    value->len = given->len;
    if (given->type != 0)
        value->type = given->type;
    if (!type_known(value->type))
        return muster_write_blame(writer, column, error, "a value of type %d cannot be written", value->type);
    if (value->len > MUSTER_TABLE_CELL)
        return muster_write_blame(writer, column, error, "%zu bytes are more than a cell may have (%d)", value->len,
                                  MUSTER_TABLE_CELL);
    if (memchr(value->text, '\0', value->len))
        return muster_write_blame(writer, column, error, "the text has a NUL byte");
    if (muster_utf8_valid(value->text, value->len) != value->len)
        return muster_write_blame(writer, column, error, "the text is no UTF-8");
    const char *wrong = value->len > 0 ? value_wrong(value) : NULL;
    return wrong ? muster_write_blame(writer, column, error, "%s", wrong) : MUSTER_OK;
}

/* ---- opening ---- */

static muster_rc columns_check(const char *name, const muster_write_column *columns, size_t count,
                               muster_table_error *error)
{
    if (count == 0 || count > MUSTER_TABLE_COLUMNS)
        return muster_table_fail(error, MUSTER_CONFIG, "%s: %zu columns cannot be written, 1 to %d can", name, count,
                                 MUSTER_TABLE_COLUMNS);
    for (size_t n = 0; n < count; n++) {
        const char *text = columns[n].name;
        if (!text || !*text || muster_utf8_valid(text, strlen(text)) != strlen(text))
            return muster_table_fail(error, MUSTER_CONFIG, "%s: column %zu has no name, or one that is no UTF-8", name,
                                     n + 1);
        if (!type_known(columns[n].type))
            return muster_table_fail(error, MUSTER_CONFIG, "%s: column '%s' has a type that cannot be written", name,
                                     text);
        for (size_t before = 0; before < n; before++)
            if (strcmp(columns[before].name, text) == 0)
                return muster_table_fail(error, MUSTER_CONFIG,
                                         "%s: columns %zu and %zu are both called '%s': give one another name", name,
                                         before + 1, n + 1, text);
    }
    return MUSTER_OK;
}

static bool columns_copy(struct muster_table_writer *writer, const muster_write_column *columns, size_t count)
{
    writer->columns = calloc(count, sizeof(*writer->columns));
    writer->row = calloc(count, sizeof(*writer->row));
    if (!writer->columns || !writer->row)
        return false;
    writer->count = count;
    bool good = true;
    for (size_t n = 0; n < count; n++) {
        writer->columns[n] = columns[n];
        writer->columns[n].name = strdup(columns[n].name);
        writer->columns[n].format = columns[n].format ? strdup(columns[n].format) : NULL;
        good = good && writer->columns[n].name && (!columns[n].format || writer->columns[n].format);
    }
    return good;
}

static void columns_free(struct muster_table_writer *writer)
{
    for (size_t n = 0; n < writer->count; n++) {
        free((char *)writer->columns[n].name);
        free((char *)writer->columns[n].format);
    }
    free(writer->columns);
    free(writer->row);
}

muster_rc muster_table_write_open(int fd, const muster_write_options *options, const muster_write_column *columns,
                                  size_t count, muster_table_writer **ret_writer, muster_table_error *error)
{
    muster_write_options whole = {.size = sizeof(whole)};
    memcpy(&whole, options, options->size < sizeof(whole) ? options->size : sizeof(whole));
    const char *name = whole.name ? whole.name : "the file";
    if (whole.format < MUSTER_TABLE_XLSX || whole.format > MUSTER_TABLE_XML)
        return muster_table_fail(error, MUSTER_CONFIG, "%s: format %d cannot be written", name, whole.format);
    muster_rc rc = columns_check(name, columns, count, error);
    if (rc != MUSTER_OK)
        return rc;
    struct muster_table_writer *writer = calloc(1, sizeof(*writer));
    if (!writer || !(writer->name = strdup(name)) || !columns_copy(writer, columns, count)) {
        muster_table_write_close(writer);
        return muster_table_fail(error, MUSTER_FAIL, "%s: out of memory", name);
    }
    writer->fd = fd;
    writer->flags = whole.flags;
    writer->most = whole.most;
    writer->out.ceiling = OUT_MAX;
    writer->format = formats[whole.format];
    rc = writer->format->open(writer, &whole, error);
    if (rc != MUSTER_OK) {
        muster_table_write_close(writer);
        return rc;
    }
    *ret_writer = writer;
    return MUSTER_OK;
}

/* ---- writing ---- */

/* Remembers a failure that is final. */
static muster_rc final(struct muster_table_writer *writer, muster_rc rc, const muster_table_error *failure,
                       muster_table_error *error)
{
    if (rc != MUSTER_OK && rc != MUSTER_DATA && rc != MUSTER_RETRY)
        writer->failed = *failure;
    if (rc != MUSTER_OK && error)
        *error = *failure;
    return rc;
}

muster_rc muster_table_write_row(muster_table_writer *writer, const muster_write_value *values, size_t count,
                                 muster_table_error *error)
{
    muster_table_error failure = {0};
    muster_rc rc = MUSTER_OK;
    if (writer->failed.rc != MUSTER_OK)
        return final(writer, writer->failed.rc, &writer->failed, error);
    writer->given++;
    if (count > writer->count)
        rc = muster_table_fail(&failure, MUSTER_DATA, "%s: row %llu has %zu values, the file has %zu columns",
                               writer->name, (unsigned long long)writer->given, count, writer->count);
    for (size_t n = 0; n < writer->count && rc == MUSTER_OK; n++)
        rc = take_value(writer, n < count ? &values[n] : NULL, n, &failure);
    size_t before = writer->out.len;
    if (rc == MUSTER_OK)
        rc = writer->format->row(writer, &failure);
    if (rc == MUSTER_OK && writer->out.rc == MUSTER_DATA) {
        writer->out.rc = MUSTER_OK;
        rc = muster_table_fail(&failure, MUSTER_DATA, "%s: row %llu is larger than %zu MB", writer->name,
                               (unsigned long long)writer->given, OUT_MAX >> 20);
    }
    if (rc == MUSTER_OK && writer->most > 0 && writer->flushed + writer->out.len > writer->most) {
        writer->given--;
        rc = muster_table_fail(&failure, MUSTER_RETRY, "%s: one row more is over %llu bytes", writer->name,
                               (unsigned long long)writer->most);
    }
    if (rc == MUSTER_DATA || rc == MUSTER_RETRY)
        writer->out.len = before;
    if (rc == MUSTER_OK && (writer->out.len > OUT_WRITE || writer->out.rc != MUSTER_OK))
        rc = muster_write_flush(writer, &failure);
    writer->written += rc == MUSTER_OK;
    return final(writer, rc, &failure, error);
}

muster_rc muster_table_write_finish(muster_table_writer *writer, muster_table_error *error)
{
    muster_table_error failure = {0};
    muster_rc rc = writer->failed.rc;
    if (rc != MUSTER_OK)
        return final(writer, rc, &writer->failed, error);
    if (writer->finished)
        return MUSTER_OK;
    rc = writer->format->finish(writer, &failure);
    if (rc == MUSTER_OK)
        rc = muster_write_flush(writer, &failure);
    writer->finished = rc == MUSTER_OK;
    return final(writer, rc, &failure, error);
}

void muster_table_write_close(muster_table_writer *writer)
{
    if (!writer)
        return;
    if (writer->format && writer->format->close)
        writer->format->close(writer);
    columns_free(writer);
    muster_bytes_done(&writer->out);
    free(writer->name);
    free(writer);
}
