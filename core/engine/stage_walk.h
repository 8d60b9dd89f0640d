/* stage_walk - what the files of stage share: stage.c (one record, and what is kept of it), stage_walk.c (spool and
 * store side by side), stage_unit.c (units that rows name). */
#ifndef ENGINE_STAGE_WALK_H
#define ENGINE_STAGE_WALK_H

#include "engine/stage.h"

struct group { /* all spooled rows of one id */
    struct bytes key, protected_values, place;
    uint8_t seen; /* SPOOL_REJECTED or SPOOL_FILTERED; only without rows */
    size_t rows;
    bool gone;               /* its source says that it is no more, after all its rows */
    bool ambiguous;          /* two rows say different things under one key: neither is guessed to be the right one */
    bool several;            /* rows: its parts stood in different ones */
    bool unkept;             /* what its rows said is not kept: they disagree, or are too many */
    bool many;               /* more parts than a record can have: nothing of it is taken */
    struct decision_row why; /* of what is only seen */
};

bool id_is_unit(struct bytes key);
/* A record carries this reference to a unit on from before. */
int stage_unit_carried(struct stage *stage, struct value value);
/* The record as the source says it now, in stage->body; what stands in the store, if anything, in stage->old. */
int stage_record(struct stage *stage, const struct stage_stream *stream, const struct group *group, struct bytes stored,
                 struct stage_count *count);
/* A stored record that this pull did not show, or as none of ours, or as gone. */
enum unseen { UNSEEN_MISSING, UNSEEN_FILTERED, UNSEEN_GONE };
int stage_unseen(struct stage *stage, const struct stage_stream *stream, struct bytes key, struct bytes stored,
                 enum unseen how, struct stage_missing *missing, struct stage_count *count);

#endif
