/* stream - the streams of a connection that are read, each with its mapping compiled. Part of reading.h.
 *
 * A connector may ship a mapping: text in its description, laid under what the
 * file says, so that single fields can be overridden and a stream switched off
 * (`users: off`). Nodes from that text are given the place of the connection
 * in the file: that is where an integrator can do something about them.
 *
 * What is shipped may depend on options: `needs: base_url`, or `needs: { send:
 * [each, batch] }`, and all of several. A stream of which that does not hold is
 * there only when the file names it; a field below `map:`, with `needs` beside
 * its words, only when the file maps it. A shipped text "{option:NAME}" is what
 * that option says. */
#include "config/reading.h"

#include "base/mem.h"
#include "config/stream_rows.h"

#include <errno.h>
#include <muster/connector.h>
#include <string.h>

const struct muster_stream *stream_nth(const struct muster_connector *connector, size_t n)
{
    size_t stride = connector->stream_size ? connector->stream_size : sizeof(struct muster_stream);
    const char *entry = (const char *)connector->streams;
    if (!entry)
        return NULL;
    for (; ((const struct muster_stream *)entry)->name; entry += stride)
        if (n-- == 0)
            return (const struct muster_stream *)entry;
    return NULL;
}

/* Streams that only the file knows are those of the option of the same name, where there is one: "resources[2].name".
 * Returns how many; 0: any name will do. */
static size_t names_listed(const struct connection *connection, const char *option, const char **names, size_t room)
{
    size_t count = 0, len = strlen(option);
    for (size_t n = 0; n < connection->option_count && count < room; n++) {
        const char *name = connection->options[n].name, *close = strchr(name, ']');
        if (strncmp(name, option, len) == 0 && name[len] == '[' && close && strcmp(close, "].name") == 0)
            names[count++] = connection->options[n].text;
    }
    return count;
}

bool stream_known(struct reading *reading, const struct connection *connection, const struct node *node,
                  const char *name)
{
    enum { NAMES_MOST = 256 };
    const char *names[NAMES_MOST + 1] = {0};
    const struct muster_stream *stream;
    size_t count = 0;
    if (!connection->description)
        return true;
    for (size_t n = 0; count < NAMES_MOST && (stream = stream_nth(connection->description, n)); n++) {
        bool any = stream->flags & MUSTER_DYNAMIC;
        size_t listed = any ? names_listed(connection, stream->name, names + count, NAMES_MOST - count) : 0;
        if (any && listed == 0)
            return true;
        count += listed;
        if (!any)
            names[count++] = stream->name;
    }
    return want_name(reading, node,
                     reading_format(reading, "connection '%s': connector '%s' has no stream", connection->name,
                                    connection->connector),
                     name, names);
}

bool stream_is_off(const struct node *node)
{
    return node && node->type == NODE_TEXT && !node->quoted && strcmp(node->text, "off") == 0;
}

/* ---- the connector's own mapping, laid under ---- */

/* To a place in the file; where it came from is remembered for complaints. */
static void move(struct node *node, const struct node *to, const char *from)
{
    node->shipped = from;
    node->shipped_line = node->line;
    node->line = to->line;
    node->column = to->column;
    for (size_t i = 0; i < node->count; i++) {
        move(node->items[i], to, from);
        if (node->type == NODE_MAP)
            move(node->keys[i], to, from);
    }
}

static const struct node *shipped_read(struct reading *reading, const char *name, const char *text)
{
    const struct node *root = NULL;
    if (!text || text[0] == '\0')
        return NULL;
    struct complaints own = {.arena = reading->arena, .file = name};
    const char *what = reading_format(reading, "the mapping that the connector ships for stream '%s'", name);
    int rc = what ? node_read_text(text, strlen(text), &own, &root) : -ENOMEM;
    if (rc == -ENOMEM)
        reading->rc = rc;
    else if (rc != 0 && own.count > 0)
        complain(reading->complaints, reading->key, "%s is broken in its line %u: %s", what, own.items[0].line,
                 own.items[0].text);
    else if (rc != 0 || !root || root->type != NODE_MAP)
        complain(reading->complaints, reading->key, "%s is broken: it is no map", what);
    else
        move((struct node *)root, reading->key, what); /* ours: it was made a moment ago */
    return rc == 0 && root && root->type == NODE_MAP ? root : NULL;
}

/* Texts that are an option's become what it says. */
static void fill(struct reading *reading, const struct connection *connection, struct node *node)
{
    static const char begin[] = "{option:";
    size_t len = node->type == NODE_TEXT ? strlen(node->text) : 0;
    if (len > sizeof(begin) && strncmp(node->text, begin, sizeof(begin) - 1) == 0 && node->text[len - 1] == '}') {
        const char *name = reading_format(reading, "%.*s", (int)(len - sizeof(begin)), node->text + sizeof(begin) - 1);
        const char *text = connection_option(connection, name);
        node->text = text ? text : "";
    }
    for (size_t i = 0; node->type != NODE_TEXT && i < node->count; i++)
        fill(reading, connection, node->items[i]);
}

/* values NULL: it is set, and not to nothing. */
static bool option_is(const struct connection *connection, const char *name, const struct node *values)
{
    const char *text = connection_option(connection, name);
    if (!values)
        return text && text[0] != '\0';
    for (size_t n = 0; text && values->type == NODE_LIST && n < values->count; n++)
        if (strcmp(values->items[n]->text, text) == 0)
            return true;
    return text && values->type == NODE_TEXT && strcmp(values->text, text) == 0;
}

/* What a shipped node asks for; it is taken out, for no mapping knows it. */
static bool holds(const struct connection *connection, struct node *node)
{
    const struct node *needs = node->type == NODE_MAP ? node_get(node, "needs") : NULL;
    size_t kept = 0;
    for (size_t n = 0; needs && n < node->count; n++)
        if (node->items[n] != needs) {
            node->keys[kept] = node->keys[n];
            node->items[kept++] = node->items[n];
        }
    node->count = needs ? kept : node->count;
    bool good = !needs || needs->type != NODE_TEXT || option_is(connection, needs->text, NULL);
    for (size_t n = 0; needs && needs->type == NODE_MAP && n < needs->count; n++)
        good = good && option_is(connection, needs->keys[n]->text, needs->items[n]);
    return good;
}

static void fields_hold(const struct connection *connection, struct node *map)
{
    size_t kept = 0;
    for (size_t n = 0; map && map->type == NODE_MAP && n < map->count; n++)
        if (holds(connection, map->items[n])) {
            map->keys[kept] = map->keys[n];
            map->items[kept++] = map->items[n];
        }
    if (map && map->type == NODE_MAP)
        map->count = kept;
}

const struct node *stream_shipped(struct reading *reading, const struct connection *connection, const char *name,
                                  const char *text, bool *ret_wanted)
{
    struct node *root = (struct node *)shipped_read(reading, name, text); /* ours: it was made a moment ago */
    *ret_wanted = root && holds(connection, root);
    if (root)
        fill(reading, connection, root);
    if (root)
        fields_hold(connection, (struct node *)node_get(root, "map"));
    return root;
}

const struct node *stream_lay_over(struct reading *reading, const struct node *over, const struct node *under,
                                   unsigned depth)
{
    struct node *merged = reading_get(reading, 1, sizeof(*merged));
    if (!merged)
        return NULL;
    *merged = *over;
    merged->count = 0;
    merged->keys = reading_get(reading, over->count + under->count + 1, sizeof(struct node *));
    merged->items = reading_get(reading, over->count + under->count + 1, sizeof(struct node *));
    if (!merged->keys || !merged->items)
        return NULL;
    for (size_t i = 0; i < over->count; i++) {
        const struct node *below = node_get(under, over->keys[i]->text), *value = over->items[i];
        if (below && below->type == NODE_MAP && stream_is_off(value))
            continue;
        bool another = node_get(value, "from") || (node_get(value, "each") && !node_get(below, "each"));
        if (below && below->type == NODE_MAP && value->type == NODE_MAP && depth > 0 && !another)
            value = stream_lay_over(reading, value, below, depth - 1);
        merged->keys[merged->count] = over->keys[i];
        merged->items[merged->count++] = (struct node *)value;
    }
    for (size_t i = 0; i < under->count; i++) {
        if (node_get(over, under->keys[i]->text))
            continue;
        merged->keys[merged->count] = under->keys[i];
        merged->items[merged->count++] = under->items[i];
    }
    return merged;
}

/* ---- all of a connection ---- */

struct streams {
    const struct mapping **items;
    size_t count;
};

/* A lookup that the store is to answer is one that the connector has. */
static void lookup_check(struct reading *reading, const struct connection *connection, const struct mapping *mapping)
{
    const char *names[65] = {0};
    const struct muster_connector *connector = connection->description;
    const char *verb = connector ? (const char *)connector->lookups : NULL;
    for (size_t n = 0; verb && n < 64 && ((const muster_verb *)(const void *)verb)->name; n++) {
        names[n] = ((const muster_verb *)(const void *)verb)->name;
        verb += connector->verb_size ? connector->verb_size : sizeof(muster_verb);
    }
    if (mapping->lookup && connector)
        want_name(reading, node_get(mapping->node, "lookup"),
                  reading_format(reading, "stream '%s': connector '%s' has no lookup", mapping->stream,
                                 connection->connector),
                  mapping->lookup, names);
}

/* The ids of records are then the columns', and what the connector says is gone has ids of the system's. */
static void gone_check(struct reading *reading, const struct connection *connection, const struct mapping *mapping,
                       const struct node *node)
{
    const struct muster_stream *declared = stream_declared(connection, mapping->stream);
    if (declared && declared->gone == MUSTER_BY_EVENT && mapping->key)
        complain_warning(reading->complaints, node,
                         "stream '%s': the connector says who is gone by ids of its own, and `key` gives them others: "
                         "without `key` they go at once, with it when everybody is read",
                         mapping->stream);
}

/* What is said of any stream that the file may name holds for each of them. */
static void rows_check(struct reading *reading, const struct connection *connection, const struct mapping *mapping)
{
    const struct muster_stream *declared = stream_declared(connection, mapping->stream), *any;
    for (size_t n = 0; !declared && connection->description && (any = stream_nth(connection->description, n)); n++)
        declared = any->flags & MUSTER_DYNAMIC ? any : NULL;
    if (declared)
        stream_rows_check(reading->complaints, connection, declared, mapping);
}

static void compile(struct reading *reading, const struct connection *connection, const char *name,
                    const struct node *node, struct streams *out)
{
    const struct mapping *mapping = NULL;
    size_t errors = reading->complaints->errors;
    int rc = mapping_compile(name, node, reading->organization->custom, reading->complaints, &mapping);
    if (rc != 0 && rc != ERR_CONFIG)
        reading->rc = rc;
    else if (rc == ERR_CONFIG && reading->complaints->errors == errors)
        complain(reading->complaints, node, "stream '%s': the mapping cannot be used", name);
    if (mapping) {
        lookup_check(reading, connection, mapping);
        gone_check(reading, connection, mapping, node);
        rows_check(reading, connection, mapping);
    }
    if (mapping)
        out->items[out->count++] = mapping;
}

const struct muster_stream *stream_declared(const struct connection *connection, const char *name)
{
    const struct muster_stream *stream = NULL;
    for (size_t n = 0; connection->description && (stream = stream_nth(connection->description, n)); n++)
        if (strcmp(stream->name, name) == 0)
            return stream;
    return NULL;
}

static void read_one(struct reading *reading, const struct connection *connection, const struct node *key,
                     const struct node *value, struct streams *out)
{
    if (!stream_known(reading, connection, key, key->text) || stream_is_off(value))
        return;
    if (!want_map(reading, value, reading_format(reading, "connection '%s': stream '%s'", connection->name, key->text)))
        return;
    const struct muster_stream *declared = stream_declared(connection, key->text);
    bool wanted;
    const struct node *under =
        stream_shipped(reading, connection, key->text, declared ? declared->mapping_in : NULL, &wanted);
    if (under)
        value = stream_lay_over(reading, value, under, 1);
    if (value)
        compile(reading, connection, key->text, value, out);
}

static size_t stream_count(const struct connection *connection)
{
    size_t count = 0;
    while (connection->description && stream_nth(connection->description, count))
        count++;
    return count;
}

static bool ships(const struct connection *connection)
{
    const struct muster_stream *stream;
    for (size_t n = 0; (stream = stream_nth(connection->description, n)); n++)
        if (stream->mapping_in && *stream->mapping_in)
            return true;
    return false;
}

static void complain_no_stream(struct reading *reading, const struct connection *connection)
{
    const char *first = connection->description->discover
                            ? reading_format(reading, " (`muster discover %s %s` writes a first version)",
                                             reading->organization->id, connection->name)
                            : "";
    complain(reading->complaints, reading->key,
             "connection '%s' names no stream: add streams:%s or target:", connection->name, first ? first : "");
}

void streams_read(struct reading *reading, struct connection *connection, const struct node *node)
{
    const struct node *map =
        want_map(reading, node, reading_format(reading, "connection '%s': streams", connection->name));
    size_t most = (map ? map->count : 0) + stream_count(connection) + 1;
    struct streams out = {.items = reading_get(reading, most, sizeof(*out.items))};
    connection->mappings = out.items; /* from here on organization_free() releases what was compiled */
    size_t errors = reading->complaints->errors;
    if (!out.items)
        return;
    for (size_t i = 0; map && i < map->count; i++)
        read_one(reading, connection, map->keys[i], map->items[i], &out);
    const struct muster_stream *stream;
    for (size_t n = 0; connection->description && (stream = stream_nth(connection->description, n)); n++) {
        bool wanted = false;
        const struct node *under = node_get(map, stream->name)
                                       ? NULL
                                       : stream_shipped(reading, connection, stream->name, stream->mapping_in, &wanted);
        if (wanted)
            compile(reading, connection, stream->name, under, &out);
    }
    bool broken = reading->complaints->errors > errors; /* that there is none is said by what is wrong with those */
    /* What it ships may hang on an option that is wrong. */
    bool unknown = connection->description && connection->options_unsound && ships(connection);
    if (connection->description && !node && !connection->target && out.count == 0 && !broken && !unknown &&
        !reading->beginning)
        complain_no_stream(reading, connection);
}
