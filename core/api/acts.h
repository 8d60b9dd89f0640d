/* acts - what callers have `muster` do: started, waited for, answered, and answered again.
 *
 * A question is answered when its process has ended. An act that takes longer
 * than its caller waits goes on, and is asked for by its id. With an
 * Idempotency-Key an act is known before it begins: that is on the disk before
 * its process starts, and its answer before it is given, for a day. They lie
 * sealed in STATE/musterd/acts. */
#ifndef API_ACTS_H
#define API_ACTS_H

#include "api/visitor.h"

#include <uv.h>

struct acts;

int acts_open(uv_loop_t *loop, const struct settings *settings, struct api *api, struct acts **ret_acts,
              struct err *err);
/* From a thread of the web. True: it is answered already. */
bool acts_put(struct acts *acts, struct visitor *visitor);
/* On the loop's thread. */
void acts_tick(struct acts *acts);
/* Nothing new is begun, what is under way is asked to stop between two changes. */
void acts_ends(struct acts *acts);
size_t acts_going(const struct acts *acts);
/* Whoever waits is answered, what is under way is ended; the loop runs once more. */
void acts_close(struct acts *acts);

#endif
