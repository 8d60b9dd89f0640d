/* warm - hosts that are started before they are needed.
 *
 * A run that commits a change will have targets told of it next. Their hosts
 * load their connectors, and we what calls go by, while the change is worked
 * out and the disk takes it; so it is on the wire sooner. Nothing depends on it: whoever
 * finds no warm host starts one. */
#ifndef ENGINE_WARM_H
#define ENGINE_WARM_H

#include "lane/lane.h"
#include "engine/run.h"

struct warm;

/* NULL when there is no memory. */
struct warm *warm_new(void);
/* Ends those that nobody took. */
void warm_free(struct warm *warm);
/* This connection's target will be told in a while. It must outlive `warm`. */
void warm_expect(struct warm *warm, const struct connection *connection);
/* Now: `request` is of the run that works out a change, and will commit it. The first time counts. Does not wait. */
void warm_up(struct warm *warm, const struct run_request *request);
/* The host of that connection, for lane_meet(); NULL: none was started, or it was taken. */
struct lane *warm_take(struct warm *warm, const struct connection *connection);

DEFINE_TIDY(struct warm *, warm_free)

#endif
