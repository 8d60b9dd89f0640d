/* verb_new - an organization's first file; or a project of its own for a connector: copies of templates, with its name
 * put in. */
#include "base/buffer.h"
#include "base/mem.h"
#include "base/program.h"
#include "cli/context.h"
#include "cli/new_organization.h"
#include "cli/verb.h"

#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { NAME_MOST = 40, DEPTH_MOST = 8 };

struct project {
    struct arena *arena;
    const char *name, *id, *upper; /* acme-hr, acme_hr, ACME_HR */
    const char *conform;           /* what muster-conform is told besides, of this kind */
    struct err err;
};

static bool name_fits(const char *name)
{
    size_t len = strlen(name);
    return len > 0 && len <= NAME_MOST && name[0] >= 'a' && name[0] <= 'z' &&
           strspn(name, "abcdefghijklmnopqrstuvwxyz0123456789_-") == len;
}

static int file_read(const char *path, struct buffer *out)
{
    TIDY(fclose) FILE *file = fopen(path, "re");
    char piece[4096];
    for (size_t got; file && (got = fread(piece, 1, sizeof(piece), file)) > 0;)
        buffer_add(out, piece, got);
    return file ? out->rc : -errno;
}

static void put_in(const struct project *project, const char *text, struct buffer *out)
{
    const struct {
        const char *word, *value;
    } words[] = {{"@NAME@", project->name},
                 {"@NAME_ID@", project->id},
                 {"@NAME_UPPER@", project->upper},
                 {"@CONFORM@", project->conform}};
    while (*text) {
        size_t i = 0;
        while (i < sizeof(words) / sizeof(words[0]) && strncmp(text, words[i].word, strlen(words[i].word)) != 0)
            i++;
        if (i < sizeof(words) / sizeof(words[0])) {
            buffer_text(out, words[i].value);
            text += strlen(words[i].word);
        } else {
            buffer_byte(out, (unsigned char)*text++);
        }
    }
}

/* What begins with "#!" can be run. */
static int file_copy(struct project *project, const char *from, const char *to)
{
    TIDY_DONE(buffer_done) struct buffer text = {0};
    TIDY_DONE(buffer_done) struct buffer made = {0};
    int rc = file_read(from, &text);
    if (rc != 0)
        return err_set(&project->err, rc, "%s cannot be read: %s", from, err_text(rc));
    put_in(project, text.data ? text.data : "", &made);
    TIDY(fclose) FILE *file = made.rc == 0 ? fopen(to, "wxe") : NULL;
    if (!file || fwrite(made.data ? made.data : "", 1, made.len, file) != made.len || fflush(file) != 0)
        rc = made.rc ? made.rc : -errno;
    if (rc == 0 && made.len > 2 && memcmp(made.data, "#!", 2) == 0)
        rc = chmod(to, 0755) != 0 ? -errno : 0;
    return rc == 0 ? 0 : err_set(&project->err, rc, "%s cannot be written: %s", to, err_text(rc));
}

/* connector.in of the templates is acme.c of the project. */
static const char *name_made(const struct project *project, const char *file)
{
    return strcmp(file, "connector.in") == 0 ? arena_format(project->arena, "%s.c", project->name) : file;
}

static int folder_copy(struct project *project, const char *from, const char *to, unsigned depth)
{
    DIR *folder = opendir(from);
    int rc = 0;
    if (!folder)
        return err_set(&project->err, -errno, "there are no templates in %s: %s", from, err_text(-errno));
    if (mkdir(to, 0777) != 0 && errno != EEXIST)
        rc = err_set(&project->err, -errno, "%s cannot be made: %s", to, err_text(-errno));
    for (struct dirent *entry; rc == 0 && (entry = readdir(folder)) != NULL;) {
        struct stat status;
        if (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0 ||
            (depth == 0 && strcmp(entry->d_name, "conform") == 0))
            continue;
        const char *name = name_made(project, entry->d_name);
        const char *below = arena_format(project->arena, "%s/%s", from, entry->d_name);
        const char *made = name ? arena_format(project->arena, "%s/%s", to, name) : NULL;
        if (!below || !made)
            rc = -ENOMEM;
        else if (stat(below, &status) != 0)
            rc = -errno;
        else if (S_ISDIR(status.st_mode))
            rc = depth < DEPTH_MOST ? folder_copy(project, below, made, depth + 1) : ERR_LIMIT;
        else
            rc = file_copy(project, below, made);
    }
    closedir(folder);
    return rc;
}

/* What the name is in other places, and what the kind wants of muster-conform. */
static int project_prepare(struct project *project, const char *name, const char *templates, const char *kind)
{
    TIDY_DONE(buffer_done) struct buffer words = {0};
    char *id = arena_text(project->arena, name), *upper = arena_text(project->arena, name);
    const char *path = arena_format(project->arena, "%s/%s/conform", templates, kind);
    if (!id || !upper || !path)
        return -ENOMEM;
    for (size_t i = 0; id[i]; i++) {
        id[i] = id[i] == '-' ? '_' : id[i];
        upper[i] = (char)toupper((unsigned char)id[i]);
    }
    int rc = file_read(path, &words);
    if (rc != 0 && access(templates, F_OK) != 0)
        return err_set(&project->err, rc, "there is no %s: install what connectors are written with (muster-sdk)",
                       templates);
    if (rc != 0)
        return err_set(&project->err, rc, "there are no templates of kind '%s' in %s", kind, templates);
    project->name = name;
    project->id = id;
    project->upper = upper;
    char *conform = arena_text(project->arena, words.data ? words.data : "");
    if (!conform)
        return -ENOMEM;
    conform[strcspn(conform, "\n")] = '\0';
    project->conform = conform;
    return 0;
}

int verb_new(struct context *context)
{
    const char *const *words = context->arguments.words;
    const char *kind = GIVEN(context, kind) ? VALUE(context, kind) : "rest", *templates = getenv("MUSTER_TEMPLATES");
    struct project project = {.arena = context->arena};
    char installed[PATH_MAX];
    struct stat status;
    if (strcmp(words[0], "organization") == 0)
        return GIVEN(context, kind) ? complain_words("--kind is for a connector") : new_organization(context, words[1]);
    if (strcmp(words[0], "connector") != 0)
        return complain_words("'%s' is nothing that can be begun here: muster new connector NAME, or muster new "
                              "organization NAME",
                              words[0]);
    if (!name_fits(words[1]))
        return complain_words("a connector is called with small letters, digits, '_' and '-', a letter first, %d at "
                              "most, as in acme or acme-hr",
                              NAME_MOST);
    if (stat(words[1], &status) == 0)
        return complain_words("there is a %s here already: take another name, or another folder", words[1]);
    if (!templates || !*templates) {
        program_folder(TEMPLATESDIR, installed);
        templates = installed;
    }
    int rc = project_prepare(&project, words[1], templates, kind);
    const char *common = arena_format(context->arena, "%s/common", templates);
    const char *own = arena_format(context->arena, "%s/%s", templates, kind);
    if (rc == 0 && (!common || !own))
        rc = -ENOMEM;
    if (rc == 0)
        rc = folder_copy(&project, common, words[1], 0);
    if (rc == 0)
        rc = folder_copy(&project, own, words[1], 0);
    if (rc != 0)
        return complain_rc(rc, &project.err);
    if (!context->quiet)
        screen_print(&context->screen,
                     "%s/ is a connector of kind %s. Build and check it:\n\n  make -C %s -f plain.mk check\n", words[1],
                     kind, words[1]);
    return STATUS_DONE;
}
