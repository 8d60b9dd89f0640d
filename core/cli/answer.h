/* answer - the rows that a system gave to a question, for people and as JSON. */
#ifndef CLI_ANSWER_H
#define CLI_ANSWER_H

#include "base/arena.h"
#include "cli/screen.h"
#include "lane/lane.h"

struct answer {
    struct arena *arena;  /* the caller's; keeps what is taken */
    const char **columns; /* of all rows, in the order in which they came up */
    size_t column_count, column_room;
    struct answer_cell **rows; /* each of as many cells as there were columns when it came, and one that ends it */
    size_t row_count, row_room;
};

void answer_done(struct answer *answer);
/* The columns that the connector says its answers have come first. Returns 0 or -ENOMEM. */
int answer_columns(struct answer *answer, const muster_field *fields);
/* Fits lane_sink.row; the context is the answer. */
int answer_row(void *context, const struct lane_record *record);

/* One row is shown line by line, several as a table; what is too wide for one is said. */
void answer_show(const struct answer *answer, const struct screen *screen);
/* A list of objects. */
void answer_json(const struct answer *answer, struct buffer *out);

#endif
