/* rejects - rows that were not taken, as their source has them: kept in memory while they are mapped, so that whoever
 * sent them can be given a file with just these.
 *
 * They hold people's data and go nowhere else. Of very many only the first
 * are kept; of the others it is known that they were. */
#ifndef ENGINE_REJECTS_H
#define ENGINE_REJECTS_H

#include "lane/lane.h"

enum { REJECTS_ROWS = 10000, REJECTS_BYTES = 32 * 1024 * 1024 };

struct rejects;

/* One row: a cell for each column there was then. */
struct rejected {
    const struct lane_cell *cells;
    size_t count;
};

int rejects_new(struct rejects **ret_rejects);
void rejects_free(struct rejects *rejects);
/* Keeps a record, once, and remembers it under the place of what is wrong with it. Sticky: see rejects_rc(). */
void rejects_keep(struct rejects *rejects, const struct lane_record *record, const char *place);
int rejects_rc(const struct rejects *rejects);
/* The names of all columns, as the source has them. */
const char *const *rejects_columns(const struct rejects *rejects, size_t *ret_count);
/* The row behind a place, from 1; 0: it is not kept. */
size_t rejects_find(const struct rejects *rejects, const char *place);
size_t rejects_count(const struct rejects *rejects);
struct rejected rejects_nth(const struct rejects *rejects, size_t nth); /* from 1 */

DEFINE_TIDY(struct rejects *, rejects_free)

#endif
