/* rows_text - nested rows as lines of text, read with every size of chunk: all must give the same.
 *
 *     /employees/3 name="Zoë" address.city=null id=#17 emails=["a"] BAD line 4: why
 *     error -5: sentence */
#ifndef TESTS_ROWS_TEXT_H
#define TESTS_ROWS_TEXT_H

#include "table_text.h"

#include "table_parts.h"

#include <fcntl.h>

static inline void named_row_text(FILE *out, const muster_table *table, const muster_row *row)
{
    char place[200];
    muster_cell_place(table, row->number, -1, place, sizeof(place));
    fprintf(out, "%s", place);
    for (size_t n = 0; n < row->count && !row->why; n++) {
        const muster_cell *cell = &row->cells[n];
        const char *quote = cell->type == MUSTER_TEXT ? "\"" : "";
        if (strlen(cell->text) != cell->len)
            fprintf(out, " (not terminated)");
        if (cell->flags & MUSTER_CELL_NULL)
            fprintf(out, " %s=null", muster_table_name(table, cell->column));
        else
            fprintf(out, " %s=%s%s%s%s", muster_table_name(table, cell->column), type_mark(cell->type), quote,
                    cell->text, quote);
    }
    if (row->why)
        fprintf(out, " BAD %s", row->why);
    fputc('\n', out);
}

/* All rows, then the error's sentence if there is one. The caller frees. */
static inline char *rows_text_by(int fd, const muster_table_options *options, struct muster_trial trial)
{
    char *text = NULL;
    size_t len = 0;
    FILE *out = open_memstream(&text, &len);
    muster_table *table = NULL;
    muster_table_error error = {0};
    const muster_row *row = NULL;
    muster_rc rc = muster_table_try(fd, options, &trial, &table, &error);
    while (rc == MUSTER_OK && (rc = muster_table_next(table, &row, &error)) == MUSTER_OK && row)
        named_row_text(out, table, row);
    if (rc != MUSTER_OK)
        fprintf(out, "error %d: %s\n", rc, error.text);
    muster_table_close(table);
    fclose(out);
    return text;
}

/* chunk 0: the usual. */
static inline char *rows_text(int fd, const muster_table_options *options, size_t chunk)
{
    return rows_text_by(fd, options, (struct muster_trial){.chunk = chunk});
}

/* Reads bytes with chunks of 1, 2, 3... bytes, with whole ones, and with nothing scanned by hand. The caller frees. */
static inline char *rows_in_all_chunks(const void *bytes, size_t len, const muster_table_options *options)
{
    int fd = bytes_fd(bytes, len);
    char *whole = rows_text(fd, options, 0), *slow = rows_text_by(fd, options, (struct muster_trial){.slow = true});
    assert_string_equal(whole, slow);
    free(slow);
    size_t largest = len < 70 ? len : 70;
    for (size_t chunk = 1; chunk <= largest; chunk++) {
        char *text = rows_text(fd, options, chunk);
        assert_string_equal(text, whole);
        free(text);
    }
    close(fd);
    return whole;
}

static inline void expect_rows(const char *bytes, size_t len, const muster_table_options *options, const char *expected)
{
    char *text = rows_in_all_chunks(bytes, len, options);
    assert_string_equal(text, expected);
    free(text);
}

#endif
