/* health - how an organization is doing, out of its runs and what waits. */
#include "cli/health.h"

#include "base/clock.h"
#include "cli/awaiting.h"
#include "engine/home.h"
#include "engine/run.h"
#include "tables/census.h"

#include <errno.h>
#include <string.h>

enum { LOOK_BACK = 1000, MINUTE = 60000 };
const enum wait_type health_waits[HEALTH_WAITS] = {WAIT_HELD, WAIT_REVIEW, WAIT_DEAD, WAIT_DRIFT};

/* Whether a run brought something. One that only waited for a file to be whole did not. */
static bool came_through(const struct run_line *line)
{
    bool waited =
        strcmp(line->outcome, "partial") == 0 && strcmp(line->files, "[]") == 0 && strcmp(line->not_taken, "[]") != 0;
    return strcmp(line->outcome, "failed") != 0 && strcmp(line->outcome, "cancelled") != 0 && !waited;
}

static bool well(const struct run_line *line)
{
    return strcmp(line->outcome, "succeeded") == 0;
}

/* Whether a part of what it was to read was not read. */
static bool cut_short(const struct run_line *line)
{
    return strstr(line->partitions, "\"claim\":\"failed\"") || strstr(line->partitions, "\"claim\":\"partial\"");
}

/* Whether its source said of every record that it is there, or was the same as when it did. */
static bool saw_everybody(const struct run_line *line)
{
    return came_through(line) && !cut_short(line) && !strstr(line->partitions, "\"claim\":\"changes\"");
}

static bool goes(const struct connection *connection, enum way way)
{
    return way == WAY_TOLD ? connection->target != NULL : connection->mappings && connection->mappings[0];
}

/* The last run of each connection, and the last one that brought something. */
static void health_runs(struct health *health)
{
    uint32_t last = query_last_run(health->query);
    for (uint32_t run = last, seen = 0; run > 0 && seen < LOOK_BACK; run--, seen++) {
        struct run_line line;
        bool open = false;
        if (!runs_line(health->query, run, &line) || line.verb) /* what a person did asked no source */
            continue;
        for (size_t i = 0; i < health->count; i++) {
            struct connection_health *one = &health->connections[i];
            if (strcmp(one->connection->name, line.connection) == 0) {
                struct way_health *way = &one->ways[line.push ? WAY_TOLD : WAY_READ];
                if (way->last.run == 0)
                    way->last = line;
                way->turned |= well(&way->last) != well(&line);
                if (!way->turned)
                    way->since_ms = line.started_ms;
                if (one->leavers_ms == 0 && saw_everybody(&line))
                    one->leavers_ms = line.started_ms;
                if (one->good.run == 0 && came_through(&line))
                    one->good = line;
            }
            open |= one->good.run == 0 || one->leavers_ms == 0;
            for (enum way way = WAY_READ; way < WAYS; way++)
                open |= goes(one->connection, way) && !one->ways[way].turned;
        }
        if (!open)
            return;
    }
}

/* That a system was told something well does not make up for what could not be read of it. */
static void health_ways(struct health *health)
{
    for (size_t i = 0; i < health->count; i++) {
        struct connection_health *one = &health->connections[i];
        const struct way_health *read = &one->ways[WAY_READ], *told = &one->ways[WAY_TOLD];
        const struct way_health *newer = read->last.run > told->last.run ? read : told,
                                *older = newer == read ? told : read;
        bool older_ill =
            older->last.run > 0 && !well(&older->last) && goes(one->connection, (enum way)(older - one->ways));
        const struct way_health *shown = older_ill && well(&newer->last) ? older : newer;
        if (shown->last.run > 0)
            one->last = shown->last;
        one->since_ms = shown->since_ms;
    }
}

/* Whether somebody has decided since about all that its last run left: what it held, or could not take. */
static bool settled(const struct connection_health *one)
{
    bool held = strcmp(one->last.outcome, "held") == 0, partial = strcmp(one->last.outcome, "partial") == 0;
    size_t asked = held ? one->last.held + one->last.told.held : one->last.dead_letters;
    return (held || partial) && asked > 0 && !cut_short(&one->last) && one->waits[held ? 0 : 2] == 0;
}

static void health_judge(struct health *health)
{
    for (size_t i = 0; i < health->count; i++) {
        struct connection_health *one = &health->connections[i];
        for (size_t t = 0; t < HEALTH_WAITS; t++)
            one->waits[t] = query_count_waits(health->query, health_waits[t], one->connection->name, HEALTH_MOST);
        one->settled = settled(one);
        bool trouble = one->last.run > 0 && !well(&one->last) && !one->settled;
        bool asks = one->waits[0] > 0 || one->waits[1] > 0 || one->waits[3] > 0;
        asks |= strcmp(one->last.outcome, "held") == 0 && !one->settled;
        trouble |= one->waits[2] > 0;
        int status = asks ? STATUS_HELD : trouble ? STATUS_PARTLY : STATUS_DONE;
        health->status = status > health->status ? status : health->status;
    }
}

static void health_pauses(struct context *context, struct health *health)
{
    screen_fail(brake_list(&health->query->txn, clock_now_ms(), context->arena, &health->pauses, &health->pause_count));
    screen_fail(quarantine_list(&health->query->txn, health->query->organization, context->arena, &health->quarantines,
                                &health->quarantine_count));
    if (health->pause_count + health->quarantine_count > 0 && health->status < STATUS_HELD)
        health->status = STATUS_HELD;
}

static void health_spared(struct context *context, struct health *health)
{
    for (size_t i = 0; i < health->count; i++) {
        struct connection_health *one = &health->connections[i];
        int64_t rest = run_account_paused_ms(context->settings, health->id, one->connection->name, context->arena);
        one->spared_ms = rest > 0 ? (clock_now_ms() + rest + MINUTE - 1) / MINUTE * MINUTE : 0;
    }
}

void health_read(struct context *context, const char *id, struct health *health)
{
    struct err err = {0};
    *health = (struct health){.id = id};
    health->failed = context_organization(context, id, &health->organization);
    if (health->failed)
        return;
    const struct organization *organization = health->organization;
    health->connections =
        arena_get(context->arena, (organization->connection_count + 1) * sizeof(*health->connections));
    for (size_t i = 0; health->connections && i < organization->connection_count; i++)
        health->connections[health->count++] = (struct connection_health){
            .connection = &organization->connections[i], .last.outcome = "", .good.outcome = ""};
    health->awaiting = awaiting_now(context->arena, organization);
    if (home_look(context->settings, id, &health->home) != 0 || (health->awaiting && *health->awaiting))
        health->status = STATUS_HELD;
    int rc = health->connections ? query_open(context->settings, organization, &health->query, &err) : -ENOMEM;
    if (rc == ERR_GONE)
        return;
    if (rc == 0) {
        health_runs(health);
        health_ways(health);
        health_judge(health);
        health_pauses(context, health);
        health_spared(context, health);
        if (context->arguments.words[0] && (health->census = arena_get(context->arena, sizeof(*health->census))))
            screen_fail(census_read(&health->query->txn, health->census));
        rc = query_end(health->query, &err);
    }
    if (rc != 0)
        health->failed = complain_rc(rc, &err);
}

void health_done(struct health *health)
{
    query_close(health->query);
    organization_free(health->organization);
}

int64_t health_since(const struct health *health)
{
    TIDY(free) struct wait_item *oldest = NULL;
    size_t count = 0;
    bool is_well = health->status == STATUS_DONE;
    int64_t since = is_well ? 0 : INT64_MAX;
    for (size_t i = 0; i < health->count; i++) {
        const struct connection_health *one = &health->connections[i];
        if (one->last.run > 0 && !one->settled && well(&one->last) == is_well)
            since = (one->since_ms > since) == is_well ? one->since_ms : since;
    }
    for (size_t i = 0; i < health->pause_count; i++)
        since = health->pauses[i].since_ms < since ? health->pauses[i].since_ms : since;
    screen_fail(is_well ? 0 : query_waits(health->query, NULL, 1, &oldest, &count));
    if (count > 0 && oldest[0].since_ms < since)
        since = oldest[0].since_ms;
    return since == INT64_MAX ? 0 : since;
}

int64_t health_leavers(const struct health *health)
{
    int64_t as_of = INT64_MAX;
    for (size_t i = 0; i < health->count; i++) {
        const struct connection_health *one = &health->connections[i];
        if (one->connection->mappings && one->connection->mappings[0] && one->leavers_ms < as_of)
            as_of = one->leavers_ms;
    }
    return as_of == INT64_MAX ? 0 : as_of;
}

struct next health_next(const struct health *health, size_t nth)
{
    const struct connection_health *one = &health->connections[nth];
    struct next next = next_of(one->connection, health->query->zone, one->last.run ? one->last.started_ms : 0,
                               health->pauses, health->pause_count, health->quarantines, health->quarantine_count);
    next_again(&next, health->id, health->again);
    return next;
}
