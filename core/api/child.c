/* child - `muster` as a process of its own, for a trigger or for what a caller asked. */
#include "api/child.h"

#include "base/mem.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

enum { OUT, SAID, CODE, PIPES }; /* what it prints, what it says, why it failed */
enum { WORDS_MOST = 1100, OUT_MOST = 64 << 20, LINE_MOST = 4 << 20, SAID_MOST = 64 << 10 };

struct child {
    uv_process_t process;
    uv_pipe_t pipes[PIPES];
    struct buffer texts[PIPES];
    unsigned open;
    int64_t status;
    int signal;
    bool dropped;
    child_ended_fn *ended;
    child_line_fn *progress, *line;
    void *context;
    int code;
    char room[16384];
};

/* --- its environment --- */

enum { OURS = 3 };

static void environment_free(char **environment)
{
    for (size_t i = 0; i < OURS; i++)
        free(environment[i]);
    free(environment);
}

DEFINE_TIDY(char **, environment_free)

static char **environment_make(const struct settings *settings, const char *author)
{
    size_t count = 0;
    while (environ[count])
        count++;
    TIDY(free) char *good = settings_good(settings);
    char **made = mem_new(count + OURS + 1, sizeof(*made));
    if (!made)
        return NULL;
    size_t at = 0;
    made[at++] = good ? mem_format("MUSTER_ORGANIZATIONS=%s", good) : NULL;
    made[at++] = mem_format("MUSTER_AUTHOR=%s", author ? author : "");
    made[at++] = mem_text("MUSTER_CODE_FD=3");
    for (size_t i = 0; i < count; i++)
        if (strncmp(environ[i], "MUSTER_ORGANIZATIONS=", 21) != 0 && strncmp(environ[i], "MUSTER_AUTHOR=", 14) != 0 &&
            strncmp(environ[i], "MUSTER_CODE_FD=", 15) != 0)
            made[at++] = environ[i];
    if (made[0] && made[1] && made[2])
        return made;
    environment_free(made);
    return NULL;
}

/* --- its handles --- */

static void child_free(struct child *child)
{
    for (size_t i = 0; i < PIPES; i++)
        buffer_done(&child->texts[i]);
    free(child);
}

static void closed(uv_handle_t *handle)
{
    struct child *child = handle->data;
    if (--child->open > 0)
        return;
    if (!child->dropped) {
        struct child_end end = {.status = child->signal ? -1 : (int)child->status,
                                .signal = child->signal,
                                .code = child->code,
                                .out = child->texts[OUT],
                                .said = child->texts[SAID]};
        child->ended(child->context, &end);
    }
    child_free(child);
}

static void exited(uv_process_t *process, int64_t status, int signal)
{
    struct child *child = process->data;
    child->status = status;
    child->signal = signal;
    uv_close((uv_handle_t *)process, closed);
}

static void room_for(uv_handle_t *handle, size_t suggested, uv_buf_t *ret_room)
{
    struct child *child = handle->data;
    (void)suggested;
    *ret_room = uv_buf_init(child->room, sizeof(child->room));
}

/* An object is how far it is, a number why it failed. */
static void heard_code(struct child *child, const char *line, size_t len)
{
    if (line[0] != '{')
        child->code = (int)strtol(line, NULL, 10);
    else if (child->progress)
        child->progress(child->context, line, len);
}

/* As many as are whole; the rest stays. */
static void heard_lines(struct child *child, size_t nth)
{
    struct buffer *text = &child->texts[nth];
    size_t from = 0;
    const char *end;
    while (from < text->len && (end = memchr(text->data + from, '\n', text->len - from)) != NULL) {
        size_t len = (size_t)(end - text->data) - from;
        if (nth == CODE)
            heard_code(child, text->data + from, len);
        else
            child->line(child->context, text->data + from, len);
        from += len + 1;
    }
    if (from > 0) {
        memmove(text->data, text->data + from, text->len - from);
        text->len -= from;
    }
    if (text->rc != 0 && nth == OUT)
        buffer_clear(text); /* nobody says that much in a line */
}

static void heard(uv_stream_t *stream, ssize_t count, const uv_buf_t *bytes)
{
    struct child *child = stream->data;
    size_t nth = (size_t)((uv_pipe_t *)stream - child->pipes);
    if (count < 0)
        uv_close((uv_handle_t *)stream, closed);
    else if (count > 0)
        buffer_add(&child->texts[nth], bytes->base, (size_t)count);
    if (count > 0 && (nth == CODE || (nth == OUT && child->line)))
        heard_lines(child, nth);
}

/* --- start and stop --- */

static void write_words(char *words[WORDS_MOST], const char *program, const struct settings *settings,
                        const char *const *more)
{
    const char *fixed[] = {program, "--config", settings->config_dir, "--state", settings->state, "--json", "-q"};
    size_t count = 0;
    for (size_t i = 0; i < sizeof(fixed) / sizeof(fixed[0]); i++)
        words[count++] = (char *)(uintptr_t)fixed[i];
    for (size_t i = 0; more[i]; i++)
        words[count++] = (char *)(uintptr_t)more[i];
    words[count] = NULL;
}

static void pipes_begin(struct child *child, uv_loop_t *loop, uv_stdio_container_t streams[PIPES + 1])
{
    const size_t most[PIPES] = {child->line ? LINE_MOST : OUT_MOST, SAID_MOST, SAID_MOST};
    streams[0].flags = UV_IGNORE;
    for (size_t i = 0; i < PIPES; i++) {
        if (i == SAID && child->line) {
            streams[i + 1].flags = UV_INHERIT_FD;
            streams[i + 1].data.fd = STDERR_FILENO;
            continue;
        }
        uv_pipe_init(loop, &child->pipes[i], 0); /* makes no descriptor yet: it does not fail */
        child->open++;
        child->pipes[i].data = child;
        child->texts[i].ceiling = most[i];
        streams[i + 1].flags = UV_CREATE_PIPE | UV_WRITABLE_PIPE;
        streams[i + 1].data.stream = (uv_stream_t *)&child->pipes[i];
    }
}

static void close_all(struct child *child)
{
    if (!uv_is_closing((uv_handle_t *)&child->process))
        uv_close((uv_handle_t *)&child->process, closed);
    for (size_t i = 0; i < PIPES; i++)
        if (child->pipes[i].data && !uv_is_closing((uv_handle_t *)&child->pipes[i]))
            uv_close((uv_handle_t *)&child->pipes[i], closed);
}

int child_start(uv_loop_t *loop, const struct child_order *order, struct child **ret_child, struct err *err)
{
    TIDY(environment_free) char **environment = environment_make(order->settings, order->author);
    struct child *child = mem_new(1, sizeof(*child));
    char *all[WORDS_MOST];
    uv_stdio_container_t streams[PIPES + 1];
    size_t count = 0;
    while (order->words[count])
        count++;
    if (!environment || !child || count > WORDS_MOST - 8) {
        free(child);
        return environment && child ? ERR_LIMIT : -ENOMEM;
    }
    child->ended = order->ended;
    child->progress = order->progress;
    child->line = order->line;
    child->context = order->context;
    child->process.data = child;
    write_words(all, order->program, order->settings, order->words);
    uv_process_options_t options = {.exit_cb = exited,
                                    .file = order->program,
                                    .args = all,
                                    .env = environment,
                                    .stdio_count = PIPES + 1,
                                    .stdio = streams};
    pipes_begin(child, loop, streams);
    int rc = uv_spawn(loop, &child->process, &options);
    child->open++; /* its handle is closed like one that ran */
    if (rc != 0) {
        child->dropped = true;
        close_all(child);
        return err_set(err, -EIO, "%s cannot be started: %s", order->program, uv_strerror(rc));
    }
    for (size_t i = 0; i < PIPES; i++)
        if (child->pipes[i].data)
            uv_read_start((uv_stream_t *)&child->pipes[i], room_for, heard);
    *ret_child = child;
    return 0;
}

long child_pid(const struct child *child)
{
    return child->process.pid;
}

void child_stop(struct child *child, bool now)
{
    if (!uv_is_closing((uv_handle_t *)&child->process)) /* else it has ended, and its number may be another's */
        uv_process_kill(&child->process, now ? SIGKILL : SIGINT);
}

void child_drop(struct child *child)
{
    int status;
    child->dropped = true;
    if (!uv_is_closing((uv_handle_t *)&child->process)) {
        uv_process_kill(&child->process, SIGKILL);
        (void)waitpid(child->process.pid, &status, 0);
    }
    close_all(child);
}
