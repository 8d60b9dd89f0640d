/* numbers - a map from 64-bit numbers to 64-bit numbers, for millions of them. */
#ifndef BASE_NUMBERS_H
#define BASE_NUMBERS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Key 0 is reserved. Starts as {0}. */
struct numbers {
    uint64_t *slots; /* key, value, key, value … */
    size_t room, count;
};

void numbers_done(struct numbers *numbers);
/* Makes room for so many at once, so that it need not grow step by step. Returns 0 or -ENOMEM. */
int numbers_reserve(struct numbers *numbers, size_t count);
/* NULL: not there. Valid until the next numbers_set(). */
uint64_t *numbers_get(const struct numbers *numbers, uint64_t key);
/* Sets or replaces. Returns 0 or -ENOMEM. */
int numbers_set(struct numbers *numbers, uint64_t key, uint64_t value);

#endif
