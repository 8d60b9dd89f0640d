/* stores - which stores there are, and on which server each one is.
 *
 * Either the options list them, or the partner's server is asked: chains, and
 * the stores of the one chain that the options name, for the partner's key sees
 * those of all its customers. Addresses come from these lists and are never put
 * together here. */
#include "pmt.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

static muster_rc fail_config(struct pmt *pmt, const char *sentence)
{
    return pmt->host->fail(pmt->run, MUSTER_CONFIG, "%s", sentence);
}

/* False: it does not fit. */
static bool url_set(char *ret_url, const char *text)
{
    size_t len = strlen(text);
    while (len > 0 && text[len - 1] == '/')
        len--;
    bool scheme = strncasecmp(text, "https://", 8) == 0 || strncasecmp(text, "http://", 7) == 0;
    int wrote = snprintf(ret_url, URL_ROOM, "%s%.*s", scheme ? "" : "https://", (int)len, text);
    return len > 0 && wrote > 0 && wrote < URL_ROOM;
}

static bool text_set(char ret_text[CODE_ROOM], const char *text)
{
    int wrote = snprintf(ret_text, CODE_ROOM, "%s", text);
    return wrote > 0 && wrote < CODE_ROOM;
}

/* The first word of the host: https://STORE.personeelstool.nl. Its letters and what is as harmless are all it may have.
 */
static void tenant_set(struct store *store, const char *said)
{
    const char *host = strstr(store->url, "://"), *from = said ? said : host ? host + 3 : "";
    size_t len = said ? strlen(said) : strcspn(from, ".:/");
    snprintf(store->tenant, sizeof(store->tenant), "%.*s", (int)len, from);
}

/* ---- as the options list them ---- */

static const char *option_nth(struct pmt *pmt, size_t nth, const char *member)
{
    char name[40];
    snprintf(name, sizeof(name), "stores[%zu].%s", nth, member);
    const char *text = pmt->host->text(pmt->run, name);
    return text && *text ? text : NULL;
}

static muster_rc listed_store(struct pmt *pmt, size_t nth, struct store *ret_store)
{
    const char *id = option_nth(pmt, nth, "id"), *name = option_nth(pmt, nth, "name"),
               *url = option_nth(pmt, nth, "url"), *tenant = option_nth(pmt, nth, "tenant");
    if (tenant && tenant[strspn(tenant, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_")])
        return pmt->host->fail(pmt->run, MUSTER_CONFIG, "option 'stores[%zu].tenant' is one word of letters and digits",
                               nth);
    if (id && url && text_set(ret_store->id, id) && text_set(ret_store->name, name ? name : id) &&
        url_set(ret_store->url, url)) {
        tenant_set(ret_store, tenant);
        return MUSTER_OK;
    }
    return pmt->host->fail(pmt->run, MUSTER_CONFIG, "option 'stores[%zu]' needs an id of up to %d bytes and an url",
                           nth, CODE_ROOM - 1);
}

/* ---- as the partner's server lists them ---- */

/* Their other customers' chains are not for anybody's eyes: only how many there are is said. */
static muster_rc chain_find(struct pmt *pmt, char ret_url[URL_ROOM])
{
    const char *root = pmt->host->text(pmt->run, "root_url"), *chain = pmt->host->text(pmt->run, "chain");
    char url[URL_ROOM], all[URL_ROOM + 20];
    muster_document *document = NULL;
    const muster_node *list = NULL;
    if (!root || !*root || !url_set(url, root))
        return fail_config(pmt, "option 'root_url' is missing: where the partner's server is, as in "
                                "https://partner2.testpmt.nl/rest.php");
    snprintf(all, sizeof(all), "%s/chains", url);
    const struct question question = {.who = "the partner's server", .url = all, .list = "chains"};
    muster_rc rc = call_list(pmt, &question, &document, &list);
    if (rc != MUSTER_OK)
        return rc;
    bool found = false, good = false;
    for (const muster_node *one = muster_node_first(list); one && !found; one = one->next) {
        const char *name = text_of(one, "name"), *base = text_of(one, "base_url");
        found = name && strcasecmp(name, chain) == 0;
        good = found && base && url_set(ret_url, base);
    }
    size_t count = list->count;
    muster_document_free(document);
    if (found && good)
        return MUSTER_OK;
    if (found)
        return pmt->host->fail(pmt->run, MUSTER_RETRY, "the partner's server does not say where chain '%.100s' is",
                               chain);
    return pmt->host->fail(pmt->run, MUSTER_CONFIG,
                           "option 'chain': '%.100s' is none of the %zu chains that this key may see: it is written as "
                           "PMT calls it",
                           chain, count);
}

static muster_rc row_store(struct pmt *pmt, const muster_node *row, struct store *ret_store)
{
    const char *id = text_of(row, "id"), *name = text_of(row, "name"), *url = text_of(row, "base_store_url");
    if (id && text_set(ret_store->id, id) && text_set(ret_store->name, name ? name : id) && url &&
        url_set(ret_store->url, url))
        return MUSTER_OK;
    return pmt->host->fail(pmt->run, MUSTER_RETRY,
                           "the chain's list of stores has one without an id or an address (%.40s): none of them is "
                           "asked, and the list is read again at the next run",
                           id ? id : "no id");
}

/* The same id twice would be two stores in one. */
static bool known_before(const muster_node *list, const muster_node *row)
{
    const char *id = text_of(row, "id");
    for (const muster_node *one = muster_node_first(list); one != row; one = one->next) {
        const char *other = text_of(one, "id");
        if (id && other && strcmp(id, other) == 0)
            return true;
    }
    return false;
}

static muster_rc stores_asked(struct pmt *pmt,
                              muster_rc (*each)(struct pmt *pmt, const struct store *store, void *context),
                              void *context)
{
    char chain[URL_ROOM], url[URL_ROOM + 20];
    muster_document *document = NULL;
    const muster_node *list = NULL;
    struct store store = {0};
    muster_rc rc = chain_find(pmt, chain);
    if (rc != MUSTER_OK)
        return rc;
    snprintf(url, sizeof(url), "%s/stores", chain);
    const struct question question = {.who = "the chain's server", .url = url, .list = "stores"};
    rc = call_list(pmt, &question, &document, &list);
    if (rc != MUSTER_OK)
        return rc;
    if (list->count == 0)
        rc = pmt->host->fail(pmt->run, MUSTER_RETRY,
                             "the chain's server lists no store: nobody is asked for, and nobody "
                             "is concluded to have gone");
    for (const muster_node *row = muster_node_first(list); rc == MUSTER_OK && row; row = row->next) {
        rc = row_store(pmt, row, &store);
        if (rc == MUSTER_OK && known_before(list, row))
            rc = pmt->host->fail(pmt->run, MUSTER_RETRY, "the chain's list of stores has store %s twice", store.id);
        if (rc == MUSTER_OK)
            rc = each(pmt, &store, context);
    }
    muster_document_free(document);
    return rc;
}

muster_rc stores_each(struct pmt *pmt, muster_rc (*each)(struct pmt *pmt, const struct store *store, void *context),
                      void *context)
{
    size_t listed = pmt->host->count(pmt->run, "stores");
    const char *chain = pmt->host->text(pmt->run, "chain");
    if (listed == 0 && pmt->v2)
        return fail_config(pmt, "option 'stores' is missing: api/v2 knows no chains, so the stores have to be listed");
    if (listed == 0 && (!chain || !*chain))
        return fail_config(pmt, "option 'chain' is missing: the partner's key sees the stores of all its customers, so "
                                "say whose they are, or list them in option 'stores'");
    if (listed == 0)
        return stores_asked(pmt, each, context);
    muster_rc rc = MUSTER_OK;
    for (size_t n = 0; rc == MUSTER_OK && n < listed; n++) {
        struct store store = {0};
        rc = listed_store(pmt, n, &store);
        if (rc == MUSTER_OK)
            rc = each(pmt, &store, context);
    }
    return rc;
}

/* "URL TENANT NAME": what else is known of a store comes again with every pull. */
void store_locator(const struct store *store, char *ret_locator, size_t room)
{
    snprintf(ret_locator, room, "%s %s %s", store->url, store->tenant, store->name);
}

/* The word at *at, of at most `room`, and what is behind the blank that ends it. */
static bool word_take(const char **at, char *ret_word, size_t room)
{
    size_t len = strcspn(*at, " ");
    if ((*at)[len] != ' ' || len >= room)
        return false;
    memcpy(ret_word, *at, len);
    ret_word[len] = '\0';
    *at += len + 1;
    return true;
}

muster_rc store_of(struct pmt *pmt, const muster_pull *what, struct store *ret_store)
{
    const char *at = what->locator ? what->locator : "";
    if (!word_take(&at, ret_store->url, sizeof(ret_store->url)) ||
        !word_take(&at, ret_store->tenant, sizeof(ret_store->tenant)) || !*ret_store->url ||
        !text_set(ret_store->id, what->partition) || !text_set(ret_store->name, *at ? at : what->partition))
        return pmt->host->fail(pmt->run, MUSTER_FAIL, "store '%.100s' was asked for without its address",
                               what->partition);
    return MUSTER_OK;
}

/* ---- one of them ---- */

struct named {
    const char *id;
    struct store store;
};

static muster_rc take_named(struct pmt *pmt, const struct store *store, void *context)
{
    struct named *named = context;
    (void)pmt;
    if (strcmp(store->id, named->id) == 0)
        named->store = *store;
    return MUSTER_OK;
}

muster_rc store_named(struct pmt *pmt, const char *id, struct store *ret_store)
{
    struct named named = {.id = id};
    muster_rc rc = stores_each(pmt, take_named, &named);
    *ret_store = named.store;
    return rc;
}
