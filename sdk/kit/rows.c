/* rows - cells of rows that were read and not yet handed out. */
#include "table_parts.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define ROW_TEXT_MAX ((size_t)64 << 20) /* bytes of one row's cells, and of what waits beside it */

struct muster_row_mark {
    uint64_t number;
    size_t first, count;
    const char *why;
    int32_t why_column;
};

void muster_bytes_done(struct muster_bytes *bytes)
{
    free(bytes->data);
    *bytes = (struct muster_bytes){.ceiling = bytes->ceiling};
}

static bool bytes_grow(struct muster_bytes *bytes, size_t len)
{
    if (len > bytes->ceiling || bytes->len > bytes->ceiling - len) {
        bytes->rc = MUSTER_DATA;
        return false;
    }
    size_t room = bytes->room ? bytes->room : 256;
    while (room < bytes->len + len)
        room *= 2;
    char *bigger = realloc(bytes->data, room);
    if (!bigger) {
        bytes->rc = MUSTER_FAIL;
        return false;
    }
    bytes->data = bigger;
    bytes->room = room;
    return true;
}

char *muster_bytes_reserve(struct muster_bytes *bytes, size_t len)
{
    if (bytes->rc != MUSTER_OK)
        return NULL;
    if (len > bytes->room - bytes->len && !bytes_grow(bytes, len))
        return NULL;
    char *place = bytes->data + bytes->len;
    bytes->len += len;
    return place;
}

void muster_bytes_add(struct muster_bytes *bytes, const void *data, size_t len)
{
    if (len == 0)
        return;
    char *place = muster_bytes_reserve(bytes, len);
    if (place)
        memcpy(place, data, len);
}

/* Sentences live as long as the rows that were handed out with them; the unfinished row's own stays. */
static void reasons_forget(struct muster_rows *rows, const char *but)
{
    size_t kept = 0;
    for (size_t n = 0; n < rows->reason_count; n++)
        if (rows->reasons[n] == but)
            rows->reasons[kept++] = rows->reasons[n];
        else
            free(rows->reasons[n]);
    rows->reason_count = kept;
}

void muster_rows_done(struct muster_rows *rows)
{
    reasons_forget(rows, NULL);
    free(rows->reasons);
    free(rows->cells);
    free(rows->marks);
    muster_bytes_done(&rows->text);
    *rows = (struct muster_rows){0};
}

void muster_rows_clear(struct muster_rows *rows)
{
    rows->cell_count = rows->mark_count = rows->mark_next = 0;
    rows->open_cell = rows->open_text = 0;
    rows->text.len = 0;
    rows->text.rc = MUSTER_OK;
    rows->why = NULL;
    rows->why_column = -1;
    rows->rc = MUSTER_OK;
    reasons_forget(rows, NULL);
}

static bool rows_room(struct muster_rows *rows, void **array, size_t *room, size_t item)
{
    size_t wanted = *room ? *room * 2 : 64;
    void *bigger = realloc(*array, wanted * item);
    if (!bigger) {
        rows->rc = MUSTER_FAIL;
        return false;
    }
    *array = bigger;
    *room = wanted;
    return true;
}

void muster_rows_cell(struct muster_rows *rows, uint32_t column, int32_t type, uint32_t flags, const char *text,
                      size_t len, bool stays)
{
    if (rows->rc != MUSTER_OK)
        return;
    if (len > MUSTER_TABLE_CELL) {
        muster_rows_blame(rows, (int32_t)column, "the cell is longer than 1 MiB");
        return;
    }
    if (rows->cell_count == rows->cell_room &&
        !rows_room(rows, (void **)&rows->cells, &rows->cell_room, sizeof(*rows->cells)))
        return;
    muster_cell *cell = &rows->cells[rows->cell_count];
    *cell = (muster_cell){.column = column, .type = type, .flags = flags, .len = (uint32_t)len, .text = text};
    if (!stays) {
        rows->text.ceiling = ROW_TEXT_MAX;
        uintptr_t offset = rows->text.len;
        char *copy = muster_bytes_reserve(&rows->text, len + 1);
        if (!copy) {
            rows->rc = rows->text.rc;
            return;
        }
        if (len > 0)
            memcpy(copy, text, len);
        copy[len] = '\0';
        cell->flags |= MUSTER_CELL_OFFSET;
        cell->text = (const char *)offset;
    }
    rows->cell_count++;
}

void muster_rows_blame(struct muster_rows *rows, int32_t column, const char *why)
{
    if (rows->why)
        return;
    rows->why = why;
    rows->why_column = column;
}

void muster_rows_blame_text(struct muster_rows *rows, int32_t column, const char *format, ...)
{
    char text[400];
    va_list args;
    if (rows->why || rows->rc != MUSTER_OK)
        return;
    if (rows->reason_count == rows->reason_room &&
        !rows_room(rows, (void **)&rows->reasons, &rows->reason_room, sizeof(*rows->reasons)))
        return;
    va_start(args, format);
    vsnprintf(text, sizeof(text), format, args);
    va_end(args);
    char *why = strdup(text);
    if (!why) {
        rows->rc = MUSTER_FAIL;
        return;
    }
    rows->reasons[rows->reason_count++] = why;
    muster_rows_blame(rows, column, why);
}

static int by_column(const void *one, const void *other)
{
    const muster_cell *a = one, *b = other;
    return a->column < b->column ? -1 : a->column > b->column;
}

void muster_rows_order(struct muster_rows *rows, const char *twice)
{
    size_t count = rows->cell_count - rows->open_cell;
    if (count < 2)
        return;
    muster_cell *cells = rows->cells + rows->open_cell;
    qsort(cells, count, sizeof(*cells), by_column);
    size_t kept = 0;
    for (size_t n = 0, same = 1; n < count; n += same) {
        for (same = 1; n + same < count && cells[n + same].column == cells[n].column;)
            same++;
        if (same > 1)
            muster_rows_blame(rows, (int32_t)cells[n].column, twice);
        else
            cells[kept++] = cells[n];
    }
    rows->cell_count = rows->open_cell + kept;
}

void muster_rows_end(struct muster_rows *rows, uint64_t number)
{
    if (rows->rc != MUSTER_OK)
        return;
    if (rows->mark_count == rows->mark_room &&
        !rows_room(rows, (void **)&rows->marks, &rows->mark_room, sizeof(*rows->marks)))
        return;
    rows->marks[rows->mark_count++] = (struct muster_row_mark){.number = number,
                                                               .first = rows->open_cell,
                                                               .count = rows->cell_count - rows->open_cell,
                                                               .why = rows->why,
                                                               .why_column = rows->why ? rows->why_column : -1};
    rows->open_cell = rows->cell_count;
    rows->open_text = rows->text.len;
    rows->why = NULL;
}

void muster_rows_drop(struct muster_rows *rows)
{
    rows->cell_count = rows->open_cell;
    rows->text.len = rows->open_text;
    rows->why = NULL;
}

/* Everything finished was handed out: moves the unfinished row to the front. */
static void rows_compact(struct muster_rows *rows)
{
    size_t count = rows->cell_count - rows->open_cell;
    if (count > 0 && rows->open_cell > 0)
        memmove(rows->cells, rows->cells + rows->open_cell, count * sizeof(*rows->cells));
    for (size_t n = 0; n < count; n++)
        if (rows->cells[n].flags & MUSTER_CELL_OFFSET)
            rows->cells[n].text = (const char *)((uintptr_t)rows->cells[n].text - rows->open_text);
    rows->cell_count = count;
    rows->text.len -= rows->open_text;
    if (rows->text.len > 0 && rows->open_text > 0)
        memmove(rows->text.data, rows->text.data + rows->open_text, rows->text.len);
    rows->open_cell = rows->open_text = 0;
    rows->mark_count = rows->mark_next = 0;
    reasons_forget(rows, rows->why);
}

const muster_row *muster_rows_next(struct muster_rows *rows)
{
    if (rows->mark_next == rows->mark_count) {
        rows_compact(rows);
        return NULL;
    }
    const struct muster_row_mark *mark = &rows->marks[rows->mark_next++];
    muster_cell *cells = rows->cells ? rows->cells + mark->first : NULL;
    for (size_t n = 0; n < mark->count && rows->text.len > 0; n++)
        if (cells[n].flags & MUSTER_CELL_OFFSET) {
            cells[n].text = rows->text.data + (uintptr_t)cells[n].text;
            cells[n].flags &= ~MUSTER_CELL_OFFSET;
        }
    rows->row = (muster_row){
        .number = mark->number, .count = mark->count, .cells = cells, .why = mark->why, .why_column = mark->why_column};
    return &rows->row;
}
