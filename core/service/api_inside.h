/* api_inside - what the files of the API share. */
#ifndef SERVICE_API_INSIDE_H
#define SERVICE_API_INSIDE_H

#include "service/acts.h"
#include "service/api.h"
#include "service/feed.h"
#include "service/visitor.h"

#include <pthread.h>

struct api {
    pthread_mutex_t lock; /* of badges and shelf, which are exchanged while others use them */
    struct badges *badges;
    struct shelf *shelf;
    struct metrics *metrics;
    struct buffer openapi;
    char *state;
    struct acts *acts;
    struct feed *feed;
    int64_t kept_ms, tidied_ms; /* by the steady clock */
};

#endif
