/* verb_runs - runs and run: how it went. */
#include "base/jsonobject.h"
#include "cli/run_people.h"
#include "cli/runs.h"
#include "cli/verb.h"
#include "cli/waits.h"
#include "query/horizon.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

static void bygone_tell(const struct screen *screen, struct query *query)
{
    TIDY_DONE(screen_buffer_done) struct buffer text = {0};
    struct bygone bygone;
    if (!bygone_get(&query->txn, &bygone))
        return;
    horizon_tell(query->organization, &bygone, &text);
    screen_print(screen, "Runs of before %s; of these is listed what is still needed\n", text.data ? text.data : "");
}

int verb_runs(struct context *context)
{
    __attribute__((cleanup(opened_done))) struct opened opened = {0};
    int status = context_open(context, context->arguments.words[0], &opened);
    if (status != STATUS_DONE)
        return status;
    struct grid grid;
    grid_start(&grid, &context->screen, "",
               ">RUN|STARTED|CONNECTION|OUTCOME|>READ|>CREATED|>UPDATED|>LEFT|>BACK|>HELD|>DEAD|>SECONDS");
    for (uint32_t run = query_last_run(opened.query); run > 0; run--) {
        struct run_line line;
        struct bytes json;
        char time[QUERY_TIME];
        if (!query_run(opened.query, run, &json))
            continue;
        if (context->json) {
            fprintf(context->screen.out, "%.*s\n", (int)json.len, (const char *)json.data);
            continue;
        }
        if (!runs_line(opened.query, run, &line))
            continue;
        query_time(opened.query, line.started_ms, time);
        grid_number(&grid, run);
        grid_text(&grid, time);
        if (*line.connection || !line.verb)
            grid_text(&grid, line.connection);
        else
            grid_format(&grid, COLOR_DIM, "(%s)", line.verb);
        grid_format(&grid, runs_color(line.outcome), "%s", line.outcome);
        const uint64_t counts[] = {line.read,
                                   line.created + line.told.created,
                                   line.updated + line.told.updated,
                                   line.deactivated + line.told.deactivated,
                                   line.reactivated + line.told.reactivated,
                                   line.push ? line.told.held : line.held,
                                   line.dead_letters};
        for (size_t i = 0; i < sizeof(counts) / sizeof(counts[0]); i++)
            grid_number(&grid, counts[i]);
        grid_format(&grid, COLOR_NONE, "%.1f s", line.seconds);
    }
    if (context->json)
        buffer_clear(&grid.cells);
    grid_end(&grid);
    if (!context->json)
        bygone_tell(&context->screen, opened.query);
    struct err err = {0};
    int rc = query_end(opened.query, &err);
    return rc ? complain_rc(rc, &err) : STATUS_DONE;
}

/* What came in, or what a target was told. */
static void counts_tell(const struct screen *screen, const struct run_line *line)
{
    const struct run_told *told = &line->told;
    const struct {
        const char *what;
        uint64_t count;
        bool always;
    } read[] = {{"read", line->read, true},
                {"created", line->created, true},
                {"updated", line->updated, true},
                {"unchanged", line->unchanged, true},
                {"missing", line->missing, false},
                {"deactivated", line->deactivated, false},
                {"back again", line->reactivated, false},
                {"held", line->held, false},
                {"reviews", line->reviews, false},
                {"dead letters", line->dead_letters, false},
                {"changed columns", line->drift, false},
                {"records present", line->population, true}},
      pushed[] = {{"created there", told->created, true},         {"updated there", told->updated, true},
                  {"deactivated there", told->deactivated, true}, {"reactivated there", told->reactivated, false},
                  {"known there already", told->adopted, false},  {"not taken there", told->failed, false},
                  {"without an answer", told->unknown, false},    {"held", told->held, false},
                  {"to be done by hand", told->manual, false},    {"changed there by others", told->drifted, false},
                  {"told back by it", told->heard, false},        {"dead letters", line->dead_letters, false}};
    _Static_assert(sizeof(read) == sizeof(pushed), "one loop serves both");
    struct grid grid;
    grid_start(&grid, screen, "  ", "|>");
    for (size_t i = 0; i < sizeof(read) / sizeof(read[0]); i++) {
        bool always = line->push ? pushed[i].always : read[i].always;
        uint64_t count = line->push ? pushed[i].count : read[i].count;
        if (!always && count == 0)
            continue;
        grid_text(&grid, line->push ? pushed[i].what : read[i].what);
        grid_number(&grid, count);
    }
    grid_end(&grid);
}

static void run_tell(struct context *context, struct query *query, const struct run_line *line)
{
    const struct screen *screen = &context->screen;
    char time[QUERY_TIME];
    query_time(query, line->started_ms, time);
    screen_print(screen, "run %u%s%s  ", line->run, *line->connection ? " of " : "", line->connection);
    screen_text(screen, runs_color(line->outcome), line->outcome);
    fprintf(screen->out, "  %s, %.1f s\n", time, line->seconds);
    const char *at = line->partitions, *name, *reason;
    while (at && runs_reason(query, &at, &name, &reason))
        screen_print(screen, "  %s: %s\n", name, reason);
    if (line->allowed_held)
        screen_print(screen, "  what run %u held was taken: %s\n", line->allowed_held,
                     line->reason ? line->reason : "");
    else if (line->verb)
        screen_print(screen, "  %s by %s: %s\n", line->verb, line->author ? line->author : "somebody",
                     line->reason ? line->reason : "");
    for (at = line->columns; at && runs_column(query, &at, &name, &reason);)
        screen_print(screen, "  %s %s\n", name, reason);
    for (at = line->readings; at && runs_column(query, &at, &name, &reason);)
        screen_print(screen, "  %s\n", reason);
    counts_tell(screen, line);
    if (strlen(line->files) > 2)
        screen_print(screen, "  files: %.*s\n", (int)strlen(line->files) - 2, line->files + 1);
    run_people_tell(context, query, line->run, context->arguments.verbose > 0);
}

/* The number that is written, or of the last run that has a report; 0: none. */
static uint32_t run_meant(struct query *query, const char *text, unsigned long number)
{
    uint32_t run = strcmp(text, "last") == 0 ? query_last_run(query) : (uint32_t)number;
    struct bytes json;
    while (strcmp(text, "last") == 0 && run > 0 && !query_run(query, run, &json))
        run--;
    return run;
}

int verb_run(struct context *context)
{
    __attribute__((cleanup(opened_done))) struct opened opened = {0};
    const char *organization = context->arguments.words[0], *text = context->arguments.words[1];
    bool last = strcmp(text, "last") == 0;
    char *end;
    errno = 0;
    unsigned long number = strtoul(text, &end, 10);
    if (!last && (text[0] < '0' || text[0] > '9' || *end != '\0' || errno != 0 || number > UINT32_MAX))
        return complain_words("'%s' is no number of a run, and not `last`: `muster runs %s` lists them", text,
                              organization);
    int status = context_open(context, organization, &opened);
    if (status != STATUS_DONE)
        return status;
    struct run_line line;
    struct bytes json;
    struct err err = {0};
    int rc;
    uint32_t run = run_meant(opened.query, text, number);
    if (!query_run(opened.query, run, &json) || !runs_line(opened.query, run, &line)) {
        struct err none = {0};
        if (last)
            err_set(&none, ERR_UNKNOWN, "there is no run yet: `muster sync %s` makes one", organization);
        else
            horizon_no_run(&opened.query->txn, opened.query->organization, run, &none);
        rc = query_end(opened.query, &err);
        return rc ? complain_rc(rc, &err) : complain_rc(none.rc, &none);
    }
    if (context->json)
        fprintf(context->screen.out, "%.*s\n", (int)json.len, (const char *)json.data);
    else
        run_tell(context, opened.query, &line);
    rc = query_end(opened.query, &err);
    return rc ? complain_rc(rc, &err) : STATUS_DONE;
}
