/* http_request - what goes out: a call as the connector asks it, and an attempt at it. */
#include "broker/http_inside.h"

#include "base/clock.h"
#include "base/mem.h"
#include "broker/hosts.h"
#include "broker/token.h"
#include "broker/turn.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/stat.h>

enum { PAIRS_MAX = 200, NONCE_LEN = 20 };

/* At most 256 bytes, which come whole or not at all. */
static void random_fill(void *ret, size_t len)
{
    while (getrandom(ret, len, 0) != (ssize_t)len)
        continue;
}

uint64_t request_random(void)
{
    uint64_t value = 0;
    random_fill(&value, sizeof(value));
    return value;
}

/* --- what is asked --- */

static int file_take(int fd, int *ret_fd, uint64_t *ret_len, struct err *err)
{
    struct stat info;
    if (fstat(fd, &info) != 0 || !S_ISREG(info.st_mode))
        return err_set(err, ERR_CONNECTOR, "the connector gives a body that is no file");
    *ret_fd = fcntl(fd, F_DUPFD_CLOEXEC, 3);
    *ret_len = (uint64_t)info.st_size;
    return *ret_fd < 0 ? -errno : 0;
}

static const char *text_take(struct arena *arena, const char *text, bool borrowed, int *rc)
{
    if (!text || borrowed)
        return text;
    const char *copy = arena_text(arena, text);
    if (!copy)
        *rc = -ENOMEM;
    return copy;
}

static int headers_take(struct request *request, const muster_http *ask, bool borrowed, struct err *err)
{
    size_t count = 0, bytes = 0;
    while (ask->headers && ask->headers[count])
        bytes += strlen(ask->headers[count++]);
    if (bytes > HTTP_HEADERS_MAX)
        return err_set(err, ERR_CONNECTOR, "the connector sends headers of %zu bytes", bytes);
    const char **headers = arena_get(request->arena, (count + 1) * sizeof(*headers));
    int rc = headers ? 0 : -ENOMEM;
    for (size_t i = 0; i < count && rc == 0; i++) {
        const char *text = ask->headers[i], *colon = strchr(text, ':');
        if (!colon || colon == text || strpbrk(text, "\r\n"))
            return err_set(err, ERR_CONNECTOR, "the connector sends a header that is none: '%.60s'", text);
        headers[i] = text_take(request->arena, text, borrowed, &rc);
    }
    request->headers = headers;
    request->header_count = count;
    return rc;
}

static int parts_take(struct request *request, const muster_http *ask, bool borrowed, struct err *err)
{
    size_t count = 0;
    while (ask->parts && ask->parts[count])
        count++;
    request->parts = arena_get(request->arena, (count + 1) * sizeof(*request->parts));
    int rc = request->parts ? 0 : -ENOMEM;
    for (size_t i = 0; i < count && rc == 0; i++) {
        const muster_part *from = ask->parts[i];
        struct request_part *part = &request->parts[request->part_count++];
        part->part = *from;
        part->fd = -1;
        part->part.name = text_take(request->arena, from->name ? from->name : "", borrowed, &rc);
        part->part.filename = text_take(request->arena, from->filename, borrowed, &rc);
        part->part.type = text_take(request->arena, from->type, borrowed, &rc);
        if (!from->body)
            rc = rc ? rc : file_take(from->fd, &part->fd, &part->fd_len, err);
        else if (!borrowed && !(part->part.body = arena_copy(request->arena, from->body, from->body_len)))
            rc = -ENOMEM;
    }
    return rc;
}

static int body_take(struct request *request, const muster_http *ask, bool borrowed, struct err *err)
{
    uint64_t len = 0;
    request->body_fd = -1;
    if (ask->flags & MUSTER_BODY_FD) {
        int rc = file_take(ask->fd, &request->body_fd, &len, err);
        request->body_len = (size_t)len;
        return rc;
    }
    request->body_len = ask->body ? ask->body_len : 0;
    request->body = ask->body;
    if (ask->body && !borrowed)
        request->body = arena_copy(request->arena, ask->body, ask->body_len);
    return ask->body && !request->body ? -ENOMEM : 0;
}

/* A method is letters; some say of themselves that they may be repeated. */
static int method_take(struct request *request, const char *method, bool borrowed, struct err *err)
{
    static const char *const idempotent[] = {"GET", "HEAD", "PUT", "DELETE", "OPTIONS", "TRACE"};
    int rc = 0;
    request->method = method ? text_take(request->arena, method, borrowed, &rc) : "GET";
    if (rc != 0)
        return rc;
    size_t letters = strspn(request->method, "ABCDEFGHIJKLMNOPQRSTUVWXYZ-");
    if (letters == 0 || letters > 20 || request->method[letters])
        return err_set(err, ERR_CONNECTOR, "the connector wants to call by the method '%.20s', which is none",
                       request->method);
    for (size_t i = 0; i < sizeof(idempotent) / sizeof(idempotent[0]); i++)
        request->repeatable = request->repeatable || strcmp(request->method, idempotent[i]) == 0;
    return 0;
}

static int accept_take(struct request *request, const muster_http *ask, bool borrowed)
{
    size_t count = 0;
    request->accept = ask->accept;
    if (!ask->accept || borrowed)
        return 0;
    while (ask->accept[count])
        count++;
    request->accept =
        (const int32_t *)(const void *)arena_copy(request->arena, ask->accept, (count + 1) * sizeof(*ask->accept));
    return request->accept ? 0 : -ENOMEM;
}

static int take(struct request *request, const muster_http *ask, bool borrowed, struct err *err)
{
    int rc = method_take(request, ask->method, borrowed, err);
    if (rc == 0 && (rc = url_read(request->arena, ask->url ? ask->url : "", &request->url)) == ERR_CONFIG)
        rc = err_set(err, rc, "the connector wants to call '%.100s', which is no http or https address",
                     ask->url ? ask->url : "");
    if (rc == 0)
        rc = hosts_allow(request->http->setup.connection, &request->url, err);
    if (rc == 0)
        rc = headers_take(request, ask, borrowed, err);
    if (rc == 0)
        rc = body_take(request, ask, borrowed, err);
    if (rc == 0)
        rc = parts_take(request, ask, borrowed, err);
    if (rc == 0)
        rc = accept_take(request, ask, borrowed);
    request->partition = text_take(request->arena, ask->partition, borrowed, &rc);
    request->capture = text_take(request->arena, ask->capture, borrowed, &rc);
    request->auth = ask->auth;
    if (rc == 0 && !borrowed)
        rc = auth_copy(request->arena, ask->auth, &request->auth);
    return rc;
}

int request_new(struct http *http, const muster_http *ask, bool borrowed, struct request **ret_request)
{
    struct request *request TIDY(request_free) = mem_new(1, sizeof(*request));
    if (!request || !(request->arena = arena_new()))
        return -ENOMEM;
    request->http = http;
    request->body_fd = request->in_fd = request->out_fd = request->reply.fd = -1;
    request->in.ceiling = request->head.ceiling = HTTP_REPLY_MAX;
    request->repeatable = (ask->flags & MUSTER_IDEMPOTENT) != 0;
    request->timeout_ms = ask->timeout_ms > 0 ? ask->timeout_ms : HTTP_TIMEOUT_MS;
    request->begun_ms = request->not_before_ms = clock_steady_ms();
    request->method = "GET";
    request->url = (struct url){.host = "", .path = "/", .query = ""};
    struct err err = {0};
    int rc = take(request, ask, borrowed, &err);
    if (rc == -ENOMEM)
        return rc;
    if (rc != 0) {
        said(request, turn_of(rc), "%s", err.rc != 0 ? err.text : err_text(rc));
        request->state = REQUEST_DONE;
    }
    *ret_request = TAKE(request);
    return 0;
}

void request_free(struct request *request)
{
    if (!request)
        return;
    request_off(request);
    reply_forget(request);
    for (size_t i = 0; i < request->part_count; i++)
        if (request->parts[i].fd >= 0)
            close(request->parts[i].fd);
    if (request->body_fd >= 0)
        close(request->body_fd);
    if (request->reply.fd >= 0)
        close(request->reply.fd);
    buffer_done(&request->head);
    buffer_done(&request->in);
    free(request->lines_in);
    arena_free(request->arena);
    free(request);
}

/* --- the parameters of the connector's own --- */

static int hex_of(char c)
{
    const char *digits = "0123456789abcdef", *at = c ? strchr(digits, c | 0x20) : NULL;
    return at ? (int)(at - digits) : -1;
}

static char *unescaped(struct arena *arena, const char *text, size_t len)
{
    char *copy = arena_copy(arena, text, len), *to = copy;
    for (size_t i = 0; copy && i < len; i++) {
        int high = text[i] == '%' && i + 2 < len ? hex_of(text[i + 1]) : -1;
        int low = high >= 0 ? hex_of(text[i + 2]) : -1;
        if (low >= 0) {
            *to++ = (char)(high * 16 + low);
            i += 2;
        } else {
            *to++ = text[i] == '+' ? ' ' : text[i];
        }
    }
    if (copy)
        *to = '\0';
    return copy;
}

static size_t pairs_read(struct arena *arena, const char *text, size_t len, struct recipe_pair *pairs, size_t room)
{
    size_t count = 0;
    for (const char *at = text, *end = text + len; at < end && count < room;) {
        const char *amp = memchr(at, '&', (size_t)(end - at)), *stop = amp ? amp : end;
        const char *equals = memchr(at, '=', (size_t)(stop - at));
        const char *name_end = equals ? equals : stop;
        pairs[count].name = unescaped(arena, at, (size_t)(name_end - at));
        pairs[count].value = equals ? unescaped(arena, equals + 1, (size_t)(stop - equals - 1)) : "";
        if (pairs[count].name && pairs[count].value && *pairs[count].name)
            count++;
        at = stop + 1;
    }
    return count;
}

static const char *content_type(const struct request *request)
{
    for (size_t i = 0; i < request->header_count; i++)
        if (strncasecmp(request->headers[i], "Content-Type:", 13) == 0)
            return request->headers[i] + 13 + strspn(request->headers[i] + 13, " ");
    return NULL;
}

/* --- an attempt --- */

static int token_of(void *context, const muster_auth *link, const char **ret_token, struct err *err)
{
    return token_for(context, link, ret_token, err);
}

static int login_make(struct request *request, struct err *err)
{
    struct body body = request_body(request);
    struct recipe_pair pairs[PAIRS_MAX];
    const char *type = content_type(request);
    if (!request->auth)
        return 0;
    size_t count = pairs_read(request->arena, request->url.query, strlen(request->url.query), pairs, PAIRS_MAX);
    if (type && strncasecmp(type, "application/x-www-form-urlencoded", 33) == 0 && request->body)
        count += pairs_read(request->arena, request->body, request->body_len, pairs + count, PAIRS_MAX - count);
    char nonce[NONCE_LEN + 1];
    uint64_t picks[NONCE_LEN];
    random_fill(picks, sizeof(picks));
    for (size_t i = 0; i < NONCE_LEN; i++)
        nonce[i] = "abcdefghijklmnopqrstuvwxyz0123456789"[picks[i] % 36];
    nonce[NONCE_LEN] = '\0';
    struct auth_case one = {.auth = request->auth,
                            .keyring = &request->http->keyring,
                            .method = request->method,
                            .url = &request->url,
                            .body = body.data,
                            .body_len = request->body_fd < 0 ? body.len : 0,
                            .body_fd = request->body_fd,
                            .pairs = pairs,
                            .pair_count = count,
                            .now_ms = clock_now_ms(),
                            .nonce = nonce,
                            .fallback = request->fallback,
                            .capturing = request->capture != NULL,
                            .token = token_of,
                            .context = request};
    /* Of several parts the file is what is signed. */
    for (size_t i = 0; i < request->part_count; i++)
        if (request->parts[i].part.filename) {
            one.body = request->parts[i].part.body;
            one.body_len = one.body ? request->parts[i].part.body_len : 0;
            one.body_fd = request->parts[i].fd;
            break;
        }
    return auth_make(&one, &request->made, err);
}

static void line_add(struct request *request, const char *line)
{
    struct curl_slist *longer = line ? request->http->curl->slist_append(request->lines, line) : NULL;
    if (longer)
        request->lines = longer;
    else
        request->in_rc = -ENOMEM;
}

static bool has_line(const struct request *request, const char *name)
{
    size_t len = strlen(name);
    for (size_t i = 0; i < request->header_count; i++)
        if (strncasecmp(request->headers[i], name, len) == 0 && request->headers[i][len] == ':')
            return true;
    return false;
}

/* The connector's headers, those of the log-in, and none that curl would add by itself. */
static int lines_make(struct request *request)
{
    TIDY_DONE(buffer_done) struct buffer line = {0};
    request->in_rc = 0;
    for (size_t i = 0; i < request->header_count; i++) {
        const char *text = request->headers[i], *colon = strchr(text, ':');
        if (colon[1 + strspn(colon + 1, " ")] != '\0') {
            line_add(request, text);
            continue;
        }
        buffer_clear(&line); /* curl's word for a header with an empty value */
        buffer_format(&line, "%.*s;", (int)(colon - text), text);
        line_add(request, line.data);
    }
    bool in_form = false;
    for (size_t i = 0; i < request->made.count; i++) {
        const struct auth_placed *placed = &request->made.placed[i];
        in_form = in_form || placed->where == AUTH_FORM;
        if (placed->where != AUTH_HEADER)
            continue;
        buffer_clear(&line);
        buffer_format(&line, "%s: %s", placed->name, placed->value.data);
        line_add(request, line.data);
    }
    if (line.data)
        explicit_bzero(line.data, line.room);
    if (in_form && !has_line(request, "Content-Type"))
        line_add(request, "Content-Type: application/x-www-form-urlencoded");
    else if (!has_line(request, "Content-Type") && request->part_count == 0)
        line_add(request, "Content-Type:");
    line_add(request, "Expect:");
    return request->in_rc;
}

static int target_make(struct request *request)
{
    TIDY_DONE(buffer_done) struct buffer query = {0};
    buffer_text(&query, request->url.query);
    for (size_t i = 0; i < request->made.count; i++) {
        const struct auth_placed *placed = &request->made.placed[i];
        if (placed->where != AUTH_QUERY)
            continue;
        if (query.len > 0)
            buffer_byte(&query, '&');
        url_escape(placed->name, strlen(placed->name), &query);
        buffer_byte(&query, '=');
        url_escape(placed->value.data, placed->value.len, &query);
    }
    buffer_clear(&request->target);
    if (query.rc == 0)
        url_write(&request->url, query.data ? query.data : "", &request->target);
    int rc = query.rc ? query.rc : request->target.rc;
    if (query.data)
        explicit_bzero(query.data, query.room);
    return rc;
}

static size_t body_read(char *to, size_t size, size_t count, void *context)
{
    struct request *request = context;
    uint64_t left = request->out_len - request->out_at, take = size * count;
    if (take > left)
        take = left;
    if (take == 0)
        return 0;
    request->went_out = true;
    if (request->out_fd < 0) {
        memcpy(to, request->out + request->out_at, (size_t)take);
    } else {
        ssize_t got = pread(request->out_fd, to, (size_t)take, (off_t)request->out_at);
        if (got <= 0)
            return CURL_READFUNC_ABORT; /* somebody cut the file off */
        take = (uint64_t)got;
    }
    request->out_at += take;
    return (size_t)take;
}

/* curl rewinds when a connection that it kept turned out to be dead: what may have arrived is not sent twice. */
static int body_seek(void *context, curl_off_t offset, int origin)
{
    struct request *request = context;
    if (origin != SEEK_SET || (request->went_out && !request->repeatable))
        return CURL_SEEKFUNC_FAIL;
    request->out_at = (uint64_t)offset;
    return CURL_SEEKFUNC_OK;
}

static size_t part_read(char *to, size_t size, size_t count, void *context)
{
    struct request_part *part = context;
    uint64_t left = part->fd_len - part->fd_at, take = size * count;
    ssize_t got = 0;
    if (take > left)
        take = left;
    if (take > 0 && part->fd >= 0)
        got = pread(part->fd, to, (size_t)take, (off_t)part->fd_at);
    else if (take > 0)
        memcpy(to, part->part.body + part->fd_at, (size_t)(got = (ssize_t)take));
    if (take > 0 && got <= 0)
        return CURL_READFUNC_ABORT;
    part->fd_at += (uint64_t)got;
    return (size_t)got;
}

/* As with a whole body: what may have arrived is not sent twice. */
static int part_seek(void *context, curl_off_t offset, int origin)
{
    struct request_part *part = context;
    if (origin != SEEK_SET || (part->once && part->fd_at > 0))
        return CURL_SEEKFUNC_FAIL;
    part->fd_at = (uint64_t)offset;
    return CURL_SEEKFUNC_OK;
}

static int parts_make(struct request *request)
{
    const struct curl *curl = request->http->curl;
    request->mime = curl->mime_init(request->easy);
    for (size_t i = 0; i < request->part_count; i++) {
        struct request_part *part = &request->parts[i];
        curl_mimepart *made = request->mime ? curl->mime_addpart(request->mime) : NULL;
        part->fd_at = 0;
        part->once = !request->repeatable;
        if (part->part.body)
            part->fd_len = part->part.body_len;
        if (!made || curl->mime_name(made, part->part.name) != CURLE_OK ||
            curl->mime_data_cb(made, (curl_off_t)part->fd_len, part_read, part_seek, NULL, part) != CURLE_OK ||
            (part->part.filename && curl->mime_filename(made, part->part.filename) != CURLE_OK) ||
            (part->part.type && curl->mime_type(made, part->part.type) != CURLE_OK))
            return -ENOMEM;
    }
    request->went_out = true; /* nobody counts what curl has put together */
    curl->easy_setopt(request->easy, CURLOPT_MIMEPOST, request->mime);
    return 0;
}

static int body_make(struct request *request)
{
    const struct curl *curl = request->http->curl;
    CURL *easy = request->easy;
    bool bare = strcmp(request->method, "POST") != 0 && strcmp(request->method, "PUT") != 0 &&
                strcmp(request->method, "PATCH") != 0;
    if (request->part_count > 0)
        return parts_make(request);
    struct body body = request_body(request);
    request->out = request->made.in_body ? request->made.body.data : body.data;
    request->out_len = request->made.in_body ? request->made.body.len : body.len;
    request->out_fd = request->made.in_body ? -1 : request->body_fd;
    request->out_at = 0;
    if (request->out_len == 0 && bare)
        return 0;
    curl->easy_setopt(easy, CURLOPT_POST, 1L);
    curl->easy_setopt(easy, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)request->out_len);
    if (request->out_len == 0) {
        curl->easy_setopt(easy, CURLOPT_POSTFIELDS, "");
        /* Without a body nothing would stop curl from asking twice on a connection that turned out to be dead. */
        curl->easy_setopt(easy, CURLOPT_FRESH_CONNECT, request->repeatable ? 0L : 1L);
        return 0;
    }
    curl->easy_setopt(easy, CURLOPT_READFUNCTION, body_read);
    curl->easy_setopt(easy, CURLOPT_READDATA, request);
    curl->easy_setopt(easy, CURLOPT_SEEKFUNCTION, body_seek);
    curl->easy_setopt(easy, CURLOPT_SEEKDATA, request);
    curl->easy_setopt(easy, CURLOPT_UPLOAD_BUFFERSIZE, 256L * 1024);
    return 0;
}

/* What holds for every call: certificates, proxy, patience. */
static void way_make(struct request *request)
{
    const struct http *http = request->http;
    const struct curl *curl = http->curl;
    CURL *easy = request->easy;
    int64_t left = (int64_t)request->timeout_ms - (clock_steady_ms() - request->begun_ms);
    curl->easy_setopt(easy, CURLOPT_PROTOCOLS_STR, request->url.tls ? "https" : "http");
    curl->easy_setopt(easy, CURLOPT_SSL_VERIFYPEER, 1L);
    curl->easy_setopt(easy, CURLOPT_SSL_VERIFYHOST, 2L);
    curl->easy_setopt(easy, CURLOPT_SSLVERSION, (long)CURL_SSLVERSION_TLSv1_2);
    if (http->ca_file && *http->ca_file) { /* then nobody else vouches */
        curl->easy_setopt(easy, CURLOPT_CAINFO, http->ca_file);
        curl->easy_setopt(easy, CURLOPT_CAPATH, NULL);
    }
    curl->easy_setopt(easy, CURLOPT_PROXY, http->proxy ? http->proxy : "");
    curl->easy_setopt(easy, CURLOPT_NOPROXY, "localhost,127.0.0.1,::1");
    curl->easy_setopt(easy, CURLOPT_SUPPRESS_CONNECT_HEADERS, 1L);
    curl->easy_setopt(easy, CURLOPT_NOSIGNAL, 1L);
    curl->easy_setopt(easy, CURLOPT_FOLLOWLOCATION, 0L);
    curl->easy_setopt(easy, CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_2TLS);
    curl->easy_setopt(easy, CURLOPT_PIPEWAIT, 1L);
    curl->easy_setopt(easy, CURLOPT_CONNECTTIMEOUT_MS, (long)PATIENCE_CONNECT_MS);
    curl->easy_setopt(easy, CURLOPT_TIMEOUT_MS, (long)(left > 1 ? left : 1));
    curl->easy_setopt(easy, CURLOPT_LOW_SPEED_LIMIT, 1L);
    curl->easy_setopt(easy, CURLOPT_LOW_SPEED_TIME, (long)HTTP_SILENCE_S);
    curl->easy_setopt(easy, CURLOPT_ACCEPT_ENCODING, "");
    curl->easy_setopt(easy, CURLOPT_USERAGENT, "muster/" PACKAGE_VERSION);
    curl->easy_setopt(easy, CURLOPT_ERRORBUFFER, request->curl_said);
    curl->easy_setopt(easy, CURLOPT_PRIVATE, request);
}

static int wire_make(struct request *request, struct err *err)
{
    const struct curl *curl = request->http->curl;
    request->easy = curl->easy_init();
    if (!request->easy)
        return -ENOMEM;
    request->curl_said[0] = '\0';
    way_make(request);
    int rc = target_make(request);
    if (rc == 0)
        rc = lines_make(request);
    if (rc == 0)
        rc = body_make(request);
    if (rc != 0)
        return rc;
    curl->easy_setopt(request->easy, CURLOPT_URL, request->target.data);
    curl->easy_setopt(request->easy, CURLOPT_HTTPHEADER, request->lines);
    if (strcmp(request->method, "HEAD") == 0)
        curl->easy_setopt(request->easy, CURLOPT_NOBODY, 1L);
    else
        curl->easy_setopt(request->easy, CURLOPT_CUSTOMREQUEST, request->method);
    reply_expect(request);
    return curl->multi_add_handle(request->http->multi, request->easy) == CURLM_OK
               ? 0
               : err_set(err, -ENOMEM, "%s", err_text(-ENOMEM));
}

int request_go(struct request *request, struct err *err)
{
    int rc = request_fill(request);
    if (rc == 0)
        rc = login_make(request, err);
    if (rc == 0)
        rc = wire_make(request, err);
    if (rc == 0) {
        request->attempts++;
        return 0;
    }
    request_off(request);
    return rc;
}

void request_off(struct request *request)
{
    const struct curl *curl = request->http->curl;
    if (request->easy) {
        curl->multi_remove_handle(request->http->multi, request->easy);
        curl->easy_cleanup(request->easy);
        request->easy = NULL;
    }
    if (request->state == REQUEST_ON_WIRE)
        request->state = REQUEST_WAITING;
    if (request->mime)
        curl->mime_free(request->mime);
    if (request->lines)
        curl->slist_free_all(request->lines);
    request->mime = NULL;
    request->lines = NULL;
    auth_made_done(&request->made);
    if (request->filled.data)
        explicit_bzero(request->filled.data, request->filled.room);
    buffer_done(&request->filled);
    if (request->target.data)
        explicit_bzero(request->target.data, request->target.room);
    buffer_done(&request->target);
}
