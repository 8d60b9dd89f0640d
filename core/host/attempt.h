/* attempt - what this process tried and may not: each such system call is refused, and noted for the run's report.
 *
 * The kernel sends SIGSYS in the place of the call; the handler makes a plain
 * EPERM of it. Whoever gets round the note gets round nothing else: the call
 * was not made. */
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
/* "fork, socket": what was tried since the last question. False: nothing. */
bool attempt_told(char *ret_names, size_t room);

#endif
