/* verb_status - status: how it is, since when, and what waits for a person. */
#include "api/control.h"
#include "base/clock.h"
#include "base/date.h"
#include "base/jsonobject.h"
#include "base/jsontext.h"
#include "base/mem.h"
#include "cli/awaiting.h"
#include "cli/next.h"
#include "cli/overview.h"
#include "cli/pauses.h"
#include "cli/runs.h"
#include "cli/verb.h"
#include "cli/waits.h"
#include "engine/gate.h"
#include "engine/home.h"
#include "engine/run.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

enum { LOOK_BACK = 1000, COUNT_MOST = 10000, COLUMNS_SHOWN = 5, MINUTE = 60000 };
static const enum wait_type types[] = {WAIT_HELD, WAIT_REVIEW, WAIT_DEAD, WAIT_DRIFT};
enum { TYPES = sizeof(types) / sizeof(types[0]) };

/* What is read of a system, and what it is told: runs of their own. */
enum way { WAY_READ, WAY_TOLD, WAYS };

struct way_health {
    struct run_line last; /* run 0: there was none */
    bool turned;          /* an older run went otherwise than the last one */
    int64_t since_ms;     /* the first of the newest ones that went as the last one */
};

struct connection_health {
    const struct connection *connection;
    struct way_health ways[WAYS];
    struct run_line last, good; /* last: of the way that needs somebody, else of the newest */
    bool settled;               /* what its last run did not do was decided since */
    int64_t since_ms;           /* of the same way as last */
    int64_t leavers_ms;         /* the last one that saw everybody; 0: none is known */
    int64_t spared_ms;          /* until when its account is left alone; 0: it is not */
    size_t waits[TYPES];
};

struct health {
    const char *id;
    struct organization *organization;
    struct query *query; /* NULL: no store yet */
    struct connection_health *connections;
    size_t count;
    struct census *census; /* NULL: only looked at when one organization is asked for */
    struct pause *pauses;
    size_t pause_count;
    struct quarantine *quarantines;
    size_t quarantine_count;
    const struct connection **awaiting; /* their customer's authorization */
    struct err home;                    /* what is kept is another configuration's: runs are refused */
    const struct buffer *again;         /* what musterd tries again */
    int status;                         /* of the organization */
    int failed;                         /* exit status of reading it; 0: it could be read */
};

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
        for (size_t t = 0; t < TYPES; t++)
            one->waits[t] = query_count_waits(health->query, types[t], one->connection->name, COUNT_MOST);
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

static void health_read(struct context *context, const char *id, struct health *health)
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

static void health_done(struct health *health)
{
    query_close(health->query);
    organization_free(health->organization);
}

/* --- for people --- */

static void waits_cell(struct grid *grid, size_t count, enum color color)
{
    if (count == 0)
        grid_text(grid, "-");
    else
        grid_format(grid, color, "%zu%s", count, count >= COUNT_MOST ? "+" : "");
}

static void connection_row(struct grid *grid, const struct health *health, const struct connection_health *one)
{
    char time[QUERY_TIME] = "never", age[32] = "";
    grid_text(grid, one->connection->name);
    if (one->last.run == 0) {
        grid_text(grid, "never");
        for (size_t i = 0; i < 7; i++)
            grid_text(grid, i == 1 || i == 0 ? "" : "-");
        return;
    }
    query_time(health->query, one->last.started_ms, time);
    grid_format(grid, COLOR_NONE, "%s (run %u)", time, one->last.run);
    grid_format(grid, runs_color(one->last.outcome), "%s", one->last.outcome);
    if (one->good.run)
        overview_age(one->good.started_ms, age);
    grid_text(grid, one->good.run ? age : "never");
    grid_number(grid, one->good.push ? one->good.told.people : one->good.population);
    for (size_t t = 0; t < TYPES; t++)
        waits_cell(grid, one->waits[t], t < 2 ? COLOR_YELLOW : COLOR_NONE);
}

/* The last thing that has become well, or the first that is not. */
static int64_t health_since(const struct health *health)
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

/* Nobody is known to have left since the oldest of these. */
static int64_t health_leavers(const struct health *health)
{
    int64_t as_of = INT64_MAX;
    for (size_t i = 0; i < health->count; i++) {
        const struct connection_health *one = &health->connections[i];
        if (one->connection->mappings && one->connection->mappings[0] && one->leavers_ms < as_of)
            as_of = one->leavers_ms;
    }
    return as_of == INT64_MAX ? 0 : as_of;
}

static struct next health_next(const struct health *health, size_t nth)
{
    const struct connection_health *one = &health->connections[nth];
    struct next next = next_of(one->connection, health->query->zone, one->last.run ? one->last.started_ms : 0,
                               health->pauses, health->pause_count, health->quarantines, health->quarantine_count);
    next_again(&next, health->id, health->again);
    return next;
}

static void health_next_tell(struct context *context, const struct health *health)
{
    TIDY(free) struct next *items = mem_new(health->count + 1, sizeof(*items));
    for (size_t i = 0; items && i < health->count; i++)
        items[i] = health_next(health, i);
    screen_fail(items ? 0 : -ENOMEM);
    if (items)
        next_tell(context, health->query->zone, items, health->count);
}

/* What is said of the times of triggers is true only where somebody looks at the clock. */
static void health_daemon_tell(struct context *context, const struct health *health)
{
    size_t triggers = 0;
    for (size_t i = 0; i < health->count; i++)
        triggers += health->connections[i].connection->trigger_count;
    if (triggers > 0 && control_there(context->settings->state) == ERR_GONE)
        screen_print(&context->screen, "  musterd does not run here: until it does, nothing begins by itself\n");
}

static void health_tell(struct context *context, const struct health *health)
{
    const struct screen *screen = &context->screen;
    int64_t since_ms = health_since(health), leavers_ms = health_leavers(health);
    char time[QUERY_TIME];
    screen_print(screen, "  ");
    screen_text(screen, health->status == STATUS_DONE ? COLOR_GREEN : COLOR_YELLOW,
                health->status == STATUS_DONE   ? "healthy"
                : health->status == STATUS_HELD ? "waits for somebody"
                                                : "not everything came through");
    if (since_ms > 0) {
        query_time(health->query, since_ms, time);
        screen_print(screen, " since %s", time);
    }
    if (leavers_ms > 0) {
        query_time(health->query, leavers_ms, time);
        screen_print(screen, "; leavers are known as of %s\n", time);
    } else {
        screen_print(screen, "; leavers are not known yet\n");
    }
    if (health->census)
        overview_tell(context, health->census);
    health_next_tell(context, health);
    health_daemon_tell(context, health);
}

/* 0: there is none. */
static void time_json(const char *name, int64_t ms, struct buffer *out)
{
    char time[25];
    instant_write(ms, time);
    json_member_text(out, name, ms > 0 ? time : NULL);
}

static void health_json(const struct health *health, struct buffer *out)
{
    time_json("since", health->query ? health_since(health) : 0, out);
    time_json("leavers_as_of", health_leavers(health), out);
    if (health->census)
        overview_json(health->census, out);
}

static void drift_tell(struct context *context, const struct health *health)
{
    TIDY(free) struct wait_item *items = NULL;
    size_t count = 0;
    screen_fail(query_waits(health->query, "c", COLUMNS_SHOWN, &items, &count));
    for (size_t i = 0; i < count; i++) {
        TIDY_DONE(screen_buffer_done) struct buffer record = {0};
        TIDY_DONE(screen_buffer_done) struct buffer sentence = {0};
        waits_record(health->query, &items[i], &record);
        waits_sentence(health->query, &items[i], true, &sentence);
        screen_print(&context->screen, "  %s: %s\n", record.data ? record.data : "", sentence.data);
    }
}

/* A safeguard that is switched off is never out of sight. */
static const char *gate_off(const struct connection_health *one, enum gate gate, char ret_until[25])
{
    const struct safeguard *safeguard = gate_safeguard(one->connection, gate);
    if (!safeguard->off || clock_now_ms() >= safeguard->off_until_ms)
        return NULL;
    instant_write(safeguard->off_until_ms, ret_until);
    return safeguard->off_reason ? safeguard->off_reason : "";
}

static const enum gate gates[] = {GATE_DEACTIVATE, GATE_UPDATE, GATE_REKEY, GATE_EMAIL, GATE_MANAGER, GATE_CREATE};
enum { GATES = sizeof(gates) / sizeof(gates[0]) };

static void gates_tell(struct context *context, const struct health *health)
{
    for (size_t i = 0; i < health->count; i++)
        for (size_t n = 0; n < GATES; n++) {
            enum gate gate = gates[n];
            const struct connection_health *one = &health->connections[i];
            char until[25], time[QUERY_TIME];
            const char *reason = gate_off(one, gate, until);
            if (!reason)
                continue;
            query_time(health->query, gate_safeguard(one->connection, gate)->off_until_ms, time);
            screen_print(&context->screen, "  %s: the safeguard '%s' is off until %s: %s\n", one->connection->name,
                         gate_name(gate), time, reason);
        }
}

static void gates_json(const struct connection_health *one, struct buffer *out)
{
    bool first = true;
    json_name(out, "safeguards_off");
    buffer_byte(out, '[');
    for (size_t n = 0; n < GATES; n++) {
        enum gate gate = gates[n];
        char until[25];
        const char *reason = gate_off(one, gate, until);
        if (!reason)
            continue;
        buffer_text(out, first ? "{" : ",{");
        first = false;
        json_member_text(out, "safeguard", gate_name(gate));
        json_member_text(out, "until", until);
        json_member_text(out, "reason", reason);
        buffer_byte(out, '}');
    }
    buffer_byte(out, ']');
}

/* Its own run may be long ago, or have come through: somebody else was told so. */
static void spared_tell(struct context *context, const struct health *health)
{
    for (size_t i = 0; i < health->count; i++) {
        const struct connection_health *one = &health->connections[i];
        char time[QUERY_TIME];
        if (one->spared_ms == 0)
            continue;
        query_time(health->query, one->spared_ms, time);
        screen_print(&context->screen,
                     "  %s: its account is paused until %s: the system wants nobody to call with it\n",
                     one->connection->name, time);
    }
}

/* Whether what is said of what is set aside says why this partition did not come through. */
static bool told_as_aside(const struct health *health, const struct connection_health *one, const char *partition)
{
    for (size_t i = 0; i < health->quarantine_count; i++) {
        const struct quarantine *aside = &health->quarantines[i];
        if (strcmp(aside->connection, one->connection->name) == 0 &&
            (*aside->partition ? strcmp(aside->partition, partition) == 0 : aside->run == one->last.run))
            return true;
    }
    return false;
}

static void reasons_tell(struct context *context, const struct health *health, const struct connection_health *one)
{
    const char *at = one->last.partitions, *name, *reason;
    while (at && !one->settled && runs_reason(health->query, &at, &name, &reason))
        if (!told_as_aside(health, one, name))
            screen_print(&context->screen, "  %s/%s: %s\n", one->connection->name, name, reason);
}

static void organization_tell(struct context *context, const struct health *health)
{
    const struct screen *screen = &context->screen;
    const struct organization *organization = health->organization;
    size_t waits[TYPES] = {0};
    const char *name = organization->name ? organization->name : organization->id;
    bool other = strcmp(name, organization->id) != 0;
    screen_print(screen, "%s%s%s%s\n", name, other ? " (" : "", other ? organization->id : "", other ? ")" : "");
    if (!health->query) {
        screen_print(screen, "  nothing was fetched yet: muster sync %s\n", health->id);
        awaiting_tell(context, organization, health->awaiting);
        return;
    }
    health_tell(context, health);
    if (health->home.rc)
        screen_print(screen, "  every run is refused: %s\n", health->home.text);
    struct grid grid;
    grid_start(&grid, screen, "  ", "CONNECTION|LAST RUN|OUTCOME|LAST GOOD|>RECORDS|>HELD|>REVIEWS|>DEAD|>HEADER");
    for (size_t i = 0; i < health->count; i++) {
        connection_row(&grid, health, &health->connections[i]);
        for (size_t t = 0; t < TYPES; t++)
            waits[t] += health->connections[i].waits[t];
    }
    grid_end(&grid);
    for (size_t i = 0; i < health->count; i++)
        reasons_tell(context, health, &health->connections[i]);
    pauses_tell(context, health->id, health->query->zone, health->pauses, health->pause_count);
    quarantines_tell(context, health->id, health->query->zone, health->quarantines, health->quarantine_count);
    spared_tell(context, health);
    overview_reader(context, health->query);
    awaiting_tell(context, organization, health->awaiting);
    gates_tell(context, health);
    if (waits[3] > 0)
        drift_tell(context, health);
    waits_readings(context, health->query, "  ");
    overview_waits(context, health->query);
}

/* --- for programs --- */

static int organization_json(struct context *context, const struct health *health)
{
    static const char *const names[TYPES] = {"held", "reviews", "dead_letters", "drift"};
    TIDY_DONE(screen_buffer_done) struct buffer out = {0};
    buffer_byte(&out, '{');
    json_member_text(&out, "organization", health->id);
    if (health->organization) {
        json_member_text(&out, "name", health->organization->name ? health->organization->name : health->id);
        json_member_text(&out, "time_zone", health->organization->time_zone);
    }
    json_member_number(&out, "status", (uint64_t)health->status);
    health_json(health, &out);
    json_name(&out, "connections");
    buffer_byte(&out, '[');
    for (size_t i = 0; i < health->count; i++) {
        const struct connection_health *one = &health->connections[i];
        buffer_text(&out, i ? ",{" : "{");
        json_member_text(&out, "connection", one->connection->name);
        json_member_number(&out, "run", one->last.run);
        time_json("started", one->last.run ? one->last.started_ms : 0, &out);
        json_member_text(&out, "outcome", one->last.run ? one->last.outcome : NULL);
        runs_reasons_json(health->query, one->settled ? NULL : one->last.partitions, &out);
        time_json("good", one->good.run ? one->good.started_ms : 0, &out);
        json_member_number(&out, "population", one->good.population);
        for (size_t t = 0; t < TYPES; t++)
            json_member_number(&out, names[t], one->waits[t]);
        if (one->spared_ms > 0)
            time_json("account_paused_until", one->spared_ms, &out);
        gates_json(one, &out);
        if (health->query) {
            struct next next = health_next(health, i);
            next_json(&next, &out);
        }
        buffer_byte(&out, '}');
    }
    buffer_byte(&out, ']');
    if (health->home.rc)
        json_member_text(&out, "refused", health->home.text);
    pauses_json(health->pauses, health->pause_count, &out);
    quarantines_json(health->quarantines, health->quarantine_count, &out);
    if (health->organization)
        awaiting_json(health->organization, health->awaiting, &out);
    if (health->query) {
        overview_reader_json(health->query, &out);
        waits_readings_json(health->query, &out);
    }
    buffer_text(&out, "}\n");
    if (out.rc != 0)
        return complain_rc(out.rc, NULL);
    fwrite(out.data, 1, out.len, context->screen.out);
    return STATUS_DONE;
}

static int needier(const void *a, const void *b)
{
    const struct health *x = a, *y = b;
    if ((x->failed != 0) != (y->failed != 0))
        return x->failed ? -1 : 1;
    return x->status != y->status ? y->status - x->status : strcmp(x->id, y->id);
}

/* What is wrong was told as it was read; among several this says of whom. */
static void failed_tell(const struct health *health, bool alone)
{
    if (!alone)
        fprintf(stderr, "muster: organization '%s' could not be looked at\n", health->id);
}

int verb_status(struct context *context)
{
    int status = context_settings(context);
    const char *const one[] = {context->arguments.words[0], NULL}, *const *ids = one;
    if (status == STATUS_DONE && !one[0]) {
        int rc = organization_list(context->settings, context->arena, &ids);
        if (rc != 0)
            return complain_rc(rc, NULL);
    }
    size_t count = 0;
    while (status == STATUS_DONE && ids[count])
        count++;
    TIDY(free) struct health *all = mem_new(count + 1, sizeof(*all));
    if (status != STATUS_DONE || !all)
        return status ? status : complain_rc(-ENOMEM, NULL);
    TIDY_DONE(buffer_done) struct buffer again = {0};
    next_ask(context->settings->state, &again);
    for (size_t i = 0; i < count; i++) {
        health_read(context, ids[i], &all[i]);
        all[i].again = &again;
    }
    if (count > 1)
        qsort(all, count, sizeof(*all), needier);
    for (size_t i = 0; i < count; i++) {
        int worst = all[i].failed ? all[i].failed : all[i].status;
        status = worst > status ? worst : status;
        if (all[i].failed)
            failed_tell(&all[i], one[0] != NULL);
        else if (context->json)
            organization_json(context, &all[i]);
        else if (!context->quiet || all[i].status != STATUS_DONE)
            organization_tell(context, &all[i]);
        screen_fail(all[i].query ? all[i].query->txn.rc : 0);
        health_done(&all[i]);
    }
    return status;
}
