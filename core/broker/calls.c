/* calls - what was called when, and what came of it. */
#include "broker/calls.h"

#include "base/clock.h"
#include "base/date.h"
#include "base/jsontext.h"
#include "base/mem.h"
#include "broker/http_inside.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <time.h>

enum { FILE_MAX = 4 << 20 };

static const char *class_word(muster_rc rc)
{
    static const char *const words[] = {"ok",       "retry", "auth",        "permission", "config", "data",
                                        "conflict", "gone",  "unsupported", "cancelled",  "fail"};
    return rc <= 0 && rc >= MUSTER_FAIL ? words[-rc] : "";
}

static void line_write(const struct request *request, struct buffer *out)
{
    const struct http_reply *reply = &request->reply;
    TIDY_DONE(buffer_done) struct buffer url = {0};
    char at[40];
    time_t seconds = (time_t)(clock_now_ms() / 1000);
    struct tm day;
    gmtime_r(&seconds, &day);
    strftime(at, sizeof(at), "%Y-%m-%dT%H:%M:%S", &day);
    snprintf(at + strlen(at), sizeof(at) - strlen(at), ".%03dZ", (int)(clock_now_ms() % 1000));
    url_masked(&request->url, &url);
    buffer_byte(out, '{');
    json_member_text(out, "at", at);
    json_member_text(out, "method", request->method);
    json_member_text(out, "url", url.rc == 0 ? url.data : "");
    json_member_number(out, "status", (uint64_t)reply->status);
    json_member_text(out, "class", class_word(reply->rc));
    json_member_number(out, "sent", request->body_len);
    json_member_number(out, "received", request->gives ? 0 : reply->body_len);
    json_member_number(out, "ms", (uint64_t)(clock_steady_ms() - request->begun_ms));
    json_member_number(out, "attempts", request->attempts);
    if (request->gives)
        json_member_text(out, "for", "token");
    if (reply->rc != MUSTER_OK)
        json_member_text(out, "why", reply->why);
    buffer_text(out, "}\n");
}

char *calls_path(const char *dir, const char *connection, int older)
{
    return mem_format("%s/%s%s.jsonl", dir, connection, older ? ".1" : "");
}

void calls_write(const char *dir, const struct request *request)
{
    TIDY_DONE(buffer_done) struct buffer line = {0};
    struct stat info;
    if (!dir)
        return;
    const char *name = request->http->setup.connection->name;
    char *path __attribute__((cleanup(tidy_free))) = calls_path(dir, name, 0);
    char *older __attribute__((cleanup(tidy_free))) = calls_path(dir, name, 1);
    line_write(request, &line);
    if (!path || !older || line.rc != 0 || (mkdir(dir, 0700) != 0 && errno != EEXIST))
        return;
    if (stat(path, &info) == 0 && info.st_size > FILE_MAX)
        (void)rename(path, older);
    TIDY(close) int fd = open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (fd >= 0 && write(fd, line.data, line.len) < 0)
        return;
}
