/* stage_inside - what the files of stage share: stage (spool beside store, record by record), stage_hold (what is
 * proposed and not taken, and what was proposed before). */
#ifndef ENGINE_STAGE_INSIDE_H
#define ENGINE_STAGE_INSIDE_H

#include "engine/stage.h"

/* A copy in the pile. */
int stage_keep(struct stage *stage, enum staged_what what, struct bytes key, struct bytes value, uint64_t *ret_place);
int places_add(uint64_t **places, size_t *count, size_t *room, uint64_t place);
/* Seals what is not sealed yet; `fresh` as in a spooled row. Under the seed of stage->made. */
int stage_seal(struct stage *stage, struct bytes fresh);
/* Sealed values that `record` says, and that lie under the seed `from`, sealed anew under `to`: beside what lies there
 * already, or (`add` false) instead of it. */
int stage_reseal(struct stage *stage, uint64_t from, const struct source *record, uint64_t to, bool add);
/* Seeds of stage->made: those of stage->old when the record `had` one, of a proposal that is kept, or new ones. */
int stage_seeds(struct stage *stage, struct bytes key, bool had);
/* Writes stage->made (state, seeds) into stage->value and stages it. */
int stage_finish(struct stage *stage, enum staged_what what, struct bytes key, enum source_state state);
const struct section_view *section_find(const struct section_view *sections, uint16_t count,
                                        const struct section_view *like);

/* Brings stage->keys up to what is staged. */
int stage_know(struct stage *stage);

/* Looks for holds on stage->made. What they say is proposed only, is kept beside; stage->made then has what may be
 * taken. *ret_taken: whether anything is. */
int stage_withhold(struct stage *stage, struct bytes key, enum staged_what what, bool *ret_taken);

#endif
