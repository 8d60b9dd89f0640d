/* screen - what people see: colours where they help, aligned tables, nothing that drives a terminal. */
#include "cli/screen.h"

#include "base/text.h"

#include <assert.h>
#include <stdarg.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

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

/* Text that came from outside: control characters are shown as '?'. */
static void screen_clean(const char *text, size_t len, struct buffer *out)
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

size_t screen_columns(void)
{
    struct winsize size;
    if (!isatty(STDOUT_FILENO))
        return 0;
    return ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 0 ? size.ws_col : 80;
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

/* How much of a cell goes into one line, and where the next one begins. */
static size_t piece_len(const struct grid *grid, size_t column, const char *text, const char **ret_rest)
{
    size_t len = strlen(text), fits = 0, word = 0, width = grid->widths[column];
    if (!grid->folded || grid->right[column] || text_width(text, len) <= width) {
        *ret_rest = text + len;
        return len;
    }
    for (size_t at = 0; text[at];) {
        size_t next = at + 1;
        while (((unsigned char)text[next] & 0xc0) == 0x80)
            next++;
        word = text[at] == ' ' ? at : strchr("|/,", text[at]) && text_width(text, next) <= width ? next : word;
        if (text_width(text, next) > width && fits > 0 && text[at] != ' ')
            break;
        at = fits = next;
    }
    len = word > 0 ? word : fits;
    *ret_rest = text + len + strspn(text + len, " ");
    return len;
}

static void piece_print(const struct grid *grid, enum color color, const char *text, size_t len)
{
    TIDY_DONE(screen_buffer_done) struct buffer piece = {0};
    buffer_add(&piece, text, len);
    screen_text(grid->screen, color, piece.len > 0 ? piece.data : "");
}

/* What is left of a row's cells, as far as it fits in one line; no blanks at its end. */
static void line_print(const struct grid *grid, size_t count, const enum color *colors, const char **cells)
{
    fputs(grid->indent, grid->screen->out);
    for (size_t column = 0; column < count; column++) {
        const char *text = cells[column];
        size_t len = piece_len(grid, column, text, &cells[column]), width = text_width(text, len);
        int pad = width < grid->widths[column] ? (int)(grid->widths[column] - width) : 0;
        if (grid->right[column])
            fprintf(grid->screen->out, "%*s", pad, "");
        piece_print(grid, colors[column], text, len);
        if (column + 1 < count)
            fprintf(grid->screen->out, "%*s", grid->right[column] ? 2 : pad + 2, "");
    }
    fputc('\n', grid->screen->out);
}

/* One row of collected cells. */
static const char *row_print(const struct grid *grid, const char *cell)
{
    enum color colors[GRID_COLUMNS_MAX];
    const char *cells[GRID_COLUMNS_MAX];
    size_t count = 0;
    for (size_t column = 0; column < grid->columns; column++, cell += strlen(cell) + 1) {
        colors[column] = (enum color) * cell++;
        cells[column] = cell;
        count = *cell ? column + 1 : count;
    }
    do {
        line_print(grid, count, colors, cells);
        while (count > 0 && *cells[count - 1] == '\0')
            count--;
    } while (count > 0);
    return cell;
}

/* How narrow a column may become where words of so many columns are not cut. */
static size_t narrowest(const struct grid *grid, size_t column, size_t uncut)
{
    return grid->right[column] ? grid->widths[column] : grid->words[column] < uncut ? grid->words[column] : uncut;
}

/* The widest columns give way, and where that is not enough, long words are cut; if even then it is too wide it stays
 * as it is. */
static void widths_fit(struct grid *grid)
{
    size_t between = strlen(grid->indent) + 2 * (grid->columns - 1), total = between, least, uncut = GRID_WORD;
    for (size_t column = 0; column < grid->columns; column++)
        total += grid->widths[column];
    if (grid->screen->columns == 0 || total <= grid->screen->columns)
        return;
    do {
        least = between;
        for (size_t column = 0; column < grid->columns; column++)
            least += narrowest(grid, column, uncut);
    } while (least > grid->screen->columns && uncut-- > GRID_CUT);
    grid->folded = least <= grid->screen->columns;
    for (; grid->folded && total > grid->screen->columns; total--) {
        size_t widest = 0, room = 0;
        for (size_t column = 0; column < grid->columns; column++)
            if (grid->widths[column] > narrowest(grid, column, uncut) && grid->widths[column] > room)
                room = grid->widths[widest = column];
        grid->widths[widest]--;
    }
}

static void rows_print(struct grid *grid)
{
    if (!grid->folded && grid->rows <= GRID_LOOK)
        widths_fit(grid);
    const char *cell = grid->cells.data;
    for (const char *end = cell + grid->cells.len; cell && cell < end;)
        cell = row_print(grid, cell);
    buffer_clear(&grid->cells);
}

static size_t widest_word(const char *text)
{
    size_t widest = 0;
    for (text += strspn(text, " "); *text; text += strspn(text, " ")) {
        size_t len = strcspn(text, " "), width = text_width(text, len);
        widest = width > widest ? width : widest;
        text += len;
    }
    return widest < GRID_WORD ? widest : GRID_WORD;
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
    size_t word = grid->printing || grid->cells.rc != 0 ? 0 : widest_word(grid->cells.data + begin);
    if (word > grid->words[column])
        grid->words[column] = word;
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
