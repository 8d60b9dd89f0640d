/* seats - workstation numbers: read site by site through the web service, told by an upsert's answer, looked up. */
#include "poc.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

static const char *const columns[] = {"SiteNumber", "EmployeeNumber", "EmployeeName", "WorkstationNumber"};
enum { COLUMNS = 4, SITE = 0, NUMBER = 1, SEAT = 3 };

static const char *option(const struct settings *settings, const char *name)
{
    const char *text = settings->host->text(settings->run, name);
    return text ? text : "";
}

/* The none marker is how the system says that somebody has no seat. */
static const char *seat_of(const struct settings *settings, const char *text)
{
    return text && strcmp(text, settings->none) != 0 ? text : "";
}

/* An answer's object as a record or a row. site: of an object that does not say its own. */
static muster_record *record_make(const struct settings *settings, const muster_node *one, const char *site,
                                  const char *place)
{
    const muster_host *host = settings->host;
    muster_record *record = host->record(settings->run, SEATS, NULL, place);
    for (int n = 0; record && n < COLUMNS; n++) {
        const char *text = muster_node_text(muster_node_member(one, columns[n]));
        if (n == SITE && (!text || !*text))
            text = site;
        if (n == SEAT)
            text = seat_of(settings, text);
        host->put(record, columns[n], MUSTER_TEXT, text ? text : "");
    }
    return record;
}

muster_rc seats_say(const struct settings *settings, const struct employee *employee, const char *number)
{
    const muster_host *host = settings->host;
    const char *first = employee->values[FIRST_NAME], *last = employee->values[SURNAME];
    char name[300];
    muster_record *record = host->record(settings->run, SEATS, NULL, "the answer to an update");
    snprintf(name, sizeof(name), "%s%s%s", first ? first : "", first && *first && last && *last ? " " : "",
             last ? last : "");
    host->put(record, columns[SITE], MUSTER_TEXT, employee->values[SITE_NUMBER]);
    host->put(record, columns[NUMBER], MUSTER_TEXT, employee->values[EMPLOYEE_NUMBER]);
    host->put(record, columns[2], MUSTER_TEXT, name);
    host->put(record, columns[SEAT], MUSTER_TEXT, seat_of(settings, number));
    muster_rc rc = host->emit(settings->run, record);
    return rc == MUSTER_DATA ? MUSTER_OK : rc; /* it is read again with all others */
}

/* ---- asking ---- */

static muster_rc ask(struct settings *settings, const char *path_option, const char *number, const char *site,
                     struct answer *ret_answer)
{
    muster_text url = {0};
    const muster_http *reply;
    muster_http ask;
    *ret_answer = (struct answer){0};
    muster_rc rc = call_url(settings, path_option, number, site, &url);
    if (rc == MUSTER_OK) {
        call_make(settings, "GET", url.data, NULL, false, &ask);
        rc = settings->host->http(settings->run, &ask, &reply);
        answer_read(settings, rc, reply, ret_answer);
        if (ret_answer->rc != MUSTER_OK && reply->status != 0)
            settings->host->fail(settings->run, ret_answer->rc, "%s", ret_answer->why);
        rc = ret_answer->rc;
    }
    muster_text_done(&url);
    return rc;
}

/* The bare list, or the first one in an object. NULL: there is none. */
static const muster_node *list_of(const muster_node *root)
{
    if (root && root->kind == MUSTER_NODE_OBJECT)
        for (const muster_node *one = muster_node_first(root); one; one = one->next)
            if (one->kind == MUSTER_NODE_LIST)
                return one;
    return root && root->kind == MUSTER_NODE_LIST ? root : NULL;
}

static muster_rc row_give(const struct settings *settings, const muster_node *one, const char *site, uint64_t nth)
{
    const muster_host *host = settings->host;
    const char *number = muster_node_text(muster_node_member(one, columns[NUMBER]));
    char place[200];
    snprintf(place, sizeof(place), "workstations of site %.100s, row %" PRIu64 "*", site, nth);
    if (number && *number)
        return host->emit(settings->run, record_make(settings, one, site, place));
    place[strlen(place) - 1] = '\0';
    return host->reject(settings->run, SEATS, NULL, place, "it has no EmployeeNumber");
}

static muster_rc site_pull(struct settings *settings, const char *site, uint64_t limit, uint64_t *count)
{
    struct answer answer;
    uint64_t nth = 0;
    muster_rc rc = ask(settings, "workstations_path", NULL, *site ? site : NULL, &answer);
    const muster_node *list = list_of(muster_document_root(answer.document));
    if (rc == MUSTER_OK && !list)
        rc = settings->host->fail(settings->run, MUSTER_RETRY,
                                  "what P.O.C answers about the workstations of site %s has no list in it", site);
    for (const muster_node *one = muster_node_first(list); rc == MUSTER_OK && one && (limit == 0 || *count < limit);
         one = one->next) {
        rc = row_give(settings, one, site, ++nth);
        if (rc == MUSTER_DATA) /* the host has rejected this one itself */
            rc = MUSTER_OK;
        ++*count;
    }
    answer_done(&answer);
    if (rc == MUSTER_DATA && *site == '\0')
        return settings->host->fail(settings->run, MUSTER_CONFIG,
                                    "P.O.C gives workstations site by site: name the sites, as in sites: [\"1\", "
                                    "\"2\"]");
    return rc;
}

muster_rc seats_pull(struct settings *settings, const muster_pull *pull)
{
    const muster_host *host = settings->host;
    size_t sites = host->count(settings->run, "sites");
    uint64_t count = 0;
    muster_rc rc = MUSTER_OK;
    for (size_t n = 0; rc == MUSTER_OK && n < (sites ? sites : 1); n++) {
        char name[40];
        if (host->cancelled(settings->run))
            return MUSTER_CANCELLED;
        snprintf(name, sizeof(name), "sites[%zu]", n);
        rc = site_pull(settings, sites ? option(settings, name) : "", pull->limit, &count);
        host->progress(settings->run, n + 1, sites);
    }
    if (rc != MUSTER_OK)
        return rc;
    return pull->limit > 0 && count >= pull->limit ? host->partial(settings->run, "a sample")
                                                   : host->complete(settings->run, count);
}

muster_rc seats_lookup(struct settings *settings, const muster_record *arguments)
{
    const muster_host *host = settings->host;
    const char *site = host->get(arguments, "site"), *number = host->get(arguments, "employee");
    struct answer answer;
    muster_rc rc = ask(settings, "workstation_path", number, site, &answer);
    if (rc == MUSTER_OK)
        rc = host->row(settings->run, record_make(settings, muster_document_root(answer.document), site, ""));
    answer_done(&answer);
    return rc == MUSTER_GONE ? MUSTER_OK : rc; /* nobody: no row is the answer */
}

/* Asks for something that everybody may ask for and that changes nothing. */
muster_rc seats_check(struct settings *settings)
{
    struct answer answer;
    if (!*option(settings, "base_url"))
        return MUSTER_OK;
    const char *site = settings->host->count(settings->run, "sites") ? option(settings, "sites[0]") : NULL;
    muster_rc rc = ask(settings, "workstations_path", NULL, site, &answer);
    answer_done(&answer);
    return rc == MUSTER_DATA && !site ? MUSTER_OK : rc; /* it let us in, and wants a site */
}
