/* lookup - words and what they stand for, found after normalization: an open hash that is filled once. */
#include "config/lookup.h"

#include "base/digest.h"
#include "base/text.h"

#include <assert.h>
#include <errno.h>
#include <string.h>

struct lookup *lookup_new(struct arena *arena, size_t most)
{
    uint32_t room = 4;
    while (room < 2 * most)
        room *= 2;
    struct lookup *lookup = arena_get(arena, sizeof(*lookup));
    struct lookup_entry *slots = arena_get(arena, room * sizeof(*slots));
    if (!lookup || !slots)
        return NULL;
    *lookup = (struct lookup){slots, room - 1, 0};
    return lookup;
}

/* The word's slot, or the free one where it belongs. */
static struct lookup_entry *slot_of(const struct lookup *lookup, const char *text, size_t len, uint32_t hash)
{
    for (uint32_t at = hash;; at++) {
        struct lookup_entry *slot = &lookup->slots[at & lookup->mask];
        if (!slot->text || (slot->hash == hash && slot->len == len && memcmp(slot->text, text, len) == 0))
            return slot;
    }
}

int lookup_add(struct lookup *lookup, struct arena *arena, const char *text, size_t len, struct value value)
{
    __attribute__((cleanup(buffer_done))) struct buffer normal = {0};
    text_normalize(text, len, &normal);
    if (normal.rc != 0)
        return normal.rc;
    uint32_t hash = (uint32_t)digest_fast(normal.data, normal.len);
    struct lookup_entry *slot = slot_of(lookup, normal.data, normal.len, hash);
    if (slot->text)
        return 1;
    assert(lookup->count <= lookup->mask / 2);
    const char *copy = arena_copy(arena, normal.data, normal.len);
    if (!copy)
        return -ENOMEM;
    *slot = (struct lookup_entry){copy, (uint32_t)normal.len, hash, value};
    lookup->count++;
    return 0;
}

const struct lookup_entry *lookup_find(const struct lookup *lookup, const char *text, size_t len)
{
    const struct lookup_entry *slot = slot_of(lookup, text, len, (uint32_t)digest_fast(text, len));
    return slot->text ? slot : NULL;
}
