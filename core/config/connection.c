/* connection - one connection of an organization's file. Part of reading.h. */
#include "base/date.h"
#include "config/given.h"
#include "config/reading.h"

#include <stdio.h>
#include <string.h>

static const char *const keys[] = {"connector", "options",       "streams", "target",     "triggers", "safeguards",
                                   "lanes",     "authorization", "allow",   "full_every", NULL};

bool connection_key(const char *name)
{
    return has_name(keys, name);
}

static const int64_t FULL_EVERY_MS = (int64_t)7 * 24 * 60 * 60 * 1000;

static const char *listed(struct reading *reading, const char *const *names)
{
    const char *list = "";
    for (size_t i = 0; names && names[i] && strlen(list) < 400; i++)
        list = reading_format(reading, "%s%s%s", list, i ? ", " : "", names[i]);
    return list;
}

/* "connector 'poc' is not installed; installed: sheet" */
static void not_installed(struct reading *reading, const struct node *node, const char *name,
                          const char *const *installed)
{
    const char *nearest = nearest_name(name, installed);
    if (nearest)
        complain(reading->complaints, node, "connector '%s' is not installed: did you mean '%s'?", name, nearest);
    else if (installed && installed[0])
        complain(reading->complaints, node, "connector '%s' is not installed; installed: %s", name,
                 listed(reading, installed));
    else
        complain(
            reading->complaints, node,
            "connector '%s' is not installed: no connector is in %s; `connectors:` of muster.yaml names the folders",
            name, listed(reading, reading->connectors));
}

static void describe(struct reading *reading, struct connection *connection, const struct node *node)
{
    struct err err = {0};
    const char *what = reading_format(reading, "connection '%s': connector", connection->name);
    const char *edition = want_text(reading, node, what);
    if (!node)
        complain(reading->complaints, reading->key, "connection '%s': connector is missing", connection->name);
    connection->edition = edition ? edition : "";
    connection->connector =
        reading_format(reading, "%.*s", (int)strcspn(connection->edition, "@"), connection->edition);
    if (!edition)
        return;
    const char *const *installed = reading->installed ? reading->installed(reading->context) : NULL;
    if (reading->installed && !has_name(installed, connection->connector)) {
        not_installed(reading, node, connection->connector, installed);
        return;
    }
    connection->description = reading->describe(reading->context, edition, &err);
    if (!connection->description && strcmp(edition, connection->connector) != 0) {
        /* Everything else can be looked at, and goes on; its runs say the same. */
        complain_warning(reading->complaints, node, "%s; nothing is read or told by it", err.text);
        connection->description = reading->describe(reading->context, connection->connector, &err);
    }
    if (!connection->description)
        complain(reading->complaints, node, "connector '%s' cannot be used: %s", connection->connector,
                 err.text[0] ? err.text : "it gives no description");
}

static const char *const need_words[] = {"network", "files", "programs", "secrets", NULL};
static const uint32_t needs[] = {MUSTER_NEEDS_NETWORK, MUSTER_NEEDS_FILES, MUSTER_NEEDS_EXEC, MUSTER_NEEDS_SECRETS};

/* Files of its own a connector may have a use for in one organization and not in another: only who needs anything.
 * What a program needs depends on the program: whoever starts some may be given all that the file allows. */
uint32_t connection_may(const struct connection *connection)
{
    uint32_t may = 0;
    const struct muster_connector *description = connection->description;
    for (size_t i = 0; description && description->needs && connection->allow && need_words[i]; i++)
        if (has_name(connection->allow, need_words[i]))
            may |= description->needs & MUSTER_NEEDS_EXEC ? needs[i]
                                                          : needs[i] & (description->needs | MUSTER_NEEDS_FILES);
    return may;
}

/* What a connector may do besides asking the host has to be said by the organization. */
static void read_allow(struct reading *reading, struct connection *connection, const struct node *node)
{
    const char *what = reading_format(reading, "connection '%s': allow", connection->name);
    const char *const *allow = want_texts(reading, node, what);
    for (size_t i = 0; allow && allow[i]; i++)
        want_word(reading, node->type == NODE_LIST ? node->items[i] : node, what, need_words);
    connection->allow = allow;
    if (!connection->description || (node && !allow))
        return;
    const char *missing = "";
    for (size_t i = 0; need_words[i]; i++)
        if ((connection->description->needs & needs[i]) && !has_name(allow, need_words[i]))
            missing = reading_format(reading, "%s%s%s", missing, missing[0] ? ", " : "", need_words[i]);
    if (missing[0])
        complain(reading->complaints, reading->key,
                 "connection '%s': connector '%s' needs %s of its own: if it may, add allow: [%s]", connection->name,
                 connection->connector, missing, missing);
}

/* It cannot be over before it begins; days are compared as they are written. */
static void authorization_ends(struct reading *reading, const struct connection *connection, const char *what)
{
    static const char *const begins[][2] = {{"signed_on", "it is signed"}, {"granted_on", "access is granted"}};
    const struct node *until = node_get(connection->authorization, "until");
    struct date date, end;
    if (!until || until->type != NODE_TEXT || !date_read(until->text, strlen(until->text), &end))
        return;
    for (size_t i = 0; i < 2; i++) {
        const struct node *begin = node_get(connection->authorization, begins[i][0]);
        if (!begin || begin->type != NODE_TEXT || !date_read(begin->text, strlen(begin->text), &date) ||
            date_days(end) >= date_days(date))
            continue;
        complain(reading->complaints, until, "%s: until: it ends on %s, before %s (%s: %s)", what, until->text,
                 begins[i][1], begins[i][0], begin->text);
        return;
    }
}

static void check_authorization(struct reading *reading, const struct connection *connection)
{
    static const char *const names[] = {"document", "received_from", "signed_on", "granted_on", "until", NULL};
    const char *what = reading_format(reading, "connection '%s': authorization", connection->name);
    if (!want_map(reading, connection->authorization, what))
        return;
    node_unknown_keys(reading->complaints, connection->authorization, names, what);
    for (size_t i = 0; names[i]; i++) {
        const struct node *node = node_get(connection->authorization, names[i]);
        const char *label = reading_format(reading, "%s: %s", what, names[i]);
        if (i < 2)
            want_text(reading, node, label);
        else
            want_day(reading, node, label);
    }
    authorization_ends(reading, connection, what);
}

/* A map at that place with the pairs of another one, or of none, and room for so many more. NULL: no memory. */
static struct node *map_begin(struct reading *reading, const struct node *at, const struct node *pairs, size_t more)
{
    size_t count = pairs ? pairs->count : 0;
    struct node *map = reading_get(reading, 1, sizeof(*map));
    if (!map)
        return NULL;
    *map = (struct node){.type = NODE_MAP, .line = at->line, .column = at->column, .text = "", .count = count};
    map->keys = reading_get(reading, count + more + 1, sizeof(*map->keys));
    map->items = reading_get(reading, count + more + 1, sizeof(*map->items));
    if (!map->keys || !map->items)
        return NULL;
    for (size_t i = 0; i < count; i++) {
        map->keys[i] = pairs->keys[i];
        map->items[i] = pairs->items[i];
    }
    return map;
}

static void map_put(struct node *map, struct node *key, struct node *item)
{
    map->keys[map->count] = key;
    map->items[map->count++] = item;
}

/* Of a key that no connection has: whether it would be right below `options:`. */
static bool is_beside(const struct connection *connection, const char *name)
{
    const struct muster_option *option;
    if (has_name(keys, name))
        return false;
    for (size_t n = 0; (option = option_nth(connection->description, connection->description->options, n)); n++)
        if (strcmp(option->name, name) == 0)
            return true;
    return given_option(connection->description, name) != NULL;
}

/* An option that stands beside `options:` is told once, and read as if it stood below. The map as it was meant; NULL:
 * no memory. */
static const struct node *options_beside(struct reading *reading, const struct connection *connection,
                                         const struct node *map)
{
    const struct node *options = node_get(map, "options");
    size_t beside = 0;
    if (!connection->description || (options && options->type != NODE_MAP))
        return map;
    for (size_t i = 0; i < map->count; i++)
        beside += is_beside(connection, map->keys[i]->text);
    if (beside == 0)
        return map;
    struct node *under = map_begin(reading, options ? options : map, options, beside);
    struct node *whole = map_begin(reading, map, NULL, map->count + 1), *key = reading_get(reading, 1, sizeof(*key));
    if (!under || !whole || !key)
        return NULL;
    *key = options ? *key_node(map, "options") : *reading->key;
    key->text = "options";
    map_put(whole, key, under);
    for (size_t i = 0; i < map->count; i++) {
        const char *name = map->keys[i]->text;
        if (is_beside(connection, name)) {
            complain(reading->complaints, map->keys[i],
                     "connection '%s': '%s' is an option of connector '%s': it stands below options:, not beside",
                     connection->name, name, connection->connector);
            if (!node_get(options, name))
                map_put(under, map->keys[i], map->items[i]);
        } else if (strcmp(name, "options") != 0) {
            map_put(whole, map->keys[i], map->items[i]);
        }
    }
    return whole;
}

static void read_one(struct reading *reading, struct connection *connection, const struct node *map)
{
    const char *what = reading_format(reading, "connection '%s'", connection->name);
    connection->node = map;
    connection->lanes = 1;
    connection->grace_ms = -1;
    connection->connector = connection->edition = "";
    connection->options_unsound = true; /* until they were read */
    if (!want_map(reading, map, what))
        return;
    bool named = node_get(map, "connector") != NULL;
    if (!named)
        node_unknown_keys(reading->complaints, map, keys, what);
    describe(reading, connection, node_get(map, "connector"));
    if (named) { /* it says which options there are */
        if (!(map = options_beside(reading, connection, map)))
            return; /* no memory, which is remembered */
        connection->node = map;
        node_unknown_keys(reading->complaints, map, keys, what);
    }
    connection->authorization = node_get(map, "authorization");
    size_t errors = reading->complaints->errors;
    options_read(reading, connection, node_get(map, "options"));
    read_allow(reading, connection, node_get(map, "allow"));
    connection->options_unsound = reading->complaints->errors > errors;
    connection->target = target_read(reading, connection, node_get(map, "target"));
    if (reading->complaints->errors == errors)
        target_made_check(reading, connection);
    streams_read(reading, connection, node_get(map, "streams"));
    errors = reading->complaints->errors;
    if (!connection->options_unsound) /* what is wrong is not missing besides */
        options_need(reading, connection);
    bool lacks = reading->complaints->errors > errors; /* which hides nothing of the triggers */
    triggers_read(reading, connection, node_get(map, "triggers"));
    connection->options_unsound |= lacks;
    safeguards_read(reading, connection, node_get(map, "safeguards"));
    check_authorization(reading, connection);
    connection->full_every_ms = want_duration(reading, node_get(map, "full_every"),
                                              reading_format(reading, "%s: full_every", what), FULL_EVERY_MS);
    connection->lanes =
        want_count(reading, node_get(map, "lanes"), reading_format(reading, "%s: lanes", what), 1, 64, 1);
}

void connections_read(struct reading *reading, const struct node *node)
{
    struct organization *organization = reading->organization;
    const struct node *map = want_map(reading, node, "connections");
    size_t count = map ? map->count : 0;
    struct connection *connections = reading_get(reading, count + 1, sizeof(*connections));
    const char **names = reading_get(reading, count + 1, sizeof(*names));
    if (!connections || !names)
        return;
    for (size_t i = 0; i < count; i++)
        connections[i].name = names[i] = map->keys[i]->text;
    reading->connections = connections;
    reading->connection_names = (const char *const *)names;
    organization->connections = connections;
    organization->connection_count = count;
    for (size_t i = 0; i < count; i++) {
        size_t errors = reading->complaints->errors;
        reading->key = map->keys[i];
        if (!name_valid(names[i]))
            complain(reading->complaints, reading->key,
                     "connection '%s': a name is made of a-z, 0-9, '-' and '_', as in hr-workbook", names[i]);
        read_one(reading, &connections[i], map->items[i]);
        connections[i].unsound = reading->torn || reading->complaints->errors > errors;
    }
    triggers_check_circles(reading);
}
