/* subject - the connector under test: where it is, what it says of itself, and a configuration to run it with. */
#include "conform/subject.h"

#include "base/tidy.h"

#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { CONFIG_MAX = 1024 * 1024 };

static int away(const char *path, const struct stat *info, int type, struct FTW *at)
{
    (void)info, (void)type, (void)at;
    return remove(path);
}

const char *subject_file(struct subject *subject, const char *file)
{
    return arena_format(subject->arena, "%s/%s", subject->dir, file);
}

static int folder_make(struct subject *subject, struct err *err)
{
    const char *root = getenv("TMPDIR");
    bool fits = root && *root == '/' && strlen(root) < sizeof(subject->dir) - 100;
    snprintf(subject->dir, sizeof(subject->dir), "%s/muster-conform-XXXXXX", fits ? root : "/tmp");
    if (!mkdtemp(subject->dir)) {
        *subject->dir = '\0';
        return err_set(err, -errno, "no folder can be made in %s: %s", fits ? root : "/tmp", err_text(-errno));
    }
    const char *organizations = subject_file(subject, "organizations");
    if (!organizations || mkdir(organizations, 0700) != 0)
        return organizations ? -errno : -ENOMEM;
    return 0;
}

int subject_open(const char *path, struct subject *ret_subject, struct err *err)
{
    char real[PATH_MAX];
    *ret_subject = (struct subject){.arena = arena_new()};
    if (!ret_subject->arena)
        return -ENOMEM;
    if (!realpath(path, real))
        return err_set(err, -errno, "%s cannot be found: %s", path, err_text(-errno));
    const char *file = strrchr(real, '/') + 1;
    size_t len = strlen(file);
    if (len < 4 || strcmp(file + len - 3, ".so") != 0)
        return err_set(err, ERR_CONFIG, "%s is not called NAME.so: give the shared object that is installed", path);
    ret_subject->path = arena_text(ret_subject->arena, real);
    ret_subject->name = arena_copy(ret_subject->arena, file, len - 3);
    int rc = folder_make(ret_subject, err);
    if (rc != 0)
        return rc;
    char *folder = arena_copy(ret_subject->arena, real, (size_t)(file - real - 1));
    const char *state = subject_file(ret_subject, "state");
    struct complaints complaints = {.arena = ret_subject->arena};
    if (!ret_subject->path || !ret_subject->name || !folder || !state)
        return -ENOMEM;
    rc = settings_read(ret_subject->dir, state, folder, &complaints, &ret_subject->settings);
    if (rc != 0)
        return rc;
    ret_subject->settings->organizations = subject_file(ret_subject, "organizations");
    return connectors_open(ret_subject->settings, &ret_subject->connectors);
}

int subject_describe(struct subject *subject, struct err *err)
{
    subject->description = connectors_describe(subject->connectors, subject->name, err);
    if (!subject->description && err->rc == ERR_GONE)
        return err_set(&(struct err){0}, ERR_CONFIG, "no connector");
    return subject->description ? 0 : err->rc;
}

/* --- the configuration --- */

static int file_read(const char *path, struct buffer *out, struct err *err)
{
    TIDY(fclose) FILE *file = fopen(path, "re");
    char piece[4096];
    if (!file)
        return err_set(err, -errno, "%s cannot be read: %s", path, err_text(-errno));
    for (size_t got; (got = fread(piece, 1, sizeof(piece), file)) > 0 && out->len < CONFIG_MAX;)
        buffer_add(out, piece, got);
    return out->rc;
}

/* The text with {mock}, {here} and {scratch} replaced, and named if it has no name. */
static int config_write(struct subject *subject, const struct buffer *text, const char *mock, const char *here)
{
    enum { SCRATCH = 2 };
    const struct {
        const char *name, *text;
    } words[] = {{"{mock}", mock ? mock : "http://127.0.0.1:9"}, {"{here}", here}, {"{scratch}", subject->dir}};
    TIDY_DONE(buffer_done) struct buffer out = {0};
    const char *at = text->data ? text->data : "";
    if (!strstr(at, "organization:"))
        buffer_text(&out, "organization: conform\n");
    for (const char *brace; (brace = strchr(at, '{')); at = brace) {
        size_t i = 0;
        buffer_add(&out, at, (size_t)(brace - at));
        while (i < sizeof(words) / sizeof(*words) && strncmp(brace, words[i].name, strlen(words[i].name)) != 0)
            i++;
        if (i < sizeof(words) / sizeof(*words)) {
            buffer_text(&out, words[i].text);
            subject->scratch |= i == SCRATCH;
            brace += strlen(words[i].name);
        } else {
            buffer_byte(&out, (unsigned char)*brace++);
        }
    }
    buffer_text(&out, at);
    const char *path = subject_file(subject, "organizations/conform.yaml");
    if (out.rc != 0 || !path)
        return out.rc ? out.rc : -ENOMEM;
    TIDY(fclose) FILE *file = fopen(path, "we");
    return file && fwrite(out.data, 1, out.len, file) == out.len && fflush(file) == 0 ? 0 : -EIO;
}

static int no_connection(struct subject *subject, const char *config, struct err *err)
{
    return err_set(err, ERR_CONFIG, "%s has no connection with `connector: %s`", config, subject->name);
}

int subject_configure(struct subject *subject, const char *config, const char *mock, struct err *err)
{
    TIDY_DONE(buffer_done) struct buffer text = {0};
    TIDY_DONE(buffer_done) struct buffer said = {0};
    struct complaints complaints = {.arena = subject->arena, .file = config};
    char real[PATH_MAX];
    int rc = file_read(config, &text, err);
    if (rc == 0 && !realpath(config, real))
        rc = -errno;
    if (rc != 0)
        return rc;
    *strrchr(real, '/') = '\0';
    rc = config_write(subject, &text, mock, real);
    if (rc != 0)
        return err_set(err, rc, "%s cannot be copied: %s", config, err_text(rc));
    rc = organization_read(subject->settings, "conform", connectors_describe, connectors_names, subject->connectors,
                           &complaints, &subject->organization);
    complaints_write(&complaints, &said);
    subject->complaints = arena_text(subject->arena, said.data ? said.data : "");
    if (rc != 0 && rc != ERR_CONFIG)
        return rc;
    for (size_t i = 0; rc == 0 && i < subject->organization->connection_count; i++)
        if (!subject->connection && strcmp(subject->organization->connections[i].connector, subject->name) == 0)
            subject->connection = &subject->organization->connections[i];
    return rc == 0 && !subject->connection ? no_connection(subject, config, err) : 0;
}

int subject_secrets(const struct subject *subject)
{
    for (size_t i = 0; i < subject->connection->option_count; i++) {
        const struct secretref *secret = subject->connection->options[i].secret;
        if (secret && secret->how == SECRET_ENV && setenv(secret->name, "made-up-by-muster-conform", 0) != 0)
            return -errno;
    }
    return 0;
}

void subject_done(struct subject *subject)
{
    organization_free(subject->organization);
    connectors_free(subject->connectors);
    settings_free(subject->settings);
    if (*subject->dir)
        nftw(subject->dir, away, 16, FTW_DEPTH | FTW_PHYS);
    arena_free(subject->arena);
}
