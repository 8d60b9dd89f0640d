/* calls - what was called when, and what came of it: for support, and for people who wonder.
 *
 * A line of JSON per call in CALLS/CONNECTION.jsonl: time, method, URL without
 * values of its query and without what looks like an id, status, bytes each
 * way, milliseconds, attempts, class. No bodies, no headers. At 4 MiB the file
 * becomes CONNECTION.1.jsonl, in place of the one before. */
#ifndef BROKER_CALLS_H
#define BROKER_CALLS_H

struct request;

/* Where they stand; `older`: what was there before the last turn. Freed with free(); NULL: no memory. */
char *calls_path(const char *dir, const char *connection, int older);

/* Never fails anybody: a call that cannot be written down is still a call. */
void calls_write(const char *dir, const struct request *request);

#endif
