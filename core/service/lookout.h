/* lookout - a process of our own that looks at SFTP servers, now and then, for files that have come.
 *
 * What a server says is read there and not in musterd, whose keys it cannot
 * reach. It loads no connector and keeps no store open; it lives on its
 * standard input: when musterd is gone it goes, too. */
#ifndef SERVICE_LOOKOUT_H
#define SERVICE_LOOKOUT_H

#include "service/roster.h"

#include <uv.h>

/* --- of musterd --- */

struct lookout;
typedef void lookout_told_fn(void *context, const char *organization, const char *connection);

/* Looks where triggers of the roster wait for files on servers; without any it does nothing. `before` (NULL: none) is
 * let go, and what it told is not told again. The settings must stay as long as it. NULL: no memory. */
struct lookout *lookout_open(uv_loop_t *loop, const struct settings *settings, const struct roster *roster,
                             struct lookout *before, lookout_told_fn *told, void *context);
void lookout_close(struct lookout *lookout); /* after it, the loop runs once more */

/* --- of that process; lookout_places.c --- */

/* How long after so many failures in a row, from 1, a place is looked at again. */
int64_t lookout_later(int64_t every_ms, unsigned failures);

/* Reads "ORG CONNECTION TOLD" from standard input, a line each, then an empty one; writes such a line when something
 * has come. Returns when standard input ends. 0, or a negative code and a sentence. */
int lookout_run(const char *config, const char *state, struct err *err);

#endif
