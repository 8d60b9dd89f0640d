/* organization - reads one organization's file, checked whole before anything of it takes effect.
 *
 * Reads CONFIG_DIR/organizations/ID.yaml and the descriptions of connectors,
 * writes struct organization. All that is wrong is told at once: a part that
 * is wrong never keeps the next part from being checked. */
#include "config/organization.h"

#include "base/mem.h"
#include "base/zone.h"
#include "config/given.h"
#include "config/reading.h"

#include <dirent.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

static const char *const keys[] = {"organization", "name",      "time_zone", "custom",    "connections",
                                   "match",        "authority", "notify",    "retention", NULL};

static void read_head(struct reading *reading, const struct node *root)
{
    struct organization *organization = reading->organization;
    const struct node *id = node_get(root, "organization");
    const char *text = want_text(reading, id, "organization");
    if (!id)
        complain(reading->complaints, root, "'organization' is missing: write organization: %s", organization->id);
    else if (text && strcmp(text, organization->id) != 0)
        complain(reading->complaints, id, "organization '%s' must be called like its file: '%s'", text,
                 organization->id);
    text = want_text(reading, node_get(root, "name"), "name");
    organization->name = text ? text : organization->id;
}

static void read_zone(struct reading *reading, const struct node *node)
{
    const char *text = want_text(reading, node, "time_zone");
    reading->organization->time_zone = text ? text : "UTC";
    reading->organization->zone_said = node != NULL;
    int rc = zone_open(reading->organization->time_zone, &reading->zone);
    if (rc == 0 || !text)
        return;
    reading->organization->time_zone = "UTC"; /* for who looks at the rest */
    if (rc == -ENOMEM)
        reading->rc = rc;
    else
        zone_name_complain(reading, node);
}

static bool custom_name(const char *name)
{
    size_t len = strlen(name);
    return len > 0 && len <= 64 && name[0] >= 'a' && name[0] <= 'z' &&
           strspn(name, "abcdefghijklmnopqrstuvwxyz0123456789_") == len;
}

/* `custom: { badge: text }`. What people add is personal until somebody says otherwise. */
static void read_custom(struct reading *reading, const struct node *node)
{
    static const char *const types[] = {"text", "integer", "decimal", "bool", "date", "datetime", NULL};
    const struct node *map = want_map(reading, node, "custom");
    size_t count = map ? map->count : 0, made = 0;
    struct field *fields = reading_get(reading, count + 1, sizeof(*fields));
    reading->organization->custom = fields;
    for (size_t i = 0; fields && i < count; i++) {
        const char *name = map->keys[i]->text;
        const char *what = reading_format(reading, "custom: %s", name);
        if (!custom_name(name))
            complain(reading->complaints, map->keys[i],
                     "custom: '%s': a field's name is made of a-z, 0-9 and '_' and begins with a letter", name);
        int which = want_word(reading, map->items[i], what, types);
        fields[made++] = (struct field){
            .kind = KIND_person,
            .name = reading_format(reading, "custom.%s", name),
            .type = which < 0 ? TYPE_TEXT : type_by_name(types[which], strlen(types[which])),
            .sensitivity = SENSITIVITY_personal,
            .doc = "",
        };
    }
}

static void read_root(struct reading *reading, const struct node *root)
{
    struct organization *organization = reading->organization;
    if (!want_map(reading, root, "the file"))
        return;
    node_unknown_keys(reading->complaints, root, keys, NULL);
    secretref_refuse_elsewhere(reading, root);
    read_head(reading, root);
    read_zone(reading, node_get(root, "time_zone"));
    read_custom(reading, node_get(root, "custom"));
    if (!organization->custom)
        return;
    connections_read(reading, node_get(root, "connections"));
    if (!organization->connections)
        return;
    if (organization->connection_count == 0 &&
        (!node_get(root, "connections") || node_get(root, "connections")->type == NODE_MAP))
        complain(reading->complaints, key_node(root, "connections"), "no connections: there is nothing to read from");
    match_read(reading, node_get(root, "match"));
    authority_read(reading, node_get(root, "authority"));
    reading->looked = true;
    notify_read(reading, node_get(root, "notify"), &organization->notifies, &organization->notify_count);
    retention_read(reading, node_get(root, "retention"), &organization->retention);
}

static struct organization *organization_new(void)
{
    TIDY(arena_free) struct arena *arena = arena_new();
    struct organization *organization = arena ? arena_get(arena, sizeof(*organization)) : NULL;
    if (organization)
        organization->arena = TAKE(arena);
    return organization;
}

static int read_file(struct reading *reading, const char *path)
{
    const struct node *root = NULL;
    int rc = node_read_file(path, reading->complaints, &root);
    reading->torn = rc != 0;
    if (rc == -ENOENT || rc == -ENOTDIR)
        return ERR_GONE;
    if (rc != 0 && rc != ERR_CONFIG)
        return rc;
    if (root)
        read_root(reading, root);
    else if (rc == 0)
        complain(reading->complaints, NULL, "the file is empty");
    zone_free(reading->zone);
    return reading->rc;
}

static const char *files_of(const struct settings *settings, struct arena *arena)
{
    return settings->organizations ? settings->organizations
                                   : arena_format(arena, "%s/organizations", settings->config_dir);
}

int organization_look(const struct settings *settings, const char *id, describe_fn *describe, installed_fn *installed,
                      void *context, struct complaints *complaints, struct organization **ret_organization)
{
    *ret_organization = NULL;
    if (!name_valid(id))
        return ERR_GONE;
    TIDY(organization_free) struct organization *organization = organization_new();
    if (!organization)
        return -ENOMEM;
    struct complaints own = {.arena = organization->arena};
    struct reading reading = {.arena = organization->arena,
                              .complaints = &own,
                              .config_dir = settings->config_dir,
                              .organization = organization,
                              .describe = describe,
                              .installed = installed,
                              .context = context,
                              .connectors = settings->connectors,
                              .beginning = settings->beginning};
    organization->id = arena_text(organization->arena, id);
    organization->path = arena_format(organization->arena, "%s/%s.yaml", files_of(settings, organization->arena), id);
    organization->file = complaints->file ? arena_text(organization->arena, complaints->file)
                                          : arena_format(organization->arena, "%s.yaml", id);
    if (!complaints->file)
        complaints->file = arena_format(complaints->arena, "%s.yaml", id);
    if (!organization->id || !organization->path || !organization->file || !complaints->file)
        return -ENOMEM;
    own.file = organization->file;
    int rc = read_file(&reading, organization->path);
    if (rc != 0)
        return rc;
    rc = complaints_hand_over(&own, complaints);
    if (reading.looked)
        *ret_organization = TAKE(organization);
    return rc;
}

int organization_read(const struct settings *settings, const char *id, describe_fn *describe, installed_fn *installed,
                      void *context, struct complaints *complaints, struct organization **ret_organization)
{
    TIDY(organization_free) struct organization *organization = NULL;
    int rc = organization_look(settings, id, describe, installed, context, complaints, &organization);
    if (rc == 0)
        *ret_organization = TAKE(organization);
    return rc;
}

void organization_free(struct organization *organization)
{
    if (!organization)
        return;
    for (size_t i = 0; i < organization->connection_count; i++) {
        const struct mapping *const *mappings = organization->connections[i].mappings;
        for (size_t m = 0; mappings && mappings[m]; m++)
            mapping_done(mappings[m]);
        target_done(organization->connections[i].target);
    }
    arena_free(organization->arena);
}

/* ---- what others ask ---- */

const struct connection *organization_connection(const struct organization *organization, const char *name)
{
    for (size_t i = 0; i < organization->connection_count; i++)
        if (strcmp(organization->connections[i].name, name) == 0)
            return &organization->connections[i];
    return NULL;
}

/* The table's entry for a path: "stores[2].url" is the member url of stores. */
static const struct muster_option *option_of(const struct muster_connector *connector, const char *path)
{
    const struct muster_option *table = connector->options, *option = NULL;
    for (;;) {
        size_t len = strcspn(path, "[.");
        for (size_t n = 0; (option = option_nth(connector, table, n)); n++)
            if (strlen(option->name) == len && strncmp(option->name, path, len) == 0)
                break;
        const char *dot = strchr(path + len, '.');
        if (!option || !dot)
            return option;
        table = option->members;
        path = dot + 1;
    }
}

const char *connection_option(const struct connection *connection, const char *name)
{
    for (size_t i = 0; i < connection->option_count; i++)
        if (strcmp(connection->options[i].name, name) == 0)
            return connection->options[i].text;
    const struct muster_option *option = connection->description ? option_of(connection->description, name) : NULL;
    if (!option)
        option = given_option(connection->description, name);
    return option ? option->initial : NULL;
}

const char *connection_place(const struct connection *connection)
{
    const struct muster_connector *description = connection->description;
    const struct muster_option *option;
    for (size_t n = 0; description && (option = option_nth(description, description->options, n)); n++) {
        const char *text = option->flags & MUSTER_PLACE ? connection_option(connection, option->name) : NULL;
        if (text && (*text == '/' || strstr(text, "://")))
            return text; /* a relative one is beside another */
    }
    return NULL;
}

const struct field *organization_field(const struct organization *organization, enum kind kind, const char *name)
{
    const struct field *custom = organization->custom;
    for (; kind == KIND_person && custom && custom->name; custom++)
        if (strcmp(custom->name, name) == 0)
            return custom;
    return field_by_name(kind, name);
}

const struct field *organization_field_number(const struct organization *organization, enum kind kind, uint16_t number)
{
    const struct field *custom = organization->custom;
    if (number < FIELD_CUSTOM)
        return field_by_number(kind, number);
    for (; kind == KIND_person && custom && custom->name; custom++)
        if (custom->number == number)
            return custom;
    return NULL;
}

/* ---- which there are ---- */

static int by_text(const void *a, const void *b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

static void drop_dir(DIR **dir)
{
    if (*dir)
        closedir(*dir);
}

/* "acme.yaml" is acme; hidden files, copies of editors and what is no name are nobody's. With `misnamed` those that are
 * nobody's only by what they are called, as they are: acme.yml, Acme.yaml. */
static int list_folder(DIR *dir, struct arena *arena, bool misnamed, const char ***names, size_t *count)
{
    size_t room = 0;
    for (;;) {
        errno = 0;
        const struct dirent *entry = readdir(dir);
        if (!entry)
            return -errno;
        const char *file = entry->d_name, *dot = strrchr(file, '.');
        if (!dot || dot == file || (strcasecmp(dot, ".yaml") != 0 && strcasecmp(dot, ".yml") != 0))
            continue;
        char *id = arena_copy(arena, file, (size_t)(dot - file)), *whole = arena_text(arena, file);
        if (!id || !whole || mem_grow(names, *count, &room, sizeof(**names)) != 0)
            return -ENOMEM;
        bool named = strcmp(dot, ".yaml") == 0 && name_valid(id);
        if (misnamed ? !named && file[0] != '.' : named)
            (*names)[(*count)++] = misnamed ? whole : id;
    }
}

static int list_files(const struct settings *settings, struct arena *arena, bool misnamed, const char *const **ret_ids)
{
    TIDY(free) const char **names = NULL;
    size_t count = 0;
    const char *path = files_of(settings, arena);
    if (!path)
        return -ENOMEM;
    DIR *dir __attribute__((cleanup(drop_dir))) = opendir(path);
    int rc = dir ? list_folder(dir, arena, misnamed, &names, &count) : errno == ENOENT ? 0 : -errno;
    const char **ids = rc == 0 ? arena_get(arena, (count + 1) * sizeof(*ids)) : NULL;
    if (!ids)
        return rc ? rc : -ENOMEM;
    if (count > 0) {
        qsort(names, count, sizeof(*names), by_text);
        memcpy(ids, names, count * sizeof(*ids));
    }
    *ret_ids = (const char *const *)ids;
    return 0;
}

int organization_list(const struct settings *settings, struct arena *arena, const char *const **ret_ids)
{
    return list_files(settings, arena, false, ret_ids);
}

int organization_list_misnamed(const struct settings *settings, struct arena *arena, const char *const **ret_files)
{
    return list_files(settings, arena, true, ret_files);
}
