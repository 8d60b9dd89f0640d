/* feed - what changes in organizations, to whoever waits for it: one look at a folder for each organization that
 * somebody waits for, and none for the others. */
#ifndef API_FEED_H
#define API_FEED_H

#include "api/visitor.h"

#include <uv.h>

struct feed;

int feed_open(uv_loop_t *loop, const struct settings *settings, struct feed **ret_feed, struct err *err);
/* The visitor has found nothing yet and waits for so long: `again` is asked whenever something was written, on the
 * loop's thread; true: the answer is made. With `last` it must be. True: the feed is closing, wait for nothing. */
typedef bool feed_again_fn(struct visitor *visitor, bool last);
bool feed_wait(struct feed *feed, struct visitor *visitor, feed_again_fn *again, int64_t for_ms);
/* Who hears all that happens, until they go: feed_forget(). False: the feed is closing. */
struct events_seen {
    bool known; /* what there is already is not told */
    uint32_t run;
    uint64_t sequence, commit;
};
bool feed_follow(struct feed *feed, struct visitor *visitor, const struct events_seen *seen);
void feed_forget(struct feed *feed, struct visitor *visitor);
/* Tells the visitor what has happened since; the length of what was said. */
uint64_t events_tell(struct visitor *visitor, struct events_seen *seen);
/* How far a run of the organization is: JSON. On the loop's thread. */
void feed_progress(struct feed *feed, const char *organization, const char *json, size_t len);

/* On the loop's thread. */
/* `badges`: those that count now; NULL: it is not known. Who follows with another one is sent away. */
void feed_tick(struct feed *feed, const struct badges *badges);
size_t feed_waiting(struct feed *feed); /* for a change; followers, too */
/* Whoever waits is answered with nothing. */
void feed_ends(struct feed *feed);
void feed_close(struct feed *feed); /* after it, the loop runs once more */

#endif
