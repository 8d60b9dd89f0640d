/* former - a record whose id its source has given to somebody else.
 *
 * What it said of the one before is kept beside, gone, under an id of its own
 * ("1003#former-11", by its seed), so that they stay whom they were; the
 * record itself begins anew, with new seeds, and is matched like any new one.
 * Taken back, the record is again what it was, and what it says now is held. */
#ifndef ENGINE_FORMER_H
#define ENGINE_FORMER_H

#include "engine/match.h"
#include "engine/proposal.h"

/* Whether a source id is one that stands for who had the record before. */
bool former_is(struct bytes id);
/* What is proposed of the record is somebody else's. Gives the seeds of both: of who has it now, and of who had it. */
int former_part(struct match *match, struct bytes key, const struct proposal *proposal, uint64_t *ret_now,
                uint64_t *ret_before);
/* It is the same person's after all. ERR_CONFLICT: the record is not any more the one that was parted then. */
int former_join(struct match *match, struct bytes key, uint64_t now, uint64_t before);

#endif
