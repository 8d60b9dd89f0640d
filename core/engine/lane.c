/* lane - one host process with one connector: started, asked, watched, killed. */
#include "engine/lane_inside.h"

#include "base/clock.h"
#include "base/mem.h"
#include "broker/http.h"
#include "engine/description.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

enum { CANCEL_GRACE_MS = 2000, CANCEL_LOOK_MS = 50, STOP_MS = 1000, RECORD_SLACK = 1024 * 1024 };

static bool cancel_wanted(const struct lane *lane)
{
    return lane->cancel && atomic_load_explicit(lane->cancel, memory_order_relaxed);
}

static void clocks_start(struct lane *lane)
{
    int64_t now = clock_steady_ms();
    lane->total_until = lane->settings->limits.total_ms > 0 ? now + lane->settings->limits.total_ms : 0;
    lane->cancelled_until = 0;
}

/* Looks at the flag and the clocks. Returns how long poll() may sleep, -1 for ever, or what ends the lane. */
static int clocks_check(struct lane *lane, int64_t *ret_sleep_ms)
{
    int64_t now = clock_steady_ms(), until = 0;
    if (lane->cancelled_until == 0 && cancel_wanted(lane)) {
        __atomic_store_n(lane->cancel_page, 1, __ATOMIC_RELAXED);
        lane->cancelled_until = now + CANCEL_GRACE_MS;
    }
    if (lane->cancelled_until != 0) {
        if (now >= lane->cancelled_until)
            return err_set(lane->err, ERR_CANCELLED, "cancelled; connector '%s' did not stop by itself", lane->name);
        until = lane->cancelled_until;
    } else {
        if (lane->total_until && now >= lane->total_until)
            return err_set(lane->err, ERR_TIMEOUT,
                           "connector '%s' took longer than the %lld seconds that one call may "
                           "take (limits: total)",
                           lane->name, (long long)lane->settings->limits.total_ms / 1000);
        if (lane->silent_until && now >= lane->silent_until)
            return err_set(lane->err, ERR_TIMEOUT, "connector '%s' said nothing for %lld seconds (limits: silence)",
                           lane->name, (long long)lane->settings->limits.silence_ms / 1000);
        until = lane->total_until;
        if (lane->silent_until && (until == 0 || lane->silent_until < until))
            until = lane->silent_until;
    }
    int64_t sleep = until ? until - now : -1;
    if (lane->cancel && lane->cancelled_until == 0 && (sleep < 0 || sleep > CANCEL_LOOK_MS))
        sleep = CANCEL_LOOK_MS;
    *ret_sleep_ms = sleep > INT32_MAX ? INT32_MAX : sleep;
    return 0;
}

/* Waits for the next frame under the two clocks. The clock of silence begins here, so it stands still while the engine
 * works for the host. */
static int frame_wait(struct lane *lane, struct frame *ret_frame)
{
    int64_t silence = lane->settings->limits.silence_ms;
    lane->silent_until = silence > 0 ? clock_steady_ms() + silence : 0;
    for (;;) {
        int64_t sleep = 0;
        int rc = clocks_check(lane, &sleep);
        if (rc == 0)
            rc = frame_read(&lane->in, false, ret_frame);
        if (rc == -EPIPE || rc == -ECONNRESET)
            return lane_died(lane, lane->err);
        if (rc == ERR_CORRUPT)
            return lane_nonsense(lane, "%s", lane->in.why);
        if (rc != -EAGAIN)
            return rc;
        struct pollfd pollers[] = {{.fd = lane->socket, .events = POLLIN}, {.fd = lane->errors, .events = POLLIN}};
        if (lane->sink && lane->sink->http)
            http_poll(lane->sink->http, pollers, 2, (int)sleep);
        else
            poll(pollers, 2, (int)sleep);
        if (pollers[1].revents & POLLIN)
            lane_hear(lane);
        if (pollers[1].revents == POLLHUP) { /* it closed its stderr, which is no crime, but poll would spin */
            close(lane->errors);
            lane->errors = -1;
        }
    }
}

int lane_send(struct lane *lane, int passed)
{
    int64_t silence = lane->settings->limits.silence_ms;
    int rc = lane->out.rc;
    if (rc == 0)
        rc = frame_send(lane->socket, lane->out.data, lane->out.len, passed, silence > 0 ? (int)silence : INT32_MAX);
    if (rc == -EPIPE)
        return lane_died(lane, lane->err);
    if (rc == ERR_TIMEOUT)
        return err_set(lane->err, rc, "connector '%s' does not read what it asked for", lane->name);
    return rc;
}

/* After a cancel only questions (of which columns are one) are still answered, and the end is waited for. */
static bool skipped(const struct lane *lane, uint32_t type)
{
    return lane->cancelled_until != 0 && ((type > WIRE_COLUMNS && type <= WIRE_FIELD) || type == WIRE_AFTERWARDS);
}

static int frame_take(struct lane *lane, const struct frame *frame)
{
    struct wire all = wire_over(frame->data, frame->len), message;
    uint32_t type;
    while (!lane->done && wire_next(&all, &type, &message)) {
        int rc = skipped(lane, type) ? 0 : lane_message(lane, type, &message);
        if (rc != 0)
            return rc;
    }
    if (all.bad)
        return lane_nonsense(lane, "a message that is cut off");
    return all.at == all.end ? 0 : lane_nonsense(lane, "a message after the end of a call");
}

/* Sends what is in `out` and serves the host until the call is done. */
static int call(struct lane *lane)
{
    lane->done = false;
    memset(lane->result, 0, sizeof(*lane->result));
    lane_forget_streams(lane);
    arena_clear(lane->call_arena);
    int rc = lane_send(lane, -1);
    while (rc == 0 && !lane->done) {
        struct frame frame;
        rc = frame_wait(lane, &frame);
        if (rc == 0)
            rc = frame_take(lane, &frame);
    }
    if (lane->sink->http)
        http_forget(lane->sink->http);
    lane_http_forget(lane);
    if (rc == 0 && lane->cancelled_until != 0)
        rc = err_set(lane->err, ERR_CANCELLED, "cancelled");
    return rc;
}

static int call_open(struct lane *lane)
{
    const struct connection *connection = lane->connection;
    uint32_t count = 0;
    for (size_t i = 0; connection && i < connection->option_count; i++)
        count += connection->options[i].text != NULL;
    buffer_clear(&lane->out);
    size_t begin = wire_begin(&lane->out, WIRE_OPEN);
    wire_put_u32(&lane->out, count);
    for (size_t i = 0; connection && i < connection->option_count; i++) {
        if (!connection->options[i].text)
            continue; /* a secret stays with the broker */
        wire_put_text(&lane->out, connection->options[i].name);
        wire_put_text(&lane->out, connection->options[i].text);
    }
    wire_end(&lane->out, begin);
    int rc = call(lane);
    lane->is_open = rc == 0 && lane->result->rc == MUSTER_OK;
    return rc;
}

void lane_put_pull(struct buffer *out, const muster_pull *pull)
{
    wire_put_text(out, pull->partition);
    wire_put_text(out, pull->locator);
    wire_put_text(out, pull->stream);
    wire_put_u32(out, (uint32_t)pull->full);
    wire_put_text(out, pull->cursor);
    wire_put_u64(out, pull->limit);
}

int lane_call(struct lane *lane, const struct lane_call *asked, const struct lane_sink *sink,
              struct lane_result *ret_result, struct err *err)
{
    struct lane_result result = {0};
    if (lane->dead)
        return err_set(err, ERR_CONNECTOR, "connector '%s': its process has ended already", lane->name);
    lane->sink = sink;
    lane->result = &result;
    lane->err = err;
    clocks_start(lane);
    int rc = lane->is_open ? 0 : call_open(lane);
    if (rc == 0 && lane->is_open) {
        buffer_clear(&lane->out);
        size_t begin = wire_begin(&lane->out, asked->type);
        if (asked->put)
            asked->put(&lane->out, asked->context);
        wire_end(&lane->out, begin);
        rc = call(lane);
    }
    if (rc != 0) {
        err_set(err, rc, "connector '%s': %s", lane->name, err_text(rc));
        lane_kill(lane);
    } else {
        *ret_result = result;
        if (result.rc == MUSTER_AUTH && sink->http)
            http_distrust(sink->http);
    }
    lane->sink = NULL;
    lane->result = NULL;
    lane->err = NULL;
    return rc;
}

int lane_check(struct lane *lane, const struct lane_sink *sink, struct lane_result *ret_result, struct err *err)
{
    return lane_call(lane, &(struct lane_call){.type = WIRE_CHECK}, sink, ret_result, err);
}

int lane_discover(struct lane *lane, const struct lane_sink *sink, struct lane_result *ret_result, struct err *err)
{
    return lane_call(lane, &(struct lane_call){.type = WIRE_DISCOVER}, sink, ret_result, err);
}

int lane_partitions(struct lane *lane, const struct lane_sink *sink, struct lane_result *ret_result, struct err *err)
{
    return lane_call(lane, &(struct lane_call){.type = WIRE_PARTITIONS}, sink, ret_result, err);
}

static void put_pull(struct buffer *out, const void *context)
{
    lane_put_pull(out, context);
}

int lane_pull(struct lane *lane, const muster_pull *pull, const struct lane_sink *sink, struct lane_result *ret_result,
              struct err *err)
{
    return lane_call(lane, &(struct lane_call){WIRE_PULL, put_pull, pull}, sink, ret_result, err);
}

/* NAME of "/folder/NAME.so": [a-z][a-z0-9_-]*. */
static char *name_of(const char *path)
{
    static const char letters[] = "abcdefghijklmnopqrstuvwxyz", others[] = "abcdefghijklmnopqrstuvwxyz0123456789_-";
    const char *slash = path[0] == '/' ? strrchr(path, '/') : NULL;
    if (!slash || !slash[1] || !strchr(letters, slash[1]))
        return NULL;
    size_t len = strspn(slash + 1, others);
    return strcmp(slash + 1 + len, ".so") == 0 ? mem_copy(slash + 1, len) : NULL;
}

static int hello(struct lane *lane, int cancel_fd)
{
    const struct settings *settings = lane->settings;
    size_t begin = wire_begin(&lane->out, WIRE_HELLO);
    wire_put_u32(&lane->out, WIRE_VERSION);
    wire_put_text(&lane->out, lane->name);
    wire_put_text(&lane->out, lane->path);
    wire_put_text(&lane->out, lane->scratch);
    wire_put_u64(&lane->out, settings->limits.memory_bytes);
    wire_put_u64(&lane->out, settings->limits.record_bytes);
    wire_put_u64(&lane->out, settings->limits.field_bytes);
    wire_end(&lane->out, begin);
    return lane_send(lane, cancel_fd);
}

static int first_answer(struct lane *lane, uint32_t type, struct wire *message)
{
    if (type != WIRE_DESCRIPTION && type != WIRE_REFUSED)
        return lane_nonsense(lane, "a message of type %u instead of a description", type);
    uint32_t version = wire_get_u32(message);
    const char *text = wire_need_text(message);
    if (version != WIRE_VERSION)
        return err_set(lane->err, ERR_CONNECTOR,
                       "muster-host speaks version %u of its language and muster version %u: "
                       "they are of different releases; install both from one",
                       version, WIRE_VERSION);
    if (!text)
        return lane_nonsense(lane, "a first answer that is none");
    if (type == WIRE_REFUSED)
        return err_set(lane->err, ERR_CONNECTOR, "connector '%s' cannot be used: %s", lane->name, text);
    lane->lacks = mem_text(text);
    buffer_add(&lane->description_bytes, message->at, (size_t)(message->end - message->at));
    if (!lane->lacks || lane->description_bytes.rc != 0)
        return -ENOMEM;
    int rc = description_read(message, lane->arena, &lane->description);
    return rc == ERR_CORRUPT ? lane_nonsense(lane, "a description that is none") : rc;
}

static int shake_hands(struct lane *lane, int cancel_fd)
{
    struct frame frame;
    clocks_start(lane);
    int rc = hello(lane, cancel_fd);
    if (rc == 0)
        rc = frame_wait(lane, &frame);
    if (rc != 0)
        return rc;
    struct wire all = wire_over(frame.data, frame.len), message;
    uint32_t type;
    if (!wire_next(&all, &type, &message) || all.at != all.end)
        return lane_nonsense(lane, "a first answer that is none");
    return first_answer(lane, type, &message);
}

static struct lane *lane_new(const struct lane_start *start, struct err *err)
{
    struct lane *lane = mem_new(1, sizeof(*lane));
    if (!lane)
        return NULL;
    lane->pidfd = lane->socket = lane->errors = -1;
    frame_reader_init(&lane->in, -1, 0);
    lane->connection = start->connection;
    lane->settings = start->settings;
    lane->cancel = start->cancel;
    lane->name = name_of(start->connector);
    lane->path = mem_text(start->connector);
    lane->arena = arena_new();
    lane->call_arena = arena_new();
    lane->http_arena = arena_new();
    if (!lane->name && lane->path)
        err_set(err, ERR_CONNECTOR,
                "%s is no name for a connector: an absolute path to NAME.so is, where NAME begins with "
                "a letter and has only small letters, digits, '_' and '-'",
                start->connector);
    return lane;
}

int lane_begin(const struct lane_start *start, struct lane **ret_lane, struct err *err)
{
    struct err own = {0};
    TIDY(lane_stop) struct lane *lane = lane_new(start, &own);
    TIDY(close) int cancel_fd = -1;
    if (!lane)
        return err_set(err, -ENOMEM, "no memory for a connector");
    lane->err = &own;
    int rc = own.rc;
    if (rc == 0 && (!lane->name || !lane->path || !lane->arena || !lane->call_arena || !lane->http_arena))
        rc = -ENOMEM;
    if (rc == 0)
        rc = lane_spawn(lane, start->scratch_dir, &cancel_fd, &own);
    if (rc == 0) {
        frame_reader_init(&lane->in, lane->socket, start->settings->limits.record_bytes + RECORD_SLACK);
        rc = shake_hands(lane, cancel_fd);
    }
    lane->err = NULL;
    if (rc != 0)
        return err_set(err, rc, "%s", own.rc != 0 ? own.text : err_text(rc));
    *ret_lane = TAKE(lane);
    return 0;
}

const muster_connector *lane_description(const struct lane *lane)
{
    return lane->description;
}

const char *lane_sandbox_lacks(const struct lane *lane)
{
    return lane->lacks;
}

const void *lane_description_bytes(const struct lane *lane, size_t *ret_len)
{
    *ret_len = lane->description_bytes.len;
    return lane->description_bytes.data;
}

/* Asks it to end and reads on, so that its last words do not block it, until it is gone or time is up. */
static void say_goodbye(struct lane *lane)
{
    int64_t until = clock_steady_ms() + STOP_MS;
    buffer_clear(&lane->out);
    wire_end(&lane->out, wire_begin(&lane->out, WIRE_CLOSE));
    if (lane->out.rc != 0 || frame_send(lane->socket, lane->out.data, lane->out.len, -1, 0) != 0)
        return;
    for (int64_t left = STOP_MS; left > 0; left = until - clock_steady_ms()) {
        struct frame frame;
        int rc = frame_read(&lane->in, false, &frame);
        if (rc == 0)
            continue;
        struct pollfd pollers[] = {{.fd = rc == -EAGAIN ? lane->socket : -1, .events = POLLIN},
                                   {.fd = lane->pidfd, .events = POLLIN},
                                   {.fd = lane->errors, .events = POLLIN}};
        poll(pollers, 3, (int)left);
        if (pollers[1].revents)
            return;
        if (pollers[2].revents & POLLIN)
            lane_hear(lane);
    }
}

void lane_stop(struct lane *lane)
{
    if (!lane)
        return;
    if (!lane->dead && lane->description)
        say_goodbye(lane);
    lane_despawn(lane);
    lane_forget_streams(lane);
    free(lane->streams);
    free(lane->values);
    frame_reader_done(&lane->in);
    buffer_done(&lane->out);
    buffer_done(&lane->description_bytes);
    arena_free(lane->arena);
    arena_free(lane->call_arena);
    lane_http_forget(lane);
    free(lane->parts);
    arena_free(lane->http_arena);
    free(lane->lacks);
    free(lane->name);
    free(lane->path);
    free(lane);
}
