/* exchange - one shift that changes hands: who may take it over, asking them, their answer, and a manager's.
 *
 * An exchange is of one shift as it stands: nobody can say another time or
 * another function, for there is no argument for it. In the partner's interface
 * PMT keeps none: a colleague can say that they are interested or not, and the
 * rest is the affair of whoever keeps exchanges. In api/v2 it is PMT that keeps
 * them, so that an approval there changes the schedule. */
#include "pmt.h"

#include <muster/text.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { COLLEAGUES_MAX = 50 };

static bool is_number(const char *text)
{
    return text && *text && strlen(text) <= 18 && text[strspn(text, "0123456789")] == '\0';
}

static muster_rc unsupported(struct pmt *pmt, const char *what)
{
    return pmt->host->fail(pmt->run, MUSTER_UNSUPPORTED,
                           "PMT's partner interface cannot %s: do it in PMT's own screens, or use dialect: v2", what);
}

/* ---- who may ---- */

static const char *first_of(const muster_node *row, const char *one, const char *other)
{
    const char *text = text_of(row, one);
    return text ? text : text_of(row, other);
}

static bool is_suitable(const muster_node *colleague)
{
    const char *suits = text_of(colleague, "suitable");
    return !suits || strcmp(suits, "false") != 0;
}

/* "Jonger dan 18 …; …" */
static void reasons_of(const muster_node *colleague, muster_text *out)
{
    for (const muster_node *one = muster_node_first(muster_node_member(colleague, "reasons")); one; one = one->next) {
        const char *said = first_of(one, "message", "code");
        muster_text_put(out, out->len ? "; " : "");
        muster_text_put(out, said ? said : muster_node_text(one) ? muster_node_text(one) : "");
    }
}

static muster_rc colleague_row(struct pmt *pmt, const struct whom *whom, const muster_node *colleague)
{
    const muster_host *host = pmt->host;
    const char *id = first_of(colleague, "id", "account_id"), *middle = text_of(colleague, "employee_middle_name");
    const char *last = first_of(colleague, "last_name", "employee_last_name");
    muster_text reasons = {0};
    char name[CODE_ROOM];
    snprintf(name, sizeof(name), "%.80s%s%.100s", middle ? middle : "", middle ? " " : "", last ? last : "");
    muster_record *row = host->record(pmt->run, "eligible", id, "");
    host->put(row, "user", MUSTER_TEXT, id);
    host->put(row, "first_name", MUSTER_TEXT, first_of(colleague, "first_name", "employee_first_name"));
    host->put(row, "last_name", MUSTER_TEXT, name);
    host->put(row, "store", MUSTER_TEXT, whom->store.id);
    if (pmt->v2) { /* the other dialect lists those who may, and says no more */
        reasons_of(colleague, &reasons);
        host->put(row, "suitable", MUSTER_BOOL, is_suitable(colleague) ? "true" : "false");
        host->put(row, "reasons", MUSTER_TEXT, reasons.data);
    }
    muster_rc rc = reasons.failed ? no_memory(pmt) : host->row(pmt->run, row);
    muster_text_done(&reasons);
    return rc;
}

static muster_rc colleagues_ask(struct pmt *pmt, const struct whom *whom, const char *shift,
                                muster_document **ret_document, const muster_node **ret_list)
{
    char path[PATH_ROOM];
    const struct asked asked = {.path = path, .list = pmt->v2 ? "result" : "users"};
    if (pmt->v2)
        snprintf(path, sizeof(path), "shifts/%s/scheduleSubstituteRequests/suggestedSubstitutes?limit=10000", shift);
    else
        snprintf(path, sizeof(path), "shift/%s/available", shift);
    return person_ask(pmt, whom, &asked, ret_document, ret_list);
}

static muster_rc eligible(struct pmt *pmt, const muster_record *args)
{
    struct whom whom;
    const char *shift = pmt->host->get(args, "shift");
    muster_document *document = NULL;
    const muster_node *list = NULL;
    if (!is_number(shift))
        return pmt->host->fail(pmt->run, MUSTER_CONFIG, "shift= is a number, as lookup schedule gives it");
    muster_rc rc = whom_find(pmt, args, &whom);
    if (rc == MUSTER_OK)
        rc = colleagues_ask(pmt, &whom, shift, &document, &list);
    for (const muster_node *one = muster_node_first(list); rc == MUSTER_OK && one; one = one->next)
        rc = colleague_row(pmt, &whom, one);
    muster_document_free(document);
    return rc;
}

/* ---- how it stands ---- */

static muster_rc exchange_row(struct pmt *pmt, const struct whom *whom, const muster_node *request)
{
    static const char *const same[] = {"status", "requester_name", "substitute_name", "remark"};
    const muster_host *host = pmt->host;
    struct shift shift;
    bool timed = shift_read(request, &shift);
    muster_record *row = host->record(pmt->run, "exchanges", text_of(request, "id"), "");
    host->put(row, "exchange", MUSTER_TEXT, text_of(request, "id"));
    host->put(row, "shift", MUSTER_TEXT, text_of(request, "shift_instance_id"));
    host->put(row, "starts_at", MUSTER_DATETIME, timed ? shift.begin.text : NULL);
    host->put(row, "ends_at", MUSTER_DATETIME, timed ? shift.end.text : NULL);
    for (size_t n = 0; n < sizeof(same) / sizeof(*same); n++)
        host->put(row, same[n], MUSTER_TEXT, text_of(request, same[n]));
    host->put(row, "requester", MUSTER_TEXT, text_of(request, "requester_id"));
    host->put(row, "substitute", MUSTER_TEXT, text_of(request, "substitute_id"));
    host->put(row, "store", MUSTER_TEXT, whom->store.id);
    return host->row(pmt->run, row);
}

/* One exchange, or a list of them. */
static muster_rc exchange_rows(struct pmt *pmt, const struct whom *whom, const muster_node *result)
{
    if (!result || result->kind != MUSTER_NODE_LIST)
        return result ? exchange_row(pmt, whom, result) : MUSTER_OK;
    muster_rc rc = MUSTER_OK;
    for (const muster_node *one = muster_node_first(result); rc == MUSTER_OK && one; one = one->next)
        rc = exchange_row(pmt, whom, one);
    return rc;
}

static muster_rc exchanges_ask(struct pmt *pmt, const struct whom *whom, muster_document **ret_document,
                               const muster_node **ret_list)
{
    const struct asked asked = {.path = "scheduleSubstituteRequests?limit=10000", .list = "result"};
    return person_ask(pmt, whom, &asked, ret_document, ret_list);
}

static muster_rc exchanges(struct pmt *pmt, const muster_record *args)
{
    struct whom whom;
    muster_document *document = NULL;
    const muster_node *list = NULL;
    if (!pmt->v2)
        return unsupported(pmt, "list exchanges");
    muster_rc rc = whom_find(pmt, args, &whom);
    if (rc == MUSTER_OK)
        rc = exchanges_ask(pmt, &whom, &document, &list);
    if (rc == MUSTER_OK)
        rc = exchange_rows(pmt, &whom, list);
    muster_document_free(document);
    return rc;
}

muster_rc exchange_lookup(struct pmt *pmt, const char *name, const muster_record *args)
{
    if (strcmp(name, "eligible") == 0)
        return eligible(pmt, args);
    if (strcmp(name, "exchanges") == 0)
        return exchanges(pmt, args);
    return pmt->host->fail(pmt->run, MUSTER_UNSUPPORTED, "PMT has no lookup '%s'", name);
}

/* ---- asking colleagues ---- */

/* Whoever PMT does not find suitable is not asked, and why is told. */
static muster_rc colleague_check(struct pmt *pmt, const struct whom *whom, const muster_node *list, const char *user)
{
    muster_text reasons = {0};
    for (const muster_node *one = muster_node_first(list); one; one = one->next) {
        const char *id = text_of(one, "account_id");
        if (!id || strcmp(id, user) != 0)
            continue;
        if (is_suitable(one))
            return MUSTER_OK;
        reasons_of(one, &reasons);
        break;
    }
    muster_rc rc = whom_fail(pmt, MUSTER_DATA, whom, "PMT does not let user %s take the shift over%s%s", user,
                             reasons.len ? ": " : "", reasons.data ? reasons.data : "");
    muster_text_done(&reasons);
    return rc;
}

/* "1048790,1048792" as a list of JSON, each of whom may. */
static muster_rc colleagues_write(struct pmt *pmt, const struct whom *whom, const char *text, const muster_node *list,
                                  muster_text *out)
{
    muster_rc rc = MUSTER_OK;
    size_t count = 0;
    for (const char *at = text; rc == MUSTER_OK && *at; count++) {
        char user[24];
        size_t len = strcspn(at, ",");
        snprintf(user, sizeof(user), "%.*s", (int)(len < sizeof(user) ? len : 0), at);
        if (!is_number(user) || count == COLLEAGUES_MAX)
            return pmt->host->fail(pmt->run, MUSTER_CONFIG,
                                   "colleagues= are numbers with commas between, as lookup eligible gives them");
        rc = colleague_check(pmt, whom, list, user);
        muster_text_put(out, count ? "," : "");
        muster_text_put(out, user);
        at += len + (at[len] == ',');
    }
    return rc == MUSTER_OK && count == 0
               ? pmt->host->fail(pmt->run, MUSTER_CONFIG, "colleagues= names nobody: lookup eligible lists who may")
               : rc;
}

static muster_rc offer(struct pmt *pmt, const muster_record *args)
{
    const muster_host *host = pmt->host;
    const char *shift = host->get(args, "shift"), *colleagues = host->get(args, "colleagues"),
               *remark = host->get(args, "remark");
    struct whom whom;
    muster_document *may = NULL, *made = NULL;
    const muster_node *list = NULL;
    muster_text body = {0};
    if (!is_number(shift))
        return host->fail(pmt->run, MUSTER_CONFIG, "shift= is a number, as lookup schedule gives it");
    muster_rc rc = whom_find(pmt, args, &whom);
    if (rc == MUSTER_OK)
        rc = colleagues_ask(pmt, &whom, shift, &may, &list);
    muster_text_put(&body, "{\"shift_instance_id\":");
    muster_text_put(&body, shift);
    muster_text_put(&body, ",\"account_ids\":[");
    if (rc == MUSTER_OK)
        rc = colleagues_write(pmt, &whom, colleagues ? colleagues : "", list, &body);
    muster_text_put(&body, "],\"remark\":");
    muster_text_json(&body, remark ? remark : "");
    muster_text_put(&body, "}");
    if (rc == MUSTER_OK && body.failed)
        rc = no_memory(pmt);
    if (rc == MUSTER_OK)
        rc = person_ask(pmt, &whom, &(struct asked){.path = "scheduleSubstituteRequests", .body = body.data}, &made,
                        NULL);
    if (rc == MUSTER_OK)
        rc = exchange_rows(pmt, &whom, muster_node_member(muster_document_root(made), "result"));
    muster_document_free(may);
    muster_document_free(made);
    muster_text_done(&body);
    return rc;
}

/* ---- answers ---- */

/* What PMT calls an answer. */
static void word_of(struct pmt *pmt, const char *name, muster_text *out)
{
    const char *text = pmt->host->text(pmt->run, "reply_words"), *why;
    muster_document *words = text && *text ? muster_document_read(text, strlen(text), &why) : NULL;
    const char *said = text_of(muster_document_root(words), name);
    muster_text_json(out, said ? said : name);
    muster_document_free(words);
}

static muster_rc reply_send(struct pmt *pmt, const struct whom *whom, const char *exchange, const char *name)
{
    char path[PATH_ROOM];
    muster_document *made = NULL;
    muster_text body = {0};
    snprintf(path, sizeof(path), "scheduleSubstituteRequests/%.40s", exchange);
    muster_text_put(&body, "{\"reply\":");
    word_of(pmt, name, &body);
    muster_text_put(&body, "}");
    muster_rc rc =
        body.failed
            ? no_memory(pmt)
            : person_ask(pmt, whom, &(struct asked){.method = "PATCH", .path = path, .body = body.data}, &made, NULL);
    if (rc == MUSTER_OK)
        rc = exchange_rows(pmt, whom, muster_node_member(muster_document_root(made), "result"));
    muster_document_free(made);
    muster_text_done(&body);
    return rc;
}

/* In the partner's interface: the colleague says whether they are interested. */
static muster_rc interest_say(struct pmt *pmt, const struct whom *whom, const char *shift, bool accepts)
{
    char path[PATH_ROOM];
    muster_document *document = NULL;
    snprintf(path, sizeof(path), "shift/%s/%s", shift, accepts ? "interestedInShift" : "notInterestedInShift");
    muster_rc rc =
        person_ask(pmt, whom, &(struct asked){.method = accepts ? "GET" : "POST", .path = path}, &document, NULL);
    const char *took = text_of(muster_document_root(document), "successful");
    if (rc == MUSTER_OK && !(took && strcmp(took, "true") == 0))
        rc = whom_fail(pmt, MUSTER_DATA, whom, "PMT does not let them take shift %s over", shift);
    muster_document_free(document);
    return rc;
}

/* The exchange of a shift in which the colleague was asked. */
static muster_rc answer(struct pmt *pmt, const muster_record *args, const char *name)
{
    const char *shift = pmt->host->get(args, "shift");
    struct whom whom;
    muster_document *document = NULL;
    const muster_node *list = NULL, *found = NULL;
    if (!is_number(shift))
        return pmt->host->fail(pmt->run, MUSTER_CONFIG, "shift= is a number, as lookup exchanges gives it");
    muster_rc rc = whom_find(pmt, args, &whom);
    if (rc != MUSTER_OK || !pmt->v2)
        return rc != MUSTER_OK ? rc : interest_say(pmt, &whom, shift, strcmp(name, "accept") == 0);
    rc = exchanges_ask(pmt, &whom, &document, &list);
    for (const muster_node *one = muster_node_first(list); one; one = one->next) {
        const char *of = text_of(one, "shift_instance_id"), *who = text_of(one, "substitute_id");
        if (of && who && strcmp(of, shift) == 0 && strcmp(who, whom.id) == 0)
            found = one; /* the last one, should they have been asked twice */
    }
    if (rc == MUSTER_OK && !text_of(found, "id"))
        rc = whom_fail(pmt, MUSTER_GONE, &whom, "nobody has asked them to take shift %s over", shift);
    if (rc == MUSTER_OK)
        rc = reply_send(pmt, &whom, text_of(found, "id"), name);
    muster_document_free(document);
    return rc;
}

/* By a manager who has logged in, or by the account that reads; the requester withdraws by themselves. */
static muster_rc decide(struct pmt *pmt, const muster_record *args, const char *name)
{
    const char *exchange = pmt->host->get(args, "exchange"), *person = pmt->host->get(args, "person"),
               *store = pmt->host->get(args, "store");
    struct whom whom = {0};
    muster_rc rc;
    if (!is_number(exchange))
        return pmt->host->fail(pmt->run, MUSTER_CONFIG, "exchange= is a number, as lookup exchanges gives it");
    if (person && *person)
        rc = whom_find(pmt, args, &whom);
    else if (store && *store)
        rc = store_named(pmt, store, &whom.store);
    else
        return pmt->host->fail(pmt->run, MUSTER_CONFIG,
                               "say who decides, as in person=boss@acme.example, or store=116 for the account that "
                               "reads");
    if (rc == MUSTER_OK && !*whom.store.url)
        rc = pmt->host->fail(pmt->run, MUSTER_CONFIG, "there is no store %.100s", store ? store : "");
    return rc == MUSTER_OK ? reply_send(pmt, &whom, exchange, name) : rc;
}

muster_rc exchange_action(struct pmt *pmt, const char *name, const muster_record *args)
{
    static const struct {
        const char *name, *reply, *cannot;
        muster_rc (*act)(struct pmt *, const muster_record *, const char *);
    } actions[] = {{"exchange-accept", "accept", NULL, answer},
                   {"exchange-decline", "decline", NULL, answer},
                   {"exchange-withdraw", "withdraw", "withdraw an exchange", decide},
                   {"exchange-approve", "approve", "carry an approval back into the schedule", decide},
                   {"exchange-reject", "reject", "carry a manager's no back", decide}};
    if (strcmp(name, "exchange-ask") == 0)
        return pmt->v2 ? offer(pmt, args) : unsupported(pmt, "offer a shift to others");
    for (size_t n = 0; n < sizeof(actions) / sizeof(*actions); n++)
        if (strcmp(actions[n].name, name) == 0)
            return !pmt->v2 && actions[n].cannot ? unsupported(pmt, actions[n].cannot)
                                                 : actions[n].act(pmt, args, actions[n].reply);
    return pmt->host->fail(pmt->run, MUSTER_UNSUPPORTED, "PMT has no action '%s'", name);
}
