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
