/* api_inside - what the files of the API share. */
#ifndef API_API_INSIDE_H
#define API_API_INSIDE_H

#include "api/acts.h"
#include "api/api.h"
#include "api/feed.h"
#include "api/visitor.h"

#include <pthread.h>

struct api {
    pthread_mutex_t lock; /* of badges and shelf, which are exchanged while others use them */
    struct badges *badges;
    struct shelf *shelf;
    api_answered_fn *answered;
    void *context;
    struct buffer openapi;
    char *state;
    struct acts *acts;
    struct feed *feed;
    int unread;                 /* why tokens could not be read the last time; 0: they could */
    int64_t kept_ms, tidied_ms; /* by the steady clock */
};

#endif
