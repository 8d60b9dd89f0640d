/* program - where other programs and folders of ours are. */
#include "base/program.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static bool runnable(const char *path)
{
    struct stat status;
    return stat(path, &status) == 0 && S_ISREG(status.st_mode) && access(path, X_OK) == 0;
}

/* The folder of the program that runs, with a '/' at its end. */
static bool own_folder(char ret_folder[PATH_MAX])
{
    ssize_t len = readlink("/proc/self/exe", ret_folder, PATH_MAX - 1);
    while (len > 0 && ret_folder[len - 1] != '/')
        len--;
    if (len > 0)
        ret_folder[len] = '\0';
    return len > 0;
}

static bool beside(const struct program *program, char *ret_path)
{
    static const char *const ways[] = {"../", "../../", "../../core/", "../../../core/"};
    char self[PATH_MAX], path[2 * PATH_MAX];
    if (!own_folder(self))
        return false;
    snprintf(path, sizeof(path), "%s%s", self, program->name);
    for (size_t i = 0; !runnable(path); i++) {
        if (i == sizeof(ways) / sizeof(ways[0]))
            return false;
        snprintf(path, sizeof(path), "%s%s%s/%s", self, ways[i], program->room, program->name);
    }
    return realpath(path, ret_path) != NULL;
}

void program_folder(const char *installed, char *ret_path)
{
    static const char bin[] = BINDIR;
    char self[PATH_MAX], path[2 * PATH_MAX];
    size_t same = 0;
    for (size_t i = 0; bin[i] && bin[i] == installed[i]; i++)
        same = bin[i] == '/' ? i + 1 : same;
    snprintf(ret_path, PATH_MAX, "%s", installed);
    if (!own_folder(self))
        return;
    size_t len = (size_t)snprintf(path, sizeof(path), "%s..", self);
    for (const char *at = strchr(bin + same, '/'); at && len < PATH_MAX; at = strchr(at + 1, '/'))
        len += (size_t)snprintf(path + len, sizeof(path) - len, "/..");
    snprintf(path + len, sizeof(path) - len, "/%s", installed + same);
    char *found = realpath(path, NULL);
    if (found && strlen(found) < PATH_MAX)
        snprintf(ret_path, PATH_MAX, "%s", found);
    free(found);
}

int program_find(const struct program *program, char *ret_path, struct err *err)
{
    const char *named = getenv(program->variable);
    if (named && named[0]) {
        if (!realpath(named, ret_path) || !runnable(ret_path))
            return err_set(err, ERR_CONFIG, "%s names %s, which is no program that can be run", program->variable,
                           named);
        return 0;
    }
    if (beside(program, ret_path))
        return 0;
    char folder[PATH_MAX];
    program_folder(program->installed, folder);
    if ((size_t)snprintf(ret_path, PATH_MAX, "%s/%s", folder, program->name) < PATH_MAX && runnable(ret_path))
        return 0;
    return err_set(err, ERR_CONFIG,
                   "the program %s is missing: it is looked for beside this program and in %s; "
                   "install it, or name it in the environment variable %s",
                   program->name, program->installed, program->variable);
}
