/* lane_http - what a host says about calls by HTTP, and what it is answered, when there is an answer: other lanes go on
 * meanwhile. */
#include "lane/lane_inside.h"

#include "base/mem.h"
#include "broker/http.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

enum { HEADERS_MAX = 1000, ACCEPTS_MAX = 100, LINKS_MAX = 16, PARTS_MAX = 100 };

void lane_http_forget(struct lane *lane)
{
    for (size_t i = 0; i < lane->part_count; i++)
        if (lane->parts[i].fd >= 0)
            close(lane->parts[i].fd);
    lane->part_count = 0;
    if (lane->http_arena)
        arena_clear(lane->http_arena);
}

static bool regular(int fd)
{
    struct stat info;
    return fstat(fd, &info) == 0 && S_ISREG(info.st_mode);
}

int lane_http_part(struct lane *lane, struct wire *message)
{
    size_t len;
    const char *name = wire_get_text(message), *filename = wire_get_text(message), *type = wire_get_text(message);
    const char *body = wire_get_blob(message, &len);
    TIDY(close) int fd = frame_take_fd(&lane->in);
    if (!wire_finished(message) || (body == NULL) != (fd >= 0) || (fd >= 0 && !regular(fd)))
        return lane_nonsense(lane, "a part of a form that is none");
    if (lane->part_count >= PARTS_MAX)
        return lane_nonsense(lane, "a form of more than %d parts", PARTS_MAX);
    if (mem_grow(&lane->parts, lane->part_count, &lane->part_room, sizeof(*lane->parts)) != 0)
        return -ENOMEM;
    struct arena *arena = lane->http_arena;
    struct lane_part *part = &lane->parts[lane->part_count];
    *part = (struct lane_part){.fd = -1};
    part->part = (muster_part){.name = name ? arena_text(arena, name) : "",
                               .filename = filename ? arena_text(arena, filename) : NULL,
                               .type = type ? arena_text(arena, type) : NULL,
                               .body = body ? arena_copy(arena, body, len) : NULL,
                               .body_len = len};
    if (!part->part.name || (filename && !part->part.filename) || (type && !part->part.type) ||
        (body && !part->part.body))
        return -ENOMEM;
    part->fd = part->part.fd = take_fd(&fd);
    lane->part_count++;
    return 0;
}

/* The texts stay in the frame; only lists of them need memory. */
static int headers_read(struct lane *lane, struct wire *message, muster_http *ask)
{
    uint32_t count = wire_get_u32(message);
    const char **headers = count <= HEADERS_MAX ? arena_get(lane->http_arena, (count + 1) * sizeof(*headers)) : NULL;
    if (!headers)
        return count <= HEADERS_MAX ? -ENOMEM : lane_nonsense(lane, "a call with %u headers", count);
    for (uint32_t i = 0; i < count; i++)
        headers[i] = wire_need_text(message);
    ask->headers = headers;
    count = wire_get_u32(message);
    int32_t *accept = count <= ACCEPTS_MAX ? arena_get(lane->http_arena, (count + 1) * sizeof(*accept)) : NULL;
    if (!accept)
        return count <= ACCEPTS_MAX ? -ENOMEM : lane_nonsense(lane, "a call that accepts %u statuses", count);
    for (uint32_t i = 0; i < count; i++)
        accept[i] = (int32_t)wire_get_u32(message);
    ask->accept = count > 0 ? accept : NULL;
    return 0;
}

static int auth_read(struct lane *lane, struct wire *message, muster_http *ask)
{
    uint32_t count = wire_get_u32(message);
    muster_auth *links = count <= LINKS_MAX ? arena_get(lane->http_arena, (count + 1) * sizeof(*links)) : NULL;
    if (!links)
        return count <= LINKS_MAX ? -ENOMEM : lane_nonsense(lane, "a log-in of %u parts", count);
    for (uint32_t i = 0; i < count; i++) {
        muster_auth *link = &links[i];
        link->size = sizeof(*link);
        link->scheme = wire_get_text(message);
        link->secret = wire_get_text(message);
        link->fallback = wire_get_text(message);
        link->user = wire_get_text(message);
        link->subject = wire_get_text(message);
        link->where = wire_get_text(message);
        link->name = wire_get_text(message);
        link->recipe = wire_get_text(message);
        link->digest = wire_get_text(message);
        link->encoding = wire_get_text(message);
        link->token_url = wire_get_text(message);
        link->token = wire_get_text(message);
        link->expires = wire_get_text(message);
        link->extra = i + 1 < count ? &links[i + 1] : NULL;
    }
    ask->auth = count > 0 ? links : NULL;
    return 0;
}

static int body_read(struct lane *lane, struct wire *message, int fd, muster_http *ask)
{
    uint32_t by_fd = wire_get_u32(message);
    ask->body = wire_get_blob(message, &ask->body_len);
    if (!wire_finished(message) || (by_fd != 0) != (fd >= 0) || (by_fd && (ask->body || !regular(fd))))
        return lane_nonsense(lane, "a call that is none");
    if (by_fd) {
        ask->flags |= MUSTER_BODY_FD;
        ask->fd = fd;
    }
    const muster_part **parts = arena_get(lane->http_arena, (lane->part_count + 1) * sizeof(*parts));
    if (!parts)
        return -ENOMEM;
    for (size_t i = 0; i < lane->part_count; i++)
        parts[i] = &lane->parts[i].part;
    ask->parts = lane->part_count > 0 ? parts : NULL;
    return 0;
}

/* rc, sentence; then, when there is a reply: tag, status, wait, headers, body or the length of its file. */
static int answer(struct lane *lane, int rc, const struct http_reply *reply, const struct err *why)
{
    struct buffer *out = &lane->out;
    buffer_clear(out);
    size_t begin = wire_begin(out, WIRE_ANSWER);
    if (rc != 0) {
        wire_put_u32(out, (uint32_t)(rc == ERR_UNSUPPORTED ? MUSTER_UNSUPPORTED
                                     : rc == ERR_CANCELLED ? MUSTER_CANCELLED
                                                           : MUSTER_FAIL));
        wire_put_text(out, why->rc != 0 ? why->text : err_text(rc));
    } else {
        wire_put_u32(out, (uint32_t)reply->rc);
        wire_put_text(out, reply->rc == MUSTER_OK ? "" : reply->why);
        wire_put_u64(out, reply->tag);
        wire_put_u32(out, (uint32_t)reply->status);
        wire_put_u32(out, reply->retry_after_ms);
        wire_put_u32(out, (uint32_t)reply->header_count);
        for (size_t i = 0; i < reply->header_count; i++)
            wire_put_text(out, reply->headers[i]);
        wire_put_blob(out, reply->fd < 0 ? reply->body : NULL, reply->body_len);
        wire_put_u64(out, reply->fd < 0 ? 0 : reply->body_len);
    }
    wire_end(out, begin);
    return lane_send(lane, rc == 0 ? reply->fd : -1);
}

/* What a call with capture "" is: there is nothing to take, and what was taken before is given up. */
static int log_out(struct lane *lane, const muster_http *ask)
{
    static const struct http_reply nothing = {.rc = MUSTER_OK, .body = "", .fd = -1};
    int rc = http_log_out(lane->sink->http, ask->auth);
    struct err why = {0};
    lane_http_forget(lane);
    if (rc != 0)
        err_set(&why, rc, "the log-in cannot be forgotten: %s", err_text(rc));
    return answer(lane, rc, &nothing, &why);
}

int lane_http(struct lane *lane, struct wire *message)
{
    muster_http ask = {.size = sizeof(ask), .fd = -1};
    TIDY(close) int fd = frame_take_fd(&lane->in);
    uint32_t how = wire_get_u32(message);
    uint64_t tag = wire_get_u64(message);
    ask.flags = wire_get_u32(message) & MUSTER_IDEMPOTENT;
    ask.timeout_ms = wire_get_u32(message);
    ask.method = wire_need_text(message);
    ask.url = wire_need_text(message);
    ask.partition = wire_get_text(message);
    ask.capture = wire_get_text(message);
    int rc = headers_read(lane, message, &ask);
    if (rc == 0)
        rc = auth_read(lane, message, &ask);
    if (rc == 0)
        rc = body_read(lane, message, fd, &ask);
    if (rc != 0 || how > WIRE_HTTP_START)
        return rc ? rc : lane_nonsense(lane, "a call that is none");
    struct err why = {0};
    struct http *http = lane->sink->http;
    bool alone = how == WIRE_HTTP_ASK;
    if (http && alone && ask.capture && !*ask.capture) /* no call: a person's log-in is forgotten */
        return log_out(lane, &ask);
    if (!http)
        rc = err_set(&why, ERR_UNSUPPORTED,
                     "there is no HTTP here: the connector declares no hosts, nor an option "
                     "that names one");
    else
        rc = http_begin(http, lane, &ask, alone, tag, &why);
    if (alone && rc == 0) {
        lane->awaits = LANE_ALONE; /* what it asked stays where it is until then */
        return 0;
    }
    lane_http_forget(lane);
    if (!alone) /* what cannot even begin ends the call: nobody waits for an answer here */
        return rc == 0 ? 0 : err_set(lane->err, rc, "%s", why.rc != 0 ? why.text : err_text(rc));
    return answer(lane, rc, NULL, &why);
}

int lane_http_wait(struct lane *lane, struct wire *message)
{
    if (!wire_finished(message))
        return lane_nonsense(lane, "a question for a reply that is none");
    if (!lane->sink->http)
        return answer(lane, ERR_UNSUPPORTED, NULL, &(struct err){0});
    lane->awaits = LANE_NEXT;
    return 0;
}

bool lane_http_ready(const struct lane *lane)
{
    return http_ready(lane->sink->http, lane, lane->awaits == LANE_ALONE);
}

int lane_http_came(struct lane *lane)
{
    struct err why = {0};
    const struct http_reply *reply = NULL;
    bool alone = lane->awaits == LANE_ALONE;
    int rc = http_take(lane->sink->http, lane, alone, &reply);
    if (rc == ERR_UNREADY)
        return -EAGAIN;
    if (rc == ERR_GONE)
        err_set(&why, rc, "no call is under way");
    lane->awaits = LANE_HEARS;
    if (alone)
        lane_http_forget(lane);
    return answer(lane, rc, reply, &why);
}
