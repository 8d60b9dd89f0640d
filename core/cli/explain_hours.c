/* explain_hours - which punches a person's hours come from, and what waits of them. */
#include "base/clock.h"
#include "base/date.h"
#include "base/jsontext.h"
#include "cli/explain.h"
#include "query/timesheet.h"

#include <string.h>

enum { SHOWN = 20 }; /* the latest; all of them with --json */

static const char *state_word(enum hours_state state)
{
    return state == HOURS_OPEN ? "open" : state == HOURS_CLOSED ? "closed" : "corrected";
}

/* "guards/main/punches/987" */
static void add_record(const struct query *query, const struct timesheet_side *side, struct buffer *out)
{
    const struct stream_name *stream = side->record ? streams_find(&query->streams, side->stream) : NULL;
    if (stream)
        buffer_format(out, "%s/%s/%s/%s", stream->connection_name, stream->partition, stream->stream, side->record);
}

static void side_json(const struct query *query, const char *name, const char *at_name, int64_t at_ms,
                      const struct timesheet_side *side, struct buffer *out)
{
    TIDY_DONE(screen_buffer_done) struct buffer record = {0};
    char at[25];
    if (side->id == 0)
        return;
    instant_write(at_ms, at);
    json_member_text(out, at_name, at);
    add_record(query, side, &record);
    if (record.len > 0)
        json_member_text(out, name, record.data);
}

static void line_json(const struct query *query, const struct timesheet_line *line, FILE *to)
{
    TIDY_DONE(screen_buffer_done) struct buffer out = {0};
    const struct hours_period *period = &line->period;
    char task[24];
    buffer_byte(&out, '{');
    json_member_text(&out, "field", "work_period");
    side_json(query, "in", "started_at", period->started_ms, &line->in, &out);
    side_json(query, "out", "ended_at", period->ended_ms, &line->out, &out);
    if (line->in.id && line->out.id)
        json_member_number(&out, "minutes", (uint64_t)(period->ended_ms - period->started_ms) / 60000);
    json_member_text(&out, "state", state_word(period->state));
    snprintf(task, sizeof(task), "t%lu", (unsigned long)line->task);
    if (line->task)
        json_member_text(&out, "task", task);
    buffer_text(&out, "}\n");
    screen_fail(out.rc);
    fwrite(out.data, 1, out.len, to);
}

static void side_row(const struct query *query, int64_t at_ms, const struct timesheet_side *side, struct grid *grid)
{
    TIDY_DONE(screen_buffer_done) struct buffer record = {0};
    char at[QUERY_TIME] = "";
    if (side->id)
        query_time(query, at_ms, at);
    add_record(query, side, &record);
    grid_text(grid, at);
    grid_text(grid, record.data);
}

static void line_row(const struct query *query, const struct timesheet_line *line, struct grid *grid)
{
    const struct hours_period *period = &line->period;
    side_row(query, period->started_ms, &line->in, grid);
    side_row(query, period->ended_ms, &line->out, grid);
    if (line->in.id && line->out.id)
        grid_number(grid, (unsigned long long)(period->ended_ms - period->started_ms) / 60000);
    else
        grid_text(grid, "");
    grid_text(grid, state_word(period->state));
    if (line->task)
        grid_format(grid, COLOR_YELLOW, "t%lu", (unsigned long)line->task);
    else
        grid_text(grid, period->running ? "goes on" : "");
}

int explain_hours(struct context *context, struct query *query, uint64_t person, size_t *ret_count)
{
    struct timesheet_line *lines;
    size_t more;
    int rc = timesheet_read(&query->txn, person, clock_now_ms(), context->json ? SIZE_MAX : SHOWN, query->arena, &lines,
                            ret_count, &more);
    if (rc != 0 || *ret_count == 0)
        return rc;
    for (size_t n = 0; context->json && n < *ret_count; n++)
        line_json(query, &lines[n], context->screen.out);
    if (context->json)
        return 0;
    struct grid grid;
    screen_print(&context->screen, "\nHours, by the punches that they come from:\n");
    grid_start(&grid, &context->screen, "  ", "IN|PUNCH|OUT|PUNCH|>MINUTES|STATE|WAITS");
    for (size_t n = 0; n < *ret_count; n++)
        line_row(query, &lines[n], &grid);
    grid_end(&grid);
    if (more > 0)
        screen_print(&context->screen, "  and %zu before these: --json has all\n", more);
    return 0;
}
