/* web_request - one request: its headers, its body as it comes, its answer. */
#include "web/web_inside.h"

#include "base/clock.h"
#include "base/jsontext.h"
#include "base/mem.h"

#include <errno.h>
#include <stdarg.h>
#include <string.h>
#include <strings.h>

enum {
    PATIENCE = 2 << 20,    /* so much of a body that nobody wants is read: who still sends may miss an answer */
    ALL_BODIES = 64 << 20, /* on their way at once */
    DETAIL = 500,
};

struct request {
    struct web_request seen; /* first */
    struct web *web;
    struct server *server;
    struct MHD_Connection *connection;
    char *target;
    struct buffer body;
    struct unzip *unzip;
    size_t came, counted; /* bytes of the body; of these, in web->body_bytes */
    bool began, whole, closes;
    bool waits;        /* in the turn, for its answer */
    uint64_t moved_in; /* the turn */
    unsigned status;
    _Atomic enum fate { OPEN, ANSWERED /* by web_answer() */, GONE /* before */ } fate;
};

static struct request *request_of(struct web_request *seen)
{
    return (struct request *)seen;
}

/* --- what it says --- */

const char *web_header(struct web_request *request, const char *name)
{
    return MHD_lookup_connection_value(request_of(request)->connection, MHD_HEADER_KIND, name);
}

const char *web_query(struct web_request *request, const char *name)
{
    return MHD_lookup_connection_value(request_of(request)->connection, MHD_GET_ARGUMENT_KIND, name);
}

struct queries {
    web_query_fn *each;
    void *context;
    bool good;
};

static enum MHD_Result take_query(void *cls, enum MHD_ValueKind kind, const char *name, size_t name_len,
                                  const char *value, size_t len)
{
    struct queries *queries = cls;
    (void)kind, (void)name_len;
    queries->good = queries->each(queries->context, name, value, len);
    return queries->good ? MHD_YES : MHD_NO;
}

bool web_queries(struct web_request *request, web_query_fn *each, void *context)
{
    struct queries queries = {each, context, true};
    MHD_get_connection_values_n(request_of(request)->connection, MHD_GET_ARGUMENT_KIND, take_query, &queries);
    return queries.good;
}

void web_head(struct web_reply *reply, const char *name, const char *value)
{
    buffer_format(&reply->heads, "%s: %s\n", name, value);
}

static const char *title_of(unsigned status)
{
    switch (status) {
    case 400: return "Bad Request";
    case 401: return "Unauthorized";
    case 403: return "Forbidden";
    case 404: return "Not Found";
    case 405: return "Method Not Allowed";
    case 408: return "Request Timeout";
    case 409: return "Conflict";
    case 413: return "Content Too Large";
    case 415: return "Unsupported Media Type";
    case 422: return "Unprocessable Content";
    case 501: return "Not Implemented";
    case 502: return "Bad Gateway";
    case 503: return "Service Unavailable";
    case 504: return "Gateway Timeout";
    default: return "Internal Server Error";
    }
}

void web_problem(struct web_reply *reply, unsigned status, const char *format, ...)
{
    char detail[DETAIL];
    va_list args;
    va_start(args, format);
    vsnprintf(detail, sizeof(detail), format, args);
    va_end(args);
    buffer_clear(&reply->body);
    reply->status = status;
    reply->type = "application/problem+json";
    buffer_text(&reply->body, "{\"type\":\"about:blank\",\"title\":");
    json_text(&reply->body, title_of(status));
    buffer_format(&reply->body, ",\"status\":%u,\"detail\":", status);
    json_text(&reply->body, detail);
    buffer_text(&reply->body, "}\n");
}

/* --- headers --- */

static struct caller *caller_of(struct MHD_Connection *connection)
{
    const union MHD_ConnectionInfo *info = MHD_get_connection_info(connection, MHD_CONNECTION_INFO_SOCKET_CONTEXT);
    return info ? info->socket_context : NULL;
}

static void caller_says(struct request *request, bool saying, bool owes)
{
    struct caller *caller = caller_of(request->connection);
    pthread_mutex_lock(&request->web->lock);
    if (caller && owes != (caller->since_ms != 0))
        caller->since_ms = owes ? clock_steady_ms() : 0;
    if (caller)
        caller->saying = saying;
    pthread_mutex_unlock(&request->web->lock);
}

/* So that it can be ended where the server is to be. */
static void caller_hears(struct request *request, struct web_stream *stream)
{
    struct caller *caller = caller_of(request->connection);
    pthread_mutex_lock(&request->web->lock);
    if (caller)
        caller->stream = stream;
    pthread_mutex_unlock(&request->web->lock);
}

void *web_begins(void *cls, const char *uri, struct MHD_Connection *connection)
{
    struct request *request = mem_new(1, sizeof(*request));
    if (!request)
        return NULL;
    request->server = cls;
    request->web = request->server->web;
    request->connection = connection;
    request->target = mem_text(uri);
    return request;
}

/* How long the body is to be; -1: it does not say (chunks), -2: it is no number. */
static int64_t length_of(struct request *request)
{
    const char *said = web_header(&request->seen, "Content-Length");
    const char *chunks = web_header(&request->seen, "Transfer-Encoding");
    if (chunks || !said)
        return chunks ? -1 : 0;
    char *end;
    errno = 0;
    long long len = strtoll(said, &end, 10);
    return errno != 0 || end == said || *end != '\0' || len < 0 ? -2 : len;
}

static void look_at_encoding(struct request *request)
{
    const char *encoding = web_header(&request->seen, "Content-Encoding");
    if (!encoding || strcasecmp(encoding, "identity") == 0)
        return;
    if (strcasecmp(encoding, "gzip") != 0 && strcasecmp(encoding, "x-gzip") != 0)
        web_problem(&request->seen.reply, 415, "A body may come as it is, or in gzip.");
    else if (!(request->unzip = unzip_new(request->seen.body_max)))
        web_problem(&request->seen.reply, 503, "There is no memory for a body now.");
}

static void too_large(struct request *request)
{
    if (request->seen.reply.status == 0)
        web_problem(&request->seen.reply, 413, "The body may have %zu bytes at most.", request->seen.body_max);
}

/* Whether the rest is read: else the answer goes at once, and the connection ends with it. */
static bool reads_on(struct request *request, int64_t len)
{
    if (request->seen.reply.status == 0)
        return true;
    bool asks = web_header(&request->seen, "Expect") != NULL;
    request->closes = len != 0 && (asks || len > PATIENCE || len == -2);
    return !request->closes;
}

static void headers_done(struct request *request, const char *url, const char *method)
{
    struct web_request *seen = &request->seen;
    const union MHD_ConnectionInfo *peer =
        MHD_get_connection_info(request->connection, MHD_CONNECTION_INFO_CLIENT_ADDRESS);
    seen->method = method;
    seen->path = url;
    seen->target = request->target ? request->target : "";
    seen->peer = peer ? peer->client_addr : NULL;
    seen->body = "";
    request->began = true;
    caller_says(request, true, true);
    if (!request->target || !seen->peer)
        web_problem(&seen->reply, 503, "There is no memory for a request now.");
    else if (request->web->handler.begins(request->web->handler.context, seen))
        look_at_encoding(request);
    int64_t len = length_of(request);
    if (len == -2)
        web_problem(&seen->reply, 400, "Content-Length is no number.");
    else if (len > 0 && !request->unzip && (uint64_t)len > seen->body_max)
        too_large(request);
}

/* --- the body --- */

static void count_body(struct request *request, size_t more)
{
    size_t all = atomic_fetch_add(&request->web->body_bytes, more) + more;
    request->counted += more;
    if (all > ALL_BODIES && request->seen.reply.status == 0) {
        web_problem(&request->seen.reply, 503, "Too much is coming in at once; try again soon.");
        request->seen.reply.retry_after_s = 1;
    }
}

/* False: nothing more of it is read, not even to throw it away. */
static bool body_takes(struct request *request, const char *bytes, size_t len)
{
    struct web_request *seen = &request->seen;
    request->came += len;
    if (seen->reply.status != 0)
        return request->came <= PATIENCE + seen->body_max;
    size_t before = request->body.len;
    int rc = 0;
    if (request->unzip)
        rc = unzip_add(request->unzip, bytes, len, &request->body);
    else
        buffer_add(&request->body, bytes, len);
    if (rc == ERR_LIMIT || request->body.len > seen->body_max)
        too_large(request);
    else if (rc == ERR_DATA)
        web_problem(&seen->reply, 400, "The body says that it is gzip, and it is not.");
    else if (rc != 0 || request->body.rc != 0)
        web_problem(&seen->reply, 503, "There is no memory for a body now.");
    count_body(request, request->body.len - before);
    if (seen->reply.status != 0)
        buffer_done(&request->body);
    return true;
}

/* --- the answer --- */

static void add_heads(struct MHD_Response *response, const struct buffer *heads)
{
    for (char *at = heads->data; at && *at;) {
        size_t name = strcspn(at, ":"), len = strcspn(at, "\n");
        at[name] = at[len] = '\0';
        MHD_add_response_header(response, at, at + name + 2);
        at += len + 1;
    }
}

static const char *type_of(const struct web_reply *reply)
{
    return reply->type ? reply->type : "application/json";
}

static struct MHD_Response *make_response(struct request *request)
{
    struct web_reply *reply = &request->seen.reply;
    struct MHD_Response *response =
        reply->stream && reply->status == 200
            ? web_stream_response(reply->stream, request->server, request->connection)
            : MHD_create_response_from_buffer(
                  reply->body.len, reply->body.data ? reply->body.data : (void *)(uintptr_t) "", MHD_RESPMEM_MUST_COPY);
    if (!response)
        return NULL;
    char number[16];
    MHD_add_response_header(response, "Content-Type", type_of(reply));
    if (!reply->heads.data || !strstr(reply->heads.data, "Cache-Control: "))
        MHD_add_response_header(response, "Cache-Control", "no-store");
    add_heads(response, &reply->heads);
    if (reply->retry_after_s > 0) {
        snprintf(number, sizeof(number), "%u", reply->retry_after_s);
        MHD_add_response_header(response, "Retry-After", number);
    }
    if (reply->allow)
        MHD_add_response_header(response, "Allow", reply->allow);
    if (reply->challenge)
        MHD_add_response_header(response, "WWW-Authenticate", "Bearer");
    if (request->closes)
        MHD_add_response_header(response, "Connection", "close");
    return response;
}

static bool is_for_anybody(const struct request *request)
{
    const struct web_reply *reply = &request->seen.reply;
    const struct saying *last = &request->server->last;
    return !reply->stream && reply->heads.len == 0 && reply->retry_after_s == 0 && !reply->allow && !reply->challenge &&
           !request->closes && strlen(type_of(reply)) < sizeof(last->type) && reply->body.len > 0 &&
           reply->body.len <= sizeof(last->body);
}

void saying_done(struct saying *saying)
{
    if (saying->response)
        MHD_destroy_response(saying->response);
    saying->response = NULL;
}

/* The one that was made last, if it says the same. The server's. */
static struct MHD_Response *last_response(struct request *request)
{
    const struct web_reply *reply = &request->seen.reply;
    struct saying *last = &request->server->last;
    if (last->response && strcmp(last->type, type_of(reply)) == 0 && last->len == reply->body.len &&
        memcmp(last->body, reply->body.data, last->len) == 0)
        return last->response;
    struct MHD_Response *response = make_response(request);
    if (!response)
        return NULL;
    saying_done(last);
    *last = (struct saying){.len = reply->body.len, .response = response};
    memcpy(last->type, type_of(reply), strlen(type_of(reply)) + 1);
    memcpy(last->body, reply->body.data, last->len);
    return response;
}

static enum MHD_Result send_reply(struct request *request)
{
    struct web_reply *reply = &request->seen.reply;
    if (reply->body.rc != 0 || reply->status == 0)
        web_problem(reply, 500, "There is no answer.");
    bool anybodys = is_for_anybody(request);
    struct MHD_Response *response = anybodys ? last_response(request) : make_response(request);
    if (!response)
        return MHD_NO;
    request->status = reply->status;
    caller_says(request, false, false);
    caller_hears(request, reply->status == 200 ? reply->stream : NULL);
    enum MHD_Result sent = MHD_queue_response(request->connection, reply->status, response);
    if (!anybodys)
        MHD_destroy_response(response);
    return sent;
}

static void request_end(struct request *request, unsigned status)
{
    if (request->began)
        request->web->handler.ends(request->web->handler.context, &request->seen, status);
    atomic_fetch_sub(&request->web->body_bytes, request->counted);
    unzip_free(request->unzip);
    buffer_done(&request->body);
    buffer_done(&request->seen.reply.body);
    buffer_done(&request->seen.reply.heads);
    web_stream_free(request->seen.reply.stream);
    free(request->target);
    free(request);
}

void web_answer(struct web_request *seen)
{
    struct request *request = request_of(seen);
    struct server *server = request->server;
    struct MHD_Connection *connection = request->connection;
    bool later = seen->when == WEB_LATER;
    if (atomic_exchange(&request->fate, ANSWERED) == GONE)
        request_end(request, 0);
    else if (later)
        server_resume(server, connection);
    else
        server_wake(server);
    atomic_fetch_sub(&server->owed, 1); /* from here on the server may be gone */
}

static void moves(struct request *request)
{
    if (request->moved_in != request->server->turns)
        request->server->moved++;
    request->moved_in = request->server->turns;
}

/* Whoever waits has nothing more to do in this turn. */
static void waits(struct request *request, bool waits)
{
    struct server *server = request->server;
    if (waits != request->waits)
        server->waiting += waits ? 1 : (size_t)-1;
    if (waits && request->moved_in == server->turns)
        server->moved--;
    request->waits = waits;
}

static enum MHD_Result all_is_there(struct request *request)
{
    struct web_request *seen = &request->seen;
    const struct web_handler *handler = &request->web->handler;
    if (request->unzip && seen->reply.status == 0 && !unzip_whole(request->unzip))
        web_problem(&seen->reply, 400, "The body says that it is gzip, and it is not.");
    if (seen->reply.status != 0)
        return send_reply(request);
    seen->body = request->body.data ? request->body.data : "";
    seen->body_len = request->body.len;
    caller_says(request, false, false);
    if (seen->when == WEB_AT_ONCE)
        return handler->whole(handler->context, seen) ? send_reply(request) : MHD_NO;
    atomic_fetch_add(&request->server->owed, 1);
    if (seen->when == WEB_LATER)
        MHD_suspend_connection(request->connection);
    else
        waits(request, true);
    if (handler->whole(handler->context, seen))
        web_answer(seen);
    return MHD_YES;
}

enum MHD_Result web_says(void *cls, struct MHD_Connection *connection, const char *url, const char *method,
                         const char *version, const char *upload, size_t *upload_len, void **con_cls)
{
    struct request *request = *con_cls;
    (void)cls;
    (void)connection;
    (void)version;
    if (!request)
        return MHD_NO;
    if (request->whole && atomic_load(&request->fate) == OPEN)
        return MHD_YES; /* it waits on */
    moves(request);
    if (!request->began) {
        headers_done(request, url, method);
        return reads_on(request, length_of(request)) ? MHD_YES : send_reply(request);
    }
    if (*upload_len > 0) {
        bool reads = body_takes(request, upload, *upload_len);
        *upload_len = 0;
        return reads ? MHD_YES : MHD_NO;
    }
    if (request->whole) {
        waits(request, false);
        return send_reply(request);
    }
    request->whole = true;
    return all_is_there(request);
}

void web_ends(void *cls, struct MHD_Connection *connection, void **con_cls, enum MHD_RequestTerminationCode how)
{
    struct server *server = cls;
    struct request *request = *con_cls;
    struct caller *caller = caller_of(connection);
    server->moved++;
    if (!request)
        return;
    *con_cls = NULL;
    pthread_mutex_lock(&server->web->lock);
    if (caller) {
        caller->since_ms = clock_steady_ms();
        caller->saying = false;
        caller->stream = NULL;
        caller->answered++;
    }
    pthread_mutex_unlock(&server->web->lock);
    if (request->waits) { /* its caller does not */
        struct web_request *seen = &request->seen;
        waits(request, false);
        seen->method = seen->path = ""; /* were the connection's */
        seen->peer = NULL;
        if (atomic_exchange(&request->fate, GONE) == OPEN)
            return; /* web_answer() ends it */
    }
    request_end(request, how == MHD_REQUEST_TERMINATED_COMPLETED_OK ? request->status : 0);
}
