/* watch - folders that are looked at while nothing goes. */
#include "service/watch.h"

#include "base/mem.h"
#include "broker/place.h"
#include "store/store.h"

#include <errno.h>
#include <string.h>
#include <sys/stat.h>

enum { STORE_WAITS = 100 }; /* ms in which writes to a store are one event */

struct watch {
    uv_fs_event_t event;
    struct watches *of;
    const char *organization, *connection; /* connection NULL: its store is watched */
    struct place place;                    /* of a connection */
    char *folder;
    bool watching, written;
    uint64_t sequence; /* of the journal, when it was looked at last */
};

struct watches {
    uv_timer_t timer;
    struct watch **items;
    size_t count, room, open;
    struct watch_told told;
};

static void watch_free(struct watch *watch)
{
    place_done(&watch->place);
    free(watch->folder);
    free(watch);
}

/* --- the store --- */

static uint64_t journal_end(const char *folder)
{
    struct err err = {0};
    TIDY(store_close) struct store *store = NULL;
    __attribute__((cleanup(tidy_txn))) struct txn txn = {0};
    __attribute__((cleanup(tidy_cursor))) struct cursor cursor = {0};
    uint64_t sequence = 0;
    if (store_open(folder, false, &store, &err) != 0)
        return 0;
    txn_begin(&txn, store, false);
    cursor_open(&cursor, &txn, TABLE_journal);
    if (cursor_last(&cursor) && cursor.key.len == sizeof(sequence))
        memcpy(&sequence, cursor.key.data, sizeof(sequence));
    return __builtin_bswap64(sequence);
}

static void look_at_stores(uv_timer_t *timer)
{
    struct watches *watches = timer->data;
    for (size_t i = 0; i < watches->count; i++) {
        struct watch *watch = watches->items[i];
        if (!watch->written)
            continue;
        watch->written = false;
        uint64_t sequence = journal_end(watch->folder);
        if (sequence == watch->sequence)
            continue;
        watch->sequence = sequence;
        watches->told.changed(watches->told.context, watch->organization);
    }
}

/* --- events --- */

static void on_store(struct watch *watch, const char *name)
{
    if (name && strcmp(name, "data.mdb") != 0)
        return;
    watch->written = true;
    if (!uv_is_active((uv_handle_t *)&watch->of->timer))
        uv_timer_start(&watch->of->timer, look_at_stores, STORE_WAITS, 0);
}

/* Files that leave are no news. */
static void on_folder(struct watch *watch, const char *name)
{
    struct stat status;
    TIDY(free) char *path = name ? place_path(watch->folder, name) : NULL;
    if (name && (!path || !place_matches(&watch->place, name) || stat(path, &status) != 0))
        return;
    watch->of->told.arrived(watch->of->told.context, watch->organization, watch->connection);
}

static void on_event(uv_fs_event_t *event, const char *name, int events, int status)
{
    struct watch *watch = event->data;
    (void)events;
    if (status != 0) {
        watch->watching = false;
        uv_fs_event_stop(event);
    } else if (watch->connection) {
        on_folder(watch, name);
    } else {
        on_store(watch, name);
    }
}

/* --- begin and end --- */

static void watch_begin(struct watch *watch, bool first)
{
    if (watch->watching || uv_fs_event_start(&watch->event, on_event, watch->folder, 0) != 0)
        return;
    watch->watching = true;
    if (first && !watch->connection) {
        watch->sequence = journal_end(watch->folder);
    } else if (!first) {
        on_event(&watch->event, NULL, 0, 0); /* it came into being while nobody looked */
    }
}

static int add(struct watches *watches, const char *organization, const char *connection, struct place *place,
               char *folder)
{
    struct watch *watch = folder ? mem_new(1, sizeof(*watch)) : NULL;
    int rc = watch ? mem_grow(&watches->items, watches->count, &watches->room, sizeof(struct watch *)) : -ENOMEM;
    if (rc != 0) {
        free(watch);
        free(folder);
        place_done(place);
        return rc;
    }
    *watch = (struct watch){
        .of = watches, .organization = organization, .connection = connection, .place = *place, .folder = folder};
    watch->event.data = watch;
    watches->items[watches->count++] = watch;
    uv_fs_event_init(watches->timer.loop, &watch->event);
    watches->open++;
    watch_begin(watch, true);
    return 0;
}

static int add_place(struct watches *watches, const char *organization, const struct roster_connection *connection)
{
    struct err err = {0};
    struct place place = {0};
    if (!connection->place || place_read(connection->place, PLACE_PATTERN, &place, &err) != 0)
        return 0;
    if (place.remote) {
        place_done(&place);
        return 0;
    }
    return add(watches, organization, connection->name, &place, mem_text(place.folder));
}

static bool has_trigger(const struct roster_connection *connection, unsigned how)
{
    for (size_t t = 0; t < connection->trigger_count; t++)
        if (connection->triggers[t].how == how)
            return true;
    return false;
}

static int add_organization(struct watches *watches, const struct settings *settings,
                            const struct roster_organization *organization)
{
    struct place none = {0};
    bool changes = false;
    int rc = 0;
    for (size_t c = 0; c < organization->connection_count && rc == 0; c++) {
        changes |= has_trigger(&organization->connections[c], TRIGGER_CHANGE);
        if (has_trigger(&organization->connections[c], TRIGGER_FILE))
            rc = add_place(watches, organization->id, &organization->connections[c]);
    }
    if (rc == 0 && changes)
        rc = add(watches, organization->id, NULL, &none,
                 mem_format("%s/organizations/%s", settings->state, organization->id));
    return rc;
}

static void closed(uv_handle_t *handle)
{
    struct watches *watches = handle->type == UV_TIMER ? handle->data : ((struct watch *)handle->data)->of;
    if (--watches->open > 0)
        return;
    for (size_t i = 0; i < watches->count; i++)
        watch_free(watches->items[i]);
    free(watches->items);
    free(watches);
}

void watches_close(struct watches *watches)
{
    uv_close((uv_handle_t *)&watches->timer, closed);
    for (size_t i = 0; i < watches->count; i++)
        uv_close((uv_handle_t *)&watches->items[i]->event, closed);
}

struct watches *watches_open(uv_loop_t *loop, const struct settings *settings, const struct roster *roster,
                             const struct watch_told *told)
{
    struct watches *watches = mem_new(1, sizeof(*watches));
    if (!watches)
        return NULL;
    watches->told = *told;
    watches->open = 1;
    uv_timer_init(loop, &watches->timer);
    watches->timer.data = watches;
    int rc = 0;
    for (size_t i = 0; i < roster->count && rc == 0; i++)
        rc = add_organization(watches, settings, roster->items[i]);
    if (rc == 0)
        return watches;
    watches_close(watches);
    return NULL;
}

void watches_again(struct watches *watches)
{
    for (size_t i = 0; i < watches->count; i++)
        watch_begin(watches->items[i], false);
}
