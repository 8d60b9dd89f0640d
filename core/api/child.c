/* child - `muster` as a process of its own, for what a caller asked. */
#include "api/child.h"

#include "base/mem.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

enum { PIPES = 3, WORDS_MOST = 1100, OUT_MOST = 64 << 20, SAID_MOST = 64 << 10 };

struct child {
    uv_process_t process;
    uv_pipe_t pipes[PIPES]; /* what it prints, what it says, why it failed */
    struct buffer texts[PIPES];
    unsigned open;
    int64_t status;
    int signal;
    bool dropped;
    child_ended_fn *ended;
    child_progress_fn *progress;
    void *context;
    int code;
    char room[16384];
};

/* --- its environment --- */

char **child_environment(const struct settings *settings, const char *author, bool heard)
{
    size_t count = 0;
    while (environ[count])
        count++;
    TIDY(free) char *good = settings_good(settings);
    char **made = mem_new(count + 4, sizeof(*made));
    if (!made)
        return NULL;
    size_t at = 0;
    made[at++] = good ? mem_format("MUSTER_ORGANIZATIONS=%s", good) : NULL;
    made[at++] = mem_format("MUSTER_AUTHOR=%s", author ? author : "");
    made[at++] = mem_text(heard ? "MUSTER_CODE_FD=3" : "MUSTER_CODE_FD=");
    for (size_t i = 0; i < count; i++)
        if (strncmp(environ[i], "MUSTER_ORGANIZATIONS=", 21) != 0 && strncmp(environ[i], "MUSTER_AUTHOR=", 14) != 0 &&
            strncmp(environ[i], "MUSTER_CODE_FD=", 15) != 0)
            made[at++] = environ[i];
    if (made[0] && made[1] && made[2])
        return made;
    child_environment_free(made);
    return NULL;
}

void child_environment_free(char **environment)
{
    for (size_t i = 0; i < 3; i++)
        free(environment[i]);
    free(environment);
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
                                .code = child->code,
                                .out = child->texts[0],
                                .said = child->texts[1]};
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

void child_lines(struct buffer *text, child_progress_fn *progress, void *context, int *code)
{
    size_t from = 0;
    const char *end;
    while (from < text->len && (end = memchr(text->data + from, '\n', text->len - from)) != NULL) {
        const char *line = text->data + from;
        size_t len = (size_t)(end - line);
        if (line[0] == '{' && progress)
            progress(context, line, len);
        else if (line[0] != '{')
            *code = (int)strtol(line, NULL, 10);
        from += len + 1;
    }
    if (from > 0) {
        memmove(text->data, text->data + from, text->len - from);
        text->len -= from;
    }
}

static void heard(uv_stream_t *stream, ssize_t count, const uv_buf_t *bytes)
{
    struct child *child = stream->data;
    if (count < 0)
        uv_close((uv_handle_t *)stream, closed);
    else if (count > 0)
        buffer_add(&child->texts[(uv_pipe_t *)stream - child->pipes], bytes->base, (size_t)count);
    if (count > 0 && stream == (uv_stream_t *)&child->pipes[2])
        child_lines(&child->texts[2], child->progress, child->context, &child->code);
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

static int pipes_begin(struct child *child, uv_loop_t *loop, uv_stdio_container_t streams[PIPES + 1])
{
    streams[0].flags = UV_IGNORE;
    for (size_t i = 0; i < PIPES; i++) {
        int rc = uv_pipe_init(loop, &child->pipes[i], 0);
        if (rc != 0)
            return rc;
        child->open++;
        child->pipes[i].data = child;
        child->texts[i].ceiling = i == 0 ? OUT_MOST : SAID_MOST;
        streams[i + 1].flags = UV_CREATE_PIPE | UV_WRITABLE_PIPE;
        streams[i + 1].data.stream = (uv_stream_t *)&child->pipes[i];
    }
    return 0;
}

int child_start(uv_loop_t *loop, const char *program, const struct settings *settings, const char *author,
                const char *const *words, child_ended_fn *ended, child_progress_fn *progress, void *context,
                struct child **ret_child)
{
    TIDY(child_environment_free) char **environment = child_environment(settings, author, true);
    struct child *child = mem_new(1, sizeof(*child));
    char *all[WORDS_MOST];
    uv_stdio_container_t streams[PIPES + 1];
    size_t count = 0;
    while (words[count])
        count++;
    if (!environment || !child || count > WORDS_MOST - 8) {
        free(child);
        return environment && child ? ERR_LIMIT : -ENOMEM;
    }
    child->ended = ended;
    child->progress = progress;
    child->context = context;
    child->process.data = child;
    write_words(all, program, settings, words);
    uv_process_options_t options = {.exit_cb = exited,
                                    .file = program,
                                    .args = all,
                                    .env = environment,
                                    .stdio_count = PIPES + 1,
                                    .stdio = streams};
    int rc = pipes_begin(child, loop, streams);
    if (rc == 0 && (rc = uv_spawn(loop, &child->process, &options)) != 0)
        child->open++; /* its handle is closed like one that ran */
    if (rc == 0) {
        child->open++;
        for (size_t i = 0; i < PIPES; i++)
            uv_read_start((uv_stream_t *)&child->pipes[i], room_for, heard);
        *ret_child = child;
        return 0;
    }
    child->dropped = true;
    if (child->open > PIPES)
        uv_close((uv_handle_t *)&child->process, closed);
    for (size_t i = 0, pipes = child->open > PIPES ? PIPES : child->open; i < pipes; i++)
        uv_close((uv_handle_t *)&child->pipes[i], closed);
    return -EIO;
}

void child_stop(struct child *child, bool now)
{
    uv_process_kill(&child->process, now ? SIGKILL : SIGINT);
}

void child_drop(struct child *child)
{
    child->dropped = true;
    if (!uv_is_closing((uv_handle_t *)&child->process)) {
        int status;
        uv_process_kill(&child->process, SIGKILL);
        (void)waitpid(child->process.pid, &status, 0);
        uv_close((uv_handle_t *)&child->process, closed);
    }
    for (size_t i = 0; i < PIPES; i++)
        if (!uv_is_closing((uv_handle_t *)&child->pipes[i]))
            uv_close((uv_handle_t *)&child->pipes[i], closed);
}
