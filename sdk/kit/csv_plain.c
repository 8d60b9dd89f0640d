/* csv_plain - records of a text file that have no quoted field: cells are pointed at where they stand, and only their
 * delimiters become the '\\0' behind each.
 *
 * Looks at nothing but marks: where the delimiters, ends of line and quotes
 * are. What is not ordinary, or not whole in the window, is left as it was
 * found, for csv.c. A test holds both to the same cells. */
#include "csv_parts.h"

#include <stdlib.h>

#define PIECE ((size_t)16 << 10) /* bytes that are marked at once */

muster_rc muster_csv_plain_init(struct csv *csv, muster_table_error *error)
{
    if (strchr("\"\r\n", csv->delimiter))
        return MUSTER_OK; /* by sep=; such a file is read with care */
    csv->marks = malloc((PIECE + 64) * sizeof(*csv->marks));
    return csv->marks ? MUSTER_OK : muster_table_fail(error, MUSTER_FAIL, "%s: out of memory", csv->name);
}

void muster_csv_unmark(struct csv *csv)
{
    csv->mark_base = csv->mark_end = csv->mark_count = csv->mark_next = 0;
}

/* Goes to the first mark of the record at pos. `unfinished`: it did not end where the marks do. False: nor can it. */
static bool marks_seek(struct csv *csv, bool unfinished)
{
    if (unfinished && (csv->mark_base == csv->pos || csv->mark_end == csv->window.len))
        return false;
    if (unfinished || csv->pos < csv->mark_base || csv->pos >= csv->mark_end) {
        size_t len = csv->window.len - csv->pos;
        len = len > PIECE ? PIECE : len;
        csv->mark_base = csv->pos;
        csv->mark_end = csv->pos + len;
        csv->mark_next = 0;
        csv->mark_count = muster_wide_marks(csv->window.data + csv->pos, len, csv->delimiter, csv->marks);
    }
    while (csv->mark_next < csv->mark_count && csv->mark_base + csv->marks[csv->mark_next] < csv->pos)
        csv->mark_next++;
    return true;
}

enum taken { TAKEN, UNFINISHED, ODD };

/* It is not taken after all. */
static enum taken record_leave(enum taken taken, const muster_cell *cell, const muster_cell *end, char delimiter)
{
    for (; cell < end; cell++)
        *(char *)(uintptr_t)(cell->text + cell->len) = delimiter;
    return taken;
}

/* The record at pos. */
static enum taken record_take(struct csv *csv, struct muster_rows *rows)
{
    char *data = csv->window.data, *from = data + csv->pos, *base = data + csv->mark_base;
    const uint32_t *mark = csv->marks + csv->mark_next, *marks_end = csv->marks + csv->mark_count;
    muster_cell *first = rows->cells ? rows->cells + rows->cell_count : NULL, *cell = first;
    muster_cell *room = first ? rows->cells + rows->cell_room : NULL;
    char delimiter = csv->delimiter;
    if (!first || rows->rc != MUSTER_OK)
        return ODD;
    if (room - cell > MUSTER_TABLE_COLUMNS)
        room = cell + MUSTER_TABLE_COLUMNS;
    for (; mark < marks_end; mark++) {
        char *at = base + *mark;
        if (*at == '"') {
            if (at == from)
                return record_leave(ODD, first, cell, delimiter);
            continue; /* a quote within a plain field is itself */
        }
        size_t len = (size_t)(at - from);
        if (cell == room || len > MUSTER_TABLE_CELL)
            return record_leave(ODD, first, cell, delimiter);
        *cell =
            (muster_cell){.column = (uint32_t)(cell - first), .type = MUSTER_TEXT, .len = (uint32_t)len, .text = from};
        from = at + 1;
        if (*at == delimiter) {
            *at = '\0';
            cell++;
            continue;
        }
        if (*at == '\r') {
            if ((size_t)(from - data) == csv->window.len)
                return record_leave(ODD, first, cell, delimiter); /* is there a '\n' behind it? */
            mark += *from == '\n';
            from += *from == '\n';
        }
        *at = '\0';
        cell++;
        rows->cell_count += cell - first > 1 || len > 0 ? (size_t)(cell - first) : 0;
        if (rows->cell_count > rows->open_cell)
            muster_rows_end(rows, csv->line);
        csv->line++;
        csv->pos = (size_t)(from - data);
        csv->mark_next = (size_t)(mark + 1 - csv->marks);
        return TAKEN;
    }
    return record_leave(UNFINISHED, first, cell, delimiter);
}

bool muster_csv_plain(struct csv *csv, struct muster_rows *rows, size_t most)
{
    size_t count = 0;
    enum taken taken = TAKEN;
    while (count < most && taken != ODD && csv->pos < csv->window.len && marks_seek(csv, taken == UNFINISHED)) {
        taken = record_take(csv, rows);
        count += taken == TAKEN;
    }
    return count > 0;
}
