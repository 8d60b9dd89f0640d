/* clock - what time it is. */
#ifndef BASE_CLOCK_H
#define BASE_CLOCK_H

#include <stdint.h>

/* Milliseconds since 1970-01-01T00:00Z. Tests set MUSTER_NOW (such milliseconds, or YYYY-MM-DDTHH:MM:SSZ). */
int64_t clock_now_ms(void);
/* Milliseconds of a clock that never jumps, for measuring. */
int64_t clock_steady_ms(void);

#endif
