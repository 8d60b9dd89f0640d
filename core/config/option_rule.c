/* option_rule - when an option does anything, and when it must be given. */
#include "config/option_rule.h"

#include "config/given.h"
#include "config/reading.h"
#include "config/stream_rows.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

/* ---- where an option stands ---- */

static const struct muster_option *among(const struct connection *connection, const struct muster_option *table,
                                         const char *name, size_t len)
{
    const struct muster_option *option;
    for (size_t n = 0; (option = option_nth(connection->description, table, n)); n++)
        if (strlen(option->name) == len && strncmp(option->name, name, len) == 0)
            return option;
    return NULL;
}

bool option_place_find(const struct connection *connection, const char *path, struct option_place *ret_place)
{
    const struct muster_connector *description = connection->description;
    const struct muster_option *table = description ? description->options : NULL;
    for (const char *at = path; table;) {
        size_t len = strcspn(at, "[.");
        const struct muster_option *option = among(connection, table, at, len);
        const char *member = option && at[len] == '[' ? strstr(at + len, "].") : NULL;
        if (!option && at == path)
            option = given_option(description, path);
        if (!option)
            return false;
        if (!member) {
            *ret_place = (struct option_place){.option = option, .table = table};
            return snprintf(ret_place->prefix, sizeof(ret_place->prefix), "%.*s", (int)(at - path), path) <
                   (int)sizeof(ret_place->prefix);
        }
        at = member + 2;
        table = option->members;
    }
    return false;
}

/* ---- one term ---- */

struct term {
    const struct connection *connection;
    const struct option_place *place;
    bool negated, stream, said; /* said: "=" is in it */
    char name[100];
    const char *words; /* behind '=', or of streams; not terminated */
    size_t words_len;
    char fits[100]; /* which of the words it is; "": none */
};

static bool is_name(const char *given, const char *path)
{
    size_t len = strlen(path);
    return strncmp(given, path, len) == 0 && (!given[len] || given[len] == '[' || given[len] == '.');
}

/* The path of a name: of the same table, else of the connector's first one. */
static void path_make(const struct term *term, char *ret_path, size_t room)
{
    bool beside = among(term->connection, term->place->table, term->name, strlen(term->name)) != NULL;
    snprintf(ret_path, room, "%s%s", beside ? term->place->prefix : "", term->name);
}

static bool is_given(const struct term *term)
{
    char path[400];
    path_make(term, path, sizeof(path));
    for (size_t i = 0; i < term->connection->option_count; i++) {
        const struct option_value *value = &term->connection->options[i];
        if (is_name(value->name, path) && (value->secret || (value->text && value->text[0])))
            return true;
    }
    return false;
}

static bool is_used(const struct connection *connection, const char *stream)
{
    if (strcmp(stream, "*") == 0)
        return (connection->mappings && connection->mappings[0]) ||
               (connection->target && connection->target->stream_count > 0);
    return stream_is_used(connection, stream);
}

static bool word_fits(const char *word, const char *text)
{
    size_t len = strlen(text), ending = strlen(word) - (*word == '*');
    if (*word != '*')
        return strcmp(word, text) == 0;
    return len >= ending && strcasecmp(text + len - ending, word + 1) == 0;
}

/* The next of "one|two"; false: there is none. */
static bool word_next(const struct term *term, size_t *at, char *ret_word, size_t room)
{
    if (*at >= term->words_len)
        return false;
    size_t len = 0;
    while (*at + len < term->words_len && term->words[*at + len] != '|')
        len++;
    snprintf(ret_word, room, "%.*s", (int)len, term->words + *at);
    *at += len + 1;
    return true;
}

static bool term_fits(struct term *term)
{
    char path[400], word[100];
    path_make(term, path, sizeof(path));
    const char *text = term->said ? connection_option(term->connection, path) : NULL;
    if (!term->said && !term->stream)
        return is_given(term);
    for (size_t at = 0; (text || term->stream) && word_next(term, &at, word, sizeof(word));) {
        if (!(term->stream ? is_used(term->connection, word) : word_fits(word, text)))
            continue;
        snprintf(term->fits, sizeof(term->fits), "%s", word);
        return true;
    }
    return false;
}

/* "!name=one|two" up to a blank or a ';'. Returns what is behind it. */
static const char *term_read(const char *text, struct term *term)
{
    size_t len = strcspn(text, " ;");
    const char *end = text + len;
    term->negated = *text == '!';
    text += term->negated;
    term->stream = *text == '@';
    text += term->stream;
    size_t name = strcspn(text, "= ;");
    term->said = !term->stream && text[name] == '=';
    snprintf(term->name, sizeof(term->name), "%.*s", (int)name, text);
    term->words = term->said ? text + name + 1 : text;
    term->words_len = (size_t)(end - term->words);
    return end;
}

/* ---- what is told of it ---- */

__attribute__((format(printf, 2, 3))) static void say(char *why, const char *format, ...)
{
    size_t len = strlen(why);
    va_list args;
    va_start(args, format);
    vsnprintf(why + len, OPTION_RULE_WHY - len, format, args);
    va_end(args);
}

/* "one, two or three" */
static void say_words(const struct term *term, char *why)
{
    char word[100];
    for (size_t at = 0, n = 0; word_next(term, &at, word, sizeof(word)); n++)
        say(why, "%s%s", n == 0 ? "" : at >= term->words_len ? " or " : ", ", word + (*word == '*'));
}

static void say_amiss(const struct term *term, char *why)
{
    bool ends = term->said && term->words_len > 0 && *term->words == '*';
    why[0] = '\0';
    if (term->stream && term->negated)
        say(why, " beside stream '%s'", term->fits);
    else if (term->stream) {
        say(why, ": the connection neither reads nor tells ");
        say_words(term, why);
    } else if (!term->said)
        say(why, " %s %s", term->negated ? "beside" : "without", term->name);
    else if (term->negated)
        say(why, ends ? " where %s ends in %s" : " with %s: %s", term->name, term->fits + (*term->fits == '*'));
    else {
        say(why, ends ? " unless %s ends in " : " without %s: ", term->name);
        say_words(term, why);
    }
}

static void say_held(const struct term *term, char *why)
{
    why[0] = '\0';
    if (term->stream && strcmp(term->fits, "*") != 0)
        say(why, term->negated ? " without stream '%s'" : " for stream '%s'", term->negated ? term->name : term->fits);
    else if (!term->stream && !term->said)
        say(why, " %s %s", term->negated ? "without" : "beside", term->name);
    else if (!term->stream && !term->negated)
        say(why, *term->fits == '*' ? " where %s ends in %s" : " beside %s: %s", term->name,
            term->fits + (*term->fits == '*'));
}

/* ---- the rule ---- */

/* One set of terms, up to a ';' or the end. The first that fails says why, else the first says it. */
static bool set_holds(const struct connection *connection, const struct option_place *place, const char **at, char *why)
{
    bool good = true;
    size_t n = 0;
    for (*at += strspn(*at, " "); **at && **at != ';'; *at += strspn(*at, " "), n++) {
        struct term term = {.connection = connection, .place = place};
        *at = term_read(*at, &term);
        bool holds = term_fits(&term) != term.negated;
        if (good && why && !holds)
            say_amiss(&term, why);
        else if (good && why && n == 0)
            say_held(&term, why);
        good = good && holds;
    }
    return good;
}

bool option_rule_holds(const struct connection *connection, const struct option_place *place, const char *rule,
                       char ret_why[OPTION_RULE_WHY])
{
    char first[OPTION_RULE_WHY] = "", one[OPTION_RULE_WHY] = "";
    if (ret_why)
        ret_why[0] = '\0';
    if (!rule || !*rule)
        return true;
    for (const char *at = rule;; at++) {
        bool good = set_holds(connection, place, &at, one);
        if (!first[0] || good)
            snprintf(first, sizeof(first), "%s", one);
        if (ret_why)
            snprintf(ret_why, OPTION_RULE_WHY, "%s", first);
        if (good)
            return true;
        if (!*at)
            return false;
    }
}

/* ---- what is needed ---- */

static const struct node *place_of(const struct connection *connection, const char *prefix)
{
    for (size_t i = 0; *prefix && i < connection->option_count; i++)
        if (strncmp(connection->options[i].name, prefix, strlen(prefix)) == 0)
            return connection->options[i].node;
    return key_node(connection->node, "options");
}

static void table_needs(struct reading *reading, const struct connection *connection, const struct muster_option *table,
                        const char *prefix);

/* The items of a list, as far as they say anything. */
static void items_need(struct reading *reading, const struct connection *connection, const struct muster_option *option,
                       const char *prefix)
{
    const char *list = reading_format(reading, "%s%s[", prefix, option->name), *last = "";
    for (size_t i = 0; i < connection->option_count; i++) {
        const char *name = connection->options[i].name, *end = strstr(name, "].");
        if (strncmp(name, list, strlen(list)) != 0 || !(end = strstr(name + strlen(list), "].")))
            continue;
        const char *item = reading_format(reading, "%.*s", (int)(end + 2 - name), name);
        if (strcmp(item, last) != 0) /* those of one item stand together */
            table_needs(reading, connection, option->members, item);
        last = item;
    }
}

static void table_needs(struct reading *reading, const struct connection *connection, const struct muster_option *table,
                        const char *prefix)
{
    const struct muster_option *option;
    for (size_t n = 0; (option = option_nth(connection->description, table, n)); n++) {
        struct option_place place = {.option = option, .table = table};
        struct term self = {.connection = connection, .place = &place};
        char why[OPTION_RULE_WHY];
        snprintf(place.prefix, sizeof(place.prefix), "%s", prefix);
        snprintf(self.name, sizeof(self.name), "%s", option->name);
        if (option->needed && *option->needed && !is_given(&self) &&
            option_rule_holds(connection, &place, option->needed, why))
            complain(reading->complaints, place_of(connection, prefix),
                     "connection '%s': option '%s%s' is missing%s%s%s", connection->name, prefix, option->name, why,
                     option->doc ? ": " : "", option->doc ? option->doc : "");
        if (option->members)
            items_need(reading, connection, option, prefix);
    }
}

void options_need(struct reading *reading, const struct connection *connection)
{
    if (connection->description)
        table_needs(reading, connection, connection->description->options, "");
}
