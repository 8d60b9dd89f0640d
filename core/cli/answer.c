/* answer - the rows that a system gave to a question, for people and as JSON. */
#include "cli/answer.h"

#include "base/jsontext.h"
#include "base/mem.h"

#include <errno.h>
#include <string.h>

enum { ROWS_MAX = 100000 };

struct answer_cell {
    enum presence presence;
    uint8_t type; /* 0: the end of the row */
    uint32_t len;
    const char *text; /* terminated */
};

void answer_done(struct answer *answer)
{
    free(answer->columns);
    free(answer->rows);
    *answer = (struct answer){.arena = answer->arena};
}

/* The number of the column, which is made when there is none. -ENOMEM. */
static int64_t column_of(struct answer *answer, const char *name)
{
    for (size_t i = 0; i < answer->column_count; i++)
        if (strcmp(answer->columns[i], name) == 0)
            return (int64_t)i;
    char *copy = arena_text(answer->arena, name);
    if (!copy || mem_grow(&answer->columns, answer->column_count, &answer->column_room, sizeof(*answer->columns)) != 0)
        return -ENOMEM;
    answer->columns[answer->column_count] = copy;
    return (int64_t)answer->column_count++;
}

int answer_columns(struct answer *answer, const muster_field *fields)
{
    for (; fields && fields->name; fields++)
        if (column_of(answer, fields->name) < 0)
            return -ENOMEM;
    return 0;
}

int answer_row(void *context, const struct lane_record *record)
{
    struct answer *answer = context;
    if (answer->row_count == ROWS_MAX)
        return ERR_LIMIT;
    for (size_t i = 0; i < record->count; i++)
        if (column_of(answer, record->stream->names[record->values[i].column]) < 0)
            return -ENOMEM;
    struct answer_cell *row = arena_get(answer->arena, (answer->column_count + 1) * sizeof(*row));
    if (!row || mem_grow(&answer->rows, answer->row_count, &answer->row_room, sizeof(*answer->rows)) != 0)
        return -ENOMEM;
    for (size_t i = 0; i < answer->column_count; i++)
        row[i].type = MUSTER_TEXT;
    for (size_t i = 0; i < record->count; i++) {
        const struct lane_value *value = &record->values[i];
        const char *text = arena_copy(answer->arena, value->bytes, value->len);
        if (!text)
            return -ENOMEM;
        row[column_of(answer, record->stream->names[value->column])] =
            (struct answer_cell){value->presence, value->type, value->len, text};
    }
    answer->rows[answer->row_count++] = row;
    return 0;
}

static void show_one(const struct answer *answer, const struct screen *screen)
{
    struct grid grid;
    grid_start(&grid, screen, "", "|");
    const struct answer_cell *row = answer->rows[0];
    for (size_t i = 0; i < answer->column_count && row[i].type != 0; i++) {
        if (row[i].presence == PRESENCE_ABSENT)
            continue;
        grid_cell(&grid, COLOR_DIM, answer->columns[i], strlen(answer->columns[i]));
        grid_cell(&grid, COLOR_NONE, row[i].text, row[i].len);
    }
    grid_end(&grid);
}

void answer_show(const struct answer *answer, const struct screen *screen)
{
    TIDY_DONE(screen_buffer_done) struct buffer heads = {0};
    struct grid grid;
    if (answer->row_count == 1) {
        show_one(answer, screen);
        return;
    }
    size_t columns = answer->column_count < GRID_COLUMNS_MAX ? answer->column_count : GRID_COLUMNS_MAX;
    for (size_t i = 0; i < columns; i++) {
        buffer_text(&heads, i ? "|" : "");
        for (const char *at = answer->columns[i]; *at; at++)
            buffer_byte(&heads, *at == '|' || (*at == '>' && at == answer->columns[i]) ? ' ' : (unsigned char)*at);
    }
    if (heads.rc != 0 || columns == 0)
        return;
    grid_start(&grid, screen, "", heads.data);
    for (size_t r = 0; r < answer->row_count; r++) {
        const struct answer_cell *row = answer->rows[r];
        bool ended = false; /* columns that came up after it */
        for (size_t i = 0; i < columns; i++) {
            ended = ended || row[i].type == 0;
            grid_cell(&grid, COLOR_NONE, ended || !row[i].text ? "" : row[i].text, ended ? 0 : row[i].len);
        }
    }
    grid_end(&grid);
    if (columns < answer->column_count)
        screen_print(screen, "and %zu more columns: see them with --json\n", answer->column_count - columns);
}

static void cell_json(const struct answer_cell *cell, struct buffer *out)
{
    bool number = cell->type == MUSTER_INTEGER || cell->type == MUSTER_DECIMAL;
    if (cell->presence == PRESENCE_NULL)
        buffer_text(out, "null");
    else if ((number && json_number_valid(cell->text, cell->len)) ||
             (cell->type == MUSTER_BOOL && (strcmp(cell->text, "true") == 0 || strcmp(cell->text, "false") == 0)))
        buffer_add(out, cell->text, cell->len);
    else if (cell->len > 0 && (cell->type == MUSTER_JSON || cell->type == MUSTER_LIST))
        json_raw(out, cell->text, cell->len);
    else
        json_string(out, cell->text, cell->len);
}

void answer_json(const struct answer *answer, struct buffer *out)
{
    buffer_byte(out, '[');
    for (size_t r = 0; r < answer->row_count; r++) {
        buffer_text(out, r ? ",{" : "{");
        for (size_t i = 0; answer->rows[r][i].type != 0; i++) {
            if (answer->rows[r][i].presence == PRESENCE_ABSENT)
                continue;
            json_name(out, answer->columns[i]);
            cell_json(&answer->rows[r][i], out);
        }
        buffer_byte(out, '}');
    }
    buffer_byte(out, ']');
}
