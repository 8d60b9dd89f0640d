/* token - tokens that systems give for a while in exchange for a log-in. */
#include "broker/token.h"

#include "base/clock.h"
#include "base/digest.h"
#include "base/mem.h"
#include "broker/jsonpointer.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

enum {
    SKEW_MS = 60 * 1000,
    LIFE_MS = 5 * 60 * 1000, /* of a token that does not say it, or says that it has none */
    LIFE_MOST_S = 365 * 24 * 3600,
    AGAIN_MS = 5 * 1000,     /* after trouble on the way; a refused log-in stays refused */
    WORTH_MS = 2 * 60 * 1000 /* what lasts less is not kept for the next run */
};

enum token_state { TOKEN_NONE, TOKEN_FETCHED, TOKEN_HAVE, TOKEN_REFUSED };

struct token {
    struct token *next;
    char *key;
    enum token_state state;
    struct secret secret;
    struct scrub scrub;
    bool looked;             /* whether it is kept from a run before */
    int64_t until_ms;        /* steady; 0: for good */
    struct err err;          /* of TOKEN_REFUSED */
    const muster_auth *link; /* while it is fetched */
    bool subject;
};

static void wipe(struct buffer *buffer)
{
    if (buffer->data)
        explicit_bzero(buffer->data, buffer->room);
    buffer_done(buffer);
}

#define WIPED __attribute__((cleanup(wipe))) struct buffer

void tokens_free(struct token *first)
{
    for (struct token *token = first, *next; token; token = next) {
        next = token->next;
        secret_done(&token->secret);
        scrub_done(&token->scrub);
        free(token->key);
        free(token);
    }
}

bool token_is_fetched(const struct token *token)
{
    return token->state == TOKEN_FETCHED;
}

void tokens_scrub(const struct http *http, char *bytes, size_t len)
{
    for (const struct token *token = http->tokens; token; token = token->next)
        scrub_bytes(&token->scrub, bytes, len);
}

static struct token *token_named(struct http *http, char *key)
{
    for (struct token *token = http->tokens; token; token = token->next)
        if (strcmp(token->key, key) == 0) {
            free(key);
            return token;
        }
    struct token *token = mem_new(1, sizeof(*token));
    if (!token) {
        free(key);
        return NULL;
    }
    token->key = key;
    token->next = http->tokens;
    http->tokens = token;
    return token;
}

static const char *or_none(const char *text)
{
    return text ? text : "";
}

/* Of the same log-in at the same place; the other secret gives another token. */
static struct token *token_of(struct request *request, const muster_auth *link)
{
    char *key = auth_has_token(link)
                    ? mem_format("%s\n%s\n%s\n%s\n%s\n%d", link->scheme, or_none(link->token_url),
                                 or_none(link->secret), or_none(link->user), or_none(link->recipe), request->fallback)
                    : mem_format("subject\n%s", link->subject);
    struct token *token = key ? token_named(request->http, key) : NULL;
    if (token)
        token->subject = !auth_has_token(link);
    return token;
}

static int token_set(struct token *token, const char *text, size_t len)
{
    int rc = secret_set(&token->secret, text, len);
    if (rc == 0)
        rc = scrub_learn(&token->scrub, &token->secret);
    token->state = rc == 0 ? TOKEN_HAVE : TOKEN_NONE;
    return rc;
}

static bool is(const char *text, const char *word)
{
    return text && strcmp(text, word) == 0;
}

/* --- fetching --- */

/* The body of a token request; it may hold a secret. */
static int token_body(struct request *request, const muster_auth *link, struct buffer *out, const char **ret_type,
                      struct err *err)
{
    struct keyring *keyring = &request->http->keyring;
    const struct secret *secret = NULL;
    bool oauth2 = is(link->scheme, "oauth2-client-credentials"), json;
    const char *option = request->fallback && keyring_has(keyring, link->fallback) ? link->fallback : link->secret;
    struct recipe recipe = {.keyring = keyring, .method = "POST", .url = &request->url, .body_fd = -1};
    recipe.now_ms = clock_now_ms();
    int rc = option ? keyring_secret(keyring, option, &secret, err) : 0;
    if (rc == 0 && link->user)
        rc = keyring_text(keyring, link->user, &recipe.user, err);
    if (rc != 0)
        return rc;
    recipe.secret = secret ? secret_reveal(secret) : NULL;
    buffer_room(out, 4096);
    json = !oauth2 && link->recipe && link->recipe[strspn(link->recipe, " \t\r\n")] == '{';
    *ret_type = json ? "Content-Type: application/json" : "Content-Type: application/x-www-form-urlencoded";
    if (oauth2) {
        buffer_text(out, "grant_type=client_credentials");
        if (is(link->where, "form"))
            rc = recipe_write("&client_id={user}&client_secret={secret}", &recipe, RECIPE_FORM, out, err);
        if (rc == 0 && link->recipe)
            buffer_byte(out, '&');
    }
    if (rc == 0 && link->recipe)
        rc = recipe_write(link->recipe, &recipe, json ? RECIPE_JSON : RECIPE_FORM, out, err);
    return rc ? rc : out->rc;
}

/* A request of our own, before all others. Its reply never leaves the broker. */
static int token_fetch(struct token *token, struct request *waiting, const muster_auth *link, struct err *err)
{
    struct http *http = waiting->http;
    WIPED body = {0};
    const char *headers[] = {"Accept: application/json", NULL, NULL};
    struct request *request = NULL;
    muster_auth basic = {.size = sizeof(basic),
                         .scheme = "basic",
                         .secret = link->secret,
                         .fallback = link->fallback,
                         .user = link->user,
                         .extra = link->extra};
    bool by_header = is(link->scheme, "oauth2-client-credentials") && !is(link->where, "form");
    if (!link->token_url)
        return err_set(err, ERR_CONNECTOR, "the connector does not say where its token comes from");
    int rc = token_body(waiting, link, &body, &headers[1], err);
    muster_http ask = {.size = sizeof(ask),
                       .flags = MUSTER_IDEMPOTENT, /* one token more does no harm */
                       .method = "POST",
                       .url = link->token_url,
                       .headers = headers,
                       .body = body.data,
                       .body_len = body.len,
                       .auth = by_header ? &basic : link->extra};
    if (rc == 0)
        rc = request_new(http, &ask, false, &request);
    if (rc != 0)
        return rc;
    if (request->state == REQUEST_DONE) {
        rc = err_set(err, ERR_CONFIG, "the token cannot be fetched: %s", request->reply.why);
        request_free(request);
        return rc;
    }
    rc = auth_copy(request->arena, link, &token->link);
    if (rc != 0) {
        request_free(request);
        return rc;
    }
    request->gives = token;
    request->fallback = waiting->fallback;
    token->state = TOKEN_FETCHED;
    request->next = http->first;
    if (http->last == &http->first)
        http->last = &request->next;
    http->first = request;
    http->under_way++;
    return 0;
}

/* --- kept from run to run --- */

/* What a token was given for: another secret, or another option of the connection, makes another of it. */
static int token_mark(struct request *request, const muster_auth *link, char ret_hex[DIGEST_HEX], struct err *err)
{
    struct keyring *keyring = &request->http->keyring;
    const struct connection *connection = keyring->connection;
    WIPED all = {0};
    buffer_room(&all, 16384);
    buffer_format(&all, "%s%c", connection->connector, 0);
    for (size_t i = 0; i < connection->option_count; i++)
        buffer_format(&all, "%s%c%s%c", connection->options[i].name, 0, or_none(connection->options[i].text), 0);
    int rc = all.rc;
    for (; link && rc == 0; link = link->extra) {
        const struct secret *secret = NULL;
        const char *option = request->fallback && keyring_has(keyring, link->fallback) ? link->fallback : link->secret;
        if (option && (rc = keyring_secret(keyring, option, &secret, err)) == 0)
            buffer_add(&all, secret_reveal(secret), secret->len + 1);
    }
    if (rc != 0 || all.rc != 0)
        return rc ? rc : all.rc;
    uint8_t digest[DIGEST_SHA256];
    digest_sha256(all.data, all.len, digest);
    digest_hex(digest, sizeof(digest), ret_hex);
    return 0;
}

/* "MARK UNTIL\nTOKEN". Keeping it is a kindness: without, the next run logs in again. */
static void token_keep(struct token *token, struct request *request, const muster_auth *link, int64_t life)
{
    const struct http_setup *setup = &request->http->setup;
    char mark[DIGEST_HEX];
    WIPED text = {0};
    struct secret whole = {0};
    if (!setup->token_keep || life < WORTH_MS || token_mark(request, link, mark, NULL) != 0)
        return;
    buffer_room(&text, token->secret.len + DIGEST_HEX + 40);
    buffer_format(&text, "%s %lld\n", mark, (long long)(clock_now_ms() + life));
    buffer_add(&text, secret_reveal(&token->secret), token->secret.len);
    if (text.rc == 0 && secret_set(&whole, text.data, text.len) == 0)
        (void)setup->token_keep(setup->keeper, token->key, &whole);
    secret_done(&whole);
}

/* One that a run before was given, if it is still good. What cannot be read is not there. */
static void token_look(struct token *token, struct request *request, const muster_auth *link)
{
    const struct http_setup *setup = &request->http->setup;
    char mark[DIGEST_HEX];
    struct secret whole = {0};
    token->looked = true;
    if (!setup->token_load || setup->token_load(setup->keeper, token->key, &whole) != 0)
        return;
    const char *text = secret_reveal(&whole), *line = strchr(text, '\n');
    if (line && strlen(text) > DIGEST_HEX && token_mark(request, link, mark, NULL) == 0 &&
        strncmp(text, mark, DIGEST_HEX - 1) == 0) {
        int64_t left = (int64_t)strtoll(text + DIGEST_HEX, NULL, 10) - clock_now_ms();
        if (left > 0 && token_set(token, line + 1, whole.len - (size_t)(line + 1 - text)) == 0)
            token->until_ms = clock_steady_ms() + left;
    }
    secret_done(&whole);
}

static int token_of_subject(struct token *token, struct request *request, const muster_auth *link, struct err *err)
{
    const struct http_setup *setup = &request->http->setup;
    struct secret secret = {0};
    int rc = setup->token_load ? setup->token_load(setup->keeper, token->key, &secret) : ERR_GONE;
    if (rc == 0)
        rc = token_set(token, secret_reveal(&secret), secret.len);
    secret_done(&secret);
    if (rc == ERR_GONE)
        return err_set(err, ERR_AUTH, "%s has not logged in yet", link->subject);
    return rc ? err_set(err, rc, "the log-in of %s cannot be read: %s", link->subject, err_text(rc)) : 0;
}

int token_for(struct request *request, const muster_auth *link, const char **ret_token, struct err *err)
{
    struct token *token = token_of(request, link);
    if (!token)
        return -ENOMEM;
    if (token->subject && token->state != TOKEN_HAVE) {
        int rc = token_of_subject(token, request, link, err);
        if (rc != 0)
            return rc;
    }
    if (token->state == TOKEN_NONE && !token->looked)
        token_look(token, request, link);
    bool settled = token->state == TOKEN_HAVE || token->state == TOKEN_REFUSED;
    if (settled && token->until_ms != 0 && clock_steady_ms() >= token->until_ms)
        token->state = TOKEN_NONE;
    if (token->state == TOKEN_HAVE) {
        *ret_token = secret_reveal(&token->secret);
        return 0;
    }
    if (token->state == TOKEN_REFUSED)
        return err_set(err, token->err.rc, "%s", token->err.text);
    int rc = token->state == TOKEN_FETCHED ? 0 : token_fetch(token, request, link, err);
    if (rc != 0)
        return rc;
    request->waits = token;
    return ERR_UNREADY;
}

static int code_of(muster_rc rc)
{
    switch (rc) {
    case MUSTER_RETRY: return ERR_NETWORK;
    case MUSTER_PERMISSION: return ERR_PERMISSION;
    case MUSTER_CONFIG:
    case MUSTER_GONE: return ERR_CONFIG;
    case MUSTER_CANCELLED: return ERR_CANCELLED;
    default: return ERR_AUTH;
    }
}

/* Systems say why in one of these. */
static void say_why(const struct request *request, struct buffer *out)
{
    static const char *const pointers[] = {"/error_description", "/error", "/message", "/msg", "/Message"};
    for (size_t i = 0; i < sizeof(pointers) / sizeof(pointers[0]); i++) {
        TIDY_DONE(buffer_done) struct buffer text = {0};
        const struct http_reply *reply = &request->reply;
        if (reply->body && jsonpointer_get(reply->body, reply->body_len, pointers[i], &text) == 0) {
            keyring_scrub(&request->http->keyring, text.data, text.len);
            buffer_format(out, " (%.200s)", text.data);
            return;
        }
    }
}

static int64_t life_ms(const struct request *request, const muster_auth *link)
{
    TIDY_DONE(buffer_done) struct buffer text = {0};
    const char *pointer = link->expires ? link->expires : "/expires_in";
    int64_t life = LIFE_MS;
    if (jsonpointer_get(request->reply.body, request->reply.body_len, pointer, &text) == 0 && text.data) {
        int64_t seconds = strtoll(text.data, NULL, 10);
        if (seconds > 0)
            life = (seconds < LIFE_MOST_S ? seconds : LIFE_MOST_S) * 1000;
    }
    int64_t early = life / 10 < SKEW_MS ? life / 10 : SKEW_MS; /* renewed before it expires */
    return life > early ? life - early : 1;
}

static int token_read(struct token *token, struct request *request, const muster_auth *link)
{
    WIPED text = {0};
    TIDY_DONE(buffer_done) struct buffer why = {0};
    const char *pointer = link->token ? link->token : "/access_token";
    const struct http_reply *reply = &request->reply;
    say_why(request, &why);
    /* A 4xx to a token request is a log-in that is refused, whatever its number. */
    bool refused = reply->rc == MUSTER_DATA || reply->rc == MUSTER_AUTH || reply->rc == MUSTER_PERMISSION;
    if (refused && reply->status >= 400)
        return err_set(&token->err, ERR_AUTH, "%s refuses the log-in (%d%s): check option '%s'", request->url.host,
                       reply->status, why.data ? why.data : "", or_none(auth_option(link)));
    if (reply->rc != MUSTER_OK)
        return err_set(&token->err, code_of(reply->rc), "no token: %s%s", reply->why, why.data ? why.data : "");
    int rc = reply->body ? jsonpointer_get(reply->body, reply->body_len, pointer, &text) : ERR_DATA;
    if (rc == 0 && text.len > 0)
        rc = token_set(token, text.data, text.len);
    else if (rc != 0 && rc != ERR_GONE) /* the server's trouble, and no word about the log-in */
        return err_set(&token->err, ERR_NETWORK, "%s answers the log-in with what is no whole JSON object",
                       request->url.host);
    else
        rc = ERR_AUTH;
    if (rc != 0)
        return err_set(&token->err, rc, "%s answers without a token at %s%s: check option '%s'", request->url.host,
                       pointer, why.data ? why.data : "", or_none(auth_option(link)));
    return 0;
}

void token_came(struct token *token, struct request *request)
{
    const muster_auth *link = token->link;
    secret_done(&token->secret);
    token->err = (struct err){0};
    token->link = NULL;
    if (token_read(token, request, link) == 0) {
        int64_t life = life_ms(request, link);
        token->until_ms = clock_steady_ms() + life;
        token_keep(token, request, link, life);
    } else {
        token->state = TOKEN_REFUSED;
        token->until_ms = token->err.rc == ERR_NETWORK ? clock_steady_ms() + AGAIN_MS : 0;
    }
    /* The reply is in memory of the buffer, which is given back. */
    if (request->in.data)
        explicit_bzero(request->in.data, request->in.room);
}

void token_forget(struct token *token)
{
    token->state = TOKEN_NONE;
    token->link = NULL;
}

bool tokens_drop(struct request *request)
{
    bool dropped = false;
    for (const muster_auth *link = request->auth; link; link = link->extra) {
        if (!auth_has_token(link))
            continue;
        struct token *token = token_of(request, link);
        if (token && token->state == TOKEN_HAVE) {
            token->state = TOKEN_NONE;
            dropped = true;
        }
    }
    return dropped;
}

void tokens_distrust(struct http *http)
{
    const struct http_setup *setup = &http->setup;
    for (struct token *token = http->tokens; token; token = token->next)
        if (!token->subject && token->state == TOKEN_HAVE) {
            token->state = TOKEN_NONE;
            if (setup->token_keep)
                (void)setup->token_keep(setup->keeper, token->key, NULL);
        }
}

int token_log_out(struct http *http, const char *subject)
{
    const struct http_setup *setup = &http->setup;
    char *key __attribute__((cleanup(tidy_free))) = mem_format("subject\n%s", subject);
    if (!key)
        return -ENOMEM;
    for (struct token *token = http->tokens; token; token = token->next)
        if (strcmp(token->key, key) == 0)
            token->state = TOKEN_NONE;
    return setup->token_keep ? setup->token_keep(setup->keeper, key, NULL) : 0;
}

int token_capture(struct request *request, struct err *err)
{
    WIPED text = {0};
    const struct http_setup *setup = &request->http->setup;
    const muster_auth *link = request->auth;
    while (link && !link->subject)
        link = link->extra;
    if (!link)
        return err_set(err, ERR_CONNECTOR, "the connector wants a token kept and does not say whose");
    buffer_room(&text, 4096);
    int rc = request->in.data ? jsonpointer_get(request->in.data, request->in.len, request->capture, &text) : ERR_GONE;
    if (rc != 0 || text.len == 0)
        return err_set(err, ERR_DATA, "%s answers without a token at %s", request->url.host, request->capture);
    muster_auth plain = {.size = sizeof(plain), .subject = link->subject};
    struct token *token = token_of(request, &plain);
    if (!token)
        return -ENOMEM;
    rc = token_set(token, text.data, text.len);
    if (rc == 0 && setup->token_keep)
        rc = setup->token_keep(setup->keeper, token->key, &token->secret);
    return rc ? err_set(err, rc, "the log-in of %s cannot be kept: %s", link->subject, err_text(rc)) : 0;
}
