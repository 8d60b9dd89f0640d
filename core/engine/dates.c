/* dates - what takes effect by itself today, while no source is asked. */
#include "engine/dates.h"

#include "base/clock.h"
#include "engine/act.h"
#include "engine/running.h"
#include "engine/weave.h"

#include <errno.h>
#include <string.h>

/* Rows of days to come are behind those of today, of which some may wait for their hour. */
static bool any_due(struct txn *txn, int64_t today, int64_t now_ms)
{
    struct cursor cursor __attribute__((cleanup(tidy_cursor)));
    uint32_t be;
    bool due = false;
    cursor_open(&cursor, txn, TABLE_due);
    for (bool there = cursor_seek(&cursor, bytes("", 0)); there && !due; there = cursor_next(&cursor)) {
        if (cursor.key.len < sizeof(be))
            break;
        memcpy(&be, cursor.key.data, sizeof(be));
        if ((int64_t)__builtin_bswap32(be) > today)
            break;
        due = weave_is_due(&cursor, today, now_ms);
    }
    return due;
}

int dates_due(const char *dir, const struct zone *zone, bool *ret_due, struct err *err)
{
    struct store *store TIDY(store_close) = NULL;
    struct txn txn __attribute__((cleanup(tidy_txn))) = {0};
    int64_t now_ms = clock_now_ms();
    int rc = store_open(dir, false, &store, err);
    if (rc != 0)
        return rc;
    txn_begin(&txn, store, false);
    bool due = any_due(&txn, zone_day(zone, now_ms), now_ms);
    rc = txn_end(&txn);
    if (rc == 0)
        *ret_due = due;
    return rc;
}

static int look(const struct run_request *request, bool *ret_due, struct err *err)
{
    struct arena *arena TIDY(arena_free) = arena_new();
    struct zone *zone TIDY(zone_free) = NULL;
    const char *dir = arena ? run_store_dir(request->settings, request->organization->id, arena) : NULL;
    int rc = dir ? zone_open(request->organization->time_zone, &zone) : -ENOMEM;
    return rc ? rc : dates_due(dir, zone, ret_due, err);
}

/* Nothing is stated: what is due comes by itself. */
static int nothing(void *context, struct match *match, struct err *err)
{
    (void)context;
    (void)match;
    (void)err;
    return 0;
}

int dates_take_effect(const struct run_request *request, struct run_report *ret_report, bool *ret_any, struct err *err)
{
    bool due = false;
    int rc = look(request, &due, err);
    if (rc == 0 && due) {
        struct run_request asked = {
            .settings = request->settings, .organization = request->organization, .connectors = request->connectors};
        struct act act = {.verb = "dates", .author = "muster", .reason = "what was due today", .state = nothing};
        rc = act_run(&asked, &act, ret_report, err);
    }
    if (rc == 0)
        *ret_any = due;
    return rc;
}
