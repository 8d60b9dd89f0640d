/* attempt - what this process tried and may not: each such call is refused, and noted for the run's report.
 *
 * The kernel sends SIGSYS in the place of the call; the handler makes a plain
 * EPERM of it. Files and new processes are refused without a signal: what a
 * connector asks the C library for is noted by door.c. Whoever gets round the
 * note gets round nothing else: the call was not made. */
#ifndef HOST_ATTEMPT_H
#define HOST_ATTEMPT_H

#include <stdbool.h>
#include <stddef.h>

#if defined(__x86_64__) || defined(__aarch64__)
#define ATTEMPT_NOTES 1
#else
#define ATTEMPT_NOTES 0 /* refused all the same, and nobody hears of it */
#endif

/* Before the fence. Returns 0 or a negative errno. */
int attempt_watch(void);
/* One that was refused without a signal: its name, which lives for ever, and the path it was asked for (NULL: none). */
void attempt_note(const char *name, const char *path);
/* "fork, open": what was noted so since the last question, and the first path among it, as UTF-8 ("": none). False:
 * nothing. */
bool attempt_noted(char *ret_names, size_t room, char *ret_path, size_t path_room);
/* "fork, socket": what was tried since the last question, in any way; likewise. */
bool attempt_told(char *ret_names, size_t room, char *ret_path, size_t path_room);

#endif
