/* clock - what time it is. */
#ifndef BASE_CLOCK_H
#define BASE_CLOCK_H

#include <stdint.h>

/* Milliseconds since 1970-01-01T00:00Z. Tests set MUSTER_NOW (such milliseconds, or YYYY-MM-DDTHH:MM:SSZ), at which the
 * clock stands, or goes on faster: "2026-03-01T00:00:00Z x3600 since MS", from when it was MS by the true one. */
int64_t clock_now_ms(void);
/* How much faster than the true one it goes: who waits for a time waits by as much less. */
int64_t clock_pace(void);
/* Milliseconds of a clock that never jumps, for measuring. */
int64_t clock_steady_ms(void);

#endif
