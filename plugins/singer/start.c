/* start - a tap's process: its command line, its environment and the files in memory that it finds its input in.
 *
 * Configuration, catalog and state are sealed, below /proc/self/fd: nothing of them is on a disk, on a command line or
 * in an environment. It is in our process group and behind our fence, and dies with us. */
#include "singer.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

enum {
    HANDED = 3, /* the first descriptor that it gets beside its three */
    ABOVE = 20, /* ours while it is started */
    WORDS = 100 /* of its command line and its environment */
};

/* All that its process needs, made beforehand: between its birth and exec nothing may be asked of a library. */
struct start {
    const char *program, *folder;
    char *arguments[WORDS + 1], *environment[WORDS + 1];
    size_t argument_count, environment_count;
    int handed[3], output, log, failed;
    size_t handed_count;
    bool lacks;
};

static void word_add(char **words, size_t *count, bool *lacks, const char *before, const char *text)
{
    size_t room = strlen(before) + strlen(text) + 1;
    char *word = *count < WORDS ? malloc(room) : NULL;
    if (!word) {
        *lacks = true;
        return;
    }
    snprintf(word, room, "%s%s", before, text);
    words[(*count)++] = word;
    words[*count] = NULL;
}

static void argument_add(struct start *start, const char *text)
{
    word_add(start->arguments, &start->argument_count, &start->lacks, "", text);
}

static void variable_add(struct start *start, const char *name, const char *value)
{
    word_add(start->environment, &start->environment_count, &start->lacks, name, value);
}

/* A file in memory that nobody can change any more. */
static int sealed(const char *name, const char *bytes, size_t len)
{
    int fd = memfd_create(name, MFD_CLOEXEC | MFD_ALLOW_SEALING);
    for (size_t done = 0; fd >= 0 && done < len;) {
        ssize_t wrote = write(fd, bytes + done, len - done);
        if (wrote < 0 && errno != EINTR) {
            close(fd);
            return -1;
        }
        done += wrote > 0 ? (size_t)wrote : 0;
    }
    if (fd >= 0)
        fcntl(fd, F_ADD_SEALS, F_SEAL_WRITE | F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_SEAL);
    return fd;
}

static int moved_up(int fd)
{
    int up = fd < 0 ? -1 : fcntl(fd, F_DUPFD_CLOEXEC, ABOVE);
    if (fd >= 0)
        close(fd);
    return up;
}

static void hand(struct start *start, const char *flag, const char *name, const char *bytes, size_t len)
{
    char path[40];
    int fd = moved_up(sealed(name, bytes, len));
    if (fd < 0) {
        start->lacks = true;
        return;
    }
    snprintf(path, sizeof(path), "/proc/self/fd/%zu", HANDED + start->handed_count);
    start->handed[start->handed_count++] = fd;
    argument_add(start, flag);
    argument_add(start, path);
}

static void environment_make(const struct singer *singer, struct start *start)
{
    static const char *const ours[] = {"TMPDIR", "TZDIR", "LANG", NULL};
    const char *home = getenv("TMPDIR");
    for (size_t n = 0; ours[n]; n++)
        if (getenv(ours[n])) {
            char name[20];
            snprintf(name, sizeof(name), "%s=", ours[n]);
            variable_add(start, name, getenv(ours[n]));
        }
    start->folder = home ? home : "/";
    variable_add(start, "HOME=", start->folder);
    variable_add(start, "PATH=", "/usr/local/bin:/usr/bin:/bin");
    variable_add(start, "PYTHONDONTWRITEBYTECODE=", "1");
    for (size_t n = 0; n < singer->host->count(singer->run, "environment"); n++) {
        char option[60], name[200];
        snprintf(option, sizeof(option), "environment[%zu].name", n);
        snprintf(name, sizeof(name), "%.190s=", singer->host->text(singer->run, option));
        snprintf(option, sizeof(option), "environment[%zu].value", n);
        const char *value = singer->host->text(singer->run, option);
        variable_add(start, name, value ? value : "");
    }
}

static void start_make(const struct singer *singer, const struct tap_task *task, struct start *start)
{
    const muster_host *host = singer->host;
    start->program = host->text(singer->run, "tap");
    argument_add(start, start->program);
    for (size_t n = 0; n < host->count(singer->run, "arguments"); n++) {
        char option[40];
        snprintf(option, sizeof(option), "arguments[%zu]", n);
        argument_add(start, host->text(singer->run, option));
    }
    hand(start, "--config", "config", singer->config.data, singer->config.len);
    if (task->catalog) {
        bool old = strcmp(host->text(singer->run, "catalog_by"), "properties") == 0;
        hand(start, old ? "--properties" : "--catalog", "catalog", task->catalog->data, task->catalog->len);
    }
    if (task->state)
        hand(start, "--state", "state", task->state, strlen(task->state));
    if (task->discover)
        argument_add(start, "--discover");
    environment_make(singer, start);
}

static void start_done(struct start *start)
{
    for (size_t n = 0; n < start->argument_count; n++)
        free(start->arguments[n]);
    for (size_t n = 0; n < start->environment_count; n++)
        free(start->environment[n]);
    for (size_t n = 0; n < start->handed_count; n++)
        close(start->handed[n]);
    const int ends[] = {start->output, start->log, start->failed};
    for (size_t n = 0; n < sizeof(ends) / sizeof(*ends); n++)
        if (ends[n] >= 0)
            close(ends[n]);
}

/* In the new process. Should we die before it has said that it wants to die with us, it sees that by its parent. */
static _Noreturn void become(const struct start *start, pid_t parent)
{
    sigset_t none;
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, NULL);
    signal(SIGPIPE, SIG_DFL);
    signal(SIGXFSZ, SIG_DFL);
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    int input = open("/dev/null", O_RDONLY);
    bool good = getppid() == parent && input >= 0 && dup2(input, 0) >= 0 && dup2(start->output, 1) >= 0 &&
                dup2(start->log, 2) >= 0 && chdir(start->folder) == 0;
    for (size_t n = 0; n < start->handed_count; n++)
        good = good && dup2(start->handed[n], (int)(HANDED + n)) >= 0;
    if (good && syscall(SYS_close_range, HANDED + start->handed_count, ~0u, CLOSE_RANGE_CLOEXEC) == 0)
        execve(start->program, start->arguments, start->environment);
    int why = errno;
    ssize_t wrote = write(start->failed, &why, sizeof(why));
    _exit(wrote == sizeof(why) ? 127 : 126);
}

static muster_rc not_started(struct singer *singer, int why)
{
    const char *program = singer->host->text(singer->run, "tap");
    const char *hint = why == EACCES || why == ENOENT
                           ? ". Outside of /usr its folder, and that of its interpreter, must stand in option programs"
                           : "";
    return singer->host->fail(singer->run, MUSTER_CONFIG, "the tap %.200s cannot be started: %s%s", program,
                              strerror(why), hint);
}

static muster_rc no_start(struct singer *singer)
{
    return singer->host->fail(singer->run, MUSTER_FAIL, "the tap cannot be started: %s",
                              strerror(errno ? errno : ENOMEM));
}

/* A process whose descriptor only we have: kill() is behind the fence. */
static int spawn(struct tap *tap, const struct start *start)
{
    pid_t parent = getpid();
    long pid = syscall(SYS_clone, CLONE_PIDFD | SIGCHLD, NULL, &tap->pidfd, NULL, 0);
    if (pid == 0)
        become(start, parent);
    tap->pid = (pid_t)pid;
    return pid < 0 ? -1 : 0;
}

static bool pipe_make(int *ret_read, int *ret_write)
{
    int ends[2];
    if (pipe2(ends, O_CLOEXEC) != 0)
        return false;
    *ret_read = ends[0];
    *ret_write = moved_up(ends[1]);
    return *ret_write >= 0;
}

muster_rc start_tap(struct singer *singer, const struct tap_task *task, struct tap *ret_tap)
{
    struct start start = {.output = -1, .log = -1, .failed = -1};
    int failed = -1, why = 0;
    start_make(singer, task, &start);
    errno = 0;
    muster_rc rc = MUSTER_OK;
    if (start.lacks || !pipe_make(&ret_tap->out, &start.output) || !pipe_make(&ret_tap->log, &start.log) ||
        !pipe_make(&failed, &start.failed) || spawn(ret_tap, &start) != 0)
        rc = no_start(singer);
    start_done(&start);
    if (rc == MUSTER_OK && read(failed, &why, sizeof(why)) == sizeof(why))
        rc = not_started(singer, why);
    if (failed >= 0)
        close(failed);
    if (ret_tap->out >= 0)
        fcntl(ret_tap->out, F_SETFL, O_NONBLOCK);
    if (ret_tap->log >= 0)
        fcntl(ret_tap->log, F_SETFL, O_NONBLOCK);
    return rc;
}
