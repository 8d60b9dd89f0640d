/* calls - what was called when, and what came of it: for support, and for people who wonder.
 *
 * A line of JSON per call in CALLS/CONNECTION.jsonl: time, method, URL without
 * values of its query and without what looks like an id, status, bytes each
 * way, milliseconds, attempts, class. No bodies, no headers. At 4 MiB the file
 * becomes CONNECTION.1.jsonl, in place of the one before. Who writes to a file,
 * or takes out of it what is kept no longer, holds its lock. */
#ifndef BROKER_CALLS_H
#define BROKER_CALLS_H

#include <stdbool.h>
#include <stdint.h>

struct request;

/* Where they stand; `older`: what was there before the last turn. Freed with free(); NULL: no memory. */
char *calls_path(const char *dir, const char *connection, int older);

/* Never fails anybody: a call that cannot be written down is still a call. */
void calls_write(const char *dir, const struct request *request);

/* Takes out calls from before that instant, of all connections; `look`: only counts them. Files stay whole, whatever
 * dies. Lines are added to *ret_lines. Returns 0, also where nothing was called yet, or a negative errno. */
int calls_trim(const char *dir, int64_t before_ms, bool look, uint64_t *ret_lines);

#endif
