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
    {0},
};
static const muster_option options[] = {
    {.name = "root_url",
     .type = MUSTER_URL,
     .doc = "Where the partner's server is that knows the chains, as in https://partner2.testpmt.nl/rest.php."},
    {.name = "chain",
     .type = MUSTER_TEXT,
     .doc =
         "The one chain whose stores are meant, as PMT calls it: the partner's key sees those of all its customers."},
    {.name = "stores",
     .type = MUSTER_LIST,
     .members = store_members,
     .doc = "The stores, where they are not to be asked for: then neither root_url nor chain is needed."},
    {.name = "hosts",
     .type = MUSTER_HOSTS,
     .doc = "Servers of stores that are neither below personeelstool.nl nor testpmt.nl."},
    {.name = "api_key",
     .type = MUSTER_TEXT,
     .flags = MUSTER_REQUIRED | MUSTER_SECRET,
     .doc = "The partner's key, which Retail Solutions gives; all organizations that use it share its limits."},
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
     .initial = "api-key",
     .flags = MUSTER_ADVANCED,
     .doc = "The header in which the key goes."},
    {.name = "user_token_header",
     .type = MUSTER_TEXT,
     .initial = "logged-in-user-token",
     .flags = MUSTER_ADVANCED,
     .doc = "The header in which a person's log-in goes."},
    {0},
};

static const muster_option schedule_arguments[] = {
    {.name = "person",
     .type = MUSTER_TEXT,
     .flags = MUSTER_REQUIRED,
     .doc = "Whose, by number, e-mail, name or id:12."},
    {.name = "from", .type = MUSTER_DATE, .doc = "The first day; today without it."},
    {.name = "store", .type = MUSTER_TEXT, .doc = "Which store, where they work in several."},
    {0},
};
static const muster_field schedule_answer[] = {
    {.name = "starts_at", .type = MUSTER_DATETIME, .doc = "When the shift begins, in Amsterdam."},
    {.name = "ends_at", .type = MUSTER_DATETIME, .doc = "When the shift ends."},
    {.name = "break_minutes", .type = MUSTER_INTEGER, .doc = "How long the break is."},
    {.name = "work_minutes", .type = MUSTER_INTEGER, .doc = "How long is worked, without the break."},
    {.name = "department", .type = MUSTER_TEXT, .doc = "The department's number."},
    {.name = "store", .type = MUSTER_TEXT, .doc = "The store's number."},
    {.name = "shift", .type = MUSTER_TEXT, .doc = "The shift's own number."},
    {0},
};
static const muster_option eligible_arguments[] = {
    {.name = "person",
     .type = MUSTER_TEXT,
     .flags = MUSTER_REQUIRED,
     .doc = "Whose shift, by number, e-mail, name or id:12."},
    {.name = "shift",
     .type = MUSTER_TEXT,
     .flags = MUSTER_REQUIRED,
     .doc = "The shift, as lookup schedule numbers it."},
    {.name = "store", .type = MUSTER_TEXT, .doc = "Which store, where they work in several."},
    {0},
};
static const muster_field eligible_answer[] = {
    {.name = "user", .type = MUSTER_TEXT, .doc = "The colleague's number on this store's server."},
    {.name = "first_name", .type = MUSTER_TEXT, .doc = "The colleague's first name."},
    {.name = "last_name", .type = MUSTER_TEXT, .doc = "The colleague's surname."},
    {.name = "store", .type = MUSTER_TEXT, .doc = "The store's number."},
    {0},
};
static const muster_verb lookups[] = {
    {.name = "schedule",
     .doc = "Somebody's own shifts from a day on, as PMT shows them to who has logged in.",
     .arguments = schedule_arguments,
     .answer = schedule_answer},
    {.name = "eligible",
     .doc = "Colleagues who may take one of somebody's shifts over, by PMT's own rules, which gives no reasons.",
     .arguments = eligible_arguments,
     .answer = eligible_answer},
    {0},
};
static const muster_option login_arguments[] = {
    {.name = "person", .type = MUSTER_TEXT, .flags = MUSTER_REQUIRED, .doc = "Who, by number, e-mail, name or id:12."},
    {.name = "store", .type = MUSTER_TEXT, .doc = "Which store, where they work in several."},
    {.name = "password",
     .type = MUSTER_TEXT,
     .flags = MUSTER_REQUIRED | MUSTER_SECRET,
     .doc = "The person's password in PMT, which is not kept."},
    {0},
};
static const muster_option reset_arguments[] = {
    {.name = "person",
     .type = MUSTER_TEXT,
     .flags = MUSTER_REQUIRED,
     .doc = "Whose, by number, e-mail, name or id:12."},
    {.name = "store", .type = MUSTER_TEXT, .doc = "Which store, where they work in several."},
    {0},
};
static const muster_verb actions[] = {
    {.name = "login",
     .doc = "Logs somebody in at PMT, so that their schedule can be asked for; what PMT gives for it is kept sealed.",
     .arguments = login_arguments},
    {.name = "reset-token", .doc = "Forgets somebody's log-in at PMT.", .arguments = reset_arguments},
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

static muster_rc pmt_open(muster_run *run, void **ret_self)
{
    struct pmt *pmt = calloc(1, sizeof(*pmt));
    if (!pmt)
        return run->host->fail(run, MUSTER_FAIL, "out of memory");
    pmt->run = run;
    pmt->host = run->host;
    pmt->key = (muster_auth){.size = sizeof(pmt->key),
                             .scheme = "recipe",
                             .secret = "api_key",
                             .where = "header",
                             .name = run->host->text(run, "api_key_header")};
    *ret_self = pmt;
    return MUSTER_OK;
}

/* ---- roles ---- */

static muster_rc tell_partition(struct pmt *pmt, const struct store *store, void *context)
{
    char locator[URL_ROOM + CODE_ROOM + 1];
    uint64_t *count = context;
    snprintf(locator, sizeof(locator), "%s %s", store->url, store->name);
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
    return schedule_action(pmt, name, args);
}

MUSTER_CONNECTOR(pmt, .version = "1.0", .summary = "Reads stores, departments and people of PMT (personeelstool.nl)",
                 .hosts = "*.personeelstool.nl *.testpmt.nl", .account = "api_key", .options = options,
                 .streams = pmt_streams, .open = pmt_open, .close = pmt_close, .check = pmt_check,
                 .discover = pmt_discover, .partitions = pmt_partitions, .pull = pmt_pull, .lookups = lookups,
                 .actions = actions, .lookup = pmt_lookup, .action = pmt_action)
