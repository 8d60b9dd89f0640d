/* hosts - where a connection may go: the hosts that its options name, and those that its connector declares. */
#ifndef BROKER_HOSTS_H
#define BROKER_HOSTS_H

#include "base/error.h"
#include "broker/url.h"
#include "config/organization.h"

/* 0, or ERR_PERMISSION (a host that nobody named) or ERR_CONFIG (http:// that is not allowed), with a sentence. */
int hosts_allow(const struct connection *connection, const struct url *url, struct err *err);

#endif
