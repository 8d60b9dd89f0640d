/* mock - a program that stands for the real system: started, its address read, stopped. */
#include "conform/mock.h"

#include "base/clock.h"
#include "base/tidy.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <string.h>
#include <sys/wait.h>

enum { PATIENCE_MS = 30000 };

static int spawn(const char *program, int out, pid_t *ret_pid)
{
    char *const words[] = {(char *)(uintptr_t)program, NULL};
    posix_spawn_file_actions_t actions;
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0);
    posix_spawn_file_actions_adddup2(&actions, out, 1);
    int rc = -posix_spawn(ret_pid, program, &actions, NULL, words, environ);
    posix_spawn_file_actions_destroy(&actions);
    return rc;
}

/* One line, without its end. */
static int line_read(int fd, char *line, size_t room)
{
    int64_t until = clock_steady_ms() + PATIENCE_MS;
    for (size_t len = 0; len + 1 < room;) {
        struct pollfd poller = {.fd = fd, .events = POLLIN};
        int64_t left = until - clock_steady_ms();
        if (left <= 0 || (poll(&poller, 1, (int)left) < 0 && errno != EINTR))
            return ERR_TIMEOUT;
        ssize_t got = poller.revents ? read(fd, line + len, 1) : -1;
        if (got == 0)
            return ERR_GONE;
        if (got == 1 && line[len] == '\n') {
            line[len] = '\0';
            return 0;
        }
        len += got == 1;
    }
    return ERR_LIMIT;
}

int mock_start(const char *program, struct mock *ret_mock, struct err *err)
{
    int ends[2];
    if (pipe2(ends, O_CLOEXEC) != 0)
        return -errno;
    TIDY(close) int in = ends[0];
    *ret_mock = (struct mock){0};
    int rc = spawn(program, ends[1], &ret_mock->pid);
    close(ends[1]);
    if (rc != 0)
        return err_set(err, ERR_CONFIG, "%s cannot be started: %s", program, err_text(rc));
    rc = line_read(in, ret_mock->address, sizeof(ret_mock->address));
    if (rc == 0 && strstr(ret_mock->address, "://"))
        return 0;
    mock_stop(ret_mock);
    return err_set(err, ERR_CONFIG, "%s does not say where it is: its first line is to be its address", program);
}

void mock_stop(struct mock *mock)
{
    if (mock->pid <= 0)
        return;
    kill(mock->pid, SIGTERM);
    while (waitpid(mock->pid, NULL, 0) < 0 && errno == EINTR)
        continue;
    mock->pid = 0;
}
