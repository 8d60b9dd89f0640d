/* receiver - what connectors receive: who may call where, what makes two calls the same, and the way into the inbox.
 *
 * A call goes to /in/ORGANIZATION/CONNECTION and a path that the connection's
 * connector declares. Path, method, address, secret and size are looked at
 * before anything is kept, and the connector is not woken for any of it. 200 is
 * said when the event is on the disk, and not before; 503 when it cannot be.
 * What is the same as last time is kept already, and 200 as well. On a route
 * that replies the connector says what is answered (counter.h); when that is
 * well, and the call was no mere question, it is kept before it is said. */
#ifndef SERVICE_RECEIVER_H
#define SERVICE_RECEIVER_H

#include "service/counter.h"
#include "service/intake.h"
#include "service/metrics.h"
#include "service/roster.h"
#include "web/web.h"

struct receiver;

/* Called from any thread when something was kept: receiver_news() tells what. */
typedef void receiver_wake_fn(void *context);

struct receiver *receiver_open(struct intake *intake, struct counters *counters, struct metrics *metrics,
                               receiver_wake_fn *wake, void *context);
/* The files were read again, or their secrets may be others. What is under way goes on with what it began with. */
int receiver_reload(struct receiver *receiver, const struct settings *settings, const struct roster *roster);
/* No request may be under way. */
void receiver_close(struct receiver *receiver);

/* Whose path begins with "/in/". */
bool receiver_begins(struct receiver *receiver, struct web_request *request);
bool receiver_whole(struct receiver *receiver, struct web_request *request);
void receiver_ends(struct receiver *receiver, struct web_request *request);

/* Tells, once, each connection for which something was kept since. */
typedef void receiver_news_fn(void *context, const char *organization, const char *connection);
void receiver_news(struct receiver *receiver, receiver_news_fn *told, void *context);

#endif
