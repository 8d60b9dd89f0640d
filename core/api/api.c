/* api - the API as callers meet it. */
#include "api/api_inside.h"

#include "api/openapi.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/mem.h"

#include <errno.h>
#include <string.h>
#include <strings.h>

enum { BODY_MOST = 1 << 20, KEPT = 60 * 1000, TIDIED = 60 * 1000 /* ms */ };

bool api_is(const struct web_request *request)
{
    return strncmp(request->path, "/v1/", 4) == 0 || strcmp(request->path, "/openapi.json") == 0;
}

/* --- who asks --- */

/* Those of the folder as it is now. */
static struct badges *badges_now(struct api *api)
{
    const char *bad;
    int rc = 0;
    pthread_mutex_lock(&api->lock);
    if (badges_changed(api->badges, api->state)) {
        struct badges *read = NULL;
        rc = badges_read(api->state, &read, &bad);
        if (rc == 0) { /* what was counted meanwhile goes along */
            (void)badges_keep_used(api->badges, api->state);
            badges_carry(api->badges, read);
            badges_free(api->badges);
            api->badges = read;
        }
    }
    if (rc != 0 && rc != api->unread) /* they are looked at all the time */
        log_error(NULL, "tokens cannot be read: %s. Nobody is let in.", err_text(rc));
    api->unread = rc;
    struct badges *badges = rc == 0 ? badges_use(api->badges) : NULL;
    pthread_mutex_unlock(&api->lock);
    return badges;
}

static struct badge *badge_of(struct visitor *visitor)
{
    const char *said = web_header(visitor->request, "Authorization");
    if (!said || strncasecmp(said, "Bearer ", 7) != 0 || !visitor->badges)
        return NULL;
    said += 7 + strspn(said + 7, " ");
    int64_t now = clock_now_ms();
    struct badge *badge = badges_find(visitor->badges, said, now);
    if (badge)
        atomic_store_explicit(&badge->used_ms, now, memory_order_relaxed);
    return badge;
}

/* --- what for --- */

static bool refuse_caller(struct visitor *visitor)
{
    static const struct trouble trouble = {401, "token_needed", "header: Authorization",
                                           "Send `Authorization: Bearer TOKEN`; `muster token create` makes one."};
    visitor_refuse(visitor, &trouble, "The token is missing, or it is not one that counts here.");
    visitor->request->reply.challenge = true;
    return false;
}

static bool find_operation(struct visitor *visitor)
{
    static const struct trouble nothing = {404, "not_found", NULL, "See /openapi.json."};
    static const struct trouble other = {405, "method_not_allowed", NULL, "See /openapi.json."};
    struct web_request *request = visitor->request;
    char allow[80];
    visitor->operation = operation_find(request->method, request->path, allow, sizeof(allow));
    if (visitor->operation)
        return true;
    if (allow[0] == '\0')
        return !visitor_refuse(visitor, &nothing, "There is nothing here.");
    visitor_refuse(visitor, &other, "This takes %s.", allow);
    request->reply.allow = arena_text(visitor->arena, allow);
    return false;
}

/* One that the token does not see is as one that is not. */
static bool find_organization(struct visitor *visitor)
{
    static const struct trouble none = {404, "not_found", "path: organization",
                                        "GET /v1/organizations lists those that there are."};
    visitor->organization = visitor_text(visitor, "organization");
    if (!visitor->organization ||
        (badge_sees(visitor->badge, visitor->organization) && shelf_has(visitor->shelf, visitor->organization)))
        return true;
    return !visitor_refuse(visitor, &none, "There is no organization '%.60s'.", visitor->organization);
}

static bool may(struct visitor *visitor)
{
    char next[100];
    if (visitor->badge->role < visitor->operation->role) {
        snprintf(next, sizeof(next), "Use the token of an %s.", role_name(visitor->operation->role));
        const struct trouble trouble = {403, "role_needed", NULL, next};
        return !visitor_refuse(visitor, &trouble, "A %s may not do that.", role_name(visitor->badge->role));
    }
    bool sealed = visitor->operation->sealed || visitor_flag(visitor, "protected");
    if (sealed && !visitor->badge->protected) {
        static const struct trouble trouble = {403, "protected", NULL, "Use a token that was made with --protected."};
        return !visitor_refuse(visitor, &trouble, "This token does not see what is sealed.");
    }
    return true;
}

static bool begins(struct visitor *visitor)
{
    if (!(visitor->badge = badge_of(visitor)))
        return refuse_caller(visitor);
    return find_operation(visitor) && visitor_reads(visitor, false) && find_organization(visitor) && may(visitor);
}

static void write_openapi(struct api *api, struct visitor *visitor)
{
    struct web_reply *reply = &visitor->request->reply;
    static const struct trouble other = {405, "method_not_allowed", NULL, NULL};
    if (strcmp(visitor->request->method, "GET") != 0 && strcmp(visitor->request->method, "HEAD") != 0) {
        visitor_refuse(visitor, &other, "This takes GET.");
        reply->allow = "GET, HEAD";
        return;
    }
    buffer_add(&reply->body, api->openapi.data, api->openapi.len);
    visitor_answers(visitor);
}

bool api_begins(struct api *api, struct web_request *request)
{
    struct visitor *visitor = mem_new(1, sizeof(*visitor));
    request->held = visitor;
    if (!visitor || !(visitor->arena = arena_new())) {
        free(visitor);
        request->held = NULL;
        web_problem(&request->reply, 503, "There is no memory for this now.");
        return false;
    }
    visitor->request = request;
    visitor->api = api;
    visitor->began_ms = clock_steady_ms();
    if (strncmp(request->path, "/v1/", 4) != 0) {
        write_openapi(api, visitor);
        return false;
    }
    visitor->badges = badges_now(api);
    pthread_mutex_lock(&api->lock);
    visitor->shelf = shelf_use(api->shelf);
    pthread_mutex_unlock(&api->lock);
    if (!begins(visitor))
        return false;
    request->body_max = visitor->operation->shape == SHAPE_ACT && visitor->operation->verb ? BODY_MOST : 0;
    if (!visitor->operation->read || visitor->operation->read == read_changes || visitor->operation->read == read_act)
        request->when = WEB_LATER;
    return true;
}

bool api_whole(struct api *api, struct web_request *request)
{
    struct visitor *visitor = request->held;
    if (request->body_max > 0 && !visitor_reads(visitor, true))
        return true;
    if (!visitor->operation->read)
        return acts_put(api->acts, visitor);
    if (!visitor->operation->read(visitor))
        return false; /* it may be gone already */
    visitor_closes(visitor);
    return true;
}

void api_gone(struct api *api, struct web_request *request, unsigned status)
{
    struct visitor *visitor = request->held;
    if (!visitor)
        return;
    if (visitor->operation && visitor->operation->shape == SHAPE_STREAM)
        feed_forget(api->feed, visitor);
    if (visitor->operation)
        api->answered(api->context, visitor->operation->id, status, (uint64_t)(clock_steady_ms() - visitor->began_ms));
    visitor_done(visitor);
    free(visitor);
}

void api_progress(struct api *api, const char *organization, const char *json, size_t len)
{
    feed_progress(api->feed, organization, json, len);
}

/* --- begin and end --- */

void api_tick(struct api *api)
{
    int64_t now = clock_steady_ms();
    acts_tick(api->acts);
    struct badges *badges = badges_now(api);
    feed_tick(api->feed, badges);
    badges_free(badges);
    if (now - api->tidied_ms >= TIDIED) {
        api->tidied_ms = now;
        shelf_tidy(api->shelf);
    }
    if (now - api->kept_ms >= KEPT) {
        api->kept_ms = now;
        pthread_mutex_lock(&api->lock);
        (void)badges_keep_used(api->badges, api->state);
        pthread_mutex_unlock(&api->lock);
    }
}

int api_reload(struct api *api, const struct settings *settings, const char *const *ids)
{
    struct err err = {0};
    struct shelf *shelf = NULL;
    int rc = shelf_open(settings, ids, &shelf, &err);
    if (rc != 0)
        return rc;
    pthread_mutex_lock(&api->lock);
    struct shelf *before = api->shelf;
    api->shelf = shelf;
    pthread_mutex_unlock(&api->lock);
    shelf_close(before);
    return 0;
}

void api_ends(struct api *api)
{
    acts_ends(api->acts);
    feed_ends(api->feed);
}

size_t api_acts(const struct api *api)
{
    return acts_going(api->acts);
}

void api_count(struct api *api, uint64_t *ret_acts, uint64_t *ret_waiting)
{
    *ret_acts = acts_going(api->acts);
    *ret_waiting = feed_waiting(api->feed);
}

void api_lets_go(struct api *api)
{
    if (api->acts)
        acts_close(TAKE(api->acts));
    if (api->feed)
        feed_ends(api->feed);
}

void api_close(struct api *api)
{
    if (!api)
        return;
    api_lets_go(api);
    if (api->feed)
        feed_close(api->feed);
    if (api->badges && api->badges->count > 0)
        (void)badges_keep_used(api->badges, api->state);
    badges_free(api->badges);
    shelf_close(api->shelf);
    buffer_done(&api->openapi);
    pthread_mutex_destroy(&api->lock);
    free(api->state);
    free(api);
}

static int begin(struct api *api, uv_loop_t *loop, const struct settings *settings, const char *const *ids,
                 struct err *err)
{
    const char *bad = NULL;
    int rc = api->state ? badges_read(api->state, &api->badges, &bad) : -ENOMEM;
    if (rc != 0)
        return err_set(err, rc, "%s/musterd/tokens cannot be read: %s", settings->state, err_text(rc));
    if (bad)
        log_warn(NULL, "%s/musterd/tokens/%s is no token: it lets nobody in", api->state, bad);
    openapi_write(&api->openapi);
    rc = api->openapi.rc ? api->openapi.rc : shelf_open(settings, ids, &api->shelf, err);
    rc = rc ? rc : acts_open(loop, settings, api, &api->acts, err);
    return rc ? rc : feed_open(loop, settings, &api->feed, err);
}

int api_open(uv_loop_t *loop, const struct settings *settings, const char *const *ids, api_answered_fn *answered,
             void *context, struct api **ret_api, struct err *err)
{
    struct api *api = mem_new(1, sizeof(*api));
    if (!api)
        return err_set(err, -ENOMEM, "out of memory");
    pthread_mutex_init(&api->lock, NULL);
    api->answered = answered;
    api->context = context;
    api->state = mem_text(settings->state);
    api->kept_ms = api->tidied_ms = clock_steady_ms();
    int rc = begin(api, loop, settings, ids, err);
    if (rc != 0) {
        api_close(api);
        return err->rc ? rc : err_set(err, rc, "the API cannot be opened: %s", err_text(rc));
    }
    *ret_api = api;
    return 0;
}
