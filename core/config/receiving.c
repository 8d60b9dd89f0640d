/* receiving - connections whose connector declares routes. */
#include "config/receiving.h"

#include "config/cidr.h"
#include "config/quantity.h"
#include "config/reading.h"

#include <string.h>

const muster_route *route_nth(const muster_connector *connector, size_t n)
{
    size_t stride = connector->route_size ? connector->route_size : sizeof(muster_route);
    const char *entry = (const char *)connector->routes;
    if (!entry)
        return NULL;
    for (; ((const muster_route *)entry)->path; entry += stride)
        if (n-- == 0)
            return (const muster_route *)entry;
    return NULL;
}

/* "tokens[3]" is of the list "tokens". */
static bool of_list(const char *name, const char *list)
{
    size_t len = strlen(list);
    return strncmp(name, list, len) == 0 && (name[len] == '\0' || name[len] == '[');
}

const struct secretref *route_secret(const struct connection *connection, const char *option, size_t n)
{
    for (size_t i = 0; option && i < connection->option_count; i++)
        if (connection->options[i].secret && of_list(connection->options[i].name, option) && n-- == 0)
            return connection->options[i].secret;
    return NULL;
}

/* NULL: there is no such option, or it is not set. */
static const char *option_text(const struct connection *connection, const char *name, size_t len)
{
    char text[64];
    if (len >= sizeof(text))
        return NULL;
    memcpy(text, name, len);
    text[len] = '\0';
    return connection_option(connection, text);
}

/* "auth=hmac": whether that is so. What has no such word counts always. */
static bool way_counts(const struct connection *connection, const char **way)
{
    size_t len = strcspn(*way, " ;"), name = strcspn(*way, "= ;");
    if (name >= len)
        return true;
    const char *said = option_text(connection, *way, name), *wanted = *way + name + 1;
    bool counts = said && strlen(said) == len - name - 1 && memcmp(said, wanted, strlen(said)) == 0;
    *way += len + strspn(*way + len, " ");
    return counts;
}

int route_auth(const struct connection *connection, const muster_route *route, struct buffer *out)
{
    const char *way = route->auth ? route->auth : "";
    while (*way && !way_counts(connection, &way)) {
        way += strcspn(way, ";");
        way += strspn(way, "; ");
    }
    while (*way && *way != ';') {
        size_t len = strcspn(way, " ;");
        const char *said =
            way[0] == '{' && len > 2 && way[len - 1] == '}' ? option_text(connection, way + 1, len - 2) : NULL;
        if (out->len > 0)
            buffer_byte(out, ' ');
        if (said)
            buffer_text(out, said);
        else
            buffer_add(out, way, len);
        way += len;
        way += strspn(way, " ");
    }
    return out->rc;
}

/* What the file says instead of first parts of paths; NULL: nothing. */
static const struct node *paths_of(const struct connection *connection)
{
    for (size_t i = 0; i < connection->option_count; i++)
        if (strcmp(connection->options[i].name, "paths") == 0)
            return connection->options[i].node;
    return NULL;
}

/* "punches" of "/punches/{id}". */
static const char *first_part(struct arena *arena, const muster_route *route)
{
    return arena_copy(arena, route->path + 1, strcspn(route->path + 1, "/"));
}

int route_path(const struct connection *connection, const muster_route *route, struct buffer *out)
{
    const struct node *paths = paths_of(connection);
    size_t len = strcspn(route->path + 1, "/");
    const struct node *other = NULL;
    for (size_t n = 0; paths && n < paths->count && !other; n++)
        if (strncmp(paths->keys[n]->text, route->path + 1, len) == 0 && paths->keys[n]->text[len] == '\0')
            other = paths->items[n]->type == NODE_TEXT ? paths->items[n] : NULL;
    if (other)
        buffer_text(out, other->text);
    buffer_text(out, other ? route->path + 1 + len : route->path);
    return out->rc;
}

uint32_t route_body_max(const struct connection *connection, const muster_route *route)
{
    const char *text = connection_option(connection, "body_max");
    int64_t bytes = 0;
    return text && quantity_integer(text, &bytes) && bytes > 0 && bytes <= UINT32_MAX ? (uint32_t)bytes
                                                                                      : route->body_max;
}

unsigned receiving_success(const struct connection *connection)
{
    const char *text = connection_option(connection, "success");
    int64_t status = 0;
    return text && quantity_integer(text, &status) && status >= 200 && status < 300 ? (unsigned)status : 200;
}

bool receiving_anonymous(const struct connection *connection)
{
    const char *text = connection_option(connection, "anonymous");
    return text && strcmp(text, "true") == 0;
}

static void check_secrets(struct reading *reading, const struct connection *connection)
{
    const muster_route *route;
    for (size_t n = 0; (route = route_nth(connection->description, n)); n++) {
        if (!route->secret)
            continue;
        bool some = route_secret(connection, route->secret, 0) != NULL;
        const struct node *options = node_get(connection->node, "options"), *said = node_get(options, route->secret);
        if (!some && said && (said->type != NODE_LIST || said->count > 0))
            return; /* what is wrong with it was said */
        const struct node *at = options ? key_node(connection->node, "options") : connection->node;
        if (!some && !receiving_anonymous(connection))
            complain(reading->complaints, at,
                     "connection '%s': option '%s' is missing: who calls must show one of them; or write anonymous: "
                     "true when anybody may",
                     connection->name, route->secret);
        else if (some && receiving_anonymous(connection))
            complain(reading->complaints, node_get(options, "anonymous"),
                     "connection '%s': option 'anonymous' lets in everybody, and '%s' asks for a secret: one of them",
                     connection->name, route->secret);
        return; /* the others name the same list */
    }
}

static void check_sources(struct reading *reading, const struct connection *connection)
{
    for (size_t i = 0; i < connection->option_count; i++) {
        const struct option_value *value = &connection->options[i];
        struct cidr cidr;
        if (value->text && of_list(value->name, "sources") && !cidr_read(value->text, &cidr))
            complain(reading->complaints, value->node,
                     "connection '%s': option '%s' must be addresses, as in 203.0.113.0/24 or 2001:db8::1",
                     connection->name, value->name);
    }
}

/* "/clock/in": parts of letters, digits and -._~ */
static bool path_valid(const char *path)
{
    static const char part[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-._~";
    size_t len;
    while (*path == '/' && (len = strspn(path + 1, part)) > 0)
        path += 1 + len;
    return *path == '\0';
}

/* Two routes that would answer to the same call. */
static void routes_meet(struct reading *reading, const struct connection *connection, const struct node *paths)
{
    const muster_route *one, *other;
    for (size_t n = 0; (one = route_nth(connection->description, n)); n++)
        for (size_t i = 0; i < n; i++) {
            TIDY_DONE(buffer_done) struct buffer a = {0}, b = {0};
            other = route_nth(connection->description, i);
            if (strcmp(one->method, other->method) != 0 || route_path(connection, one, &a) != 0 ||
                route_path(connection, other, &b) != 0 || strcmp(a.data, b.data) != 0)
                continue;
            complain(reading->complaints, paths, "connection '%s': option 'paths' leads %s and %s to the same %s",
                     connection->name, other->path, one->path, a.data);
            return;
        }
}

static void check_paths(struct reading *reading, const struct connection *connection)
{
    const struct node *paths = paths_of(connection);
    const char *names[33] = {0};
    const muster_route *route;
    bool good = true;
    if (paths && paths->type != NODE_MAP) {
        complain(reading->complaints, paths,
                 "connection '%s': option 'paths' must be a map, as in { orders: /v1/orders }", connection->name);
        return;
    }
    for (size_t n = 0, count = 0; paths && count < 32 && (route = route_nth(connection->description, n)); n++) {
        const char *name = first_part(reading->arena, route);
        if (name && !has_name(names, name))
            names[count++] = name;
    }
    for (size_t n = 0; paths && n < paths->count; n++) {
        const struct node *value = paths->items[n];
        good &=
            want_name(reading, paths->keys[n],
                      reading_format(reading, "connection '%s': option 'paths': there is no route", connection->name),
                      paths->keys[n]->text, names);
        if (value->type == NODE_TEXT && *value->text == '/' && path_valid(value->text))
            continue;
        complain(reading->complaints, value, "connection '%s': option 'paths.%s' must be a path, as in /v1/%s",
                 connection->name, paths->keys[n]->text, paths->keys[n]->text);
        good = false;
    }
    if (paths && good)
        routes_meet(reading, connection, paths);
}

void receiving_check(struct reading *reading, const struct connection *connection)
{
    if (!connection->description || !route_nth(connection->description, 0))
        return;
    check_secrets(reading, connection);
    check_sources(reading, connection);
    check_paths(reading, connection);
}
