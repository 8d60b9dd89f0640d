/* login - how a call is proved to be ours: recipes for the broker, which alone has the secret.
 *
 * What is not public is an option: names, place, digest, its spelling, and
 * the text that is signed. */
#include "companyiq.h"

#include <stdio.h>
#include <string.h>

enum { NAME_CORP, NAME_TIME, NAME_NONCE, NAME_SIGN, NAME_SECRET, NAMES };

static const char *const options[NAMES] = {"corp_id_name", "timestamp_name", "nonce_name", "sign_name", "secret_name"};
static const char *const in_header[NAMES] = {"X-Corp-Id", "X-Timestamp", "X-Nonce", "X-Sign", "X-Secret"};
static const char *const in_query[NAMES] = {"corpId", "timestamp", "nonce", "sign", "secret"};

/* The links of one chain on their way. */
struct chain {
    const struct companyiq *companyiq;
    muster_auth *links;
    size_t count;
    const char *place; /* header query json */
};

static muster_auth *link_add(struct chain *chain, const char *where, const char *name, const char *recipe)
{
    muster_auth *link = &chain->links[chain->count];
    *link = (muster_auth){.size = sizeof(*link), .scheme = "recipe", .where = where, .name = name, .recipe = recipe};
    if (chain->count++ > 0)
        link[-1].extra = link;
    return link;
}

static const char *name_of(const struct chain *chain, int which)
{
    const char *own = companyiq_option(chain->companyiq, options[which]);
    return *own ? own : strcmp(chain->place, "header") == 0 ? in_header[which] : in_query[which];
}

static const char *option_or(const struct chain *chain, const char *option, const char *otherwise)
{
    const char *own = companyiq_option(chain->companyiq, option);
    return *own ? own : otherwise;
}

static const char *time_of(const struct chain *chain)
{
    return strcmp(companyiq_option(chain->companyiq, "timestamp_unit"), "s") == 0 ? "{time_s}" : "{time_ms}";
}

/* corpId, time and nonce; what stands in headers is a parameter of the signature only. */
static void parameters_add(struct chain *chain, bool sorted)
{
    const char *const recipes[] = {"{option:corp_id}", time_of(chain), "{nonce}"};
    for (int n = 0; n < NAME_SIGN; n++) {
        link_add(chain, chain->place, name_of(chain, n), recipes[n]);
        if (sorted && strcmp(chain->place, "header") == 0)
            link_add(chain, "sign", in_query[n], recipes[n]);
    }
}

static void hmac_make(struct chain *chain)
{
    const char *canonical = strcmp(time_of(chain), "{time_s}") == 0
                                ? "{method}\n{path}\n{option:corp_id}\n{time_s}\n{nonce}\n{sha256:body}"
                                : "{method}\n{path}\n{option:corp_id}\n{time_ms}\n{nonce}\n{sha256:body}";
    parameters_add(chain, false);
    muster_auth *sign =
        link_add(chain, chain->place, name_of(chain, NAME_SIGN), option_or(chain, "canonical", canonical));
    sign->secret = "secret";
    sign->digest = option_or(chain, "digest", "hmac-sha256");
    sign->encoding = option_or(chain, "encoding", "hex");
}

/* The body is a parameter like others, also when it is empty: {sorted} would leave it out. */
static void md5_make(struct chain *chain, bool empty)
{
    parameters_add(chain, true);
    if (!empty)
        link_add(chain, "sign", "body", "{body}");
    muster_auth *sign =
        link_add(chain, chain->place, name_of(chain, NAME_SIGN),
                 option_or(chain, "canonical", empty ? "body=&{sorted:&}&key={secret}" : "{sorted:&}&key={secret}"));
    sign->secret = "secret";
    sign->digest = option_or(chain, "digest", "md5");
    sign->encoding = option_or(chain, "encoding", "HEX");
}

static void plain_make(struct chain *chain)
{
    link_add(chain, chain->place, name_of(chain, NAME_CORP), "{option:corp_id}");
    link_add(chain, chain->place, name_of(chain, NAME_SECRET), "{secret}")->secret = "secret";
}

static void token_make(struct chain *chain, const char *token_url)
{
    muster_auth *link =
        link_add(chain, "header", "Authorization", "{\"corpId\":\"{option:corp_id}\",\"secret\":\"{secret}\"}");
    link->scheme = "exchange";
    link->secret = "secret";
    link->token_url = token_url;
    link->token = "/data/accessToken";
    link->expires = "/data/expiresIn";
}

static void chain_make(struct companyiq *companyiq, muster_auth *links, bool empty, bool form)
{
    const char *scheme = companyiq_option(companyiq, "scheme"), *place = companyiq_option(companyiq, "place");
    struct chain chain = {.companyiq = companyiq, .links = links};
    bool hmac = strcmp(scheme, "hmac") == 0;
    if (!*place)
        place = hmac ? "header" : "query";
    if (strcmp(place, "body") == 0) /* where there is no object, there is no room in it */
        place = empty || form ? "query" : "json";
    chain.place = place;
    if (hmac)
        hmac_make(&chain);
    else if (strcmp(scheme, "md5-sorted") == 0)
        md5_make(&chain, empty);
    else if (strcmp(scheme, "token") == 0)
        token_make(&chain, companyiq->token_url);
    else
        plain_make(&chain);
}

void login_make(struct companyiq *companyiq)
{
    snprintf(companyiq->token_url, sizeof(companyiq->token_url), "%s%s", companyiq_option(companyiq, "base_url"),
             companyiq_option(companyiq, "token_path"));
    chain_make(companyiq, companyiq->links, false, false);
    chain_make(companyiq, companyiq->empty, true, false);
    chain_make(companyiq, companyiq->form, false, true);
}
