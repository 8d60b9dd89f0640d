/* arrivals - records that others sent, as they come out of a connector: one for each id, as it is in the end.
 *
 * Events come late, twice, and in any order. A field that its stream marks as
 * the order (MUSTER_ORDER) says which of two is the later one: an earlier one
 * that comes after it changes nothing. Once a record's last word was said
 * (MUSTER_FINAL) it stays said, also in what comes after it. How far each record
 * is stands in the inbox, over all runs. */
#ifndef ENGINE_ARRIVALS_H
#define ENGINE_ARRIVALS_H

#include "base/arena.h"
#include "lane/lane.h"
#include "store/inbox.h"

struct arrivals;

struct arrivals *arrivals_new(struct inbox *inbox, const char *connection, const muster_connector *description);
void arrivals_free(struct arrivals *arrivals);

/* Takes over a copy. */
int arrivals_record(struct arrivals *arrivals, const struct lane_record *record);
int arrivals_reject(struct arrivals *arrivals, const char *stream, const char *place, const char *why);
/* How many were rejected; and back to so many, because the call that gave the others did not come to its end. Records
 * need no going back: said once more, they are the same. */
size_t arrivals_rejected(const struct arrivals *arrivals);
void arrivals_forget_rejected(struct arrivals *arrivals, size_t count);
/* Whether anything came of a stream. */
bool arrivals_has(const struct arrivals *arrivals, const char *stream);

struct arrivals_sink {
    void *context;
    int (*columns)(void *context, const struct lane_stream *stream);
    int (*record)(void *context, const struct lane_record *record);
    int (*reject)(void *context, const char *place, const char *why);
};
/* All of a stream, in the order in which they were first named. */
int arrivals_pour(struct arrivals *arrivals, const char *stream, const struct arrivals_sink *sink);
/* How far they are now, for inbox_done(); lives as long as the arrivals. */
int arrivals_versions(struct arrivals *arrivals, const struct inbox_version **ret_versions, size_t *ret_count);

DEFINE_TIDY(struct arrivals *, arrivals_free)

#endif
