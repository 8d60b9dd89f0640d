/* receiver - what connectors receive. */
#include "service/receiver.h"

#include "base/clock.h"
#include "base/jsonobject.h"
#include "base/mem.h"
#include "base/signature.h"
#include "broker/jsonpointer.h"
#include "service/desk.h"

#include <errno.h>
#include <pthread.h>
#include <string.h>
#include <strings.h>

enum { COME_AGAIN = 5, KEY_MAX = 1000 /* bytes of a business key */ };

struct news {
    char *organization, *connection;
};

struct receiver {
    struct intake *intake;
    struct metrics *metrics;
    receiver_wake_fn *wake;
    void *context;
    pthread_mutex_t lock; /* of what follows */
    struct desks *desks;
    struct news *news;
    size_t news_count, news_room;
};

/* One request on its way. */
struct visit {
    struct receiver *receiver;
    struct web_request *request;
    struct desks *desks;
    const struct desk *desk;
    const struct desk_route *route;
    const char *rest; /* the path behind the connection's */
    struct buffer key;
    struct letter letter;
};

/* --- news --- */

static bool is_news(const struct news *news, const char *organization, const char *connection)
{
    return strcmp(news->organization, organization) == 0 && strcmp(news->connection, connection) == 0;
}

static void news_done(struct news *news)
{
    free(news->organization);
    free(news->connection);
}

/* Without memory it is found at the next event, or the next start. */
static void add_news(struct receiver *receiver, const char *organization, const char *connection)
{
    bool known = false;
    pthread_mutex_lock(&receiver->lock);
    for (size_t i = 0; i < receiver->news_count && !known; i++)
        known = is_news(&receiver->news[i], organization, connection);
    if (!known && mem_grow(&receiver->news, receiver->news_count, &receiver->news_room, sizeof(*receiver->news)) == 0) {
        struct news news = {mem_text(organization), mem_text(connection)};
        if (news.organization && news.connection)
            receiver->news[receiver->news_count++] = news;
        else
            news_done(&news);
    }
    pthread_mutex_unlock(&receiver->lock);
    if (!known)
        receiver->wake(receiver->context);
}

void receiver_news(struct receiver *receiver, receiver_news_fn *told, void *context)
{
    pthread_mutex_lock(&receiver->lock);
    struct news *news = TAKE(receiver->news);
    size_t count = receiver->news_count;
    receiver->news_count = receiver->news_room = 0;
    pthread_mutex_unlock(&receiver->lock);
    for (size_t i = 0; i < count; i++) {
        told(context, news[i].organization, news[i].connection);
        news_done(&news[i]);
    }
    free(news);
}

/* --- who is let in --- */

static bool from_there(const struct desk *desk, const struct sockaddr *peer)
{
    for (size_t i = 0; i < desk->source_count; i++)
        if (cidr_has(&desk->sources[i], peer))
            return true;
    return desk->source_count == 0;
}

/* All are looked at, and each byte of them: nothing is learned from how long it takes. */
static bool bearer_fits(struct web_request *request, const struct desk_route *route)
{
    const char *said = web_header(request, "Authorization");
    uint8_t digest[DIGEST_SHA256];
    int fits = 0;
    if (!said || strncasecmp(said, "Bearer ", 7) != 0)
        return false;
    said += 7 + strspn(said + 7, " ");
    digest_sha256(said, strlen(said), digest);
    for (size_t i = 0; i < route->secret_count; i++)
        fits |= digest_equal(digest, route->digests[i]);
    return fits != 0;
}

/* Hexadecimal, with or without "sha256=" before it. */
static bool signature_fits(struct web_request *request, const struct desk_route *route)
{
    const char *said = web_header(request, route->header);
    uint8_t shown[DIGEST_SHA256], made[DIGEST_SHA256];
    int fits = 0;
    if (!said)
        return false;
    said += strncmp(said, "sha256=", 7) == 0 ? 7 : 0;
    digest_sha256(said, strlen(said), shown);
    for (size_t i = 0; i < route->secret_count; i++) {
        TIDY_DONE(buffer_done) struct buffer text = {0};
        signature_write("hmac-sha256", "hex", secret_reveal(&route->secrets[i]), route->secrets[i].len, request->body,
                        request->body_len, &text);
        if (text.rc != 0)
            return false;
        digest_sha256(text.data, text.len, made);
        fits |= digest_equal(shown, made);
    }
    return fits != 0;
}

static void refuse_secret(struct web_reply *reply)
{
    web_problem(reply, 401, "The secret is missing, or it is not one that is known here.");
    reply->challenge = true;
}

/* --- headers --- */

static void look(struct visit *visit)
{
    struct web_request *request = visit->request;
    visit->desk = desks_find(visit->desks, request->path, &visit->rest);
    if (visit->desk && !from_there(visit->desk, request->peer))
        visit->desk = NULL; /* whoever may not call learns nothing */
    visit->route = visit->desk ? desk_route(visit->desk, visit->rest, request->method, &visit->key) : NULL;
    if (visit->key.len > 0 && !visit->route) {
        web_problem(&request->reply, 405, "This takes %s.", visit->key.data);
        request->reply.allow = visit->key.data;
    } else if (!visit->route) {
        web_problem(&request->reply, 404, "There is nothing here.");
    } else if (visit->desk->closed) {
        web_problem(&request->reply, 503, "What comes in cannot be taken now.");
        request->reply.retry_after_s = COME_AGAIN;
    } else if (visit->route->auth == DESK_BEARER && !bearer_fits(request, visit->route)) {
        refuse_secret(&request->reply);
    } else if (visit->route->replies) {
        web_problem(&request->reply, 501, "This is not answered yet.");
    }
}

bool receiver_begins(struct receiver *receiver, struct web_request *request)
{
    struct visit *visit = mem_new(1, sizeof(*visit));
    request->held = visit;
    if (!visit) {
        web_problem(&request->reply, 503, "There is no memory for this now.");
        return false;
    }
    visit->receiver = receiver;
    visit->request = request;
    pthread_mutex_lock(&receiver->lock);
    visit->desks = desks_use(receiver->desks);
    pthread_mutex_unlock(&receiver->lock);
    look(visit);
    if (request->reply.status != 0)
        return false;
    request->body_max = visit->route->body_max;
    request->later = true;
    return true;
}

/* --- the body --- */

static int any_member(void *context, const struct jsonobject_member *member)
{
    (void)context;
    (void)member;
    return 0;
}

/* Anything that is JSON, as the member of an object. */
static bool is_json(const char *text, size_t len)
{
    TIDY_DONE(buffer_done) struct buffer wrapped = {0};
    const char *why;
    size_t at;
    buffer_text(&wrapped, "{\"\":");
    buffer_add(&wrapped, text, len);
    buffer_byte(&wrapped, '}');
    return wrapped.rc == 0 && jsonobject_split(wrapped.data, wrapped.len, any_member, NULL, &why, &at) == 0;
}

static bool key_word(struct visit *visit, const char *word, size_t len)
{
    struct web_request *request = visit->request;
    char name[128];
    if (len < 2 || len >= sizeof(name))
        return false;
    memcpy(name, word, len);
    name[len] = '\0';
    size_t before = visit->key.len;
    if (name[0] == '{')
        return desk_part(visit->route, visit->rest, name + 1, len - 2, &visit->key);
    if (name[0] == '?') {
        const char *value = web_query(request, name + 1);
        buffer_text(&visit->key, value ? value : "");
    } else if (request->body_len > 0) {
        (void)jsonpointer_get(request->body, request->body_len, name, &visit->key);
    }
    return visit->key.len > before && visit->key.len <= KEY_MAX;
}

/* The first of the route's words that says something. */
static const char *key_of(struct visit *visit)
{
    const char *word = visit->route->key ? visit->route->key : "";
    while (*word) {
        size_t len = strcspn(word, " ");
        buffer_clear(&visit->key);
        if (len > 0 && key_word(visit, word, len))
            return visit->key.rc ? NULL : visit->key.data;
        word += len + (word[len] == ' ');
    }
    return NULL;
}

static bool takes_json(const struct visit *visit)
{
    return visit->route->key && strchr(visit->route->key, '/') && !visit->desk->relaxed;
}

/* --- kept --- */

static void accepted(struct web_reply *reply)
{
    reply->status = 200;
    reply->type = "application/json";
    buffer_text(&reply->body, "{\"status\":\"accepted\"}\n");
}

static void kept(void *context, struct letter *letter)
{
    struct visit *visit = context;
    struct web_request *request = visit->request;
    const struct desk *desk = visit->desk;
    enum received fate = letter->rc ? RECEIVED_REFUSED : letter->event.known ? RECEIVED_KNOWN : RECEIVED_KEPT;
    metrics_received(visit->receiver->metrics, desk->organization, desk->connection, fate, request->body_len);
    if (letter->rc == 0) {
        accepted(&request->reply);
        if (!letter->event.known)
            add_news(visit->receiver, desk->organization, desk->connection);
    } else {
        web_problem(&request->reply, 503,
                    letter->rc == ERR_LIMIT ? "There is no room for it now." : "It cannot be kept now.");
        request->reply.retry_after_s = letter->rc == ERR_LIMIT ? 60 : COME_AGAIN;
    }
    web_answer(request);
}

/* Behind /in/ORGANIZATION/CONNECTION, with the query. */
static const char *target_of(const struct web_request *request)
{
    const char *at = request->target;
    for (int slashes = 0; slashes < 3 && *at; slashes += *at == '/') /* besides the first */
        at++;
    return at;
}

bool receiver_whole(struct receiver *receiver, struct web_request *request)
{
    struct visit *visit = request->held;
    if (visit->route->auth == DESK_SIGNED && !signature_fits(request, visit->route)) {
        refuse_secret(&request->reply);
        return true;
    }
    if (request->body_len > 0 && takes_json(visit) && !is_json(request->body, request->body_len)) {
        web_problem(&request->reply, 400, "The body is no JSON.");
        return true;
    }
    const char *type = web_header(request, "Content-Type");
    visit->letter = (struct letter){.event = {.received_ms = clock_now_ms(),
                                              .connection = visit->desk->connection,
                                              .method = visit->route->method,
                                              .route = visit->route->path,
                                              .target = target_of(request),
                                              .type = type ? type : "",
                                              .key = key_of(visit),
                                              .body = {request->body, request->body_len}},
                                    .organization = visit->desk->organization,
                                    .dir = visit->desk->dir,
                                    .kept = kept,
                                    .context = visit};
    if (intake_put(receiver->intake, &visit->letter))
        return false;
    web_problem(&request->reply, 503, "The service is ending; come again soon.");
    request->reply.retry_after_s = COME_AGAIN;
    return true;
}

void receiver_ends(struct receiver *receiver, struct web_request *request)
{
    struct visit *visit = request->held;
    (void)receiver;
    if (!visit)
        return;
    desks_free(visit->desks);
    buffer_done(&visit->key);
    free(visit);
}

/* --- begin and end --- */

struct receiver *receiver_open(struct intake *intake, struct metrics *metrics, receiver_wake_fn *wake, void *context)
{
    struct receiver *receiver = mem_new(1, sizeof(*receiver));
    if (!receiver)
        return NULL;
    *receiver = (struct receiver){.intake = intake, .metrics = metrics, .wake = wake, .context = context};
    pthread_mutex_init(&receiver->lock, NULL);
    return receiver;
}

int receiver_reload(struct receiver *receiver, const struct settings *settings, const struct roster *roster)
{
    struct desks *desks = desks_make(settings, roster);
    if (!desks)
        return -ENOMEM;
    pthread_mutex_lock(&receiver->lock);
    struct desks *before = receiver->desks;
    receiver->desks = desks;
    pthread_mutex_unlock(&receiver->lock);
    desks_free(before);
    return 0;
}

void receiver_close(struct receiver *receiver)
{
    if (!receiver)
        return;
    for (size_t i = 0; i < receiver->news_count; i++)
        news_done(&receiver->news[i]);
    free(receiver->news);
    desks_free(receiver->desks);
    pthread_mutex_destroy(&receiver->lock);
    free(receiver);
}
