/* patience - how long the broker waits for others, and who may call it off. */
#ifndef BROKER_PATIENCE_H
#define BROKER_PATIENCE_H

#include <stddef.h>

struct patience {
    int (*cancelled)(void *); /* NULL: nobody calls it off */
    void *context;
    int connect_ms;   /* until a server has answered on the wire */
    int operation_ms; /* without any progress in one thing that was asked */
};

enum { PATIENCE_CONNECT_MS = 10 * 1000, PATIENCE_OPERATION_MS = 30 * 1000, PATIENCE_SLICE_MS = 100 };

static inline int patience_cancelled(const struct patience *patience)
{
    return patience->cancelled && patience->cancelled(patience->context);
}

#endif
