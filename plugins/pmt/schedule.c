/* schedule - somebody's own shifts, which PMT shows only to who is logged in there.
 *
 * The password is typed on the terminal and put into the call by the broker,
 * which takes the token out of the reply and keeps it sealed; neither is ever
 * here. A token that has expired is answered with 400, and forgotten. */
#include "pmt.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

/* Who it is about, and where. */
struct whom {
    const char *key; /* as somebody typed it */
    char name[CODE_ROOM], username[CODE_ROOM], id[CODE_ROOM], subject[2 * CODE_ROOM];
    struct store store;
};

/* "NAME: SENTENCE", with the store where it is known. */
static muster_rc fail(struct pmt *pmt, muster_rc rc, const char *sentence, const struct whom *whom)
{
    bool store = *whom->store.id;
    return pmt->host->fail(pmt->run, rc, "%s%s%s: %s", *whom->name ? whom->name : whom->key, store ? ", store " : "",
                           whom->store.id, sentence);
}

static muster_rc take_store(struct pmt *pmt, const struct store *store, void *context)
{
    struct whom *whom = context;
    (void)pmt;
    if (strcmp(store->id, whom->store.id) == 0)
        whom->store = *store;
    return MUSTER_OK;
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
        return fail(pmt, MUSTER_CONFIG,
                    count ? "there are several log-ins in PMT; say which store, as in store=116"
                          : "no log-in in PMT is known here",
                    whom);
    const char *username = text_of(chosen, "username"), *id = text_of(chosen, "id");
    if (!username || !id || strlen(username) >= CODE_ROOM || strlen(id) >= CODE_ROOM)
        return fail(pmt, MUSTER_CONFIG, "PMT gives no user name", whom);
    snprintf(whom->username, sizeof(whom->username), "%s", username);
    snprintf(whom->id, sizeof(whom->id), "%s", id);
    snprintf(whom->store.id, sizeof(whom->store.id), "%.150s", text_of(chosen, "partition"));
    snprintf(whom->subject, sizeof(whom->subject), "%.150s/%.150s", whom->store.id, id);
    return MUSTER_OK;
}

static muster_rc whom_find(struct pmt *pmt, const muster_record *args, struct whom *whom)
{
    const muster_host *host = pmt->host;
    muster_record *found = NULL;
    const char *why, *store = host->get(args, "store");
    *whom = (struct whom){.key = host->get(args, "person")};
    if (!whom->key || !*whom->key)
        return host->fail(pmt->run, MUSTER_CONFIG, "whose is it to be? Say person=KEY");
    muster_rc rc = host->find(pmt->run, "person", "key", whom->key, &found);
    if (rc == MUSTER_CONFLICT)
        return fail(pmt, rc, "several people fit; say which, as in person=id:12 or person=email:ann@acme.example",
                    whom);
    if (rc != MUSTER_OK || !found)
        return rc != MUSTER_OK ? rc : fail(pmt, MUSTER_GONE, "nobody is known by that", whom);
    const char *name = host->get(found, "name"), *records = host->get(found, "records");
    snprintf(whom->name, sizeof(whom->name), "%.150s", name ? name : whom->key);
    muster_document *document = records ? muster_document_read(records, strlen(records), &why) : NULL;
    rc = choose(pmt, muster_document_root(document), store && *store ? store : NULL, whom);
    muster_document_free(document);
    if (rc == MUSTER_OK)
        rc = stores_each(pmt, take_store, whom);
    if (rc == MUSTER_OK && !*whom->store.url)
        rc = fail(pmt, MUSTER_GONE, "the store is not listed any more", whom);
    return rc;
}

/* ---- logging in and out ---- */

static bool form_add(char *form, size_t room, const char *name, const char *value)
{
    size_t len = strlen(form);
    len += (size_t)snprintf(form + len, room - len, "%s%s=", len ? "&" : "", name);
    for (; *value; value++) {
        unsigned char c = (unsigned char)*value;
        if (len + 4 > room)
            return false;
        if (isalnum(c) || strchr("-._~", c))
            form[len++] = (char)c;
        else
            len += (size_t)snprintf(form + len, room - len, "%%%02X", c);
        form[len] = '\0';
    }
    return true;
}

/* The partner's key, then the person's token; `password`: typed for this call alone. */
static void auth_make(struct pmt *pmt, const struct whom *whom, muster_auth links[3])
{
    links[0] = pmt->key;
    links[1] = (muster_auth){.size = sizeof(links[1]),
                             .scheme = "recipe",
                             .subject = whom->subject,
                             .where = "header",
                             .name = pmt->host->text(pmt->run, "user_token_header")};
    links[2] = (muster_auth){
        .size = sizeof(links[2]), .scheme = "recipe", .secret = "password", .where = "form", .name = "password"};
    links[0].extra = &links[1];
}

static muster_rc log_in(struct pmt *pmt, const struct whom *whom)
{
    static const char *const headers[] = {"Content-Type: application/x-www-form-urlencoded", "Accept: application/json",
                                          NULL};
    muster_auth links[3];
    const muster_http *reply = NULL;
    char url[URL_ROOM + 20], form[4 * CODE_ROOM] = "";
    auth_make(pmt, whom, links);
    links[1].extra = &links[2];
    if (!form_add(form, sizeof(form), "username", whom->username))
        return fail(pmt, MUSTER_CONFIG, "the user name is longer than can be", whom);
    snprintf(url, sizeof(url), "%s/login", whom->store.url);
    muster_http ask = {.size = sizeof(ask),
                       .method = "POST",
                       .url = url,
                       .headers = headers,
                       .body = form,
                       .body_len = strlen(form),
                       .fd = -1,
                       .auth = links,
                       .capture = "/logged_in_user_token"};
    muster_rc rc = pmt->host->http(pmt->run, &ask, &reply);
    if (rc == MUSTER_AUTH || rc == MUSTER_DATA)
        rc = fail(pmt, MUSTER_AUTH,
                  "PMT does not let them in: the password is another, or the account is out of service", whom);
    return rc;
}

static muster_rc log_out(struct pmt *pmt, const struct whom *whom)
{
    muster_auth links[3];
    const muster_http *reply = NULL;
    auth_make(pmt, whom, links);
    muster_http ask = {.size = sizeof(ask), .url = whom->store.url, .fd = -1, .auth = links, .capture = ""};
    return pmt->host->http(pmt->run, &ask, &reply);
}

muster_rc schedule_action(struct pmt *pmt, const char *name, const muster_record *args)
{
    struct whom whom;
    muster_rc rc = whom_find(pmt, args, &whom);
    if (rc != MUSTER_OK)
        return rc;
    if (strcmp(name, "login") == 0)
        return log_in(pmt, &whom);
    if (strcmp(name, "reset-token") == 0)
        return log_out(pmt, &whom);
    return pmt->host->fail(pmt->run, MUSTER_UNSUPPORTED, "PMT has no action '%s'", name);
}

/* ---- shifts ---- */

/* YYYY-MM-DD as PMT wants it. */
static bool day_turn(const char *day, char ret_day[DAY_ROOM])
{
    int year, month, of_month;
    char rest;
    return sscanf(day, "%4d-%2d-%2d%c", &year, &month, &of_month, &rest) == 3 &&
           snprintf(ret_day, DAY_ROOM, "%02d-%02d-%04d", of_month % 100, month % 100, year % 10000) == 10;
}

/* A token that has expired is 400 like any other mistake: its words tell. */
static muster_rc not_let_in(struct pmt *pmt, const struct whom *whom, const muster_http *reply)
{
    const char *why;
    muster_document *document = reply->body ? muster_document_read(reply->body, reply->body_len, &why) : NULL;
    const char *said = text_of(muster_document_root(document), "error");
    bool expired = reply->status == 401 || (said && (strcasestr(said, "token") || strcasestr(said, "expired")));
    muster_rc rc = expired ? log_out(pmt, whom) : MUSTER_OK;
    if (rc == MUSTER_OK)
        rc = expired
                 ? fail(pmt, MUSTER_AUTH, "the log-in is over, and was forgotten; action login asks for it anew", whom)
                 : pmt->host->fail(pmt->run, MUSTER_DATA, "store %s answers %d: %.200s", whom->store.id, reply->status,
                                   said ? said : "and says no more");
    muster_document_free(document);
    return rc;
}

static muster_rc shift_row(struct pmt *pmt, const struct whom *whom, const muster_node *shift)
{
    const muster_host *host = pmt->host;
    struct moment begin, end;
    char number[24];
    const char *id = text_of(shift, "id"), *department = text_of(shift, "department");
    if (!clock_read(text_of(shift, "start_time"), &begin) || !clock_read(text_of(shift, "end_time"), &end))
        return host->fail(pmt->run, MUSTER_DATA, "store %s has a shift (%.40s) whose times cannot be read",
                          whom->store.id, id ? id : "no id");
    muster_record *row = host->record(pmt->run, "schedule", id, "");
    host->put(row, "starts_at", MUSTER_DATETIME, begin.text);
    host->put(row, "ends_at", MUSTER_DATETIME, end.text);
    snprintf(number, sizeof(number), "%d", clock_minutes(text_of(shift, "break")));
    host->put(row, "break_minutes", MUSTER_INTEGER, number);
    snprintf(number, sizeof(number), "%lld",
             (long long)(end.utc_minutes - begin.utc_minutes - clock_minutes(text_of(shift, "break"))));
    host->put(row, "work_minutes", MUSTER_INTEGER, number);
    host->put(row, "department", MUSTER_TEXT, department);
    host->put(row, "store", MUSTER_TEXT, whom->store.id);
    host->put(row, "shift", MUSTER_TEXT, id);
    return host->row(pmt->run, row);
}

static muster_rc colleague_row(struct pmt *pmt, const struct whom *whom, const muster_node *colleague)
{
    const muster_host *host = pmt->host;
    muster_record *row = host->record(pmt->run, "eligible", text_of(colleague, "id"), "");
    host->put(row, "user", MUSTER_TEXT, text_of(colleague, "id"));
    host->put(row, "first_name", MUSTER_TEXT, text_of(colleague, "first_name"));
    host->put(row, "last_name", MUSTER_TEXT, text_of(colleague, "last_name"));
    host->put(row, "store", MUSTER_TEXT, whom->store.id);
    return host->row(pmt->run, row);
}

/* Asks as the person who has logged in; a row for each of what the answer lists under `list`. */
static muster_rc ask_as(struct pmt *pmt, const struct whom *whom, const char *path, const char *list,
                        muster_rc (*row)(struct pmt *, const struct whom *, const muster_node *))
{
    static const int32_t accept[] = {400, 401, 0};
    muster_auth links[3];
    muster_document *document = NULL;
    const muster_node *found = NULL;
    const muster_http *reply = NULL;
    char url[2 * URL_ROOM], who[2 * CODE_ROOM + 20];
    auth_make(pmt, whom, links);
    store_call(&whom->store, who);
    snprintf(url, sizeof(url), "%s%s", whom->store.url, path);
    muster_http ask = {.size = sizeof(ask), .method = "GET", .url = url, .fd = -1, .auth = links, .accept = accept};
    muster_rc rc = pmt->host->http(pmt->run, &ask, &reply);
    if (rc == MUSTER_AUTH && reply && reply->status == 0)
        return fail(pmt, rc, "not logged in yet; action login asks for the password", whom);
    if (rc == MUSTER_OK && reply->status >= 400)
        return not_let_in(pmt, whom, reply);
    rc = call_read(pmt, who, rc, reply, list, &document, &found);
    for (const muster_node *one = muster_node_first(found); rc == MUSTER_OK && one; one = one->next)
        rc = row(pmt, whom, one);
    muster_document_free(document);
    return rc;
}

muster_rc schedule_lookup(struct pmt *pmt, const char *name, const muster_record *args)
{
    struct whom whom;
    const char *from = pmt->host->get(args, "from"), *shift = pmt->host->get(args, "shift");
    char path[CODE_ROOM], today[DAY_ROOM], day[DAY_ROOM];
    bool eligible = strcmp(name, "eligible") == 0;
    if (!eligible && strcmp(name, "schedule") != 0)
        return pmt->host->fail(pmt->run, MUSTER_UNSUPPORTED, "PMT has no lookup '%s'", name);
    if (eligible && (!shift || !*shift || strlen(shift) > 40 || shift[strspn(shift, "0123456789")]))
        return pmt->host->fail(pmt->run, MUSTER_CONFIG, "shift= is a number, as lookup schedule gives it");
    muster_rc rc = whom_find(pmt, args, &whom);
    if (rc != MUSTER_OK)
        return rc;
    if (eligible) {
        snprintf(path, sizeof(path), "/shift/%s/available", shift);
        return ask_as(pmt, &whom, path, "users", colleague_row);
    }
    clock_day(pmt->host->now_ms(pmt->run), today);
    if (!day_turn(from && *from ? from : today, day))
        return pmt->host->fail(pmt->run, MUSTER_CONFIG, "from= is a day, as in 2026-03-02");
    snprintf(path, sizeof(path), "/me/shifts/%s", day);
    return ask_as(pmt, &whom, path, "shifts", shift_row);
}
