/* dates - what takes effect by itself today, while no source is asked. */
#include "engine/dates.h"

#include "base/clock.h"
#include "engine/act.h"
#include "engine/run_inside.h"

#include <errno.h>
#include <string.h>

/* The first row of the table is the earliest day. */
static bool any_due(struct txn *txn, int64_t today)
{
    struct cursor cursor __attribute__((cleanup(tidy_cursor)));
    uint32_t be;
    cursor_open(&cursor, txn, TABLE_due);
    if (!cursor_seek(&cursor, bytes("", 0)) || cursor.key.len < sizeof(be))
        return false;
    memcpy(&be, cursor.key.data, sizeof(be));
    return (int64_t)__builtin_bswap32(be) <= today;
}

static int look(const struct run_request *request, bool *ret_due, struct err *err)
{
    const struct organization *organization = request->organization;
    struct arena *arena TIDY(arena_free) = arena_new();
    struct zone *zone TIDY(zone_free) = NULL;
    struct store *store TIDY(store_close) = NULL;
    const char *dir = arena ? run_store_dir(request->settings, organization->id, arena) : NULL;
    struct txn txn __attribute__((cleanup(tidy_txn))) = {0};
    if (!dir)
        return -ENOMEM;
    int rc = zone_open(organization->time_zone, &zone);
    rc = rc ? rc : store_open(dir, false, &store, err);
    if (rc != 0)
        return rc;
    txn_begin(&txn, store, false);
    bool due = any_due(&txn, zone_day(zone, clock_now_ms()));
    rc = txn_end(&txn);
    if (rc == 0)
        *ret_due = due;
    return rc;
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
