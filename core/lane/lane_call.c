/* lane_call - calls under way: frames come, replies go, under two clocks, for several lanes by turns. */
#include "lane/lane_inside.h"

#include "base/clock.h"
#include "broker/http.h"

#include <assert.h>
#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>

enum { CANCEL_GRACE_MS = 2000, CANCEL_LOOK_MS = 50 };

static bool cancel_wanted(const struct lane *lane)
{
    return lane->cancel && atomic_load_explicit(lane->cancel, memory_order_relaxed);
}

static void clocks_start(struct lane *lane)
{
    int64_t now = clock_steady_ms();
    lane->total_until = lane->settings->limits.total_ms > 0 ? now + lane->settings->limits.total_ms : 0;
    lane->cancelled_until = 0;
    lane_watch_begins(lane);
}

/* Looks at the flag and the clocks. Returns how long poll() may sleep, -1 for ever, or what ends the lane. */
static int clocks_check(struct lane *lane, int64_t *ret_sleep_ms)
{
    int64_t now = clock_steady_ms(), until = 0, watch_at = 0;
    int rc = lane_watch(lane, now, &watch_at);
    if (rc != 0)
        return rc;
    if (lane->cancelled_until == 0 && cancel_wanted(lane)) {
        __atomic_store_n(&lane->page->cancel, 1, __ATOMIC_RELAXED);
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
        if (lane->silent_until && now >= lane->silent_until) {
            lane->fell = true;
            return err_set(lane->err, ERR_TIMEOUT, "connector '%s' said nothing for %lld seconds (limits: silence)",
                           lane->name, (long long)lane->settings->limits.silence_ms / 1000);
        }
        until = lane->total_until;
        if (lane->silent_until && (until == 0 || lane->silent_until < until))
            until = lane->silent_until;
    }
    if (watch_at && (until == 0 || watch_at < until))
        until = watch_at;
    int64_t sleep = until ? until - now : -1;
    if (lane->cancel && lane->cancelled_until == 0 && (sleep < 0 || sleep > CANCEL_LOOK_MS))
        sleep = CANCEL_LOOK_MS;
    *ret_sleep_ms = sleep > INT32_MAX ? INT32_MAX : sleep;
    return 0;
}

/* It runs while the host has the word, and stands still while the engine works for it. */
static void silence_begins(struct lane *lane)
{
    int64_t silence = lane->awaits == LANE_HEARS ? lane->settings->limits.silence_ms : 0;
    lane->silent_until = silence > 0 ? clock_steady_ms() + silence : 0;
}

/* The next frame, or -EAGAIN. */
static int frame_get(struct lane *lane, struct frame *ret_frame)
{
    int rc = frame_read(&lane->in, false, ret_frame);
    if (rc == -EPIPE || rc == -ECONNRESET)
        return lane_died(lane, lane->err);
    return rc == ERR_CORRUPT ? lane_nonsense(lane, "%s", lane->in.why) : rc;
}

/* Sleeps until one of the lanes has something to say, or a reply comes for one. */
static void lanes_poll(struct lane *const *lanes, size_t count, struct http *http, int sleep_ms)
{
    struct pollfd pollers[2 * LANES_MAX];
    for (size_t i = 0; i < count; i++) {
        const struct lane *lane = lanes[i];
        bool hears = lane && lane->awaits == LANE_HEARS && (lane->under_way || !lane->description);
        pollers[2 * i] = (struct pollfd){.fd = hears ? lane->socket : -1, .events = POLLIN};
        pollers[2 * i + 1] = (struct pollfd){.fd = lane ? lane->errors : -1, .events = POLLIN};
        if (lane && lane->awaits != LANE_HEARS && lane_http_ready(lane))
            sleep_ms = 0;
    }
    if (http)
        http_poll(http, pollers, 2 * (unsigned)count, sleep_ms);
    else
        poll(pollers, 2 * count, sleep_ms);
    for (size_t i = 0; i < count; i++) {
        if (pollers[2 * i + 1].revents & POLLIN)
            lane_hear(lanes[i]);
        if (pollers[2 * i + 1].revents == POLLHUP) { /* it closed its stderr: no crime, but poll would spin */
            close(lanes[i]->errors);
            lanes[i]->errors = -1;
        }
    }
}

int lane_first_frame(struct lane *lane, struct frame *ret_frame)
{
    int rc = -EAGAIN;
    clocks_start(lane);
    for (silence_begins(lane); (rc = frame_get(lane, ret_frame)) == -EAGAIN;) {
        int64_t sleep_ms = 0;
        rc = clocks_check(lane, &sleep_ms);
        if (rc != 0)
            break;
        lanes_poll(&lane, 1, NULL, (int)sleep_ms);
    }
    return rc;
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

/* What a call hands over is bounded even where nothing of it is kept. */
static int count_bytes(struct lane *lane, size_t len)
{
    const uint64_t most = lane->settings->limits.spool_bytes;
    lane->heard += len;
    if (most == 0 || lane->heard <= most)
        return 0;
    return err_set(lane->err, ERR_LIMIT, "connector '%s' handed over more than %lu MiB in one call (limits: spool)",
                   lane->name, (unsigned long)(most >> 20));
}

static int frame_take(struct lane *lane, const struct frame *frame)
{
    int over = count_bytes(lane, frame->len);
    if (over != 0)
        return over;
    struct wire all = wire_over(frame->data, frame->len), message;
    uint32_t type;
    while (!lane->done && lane->awaits == LANE_HEARS && wire_next(&all, &type, &message)) {
        int rc = skipped(lane, type) ? 0 : lane_message(lane, type, &message);
        if (rc != 0)
            return rc;
    }
    if (all.bad)
        return lane_nonsense(lane, "a message that is cut off");
    if (all.at == all.end)
        return 0;
    return lane_nonsense(lane, "a message %s", lane->done ? "after the end of a call" : "while it waits for a reply");
}

/* Sends what is in `out`: the host begins. */
static int call_begin(struct lane *lane)
{
    lane->done = lane->same = false;
    memset(&lane->result, 0, sizeof(lane->result));
    lane_forget_streams(lane);
    arena_clear(lane->call_arena);
    int rc = lane_send(lane, -1);
    silence_begins(lane);
    return rc;
}

/* What an option says to the connector; NULL: nothing, it is a secret that stays with the broker. */
static const char *option_said(struct lane *lane, const struct option_value *option)
{
    if (option->text || !(lane->may & MUSTER_NEEDS_SECRETS))
        return option->text;
    return lane_secret(lane, option->name);
}

static int call_open(struct lane *lane)
{
    const struct connection *connection = lane->connection;
    bool secrets = (lane->may & MUSTER_NEEDS_SECRETS) != 0;
    uint32_t count = 0;
    for (size_t i = 0; connection && i < connection->option_count; i++)
        count += connection->options[i].text || secrets;
    buffer_clear(&lane->out);
    size_t begin = wire_begin(&lane->out, WIRE_OPEN);
    wire_put_u32(&lane->out, count);
    for (size_t i = 0; connection && i < connection->option_count; i++) {
        const char *text = option_said(lane, &connection->options[i]);
        if (!text && secrets)
            return lane->err->rc ? lane->err->rc : -ENOMEM;
        if (!text)
            continue;
        wire_put_text(&lane->out, connection->options[i].name);
        wire_put_text(&lane->out, text);
    }
    wire_end(&lane->out, begin);
    lane->opening = true;
    int rc = call_begin(lane);
    if (secrets && lane->out.data)
        explicit_bzero(lane->out.data, lane->out.len);
    return rc;
}

/* What was asked for, which was put together before it was opened. */
static int call_asked(struct lane *lane)
{
    struct buffer asked = lane->asked;
    lane->asked = lane->out;
    lane->out = asked;
    return call_begin(lane);
}

static void call_forget(struct lane *lane)
{
    if (lane->sink->http)
        http_forget(lane->sink->http, lane);
    lane_http_forget(lane);
    lane->awaits = LANE_HEARS;
}

static void call_end(struct lane *lane, int rc)
{
    call_forget(lane);
    if (rc == 0 && lane->cancelled_until != 0)
        rc = err_set(lane->err, ERR_CANCELLED, "cancelled");
    if (rc != 0) {
        err_set(lane->err, rc, "connector '%s': %s", lane->name, err_text(rc));
        lane_kill(lane);
    } else {
        *lane->ret_result = lane->result;
        snprintf(lane->ret_result->tried, sizeof(lane->ret_result->tried), "%s", lane->tried);
        snprintf(lane->ret_result->path, sizeof(lane->ret_result->path), "%s", lane->tried_path);
        lane->tried[0] = lane->tried_path[0] = '\0';
        if (lane->result.rc == MUSTER_AUTH && lane->sink->http)
            http_distrust(lane->sink->http);
    }
    lane->sink = NULL;
    lane->ret_result = NULL;
    lane->err = NULL;
    lane->under_way = false;
    lane->ended = true;
    lane->rc = rc;
}

/* A frame of the host, or the reply that it awaits. -EAGAIN: there is none yet. */
static int lane_step(struct lane *lane)
{
    struct frame frame;
    if (lane->awaits != LANE_HEARS)
        return lane_http_came(lane);
    int rc = frame_get(lane, &frame);
    return rc ? rc : frame_take(lane, &frame);
}

/* Does what can be done for a call without waiting, but not for ever: others want their turn. */
static void lane_turn(struct lane *lane, int64_t *sleep_ms)
{
    enum { STEPS = 8 };
    int64_t sleep = 0;
    int rc = 0;
    for (int i = 0; i < STEPS && rc == 0 && !lane->done; i++) {
        rc = lane_step(lane);
        if (rc == 0)
            silence_begins(lane);
    }
    if (rc == 0 && lane->done && lane->opening && lane->cancelled_until == 0) {
        lane->opening = false;
        lane->is_open = lane->result.rc == MUSTER_OK;
        call_forget(lane);
        if (lane->is_open && !lane->only_open)
            rc = call_asked(lane);
    }
    if ((rc == 0 && lane->done) || (rc != 0 && rc != -EAGAIN)) {
        call_end(lane, rc);
        return;
    }
    bool idle = rc == -EAGAIN;
    rc = clocks_check(lane, &sleep);
    if (rc != 0)
        call_end(lane, rc);
    sleep = idle ? sleep : 0;
    if (sleep >= 0 && (*sleep_ms < 0 || sleep < *sleep_ms))
        *sleep_ms = sleep;
}

/* One whose end was not told yet. */
static bool lanes_ended(struct lane *const *lanes, size_t count, size_t *ret_nth, int *ret_rc)
{
    for (size_t i = 0; i < count; i++) {
        if (!lanes[i] || !lanes[i]->ended)
            continue;
        lanes[i]->ended = false;
        *ret_nth = i;
        *ret_rc = lanes[i]->rc;
        return true;
    }
    return false;
}

int lanes_wait(struct lane *const *lanes, size_t count, size_t *ret_nth, int *ret_rc)
{
    assert(count <= LANES_MAX);
    for (;;) {
        struct http *http = NULL;
        int64_t sleep_ms = -1;
        size_t under_way = 0;
        for (size_t i = 0; i < count; i++) {
            if (!lanes[i] || !lanes[i]->under_way)
                continue;
            under_way++;
            http = lanes[i]->sink->http;
            lane_turn(lanes[i], &sleep_ms);
        }
        if (lanes_ended(lanes, count, ret_nth, ret_rc))
            return 0;
        if (under_way == 0)
            return ERR_GONE;
        lanes_poll(lanes, count, http, (int)sleep_ms);
    }
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

int lane_call_start(struct lane *lane, const struct lane_call *asked, const struct lane_sink *sink,
                    struct lane_result *ret_result, struct err *err)
{
    if (lane->dead)
        return err_set(err, ERR_CONNECTOR, "connector '%s': its process has ended already", lane->name);
    lane->sink = sink;
    lane->ret_result = ret_result;
    lane->err = err;
    lane->under_way = true;
    lane->ended = lane->opening = lane->fell = false;
    lane->only_open = asked->type == WIRE_OPEN;
    lane->lines = lane->heard = 0;
    clocks_start(lane);
    buffer_clear(&lane->asked);
    size_t begin = wire_begin(&lane->asked, asked->type);
    if (asked->put)
        asked->put(&lane->asked, asked->context);
    wire_end(&lane->asked, begin);
    int rc = lane->is_open ? call_asked(lane) : call_open(lane);
    if (rc != 0)
        call_end(lane, rc);
    lane->ended = false; /* it is told here */
    return rc;
}

int lane_call(struct lane *lane, const struct lane_call *asked, const struct lane_sink *sink,
              struct lane_result *ret_result, struct err *err)
{
    size_t nth;
    int rc = lane_call_start(lane, asked, sink, ret_result, err);
    if (rc == 0)
        lanes_wait(&lane, 1, &nth, &rc);
    return rc;
}
