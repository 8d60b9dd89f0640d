/* program - where another program of ours is. */
#include "base/program.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

static bool runnable(const char *path)
{
    struct stat status;
    return stat(path, &status) == 0 && S_ISREG(status.st_mode) && access(path, X_OK) == 0;
}

static bool beside(const struct program *program, char *ret_path)
{
    static const char *const ways[] = {"../", "../../", "../../core/", "../../../core/"};
    char self[PATH_MAX], path[2 * PATH_MAX];
    ssize_t len = readlink("/proc/self/exe", self, sizeof(self) - 1);
    while (len > 0 && self[len - 1] != '/')
        len--;
    if (len <= 0)
        return false;
    snprintf(path, sizeof(path), "%.*s%s", (int)len, self, program->name);
    for (size_t i = 0; !runnable(path); i++) {
        if (i == sizeof(ways) / sizeof(ways[0]))
            return false;
        snprintf(path, sizeof(path), "%.*s%s%s/%s", (int)len, self, ways[i], program->room, program->name);
    }
    return realpath(path, ret_path) != NULL;
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
    snprintf(ret_path, PATH_MAX, "%s/%s", program->installed, program->name);
    if (runnable(ret_path))
        return 0;
    return err_set(err, ERR_CONFIG,
                   "the program %s is missing: it is looked for beside this program and in %s; "
                   "install it, or name it in the environment variable %s",
                   program->name, program->installed, program->variable);
}
