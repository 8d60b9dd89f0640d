/* lookup - words and what they stand for, found after normalization: tables, conditions, enumerators. */
#ifndef CONFIG_LOOKUP_H
#define CONFIG_LOOKUP_H

#include "base/arena.h"
#include "model/image.h"

struct lookup_entry {
    const char *text; /* normalized; NULL: free */
    uint32_t len, hash;
    struct value value;
};

struct lookup {
    struct lookup_entry *slots; /* a power of two, at most half of them taken */
    uint32_t mask, count;
};

/* Empty, for at most `most` words; lives in the arena. NULL: no memory. */
struct lookup *lookup_new(struct arena *arena, size_t most);
/* Normalizes and copies the word; the value's bytes must live as long as the arena. Returns 1 when the word is there
 * already (it stays as it was), 0 or -ENOMEM. */
int lookup_add(struct lookup *lookup, struct arena *arena, const char *text, size_t len, struct value value);
/* `text` must be normalized. NULL: not there. */
const struct lookup_entry *lookup_find(const struct lookup *lookup, const char *text, size_t len);

#endif
