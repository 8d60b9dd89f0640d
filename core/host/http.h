/* http - a connector's calls by HTTP, handed to the broker behind the engine. */
#ifndef HOST_HTTP_H
#define HOST_HTTP_H

#include <muster/connector.h>

muster_rc http_ask(muster_run *run, const muster_http *ask, const muster_http **reply);
muster_rc http_start(muster_run *run, const muster_http *ask, void *tag);
muster_rc http_wait(muster_run *run, const muster_http **reply, void **tag);

#endif
