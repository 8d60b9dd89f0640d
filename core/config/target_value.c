/* target_value - what `scope` and `where` of a target compare with: values that can stand there. Part of reading.h.
 *
 * A value that no record can have would tell nobody anything, and nobody would hear of it. */
#include "config/reading.h"
#include "config/target.h"

#include "base/date.h"
#include "base/text.h"
#include "config/quantity.h"

#include <string.h>
#include <strings.h>

enum { WORDS_MAX = 64 };

static void word_check(struct reading *reading, const struct field *field, const struct node *value, const char *what)
{
    const char *names[WORDS_MAX + 1] = {0}, *text;
    size_t len;
    for (size_t n = 0; n < WORDS_MAX && (text = enum_nth(field, n, &len)); n++) {
        names[n] = reading_format(reading, "%.*s", (int)len, text);
        if (text_same(text, len, value->text, strlen(value->text)))
            return;
    }
    want_name(reading, value, reading_format(reading, "%s: %s has no value", what, field->name), value->text, names);
}

/* What all values of a type look like; NULL: it is one of them, or anything will do. */
static const char *unlike(enum type type, const char *text)
{
    struct date date;
    int64_t number;
    switch (type) {
    case TYPE_BOOL: return strcasecmp(text, "true") == 0 || strcasecmp(text, "false") == 0 ? NULL : "true or false";
    case TYPE_INTEGER: return quantity_integer(text, &number) ? NULL : "a whole number";
    case TYPE_DECIMAL: return quantity_decimal(text) ? NULL : "a number, as in 37.5";
    case TYPE_DATE: return date_read(text, strlen(text), &date) ? NULL : "a day that exists, as in 2026-07-01";
    default: return NULL;
    }
}

static void one_check(struct reading *reading, const struct path *path, const struct node *value, const char *what)
{
    if (value->type != NODE_TEXT || value->text[0] == '\0' || (!path->field && !path->primary))
        return;
    if (path->field && path->field->type == TYPE_ENUM) {
        word_check(reading, path->field, value, what);
        return;
    }
    const char *as = unlike(path->primary ? TYPE_BOOL : path->field->type, value->text);
    if (as)
        complain(reading->complaints, value, "%s: %s is %s", what, path->primary ? "primary" : path->field->name, as);
}

void target_value_check(struct reading *reading, const struct path *path, const struct node *value, const char *what)
{
    for (size_t n = 0; value && value->type == NODE_LIST && n < value->count; n++)
        one_check(reading, path, value->items[n], what);
    if (value && value->type != NODE_LIST)
        one_check(reading, path, value, what);
}

static const struct path *path_of(const struct target_map *map, const struct node *from)
{
    for (size_t n = 0; from && from->type == NODE_TEXT && n < map->path_count; n++)
        if (map->paths[n].text && strcmp(map->paths[n].text, from->text) == 0)
            return &map->paths[n];
    return NULL;
}

static void asks_check(struct reading *reading, const struct path *path, const struct node *node, const char *what)
{
    if (!path)
        return;
    target_value_check(reading, path, node_get(node, "equals"), what);
    target_value_check(reading, path, node_get(node, "in"), what);
}

void target_where_check(struct reading *reading, const struct target_map *map, const struct node *where,
                        const char *what)
{
    const struct path *path = path_of(map, node_get(where, "from"));
    const struct node *not = node_get(where, "not"), *other = node_get(not, "from");
    asks_check(reading, path, where, what);
    asks_check(reading, other ? path_of(map, other) : path, not, what);
}
