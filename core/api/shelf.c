/* shelf - the organizations that callers read. */
#include "api/shelf.h"

#include "base/clock.h"
#include "base/mem.h"
#include "lane/connectors.h"

#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>
#include <string.h>

enum { BOOKS_MOST = 64, UNREAD = 600 * 1000 /* ms */ };

struct volume {
    struct book book; /* first */
    pthread_mutex_t lock;
    struct shelf *shelf;
    struct organization *file;
    char *id;
    unsigned readers; /* under the shelf's lock */
    int64_t read_ms;
    bool vault;
};

struct shelf {
    atomic_uint users;
    pthread_mutex_t lock;
    struct settings *settings;
    struct connectors *connectors;
    char *good;
    struct arena *arena; /* of the ids */
    const char **ids;
    size_t id_count;
    struct volume *volumes[BOOKS_MOST];
    size_t count;
};

static void volume_free(struct volume *volume)
{
    if (volume->book.query) {
        volume->book.query->unsealed = volume->vault; /* so that its keys are wiped */
        query_close(volume->book.query);
    }
    organization_free(volume->file);
    pthread_mutex_destroy(&volume->lock);
    free(volume->id);
    free(volume);
}

static int read_ids(struct shelf *shelf, const char *const *ids)
{
    size_t count = 0;
    while (ids[count])
        count++;
    shelf->ids = arena_get(shelf->arena, (count + 1) * sizeof(*shelf->ids));
    for (size_t i = 0; shelf->ids && i < count; i++)
        if (!(shelf->ids[shelf->id_count++] = arena_text(shelf->arena, ids[i])))
            return -ENOMEM;
    return shelf->ids ? 0 : -ENOMEM;
}

static int read_settings(struct shelf *shelf, const struct settings *from)
{
    TIDY(arena_free) struct arena *arena = arena_new();
    struct complaints complaints = {.arena = arena};
    int rc =
        arena ? settings_read(from->config_dir, from->state, getenv("MUSTER_CONNECTORS"), &complaints, &shelf->settings)
              : -ENOMEM;
    if (rc != 0)
        return rc;
    shelf->settings->organizations = shelf->good;
    return connectors_open(shelf->settings, &shelf->connectors);
}

int shelf_open(const struct settings *settings, const char *const *ids, struct shelf **ret_shelf, struct err *err)
{
    TIDY(shelf_close) struct shelf *shelf = mem_new(1, sizeof(*shelf));
    if (!shelf)
        return err_set(err, -ENOMEM, "out of memory");
    atomic_store(&shelf->users, 1);
    pthread_mutex_init(&shelf->lock, NULL);
    shelf->good = settings_good(settings);
    shelf->arena = arena_new();
    int rc = shelf->good && shelf->arena ? read_ids(shelf, ids) : -ENOMEM;
    rc = rc ? rc : read_settings(shelf, settings);
    if (rc != 0)
        return err_set(err, rc, "what the API reads cannot be opened: %s", err_text(rc));
    *ret_shelf = TAKE(shelf);
    return 0;
}

const char *shelf_nth(const struct shelf *shelf, size_t nth)
{
    return nth < shelf->id_count ? shelf->ids[nth] : NULL;
}

bool shelf_has(const struct shelf *shelf, const char *id)
{
    for (size_t i = 0; i < shelf->id_count; i++)
        if (strcmp(shelf->ids[i], id) == 0)
            return true;
    return false;
}

struct shelf *shelf_use(struct shelf *shelf)
{
    atomic_fetch_add(&shelf->users, 1);
    return shelf;
}

void shelf_close(struct shelf *shelf)
{
    if (!shelf || atomic_fetch_sub(&shelf->users, 1) > 1)
        return;
    for (size_t i = 0; i < shelf->count; i++)
        volume_free(shelf->volumes[i]);
    connectors_free(shelf->connectors);
    settings_free(shelf->settings);
    pthread_mutex_destroy(&shelf->lock);
    arena_free(shelf->arena);
    free(shelf->good);
    free(shelf);
}

const struct settings *shelf_settings(const struct shelf *shelf)
{
    return shelf->settings;
}

/* --- under the shelf's lock --- */

/* Those that nobody reads and that were read before; with `one` at least the one that was read longest ago. */
static void put_away(struct shelf *shelf, int64_t before_ms, bool one)
{
    struct volume *oldest = NULL;
    for (size_t i = 0; i < shelf->count; i++)
        if (shelf->volumes[i]->readers == 0 && (!oldest || shelf->volumes[i]->read_ms < oldest->read_ms))
            oldest = shelf->volumes[i];
    if (one && oldest && oldest->read_ms >= before_ms)
        before_ms = oldest->read_ms + 1;
    for (size_t i = 0; i < shelf->count;) {
        struct volume *volume = shelf->volumes[i];
        if (volume->readers > 0 || volume->read_ms >= before_ms) {
            i++;
            continue;
        }
        shelf->volumes[i] = shelf->volumes[--shelf->count];
        volume_free(volume);
    }
}

static int volume_read(struct shelf *shelf, const char *id, struct volume *volume, struct err *err)
{
    TIDY(arena_free) struct arena *arena = arena_new();
    struct complaints complaints = {.arena = arena};
    int rc = arena ? organization_read(shelf->settings, id, connectors_describe, connectors_names, shelf->connectors,
                                       &complaints, &volume->file)
                   : -ENOMEM;
    if (rc == -ENOMEM)
        return err_set(err, rc, "out of memory");
    if (rc != 0)
        return err_set(err, ERR_UNKNOWN, "there is no organization '%s'", id);
    volume->book.organization = volume->file;
    return 0;
}

static int volume_find(struct shelf *shelf, const char *id, struct volume **ret_volume, struct err *err)
{
    for (size_t i = 0; i < shelf->count; i++)
        if (strcmp(shelf->volumes[i]->id, id) == 0) {
            *ret_volume = shelf->volumes[i];
            return 0;
        }
    if (shelf->count == BOOKS_MOST)
        put_away(shelf, 0, true);
    if (shelf->count == BOOKS_MOST)
        return err_set(err, ERR_BUSY, "%d organizations are read at once; that is the most", BOOKS_MOST);
    struct volume *volume = mem_new(1, sizeof(*volume));
    if (!volume || !(volume->id = mem_text(id))) {
        free(volume);
        return err_set(err, -ENOMEM, "out of memory");
    }
    pthread_mutex_init(&volume->lock, NULL);
    volume->shelf = shelf;
    int rc = volume_read(shelf, id, volume, err);
    if (rc != 0) {
        volume_free(volume);
        return rc;
    }
    shelf->volumes[shelf->count++] = *ret_volume = volume;
    return 0;
}

static void volume_leave(struct volume *volume)
{
    pthread_mutex_unlock(&volume->lock);
    pthread_mutex_lock(&volume->shelf->lock);
    volume->readers--;
    pthread_mutex_unlock(&volume->shelf->lock);
}

/* --- under the volume's lock --- */

/* An organization that never ran has no store; it may have one with the next question. */
static int query_begin(struct volume *volume, bool unsealed, struct err *err)
{
    struct query *query = volume->book.query;
    int rc = 0;
    if (query)
        rc = query_again(query, err);
    else
        rc = query_open(volume->shelf->settings, volume->file, &volume->book.query, err);
    query = volume->book.query;
    if (rc == ERR_GONE && !query)
        return 0;
    if (rc == 0 && unsealed && !volume->vault)
        volume->vault = (rc = query_unseal(query, volume->shelf->settings, err)) == 0;
    if (query)
        query->unsealed = unsealed && rc == 0;
    return rc;
}

int shelf_take(struct shelf *shelf, const char *id, bool unsealed, struct book **ret_book, struct err *err)
{
    struct volume *volume = NULL;
    pthread_mutex_lock(&shelf->lock);
    int rc = volume_find(shelf, id, &volume, err);
    if (rc == 0) {
        volume->readers++;
        volume->read_ms = clock_steady_ms();
    }
    pthread_mutex_unlock(&shelf->lock);
    if (rc != 0)
        return rc;
    pthread_mutex_lock(&volume->lock);
    rc = query_begin(volume, unsealed, err);
    if (rc != 0) {
        if (volume->book.query)
            query_rest(volume->book.query);
        volume_leave(volume);
        return rc;
    }
    *ret_book = &volume->book;
    return 0;
}

void shelf_give(struct book *book)
{
    struct volume *volume = (struct volume *)book;
    if (book->query) {
        book->query->cut = NULL;
        query_rest(book->query);
    }
    volume_leave(volume);
}

void shelf_tidy(struct shelf *shelf)
{
    pthread_mutex_lock(&shelf->lock);
    put_away(shelf, clock_steady_ms() - UNREAD, false);
    pthread_mutex_unlock(&shelf->lock);
}
