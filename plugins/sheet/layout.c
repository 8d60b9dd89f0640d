/* layout - which columns a sheet has, by its header and its first rows. */
#include "sheet.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define LOOK_AHEAD 200 /* rows */

bool row_blank(const muster_row *row)
{
    for (size_t n = 0; n < row->count; n++)
        for (uint32_t at = 0; at < row->cells[n].len; at++)
            if (!isspace((unsigned char)row->cells[n].text[at]))
                return false;
    return true;
}

/* What a column is that had values of type `before` and now has one of `now`; 0: none before. */
static int32_t type_joined(int32_t before, int32_t now)
{
    bool days = (before == MUSTER_DATE && now == MUSTER_DATETIME) || (before == MUSTER_DATETIME && now == MUSTER_DATE);
    return before == 0 || before == now ? now : days ? MUSTER_DATETIME : MUSTER_TEXT;
}

/* What the first rows show: the type of each column, 0 where nothing stands; *ret_width: columns with a value. */
static muster_rc columns_seen(muster_table *table, int32_t *types, size_t *ret_width, muster_table_error *error)
{
    const muster_row *row = NULL;
    for (int n = 0; n < LOOK_AHEAD; n++) {
        muster_rc rc = muster_table_next(table, &row, error);
        if (rc != MUSTER_OK || !row)
            return rc;
        for (size_t cell = 0; cell < row->count && !row->why; cell++) {
            const muster_cell *seen = &row->cells[cell];
            if (seen->len == 0 || (seen->flags & MUSTER_CELL_ERROR))
                continue;
            int32_t *type = &types[seen->column];
            *type = type_joined(*type, seen->type);
            *ret_width = seen->column + 1 > *ret_width ? seen->column + 1 : *ret_width;
        }
    }
    return MUSTER_OK;
}

/* The table starts anew and stops behind its header row. */
static muster_rc behind_header(muster_table *table, uint64_t header_row, muster_table_error *error)
{
    const muster_row *row = NULL;
    muster_rc rc = muster_table_rewind(table, error);
    do {
        if (rc == MUSTER_OK)
            rc = muster_table_next(table, &row, error);
    } while (rc == MUSTER_OK && row && row->number < header_row);
    return rc;
}

static bool layout_reserve(struct layout *layout, size_t width)
{
    size_t room = width ? width : 1;
    layout->names = calloc(room, sizeof(*layout->names));
    layout->places = calloc(room, sizeof(*layout->places));
    layout->place_list = calloc(room, sizeof(*layout->place_list));
    layout->types = calloc(room, sizeof(*layout->types));
    layout->nth = calloc(room, sizeof(*layout->nth));
    layout->width = width;
    return layout->names && layout->places && layout->place_list && layout->types && layout->nth;
}

static bool layout_take(struct layout *layout, const muster_header *header, const int32_t *types)
{
    for (size_t column = 0; column < layout->width; column++) {
        bool named = column < header->count && header->names[column][0];
        layout->nth[column] = -1;
        if (!named && types[column] == 0)
            continue;
        size_t n = layout->count++;
        layout->nth[column] = (int32_t)n;
        layout->types[n] = types[column];
        muster_column_name((uint32_t)column, layout->places[n]);
        layout->place_list[n] = layout->places[n];
        char unnamed[16];
        snprintf(unnamed, sizeof(unnamed), "column %s", layout->places[n]);
        layout->names[n] = strdup(named ? header->names[column] : unnamed);
        if (!layout->names[n])
            return false;
    }
    return true;
}

/* A '*' in a name would be taken for where the column goes. */
static void layout_prefix(struct layout *layout, const muster_table *table, const char *file, bool several)
{
    const char *sheet = muster_table_sheet_name(table);
    bool named = several || !sheet;
    snprintf(layout->prefix, sizeof(layout->prefix), "%.250s%s%.140s%s", named ? file : "", named ? ":" : "",
             sheet ? sheet : "", sheet ? "!" : "");
    for (char *star = layout->prefix; (star = strchr(star, '*')) != NULL;)
        *star = '_';
}

muster_rc layout_read(struct layout *layout, muster_table *table, uint64_t header_row, const char *file, bool several,
                      muster_table_error *error)
{
    const muster_header *header = NULL;
    int32_t *types = calloc(MUSTER_TABLE_COLUMNS, sizeof(*types));
    size_t width = 0;
    muster_rc rc = MUSTER_OK;
    *layout = (struct layout){0};
    if (!types)
        rc = MUSTER_FAIL;
    if (rc == MUSTER_OK)
        rc = muster_table_header(table, header_row, &header, error);
    if (rc == MUSTER_OK)
        rc = columns_seen(table, types, &width, error);
    if (rc == MUSTER_OK)
        rc = behind_header(table, header->row, error);
    if (rc == MUSTER_OK &&
        (!layout_reserve(layout, width > header->count ? width : header->count) || !layout_take(layout, header, types)))
        rc = MUSTER_FAIL;
    if (rc == MUSTER_OK)
        layout_prefix(layout, table, file, several);
    if (rc == MUSTER_FAIL && error->rc == MUSTER_OK)
        *error = (muster_table_error){MUSTER_FAIL, "out of memory"};
    free(types);
    return rc;
}

void layout_done(struct layout *layout)
{
    for (size_t n = 0; n < layout->count; n++) {
        free(layout->names[n]);
        if (layout->table)
            free((char *)layout->place_list[n]);
    }
    free(layout->names);
    free(layout->places);
    free(layout->place_list);
    free(layout->types);
    free(layout->nth);
    *layout = (struct layout){0};
}

bool layout_same(const struct layout *first, const char *first_file, const struct layout *other, const char *other_file,
                 muster_table_error *error)
{
    if (first->table || other->table) { /* names may differ from row to row anyway */
        if (first->table && other->table)
            return true;
        *error = (muster_table_error){.rc = MUSTER_DATA};
        snprintf(error->text, sizeof(error->text),
                 "%.150s has %s and %.150s has %s: files that are read together need the same format", other_file,
                 other->table ? "named values" : "columns", first_file, first->table ? "named values" : "columns");
        return false;
    }
    size_t count = first->count > other->count ? first->count : other->count;
    for (size_t n = 0; n < count; n++) {
        const char *one = n < first->count ? first->names[n] : "", *two = n < other->count ? other->names[n] : "";
        const char *place = n < other->count ? other->places[n] : first->places[n];
        if (strcmp(one, two) == 0 && (n >= first->count || strcmp(first->places[n], place) == 0))
            continue;
        *error = (muster_table_error){.rc = MUSTER_DATA};
        snprintf(error->text, sizeof(error->text),
                 "%.150s: column %s is '%.80s' where %.150s has '%.80s': files that are read together need the same "
                 "columns",
                 other_file, place, two, first_file, one);
        return false;
    }
    return true;
}

void layout_place(const struct layout *layout, uint64_t row, int32_t column, char *ret_place, size_t room)
{
    char name[8] = "*";
    if (column >= 0)
        muster_column_name((uint32_t)column, name);
    snprintf(ret_place, room, "%s%s%llu", layout->prefix, name, (unsigned long long)row);
}
