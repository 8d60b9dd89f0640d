/* metrics - what is counted while the daemon runs. */
#include "service/metrics.h"

#include "base/mem.h"

#include <inttypes.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>

enum { STATUSES = 600, OUTCOMES = 5 };
static const char *const outcomes[OUTCOMES] = {"succeeded", "partial", "held", "failed", "cancelled"};

struct counted { /* of one connection */
    char *organization, *connection;
    uint64_t received[RECEIVED_FATES], received_bytes;
    uint64_t runs[OUTCOMES];
    uint64_t read, created, updated, deactivated, held, dead_letters, reviews;
    int64_t good_ms; /* when it last ran without a failure; 0: never since the start */
};

struct asked { /* of one operation and kind of answer */
    const char *operation;
    unsigned class; /* 2: 200 to 299 */
    uint64_t count, ms;
};

struct metrics {
    pthread_mutex_t lock;
    struct asked *asked;
    size_t asked_count, asked_room;
    uint64_t answered[STATUSES];
    struct counted *items;
    size_t count, room;
};

struct metrics *metrics_new(void)
{
    struct metrics *metrics = mem_new(1, sizeof(*metrics));
    if (metrics)
        pthread_mutex_init(&metrics->lock, NULL);
    return metrics;
}

void metrics_free(struct metrics *metrics)
{
    if (!metrics)
        return;
    for (size_t i = 0; i < metrics->count; i++) {
        free(metrics->items[i].organization);
        free(metrics->items[i].connection);
    }
    free(metrics->items);
    free(metrics->asked);
    pthread_mutex_destroy(&metrics->lock);
    free(metrics);
}

/* NULL: no memory, then it is not counted. */
static struct counted *counted_of(struct metrics *metrics, const char *organization, const char *connection)
{
    for (size_t i = 0; i < metrics->count; i++)
        if (strcmp(metrics->items[i].organization, organization) == 0 &&
            strcmp(metrics->items[i].connection, connection) == 0)
            return &metrics->items[i];
    if (mem_grow(&metrics->items, metrics->count, &metrics->room, sizeof(*metrics->items)) != 0)
        return NULL;
    struct counted *new = &metrics->items[metrics->count];
    *new = (struct counted){.organization = mem_text(organization), .connection = mem_text(connection)};
    if (new->organization &&new->connection) {
        metrics->count++;
        return new;
    }
    free(new->organization);
    free(new->connection);
    return NULL;
}

void metrics_answered(struct metrics *metrics, unsigned status)
{
    pthread_mutex_lock(&metrics->lock);
    metrics->answered[status < STATUSES ? status : 0]++;
    pthread_mutex_unlock(&metrics->lock);
}

void metrics_asked(struct metrics *metrics, const char *operation, unsigned status, uint64_t ms)
{
    size_t i = 0;
    pthread_mutex_lock(&metrics->lock);
    while (i < metrics->asked_count &&
           (metrics->asked[i].operation != operation || metrics->asked[i].class != status / 100))
        i++;
    if (i < metrics->asked_count ||
        mem_grow(&metrics->asked, metrics->asked_count, &metrics->asked_room, sizeof(*metrics->asked)) == 0) {
        if (i == metrics->asked_count)
            metrics->asked[metrics->asked_count++] = (struct asked){operation, status / 100, 0, 0};
        metrics->asked[i].count++;
        metrics->asked[i].ms += ms;
    }
    pthread_mutex_unlock(&metrics->lock);
}

void metrics_received(struct metrics *metrics, const char *organization, const char *connection, enum received fate,
                      size_t bytes)
{
    pthread_mutex_lock(&metrics->lock);
    struct counted *counted = counted_of(metrics, organization, connection);
    if (counted) {
        counted->received[fate]++;
        counted->received_bytes += bytes;
    }
    pthread_mutex_unlock(&metrics->lock);
}

static void add_run(struct counted *counted, const struct metrics_run *run, int64_t now_ms)
{
    size_t outcome = 0;
    while (outcome < OUTCOMES && strcmp(outcomes[outcome], run->outcome) != 0)
        outcome++;
    if (outcome < OUTCOMES)
        counted->runs[outcome]++;
    if (outcome == 0 || outcome == 2)
        counted->good_ms = now_ms;
    counted->read += run->read;
    counted->created += run->created;
    counted->updated += run->updated;
    counted->deactivated += run->deactivated;
    counted->held = run->held; /* what waits is told anew by each run */
    counted->dead_letters = run->dead_letters;
    counted->reviews = run->reviews;
}

void metrics_ran(struct metrics *metrics, const char *organization, const char *connection,
                 const struct metrics_run *run, int64_t now_ms)
{
    pthread_mutex_lock(&metrics->lock);
    struct counted *counted = counted_of(metrics, organization, connection);
    if (counted)
        add_run(counted, run, now_ms);
    pthread_mutex_unlock(&metrics->lock);
}

/* --- written --- */

static void head(struct buffer *out, const char *name, const char *type, const char *help)
{
    buffer_format(out, "# HELP muster_%s %s\n# TYPE muster_%s %s\n", name, help, name, type);
}

static void one(struct buffer *out, const char *name, const char *type, const char *help, uint64_t value)
{
    head(out, name, type, help);
    buffer_format(out, "muster_%s %" PRIu64 "\n", name, value);
}

static void begin(struct buffer *out, const char *name, const struct counted *counted)
{
    buffer_format(out, "muster_%s{organization=\"%s\",connection=\"%s\"", name, counted->organization,
                  counted->connection);
}

/* A member of struct counted, of each connection. */
static void each(struct buffer *out, const struct metrics *metrics, const char *name, const char *type,
                 const char *help, size_t member)
{
    head(out, name, type, help);
    for (size_t i = 0; i < metrics->count; i++) {
        uint64_t value;
        memcpy(&value, (const char *)&metrics->items[i] + member, sizeof(value));
        begin(out, name, &metrics->items[i]);
        buffer_format(out, "} %" PRIu64 "\n", value);
    }
}

static void write_received(struct buffer *out, const struct metrics *metrics)
{
    static const char *const fates[RECEIVED_FATES] = {"kept", "known", "refused", "answered"};
    head(out, "received_total", "counter", "Events that others sent, by what became of them.");
    for (size_t i = 0; i < metrics->count; i++)
        for (size_t f = 0; f < RECEIVED_FATES; f++)
            if (metrics->items[i].received[f] > 0) {
                begin(out, "received_total", &metrics->items[i]);
                buffer_format(out, ",fate=\"%s\"} %" PRIu64 "\n", fates[f], metrics->items[i].received[f]);
            }
}

static void write_asked(struct buffer *out, const struct metrics *metrics)
{
    head(out, "api_requests_total", "counter", "Requests to the API, by operation and kind of answer.");
    for (size_t i = 0; i < metrics->asked_count; i++)
        buffer_format(out, "muster_api_requests_total{operation=\"%s\",status=\"%uxx\"} %" PRIu64 "\n",
                      metrics->asked[i].operation, metrics->asked[i].class, metrics->asked[i].count);
    head(out, "api_seconds_total", "counter", "Seconds until these were answered.");
    for (size_t i = 0; i < metrics->asked_count; i++)
        buffer_format(out, "muster_api_seconds_total{operation=\"%s\",status=\"%uxx\"} %.3f\n",
                      metrics->asked[i].operation, metrics->asked[i].class, (double)metrics->asked[i].ms / 1000);
}

static void write_runs(struct buffer *out, const struct metrics *metrics, int64_t now_ms)
{
    head(out, "runs_total", "counter", "Runs that musterd started, by their outcome.");
    for (size_t i = 0; i < metrics->count; i++)
        for (size_t n = 0; n < OUTCOMES; n++)
            if (metrics->items[i].runs[n] > 0) {
                begin(out, "runs_total", &metrics->items[i]);
                buffer_format(out, ",outcome=\"%s\"} %" PRIu64 "\n", outcomes[n], metrics->items[i].runs[n]);
            }
    head(out, "freshness_seconds", "gauge", "Seconds since a run of the connection ended well.");
    for (size_t i = 0; i < metrics->count; i++)
        if (metrics->items[i].good_ms > 0) {
            begin(out, "freshness_seconds", &metrics->items[i]);
            buffer_format(out, "} %" PRId64 "\n", (now_ms - metrics->items[i].good_ms) / 1000);
        }
}

void metrics_write(struct metrics *metrics, const struct metrics_now *now, struct buffer *out)
{
    static const struct {
        const char *name, *type, *help;
        size_t member;
    } members[] = {
        {"received_bytes_total", "counter", "Bytes of these events.", offsetof(struct counted, received_bytes)},
        {"records_read_total", "counter", "Records that runs read.", offsetof(struct counted, read)},
        {"people_created_total", "counter", "People that runs made.", offsetof(struct counted, created)},
        {"people_updated_total", "counter", "People that runs changed.", offsetof(struct counted, updated)},
        {"people_deactivated_total", "counter", "People that runs switched off.",
         offsetof(struct counted, deactivated)},
        {"held", "gauge", "Changes that wait for a person since the last run.", offsetof(struct counted, held)},
        {"dead_letters", "gauge", "What the last run could not use.", offsetof(struct counted, dead_letters)},
        {"reviews", "gauge", "Questions of who is who since the last run.", offsetof(struct counted, reviews)}};
    pthread_mutex_lock(&metrics->lock);
    one(out, "organizations", "gauge", "Organizations that musterd looks after.", now->organizations);
    one(out, "runs_going", "gauge", "Runs that go.", now->running);
    one(out, "http_connections", "gauge", "Connections that are open.", now->callers);
    one(out, "inbox_commits_total", "counter", "Commits to inboxes.", now->commits);
    one(out, "inbox_events_total", "counter", "Events in these commits.", now->letters);
    one(out, "api_acts_going", "gauge", "Processes that work for callers of the API.", now->acts);
    one(out, "api_waiting", "gauge", "Callers that wait for a change.", now->waiting);
    head(out, "http_responses_total", "counter", "Answers by their status; 0: the caller was gone.");
    for (unsigned status = 0; status < STATUSES; status++)
        if (metrics->answered[status] > 0)
            buffer_format(out, "muster_http_responses_total{status=\"%u\"} %" PRIu64 "\n", status,
                          metrics->answered[status]);
    write_asked(out, metrics);
    write_received(out, metrics);
    write_runs(out, metrics, now->now_ms);
    for (size_t i = 0; i < sizeof(members) / sizeof(members[0]); i++)
        each(out, metrics, members[i].name, members[i].type, members[i].help, members[i].member);
    pthread_mutex_unlock(&metrics->lock);
}
