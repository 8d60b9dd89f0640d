/* api - the API as callers meet it: who they are, what they may see, and which operation they mean.
 *
 * Whoever has no token learns nothing but that one is needed; what a token may
 * not see is not there for it. What is read is answered at once, from the
 * store; what `muster` does is left to acts. */
#ifndef API_API_H
#define API_API_H

#include "web/web.h"

#include <uv.h>

struct api;

/* How a request to an operation, whose name lives for ever, was answered; 0: the caller went before. From any thread.
 */
typedef void api_answered_fn(void *context, const char *operation, unsigned status, uint64_t ms);

/* `ids`: the organizations that there are, sorted, NULL after the last; not kept. */
int api_open(uv_loop_t *loop, const struct settings *settings, const char *const *ids, api_answered_fn *answered,
             void *context, struct api **ret_api, struct err *err);
/* The files were read again. */
int api_reload(struct api *api, const struct settings *settings, const char *const *ids);
/* How far a run is: JSON, on the loop's thread. */
void api_progress(struct api *api, const char *organization, const char *json, size_t len);
/* Now and then, on the loop's thread. */
void api_tick(struct api *api);
/* It is to end: whoever waits is answered, what is under way is stopped. */
void api_ends(struct api *api);
/* How many acts go on, and how many callers wait for a change. */
size_t api_acts(const struct api *api);
void api_count(struct api *api, uint64_t *ret_acts, uint64_t *ret_waiting);
/* Nobody waits any more; the loop runs once more. */
void api_lets_go(struct api *api);
/* No request may be under way. */
void api_close(struct api *api);

/* Whose path is the API's. */
bool api_is(const struct web_request *request);
bool api_begins(struct api *api, struct web_request *request);
bool api_whole(struct api *api, struct web_request *request);
void api_gone(struct api *api, struct web_request *request, unsigned status);

#endif
