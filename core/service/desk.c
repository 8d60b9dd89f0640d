/* desk - the connections that receive. */
#include "service/desk.h"

#include "base/buffer.h"
#include "base/log.h"
#include "base/mem.h"
#include "engine/run.h"

#include <errno.h>
#include <string.h>

enum { BODY_USUAL = 1 << 20, BODY_MOST = 64 << 20 };

/* --- made --- */

static const char *copied(struct desks *desks, const char *text)
{
    return text ? arena_text(desks->arena, text) : NULL;
}

/* What a connection's secrets are, and what is to be done with them. */
static int read_proof(struct desks *desks, const struct desk *desk, const struct roster_route *from,
                      struct proof *proof)
{
    struct err err = {0};
    TIDY(free) char *what = mem_format("connection '%s'", desk->connection);
    int rc =
        what ? proof_make(from->auth, from->secrets, from->secret_count, what, desks->arena, proof, &err) : -ENOMEM;
    if (rc != 0 && rc != -ENOMEM) {
        const struct log log = {.organization = desk->organization, .connection = desk->connection};
        log_error(&log, "nobody is let in: %s", err.rc ? err.text : err_text(rc));
        return ERR_CONFIG;
    }
    return rc;
}

static int route_make(struct desks *desks, const struct desk *desk, const struct roster_receiver *receiver,
                      const struct roster_route *from, struct desk_route *route)
{
    *route = (struct desk_route){.method = copied(desks, from->method),
                                 .path = copied(desks, from->path),
                                 .key = copied(desks, from->key),
                                 .replies = from->replies,
                                 .body_max = from->body_max ? from->body_max : BODY_USUAL};
    if (route->body_max > BODY_MOST)
        route->body_max = BODY_MOST;
    if (!route->method || !route->path)
        return -ENOMEM;
    return receiver->anonymous || !from->auth ? 0 : read_proof(desks, desk, from, &route->proof);
}

static int desk_make(struct desks *desks, const struct settings *settings, const char *organization,
                     const struct roster_connection *connection, struct desk *desk)
{
    const struct roster_receiver *receiver = connection->receiver;
    struct cidr *sources = arena_get(desks->arena, (receiver->source_count + 1) * sizeof(*sources));
    *desk = (struct desk){.organization = copied(desks, organization),
                          .connection = copied(desks, connection->name),
                          .dir = run_store_dir(settings, organization, desks->arena),
                          .routes = arena_get(desks->arena, receiver->route_count * sizeof(struct desk_route)),
                          .sources = sources,
                          .source_count = receiver->source_count,
                          .success = receiver->success,
                          .relaxed = receiver->relaxed};
    if (!desk->organization || !desk->connection || !desk->dir || !desk->routes || !sources)
        return -ENOMEM;
    if (receiver->source_count > 0)
        memcpy(sources, receiver->sources, receiver->source_count * sizeof(*sources));
    for (; desk->route_count < receiver->route_count; desk->route_count++) {
        int rc =
            route_make(desks, desk, receiver, &receiver->routes[desk->route_count], &desk->routes[desk->route_count]);
        if (rc == -ENOMEM)
            return rc;
        if (rc != 0) { /* told once: the other routes name the same */
            desk->closed = true;
            return 0;
        }
    }
    return 0;
}

static int add_organization(struct desks *desks, const struct settings *settings,
                            const struct roster_organization *organization)
{
    int rc = 0;
    for (size_t c = 0; c < organization->connection_count && rc == 0; c++)
        if (organization->connections[c].receiver) {
            rc = desk_make(desks, settings, organization->id, &organization->connections[c],
                           &desks->items[desks->count]);
            desks->count += rc == 0;
        }
    return rc;
}

struct desks *desks_make(const struct settings *settings, const struct roster *roster)
{
    TIDY(desks_free) struct desks *desks = mem_new(1, sizeof(*desks));
    size_t most = 1;
    if (!desks || !(desks->arena = arena_new()))
        return NULL;
    atomic_store(&desks->users, 1);
    for (size_t i = 0; i < roster->count; i++)
        most += roster->items[i]->connection_count;
    desks->items = arena_get(desks->arena, most * sizeof(*desks->items));
    for (size_t i = 0; desks->items && i < roster->count; i++)
        if (add_organization(desks, settings, roster->items[i]) != 0)
            return NULL;
    return desks->items ? TAKE(desks) : NULL;
}

struct desks *desks_use(struct desks *desks)
{
    atomic_fetch_add(&desks->users, 1);
    return desks;
}

void desks_free(struct desks *desks)
{
    if (!desks || atomic_fetch_sub(&desks->users, 1) > 1)
        return;
    for (size_t i = 0; i < desks->count; i++)
        for (size_t r = 0; r < desks->items[i].route_count; r++)
            proof_done(&desks->items[i].routes[r].proof);
    arena_free(desks->arena);
    free(desks);
}

/* --- found --- */

static bool part_is(const char *text, size_t len, const char *name)
{
    return strncmp(text, name, len) == 0 && name[len] == '\0';
}

const struct desk *desks_find(const struct desks *desks, const char *path, const char **ret_rest)
{
    if (strncmp(path, "/in/", 4) != 0)
        return NULL;
    const char *organization = path + 4;
    size_t organization_len = strcspn(organization, "/");
    const char *connection = organization + organization_len + (organization[organization_len] == '/');
    size_t len = strcspn(connection, "/");
    for (size_t i = 0; i < desks->count; i++)
        if (part_is(organization, organization_len, desks->items[i].organization) &&
            part_is(connection, len, desks->items[i].connection)) {
            *ret_rest = connection + len;
            return &desks->items[i];
        }
    return NULL;
}

/* Part by part; "{name}" is any that is not empty. With `name` the part that stands for it is found. */
static bool path_fits(const char *pattern, const char *path, const char *name, size_t name_len, const char **ret_part,
                      size_t *ret_len)
{
    while (*pattern == '/' && *path == '/') {
        size_t wanted = strcspn(++pattern, "/"), len = strcspn(++path, "/");
        bool any = wanted > 2 && pattern[0] == '{' && pattern[wanted - 1] == '}';
        if (any ? len == 0 : wanted != len || memcmp(pattern, path, len) != 0)
            return false;
        if (any && name && wanted - 2 == name_len && memcmp(pattern + 1, name, name_len) == 0) {
            *ret_part = path;
            *ret_len = len;
        }
        pattern += wanted;
        path += len;
    }
    return *pattern == '\0' && *path == '\0';
}

const struct desk_route *desk_route(const struct desk *desk, const char *path, const char *method,
                                    struct buffer *others)
{
    for (size_t i = 0; i < desk->route_count; i++) {
        const struct desk_route *route = &desk->routes[i];
        if (!path_fits(route->path, path, NULL, 0, NULL, NULL))
            continue;
        if (strcmp(route->method, method) == 0)
            return route;
        buffer_format(others, "%s%s", others->len > 0 ? ", " : "", route->method);
    }
    return NULL;
}

bool desk_part(const struct desk_route *route, const char *path, const char *name, size_t name_len, struct buffer *out)
{
    const char *part = NULL;
    size_t len = 0;
    if (!path_fits(route->path, path, name, name_len, &part, &len) || !part)
        return false;
    buffer_add(out, part, len);
    return true;
}
