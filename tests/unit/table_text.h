/* table_text - rows of a table as lines of text, so that a test is an input and its expected text.
 *
 *     3 A=text B=#12.5 C=@2026-05-01 D!bad: why */
#ifndef TESTS_TABLE_TEXT_H
#define TESTS_TABLE_TEXT_H

#include <muster/table.h>

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

static inline int bytes_fd(const void *bytes, size_t len)
{
    int fd = memfd_create("table", 0);
    if (fd < 0 || write(fd, bytes, len) != (ssize_t)len)
        abort();
    return fd;
}

static inline const char *type_mark(int32_t type)
{
    switch (type) {
    case MUSTER_DECIMAL: return "#";
    case MUSTER_DATE: return "@";
    case MUSTER_DATETIME: return "@@";
    case MUSTER_TIME: return "~";
    case MUSTER_BOOL: return "?";
    default: return "";
    }
}

static inline void row_text(FILE *out, const muster_row *row)
{
    fprintf(out, "%llu", (unsigned long long)row->number);
    for (size_t n = 0; n < row->count; n++) {
        const muster_cell *cell = &row->cells[n];
        char name[8];
        if (strlen(cell->text) != cell->len)
            fprintf(out, " (not terminated)");
        muster_column_name(cell->column, name);
        fprintf(out, " %s=%s%s%s", name,
                cell->flags & MUSTER_CELL_ERROR ? "!"
                : cell->flags & MUSTER_CELL_ODD ? "odd"
                                                : "",
                type_mark(cell->type), cell->text);
    }
    if (row->why)
        fprintf(out, " BAD %d: %s", row->why_column, row->why);
    fputc('\n', out);
}

/* All rows, then the error's sentence if there is one. The caller frees. header < 0: none is read. */
static inline char *table_text(int fd, const muster_table_options *options, int header)
{
    char *text = NULL;
    size_t len = 0;
    FILE *out = open_memstream(&text, &len);
    muster_table *table = NULL;
    muster_table_error error = {0};
    muster_rc rc = muster_table_open(fd, options, &table, &error);
    const muster_header *names;
    if (rc == MUSTER_OK && header >= 0 &&
        (rc = muster_table_header(table, (uint64_t)header, &names, &error)) == MUSTER_OK) {
        fprintf(out, "header %llu:", (unsigned long long)names->row);
        for (size_t n = 0; n < names->count; n++)
            fprintf(out, " [%s]", names->names[n]);
        fputc('\n', out);
    }
    const muster_row *row = NULL;
    while (rc == MUSTER_OK && (rc = muster_table_next(table, &row, &error)) == MUSTER_OK && row)
        row_text(out, row);
    if (rc != MUSTER_OK)
        fprintf(out, "error %d: %s\n", rc, error.text);
    muster_table_close(table);
    fclose(out);
    return text;
}

#endif
