/* tap - the tap while it runs: started with what it is to read, its lines one by one, its end as a sentence.
 *
 * Configuration, catalog and state are sealed files in memory, which it finds below /proc/self/fd: nothing of them is
 * on a disk, on a command line or in an environment. It is in our process group and behind our fence, and dies with us.
 */
#include "singer.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum {
    HANDED = 3, /* the first descriptor that it gets beside its three */
    ABOVE = 20, /* ours while it is started */
    BLOCK = 1 << 18,
    LOOK_MS = 200,
    TOLD_MS = 1000,
    LOGGED_MOST = 5000,
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

static int64_t steady_ms(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

/* ---- what it is started with ---- */

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

muster_rc tap_start(struct singer *singer, const struct tap_task *task, struct tap *ret_tap)
{
    struct start start = {.output = -1, .log = -1, .failed = -1};
    struct tap *tap = ret_tap;
    int failed = -1, why = 0;
    *tap = (struct tap){.singer = singer, .pidfd = -1, .out = -1, .log = -1};
    start_make(singer, task, &start);
    errno = 0;
    muster_rc rc = MUSTER_OK;
    if (start.lacks || !pipe_make(&tap->out, &start.output) || !pipe_make(&tap->log, &start.log) ||
        !pipe_make(&failed, &start.failed) || spawn(tap, &start) != 0)
        rc = no_start(singer);
    start_done(&start);
    if (rc == MUSTER_OK && read(failed, &why, sizeof(why)) == sizeof(why))
        rc = not_started(singer, why);
    if (failed >= 0)
        close(failed);
    tap->heard_ms = tap->told_ms = steady_ms();
    if (tap->out >= 0)
        fcntl(tap->out, F_SETFL, O_NONBLOCK);
    if (tap->log >= 0)
        fcntl(tap->log, F_SETFL, O_NONBLOCK);
    if (rc != MUSTER_OK)
        tap_stop(tap);
    return rc;
}

/* ---- its log ---- */

static void word_ends(struct tap *tap)
{
    tap->word[tap->word_len] = '\0';
    if (!record_utf8(tap->word, tap->word_len))
        for (char *at = tap->word; *at; at++)
            *at = (unsigned char)*at >= 0x80 ? '?' : *at;
    if (tap->word_len > 0) {
        memcpy(tap->last, tap->word, tap->word_len + 1);
        if (tap->logged++ < LOGGED_MOST)
            tap->singer->host->log(tap->singer->run, MUSTER_DEBUG, "tap: %s", tap->word);
    }
    tap->word_len = 0;
}

static void log_hear(struct tap *tap)
{
    char bytes[4096];
    ssize_t got = read(tap->log, bytes, sizeof(bytes));
    for (ssize_t i = 0; i < got; i++) {
        if (bytes[i] == '\n')
            word_ends(tap);
        else if (tap->word_len < TAP_WORDS - 1)
            tap->word[tap->word_len++] = (unsigned char)bytes[i] < ' ' || bytes[i] == 127 ? ' ' : bytes[i];
    }
    if (got > 0)
        tap->heard_ms = steady_ms();
    if (got == 0 || (got < 0 && errno != EAGAIN && errno != EINTR)) {
        word_ends(tap);
        close(tap->log);
        tap->log = -1;
    }
}

/* ---- its lines ---- */

/* Waits until there is something to read of it, or it has ended; hears its log meanwhile. */
static muster_rc await(struct tap *tap, int fd)
{
    const muster_host *host = tap->singer->host;
    muster_run *run = tap->singer->run;
    for (;;) {
        struct pollfd pollers[] = {{.fd = fd, .events = POLLIN}, {.fd = tap->log, .events = POLLIN}};
        poll(pollers, 2, LOOK_MS);
        int64_t now = steady_ms();
        if (pollers[1].revents)
            log_hear(tap);
        if (now - tap->told_ms >= TOLD_MS) {
            tap->told_ms = now;
            host->progress(run, tap->progress, 0);
        }
        if (host->cancelled(run))
            return host->fail(run, MUSTER_CANCELLED, "cancelled");
        if (pollers[0].revents) {
            tap->heard_ms = now;
            return MUSTER_OK;
        }
        if (now - tap->heard_ms >= tap->singer->silence_ms)
            return host->fail(run, MUSTER_RETRY, "the tap said nothing for %ld seconds and was ended (option timeout)",
                              tap->singer->silence_ms / 1000);
    }
}

static muster_rc more(struct tap *tap)
{
    struct singer *singer = tap->singer;
    if (tap->len - tap->at > TAP_LINE)
        return singer->host->fail(singer->run, MUSTER_DATA, "line %llu of what the tap wrote is longer than %d MiB",
                                  (unsigned long long)tap->lines + 1, TAP_LINE >> 20);
    if (tap->at > 0) {
        memmove(tap->bytes, tap->bytes + tap->at, tap->len - tap->at);
        tap->len -= tap->at;
        tap->looked -= tap->at;
        tap->at = 0;
    }
    if (tap->room - tap->len < BLOCK) {
        size_t room = (tap->room + BLOCK) * 2;
        char *bytes = realloc(tap->bytes, room);
        if (!bytes)
            return singer->host->fail(singer->run, MUSTER_FAIL, "no memory");
        tap->bytes = bytes;
        tap->room = room;
    }
    muster_rc rc = await(tap, tap->out);
    if (rc != MUSTER_OK)
        return rc;
    ssize_t got = read(tap->out, tap->bytes + tap->len, BLOCK);
    if (got > 0)
        tap->len += (size_t)got;
    else if (got == 0 || (errno != EAGAIN && errno != EINTR)) {
        close(tap->out);
        tap->out = -1;
    }
    return MUSTER_OK;
}

muster_rc tap_line(struct tap *tap, const char **ret_line, size_t *ret_len)
{
    for (;;) {
        char *end = tap->len > tap->looked ? memchr(tap->bytes + tap->looked, '\n', tap->len - tap->looked) : NULL;
        bool last = !end && tap->out < 0;
        tap->looked = tap->len;
        if (end || last) {
            *ret_line = last && tap->at == tap->len ? NULL : tap->bytes + tap->at;
            *ret_len = (size_t)((end ? end : tap->bytes + tap->len) - (tap->bytes + tap->at));
            tap->at = tap->looked = end ? (size_t)(end + 1 - tap->bytes) : tap->len;
            tap->lines += *ret_line != NULL;
            return MUSTER_OK;
        }
        muster_rc rc = more(tap);
        if (rc != MUSTER_OK)
            return rc;
    }
}

/* ---- its end ---- */

static void reap(struct tap *tap, siginfo_t *ret_info)
{
    memset(ret_info, 0, sizeof(*ret_info));
    while (tap->pid > 0 && waitid(P_PID, (id_t)tap->pid, ret_info, WEXITED) != 0 && errno == EINTR)
        continue;
    tap->pid = 0;
}

/* The words of those who refuse a log-in: it is not tried again and again, which could lock somebody out. */
static bool of_log_in(const char *words)
{
    static const char *const signs[] = {"401 ",           "HTTP 401",       "nauthorized",          "invalid_grant",
                                        "invalid_client", "nvalid API key", "uthentication failed", NULL};
    for (size_t n = 0; signs[n]; n++)
        if (strstr(words, signs[n]))
            return true;
    return false;
}

muster_rc tap_end(struct tap *tap)
{
    const muster_host *host = tap->singer->host;
    muster_run *run = tap->singer->run;
    siginfo_t info;
    muster_rc rc = await(tap, tap->pidfd);
    if (rc != MUSTER_OK)
        return rc;
    reap(tap, &info);
    for (int rounds = 0; tap->log >= 0 && rounds < 64; rounds++) {
        struct pollfd poller = {.fd = tap->log, .events = POLLIN};
        if (poll(&poller, 1, 0) <= 0)
            break;
        log_hear(tap);
    }
    if (tap->word_len > 0)
        word_ends(tap);
    if (info.si_code == CLD_EXITED && info.si_status == 0)
        return MUSTER_OK;
    const char *words = tap->of_people ? "" : tap->last;
    const char *before = *words ? "; its last words: " : *tap->last ? "; its last words are in the log (-vv)" : "";
    if (info.si_code == CLD_EXITED)
        return host->fail(run, of_log_in(words) ? MUSTER_AUTH : MUSTER_FAIL, "the tap ended with %d%s%s",
                          info.si_status, before, words);
    return host->fail(run, MUSTER_RETRY, "the tap was killed by signal %d (%s)%s%s", info.si_status,
                      strsignal(info.si_status), before, words);
}

void tap_stop(struct tap *tap)
{
    siginfo_t info;
    if (tap->pid > 0) {
        syscall(SYS_pidfd_send_signal, tap->pidfd, SIGKILL, NULL, 0);
        reap(tap, &info);
    }
    int *const fds[] = {&tap->pidfd, &tap->out, &tap->log};
    for (size_t n = 0; n < sizeof(fds) / sizeof(*fds); n++) {
        if (*fds[n] >= 0)
            close(*fds[n]);
        *fds[n] = -1;
    }
    free(tap->bytes);
    tap->bytes = NULL;
}
