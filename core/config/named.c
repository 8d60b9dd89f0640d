/* named - lists of things with a name that are written as a map, by their names. Part of reading.h.
 *
 *     fields: { hired: { at: /from, type: date }, left: /until }
 *
 * is `[ { name: hired, at: /from, type: date }, { name: left, at: /until } ]`: what is no map itself is the member
 * behind the name. And a list of words may be one text with blanks or commas between. Nodes keep the places that they
 * have in the file. */
#include "config/reading.h"

#include <string.h>

bool named_may_be(const struct muster_connector *connector, const struct muster_option *option, const struct node *node)
{
    const struct muster_option *first = option->members ? option_nth(connector, option->members, 0) : NULL;
    return first && strcmp(first->name, "name") == 0 && (first->flags & MUSTER_REQUIRED) && node->type == NODE_MAP &&
           !node->tag;
}

/* `key: value` as a map that has the key as its name. */
static struct node *item_make(struct reading *reading, const struct node *key, struct node *value, const char *second)
{
    bool members = value->type == NODE_MAP && !value->tag;
    size_t more = members ? value->count : 1;
    struct node *made = reading_get(reading, 4, sizeof(*made)), *name = made + 1, *text = made + 2,
                *short_key = made + 3;
    struct node **keys = reading_get(reading, more + 1, sizeof(struct node *)),
                **values = reading_get(reading, more + 1, sizeof(struct node *));
    if (!made || !keys || !values)
        return NULL;
    *name = *text = *short_key = *key;
    name->text = "name";
    text->quoted = true; /* whatever it is: it was said */
    short_key->text = second;
    *made = (struct node){.type = NODE_MAP, .line = key->line, .column = key->column, .count = more + 1};
    made->keys = keys;
    made->items = values;
    keys[0] = name;
    values[0] = text;
    for (size_t n = 0; n < more; n++) {
        keys[n + 1] = members ? value->keys[n] : short_key;
        values[n + 1] = members ? value->items[n] : value;
    }
    return made;
}

const struct node *named_list(struct reading *reading, const struct muster_connector *connector,
                              const struct muster_option *option, const struct node *map)
{
    const struct muster_option *second = option_nth(connector, option->members, 1);
    struct node *list = reading_get(reading, 1, sizeof(*list));
    struct node **items = reading_get(reading, map->count + 1, sizeof(struct node *));
    if (!list || !items)
        return NULL;
    *list = (struct node){.type = NODE_LIST, .line = map->line, .column = map->column, .count = map->count};
    list->items = items;
    for (size_t i = 0; i < map->count; i++)
        if (!(items[i] = item_make(reading, map->keys[i], map->items[i], second ? second->name : "")))
            return NULL;
    return list;
}

const struct node *words_list(struct reading *reading, const struct node *text)
{
    size_t room = strlen(text->text) / 2 + 1;
    struct node *list = reading_get(reading, room + 1, sizeof(*list)), *item = list;
    struct node **items = reading_get(reading, room, sizeof(struct node *));
    if (!list || !items)
        return NULL;
    *list = (struct node){.type = NODE_LIST, .line = text->line, .column = text->column};
    list->items = items;
    for (const char *at = text->text + strspn(text->text, " ,"); *at; at += strspn(at, " ,")) {
        size_t len = strcspn(at, " ,");
        *++item = *text;
        item->text = reading_format(reading, "%.*s", (int)len, at);
        items[list->count++] = item;
        at += len;
    }
    return list;
}
