/* reception - the daemon as others call it. */
#include "service/reception.h"

#include "api/api.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/mem.h"
#include "console/console.h"
#include "engine/dates.h"
#include "engine/masterkey.h"
#include "engine/run.h"
#include "service/receiver.h"

#include <errno.h>
#include <netinet/in.h>
#include <string.h>

enum {
    TICK = 500,        /* ms */
    AGAIN = 20 * 1000, /* ms after which secrets are read again */
    LOOK = 600 * 1000, /* ms after which inboxes are looked at: a pause may be over */
    GATHERED = 20,     /* ms in which what came in is one piece of news */
};

struct reception {
    uv_timer_t tick, news;
    uv_async_t wake;
    unsigned open; /* handles */
    const struct settings *settings;
    const struct roster *roster;
    struct metrics *metrics;
    struct intake *intake;
    struct counters *counters;
    struct receiver *receiver;
    struct api *api;
    struct web *web;
    uint8_t master[VAULT_MASTER];
    int64_t read_ms, looked_ms; /* by the steady clock */
    reception_told_fn *told;
    void *context;
    atomic_size_t organizations, running;
    atomic_bool ending;
};

/* --- pages --- */

static bool of_this_machine(const struct sockaddr *peer)
{
    static const char *const places[] = {"127.0.0.0/8", "::1"};
    for (size_t i = 0; i < 2; i++) {
        struct cidr cidr;
        if (cidr_read(places[i], &cidr) && cidr_has(&cidr, peer))
            return true;
    }
    return false;
}

static void write_metrics(struct reception *reception, struct web_reply *reply)
{
    struct metrics_now now = {.organizations = atomic_load(&reception->organizations),
                              .running = atomic_load(&reception->running),
                              .callers = web_connections(reception->web),
                              .now_ms = clock_now_ms()};
    api_count(reception->api, &now.acts, &now.waiting);
    intake_count(reception->intake, &now.commits, &now.letters);
    reply->status = 200;
    reply->type = "text/plain; version=0.0.4; charset=utf-8";
    metrics_write(reception->metrics, &now, &reply->body);
}

static void write_page(struct reception *reception, struct web_request *request)
{
    struct web_reply *reply = &request->reply;
    bool ending = atomic_load(&reception->ending);
    bool health = strcmp(request->path, "/healthz") == 0, ready = strcmp(request->path, "/readyz") == 0;
    bool metrics = strcmp(request->path, "/metrics") == 0 && of_this_machine(request->peer);
    if (!health && !ready && !metrics) {
        web_problem(reply, 404, "There is nothing here.");
    } else if (strcmp(request->method, "GET") != 0 && strcmp(request->method, "HEAD") != 0) {
        web_problem(reply, 405, "This takes GET.");
        reply->allow = "GET, HEAD";
    } else if (ready && ending) {
        web_problem(reply, 503, "The service is ending.");
    } else if (metrics) {
        write_metrics(reception, reply);
    } else {
        reply->status = 200;
        buffer_text(&reply->body, health ? "{\"status\":\"alive\"}\n" : "{\"status\":\"ready\"}\n");
    }
}

/* --- requests --- */

static bool is_received(const struct web_request *request)
{
    return strncmp(request->path, "/in/", 4) == 0;
}

static bool request_begins(void *context, struct web_request *request)
{
    struct reception *reception = context;
    if (is_received(request))
        return receiver_begins(reception->receiver, request);
    if (api_is(request))
        return api_begins(reception->api, request);
    if (console_is(request))
        console_write(request);
    else
        write_page(reception, request);
    return false;
}

static bool request_whole(void *context, struct web_request *request)
{
    struct reception *reception = context;
    if (api_is(request))
        return api_whole(reception->api, request);
    return receiver_whole(reception->receiver, request);
}

static void request_ends(void *context, struct web_request *request, unsigned status)
{
    struct reception *reception = context;
    metrics_answered(reception->metrics, status);
    if (api_is(request))
        api_gone(reception->api, request, status);
    else if (request->held)
        receiver_ends(reception->receiver, request);
}

static void answered(void *context, const char *operation, unsigned status, uint64_t ms)
{
    struct reception *reception = context;
    metrics_asked(reception->metrics, operation, status, ms);
}

/* --- what waits since before --- */

/* Its first receiver runs, so that what takes effect by itself does although nobody sends anything: an out that never
 * came is a task. */
static void look_at_dates(struct reception *reception, const struct roster_organization *organization,
                          const char *connection)
{
    const struct log log = {.organization = organization->id};
    struct err err = {0};
    TIDY(arena_free) struct arena *arena = arena_new();
    const char *dir = arena ? run_store_dir(reception->settings, organization->id, arena) : NULL;
    bool due = false;
    int rc = dir ? dates_due(dir, organization->zone, &due, &err) : -ENOMEM;
    if (rc == 0 && due)
        reception->told(reception->context, organization->id, connection);
    else if (rc != 0 && rc != ERR_GONE)
        log_error(&log, "whether something is due is not known: %s", err.rc ? err.text : err_text(rc));
}

static void look_at(struct reception *reception, const char *organization, const char *connection)
{
    const struct log log = {.organization = organization, .connection = connection};
    struct err err = {0};
    TIDY(arena_free) struct arena *arena = arena_new();
    TIDY(inbox_close) struct inbox *inbox = NULL;
    const char *dir = arena ? run_store_dir(reception->settings, organization, arena) : NULL;
    bool waits = false;
    int rc = dir ? inbox_open(dir, reception->master, organization, false, &inbox, &err) : -ENOMEM;
    if (rc == 0)
        rc = inbox_waits(inbox, connection, &waits);
    if (rc == 0 && waits)
        reception->told(reception->context, organization, connection);
    else if (rc != 0 && rc != ERR_GONE)
        log_error(&log, "whether something waits in the inbox is not known: %s", err.rc ? err.text : err_text(rc));
}

static void look_at_all(struct reception *reception)
{
    reception->looked_ms = clock_steady_ms();
    for (size_t i = 0; i < reception->roster->count; i++) {
        const struct roster_organization *organization = reception->roster->items[i];
        const char *first = NULL;
        for (size_t c = 0; c < organization->connection_count; c++)
            if (organization->connections[c].receiver) {
                first = first ? first : organization->connections[c].name;
                look_at(reception, organization->id, organization->connections[c].name);
            }
        if (first)
            look_at_dates(reception, organization, first);
    }
}

/* --- the loop --- */

static void wake(void *context)
{
    struct reception *reception = context;
    uv_async_send(&reception->wake);
}

static void tell(void *context, const char *organization, const char *connection)
{
    struct reception *reception = context;
    reception->told(reception->context, organization, connection);
}

static void gathered(uv_timer_t *timer)
{
    struct reception *reception = timer->data;
    receiver_news(reception->receiver, tell, reception);
}

/* Nothing wakes us again until the news is taken: under load that would be with every commit. */
static void woken(uv_async_t *handle)
{
    struct reception *reception = handle->data;
    uv_timer_start(&reception->news, gathered, GATHERED, 0);
}

static void ticked(uv_timer_t *timer)
{
    struct reception *reception = timer->data;
    int64_t now = clock_steady_ms();
    web_tick(reception->web);
    api_tick(reception->api);
    if (now - reception->looked_ms >= LOOK)
        look_at_all(reception);
    if (now - reception->read_ms < AGAIN)
        return;
    reception->read_ms = now;
    if (receiver_reload(reception->receiver, reception->settings, reception->roster) != 0)
        log_warn(NULL, "secrets of those who call could not be read again: out of memory");
}

/* --- begin and end --- */

static void closed(uv_handle_t *handle)
{
    struct reception *reception = handle->data;
    if (--reception->open == 0)
        free(reception);
}

void reception_ends(struct reception *reception)
{
    atomic_store(&reception->ending, true);
    api_ends(reception->api);
}

void reception_progress(struct reception *reception, const char *organization, const char *json, size_t len)
{
    api_progress(reception->api, organization, json, len);
}

size_t reception_acts(const struct reception *reception)
{
    return reception ? api_acts(reception->api) : 0;
}

/* First nobody asks a connector any more, then nothing waits for a commit or an act, then nobody is connected. */
void reception_close(struct reception *reception)
{
    counters_close(reception->counters);
    intake_close(reception->intake);
    if (reception->api)
        api_lets_go(reception->api);
    web_close(reception->web);
    api_close(reception->api);
    receiver_close(reception->receiver);
    explicit_bzero(reception->master, sizeof(reception->master));
    uv_close((uv_handle_t *)&reception->tick, closed);
    uv_close((uv_handle_t *)&reception->news, closed);
    uv_close((uv_handle_t *)&reception->wake, closed);
}

static int begin(struct reception *reception, struct err *err)
{
    const struct web_handler handler = {reception, request_begins, request_whole, request_ends};
    int rc = masterkey_load(reception->settings, reception->master, err);
    if (rc != 0)
        return rc;
    reception->intake = intake_open(reception->master, reception->settings->limits.inbox_bytes);
    reception->counters = counters_open();
    reception->receiver =
        reception->intake && reception->counters
            ? receiver_open(reception->intake, reception->counters, reception->metrics, wake, reception)
            : NULL;
    if (!reception->receiver || counters_reload(reception->counters, reception->settings) != 0 ||
        receiver_reload(reception->receiver, reception->settings, reception->roster) != 0)
        return err_set(err, -ENOMEM, "out of memory");
    look_at_all(reception);
    TIDY(free) const char *const *ids = roster_ids(reception->roster);
    if (!ids)
        return err_set(err, -ENOMEM, "out of memory");
    rc = api_open(reception->tick.loop, reception->settings, ids, answered, reception, &reception->api, err);
    return rc ? rc : web_open(reception->settings, &handler, &reception->web, err);
}

int reception_open(uv_loop_t *loop, const struct settings *settings, const struct roster *roster,
                   struct metrics *metrics, reception_told_fn *told, void *context, struct reception **ret_reception,
                   struct err *err)
{
    *ret_reception = NULL;
    if (!settings->listen)
        return 0;
    struct reception *reception = mem_new(1, sizeof(*reception));
    if (!reception)
        return err_set(err, -ENOMEM, "out of memory");
    reception->settings = settings;
    reception->roster = roster;
    reception->metrics = metrics;
    reception->told = told;
    reception->context = context;
    reception->read_ms = clock_steady_ms();
    reception->open = 3;
    uv_timer_init(loop, &reception->tick);
    uv_timer_init(loop, &reception->news);
    uv_async_init(loop, &reception->wake, woken);
    reception->tick.data = reception->news.data = reception->wake.data = reception;
    int rc = begin(reception, err);
    if (rc != 0) {
        reception_close(reception);
        return rc;
    }
    uv_timer_start(&reception->tick, ticked, TICK, TICK);
    *ret_reception = reception;
    return 0;
}

void reception_reload(struct reception *reception, const struct settings *settings, const struct roster *roster)
{
    reception->settings = settings;
    reception->roster = roster;
    web_reload(reception->web, settings);
    if (counters_reload(reception->counters, settings) != 0)
        log_error(NULL, "calls are answered by the files as they were: they cannot be read again");
    if (receiver_reload(reception->receiver, settings, roster) != 0)
        log_error(NULL, "who may call is as it was: out of memory");
    TIDY(free) const char *const *ids = roster_ids(roster);
    if (!ids || api_reload(reception->api, settings, ids) != 0)
        log_error(NULL, "what the API reads is as it was: it cannot be opened anew");
    reception->read_ms = clock_steady_ms();
    look_at_all(reception);
}

void reception_now(struct reception *reception, size_t organizations, size_t running)
{
    atomic_store(&reception->organizations, organizations);
    atomic_store(&reception->running, running);
}
