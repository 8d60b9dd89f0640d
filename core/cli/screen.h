/* screen - what people see: colours where they help, aligned tables, nothing that drives a terminal. */
#ifndef CLI_SCREEN_H
#define CLI_SCREEN_H

#include "base/buffer.h"
#include "base/tidy.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

enum color { COLOR_NONE, COLOR_BOLD, COLOR_DIM, COLOR_RED, COLOR_GREEN, COLOR_YELLOW };

struct screen {
    FILE *out;
    bool colors;
    size_t columns; /* of the terminal; 0: it is none */
};
/* Of the terminal behind standard output, 80 where it does not say; 0: there is none. */
size_t screen_columns(void);

/* What was shown is not whole: the program must not end well. The first code stays. */
void screen_fail(int rc);
int screen_rc(void);
/* Frees; a buffer that has failed is a failure of what was shown. */
void screen_buffer_done(struct buffer *buffer);

void screen_text(const struct screen *screen, enum color color, const char *text);
/* A line or a part of one, cleaned. */
void screen_print(const struct screen *screen, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* A table: rows are collected, widths found, then printed. After GRID_LOOK rows the widths stay as they are, and rows
 * are printed as they come: a million rows need no memory. On a terminal that is narrower than the table the widest
 * cells go on in the next line; words shorter than GRID_WORD are cut where it cannot be helped, those shorter than
 * GRID_CUT never. In a pipe each row is a line. */
enum { GRID_COLUMNS_MAX = 12, GRID_LOOK = 2000, GRID_WORD = 24, GRID_CUT = 8 };

struct grid {
    const struct screen *screen;
    const char *indent;
    size_t columns, rows;
    bool right[GRID_COLUMNS_MAX];
    size_t widths[GRID_COLUMNS_MAX], words[GRID_COLUMNS_MAX]; /* words: of the widest one, at most GRID_WORD */
    struct buffer cells; /* of the rows not printed yet: per cell a byte of colour, text, '\0' */
    size_t column;       /* the next cell */
    bool folded, printing;
};

/* `heads` are the columns' names, separated by '|'; a '>' before one aligns it to the right. "" for no heading. */
void grid_start(struct grid *grid, const struct screen *screen, const char *indent, const char *heads);
void grid_cell(struct grid *grid, enum color color, const char *text, size_t len);
void grid_text(struct grid *grid, const char *text); /* NULL is empty */
void grid_format(struct grid *grid, enum color color, const char *format, ...) __attribute__((format(printf, 3, 4)));
void grid_number(struct grid *grid, unsigned long long number); /* 0 is shown, too */
/* Prints what is left. */
void grid_end(struct grid *grid);

#endif
