/* warm - what is made ready before it is needed.
 *
 * A run that commits a change will have targets told of it next. Their hosts
 * load their connectors, and we what calls go by, while what has changed is
 * read and worked out; and the store stays open from one run to the next. So
 * the change is on the wire sooner. Nothing depends on it: whoever finds no
 * warm host starts one. */
#ifndef ENGINE_WARM_H
#define ENGINE_WARM_H

#include "engine/run.h"
#include "lane/lane.h"

struct warm;

/* `like` says of which organization, with which connectors; it is used until warm_free(). NULL when there is no
 * memory. */
struct warm *warm_new(const struct run_request *like);
/* Ends those that nobody took. */
void warm_free(struct warm *warm);
/* This connection's target will be told in a while. It must outlive `warm`. */
void warm_expect(struct warm *warm, const struct connection *connection);
/* Now: a run, which has the store open, has something before it that is likely to be a change. The first time counts.
 * Does not wait. */
void warm_up(struct warm *warm);
/* The host of that connection, for lane_meet(); NULL: none was started, or it was taken. */
struct lane *warm_take(struct warm *warm, const struct connection *connection);

DEFINE_TIDY(struct warm *, warm_free)

#endif
