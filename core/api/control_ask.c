/* control_ask - the local socket of musterd, from the side of who asks. */
#include "api/control.h"

#include "base/clock.h"
#include "base/descriptor.h"
#include "base/mem.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>

enum { PIECE = 4096, ANSWER_MOST = 16 << 20 };

/* By way of the folder's descriptor: the path of a socket has room for 107 characters only. */
static int connect_in(const char *folder, int *ret_fd)
{
    TIDY(close) int at = open(folder, O_PATH | O_DIRECTORY | O_CLOEXEC);
    TIDY(close) int fd = at < 0 ? -1 : socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    if (fd < 0)
        return -errno;
    snprintf(address.sun_path, sizeof(address.sun_path), "/proc/self/fd/%d/control", at);
    if (connect(fd, (const struct sockaddr *)&address, sizeof(address)) != 0)
        return -errno;
    *ret_fd = take_fd(&fd);
    return 0;
}

static int read_all(int fd, unsigned wait_ms, struct buffer *answer)
{
    int64_t until = clock_steady_ms() + wait_ms;
    answer->ceiling = ANSWER_MOST;
    for (;;) {
        struct pollfd waits = {.fd = fd, .events = POLLIN};
        int64_t left = until - clock_steady_ms();
        if (left <= 0 || poll(&waits, 1, (int)left) == 0)
            return ERR_TIMEOUT;
        if (buffer_room(answer, PIECE) != 0)
            return answer->rc;
        ssize_t count = read(fd, answer->data + answer->len, PIECE);
        if (count < 0 && errno == EINTR)
            continue;
        if (count <= 0)
            return count < 0 ? -errno : 0;
        answer->len += (size_t)count;
        answer->data[answer->len] = '\0';
    }
}

int control_there(const char *state)
{
    TIDY(free) char *folder = mem_format("%s/musterd", state);
    TIDY(close) int fd = -1;
    int rc = folder ? connect_in(folder, &fd) : -ENOMEM;
    return rc == -ENOENT || rc == -ECONNREFUSED ? ERR_GONE : rc;
}

int control_ask(const char *state, const char *word, unsigned wait_ms, struct buffer *answer, struct err *err)
{
    TIDY(free) char *folder = mem_format("%s/musterd", state), *line = mem_format("%s\n", word);
    TIDY(close) int fd = -1;
    if (!folder || !line)
        return -ENOMEM;
    int rc = connect_in(folder, &fd);
    if (rc == -ENOENT || rc == -ECONNREFUSED)
        return err_set(err, ERR_GONE,
                       "no musterd looks after %s: without it nothing needs to be told, each command reads the files "
                       "as they are",
                       state);
    if (rc == -EACCES || rc == -EPERM)
        return err_set(err, ERR_PERMISSION,
                       "musterd, which looks after %s, hears only the user that it runs as, and root: try it with sudo",
                       state);
    rc = rc ? rc : descriptor_write(fd, line, strlen(line));
    rc = rc ? rc : read_all(fd, wait_ms, answer);
    if (rc == 0 && answer->len > 0)
        return 0;
    return err_set(err, rc ? rc : -EIO, "musterd has not answered: %s",
                   rc ? err_text(rc) : "it ended, or does not know the word; its log says more");
}
