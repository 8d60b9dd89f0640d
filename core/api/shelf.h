/* shelf - the organizations that callers read: their files and stores, opened when somebody asks, put away when nobody
 * does.
 *
 * Reads the last good files, as runs do, and looks at stores by transactions
 * that only read. One reader has a book at a time: a question takes
 * microseconds, and what it is answered from is not copied. */
#ifndef API_SHELF_H
#define API_SHELF_H

#include "query/query.h"

#include <stdbool.h>

struct shelf;

struct book {
    const struct organization *organization;
    struct query *query; /* NULL: it has no store yet */
};

/* With settings of its own, read from where those are: the daemon's may be others soon. */
int shelf_open(const struct settings *settings, const char *const *ids, struct shelf **ret_shelf, struct err *err);
struct shelf *shelf_use(struct shelf *shelf);
void shelf_close(struct shelf *shelf); /* when nobody uses it any more */
const struct settings *shelf_settings(const struct shelf *shelf);

/* The ids of all organizations, sorted; NULL after the last. */
const char *shelf_nth(const struct shelf *shelf, size_t nth);
bool shelf_has(const struct shelf *shelf, const char *id);

/* The organization as it is now, until shelf_give(). ERR_UNKNOWN: it has no good file. */
int shelf_take(struct shelf *shelf, const char *id, bool unsealed, struct book **ret_book, struct err *err);
void shelf_give(struct book *book);
/* Now and then: what nobody asked for lately is put away. */
void shelf_tidy(struct shelf *shelf);

DEFINE_TIDY(struct shelf *, shelf_close)

#endif
