/* target_made - fields that a connector calls generated, and that an option makes. Part of reading.h.
 *
 *     options: { password_from: { from: national_id, match: "(.{6})$", take: 1 } }
 *
 * is the rule of field "password", as if it stood in the map of the stream that has this field; but for that its value
 * is put in by the broker, and the connector sees a token in its place. */
#include "config/reading.h"

#include <string.h>

static const char ending[] = "_from";

/* Whether "password_from" is the option of field "password". */
static bool is_of(const char *option, const char *field)
{
    size_t len = strlen(field);
    return strncmp(option, field, len) == 0 && strcmp(option + len, ending) == 0;
}

static bool is_text(const struct muster_connector *connector, const char *name)
{
    const struct muster_option *option;
    for (size_t n = 0; (option = option_nth(connector, connector->options, n)); n++)
        if (strcmp(option->name, name) == 0)
            return option->type == MUSTER_TEXT && !(option->flags & MUSTER_SECRET);
    return false;
}

bool target_made_by(const struct muster_connector *connector, const char *option)
{
    const struct muster_stream *stream;
    for (size_t n = 0; (stream = stream_nth(connector, n)); n++)
        for (const struct muster_field *field = stream->fields; field && field->name; field++)
            if ((field->flags & MUSTER_GENERATED) && is_of(option, field->name))
                return is_text(connector, option);
    return false;
}

/* What the file says of it, when that is a rule. */
static const struct option_value *rule_of(const struct connection *connection, const struct muster_field *field)
{
    for (size_t i = 0; (field->flags & MUSTER_GENERATED) && i < connection->option_count; i++) {
        const struct option_value *option = &connection->options[i];
        if (option->node->type == NODE_MAP && is_of(option->name, field->name) &&
            target_made_by(connection->description, option->name))
            return option;
    }
    return NULL;
}

static struct node *map_make(struct reading *reading, const struct node *place, size_t room)
{
    struct node *map = reading_get(reading, 1, sizeof(*map));
    if (!map)
        return NULL;
    *map = (struct node){.type = NODE_MAP, .line = place->line, .column = place->column};
    map->keys = reading_get(reading, room, sizeof(struct node *));
    map->items = reading_get(reading, room, sizeof(struct node *));
    return map->keys && map->items ? map : NULL;
}

static void map_add(struct reading *reading, struct node *map, const char *name, const struct node *value)
{
    struct node *key = reading_get(reading, 1, sizeof(*key));
    if (!key)
        return;
    *key = (struct node){.type = NODE_TEXT, .text = name, .line = value->line, .column = value->column};
    map->keys[map->count] = key;
    map->items[map->count++] = (struct node *)value;
}

const struct node *target_made(struct reading *reading, const struct connection *connection,
                               const struct muster_stream *stream)
{
    const struct muster_field *fields = stream ? stream->fields : NULL;
    struct node *made = NULL;
    size_t count = 0;
    while (fields && fields[count].name)
        count++;
    for (size_t n = 0; n < count; n++) {
        const struct option_value *option = rule_of(connection, &fields[n]);
        if (option && !made && !(made = map_make(reading, option->node, count)))
            return NULL;
        if (option)
            map_add(reading, made, fields[n].name, option->node);
    }
    return made;
}

const struct node *target_made_over(struct reading *reading, const struct node *made, const struct node *node,
                                    const char *what)
{
    const struct node *map = node_get(node, "map");
    struct node *under = map_make(reading, node, 1);
    for (size_t n = 0; n < made->count; n++)
        if (node_get(map, made->keys[n]->text))
            complain(reading->complaints, made->items[n],
                     "%s: option '%s%s' says what '%s' is made from, and so does the map: keep one", what,
                     made->keys[n]->text, ending, made->keys[n]->text);
    if (!under)
        return NULL;
    map_add(reading, under, "map", made);
    return stream_lay_over(reading, node, under, 1);
}

/* --- what goes with it --- */

static const struct option_value *given(const struct connection *connection, const char *field, const char *what)
{
    size_t len = strlen(field);
    for (size_t i = 0; i < connection->option_count; i++) {
        const struct option_value *option = &connection->options[i];
        if (strncmp(option->name, field, len) == 0 && strcmp(option->name + len, what) == 0 && option->text &&
            option->text[0])
            return option;
    }
    return NULL;
}

static bool is_mapped(const struct target_stream *stream, const char *name)
{
    for (size_t n = 0; n < stream->map.rule_count; n++)
        if (strcmp(stream->map.fields[n].name, name) == 0)
            return true;
    return false;
}

/* "employeeId", a field that has to be told for a value to be made of it. */
static void word_check(struct reading *reading, const struct connection *connection, const struct target_stream *stream,
                       const struct option_value *option, const char *word)
{
    const struct muster_field *fields = stream->description->fields;
    size_t count = 0;
    bool known = false;
    while (fields[count].name)
        count++;
    const char **names = reading_get(reading, count + 1, sizeof(*names));
    for (size_t n = 0; names && n < count; n++) {
        names[n] = fields[n].name;
        known |= strcmp(names[n], word) == 0;
    }
    const char *near = names && !known ? nearest_name(word, names) : NULL;
    if (!known)
        complain(reading->complaints, option->node,
                 "connection '%s': option '%s': stream '%s' has no field '%.60s'%s%s%s", connection->name, option->name,
                 stream->name, word, near ? ": did you mean '" : "", near ? near : "", near ? "'?" : "");
    else if (!is_mapped(stream, word))
        complain(
            reading->complaints, option->node,
            "connection '%s': option '%s' is made from '%s', and the map of stream '%s' says nothing of it: map it "
            "there",
            connection->name, option->name, word, stream->name);
}

/* "Acme-{employeeId}" or "{idNumber:-6}" */
static void words_check(struct reading *reading, const struct connection *connection,
                        const struct target_stream *stream, const struct option_value *option)
{
    for (const char *at = strchr(option->text, '{'); at; at = strchr(at + 1, '{')) {
        size_t whole = strcspn(at + 1, "{}"), len = strcspn(at + 1, ":{}");
        if (at[1 + whole] != '}') {
            complain(reading->complaints, option->node, "connection '%s': option '%s' has a '{' that no '}' closes",
                     connection->name, option->name);
            return;
        }
        const char *word = reading_format(reading, "%.*s", (int)len, at + 1);
        if (strcmp(word, "") != 0)
            word_check(reading, connection, stream, option, word);
        else
            complain(reading->complaints, option->node, "connection '%s': option '%s' names no field between { and }",
                     connection->name, option->name);
    }
}

/* A value that nobody is told is of no use, and one place for all would hold those of the last time only. */
static void place_check(struct reading *reading, const struct connection *connection,
                        const struct target_stream *stream, const char *field)
{
    const struct option_value *place = given(connection, field, "_file");
    const char *name = reading_format(reading, "%s_file", field);
    const struct muster_option *option;
    bool known = false, from = false;
    for (size_t n = 0; (option = option_nth(connection->description, connection->description->options, n)); n++) {
        known |= strcmp(option->name, name) == 0;
        from |= is_of(option->name, field);
    }
    if (known && !place)
        complain(reading->complaints, key_node(connection->node, "options"),
                 "connection '%s': option '%s' is missing: it says where each '%s' that is made for stream '%s' is "
                 "written, as in /srv/hr/%s-*.csv%s%s%s",
                 connection->name, name, field, stream->name, field, from ? "; or say what they are made from by " : "",
                 from ? field : "", from ? ending : "");
    else if (place && !strchr(place->text, '*'))
        complain(
            reading->complaints, place->node,
            "connection '%s': option '%s' is the same name each time, so one file would take the place of another: "
            "put a * into it, which becomes the day and the run",
            connection->name, name);
}

static void stream_check(struct reading *reading, const struct connection *connection,
                         const struct target_stream *stream)
{
    const struct muster_field *field = stream->description ? stream->description->fields : NULL;
    for (; field && field->name; field++) {
        const struct option_value *from = given(connection, field->name, ending);
        if (!(field->flags & MUSTER_GENERATED))
            continue;
        if (from && from->node->type == NODE_TEXT && connection->description->abi_minor >= 6)
            words_check(reading, connection, stream, from);
        else if (!from && !is_mapped(stream, field->name))
            place_check(reading, connection, stream, field->name);
    }
}

void target_made_check(struct reading *reading, const struct connection *connection)
{
    for (size_t n = 0; connection->target && n < connection->target->stream_count; n++)
        stream_check(reading, connection, &connection->target->streams[n]);
}
