/* sheet - the connector for workbooks, CSV, JSON and XML files on an SFTP server or in a local folder.
 *
 * Reads the files that `location` names through the broker, row by row, and
 * emits each row as a record of the stream that the organization's file names.
 * Everybody is read each time: who is no longer in the file is gone. */
#include "sheet.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define FILES_MAX 1000
#define SAMPLE_ROWS 200    /* of discover(): enough to see most words of a status, and both ways to write a day */
#define STREAM "employees" /* what discover() suggests */

static const muster_option options[] = {
    {.name = "location",
     .type = MUSTER_TEXT,
     .flags = MUSTER_REQUIRED | MUSTER_PLACE,
     .doc =
         "Where the file is: sftp://user@host/folder/employees-*.xlsx or an absolute local path, with * and ? in the "
         "last part. Of a target the file that is written: a plain name that ends in .xlsx, .csv, .json, .jsonl or "
         ".xml."},
    {.name = "sheet",
     .serves = "!format=csv|json|jsonl|xml !location=*.csv|*.json|*.jsonl|*.xml; format=xlsx",
     .type = MUSTER_TEXT,
     .initial = "1",
     .doc = "The worksheet's name, or its number among the visible ones from 1."},
    {.name = "header_row",
     .serves = "!format=json|jsonl|xml !location=*.json|*.jsonl|*.xml; format=xlsx|csv",
     .type = MUSTER_INTEGER,
     .initial = "1",
     .max = MUSTER_TABLE_ROWS,
     .doc = "The row with the column names; 0 looks for it in the first 50 rows."},
    {.name = "after_read",
     .type = MUSTER_CHOICE,
     .initial = "keep",
     .choices = "keep|archive|delete",
     .doc = "What becomes of a file once everything read from it is stored."},
    {.name = "archive_to",
     .serves = "after_read=archive",
     .type = MUSTER_TEXT,
     .initial = "archive",
     .flags = MUSTER_PLACE,
     .doc = "The folder that after_read: archive moves files to; a relative one is beside the file, as in "
            "../done."},
    {.name = "files",
     .type = MUSTER_CHOICE,
     .initial = "newest",
     .choices = "newest|all|sequence",
     .doc = "Which of the files that match location are read: the newest one; all of them together, as one snapshot; "
            "or one after the other, oldest first, each a run of its own."},
    {.name = "order",
     .serves = "files=sequence",
     .type = MUSTER_CHOICE,
     .initial = "time",
     .choices = "time|name",
     .doc = "What a sequence goes by: when files were last changed, or their names."},
    {.name = "stable_for",
     .type = MUSTER_SECONDS,
     .initial = "0",
     .doc = "How long a file must have kept its size and time before it is taken, as in 30s; 0: it need not."},
    {.name = "ready_marker",
     .type = MUSTER_TEXT,
     .doc = "The name of a file beside it that says a file is whole, as in {name}.done or {stem}.ok, or READY for all; "
            "it is put away with it."},
    {.name = "ignore",
     .type = MUSTER_TEXT,
     .initial = "*.tmp, *.part, *.partial, *.filepart, *.crdownload, ~$*",
     .doc = "Names of unfinished uploads, which a pattern in location never takes; files with a dot before their name "
            "are not taken either."},
    {.name = "receipts",
     .type = MUSTER_TEXT,
     .doc = "The name of a small CSV file for the sender that says what came of a file, as in {name}.receipt.csv or "
            "archive/{stem}-{run}.csv; {date} and {run} may be in it. No one's data are."},
    {.name = "rejects",
     .type = MUSTER_TEXT,
     .doc = "The name of a file for the sender with the rows that were not taken, in their own columns, and what is "
            "wrong with each, as in {stem}-rejects.xlsx or rejects/{stem}-{date}.csv; it lies beside the file and goes "
            "when nothing is wrong any more. It has people's data in it."},
    {.name = "format",
     .type = MUSTER_CHOICE,
     .initial = "auto",
     .choices = "auto|xlsx|csv|json|jsonl|xml",
     .doc = "What kind of file it is; auto looks into it, and at its name where that leaves a doubt."},
    {.name = "rows",
     .serves = "!format=xlsx|csv|jsonl !location=*.xlsx|*.csv|*.jsonl; format=json|xml",
     .type = MUSTER_TEXT,
     .doc = "Where the rows are in a JSON file, the path of a list such as data.employees; in an XML file their "
            "elements, /employees/employee or employee at any depth. Unset: the root list, or all below the root."},
    {.name = "encoding",
     .serves = "!format=xlsx !location=*.xlsx; format=csv|json|jsonl|xml",
     .type = MUSTER_CHOICE,
     .initial = "auto",
     .choices = "auto|utf-8|utf-16le|utf-16be|windows-1252|iso-8859-1",
     .doc = "How a text file writes its letters; auto finds out."},
    {.name = "delimiter",
     .serves = "!format=xlsx|json|jsonl|xml !location=*.xlsx|*.json|*.jsonl|*.xml; format=csv",
     .type = MUSTER_TEXT,
     .initial = "auto",
     .doc = "What stands between the fields of a CSV file: one character, tab, or auto."},
    {.name = "on_missing",
     .type = MUSTER_CHOICE,
     .initial = "deactivate",
     .choices = "deactivate|ignore",
     .doc = "What happens to people who are no longer in the file."},
    {0}};

static const muster_stream streams[] = {
    {.name = STREAM,
     .doc = "The rows of the sheet; any name will do.",
     .flags = MUSTER_READ_FULL | MUSTER_WRITE | MUSTER_SNAPSHOT | MUSTER_DYNAMIC | MUSTER_KEYLESS,
     .gone = MUSTER_BY_ABSENCE},
    {0}};

/* One file of a pull. */
struct file {
    char *name; /* a whole place */
    int fd;
    uint64_t size;
};

struct sheet {
    muster_run *run;
    const muster_host *host;
    struct file *files;
    size_t count;
    uint64_t total, before; /* bytes of all files; of those that are read */
    uint64_t rows;          /* emitted and rejected */
};

static const char *base_name(const char *place)
{
    const char *slash = strrchr(place, '/');
    return slash && slash[1] ? slash + 1 : place;
}

static const char *option(const struct sheet *sheet, const char *name, const char *initial)
{
    const char *value = sheet->host->text(sheet->run, name);
    return value && *value ? value : initial;
}

static muster_rc sheet_fail(const struct sheet *sheet, const muster_table_error *error)
{
    return sheet->host->fail(sheet->run, error->rc, "%s", error->text);
}

static void sheet_done(struct sheet *sheet)
{
    for (size_t n = 0; n < sheet->count; n++) {
        free(sheet->files[n].name);
        if (sheet->files[n].fd >= 0)
            close(sheet->files[n].fd);
    }
    free(sheet->files);
}

/* ---- files ---- */

static muster_rc files_add(struct sheet *sheet, const char *name, uint64_t size)
{
    struct file *bigger = realloc(sheet->files, (sheet->count + 1) * sizeof(*bigger));
    if (!bigger)
        return sheet->host->fail(sheet->run, MUSTER_FAIL, "out of memory");
    sheet->files = bigger;
    char *copy = strdup(name);
    if (!copy)
        return sheet->host->fail(sheet->run, MUSTER_FAIL, "out of memory");
    sheet->files[sheet->count++] = (struct file){.name = copy, .fd = -1, .size = size};
    sheet->total += size;
    return MUSTER_OK;
}

/* Finds and fetches: all of them before the first is read, so that they are of one moment. */
static muster_rc files_fetch(struct sheet *sheet, bool all)
{
    const char *location = option(sheet, "location", "");
    muster_rc rc = MUSTER_OK;
    for (size_t nth = 0; rc == MUSTER_OK && (nth == 0 || all); nth++) {
        const char *name = NULL;
        uint64_t size = 0;
        int64_t mtime;
        rc = sheet->host->list(sheet->run, location, nth, &name, &size, &mtime);
        if (rc == MUSTER_GONE && nth > 0)
            break; /* with none at all the host has said which place is empty */
        if (rc == MUSTER_OK && nth >= FILES_MAX)
            return sheet->host->fail(sheet->run, MUSTER_CONFIG,
                                     "more than %d files match %s: archive those that are done", FILES_MAX, location);
        if (rc == MUSTER_OK)
            rc = files_add(sheet, name, size);
    }
    if (rc == MUSTER_GONE && sheet->count > 0)
        rc = MUSTER_OK;
    for (size_t n = 0; rc == MUSTER_OK && n < sheet->count; n++)
        rc = sheet->host->fetch(sheet->run, sheet->files[n].name, &sheet->files[n].fd);
    return rc;
}

static muster_rc files_afterwards(const struct sheet *sheet)
{
    const char *what = option(sheet, "after_read", "keep"), *to = option(sheet, "archive_to", "archive");
    int32_t act = strcmp(what, "archive") == 0  ? MUSTER_ARCHIVE
                  : strcmp(what, "delete") == 0 ? MUSTER_REMOVE
                                                : MUSTER_LEAVE;
    muster_rc rc = MUSTER_OK;
    for (size_t n = 0; n < sheet->count && act != MUSTER_LEAVE && rc == MUSTER_OK; n++)
        rc = sheet->host->afterwards(sheet->run, sheet->files[n].name, act, act == MUSTER_ARCHIVE ? to : NULL);
    return rc;
}

static int32_t format_option(const struct sheet *sheet)
{
    static const char *const names[] = {"auto", "xlsx",  "csv",
                                        "json", "jsonl", "xml"}; /* in the order of MUSTER_TABLE_… */
    const char *format = option(sheet, "format", "auto");
    for (size_t n = 0; n < sizeof(names) / sizeof(*names); n++)
        if (strcmp(names[n], format) == 0)
            return (int32_t)n;
    return MUSTER_TABLE_AUTO;
}

/* Opens one file's table and reads its layout. */
static muster_rc file_open(const struct sheet *sheet, const struct file *file, muster_table **ret_table,
                           struct layout *layout)
{
    const char *name = base_name(file->name);
    muster_table_options wanted = {.size = sizeof(wanted),
                                   .format = format_option(sheet),
                                   .name = name,
                                   .sheet = option(sheet, "sheet", "1"),
                                   .encoding = option(sheet, "encoding", "auto"),
                                   .delimiter = option(sheet, "delimiter", "auto"),
                                   .rows = option(sheet, "rows", NULL)};
    uint64_t header_row = strtoull(option(sheet, "header_row", "1"), NULL, 10);
    muster_table_error error = {0};
    muster_table *table = NULL;
    muster_rc rc = muster_table_open(file->fd, &wanted, &table, &error);
    if (rc == MUSTER_OK)
        rc = nested_is(table) ? nested_read(layout, table, name, sheet->count > 1, &error)
                              : layout_read(layout, table, header_row, name, sheet->count > 1, &error);
    if (rc != MUSTER_OK) {
        muster_table_close(table);
        return sheet_fail(sheet, &error);
    }
    *ret_table = table;
    return MUSTER_OK;
}

/* ---- rows ---- */

static void row_put(const struct sheet *sheet, struct layout *layout, const muster_row *row, muster_record *record)
{
    for (size_t n = 0; n < row->count; n++) {
        const muster_cell *cell = &row->cells[n];
        int32_t nth = cell->column < layout->width ? layout->nth[cell->column] : -1;
        if (nth < 0 && cell->len > 0 && !layout->warned) {
            char name[8];
            layout->warned = true;
            muster_column_name(cell->column, name);
            sheet->host->log(sheet->run, MUSTER_WARN,
                             "row %" PRIu64 " has a value in column %s, which has no header: such values are not read",
                             row->number, name);
        }
        if (nth < 0 || cell->len == 0)
            continue; /* what is not put is empty */
        bool broken = cell->flags & MUSTER_CELL_ERROR;
        sheet->host->put_nth(record, (size_t)nth, cell->type, broken ? NULL : cell->text, broken ? 0 : cell->len);
    }
}

static muster_rc row_give(const struct sheet *sheet, const char *stream, struct layout *layout, const muster_row *row)
{
    char place[450];
    if (layout->table)
        return nested_give(sheet->run, stream, layout, row);
    if (row->why) {
        layout_place(layout, row->number, row->why_column, place, sizeof(place));
        return sheet->host->reject(sheet->run, stream, NULL, place, row->why);
    }
    layout_place(layout, row->number, -1, place, sizeof(place));
    if (!sheet->host->take(sheet->run, stream, NULL, place))
        return MUSTER_OK;
    muster_record *record = sheet->host->record(sheet->run, stream, NULL, place);
    if (record)
        row_put(sheet, layout, row, record);
    return sheet->host->emit(sheet->run, record);
}

static void show_progress(const struct sheet *sheet, const muster_table *table, const struct file *file)
{
    uint64_t done = 0, total = 0;
    muster_table_progress(table, &done, &total);
    double share = total ? (double)done / (double)total : 1;
    sheet->host->progress(sheet->run, sheet->before + (uint64_t)(share * (double)file->size), sheet->total);
}

static muster_rc rows_give(struct sheet *sheet, const struct file *file, muster_table *table, struct layout *layout,
                           const char *stream, uint64_t limit)
{
    const muster_row *row = NULL;
    muster_table_error error = {0};
    for (uint64_t n = 0; limit == 0 || sheet->rows < limit; n++) {
        if (n % 256 == 0 && sheet->host->cancelled(sheet->run))
            return MUSTER_CANCELLED;
        if (n % 2048 == 0)
            show_progress(sheet, table, file);
        muster_rc rc = muster_table_next(table, &row, &error);
        if (rc != MUSTER_OK)
            return sheet_fail(sheet, &error);
        if (!row)
            break;
        if (!layout->table && !row->why && row_blank(row))
            continue;
        rc = row_give(sheet, stream, layout, row);
        if (rc != MUSTER_OK && rc != MUSTER_DATA) /* DATA: the host has rejected this one itself */
            return rc;
        sheet->rows++;
    }
    if (muster_table_left_out(table))
        sheet->host->log(sheet->run, MUSTER_WARN, "%s: %s", base_name(file->name), muster_table_left_out(table));
    return MUSTER_OK;
}

/* JSON and XML say none: their records have what is there. */
static muster_rc columns_tell(const struct sheet *sheet, const char *stream, const struct layout *layout)
{
    if (layout->table)
        return MUSTER_OK;
    return sheet->host->columns(sheet->run, stream, (const char *const *)layout->names, layout->place_list,
                                layout->count);
}

/* All files, one after the other, as one table. */
static muster_rc files_give(struct sheet *sheet, const char *stream, uint64_t limit)
{
    struct layout first = {0};
    muster_rc rc = MUSTER_OK;
    for (size_t n = 0; n < sheet->count && rc == MUSTER_OK && (limit == 0 || sheet->rows < limit); n++) {
        const struct file *file = &sheet->files[n];
        struct layout other = {0}, *layout = n == 0 ? &first : &other;
        muster_table *table = NULL;
        muster_table_error error = {0};
        rc = file_open(sheet, file, &table, layout);
        if (rc == MUSTER_OK && n == 0)
            rc = columns_tell(sheet, stream, layout);
        if (rc == MUSTER_OK && n > 0 &&
            !layout_same(&first, base_name(sheet->files[0].name), layout, base_name(file->name), &error))
            rc = sheet_fail(sheet, &error);
        if (rc == MUSTER_OK)
            rc = rows_give(sheet, file, table, layout, stream, limit);
        sheet->before += file->size;
        muster_table_close(table);
        layout_done(&other);
    }
    layout_done(&first);
    return rc;
}

/* ---- roles ---- */

static bool all_files(const struct sheet *sheet)
{
    return strcmp(option(sheet, "files", "newest"), "all") == 0;
}

static muster_rc sheet_check(muster_run *run, void *self)
{
    struct sheet sheet = {.run = run, .host = run->host};
    (void)self;
    muster_rc rc = files_fetch(&sheet, false);
    struct layout layout = {0};
    muster_table *table = NULL;
    if (rc == MUSTER_OK)
        rc = file_open(&sheet, &sheet.files[0], &table, &layout);
    if (rc == MUSTER_OK)
        sheet.host->log(run, MUSTER_INFO, "%s: %zu %s", base_name(sheet.files[0].name), layout.count,
                        layout.table ? "names of values in the first rows" : "columns");
    muster_table_close(table);
    layout_done(&layout);
    sheet_done(&sheet);
    return rc;
}

static muster_rc fields_tell(const struct sheet *sheet, const struct layout *layout)
{
    muster_rc rc = MUSTER_OK;
    for (size_t n = 0; n < layout->count && rc == MUSTER_OK; n++) {
        muster_field field = {.name = layout->names[n],
                              .doc = layout->place_list[n],
                              .type = layout->types[n] ? layout->types[n] : MUSTER_TEXT};
        rc = sheet->host->field(sheet->run, STREAM, &field);
    }
    return rc;
}

static muster_rc sheet_discover(muster_run *run, void *self)
{
    struct sheet sheet = {.run = run, .host = run->host};
    (void)self;
    muster_rc rc = files_fetch(&sheet, false);
    struct layout layout = {0};
    muster_table *table = NULL;
    if (rc == MUSTER_OK)
        rc = file_open(&sheet, &sheet.files[0], &table, &layout);
    if (rc == MUSTER_OK)
        rc = fields_tell(&sheet, &layout);
    if (rc == MUSTER_OK)
        rc = columns_tell(&sheet, STREAM, &layout);
    if (rc == MUSTER_OK)
        rc = rows_give(&sheet, &sheet.files[0], table, &layout, STREAM, SAMPLE_ROWS);
    muster_table_close(table);
    layout_done(&layout);
    sheet_done(&sheet);
    return rc;
}

static muster_rc pull_files(struct sheet *sheet, const muster_pull *pull)
{
    muster_rc rc = files_fetch(sheet, all_files(sheet));
    /* Where files are put away, no file is no news; without any before, or where they stay, it is a mistake. */
    if (rc == MUSTER_GONE && strcmp(option(sheet, "after_read", "keep"), "keep") != 0 &&
        sheet->host->unchanged(sheet->run))
        return MUSTER_SAME;
    if (rc != MUSTER_OK)
        return rc;
    if (pull->limit == 0) {
        rc = files_afterwards(sheet);
        if (rc != MUSTER_OK)
            return rc;
    }
    if (sheet->host->unchanged(sheet->run))
        return MUSTER_SAME;
    rc = files_give(sheet, pull->stream, pull->limit);
    if (rc != MUSTER_OK)
        return rc;
    if (pull->limit > 0 && sheet->rows >= pull->limit)
        return sheet->host->partial(sheet->run, "only a sample was asked for");
    sheet->host->progress(sheet->run, sheet->total, sheet->total);
    return sheet->host->complete(sheet->run, sheet->rows);
}

static muster_rc sheet_pull(muster_run *run, void *self, const muster_pull *pull)
{
    struct sheet sheet = {.run = run, .host = run->host};
    (void)self;
    muster_rc rc = pull_files(&sheet, pull);
    sheet_done(&sheet);
    return rc;
}

MUSTER_CONNECTOR(sheet, .version = PACKAGE_VERSION,
                 .summary = "Excel workbooks, CSV, JSON and XML files, by SFTP or from a folder", .options = options,
                 .streams = streams, .check = sheet_check, .discover = sheet_discover, .pull = sheet_pull,
                 .apply = sheet_apply)
