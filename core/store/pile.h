/* pile - things put one on the other and looked at again by where they lie: in memory first, then on disk. */
#ifndef STORE_PILE_H
#define STORE_PILE_H

#include "store/spill.h"
#include "store/store.h"

struct pile;

/* Keeps up to `memory` bytes in memory, the rest in an unlinked, encrypted file in `dir`. */
int pile_new(const char *dir, size_t memory, struct pile **ret_pile);
void pile_free(struct pile *pile);

/* Copies. Returns 0 or a negative code. */
int pile_add(struct pile *pile, struct bytes thing, uint64_t *ret_place);
/* The thing that lies there; valid until the next call of pile_get() with the same `slot` (0 to 3), or pile_add(). */
int pile_get(struct pile *pile, uint64_t place, unsigned slot, struct bytes *ret_thing);

DEFINE_TIDY(struct pile *, pile_free)

#endif
