/* auth - what proves to a system who calls, made anew for every attempt. */
#include "broker/auth.h"

#include "base/base64.h"
#include "base/jsontext.h"
#include "base/mem.h"
#include "base/signature.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

enum { LINKS_MAX = 16, ROOM = 4096 };

/* A link of the chain with what its scheme leaves unsaid. */
struct link_plan {
    const muster_auth *auth;
    enum auth_where where;
    const char *name, *recipe;
    unsigned phase; /* 0: needs nothing of the others; 1: goes into the body; 2: after that */
};

static void wipe(struct buffer *buffer)
{
    if (buffer->data)
        explicit_bzero(buffer->data, buffer->room);
    buffer_done(buffer);
}

#define WIPED __attribute__((cleanup(wipe))) struct buffer

static bool is(const char *text, const char *word)
{
    return text && strcmp(text, word) == 0;
}

bool auth_has_token(const muster_auth *link)
{
    return is(link->scheme, "oauth2-client-credentials") || is(link->scheme, "exchange");
}

/* Signed with each of its secrets at once, so that a receiver may change its own whenever it likes. */
static bool is_webhook(const muster_auth *link)
{
    return is(link->scheme, "standard-webhooks");
}

bool auth_has_fallback(const muster_auth *auth, const struct keyring *keyring)
{
    for (; auth; auth = auth->extra)
        if (!is_webhook(auth) && keyring_has(keyring, auth->fallback))
            return true;
    return false;
}

const char *auth_option(const muster_auth *auth)
{
    for (; auth; auth = auth->extra)
        if (auth->secret)
            return auth->secret;
    return NULL;
}

int auth_copy(struct arena *arena, const muster_auth *auth, const muster_auth **ret_copy)
{
    muster_auth *first = NULL, *last = NULL;
    size_t count = 0;
    for (; auth; auth = auth->extra) {
        muster_auth *copy = arena_get(arena, sizeof(*copy));
        if (!copy || ++count > LINKS_MAX)
            return copy ? ERR_LIMIT : -ENOMEM;
        *copy = (muster_auth){.size = sizeof(*copy)};
#define COPY(member)                                                                                                   \
    if (auth->member && !(copy->member = arena_text(arena, auth->member)))                                             \
    return -ENOMEM
        COPY(scheme);
        COPY(secret);
        COPY(fallback);
        COPY(user);
        COPY(subject);
        COPY(where);
        COPY(name);
        COPY(recipe);
        COPY(digest);
        COPY(encoding);
        COPY(token_url);
        COPY(token);
        COPY(expires);
#undef COPY
        if (last)
            last->extra = copy;
        else
            first = copy;
        last = copy;
    }
    *ret_copy = first;
    return 0;
}

static int where_read(const char *text, enum auth_where *ret_where, struct err *err)
{
    static const char *const names[] = {"header", "query", "form", "json", "sign"};
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
        if (!text || strcmp(text, names[i]) == 0) {
            *ret_where = (enum auth_where)i;
            return 0;
        }
    return err_set(err, ERR_CONNECTOR, "the connector wants its log-in in '%.40s', which is no place in a request",
                   text);
}

static int link_read(const muster_auth *auth, struct link_plan *ret_plan, struct err *err)
{
    struct link_plan plan = {.auth = auth, .name = auth->name, .recipe = auth->recipe};
    bool token = auth_has_token(auth), basic = is(auth->scheme, "basic"), bearer = is(auth->scheme, "bearer");
    if (!token && !basic && !bearer && !is_webhook(auth) && auth->scheme && !is(auth->scheme, "recipe"))
        return err_set(err, ERR_CONNECTOR, "the connector wants to log in by '%.40s', which muster does not know",
                       auth->scheme);
    /* What oauth2 says of form and recipe is meant for the token request. */
    bool oauth2 = is(auth->scheme, "oauth2-client-credentials");
    int rc = where_read(oauth2 ? NULL : auth->where, &plan.where, err);
    if (rc != 0)
        return rc;
    if (token)
        plan.recipe = plan.name && !is(plan.name, "Authorization") ? "{token}" : "Bearer {token}";
    if (bearer && !plan.recipe)
        plan.recipe = auth->secret ? "Bearer {secret}" : "Bearer {token}";
    if (!plan.recipe)
        plan.recipe = auth->secret || !auth->subject ? "{secret}" : "{token}";
    if (!plan.name && (token || basic || bearer))
        plan.name = "Authorization";
    if (!plan.name && is_webhook(auth))
        plan.name = "webhook-signature";
    if (!plan.name || !*plan.name)
        return err_set(err, ERR_CONNECTOR, "the connector does not say under which name its log-in goes");
    if (auth->digest && !is(auth->digest, "none") &&
        !signature_known(auth->digest, auth->encoding ? auth->encoding : "hex"))
        return err_set(err, ERR_CONNECTOR,
                       "the connector wants a signature by '%.40s' as '%.40s', which muster does "
                       "not know",
                       auth->digest, auth->encoding ? auth->encoding : "hex");
    bool late = recipe_uses(plan.recipe, "sorted:") || recipe_uses(plan.recipe, "body") ||
                recipe_uses(plan.recipe, "sha256:") || recipe_uses(plan.recipe, "md5:");
    bool sorted = recipe_uses(plan.recipe, "sorted:"), in_body = plan.where == AUTH_FORM || plan.where == AUTH_JSON;
    /* A pair that only signs, like the body itself, must be there before what sorts it. */
    plan.phase = !late ? 0 : in_body ? 1 : sorted ? 3 : 2;
    *ret_plan = plan;
    return 0;
}

/* user:password of basic. */
static int basic_write(const char *user, const char *secret, struct buffer *out, struct err *err)
{
    WIPED plain = {0};
    WIPED coded = {0};
    if (!user)
        return err_set(err, ERR_CONNECTOR, "the connector does not say whose password it is");
    buffer_room(&plain, ROOM);
    buffer_format(&plain, "%s:%s", user, secret ? secret : "");
    char *place = plain.rc == 0 ? buffer_reserve(&coded, BASE64_ROOM(plain.len)) : NULL;
    if (!place)
        return -ENOMEM;
    base64_write(plain.data, plain.len, true, place);
    buffer_format(out, "Basic %s", place);
    return out->rc;
}

/* What a link's words stand for. */
static int link_recipe(const struct auth_case *one, const struct link_plan *plan, struct recipe *ret_recipe,
                       const struct secret **ret_secret, struct err *err)
{
    const muster_auth *auth = plan->auth;
    const struct secret *secret = NULL;
    const char *option = one->fallback && keyring_has(one->keyring, auth->fallback) ? auth->fallback : auth->secret;
    struct recipe recipe = {.keyring = one->keyring,
                            .method = one->method,
                            .url = one->url,
                            .now_ms = one->now_ms,
                            .nonce = one->nonce,
                            .body = one->body,
                            .body_len = one->body_len,
                            .body_fd = one->body_fd};
    int rc = 0;
    bool own = !option && auth->subject && recipe_uses(plan->recipe, "token");
    if ((auth_has_token(auth) || own) && one->token)
        rc = one->token(one->context, auth, &recipe.token, err);
    else if (option)
        rc = keyring_secret(one->keyring, option, &secret, err);
    if (rc == 0 && auth->user && (is(auth->scheme, "basic") || recipe_uses(plan->recipe, "user")))
        rc = keyring_text(one->keyring, auth->user, &recipe.user, err);
    recipe.secret = secret ? secret_reveal(secret) : NULL;
    *ret_secret = secret;
    *ret_recipe = recipe;
    return rc;
}

/* "v1,SIGNATURE", by one secret: whsec_ and the key in base64. */
static int webhook_sign(struct keyring *keyring, const char *option, const struct buffer *text, struct buffer *out,
                        struct err *err)
{
    static const char prefix[] = "whsec_";
    const struct secret *secret = NULL;
    uint8_t key[256];
    size_t len = 0;
    int rc = keyring_secret(keyring, option, &secret, err);
    if (rc != 0)
        return rc;
    const char *coded = secret_reveal(secret);
    if (strncmp(coded, prefix, sizeof(prefix) - 1) == 0)
        coded += sizeof(prefix) - 1;
    if (!base64_read(coded, strlen(coded), key, sizeof(key), &len) || len == 0)
        return err_set(err, ERR_CONFIG,
                       "option '%s': its secret is none for signing webhooks: that is whsec_ and up to %zu bytes in "
                       "base64",
                       option, sizeof(key));
    buffer_text(out, out->len > 0 ? " v1," : "v1,");
    signature_write("hmac-sha256", "base64", (const char *)key, len, text->data, text->len, out);
    explicit_bzero(key, sizeof(key));
    return out->rc;
}

static int webhook_write(const struct link_plan *plan, const struct recipe *recipe, struct buffer *out, struct err *err)
{
    WIPED text = {0};
    buffer_room(&text, ROOM + recipe->body_len);
    int rc = recipe_write(plan->recipe, recipe, RECIPE_PLAIN, &text, err);
    if (rc == 0)
        rc = webhook_sign(recipe->keyring, plan->auth->secret, &text, out, err);
    if (rc == 0 && keyring_has(recipe->keyring, plan->auth->fallback))
        rc = webhook_sign(recipe->keyring, plan->auth->fallback, &text, out, err);
    return rc;
}

static int link_value(const struct auth_case *one, const struct link_plan *plan, const struct auth_made *made,
                      const struct recipe_pair *pairs, size_t pair_count, struct buffer *out, struct err *err)
{
    const muster_auth *auth = plan->auth;
    const struct secret *secret = NULL;
    struct recipe recipe;
    int rc = link_recipe(one, plan, &recipe, &secret, err);
    if (rc != 0)
        return rc;
    recipe.pairs = pairs;
    recipe.pair_count = pair_count;
    if (made->in_body) {
        recipe.body = made->body.data;
        recipe.body_len = made->body.len;
        recipe.body_fd = -1;
    }
    buffer_room(out, ROOM);
    buffer_text(out, ""); /* a value that is empty is a text too */
    if (is(auth->scheme, "basic"))
        return basic_write(recipe.user, recipe.secret, out, err);
    if (is_webhook(auth))
        return webhook_write(plan, &recipe, out, err);
    if (!auth->digest || is(auth->digest, "none"))
        return recipe_write(plan->recipe, &recipe, RECIPE_PLAIN, out, err);
    WIPED text = {0};
    buffer_room(&text, ROOM + one->body_len);
    rc = recipe_write(plan->recipe, &recipe, RECIPE_PLAIN, &text, err);
    if (rc == 0 && strncmp(auth->digest, "hmac-", 5) == 0 && !secret)
        rc = err_set(err, ERR_CONNECTOR, "the connector wants a signature and names no key for it");
    if (rc == 0)
        signature_write(auth->digest, auth->encoding ? auth->encoding : "hex", recipe.secret ? recipe.secret : "",
                        secret ? secret->len : 0, text.data ? text.data : "", text.len, out);
    return rc ? rc : out->rc;
}

/* {"token":"…", and what the connector wrote after its brace. */
static int json_place(struct buffer *body, const struct auth_placed *placed, struct err *err)
{
    const char *name = placed->name + (*placed->name == '/'), *at = body->data ? body->data : "";
    size_t before = strspn(at, " \t\r\n");
    if (at[before] != '{' || strchr(name, '/'))
        return err_set(err, ERR_CONNECTOR,
                       "the log-in goes into a JSON object at its top; the connector's body is none, or it names "
                       "'%.60s'",
                       placed->name);
    size_t rest = before + 1;
    bool empty = at[rest + strspn(at + rest, " \t\r\n")] == '}';
    WIPED whole = {0};
    buffer_room(&whole, body->len + placed->value.len * 6 + ROOM);
    buffer_byte(&whole, '{');
    json_string(&whole, name, strlen(name));
    buffer_byte(&whole, ':');
    json_string(&whole, placed->value.data, placed->value.len);
    buffer_text(&whole, empty ? "" : ",");
    buffer_add(&whole, at + rest, body->len - rest);
    if (whole.rc != 0)
        return whole.rc;
    struct buffer old = *body;
    *body = whole;
    whole = old;
    return 0;
}

static int body_place(const struct auth_case *one, struct auth_made *made, const struct auth_placed *placed,
                      struct err *err)
{
    if (one->body_fd >= 0)
        return err_set(err, ERR_CONNECTOR, "the log-in cannot be put into a body that comes as a file");
    if (!made->in_body) {
        buffer_room(&made->body, one->body_len + ROOM);
        buffer_add(&made->body, one->body ? one->body : "", one->body_len);
        made->in_body = true;
    }
    if (placed->where == AUTH_JSON)
        return json_place(&made->body, placed, err);
    if (made->body.len > 0)
        buffer_byte(&made->body, '&');
    url_escape(placed->name, strlen(placed->name), &made->body);
    buffer_byte(&made->body, '=');
    url_escape(placed->value.data, placed->value.len, &made->body);
    return made->body.rc;
}

static bool breaks_line(const struct buffer *value)
{
    return memchr(value->data, '\n', value->len) || memchr(value->data, '\r', value->len) ||
           memchr(value->data, '\0', value->len);
}

static int link_place(const struct auth_case *one, const struct link_plan *plan, struct auth_made *made,
                      struct recipe_pair *pairs, size_t *pair_count, struct err *err)
{
    struct auth_placed *placed = &made->placed[made->count++];
    *placed = (struct auth_placed){.where = plan->where, .name = plan->name};
    int rc = link_value(one, plan, made, pairs, *pair_count, &placed->value, err);
    if (rc != 0)
        return rc;
    if (placed->where == AUTH_HEADER && breaks_line(&placed->value))
        return err_set(err, ERR_CONFIG, "the log-in would break header %s: a secret or an option has a line break",
                       placed->name);
    if (placed->where == AUTH_FORM || placed->where == AUTH_JSON)
        rc = body_place(one, made, placed, err);
    if (placed->where != AUTH_HEADER)
        pairs[(*pair_count)++] = (struct recipe_pair){placed->name, placed->value.data};
    return rc;
}

int auth_make(const struct auth_case *one, struct auth_made *made, struct err *err)
{
    struct link_plan plans[LINKS_MAX];
    size_t count = 0, pair_count = one->pair_count;
    *made = (struct auth_made){0};
    for (const muster_auth *auth = one->auth; auth; auth = auth->extra) {
        if (one->capturing && auth->subject && !auth->secret)
            continue; /* whose log-in this call is about to bring */
        int rc = count < LINKS_MAX ? link_read(auth, &plans[count++], err) : ERR_LIMIT;
        if (rc != 0)
            return err_set(err, rc, "the log-in has more parts than %d", LINKS_MAX);
    }
    struct recipe_pair *pairs __attribute__((cleanup(tidy_free))) = mem_new(pair_count + count + 1, sizeof(*pairs));
    made->placed = mem_new(count + 1, sizeof(*made->placed));
    if (!pairs || !made->placed)
        return -ENOMEM;
    if (pair_count > 0)
        memcpy(pairs, one->pairs, pair_count * sizeof(*pairs));
    for (unsigned phase = 0; phase < 4; phase++)
        for (size_t i = 0; i < count; i++) {
            int rc = plans[i].phase == phase ? link_place(one, &plans[i], made, pairs, &pair_count, err) : 0;
            if (rc != 0)
                return rc;
        }
    return 0;
}

void auth_made_done(struct auth_made *made)
{
    for (size_t i = 0; i < made->count; i++)
        wipe(&made->placed[i].value);
    free(made->placed);
    wipe(&made->body);
    *made = (struct auth_made){0};
}
