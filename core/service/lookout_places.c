/* lookout_places - the process that looks at SFTP servers: places, and the threads that look at them by turns.
 *
 * A server has one thread, and is logged in to once: one that hangs keeps
 * nobody waiting but its own. Where a log-in was refused nobody tries again
 * before the secret, or the organization's file, is another. */
#include "service/lookout.h"

#include "base/clock.h"
#include "base/digest.h"
#include "base/log.h"
#include "base/mem.h"
#include "broker/place.h"
#include "broker/sessions.h"
#include "engine/authorization.h"
#include "engine/quarantine.h"
#include "engine/run.h"
#include "engine/sight.h"
#include "tables/brake.h"

#include <errno.h>
#include <inttypes.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

enum { THREADS = 8, EVERY = 30 * 1000, SOON = 2 * 1000, LATEST = 15 * 60 * 1000, COST = 20 };

struct spot {
    struct organization *organization;
    const struct connection *connection;
    struct sight *sight;
    unsigned thread;
    int64_t due_ms; /* by the steady clock */
    unsigned failures;
    char cause[sizeof(((struct err *)NULL)->text)]; /* that was told; "": all is well */
    bool refused;
    uint8_t login[32]; /* with which it was */
};

struct lookers {
    struct settings *settings;
    char *good; /* the folder of the last good files: what runs go by */
    struct connectors *connectors;
    struct spot *items;
    size_t count, room;
    int64_t every_ms;
    uint8_t key[32];
    atomic_bool ending;
    pthread_mutex_t lock;
    pthread_cond_t end;
};

struct looker {
    struct lookers *all;
    unsigned nth;
};

/* --- one look --- */

static int cancelled(void *context)
{
    return atomic_load(&((struct lookers *)context)->ending);
}

/* Between nine and eleven tenths, so that many do not come at once. */
static int64_t spread(int64_t ms)
{
    static atomic_uint count;
    uint64_t seed[] = {(uint64_t)clock_steady_ms(), atomic_fetch_add(&count, 1)};
    return ms - ms / 10 + (int64_t)(digest_fast(seed, sizeof(seed)) % (uint64_t)(ms / 5 + 1));
}

/* Nothing is asked of what a person has paused, or what has no paper. */
static bool may_look(const struct lookers *all, const struct spot *spot)
{
    TIDY(arena_free) struct arena *arena = arena_new();
    TIDY(store_close) struct store *store = NULL;
    struct err err = {0};
    struct pause pause;
    const char *dir = arena ? run_store_dir(all->settings, spot->organization->id, arena) : NULL;
    if (!dir || authorization_check(spot->organization, spot->connection, &err) != 0)
        return false;
    if (store_open(dir, false, &store, &err) != 0)
        return true; /* there is none yet; or a run says what is wrong */
    __attribute__((cleanup(tidy_txn))) struct txn txn = {0};
    txn_begin(&txn, store, false);
    return !brake_paused(&txn, spot->connection->name, clock_now_ms(), arena, &pause);
}

/* By what it would log in now; false: that was refused. */
static bool may_log_in(const struct lookers *all, struct spot *spot)
{
    uint8_t login[32];
    if (!spot->refused)
        return true;
    return quarantine_login(spot->organization, spot->connection, all->key, login) != 0 ||
           memcmp(login, spot->login, sizeof(login)) != 0;
}

static void tell(struct spot *spot, int rc, const struct err *err)
{
    const struct log log = {.organization = spot->organization->id, .connection = spot->connection->name};
    const char *text = rc == 0 ? "" : err->rc ? err->text : err_text(rc);
    if (strncmp(spot->cause, text, sizeof(spot->cause) - 1) == 0)
        return;
    if (rc == 0)
        log_info(&log, "%s is looked at again: all is well", connection_place(spot->connection));
    else if (rc == ERR_GONE)
        log_info(&log, "%s; it is looked at now and then", text);
    else if (rc == ERR_AUTH)
        log_warn(&log, "%s; it is not tried again before a secret or the organization's file is another", text);
    else
        log_warn(&log, "%s; it is tried again, later each time, at most after %d minutes", text, LATEST / 60000);
    snprintf(spot->cause, sizeof(spot->cause), "%s", text);
}

static void write_news(struct lookers *all, const struct spot *spot)
{
    pthread_mutex_lock(&all->lock);
    printf("%s %s %" PRIu64 "\n", spot->organization->id, spot->connection->name, sight_told(spot->sight));
    fflush(stdout);
    pthread_mutex_unlock(&all->lock);
}

static int look(struct lookers *all, struct spot *spot, struct sessions *sessions, enum sight_seen *ret_seen,
                struct err *err)
{
    TIDY(files_free) struct files *files = NULL; /* anew each time: it keeps the names of all that it has listed */
    int rc = files_open(spot->connection, cancelled, all, &files, err);
    if (rc != 0)
        return rc;
    files_share(files, sessions);
    return sight_look(spot->sight, files, ret_seen, err);
}

int64_t lookout_later(int64_t every_ms, unsigned failures)
{
    int64_t wait = every_ms;
    for (unsigned i = 1; i < failures && wait < LATEST; i++)
        wait *= 2;
    return wait < LATEST ? wait : LATEST;
}

static void spot_look(struct lookers *all, struct spot *spot, struct sessions *sessions)
{
    struct err err = {0};
    enum sight_seen seen = SIGHT_NOTHING;
    int64_t begun = clock_steady_ms(), wait = all->every_ms;
    if (may_look(all, spot) && may_log_in(all, spot)) {
        int rc = look(all, spot, sessions, &seen, &err);
        if (rc == ERR_CANCELLED)
            return;
        tell(spot, rc, &err);
        spot->failures = rc == 0 || rc == ERR_GONE ? 0 : spot->failures + 1;
        spot->refused =
            rc == ERR_AUTH && quarantine_login(spot->organization, spot->connection, all->key, spot->login) == 0;
        wait = spot->failures > 0                    ? lookout_later(all->every_ms, spot->failures)
               : seen == SIGHT_COMING && wait > SOON ? SOON
                                                     : wait;
    }
    if (seen == SIGHT_NEWS)
        write_news(all, spot);
    int64_t cost = (clock_steady_ms() - begun) * COST; /* a long list is asked for less often */
    spot->due_ms = clock_steady_ms() + spread(wait > cost ? wait : cost < LATEST ? cost : LATEST);
}

/* --- threads --- */

static void wait_until(struct lookers *all, int64_t due_ms)
{
    struct timespec until;
    int64_t ms = due_ms - clock_steady_ms();
    clock_gettime(CLOCK_MONOTONIC, &until);
    until.tv_sec += ms / 1000;
    until.tv_nsec += ms % 1000 * 1000000;
    if (until.tv_nsec >= 1000000000) {
        until.tv_sec++;
        until.tv_nsec -= 1000000000;
    }
    pthread_mutex_lock(&all->lock);
    if (!atomic_load(&all->ending))
        pthread_cond_timedwait(&all->end, &all->lock, &until);
    pthread_mutex_unlock(&all->lock);
}

static void *look_by_turns(void *context)
{
    const struct looker *looker = context;
    struct lookers *all = looker->all;
    TIDY(sessions_free) struct sessions *sessions = sessions_new();
    while (sessions && !atomic_load(&all->ending)) {
        struct spot *next = NULL;
        for (size_t i = 0; i < all->count; i++)
            if (all->items[i].thread == looker->nth && (!next || all->items[i].due_ms < next->due_ms))
                next = &all->items[i];
        if (!next)
            break;
        if (next->due_ms <= clock_steady_ms())
            spot_look(all, next, sessions);
        else
            wait_until(all, next->due_ms);
    }
    return NULL;
}

/* --- places --- */

static struct organization *organization_of(struct lookers *all, const char *id)
{
    struct complaints complaints = {0};
    struct organization *organization = NULL;
    TIDY(arena_free) struct arena *arena = complaints.arena = arena_new();
    for (size_t i = 0; i < all->count; i++)
        if (strcmp(all->items[i].organization->id, id) == 0)
            return all->items[i].organization;
    if (arena && organization_read(all->settings, id, connectors_describe, connectors_names, all->connectors,
                                   &complaints, &organization) == 0)
        return organization;
    return NULL;
}

/* The thread of its server. */
static unsigned thread_of(const struct connection *connection)
{
    struct err err = {0};
    __attribute__((cleanup(place_done))) struct place place = {0};
    if (!connection_place(connection) || place_read(connection_place(connection), PLACE_PATTERN, &place, &err) != 0)
        return 0;
    return place.remote ? (unsigned)((digest_fast(place.host, strlen(place.host)) + place.port) % THREADS) : 0;
}

static int add(struct lookers *all, const char *id, const char *name, uint64_t told)
{
    struct organization *organization = organization_of(all, id);
    const struct connection *connection = organization ? organization_connection(organization, name) : NULL;
    int rc = mem_grow(&all->items, all->count, &all->room, sizeof(*all->items));
    if (rc != 0 || !connection) { /* it was changed meanwhile: musterd begins anew */
        if (organization && (all->count == 0 || all->items[all->count - 1].organization != organization))
            organization_free(organization);
        return rc;
    }
    struct spot *spot = &all->items[all->count];
    *spot = (struct spot){.organization = organization,
                          .connection = connection,
                          .sight = sight_new(connection, told),
                          .thread = thread_of(connection),
                          .due_ms = clock_steady_ms()};
    all->count += spot->sight != NULL;
    return spot->sight ? 0 : -ENOMEM;
}

static int read_places(struct lookers *all)
{
    char line[512], id[128], name[256];
    uint64_t told;
    int rc = 0;
    while (rc == 0 && fgets(line, sizeof(line), stdin) && line[0] != '\n')
        if (sscanf(line, "%127s %255s %" SCNu64, id, name, &told) == 3)
            rc = add(all, id, name, told);
    return rc;
}

static void lookers_done(struct lookers *all)
{
    struct organization *last = NULL;
    for (size_t i = 0; i < all->count; i++)
        sight_free(all->items[i].sight);
    for (size_t i = 0; i < all->count; i++) /* those of an organization stand together */
        if (all->items[i].organization != last) {
            organization_free(last);
            last = all->items[i].organization;
        }
    organization_free(last);
    free(all->items);
    connectors_free(all->connectors);
    settings_free(all->settings);
    free(all->good);
}

static void begin(struct lookers *all)
{
    const char *every = getenv("MUSTER_LOOK_MS"); /* of tests */
    pthread_condattr_t monotonic;
    pthread_condattr_init(&monotonic);
    pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
    pthread_mutex_init(&all->lock, NULL);
    pthread_cond_init(&all->end, &monotonic);
    pthread_condattr_destroy(&monotonic);
    all->every_ms = every && *every ? strtoll(every, NULL, 10) : EVERY;
    for (size_t i = 0; i < sizeof(all->key); i += sizeof(uint64_t)) { /* it leaves this process nowhere */
        uint64_t part = (uint64_t)spread(INT64_MAX / 16);
        memcpy(all->key + i, &part, sizeof(part));
    }
}

int lookout_run(const char *config, const char *state, struct err *err)
{
    TIDY_DONE(lookers_done) struct lookers all = {.count = 0};
    TIDY(arena_free) struct arena *arena = arena_new();
    struct complaints complaints = {.arena = arena};
    pthread_t threads[THREADS];
    struct looker lookers[THREADS];
    unsigned count = 0;
    begin(&all);
    int rc = arena ? settings_read(config, state, getenv("MUSTER_CONNECTORS"), &complaints, &all.settings) : -ENOMEM;
    if (rc == 0 && !(all.settings->organizations = all.good = settings_good(all.settings)))
        rc = -ENOMEM;
    rc = rc ? rc : connectors_open(all.settings, &all.connectors);
    rc = rc ? rc : read_places(&all);
    for (; rc == 0 && count < THREADS; count++) {
        lookers[count] = (struct looker){&all, count};
        if ((rc = -pthread_create(&threads[count], NULL, look_by_turns, &lookers[count])) != 0)
            break;
    }
    while (rc == 0 && getchar() != EOF) {
    }
    pthread_mutex_lock(&all.lock);
    atomic_store(&all.ending, true);
    pthread_cond_broadcast(&all.end);
    pthread_mutex_unlock(&all.lock);
    while (count > 0)
        pthread_join(threads[--count], NULL);
    return rc ? err_set(err, rc, "servers cannot be looked at for files: %s", err_text(rc)) : 0;
}
