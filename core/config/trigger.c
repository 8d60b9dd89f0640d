/* trigger - what starts a run of a connection: checked, and in structs. Part of reading.h. */
#include "config/reading.h"

#include "base/date.h"
#include "config/cron.h"
#include "config/receiving.h"
#include "config/window.h"

#include <string.h>

static const char *const keys[] = {"schedule", "at",      "every", "file", "on_change", "after",
                                   "webhook",  "streams", "do",    "full", "not",       NULL};
enum { HOWS = 7 }; /* the first seven say when; in the order of the enum in struct trigger */

struct reader {
    struct reading *reading;
    const struct connection *connection;
    const char *what; /* "connection 'hr': trigger" */
    struct trigger *trigger;
};

static const char *label(struct reader *reader, const char *key)
{
    return reading_format(reader->reading, "%s: %s", reader->what, key);
}

#define wrong(reader, node, ...) complain((reader)->reading->complaints, node, __VA_ARGS__)

static void read_schedule(struct reader *reader, const struct node *node)
{
    struct cron cron;
    const char *why = NULL, *text = want_text(reader->reading, node, label(reader, "schedule"));
    if (text && !cron_read(text, &cron, &why))
        wrong(reader, node, "%s: schedule '%s': %s", reader->what, text, why);
    reader->trigger->text = text;
}

static void read_at(struct reader *reader, const struct node *node)
{
    struct moment moment = {0};
    const char *text = want_text(reader->reading, node, label(reader, "at"));
    if (text && (!date_parse("YYYY-MM-DD HH:MM", text, strlen(text), &moment) || !moment.has_time))
        wrong(reader, node, "%s: at must be a day and a time that exist, as in 2026-12-01 06:00", reader->what);
    reader->trigger->text = text;
}

static void read_every(struct reader *reader, const struct node *node)
{
    int64_t length = want_duration(reader->reading, node, label(reader, "every"), -1);
    if (length >= 0 && length < 10000)
        wrong(reader, node, "%s: every must be 10s or longer", reader->what);
    reader->trigger->every_ms = length;
}

static bool has_place(const struct muster_connector *connector)
{
    const struct muster_option *option;
    for (size_t n = 0; (option = option_nth(connector, connector->options, n)); n++)
        if (option->flags & MUSTER_PLACE)
            return true;
    return false;
}

/* It is looked for where the connection reads: a file of nobody's is never there. */
static void file_comes(struct reader *reader, const struct node *node)
{
    const struct connection *connection = reader->connection;
    if (connection->target && connection->mappings && !connection->mappings[0])
        wrong(reader, node, "%s: file: arrival is for files that are read, and connection '%s' is only told",
              reader->what, connection->name);
    else if (!connection_place(connection))
        wrong(reader, node, "%s: file: arrival waits for a file, and no option of connection '%s' names one",
              reader->what, connection->name);
}

static void read_file(struct reader *reader, const struct node *node)
{
    static const char *const words[] = {"arrival", NULL};
    const struct connection *connection = reader->connection;
    want_word(reader->reading, node, label(reader, "file"), words);
    if (connection->description && !has_place(connection->description))
        wrong(reader, node, "%s: connector '%s' reads no files", reader->what, connection->connector);
    else if (connection->description && !connection->options_unsound)
        file_comes(reader, node);
}

/* `on_change: true`, `webhook: true`: false would be a trigger that never is. */
static bool read_true(struct reader *reader, const struct node *node, const char *key)
{
    if (want_bool(reader->reading, node, label(reader, key), true))
        return true;
    wrong(reader, node, "%s: %s can only be true: else leave the trigger out", reader->what, key);
    return false;
}

static void read_change(struct reader *reader, const struct node *node)
{
    if (read_true(reader, node, "on_change") && !reader->connection->target)
        wrong(reader, node, "%s: on_change is for a connection with a target", reader->what);
}

static void read_webhook(struct reader *reader, const struct node *node)
{
    const struct connection *connection = reader->connection;
    if (read_true(reader, node, "webhook") && connection->description && !route_nth(connection->description, 0))
        wrong(reader, node, "%s: connector '%s' receives nothing", reader->what, connection->connector);
}

static void read_after(struct reader *reader, const struct node *node)
{
    const char *const *names = want_texts(reader->reading, node, label(reader, "after"));
    for (size_t i = 0; names && names[i]; i++) {
        const struct node *at = node->type == NODE_LIST ? node->items[i] : node;
        if (strcmp(names[i], reader->connection->name) == 0)
            wrong(reader, at, "%s: a connection cannot run after itself", reader->what);
        else
            want_name(reader->reading, at, label(reader, "after: no connection"), names[i],
                      reader->reading->connection_names);
    }
    reader->trigger->after = names;
}

/* ---- the rest of a trigger ---- */

static void read_not(struct reader *reader, const struct node *node)
{
    const char *const *windows = want_texts(reader->reading, node, label(reader, "not"));
    struct window window;
    for (size_t i = 0; windows && windows[i]; i++)
        if (!window_read(windows[i], &window))
            wrong(reader, node->type == NODE_LIST ? node->items[i] : node,
                  "%s: not: '%s' is no window: write days, hours or both, as in \"Sat,Sun\", \"22:00-06:00\", "
                  "\"Mon-Fri 08:00-17:00\"",
                  reader->what, windows[i]);
    reader->trigger->not_when = windows;
}

static bool is_off(const struct node *map, const char *name)
{
    const struct node *node = node_get(map, name);
    return node && node->type == NODE_TEXT && !node->quoted && strcmp(node->text, "off") == 0;
}

/* Streams that the file maps, and those that the connector ships a mapping of; of both sides, or of the one that the
 * trigger is about. */
enum { STREAMS_MOST = 128 };
static void streams_there(const struct reader *reader, const char *names[STREAMS_MOST + 1])
{
    const struct connection *connection = reader->connection;
    const char *action = reader->trigger->action;
    const struct node *maps[] = {node_get(connection->node, "streams"),
                                 node_get(node_get(connection->node, "target"), "streams")};
    const struct muster_stream *stream;
    size_t count = 0;
    for (size_t m = 0; m < 2; m++) {
        bool meant = !action || strcmp(action, m == 0 ? "push" : "pull") != 0;
        for (size_t i = 0; meant && maps[m] && maps[m]->type == NODE_MAP && i < maps[m]->count; i++)
            if (count < STREAMS_MOST && !is_off(maps[m], maps[m]->keys[i]->text))
                names[count++] = maps[m]->keys[i]->text;
    }
    for (size_t n = 0; connection->description && (stream = stream_nth(connection->description, n)); n++)
        if (count < STREAMS_MOST && !(stream->flags & MUSTER_DYNAMIC) && !is_off(maps[0], stream->name) &&
            !is_off(maps[1], stream->name))
            names[count++] = stream->name;
}

static void read_streams(struct reader *reader, const struct node *node)
{
    const char *const *streams = want_texts(reader->reading, node, label(reader, "streams"));
    const char *names[STREAMS_MOST + 1] = {0};
    if (streams && !streams[0])
        wrong(reader, node, "%s: streams names none: leave it out, and all are meant", reader->what);
    if (streams && reader->trigger->how == TRIGGER_WEBHOOK)
        wrong(reader, node, "%s: streams: what others send is taken whole: leave it out", reader->what);
    streams_there(reader, names);
    for (size_t i = 0; reader->connection->description && streams && streams[i]; i++) {
        const struct node *at = node->type == NODE_LIST ? node->items[i] : node;
        want_name(reader->reading, at, label(reader, "streams: no stream"), streams[i], names);
        if (strchr(streams[i], ','))
            wrong(reader, at, "%s: streams: '%s' has a comma in its name: no trigger can name it", reader->what,
                  streams[i]);
    }
    reader->trigger->streams = streams;
}

/* ---- one, and all ---- */

static void read_how(struct reader *reader, int how, const struct node *node)
{
    static void (*const readers[HOWS])(struct reader *, const struct node *) = {
        read_schedule, read_at, read_every, read_file, read_change, read_after, read_webhook};
    reader->trigger->how = (unsigned)how + 1;
    readers[how](reader, node);
}

static void read_rest(struct reader *reader, const struct node *map)
{
    static const char *const actions[] = {"pull", "push", "both", NULL};
    const struct node *action = node_get(map, "do");
    int which = want_word(reader->reading, action, label(reader, "do"), actions);
    reader->trigger->action = which < 0 ? NULL : actions[which];
    if (which > 0 && !reader->connection->target)
        wrong(reader, action, "%s: do: %s is for a connection with a target", reader->what, actions[which]);
    reader->trigger->full = want_bool(reader->reading, node_get(map, "full"), label(reader, "full"), false);
    read_streams(reader, node_get(map, "streams"));
    read_not(reader, node_get(map, "not"));
}

static void read_one(struct reader *reader, const struct node *map)
{
    int how = -1;
    reader->trigger->node = map;
    if (!want_map(reader->reading, map, reader->what))
        return;
    node_unknown_keys(reader->reading->complaints, map, keys, reader->what);
    for (int i = 0; i < HOWS; i++) {
        const struct node *node = node_get(map, keys[i]);
        if (node && how >= 0) {
            wrong(reader, key_node(map, keys[i]), "%s: '%s' and '%s' are two triggers: make two list items of them",
                  reader->what, keys[how], keys[i]);
        } else if (node) {
            how = i;
            read_how(reader, i, node);
        }
    }
    if (how < 0)
        wrong(reader, map, "%s: says not when: schedule, at, every, file, on_change, after or webhook", reader->what);
    read_rest(reader, map);
}

void triggers_read(struct reading *reading, struct connection *connection, const struct node *node)
{
    const struct node *list =
        want_list(reading, node, reading_format(reading, "connection '%s': triggers", connection->name));
    if (!list)
        return;
    struct trigger *triggers = reading_get(reading, list->count + 1, sizeof(*triggers));
    const char *what = reading_format(reading, "connection '%s': trigger", connection->name);
    if (!triggers)
        return;
    for (size_t i = 0; i < list->count; i++) {
        struct reader reader = {reading, connection, what, &triggers[i]};
        read_one(&reader, list->items[i]);
    }
    connection->triggers = triggers;
    connection->trigger_count = list->count;
}

/* ---- after, after, after ---- */

/* Whether `from` runs, by some way, after `target`. Each connection is looked at once. */
static bool runs_after(const struct reading *reading, size_t from, const char *target, bool *seen)
{
    const struct connection *connection = &reading->connections[from];
    if (seen[from])
        return false;
    seen[from] = true;
    for (size_t t = 0; t < connection->trigger_count; t++)
        for (const char *const *name = connection->triggers[t].after; name && *name; name++) {
            if (strcmp(*name, connection->name) == 0)
                continue; /* told already */
            if (strcmp(*name, target) == 0)
                return true;
            for (size_t i = 0; i < reading->organization->connection_count; i++)
                if (strcmp(reading->connections[i].name, *name) == 0 && runs_after(reading, i, target, seen))
                    return true;
        }
    return false;
}

void triggers_check_circles(struct reading *reading)
{
    size_t count = reading->organization->connection_count;
    bool *seen = reading_get(reading, count + 1, sizeof(*seen));
    for (size_t i = 0; seen && i < count; i++) {
        const struct connection *connection = &reading->connections[i];
        memset(seen, 0, count * sizeof(*seen));
        if (!runs_after(reading, i, connection->name, seen))
            continue;
        const struct node *at = node_get(connection->node, "triggers");
        complain(reading->complaints, at,
                 "connection '%s': its triggers run in a circle: by 'after' it waits for itself", connection->name);
        return; /* the others of the circle would say the same */
    }
}
