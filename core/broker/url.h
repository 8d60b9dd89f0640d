/* url - http and https addresses, taken apart strictly: what is checked is what is called.
 *
 * No user in it, no blanks or control characters; the host comes out in lower
 * case, an IPv6 address without brackets. */
#ifndef BROKER_URL_H
#define BROKER_URL_H

#include "base/arena.h"
#include "base/buffer.h"

#include <stdbool.h>

struct url {
    bool tls;
    const char *host;  /* lower case */
    unsigned port;     /* 443 or 80 unless it says one */
    const char *path;  /* begins with '/' */
    const char *query; /* without '?'; "" when there is none */
};

/* In the arena. 0, ERR_CONFIG (it is no such address), or -ENOMEM. */
int url_read(struct arena *arena, const char *text, struct url *ret_url);
/* The same address again, with another query unless it is NULL. */
void url_write(const struct url *url, const char *query, struct buffer *out);
/* "https://host:port" as people write it. */
void url_origin(const struct url *url, struct buffer *out);
/* What may be written down of it: values of the query and parts of the path that look like ids are '*'. Versions
 * ("v1") and words stay. */
void url_masked(const struct url *url, struct buffer *out);
bool url_same_origin(const struct url *a, const struct url *b);
bool url_loopback(const char *host);
/* Bytes that a query or a form may not hold as they are, as %XX. */
void url_escape(const char *text, size_t len, struct buffer *out);

#endif
