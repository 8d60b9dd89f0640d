/* timetable - which runs are due. */
#include "service/timetable.h"

#include "base/date.h"
#include "base/digest.h"
#include "base/error.h"
#include "base/jsontext.h"
#include "base/mem.h"

#include <errno.h>
#include <string.h>

enum {
    SECOND = 1000,
    CHANGE_WAITS = 300,  /* ms in which further changes are the same wish */
    FILE_WAITS = SECOND, /* a file is still being written while it grows within this time */
    FILE_MOST = 60 * SECOND,
    BUSY_WAITS = 5 * SECOND,
    FIRST_AGAIN = 60 * SECOND, /* after a failure; twice as long after the next one */
    LAST_AGAIN = 60 * FIRST_AGAIN,
    DOUBLINGS = 6,
    TRIED_AGAIN = 8, /* then it waits for its own time */
};

void timed_key(const struct roster_connection *connection, const struct trigger *trigger, struct buffer *out)
{
    buffer_format(out, "%s %s", connection->name, trigger_word(trigger));
    if (trigger->text)
        buffer_format(out, " %s", trigger->text);
    if (trigger->how == TRIGGER_EVERY)
        buffer_format(out, " %ld", (long)trigger->every_ms);
    if (trigger->action)
        buffer_format(out, " %s", trigger->action);
    if (trigger->full)
        buffer_text(out, " full");
    for (const char *const *stream = trigger->streams; stream && *stream; stream++)
        buffer_format(out, "%s%s", stream == trigger->streams ? " of " : ",", *stream);
}

static uint64_t salt_of(const struct roster_organization *organization, const struct roster_connection *connection)
{
    uint64_t salt = digest_fast(organization->id, strlen(organization->id));
    return salt * 31 + digest_fast(connection->name, strlen(connection->name));
}

/* The word itself, which outlives the file that said it. */
static const char *action_of(const struct trigger *trigger)
{
    static const char *const words[] = {"pull", "push", "both"};
    for (size_t i = 0; trigger->action && i < sizeof(words) / sizeof(words[0]); i++)
        if (strcmp(trigger->action, words[i]) == 0)
            return words[i];
    return NULL;
}

/* --- streams --- */

/* Those of the names that the connection's triggers name; 0, which is all, where one is none of them. */
static uint64_t streams_bits(const struct timed_connection *connection, const char *const *names, size_t count)
{
    uint64_t bits = 0;
    for (size_t i = 0; i < count; i++) {
        size_t n = 0;
        while (n < TIMED_STREAMS && connection->streams[n] && strcmp(connection->streams[n], names[i]) != 0)
            n++;
        if (n == TIMED_STREAMS || !connection->streams[n])
            return 0;
        bits |= UINT64_C(1) << n;
    }
    return bits;
}

static size_t streams_names(const struct timed_connection *connection, uint64_t bits, const char *names[TIMED_STREAMS])
{
    size_t count = 0;
    for (size_t n = 0; n < TIMED_STREAMS; n++)
        if (bits >> n & 1)
            names[count++] = connection->streams[n];
    return count;
}

static size_t names_count(const char *const *names)
{
    size_t count = 0;
    while (names && names[count])
        count++;
    return count;
}

static uint64_t streams_of(const struct timed_connection *connection, const struct trigger *trigger)
{
    return streams_bits(connection, trigger->streams, names_count(trigger->streams));
}

static void streams_collect(struct timed_connection *connection)
{
    size_t count = 0;
    for (size_t t = 0; t < connection->connection->trigger_count; t++) {
        const char *const *names = connection->connection->triggers[t].streams;
        for (size_t i = 0; names && names[i] && count < TIMED_STREAMS; i++)
            if (streams_bits(connection, &names[i], 1) == 0)
                connection->streams[count++] = names[i];
    }
}

/* --- wishes --- */

/* One that stands already is the same wish, for all of it. */
static void wish(struct timed_connection *connection, struct wish more)
{
    struct wish *stands = &connection->wish;
    if (!stands->stands) {
        *stands = more;
        return;
    }
    if (stands->again && !more.again) { /* what failed is wished for by itself now */
        stands->again = false;
        stands->how = more.how;
    }
    stands->full |= more.full;
    stands->streams = stands->streams && more.streams ? stands->streams | more.streams : 0;
    stands->action = stands->action == more.action ? more.action : "both";
    stands->from_ms = more.from_ms < stands->from_ms ? more.from_ms : stands->from_ms;
}

/* What was ordered, once more. */
static struct wish wish_of(const struct timed_connection *connection, const struct job_order *order, int64_t now_ms,
                           int64_t from_ms)
{
    return (struct wish){.stands = true,
                         .full = order->full,
                         .action = order->action,
                         .streams = streams_bits(connection, order->streams, order->stream_count),
                         .since_ms = now_ms,
                         .from_ms = from_ms};
}

static void fire(const struct timed_organization *organization, struct timed_connection *connection,
                 struct timed *timed, int64_t now_ms, int64_t from_ms)
{
    int64_t open = occasion_open(timed->trigger, organization->organization->zone, from_ms);
    timed->fired_ms = now_ms;
    if (open != OCCASION_NEVER)
        wish(connection, (struct wish){.stands = true,
                                       .full = timed->trigger->full,
                                       .action = action_of(timed->trigger),
                                       .streams = streams_of(connection, timed->trigger),
                                       .how = timed->trigger->how,
                                       .since_ms = now_ms,
                                       .from_ms = open});
}

static void fire_all(const struct timed_organization *organization, struct timed_connection *connection, unsigned how,
                     int64_t now_ms, int64_t from_ms)
{
    for (size_t t = 0; t < connection->connection->trigger_count; t++)
        if (connection->triggers[t].trigger->how == how)
            fire(organization, connection, &connection->triggers[t], now_ms, from_ms);
}

/* --- made --- */

struct timed_connection *timed_connection(const struct timed_organization *organization, const char *name)
{
    for (size_t c = 0; organization && c < organization->organization->connection_count; c++)
        if (strcmp(organization->connections[c].connection->name, name) == 0)
            return &organization->connections[c];
    return NULL;
}

struct timed_organization *timetable_organization(const struct timetable *timetable, const char *id)
{
    for (size_t i = 0; timetable && i < timetable->count; i++)
        if (strcmp(timetable->items[i].organization->id, id) == 0)
            return &timetable->items[i];
    return NULL;
}

/* What comes by the clock counts from what was answered before; files and changes may have come while nobody looked. */
static int trigger_begin(const struct timed_organization *organization, struct timed_connection *connection,
                         struct timed *timed, timetable_memory_fn *memory, void *context, int64_t now_ms)
{
    struct buffer key TIDY_DONE(buffer_done) = {0};
    timed_key(connection->connection, timed->trigger, &key);
    if (key.rc != 0)
        return key.rc;
    timed->handled_ms = timed->fired_ms = memory ? memory(context, organization->organization->id, key.data) : 0;
    bool by_clock = timed->trigger->how == TRIGGER_SCHEDULE || timed->trigger->how == TRIGGER_AT;
    if (timed->handled_ms > now_ms || (by_clock && timed->handled_ms == 0))
        timed->handled_ms = timed->fired_ms = now_ms; /* the clock was put back; or it counts from today */
    timed->next_ms =
        occasion_next(timed->trigger, organization->organization->zone, timed->handled_ms ? timed->handled_ms : now_ms,
                      timed->handled_ms, salt_of(organization->organization, connection->connection));
    if ((timed->trigger->how == TRIGGER_FILE && !connection->connection->far) ||
        timed->trigger->how == TRIGGER_CHANGE) /* what lies on a server is found out by looking */
        fire(organization, connection, timed, now_ms, now_ms);
    return 0;
}

static int trigger_make(const struct timed_organization *organization, struct timed_connection *connection, size_t nth,
                        const struct timed_connection *before, timetable_memory_fn *memory, void *context,
                        int64_t now_ms)
{
    struct timed *timed = &connection->triggers[nth];
    struct buffer key TIDY_DONE(buffer_done) = {0}, other TIDY_DONE(buffer_done) = {0};
    timed->trigger = &connection->connection->triggers[nth];
    timed_key(connection->connection, timed->trigger, &key);
    for (size_t t = 0; before && t < before->connection->trigger_count && key.rc == 0; t++) {
        buffer_clear(&other);
        timed_key(before->connection, before->triggers[t].trigger, &other);
        if (other.rc != 0 || other.len != key.len || memcmp(other.data, key.data, key.len) != 0)
            continue;
        const struct trigger *trigger = timed->trigger;
        *timed = before->triggers[t];
        timed->trigger = trigger;
        /* Zone and windows may be others now; what came due while the files were read is due still. */
        if (trigger->how != TRIGGER_EVERY && timed->next_ms > now_ms)
            timed->next_ms = occasion_next(trigger, organization->organization->zone, now_ms, 0, 0);
        return 0;
    }
    return key.rc ? key.rc : trigger_begin(organization, connection, timed, memory, context, now_ms);
}

static int connection_make(struct timetable *timetable, const struct timed_organization *organization,
                           struct timed_connection *connection, const struct timed_connection *before,
                           timetable_memory_fn *memory, void *context, int64_t now_ms)
{
    size_t count = connection->connection->trigger_count;
    connection->triggers = arena_get(timetable->arena, (count + 1) * sizeof(*connection->triggers));
    if (!connection->triggers)
        return -ENOMEM;
    streams_collect(connection);
    if (before) {
        const char *names[TIMED_STREAMS];
        connection->wish = before->wish;
        connection->wish.streams = streams_bits(connection, names, streams_names(before, before->wish.streams, names));
        connection->failures = before->failures;
    }
    int rc = 0;
    for (size_t t = 0; t < count && rc == 0; t++)
        rc = trigger_make(organization, connection, t, before, memory, context, now_ms);
    return rc;
}

int timetable_make(struct timetable *timetable, const struct roster *roster, const struct timetable *before,
                   timetable_memory_fn *memory, void *context, int64_t now_ms)
{
    *timetable = (struct timetable){.arena = arena_new(), .turns = before ? before->turns : 0};
    timetable->items =
        timetable->arena ? arena_get(timetable->arena, (roster->count + 1) * sizeof(*timetable->items)) : NULL;
    int rc = timetable->items ? 0 : -ENOMEM;
    for (size_t i = 0; i < roster->count && rc == 0; i++) {
        struct timed_organization *organization = &timetable->items[timetable->count++];
        struct timed_organization *old = timetable_organization(before, roster->items[i]->id);
        organization->organization = roster->items[i];
        organization->connections =
            arena_get(timetable->arena, (roster->items[i]->connection_count + 1) * sizeof(*organization->connections));
        if (!organization->connections)
            rc = -ENOMEM;
        if (old) {
            organization->running = old->running;
            organization->turn = old->turn;
        }
        for (size_t c = 0; c < roster->items[i]->connection_count && rc == 0; c++) {
            struct timed_connection *connection = &organization->connections[c];
            connection->connection = &roster->items[i]->connections[c];
            rc = connection_make(timetable, organization, connection,
                                 timed_connection(old, connection->connection->name), memory, context, now_ms);
        }
    }
    timetable->running = before ? before->running : 0;
    if (rc != 0)
        timetable_done(timetable);
    return rc;
}

void timetable_done(struct timetable *timetable)
{
    arena_free(timetable->arena);
    *timetable = (struct timetable){0};
}

/* --- what happens --- */

void timetable_tick(struct timetable *timetable, int64_t now_ms)
{
    for (size_t i = 0; i < timetable->count; i++) {
        struct timed_organization *organization = &timetable->items[i];
        for (size_t c = 0; c < organization->organization->connection_count; c++) {
            struct timed_connection *connection = &organization->connections[c];
            for (size_t t = 0; t < connection->connection->trigger_count; t++) {
                struct timed *timed = &connection->triggers[t];
                if (timed->next_ms > now_ms)
                    continue;
                fire(organization, connection, timed, now_ms, now_ms);
                timed->next_ms = occasion_next(timed->trigger, organization->organization->zone, now_ms, now_ms,
                                               salt_of(organization->organization, connection->connection));
            }
        }
    }
}

/* As long as it keeps coming it is waited for, but not for ever. */
void timetable_arrived(struct timed_organization *organization, struct timed_connection *connection, int64_t now_ms)
{
    struct wish *stands = &connection->wish;
    bool comes = stands->stands && stands->how == TRIGGER_FILE && stands->from_ms >= now_ms &&
                 stands->from_ms - now_ms <= FILE_WAITS && now_ms - stands->since_ms < FILE_MOST;
    if (comes)
        stands->from_ms = now_ms + FILE_WAITS;
    else
        fire_all(organization, connection, TRIGGER_FILE, now_ms, now_ms + FILE_WAITS);
}

void timetable_called(struct timed_organization *organization, struct timed_connection *connection, int64_t now_ms)
{
    fire_all(organization, connection, TRIGGER_WEBHOOK, now_ms, now_ms + CHANGE_WAITS);
}

void timetable_changed(struct timed_organization *organization, int64_t now_ms)
{
    for (size_t c = 0; c < organization->organization->connection_count; c++)
        fire_all(organization, &organization->connections[c], TRIGGER_CHANGE, now_ms, now_ms + CHANGE_WAITS);
}

/* --- what is to be started --- */

static struct timed_connection *first_wish(const struct timed_organization *organization, int64_t now_ms)
{
    struct timed_connection *first = NULL;
    for (size_t c = 0; c < organization->organization->connection_count; c++) {
        struct timed_connection *connection = &organization->connections[c];
        if (connection->wish.stands && connection->wish.from_ms <= now_ms &&
            (!first || connection->wish.since_ms < first->wish.since_ms))
            first = connection;
    }
    return first;
}

/* What is wished of single streams goes by itself. */
static bool same_words(const struct wish *a, const struct wish *b)
{
    return a->action == b->action && a->full == b->full && a->streams == 0 && b->streams == 0;
}

static void order_fill(struct job_order *order, struct timed_organization *organization,
                       const struct timed_connection *first, int64_t now_ms)
{
    const struct wish words = first->wish;
    order->stream_count = streams_names(first, words.streams, order->streams);
    for (size_t c = 0; c < organization->organization->connection_count && order->count < JOB_CONNECTIONS; c++) {
        struct timed_connection *connection = &organization->connections[c];
        if (!connection->wish.stands || connection->wish.from_ms > now_ms ||
            (connection != first && !same_words(&connection->wish, &words)))
            continue;
        connection->wish.stands = false;
        order->connections[order->count++] = connection->connection->name;
    }
}

bool timetable_pick(struct timetable *timetable, int64_t now_ms, unsigned most, struct job_order *ret_order)
{
    struct timed_organization *turn = NULL;
    struct timed_connection *first = NULL;
    for (size_t i = 0; i < timetable->count && timetable->running < most; i++) {
        struct timed_organization *organization = &timetable->items[i];
        struct timed_connection *wished = organization->running ? NULL : first_wish(organization, now_ms);
        if (wished && (!turn || organization->turn < turn->turn)) {
            turn = organization;
            first = wished;
        }
    }
    if (!turn)
        return false;
    *ret_order = (struct job_order){
        .organization = turn->organization->id, .full = first->wish.full, .action = first->wish.action};
    order_fill(ret_order, turn, first, now_ms);
    turn->running = true;
    turn->turn = ++timetable->turns;
    timetable->running++;
    return true;
}

void timetable_again(const struct timetable *timetable, struct buffer *out)
{
    for (size_t i = 0; i < timetable->count; i++) {
        const struct timed_organization *organization = &timetable->items[i];
        for (size_t c = 0; c < organization->organization->connection_count; c++) {
            const struct timed_connection *connection = &organization->connections[c];
            char at[25];
            if (!connection->wish.stands || !connection->wish.again)
                continue;
            instant_write(connection->wish.from_ms, at);
            buffer_byte(out, '{');
            json_member_text(out, "organization", organization->organization->id);
            json_member_text(out, "connection", connection->connection->name);
            json_member_text(out, "at", at);
            buffer_text(out, "}\n");
        }
    }
}

static void tried_again(const struct timed_organization *organization, struct timed_connection *connection,
                        const struct job_order *order, int64_t now_ms)
{
    if (++connection->failures > TRIED_AGAIN || connection->wish.stands)
        return;
    unsigned doublings = connection->failures - 1 < DOUBLINGS ? connection->failures - 1 : DOUBLINGS;
    int64_t wait = (int64_t)FIRST_AGAIN << doublings;
    wait = wait < LAST_AGAIN ? wait : LAST_AGAIN;
    int64_t spread = (int64_t)(salt_of(organization->organization, connection->connection) % (uint64_t)(wait / 4));
    struct wish again = wish_of(connection, order, now_ms, now_ms + wait - wait / 8 + spread);
    again.again = true;
    wish(connection, again);
}

static void has_ended(struct timed_organization *organization, const char *name, int64_t now_ms)
{
    for (size_t c = 0; c < organization->organization->connection_count; c++) {
        struct timed_connection *connection = &organization->connections[c];
        for (size_t t = 0; t < connection->connection->trigger_count; t++) {
            struct timed *timed = &connection->triggers[t];
            const char *const *names = timed->trigger->how == TRIGGER_AFTER ? timed->trigger->after : NULL;
            uint64_t all = 0;
            for (size_t n = 0; names && names[n] && n < 64; n++) {
                all |= UINT64_C(1) << n;
                if (strcmp(names[n], name) == 0)
                    timed->ended |= UINT64_C(1) << n;
            }
            if (all == 0 || timed->ended != all)
                continue;
            timed->ended = 0;
            fire(organization, connection, timed, now_ms, now_ms);
        }
    }
}

static void connection_ended(struct timed_organization *organization, struct timed_connection *connection,
                             const struct job_order *order, enum job_end end, int64_t now_ms)
{
    if (end == JOB_BUSY) {
        wish(connection, wish_of(connection, order, now_ms, now_ms + BUSY_WAITS));
        return;
    }
    for (size_t t = 0; t < connection->connection->trigger_count; t++)
        connection->triggers[t].handled_ms = connection->triggers[t].fired_ms;
    if (end == JOB_FAILED)
        tried_again(organization, connection, order, now_ms);
    else
        connection->failures = 0;
    has_ended(organization, connection->connection->name, now_ms);
}

void timetable_ended(struct timetable *timetable, const struct job_order *order, const enum job_end ends[],
                     int64_t now_ms)
{
    struct timed_organization *organization = timetable_organization(timetable, order->organization);
    timetable->running--;
    if (organization)
        organization->running = false;
    for (size_t c = 0; organization && c < order->count; c++) {
        struct timed_connection *connection = timed_connection(organization, order->connections[c]);
        if (connection)
            connection_ended(organization, connection, order, ends[c], now_ms);
    }
}

/* --- when --- */

int64_t timetable_wakes(const struct timetable *timetable)
{
    int64_t wakes = OCCASION_NEVER;
    for (size_t i = 0; i < timetable->count; i++) {
        const struct timed_organization *organization = &timetable->items[i];
        for (size_t c = 0; c < organization->organization->connection_count; c++) {
            const struct timed_connection *connection = &organization->connections[c];
            for (size_t t = 0; t < connection->connection->trigger_count; t++)
                if (connection->triggers[t].next_ms < wakes)
                    wakes = connection->triggers[t].next_ms;
            if (connection->wish.stands && !organization->running && connection->wish.from_ms < wakes)
                wakes = connection->wish.from_ms;
        }
    }
    return wakes;
}
