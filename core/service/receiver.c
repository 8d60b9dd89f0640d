/* receiver - what connectors receive. */
#include "service/receiver.h"

#include "base/clock.h"
#include "base/jsonobject.h"
#include "base/mem.h"
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
    struct counters *counters;
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
    char *type;       /* of the body; "" */
    struct buffer key;
    const char *said; /* the business key, in `key`; NULL: it says none */
    bool is_json;     /* all of the body, as was seen when its key was looked for */
    struct letter letter;
    struct question question; /* of a route that replies */
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

static void refuse_secret(const struct desk_route *route, struct web_reply *reply)
{
    web_problem(reply, 401,
                route->proof.time_header
                    ? "The signature is missing, or made otherwise or at another time than is agreed."
                    : "The secret is missing, or it is not one that is known here.");
    reply->challenge = route->proof.how == PROOF_BEARER;
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
    } else if (proof_early(&visit->route->proof) &&
               !proof_shown(&visit->route->proof, request, visit->rest, clock_now_ms())) {
        refuse_secret(visit->route, &request->reply);
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
    const char *type = web_header(request, "Content-Type");
    if (request->reply.status == 0 && !(visit->type = mem_text(type ? type : "")))
        web_problem(&request->reply, 503, "There is no memory for this now.");
    if (request->reply.status != 0)
        return false;
    request->body_max = visit->route->body_max;
    request->when = visit->route->replies ? WEB_LATER : WEB_SOON;
    return true;
}

/* --- the body --- */

static int any_member(void *context, const struct jsonobject_member *member)
{
    (void)context;
    (void)member;
    return 0;
}

/* An object as it is, anything else as the member of one. */
static bool is_json(const char *text, size_t len)
{
    TIDY_DONE(buffer_done) struct buffer wrapped = {0};
    const char *why;
    size_t at;
    if (*text == '{')
        return jsonobject_split(text, len, any_member, NULL, &why, &at) == 0;
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
        int rc = jsonpointer_get(request->body, request->body_len, name, &visit->key);
        visit->is_json = rc == 0 || rc == ERR_GONE;
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

static bool is_wrong(const struct visit *visit)
{
    const struct web_request *request = visit->request;
    return request->body_len > 0 && takes_json(visit) && !visit->is_json && !is_json(request->body, request->body_len);
}

/* --- kept --- */

static void accepted(const struct desk *desk, struct web_reply *reply)
{
    reply->status = desk->success;
    if (reply->status == 204)
        return; /* which has no body */
    reply->type = "application/json";
    buffer_text(&reply->body, "{\"status\":\"accepted\"}\n");
}

/* What the connector said. */
static void answered(struct visit *visit)
{
    struct web_reply *reply = &visit->request->reply;
    const struct buffer none = reply->body;
    reply->status = visit->question.status;
    reply->type = visit->question.type;
    reply->body = visit->question.body;
    visit->question.body = none;
}

static void kept(void *context, struct letter *letter)
{
    struct visit *visit = context;
    struct web_request *request = visit->request;
    const struct desk *desk = visit->desk;
    enum received fate = letter->rc ? RECEIVED_REFUSED : letter->event.known ? RECEIVED_KNOWN : RECEIVED_KEPT;
    metrics_received(visit->receiver->metrics, desk->organization, desk->connection, fate, request->body_len);
    if (letter->rc == 0) {
        if (visit->route->replies)
            answered(visit);
        else
            accepted(desk, &request->reply);
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

/* --- on its way --- */

static void ending(struct web_reply *reply)
{
    web_problem(reply, 503, "The service is ending; come again soon.");
    reply->retry_after_s = COME_AGAIN;
}

/* False: nothing is kept any more. */
static bool keep(struct visit *visit)
{
    struct web_request *request = visit->request;
    visit->letter = (struct letter){.event = {.received_ms = clock_now_ms(),
                                              .connection = visit->desk->connection,
                                              .method = visit->route->method,
                                              .route = visit->route->path,
                                              .target = target_of(request),
                                              .type = visit->type,
                                              .key = visit->said,
                                              .apart = visit->route->replies && !visit->said,
                                              .body = {request->body, request->body_len}},
                                    .organization = visit->desk->organization,
                                    .dir = visit->desk->dir,
                                    .kept = kept,
                                    .context = visit};
    return intake_put(visit->receiver->intake, &visit->letter);
}

static bool is_question(const struct visit *visit)
{
    return strcmp(visit->route->method, "GET") == 0;
}

/* On the thread of the counter. */
static void told(void *context, struct question *question)
{
    struct visit *visit = context;
    struct web_request *request = visit->request;
    const struct desk *desk = visit->desk;
    bool well = question->rc == 0 && question->status < 300 && !is_question(visit);
    if (well && keep(visit))
        return;
    metrics_received(visit->receiver->metrics, desk->organization, desk->connection,
                     question->rc == 0 && !well ? RECEIVED_ANSWERED : RECEIVED_REFUSED, request->body_len);
    if (well || question->rc == ERR_CANCELLED)
        ending(&request->reply);
    else if (question->rc == ERR_DATA)
        web_problem(&request->reply, 422, "%s", question->why);
    else if (question->rc != 0)
        web_problem(&request->reply, 500,
                    "This cannot be answered now; whoever runs this service finds why in its log.");
    else
        answered(visit);
    web_answer(request);
}

static bool ask(struct visit *visit)
{
    struct web_request *request = visit->request;
    visit->question = (struct question){.organization = visit->desk->organization,
                                        .connection = visit->desk->connection,
                                        .inbound = {.received_ms = clock_now_ms(),
                                                    .method = visit->route->method,
                                                    .target = target_of(request),
                                                    .type = visit->type,
                                                    .body = request->body,
                                                    .body_len = request->body_len},
                                        .told = told,
                                        .context = visit};
    int rc = counters_put(visit->receiver->counters, &visit->question);
    if (rc == 0)
        return false;
    if (rc == ERR_CANCELLED) {
        ending(&request->reply);
    } else {
        web_problem(&request->reply, 503, "Too many wait for an answer already; come again soon.");
        request->reply.retry_after_s = COME_AGAIN;
    }
    return true;
}

bool receiver_whole(struct receiver *receiver, struct web_request *request)
{
    struct visit *visit = request->held;
    (void)receiver;
    if (!proof_early(&visit->route->proof) &&
        !proof_shown(&visit->route->proof, request, visit->rest, clock_now_ms())) {
        refuse_secret(visit->route, &request->reply);
        return true;
    }
    visit->said = key_of(visit);
    if (is_wrong(visit)) {
        web_problem(&request->reply, 400, "The body is no JSON.");
        return true;
    }
    if (visit->route->replies)
        return ask(visit);
    if (keep(visit))
        return false;
    ending(&request->reply);
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
    free(visit->type);
    question_done(&visit->question);
    free(visit);
}

/* --- begin and end --- */

struct receiver *receiver_open(struct intake *intake, struct counters *counters, struct metrics *metrics,
                               receiver_wake_fn *wake, void *context)
{
    struct receiver *receiver = mem_new(1, sizeof(*receiver));
    if (!receiver)
        return NULL;
    *receiver =
        (struct receiver){.intake = intake, .counters = counters, .metrics = metrics, .wake = wake, .context = context};
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
