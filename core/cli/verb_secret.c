/* verb_secret - asks for a secret on the terminal, writes it where the organization's file points, tries to log in. */
#include "base/arena.h"
#include "base/tidy.h"
#include "broker/secretstore.h"
#include "cli/context.h"
#include "cli/prompt.h"
#include "cli/verb.h"
#include "config/node.h"
#include "engine/quarantine.h"
#include "engine/run.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { ROOM = 64 * 1024 };

struct typed {
    char bytes[ROOM];
};

static void typed_done(struct typed *typed)
{
    explicit_bzero(typed, sizeof(*typed));
}

/* All that comes, a key of several lines too; the newline at its end is cut off when it is read again. */
static int input_read(const char *what, struct secret *ret_secret, struct err *err)
{
    __attribute__((cleanup(typed_done))) struct typed typed;
    size_t len = 0;
    while (len < sizeof(typed.bytes)) {
        ssize_t got = read(STDIN_FILENO, typed.bytes + len, sizeof(typed.bytes) - len);
        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0)
            return err_set(err, -errno, "'%s' cannot be read from standard input: %s", what, err_text(-errno));
        if (got == 0)
            return secret_set(ret_secret, typed.bytes, len);
        len += (size_t)got;
    }
    return err_set(err, ERR_LIMIT, "what comes on standard input is larger than 64 KiB: this cannot be '%s'", what);
}

/* The nearest secret of the connection's, for a name that is none. */
static int option_missing(const struct organization *organization, const struct connection *connection,
                          const char *name)
{
    struct arena *arena TIDY(arena_free) = arena_new();
    const char **names = arena ? arena_get(arena, (connection->option_count + 1) * sizeof(*names)) : NULL;
    size_t count = 0;
    for (size_t i = 0; names && i < connection->option_count; i++)
        if (connection->options[i].secret)
            names[count++] = connection->options[i].name;
    const char *near = names ? nearest_name(name, names) : NULL;
    if (near)
        return complain_words("connection '%s' has no secret '%s' in %s; did you mean '%s'?", connection->name, name,
                              organization->file, near);
    if (connection_option(connection, name))
        return complain_words("'%s' is no secret of connection '%s': it stands in %s", name, connection->name,
                              organization->file);
    return complain_words("connection '%s' has no secret '%s' in %s: write `%s: !secret file:NAME` there first",
                          connection->name, name, organization->file, name);
}

/* CONNECTION.OPTION, where the option may be "stores[2].key". */
static int option_find(const struct organization *organization, const char *word,
                       const struct connection **ret_connection, const struct option_value **ret_option)
{
    const char *dot = strchr(word, '.');
    char name[80];
    if (!dot || dot == word || !dot[1] || (size_t)(dot - word) >= sizeof(name))
        return complain_words("'%s' is no CONNECTION.OPTION, as in hr.password", word);
    snprintf(name, sizeof(name), "%.*s", (int)(dot - word), word);
    int status = context_connection(organization, name, ret_connection);
    if (status != STATUS_DONE)
        return status;
    for (size_t i = 0; i < (*ret_connection)->option_count; i++) {
        const struct option_value *option = &(*ret_connection)->options[i];
        if (strcmp(option->name, dot + 1) == 0 && option->secret) {
            *ret_option = option;
            return STATUS_DONE;
        }
    }
    return option_missing(organization, *ret_connection, dot + 1);
}

/* What a refused log-in had set aside goes on: the log-in is another now, and goes well. */
static int set_free(struct context *context, const struct organization *organization,
                    const struct connection *connection)
{
    TIDY(query_close) struct query *query = NULL;
    struct quarantine *aside = NULL;
    struct err err = {0};
    size_t count = 0;
    bool refused = false;
    int rc = query_open(context->settings, organization, &query, &err);
    if (rc == ERR_GONE) /* nothing was ever read */
        return STATUS_DONE;
    if (rc == 0)
        rc = quarantine_list(&query->txn, organization, context->arena, &aside, &count);
    for (size_t i = 0; i < count && rc == 0; i++)
        refused |= strcmp(aside[i].connection, connection->name) == 0 && aside[i].rc == ERR_AUTH;
    if (rc == 0 && refused)
        rc = quarantine_release(query->store, organization, connection->name, NULL, &err);
    if (rc == 0 && refused && !context->quiet)
        screen_print(&context->screen, "%s is no longer set aside: `muster sync %s %s` tries it now\n",
                     connection->name, organization->id, connection->name);
    return rc ? complain_rc(rc, &err) : STATUS_DONE;
}

static int log_in(struct context *context, const struct organization *organization, const struct connection *connection)
{
    struct err err = {0};
    struct run_request request = context_request(context, organization, connection);
    int rc = run_check(&request, &err);
    if (rc == 0 && !context->quiet)
        screen_print(&context->screen, "connection '%s' answers\n", connection->name);
    if (rc != 0)
        fprintf(stderr, "muster: the secret is kept, but the log-in did not go well: %s\n",
                err.text[0] ? err.text : err_text(rc));
    return rc == 0 ? set_free(context, organization, connection) : STATUS_FAILED;
}

int verb_secret(struct context *context)
{
    TIDY(organization_free) struct organization *organization = NULL;
    const char *const *words = (const char *const *)context->arguments.words;
    const struct connection *connection = NULL;
    const struct option_value *option = NULL;
    int status = context_organization(context, words[0], &organization);
    if (status == STATUS_DONE)
        status = option_find(organization, words[1], &connection, &option);
    if (status != STATUS_DONE)
        return status;
    char what[200];
    struct err err = {0};
    TIDY_DONE(secret_done) struct secret secret = {0};
    snprintf(what, sizeof(what), "connection '%s': option '%s'", connection->name, option->name);
    int rc = secretstore_writable(option->secret, what, &err);
    if (rc == 0)
        rc = isatty(STDIN_FILENO) ? prompt_secret(words[1], &secret, &err) : input_read(words[1], &secret, &err);
    if (rc == 0)
        rc = secretstore_write(option->secret, what, secret_reveal(&secret), secret.len, &err);
    return rc == 0 ? log_in(context, organization, connection) : complain_rc(rc, &err);
}
