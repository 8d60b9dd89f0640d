/* together - what is well written in each part of an organization's file and does not go with another part. */
#include "cli/together.h"

#include "base/text.h"
#include "broker/ignore.h"
#include "broker/place.h"

#include <string.h>

/* Option `location` of a connection: where its files are. */
struct shelf {
    const struct connection *connection;
    const struct option_value *option;
    struct place place;
};

static bool shelf_find(const struct connection *connection, struct shelf *ret_shelf)
{
    struct err err = {0};
    for (size_t i = 0; i < connection->option_count; i++) {
        const struct option_value *option = &connection->options[i];
        if (strcmp(option->name, "location") != 0 || !option->text)
            continue;
        *ret_shelf = (struct shelf){.connection = connection, .option = option};
        return place_read(option->text, PLACE_PATTERN, &ret_shelf->place, &err) == 0;
    }
    return false;
}

static void shelf_done(struct shelf *shelf)
{
    place_done(&shelf->place);
}

static bool reads(const struct connection *connection)
{
    return connection->mappings && connection->mappings[0];
}

/* "delete" or "archive"; NULL: it leaves them where they are. */
static const char *puts_away(const struct connection *connection)
{
    const char *says = connection_option(connection, "after_read");
    return says && (strcmp(says, "delete") == 0 || strcmp(says, "archive") == 0) ? says : NULL;
}

/* Whether names that `inner` stands for, a pattern or one with words in braces, are taken by `outer`, too. */
static bool takes(const struct shelf *outer, const struct shelf *inner)
{
    struct ignore ignore;
    if (!place_same_server(&outer->place, &inner->place) || strcmp(outer->place.folder, inner->place.folder) != 0 ||
        !place_matches(&outer->place, *inner->place.last ? inner->place.last : "*") ||
        ignore_read(outer->connection, &ignore) != 0)
        return false;
    bool left_out = ignore_hits(&ignore, inner->place.last) != IGNORED_NOT;
    ignore_done(&ignore);
    return !left_out;
}

/* Whoever runs after the other one leaves it its file. */
static bool runs_after(const struct connection *connection, const struct connection *other)
{
    for (size_t t = 0; t < connection->trigger_count; t++)
        for (const char *const *name = connection->triggers[t].after; name && *name; name++)
            if (strcmp(*name, other->name) == 0)
                return true;
    return false;
}

static void readers_tell(struct context *context, const struct organization *organization, const struct shelf *first,
                         const struct shelf *second)
{
    const char *one = puts_away(first->connection), *other = puts_away(second->connection);
    const struct shelf *taker = other ? second : first, *left = other ? first : second;
    if (one && other)
        context_warn(
            context, organization, second->option->node,
            "connection '%s' reads files that '%s' reads, too, and both put them away (after_read): each takes "
            "them from the other. Let one keep them and read first, and the other one run after it",
            second->connection->name, first->connection->name);
    else if ((one || other) && !runs_after(taker->connection, left->connection))
        context_warn(
            context, organization, taker->option->node,
            "connection '%s' reads files that '%s' reads, too, and puts them away (after_read: %s): '%s' misses "
            "them when it comes later. Let '%s' run by after: [%s]",
            taker->connection->name, left->connection->name, puts_away(taker->connection), left->connection->name,
            taker->connection->name, left->connection->name);
}

/* A file that is written there, and read back as if somebody had said it. */
static void written_tell(struct context *context, const struct organization *organization, const struct shelf *writer,
                         const struct shelf *reader)
{
    if (takes(reader, writer))
        context_warn(context, organization, writer->option->node,
                     "connection '%s' writes files that '%s' reads: what is sent would come back as what '%s' says. "
                     "Write them to another folder, or under a name that '%s' does not take",
                     writer->connection->name, reader->connection->name, reader->connection->name,
                     reader->connection->name);
}

static void pair_tell(struct context *context, const struct organization *organization, const struct connection *first,
                      const struct connection *second)
{
    TIDY_DONE(shelf_done) struct shelf one = {0}, other = {0};
    if (!shelf_find(first, &one) || !shelf_find(second, &other))
        return;
    bool one_reads = reads(first), other_reads = reads(second);
    if (one_reads && other_reads && (takes(&one, &other) || takes(&other, &one)))
        readers_tell(context, organization, &one, &other);
    if (first->target && !one_reads && other_reads)
        written_tell(context, organization, &one, &other);
    if (second->target && !other_reads && one_reads)
        written_tell(context, organization, &other, &one);
}

/* --- people --- */

/* field NULL: any. */
static bool maps_person(const struct connection *connection, const struct field *field)
{
    for (const struct mapping *const *at = connection->mappings; at && *at; at++)
        for (size_t s = 0; s < (*at)->section_count; s++) {
            const struct section *section = &(*at)->sections[s];
            if (section->kind == KIND_person && !field)
                return true;
            for (size_t r = 0; section->kind == KIND_person && r < section->rule_count; r++)
                if (section->rules[r].field == field)
                    return true;
        }
    return false;
}

static bool anybody_maps(const struct organization *organization, const struct field *field)
{
    for (size_t i = 0; i < organization->connection_count; i++)
        if (maps_person(&organization->connections[i], field))
            return true;
    return false;
}

static void match_tell(struct context *context, const struct organization *organization)
{
    for (size_t n = 0; n < organization->person_rule_count; n++) {
        const struct match_rule *rule = &organization->person_rules[n];
        for (size_t f = 0; rule->node && rule->fields[f]; f++)
            if (!anybody_maps(organization, rule->fields[f]))
                context_warn(context, organization, rule->node->items[f],
                             "match: person: no connection maps '%s': nobody is recognised by [%s]",
                             rule->fields[f]->name, rule->text);
    }
}

/* Whoever is only told of people cannot begin with them. */
static void exists_tell(struct context *context, const struct organization *organization, const struct node *exists)
{
    const struct connection *source = NULL;
    for (const struct connection *const *at = organization->exists; at && *at; at++)
        if (!(*at)->target)
            return;
    for (size_t i = 0; i < organization->connection_count && !source; i++)
        if (!organization->connections[i].target && maps_person(&organization->connections[i], NULL))
            source = &organization->connections[i];
    if (source)
        context_warn(context, organization, exists,
                     "authority: person: exists names only who is told of people: whom '%s' reads counts for nobody "
                     "until they are in there already: name '%s', too",
                     source->name, source->name);
}

void together_tell(struct context *context, const struct organization *organization)
{
    for (size_t i = 0; i < organization->connection_count; i++)
        for (size_t other = i + 1; other < organization->connection_count; other++)
            pair_tell(context, organization, &organization->connections[i], &organization->connections[other]);
    match_tell(context, organization);
    if (organization->exists_said)
        exists_tell(context, organization, organization->exists_said);
}
