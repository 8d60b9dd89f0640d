/* writer - a connector that writes into its own memory, and behaves as the stream's name tells it to.
 *
 * "people" says in the log what it was given and takes everything; the other
 * names are manners, good and bad, of taking, refusing and answering. */
#include <muster/connector.h>

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static const muster_option whose[] = {
    {.name = "number", .type = MUSTER_INTEGER, .flags = MUSTER_REQUIRED, .min = 1, .max = 9999, .doc = "Whose."},
    {.name = "day", .type = MUSTER_DATE, .doc = "On that day."},
    {.name = "floor", .type = MUSTER_CHOICE, .choices = "any|ground|first", .initial = "any"},
    {0}};
static const muster_option reset_of[] = {
    {.name = "number", .type = MUSTER_INTEGER, .flags = MUSTER_REQUIRED},
    {.name = "pin", .type = MUSTER_TEXT, .flags = MUSTER_SECRET | MUSTER_REQUIRED, .doc = "The new one."},
    {0}};
static const muster_field seat[] = {
    {.name = "seat", .type = MUSTER_TEXT}, {.name = "floor", .type = MUSTER_INTEGER}, {0}};
static const muster_verb lookups[] = {{"seat", "Where somebody sits", whose, seat}, {0}};
static const muster_verb actions[] = {{"reset", "Resets somebody's log-in", reset_of, NULL},
                                      {"empty", "Clears all tables", NULL, NULL},
                                      {"dance", "What it cannot do", NULL, NULL},
                                      {0}};
static const muster_stream streams[] = {
    {.name = "people", .kinds = "person", .flags = MUSTER_WRITE | MUSTER_DYNAMIC, .batch = 500},
    {0},
};

enum { GATHERED_MAX = 200000 };
static const muster_change *gathered[GATHERED_MAX];

/* Everything that can be read of a record, field by field as changed() and json() name them. */
static void tell(muster_run *run, const muster_change *change)
{
    const muster_host *host = run->host;
    char text[4000];
    const char *name;
    int len =
        snprintf(text, sizeof(text), "%d %s %s", change->op, change->key, change->remote_id ? change->remote_id : "-");
    len +=
        snprintf(text + len, sizeof(text) - (size_t)len, " %s", change->before ? host->json(run, change->before) : "-");
    len +=
        snprintf(text + len, sizeof(text) - (size_t)len, " > %s", change->after ? host->json(run, change->after) : "-");
    for (size_t i = 0; (name = host->changed(change, i)) != NULL; i++) {
        const muster_record *record = change->after ? change->after : change->before;
        const char *value = host->get(record, name);
        len += snprintf(text + len, sizeof(text) - (size_t)len, " %s/%d=%s", name, host->present(record, name),
                        value ? value : "-");
    }
    host->log(run, MUSTER_INFO, "%s", text);
}

static muster_rc takes(muster_run *run, const muster_change *change)
{
    char id[300];
    snprintf(id, sizeof(id), "r-%s", change->key);
    return run->host->applied(run, change, change->remote_id ? change->remote_id : id);
}

static muster_rc people(muster_run *run, int quiet)
{
    const muster_change *change;
    muster_rc rc;
    while ((rc = run->host->next(run, &change)) == MUSTER_OK && change) {
        if (!quiet)
            tell(run, change);
        rc = takes(run, change);
        if (rc != MUSTER_OK)
            return rc;
    }
    return rc;
}

/* Gathers as many as `batch`, then looks at each once more and answers, the last one first. */
static muster_rc gathers(muster_run *run, size_t batch)
{
    const muster_change *change = NULL;
    muster_rc rc = MUSTER_OK;
    do {
        size_t count = 0;
        while (count < batch && (rc = run->host->next(run, &change)) == MUSTER_OK && change)
            gathered[count++] = change;
        while (count > 0) {
            const char *name = run->host->get(gathered[--count]->after, "name");
            if (!name || strcmp(name, gathered[count]->key) != 0)
                return run->host->fail(run, MUSTER_FAIL, "change %s is about %s", gathered[count]->key,
                                       name ? name : "nobody");
            takes(run, gathered[count]);
        }
    } while (rc == MUSTER_OK && change);
    return rc;
}

/* As a connector that builds bodies: reads ten fields of each, and takes it. */
static muster_rc reads(muster_run *run)
{
    static const char *const names[] = {"f0", "f1", "f2", "f3", "f4", "f5", "f6", "f7", "f8", "f9"};
    const muster_change *change;
    muster_rc rc;
    size_t bytes = 0;
    while ((rc = run->host->next(run, &change)) == MUSTER_OK && change) {
        for (size_t i = 0; i < 10; i++) {
            const char *value = run->host->get(change->after, names[i]);
            bytes += value ? strlen(value) : 0;
        }
        run->host->applied(run, change, change->key);
    }
    run->host->log(run, MUSTER_INFO, "%zu bytes", bytes);
    return rc;
}

static muster_rc refuses(muster_run *run)
{
    const muster_change *change;
    muster_rc rc;
    static char long_why[3000];
    memset(long_why, 'w', sizeof(long_why) - 1);
    long_why[0] = ' ';
    for (muster_rc code = MUSTER_RETRY; (rc = run->host->next(run, &change)) == MUSTER_OK && change; code--)
        run->host->refused(run, change, code < MUSTER_FAIL ? MUSTER_DATA : code,
                           code == MUSTER_AUTH         ? NULL
                           : code == MUSTER_PERMISSION ? "\xff no UTF-8"
                           : code == MUSTER_CONFIG     ? long_why
                                                       : "because");
    return rc;
}

static muster_rc emits(muster_run *run)
{
    const muster_host *host = run->host;
    const muster_change *change;
    muster_rc rc;
    while ((rc = host->next(run, &change)) == MUSTER_OK && change) {
        muster_record *record = host->record(run, "people", change->key, "/reply");
        host->put(record, "seat", MUSTER_TEXT, host->get(change->after, "name"));
        host->emit(run, record);
        takes(run, change);
        host->gone(run, "people", "nobody");
        host->cursor(run, change->key);
    }
    return rc;
}

/* Messages that our own host would never send, from "raw:HEX". */
static void lies(const char *hex)
{
    unsigned char frame[1024];
    const uint16_t flags = 0, mark = 0x4d46;
    uint32_t len = 0;
    for (unsigned byte; sscanf(hex + 2 * len, "%2x", &byte) == 1; len++)
        frame[8 + len] = (unsigned char)byte;
    memcpy(frame, &len, 4);
    memcpy(frame + 4, &flags, 2);
    memcpy(frame + 6, &mark, 2);
    (void)!write(3, frame, len + 8);
}

static muster_rc asks(muster_run *run)
{
    const muster_host *host = run->host;
    const muster_change *change;
    muster_rc rc;
    while ((rc = host->next(run, &change)) == MUSTER_OK && change) {
        muster_record *found;
        rc = host->find(run, "person", "employee_number", change->key, &found);
        host->log(run, MUSTER_INFO, "%d %s", rc, found ? host->json(run, found) : "-");
        takes(run, change);
    }
    return rc;
}

static muster_rc misbehaves(muster_run *run, const char *what)
{
    const muster_host *host = run->host;
    const muster_change *change, *other;
    static const muster_change stranger = {.size = sizeof(stranger), .key = "stranger"};
    static char long_id[300];
    memset(long_id, 'i', sizeof(long_id) - 1);
    muster_rc rc = host->next(run, &change);
    if (rc != MUSTER_OK || !change)
        return rc;
    if (strcmp(what, "twice") == 0) {
        takes(run, change);
        host->applied(run, change, "again");
    } else if (strcmp(what, "stranger") == 0) {
        host->applied(run, &stranger, "s");
    } else if (strcmp(what, "nobody") == 0) {
        host->refused(run, NULL, MUSTER_DATA, "why");
    } else if (strcmp(what, "code") == 0) {
        host->refused(run, change, MUSTER_OK, "why");
    } else if (strcmp(what, "long-id") == 0) {
        host->applied(run, change, long_id);
    } else if (strcmp(what, "puts") == 0) {
        host->put((muster_record *)(uintptr_t)change->after, "name", MUSTER_TEXT, "other");
    } else if (strcmp(what, "puts-late") == 0) {
        muster_record *record = host->record(run, "people", "1", "");
        host->put(record, "name", MUSTER_TEXT, "one");
        host->emit(run, record);
        host->put(record, "name", MUSTER_TEXT, "other");
    } else if (strcmp(what, "crash") == 0) {
        takes(run, change);
        host->progress(run, 1, 2); /* sends what there is */
        host->next(run, &other);
        signal(SIGSEGV, SIG_DFL);
        raise(SIGSEGV);
    } else if (strcmp(what, "hang") == 0) {
        takes(run, change);
        host->progress(run, 1, 2);
        pause();
    } else if (strncmp(what, "raw:", 4) == 0) {
        lies(what + 4);
        return MUSTER_OK;
    }
    return people(run, 1);
}

static muster_rc early(muster_run *run, const char *what)
{
    const muster_change *change;
    for (int i = 0; i < 3; i++)
        if (run->host->next(run, &change) == MUSTER_OK && change && i < 2)
            takes(run, change);
    if (strcmp(what, "early") == 0)
        return MUSTER_OK;
    return run->host->fail(run, MUSTER_RETRY, "the system went away");
}

static muster_rc obeys(muster_run *run)
{
    const muster_change *change;
    if (run->host->next(run, &change) == MUSTER_OK && change)
        run->host->progress(run, 1, 2);
    while (!run->host->cancelled(run))
        usleep(1000);
    takes(run, change);
    return run->host->next(run, &change);
}

static muster_rc apply(muster_run *run, void *self, const muster_push *push)
{
    const char *what = push->stream;
    (void)self;
    if (strcmp(what, "people") == 0)
        return people(run, 0);
    if (strcmp(what, "said") == 0) {
        run->host->log(run, MUSTER_INFO, "%s %s %d", push->partition, push->stream, push->snapshot);
        return people(run, 1);
    }
    if (strncmp(what, "gather", 6) == 0)
        return gathers(run, (size_t)atol(what + 6));
    if (strcmp(what, "read") == 0)
        return reads(run);
    if (strcmp(what, "refuse") == 0)
        return refuses(run);
    if (strcmp(what, "emit") == 0)
        return emits(run);
    if (strcmp(what, "ask") == 0)
        return asks(run);
    if (strcmp(what, "silent") == 0)
        for (const muster_change *change; run->host->next(run, &change) == MUSTER_OK;)
            if (!change)
                return MUSTER_OK;
    if (strncmp(what, "early", 5) == 0)
        return early(run, what);
    if (strcmp(what, "obey") == 0)
        return obeys(run);
    return misbehaves(run, what);
}

static muster_rc row(muster_run *run, const char *stream, const char *id, const muster_record *asked)
{
    const muster_host *host = run->host;
    const char *number = host->get(asked, "number");
    if (number && strcmp(number, "500") == 0)
        return host->fail(run, MUSTER_RETRY, "the seats are being counted");
    for (int i = 0; number && i < (strcmp(number, "404") == 0 ? 0 : strcmp(number, "2") == 0 ? 2 : 1); i++) {
        muster_record *record = host->record(run, stream, id, NULL);
        host->put(record, "seat", MUSTER_TEXT, number);
        host->put(record, "floor", MUSTER_INTEGER, "2");
        if (i == 1) {
            host->put(record, "tags", MUSTER_JSON, "[\"window\"]");
            host->put(record, "free", MUSTER_BOOL, "false");
        }
        muster_rc rc = host->row(run, record);
        if (rc != MUSTER_OK)
            return rc;
    }
    return MUSTER_OK;
}

static muster_rc find(muster_run *run, void *self, const char *stream, const muster_record *fields)
{
    (void)self;
    run->host->log(run, MUSTER_INFO, "find %s %s", stream, run->host->json(run, fields));
    return row(run, stream, "r-1", fields);
}

static muster_rc get(muster_run *run, void *self, const muster_pull *pull, const char *const *ids, size_t n)
{
    const muster_host *host = run->host;
    (void)self;
    host->log(run, MUSTER_INFO, "get %s/%s %zu", pull->partition, pull->stream, n);
    for (size_t i = 0; i < n; i++) {
        if (i % 2) {
            host->gone(run, pull->stream, ids[i]);
            continue;
        }
        muster_record *record = host->record(run, pull->stream, ids[i], NULL);
        host->put(record, "seat", MUSTER_TEXT, "here");
        if (i % 4)
            host->row(run, record);
        else
            host->emit(run, record);
    }
    return MUSTER_OK;
}

static muster_rc lookup(muster_run *run, void *self, const char *name, const muster_record *args)
{
    (void)self;
    run->host->log(run, MUSTER_INFO, "lookup %s %s", name, run->host->json(run, args));
    return row(run, name, NULL, args);
}

static muster_rc action(muster_run *run, void *self, const char *name, const muster_record *args)
{
    const muster_change *change;
    (void)self;
    run->host->log(run, MUSTER_INFO, "action %s %s", name, run->host->json(run, args));
    if (strcmp(name, "next") == 0)
        return run->host->next(run, &change);
    return strcmp(name, "reset") == 0 || strcmp(name, "empty") == 0
               ? MUSTER_OK
               : run->host->fail(run, MUSTER_UNSUPPORTED, "no action '%s'", name);
}

MUSTER_CONNECTOR(writer, .version = "1", .summary = "Writes, and answers by name", .streams = streams,
                 .lookups = lookups, .actions = actions, .apply = apply, .find = find, .get = get, .lookup = lookup,
                 .action = action)
