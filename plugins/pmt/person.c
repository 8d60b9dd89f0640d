/* person - somebody who has a log-in of their own at a store: who that is, logging in and out, and asking as them.
 *
 * The password is typed on the terminal and put into the call by the broker,
 * which takes the token out of the reply and keeps it sealed; neither is ever
 * here. A token that has expired is answered with 400 or 401, and forgotten. */
#include "pmt.h"

#include <muster/text.h>

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

muster_rc whom_fail(struct pmt *pmt, muster_rc rc, const struct whom *whom, const char *format, ...)
{
    char sentence[400];
    va_list values;
    bool store = *whom->store.id;
    va_start(values, format);
    vsnprintf(sentence, sizeof(sentence), format, values);
    va_end(values);
    if (!whom->key)
        return pmt->host->fail(pmt->run, rc, "store %s: %s", whom->store.id, sentence);
    return pmt->host->fail(pmt->run, rc, "%s%s%s: %s", *whom->name ? whom->name : whom->key, store ? ", store " : "",
                           whom->store.id, sentence);
}

/* The record of the person in one store: the one that is asked for, or the only one. */
static muster_rc choose(struct pmt *pmt, const muster_node *records, const char *store, struct whom *whom)
{
    const muster_node *chosen = NULL;
    size_t count = 0;
    for (const muster_node *one = muster_node_first(records); one; one = one->next) {
        const char *stream = text_of(one, "stream"), *partition = text_of(one, "partition");
        if (!stream || !partition || strcmp(stream, "users") != 0 || (store && strcmp(store, partition) != 0))
            continue;
        chosen = one;
        count++;
    }
    if (count != 1)
        return whom_fail(pmt, MUSTER_CONFIG, whom, "%s",
                         count ? "there are several log-ins in PMT; say which store, as in store=116"
                               : "no log-in in PMT is known here");
    const char *username = text_of(chosen, "username"), *id = text_of(chosen, "id");
    if (!id || strlen(id) >= CODE_ROOM || (username && strlen(username) >= CODE_ROOM))
        return whom_fail(pmt, MUSTER_CONFIG, whom, "PMT gives no user");
    snprintf(whom->username, sizeof(whom->username), "%s", username ? username : "");
    snprintf(whom->id, sizeof(whom->id), "%s", id);
    snprintf(whom->store.id, sizeof(whom->store.id), "%.150s", text_of(chosen, "partition"));
    snprintf(whom->subject, sizeof(whom->subject), "%.150s/%.150s", whom->store.id, id);
    return MUSTER_OK;
}

muster_rc whom_find(struct pmt *pmt, const muster_record *args, struct whom *ret_whom)
{
    const muster_host *host = pmt->host;
    muster_record *found = NULL;
    const char *why, *store = host->get(args, "store");
    struct whom whom = {.key = host->get(args, "person")};
    if (!whom.key || !*whom.key)
        return host->fail(pmt->run, MUSTER_CONFIG, "whose is it to be? Say person=KEY");
    muster_rc rc = host->find(pmt->run, "person", "key", whom.key, &found);
    if (rc == MUSTER_CONFLICT)
        return whom_fail(pmt, rc, &whom,
                         "several people fit; say which, as in person=id:12 or person=email:ann@acme.example");
    if (rc != MUSTER_OK || !found)
        return rc != MUSTER_OK ? rc : whom_fail(pmt, MUSTER_GONE, &whom, "nobody is known by that");
    const char *name = host->get(found, "name"), *records = host->get(found, "records");
    snprintf(whom.name, sizeof(whom.name), "%.150s", name ? name : whom.key);
    muster_document *document = records ? muster_document_read(records, strlen(records), &why) : NULL;
    rc = choose(pmt, muster_document_root(document), store && *store ? store : NULL, &whom);
    muster_document_free(document);
    if (rc != MUSTER_OK)
        return rc;
    struct store known = whom.store;
    rc = store_named(pmt, known.id, &whom.store);
    if (rc == MUSTER_OK && !*whom.store.url) {
        whom.store = known;
        return whom_fail(pmt, MUSTER_GONE, &whom, "the store is not listed any more");
    }
    *ret_whom = whom;
    return rc;
}

/* ---- logging in and out ---- */

/* The key, then the person's token; then what is typed for one call alone. */
static void auth_make(struct pmt *pmt, const struct whom *whom, muster_auth links[3])
{
    const char *header = pmt->host->text(pmt->run, "user_token_header");
    links[0] = pmt->key;
    links[1] = (muster_auth){.size = sizeof(links[1]),
                             .scheme = "recipe",
                             .subject = whom->subject,
                             .where = "header",
                             .name = header && *header ? header
                                     : pmt->v2         ? "x-api-user"
                                                       : "logged-in-user-token"};
    links[2] = (muster_auth){.size = sizeof(links[2]),
                             .scheme = "recipe",
                             .secret = "password",
                             .where = pmt->v2 ? "json" : "form",
                             .name = "password"};
    links[0].extra = &links[1];
}

static void body_make(const struct pmt *pmt, const char *username, muster_text *ret_body)
{
    if (pmt->v2) {
        muster_text_put(ret_body, "{\"username\":");
        muster_text_json(ret_body, username);
        muster_text_put(ret_body, ",\"browser_info\":{\"os_name\":\"Linux\",\"browser_name\":\"muster\","
                                  "\"browser_version\":\"1\",\"screen_resolution\":\"1x1\"}}");
    } else {
        muster_text_put(ret_body, "username=");
        muster_text_escaped(ret_body, username);
    }
}

muster_rc person_log_in(struct pmt *pmt, struct whom *whom, const char *username)
{
    const char *headers[] = {pmt->v2 ? "Content-Type: application/json"
                                     : "Content-Type: application/x-www-form-urlencoded",
                             "Accept: application/json", NULL};
    muster_auth links[3];
    const muster_http *reply = NULL;
    muster_text body = {0};
    char url[ADDRESS_ROOM];
    if (username && *username)
        snprintf(whom->username, sizeof(whom->username), "%.190s", username);
    if (!*whom->username)
        return whom_fail(pmt, MUSTER_CONFIG, whom, "PMT does not tell the user name; say it, as in username=ann");
    auth_make(pmt, whom, links);
    links[1].extra = &links[2];
    body_make(pmt, whom->username, &body);
    rows_reader(pmt, &whom->store);
    snprintf(url, sizeof(url), "%s/login", whom->store.url);
    muster_http ask = {.size = sizeof(ask),
                       .method = "POST",
                       .url = pmt->v2 ? pmt->log_in_url : url,
                       .headers = headers,
                       .timeout_ms = call_timeout(pmt),
                       .body = body.data,
                       .body_len = body.len,
                       .fd = -1,
                       .auth = links,
                       .capture = pmt->v2 ? "/result/user_token" : "/logged_in_user_token"};
    muster_rc rc = body.failed ? no_memory(pmt) : pmt->host->http(pmt->run, &ask, &reply);
    muster_text_done(&body);
    if (rc == MUSTER_AUTH || rc == MUSTER_DATA)
        rc = whom_fail(pmt, MUSTER_AUTH, whom,
                       "PMT does not let them in: the password is another, or the account is out of service");
    return rc;
}

muster_rc person_log_out(struct pmt *pmt, const struct whom *whom)
{
    muster_auth links[3];
    const muster_http *reply = NULL;
    auth_make(pmt, whom, links);
    muster_http ask = {.size = sizeof(ask), .url = whom->store.url, .fd = -1, .auth = links, .capture = ""};
    return pmt->host->http(pmt->run, &ask, &reply);
}

/* ---- asking ---- */

/* In the partner's interface a token that has expired is 400 like any other mistake: its words tell. */
static bool is_expired(const struct pmt *pmt, const struct whom *whom, int32_t status, const char *said)
{
    if (!whom->key)
        return false;
    return status == 401 || (!pmt->v2 && said && (strcasestr(said, "token") || strcasestr(said, "expired")));
}

muster_rc person_reply(struct pmt *pmt, const struct whom *whom, muster_rc rc, const muster_http *reply)
{
    const char *why, *code;
    if (rc == MUSTER_OK && reply->status < 400)
        return MUSTER_OK;
    if (!reply || reply->status == 0)
        return rc == MUSTER_AUTH && whom->key
                   ? whom_fail(pmt, rc, whom, "not logged in yet; action login asks for the password")
                   : rc;
    muster_document *document = reply->body ? muster_document_read(reply->body, reply->body_len, &why) : NULL;
    const char *said = said_of(document, &code);
    int32_t status = reply->status;
    char words[260];
    snprintf(words, sizeof(words), "%.250s", said ? said : "and says no more");
    bool expired = is_expired(pmt, whom, status, said);
    muster_document_free(document);
    if (expired) {
        rc = person_log_out(pmt, whom);
        return rc != MUSTER_OK ? rc
                               : whom_fail(pmt, MUSTER_AUTH, whom,
                                           "the log-in is over, and was forgotten; action login asks for it anew");
    }
    rc = rc == MUSTER_OK ? MUSTER_DATA : rc;
    return pmt->host->fail(pmt->run, rc, "store %s answers %d: %s", whom->store.id, status, words);
}

muster_rc person_ask(struct pmt *pmt, const struct whom *whom, const struct asked *asked,
                     muster_document **ret_document, const muster_node **ret_list)
{
    static const int32_t accept[] = {400, 401, 0};
    static const char *const headers[] = {"Accept: application/json", "Content-Type: application/json", NULL},
                             *const plain[] = {"Accept: application/json", NULL};
    muster_auth links[3];
    const muster_http *reply = NULL;
    const char *why = NULL;
    char url[ADDRESS_ROOM], who[WHO_ROOM];
    const struct question question = {.who = who, .url = url, .list = asked->list};
    auth_make(pmt, whom, links);
    store_call(&whom->store, who);
    snprintf(url, sizeof(url), "%s%s/%s", whom->store.url, pmt->v2 ? "/api/v2" : "", asked->path);
    muster_http ask = {.size = sizeof(ask),
                       .method = asked->method ? asked->method
                                 : asked->body ? "POST"
                                               : "GET",
                       .url = url,
                       .headers = asked->body ? headers : plain,
                       .timeout_ms = call_timeout(pmt),
                       .body = asked->body,
                       .body_len = asked->body ? strlen(asked->body) : 0,
                       .fd = -1,
                       .auth = whom->key ? links : rows_reader(pmt, &whom->store),
                       .accept = whom->key ? accept : NULL};
    muster_rc rc = pmt->host->http(pmt->run, &ask, &reply);
    rc = person_reply(pmt, whom, rc, reply);
    if (rc != MUSTER_OK)
        return rc;
    if (asked->list)
        return call_read(pmt, &question, rc, reply, ret_document, ret_list);
    *ret_document = muster_document_of_reply(reply, &why);
    return MUSTER_OK;
}
