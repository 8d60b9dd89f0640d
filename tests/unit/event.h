/* event - for tests of the inbox: what somebody sent, as it is kept. */
#ifndef TESTS_EVENT_H
#define TESTS_EVENT_H

#include "store/inbox.h"

#include <string.h>

static inline struct inbox_event event(const char *key, const char *body)
{
    return (struct inbox_event){.received_ms = 1000,
                                .connection = "guards",
                                .method = "POST",
                                .route = "/punches",
                                .target = "/punches",
                                .type = "application/json",
                                .key = key,
                                .body = {body, strlen(body)}};
}

#endif
