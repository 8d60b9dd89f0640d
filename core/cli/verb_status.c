/* verb_status - status: how it is, since when, and what waits for a person. */
#include "api/control.h"
#include "base/clock.h"
#include "base/date.h"
#include "base/jsonobject.h"
#include "base/jsontext.h"
#include "base/mem.h"
#include "cli/awaiting.h"
#include "cli/health.h"
#include "cli/overview.h"
#include "cli/pauses.h"
#include "engine/gate.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

enum { COLUMNS_SHOWN = 5 };

/* --- for people --- */

static void waits_cell(struct grid *grid, size_t count, enum color color)
{
    if (count == 0)
        grid_text(grid, "-");
    else
        grid_format(grid, color, "%zu%s", count, count >= HEALTH_MOST ? "+" : "");
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
    for (size_t t = 0; t < HEALTH_WAITS; t++)
        waits_cell(grid, one->waits[t], t < 2 ? COLOR_YELLOW : COLOR_NONE);
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
    size_t waits[HEALTH_WAITS] = {0};
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
        for (size_t t = 0; t < HEALTH_WAITS; t++)
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
    static const char *const names[HEALTH_WAITS] = {"held", "reviews", "dead_letters", "drift"};
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
        for (size_t t = 0; t < HEALTH_WAITS; t++)
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
        overview_horizon_json(health->query, &out);
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
