/* nested - rows of JSON and XML files: records whose fields have names, and only those that are there. */
#include "sheet.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define LOOK_AHEAD 200 /* rows */

bool nested_is(const muster_table *table)
{
    int32_t format = muster_table_format(table);
    return format == MUSTER_TABLE_JSON || format == MUSTER_TABLE_JSONL || format == MUSTER_TABLE_XML;
}

static int32_t type_joined(int32_t before, int32_t now)
{
    return before == 0 || before == now ? now : MUSTER_TEXT;
}

static bool layout_grow(struct layout *layout, size_t wanted)
{
    if (wanted <= layout->width)
        return true;
    size_t room = wanted + 64;
    char **names = realloc(layout->names, room * sizeof(*names));
    layout->names = names ? names : layout->names;
    const char **places = realloc(layout->place_list, room * sizeof(*places));
    layout->place_list = places ? places : layout->place_list;
    int32_t *types = realloc(layout->types, room * sizeof(*types));
    layout->types = types ? types : layout->types;
    layout->width = names && places && types ? room : layout->width;
    return names && places && types;
}

/* All names up to this cell's; each has its first place. */
static bool layout_add(struct layout *layout, const muster_table *table, const muster_row *row, const muster_cell *cell)
{
    while (layout->count <= cell->column) {
        char place[400];
        muster_cell_place(table, row->number, (int32_t)layout->count, place, sizeof(place));
        if (!layout_grow(layout, layout->count + 1))
            return false;
        char *copy = strdup(muster_table_name(table, (uint32_t)layout->count)), *where = strdup(place);
        layout->names[layout->count] = copy;
        layout->place_list[layout->count] = where;
        layout->types[layout->count++] = 0;
        if (!copy || !where)
            return false;
    }
    int32_t *type = &layout->types[cell->column];
    if (!(cell->flags & MUSTER_CELL_NULL) && cell->len > 0)
        *type = type_joined(*type, cell->type);
    return true;
}

muster_rc nested_read(struct layout *layout, muster_table *table, const char *file, bool several,
                      muster_table_error *error)
{
    const muster_row *row = NULL;
    *layout = (struct layout){.table = table};
    snprintf(layout->prefix, sizeof(layout->prefix), "%.250s%s", several ? file : "", several ? ":" : "");
    for (int n = 0; n < LOOK_AHEAD; n++) {
        muster_rc rc = muster_table_next(table, &row, error);
        if (rc != MUSTER_OK)
            return rc;
        if (!row)
            break;
        for (size_t cell = 0; cell < row->count && !row->why; cell++)
            if (!layout_add(layout, table, row, &row->cells[cell])) {
                *error = (muster_table_error){MUSTER_FAIL, "out of memory"};
                return MUSTER_FAIL;
            }
    }
    return muster_table_rewind(table, error);
}

muster_rc nested_give(muster_run *run, const char *stream, const struct layout *layout, const muster_row *row)
{
    char place[700];
    size_t len = (size_t)snprintf(place, sizeof(place), "%s", layout->prefix);
    muster_cell_place(layout->table, row->number, -1, place + len, sizeof(place) - len);
    for (char *star = place; (star = strchr(star, '*')) != NULL;)
        *star = '_'; /* it would be taken for where a column goes */
    if (row->why)
        return run->host->reject(run, stream, NULL, place, row->why);
    if (!run->host->take(run, stream, NULL, place))
        return MUSTER_OK;
    muster_record *record = run->host->record(run, stream, NULL, place);
    for (size_t n = 0; record && n < row->count; n++) {
        const muster_cell *cell = &row->cells[n];
        run->host->put(record, muster_table_name(layout->table, cell->column), cell->type,
                       cell->flags & MUSTER_CELL_NULL ? NULL : cell->text);
    }
    return run->host->emit(run, record);
}
