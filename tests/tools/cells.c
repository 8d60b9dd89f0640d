/* cells - what the row reader makes of a file, as JSON lines: the tests' view of a table.
 *
 *     cells [--slow] [--chunk N] FILE [SHEET...]
 *
 * Without SHEET the first visible one, or the text file. A line is one of
 *
 *     ["sheet","Employees"]               what follows is of this sheet; null: a text file
 *     ["B2","text","Zoë"]                 or number, bool, date, datetime, time, error (what it computed), odd (a
 *                                         number that is formatted as a day that does not exist)
 *     ["/0/address/city","text","Bergen"]  in JSON and XML, where null is a type, too; objects and arrays are left out
 *     ["bad",3,"why row 3 is not to be trusted"]
 *     ["refused",-5,"why the file is not read, or not read any further"]
 *
 * --slow: by libxml2 alone. --chunk: at most N bytes are read at once. */
#include "table_parts.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static void put_text(const char *text, size_t len)
{
    putchar('"');
    for (const char *at = text; at < text + len; at++) {
        if (*at == '"' || *at == '\\')
            printf("\\%c", *at);
        else if ((unsigned char)*at < ' ')
            printf("\\u%04x", (unsigned char)*at);
        else
            putchar(*at);
    }
    putchar('"');
}

static const char *type_name(const muster_cell *cell)
{
    if (cell->flags & MUSTER_CELL_ERROR)
        return "error";
    if (cell->flags & MUSTER_CELL_ODD)
        return "odd";
    if (cell->flags & MUSTER_CELL_NULL)
        return "null";
    switch (cell->type) {
    case MUSTER_DECIMAL: return "number";
    case MUSTER_BOOL: return "bool";
    case MUSTER_DATE: return "date";
    case MUSTER_DATETIME: return "datetime";
    case MUSTER_TIME: return "time";
    default: return "text";
    }
}

static void put_row(const muster_table *table, const muster_row *row)
{
    for (size_t n = 0; n < row->count; n++) {
        const muster_cell *cell = &row->cells[n];
        char place[500];
        if (cell->type == MUSTER_JSON)
            continue;
        muster_column_name(cell->column, place);
        size_t len = strlen(place);
        snprintf(place + len, sizeof(place) - len, "%llu", (unsigned long long)row->number);
        if (muster_table_name(table, cell->column))
            muster_cell_place(table, row->number, (int32_t)cell->column, place, sizeof(place));
        putchar('[');
        put_text(place, strlen(place));
        printf(",\"%s\",", type_name(cell));
        put_text(cell->text, cell->len);
        printf("]\n");
    }
    if (row->why)
        printf("[\"bad\",%llu,\"%s\"]\n", (unsigned long long)row->number, row->why);
}

static void put_table(int fd, const char *file, const char *sheet, const struct muster_trial *trial)
{
    const char *slash = strrchr(file, '/');
    muster_table_options options = {.size = sizeof(options), .name = slash ? slash + 1 : file, .sheet = sheet};
    muster_table *table = NULL;
    muster_table_error error = {0};
    const muster_row *row;
    muster_rc rc = muster_table_try(fd, &options, trial, &table, &error);
    if (rc == MUSTER_OK) {
        const char *name = muster_table_sheet_name(table);
        printf("[\"sheet\",");
        name ? put_text(name, strlen(name)) : (void)printf("null");
        printf("]\n");
    }
    while (rc == MUSTER_OK && (rc = muster_table_next(table, &row, &error)) == MUSTER_OK && row)
        put_row(table, row);
    if (rc != MUSTER_OK) {
        printf("[\"refused\",%d,", rc);
        put_text(error.text, strlen(error.text));
        printf("]\n");
    }
    muster_table_close(table);
}

int main(int count, char **words)
{
    struct muster_trial trial = {0};
    int at = 1;
    for (; at < count && strncmp(words[at], "--", 2) == 0; at++) {
        if (strcmp(words[at], "--slow") == 0)
            trial.slow = true;
        else if (strcmp(words[at], "--chunk") == 0 && at + 1 < count)
            trial.chunk = strtoul(words[++at], NULL, 10);
        else
            at = count;
    }
    int fd = at < count ? open(words[at], O_RDONLY | O_CLOEXEC) : -1;
    if (fd < 0) {
        fprintf(stderr, "usage: cells [--slow] [--chunk N] FILE [SHEET...]\n");
        return 2;
    }
    const char *file = words[at++];
    do
        put_table(fd, file, at < count ? words[at] : NULL, &trial);
    while (++at < count);
    close(fd);
    return 0;
}
