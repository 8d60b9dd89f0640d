/* outlived - whether what a record is about is over for longer than it is kept. Pure. */
#ifndef ENGINE_OUTLIVED_H
#define ENGINE_OUTLIVED_H

#include "config/organization.h"
#include "tables/source.h"

/* When a thing of its own was over, by what it says of itself. False: it does not say, or not as a time that can be
 * read. */
bool outlived_over(enum kind kind, struct image image, int64_t *ret_ms);
/* Whether that is longer ago than things of its kind are kept. */
bool outlived_thing(const struct retention *retention, enum kind kind, struct image image, int64_t now_ms);
/* Whether a record is about a thing of its own that goes by itself, and about nothing that does not go with it. */
bool outlived_may(const struct retention *retention, const struct section_view *sections, uint16_t count);

#endif
