/* workbook_write - rows as a worksheet that people like to open. libxlsxwriter makes it in a file in TMPDIR; that is
 * read back by our own reader, because the library does not look whether the disk took what it wrote, and copied. */
#include "write_parts.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <strings.h>
#include <unistd.h>

#include <xlsxwriter.h>

enum {
    FEW_ROWS = 5000,     /* so many are kept in memory */
    TEXT_MAX = 32767,    /* UTF-16 units of a cell: Excel's limit */
    SHEET_NAME_MAX = 31, /* the same of a sheet's name */
    DIGITS_MAX = 15,     /* that Excel keeps of a number */
    WIDTH_MIN = 6,
    WIDTH_MAX = 60,
    COPY = 1 << 16
};

struct book {
    char *path; /* of the file in TMPDIR; NULL: there is none */
    lxw_workbook *workbook;
    lxw_worksheet *sheet;
    lxw_format *bold, *date, *time, *datetime, *duration;
    lxw_format **formats; /* of columns that have their own; NULL: by type */
    uint32_t *widths;     /* by content so far */
    struct muster_bytes text;
    lxw_row_t at; /* the next row */
    uint64_t cells;
};

static muster_rc book_fail(const struct muster_table_writer *writer, lxw_error fault, muster_table_error *error)
{
    return muster_table_fail(error, MUSTER_FAIL, "%s: the workbook cannot be made: %s", writer->name,
                             lxw_strerror(fault));
}

/* ---- texts ---- */

static size_t utf16_units(const char *text, size_t len)
{
    size_t units = 0;
    for (size_t at = 0; at < len; units++)
        units += muster_utf8_next(text, &at) >= 0x10000;
    return units;
}

/* How broad it looks: East Asian characters count twice; of several lines the longest. */
static uint32_t text_width(const char *text, size_t len)
{
    uint32_t longest = 0, width = 0;
    for (size_t at = 0; at < len && longest < WIDTH_MAX;) {
        uint32_t character = muster_utf8_next(text, &at);
        width = character == '\n' ? 0 : width + (character >= 0x1100 ? 2 : 1);
        longest = width > longest ? width : longest;
    }
    return longest;
}

static void widen(struct book *book, size_t column, uint32_t width)
{
    if (width > book->widths[column])
        book->widths[column] = width;
}

/* "_x0041_" would be read as "A". */
static bool looks_escaped(const char *text, size_t left)
{
    if (left < 7 || text[0] != '_' || text[1] != 'x' || text[6] != '_')
        return false;
    return strspn(text + 2, "0123456789abcdefABCDEF") >= 4;
}

/* The text as the library wants it, in book->text. What XML has not it escapes itself, but for these. */
static const char *book_text(struct book *book, const char *text, size_t len)
{
    struct muster_bytes *out = &book->text;
    out->len = 0;
    for (size_t at = 0; at < len;) {
        size_t begin = at;
        uint32_t character = muster_utf8_next(text, &at);
        if (character == 0xfffe || character == 0xffff)
            muster_bytes_add(out, character == 0xfffe ? "_xFFFE_" : "_xFFFF_", 7);
        else if (character == '_' && looks_escaped(text + begin, len - begin))
            muster_bytes_add(out, "_x005F_", 7);
        else
            muster_bytes_add(out, text + begin, at - begin);
    }
    muster_bytes_add(out, "", 1);
    return out->rc == MUSTER_OK ? out->data : NULL;
}

static lxw_error put_text(struct book *book, size_t column, const char *text, size_t len, lxw_format *format)
{
    const char *escaped = book_text(book, text, len);
    if (!escaped)
        return LXW_ERROR_MEMORY_MALLOC_FAILED;
    widen(book, column, text_width(text, len));
    return worksheet_write_string(book->sheet, book->at, (lxw_col_t)column, escaped, format);
}

/* ---- numbers, days and times ---- */

/* Of a number, without the zeros at the end of a fraction. */
static size_t digits_of(const char *text)
{
    size_t digits = 0, len = strlen(text);
    while (strchr(text, '.') && text[len - 1] == '0')
        len--;
    for (size_t at = strspn(text, "-0."); at < len; at++)
        digits += text[at] != '.';
    return digits;
}

static unsigned part(const char *text, size_t len)
{
    unsigned number = 0;
    for (size_t n = 0; n < len; n++)
        number = number * 10 + (unsigned)(text[n] - '0');
    return number;
}

/* Excel's number of a day since March 1900. */
static double day_number(const char *text)
{
    int year = (int)part(text, 4), month = (int)part(text + 5, 2), day = (int)part(text + 8, 2);
    year -= month <= 2;
    int era_day = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1;
    return 365.0 * year + year / 4 - year / 100 + year / 400 + era_day - 693899;
}

static double clock_number(const char *text)
{
    return (part(text, 2) * 3600 + part(text + 3, 2) * 60 + part(text + 6, 2)) / 86400.0;
}

/* The number that says the same; false: only the text does. */
static bool as_number(const struct muster_cell_value *value, double *ret_number)
{
    const char *text = value->text;
    switch (value->type) {
    case MUSTER_INTEGER:
    case MUSTER_DECIMAL: *ret_number = strtod(text, NULL); return value->plain && digits_of(text) <= DIGITS_MAX;
    case MUSTER_SECONDS:
        *ret_number = strtod(text, NULL) / 86400.0;
        return value->plain && text[0] != '-' && digits_of(text) <= 11; /* Excel shows some 8000 years */
    case MUSTER_DATE: *ret_number = day_number(text); return strcmp(text, "1900-03-01") >= 0;
    case MUSTER_TIME: *ret_number = clock_number(text); return value->len == 8;
    case MUSTER_DATETIME:
        *ret_number = day_number(text) + clock_number(text + 11);
        return value->len == 19 && strcmp(text, "1900-03-01") >= 0;
    default: return false;
    }
}

static lxw_format *format_of(const struct muster_table_writer *writer, size_t column, int32_t type)
{
    const struct book *book = writer->self;
    if (book->formats[column] && type == writer->columns[column].type)
        return book->formats[column];
    return type == MUSTER_DATE       ? book->date
           : type == MUSTER_TIME     ? book->time
           : type == MUSTER_DATETIME ? book->datetime
           : type == MUSTER_SECONDS  ? book->duration
                                     : NULL;
}

static lxw_error put_value(struct muster_table_writer *writer, size_t column)
{
    struct book *book = writer->self;
    const struct muster_cell_value *value = &writer->row[column];
    char text[32];
    double number;
    book->cells++;
    if (value->type == MUSTER_TEXT || (writer->flags & MUSTER_WRITE_TEXTS) || value->len >= sizeof(text))
        return put_text(book, column, value->text, value->len, NULL);
    memcpy(text, value->text, value->len);
    text[value->len] = '\0';
    struct muster_cell_value ended = *value;
    ended.text = text;
    if (value->type == MUSTER_BOOL) {
        widen(book, column, 5);
        return worksheet_write_boolean(book->sheet, book->at, (lxw_col_t)column, text[0] == 't', NULL);
    }
    if (!as_number(&ended, &number))
        return put_text(book, column, text, value->len, NULL);
    widen(book, column, (uint32_t)value->len);
    return worksheet_write_number(book->sheet, book->at, (lxw_col_t)column, number,
                                  format_of(writer, column, value->type));
}

/* ---- rows ---- */

static muster_rc row_check(struct muster_table_writer *writer, muster_table_error *error)
{
    const struct book *book = writer->self;
    if (book->at >= MUSTER_TABLE_ROWS)
        return muster_table_fail(error, MUSTER_CONFIG,
                                 "%s: an Excel sheet has %d rows and no more, row %llu does not fit in: write a .csv, "
                                 "or fewer people",
                                 writer->name, MUSTER_TABLE_ROWS, (unsigned long long)writer->given);
    for (size_t n = 0; n < writer->count; n++) {
        const struct muster_cell_value *value = &writer->row[n];
        size_t units = value->len > TEXT_MAX ? utf16_units(value->text, value->len) : 0;
        if (units > TEXT_MAX)
            return muster_write_blame(writer, n, error, "%zu characters are more than an Excel cell may have (%d)",
                                      units, TEXT_MAX);
    }
    return MUSTER_OK;
}

static muster_rc book_row(struct muster_table_writer *writer, muster_table_error *error)
{
    struct book *book = writer->self;
    muster_rc rc = row_check(writer, error);
    for (size_t n = 0; n < writer->count && rc == MUSTER_OK; n++) {
        lxw_error fault = writer->row[n].len > 0 ? put_value(writer, n) : LXW_NO_ERROR;
        if (fault != LXW_NO_ERROR)
            rc = book_fail(writer, fault, error);
    }
    book->at += rc == MUSTER_OK;
    return rc;
}

static muster_rc book_header(struct muster_table_writer *writer, muster_table_error *error)
{
    struct book *book = writer->self;
    for (size_t n = 0; n < writer->count; n++) {
        const char *name = writer->columns[n].name;
        size_t len = strlen(name);
        if (utf16_units(name, len) > TEXT_MAX)
            return muster_table_fail(error, MUSTER_CONFIG, "%s: the name of column %zu is too long for an Excel cell",
                                     writer->name, n + 1);
        lxw_error fault = put_text(book, n, name, len, book->bold);
        if (fault != LXW_NO_ERROR)
            return book_fail(writer, fault, error);
        book->widths[n] += 3; /* the filter's button */
        book->cells++;
    }
    worksheet_freeze_panes(book->sheet, 1, 0);
    book->at = 1;
    return MUSTER_OK;
}

/* ---- opening ---- */

/* NULL: a sheet can be called that. */
static const char *sheet_name_wrong(const char *name)
{
    size_t len = strlen(name);
    if (muster_utf8_valid(name, len) != len)
        return "it is no UTF-8";
    if (len == 0)
        return "it is empty";
    if (utf16_units(name, len) > SHEET_NAME_MAX)
        return "it is longer than 31 characters";
    if (strpbrk(name, "[]:*?/\\"))
        return "it has one of the characters [ ] : * ? / \\";
    if (name[0] == '\'' || name[len - 1] == '\'')
        return "it begins or ends with an apostrophe";
    for (const char *at = name; *at; at++)
        if ((unsigned char)*at < ' ')
            return "it has a control character";
    return strcasecmp(name, "History") == 0 ? "Excel keeps that name for itself" : NULL;
}

static lxw_format *number_format(lxw_workbook *workbook, const char *code)
{
    lxw_format *format = workbook_add_format(workbook);
    if (format)
        format_set_num_format(format, code);
    return format;
}

static bool formats_make(struct muster_table_writer *writer)
{
    struct book *book = writer->self;
    book->bold = workbook_add_format(book->workbook);
    book->date = number_format(book->workbook, "yyyy\\-mm\\-dd");
    book->time = number_format(book->workbook, "hh:mm:ss");
    book->datetime = number_format(book->workbook, "yyyy\\-mm\\-dd hh:mm:ss");
    book->duration = number_format(book->workbook, "[h]:mm:ss");
    if (!book->bold || !book->date || !book->time || !book->datetime || !book->duration)
        return false;
    format_set_bold(book->bold);
    for (size_t n = 0; n < writer->count; n++)
        if (writer->columns[n].format && !(book->formats[n] = number_format(book->workbook, writer->columns[n].format)))
            return false;
    return true;
}

/* An empty file in TMPDIR, which the library opens again by its name. */
static muster_rc path_make(struct muster_table_writer *writer, const char *folder, muster_table_error *error)
{
    struct book *book = writer->self;
    static const char name[] = "/workbook-XXXXXX";
    size_t len = strlen(folder);
    char *path = malloc(len + sizeof(name));
    if (!path)
        return muster_table_fail(error, MUSTER_FAIL, "%s: out of memory", writer->name);
    memcpy(path, folder, len);
    memcpy(path + len, name, sizeof(name));
    int fd = mkstemp(path);
    if (fd < 0) {
        int why = errno;
        free(path);
        return muster_table_fail(error, MUSTER_FAIL, "%s: no file can be made in %s: %s", writer->name, folder,
                                 strerror(why));
    }
    close(fd);
    book->path = path;
    return MUSTER_OK;
}

static muster_rc book_make(struct muster_table_writer *writer, const muster_write_options *options, const char *sheet,
                           muster_table_error *error)
{
    struct book *book = writer->self;
    const char *folder = getenv("TMPDIR");
    folder = folder && *folder ? folder : "/tmp";
    muster_rc rc = path_make(writer, folder, error);
    if (rc != MUSTER_OK)
        return rc;
    bool many = options->expected == 0 || options->expected > FEW_ROWS;
    lxw_workbook_options how = {.constant_memory = many, .tmpdir = (char *)folder, .use_zip64 = LXW_FALSE};
    book->workbook = workbook_new_opt(book->path, &how);
    if (!book->workbook || !formats_make(writer))
        return muster_table_fail(error, MUSTER_FAIL, "%s: out of memory", writer->name);
    book->sheet = workbook_add_worksheet(book->workbook, sheet);
    if (!book->sheet)
        return muster_table_fail(error, MUSTER_CONFIG, "%s: no sheet can be called '%s'", writer->name, sheet);
    lxw_doc_properties made = {.created = (time_t)options->made};
    workbook_set_properties(book->workbook, &made);
    return MUSTER_OK;
}

static muster_rc book_open(struct muster_table_writer *writer, const muster_write_options *options,
                           muster_table_error *error)
{
    const char *sheet = options->sheet ? options->sheet : "Sheet1", *wrong = sheet_name_wrong(sheet);
    if (wrong)
        return muster_table_fail(error, MUSTER_CONFIG, "%s: no sheet can be called '%s': %s", writer->name, sheet,
                                 wrong);
    struct book *book = writer->self = calloc(1, sizeof(*book));
    if (book) {
        book->text.ceiling = 8 * (size_t)MUSTER_TABLE_CELL;
        book->formats = calloc(writer->count, sizeof(lxw_format *));
        book->widths = calloc(writer->count, sizeof(*book->widths));
    }
    if (!book || !book->formats || !book->widths)
        return muster_table_fail(error, MUSTER_FAIL, "%s: out of memory", writer->name);
    muster_rc rc = book_make(writer, options, sheet, error);
    return rc == MUSTER_OK && !(writer->flags & MUSTER_WRITE_BARE) ? book_header(writer, error) : rc;
}

/* ---- the end ---- */

static void dress(struct muster_table_writer *writer)
{
    struct book *book = writer->self;
    lxw_row_t last = book->at > 0 ? book->at - 1 : 0;
    for (size_t n = 0; n < writer->count; n++) {
        uint32_t width = writer->columns[n].width ? writer->columns[n].width : book->widths[n] + 1;
        width = width < WIDTH_MIN && !writer->columns[n].width ? WIDTH_MIN : width;
        if (!writer->columns[n].width && width > WIDTH_MAX)
            width = WIDTH_MAX;
        worksheet_set_column(book->sheet, (lxw_col_t)n, (lxw_col_t)n, width > 255 ? 255 : width, NULL);
    }
    if (!(writer->flags & MUSTER_WRITE_BARE))
        worksheet_autofilter(book->sheet, 0, 0, last, (lxw_col_t)(writer->count - 1));
}

/* Has the file all cells? */
static muster_rc read_back(const struct muster_table_writer *writer, int fd, muster_table_error *error)
{
    const struct book *book = writer->self;
    muster_table_options options = {.size = sizeof(options), .format = MUSTER_TABLE_XLSX, .name = writer->name};
    muster_table *table = NULL;
    const muster_row *row = NULL;
    uint64_t cells = 0;
    muster_table_error why;
    muster_rc rc = muster_table_open(fd, &options, &table, &why);
    while (rc == MUSTER_OK && (rc = muster_table_next(table, &row, &why)) == MUSTER_OK && row)
        cells += row->why ? 0 : row->count;
    muster_table_close(table);
    if (rc != MUSTER_OK)
        return muster_table_fail(error, MUSTER_FAIL, "the workbook that was made cannot be read, is TMPDIR full? %s",
                                 why.text);
    if (cells != book->cells)
        return muster_table_fail(error, MUSTER_FAIL,
                                 "%s: the workbook that was made has %llu cells of %llu: is TMPDIR full?", writer->name,
                                 (unsigned long long)cells, (unsigned long long)book->cells);
    return MUSTER_OK;
}

static muster_rc copy_out(struct muster_table_writer *writer, int fd, muster_table_error *error)
{
    uint64_t offset = 0;
    for (;;) {
        char *place = muster_bytes_reserve(&writer->out, COPY);
        if (!place)
            return muster_table_fail(error, MUSTER_FAIL, "%s: out of memory", writer->name);
        int64_t got = muster_pread(fd, place, COPY, offset);
        if (got < 0)
            return muster_table_fail(error, MUSTER_FAIL, "%s: the workbook that was made cannot be read: %s",
                                     writer->name, strerror(errno));
        writer->out.len -= COPY - (size_t)got;
        offset += (uint64_t)got;
        muster_rc rc = muster_write_flush(writer, error);
        if (rc != MUSTER_OK || got == 0)
            return rc;
    }
}

static muster_rc book_finish(struct muster_table_writer *writer, muster_table_error *error)
{
    struct book *book = writer->self;
    dress(writer);
    lxw_error fault = workbook_close(book->workbook);
    book->workbook = NULL; /* it is gone in any case */
    if (fault != LXW_NO_ERROR)
        return book_fail(writer, fault, error);
    FILE *made = fopen(book->path, "rbe");
    if (!made)
        return muster_table_fail(error, MUSTER_FAIL, "%s: the workbook that was made is gone: %s", writer->name,
                                 strerror(errno));
    unlink(book->path);
    free(book->path);
    book->path = NULL;
    muster_rc rc = book->cells > 0 ? read_back(writer, fileno(made), error) : MUSTER_OK;
    if (rc == MUSTER_OK)
        rc = copy_out(writer, fileno(made), error);
    fclose(made);
    return rc;
}

static void book_close(struct muster_table_writer *writer)
{
    struct book *book = writer->self;
    if (!book)
        return;
    if (book->workbook)
        lxw_workbook_free(book->workbook);
    if (book->path)
        unlink(book->path);
    free(book->path);
    free(book->formats);
    free(book->widths);
    muster_bytes_done(&book->text);
    free(book);
}

const struct muster_format muster_workbook_format = {
    .open = book_open, .row = book_row, .finish = book_finish, .close = book_close};
