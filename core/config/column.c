/* column - what of a mapping asks for a column, and where its file names it. */
#include "base/text.h"
#include "config/mapping.h"

#include <string.h>

static bool same(const char *a, const char *b)
{
    return text_same(a, strlen(a), b, strlen(b));
}

static bool column_among(const int *columns, size_t count, int column)
{
    for (size_t i = 0; i < count; i++)
        if (columns[i] == column)
            return true;
    return false;
}

/* A required field whose only column is this one. */
static bool column_required(const struct mapping *mapping, int column)
{
    const struct section *main = &mapping->sections[0];
    for (size_t r = 0; mapping->require && mapping->require[r]; r++)
        for (size_t i = 0; i < main->rule_count; i++)
            if (main->rules[i].field == mapping->require[r] && main->rules[i].how == FROM_COLUMN &&
                main->rules[i].column_count == 1 && main->rules[i].columns[0] == column)
                return true;
    return false;
}

enum column_need mapping_needs(const struct mapping *mapping, const char *column)
{
    enum column_need need = COLUMN_SPARED;
    for (size_t i = 0; mapping && i < mapping->column_count; i++) {
        if (!same(mapping->columns[i], column))
            continue;
        const struct section *main = &mapping->sections[0];
        if (column_among(mapping->key, mapping->key_count, (int)i) || column_among(main->key, main->key_count, (int)i))
            return COLUMN_KEY;
        if (column_required(mapping, (int)i))
            need = COLUMN_REQUIRED;
    }
    return need;
}

/* Words of the grammar that hold no names of columns. `person` is one as a section, and none as a reference. */
static bool word_holds_columns(const char *word, const struct node *value)
{
    static const char *const others[] = {"const",  "with",    "take",    "replace", "match",   "table",
                                         "date",   "decimal", "bool",    "default", "unit",    "otherwise",
                                         "equals", "in",      "present", "require", "keep",    "split",
                                         "trim",   "lower",   "upper",   "digits",  "on_null", "on_empty"};
    for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++)
        if (strcmp(word, others[i]) == 0)
            return false;
    return strcmp(word, "person") != 0 || value->type == NODE_MAP;
}

struct hunt {
    const char *column;
    const struct node **nodes;
    size_t count, room;
};

static void hunt_node(struct hunt *hunt, const struct node *node)
{
    if (node->type == NODE_TEXT && same(node->text, hunt->column)) {
        if (hunt->count < hunt->room)
            hunt->nodes[hunt->count] = node;
        hunt->count++;
    }
    for (size_t i = 0; node->type != NODE_TEXT && i < node->count; i++)
        if (node->type == NODE_LIST || word_holds_columns(node->keys[i]->text, node->items[i]))
            hunt_node(hunt, node->items[i]);
}

size_t mapping_column_nodes(const struct mapping *mapping, const char *column, const struct node **ret_nodes,
                            size_t room)
{
    struct hunt hunt = {column, ret_nodes, 0, room};
    if (mapping->node)
        hunt_node(&hunt, mapping->node);
    return hunt.count;
}
