/* http_reply - what comes back: header lines and a body, kept within their ceilings. */
#include "broker/http_inside.h"

#include "base/descriptor.h"
#include "base/mem.h"
#include "broker/retry.h"
#include "broker/token.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { LINES_MAX = 1000 };

static size_t head_came(char *bytes, size_t size, size_t count, void *context)
{
    struct request *request = context;
    size_t len = size * count, kept = len;
    if (len > 5 && strncmp(bytes, "HTTP/", 5) == 0) { /* of an earlier answer, as 103 and 100 are */
        buffer_clear(&request->head);
        request->head_count = 0;
        return len;
    }
    while (kept > 0 && (bytes[kept - 1] == '\r' || bytes[kept - 1] == '\n'))
        kept--;
    if (kept == 0)
        return len;
    if (request->head_count >= LINES_MAX || request->head.len + kept > HTTP_HEADERS_MAX || memchr(bytes, '\0', kept)) {
        request->in_rc = ERR_LIMIT;
        return 0;
    }
    buffer_add(&request->head, bytes, kept);
    buffer_byte(&request->head, '\0');
    request->head_count++;
    return request->head.rc == 0 ? len : 0;
}

/* What goes into no frame goes into a file that nobody else can open. */
static int into_file(struct request *request, const char *bytes, size_t len)
{
    if (request->in_fd < 0) {
        const char *dir = request->http->setup.scratch_dir ? request->http->setup.scratch_dir : "/tmp";
        request->in_fd = open(dir, O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);
        if (request->in_fd < 0)
            return -errno;
        int rc = descriptor_write(request->in_fd, request->in.data, request->in.len);
        if (rc != 0)
            return rc;
        buffer_done(&request->in);
    }
    return descriptor_write(request->in_fd, bytes, len);
}

bool reply_take(struct request *request, const char *bytes, size_t len)
{
    request->in_len += len;
    if (request->in_len > HTTP_REPLY_MAX) {
        request->in_rc = ERR_LIMIT;
    } else if (request->in_fd >= 0 || request->in.len + len > HTTP_INLINE_MAX) {
        request->in_rc = into_file(request, bytes, len);
    } else {
        buffer_add(&request->in, bytes, len);
        request->in_rc = request->in.rc;
    }
    return request->in_rc == 0;
}

static size_t body_came(char *bytes, size_t size, size_t count, void *context)
{
    return reply_take(context, bytes, size * count) ? size * count : 0;
}

void reply_expect(struct request *request)
{
    const struct curl *curl = request->http->curl;
    curl->easy_setopt(request->easy, CURLOPT_HEADERFUNCTION, head_came);
    curl->easy_setopt(request->easy, CURLOPT_HEADERDATA, request);
    curl->easy_setopt(request->easy, CURLOPT_WRITEFUNCTION, body_came);
    curl->easy_setopt(request->easy, CURLOPT_WRITEDATA, request);
    request->in_rc = 0;
}

void reply_forget(struct request *request)
{
    buffer_clear(&request->head);
    buffer_clear(&request->in);
    if (request->in_fd >= 0)
        close(request->in_fd);
    request->in_fd = -1;
    request->in_len = 0;
    request->head_count = 0;
    request->in_rc = 0;
    uint64_t tag = request->reply.tag;
    request->reply = (struct http_reply){.tag = tag, .fd = -1};
}

const char *reply_header(const struct request *request, const char *name)
{
    size_t len = strlen(name);
    const char *at = request->head.data;
    for (size_t i = 0; i < request->head_count; i++, at += strlen(at) + 1)
        if (strncasecmp(at, name, len) == 0 && at[len] == ':')
            return at + len + 1 + strspn(at + len + 1, " \t");
    return NULL;
}

/* A system that repeats what it was told must not tell the connector who we are. */
static void scrub(struct request *request, char *bytes, size_t len)
{
    keyring_scrub(&request->http->keyring, bytes, len);
    tokens_scrub(request->http, bytes, len);
    struct generated *generated = http_generated(request->http);
    if (generated && request->body && request->body_fd < 0)
        generated_scrub(generated, request->body, request->body_len, bytes, len);
}

static void scrub_file(struct request *request)
{
    enum { PIECE = 64 * 1024, OVERLAP = 4096 };
    char *piece __attribute__((cleanup(tidy_free))) = mem_new(1, PIECE);
    if (!piece || (request->http->keyring.count == 0 && !request->http->tokens && !http_generated(request->http)))
        return;
    for (uint64_t at = 0; at < request->in_len; at += PIECE - OVERLAP) {
        ssize_t got = pread(request->in_fd, piece, PIECE, (off_t)at);
        if (got <= 0)
            return;
        scrub(request, piece, (size_t)got);
        if (pwrite(request->in_fd, piece, (size_t)got, (off_t)at) != got)
            return;
    }
}

void reply_scrub(struct request *request)
{
    if (request->head.data)
        scrub(request, request->head.data, request->head.len);
    if (request->in_fd >= 0)
        scrub_file(request);
    else if (request->in.data)
        scrub(request, request->in.data, request->in.len);
}

void reply_finish(struct request *request)
{
    struct http_reply *reply = &request->reply;
    struct err err = {0};
    if (request->capture && reply->rc == MUSTER_OK && token_capture(request, &err) != 0)
        said(request, MUSTER_DATA, "%s", err.text);
    free(request->lines_in);
    request->lines_in = mem_new(request->head_count + 1, sizeof(*request->lines_in));
    if (!request->gives)
        reply_scrub(request);
    const char *at = request->head.data;
    for (size_t i = 0; request->lines_in && i < request->head_count; i++, at += strlen(at) + 1)
        request->lines_in[i] = at;
    reply->headers = request->lines_in;
    reply->header_count = request->lines_in ? request->head_count : 0;
    if (request->in_fd >= 0) {
        lseek(request->in_fd, 0, SEEK_SET);
        reply->fd = request->in_fd;
        reply->body = NULL;
        reply->body_len = (size_t)request->in_len;
        request->in_fd = -1;
        return;
    }
    reply->body = request->in.data && request->in.len > 0 ? request->in.data : "";
    reply->body_len = request->in.len;
}
