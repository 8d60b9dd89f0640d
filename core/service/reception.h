/* reception - the daemon as others call it: what connectors receive, the API, and how it is itself.
 *
 * /healthz answers while it runs, /readyz while it takes things in; /metrics
 * says to Prometheus on this machine what was counted, and to nobody else. */
#ifndef SERVICE_RECEPTION_H
#define SERVICE_RECEPTION_H

#include "service/metrics.h"
#include "service/roster.h"

#include <uv.h>

struct reception;

/* Something came in for a connection, or waits there since before. On the loop's thread. */
typedef void reception_told_fn(void *context, const char *organization, const char *connection);

/* Listens where the settings say. Nothing is listened to without `listen`: then *ret_reception is NULL. */
int reception_open(uv_loop_t *loop, const struct settings *settings, const struct roster *roster,
                   struct metrics *metrics, reception_told_fn *told, void *context, struct reception **ret_reception,
                   struct err *err);
/* The files were read again; those of before go. */
void reception_reload(struct reception *reception, const struct settings *settings, const struct roster *roster);
/* How it is: for who asks. */
void reception_now(struct reception *reception, size_t organizations, size_t running);
/* It is asked to end: nothing more is taken in, what was is kept. */
void reception_ends(struct reception *reception);
/* How far a run is: JSON, for who follows it. */
void reception_progress(struct reception *reception, const char *organization, const char *json, size_t len);
/* Acts of callers that still go on. */
size_t reception_acts(const struct reception *reception);
void reception_close(struct reception *reception); /* after it, the loop runs once more */

#endif
