/* roster - the organizations as the daemon knows them. */
#include "service/roster.h"

#include "base/buffer.h"
#include "base/error.h"
#include "base/mem.h"
#include "config/node.h"
#include "config/receiving.h"
#include "service/goodfile.h"

#include <errno.h>
#include <string.h>

static void organization_let_go(struct roster_organization *organization)
{
    zone_free(organization->zone);
    arena_free(organization->arena);
    free(organization);
}

DEFINE_TIDY(struct roster_organization *, organization_let_go)

const char *const *roster_ids(const struct roster *roster)
{
    const char **ids = mem_new(roster->count + 1, sizeof(*ids));
    for (size_t i = 0; ids && i < roster->count; i++)
        ids[i] = roster->items[i]->id;
    return ids;
}

void roster_done(struct roster *roster)
{
    for (size_t i = 0; i < roster->count; i++)
        organization_let_go(roster->items[i]);
    free(roster->items);
    *roster = (struct roster){0};
}

/* --- what is kept of one file --- */

static const char *const *texts_kept(struct arena *arena, const char *const *texts)
{
    size_t count = 0;
    while (texts && texts[count])
        count++;
    const char **kept = texts ? arena_get(arena, (count + 1) * sizeof(*kept)) : NULL;
    for (size_t i = 0; kept && i < count; i++)
        kept[i] = arena_text(arena, texts[i]);
    return kept;
}

static const char *text_kept(struct arena *arena, const char *text)
{
    return text ? arena_text(arena, text) : NULL;
}

static const struct trigger *triggers_kept(struct arena *arena, const struct connection *connection)
{
    struct trigger *kept = arena_get(arena, (connection->trigger_count + 1) * sizeof(*kept));
    for (size_t i = 0; kept && i < connection->trigger_count; i++) {
        const struct trigger *trigger = &connection->triggers[i];
        kept[i] = *trigger;
        kept[i].node = NULL;
        kept[i].text = text_kept(arena, trigger->text);
        kept[i].action = text_kept(arena, trigger->action);
        kept[i].after = texts_kept(arena, trigger->after);
        kept[i].streams = texts_kept(arena, trigger->streams);
        kept[i].not_when = texts_kept(arena, trigger->not_when);
    }
    return kept;
}

/* --- what is received --- */

static const struct secretref *secrets_kept(struct arena *arena, const struct connection *connection,
                                            const char *option, size_t *ret_count)
{
    size_t count = 0;
    const struct secretref *ref;
    while (route_secret(connection, option, count))
        count++;
    struct secretref *kept = arena_get(arena, (count + 1) * sizeof(*kept));
    for (size_t i = 0; kept && (ref = route_secret(connection, option, i)); i++)
        kept[i] = (struct secretref){ref->how, arena_text(arena, ref->name), NULL};
    *ret_count = count;
    return kept;
}

static bool route_kept(struct arena *arena, const struct connection *connection, const muster_route *route,
                       struct roster_route *kept)
{
    TIDY_DONE(buffer_done) struct buffer auth = {0}, path = {0};
    if (route_auth(connection, route, &auth) != 0 || route_path(connection, route, &path) != 0)
        return false;
    *kept = (struct roster_route){.method = text_kept(arena, route->method ? route->method : "POST"),
                                  .path = text_kept(arena, path.data),
                                  .auth = route->auth ? text_kept(arena, auth.len > 0 ? auth.data : "") : NULL,
                                  .key = text_kept(arena, route->key),
                                  .body_max = route_body_max(connection, route),
                                  .replies = route->replies != 0};
    kept->secrets = secrets_kept(arena, connection, route->secret, &kept->secret_count);
    return kept->method && kept->path && kept->secrets && (!route->auth || kept->auth);
}

static const struct cidr *sources_kept(struct arena *arena, const struct connection *connection, size_t *ret_count)
{
    struct cidr *kept = arena_get(arena, (connection->option_count + 1) * sizeof(*kept));
    size_t count = 0;
    for (size_t i = 0; kept && i < connection->option_count; i++) {
        const struct option_value *value = &connection->options[i];
        if (value->text && strncmp(value->name, "sources[", 8) == 0 && cidr_read(value->text, &kept[count]))
            count++;
    }
    *ret_count = count;
    return kept;
}

static int receiver_kept(struct arena *arena, const struct connection *connection,
                         const struct roster_receiver **ret_receiver)
{
    size_t count = 0;
    const muster_route *route;
    while (connection->description && route_nth(connection->description, count))
        count++;
    if (count == 0)
        return 0;
    struct roster_receiver *kept = arena_get(arena, sizeof(*kept));
    const char *relaxed = connection_option(connection, "relaxed_json");
    if (!kept || !(kept->routes = arena_get(arena, count * sizeof(*kept->routes))))
        return -ENOMEM;
    for (; (route = route_nth(connection->description, kept->route_count)); kept->route_count++)
        if (!route_kept(arena, connection, route, &kept->routes[kept->route_count]))
            return -ENOMEM;
    kept->anonymous = receiving_anonymous(connection);
    kept->success = receiving_success(connection);
    kept->relaxed = relaxed && strcmp(relaxed, "true") == 0;
    kept->sources = sources_kept(arena, connection, &kept->source_count);
    *ret_receiver = kept;
    return kept->sources ? 0 : -ENOMEM;
}

static int organization_kept(const struct organization *read, struct roster_organization **ret_kept)
{
    TIDY(organization_let_go) struct roster_organization *kept = mem_new(1, sizeof(*kept));
    if (!kept || !(kept->arena = arena_new()))
        return -ENOMEM;
    struct roster_connection *connections = arena_get(kept->arena, (read->connection_count + 1) * sizeof(*connections));
    kept->id = arena_text(kept->arena, read->id);
    kept->file = arena_text(kept->arena, read->file);
    if (!connections || !kept->id || !kept->file)
        return -ENOMEM;
    for (size_t i = 0; i < read->connection_count; i++) {
        const struct connection *connection = &read->connections[i];
        connections[i] = (struct roster_connection){.name = arena_text(kept->arena, connection->name),
                                                    .target = connection->target != NULL,
                                                    .triggers = triggers_kept(kept->arena, connection),
                                                    .trigger_count = connection->trigger_count,
                                                    .place = text_kept(kept->arena, connection_place(connection))};
        connections[i].far = connections[i].place && strncmp(connections[i].place, "sftp://", 7) == 0;
        if (!connections[i].name || !connections[i].triggers ||
            receiver_kept(kept->arena, connection, &connections[i].receiver) != 0)
            return -ENOMEM;
    }
    kept->connections = connections;
    kept->connection_count = read->connection_count;
    int rc = zone_open(read->time_zone, &kept->zone);
    if (rc == 0)
        *ret_kept = TAKE(kept);
    return rc;
}

/* --- one file --- */

struct reader {
    const struct settings *settings;
    struct connectors *connectors;
    const struct goodfiles *files; /* NULL: nothing is kept */
    struct buffer *wrong;          /* what is to be told of this one */
};

static int read_in(const struct reader *reader, const char *folder, const char *id, struct buffer *wrong,
                   struct roster_organization **ret_kept)
{
    TIDY(arena_free) struct arena *arena = arena_new();
    TIDY(organization_free) struct organization *organization = NULL;
    struct complaints complaints = {.arena = arena};
    struct settings settings = *reader->settings;
    settings.organizations = folder;
    if (!arena)
        return -ENOMEM;
    int rc = organization_read(&settings, id, connectors_describe, connectors_names, reader->connectors, &complaints,
                               &organization);
    complaints_write(&complaints, wrong);
    if (rc == -ENOMEM)
        return rc;
    if (rc != 0 && wrong->len == 0)
        buffer_format(wrong, "%s.yaml cannot be read: %s\n", id, err_text(rc));
    return rc != 0 ? wrong->rc : organization_kept(organization, ret_kept);
}

static int read_good(const struct reader *reader, const char *id, struct buffer *wrong,
                     struct roster_organization **ret_kept)
{
    return goodfile_there(reader->files, id) ? read_in(reader, reader->files->good, id, wrong, ret_kept) : 0;
}

/* As it is now; else as it was when it was good. 0 and NULL: it never was. */
static int read_one(const struct reader *reader, const char *id, struct roster_organization **ret_kept)
{
    static const enum roster_news news[] = {ROSTER_SAME, ROSTER_NEW, ROSTER_CHANGED};
    TIDY_DONE(buffer_done) struct buffer again = {0};
    enum goodfile found = GOODFILE_SAME;
    if (!reader->files)
        return read_in(reader, NULL, id, reader->wrong, ret_kept);
    int rc = goodfile_look(reader->files, id, &found);
    if (rc != 0)
        buffer_format(reader->wrong, "%s.yaml cannot be copied to %s: %s\n", id, reader->files->fresh, err_text(rc));
    else
        rc = read_in(reader, found == GOODFILE_SAME ? reader->files->good : reader->files->fresh, id, reader->wrong,
                     ret_kept);
    if (rc == -ENOMEM)
        return rc;
    if (*ret_kept) {
        (*ret_kept)->news = news[found];
        return 0;
    }
    goodfile_drop(reader->files, id);
    rc = found == GOODFILE_SAME && rc == 0 ? 0 : read_good(reader, id, &again, ret_kept);
    if (*ret_kept)
        (*ret_kept)->news = ROSTER_MISTAKEN;
    return rc;
}

/* --- all of them --- */

static int add(struct roster *roster, struct roster_organization *organization)
{
    int rc = mem_grow(&roster->items, roster->count, &roster->room, sizeof(struct roster_organization *));
    if (rc == 0)
        roster->items[roster->count++] = organization;
    return rc;
}

int roster_read(const struct settings *settings, struct connectors *connectors, bool keep, roster_told_fn *told,
                void *context, struct roster *ret_roster)
{
    TIDY(arena_free) struct arena *arena = arena_new();
    TIDY_DONE(buffer_done) struct buffer wrong = {0};
    TIDY_DONE(goodfiles_done) struct goodfiles files = {0};
    TIDY_DONE(roster_done) struct roster made = {0};
    const struct reader reader = {settings, connectors, keep ? &files : NULL, &wrong};
    const char *const *ids = NULL;
    int rc = arena ? organization_list(settings, arena, &ids) : -ENOMEM;
    if (rc == 0 && keep)
        rc = goodfiles_open(settings, &files);
    for (size_t i = 0; rc == 0 && ids && ids[i]; i++) {
        struct roster_organization *kept = NULL;
        buffer_clear(&wrong);
        rc = read_one(&reader, ids[i], &kept);
        if (wrong.len > 0)
            told(context, ids[i], wrong.data);
        if (rc == 0 && kept && (rc = add(&made, kept)) != 0)
            organization_let_go(kept);
    }
    if (rc != 0)
        return rc;
    *ret_roster = made;
    made = (struct roster){0};
    return 0;
}

int roster_keep(const struct settings *settings)
{
    TIDY_DONE(goodfiles_done) struct goodfiles files = {0};
    int rc = goodfiles_open(settings, &files);
    return rc ? rc : goodfiles_keep(&files);
}
