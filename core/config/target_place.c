/* target_place - the name of a file that is written whole: no pattern, and words in braces that are known. Part of
 * reading.h. */
#include "config/reading.h"
#include "config/target.h"

#include <muster/connector.h>
#include <string.h>
#include <strings.h>

/* Each period's file needs a name of its own, and always the same one: it may have to be written again. */
static void place_of_period(struct reading *reading, const struct target *target, const struct node *node,
                            const char *what)
{
    const struct target_stream *of = NULL;
    for (size_t n = 0; n < target->stream_count; n++)
        if (target->streams[n].period != PERIOD_NONE)
            of = &target->streams[n];
    if (!of)
        return;
    bool week = of->period == PERIOD_LAST_WEEK || of->period == PERIOD_THIS_WEEK;
    bool month = of->period == PERIOD_LAST_MONTH || of->period == PERIOD_THIS_MONTH;
    const char *word = week ? "{week}" : month ? "{month}" : "{date}";
    if (strstr(node->text, "{run}"))
        complain(reading->complaints, node,
                 "%s has {run}, but a file of a period may have to be written again under its name: let %s tell them "
                 "apart",
                 what, word);
    else if (!strstr(node->text, word) && !strstr(node->text, "{date}"))
        complain(reading->complaints, node,
                 "%s is the same for every period of stream '%s', so one file would take the place of another: put %s "
                 "into it",
                 what, of->name, word);
}

static const struct node *location_of(const struct connection *connection)
{
    const struct node *node = node_get(node_get(connection->node, "options"), "location");
    return node && node->type == NODE_TEXT ? node : NULL;
}

/* Two connections that write one file: each would take the other's for its own of last time, and write over it. */
static void place_of_another(struct reading *reading, const struct connection *connection, const struct node *node,
                             const char *what)
{
    for (const struct connection *other = reading->connections; other < connection; other++) {
        const struct node *taken = other->target ? location_of(other) : NULL;
        if (taken && strcmp(taken->text, node->text) == 0)
            complain(reading->complaints, node, "%s is the file that connection '%s' writes: each would write over it",
                     what, other->name);
    }
}

/* The kinds of file that option 'format' knows, as endings of a name: ".xlsx, .csv"; *ret_among: the name has one.
 * NULL: the connector has no such option, or the file says one. */
static const char *endings(struct reading *reading, const struct connection *connection, const char *name,
                           bool *ret_among)
{
    const char *said = connection_option(connection, "format"), *dot = strrchr(name, '.'), *list = "";
    const struct muster_option *option = NULL;
    *ret_among = false;
    for (size_t n = 0; (option = option_nth(connection->description, connection->description->options, n)); n++)
        if (strcmp(option->name, "format") == 0)
            break;
    if (!option || !option->choices || !said || strcmp(said, "auto") != 0)
        return NULL;
    for (const char *at = option->choices; *at; at += strcspn(at, "|"), at += *at == '|') {
        size_t len = strcspn(at, "|");
        if (len == strlen("auto") && strncmp(at, "auto", len) == 0)
            continue;
        list = reading_format(reading, "%s%s.%.*s", list, *list ? ", " : "", (int)len, at);
        *ret_among |= dot && strlen(dot + 1) == len && strncasecmp(dot + 1, at, len) == 0;
    }
    return list;
}

/* Where nothing is there to look into, the name has to say what kind of file is written. */
static void place_of_kind(struct reading *reading, const struct connection *connection, const struct node *node,
                          const char *what)
{
    bool among;
    const char *kinds = endings(reading, connection, strrchr(node->text, '/'), &among);
    if (kinds && !among)
        complain(reading->complaints, node,
                 "%s does not say what kind of file to write: let it end in one of %s, or say it with option 'format'",
                 what, kinds);
}

void target_place_check(struct reading *reading, const struct connection *connection, const struct target *target)
{
    static const char *const words[] = {"date", "week", "month", "run", NULL};
    const struct node *node = location_of(connection);
    const char *last = node ? strrchr(node->text, '/') : NULL;
    bool whole = false;
    for (size_t n = 0; n < target->stream_count; n++) {
        const struct muster_stream *declared = target->streams[n].description;
        whole |= declared && (declared->flags & MUSTER_SNAPSHOT);
    }
    if (!whole || !last)
        return;
    const char *what = reading_format(reading, "connection '%s': option 'location'", connection->name);
    if (strpbrk(last, "*?"))
        complain(reading->complaints, node, "%s is a pattern: a file that is written for a target needs a name", what);
    place_of_period(reading, target, node, what);
    place_of_another(reading, connection, node, what);
    place_of_kind(reading, connection, node, what);
    for (const char *at = strchr(node->text, '{'); at; at = strchr(at + 1, '{')) {
        const char *word = reading_format(reading, "%.*s", (int)strcspn(at + 1, "}"), at + 1);
        bool known = false;
        for (size_t n = 0; word && words[n]; n++)
            known |= strcmp(words[n], word) == 0;
        if (known && at[1 + strlen(word)] == '}')
            continue;
        const char *near = word ? nearest_name(word, words) : NULL;
        complain(reading->complaints, node, "%s knows {date}, {week}, {month} and {run}, not {%.40s}%s%s%s", what,
                 word ? word : "", near ? ": did you mean {" : "", near ? near : "", near ? "}?" : "");
        return;
    }
}
