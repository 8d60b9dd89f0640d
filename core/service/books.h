/* books - what the daemon's files say: settings, organizations, when they run. Read as one, so that all of it counts at
 * once, or nothing. */
#ifndef SERVICE_BOOKS_H
#define SERVICE_BOOKS_H

#include "service/roster.h"
#include "service/timetable.h"

struct books {
    struct settings *settings;
    struct connectors *connectors;
    struct roster roster;
    struct timetable timetable;
};

/* muster.yaml alone; `state` NULL: as it says. What is wrong is told, of no organization. */
int books_settings(const char *config, const char *state, roster_told_fn *told, void *context,
                   struct settings **ret_settings, struct err *err);

/* All of them. `before` (settings NULL: none) is what counted until now: what was wanted and is going goes over. With
 * `keep` the good files are copied, for roster_keep(). Returns 0, or a negative code and a sentence; mistakes in the
 * files of organizations are told and are no failure. */
int books_read(const char *config, const char *state, const struct books *before, bool keep, roster_told_fn *told,
               void *context, struct books *ret_books, struct err *err);
void books_done(struct books *books);

#endif
