/* table - rows of a workbook or of a text file: opens the right reader, hands out rows, finds the header. */
#include "table_parts.h"

#include <ctype.h>
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>
#include <unistd.h>

#define HEADER_SEARCH 50 /* rows */

struct muster_table {
    const struct muster_reader *reader;
    void *self;
    int32_t format;
    char *name;
    struct muster_rows rows;
    muster_row row; /* of a ragged record */
    char why[100];
    muster_table_error failed; /* the first failure; rc 0: none */
    muster_header header;
    char **names;
    size_t fields; /* of a .csv's header record; 0: no header yet */
};

muster_rc muster_table_fail(muster_table_error *error, muster_rc rc, const char *format, ...)
{
    if (error) {
        va_list args;
        error->rc = rc;
        va_start(args, format);
        vsnprintf(error->text, sizeof(error->text), format, args);
        va_end(args);
    }
    return rc;
}

int64_t muster_pread(int fd, void *data, size_t len, uint64_t offset)
{
    size_t done = 0;
    while (done < len) {
        ssize_t got = pread(fd, (char *)data + done, len - done, (off_t)(offset + done));
        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0)
            return -1;
        if (got == 0)
            break;
        done += (size_t)got;
    }
    return (int64_t)done;
}

/* ---- opening ---- */

static muster_rc source_look(struct muster_source *source, muster_table_error *error)
{
    struct stat stat;
    int64_t got = fstat(source->fd, &stat) == 0 ? muster_pread(source->fd, source->head, sizeof(source->head), 0) : -1;
    if (got < 0)
        return muster_table_fail(error, MUSTER_FAIL, "%s cannot be read: %s", source->name, strerror(errno));
    source->size = (uint64_t)stat.st_size;
    source->head_len = (size_t)got;
    if (got == 0)
        return muster_table_fail(error, MUSTER_DATA, "%s is empty (0 bytes): was its upload finished?", source->name);
    return MUSTER_OK;
}

static bool named_workbook(const char *name)
{
    size_t len = strlen(name);
    return len > 5 && (strcasecmp(name + len - 5, ".xlsx") == 0 || strcasecmp(name + len - 5, ".xlsm") == 0);
}

static bool is_nested(int32_t format)
{
    return format >= MUSTER_TABLE_JSON && format <= MUSTER_TABLE_XML;
}

/* AUTO becomes what the file is; what was asked for must be what it is. */
static muster_rc source_format(const struct muster_source *source, int32_t *format, muster_table_error *error)
{
    bool zip = source->head_len >= 4 && memcmp(source->head, "PK", 2) == 0 &&
               (source->head[2] == 3 || source->head[2] == 5 || source->head[2] == 7);
    if (*format == MUSTER_TABLE_AUTO && !zip && !named_workbook(source->name))
        *format = muster_sniff_nested(source);
    const char *other =
        zip || *format == MUSTER_TABLE_JSON || *format == MUSTER_TABLE_JSONL ? NULL : muster_sniff(source);
    if (other && (*format != MUSTER_TABLE_XML || strncmp(other, "an XML file", 11) != 0))
        return muster_table_fail(error, MUSTER_DATA, "%s is %s", source->name, other);
    if ((*format == MUSTER_TABLE_XLSX || (*format == MUSTER_TABLE_AUTO && named_workbook(source->name))) && !zip)
        return muster_table_fail(error, MUSTER_DATA, "%s is %s", source->name,
                                 !muster_sniff_text(source)
                                     ? "no .xlsx workbook: it does not begin as a zip archive does, upload it again"
                                 : named_workbook(source->name)
                                     ? "a text file (CSV), whatever its name says: save it as .xlsx, or call it .csv"
                                     : "a text file (CSV), no workbook: set format: csv, or leave it out");
    if ((*format == MUSTER_TABLE_CSV || is_nested(*format)) && zip)
        return muster_table_fail(error, MUSTER_DATA, "%s is a zip archive or a workbook, not a text file",
                                 source->name);
    if (*format == MUSTER_TABLE_AUTO)
        *format = zip ? MUSTER_TABLE_XLSX : MUSTER_TABLE_CSV;
    if (source->options->rows && *source->options->rows && *format != MUSTER_TABLE_JSON && *format != MUSTER_TABLE_XML)
        return muster_table_fail(error, MUSTER_CONFIG, "%s is %s, where rows means nothing: it is for json and xml",
                                 source->name,
                                 *format == MUSTER_TABLE_XLSX  ? "a workbook"
                                 : *format == MUSTER_TABLE_CSV ? "a CSV file"
                                                               : "a file of one JSON object per line");
    return MUSTER_OK;
}

/* Options of an older caller are shorter. */
static muster_table_options options_whole(const muster_table_options *options)
{
    muster_table_options whole = {.size = sizeof(whole)};
    if (options)
        memcpy(&whole, options, options->size < sizeof(whole) ? options->size : sizeof(whole));
    return whole;
}

static const struct {
    const struct muster_reader *reader;
    muster_rc (*open)(const struct muster_source *source, void **ret_self, muster_table_error *error);
} readers[] = {[MUSTER_TABLE_XLSX] = {&muster_xlsx_reader, muster_xlsx_open},
               [MUSTER_TABLE_CSV] = {&muster_csv_reader, muster_csv_open},
               [MUSTER_TABLE_JSON] = {&muster_json_reader, muster_json_open},
               [MUSTER_TABLE_JSONL] = {&muster_json_reader, muster_json_open},
               [MUSTER_TABLE_XML] = {&muster_xml_reader, muster_xml_open}};

muster_rc muster_table_open(int fd, const muster_table_options *options, muster_table **ret_table,
                            muster_table_error *error)
{
    static const struct muster_trial none;
    return muster_table_try(fd, options, &none, ret_table, error);
}

muster_rc muster_table_try(int fd, const muster_table_options *options, const struct muster_trial *trial,
                           muster_table **ret_table, muster_table_error *error)
{
    muster_table_options whole = options_whole(options);
    struct muster_source source = {.fd = fd, .trial = *trial, .options = &whole};
    muster_table *table = calloc(1, sizeof(*table));
    if (table)
        table->name = strdup(whole.name ? whole.name : "the file");
    if (!table || !table->name) {
        muster_table_close(table);
        return muster_table_fail(error, MUSTER_FAIL, "out of memory");
    }
    source.name = table->name;
    muster_rows_clear(&table->rows);
    muster_rc rc = source_look(&source, error);
    if (rc == MUSTER_OK)
        rc = source_format(&source, &whole.format, error);
    if (rc == MUSTER_OK) {
        table->format = whole.format;
        table->reader = readers[whole.format].reader;
        rc = readers[whole.format].open(&source, &table->self, error);
    }
    if (rc != MUSTER_OK) {
        muster_table_close(table);
        return rc;
    }
    *ret_table = table;
    return MUSTER_OK;
}

static void header_clear(muster_table *table)
{
    for (size_t n = 0; n < table->header.count; n++)
        free(table->names[n]);
    free(table->names);
    table->names = NULL;
    table->header = (muster_header){0};
}

void muster_table_close(muster_table *table)
{
    if (!table)
        return;
    if (table->self)
        table->reader->close(table->self);
    header_clear(table);
    muster_rows_done(&table->rows);
    free(table->name);
    free(table);
}

/* ---- rows ---- */

static muster_rc table_failed(muster_table *table, muster_table_error *error)
{
    if (error)
        *error = table->failed;
    return table->failed.rc;
}

static const muster_row *row_blamed(muster_table *table, const muster_row *row)
{
    table->row = *row;
    table->row.why = table->why;
    table->row.why_column = -1;
    return &table->row;
}

/* A record with more fields than the header cannot be trusted: most likely a delimiter stands in one of them. Nor can
 * the last one with fewer where the file has no end of line: what it does not say was not cleared, it has not come. */
static const muster_row *row_checked(muster_table *table, const muster_row *row)
{
    if (table->fields == 0 || row->count == table->fields || row->why)
        return row;
    if (row->count < table->fields) {
        if (!table->reader->ends_within || !table->reader->ends_within(table->self, row->number))
            return row;
        snprintf(table->why, sizeof(table->why), "the file ends within this line: was it cut off?");
        return row_blamed(table, row);
    }
    size_t count = row->count;
    while (count > table->fields && row->cells[count - 1].len == 0)
        count--;
    if (count == table->fields)
        return row;
    snprintf(table->why, sizeof(table->why), "it has %zu fields where the header has %zu", count, table->fields);
    return row_blamed(table, row);
}

muster_rc muster_table_next(muster_table *table, const muster_row **ret_row, muster_table_error *error)
{
    if (table->failed.rc != MUSTER_OK)
        return table_failed(table, error);
    const muster_row *row;
    do {
        row = muster_rows_next(&table->rows);
        if (!row) {
            if (table->reader->more(table->self, &table->rows, &table->failed) != MUSTER_OK)
                return table_failed(table, error);
            row = muster_rows_next(&table->rows);
        }
    } while (row && row->number < table->header.row); /* above the header, wherever the file has it */
    *ret_row = row ? row_checked(table, row) : NULL;
    return MUSTER_OK;
}

muster_rc muster_table_rewind(muster_table *table, muster_table_error *error)
{
    muster_rows_clear(&table->rows);
    table->failed = (muster_table_error){0};
    if (table->reader->rewind(table->self, &table->failed) != MUSTER_OK)
        return table_failed(table, error);
    return MUSTER_OK;
}

/* ---- the header ---- */

static const char *trimmed(const muster_cell *cell, size_t *ret_len)
{
    const char *text = cell->text;
    size_t len = cell->len;
    while (len > 0 && isspace((unsigned char)*text))
        text++, len--;
    while (len > 0 && isspace((unsigned char)text[len - 1]))
        len--;
    *ret_len = len;
    return text;
}

/* Cells that are not blank. *ret_texts: all of them are texts, each another one. */
static size_t row_filled(const muster_row *row, bool *ret_texts)
{
    size_t filled = 0;
    *ret_texts = !row->why;
    for (size_t n = 0; n < row->count; n++) {
        size_t len, other_len;
        const char *text = trimmed(&row->cells[n], &len);
        if (len == 0)
            continue;
        filled++;
        *ret_texts &= row->cells[n].type == MUSTER_TEXT && !(row->cells[n].flags & MUSTER_CELL_ERROR);
        for (size_t other = 0; *ret_texts && n < 256 && other < n; other++) {
            const char *before = trimmed(&row->cells[other], &other_len);
            *ret_texts &= other_len != len || memcmp(before, text, len) != 0;
        }
    }
    return filled;
}

static muster_rc header_find(muster_table *table, uint64_t *ret_number, muster_table_error *error)
{
    struct {
        uint64_t number;
        size_t filled;
    } candidates[HEADER_SEARCH];
    size_t count = 0, widest = 0;
    const muster_row *row = NULL;
    muster_rc rc;
    for (size_t n = 0; n < HEADER_SEARCH; n++) {
        if ((rc = muster_table_next(table, &row, error)) != MUSTER_OK)
            return rc;
        if (!row)
            break;
        bool texts;
        size_t filled = row_filled(row, &texts);
        if (texts && filled >= 2) {
            candidates[count].number = row->number;
            candidates[count++].filled = filled;
        }
        widest = filled > widest ? filled : widest;
    }
    for (size_t n = 0; n < count; n++)
        if (candidates[n].filled * 2 >= widest) {
            *ret_number = candidates[n].number;
            return muster_table_rewind(table, error);
        }
    return muster_table_fail(error, MUSTER_DATA,
                             "%s: none of the first %d rows looks like a header (texts only, each another one): set "
                             "header_row",
                             table->name, HEADER_SEARCH);
}

static muster_rc header_take(muster_table *table, const muster_row *row, muster_table_error *error)
{
    size_t len = 0, count = 0;
    for (size_t n = 0; n < row->count; n++) {
        trimmed(&row->cells[n], &len);
        count = len > 0 ? row->cells[n].column + 1 : count;
    }
    table->names = calloc(count ? count : 1, sizeof(*table->names));
    if (!table->names)
        return muster_table_fail(error, MUSTER_FAIL, "%s: out of memory", table->name);
    table->header = (muster_header){.row = row->number, .count = count, .names = (const char *const *)table->names};
    size_t cell = 0;
    for (size_t n = 0; n < count; n++) {
        const char *text = "";
        len = 0;
        while (cell < row->count && row->cells[cell].column < n)
            cell++;
        if (cell < row->count && row->cells[cell].column == n)
            text = trimmed(&row->cells[cell], &len);
        table->names[n] = strndup(text, len);
        if (!table->names[n])
            return muster_table_fail(error, MUSTER_FAIL, "%s: out of memory", table->name);
    }
    if (!muster_table_sheet_name(table))
        table->fields = row->count;
    return MUSTER_OK;
}

muster_rc muster_table_header(muster_table *table, uint64_t wanted, const muster_header **ret_header,
                              muster_table_error *error)
{
    const muster_row *row = NULL;
    if (is_nested(table->format))
        return muster_table_fail(error, MUSTER_CONFIG, "%s has no header: its values have names", table->name);
    muster_rc rc = wanted == 0 ? header_find(table, &wanted, error) : MUSTER_OK;
    do {
        if (rc == MUSTER_OK)
            rc = muster_table_next(table, &row, error);
    } while (rc == MUSTER_OK && row && row->number < wanted);
    if (rc != MUSTER_OK)
        return rc;
    char place[200];
    muster_cell_place(table, wanted, -1, place, sizeof(place));
    bool texts;
    if (row && row->number == wanted && row->why)
        return muster_table_fail(error, MUSTER_DATA, "%s: %s: the header cannot be read: %s", table->name, place,
                                 row->why);
    bool behind = row && row->number > wanted && muster_table_sheet_name(table);
    if (!row || row->number != wanted || row_filled(row, &texts) == 0)
        return muster_table_fail(error, MUSTER_DATA, "%s: %s: there is no header: the row is empty%s", table->name,
                                 place, behind ? ", missing or behind other rows" : " or missing");
    header_clear(table);
    rc = header_take(table, row, error);
    if (rc == MUSTER_OK)
        *ret_header = &table->header;
    return rc;
}

/* ---- saying where ---- */

int32_t muster_table_format(const muster_table *table)
{
    return table->format;
}

const char *muster_table_sheet_name(const muster_table *table)
{
    return table->reader->sheet_name ? table->reader->sheet_name(table->self) : NULL;
}

const char *muster_table_name(const muster_table *table, uint32_t column)
{
    const struct muster_paths *paths = table->reader->paths ? table->reader->paths(table->self) : NULL;
    return paths && column < paths->name_count ? paths->names[column] : NULL;
}

const char *muster_table_left_out(const muster_table *table)
{
    const struct muster_paths *paths = table->reader->paths ? table->reader->paths(table->self) : NULL;
    if (paths && paths->over)
        return "there are more than 2,000 names of values (or names of more than 1,000 bytes): the others are not read";
    if (paths && paths->long_text)
        return "objects or arrays of more than 256 KiB are not read as a whole, only what is in them";
    return NULL;
}

void muster_table_progress(const muster_table *table, uint64_t *ret_done, uint64_t *ret_total)
{
    table->reader->progress(table->self, ret_done, ret_total);
}

void muster_column_name(uint32_t column, char ret_name[8])
{
    char turned[8];
    size_t len = 0;
    for (uint64_t left = (uint64_t)column + 1; left > 0; left = (left - 1) / 26)
        turned[len++] = (char)('A' + (left - 1) % 26);
    for (size_t n = 0; n < len; n++)
        ret_name[n] = turned[len - 1 - n];
    ret_name[len] = '\0';
}

void muster_cell_place(const muster_table *table, uint64_t row, int32_t column, char *ret_place, size_t room)
{
    const char *sheet = muster_table_sheet_name(table);
    char name[8] = "";
    if (table->reader->place) {
        const char *value = column >= 0 ? muster_table_name(table, (uint32_t)column) : NULL;
        table->reader->place(table->self, row, ret_place, room);
        size_t len = strlen(ret_place);
        muster_path_pointer(value ? value : "", ret_place + len, room - len);
        return;
    }
    if (column >= 0)
        muster_column_name((uint32_t)column, name);
    if (sheet)
        snprintf(ret_place, room, "%s!%s%llu", sheet, name, (unsigned long long)row);
    else
        snprintf(ret_place, room, "line %llu%s%s", (unsigned long long)row, column >= 0 ? ", column " : "", name);
}
