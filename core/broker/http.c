/* http - one connection's talk with web servers: the calls that are under way. */
#include "broker/http_inside.h"

#include "base/clock.h"
#include "base/mem.h"
#include "broker/budget.h"
#include "broker/calls.h"
#include "broker/cassette.h"
#include "broker/hosts.h"
#include "broker/retry.h"
#include "broker/token.h"
#include "broker/turn.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

int http_open(const struct http_setup *setup, struct http **ret_http, struct err *err)
{
    struct http *http = mem_new(1, sizeof(*http));
    if (!http)
        return err_set(err, -ENOMEM, "%s", err_text(-ENOMEM));
    http->setup = *setup;
    http->keyring.connection = setup->connection;
    http->last = &http->first;
    http->ca_file = connection_option(setup->connection, "ca_file");
    http->proxy = connection_option(setup->connection, "proxy");
    const char *attempts = connection_option(setup->connection, "attempts");
    http->attempts = attempts ? (unsigned)strtoul(attempts, NULL, 10) : 0;
    *ret_http = http;
    return 0;
}

int http_lend(struct http *http, const char *name, const struct secret *secret)
{
    return keyring_lend(&http->keyring, name, secret);
}

void http_generates(struct http *http, const uint8_t key[32], unsigned length)
{
    memcpy(http->generated.key, key, sizeof(http->generated.key));
    http->generated.length = length;
}

struct generated *http_generated(struct http *http)
{
    return http && http->generated.length > 0 ? &http->generated : NULL;
}

static void request_unlink(struct request *request)
{
    struct http *http = request->http;
    struct request **at = &http->first;
    while (*at && *at != request)
        at = &(*at)->next;
    if (!*at)
        return;
    *at = request->next;
    if (http->last == &request->next)
        http->last = at;
    http->under_way--;
}

static void request_drop(struct request *request)
{
    request_unlink(request);
    if (request->gives)
        token_forget(request->gives);
    request_free(request);
}

/* Requests that fetch tokens are nobody's: the next one will want the token. */
void http_forget(struct http *http, const void *whose)
{
    for (struct request *request = http->first, *next; request; request = next) {
        next = request->next;
        if (!request->gives && request->whose == whose)
            request_drop(request);
    }
}

void http_free(struct http *http)
{
    if (!http)
        return;
    while (http->first)
        request_drop(http->first);
    request_free(http->given);
    if (http->multi)
        http->curl->multi_cleanup(http->multi);
    tokens_free(http->tokens);
    budget_close(http->budget);
    keyring_done(&http->keyring);
    generated_done(&http->generated);
    free(http);
}

void http_prepare(void)
{
    const struct curl *curl;
    (void)curl_load(&curl, NULL);
}

/* What is needed for the first call. */
static int prepare(struct http *http, struct err *err)
{
    if (http->multi)
        return 0;
    int rc = curl_load(&http->curl, err);
    if (rc == 0 && !http->budget && !cassette_plays(http->setup.cassette)) /* a cassette has no limits */
        rc = budget_open(http->setup.connection, &http->keyring, http->setup.budgets_dir, http->setup.account_note,
                         &http->budget, err);
    if (rc != 0)
        return rc;
    http->multi = http->curl->multi_init();
    if (!http->multi)
        return err_set(err, -ENOMEM, "%s", err_text(-ENOMEM));
    unsigned lanes = http->setup.connection->lanes > 0 ? http->setup.connection->lanes : 1;
    http->curl->multi_setopt(http->multi, CURLMOPT_MAX_HOST_CONNECTIONS, (long)HTTP_ON_WIRE_MAX * lanes);
    http->curl->multi_setopt(http->multi, CURLMOPT_PIPELINING, CURLPIPE_MULTIPLEX);
    return 0;
}

static void append(struct http *http, struct request *request)
{
    *http->last = request;
    http->last = &request->next;
    http->under_way++;
    if (request->state == REQUEST_DONE)
        reply_finish(request);
}

static void finish(struct request *request)
{
    request_off(request);
    request->state = REQUEST_DONE;
    reply_finish(request);
    if (request->good)
        http_cassette_note(request, CURLE_OK);
    calls_write(request->http->setup.calls_dir, request);
    if (request->gives)
        token_came(request->gives, request);
}

static void give_up(struct request *request, int rc, const struct err *err)
{
    said(request, turn_of(rc), "%s", err->rc != 0 ? err->text : err_text(rc));
    finish(request);
}

/* --- after an attempt --- */

static int64_t date_seconds(const char *text)
{
    const struct curl *curl = NULL;
    return curl_load(&curl, NULL) == 0 ? (int64_t)curl->getdate(text, NULL) : -1;
}

/* The address that a Location means, from where we are. */
static int location_read(struct request *request, const char *to, struct url *ret_url)
{
    TIDY_DONE(buffer_done) struct buffer whole = {0};
    struct url here = request->url;
    if (to[strcspn(to, ":/?#")] == ':') { /* a scheme; behind a '?' may stand whole addresses, too */
        buffer_text(&whole, to);
    } else if (strncmp(to, "//", 2) == 0) {
        buffer_format(&whole, "%s:%s", here.tls ? "https" : "http", to);
    } else {
        size_t kept = *to == '?' ? strlen(here.path) : (size_t)(strrchr(here.path, '/') - here.path) + 1;
        url_origin(&here, &whole);
        buffer_format(&whole, "%.*s%s", *to == '/' ? 0 : (int)kept, here.path, to);
    }
    return whole.rc ? whole.rc : url_read(request->arena, whole.data, ret_url);
}

/* To the same server only, and only what changes nothing there. */
static bool redirected(struct request *request)
{
    int status = request->reply.status;
    const char *to = reply_header(request, "Location");
    bool reads = strcmp(request->method, "GET") == 0 || strcmp(request->method, "HEAD") == 0;
    if (status < 301 || status > 308 || (status > 303 && status < 307) || !to ||
        retry_class(status, request->accept) == MUSTER_OK)
        return false;
    struct url url = request->url;
    int rc = location_read(request, to, &url);
    bool upgrade = strcmp(url.host, request->url.host) == 0 && url.tls && !request->url.tls;
    if (rc != 0 || (!url_same_origin(&url, &request->url) && !upgrade)) {
        said(request, MUSTER_CONFIG,
             "%s answers %d and sends us to another server, %s, where we do not go by ourselves: if the system has "
             "moved, put the new address into the options",
             request->url.host, status, rc == 0 ? url.host : "by an address that is none");
        return false;
    }
    if (!reads || ++request->redirects > HTTP_REDIRECTS_MAX) {
        said(request, MUSTER_CONFIG, "%s answers %d to %s and sends us around: put the final address into the options",
             request->url.host, status, request->method);
        return false;
    }
    request->url = url;
    return true;
}

static bool may_be_login(const struct request *request)
{
    return request->reply.status == 401 || request->reply.status == 403;
}

/* Another secret, or a fresh token: once each. */
static bool other_login(struct request *request)
{
    if (!may_be_login(request) || cassette_plays(request->http->setup.cassette))
        return false;
    if (request->reply.status == 401 && !request->renewed && tokens_drop(request)) {
        request->renewed = true;
        return true;
    }
    if (!request->fallback && auth_has_fallback(request->auth, &request->http->keyring)) {
        request->fallback = true;
        return true;
    }
    return false;
}

static void once_more(struct request *request, int64_t wait_ms)
{
    if (cassette_plays(request->http->setup.cassette))
        wait_ms = 0; /* nobody is spared by it */
    request_off(request);
    reply_forget(request);
    request->state = REQUEST_WAITING;
    request->not_before_ms = clock_steady_ms() + wait_ms;
    request->budgeted = false;
}

/* Whether what was asked for is about the account and not about the one server of many that was called: too many calls
 * always are, a server that is not well only where there is no other. */
static bool of_the_account(const struct request *request)
{
    const muster_connector *connector = request->http->setup.connection->description;
    return request->reply.status == 429 || (request->reply.status == 503 && !(connector && connector->partitions));
}

/* What the provider asks for holds for everybody who uses its account. */
static int64_t asked_to_wait(struct request *request)
{
    const char *value = reply_header(request, "Retry-After");
    int64_t asked = value ? retry_after_ms(value, clock_now_ms(), date_seconds) : -1;
    if (asked > 0 && of_the_account(request) && request->http->budget)
        budget_pause(request->http->budget, asked);
    return asked;
}

/* A good reply is noted when it is done, without the token that may be taken out of it. */
static void note(struct request *request, CURLcode code)
{
    request->good = code == CURLE_OK && retry_class(request->reply.status, request->accept) == MUSTER_OK;
    if (request->good || !cassette_records(request->http->setup.cassette))
        return;
    if (!request->gives)
        reply_scrub(request);
    http_cassette_note(request, code);
}

static void came(struct request *request, CURLcode code, int32_t status)
{
    struct http *http = request->http;
    bool passing = false;
    int64_t asked = -1;
    request->reply.status = code == CURLE_OK ? status : 0;
    if (code != CURLE_OK || !may_be_login(request))
        note(request, code);
    if (code != CURLE_OK) {
        said_failure(request, code, &passing);
    } else {
        request->went_out = true;
        request->reply.rc = MUSTER_OK;
        if (redirected(request)) {
            once_more(request, 0);
            return;
        }
        if (request->reply.rc == MUSTER_OK) {
            said_status(request);
            if (request->reply.rc < 0 && other_login(request)) {
                once_more(request, 0); /* on no cassette: which log-in was right is not what it is about */
                return;
            }
            if (may_be_login(request))
                note(request, code);
        }
        passing = request->reply.rc == MUSTER_RETRY;
        asked = asked_to_wait(request);
    }
    int64_t wait = retry_wait_ms(&(struct retry_case){.attempts = request->attempts,
                                                      .repeatable = request->repeatable || !request->went_out,
                                                      .passing = passing,
                                                      .waited_ms = clock_steady_ms() - request->begun_ms,
                                                      .asked_ms = asked,
                                                      .chance = (uint32_t)request_random()});
    if (wait >= 0 && (http->attempts == 0 || request->attempts < http->attempts)) {
        once_more(request, wait);
        return;
    }
    if (asked > 0) {
        request->reply.retry_after_ms = asked > UINT32_MAX ? UINT32_MAX : (uint32_t)asked;
        if (asked > RETRY_PATIENCE_MS && of_the_account(request))
            http->paused_until_ms = clock_now_ms() + asked;
    }
    finish(request);
}

/* --- before an attempt --- */

/* The provider's turn: 0 now, else how many ms to wait; below 0: longer than anybody waits, the request is done. */
static int64_t turn_taken(struct request *request)
{
    struct http *http = request->http;
    int64_t wait = 0;
    if (request->budgeted || budget_take(http->budget, RETRY_PATIENCE_MS, &wait)) {
        request->budgeted = true;
        return wait;
    }
    http->paused_until_ms = clock_now_ms() + wait;
    request->reply.retry_after_ms = wait > UINT32_MAX ? UINT32_MAX : (uint32_t)wait;
    said(request, MUSTER_RETRY, "%s lets this account make no more calls for %lld seconds", request->url.host,
         (long long)(wait + 999) / 1000);
    finish(request);
    return -1;
}

/* No log-in is needed, and none is there. */
static void play(struct request *request)
{
    struct err err = {0};
    CURLcode code = CURLE_OK;
    int32_t status = 0;
    int rc = http_cassette_play(request, &code, &status, &err);
    if (rc == 0)
        came(request, code, status);
    else
        give_up(request, rc, &err);
}

static bool wire_is_full(const struct request *request)
{
    size_t count = 0;
    for (const struct request *other = request->http->first; other; other = other->next)
        count += other->state == REQUEST_ON_WIRE && other->whose == request->whose;
    return count >= HTTP_ON_WIRE_MAX;
}

/* Whether it went on the wire, or came to its end. */
static bool begin(struct request *request)
{
    struct http *http = request->http;
    int64_t now = clock_steady_ms();
    if (request->not_before_ms > now || (request->waits && token_is_fetched(request->waits)) || wire_is_full(request))
        return false;
    request->waits = NULL;
    if (cassette_plays(http->setup.cassette)) {
        play(request);
        return true;
    }
    int64_t wait = turn_taken(request);
    if (wait < 0)
        return true;
    if (wait > 0) {
        request->not_before_ms = now + wait;
        return false;
    }
    struct err err = {0};
    int rc = request_go(request, &err);
    if (rc == ERR_UNREADY)
        return false; /* its token comes first */
    if (rc != 0) {
        request->went_out = false;
        give_up(request, rc, &err);
        return true;
    }
    request->state = REQUEST_ON_WIRE;
    return true;
}

static struct request *waiting_first(struct http *http)
{
    for (struct request *request = http->first; request; request = request->next)
        if (request->state == REQUEST_WAITING && begin(request))
            return request;
    return NULL;
}

/* Nobody waits for the requests that fetched tokens. */
static void sweep(struct http *http)
{
    for (struct request *request = http->first, *next; request; request = next) {
        next = request->next;
        if (request->gives && request->state == REQUEST_DONE) {
            request_unlink(request);
            request_free(request);
        }
    }
}

/* Does what can be done without waiting. */
static void pump(struct http *http)
{
    int running, left;
    bool moved;
    do {
        moved = false;
        while (waiting_first(http))
            continue;
        http->curl->multi_perform(http->multi, &running);
        for (CURLMsg *message; (message = http->curl->multi_info_read(http->multi, &left));) {
            struct request *request = NULL;
            if (message->msg != CURLMSG_DONE)
                continue;
            CURLcode code = message->data.result;
            long status = 0;
            http->curl->easy_getinfo(message->easy_handle, CURLINFO_PRIVATE, &request);
            http->curl->easy_getinfo(message->easy_handle, CURLINFO_RESPONSE_CODE, &status);
            came(request, code, (int32_t)status);
            moved = true;
        }
        sweep(http);
    } while (moved);
}

/* How long nothing can happen but by the network. */
static int sleep_ms(const struct http *http, int at_most)
{
    int64_t now = clock_steady_ms(), sleep = at_most < 0 ? INT32_MAX : at_most;
    for (const struct request *request = http->first; request; request = request->next)
        if (request->state == REQUEST_WAITING && !request->waits && request->not_before_ms > now &&
            request->not_before_ms - now < sleep)
            sleep = request->not_before_ms - now;
    return (int)sleep;
}

static void cancel_all(struct http *http)
{
    for (struct request *request = http->first; request; request = request->next)
        if (request->state != REQUEST_DONE) {
            said(request, MUSTER_CANCELLED, "cancelled");
            finish(request);
        }
}

static bool cancelled(const struct http *http)
{
    return http->setup.cancelled && http->setup.cancelled(http->setup.context);
}

static void give(struct http *http, struct request *request, const struct http_reply **ret_reply)
{
    request_unlink(request);
    request_free(http->given);
    http->given = request;
    *ret_reply = &request->reply;
}

static bool is_theirs(const struct request *request, const void *whose, bool alone)
{
    return !request->gives && request->whose == whose && request->alone == alone;
}

int http_begin(struct http *http, const void *whose, const muster_http *ask, bool alone, uint64_t tag, struct err *err)
{
    struct request *request = NULL;
    int rc = prepare(http, err);
    if (rc == 0)
        rc = request_new(http, ask, alone, &request);
    if (rc != 0)
        return err_set(err, rc, "the call cannot be made: %s", err_text(rc));
    request->whose = whose;
    request->alone = alone;
    request->tag = request->reply.tag = tag;
    append(http, request);
    pump(http);
    return 0;
}

bool http_ready(const struct http *http, const void *whose, bool alone)
{
    for (const struct request *request = http->first; request; request = request->next)
        if (is_theirs(request, whose, alone) && request->state == REQUEST_DONE)
            return true;
    return false;
}

int http_take(struct http *http, const void *whose, bool alone, const struct http_reply **ret_reply)
{
    int rc = ERR_GONE;
    for (struct request *request = http->first; request; request = request->next) {
        if (!is_theirs(request, whose, alone))
            continue;
        rc = ERR_UNREADY;
        if (request->state == REQUEST_DONE) {
            give(http, request, ret_reply);
            return 0;
        }
    }
    return rc;
}

int http_ask(struct http *http, const muster_http *ask, const struct http_reply **ret_reply, struct err *err)
{
    int rc = http_begin(http, NULL, ask, true, 0, err);
    while (rc == 0 && (rc = http_take(http, NULL, true, ret_reply)) == ERR_UNREADY) {
        http_poll(http, NULL, 0, -1);
        rc = 0;
    }
    return rc;
}

int http_start(struct http *http, const muster_http *ask, uint64_t tag, struct err *err)
{
    return http_begin(http, NULL, ask, false, tag, err);
}

int http_wait(struct http *http, const struct http_reply **ret_reply, struct err *err)
{
    int rc;
    while ((rc = http_take(http, NULL, false, ret_reply)) == ERR_UNREADY)
        http_poll(http, NULL, 0, -1);
    return rc == ERR_GONE ? err_set(err, rc, "no call is under way") : rc;
}

int http_poll(struct http *http, struct pollfd *fds, unsigned count, int timeout_ms)
{
    struct curl_waitfd extra[HTTP_POLL_MAX];
    if (!http->multi || http->under_way == 0 || count > HTTP_POLL_MAX)
        return poll(fds, count, timeout_ms);
    unsigned used = 0;
    for (unsigned i = 0; i < count; i++)
        if (fds[i].fd >= 0)
            extra[used++] = (struct curl_waitfd){.fd = fds[i].fd, .events = CURL_WAIT_POLLIN};
    if (http->setup.cancelled && (timeout_ms < 0 || timeout_ms > PATIENCE_SLICE_MS))
        timeout_ms = PATIENCE_SLICE_MS;
    http->curl->multi_poll(http->multi, extra, used, sleep_ms(http, timeout_ms), NULL);
    pump(http);
    if (cancelled(http))
        cancel_all(http);
    return poll(fds, count, 0); /* it knows of events that the library has no word for */
}

int http_log_out(struct http *http, const muster_auth *auth)
{
    for (; auth; auth = auth->extra)
        if (auth->subject)
            return token_log_out(http, auth->subject);
    return ERR_GONE;
}

void http_distrust(struct http *http)
{
    tokens_distrust(http);
}

int64_t http_paused_until_ms(const struct http *http)
{
    return http->paused_until_ms;
}
