/* verb_connectors - connectors: what is installed, and what one of them can do and wants to know. */
#include "base/jsontext.h"
#include "cli/context.h"
#include "cli/verb.h"
#include "config/given.h"
#include "config/node.h"

#include <errno.h>
#include <string.h>

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

enum { GIVEN_MAX = 16 };

/* The broker's options. */
static const struct {
    const char *title, *member;
} groups[] = {[GIVEN_http] = {"Options of every connector that calls by HTTP", "network"},
              [GIVEN_files] = {"Options of every connector with files, for those on a server (sftp://)", "files"}};

static const muster_option *given_of(const muster_connector *connector, enum given which,
                                     muster_option ret_options[GIVEN_MAX])
{
    const muster_option *option;
    size_t count = 0;
    while (count < GIVEN_MAX - 1 && (option = given_nth(connector, which, count)))
        ret_options[count++] = *option;
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

static void group_print(const struct screen *screen, const char *title, const muster_option *options)
{
    struct grid grid;
    if (!options || !options->name)
        return;
    screen_print(screen, "\n%s\n", title);
    grid_start(&grid, screen, "  ", "NAME|TYPE|DEFAULT|WHAT");
    options_print(&grid, options, "");
    grid_end(&grid);
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
    group_print(screen, "Options", connector->options);
    muster_option room[GIVEN_MAX];
    for (enum given which = 0; which < GIVEN_COUNT; which++)
        group_print(screen, groups[which].title, given_of(connector, which, room));
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
    muster_option room[GIVEN_MAX];
    for (enum given which = 0; which < GIVEN_COUNT; which++) {
        json_name(&out, groups[which].member);
        options_json(given_of(connector, which, room), &out);
    }
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
