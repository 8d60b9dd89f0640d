/* warm - what is made ready before it is needed. */
#include "engine/warm.h"

#include "base/mem.h"
#include "broker/http.h"
#include "config/given.h"
#include "lane/connectors.h"
#include "store/store.h"

#include <pthread.h>
#include <signal.h>

/* Targets are told one after the other: while one is, there is time to start the next. */
enum { WARM_MOST = 2 };

struct warm {
    struct run_request like;
    struct store *store;
    const struct connection *expected[WARM_MOST];
    struct lane *lanes[WARM_MOST];
    size_t count;
    bool up, loads;
    pthread_t loading; /* what calls go by: it takes longer than a commit */
};

struct warm *warm_new(const struct run_request *like)
{
    struct warm *warm = mem_new(1, sizeof(*warm));
    if (warm)
        warm->like = *like;
    return warm;
}

void warm_free(struct warm *warm)
{
    for (size_t n = 0; warm && n < warm->count; n++)
        lane_stop(warm->lanes[n]);
    if (warm && warm->loads)
        pthread_join(warm->loading, NULL);
    if (warm)
        store_close(warm->store);
    free(warm);
}

void warm_expect(struct warm *warm, const struct connection *connection)
{
    if (warm && warm->count < WARM_MOST)
        warm->expected[warm->count++] = connection;
}

static void *load(void *unused)
{
    http_prepare();
    return unused;
}

/* Signals stay with those who wait. Where there is no thread to be had, the first call loads it. */
static void load_begin(struct warm *warm)
{
    sigset_t all, before;
    sigfillset(&all);
    if (warm->loads || pthread_sigmask(SIG_SETMASK, &all, &before) != 0)
        return;
    warm->loads = pthread_create(&warm->loading, NULL, load, NULL) == 0;
    pthread_sigmask(SIG_SETMASK, &before, NULL);
}

void warm_up(struct warm *warm)
{
    if (!warm || warm->up || warm->count == 0)
        return;
    warm->up = true;
    const struct run_request *request = &warm->like;
    TIDY(arena_free) struct arena *arena = arena_new();
    struct lane_start start = {.scratch_dir =
                                   arena ? run_store_dir(request->settings, request->organization->id, arena) : NULL,
                               .settings = request->settings,
                               .cancel = request->cancel};
    if (start.scratch_dir)
        (void)store_open(start.scratch_dir, false, &warm->store, NULL);
    for (size_t n = 0; start.scratch_dir && n < warm->count; n++) {
        start.connection = warm->expected[n];
        start.connector = connectors_path(request->connectors, start.connection->edition);
        if (given_has(start.connection->description, GIVEN_http))
            load_begin(warm);
        if (start.connector)
            (void)lane_start(&start, &warm->lanes[n], NULL);
    }
}

struct lane *warm_take(struct warm *warm, const struct connection *connection)
{
    for (size_t n = 0; warm && n < warm->count; n++)
        if (warm->expected[n] == connection)
            return TAKE(warm->lanes[n]);
    return NULL;
}
