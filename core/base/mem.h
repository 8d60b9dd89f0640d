/* mem - allocation that can be made to fail, and growing arrays. */
#ifndef BASE_MEM_H
#define BASE_MEM_H

#include <stddef.h>

/* As calloc, realloc and strdup: NULL when there is none. Freed with free(). */
void *mem_new(size_t count, size_t size) __attribute__((malloc));
void *mem_resize(void *old, size_t count, size_t size);
char *mem_text(const char *text) __attribute__((malloc));
char *mem_copy(const void *bytes, size_t len) __attribute__((malloc)); /* with a '\0' after */
char *mem_format(const char *format, ...) __attribute__((malloc, format(printf, 1, 2)));

/* Makes room for one more item in a growing array: `array` has `count` of `*room`. Returns 0 or -ENOMEM. */
int mem_grow(void *array, size_t count, size_t *room, size_t size);

#endif
