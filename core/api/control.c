/* control - the local socket of musterd, from its side. */
#include "api/control.h"

#include "base/log.h"
#include "base/mem.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <uv.h>

/* A caller that says nothing goes after a while; of a word nobody needs more. */
enum { CALLERS_MOST = 16, PATIENCE_MS = 10 * 1000, WORD_MOST = 64, QUEUE = 16 };

struct control {
    uv_pipe_t pipe;
    int folder;
    unsigned open; /* handles, of callers also */
    unsigned callers;
    control_asked_fn *asked;
    void *context;
    struct caller *first;
};

struct caller {
    struct control *of;
    struct caller *next;
    uv_pipe_t pipe;
    uv_timer_t patience;
    unsigned open;
    char word[WORD_MOST];
    size_t len;
    struct buffer answer;
    uv_write_t write;
};

/* --- a caller --- */

static void control_let_go(struct control *control)
{
    if (--control->open > 0)
        return;
    tidy_close(&control->folder);
    free(control);
}

static void caller_closed(uv_handle_t *handle)
{
    struct caller *caller = handle->data;
    struct control *control = caller->of;
    if (--caller->open > 0)
        return;
    for (struct caller **at = &control->first; *at; at = &(*at)->next)
        if (*at == caller) {
            *at = caller->next;
            break;
        }
    control->callers--;
    buffer_done(&caller->answer);
    free(caller);
    control_let_go(control);
}

static void caller_goes(struct caller *caller)
{
    if (uv_is_closing((uv_handle_t *)&caller->pipe))
        return;
    uv_close((uv_handle_t *)&caller->pipe, caller_closed);
    uv_close((uv_handle_t *)&caller->patience, caller_closed);
}

static void waited(uv_timer_t *timer)
{
    caller_goes(timer->data);
}

static void answered(uv_write_t *write, int status)
{
    (void)status;
    caller_goes(write->data);
}

static void caller_asks(struct caller *caller)
{
    struct control *control = caller->of;
    control->asked(control->context, caller->word, &caller->answer);
    uv_buf_t bytes = uv_buf_init(caller->answer.data, (unsigned)caller->answer.len);
    caller->write.data = caller;
    if (caller->answer.rc != 0 || caller->answer.len == 0 ||
        uv_write(&caller->write, (uv_stream_t *)&caller->pipe, &bytes, 1, answered) != 0)
        caller_goes(caller);
}

static void room_for(uv_handle_t *handle, size_t suggested, uv_buf_t *ret_room)
{
    struct caller *caller = handle->data;
    (void)suggested;
    *ret_room = uv_buf_init(caller->word + caller->len, (unsigned)(sizeof(caller->word) - caller->len));
}

static void heard(uv_stream_t *stream, ssize_t count, const uv_buf_t *bytes)
{
    struct caller *caller = stream->data;
    (void)bytes;
    if (count < 0) { /* gone, or more than a word can be */
        caller_goes(caller);
        return;
    }
    caller->len += (size_t)count;
    char *end = memchr(caller->word, '\n', caller->len);
    if (!end)
        return;
    *end = '\0';
    uv_read_stop(stream);
    caller_asks(caller);
}

static bool may_ask(uv_pipe_t *pipe)
{
    struct ucred peer;
    socklen_t len = sizeof(peer);
    uv_os_fd_t fd;
    return uv_fileno((uv_handle_t *)pipe, &fd) == 0 && getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &len) == 0 &&
           (peer.uid == geteuid() || peer.uid == 0);
}

static void called(uv_stream_t *stream, int status)
{
    struct control *control = stream->data;
    struct caller *caller = status == 0 ? mem_new(1, sizeof(*caller)) : NULL;
    if (!caller)
        return;
    caller->of = control;
    caller->next = control->first;
    control->first = caller;
    control->callers++;
    control->open++;
    uv_pipe_init(stream->loop, &caller->pipe, 0);
    uv_timer_init(stream->loop, &caller->patience);
    caller->pipe.data = caller->patience.data = caller;
    caller->open = 2;
    if (uv_accept(stream, (uv_stream_t *)&caller->pipe) != 0 || control->callers > CALLERS_MOST ||
        !may_ask(&caller->pipe) || uv_read_start((uv_stream_t *)&caller->pipe, room_for, heard) != 0)
        caller_goes(caller);
    else
        uv_timer_start(&caller->patience, waited, PATIENCE_MS, 0);
}

/* --- begin and end --- */

static void closed(uv_handle_t *handle)
{
    control_let_go(handle->data);
}

void control_close(struct control *control)
{
    for (struct caller *caller = control->first; caller; caller = caller->next)
        caller_goes(caller);
    (void)unlinkat(control->folder, "control", 0);
    uv_close((uv_handle_t *)&control->pipe, closed);
}

/* Bound here and not by libuv: the path of a socket has room for 107 characters, so it goes by the folder's
 * descriptor, and one of a musterd that was killed may lie there. */
static int bind_in(int folder, int *ret_fd)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    TIDY(close) int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (fd < 0)
        return -errno;
    (void)unlinkat(folder, "control", 0);
    snprintf(address.sun_path, sizeof(address.sun_path), "/proc/self/fd/%d/control", folder);
    if (bind(fd, (const struct sockaddr *)&address, sizeof(address)) != 0)
        return -errno;
    *ret_fd = take_fd(&fd);
    return 0;
}

int control_open(struct uv_loop_s *loop, const char *state, control_asked_fn *asked, void *context,
                 struct control **ret_control, struct err *err)
{
    TIDY(free) char *folder = mem_format("%s/musterd", state);
    struct control *control = folder ? mem_new(1, sizeof(*control)) : NULL;
    TIDY(close) int fd = -1;
    if (!control)
        return err_set(err, -ENOMEM, "out of memory");
    control->folder = open(folder, O_PATH | O_DIRECTORY | O_CLOEXEC);
    control->asked = asked;
    control->context = context;
    control->open = 1;
    uv_pipe_init(loop, &control->pipe, 0); /* makes no descriptor yet: it does not fail */
    control->pipe.data = control;
    int rc = control->folder < 0 ? -errno : bind_in(control->folder, &fd);
    if (rc == 0 && (rc = uv_pipe_open(&control->pipe, fd)) == 0)
        fd = -1;
    rc = rc ? rc : uv_listen((uv_stream_t *)&control->pipe, QUEUE, called);
    if (rc == 0) {
        *ret_control = control;
        return 0;
    }
    control_close(control);
    return err_set(err, rc, "the socket %s/control cannot be made: %s", folder, err_text(rc));
}
