/* verb_calls - what a connection called by HTTP, when, and what came of it. */
#include "base/date.h"
#include "base/jsonobject.h"
#include "base/mem.h"
#include "base/zone.h"
#include "broker/calls.h"
#include "cli/context.h"
#include "cli/verb.h"
#include "engine/run.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

enum { SHOWN = 100 }; /* the newest ones; all of them with --json */

struct lines {
    char *text; /* both files, the older first */
    size_t len;
    const char *from; /* the first one shown */
};

static void lines_done(struct lines *lines)
{
    free(lines->text);
}

static int lines_read(const char *dir, const char *connection, struct lines *lines)
{
    TIDY_DONE(buffer_done) struct buffer all = {0};
    for (int older = 1; older >= 0; older--) {
        char *path __attribute__((cleanup(tidy_free))) = calls_path(dir, connection, older);
        if (!path)
            return -ENOMEM;
        FILE *file __attribute__((cleanup(tidy_fclose))) = fopen(path, "re");
        char piece[65536];
        for (size_t got; file && (got = fread(piece, 1, sizeof(piece), file)) > 0;)
            buffer_add(&all, piece, got);
    }
    if (all.rc != 0)
        return all.rc;
    lines->len = all.len;
    lines->text = buffer_take(&all);
    return lines->text ? 0 : -ENOMEM;
}

/* Back from the end, so many lines. */
static void lines_last(struct lines *lines, size_t count)
{
    const char *at = lines->text + lines->len;
    while (at > lines->text) {
        if (at < lines->text + lines->len && at[-1] == '\n' && count-- == 1)
            break;
        at--;
    }
    lines->from = at;
}

/* What stands in a line, in the order of the table. */
struct call {
    char at[40], method[24], status[8], class[16], sent[24], received[24], ms[24], attempts[8], use[16];
    struct buffer url, why;
};

static int call_member(void *context, const struct jsonobject_member *member)
{
    struct call *call = context;
    const struct {
        const char *name;
        char *text;
        size_t room;
    } places[] = {{"at", call->at, sizeof(call->at)},
                  {"method", call->method, sizeof(call->method)},
                  {"status", call->status, sizeof(call->status)},
                  {"class", call->class, sizeof(call->class)},
                  {"sent", call->sent, sizeof(call->sent)},
                  {"received", call->received, sizeof(call->received)},
                  {"ms", call->ms, sizeof(call->ms)},
                  {"attempts", call->attempts, sizeof(call->attempts)},
                  {"for", call->use, sizeof(call->use)}};
    for (size_t i = 0; i < sizeof(places) / sizeof(places[0]); i++)
        if (strcmp(member->name, places[i].name) == 0)
            snprintf(places[i].text, places[i].room, "%.*s", (int)member->text_len, member->text);
    struct buffer *text = strcmp(member->name, "url") == 0   ? &call->url
                          : strcmp(member->name, "why") == 0 ? &call->why
                                                             : NULL;
    if (text)
        buffer_add(text, member->text, member->text_len);
    return 0;
}

/* As the organization's clocks had it: "2026-03-02 07:30:00". What is no instant stands as it is. */
static void when_cell(struct grid *grid, const struct zone *zone, const char *at)
{
    int64_t ms;
    char local[25];
    if (zone && instant_read(at, strlen(at), &ms)) {
        instant_write(ms + zone_offset(zone, ms) * INT64_C(1000), local);
        grid_format(grid, COLOR_DIM, "%.10s %.8s", local, local + 11);
    } else {
        grid_cell(grid, COLOR_DIM, at, strlen(at));
    }
}

static void call_print(struct grid *grid, const struct zone *zone, const char *line, size_t len)
{
    struct call call = {.at = ""};
    const char *why;
    size_t at;
    if (jsonobject_split(line, len, call_member, &call, &why, &at) == 0) {
        bool good = strcmp(call.class, "ok") == 0;
        enum color color = good ? COLOR_GREEN : COLOR_RED;
        when_cell(grid, zone, call.at);
        grid_text(grid, call.method);
        grid_format(grid, COLOR_NONE, "%s%s%s%s", call.url.data ? call.url.data : "", *call.use ? " (" : "", call.use,
                    *call.use ? ")" : "");
        grid_cell(grid, color, call.status, strlen(call.status));
        grid_text(grid, call.sent);
        grid_text(grid, call.received);
        grid_text(grid, call.ms);
        grid_text(grid, call.attempts);
        grid_format(grid, COLOR_NONE, "%s", call.why.data ? call.why.data : "");
    }
    buffer_done(&call.url);
    buffer_done(&call.why);
}

static int nothing(void *context, const struct jsonobject_member *member)
{
    (void)context, (void)member;
    return 0;
}

/* As it stands there, unless it was being written when the machine went down. */
static void call_pass(struct screen *screen, const char *line, size_t len)
{
    const char *why;
    size_t at;
    if (jsonobject_split(line, len, nothing, NULL, &why, &at) == 0)
        screen_print(screen, "%.*s\n", (int)len, line);
}

static void calls_print(struct context *context, const struct zone *zone, const struct lines *lines)
{
    struct grid grid;
    for (const char *at = lines->from, *end; context->json && (end = strchr(at, '\n')); at = end + 1)
        call_pass(&context->screen, at, (size_t)(end - at));
    if (context->json)
        return;
    grid_start(&grid, &context->screen, "", "WHEN|METHOD|URL|STATUS|>SENT|>RECEIVED|>MS|>TRIES|WHY");
    for (const char *at = lines->from, *end; (end = strchr(at, '\n')); at = end + 1)
        call_print(&grid, zone, at, (size_t)(end - at));
    grid_end(&grid);
}

int verb_calls(struct context *context)
{
    TIDY(organization_free) struct organization *organization = NULL;
    const char *const *words = (const char *const *)context->arguments.words;
    int status = context_organization(context, words[0], &organization);
    const struct connection *connection = NULL;
    if (status == STATUS_DONE)
        status = context_connection(organization, words[1], &connection);
    if (status != STATUS_DONE)
        return status;
    struct lines lines __attribute__((cleanup(lines_done))) = {0};
    struct zone *zone TIDY(zone_free) = NULL;
    const char *dir = run_store_dir(context->settings, organization->id, context->arena);
    char *calls __attribute__((cleanup(tidy_free))) = dir ? mem_format("%s/calls", dir) : NULL;
    int rc = calls ? lines_read(calls, connection->name, &lines) : -ENOMEM;
    if (rc == 0)
        rc = zone_open(organization->time_zone, &zone);
    if (rc != 0)
        return complain_rc(rc, NULL);
    lines_last(&lines, context->json ? SIZE_MAX : SHOWN);
    if (lines.len == 0 && !context->json)
        screen_print(&context->screen, "%s has called nothing by HTTP yet\n", connection->name);
    else
        calls_print(context, zone, &lines);
    return STATUS_DONE;
}
