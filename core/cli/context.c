/* context - what every verb works with. */
#include "cli/context.h"

#include "base/descriptor.h"
#include "base/text.h"
#include "base/user.h"
#include "cli/person.h"
#include "config/node.h"
#include "engine/run.h"

#include <errno.h>
#include <fcntl.h>
#include <pwd.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define CONFIG_DIR "/etc/muster"

static int status_of(int rc)
{
    switch (rc) {
    case ERR_CONFIG:
    case ERR_UNKNOWN: return STATUS_WORDS;
    case ERR_PAUSED:
    case ERR_HELD: return STATUS_HELD;
    case ERR_BUSY: return STATUS_BUSY;
    default: return STATUS_FAILED;
    }
}

/* Where musterd reads what a complaint is about, in a form for programs; -1: nobody does. */
static int caller_fd = -1;

void complain_to_caller(void)
{
    const char *said = getenv("MUSTER_CODE_FD");
    struct stat status;
    int fd = said && *said >= '3' && *said <= '9' && said[1] == '\0' ? *said - '0' : -1;
    if (fd >= 0 && fstat(fd, &status) == 0 && (S_ISSOCK(status.st_mode) || S_ISFIFO(status.st_mode)) &&
        fcntl(fd, F_SETFD, FD_CLOEXEC) == 0)
        caller_fd = fd;
    unsetenv("MUSTER_CODE_FD"); /* not for processes of ours */
}

bool caller_listens(void)
{
    return caller_fd >= 0;
}

void caller_tell(const char *line, size_t len)
{
    if (caller_fd >= 0)
        (void)descriptor_write(caller_fd, line, len);
}

static void tell_code(int rc)
{
    char text[16];
    int len = snprintf(text, sizeof(text), "%d\n", rc);
    caller_tell(text, (size_t)len);
}

int complain_rc(int rc, const struct err *err)
{
    tell_code(rc);
    fprintf(stderr, "muster: %s\n", err && err->rc && err->text[0] ? err->text : err_text(rc));
    return status_of(rc);
}

__attribute__((format(printf, 2, 0))) static int complain_of(int rc, const char *format, va_list args)
{
    tell_code(rc);
    fputs("muster: ", stderr);
    vfprintf(stderr, format, args);
    fputc('\n', stderr);
    return STATUS_WORDS;
}

int complain_words(const char *format, ...)
{
    va_list args;
    va_start(args, format);
    int status = complain_of(ERR_CONFIG, format, args);
    va_end(args);
    return status;
}

int complain_unknown(const char *format, ...)
{
    va_list args;
    va_start(args, format);
    int status = complain_of(ERR_UNKNOWN, format, args);
    va_end(args);
    return status;
}

void context_complaints(struct context *context, const struct complaints *complaints)
{
    TIDY_DONE(screen_buffer_done) struct buffer text = {0};
    complaints_write(complaints, &text);
    if (text.len > 0)
        fputs(text.data, stderr);
    for (size_t i = 0; i < complaints->count; i++)
        context->warnings += complaints->items[i].warning;
}

void context_warn(struct context *context, const struct organization *organization, const struct node *at,
                  const char *format, ...)
{
    struct complaints alone = {.arena = context->arena, .file = organization->file};
    char text[800];
    va_list args;
    va_start(args, format);
    vsnprintf(text, sizeof(text), format, args);
    va_end(args);
    complain_warning(context->gathered ? context->gathered : &alone, at, "%s", text);
    if (!context->gathered)
        context_complaints(context, &alone);
}

int context_settings(struct context *context)
{
    if (context->settings)
        return STATUS_DONE;
    struct complaints complaints = {.arena = context->arena};
    const char *dir = VALUE(context, config), *connectors = VALUE(context, connectors);
    struct stat folder;
    if (!dir && !(dir = getenv("MUSTER_CONFIG")))
        dir = CONFIG_DIR;
    else if (stat(dir, &folder) != 0 || !S_ISDIR(folder.st_mode))
        return complain_words("'%s' is no folder: --config, or MUSTER_CONFIG, names the one with muster.yaml and "
                              "organizations/ in it",
                              dir);
    if (!connectors)
        connectors = getenv("MUSTER_CONNECTORS");
    int rc = settings_read(dir, VALUE(context, state), connectors, &complaints, &context->settings);
    context_complaints(context, &complaints);
    if (rc == ERR_CONFIG)
        return STATUS_WORDS;
    if (rc == 0 && !context->is_roots) {
        struct err err = {0};
        const char *sudo = getenv("SUDO_USER");
        int became = user_become(context->settings->state, &err);
        if (became < 0)
            return complain_rc(became, &err);
        if (became > 0 && !(sudo && *sudo))
            setenv("MUSTER_AUTHOR", "root", 0); /* nothing else tells any more */
    }
    if (rc == 0)
        rc = connectors_open(context->settings, &context->connectors);
    if (rc != 0) {
        struct err err = {0};
        err_set(&err, rc, "%s/muster.yaml cannot be read: %s", dir, err_text(rc));
        return complain_rc(rc, &err);
    }
    return STATUS_DONE;
}

static int no_organization(struct context *context, const char *id)
{
    const char *const *ids = NULL;
    if (organization_list(context->settings, context->arena, &ids) != 0 || !ids || !ids[0])
        return complain_unknown("there is no organization '%s': its file would be %s/organizations/%s.yaml", id,
                                context->settings->config_dir, id);
    const char *near = nearest_name(id, ids);
    if (near && strcmp(near, id) != 0)
        return complain_unknown("there is no organization '%s'; did you mean '%s'?", id, near);
    return complain_unknown("there is no organization '%s': its file would be %s/organizations/%s.yaml", id,
                            context->settings->config_dir, id);
}

static int organization_status(struct context *context, const char *id, int rc)
{
    if (rc == ERR_GONE)
        return no_organization(context, id);
    if (rc == ERR_CONFIG)
        return STATUS_WORDS;
    if (rc != 0) {
        struct err err = {0};
        const struct passwd *user = rc == -EACCES ? getpwuid(geteuid()) : NULL;
        err_set(&err, rc, "%s/organizations/%s.yaml cannot be read%s%s: %s%s", context->settings->config_dir, id,
                user ? " by the user " : "", user ? user->pw_name : "", err_text(rc),
                user ? ". Let that user read it, and the folders above it, as with chgrp and chmod g+r." : "");
        return complain_rc(rc, &err);
    }
    return STATUS_DONE;
}

int context_look(struct context *context, const char *id, struct complaints *complaints,
                 struct organization **ret_organization)
{
    int status = context_settings(context);
    if (status != STATUS_DONE)
        return status;
    int rc = organization_look(context->settings, id, connectors_describe, connectors_names, context->connectors,
                               complaints, ret_organization);
    return organization_status(context, id, rc);
}

int context_organization(struct context *context, const char *id, struct organization **ret_organization)
{
    int status = context_settings(context);
    if (status != STATUS_DONE)
        return status;
    struct complaints complaints = {.arena = context->arena};
    int rc = organization_read(context->settings, id, connectors_describe, connectors_names, context->connectors,
                               &complaints, ret_organization);
    context_complaints(context, &complaints);
    return organization_status(context, id, rc);
}

void opened_done(struct opened *opened)
{
    query_close(opened->query);
    organization_free(opened->organization);
}

int context_open(struct context *context, const char *id, struct opened *ret_opened)
{
    __attribute__((cleanup(opened_done))) struct opened opened = {0};
    struct err err = {0};
    int status = context_organization(context, id, &opened.organization);
    if (status != STATUS_DONE)
        return status;
    int rc = query_open(context->settings, opened.organization, &opened.query, &err);
    if (rc == 0 && GIVEN(context, protected))
        rc = query_unseal(opened.query, context->settings, &err);
    if (rc != 0)
        return complain_rc(rc, &err);
    *ret_opened = opened;
    opened = (struct opened){0};
    return STATUS_DONE;
}

int context_connection(const struct organization *organization, const char *name,
                       const struct connection **ret_connection)
{
    struct arena *arena TIDY(arena_free) = arena_new();
    *ret_connection = organization_connection(organization, name);
    if (*ret_connection)
        return STATUS_DONE;
    const char **names = arena ? arena_get(arena, (organization->connection_count + 1) * sizeof(*names)) : NULL;
    for (size_t i = 0; names && i < organization->connection_count; i++)
        names[i] = organization->connections[i].name;
    const char *near = names ? nearest_name(name, names) : NULL;
    return complain_unknown("%s has no connection '%s'%s%s%s", organization->file, name, near ? "; did you mean '" : "",
                            near ? near : "", near ? "'?" : "");
}

struct run_request context_request(const struct context *context, const struct organization *organization,
                                   const struct connection *connection)
{
    return (struct run_request){.settings = context->settings,
                                .organization = organization,
                                .connectors = context->connectors,
                                .connection = connection};
}

int context_person(struct context *context, struct query *query, const char *organization, const char *key,
                   uint64_t *ret_id)
{
    __attribute__((cleanup(tidy_query_ids))) struct query_ids ids = {0};
    struct err err = {0};
    int rc = query_find(query, key, &ids, &err);
    if (rc == ERR_DATA)
        return complain_words("%s", err.text);
    if (rc != 0)
        return complain_rc(rc, &err);
    if (ids.count == 0) {
        err_set(&err, ERR_UNKNOWN, "nobody in '%s' has '%s' as number, e-mail address or in the name", organization,
                key);
        return complain_rc(ERR_UNKNOWN, &err);
    }
    if (ids.count > 1) {
        fprintf(stderr, "muster: %zu%s people fit '%s'; say which, for example `muster %s %s id:%lu`\n", ids.count,
                ids.count == QUERY_HITS_MOST ? " or more" : "", key, context->arguments.command->name, organization,
                (unsigned long)ids.items[0]);
        person_list(context, query, &ids);
        return STATUS_WORDS;
    }
    *ret_id = ids.items[0];
    return STATUS_DONE;
}

const char *context_author(void)
{
    const char *caller = getenv("MUSTER_AUTHOR"); /* musterd says whose token it was */
    if (caller && *caller)
        return caller;
    const char *sudo = getenv("SUDO_USER");
    const struct passwd *user = sudo && *sudo ? NULL : getpwuid(geteuid());
    return sudo && *sudo ? sudo : user ? user->pw_name : "somebody";
}
