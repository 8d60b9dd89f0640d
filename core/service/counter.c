/* counter - routes that answer at once. */
#include "service/counter.h"

#include "base/clock.h"
#include "base/log.h"
#include "base/mem.h"
#include "engine/run.h"
#include "query/person_find.h"

#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    COUNTERS_MOST = 64, /* hosts at once */
    WAITING_MOST = 256, /* calls of one connection */
    STAYS_S = 60,       /* without a call */
    ANSWERS_MS = 20000, /* a connector that takes longer is cut off: the caller does not wait for ever either */
};

/* Settings as they were when they were good; shared by the counters that began with them. */
struct shared {
    struct settings *read;
    unsigned users;
};

struct counter {
    struct counter *next;
    struct counters *all;
    char *organization, *connection;
    struct question *first, **last;
    size_t waiting;
    /* the thread's own; NULL: not read yet */
    struct shared *settings;
    struct settings as_asked; /* with limits of ours */
    char *folder, *scratch;
    struct connectors *connectors;
    struct organization *file;
    struct run_request request;
    struct lane *lane;
    struct arena *arena; /* of the call under way */
};

struct counters {
    pthread_mutex_t lock;
    pthread_cond_t more, gone;
    struct shared *settings;
    struct counter *list;
    size_t count;
    atomic_bool closing;
};

/* --- what it goes by --- */

static struct shared *shared_use(struct shared *shared)
{
    shared->users++;
    return shared;
}

/* Under the lock, as is shared_use(). */
static void shared_free(struct shared *shared)
{
    if (!shared || --shared->users > 0)
        return;
    settings_free(shared->read);
    free(shared);
}

/* Lets go of the host and of all that was read for it. */
static void put_down(struct counter *counter)
{
    lane_stop(TAKE(counter->lane));
    organization_free(TAKE(counter->file));
    connectors_free(TAKE(counter->connectors));
    free(TAKE(counter->folder));
    free(TAKE(counter->scratch));
    pthread_mutex_lock(&counter->all->lock);
    shared_free(TAKE(counter->settings));
    pthread_mutex_unlock(&counter->all->lock);
}

static int read_file(struct counter *counter, struct err *err)
{
    TIDY(arena_free) struct arena *arena = arena_new();
    struct complaints complaints = {.arena = arena};
    if (!arena)
        return -ENOMEM;
    int rc = connectors_open(&counter->as_asked, &counter->connectors);
    if (rc == 0)
        rc = organization_read(&counter->as_asked, counter->organization, connectors_describe, connectors_names,
                               counter->connectors, &complaints, &counter->file);
    const struct connection *connection = rc == 0 ? organization_connection(counter->file, counter->connection) : NULL;
    if (rc == 0 && !connection)
        rc = ERR_GONE;
    if (rc != 0)
        return err_set(err, rc, "its file cannot be read any more: %s", err_text(rc));
    counter->request = (struct run_request){.settings = &counter->as_asked,
                                            .organization = counter->file,
                                            .connectors = counter->connectors,
                                            .connection = connection,
                                            .cancel = &counter->all->closing};
    return 0;
}

static int set_up(struct counter *counter, struct shared *settings, struct err *err)
{
    counter->settings = settings;
    counter->as_asked = *settings->read;
    counter->as_asked.limits.total_ms = ANSWERS_MS;
    counter->folder = settings_good(settings->read);
    counter->scratch = mem_format("%s/musterd", settings->read->state);
    counter->as_asked.organizations = counter->folder;
    if (!counter->folder || !counter->scratch)
        return -ENOMEM;
    return read_file(counter, err);
}

/* After a reload everything is read anew. */
static int be_current(struct counter *counter, struct err *err)
{
    pthread_mutex_lock(&counter->all->lock);
    bool current = counter->settings && counter->settings == counter->all->settings;
    pthread_mutex_unlock(&counter->all->lock);
    int rc = 0;
    if (!current) {
        put_down(counter);
        pthread_mutex_lock(&counter->all->lock);
        struct shared *settings = shared_use(counter->all->settings);
        pthread_mutex_unlock(&counter->all->lock);
        rc = set_up(counter, settings, err);
        if (rc != 0)
            put_down(counter);
    }
    if (rc == 0 && !counter->lane)
        rc = run_lane(&counter->request, counter->scratch, &counter->lane, err);
    return rc;
}

/* --- a call --- */

static int hear_answer(void *context, const struct lane_reply *reply)
{
    struct question *question = ((struct counter *)context)->first;
    buffer_clear(&question->body);
    free(TAKE(question->type));
    question->status = reply->status;
    buffer_add(&question->body, reply->body, reply->body_len);
    if (reply->type && !(question->type = mem_text(reply->type)))
        return -ENOMEM;
    return question->body.rc;
}

/* A run will take it; here it only shows whether it can be said. */
static int hear_record(void *context, const struct lane_record *record)
{
    (void)context;
    (void)record;
    return 0;
}

static int hear_reject(void *context, const char *stream, const char *source_id, const char *place, const char *why)
{
    (void)context;
    (void)stream;
    (void)source_id;
    (void)place;
    (void)why;
    return 0;
}

static bool hear_wanted(void *context, size_t column)
{
    (void)context;
    (void)column;
    return false;
}

static int hear_find(void *context, const char *kind, const char *field, const char *value,
                     struct lane_found *ret_found)
{
    struct counter *counter = context;
    arena_clear(counter->arena);
    return person_tell(&counter->request, counter->arena, kind, field, value, ret_found);
}

static void hear_log(void *context, int level, const char *text)
{
    const struct counter *counter = context;
    const struct log log = {.organization = counter->organization, .connection = counter->connection};
    log_line(&log, (enum log_level)level, "%s", text);
}

static int ask(struct counter *counter, struct question *question, struct err *err)
{
    const struct lane_sink sink = {.context = counter,
                                   .record = hear_record,
                                   .reject = hear_reject,
                                   .wanted = hear_wanted,
                                   .log = hear_log,
                                   .find = hear_find,
                                   .answer = hear_answer};
    struct lane_result result = {0};
    int rc = be_current(counter, err);
    if (rc != 0)
        return rc;
    rc = lane_receive(counter->lane, &question->inbound, 1, &sink, &result, err);
    if (rc != 0) {
        lane_stop(TAKE(counter->lane));
        return rc;
    }
    if (result.rc == MUSTER_DATA) {
        snprintf(question->why, sizeof(question->why), "%.499s", *result.text ? result.text : "It cannot be used.");
        return ERR_DATA;
    }
    if (result.rc < 0)
        return err_set(err, ERR_CONNECTOR, "%s", *result.text ? result.text : "the connector failed without a word");
    return question->status ? 0 : err_set(err, ERR_CONNECTOR, "the connector gave no answer to a call");
}

/* The call stays first in the list until it was asked, and is nobody else's meanwhile. */
static void serve_one(struct counter *counter)
{
    struct question *question = counter->first;
    struct err err = {0};
    question->rc = atomic_load(&counter->all->closing) ? ERR_CANCELLED : ask(counter, question, &err);
    if (question->rc != 0 && question->rc != ERR_DATA && question->rc != ERR_CANCELLED) {
        const struct log log = {.organization = counter->organization, .connection = counter->connection};
        log_error(&log, "who calls gets no answer: %s", err.rc ? err.text : err_text(question->rc));
    }
    pthread_mutex_lock(&counter->all->lock);
    counter->first = question->next;
    counter->waiting--;
    if (!counter->first)
        counter->last = &counter->first;
    pthread_mutex_unlock(&counter->all->lock);
    question->told(question->context, question);
}

/* --- the thread --- */

/* Under the lock. False: nobody has called for a while. */
static bool wait_for_call(struct counter *counter)
{
    struct timespec until;
    clock_gettime(CLOCK_MONOTONIC, &until);
    until.tv_sec += STAYS_S;
    while (!counter->first && !atomic_load(&counter->all->closing))
        if (pthread_cond_timedwait(&counter->all->more, &counter->all->lock, &until) == ETIMEDOUT)
            break;
    return counter->first != NULL;
}

static void counter_free(struct counter *counter)
{
    put_down(counter);
    arena_free(counter->arena);
    free(counter->organization);
    free(counter->connection);
    free(counter);
}

static void *work(void *context)
{
    struct counter *counter = context;
    struct counters *all = counter->all;
    pthread_mutex_lock(&all->lock);
    while (wait_for_call(counter)) {
        pthread_mutex_unlock(&all->lock);
        serve_one(counter);
        pthread_mutex_lock(&all->lock);
    }
    struct counter **at = &all->list;
    while (*at != counter)
        at = &(*at)->next;
    *at = counter->next;
    pthread_mutex_unlock(&all->lock);
    counter_free(counter);
    pthread_mutex_lock(&all->lock);
    all->count--;
    pthread_cond_broadcast(&all->gone);
    pthread_mutex_unlock(&all->lock);
    return NULL;
}

static int counter_new(struct counters *all, const struct question *question, struct counter **ret_counter)
{
    pthread_t thread;
    pthread_attr_t attributes;
    struct counter *counter = mem_new(1, sizeof(*counter));
    if (!counter)
        return -ENOMEM;
    *counter = (struct counter){.all = all,
                                .organization = mem_text(question->organization),
                                .connection = mem_text(question->connection),
                                .arena = arena_new()};
    counter->last = &counter->first;
    pthread_attr_init(&attributes);
    pthread_attr_setdetachstate(&attributes, PTHREAD_CREATE_DETACHED);
    int rc = counter->organization && counter->connection && counter->arena
                 ? -pthread_create(&thread, &attributes, work, counter)
                 : -ENOMEM;
    pthread_attr_destroy(&attributes);
    if (rc != 0) {
        arena_free(counter->arena);
        free(counter->organization);
        free(counter->connection);
        free(counter);
        return -ENOMEM;
    }
    counter->next = all->list;
    all->list = counter;
    all->count++;
    *ret_counter = counter;
    return 0;
}

/* --- from outside --- */

void question_done(struct question *question)
{
    free(TAKE(question->type));
    buffer_done(&question->body);
}

static int put(struct counters *counters, struct question *question)
{
    struct counter *counter = counters->list;
    while (counter && (strcmp(counter->organization, question->organization) != 0 ||
                       strcmp(counter->connection, question->connection) != 0))
        counter = counter->next;
    if (atomic_load(&counters->closing))
        return ERR_CANCELLED;
    if (counter ? counter->waiting >= WAITING_MOST : counters->count >= COUNTERS_MOST)
        return ERR_LIMIT;
    int rc = counter ? 0 : counter_new(counters, question, &counter);
    if (rc != 0)
        return rc;
    question->next = NULL;
    *counter->last = question;
    counter->last = &question->next;
    counter->waiting++;
    pthread_cond_broadcast(&counters->more);
    return 0;
}

int counters_put(struct counters *counters, struct question *question)
{
    pthread_mutex_lock(&counters->lock);
    int rc = put(counters, question);
    pthread_mutex_unlock(&counters->lock);
    return rc;
}

struct counters *counters_open(void)
{
    pthread_condattr_t steady;
    struct counters *counters = mem_new(1, sizeof(*counters));
    if (!counters)
        return NULL;
    pthread_mutex_init(&counters->lock, NULL);
    pthread_condattr_init(&steady);
    pthread_condattr_setclock(&steady, CLOCK_MONOTONIC);
    pthread_cond_init(&counters->more, &steady);
    pthread_cond_init(&counters->gone, NULL);
    pthread_condattr_destroy(&steady);
    return counters;
}

int counters_reload(struct counters *counters, const struct settings *settings)
{
    TIDY(arena_free) struct arena *arena = arena_new();
    struct complaints complaints = {.arena = arena};
    struct shared *shared = mem_new(1, sizeof(*shared));
    int rc = arena && shared ? settings_read(settings->config_dir, settings->state, getenv("MUSTER_CONNECTORS"),
                                             &complaints, &shared->read)
                             : -ENOMEM;
    if (rc != 0) {
        free(shared);
        return rc;
    }
    shared->users = 1;
    pthread_mutex_lock(&counters->lock);
    shared_free(counters->settings);
    counters->settings = shared;
    pthread_mutex_unlock(&counters->lock);
    return 0;
}

void counters_close(struct counters *counters)
{
    if (!counters)
        return;
    pthread_mutex_lock(&counters->lock);
    atomic_store(&counters->closing, true);
    pthread_cond_broadcast(&counters->more);
    while (counters->count > 0)
        pthread_cond_wait(&counters->gone, &counters->lock);
    shared_free(TAKE(counters->settings));
    pthread_mutex_unlock(&counters->lock);
    pthread_mutex_destroy(&counters->lock);
    pthread_cond_destroy(&counters->more);
    pthread_cond_destroy(&counters->gone);
    free(counters);
}
