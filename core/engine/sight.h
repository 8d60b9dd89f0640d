/* sight - whether files that lie at a place are worth a run, found out by looking at their names alone, now and then.
 *
 * Goes by the rules of pickup: which of them a run would take, and whether
 * their markers say that they are whole. A file is ready when two looks have
 * seen it just so. What became ready is told once; files that leave are no
 * news. Keeps eight bytes or so of each file, no name. */
#ifndef ENGINE_SIGHT_H
#define ENGINE_SIGHT_H

#include "base/tidy.h"
#include "broker/file.h"

struct sight;

/* `told`: sight_told() of an earlier one; 0: nothing was told yet. NULL: no memory. The connection must outlive it. */
struct sight *sight_new(const struct connection *connection, uint64_t told);
void sight_free(struct sight *sight);

enum sight_seen {
    SIGHT_NOTHING,
    SIGHT_COMING, /* something may be ready at the next look: soon */
    SIGHT_NEWS    /* something is ready that was not told yet */
};
/* Lists the place once. ERR_GONE: nothing lies there, or there is no such folder, which the sentence says. */
int sight_look(struct sight *sight, struct files *files, enum sight_seen *ret_seen, struct err *err);
/* What is known to have been told, to go on from. */
uint64_t sight_told(const struct sight *sight);

DEFINE_TIDY(struct sight *, sight_free)

#endif
