/* target - the `target:` section of a connection. Part of reading.h.
 *
 * It is kept as nodes until targets exist; what can be known today is checked
 * today: keys, words, fields of the views. */
#include "config/reading.h"

#include <string.h>

static const char *const keys[] = {"scope", "outside", "match", "account_per", "streams", NULL};
static const char *const stream_keys[] = {"of", "map", "where", "scope", "period", "late", "columns", NULL};

static const char *label(struct reading *reading, const struct connection *connection, const char *what)
{
    return reading_format(reading, "connection '%s': target: %s", connection->name, what);
}

static void check_enumerator(struct reading *reading, const struct field *field, const struct node *node,
                             const char *what)
{
    const char *names[65] = {0};
    if (node->type != NODE_TEXT || field->type != TYPE_ENUM || enum_number(field, node->text, strlen(node->text)))
        return;
    for (size_t n = 0; n < 64; n++) {
        size_t len;
        const char *text = enum_nth(field, n, &len);
        if (!text)
            break;
        names[n] = reading_format(reading, "%.*s", (int)len, text);
    }
    want_name(reading, node, reading_format(reading, "%s: %s has no value", what, field->name), node->text, names);
}

/* Who is in: fields of a person and the values that count. */
static void check_scope(struct reading *reading, const struct connection *connection, const struct node *node)
{
    const char *what = label(reading, connection, "scope");
    const char *const *names = field_names(reading, KIND_person);
    if (!want_map(reading, node, what) || !names)
        return;
    for (size_t i = 0; i < node->count; i++) {
        const char *name = node->keys[i]->text;
        const struct node *value = node->items[i];
        if (strchr(name, '.') && strncmp(name, "custom.", 7) != 0)
            continue; /* a path into the view */
        if (!want_name(reading, node->keys[i], reading_format(reading, "%s: no field", what), name, names))
            continue;
        const struct field *field = organization_field(reading->organization, KIND_person, name);
        for (size_t v = 0; field && value->type == NODE_LIST && v < value->count; v++)
            check_enumerator(reading, field, value->items[v], what);
        if (field)
            check_enumerator(reading, field, value, what);
    }
}

/* [ [Number, employee_number], … ]: their name, our field. */
static void check_match(struct reading *reading, const struct connection *connection, const struct node *node)
{
    const char *what = label(reading, connection, "match");
    const char *const *names = field_names(reading, KIND_person);
    const struct node *list = want_list(reading, node, what);
    for (size_t i = 0; list && names && i < list->count; i++) {
        const struct node *pair = list->items[i];
        if (pair->type != NODE_LIST || pair->count != 2 || pair->items[0]->type != NODE_TEXT ||
            pair->items[1]->type != NODE_TEXT)
            complain(reading->complaints, pair, "%s: each item is [their field, our field]", what);
        else if (!strchr(pair->items[1]->text, '.') || strncmp(pair->items[1]->text, "custom.", 7) == 0)
            want_name(reading, pair->items[1], reading_format(reading, "%s: no field", what), pair->items[1]->text,
                      names);
    }
}

static const char *const *kind_names(struct reading *reading)
{
    const char **names = reading_get(reading, KIND_COUNT + 1, sizeof(*names));
    for (int kind = 1; names && kind < KIND_COUNT; kind++)
        names[kind - 1] = kind_name((enum kind)kind);
    return (const char *const *)names;
}

static void check_columns(struct reading *reading, const struct node *node, const char *what)
{
    const char *label_ = reading_format(reading, "%s: columns", what);
    const struct node *list = want_list(reading, node, label_);
    for (size_t i = 0; list && i < list->count; i++)
        if (list->items[i]->type != NODE_MAP || list->items[i]->count != 1)
            complain(reading->complaints, list->items[i], "%s: each item is one column and where it comes from",
                     label_);
}

static void check_stream(struct reading *reading, const struct connection *connection, const struct node *key,
                         const struct node *node)
{
    static const char *const late[] = {"next_file", "rewrite", NULL};
    const char *what = label(reading, connection, reading_format(reading, "stream '%s'", key->text));
    const char *const *kinds = kind_names(reading);
    stream_known(reading, connection, key, key->text);
    if (node->type == NODE_TEXT && !node->quoted && strcmp(node->text, "off") == 0)
        return;
    if (!want_map(reading, node, what))
        return;
    node_unknown_keys(reading->complaints, node, stream_keys, what);
    const struct node *of = node_get(node, "of");
    const char *kind = want_text(reading, of, reading_format(reading, "%s: of", what));
    if (kind && kinds)
        want_name(reading, of, reading_format(reading, "%s: no kind", what), kind, kinds);
    want_map(reading, node_get(node, "map"), reading_format(reading, "%s: map", what));
    want_map(reading, node_get(node, "where"), reading_format(reading, "%s: where", what));
    want_map(reading, node_get(node, "scope"), reading_format(reading, "%s: scope", what));
    want_text(reading, node_get(node, "period"), reading_format(reading, "%s: period", what));
    want_word(reading, node_get(node, "late"), reading_format(reading, "%s: late", what), late);
    check_columns(reading, node_get(node, "columns"), what);
}

void target_check(struct reading *reading, const struct connection *connection)
{
    static const char *const outside[] = {"deactivate", "keep", NULL};
    static const char *const accounts[] = {"person", "membership", NULL};
    const char *what = reading_format(reading, "connection '%s': target", connection->name);
    const struct node *target = want_map(reading, connection->target, what);
    if (!target)
        return;
    node_unknown_keys(reading->complaints, target, keys, what);
    check_scope(reading, connection, node_get(target, "scope"));
    want_word(reading, node_get(target, "outside"), label(reading, connection, "outside"), outside);
    want_word(reading, node_get(target, "account_per"), label(reading, connection, "account_per"), accounts);
    check_match(reading, connection, node_get(target, "match"));
    const struct node *streams = want_map(reading, node_get(target, "streams"), label(reading, connection, "streams"));
    for (size_t i = 0; streams && i < streams->count; i++)
        check_stream(reading, connection, streams->keys[i], streams->items[i]);
}
