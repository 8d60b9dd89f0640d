/* calls - what was called when, and what came of it. */
#include "broker/calls.h"

#include "base/clock.h"
#include "base/date.h"
#include "base/descriptor.h"
#include "base/fault.h"
#include "base/jsontext.h"
#include "base/mem.h"
#include "broker/http_inside.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
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

/* Nobody else writes to it, or takes lines out of it, until it is closed. Its place may be another file's by the time
 * that it is ours. -1 and errno. */
static int file_open(const char *path, int flags)
{
    enum { TRIES = 100 };
    for (int tries = 0; tries < TRIES; tries++) {
        struct stat ours, there;
        TIDY(close) int fd = open(path, flags | O_CLOEXEC | O_NOFOLLOW, 0600);
        if (fd < 0 || flock(fd, LOCK_EX) != 0 || fstat(fd, &ours) != 0)
            return -1;
        if (stat(path, &there) == 0 && ours.st_dev == there.st_dev && ours.st_ino == there.st_ino)
            return take_fd(&fd);
    }
    errno = EAGAIN;
    return -1;
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
    TIDY(close) int fd = file_open(path, O_WRONLY | O_CREAT | O_APPEND);
    if (fd >= 0 && fstat(fd, &info) == 0 && info.st_size > FILE_MAX && rename(path, older) == 0) {
        close(fd);
        fd = file_open(path, O_WRONLY | O_CREAT | O_APPEND);
    }
    if (fd >= 0 && write(fd, line.data, line.len) < 0)
        return;
}

/* --- what is kept no longer --- */

static const char suffix[] = ".jsonl";

static void folder_close(DIR **folder)
{
    if (*folder)
        closedir(*folder);
}

/* When the call of a line was; false: it was being written when the machine went down. */
static bool line_at(const char *line, size_t len, int64_t *ret_ms)
{
    static const char head[] = "{\"at\":\"";
    enum { AT = sizeof(head) - 1, INSTANT = 24 };
    return len > AT + INSTANT && memcmp(line, head, AT) == 0 && instant_read(line + AT, INSTANT, ret_ms);
}

/* How much of a text is older, and how many lines that is. They stand there as they were called. */
static size_t lines_before(const struct buffer *text, int64_t before_ms, uint64_t *ret_lines)
{
    size_t at = 0;
    uint64_t lines = 0;
    while (at < text->len) {
        const char *end = memchr(text->data + at, '\n', text->len - at);
        size_t next = end ? (size_t)(end - text->data) + 1 : text->len;
        int64_t ms;
        if (line_at(text->data + at, next - at, &ms) && ms >= before_ms)
            break;
        at = next;
        lines++;
    }
    *ret_lines += lines;
    return at;
}

/* What is left takes the file's place, whole. */
static int file_replace(const char *path, const char *left, size_t len)
{
    char *fresh __attribute__((cleanup(tidy_free))) = mem_format("%s.new", path);
    if (!fresh)
        return -ENOMEM;
    TIDY(close) int fd = open(fresh, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0600);
    int rc = fd >= 0 ? descriptor_write(fd, left, len) : -errno;
    if (rc == 0 && fdatasync(fd) != 0)
        rc = -errno;
    fault_kill("calls");
    if (rc == 0 && rename(fresh, path) != 0)
        rc = -errno;
    if (rc != 0)
        (void)unlink(fresh);
    return rc;
}

/* Lines stand there in their order: where the first one stays all do. */
static bool first_stays(int fd, int64_t before_ms)
{
    char head[64];
    int64_t ms;
    ssize_t got = pread(fd, head, sizeof(head), 0);
    return got > 0 && line_at(head, (size_t)got, &ms) && ms >= before_ms;
}

static int file_trim(const char *path, int64_t before_ms, bool look, uint64_t *ret_lines)
{
    TIDY_DONE(buffer_done) struct buffer text = {0};
    TIDY(close) int fd = file_open(path, O_RDONLY);
    if (fd < 0)
        return errno == ENOENT ? 0 : -errno;
    if (first_stays(fd, before_ms))
        return 0;
    int rc = descriptor_read_file(path, &text);
    size_t gone = rc == 0 ? lines_before(&text, before_ms, ret_lines) : 0;
    if (rc != 0 || look || gone == 0)
        return rc;
    if (gone == text.len)
        return unlink(path) == 0 ? 0 : -errno;
    return file_replace(path, text.data + gone, text.len - gone);
}

int calls_trim(const char *dir, int64_t before_ms, bool look, uint64_t *ret_lines)
{
    DIR *folder __attribute__((cleanup(folder_close))) = opendir(dir);
    int rc = 0;
    for (struct dirent *entry; folder && rc == 0 && (entry = readdir(folder));) {
        size_t len = strlen(entry->d_name);
        if (len < sizeof(suffix) || strcmp(entry->d_name + len - (sizeof(suffix) - 1), suffix) != 0)
            continue;
        char *path __attribute__((cleanup(tidy_free))) = mem_format("%s/%s", dir, entry->d_name);
        rc = path ? file_trim(path, before_ms, look, ret_lines) : -ENOMEM;
    }
    return rc;
}
