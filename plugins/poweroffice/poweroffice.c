/* poweroffice - the connector for PowerOffice Go, API v2.
 *
 * Reads a client company's employees through the broker, which alone has the
 * three keys: everybody, or what changed since the last time. */
#include "write.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const muster_option options[] = {
    {.name = "base_url",
     .type = MUSTER_URL,
     .initial = "https://goapi.poweroffice.net/v2",
     .doc = "Where the service is; the demonstration environment is https://goapi.poweroffice.net/Demo/v2."},
    {.name = "token_url",
     .type = MUSTER_URL,
     .initial = "https://goapi.poweroffice.net/OAuth/Token",
     .doc =
         "Where log-ins are exchanged for tokens; https://goapi.poweroffice.net/Demo/OAuth/Token for demonstration."},
    {.name = "application_key",
     .type = MUSTER_TEXT,
     .flags = MUSTER_REQUIRED | MUSTER_SECRET,
     .doc = "The key of the integration, which PowerOffice gives to whoever runs it."},
    {.name = "client_key",
     .type = MUSTER_TEXT,
     .flags = MUSTER_REQUIRED | MUSTER_SECRET,
     .doc = "The key of the client company, which is made in its PowerOffice Go for the integration."},
    {.name = "subscription_key",
     .type = MUSTER_TEXT,
     .flags = MUSTER_REQUIRED | MUSTER_SECRET,
     .doc = "The primary key of the subscription in PowerOffice's developer portal; all who use it share 10 calls a "
            "second."},
    {.name = "secondary_key",
     .type = MUSTER_TEXT,
     .flags = MUSTER_SECRET,
     .doc = "The secondary key of the subscription, used where the primary one is refused."},
    {.name = "sub_lists",
     .type = MUSTER_LIST,
     .doc =
         "What is read of everybody besides, as changes of it do not show: some of addresses, salaries, "
         "fte_percentages, fixed_salaries, leaves and layoffs, or none; without it all of them. The vendor's names, as "
         "FtePercentages, mean the same."},
    {.name = "read_only",
     .type = MUSTER_BOOL,
     .initial = "true",
     .doc = "Nothing is written to PowerOffice Go; false lets a target: section of the connection write."},
    {.name = "page_size",
     .type = MUSTER_INTEGER,
     .initial = "1000",
     .min = 1,
     .max = 20000,
     .flags = MUSTER_ADVANCED,
     .doc = "How many rows are asked for at once."},
    {.name = "overlap",
     .type = MUSTER_SECONDS,
     .initial = "2",
     .flags = MUSTER_ADVANCED,
     .doc = "How long before the latest change seen the next pull of changes begins."},
    {.name = "pagination_header",
     .type = MUSTER_TEXT,
     .initial = "X-Pagination",
     .flags = MUSTER_ADVANCED,
     .doc = "The header of a list that says whether there is another page, as a JSON object."},
    {.name = "pagination_next",
     .type = MUSTER_TEXT,
     .initial = "nextPageLink",
     .flags = MUSTER_ADVANCED,
     .doc = "The member of that object which is empty on the last page."},
    {0}};

/* ---- lifetime ---- */

/* A list may be called as the vendor does: FtePercentages is fte_percentages. */
static bool same_word(const char *a, const char *b)
{
    for (;; a++, b++) {
        while (*a == '_')
            a++;
        while (*b == '_')
            b++;
        if (*a == '\0' || tolower((unsigned char)*a) != tolower((unsigned char)*b))
            return *a == *b;
    }
}

static bool sub_list_known(struct poweroffice *po, const char *name)
{
    if (same_word(name, "addresses"))
        return po->addresses = true;
    for (int n = SUB_FIRST; n < RIGHTS; n++)
        if (same_word(name, rights[n].option))
            return po->wanted[n] = true;
    return same_word(name, "none");
}

static muster_rc sub_lists_read(struct poweroffice *po)
{
    char name[40];
    size_t count = po->host->count(po->run, "sub_lists");
    po->addresses = count == 0;
    for (int n = SUB_FIRST; n < RIGHTS; n++)
        po->wanted[n] = count == 0;
    for (size_t n = 0; n < count; n++) {
        snprintf(name, sizeof(name), "sub_lists[%zu]", n);
        const char *text = po->host->text(po->run, name);
        if (!sub_list_known(po, text ? text : ""))
            return po->host->fail(po->run, MUSTER_CONFIG,
                                  "option 'sub_lists' has no '%.40s': there are addresses, salaries, fte_percentages, "
                                  "fixed_salaries, leaves, layoffs and none",
                                  text ? text : "");
    }
    return MUSTER_OK;
}

static void po_close(muster_run *run, void *self)
{
    struct poweroffice *po = self;
    (void)run;
    for (int n = 0; po && n < RIGHTS; n++)
        list_done(&po->of[n]);
    if (po)
        managers_done(po);
    free(po);
}

static muster_rc po_open(muster_run *run, void **ret_self)
{
    struct poweroffice *po = calloc(1, sizeof(*po));
    if (!po)
        return run->host->fail(run, MUSTER_FAIL, "out of memory");
    po->run = run;
    po->host = run->host;
    po->key = (muster_auth){.size = sizeof(po->key),
                            .scheme = "recipe",
                            .secret = "subscription_key",
                            .fallback = "secondary_key",
                            .where = "header",
                            .name = "Ocp-Apim-Subscription-Key"};
    po->token = (muster_auth){.size = sizeof(po->token),
                              .scheme = "oauth2-client-credentials",
                              .secret = "client_key",
                              .user = "application_key",
                              .token_url = run->host->text(run, "token_url"),
                              .extra = &po->key};
    muster_rc rc = sub_lists_read(po);
    if (rc != MUSTER_OK)
        po_close(run, po);
    else
        *ret_self = po;
    return rc;
}

/* ---- roles ---- */

/* Who may not know their privileges may still be let in: one employee, or none, is all that is asked for. */
static muster_rc employees_try(struct poweroffice *po)
{
    struct address address;
    const muster_http *reply = NULL;
    muster_document *document = NULL;
    muster_http ask;
    address_start(po, &address);
    address_path(&address, "/Employees");
    address_query(&address, "PageNumber", "1");
    address_query(&address, "PageSize", "1");
    call_get(po, &address, &ask);
    muster_rc rc = po->host->http(po->run, &ask, &reply);
    rc = call_document(po, "Employees", rc, reply, &document);
    muster_document_free(document);
    if (rc == MUSTER_PERMISSION)
        account_lacks(po, RIGHT_EMPLOYEES);
    return rc == MUSTER_PERMISSION ? MUSTER_OK : rc;
}

static muster_rc po_check(muster_run *run, void *self)
{
    struct poweroffice *po = self;
    enum right lacking[RIGHTS];
    size_t count = 0;
    char why[WHY_ROOM];
    muster_rc rc = account_ask(po);
    if (rc == MUSTER_OK && po->untold)
        rc = employees_try(po);
    for (int n = 0; rc == MUSTER_OK && n < RIGHTS; n++)
        if (po->lacks[n] && (n < SUB_FIRST || po->wanted[n]))
            lacking[count++] = (enum right)n;
    if (count == 0)
        return rc;
    account_sentence(po, lacking, count, why);
    run->host->log(run, MUSTER_WARN, "%s", why);
    return po->lacks[RIGHT_EMPLOYEES] ? run->host->fail(run, MUSTER_PERMISSION, "%s", why) : MUSTER_OK;
}

static muster_rc po_pull(muster_run *run, void *self, const muster_pull *what)
{
    static const struct {
        const char *stream;
        enum right right;
    } units[] = {
        {"departments", RIGHT_DEPARTMENTS}, {"locations", RIGHT_LOCATIONS}, {"enterprises", RIGHT_ENTERPRISES}};
    struct poweroffice *po = self;
    po->run = run;
    muster_rc rc = account_ask(po);
    if (rc != MUSTER_OK || strcmp(what->stream, "employees") == 0)
        return rc == MUSTER_OK ? people_pull(po, what) : rc;
    for (size_t n = 0; n < sizeof(units) / sizeof(*units); n++)
        if (strcmp(what->stream, units[n].stream) == 0)
            return units_pull(po, units[n].right, what);
    return run->host->fail(run, MUSTER_CONFIG, "PowerOffice Go has no stream '%s'", what->stream);
}

static muster_rc writable(const struct poweroffice *po)
{
    if (po->host->number(po->run, "read_only") == 0)
        return MUSTER_OK;
    return po->host->fail(
        po->run, MUSTER_CONFIG,
        "this connection only reads from PowerOffice Go: set read_only: false in its options to let it "
        "write, and have the privileges Employee_Full and Employment_Full granted");
}

static muster_rc po_find(muster_run *run, void *self, const char *stream, const muster_record *fields)
{
    struct poweroffice *po = self;
    po->run = run;
    muster_rc rc = writable(po);
    return rc == MUSTER_OK ? find_one(po, stream, fields) : rc;
}

static muster_rc po_apply(muster_run *run, void *self, const muster_push *push)
{
    struct poweroffice *po = self;
    po->run = run;
    muster_rc rc = writable(po);
    return rc == MUSTER_OK ? apply_all(po, push) : rc;
}

MUSTER_CONNECTOR(poweroffice, .version = "1.0", .summary = "Reads and writes employees of PowerOffice Go",
                 .account = "subscription_key", .requests = 10, .per_ms = 1000, .options = options,
                 .streams = poweroffice_streams, .open = po_open, .close = po_close, .check = po_check, .pull = po_pull,
                 .find = po_find, .apply = po_apply)
