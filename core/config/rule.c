/* rule - how one field is made: the words of configuration.md's mapping grammar, read and checked against each other.
 *
 * Reads a field's node, writes a struct rule; what its fixed texts mean for the
 * field's type is settled by ruletype.c. */
#include "config/compile.h"

#include "config/rule.h"

#include "base/date.h"

#include <stdio.h>
#include <string.h>

static const char *const word_names[] = {
#define WORD(name) [WORD_##name] = #name,
    WORDS(WORD)
#undef WORD
        [WORD_COUNT] = NULL};

const char *making_what(struct making *making, enum word word)
{
    snprintf(making->what, sizeof(making->what), "%s.%s: '%s'", making_owner(making), making->field->name,
             word_names[word]);
    return making->what;
}

static void read_columns(struct making *making, enum word word)
{
    struct rule *rule = making->rule;
    rule->columns =
        compile_columns(making->compile, making->said[word], making_what(making, word), &rule->column_count);
    if (word == WORD_join && rule->column_count == 1 && rule->columns)
        making_fault(making, word, "needs several columns; one alone is 'from'");
}

static void read_from(struct making *making)
{
    const struct node *node = making->said[WORD_from];
    making->rule->how = FROM_COLUMN;
    if (node->type == NODE_LIST)
        making_fault(making, WORD_from, "is one column; of several take 'first_of' or 'join'");
    else
        read_columns(making, WORD_from);
}

static void read_source(struct making *making)
{
    struct rule *rule = making->rule;
    static const enum word sources[] = {WORD_from, WORD_const,          WORD_first_of,
                                        WORD_join, WORD_from_partition, WORD_columns};
    enum word found = WORD_COUNT;
    for (size_t n = 0; n < sizeof(sources) / sizeof(sources[0]); n++) {
        if (!making->said[sources[n]])
            continue;
        if (found != WORD_COUNT)
            making_fault(making, sources[n], "and '%s' both say where the value comes from: keep one",
                         word_names[found]);
        found = sources[n];
    }
    switch (found) {
    case WORD_from: read_from(making); break;
    case WORD_const:
        rule->how = FROM_CONST;
        rule->constant = making_text(making, WORD_const, false);
        break;
    case WORD_first_of:
        rule->how = FROM_FIRST_OF;
        read_columns(making, found);
        break;
    case WORD_join:
        rule->how = FROM_JOIN;
        read_columns(making, found);
        break;
    case WORD_columns:
        rule->how = FROM_COLUMNS;
        read_columns(making, found);
        if (rule->columns)
            rule->names = compile_texts(making->compile, making->said[found], "", false, &rule->column_count);
        break;
    case WORD_from_partition:
        rule->how = FROM_PARTITION;
        if (making_bool(making, WORD_from_partition) == 0)
            making_fault(making, WORD_from_partition, "is true or left out");
        break;
    default:
        if (!making->said[WORD_unit])
            making_complain(making, making->node, "must say where the value comes from: from, const, first_of or join");
    }
}

static void read_take(struct making *making)
{
    const char *text = making_text(making, WORD_take, false);
    char *end;
    unsigned long number = text ? strtoul(text, &end, 10) : 0;
    if (!text)
        return;
    if (*text < '0' || *text > '9' || *end || number < 1 || number > TAKE_MAX)
        making_fault(making, WORD_take, "must be a number from 1 to %d", TAKE_MAX);
    else
        making->rule->take = (unsigned)number;
}

static void read_match(struct making *making)
{
    struct rule *rule = making->rule;
    const struct node *const *said = making->said;
    unsigned groups = 0;
    if (said[WORD_match])
        rule->match = compile_pattern(making->compile, said[WORD_match], making_what(making, WORD_match), &groups);
    if (said[WORD_replace]) {
        rule->replace = making_text(making, WORD_replace, true);
        if (!said[WORD_match])
            making_fault(making, WORD_replace, "needs 'match'");
        else if (rule->match && rule->replace)
            compile_replace(making->compile, said[WORD_replace], making_what(making, WORD_replace), rule->match,
                            rule->replace);
    }
    if (!said[WORD_take])
        return;
    read_take(making);
    if (!said[WORD_split] && !said[WORD_match])
        making_fault(making, WORD_take, "needs 'split' or 'match'");
    else if (!said[WORD_split] && said[WORD_replace])
        making_fault(making, WORD_take, "and 'replace' both say what becomes of a match: keep one");
    else if (said[WORD_split] && said[WORD_match] && !said[WORD_replace])
        making_fault(making, WORD_take, "could belong to 'split' or to 'match': leave one of them out");
    else if (!said[WORD_split] && rule->match && rule->take > groups)
        making_fault(making, WORD_take, "is %u, but the pattern has %u %s", rule->take, groups,
                     groups == 1 ? "group (…)" : "groups (…)");
}

static void read_text_words(struct making *making)
{
    struct rule *rule = making->rule;
    const struct node *const *said = making->said;
    if (said[WORD_with]) {
        rule->with = making_text(making, WORD_with, true);
        if (!said[WORD_join])
            making_fault(making, WORD_with, "belongs to 'join'");
    }
    rule->no_trim = said[WORD_trim] && making_bool(making, WORD_trim) == 0;
    if (said[WORD_split]) {
        rule->split = compile_text(making->compile, said[WORD_split], making_what(making, WORD_split), true);
        if (rule->split && *rule->split == '\0')
            making_fault(making, WORD_split, "must not be empty");
        if (!said[WORD_take])
            making_fault(making, WORD_split, "needs 'take': which piece, from 1");
    }
    read_match(making);
    rule->lower = said[WORD_lower] && making_bool(making, WORD_lower) == 1;
    rule->upper = said[WORD_upper] && making_bool(making, WORD_upper) == 1;
    rule->digits = said[WORD_digits] && making_bool(making, WORD_digits) == 1;
    if (rule->lower && rule->upper)
        making_fault(making, WORD_upper, "and 'lower' contradict each other");
}

static enum on_blank read_on_blank(struct making *making, enum word word)
{
    const char *text = making->said[word] ? making_text(making, word, false) : NULL;
    if (!text)
        return ON_KEEP;
    making->rule->blank_said = true;
    if (strcmp(text, "clear") == 0) {
        if (making->said[WORD_default])
            making_fault(making, word, "clear and 'default' contradict each other: a default fills what is blank");
        return ON_CLEAR;
    }
    if (strcmp(text, "keep") != 0)
        making_fault(making, word, "must be keep or clear");
    return ON_KEEP;
}

/* A constant is what it is: nothing may be done to it. */
static void refuse_beside_const(struct making *making)
{
    for (enum word word = 0; word < WORD_COUNT; word++)
        if (making->said[word] && word != WORD_const && word != WORD_person && word != WORD_from &&
            word != WORD_first_of && word != WORD_join && word != WORD_columns && word != WORD_from_partition)
            making_fault(making, word, "has nothing to do beside 'const': write the constant as it shall be");
}

static void read_words(struct making *making)
{
    const char *const *names = word_names;
    char what[160];
    snprintf(what, sizeof(what), "%s.%s", making_owner(making), making->field->name);
    node_unknown_keys(making->compile->complaints, making->node, names, what);
    for (size_t n = 0; n < making->node->count; n++)
        for (enum word word = 0; word < WORD_COUNT; word++)
            if (strcmp(making->node->keys[n]->text, names[word]) == 0)
                making->said[word] = making->node->items[n];
    if (making->said[WORD_each] || making->said[WORD_map])
        making_complain(making, making->node, "'each' and 'map' do not work for a field: give the list a section");
    read_source(making);
    if (making->said[WORD_const])
        refuse_beside_const(making);
    else
        read_text_words(making);
    making->rule->on_null = read_on_blank(making, WORD_on_null);
    making->rule->on_empty = read_on_blank(making, WORD_on_empty);
}

bool rule_compile(struct compile *compile, const struct field *field, const struct node *node, struct rule *ret_rule)
{
    struct rule rule = {.field = field, .node = node, .unit_code = -1, .unit_name = -1};
    struct making making = {.compile = compile, .rule = &rule, .field = field, .node = node};
    size_t errors = compile->complaints->errors;
    if (node->type == NODE_MAP) {
        read_words(&making);
    } else if (node->type == NODE_TEXT) {
        making.said[WORD_from] = node;
        char what[160];
        snprintf(what, sizeof(what), "%s.%s: the column", making_owner(&making), field->name);
        rule.columns = compile_columns(compile, node, what, &rule.column_count);
    } else {
        making_complain(&making, node, "must be a column or a map; of several columns take first_of or join");
    }
    if (node->type != NODE_LIST)
        rule_settle(&making);
    if (compile->failed || compile->complaints->errors != errors)
        return false;
    rule.text = rule_write(compile, &rule);
    *ret_rule = rule;
    return rule.text != NULL;
}
