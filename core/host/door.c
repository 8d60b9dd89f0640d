/* door - the C library's ways out of this process: what a connector is refused there is noted.
 *
 * Files are refused by Landlock, which tells nobody, and new processes without
 * a signal, because the C library asks for them with all signals blocked
 * (fence.c). So a connector finds these functions before those of the C
 * library; they call those and look at what came of it. Of files only what its
 * own object asks for counts: libraries look for many a file that they can do
 * without. Nothing is kept out here: who calls the kernel without the C library
 * is refused as well, and not noted. */
#include "host/door.h"

#include "host/attempt.h"

#include <dirent.h>
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <spawn.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/types.h>

#define IN_ITS_PLACE(name) __asm__(name) __attribute__((visibility("default")))

/* Declared by the names that others know them by, so that no header's own wrapper of these names is in the way. */
int door_open(const char *path, int flags, ...) IN_ITS_PLACE("open");
int door_open64(const char *path, int flags, ...) IN_ITS_PLACE("open64");
int door_open_2(const char *path, int flags) IN_ITS_PLACE("__open_2");
int door_open64_2(const char *path, int flags) IN_ITS_PLACE("__open64_2");
int door_openat(int folder, const char *path, int flags, ...) IN_ITS_PLACE("openat");
int door_openat64(int folder, const char *path, int flags, ...) IN_ITS_PLACE("openat64");
FILE *door_fopen(const char *path, const char *mode) IN_ITS_PLACE("fopen");
FILE *door_fopen64(const char *path, const char *mode) IN_ITS_PLACE("fopen64");
DIR *door_opendir(const char *path) IN_ITS_PLACE("opendir");
int door_system(const char *command) IN_ITS_PLACE("system");
FILE *door_popen(const char *command, const char *mode) IN_ITS_PLACE("popen");
int door_spawn(pid_t *pid, const char *path, const posix_spawn_file_actions_t *actions,
               const posix_spawnattr_t *attributes, char *const *words, char *const *variables)
    IN_ITS_PLACE("posix_spawn");
int door_spawnp(pid_t *pid, const char *path, const posix_spawn_file_actions_t *actions,
                const posix_spawnattr_t *attributes, char *const *words, char *const *variables)
    IN_ITS_PLACE("posix_spawnp");

static const char *watched; /* the connector's file; NULL: nobody is looked at */

static void fork_noted(void)
{
    attempt_note("fork", NULL);
}

int door_watch(const char *connector)
{
    watched = connector;
    return -pthread_atfork(fork_noted, NULL, NULL);
}

/* Calls the C library's own of this name; ISO C has no cast from data to functions. */
#define BEHIND(name, type)                                                                                             \
    ({                                                                                                                 \
        void *symbol_ = dlsym(RTLD_NEXT, name);                                                                        \
        __typeof__(type) function_;                                                                                    \
        memcpy(&function_, &symbol_, sizeof(function_));                                                               \
        function_;                                                                                                     \
    })

/* What was refused to whom is at `caller`. */
static void refused(const char *name, const char *path, const void *caller)
{
    int code = errno;
    Dl_info info;
    if (watched && (code == EACCES || code == EPERM) && dladdr(caller, &info) && info.dli_fname &&
        strcmp(info.dli_fname, watched) == 0)
        attempt_note(name, path);
    errno = code;
}

static void begun(const char *name)
{
    if (watched)
        attempt_note(name, NULL);
}

/* The mode is there only when a file may be made. */
#define MODE_OF(flags)                                                                                                 \
    ({                                                                                                                 \
        mode_t mode_ = 0;                                                                                              \
        if (((flags)&O_CREAT) || ((flags)&O_TMPFILE) == O_TMPFILE) {                                                   \
            va_list rest_;                                                                                             \
            va_start(rest_, flags);                                                                                    \
            mode_ = va_arg(rest_, mode_t);                                                                             \
            va_end(rest_);                                                                                             \
        }                                                                                                              \
        mode_;                                                                                                         \
    })

static int opened(int fd, const char *path, const void *caller)
{
    if (fd < 0)
        refused("open", path, caller);
    return fd;
}

int door_open(const char *path, int flags, ...)
{
    mode_t mode = MODE_OF(flags);
    return opened(BEHIND("open", int (*)(const char *, int, ...))(path, flags, mode), path,
                  __builtin_return_address(0));
}

int door_open64(const char *path, int flags, ...)
{
    mode_t mode = MODE_OF(flags);
    return opened(BEHIND("open64", int (*)(const char *, int, ...))(path, flags, mode), path,
                  __builtin_return_address(0));
}

int door_open_2(const char *path, int flags)
{
    return opened(BEHIND("__open_2", int (*)(const char *, int))(path, flags), path, __builtin_return_address(0));
}

int door_open64_2(const char *path, int flags)
{
    return opened(BEHIND("__open64_2", int (*)(const char *, int))(path, flags), path, __builtin_return_address(0));
}

int door_openat(int folder, const char *path, int flags, ...)
{
    mode_t mode = MODE_OF(flags);
    return opened(BEHIND("openat", int (*)(int, const char *, int, ...))(folder, path, flags, mode), path,
                  __builtin_return_address(0));
}

int door_openat64(int folder, const char *path, int flags, ...)
{
    mode_t mode = MODE_OF(flags);
    return opened(BEHIND("openat64", int (*)(int, const char *, int, ...))(folder, path, flags, mode), path,
                  __builtin_return_address(0));
}

FILE *door_fopen(const char *path, const char *mode)
{
    FILE *file = BEHIND("fopen", FILE * (*)(const char *, const char *))(path, mode);
    opened(file ? 0 : -1, path, __builtin_return_address(0));
    return file;
}

FILE *door_fopen64(const char *path, const char *mode)
{
    FILE *file = BEHIND("fopen64", FILE * (*)(const char *, const char *))(path, mode);
    opened(file ? 0 : -1, path, __builtin_return_address(0));
    return file;
}

DIR *door_opendir(const char *path)
{
    DIR *folder = BEHIND("opendir", DIR * (*)(const char *))(path);
    opened(folder ? 0 : -1, path, __builtin_return_address(0));
    return folder;
}

int door_system(const char *command)
{
    begun("system");
    return BEHIND("system", int (*)(const char *))(command);
}

FILE *door_popen(const char *command, const char *mode)
{
    begun("popen");
    return BEHIND("popen", FILE * (*)(const char *, const char *))(command, mode);
}

typedef int spawner(pid_t *, const char *, const posix_spawn_file_actions_t *, const posix_spawnattr_t *, char *const *,
                    char *const *);

int door_spawn(pid_t *pid, const char *path, const posix_spawn_file_actions_t *actions,
               const posix_spawnattr_t *attributes, char *const *words, char *const *variables)
{
    begun("posix_spawn");
    return BEHIND("posix_spawn", spawner *)(pid, path, actions, attributes, words, variables);
}

int door_spawnp(pid_t *pid, const char *path, const posix_spawn_file_actions_t *actions,
                const posix_spawnattr_t *attributes, char *const *words, char *const *variables)
{
    begun("posix_spawnp");
    return BEHIND("posix_spawnp", spawner *)(pid, path, actions, attributes, words, variables);
}
