/* arena - many small allocations that end together. */
#ifndef BASE_ARENA_H
#define BASE_ARENA_H

#include "base/tidy.h"

#include <stddef.h>

struct arena;

struct arena *arena_new(void); /* NULL: no memory */
void arena_free(struct arena *arena);
void arena_clear(struct arena *arena); /* gives everything back but one block */

/* Zeroed and aligned for anything; NULL when there is no memory. Lives as long as the arena. */
void *arena_get(struct arena *arena, size_t size);
char *arena_copy(struct arena *arena, const void *bytes, size_t len); /* with a '\0' after */
char *arena_text(struct arena *arena, const char *text);
char *arena_format(struct arena *arena, const char *format, ...) __attribute__((format(printf, 2, 3)));

DEFINE_TIDY(struct arena *, arena_free)

#endif
