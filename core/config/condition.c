/* condition - `when` and `where`: read out of nodes for a mapping. */
#include "config/compile.h"

#include <stdio.h>
#include <string.h>

static const char *const words[] = {"from", "equals", "in", "match", "present", "not", NULL};

/* A set of texts, as cells are compared with them. */
static const struct lookup *word_set(struct compile *compile, const struct node *node, const char *what,
                                     const char *const **ret_texts)
{
    size_t count;
    const char *const *texts = compile_texts(compile, node, what, false, &count);
    struct lookup *set = texts ? lookup_new(compile->arena, count) : NULL;
    compile->failed |= texts && !set;
    for (size_t n = 0; set && n < count; n++)
        compile->failed |=
            lookup_add(set, compile->arena, texts[n], strlen(texts[n]), (struct value){.presence = PRESENCE_VALUE}) < 0;
    *ret_texts = texts;
    return set;
}

/* What one map asks of its column. Returns how many things it asks. */
static unsigned read_asks(struct compile *compile, const struct node *node, const char *what, struct condition *to)
{
    unsigned asked = 0, groups;
    const struct node *equals = node_get(node, "equals"), *in = node_get(node, "in");
    const struct node *match = node_get(node, "match"), *present = node_get(node, "present");
    char part[160];
    if (equals && in)
        complain(compile->complaints, in, "%s: 'equals' and 'in' ask the same thing: keep one", what);
    if (equals) {
        snprintf(part, sizeof(part), "%s: 'equals'", what);
        const char *const *texts = NULL;
        if (equals->type == NODE_LIST)
            complain(compile->complaints, equals, "%s is one text; several are 'in'", part);
        else
            to->words = word_set(compile, equals, part, &texts);
        to->equals = texts ? texts[0] : NULL;
        asked++;
    }
    if (in) {
        snprintf(part, sizeof(part), "%s: 'in'", what);
        to->words = word_set(compile, in, part, &to->in);
        asked++;
    }
    if (match) {
        snprintf(part, sizeof(part), "%s: 'match'", what);
        to->match = compile_pattern(compile, match, part, &groups);
        asked++;
    }
    if (present) {
        snprintf(part, sizeof(part), "%s: 'present'", what);
        to->present = compile_bool(compile, present, part);
        asked++;
    }
    return asked;
}

/* Takes `not: {…}` apart: the same column unless it names one of its own. */
static const struct condition *read_not(struct compile *compile, const struct node *node, const char *what, int column)
{
    struct condition *made = compile_get(compile, 1, sizeof(*made));
    if (!made)
        return NULL;
    *made = (struct condition){.node = node, .column = column, .present = -1, .negated = true};
    if (node->type != NODE_MAP) {
        complain(compile->complaints, node, "%s: 'not' must be a map, as in not: { equals: x }", what);
        return made;
    }
    node_unknown_keys(compile->complaints, node, words, what);
    const struct node *from = node_get(node, "from");
    if (node_get(node, "not"))
        complain(compile->complaints, node, "%s: a 'not' inside of a 'not' is too clever: say it plainly", what);
    if (from)
        made->column = compile_column(compile, from, what);
    if (read_asks(compile, node, what, made) == 0)
        complain(compile->complaints, node, "%s: 'not' must have equals, in, match or present", what);
    if (!from && column < 0)
        complain(compile->complaints, node, "%s must say 'from' which column", what);
    return made;
}

static struct condition *read_one(struct compile *compile, const struct node *node, const char *what)
{
    if (node->type != NODE_MAP) {
        complain(compile->complaints, node, "%s must be a map, as in { from: COLUMN, present: true }", what);
        return NULL;
    }
    struct condition *made = compile_get(compile, 1, sizeof(*made));
    if (!made)
        return NULL;
    node_unknown_keys(compile->complaints, node, words, what);
    const struct node *from = node_get(node, "from"), *not = node_get(node, "not");
    *made = (struct condition){.node = node, .column = -1, .present = -1};
    if (from)
        made->column = compile_column(compile, from, what);
    unsigned asked = read_asks(compile, node, what, made);
    if (!from && (asked > 0 || !not ))
        complain(compile->complaints, node, "%s must say 'from' which column", what);
    else if (asked == 0 && !not )
        complain(compile->complaints, node, "%s must have equals, in, match, present or not", what);
    if (!not )
        return made;
    const struct condition *negated = read_not(compile, not, what, made->column);
    if (asked == 0 && negated)
        *made = *negated;
    else
        made->next = negated;
    return made;
}

const struct condition *condition_compile(struct compile *compile, const struct node *node, const char *what)
{
    const struct condition *all = NULL;
    if (node->type != NODE_LIST)
        return read_one(compile, node, what);
    if (node->count == 0)
        complain(compile->complaints, node, "%s must not be an empty list", what);
    for (size_t n = node->count; n > 0; n--) {
        struct condition *made = read_one(compile, node->items[n - 1], what), *last = made;
        if (!made)
            continue;
        while (last->next)
            last = (struct condition *)last->next;
        last->next = all;
        all = made;
    }
    return all;
}
