/* counter - routes that answer at once: the connection's connector is asked, one call after the other, in a host that
 * stays.
 *
 * A counter is a connection that somebody calls: a thread, and a host process
 * beside it, both gone a minute after the last call. It reads the last good
 * files for itself, and anew after a reload. What a connector looks up is read
 * from the store in a transaction that reads: nobody waits for a run that
 * writes. Whoever dies of a call costs that call, and a new host the next. */
#ifndef SERVICE_COUNTER_H
#define SERVICE_COUNTER_H

#include "base/buffer.h"
#include "config/organization.h"
#include "lane/lane.h"

struct counters;

/* One call on its way. */
struct question {
    struct question *next;
    const char *organization, *connection; /* all that it points to lives until it is told */
    struct lane_inbound inbound;
    /* what came of it: told on the thread of the counter; from then on it may be gone */
    int rc;          /* 0: answered; ERR_DATA: it is refused, for `why`; else nobody could answer it */
    unsigned status; /* 200 to 599 */
    char *type;      /* of the body; NULL: not said; freed with free() */
    struct buffer body;
    char why[500];
    void (*told)(void *context, struct question *question);
    void *context;
};

void question_done(struct question *question);

/* NULL: no memory. */
struct counters *counters_open(void);
/* The files were read again, and are good: who is asked from now on goes by them. */
int counters_reload(struct counters *counters, const struct settings *settings);
/* 0: it will be told. ERR_LIMIT: too many wait already; ERR_CANCELLED: it is closing; -ENOMEM: nobody can be asked. */
int counters_put(struct counters *counters, struct question *question);
/* What waits is told that nobody answers any more; what is being asked comes to its end or is cut off. */
void counters_close(struct counters *counters);

#endif
