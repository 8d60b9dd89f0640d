/* settings - muster.yaml: where things are and how much they may take.
 *
 * Reads CONFIG_DIR/muster.yaml, which may be missing: every key has a default. */
#include "config/organization.h"

#include "base/mem.h"
#include "base/program.h"
#include "config/reading.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define STATE_DIR "/var/lib/muster"

static const char *const keys[] = {"state",  "connectors", "listen", "tls",  "lanes", "parallel_runs",
                                   "limits", "seal_key",   "notify", "mail", NULL};

/* Where the command was given counts for words of the command line. */
static const char *absolute(struct reading *reading, const char *path)
{
    char here[4096];
    if (path[0] == '/')
        return reading_format(reading, "%s", path);
    if (!getcwd(here, sizeof(here))) {
        reading->rc = -errno;
        return "";
    }
    return strcmp(path, ".") == 0 ? reading_format(reading, "%s", here) : reading_format(reading, "%s/%s", here, path);
}

static const char *installed(struct reading *reading)
{
    char folder[PATH_MAX];
    program_folder(CONNECTORDIR, folder);
    return reading_format(reading, "%s", folder);
}

/* "FOLDER:FOLDER", where one that is empty is that of muster's own. */
static const char *const *folders_listed(struct reading *reading, const char *list)
{
    size_t count = 1, n = 0;
    for (const char *at = list; *at; at++)
        count += *at == ':';
    const char **folders = reading_get(reading, count + 1, sizeof(*folders));
    for (const char *at = list; folders; at++) {
        size_t len = strcspn(at, ":");
        const char *one = reading_format(reading, "%.*s", (int)len, at);
        folders[n++] = len > 0 ? absolute(reading, one) : installed(reading);
        at += len;
        if (!*at)
            break;
    }
    return folders;
}

static void want_absolute(struct reading *reading, const struct node *node, const char *what, const char *path)
{
    if (path && path[0] != '/')
        complain(reading->complaints, node, "%s must be an absolute path", what);
}

static void read_folders(struct reading *reading, const struct node *root, struct settings *settings, const char *state,
                         const char *connectors)
{
    const struct node *node = node_get(root, "state");
    const char *text = want_text(reading, node, "state");
    want_absolute(reading, node, "state", text);
    settings->state = state ? absolute(reading, state) : text ? text : STATE_DIR;

    node = node_get(root, "connectors");
    const char *const *folders = want_texts(reading, node, "connectors");
    for (size_t i = 0; folders && folders[i]; i++)
        want_absolute(reading, node->type == NODE_LIST ? node->items[i] : node, "connectors", folders[i]);
    settings->connectors = connectors ? folders_listed(reading, connectors)
                           : folders  ? folders
                                      : folders_listed(reading, "");
}

static int64_t limit_time(struct reading *reading, const struct node *limits, const char *name, int64_t otherwise)
{
    const struct node *node = node_get(limits, name);
    const char *what = reading_format(reading, "limits: %s", name);
    int64_t length = want_duration(reading, node, what, otherwise);
    if (length < 1000)
        complain(reading->complaints, node, "%s must be 1s or longer", what);
    return length;
}

static uint64_t limit_size(struct reading *reading, const struct node *limits, const char *name, uint64_t otherwise)
{
    const struct node *node = node_get(limits, name);
    const char *what = reading_format(reading, "limits: %s", name);
    uint64_t size = want_bytes(reading, node, what, otherwise);
    if (size < 1024)
        complain(reading->complaints, node, "%s must be 1KiB or more", what);
    return size;
}

static void read_limits(struct reading *reading, const struct node *node, struct settings *settings)
{
    static const char *const names[] = {"silence", "total", "record",  "field",       "spool",
                                        "memory",  "inbox", "request", "connections", "peer_connections",
                                        NULL};
    const struct node *limits = want_map(reading, node, "limits");
    node_unknown_keys(reading->complaints, limits, names, "limits");
    settings->limits.silence_ms = limit_time(reading, limits, "silence", 30 * 1000);
    settings->limits.total_ms = limit_time(reading, limits, "total", 3600 * 1000);
    settings->limits.record_bytes = limit_size(reading, limits, "record", UINT64_C(4) << 20);
    settings->limits.field_bytes = limit_size(reading, limits, "field", UINT64_C(1) << 20);
    settings->limits.spool_bytes = limit_size(reading, limits, "spool", UINT64_C(8) << 30);
    settings->limits.memory_bytes = limit_size(reading, limits, "memory", UINT64_C(1) << 30);
    settings->limits.inbox_bytes = limit_size(reading, limits, "inbox", UINT64_C(1) << 30);
    settings->limits.request_ms = limit_time(reading, limits, "request", 30 * 1000);
    settings->limits.connections =
        want_count(reading, node_get(limits, "connections"), "limits: connections", 8, 16384, 512);
    settings->limits.peer_connections =
        want_count(reading, node_get(limits, "peer_connections"), "limits: peer_connections", 1, 16384, 128);
    if (settings->limits.field_bytes > settings->limits.record_bytes)
        complain(reading->complaints, node, "limits: field must not be more than record");
    if (settings->limits.silence_ms > settings->limits.total_ms)
        complain(reading->complaints, node, "limits: silence must not be longer than total");
}

static void refuse_tags(struct reading *reading, const struct node *root)
{
    for (size_t i = 0; i < root->count; i++)
        if (root->type == NODE_MAP && root->items[i]->tag && strcmp(root->keys[i]->text, "seal_key") != 0)
            complain(reading->complaints, root->items[i], "%s is no secret: write the value without !secret",
                     root->keys[i]->text);
}

static void read_root(struct reading *reading, const struct node *root, struct settings *settings, const char *state,
                      const char *connectors)
{
    const struct node *map = want_map(reading, root, "the file");
    node_unknown_keys(reading->complaints, map, keys, NULL);
    if (map)
        refuse_tags(reading, map);
    read_folders(reading, map, settings, state, connectors);
    settings->lanes = want_count(reading, node_get(map, "lanes"), "lanes", 1, 256, 8);
    settings->parallel_runs = want_count(reading, node_get(map, "parallel_runs"), "parallel_runs", 1, 256, 2);
    read_limits(reading, node_get(map, "limits"), settings);
    if (node_get(map, "seal_key"))
        settings->seal_key = secretref_read(reading, node_get(map, "seal_key"), "seal_key");
    listening_read(reading, map, settings);
    notify_read(reading, node_get(map, "notify"), &settings->notifies, &settings->notify_count);
    mail_read(reading, node_get(map, "mail"), &settings->mail);
}

static struct settings *settings_new(void)
{
    TIDY(arena_free) struct arena *arena = arena_new();
    struct settings *settings = arena ? arena_get(arena, sizeof(*settings)) : NULL;
    if (settings)
        settings->arena = TAKE(arena);
    return settings;
}

int settings_read(const char *dir, const char *state, const char *connectors, struct complaints *complaints,
                  struct settings **ret_settings)
{
    TIDY(settings_free) struct settings *settings = settings_new();
    if (!settings)
        return -ENOMEM;
    /* The tree lives as long as the settings, and what is said is said where the caller wants it. */
    struct complaints own = {.arena = settings->arena};
    struct reading reading = {.arena = settings->arena, .complaints = &own};
    const struct node *root = NULL;
    settings->config_dir = reading.config_dir = absolute(&reading, dir);
    const char *path = arena_format(settings->arena, "%s/muster.yaml", settings->config_dir);
    const char *organizations = getenv("MUSTER_ORGANIZATIONS");
    settings->organizations = organizations && *organizations ? arena_text(settings->arena, organizations) : NULL;
    if (!complaints->file)
        complaints->file = arena_text(complaints->arena, "muster.yaml");
    if (!path || !complaints->file || reading.rc != 0)
        return reading.rc ? reading.rc : -ENOMEM;
    own.file = complaints->file;
    int rc = node_read_file(path, &own, &root);
    if (rc != 0 && rc != ERR_CONFIG && rc != -ENOENT)
        return rc;
    read_root(&reading, root, settings, state, connectors);
    if (reading.rc != 0)
        return reading.rc;
    rc = complaints_hand_over(&own, complaints);
    if (rc == 0)
        *ret_settings = TAKE(settings);
    return rc;
}

char *settings_good(const struct settings *settings)
{
    return mem_format("%s/musterd/good", settings->state);
}

void settings_free(struct settings *settings)
{
    if (settings)
        arena_free(settings->arena);
}
