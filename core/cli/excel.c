/* excel - a table for people who work in Excel. Writes one file. */
#include "cli/excel.h"

#include "base/buffer.h"
#include "base/date.h"
#include "base/mem.h"

#include <dlfcn.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>
#include <xlsxwriter.h>

#define LIBRARY "libxlsxwriter.so.4"
/* The longest text of a cell: Excel allows 32767 UTF-16 units, of which no UTF-8 text has more than it has bytes. */
enum { TEXT_MAX = 32767, ROWS_MAX = 1000000 };

#define CALLS(X)                                                                                                       \
    X(workbook_new_opt)                                                                                                \
    X(workbook_add_worksheet)                                                                                          \
    X(workbook_add_format)                                                                                             \
    X(workbook_close)                                                                                                  \
    X(lxw_workbook_free)                                                                                               \
    X(worksheet_write_string)                                                                                          \
    X(worksheet_write_datetime)                                                                                        \
    X(worksheet_set_column)                                                                                            \
    X(worksheet_freeze_panes)                                                                                          \
    X(worksheet_autofilter)                                                                                            \
    X(format_set_bold)                                                                                                 \
    X(format_set_num_format)                                                                                           \
    X(lxw_strerror)

struct calls {
#define CALL(name) __typeof__(name) *name;
    CALLS(CALL)
#undef CALL
};

struct excel {
    struct calls calls;
    char *path, *made; /* what it is to be called, and what it is called until it is whole */
    size_t columns, cells;
    lxw_workbook *book;
    lxw_worksheet *sheet;
    lxw_format *bold, *day, *time;
    struct buffer text;
    lxw_error fault;
    int rc;
};

static int load(struct calls *calls, struct err *err)
{
    void *library = dlopen(LIBRARY, RTLD_NOW | RTLD_LOCAL);
    if (!library) {
        const char *why = dlerror();
        return err_set(err, ERR_UNSUPPORTED, "a workbook needs %s, install libxlsxwriter4: %s", LIBRARY,
                       why ? why : "");
    }
    /* POSIX lets a data pointer from dlsym() be a function's; ISO C has no cast for that. */
#define CALL(name)                                                                                                     \
    if (!(*(void **)&calls->name = dlsym(library, #name)))                                                             \
        return err_set(err, ERR_UNSUPPORTED, "%s is too old: it has no %s", LIBRARY, #name);
    CALLS(CALL)
#undef CALL
    return 0;
}

void excel_free(struct excel *excel)
{
    if (!excel)
        return;
    if (excel->book)
        excel->calls.lxw_workbook_free(excel->book);
    if (excel->made)
        unlink(excel->made);
    free(excel->made);
    free(excel->path);
    buffer_done(&excel->text);
    free(excel);
}

static int disk_fail(const struct excel *excel, int error, struct err *err)
{
    return err_set(err, -error, "%s cannot be written: %s", excel->path, strerror(error));
}

/* The file under another name, for its owner's eyes. */
static int place(struct excel *excel, const char *path, struct err *err)
{
    excel->path = mem_text(path);
    excel->made = mem_format("%s.XXXXXX", path);
    if (!excel->path || !excel->made)
        return -ENOMEM;
    int fd = mkstemp(excel->made);
    if (fd < 0) {
        int error = errno;
        free(TAKE(excel->made));
        return disk_fail(excel, error, err);
    }
    close(fd);
    return 0;
}

static const char *folder(const struct excel *excel, char ret_folder[4096])
{
    const char *slash = strrchr(excel->path, '/');
    snprintf(ret_folder, 4096, "%.*s", slash ? (int)(slash - excel->path + 1) : 2, slash ? excel->path : "./");
    return ret_folder;
}

static int begin(struct excel *excel, const char *sheet, const struct excel_column *columns, struct err *err)
{
    const struct calls *calls = &excel->calls;
    char where[4096];
    lxw_workbook_options how = {.tmpdir = (char *)folder(excel, where)};
    excel->book = calls->workbook_new_opt(excel->made, &how);
    excel->sheet = excel->book ? calls->workbook_add_worksheet(excel->book, sheet) : NULL;
    lxw_format **formats[] = {&excel->bold, &excel->day, &excel->time};
    for (size_t i = 0; excel->sheet && i < sizeof(formats) / sizeof(formats[0]); i++)
        if (!(*formats[i] = calls->workbook_add_format(excel->book)))
            excel->sheet = NULL;
    if (!excel->sheet)
        return err_set(err, -ENOMEM, "the workbook cannot be made: %s", err_text(-ENOMEM));
    calls->format_set_bold(excel->bold);
    calls->format_set_num_format(excel->day, "yyyy-mm-dd");
    calls->format_set_num_format(excel->time, "yyyy-mm-dd hh:mm");
    calls->worksheet_freeze_panes(excel->sheet, 1, 0);
    for (size_t i = 0; i < excel->columns; i++) {
        calls->worksheet_set_column(excel->sheet, (lxw_col_t)i, (lxw_col_t)i, columns[i].width, NULL);
        excel_cell(excel, columns[i].name, strlen(columns[i].name));
    }
    return 0;
}

int excel_new(const char *path, const char *sheet, const struct excel_column *columns, size_t count,
              struct excel **ret_excel, struct err *err)
{
    struct excel *excel TIDY(excel_free) = mem_new(1, sizeof(*excel));
    if (!excel)
        return -ENOMEM;
    excel->columns = count;
    int rc = load(&excel->calls, err);
    if (rc == 0)
        rc = place(excel, path, err);
    if (rc == 0)
        rc = begin(excel, sheet, columns, err);
    if (rc == 0)
        *ret_excel = TAKE(excel);
    return rc;
}

/* --- cells --- */

/* "_x0041_" would be read as "A". */
static bool looks_escaped(const char *text, size_t left)
{
    return left >= 7 && text[0] == '_' && text[1] == 'x' && text[6] == '_' &&
           strspn(text + 2, "0123456789abcdefABCDEF") >= 4;
}

/* The text as the library wants it: it cannot be told a length, and takes what looks like an escape for one. */
static const char *cell_text(struct excel *excel, const char *text, size_t len)
{
    struct buffer *out = &excel->text;
    buffer_clear(out);
    if (len > TEXT_MAX)
        for (len = TEXT_MAX; len > 0 && ((unsigned char)text[len] & 0xc0) == 0x80; len--)
            ;
    for (size_t i = 0; i < len; i++) {
        if (looks_escaped(text + i, len - i))
            buffer_text(out, "_x005F_");
        else
            buffer_byte(out, text[i] ? (uint8_t)text[i] : ' ');
    }
    buffer_byte(out, '\0');
    excel->rc = excel->rc ? excel->rc : out->rc;
    return out->data;
}

static bool next_cell(struct excel *excel, lxw_row_t *ret_row, lxw_col_t *ret_column)
{
    *ret_row = (lxw_row_t)(excel->cells / excel->columns);
    *ret_column = (lxw_col_t)(excel->cells++ % excel->columns);
    if (*ret_row > ROWS_MAX && excel->rc == 0)
        excel->rc = ERR_LIMIT;
    return excel->rc == 0 && excel->fault == LXW_NO_ERROR;
}

void excel_cell(struct excel *excel, const char *text, size_t len)
{
    lxw_row_t row;
    lxw_col_t column;
    if (!next_cell(excel, &row, &column) || len == 0)
        return;
    const char *said = cell_text(excel, text, len);
    if (excel->rc == 0)
        excel->fault =
            excel->calls.worksheet_write_string(excel->sheet, row, column, said, row == 0 ? excel->bold : NULL);
}

void excel_time(struct excel *excel, const char *text)
{
    lxw_row_t row;
    lxw_col_t column;
    struct moment moment = {0};
    size_t len = strlen(text);
    if (!date_parse(len > 10 ? "YYYY-MM-DD HH:MM" : "YYYY-MM-DD", text, len, &moment)) {
        excel_cell(excel, text, len);
        return;
    }
    if (!next_cell(excel, &row, &column))
        return;
    lxw_datetime at = {.year = moment.date.year,
                       .month = moment.date.month,
                       .day = moment.date.day,
                       .hour = moment.hour,
                       .min = moment.minute};
    excel->fault = excel->calls.worksheet_write_datetime(excel->sheet, row, column, &at,
                                                         moment.has_time ? excel->time : excel->day);
}

/* --- the end --- */

/* The library does not look whether the disk took the parts that it puts together: there must be room before. */
static int room(const struct excel *excel, struct err *err)
{
    enum { CELL = 200, BESIDES = 1 << 20 };
    char where[4096];
    struct statvfs disk;
    if (statvfs(folder(excel, where), &disk) == 0 &&
        (uint64_t)disk.f_bavail * disk.f_frsize < (uint64_t)excel->cells * CELL + BESIDES)
        return disk_fail(excel, ENOSPC, err);
    return 0;
}

static int put_away(struct excel *excel, struct err *err)
{
    if (rename(excel->made, excel->path) != 0)
        return disk_fail(excel, errno, err);
    free(TAKE(excel->made));
    return 0;
}

int excel_finish(struct excel *excel, struct err *err)
{
    const struct calls *calls = &excel->calls;
    if (excel->rc == ERR_LIMIT)
        return err_set(err, ERR_LIMIT, "%s: there are more rows than a worksheet can have", excel->path);
    int rc = excel->rc ? excel->rc : room(excel, err);
    if (rc != 0)
        return rc;
    lxw_row_t last = (lxw_row_t)((excel->cells - 1) / excel->columns);
    calls->worksheet_autofilter(excel->sheet, 0, 0, last, (lxw_col_t)(excel->columns - 1));
    lxw_error closed = calls->workbook_close(TAKE(excel->book));
    lxw_error fault = excel->fault != LXW_NO_ERROR ? excel->fault : closed;
    if (fault != LXW_NO_ERROR)
        return err_set(err, ERR_UNSUPPORTED, "%s cannot be made: %s", excel->path, calls->lxw_strerror(fault));
    return put_away(excel, err);
}
