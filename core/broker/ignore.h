/* ignore - names that are no files to take: those of unfinished uploads, of markers and of receipts.
 *
 * Option `ignore` is a list of patterns with commas between them; a connector
 * without that option ignores nothing. Names that ready_marker and receipts
 * make are ignored, too, or they would be taken for input. */
#ifndef BROKER_IGNORE_H
#define BROKER_IGNORE_H

#include "config/organization.h"

struct ignore {
    char **patterns;
    size_t count, room;
    size_t uploads; /* how many of them, the first ones, are of option `ignore` */
};

enum ignored { IGNORED_NOT, IGNORED_UPLOAD, IGNORED_COMPANION };

/* Returns 0 or -ENOMEM. */
int ignore_read(const struct connection *connection, struct ignore *ret_ignore);
void ignore_done(struct ignore *ignore);
enum ignored ignore_hits(const struct ignore *ignore, const char *name);

#endif
