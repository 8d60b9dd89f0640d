/* roots - what a run touched, brought into the order in which it is merged: by kind, id and place.
 *
 * New ones come in order, stream by stream: the units, then the persons, which
 * are to stand before all units. So there are few series, and they are joined
 * without as much memory again as all of them take. */
#ifndef ENGINE_ROOTS_H
#define ENGINE_ROOTS_H

#include "engine/match.h"

/* Returns 0 or -ENOMEM. */
int roots_order(struct root *roots, size_t count);

#endif
