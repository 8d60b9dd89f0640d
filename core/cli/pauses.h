/* pauses - what is paused or set aside, for those who ask how it is: a line each for people, a JSON member for
 * programs. */
#ifndef CLI_PAUSES_H
#define CLI_PAUSES_H

#include "cli/context.h"
#include "engine/quarantine.h"
#include "tables/brake.h"

void pauses_tell(struct context *context, const char *id, const struct zone *zone, const struct pause *pauses,
                 size_t count);
/* Member "paused", a list of {connection: null for all, author, reason, since, until}. */
void pauses_json(const struct pause *pauses, size_t count, struct buffer *out);

/* The same of what is set aside: member "quarantine", a list of {connection, partition, direction, reason, sentence,
 * failures, run, since, last, next: null when something must change first, error}. */
void quarantines_tell(struct context *context, const char *id, const struct zone *zone, const struct quarantine *items,
                      size_t count);
void quarantines_json(const struct quarantine *items, size_t count, struct buffer *out);

#endif
