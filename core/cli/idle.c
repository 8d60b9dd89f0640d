/* idle - what is well written in an organization's file and does nothing. */
#include "cli/idle.h"

#include "base/clock.h"
#include "config/given.h"
#include "config/occasion.h"
#include "config/option_rule.h"
#include "config/stream_rows.h"
#include "config/target.h"
#include "engine/authorization.h"

#include <string.h>

/* What is taken and does nothing yet must not be believed in. */
static void retention_tell(struct context *context, const struct organization *organization)
{
    const struct node *node = organization->retention.node;
    for (size_t n = 0; node && n < node->count; n++) {
        const struct node *key = node->keys[n];
        const char *length = node->items[n]->type == NODE_TEXT ? node->items[n]->text : "";
        enum kind kind = kind_by_name(key->text), with = retention_goes_with(kind);
        if (*length && strspn(length, "0123456789") + 1 == strlen(length) && length[strlen(length) - 1] == 'm')
            context_warn(context, organization, node->items[n],
                         "retention: %s: %s are minutes: there is no word for months, write days, as in 400d",
                         key->text, length);
        if (with != KIND_NONE && retention_limit(&organization->retention, with) == 0)
            context_warn(context, organization, key, "retention: %s goes with %s, of which it does not say how long",
                         key->text, kind_name(with));
        else if (strcmp(key->text, "runs") == 0 &&
                 retention_runs(&organization->retention) != organization->retention.runs_ms)
            context_warn(context, organization, key,
                         "retention: runs are kept for %dd: so long plans say that they were applied",
                         RETENTION_RUNS_DAYS);
        else if (with == KIND_NONE && kind != KIND_person && kind != KIND_NONE && !retention_takes(kind))
            context_warn(context, organization, key, "retention: %s is well written, and nothing is removed by it yet",
                         key->text);
    }
}

/* A paper that is not signed or has ended, a time that has passed. */
static void days_tell(struct context *context, const struct organization *organization)
{
    TIDY(zone_free) struct zone *zone = NULL;
    int64_t now_ms = clock_now_ms();
    if (zone_open(organization->time_zone, &zone) != 0)
        return;
    for (size_t c = 0; c < organization->connection_count; c++) {
        const struct connection *connection = &organization->connections[c];
        TIDY_DONE(buffer_done) struct buffer sentence = {0};
        if (connection->unsound)
            continue; /* it would follow from what is wrong */
        const struct node *at = connection->authorization ? connection->authorization : connection->node;
        if (authorization_awaited(connection, zone_day(zone, now_ms), &sentence) && sentence.rc == 0)
            context_warn(context, organization, at, "connection '%s' is %s: nothing is asked of it", connection->name,
                         sentence.data);
        for (size_t t = 0; t < connection->trigger_count; t++) {
            const struct trigger *trigger = &connection->triggers[t];
            if (trigger->how == TRIGGER_AT && occasion_next(trigger, zone, now_ms, 0, 0) == OCCASION_NEVER)
                context_warn(context, organization, trigger->node, "connection '%s': trigger: %s has passed",
                             connection->name, trigger->text);
        }
    }
}

static const struct node *time_asked(const struct connection *connection)
{
    for (size_t t = 0; t < connection->trigger_count; t++) {
        const struct trigger *trigger = &connection->triggers[t];
        if (trigger->how == TRIGGER_SCHEDULE || trigger->how == TRIGGER_AT || trigger->not_when)
            return trigger->node;
    }
    for (size_t s = 0; connection->target && s < connection->target->stream_count; s++)
        if (connection->target->streams[s].period != PERIOD_NONE)
            return connection->target->streams[s].node;
    return NULL;
}

/* Told at the first thing that goes by the clock. */
static void zone_tell(struct context *context, const struct organization *organization)
{
    for (size_t i = 0; i < organization->connection_count && !organization->zone_said; i++) {
        const struct node *at = time_asked(&organization->connections[i]);
        if (!at)
            continue;
        context_warn(context, organization, at,
                     "the file names no time_zone, so this goes by UTC: write the place, as in time_zone: "
                     "Europe/Amsterdam, or time_zone: UTC");
        return;
    }
}

/* --- options --- */

static const muster_option *option_of(const struct connection *connection, const char *name)
{
    const muster_option *options = connection->description ? connection->description->options : NULL;
    for (; options && options->name; options++)
        if (strcmp(options->name, name) == 0)
            return options;
    return connection->description ? given_option(connection->description, name) : NULL;
}

static const struct option_value *option_given(const struct connection *connection, const char *name)
{
    for (size_t i = 0; i < connection->option_count; i++)
        if (strcmp(connection->options[i].name, name) == 0)
            return &connection->options[i];
    return NULL;
}

/* "stores" of "stores[2]", which is an item of the list and no option of its own. */
static bool first_of_it(const struct connection *connection, size_t nth)
{
    const char *name = connection->options[nth].name, *bracket = strrchr(name, '[');
    if (!bracket || strchr(bracket, '.'))
        return true;
    return strncmp(bracket, "[0]", 3) == 0;
}

/* Those that do something only beside others, as the connector says it. */
static void beside_tell(struct context *context, const struct organization *organization,
                        const struct connection *connection)
{
    for (size_t i = 0; i < connection->option_count; i++) {
        const struct option_value *given = &connection->options[i];
        struct option_place place;
        char why[OPTION_RULE_WHY];
        if (!first_of_it(connection, i) || !option_place_find(connection, given->name, &place) ||
            option_rule_holds(connection, &place, place.option->serves, why))
            continue;
        context_warn(context, organization, given->node, "connection '%s': option '%s%s' does nothing%s",
                     connection->name, place.prefix, place.option->name, why);
    }
}

static bool on_server(const struct connection *connection)
{
    for (size_t i = 0; i < connection->option_count; i++) {
        const char *text = connection->options[i].text;
        if (text && strncmp(text, "sftp://", 7) == 0)
            return true;
    }
    return false;
}

/* Each of these that is given does nothing here. */
static void given_tell(struct context *context, const struct organization *organization,
                       const struct connection *connection, const char *const *options, const char *why)
{
    for (; *options; options++) {
        const struct option_value *given = option_given(connection, *options);
        if (given)
            context_warn(context, organization, given->node, "connection '%s': option '%s' does nothing: %s",
                         connection->name, *options, why);
    }
}

/* Of a connector that knows files: those of a server where there is none, those of reading where nothing is read. */
static void files_tell(struct context *context, const struct organization *organization,
                       const struct connection *connection)
{
    static const char *const server[] = {"host_key", "known_hosts", "password", "private_key", "passphrase", NULL};
    static const char *const reading[] = {"after_read",   "archive_to", "files",    "order",   "stable_for",
                                          "ready_marker", "ignore",     "receipts", "rejects", "on_missing",
                                          "header_row",   "rows",       NULL};
    bool here = given_has(connection->description, GIVEN_files) && !on_server(connection);
    bool writes =
        option_of(connection, "after_read") && connection->target && connection->mappings && !connection->mappings[0];
    if (here)
        given_tell(context, organization, connection, server, "it is for a server, and no place begins with sftp://");
    if (writes)
        given_tell(context, organization, connection, reading,
                   "it is for files that are read, and nothing is read here");
}

/* Which may be meant; but then all that others put there is taken, too. */
static void folder_tell(struct context *context, const struct organization *organization,
                        const struct connection *connection)
{
    const struct option_value *given = option_given(connection, "location");
    const muster_option *option = option_of(connection, "location");
    if (given && given->text && option && (option->flags & MUSTER_PLACE) && connection->mappings &&
        connection->mappings[0] && given->text[0] && given->text[strlen(given->text) - 1] == '/')
        context_warn(context, organization, given->node,
                     "connection '%s': option 'location' is a folder, of which any file is taken: say which are meant, "
                     "as in employees-*.xlsx behind it, or * for all",
                     connection->name);
}

void idle_target(struct context *context, const struct organization *organization, const struct connection *connection)
{
    const struct option_value *given = option_given(connection, "read_only");
    const char *says = option_of(connection, "read_only") ? connection_option(connection, "read_only") : NULL;
    if (connection->target && says && strcmp(says, "true") == 0)
        context_warn(context, organization, given ? given->node : connection->target->node,
                     "connection '%s': its target refuses all that it is told, until its options say read_only: false",
                     connection->name);
}

/* The connector gives more than it declares, so that another name may be right; one that is nearly that of a field is
 * worth a look. */
static void columns_tell(struct context *context, const struct organization *organization,
                         const struct connection *connection, const struct mapping *mapping)
{
    const muster_stream *declared = connection->description ? connection->description->streams : NULL;
    const struct node *place = NULL;
    while (declared && declared->name && strcmp(declared->name, mapping->stream) != 0)
        declared++;
    if (!declared || !declared->name || !declared->fields || (declared->flags & MUSTER_CLOSED))
        return;
    for (size_t n = 0; n < mapping->column_count; n++) {
        const char *near = stream_rows_near(declared, mapping, n, &place);
        if (near)
            context_warn(context, organization, place,
                         "connection '%s': stream '%s': connector '%s' declares no column '%s': did you mean '%s'?",
                         connection->name, mapping->stream, connection->connector, mapping->columns[n], near);
    }
}

void idle_tell(struct context *context, const struct organization *organization)
{
    for (size_t i = 0; i < organization->connection_count; i++) {
        if (organization->connections[i].options_unsound)
            continue; /* what stands beside them is not known */
        beside_tell(context, organization, &organization->connections[i]);
        files_tell(context, organization, &organization->connections[i]);
        folder_tell(context, organization, &organization->connections[i]);
        idle_target(context, organization, &organization->connections[i]);
        const struct mapping *const *mapping = organization->connections[i].mappings;
        for (; mapping && *mapping; mapping++)
            columns_tell(context, organization, &organization->connections[i], *mapping);
    }
    retention_tell(context, organization);
    days_tell(context, organization);
    zone_tell(context, organization);
}
