/* good - a connector that does everything right, for the tests of the seam between engine and host. */
#include <muster/connector.h>

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static const muster_option site[] = {
    {"url", "https://example.com", "Where the site is", NULL, MUSTER_URL, 0, 0, 0, NULL, NULL, NULL},
    {NULL, NULL, NULL, NULL, 0, 0, 0, 0, NULL, NULL, NULL}};
static const muster_option options[] = {
    {"location", NULL, "Where the files are", NULL, MUSTER_TEXT, MUSTER_REQUIRED | MUSTER_PLACE, 0, 0, NULL, NULL,
     NULL},
    {"pace", "7", "How fast", NULL, MUSTER_INTEGER, 0, 1, 9, NULL, NULL, NULL},
    {"password", NULL, "Secret", NULL, MUSTER_TEXT, MUSTER_SECRET, 0, 0, NULL, NULL, NULL},
    {"sites", NULL, "All sites", NULL, MUSTER_LIST, 0, 0, 0, site, NULL, NULL},
    {NULL, NULL, NULL, NULL, 0, 0, 0, 0, NULL, NULL, NULL}};
static const muster_field fields[] = {{"id", "The number", NULL, MUSTER_TEXT, MUSTER_ID},
                                      {"boss", NULL, "people", MUSTER_REF, 0},
                                      {NULL, NULL, NULL, 0, 0}};
static const muster_stream streams[] = {
    {"people", "Everybody", fields, "key: id", NULL, "person", NULL, MUSTER_READ_FULL, MUSTER_BY_ABSENCE, 0},
    {"things", NULL, NULL, NULL, NULL, NULL, NULL, MUSTER_READ_CHANGES, MUSTER_NEVER, 5},
    {NULL, NULL, NULL, NULL, NULL, NULL, NULL, 0, 0, 0}};
static const muster_route routes[] = {{"POST", "/hook/{id}", NULL, NULL, "/id", 0, 1000},
                                      {NULL, NULL, NULL, NULL, NULL, 0, 0}};

static muster_rc opened(muster_run *run, void **self)
{
    if (!run->host->text(run, "location"))
        return run->host->fail(run, MUSTER_CONFIG, "no location");
    *self = strdup("self");
    return MUSTER_OK;
}

static void closed(muster_run *run, void *self)
{
    run->host->log(run, MUSTER_INFO, "closed %s", (const char *)self);
    free(self);
}

/* Says all options, as far as it can read them. */
static muster_rc check(muster_run *run, void *self)
{
    const muster_host *host = run->host;
    const char *secret = host->text(run, "password"), *url = host->text(run, "sites[1].url");
    host->log(run, MUSTER_INFO, "location %s pace %d secret %s sites %zu url %s %s", host->text(run, "location"),
              (int)host->number(run, "pace"), secret ? secret : "unreadable", host->count(run, "sites"),
              url ? url : "none", (const char *)self);
    return MUSTER_OK;
}

static muster_rc discover(muster_run *run, void *self)
{
    (void)self;
    run->host->stream(run, &streams[0]);
    return run->host->field(run, "things", &fields[1]);
}

static muster_rc partitions(muster_run *run, void *self)
{
    (void)self;
    run->host->partition(run, "1", "Store One", "loc-1");
    run->host->partition(run, "2", NULL, NULL);
    return run->host->complete(run, 2);
}

/* `limit` rows of 15 columns (3 when 0), the last of which it does not put. */
static muster_rc people(muster_run *run, const muster_pull *pull)
{
    const muster_host *host = run->host;
    const char *names[16], *places[16];
    char texts[16][8], columns[16][8];
    uint64_t rows = pull->limit ? pull->limit : 3;
    for (size_t i = 0; i < 16; i++) {
        snprintf(texts[i], sizeof(texts[i]), "c%zu", i);
        snprintf(columns[i], sizeof(columns[i]), "%c", (char)('A' + i));
        names[i] = texts[i];
        places[i] = columns[i];
    }
    host->columns(run, pull->stream, names, places, 16);
    for (uint64_t row = 0; row < rows && !host->cancelled(run); row++) {
        char place[40];
        snprintf(place, sizeof(place), "Sheet!*%llu", (unsigned long long)row + 2);
        muster_record *record = host->record(run, pull->stream, NULL, place);
        for (size_t i = 0; i < 15; i++)
            host->put_nth(record, i, MUSTER_TEXT, "some value", i % 10 + 1);
        muster_rc rc = host->emit(run, record);
        if (rc != MUSTER_OK)
            return rc;
        if (row % 1000 == 999)
            host->progress(run, row + 1, rows);
    }
    host->cursor(run, "the end");
    return host->complete(run, rows);
}

static muster_rc things(muster_run *run)
{
    static const char json[] = "{\"name\":\"Ann \\u00e9\\ud83d\\ude00\", \"pay\": 12.10, \"none\": null, \"yes\":true,"
                               " \"deep\": {\"a\": [1, 2, {}]}, \"void\": \"\"}";
    const muster_host *host = run->host;
    muster_record *record = host->record(run, "things", "7", NULL);
    host->put(record, "text", MUSTER_TEXT, "value");
    host->put(record, "null", MUSTER_DATE, NULL);
    host->put(record, "empty", MUSTER_DECIMAL, "");
    host->emit(run, record);
    record = host->record(run, "things", "8", "/8");
    host->put_json(record, json, sizeof(json) - 1);
    host->put(record, "text", MUSTER_TEXT, "later");
    host->emit(run, record);
    host->checkpoint(run, "c1");
    record = host->record(run, "things", "9", NULL);
    host->put_json(record, "{\"a\": 01}", 9);
    if (host->emit(run, record) != MUSTER_DATA)
        return host->fail(run, MUSTER_FAIL, "bad JSON was taken");
    host->reject(run, "things", NULL, "/10", "no id");
    host->gone(run, "things", "6");
    return host->changes(run, 4);
}

/* One field of pull->limit bytes. */
static muster_rc big(muster_run *run, const muster_pull *pull)
{
    const muster_host *host = run->host;
    char *bytes = malloc(pull->limit);
    memset(bytes, 'x', pull->limit);
    for (int i = 0; i < 3; i++) {
        muster_record *record = host->record(run, "big", i == 0 ? "a" : i == 1 ? "b" : "c", NULL);
        host->put_json(record, "{}", 2);
        host->put(record, "before", MUSTER_TEXT, "1");
        host->put(record, "n", MUSTER_TEXT, "2");
        muster_record *same = record;
        host->emit(run, same);
        record = host->record(run, "wide", "w", "here");
        if (i == 0)
            host->columns(run, "late", (const char *const[]){"late"}, NULL, 1);
        host->put(record, "bytes", MUSTER_TEXT, "");
        host->emit(run, record);
    }
    host->columns(run, "one", (const char *const[]){"bytes"}, NULL, 1);
    muster_record *record = host->record(run, "one", "id", "here");
    host->put_nth(record, 0, MUSTER_TEXT, bytes, pull->limit);
    muster_rc rc = host->emit(run, record);
    free(bytes);
    return rc == MUSTER_OK || rc == MUSTER_DATA ? host->partial(run, "a sample") : rc;
}

/* A record with many columns, the first of them of pull->limit bytes, and then one that is given up. */
static muster_rc many(muster_run *run, const muster_pull *pull)
{
    const muster_host *host = run->host;
    char *bytes = calloc(1, pull->limit + 1), name[20];
    memset(bytes, 'x', pull->limit);
    muster_record *record = host->record(run, "many", "1", NULL);
    host->put(record, "first", MUSTER_TEXT, bytes);
    for (int i = 0; i < 600; i++) {
        snprintf(name, sizeof(name), "f%d", i);
        host->put(record, name, MUSTER_TEXT, name + 1);
    }
    muster_rc rc = host->emit(run, record);
    record = host->record(run, "up", "given up", NULL);
    host->put(record, "left", MUSTER_TEXT, "");
    record = host->record(run, "other", "2", NULL);
    host->put(record, "right", MUSTER_TEXT, "");
    host->emit(run, record);
    free(bytes);
    return rc;
}

/* Fetches every match and emits its bytes. */
static muster_rc files(muster_run *run)
{
    const muster_host *host = run->host;
    const char *name;
    uint64_t size;
    int64_t mtime;
    muster_rc rc;
    for (size_t n = 0; (rc = host->list(run, host->text(run, "location"), n, &name, &size, &mtime)) == MUSTER_OK; n++) {
        char text[100] = "";
        char *kept = strdup(name);
        int fd, scratch;
        rc = host->fetch(run, kept, &fd);
        if (rc != MUSTER_OK)
            return free(kept), rc;
        ssize_t got = read(fd, text, sizeof(text) - 1);
        close(fd);
        muster_record *record = host->record(run, "files", kept, NULL);
        host->put(record, "content", MUSTER_TEXT, got > 0 ? text : "");
        host->put(record, "size", MUSTER_INTEGER, size == 5 && mtime == -5 ? "right" : "wrong");
        host->emit(run, record);
        host->afterwards(run, kept, MUSTER_ARCHIVE, "done");
        if (host->scratch(run, &scratch) != MUSTER_OK || write(scratch, "back", 4) != 4)
            return free(kept), host->fail(run, MUSTER_FAIL, "no scratch");
        rc = host->store(run, kept, scratch);
        close(scratch);
        free(kept);
        if (rc != MUSTER_OK)
            return rc;
    }
    if (rc != MUSTER_GONE)
        return rc;
    return host->unchanged(run) ? MUSTER_SAME : host->complete(run, 2);
}

static muster_rc pull(muster_run *run, void *self, const muster_pull *asked)
{
    (void)self;
    if (strcmp(asked->stream, "things") == 0)
        return things(run);
    if (strcmp(asked->stream, "big") == 0)
        return big(run, asked);
    if (strcmp(asked->stream, "many") == 0)
        return many(run, asked);
    if (strcmp(asked->stream, "files") == 0)
        return files(run);
    if (strcmp(asked->stream, "sorry") == 0)
        return run->host->fail(run, MUSTER_AUTH, "the log-in of %s was refused", "somebody");
    const muster_http *reply;
    if (strcmp(asked->stream, "http") == 0)
        return run->host->http(run, &(muster_http){.size = sizeof(muster_http), .url = "https://x.example"}, &reply);
    return people(run, asked);
}

MUSTER_CONNECTOR(good, .version = "1.2", .summary = "Does everything right", .hosts = "*.example.com",
                 .account = "location", .requests = 5, .per_ms = 1000, .options = options, .streams = streams,
                 .routes = routes, .open = opened, .close = closed, .check = check, .discover = discover,
                 .partitions = partitions, .pull = pull)
