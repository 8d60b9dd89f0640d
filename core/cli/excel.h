/* excel - a table for people who work in Excel: a header that stays in sight, a filter, times that sort.
 *
 * libxlsxwriter makes it, opened by name when a command first needs it, as
 * broker/curl does: linked, it would cost every start of muster. The file
 * appears under its name when it is whole, readable by its owner alone.
 *
 *     struct excel *book TIDY(excel_free) = NULL;
 *     int rc = excel_new(path, "Inbox", columns, count, &book, err);
 *     ... excel_cell() for each column of each row ...
 *     rc = excel_finish(book, err); */
#ifndef CLI_EXCEL_H
#define CLI_EXCEL_H

#include "base/error.h"
#include "base/tidy.h"

#include <stddef.h>

struct excel;

struct excel_column {
    const char *name;
    unsigned width; /* in characters */
};

/* Nothing of the columns is kept. ERR_UNSUPPORTED: the library is not installed; or what the disk said; with a
 * sentence. */
int excel_new(const char *path, const char *sheet, const struct excel_column *columns, size_t count,
              struct excel **ret_excel, struct err *err);
void excel_free(struct excel *excel); /* what is not finished leaves nothing behind */

/* The next cell, left to right, row by row. A text is a text whatever it begins with; "2026-03-02" and "2026-03-02
 * 07:30" as `time` are days and times of Excel's own. Sticky: the first failure comes out of excel_finish(). */
void excel_cell(struct excel *excel, const char *text, size_t len);
void excel_time(struct excel *excel, const char *text);

int excel_finish(struct excel *excel, struct err *err);

DEFINE_TIDY(struct excel *, excel_free)

#endif
