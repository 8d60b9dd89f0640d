/* verb_config - check and connectors: is everything as it must be, before anything runs. */
#include "base/clock.h"
#include "base/jsontext.h"
#include "broker/hostkey.h"
#include "broker/secretstore.h"
#include "cli/context.h"
#include "cli/unheard.h"
#include "cli/verb.h"
#include "cli/waits.h"
#include "config/network.h"
#include "config/occasion.h"
#include "engine/authorization.h"
#include "engine/run.h"

#include <errno.h>
#include <limits.h>
#include <string.h>
#include <unistd.h>

/* --- check --- */

/* What is wrong with a connection, with its place; NULL: nowhere in particular. */
static int tell_wrong(const struct organization *organization, const struct connection *connection,
                      const struct node *node, const char *sentence)
{
    fprintf(stderr, "%s:", organization->file);
    if (node)
        fprintf(stderr, "%u:%u:", node->line, node->column);
    fprintf(stderr, " connection '%s': %s\n", connection->name, sentence);
    return STATUS_WORDS;
}

/* Where in the file "stores[2].url" stands, or what it is a part of; NULL: nowhere. */
static const struct node *option_place(const struct connection *connection, const char *path)
{
    char cut[200];
    snprintf(cut, sizeof(cut), "%.*s", (int)strcspn(path, "'"), path);
    for (size_t len; (len = strlen(cut)) > 0;) {
        for (size_t i = 0; i < connection->option_count; i++) {
            const char *name = connection->options[i].name;
            if (strncmp(name, cut, len) == 0 && (!name[len] || name[len] == '.' || name[len] == '['))
                return connection->options[i].node;
        }
        char *last = cut + len;
        while (last > cut && *last != '.' && *last != '[')
            last--;
        *last = '\0';
    }
    return NULL;
}

/* The place of a sentence that begins with "option 'PATH'", else that of the connection. */
static const struct node *sentence_place(const struct connection *connection, const char *sentence)
{
    return strncmp(sentence, "option '", 8) == 0 ? option_place(connection, sentence + 8) : connection->node;
}

static int check_secrets(const struct organization *organization)
{
    int status = STATUS_DONE;
    for (size_t c = 0; c < organization->connection_count; c++) {
        const struct connection *connection = &organization->connections[c];
        for (size_t i = 0; i < connection->option_count; i++) {
            struct err err = {0};
            char what[200];
            if (!connection->options[i].secret)
                continue;
            snprintf(what, sizeof(what), "option '%s'", connection->options[i].name);
            if (secretstore_present(connection->options[i].secret, what, &err) != 0)
                status = tell_wrong(organization, connection, connection->options[i].node, err.text);
        }
    }
    return status;
}

/* Fingerprints are well-formed, and the file of known hosts is there. */
static int check_host_keys(const struct organization *organization)
{
    int status = STATUS_DONE;
    for (size_t c = 0; c < organization->connection_count; c++) {
        const struct connection *connection = &organization->connections[c];
        struct hostkey hostkey = {0};
        struct err err = {0};
        int rc = hostkey_read(connection, &hostkey, &err);
        if (rc == 0 && hostkey.known_hosts && access(hostkey.known_hosts, R_OK) != 0)
            rc = err_set(&err, ERR_CONFIG, "option 'known_hosts': %s cannot be read: %s", hostkey.known_hosts,
                         err_text(-errno));
        if (rc != 0)
            status = tell_wrong(organization, connection, sentence_place(connection, err.text), err.text);
    }
    return status;
}

/* What the connector itself says of its options: of those that hang together, and of texts that it alone can read. */
static int check_options(struct context *context, const struct organization *organization,
                         const struct connection *connection)
{
    struct err err = {0};
    struct run_request request = {.settings = context->settings,
                                  .organization = organization,
                                  .connectors = context->connectors,
                                  .connection = connection};
    if (!connection->description || !connection->description->open || run_options(&request, &err) != ERR_CONFIG)
        return STATUS_DONE;
    char *rest = err.text;
    for (char *line; (line = strsep(&rest, "\n"));)
        tell_wrong(organization, connection, sentence_place(connection, line), line);
    return STATUS_WORDS;
}

static int check_connect(struct context *context, const struct organization *organization,
                         const struct connection *connection)
{
    struct err err = {0};
    struct run_request request = {.settings = context->settings,
                                  .organization = organization,
                                  .connectors = context->connectors,
                                  .connection = connection};
    int rc = run_check(&request, &err);
    if (rc != 0) {
        bool named = strncmp(err.text, "connection '", 12) == 0;
        fprintf(stderr, "%s: ", organization->file);
        if (!named)
            fprintf(stderr, "connection '%s': ", connection->name);
        fprintf(stderr, "%s\n", err.text[0] ? err.text : err_text(rc));
        return STATUS_FAILED;
    }
    if (!context->json && !context->quiet)
        screen_print(&context->screen, "%s: connection '%s' answers\n", organization->file, connection->name);
    return STATUS_DONE;
}

/* What was accepted for a while and is not written into the file yet. */
static void check_readings(struct context *context, const struct organization *organization)
{
    struct query *query TIDY(query_close) = NULL;
    char before[PATH_MAX + 3];
    snprintf(before, sizeof(before), "%s: ", organization->file);
    if (query_open(context->settings, organization, &query, NULL) == 0)
        waits_readings(context, query, before);
}

/* What is taken and does nothing yet must not be believed in. */
static void check_retention(const struct organization *organization)
{
    const struct node *node = organization->retention.node;
    for (size_t n = 0; node && n < node->count; n++) {
        const struct node *key = node->keys[n];
        enum kind kind = kind_by_name(key->text), with = retention_goes_with(kind);
        if (with != KIND_NONE && retention_limit(&organization->retention, with) == 0)
            fprintf(stderr, "%s:%u:%u: warning: retention: %s goes with %s, of which it does not say how long\n",
                    organization->file, key->line, key->column, key->text, kind_name(with));
        else if (with == KIND_NONE && !retention_takes(kind) && strcmp(key->text, "calls") != 0 &&
                 strcmp(key->text, "source") != 0)
            fprintf(stderr, "%s:%u:%u: warning: retention: %s is well written, and nothing is removed by it yet\n",
                    organization->file, key->line, key->column, key->text);
    }
}

/* What is well written and does nothing as of now: a paper that is not signed or has ended, a time that has passed. */
static void check_idle(const struct organization *organization)
{
    TIDY(zone_free) struct zone *zone = NULL;
    int64_t now_ms = clock_now_ms();
    if (zone_open(organization->time_zone, &zone) != 0)
        return;
    for (size_t c = 0; c < organization->connection_count; c++) {
        const struct connection *connection = &organization->connections[c];
        TIDY_DONE(buffer_done) struct buffer sentence = {0};
        const struct node *at = connection->authorization ? connection->authorization : connection->node;
        if (authorization_awaited(connection, zone_day(zone, now_ms), &sentence) && sentence.rc == 0)
            fprintf(stderr, "%s:%u:%u: warning: connection '%s' is %s: nothing is asked of it\n", organization->file,
                    at->line, at->column, connection->name, sentence.data);
        for (size_t t = 0; t < connection->trigger_count; t++) {
            const struct trigger *trigger = &connection->triggers[t];
            if (trigger->how == TRIGGER_AT && occasion_next(trigger, zone, now_ms, 0, 0) == OCCASION_NEVER)
                fprintf(stderr, "%s:%u:%u: warning: connection '%s': trigger: %s has passed\n", organization->file,
                        trigger->node->line, trigger->node->column, connection->name, trigger->text);
        }
    }
}

static int check_organization(struct context *context, const char *id)
{
    TIDY(organization_free) struct organization *organization = NULL;
    int status = context_organization(context, id, &organization);
    if (status == STATUS_DONE) {
        int secrets = check_secrets(organization), keys = check_host_keys(organization);
        status = secrets ? secrets : keys;
    }
    int options = STATUS_DONE; /* of all connections, or what is wrong would come out one by one */
    for (size_t i = 0; status == STATUS_DONE && i < organization->connection_count; i++)
        options |= check_options(context, organization, &organization->connections[i]);
    status = status ? status : options;
    for (size_t i = 0; status != STATUS_WORDS && GIVEN(context, connect) && i < organization->connection_count; i++) {
        int one = check_connect(context, organization, &organization->connections[i]);
        status = one > status ? one : status;
    }
    if (status == STATUS_DONE && !context->json && !context->quiet) {
        check_readings(context, organization);
        check_retention(organization);
        check_idle(organization);
        unheard_tell(organization);
    }
    if (context->json)
        fprintf(context->screen.out, "{\"organization\":\"%s\",\"ok\":%s}\n", id,
                status == STATUS_DONE ? "true" : "false");
    else if (status == STATUS_DONE && !context->quiet)
        screen_print(&context->screen, "%s: all is well: %zu connection%s, time zone %s\n", organization->file,
                     organization->connection_count, organization->connection_count == 1 ? "" : "s",
                     organization->time_zone);
    return status;
}

static int complain_folder(const struct context *context, int rc)
{
    struct err err = {0};
    err_set(&err, rc, "%s/organizations cannot be read: %s", context->settings->config_dir, err_text(rc));
    return complain_rc(rc, &err);
}

int verb_check(struct context *context)
{
    int status = context_settings(context);
    if (status != STATUS_DONE)
        return status;
    const char *const *ids = (const char *const *)context->arguments.words;
    if (!ids[0]) {
        const char *const *misnamed = NULL;
        int rc = organization_list(context->settings, context->arena, &ids);
        if (rc == 0)
            rc = organization_list_misnamed(context->settings, context->arena, &misnamed);
        if (rc != 0)
            return complain_folder(context, rc);
        for (; *misnamed; misnamed++)
            fprintf(stderr,
                    "muster: warning: organizations/%s is not read: an organization's file is called NAME.yaml, with "
                    "a name of a-z, 0-9, '-' and '_'\n",
                    *misnamed);
        if (!ids[0])
            return complain_words("there is no organization yet: write %s/organizations/NAME.yaml, as muster.yaml(5) "
                                  "explains",
                                  context->settings->config_dir);
    }
    for (; *ids; ids++) {
        int one = check_organization(context, *ids);
        status = status == STATUS_WORDS || one == STATUS_WORDS ? STATUS_WORDS : one > status ? one : status;
    }
    return status;
}

/* --- connectors --- */

static const char *type_word(int32_t type)
{
    static const char *const words[] = {"",     "text",  "integer", "decimal", "bool",   "date", "time", "datetime",
                                        "time", "bytes", "URL",     "hosts",   "choice", "JSON", "list", "reference"};
    return type > 0 && (size_t)type < sizeof(words) / sizeof(words[0]) ? words[type] : "";
}

static void roles_write(const muster_connector *connector, struct buffer *out)
{
    const struct {
        bool offered;
        const char *word;
    } roles[] = {{connector->check, "check"},     {connector->discover, "discover"}, {connector->pull, "read"},
                 {connector->get, "get"},         {connector->find, "find"},         {connector->apply, "write"},
                 {connector->receive, "receive"}, {connector->lookup, "lookup"},     {connector->action, "action"}};
    for (size_t i = 0; i < sizeof(roles) / sizeof(roles[0]); i++)
        if (roles[i].offered)
            buffer_format(out, "%s%s", out->len ? " " : "", roles[i].word);
}

static void needs_write(const muster_connector *connector, struct buffer *out)
{
    static const char *const words[] = {"network", "files", "programs", "secrets"};
    for (unsigned i = 0; i < 4; i++)
        if (connector->needs & 1u << i)
            buffer_format(out, "%s%s", out->len ? " " : "", words[i]);
}

static void options_print(struct grid *grid, const muster_option *options, const char *before)
{
    for (const muster_option *option = options; option && option->name; option++) {
        grid_format(grid, COLOR_NONE, "%s%s", before, option->name);
        grid_text(grid, option->flags & MUSTER_SECRET  ? "secret"
                        : option->flags & MUSTER_PLACE ? "place"
                        : option->choices              ? option->choices
                                                       : type_word(option->type));
        grid_text(grid, option->flags & MUSTER_REQUIRED ? "required" : option->initial ? option->initial : "");
        grid_text(grid, option->doc);
        if (option->members) {
            char deeper[80];
            snprintf(deeper, sizeof(deeper), "%.60s%.15s[].", before, option->name);
            options_print(grid, option->members, deeper);
        }
    }
}

enum { NETWORK_MAX = 16 };

/* The broker's options, where the connector calls by HTTP; none that it has by the same name itself. */
static const muster_option *network_of(const muster_connector *connector, muster_option ret_options[NETWORK_MAX])
{
    size_t count = 0;
    for (const muster_option *option = network_options(); option->name && network_offered(connector); option++) {
        const muster_option *own = connector->options;
        while (own && own->name && strcmp(own->name, option->name) != 0)
            own++;
        if ((!own || !own->name) && count < NETWORK_MAX - 1)
            ret_options[count++] = *option;
    }
    ret_options[count] = (muster_option){0};
    return ret_options;
}

static void streams_print(const struct screen *screen, const muster_connector *connector)
{
    struct grid grid;
    grid_start(&grid, screen, "  ", "NAME|DOES|KINDS|WHAT");
    for (const muster_stream *stream = connector->streams; stream && stream->name; stream++) {
        grid_text(&grid, stream->flags & MUSTER_DYNAMIC ? "(any)" : stream->name);
        grid_format(&grid, COLOR_NONE, "%s%s%s", stream->flags & MUSTER_READ_FULL ? "read " : "",
                    stream->flags & MUSTER_READ_CHANGES ? "changes " : "", stream->flags & MUSTER_WRITE ? "write" : "");
        grid_text(&grid, stream->kinds);
        grid_text(&grid, stream->doc);
    }
    grid_end(&grid);
}

/* What can be asked and done besides, each with what it takes. */
static void verbs_print(const struct screen *screen, const char *title, const muster_verb *verbs)
{
    for (const muster_verb *verb = verbs; verb && verb->name; verb++) {
        struct grid grid;
        screen_print(screen, "\n%s %s%s%s\n", title, verb->name, verb->doc ? ": " : "", verb->doc ? verb->doc : "");
        grid_start(&grid, screen, "  ", "|||");
        options_print(&grid, verb->arguments, "");
        grid_end(&grid);
    }
}

static void connector_print(struct context *context, const char *name, const muster_connector *connector)
{
    const struct screen *screen = &context->screen;
    TIDY_DONE(screen_buffer_done) struct buffer roles = {0};
    TIDY_DONE(screen_buffer_done) struct buffer needs = {0};
    roles_write(connector, &roles);
    needs_write(connector, &needs);
    const char *lacks = connectors_sandbox_lacks(context->connectors, name);
    const char *digest = connectors_digest(context->connectors, name);
    screen_fail(digest ? 0 : -EIO);
    screen_print(screen, "%s %s: %s\n\n", name, connector->version, connector->summary);
    struct grid grid;
    grid_start(&grid, screen, "", "|");
    const struct {
        const char *what, *text;
    } lines[] = {{"can", roles.data ? roles.data : "nothing"},
                 {"file", connectors_path(context->connectors, name)},
                 {"digest", digest ? digest : "unreadable"},
                 {"hosts", connector->hosts ? connector->hosts : "only those that options name"},
                 {"needs", needs.len ? needs.data : "nothing of its own: it works behind the fence"},
                 {"fence", *lacks ? lacks : "whole"}};
    for (size_t i = 0; i < sizeof(lines) / sizeof(lines[0]); i++) {
        grid_cell(&grid, COLOR_DIM, lines[i].what, strlen(lines[i].what));
        grid_format(&grid, COLOR_NONE, "%s%s", i == 5 && *lacks ? "this kernel lacks: " : "", lines[i].text);
    }
    grid_end(&grid);
    if (connector->options && connector->options->name) {
        fputs("\nOptions\n", screen->out);
        grid_start(&grid, screen, "  ", "NAME|TYPE|DEFAULT|WHAT");
        options_print(&grid, connector->options, "");
        grid_end(&grid);
    }
    muster_option room[NETWORK_MAX];
    const muster_option *network = network_of(connector, room);
    if (network->name) {
        fputs("\nOptions of every connector that calls by HTTP\n", screen->out);
        grid_start(&grid, screen, "  ", "NAME|TYPE|DEFAULT|WHAT");
        options_print(&grid, network, "");
        grid_end(&grid);
    }
    if (connector->streams && connector->streams->name) {
        fputs("\nStreams\n", screen->out);
        streams_print(screen, connector);
    }
    verbs_print(screen, "Lookup", connector->lookup ? connector->lookups : NULL);
    verbs_print(screen, "Action", connector->action ? connector->actions : NULL);
}

static void options_json(const muster_option *options, struct buffer *out)
{
    buffer_byte(out, '[');
    for (const muster_option *option = options; option && option->name; option++) {
        buffer_text(out, option == options ? "{" : ",{");
        json_member_text(out, "name", option->name);
        json_member_text(out, "type", type_word(option->type));
        json_member_text(out, "initial", option->initial);
        json_member_text(out, "choices", option->choices);
        json_name(out, "required");
        buffer_text(out, option->flags & MUSTER_REQUIRED ? "true" : "false");
        json_name(out, "secret");
        buffer_text(out, option->flags & MUSTER_SECRET ? "true" : "false");
        json_member_text(out, "doc", option->doc);
        if (option->members) {
            json_name(out, "members");
            options_json(option->members, out);
        }
        buffer_byte(out, '}');
    }
    buffer_byte(out, ']');
}

static void verbs_json(const char *what, const muster_verb *verbs, struct buffer *out)
{
    json_name(out, what);
    buffer_byte(out, '[');
    for (const muster_verb *verb = verbs; verb && verb->name; verb++) {
        buffer_text(out, verb == verbs ? "{" : ",{");
        json_member_text(out, "name", verb->name);
        json_member_text(out, "doc", verb->doc);
        json_name(out, "arguments");
        options_json(verb->arguments, out);
        buffer_byte(out, '}');
    }
    buffer_byte(out, ']');
}

static int connector_json(struct context *context, const char *name, const muster_connector *connector)
{
    TIDY_DONE(screen_buffer_done) struct buffer out = {0};
    TIDY_DONE(screen_buffer_done) struct buffer roles = {0};
    TIDY_DONE(screen_buffer_done) struct buffer needs = {0};
    roles_write(connector, &roles);
    needs_write(connector, &needs);
    buffer_byte(&out, '{');
    json_member_text(&out, "name", name);
    json_member_text(&out, "version", connector->version);
    json_member_text(&out, "summary", connector->summary);
    json_member_text(&out, "roles", roles.data ? roles.data : "");
    json_member_text(&out, "needs", needs.data ? needs.data : "");
    json_member_text(&out, "hosts", connector->hosts);
    json_member_text(&out, "path", connectors_path(context->connectors, name));
    json_member_text(&out, "digest", connectors_digest(context->connectors, name));
    json_member_text(&out, "sandbox_lacks", connectors_sandbox_lacks(context->connectors, name));
    json_name(&out, "options");
    options_json(connector->options, &out);
    muster_option room[NETWORK_MAX];
    json_name(&out, "network");
    options_json(network_of(connector, room), &out);
    json_name(&out, "streams");
    buffer_byte(&out, '[');
    for (const muster_stream *stream = connector->streams; stream && stream->name; stream++) {
        buffer_text(&out, stream == connector->streams ? "{" : ",{");
        json_member_text(&out, "name", stream->name);
        json_member_text(&out, "kinds", stream->kinds);
        json_member_text(&out, "doc", stream->doc);
        buffer_byte(&out, '}');
    }
    buffer_byte(&out, ']');
    verbs_json("lookups", connector->lookup ? connector->lookups : NULL, &out);
    verbs_json("actions", connector->action ? connector->actions : NULL, &out);
    buffer_text(&out, "}\n");
    if (out.rc != 0)
        return complain_rc(out.rc, NULL);
    fwrite(out.data, 1, out.len, context->screen.out);
    return STATUS_DONE;
}

/* Of one that cannot be used. */
static void problem_json(struct context *context, const char *name, const char *problem)
{
    TIDY_DONE(screen_buffer_done) struct buffer out = {0};
    buffer_byte(&out, '{');
    json_member_text(&out, "name", name);
    json_member_text(&out, "problem", problem);
    fprintf(context->screen.out, "%s}\n", out.data ? out.data : "{");
}

static int connectors_all(struct context *context, const char *const *names)
{
    int status = STATUS_DONE;
    struct grid grid;
    grid_start(&grid, &context->screen, "", "NAME|VERSION|CAN|WHAT");
    for (; *names; names++) {
        struct err err = {0};
        TIDY_DONE(screen_buffer_done) struct buffer roles = {0};
        const muster_connector *connector = connectors_describe(context->connectors, *names, &err);
        status = connector ? status : STATUS_PARTLY;
        if (context->json && connector)
            connector_json(context, *names, connector);
        else if (context->json)
            problem_json(context, *names, err.text);
        if (context->json)
            continue;
        grid_text(&grid, *names);
        if (connector)
            roles_write(connector, &roles);
        grid_text(&grid, connector ? connector->version : "");
        grid_text(&grid, connector ? roles.data : "");
        grid_format(&grid, connector ? COLOR_NONE : COLOR_RED, "%s", connector ? connector->summary : err.text);
    }
    if (context->json)
        buffer_clear(&grid.cells);
    grid_end(&grid);
    return status;
}

int verb_connectors(struct context *context)
{
    int status = context_settings(context);
    if (status != STATUS_DONE)
        return status;
    const char *name = context->arguments.words[0];
    const char *const *names = connectors_names(context->connectors);
    if (!name) {
        if (!names[0])
            fprintf(stderr, "muster: no connector is installed in %s\n", context->settings->connectors[0]);
        return connectors_all(context, names);
    }
    struct err err = {0};
    const muster_connector *connector = connectors_describe(context->connectors, name, &err);
    if (!connector) {
        const char *near = connectors_path(context->connectors, name) ? NULL : nearest_name(name, names);
        if (near)
            return complain_words("there is no connector '%s'; did you mean '%s'?", name, near);
        return complain_rc(err.rc == ERR_GONE ? ERR_CONFIG : err.rc, &err);
    }
    if (context->json)
        return connector_json(context, name, connector);
    connector_print(context, name, connector);
    return STATUS_DONE;
}
