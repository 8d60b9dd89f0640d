/* verb_check - check: is everything as it must be, before anything runs. */
#include "broker/hostkey.h"
#include "broker/secretstore.h"
#include "cli/context.h"
#include "cli/declared.h"
#include "cli/idle.h"
#include "cli/together.h"
#include "cli/unheard.h"
#include "cli/verb.h"
#include "cli/waits.h"
#include "config/given.h"
#include "engine/run.h"
#include "lane/lane.h"

#include <errno.h>
#include <limits.h>
#include <string.h>
#include <unistd.h>

/* What is wrong with a connection, with its place; NULL: nowhere in particular. */
static void wrong(struct complaints *said, const struct connection *connection, const struct node *node,
                  const char *sentence)
{
    complain(said, node, "connection '%s': %s", connection->name, sentence);
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

static void check_secrets(const struct connection *connection, struct complaints *said)
{
    for (size_t i = 0; i < connection->option_count; i++) {
        struct err err = {0};
        char what[200];
        if (!connection->options[i].secret)
            continue;
        snprintf(what, sizeof(what), "option '%s'", connection->options[i].name);
        if (secretstore_present(connection->options[i].secret, what, &err) != 0)
            wrong(said, connection, connection->options[i].node, err.text);
    }
}

/* Fingerprints are well-formed; the files of known hosts and of authorities are there. */
static void check_trust(const struct connection *connection, struct complaints *said)
{
    struct hostkey hostkey = {0};
    struct err err = {0};
    int rc = hostkey_read(connection, &hostkey, &err);
    if (rc == 0 && hostkey.known_hosts && access(hostkey.known_hosts, R_OK) != 0)
        rc = err_set(&err, ERR_CONFIG, "option 'known_hosts': %s cannot be read: %s", hostkey.known_hosts,
                     err_text(-errno));
    if (rc != 0)
        wrong(said, connection, sentence_place(connection, err.text), err.text);
    const char *authority =
        given_has(connection->description, GIVEN_http) ? connection_option(connection, "ca_file") : NULL;
    if (authority && *authority && access(authority, R_OK) != 0) {
        err_set(&err, ERR_CONFIG, "option 'ca_file': %s cannot be read: %s", authority, err_text(-errno));
        wrong(said, connection, option_place(connection, "ca_file"), err.text);
    }
}

/* What the connector itself says of its options: of those that hang together, and of texts that it alone can read.
 * Where one of them is wrong in itself it is not asked: what it would say follows from that. */
static void check_options(struct context *context, const struct organization *organization,
                          const struct connection *connection, struct complaints *said)
{
    struct err err = {0};
    struct declared declared = {.arena = context->arena};
    struct lane_sink sink = {.context = &declared, .stream = declared_take};
    struct run_request request = context_request(context, organization, connection);
    if (connection->options_unsound || !connection->description || !connection->description->open)
        return;
    int rc = run_options(&request, &sink, &err);
    if (rc == 0)
        declared_check(context, connection, &declared, said);
    if (rc != ERR_CONFIG)
        return;
    char *rest = err.text;
    for (char *line; (line = strsep(&rest, "\n"));)
        wrong(said, connection, sentence_place(connection, line), line);
}

static int check_connect(struct context *context, const struct organization *organization,
                         const struct connection *connection)
{
    struct err err = {0};
    struct run_request request = context_request(context, organization, connection);
    int rc = run_check(&request, &err);
    if (rc != 0) {
        bool named = strncmp(err.text, "connection ", 11) == 0;
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

/* Whether its store opens, if there is one; and what was accepted for a while and is not written into the file yet. */
static void check_store(struct context *context, const struct organization *organization)
{
    struct query *query TIDY(query_close) = NULL;
    char before[PATH_MAX + 3];
    struct err err = {0};
    snprintf(before, sizeof(before), "%s: ", organization->file);
    int rc = query_open(context->settings, organization, &query, &err);
    if (rc == 0 && !context->json && !context->quiet)
        waits_readings(context, query, before);
    if (rc == 0 || rc == ERR_GONE)
        return;
    fprintf(stderr, "%swarning: %s\n", before, err.text[0] ? err.text : err_text(rc));
    context->warnings++;
}

static void check_tell(struct context *context, const char *id, const struct organization *organization, int status,
                       size_t warnings)
{
    char well[64] = "all is well";
    if (warnings > 0)
        snprintf(well, sizeof(well), "%zu warning%s, else all is well", warnings, warnings == 1 ? "" : "s");
    if (context->json)
        fprintf(context->screen.out, "{\"organization\":\"%s\",\"ok\":%s,\"warnings\":%zu}\n", id,
                status == STATUS_DONE ? "true" : "false", warnings);
    else if (status == STATUS_DONE && !context->quiet)
        screen_print(&context->screen, "%s: %s: %zu connection%s, time zone %s\n", organization->file, well,
                     organization->connection_count, organization->connection_count == 1 ? "" : "s",
                     organization->time_zone);
}

/* Each connection for itself, whatever is wrong with another one: all of it comes out at once. ret_sound[i]: nothing
 * is wrong with that one. */
static void check_connections(struct context *context, const struct organization *organization, struct complaints *said,
                              bool *ret_sound)
{
    for (size_t i = 0; i < organization->connection_count; i++) {
        const struct connection *connection = &organization->connections[i];
        size_t errors = said->errors;
        check_secrets(connection, said);
        check_trust(connection, said);
        check_options(context, organization, connection, said);
        ret_sound[i] = !connection->unsound && said->errors == errors;
    }
}

/* What is well written and does nothing. What a field is filled from cannot be known while a mapping is broken. */
static void check_idle(struct context *context, const struct organization *organization, struct complaints *said)
{
    context->gathered = said;
    idle_tell(context, organization);
    if (said->errors == 0) {
        together_tell(context, organization);
        unheard_tell(context, organization);
    }
    context->gathered = NULL;
}

static int check_organization(struct context *context, const char *id)
{
    TIDY(organization_free) struct organization *organization = NULL;
    struct complaints said = {.arena = context->arena};
    size_t before = context->warnings;
    int status = context_look(context, id, &said, &organization);
    bool *sound = organization ? arena_get(context->arena, organization->connection_count + 1) : NULL;
    if (sound)
        check_connections(context, organization, &said, sound);
    if (sound && !context->quiet)
        check_idle(context, organization, &said);
    context_complaints(context, &said);
    status = said.errors > 0 ? STATUS_WORDS : status;
    for (size_t i = 0; sound && GIVEN(context, connect) && i < organization->connection_count; i++) {
        int one = sound[i] ? check_connect(context, organization, &organization->connections[i]) : STATUS_DONE;
        status = one > status ? one : status;
    }
    if (status == STATUS_DONE)
        check_store(context, organization);
    check_tell(context, id, organization, status, context->warnings - before);
    return status;
}

/* What muster.yaml names and musterd or a run will want: certificates, keys, passwords. A certificate is no secret. */
static int check_settings(const struct settings *settings)
{
    const struct secretref *certificate = settings->tls.certificate;
    bool plain = certificate && certificate->how == SECRET_FILE;
    const struct {
        const struct secretref *ref;
        const char *what;
    } refs[] = {{plain ? NULL : certificate, "tls: certificate"},
                {settings->tls.key, "tls: key"},
                {settings->seal_key, "seal_key"},
                {settings->mail.password, "mail: password"}};
    int status = STATUS_DONE;
    if (plain && access(certificate->name, R_OK) != 0) {
        fprintf(stderr, "muster.yaml:%u:%u: tls: certificate: %s cannot be read: %s\n", certificate->node->line,
                certificate->node->column, certificate->name, err_text(-errno));
        status = STATUS_WORDS;
    }
    for (size_t i = 0; i < sizeof(refs) / sizeof(refs[0]); i++) {
        struct err err = {0};
        if (!refs[i].ref || secretstore_present(refs[i].ref, refs[i].what, &err) == 0)
            continue;
        fprintf(stderr, "muster.yaml:%u:%u: %s\n", refs[i].ref->node->line, refs[i].ref->node->column, err.text);
        status = STATUS_WORDS;
    }
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
    status = check_settings(context->settings);
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
            return complain_words("there is no organization yet: `muster new organization NAME` begins one, as "
                                  "%s/organizations/NAME.yaml",
                                  context->settings->config_dir);
    }
    for (; *ids; ids++) {
        int one = check_organization(context, *ids);
        status = status == STATUS_WORDS || one == STATUS_WORDS ? STATUS_WORDS : one > status ? one : status;
    }
    return status;
}
