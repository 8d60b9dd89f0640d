/* lookout - a process of our own that looks at SFTP servers, from the side of musterd. */
#include "service/lookout.h"

#include "base/log.h"
#include "base/mem.h"

#include <errno.h>
#include <inttypes.h>
#include <signal.h>
#include <string.h>
#include <sys/wait.h>

enum { FIRST_AGAIN = 1000, LAST_AGAIN = 60 * 1000, LINE_MOST = 1 << 16 };

struct place_told {
    const char *organization, *connection; /* of the roster */
    uint64_t told;
};

/* A process and what of it must be closed before its room is free. */
struct watcher {
    struct lookout *of; /* NULL: nobody listens any more */
    uv_process_t process;
    uv_pipe_t in, out;
    unsigned open;
    struct buffer list, line;
    uv_write_t write;
    char room[4096];
};

struct lookout {
    uv_loop_t *loop;
    const struct settings *settings;
    struct place_told *places;
    size_t count, room;
    struct watcher *watcher; /* NULL: none goes */
    uv_timer_t again;
    int64_t wait_ms;
    lookout_told_fn *told;
    void *context;
};

/* Whether a connection's files come to a server. */
static bool lookout_is_for(const struct roster_connection *connection)
{
    bool waits = false;
    for (size_t t = 0; t < connection->trigger_count; t++)
        waits |= connection->triggers[t].how == TRIGGER_FILE;
    return waits && connection->far;
}

/* --- what it says --- */

static void news(struct lookout *lookout, const char *line)
{
    for (size_t i = 0; i < lookout->count; i++) {
        struct place_told *place = &lookout->places[i];
        size_t id = strlen(place->organization), name = strlen(place->connection);
        if (strncmp(line, place->organization, id) != 0 || line[id] != ' ' ||
            strncmp(line + id + 1, place->connection, name) != 0 || line[id + 1 + name] != ' ')
            continue;
        place->told = strtoull(line + id + name + 2, NULL, 10);
        lookout->told(lookout->context, place->organization, place->connection);
        return;
    }
}

static void read_lines(struct watcher *watcher)
{
    char *end;
    while (watcher->of && watcher->line.len > 0 && (end = memchr(watcher->line.data, '\n', watcher->line.len))) {
        size_t len = (size_t)(end - watcher->line.data) + 1;
        *end = '\0';
        news(watcher->of, watcher->line.data);
        memmove(watcher->line.data, watcher->line.data + len, watcher->line.len - len);
        watcher->line.len -= len;
    }
}

/* --- its handles --- */

static void start(struct lookout *lookout);

static void started_again(uv_timer_t *timer)
{
    start(timer->data);
}

static void closed(uv_handle_t *handle)
{
    struct watcher *watcher = handle->data;
    struct lookout *lookout = watcher->of;
    if (--watcher->open > 0)
        return;
    buffer_done(&watcher->list);
    buffer_done(&watcher->line);
    free(watcher);
    if (!lookout)
        return;
    lookout->watcher = NULL;
    log_warn(NULL, "the process that looks for files on servers has ended; it is started again in %" PRId64 " s",
             lookout->wait_ms / 1000);
    uv_timer_start(&lookout->again, started_again, (uint64_t)lookout->wait_ms, 0);
    lookout->wait_ms = lookout->wait_ms * 2 < LAST_AGAIN ? lookout->wait_ms * 2 : LAST_AGAIN;
}

static void close_one(void *handle)
{
    if (!uv_is_closing(handle))
        uv_close(handle, closed);
}

static void exited(uv_process_t *process, int64_t status, int signal)
{
    struct watcher *watcher = process->data;
    (void)status, (void)signal;
    close_one(&watcher->process);
    close_one(&watcher->in);
    close_one(&watcher->out);
}

static void room_for(uv_handle_t *handle, size_t suggested, uv_buf_t *ret_room)
{
    struct watcher *watcher = handle->data;
    (void)suggested;
    *ret_room = uv_buf_init(watcher->room, sizeof(watcher->room));
}

static void heard(uv_stream_t *stream, ssize_t count, const uv_buf_t *bytes)
{
    struct watcher *watcher = stream->data;
    if (count > 0) {
        buffer_add(&watcher->line, bytes->base, (size_t)count);
        read_lines(watcher);
    }
    if (count < 0 || watcher->line.rc != 0)
        uv_read_stop(stream); /* it ends, or is of no use: exited() comes */
}

static void written(uv_write_t *write, int status)
{
    (void)write, (void)status;
}

/* It has nothing that could be lost. */
static void watcher_drop(struct watcher *watcher)
{
    int status;
    watcher->of = NULL;
    if (!uv_is_closing((uv_handle_t *)&watcher->process)) {
        (void)uv_process_kill(&watcher->process, SIGKILL);
        (void)waitpid(watcher->process.pid, &status, 0);
    }
    exited(&watcher->process, 0, 0);
}

/* --- begin and end --- */

static int spawn(struct lookout *lookout, struct watcher *watcher)
{
    char program[] = "/proc/self/exe", config[] = "--config", state[] = "--state", look[] = "--lookout";
    char *words[] = {program,
                     config,
                     (char *)(uintptr_t)lookout->settings->config_dir,
                     state,
                     (char *)(uintptr_t)lookout->settings->state,
                     look,
                     NULL};
    uv_stdio_container_t streams[3] = {
        {.flags = UV_CREATE_PIPE | UV_READABLE_PIPE, .data.stream = (uv_stream_t *)&watcher->in},
        {.flags = UV_CREATE_PIPE | UV_WRITABLE_PIPE, .data.stream = (uv_stream_t *)&watcher->out},
        {.flags = UV_INHERIT_FD, .data.fd = 2}};
    uv_process_options_t options = {
        .exit_cb = exited, .file = program, .args = words, .stdio_count = 3, .stdio = streams};
    return uv_spawn(lookout->loop, &watcher->process, &options);
}

/* With the list of what it is to look at; NULL: no memory. */
static struct watcher *watcher_new(const struct lookout *lookout)
{
    struct watcher *watcher = mem_new(1, sizeof(*watcher));
    if (!watcher)
        return NULL;
    for (size_t i = 0; i < lookout->count; i++)
        buffer_format(&watcher->list, "%s %s %" PRIu64 "\n", lookout->places[i].organization,
                      lookout->places[i].connection, lookout->places[i].told);
    buffer_byte(&watcher->list, '\n');
    if (watcher->list.rc == 0)
        return watcher;
    buffer_done(&watcher->list);
    free(watcher);
    return NULL;
}

static void start(struct lookout *lookout)
{
    struct watcher *watcher = watcher_new(lookout);
    if (!watcher) {
        uv_timer_start(&lookout->again, started_again, LAST_AGAIN, 0);
        return;
    }
    lookout->watcher = watcher;
    watcher->of = lookout;
    watcher->line.ceiling = LINE_MOST;
    uv_pipe_init(lookout->loop, &watcher->in, 0); /* makes no descriptor yet: it does not fail */
    uv_pipe_init(lookout->loop, &watcher->out, 0);
    watcher->in.data = watcher->out.data = watcher->process.data = watcher;
    watcher->open = 3;
    int rc = spawn(lookout, watcher);
    if (rc != 0) {
        log_error(NULL, "the process that looks for files on servers cannot be started: %s", uv_strerror(rc));
        uv_close((uv_handle_t *)&watcher->process, closed);
        close_one(&watcher->in);
        close_one(&watcher->out);
        return;
    }
    uv_buf_t bytes = uv_buf_init(watcher->list.data, (unsigned)watcher->list.len);
    uv_write(&watcher->write, (uv_stream_t *)&watcher->in, &bytes, 1, written);
    uv_read_start((uv_stream_t *)&watcher->out, room_for, heard);
}

static int add(struct lookout *lookout, const char *organization, const char *connection, const struct lookout *before)
{
    int rc = mem_grow(&lookout->places, lookout->count, &lookout->room, sizeof(*lookout->places));
    if (rc != 0)
        return rc;
    struct place_told *place = &lookout->places[lookout->count++];
    *place = (struct place_told){organization, connection, 0};
    for (size_t i = 0; before && i < before->count; i++)
        if (strcmp(before->places[i].organization, organization) == 0 &&
            strcmp(before->places[i].connection, connection) == 0)
            place->told = before->places[i].told;
    return 0;
}

static void lookout_freed(uv_handle_t *handle)
{
    struct lookout *lookout = handle->data;
    free(lookout->places);
    free(lookout);
}

void lookout_close(struct lookout *lookout)
{
    if (lookout->watcher)
        watcher_drop(lookout->watcher);
    uv_close((uv_handle_t *)&lookout->again, lookout_freed);
}

struct lookout *lookout_open(uv_loop_t *loop, const struct settings *settings, const struct roster *roster,
                             struct lookout *before, lookout_told_fn *told, void *context)
{
    struct lookout *lookout = mem_new(1, sizeof(*lookout));
    int rc = 0;
    if (!lookout)
        return NULL;
    *lookout =
        (struct lookout){.loop = loop, .settings = settings, .wait_ms = FIRST_AGAIN, .told = told, .context = context};
    for (size_t i = 0; i < roster->count && rc == 0; i++)
        for (size_t c = 0; c < roster->items[i]->connection_count && rc == 0; c++)
            if (lookout_is_for(&roster->items[i]->connections[c]))
                rc = add(lookout, roster->items[i]->id, roster->items[i]->connections[c].name, before);
    if (rc != 0) {
        free(lookout->places);
        free(lookout);
        return NULL;
    }
    uv_timer_init(loop, &lookout->again);
    lookout->again.data = lookout;
    if (before)
        lookout_close(before);
    if (lookout->count > 0)
        start(lookout);
    return lookout;
}
