/* wrong - a little connector, and many that are like it but for one fault: which, its own file name says (the test
 * copies it under each name). For the tests of muster-conform.
 *
 * The system that it reads answers GET /ping with "pong", and GET
 * /people?page=N with a line "NUMBER NAME DAY" for each, and "next" or "end"
 * as the last one. */
#include <muster/connector.h>

#include <dlfcn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static char name[100];

__attribute__((constructor)) static void construct(void)
{
    Dl_info info;
    if (!dladdr(name, &info))
        abort();
    snprintf(name, sizeof(name), "%s", strrchr(info.dli_fname, '/') + 1);
    name[strcspn(name, ".")] = '\0';
}

static int is(const char *fault)
{
    return strcmp(name, fault) == 0;
}

static muster_option options[] = {
    {"base_url", NULL, "Where the system is.", NULL, MUSTER_URL, MUSTER_REQUIRED, 0, 0, NULL},
    {"key", NULL, "What proves that it is us.", NULL, MUSTER_TEXT, MUSTER_SECRET, 0, 0, NULL},
    {"pages", "5", "How many pages there may be.", NULL, MUSTER_INTEGER, 0, 1, 9, NULL},
    {"order", "up", "Which way they are read.", "up|down", MUSTER_CHOICE, 0, 0, 0, NULL},
    {"more", NULL, "Something else.", NULL, MUSTER_TEXT, 0, 0, 0, NULL},
    {NULL, NULL, NULL, NULL, 0, 0, 0, 0, NULL}};
static muster_field fields[] = {{"number", "The number.", NULL, MUSTER_TEXT, MUSTER_ID},
                                {"name", "What people call them.", NULL, MUSTER_TEXT, 0},
                                {"since", "The first day.", NULL, MUSTER_DATE, 0},
                                {"boss", "To whom they report.", "people", MUSTER_REF, 0},
                                {NULL, NULL, NULL, 0, 0}};
static muster_stream streams[] = {
    {"people", "Everybody.", fields,
     "key: number\n"
     "person: { employee_number: number, given_name: name, family_name: name, status: { const: active } }\n"
     "require: [employee_number]",
     NULL, "person", NULL, MUSTER_READ_FULL, MUSTER_BY_ABSENCE, 0},
    {NULL, NULL, NULL, NULL, NULL, NULL, NULL, 0, 0, 0}};

static muster_rc check(muster_run *run, void *self)
{
    const muster_http *reply = NULL;
    char url[500];
    (void)self;
    snprintf(url, sizeof(url), "%s/ping", run->host->text(run, "base_url"));
    muster_http ask = {.size = sizeof(ask), .method = "GET", .url = url, .fd = -1};
    return run->host->http(run, &ask, &reply);
}

/* A page. Returns 1: there is another one, 0: that was the last, or a failure. */
static muster_rc page(muster_run *run, const muster_pull *what, const char *text, uint64_t *count)
{
    char number[20], called[40], since[20];
    for (; *text; text += strcspn(text, "\n") + 1) {
        if (strncmp(text, "next", 4) == 0 || strncmp(text, "end", 3) == 0)
            return *text == 'n';
        if (sscanf(text, "%19s %39s %19s", number, called, since) != 3)
            break;
        muster_record *record = run->host->record(run, what->stream, number, "");
        run->host->put(record, "number", MUSTER_TEXT, number);
        run->host->put(record, "name", MUSTER_TEXT, called);
        run->host->put(record, "since", MUSTER_DATE, since);
        run->host->put(record, "boss", MUSTER_REF, number);
        run->host->emit(run, record);
        ++*count;
    }
    return run->host->fail(run, MUSTER_FAIL, "a page without its end");
}

static muster_rc pull(muster_run *run, void *self, const muster_pull *what)
{
    const muster_http *reply = NULL;
    uint64_t count = 0;
    char url[500];
    muster_rc rc = 1;
    (void)self;
    for (int nth = 1; rc == 1; nth++) {
        snprintf(url, sizeof(url), "%s/people?page=%d", run->host->text(run, "base_url"), nth);
        muster_http ask = {.size = sizeof(ask), .method = "GET", .url = url, .fd = -1};
        rc = run->host->http(run, &ask, &reply);
        if (rc == MUSTER_OK)
            rc = page(run, what, reply->body, &count);
    }
    return rc == MUSTER_OK ? run->host->complete(run, count) : rc;
}

static muster_connector described;

static void tables_spoil(void)
{
    static muster_field none[] = {{NULL, NULL, NULL, 0, 0}};
    muster_option *more = &options[4];
    if (is("c4"))
        more->doc = NULL;
    if (is("c5"))
        more->name = "More Things";
    if (is("c6"))
        more->name = "api_token";
    if (is("c7"))
        options[3].initial = "sideways";
    if (is("c8"))
        more->flags = 0x4000;
    if (is("c10"))
        fields[3].to = "bosses";
    if (is("c11"))
        fields[0].flags = 0;
    if (is("c12"))
        streams[0].mapping_in = "key: number\nperson: { nonsense: number }";
    if (is("c17"))
        fields[2] = none[0];
}

__attribute__((visibility("default"))) const muster_connector *muster_connector_entry(void);
const muster_connector *muster_connector_entry(void)
{
    static char summary[100] = "A little system.";
    tables_spoil();
    if (is("c3"))
        snprintf(summary, sizeof(summary), "Process %d.", (int)getpid());
    described = (muster_connector){.magic = MUSTER_MAGIC,
                                   .size = sizeof(described),
                                   .abi_major = MUSTER_ABI_MAJOR,
                                   .abi_minor = MUSTER_ABI_MINOR,
                                   .needs_minor = MUSTER_NEEDS_MINOR,
                                   .option_size = sizeof(muster_option),
                                   .field_size = sizeof(muster_field),
                                   .stream_size = sizeof(muster_stream),
                                   .verb_size = sizeof(muster_verb),
                                   .route_size = sizeof(muster_route),
                                   .needs = is("c13") ? MUSTER_NEEDS_FILES : 0,
                                   .name = is("c1") ? "another" : name,
                                   .version = "1.0",
                                   .summary = summary,
                                   .hosts = is("c14") ? "*.com" : NULL,
                                   .options = options,
                                   .streams = streams,
                                   .check = is("c15") ? NULL : check,
                                   .pull = is("c9") ? NULL : pull,
                                   .apply = NULL,
                                   .receive = NULL};
    if (is("c9"))
        described.lookup = (muster_rc(*)(muster_run *, void *, const char *, const muster_record *))(void *)check;
    return &described;
}
