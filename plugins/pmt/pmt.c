/* pmt - the connector for PMT (personeelstool.nl), which has a server for each store.
 *
 * A store is a partition: what one server does is no other store's business.
 * The partner's key is put in by the broker. Retail Solutions publishes no
 * contract; the manual page muster-pmt(7) says what is known and what assumed. */
#include "pmt.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { SAMPLE = 50 };

static const muster_option store_members[] = {
    {.name = "id", .type = MUSTER_TEXT, .flags = MUSTER_REQUIRED, .doc = "By which it is known for good."},
    {.name = "name", .type = MUSTER_TEXT, .doc = "What people call it."},
    {.name = "url", .type = MUSTER_URL, .flags = MUSTER_REQUIRED, .doc = "Where its server is."},
    {.name = "tenant",
     .serves = "dialect=v2",
     .type = MUSTER_TEXT,
     .doc = "With dialect v2: what it is called there, if that is not the first word of its host."},
    {0},
};
static const muster_option options[] = {
    {.name = "dialect",
     .type = MUSTER_CHOICE,
     .initial = "partner-rest",
     .choices = "partner-rest|v2",
     .doc = "Which of PMT's two interfaces is spoken: that for partners (rest.php), or that of its own screens "
            "(api/v2)."},
    {.name = "root_url",
     .serves = "!stores",
     .needed = "!stores dialect=partner-rest",
     .type = MUSTER_URL,
     .doc = "Where the partner's server is that knows the chains, as in https://partner2.testpmt.nl/rest.php."},
    {.name = "chain",
     .serves = "!stores",
     .needed = "!stores dialect=partner-rest",
     .type = MUSTER_TEXT,
     .doc =
         "The one chain whose stores are meant, as PMT calls it: the partner's key sees those of all its customers."},
    {.name = "stores",
     .needed = "dialect=v2",
     .type = MUSTER_LIST,
     .members = store_members,
     .doc = "The stores, where they are not to be asked for: then neither root_url nor chain is needed."},
    {.name = "hosts",
     .type = MUSTER_HOSTS,
     .doc = "Servers of stores that are neither below personeelstool.nl nor testpmt.nl."},
    {.name = "api_key",
     .type = MUSTER_TEXT,
     .flags = MUSTER_REQUIRED | MUSTER_SECRET,
     .doc = "The partner's key, or with dialect v2 the application's, which Retail Solutions gives; all organizations "
            "that use it share its limits."},
    {.name = "reader",
     .serves = "dialect=v2",
     .needed = "dialect=v2",
     .type = MUSTER_TEXT,
     .doc = "With dialect v2: the user name of the account that reads, in each store; api/v2 shows its lists only to "
            "who is "
            "logged in."},
    {.name = "reader_password",
     .serves = "dialect=v2",
     .needed = "dialect=v2",
     .type = MUSTER_TEXT,
     .flags = MUSTER_SECRET,
     .doc = "With dialect v2: the password of that account."},
    {.name = "shift_mode",
     .type = MUSTER_CHOICE,
     .initial = "per_user",
     .choices = "per_user|store",
     .doc = "Whose shifts are read: per_user, nobody's but those that somebody looks up for themselves; store, "
            "everybody's with each run, and with dialect v2 the exchanges of them."},
    {.name = "shift_days",
     .serves = "shift_mode=store",
     .type = MUSTER_INTEGER,
     .initial = "14",
     .min = 0,
     .max = 366,
     .doc = "With shift_mode store: how many days ahead."},
    {.name = "shift_days_back",
     .serves = "shift_mode=store",
     .type = MUSTER_INTEGER,
     .initial = "7",
     .min = 0,
     .max = 366,
     .doc = "With shift_mode store: how many days that have passed; what is older is forgotten."},
    {.name = "departments",
     .type = MUSTER_CHOICE,
     .initial = "function",
     .choices = "function|department",
     .doc = "What kind of unit PMT's departments are with us."},
    {.name = "department_codes",
     .type = MUSTER_CHOICE,
     .initial = "store",
     .choices = "store|id|shortcode",
     .doc =
         "By what departments are known: each store's own (STORE/NUMBER), or the same in all stores where their number "
         "or shortcode is the same."},
    {.name = "needs_authorization",
     .type = MUSTER_BOOL,
     .initial = "true",
     .doc = "Nothing is asked before the connection's authorization: names the customer's signed document."},
    {.name = "timeout",
     .type = MUSTER_SECONDS,
     .initial = "60",
     .min = 1,
     .max = 600,
     .doc = "How long a server may take for an answer."},
    {.name = "api_key_header",
     .type = MUSTER_TEXT,
     .flags = MUSTER_ADVANCED,
     .doc = "The header in which the key goes: api-key, or with dialect v2 x-api-context."},
    {.name = "user_token_header",
     .type = MUSTER_TEXT,
     .flags = MUSTER_ADVANCED,
     .doc = "The header in which a log-in goes: logged-in-user-token, or with dialect v2 x-api-user."},
    {.name = "page_size",
     .serves = "dialect=v2",
     .type = MUSTER_INTEGER,
     .initial = "10000",
     .min = 1,
     .max = 10000,
     .flags = MUSTER_ADVANCED,
     .doc = "With dialect v2: how many rows are asked for at once."},
    {.name = "reply_words",
     .serves = "dialect=v2",
     .type = MUSTER_JSON,
     .flags = MUSTER_ADVANCED,
     .doc =
         "With dialect v2: what answers to an exchange are called there where it is something else, as in { approve: "
         "goedkeuren }; there are accept, decline, approve, reject and withdraw."},
    {0},
};

/* ---- lifetime ---- */

static void pmt_close(muster_run *run, void *self)
{
    struct pmt *pmt = self;
    (void)run;
    if (pmt)
        departments_done(&pmt->departments);
    free(pmt);
}

static const char *header_of(muster_run *run, const char *option, const char *otherwise)
{
    const char *said = run->host->text(run, option);
    return said && *said ? said : otherwise;
}

static muster_rc pmt_open(muster_run *run, void **ret_self)
{
    const char *dialect = run->host->text(run, "dialect"), *reader = run->host->text(run, "reader");
    struct pmt *pmt = calloc(1, sizeof(*pmt));
    if (!pmt)
        return run->host->fail(run, MUSTER_FAIL, "out of memory");
    pmt->run = run;
    pmt->host = run->host;
    pmt->v2 = strcmp(dialect, "v2") == 0;
    pmt->key = (muster_auth){.size = sizeof(pmt->key),
                             .scheme = "recipe",
                             .secret = "api_key",
                             .where = "header",
                             .name = header_of(run, "api_key_header", pmt->v2 ? "x-api-context" : "api-key")};
    pmt->reader = (muster_auth){
        .size = sizeof(pmt->reader),
        .scheme = "exchange",
        .secret = "reader_password",
        .user = "reader",
        .name = header_of(run, "user_token_header", "x-api-user"),
        .recipe = "{\"username\":\"{user}\",\"password\":\"{secret}\",\"browser_info\":{\"os_name\":\"Linux\","
                  "\"browser_name\":\"muster\",\"browser_version\":\"1\",\"screen_resolution\":\"1x1\"}}",
        .token = "/result/user_token",
        .extra = &pmt->key};
    if (pmt->v2 && !(reader && *reader)) {
        free(pmt);
        return run->host->fail(run, MUSTER_CONFIG,
                               "option 'reader' is missing: api/v2 shows its lists only to who is logged in, so give "
                               "reader and reader_password of an account that may see them in each store");
    }
    *ret_self = pmt;
    return MUSTER_OK;
}

/* ---- roles ---- */

static muster_rc tell_partition(struct pmt *pmt, const struct store *store, void *context)
{
    char locator[URL_ROOM + 2 * CODE_ROOM + 2];
    uint64_t *count = context;
    store_locator(store, locator, sizeof(locator));
    (*count)++;
    return pmt->host->partition(pmt->run, store->id, store->name, locator);
}

static muster_rc pmt_partitions(muster_run *run, void *self)
{
    struct pmt *pmt = self;
    uint64_t count = 0;
    pmt->run = run;
    muster_rc rc = stores_each(pmt, tell_partition, &count);
    return rc == MUSTER_OK ? run->host->complete(run, count) : rc;
}

/* One that answers is enough: the others may be down, which is no fault of the options. */
struct checked {
    size_t stores;
    bool answered;
    muster_rc rc; /* of the first that did not */
    struct store first;
};

static muster_rc check_store(struct pmt *pmt, const struct store *store, void *context)
{
    struct checked *checked = context;
    if (checked->answered || checked->stores++ >= 3)
        return MUSTER_OK;
    muster_rc rc = departments_read(pmt, store, true);
    if (rc == MUSTER_CANCELLED)
        return rc;
    checked->answered = rc == MUSTER_OK;
    if (rc != MUSTER_OK && checked->rc == MUSTER_OK) {
        checked->rc = rc;
        checked->first = *store;
    }
    return MUSTER_OK;
}

static muster_rc pmt_check(muster_run *run, void *self)
{
    struct pmt *pmt = self;
    struct checked checked = {0};
    pmt->run = run;
    muster_rc rc = stores_each(pmt, check_store, &checked);
    if (rc != MUSTER_OK || checked.answered || checked.rc == MUSTER_OK)
        return rc;
    return departments_read(pmt, &checked.first, true); /* once more, so that its sentence is told */
}

static muster_rc store_pull(struct pmt *pmt, const muster_pull *what, const struct store *store)
{
    const muster_host *host = pmt->host;
    muster_record *record = host->record(pmt->run, what->stream, store->id, "/stores");
    host->put(record, "store.id", MUSTER_TEXT, store->id);
    host->put(record, "store.name", MUSTER_TEXT, store->name);
    muster_rc rc = host->emit(pmt->run, record);
    rc = rc == MUSTER_DATA ? MUSTER_OK : rc;
    return rc == MUSTER_OK && what->limit == 0 ? host->complete(pmt->run, 1) : rc;
}

/* A few of the first store that answers. */
static muster_rc sample_store(struct pmt *pmt, const struct store *store, void *context)
{
    struct checked *checked = context;
    muster_pull what = {.size = sizeof(what), .partition = store->id, .stream = "users", .full = 1, .limit = SAMPLE};
    if (checked->answered || checked->stores++ >= 3)
        return MUSTER_OK;
    muster_rc rc = people_pull(pmt, &what, store);
    what.stream = "departments";
    if (rc == MUSTER_OK)
        rc = departments_pull(pmt, &what, store);
    what.stream = "stores";
    if (rc == MUSTER_OK)
        rc = store_pull(pmt, &what, store);
    checked->answered = rc == MUSTER_OK;
    checked->rc = rc;
    return rc == MUSTER_CANCELLED ? rc : MUSTER_OK;
}

static muster_rc pmt_discover(muster_run *run, void *self)
{
    struct pmt *pmt = self;
    struct checked checked = {0};
    muster_rc rc = MUSTER_OK;
    pmt->run = run;
    for (const muster_stream *stream = pmt_streams; rc == MUSTER_OK && stream->name; stream++) {
        rc = run->host->stream(run, stream);
        for (const muster_field *field = stream->fields; rc == MUSTER_OK && field->name; field++)
            rc = run->host->field(run, stream->name, field);
    }
    if (rc == MUSTER_OK)
        rc = stores_each(pmt, sample_store, &checked);
    return rc == MUSTER_OK && !checked.answered ? checked.rc : rc;
}

static muster_rc pmt_pull(muster_run *run, void *self, const muster_pull *what)
{
    struct pmt *pmt = self;
    struct store store;
    pmt->run = run;
    muster_rc rc = store_of(pmt, what, &store);
    if (rc != MUSTER_OK)
        return rc;
    if (strcmp(what->stream, "stores") == 0)
        return store_pull(pmt, what, &store);
    if (strcmp(what->stream, "departments") == 0)
        return departments_pull(pmt, what, &store);
    if (strcmp(what->stream, "users") == 0)
        return people_pull(pmt, what, &store);
    return run->host->fail(run, MUSTER_CONFIG, "PMT has no stream '%s'", what->stream);
}

static muster_rc pmt_lookup(muster_run *run, void *self, const char *name, const muster_record *args)
{
    struct pmt *pmt = self;
    pmt->run = run;
    return schedule_lookup(pmt, name, args);
}

static muster_rc pmt_action(muster_run *run, void *self, const char *name, const muster_record *args)
{
    struct pmt *pmt = self;
    pmt->run = run;
    if (strcmp(name, "login") != 0 && strcmp(name, "reset-token") != 0)
        return exchange_action(pmt, name, args);
    struct whom whom;
    muster_rc rc = whom_find(pmt, args, &whom);
    if (rc == MUSTER_OK)
        rc = strcmp(name, "login") == 0 ? person_log_in(pmt, &whom, run->host->get(args, "username"))
                                        : person_log_out(pmt, &whom);
    return rc;
}

MUSTER_CONNECTOR(pmt, .version = "1.0",
                 .summary = "Reads stores, departments, people and shifts of PMT (personeelstool.nl)",
                 .hosts = "*.personeelstool.nl *.testpmt.nl", .account = "api_key", .options = options,
                 .streams = pmt_streams, .open = pmt_open, .close = pmt_close, .check = pmt_check,
                 .discover = pmt_discover, .partitions = pmt_partitions, .pull = pmt_pull, .lookups = pmt_lookups,
                 .actions = pmt_actions, .lookup = pmt_lookup, .action = pmt_action)
