/* turn - what a failure of ours means to a connector: whose turn it is. */
#ifndef BROKER_TURN_H
#define BROKER_TURN_H

#include "base/error.h"

#include <muster/connector.h>

static inline muster_rc turn_of(int rc)
{
    switch (rc) {
    case 0: return MUSTER_OK;
    case ERR_CONFIG: return MUSTER_CONFIG;
    case ERR_AUTH: return MUSTER_AUTH;
    case ERR_PERMISSION: return MUSTER_PERMISSION;
    case ERR_NETWORK:
    case ERR_TIMEOUT:
    case ERR_UNREADY:
    case ERR_BUSY: return MUSTER_RETRY;
    case ERR_GONE: return MUSTER_GONE;
    case ERR_DATA: return MUSTER_DATA;
    case ERR_CONFLICT: return MUSTER_CONFLICT;
    case ERR_CANCELLED: return MUSTER_CANCELLED;
    case ERR_UNSUPPORTED: return MUSTER_UNSUPPORTED;
    default: return MUSTER_FAIL;
    }
}

#endif
