/* feed - what changes in organizations, to whoever waits for it: one look at a folder for each organization that
 * somebody waits for, and none for the others. */
#ifndef SERVICE_FEED_H
#define SERVICE_FEED_H

#include "service/visitor.h"

#include <uv.h>

struct feed;

int feed_open(uv_loop_t *loop, const struct settings *settings, struct feed **ret_feed, struct err *err);
/* The visitor has found nothing yet and waits for so long: `again` is asked whenever something was written, on the
 * loop's thread; true: the answer is made. With `last` it must be. True: the feed is closing, wait for nothing. */
typedef bool feed_again_fn(struct visitor *visitor, bool last);
bool feed_wait(struct feed *feed, struct visitor *visitor, feed_again_fn *again, int64_t for_ms);
/* On the loop's thread. */
void feed_tick(struct feed *feed);
size_t feed_waiting(struct feed *feed);
/* Whoever waits is answered with nothing. */
void feed_ends(struct feed *feed);
void feed_close(struct feed *feed); /* after it, the loop runs once more */

#endif
