/* calls - the table of functions that a connector is given. */
#ifndef HOST_CALLS_H
#define HOST_CALLS_H

#include <muster/connector.h>

extern const muster_host calls_table;

#endif
