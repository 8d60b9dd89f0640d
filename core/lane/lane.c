/* lane - one host process with one connector: started, asked, watched, killed. */
#include "lane/lane_inside.h"

#include "base/clock.h"
#include "base/mem.h"
#include "base/text.h"
#include "lane/description.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { STOP_MS = 1000, RECORD_SLACK = 1024 * 1024 };

int lane_options(struct lane *lane, const struct lane_sink *sink, struct lane_result *ret_result, struct err *err)
{
    return lane_call(lane, &(struct lane_call){.type = WIRE_OPEN}, sink, ret_result, err);
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

struct pull_asked {
    const muster_pull *pull;
    const struct lane_left *left_out;
    size_t count;
};

static void put_pull(struct buffer *out, const void *context)
{
    const struct pull_asked *asked = context;
    lane_put_pull(out, asked->pull);
    wire_put_u32(out, (uint32_t)asked->count);
    for (size_t i = 0; i < asked->count; i++) {
        wire_put_text(out, asked->left_out[i].object.source_id);
        wire_put_text(out, asked->left_out[i].object.place);
        wire_put_text(out, asked->left_out[i].why);
    }
}

int lane_pull(struct lane *lane, const muster_pull *pull, const struct lane_sink *sink, struct lane_result *ret_result,
              struct err *err)
{
    struct pull_asked asked = {.pull = pull};
    return lane_call(lane, &(struct lane_call){WIRE_PULL, put_pull, &asked}, sink, ret_result, err);
}

int lane_pull_start(struct lane *lane, const muster_pull *pull, const struct lane_left *left_out, size_t count,
                    const struct lane_sink *sink, struct lane_result *ret_result, struct err *err)
{
    struct pull_asked asked = {pull, left_out, count};
    return lane_call_start(lane, &(struct lane_call){WIRE_PULL, put_pull, &asked}, sink, ret_result, err);
}

/* A text that the host wrote, whatever it did to it. */
static const char *page_text(const char *text, size_t room)
{
    return memchr(text, '\0', room) && text_valid(text, strlen(text)) ? text : NULL;
}

bool lane_fell_on(const struct lane *lane, struct lane_object *ret_object)
{
    const struct wire_page *page = lane->page;
    if (!lane->fell || !page || lane->pid != 0)
        return false;
    bool has_id = page->taken & WIRE_TAKEN_ID, has_place = page->taken & WIRE_TAKEN_PLACE;
    *ret_object = (struct lane_object){
        .source_id = has_id ? page_text(page->source_id, sizeof(page->source_id)) : NULL,
        .place = has_place ? page_text(page->place, sizeof(page->place)) : NULL,
    };
    return (has_id || has_place) && has_id == (ret_object->source_id != NULL) &&
           has_place == (ret_object->place != NULL);
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

static int hello(struct lane *lane, int page_fd)
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
    int rc = lane_put_needs(lane, lane->err);
    wire_end(&lane->out, begin);
    return rc ? rc : lane_send(lane, page_fd);
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
    const char *tried = wire_need_text(message), *path = wire_need_text(message);
    if (message->bad || !text_valid(tried, strlen(tried)) || !text_valid(path, strlen(path)))
        return lane_nonsense(lane, "a first answer that is none");
    snprintf(lane->loading_tried, sizeof(lane->loading_tried), "%s", tried);
    snprintf(lane->loading_path, sizeof(lane->loading_path), "%s", path);
    lane->lacks = mem_text(text);
    buffer_add(&lane->description_bytes, message->at, (size_t)(message->end - message->at));
    if (!lane->lacks || lane->description_bytes.rc != 0)
        return -ENOMEM;
    int rc = description_read(message, lane->arena, &lane->description);
    return rc == ERR_CORRUPT ? lane_nonsense(lane, "a description that is none") : rc;
}

static int hear_hello(struct lane *lane)
{
    struct frame frame;
    int rc = lane_first_frame(lane, &frame);
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
    lane->pidfd = lane->socket = lane->errors = lane->held = -1;
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

int lane_start(const struct lane_start *start, struct lane **ret_lane, struct err *err)
{
    struct err own = {0};
    TIDY(lane_stop) struct lane *lane = lane_new(start, &own);
    TIDY(close) int page_fd = -1;
    if (!lane)
        return err_set(err, -ENOMEM, "no memory for a connector");
    lane->err = &own;
    int rc = own.rc;
    if (rc == 0 && (!lane->name || !lane->path || !lane->arena || !lane->call_arena || !lane->http_arena))
        rc = -ENOMEM;
    if (rc == 0)
        rc = lane_spawn(lane, start->scratch_dir, &page_fd, &own);
    if (rc == 0) {
        frame_reader_init(&lane->in, lane->socket, start->settings->limits.record_bytes + RECORD_SLACK);
        rc = hello(lane, page_fd);
    }
    lane->err = NULL;
    if (rc != 0)
        return err_set(err, rc, "%s", own.rc != 0 ? own.text : err_text(rc));
    *ret_lane = TAKE(lane);
    return 0;
}

int lane_meet(struct lane *lane, struct err *err)
{
    struct err own = {0};
    lane->err = &own;
    int rc = hear_hello(lane);
    lane->err = NULL;
    return rc ? err_set(err, rc, "%s", own.rc != 0 ? own.text : err_text(rc)) : 0;
}

int lane_begin(const struct lane_start *start, struct lane **ret_lane, struct err *err)
{
    TIDY(lane_stop) struct lane *lane = NULL;
    int rc = lane_start(start, &lane, err);
    if (rc == 0)
        rc = lane_meet(lane, err);
    if (rc != 0)
        return rc;
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

const char *lane_tried(const struct lane *lane, const char **ret_path)
{
    *ret_path = lane->loading_path;
    return lane->loading_tried;
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
    keyring_done(&lane->secrets);
    lane_forget_streams(lane);
    free(lane->streams);
    free(lane->values);
    frame_reader_done(&lane->in);
    buffer_done(&lane->out);
    buffer_done(&lane->asked);
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
