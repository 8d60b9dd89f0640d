/* desk - the connections that receive, as those who answer calls need them: found by path, secrets at hand.
 *
 * Made from the roster, and never changed: who answers a call keeps the desks
 * that it began with. */
#ifndef SERVICE_DESK_H
#define SERVICE_DESK_H

#include "service/proof.h"
#include "service/roster.h"

#include <stdatomic.h>

struct desk_route {
    const char *method, *path, *key;
    struct proof proof;
    size_t body_max;
    bool replies;
};

struct desk {
    const char *organization, *connection, *dir;
    struct desk_route *routes;
    size_t route_count;
    const struct cidr *sources;
    size_t source_count;
    unsigned success; /* the status of what is kept */
    bool relaxed;
    bool closed; /* its secrets cannot be read: nobody is let in */
};

struct desks {
    atomic_uint users;
    struct arena *arena;
    struct desk *items; /* in the order of organizations and connections */
    size_t count;
};

/* What cannot be read is told in the log. NULL: no memory. */
struct desks *desks_make(const struct settings *settings, const struct roster *roster);
struct desks *desks_use(struct desks *desks);
void desks_free(struct desks *desks); /* when nobody uses them any more */

/* "/in/acme/guards/punches/7": the connection, and where its own path begins. NULL: there is none. */
const struct desk *desks_find(const struct desks *desks, const char *path, const char **ret_rest);
/* The route of a path and a method. NULL: there is none; then the methods that the path takes are in `others`. */
const struct desk_route *desk_route(const struct desk *desk, const char *path, const char *method,
                                    struct buffer *others);
/* The part of a path that stands where the route has "{name}". False: it has no such. */
bool desk_part(const struct desk_route *route, const char *path, const char *name, size_t name_len, struct buffer *out);

DEFINE_TIDY(struct desks *, desks_free)

#endif
