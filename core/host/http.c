/* http - a connector's calls by HTTP, handed to the broker behind the engine.
 *
 * What is small goes in the frame, a body that is not as a descriptor. The
 * reply is not copied: its frame is kept until the next one. */
#include "host/http.h"

#include "base/descriptor.h"
#include "base/error.h"
#include "base/mem.h"
#include "base/tidy.h"
#include "host/session.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { INLINE_MAX = FRAME_MAX - 64 * 1024, WORDS_MAX = 128 * 1024, LINKS_MAX = 16, PARTS_MAX = 100 };

static size_t length(const char *text)
{
    return text ? strlen(text) : 0;
}

/* A body that is too large for a frame, in a file that has no name. */
static int in_file(const struct session *session, const char *bytes, size_t len, int *ret_fd)
{
    TIDY(close) int fd = -1;
    int rc = descriptor_unnamed(session->scratch, &fd);
    if (rc == 0)
        rc = descriptor_write(fd, bytes, len);
    if (rc == 0)
        *ret_fd = take_fd(&fd);
    return rc;
}

static void auth_put(struct buffer *out, const muster_auth *auth)
{
    wire_put_text(out, auth->scheme);
    wire_put_text(out, auth->secret);
    wire_put_text(out, auth->fallback);
    wire_put_text(out, auth->user);
    wire_put_text(out, auth->subject);
    wire_put_text(out, auth->where);
    wire_put_text(out, auth->name);
    wire_put_text(out, auth->recipe);
    wire_put_text(out, auth->digest);
    wire_put_text(out, auth->encoding);
    wire_put_text(out, auth->token_url);
    wire_put_text(out, MUSTER_HAS(auth, token) ? auth->token : NULL);
    wire_put_text(out, MUSTER_HAS(auth, expires) ? auth->expires : NULL);
}

static muster_rc parts_put(struct session *session, const muster_part *const *parts, bool *ret_any)
{
    for (size_t i = 0; parts && parts[i]; i++) {
        const muster_part *part = parts[i];
        TIDY(close) int made = -1;
        int fd = part->body ? -1 : part->fd;
        if (i >= PARTS_MAX || length(part->name) + length(part->filename) + length(part->type) > WORDS_MAX)
            return session_fail(session, MUSTER_FAIL, "the connector sends a form of too many or too long parts");
        if (part->body && part->body_len > INLINE_MAX) {
            if (in_file(session, part->body, part->body_len, &made) != 0)
                return session_fail(session, MUSTER_FAIL, "no room for a part of a form");
            fd = made;
        }
        session_flush(session, -1); /* a descriptor goes with a frame of its own */
        size_t begin = session_begin(session, WIRE_HTTP_PART);
        wire_put_text(&session->out, part->name);
        wire_put_text(&session->out, part->filename);
        wire_put_text(&session->out, part->type);
        wire_put_blob(&session->out, fd < 0 ? part->body : NULL, part->body_len);
        wire_end(&session->out, begin);
        session_flush(session, fd);
        *ret_any = true;
    }
    return MUSTER_OK;
}

/* What is wrong with it, before anything is sent; NULL: nothing. */
static const char *refused(const muster_http *ask)
{
    size_t words = length(ask->url) + length(ask->method) + length(ask->partition) + length(ask->capture), links = 0;
    for (size_t i = 0; ask->headers && ask->headers[i]; i++)
        words += length(ask->headers[i]) + 8;
    for (const muster_auth *auth = ask->auth; auth; auth = auth->extra, links++)
        words += length(auth->recipe);
    if (!ask->url)
        return "without a URL";
    if (links > LINKS_MAX)
        return "with a log-in of too many parts";
    if (words > WORDS_MAX)
        return "with more than 128 KiB of headers";
    if ((ask->flags & MUSTER_BODY_FD) && ask->fd < 0)
        return "with a body in a descriptor that is none";
    return NULL;
}

/* Writes the call; the descriptor of its body, or -1, comes out. */
static muster_rc ask_put(struct session *session, const muster_http *ask, uint32_t how, uint64_t tag, int *made,
                         int *ret_fd)
{
    bool parts = false, by_fd = (ask->flags & MUSTER_BODY_FD) != 0;
    const char *why = refused(ask), *body = by_fd ? NULL : ask->body;
    int fd = by_fd ? ask->fd : -1;
    uint32_t headers = 0, accepts = 0, links = 0;
    if (why)
        return session_fail(session, MUSTER_FAIL, "the connector called http() %s", why);
    muster_rc rc = parts_put(session, ask->parts, &parts);
    if (rc != MUSTER_OK)
        return rc;
    if (body && ask->body_len > INLINE_MAX) {
        if (in_file(session, body, ask->body_len, made) != 0)
            return session_fail(session, MUSTER_FAIL, "no memory for a body of %zu bytes", ask->body_len);
        body = NULL;
        fd = *made;
    }
    while (ask->headers && ask->headers[headers])
        headers++;
    while (ask->accept && ask->accept[accepts])
        accepts++;
    for (const muster_auth *auth = ask->auth; auth; auth = auth->extra)
        links++;
    session_flush(session, -1);
    struct buffer *out = &session->out;
    size_t begin = session_begin(session, WIRE_HTTP);
    wire_put_u32(out, how);
    wire_put_u64(out, tag);
    wire_put_u32(out, ask->flags & MUSTER_IDEMPOTENT);
    wire_put_u32(out, ask->timeout_ms);
    wire_put_text(out, ask->method ? ask->method : "GET");
    wire_put_text(out, ask->url);
    wire_put_text(out, ask->partition);
    wire_put_text(out, ask->capture);
    wire_put_u32(out, headers);
    for (uint32_t i = 0; i < headers; i++)
        wire_put_text(out, ask->headers[i]);
    wire_put_u32(out, accepts);
    for (uint32_t i = 0; i < accepts; i++)
        wire_put_u32(out, (uint32_t)ask->accept[i]);
    wire_put_u32(out, links);
    for (const muster_auth *auth = ask->auth; auth; auth = auth->extra)
        auth_put(out, auth);
    wire_put_u32(out, fd >= 0);
    wire_put_blob(out, body, ask->body_len);
    wire_end(out, begin);
    *ret_fd = fd;
    return MUSTER_OK;
}

/* A reply before there is one. */
static void reply_blank(struct session *session, const muster_http **reply)
{
    if (session->http.fd >= 0)
        close(session->http.fd);
    session->http = (muster_http){.size = sizeof(session->http), .rc = MUSTER_FAIL, .fd = -1, .body = ""};
    *reply = &session->http;
}

/* What the engine answered: status, wait, tag, headers, body or descriptor. */
static muster_rc reply_read(struct session *session, muster_rc rc, struct wire *answer, uint64_t *ret_tag)
{
    muster_http *http = &session->http;
    http->rc = rc;
    if (answer->at == answer->end) /* refused before anything was called */
        return rc;
    frame_keep(&session->in, &session->http_frame, &session->http_room);
    uint64_t tag = wire_get_u64(answer);
    http->status = (int32_t)wire_get_u32(answer);
    http->retry_after_ms = wire_get_u32(answer);
    uint32_t count = wire_get_u32(answer);
    const char **headers = mem_resize(session->http_headers, (size_t)count + 1, sizeof(*headers));
    if (!headers)
        return session_fail(session, MUSTER_FAIL, "no memory for a reply");
    session->http_headers = headers;
    for (uint32_t i = 0; i < count; i++)
        headers[i] = wire_need_text(answer);
    headers[count] = NULL;
    http->headers = headers;
    const char *body = wire_get_blob(answer, &http->body_len);
    uint64_t file = wire_get_u64(answer);
    if (answer->bad)
        return session_fail(session, MUSTER_FAIL, "the reply cannot be read");
    http->body = body;
    if (!body) {
        http->fd = frame_take_fd(&session->in);
        http->body_len = (size_t)file;
        http->flags = MUSTER_BODY_FD;
    }
    if (ret_tag)
        *ret_tag = tag;
    return rc;
}

muster_rc http_ask(muster_run *run, const muster_http *ask, const muster_http **reply)
{
    struct session *session = session_of(run);
    TIDY(close) int made = -1;
    int fd = -1;
    struct wire answer;
    if (!ask || !reply)
        return session_fail(session, MUSTER_FAIL, "the connector called http() without a question or a reply");
    reply_blank(session, reply);
    muster_rc rc = ask_put(session, ask, WIRE_HTTP_ASK, 0, &made, &fd);
    if (rc != MUSTER_OK)
        return rc;
    rc = session_ask(session, fd, &answer);
    return reply_read(session, rc, &answer, NULL);
}

muster_rc http_start(muster_run *run, const muster_http *ask, void *tag)
{
    struct session *session = session_of(run);
    TIDY(close) int made = -1;
    int fd = -1;
    if (!ask)
        return session_fail(session, MUSTER_FAIL, "the connector called http_start() without a question");
    muster_rc rc = ask_put(session, ask, WIRE_HTTP_START, (uint64_t)(uintptr_t)tag, &made, &fd);
    if (rc != MUSTER_OK)
        return rc;
    session_flush(session, fd); /* so that it is on its way now */
    session->http_open++;
    return MUSTER_OK;
}

muster_rc http_wait(muster_run *run, const muster_http **reply, void **tag)
{
    struct session *session = session_of(run);
    struct wire answer;
    uint64_t number = 0;
    if (!reply || session->http_open == 0)
        return session_fail(session, MUSTER_FAIL, "the connector called http_wait() and nothing was started");
    reply_blank(session, reply);
    wire_end(&session->out, session_begin(session, WIRE_HTTP_WAIT));
    muster_rc rc = session_ask(session, -1, &answer);
    session->http_open--;
    rc = reply_read(session, rc, &answer, &number);
    if (tag)
        *tag = (void *)(uintptr_t)number;
    return rc;
}
