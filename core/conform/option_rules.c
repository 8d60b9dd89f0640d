/* option_rules - rules of options, serves and needed, name what the connector has: a word in them that nothing has
 * would never hold, and nobody would see it. */
#include "conform/judge.h"

#include "config/given.h"

#include <stdio.h>
#include <string.h>

enum { WORD = 100 };

struct look {
    struct trial *trial;
    const muster_connector *connector;
    const muster_option *table;
    const char *what, *rule; /* "option stores[].tenant", "serves" */
};

static const muster_option *among(const muster_option *table, const char *name)
{
    for (; table && table->name; table++)
        if (strcmp(table->name, name) == 0)
            return table;
    return NULL;
}

static bool stream_fits(const muster_connector *connector, const char *name)
{
    for (const muster_stream *stream = connector->streams; stream && stream->name; stream++)
        if (strcmp(name, "*") == 0 || (stream->flags & MUSTER_DYNAMIC) || strcmp(stream->name, name) == 0)
            return true;
    return false;
}

static bool choice_fits(const muster_option *option, const char *word)
{
    size_t len = strlen(word);
    if (option->type == MUSTER_BOOL)
        return strcmp(word, "true") == 0 || strcmp(word, "false") == 0;
    for (const char *at = option->choices; at && *at; at += strcspn(at, "|"), at += *at == '|')
        if (strcspn(at, "|") == len && strncmp(at, word, len) == 0)
            return true;
    return option->type != MUSTER_CHOICE;
}

/* "one|two": `option` NULL: they are streams. */
static void words_judge(const struct look *look, const muster_option *option, const char *words)
{
    for (const char *at = words; *at; at += strcspn(at, "|"), at += *at == '|') {
        char word[WORD];
        snprintf(word, sizeof(word), "%.*s", (int)strcspn(at, "|"), at);
        if (!option && !stream_fits(look->connector, word))
            trial_fault(look->trial, RULE_C8, look->what, ".%s names '%s', which is no stream", look->rule, word);
        if (option && !choice_fits(option, word))
            trial_fault(look->trial, RULE_C8, look->what, ".%s wants '%s' of option %s, which never says that",
                        look->rule, word, option->name);
    }
}

static void term_judge(const struct look *look, const char *term)
{
    char name[WORD];
    term += *term == '!';
    if (*term == '@') {
        words_judge(look, NULL, term + 1);
        return;
    }
    snprintf(name, sizeof(name), "%.*s", (int)strcspn(term, "="), term);
    const muster_option *option = among(look->table, name);
    option = option ? option : among(look->connector->options, name);
    option = option ? option : given_option(look->connector, name);
    if (!option)
        trial_fault(look->trial, RULE_C8, look->what, ".%s names '%s', which is no option", look->rule, name);
    else if (term[strlen(name)] == '=')
        words_judge(look, option, term + strlen(name) + 1);
}

static void rule_judge(const struct look *look, const char *rule)
{
    for (const char *at = rule ? rule + strspn(rule, " ;") : ""; *at; at += strspn(at, " ;")) {
        char term[4 * WORD];
        size_t len = strcspn(at, " ;");
        snprintf(term, sizeof(term), "%.*s", (int)len, at);
        term_judge(look, term);
        at += len;
    }
}

static void table_judge(struct trial *trial, const muster_connector *connector, const muster_option *table,
                        const char *before)
{
    for (const muster_option *option = table; option && option->name; option++) {
        char what[300], path[200];
        snprintf(path, sizeof(path), "%s%s", before, option->name);
        snprintf(what, sizeof(what), "option %s", path);
        rule_judge(&(struct look){trial, connector, table, what, "serves"}, option->serves);
        rule_judge(&(struct look){trial, connector, table, what, "needed"}, option->needed);
        if (option->needed && (option->flags & MUSTER_REQUIRED))
            trial_fault(trial, RULE_C8, what, "is MUSTER_REQUIRED, and .needed says when: it is one of them");
        snprintf(path, sizeof(path), "%s%s[].", before, option->name);
        table_judge(trial, connector, option->members, path);
    }
}

void option_rules_judge(struct trial *trial, const muster_connector *connector)
{
    table_judge(trial, connector, connector->options, "");
}
