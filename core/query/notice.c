/* notice - what has not been told yet. */
#include "query/notice.h"

#include "base/digest.h"
#include "base/jsonobject.h"
#include "base/wire.h"
#include "engine/quarantine.h"
#include "tables/brake.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* meta.told: for each { u64 digest of the address, u32 what, connection as a text of base/wire.h, u64 mark }. */
enum { LOOK_BACK = 1000, TOLD_DAY = NOTIFY_WHENS, TOLD_MOST = 4096 };

struct told {
    uint64_t to, mark;
    uint32_t what; /* enum notify_when; TOLD_DAY: the day of the last message */
    const char *connection;
};

struct tolds {
    struct told *items;
    size_t count;
};

static uint64_t to_digest(const struct notify *notify)
{
    return digest_fast(notify->to, strlen(notify->to));
}

/* What cannot be read is told again. */
static int tolds_load(struct txn *txn, struct arena *arena, struct tolds *ret_tolds)
{
    struct bytes value = {0};
    struct tolds tolds = {.items = arena_get(arena, TOLD_MOST * sizeof(*tolds.items))};
    if (!tolds.items)
        return -ENOMEM;
    if (!meta_get(txn, "told", &value))
        value = (struct bytes){0};
    struct wire wire = wire_over(value.data, value.len);
    while (value.len > 0 && wire.at < wire.end && tolds.count < TOLD_MOST) {
        struct told *told = &tolds.items[tolds.count];
        told->to = wire_get_u64(&wire);
        told->what = wire_get_u32(&wire);
        const char *connection = wire_need_text(&wire);
        told->mark = wire_get_u64(&wire);
        if (wire.bad || !connection)
            break;
        if (!(told->connection = arena_text(arena, connection)))
            return -ENOMEM;
        tolds.count++;
    }
    *ret_tolds = tolds;
    return txn->rc;
}

static const struct told *told_find(const struct tolds *tolds, uint64_t to, uint32_t what, const char *connection)
{
    for (size_t i = 0; i < tolds->count; i++)
        if (tolds->items[i].to == to && tolds->items[i].what == what &&
            strcmp(tolds->items[i].connection, connection) == 0)
            return &tolds->items[i];
    return NULL;
}

/* --- what there is --- */

struct making {
    struct query *query;
    struct notice *notice;
    struct tolds tolds;
    uint64_t to;
    int64_t now_ms;
};

static void cause_add(struct making *making, const struct cause *cause)
{
    struct notice *notice = making->notice;
    const struct told *told = told_find(&making->tolds, making->to, cause->what, cause->connection);
    if (!(notice->notify->when >> cause->what & 1U))
        return;
    struct cause *added = &notice->causes[notice->count++];
    *added = *cause;
    added->fresh = cause->newer > 0 || (cause->count == 0 && (!told || told->mark != cause->mark));
    notice->fresh += added->fresh;
}

static int causes_waiting(struct making *making)
{
    static const struct {
        enum notify_when what;
        enum wait_type type;
    } kinds[] = {{NOTIFY_HELD, WAIT_HELD},
                 {NOTIFY_REVIEWS, WAIT_REVIEW},
                 {NOTIFY_REJECTS, WAIT_DEAD},
                 {NOTIFY_DRIFT, WAIT_DRIFT}};
    for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
        const struct told *told = told_find(&making->tolds, making->to, kinds[i].what, "");
        struct cause cause = {.what = kinds[i].what, .connection = ""};
        struct wait_tally tally;
        int rc = wait_tally(&making->query->txn, kinds[i].type, told ? told->mark : 0, &tally);
        if (rc != 0)
            return rc;
        cause.count = tally.count;
        cause.newer = tally.newer;
        cause.mark = tally.newest;
        memcpy(cause.first, tally.first, sizeof(cause.first));
        if (tally.count > 0)
            cause_add(making, &cause);
    }
    return 0;
}

/* What of a run's report says how its connection is. */
struct run_said {
    char connection[256], outcome[32];
    bool cut_short; /* a partition did not come through whole */
    bool by_person;
    uint64_t reason; /* of why, without figures: another time or count is not another reason */
};

static int run_take(void *context, const struct jsonobject_member *member)
{
    static const char *const claims[] = {"\"claim\":\"partial\"", "\"claim\":\"failed\""};
    struct run_said *said = context;
    if (strcmp(member->name, "connection") == 0 && member->text_len < sizeof(said->connection))
        memcpy(said->connection, member->text, member->text_len);
    if (strcmp(member->name, "outcome") == 0 && member->text_len < sizeof(said->outcome))
        memcpy(said->outcome, member->text, member->text_len);
    said->by_person |= strcmp(member->name, "verb") == 0 && member->type == JSONOBJECT_STRING;
    if (strcmp(member->name, "partitions") != 0)
        return 0;
    for (size_t i = 0; i < sizeof(claims) / sizeof(claims[0]); i++)
        said->cut_short |= memmem(member->text, member->text_len, claims[i], strlen(claims[i])) != NULL;
    for (size_t i = 0; i < member->text_len; i++)
        if (member->text[i] < '0' || member->text[i] > '9')
            said->reason = said->reason * 31 + (unsigned char)member->text[i];
    return 0;
}

/* How the last run of each connection went. */
static int causes_of_runs(struct making *making)
{
    struct query *query = making->query;
    const struct organization *organization = query->organization;
    size_t left = organization->connection_count;
    bool *seen = arena_get(query->arena, left + 1);
    if (!seen)
        return -ENOMEM;
    memset(seen, 0, left + 1);
    uint32_t last = query_last_run(query);
    for (uint32_t run = last; run > 0 && last - run < LOOK_BACK && left > 0; run--) {
        struct run_said said = {.reason = 1};
        struct bytes json;
        const char *why;
        size_t at;
        if (!query_run(query, run, &json) || jsonobject_split(json.data, json.len, run_take, &said, &why, &at) != 0)
            continue;
        const struct connection *connection = organization_connection(organization, said.connection);
        if (!connection || said.by_person || seen[connection - organization->connections] ||
            strcmp(said.outcome, "cancelled") == 0)
            continue;
        seen[connection - organization->connections] = true;
        left--;
        struct cause cause = {.connection = connection->name, .run = run, .mark = said.reason};
        cause.what = strcmp(said.outcome, "failed") == 0 ? NOTIFY_FAILED : NOTIFY_PARTIAL;
        if (cause.what == NOTIFY_FAILED || said.cut_short)
            cause_add(making, &cause);
    }
    return query->txn.rc;
}

static int causes_stopped(struct making *making)
{
    struct query *query = making->query;
    struct pause *pauses = NULL;
    struct quarantine *aside = NULL;
    size_t pause_count = 0, aside_count = 0;
    int rc = brake_list(&query->txn, making->now_ms, query->arena, &pauses, &pause_count);
    if (rc == 0)
        rc = quarantine_list(&query->txn, query->organization, query->arena, &aside, &aside_count);
    for (size_t i = 0; rc == 0 && i < pause_count; i++)
        if (!*pauses[i].connection || organization_connection(query->organization, pauses[i].connection))
            cause_add(making, &(struct cause){.what = NOTIFY_PAUSED,
                                              .connection = pauses[i].connection,
                                              .since_ms = pauses[i].since_ms,
                                              .mark = (uint64_t)pauses[i].since_ms});
    for (size_t i = 0; rc == 0 && i < aside_count; i++) { /* in the order of their connections */
        struct cause cause = {.what = NOTIFY_QUARANTINE,
                              .connection = aside[i].connection,
                              .run = aside[i].run,
                              .since_ms = aside[i].since_ms,
                              .mark = (uint64_t)aside[i].since_ms};
        bool reading = aside[i].of == QUARANTINE_READING, telling = quarantine_stops(&aside[i], QUARANTINE_TELLING);
        for (; i + 1 < aside_count && strcmp(aside[i + 1].connection, cause.connection) == 0; i++) { /* its others */
            cause.mark = cause.mark * 31 + (uint64_t)aside[i + 1].since_ms;
            reading |= aside[i + 1].of == QUARANTINE_READING;
            telling |= quarantine_stops(&aside[i + 1], QUARANTINE_TELLING);
        }
        const struct connection *connection = organization_connection(query->organization, cause.connection);
        if (reading != telling && quarantine_concerns(connection, QUARANTINE_READING) &&
            quarantine_concerns(connection, QUARANTINE_TELLING))
            cause.only = quarantine_word(telling ? QUARANTINE_TELLING : QUARANTINE_READING);
        cause_add(making, &cause);
    }
    return rc;
}

/* What this address was told of, and is no more. */
static void causes_over(struct making *making)
{
    struct notice *notice = making->notice;
    size_t standing = notice->count;
    for (size_t i = 0; i < making->tolds.count; i++) {
        const struct told *told = &making->tolds.items[i];
        bool stands = told->to != making->to || told->what >= NOTIFY_WHENS;
        for (size_t c = 0; c < standing && !stands; c++)
            stands = notice->causes[c].what == (enum notify_when)told->what &&
                     strcmp(notice->causes[c].connection, told->connection) == 0;
        if (stands)
            continue;
        notice->causes[notice->count++] =
            (struct cause){.what = (enum notify_when)told->what, .connection = told->connection, .over = true};
        notice->over++;
    }
}

int notice_make(struct query *query, const struct notify *notify, int64_t now_ms, struct notice *ret_notice)
{
    struct notice notice = {.notify = notify, .day = zone_day(query->zone, now_ms)};
    struct making making = {.query = query, .notice = &notice, .to = to_digest(notify), .now_ms = now_ms};
    int rc = tolds_load(&query->txn, query->arena, &making.tolds);
    if (rc != 0)
        return rc;
    size_t room =
        8 + making.tolds.count + 3 * query->organization->connection_count + txn_count(&query->txn, TABLE_brake);
    if (!(notice.causes = arena_get(query->arena, room * sizeof(*notice.causes))))
        return -ENOMEM;
    rc = causes_waiting(&making);
    if (rc == 0)
        rc = causes_of_runs(&making);
    if (rc == 0)
        rc = causes_stopped(&making);
    if (rc != 0)
        return rc;
    causes_over(&making);
    notice.due = notice.fresh + notice.over > 0;
    if (notify->daily_minutes >= 0) {
        const struct told *day = told_find(&making.tolds, making.to, TOLD_DAY, "");
        int64_t minutes = (now_ms / 1000 + zone_offset(query->zone, now_ms)) / 60 - notice.day * 24 * 60;
        notice.due &= minutes >= notify->daily_minutes && (!day || day->mark != (uint64_t)notice.day);
    }
    *ret_notice = notice;
    return 0;
}

/* --- what was told --- */

static void told_write(struct buffer *out, uint64_t to, uint32_t what, const char *connection, uint64_t mark)
{
    wire_put_u64(out, to);
    wire_put_u32(out, what);
    wire_put_text(out, connection);
    wire_put_u64(out, mark);
}

int notice_told(struct store *store, const struct notice *notice, struct err *err)
{
    struct arena *arena TIDY(arena_free) = arena_new();
    struct txn txn __attribute__((cleanup(tidy_txn))) = {0};
    struct buffer value TIDY_DONE(buffer_done) = {0};
    struct tolds tolds = {0};
    uint64_t to = to_digest(notice->notify);
    if (!arena)
        return -ENOMEM;
    txn_begin(&txn, store, true);
    int rc = tolds_load(&txn, arena, &tolds);
    for (size_t i = 0; rc == 0 && i < tolds.count; i++)
        if (tolds.items[i].to != to)
            told_write(&value, tolds.items[i].to, tolds.items[i].what, tolds.items[i].connection, tolds.items[i].mark);
    for (size_t i = 0; i < notice->count; i++)
        if (!notice->causes[i].over)
            told_write(&value, to, notice->causes[i].what, notice->causes[i].connection, notice->causes[i].mark);
    if (notice->notify->daily_minutes >= 0)
        told_write(&value, to, TOLD_DAY, "", (uint64_t)notice->day);
    if (rc == 0)
        rc = value.rc;
    if (rc != 0)
        return rc;
    meta_set(&txn, "told", bytes(value.data, value.len));
    rc = txn_end(&txn);
    return rc ? store_fail(store, rc, err) : 0;
}
