/* screen - what people see: colours where they help, aligned tables, nothing that drives a terminal. */
#include "cli/screen.h"

#include "base/text.h"

#include <assert.h>
#include <stdarg.h>
#include <string.h>

static const char *const escapes[] = {"", "\033[1m", "\033[2m", "\033[31m", "\033[32m", "\033[33m"};

static int shown_rc;

void screen_fail(int rc)
{
    shown_rc = shown_rc ? shown_rc : rc;
}

int screen_rc(void)
{
    return shown_rc;
}

void screen_buffer_done(struct buffer *buffer)
{
    screen_fail(buffer->rc);
    buffer_done(buffer);
}

void screen_clean(const char *text, size_t len, struct buffer *out)
{
    bool valid = text_valid(text, len);
    for (size_t i = 0; i < len; i++) {
        unsigned char byte = (unsigned char)text[i];
        bool c1 = byte == 0xc2 && i + 1 < len && (unsigned char)text[i + 1] < 0xa0;
        if (byte == '\n' || byte == '\t') {
            buffer_byte(out, ' ');
        } else if (byte < 0x20 || byte == 0x7f || (byte >= 0x80 && !valid)) {
            buffer_byte(out, '?');
        } else if (c1) {
            buffer_byte(out, '?');
            i++;
        } else {
            buffer_byte(out, byte);
        }
    }
}

void screen_text(const struct screen *screen, enum color color, const char *text)
{
    bool colored = screen->colors && color != COLOR_NONE;
    fprintf(screen->out, "%s%s%s", colored ? escapes[color] : "", text, colored ? "\033[0m" : "");
}

void screen_print(const struct screen *screen, const char *format, ...)
{
    TIDY_DONE(screen_buffer_done) struct buffer text = {0};
    TIDY_DONE(screen_buffer_done) struct buffer clean = {0};
    va_list args;
    va_start(args, format);
    buffer_vformat(&text, format, args);
    va_end(args);
    for (size_t at = 0; at < text.len;) {
        const char *line = text.data + at, *end = memchr(line, '\n', text.len - at);
        size_t len = end ? (size_t)(end - line) : text.len - at;
        screen_clean(line, len, &clean);
        if (end)
            buffer_byte(&clean, '\n');
        at += len + (end != NULL);
    }
    if (clean.rc == 0 && clean.len > 0)
        fwrite(clean.data, 1, clean.len, screen->out);
}

void grid_start(struct grid *grid, const struct screen *screen, const char *indent, const char *heads)
{
    *grid = (struct grid){.screen = screen, .indent = indent, .columns = 1};
    for (const char *at = heads; *at; at++)
        grid->columns += *at == '|';
    assert(grid->columns <= GRID_COLUMNS_MAX);
    bool headed = heads[strspn(heads, "|>")] != '\0';
    for (size_t column = 0; column < grid->columns; column++) {
        size_t len = strcspn(heads, "|");
        grid->right[column] = *heads == '>';
        if (headed)
            grid_cell(grid, COLOR_DIM, heads + grid->right[column], len - grid->right[column]);
        heads += len + 1;
    }
}

/* One row of collected cells. */
static const char *row_print(struct grid *grid, const char *cell)
{
    fputs(grid->indent, grid->screen->out);
    for (size_t column = 0; column < grid->columns; column++) {
        enum color color = (enum color) * cell++;
        size_t len = strlen(cell), width = text_width(cell, len);
        size_t pad = width < grid->widths[column] ? grid->widths[column] - width : 0;
        if (grid->right[column])
            fprintf(grid->screen->out, "%*s", (int)pad, "");
        screen_text(grid->screen, color, cell);
        cell += len + 1;
        bool more = false; /* no blanks at the end of a line */
        const char *next = cell;
        for (size_t i = column + 1; i < grid->columns; i++, next += strlen(next + 1) + 2)
            more |= next[1] != '\0';
        if (more)
            fprintf(grid->screen->out, "%*s", (int)(grid->right[column] ? 2 : pad + 2), "");
        else if (column + 1 < grid->columns) {
            cell = next;
            break;
        }
    }
    fputc('\n', grid->screen->out);
    return cell;
}

static void rows_print(struct grid *grid)
{
    const char *cell = grid->cells.data;
    for (const char *end = cell + grid->cells.len; cell && cell < end;)
        cell = row_print(grid, cell);
    buffer_clear(&grid->cells);
}

void grid_cell(struct grid *grid, enum color color, const char *text, size_t len)
{
    buffer_byte(&grid->cells, (unsigned char)color);
    size_t begin = grid->cells.len;
    screen_clean(text, len, &grid->cells);
    if (grid->cells.rc != 0)
        return;
    size_t width = text_width(grid->cells.data + begin, grid->cells.len - begin);
    size_t column = grid->column++;
    if (!grid->printing && width > grid->widths[column])
        grid->widths[column] = width;
    buffer_byte(&grid->cells, '\0');
    if (grid->column < grid->columns)
        return;
    grid->column = 0;
    if (++grid->rows >= GRID_LOOK) {
        grid->printing = true;
        rows_print(grid);
    }
}

void grid_text(struct grid *grid, const char *text)
{
    grid_cell(grid, COLOR_NONE, text ? text : "", text ? strlen(text) : 0);
}

void grid_format(struct grid *grid, enum color color, const char *format, ...)
{
    TIDY_DONE(screen_buffer_done) struct buffer text = {0};
    va_list args;
    va_start(args, format);
    buffer_vformat(&text, format, args);
    va_end(args);
    grid_cell(grid, color, text.data ? text.data : "", text.len);
}

void grid_number(struct grid *grid, unsigned long long number)
{
    grid_format(grid, COLOR_NONE, "%llu", number);
}

void grid_end(struct grid *grid)
{
    if (grid->cells.rc == 0)
        rows_print(grid);
    screen_buffer_done(&grid->cells);
}
