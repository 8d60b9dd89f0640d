/* http_cassette - an attempt of a call on a cassette: noted after it came, or answered by it. */
#include "broker/http_inside.h"

#include "broker/cassette.h"

#include <errno.h>
#include <stdio.h>
#include <sys/mman.h>
#include <unistd.h>

struct mapped {
    void *at;
    size_t len;
};

static void mapped_done(struct mapped *mapped)
{
    if (mapped->at)
        munmap(mapped->at, mapped->len);
}

static int file_map(int fd, uint64_t len, struct mapped *mapped)
{
    void *at = len > 0 ? mmap(NULL, (size_t)len, PROT_READ, MAP_SHARED, fd, 0) : NULL;
    if (at == MAP_FAILED)
        return -errno;
    *mapped = (struct mapped){at, (size_t)len};
    return 0;
}

/* A form's parts, one after the other: what they are called, how long they are, and what is in them. */
static int parts_write(const struct request *request, struct buffer *out)
{
    for (size_t i = 0; i < request->part_count; i++) {
        const struct request_part *part = &request->parts[i];
        __attribute__((cleanup(mapped_done))) struct mapped mapped = {0};
        int rc = part->fd >= 0 ? file_map(part->fd, part->fd_len, &mapped) : 0;
        if (rc != 0)
            return rc;
        const char *body = part->fd >= 0 ? mapped.at : part->part.body;
        size_t len = part->fd >= 0 ? mapped.len : part->part.body_len;
        buffer_format(out, "%s%s%s%s%s %zu\n", part->part.name, part->part.filename ? " file " : "",
                      part->part.filename ? part->part.filename : "", part->part.type ? " " : "",
                      part->part.type ? part->part.type : "", len);
        buffer_add(out, body ? body : "", len);
        buffer_byte(out, '\n');
    }
    return out->rc;
}

/* The question: as the connector asked it, before its log-in was put in. */
struct question {
    struct buffer asked, with, parts;
    struct mapped file;
    struct exchange exchange;
};

static void question_done(struct question *question)
{
    buffer_done(&question->asked);
    buffer_done(&question->with);
    buffer_done(&question->parts);
    mapped_done(&question->file);
}

static int question_make(const struct request *request, struct question *question)
{
    int rc = 0;
    buffer_format(&question->asked, "%s ", request->method);
    url_write(&request->url, NULL, &question->asked);
    for (size_t i = 0; i < request->header_count; i++)
        buffer_format(&question->with, "%s\n", request->headers[i]);
    if (request->part_count > 0)
        rc = parts_write(request, &question->parts);
    else if (request->body_fd >= 0)
        rc = file_map(request->body_fd, request->body_len, &question->file);
    if (rc == 0)
        rc = question->asked.rc ? question->asked.rc : question->with.rc;
    question->exchange =
        (struct exchange){.what = "http",
                          .asked = question->asked.data,
                          .with = question->with.data,
                          .body = request->part_count > 0 ? question->parts.data
                                  : request->body_fd >= 0 ? question->file.at
                                                          : request->body,
                          .body_len = request->part_count > 0 ? question->parts.len : request->body_len};
    return rc;
}

/* Lines of the reply that a log-in may be in: a session is as good as a password. */
static bool tells(const char *line)
{
    return strncasecmp(line, "Set-Cookie", 10) != 0 && strncasecmp(line, "Authorization", 13) != 0 &&
           strncasecmp(line, "Proxy-Auth", 10) != 0;
}

void http_cassette_note(struct request *request, CURLcode code)
{
    struct cassette *cassette = request->http->setup.cassette;
    if (!cassette_records(cassette) || request->gives)
        return;
    __attribute__((cleanup(question_done))) struct question question = {0};
    __attribute__((cleanup(mapped_done))) struct mapped file = {0};
    TIDY_DONE(buffer_done) struct buffer headers = {0};
    int fd = request->in_fd >= 0 ? request->in_fd : request->reply.fd;
    int rc = question_make(request, &question);
    if (rc == 0 && fd >= 0)
        rc = file_map(fd, request->in_len, &file);
    const char *at = request->head.data;
    for (size_t i = 0; i < request->head_count; i++, at += strlen(at) + 1)
        if (tells(at))
            buffer_format(&headers, "%s\n", at);
    struct exchange *exchange = &question.exchange;
    exchange->code = (int)code;
    exchange->status = request->reply.status;
    exchange->headers = headers.data;
    exchange->reply = fd >= 0 ? file.at : request->in.data ? request->in.data : "";
    exchange->reply_len = fd >= 0 ? file.len : request->in.len;
    if (rc == 0 && headers.rc == 0)
        cassette_note(cassette, exchange);
    else
        cassette_fail(cassette, rc ? rc : headers.rc);
}

static void answer_take(struct request *request, const struct exchange *answer)
{
    for (const char *at = answer->headers, *end; at && (end = strchr(at, '\n')); at = end + 1) {
        buffer_add(&request->head, at, (size_t)(end - at));
        buffer_byte(&request->head, '\0');
        request->head_count++;
    }
    if (answer->reply_len > 0)
        reply_take(request, answer->reply, answer->reply_len);
}

int http_cassette_play(struct request *request, CURLcode *ret_code, int32_t *ret_status, struct err *err)
{
    __attribute__((cleanup(question_done))) struct question question = {0};
    struct exchange answer;
    int rc = question_make(request, &question);
    if (rc == 0)
        rc = cassette_answer(request->http->setup.cassette, &question.exchange, &answer, err);
    if (rc != 0)
        return rc == ERR_GONE ? ERR_CONNECTOR : rc;
    request->attempts++;
    request->went_out = true;
    answer_take(request, &answer);
    *ret_code = (CURLcode)answer.code;
    *ret_status = answer.status;
    return request->head.rc ? request->head.rc : request->in_rc;
}
