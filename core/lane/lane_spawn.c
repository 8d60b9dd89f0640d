/* lane_spawn - the host process of a lane: found, started, heard on stderr, buried. */
#include "lane/lane_inside.h"

#include "base/clock.h"
#include "base/mem.h"
#include "base/program.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

enum { HOST_SOCKET = 3, DEATH_MS = 1000, SEND_ROOM = 1024 * 1024 };
#define ERROR_BYTES_MAX (256u * 1024) /* of stderr that are passed on; the rest is read and thrown away */

int lane_program(char *ret_path, struct err *err)
{
    static const struct program host = {"muster-host", "host", "MUSTER_HOST", HOSTDIR};
    return program_find(&host, ret_path, err);
}

/* Sealed, so that the host cannot cut it off under us. */
static int page_make(struct lane *lane, int *ret_fd)
{
    TIDY(close) int fd = memfd_create("muster-page", MFD_CLOEXEC | MFD_ALLOW_SEALING);
    if (fd < 0 || ftruncate(fd, sizeof(*lane->page)) != 0)
        return -errno;
    void *page = mmap(NULL, sizeof(*lane->page), PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    if (page == MAP_FAILED)
        return -errno;
    lane->page = page;
    if (fcntl(fd, F_ADD_SEALS, F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_SEAL) != 0)
        return -errno;
    *ret_fd = take_fd(&fd);
    return 0;
}

static int actions_make(posix_spawn_file_actions_t *actions, int socket, int errors)
{
    int rc = posix_spawn_file_actions_addopen(actions, 0, "/dev/null", O_RDONLY, 0);
    if (rc == 0)
        rc = posix_spawn_file_actions_adddup2(actions, socket, HOST_SOCKET);
    if (rc == 0)
        rc = posix_spawn_file_actions_adddup2(actions, errors, 1);
    if (rc == 0)
        rc = posix_spawn_file_actions_adddup2(actions, errors, 2);
    if (rc == 0)
        rc = posix_spawn_file_actions_addclosefrom_np(actions, HOST_SOCKET + 1);
    return -rc;
}

static int attributes_make(posix_spawnattr_t *attributes)
{
    sigset_t none, all;
    sigemptyset(&none);
    sigfillset(&all);
    int rc = posix_spawnattr_setsigmask(attributes, &none);
    if (rc == 0)
        rc = posix_spawnattr_setsigdefault(attributes, &all);
    if (rc == 0) /* a group of its own: Ctrl-C is for us, who then cancel in good order */
        rc = posix_spawnattr_setpgroup(attributes, 0);
    if (rc == 0)
        rc = posix_spawnattr_setflags(attributes,
                                      POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETPGROUP);
    return -rc;
}

/* Nothing of our environment is for a connector, but what the linker and the C library must know. */
static int environment_make(const struct lane *lane, struct arena *arena, char *ret_environment[8])
{
    size_t n = 0;
    const char *zones = getenv("TZDIR"), *now = getenv("MUSTER_NOW");
    ret_environment[n++] = arena_text(arena, "LD_BIND_NOW=1");
    ret_environment[n++] = arena_text(arena, "LANG=C.UTF-8");
    ret_environment[n++] = arena_format(arena, "TMPDIR=%s", lane->scratch);
    if (zones)
        ret_environment[n++] = arena_format(arena, "TZDIR=%s", zones);
    if (now) /* the time of a rehearsal is its time, too */
        ret_environment[n++] = arena_format(arena, "MUSTER_NOW=%s", now);
#ifdef HAVE_FAULTS
    const char *pretended = getenv("MUSTER_SANDBOX_LACKS");
    const char *fault = getenv("MUSTER_HOST_FAULT"); /* as MUSTER_FAULT, for the host */
    if (fault)
        ret_environment[n++] = arena_format(arena, "MUSTER_FAULT=%s", fault);
    if (pretended)
        ret_environment[n++] = arena_format(arena, "MUSTER_SANDBOX_LACKS=%s", pretended);
#endif
    ret_environment[n] = NULL;
    for (size_t i = 0; i < n; i++)
        if (!ret_environment[i])
            return -ENOMEM;
    return 0;
}

static int start(struct lane *lane, char *program, int socket, int errors)
{
    posix_spawn_file_actions_t actions;
    posix_spawnattr_t attributes;
    char *arguments[] = {program, NULL}, *environment[8];
    int rc = environment_make(lane, lane->arena, environment);
    if (rc != 0)
        return rc;
    posix_spawn_file_actions_init(&actions);
    posix_spawnattr_init(&attributes);
    rc = actions_make(&actions, socket, errors);
    if (rc == 0)
        rc = attributes_make(&attributes);
    if (rc == 0)
        rc = -posix_spawn(&lane->pid, program, &actions, &attributes, arguments, environment);
    posix_spawn_file_actions_destroy(&actions);
    posix_spawnattr_destroy(&attributes);
    if (rc != 0) {
        lane->pid = 0;
        return rc;
    }
    lane->pidfd = (int)syscall(SYS_pidfd_open, lane->pid, 0);
    return lane->pidfd < 0 ? -errno : 0;
}

/* Above the numbers that the host gets, whatever of them this program was started without. */
static int move_up(int fd)
{
    int moved = fcntl(fd, F_DUPFD_CLOEXEC, 10);
    close(fd);
    return moved;
}

int lane_spawn(struct lane *lane, const char *scratch_dir, int *ret_page_fd, struct err *err)
{
    char program[PATH_MAX];
    TIDY(close) int socket = -1;
    TIDY(close) int errors = -1;
    TIDY(close) int page = -1;
    int pair[2], room = SEND_ROOM;
    int rc = lane_program(program, err);
    if (rc == 0)
        rc = lane_scratch_make(lane, scratch_dir, err);
    if (rc == 0)
        rc = page_make(lane, &page);
    if (rc != 0)
        return err_set(err, rc, "the host process cannot be prepared: %s", err_text(rc));
    if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) != 0)
        return err_set(err, -errno, "no socket pair for the host process: %s", err_text(-errno));
    lane->socket = pair[0];
    socket = move_up(pair[1]);
    setsockopt(socket, SOL_SOCKET, SO_SNDBUF, &room, sizeof(room));
    if (pipe2(pair, O_CLOEXEC | O_NONBLOCK) != 0)
        return err_set(err, -errno, "no pipe for the host process: %s", err_text(-errno));
    lane->errors = pair[0];
    errors = move_up(pair[1]);
    if (socket < 0 || errors < 0)
        return err_set(err, -EMFILE, "no descriptors for the host process: %s", err_text(-EMFILE));
    /* Blocking for the host, who knows nothing of our pipe; the flag belongs to this end alone. */
    fcntl(errors, F_SETFL, 0);
    rc = start(lane, program, socket, errors);
    if (rc != 0)
        return err_set(err, rc, "%s cannot be started: %s", program, err_text(rc));
    *ret_page_fd = take_fd(&page);
    return 0;
}

static void line_ends(struct lane *lane)
{
    lane->line[lane->line_len] = '\0';
    if (lane->line_len > 0) {
        lane_scrub(lane, lane->line);
        memcpy(lane->last_line, lane->line, lane->line_len + 1);
        if (lane->sink && lane->sink->log)
            lane->sink->log(lane->sink->context, MUSTER_DEBUG, lane->line);
    }
    lane->line_len = 0;
}

void lane_hear(struct lane *lane)
{
    char bytes[4096];
    ssize_t got;
    /* Bounded, so that a host that floods its stderr cannot keep us here. */
    for (int rounds = 0; rounds < 16 && (got = read(lane->errors, bytes, sizeof(bytes))) > 0; rounds++) {
        lane->error_bytes += (uint64_t)got;
        for (ssize_t i = 0; i < got && lane->error_bytes <= ERROR_BYTES_MAX; i++) {
            unsigned char c = (unsigned char)bytes[i];
            if (c == '\n' || lane->line_len == sizeof(lane->line) - 1)
                line_ends(lane);
            if (c != '\n')
                lane->line[lane->line_len++] = c < ' ' || c > '~' ? '?' : (char)c;
        }
    }
}

/* Waits until the process ended; kills it when that takes longer. */
static void bury(struct lane *lane, int timeout_ms, siginfo_t *ret_info)
{
    struct pollfd poller = {.fd = lane->pidfd, .events = POLLIN};
    memset(ret_info, 0, sizeof(*ret_info));
    if (poll(&poller, 1, timeout_ms) <= 0)
        kill(lane->pid, SIGKILL);
    if (lane->may & MUSTER_NEEDS_EXEC)
        kill(-lane->pid, SIGKILL); /* the programs that it started; until it is waited for, the number is its own */
    while (waitid(P_PID, (id_t)lane->pid, ret_info, WEXITED) != 0 && errno == EINTR)
        continue;
    lane->pid = 0;
    lane->dead = true;
}

int lane_died(struct lane *lane, struct err *err)
{
    siginfo_t info;
    char how[200];
    if (lane->pid == 0)
        return err_set(err, ERR_CONNECTOR, "connector '%s': its process has ended already", lane->name);
    bool alive = poll(&(struct pollfd){.fd = lane->pidfd, .events = POLLIN}, 1, DEATH_MS) == 0;
    bury(lane, 0, &info);
    lane->fell = true;
    lane_hear(lane);
    line_ends(lane);
    if (alive)
        snprintf(how, sizeof(how), "closed its line to muster and was killed");
    else if (info.si_code == CLD_EXITED)
        snprintf(how, sizeof(how), "exited with %d", info.si_status);
    else
        snprintf(how, sizeof(how), "was killed by signal %d (%s)", info.si_status, strsignal(info.si_status));
    /* Once it has been given people's data, its last words may be some of it: those are for the log at debug level. */
    bool loading = !lane->description;
    return err_set(err, ERR_CONNECTOR, "connector '%s' %s %s%s%s", lane->name, how,
                   loading ? "while it was being loaded" : "in the middle of its work",
                   !lane->last_line[0] ? ""
                   : loading           ? "; its last words: "
                                       : "; its last words are in the log (-vv)",
                   loading ? lane->last_line : "");
}

void lane_kill(struct lane *lane)
{
    siginfo_t info;
    lane->dead = true;
    if (lane->pid == 0)
        return;
    kill(lane->pid, SIGKILL);
    bury(lane, 0, &info);
}

void lane_despawn(struct lane *lane)
{
    lane_kill(lane);
    lane_hear(lane);
    if (lane->page)
        munmap(lane->page, sizeof(*lane->page));
    int *const fds[] = {&lane->pidfd, &lane->socket, &lane->errors};
    for (size_t i = 0; i < sizeof(fds) / sizeof(fds[0]); i++)
        if (*fds[i] >= 0)
            close(*fds[i]);
    lane_scratch_remove(lane);
}
