/* explain_passed - of a record that was passed over: why, since when, where it stood, what to do; and what people have
 * said, and what waits, about somebody's records. */
#include "cli/explain.h"

#include "cli/waits.h"
#include "logic/reason.h"

#include <string.h>

static void record_name(struct query *query, const struct passed *passed, struct buffer *out)
{
    struct member member = {.stream = passed->stream->number, .id = passed->id};
    query_record(query, KIND_NONE, &member, out);
}

static void line(struct grid *grid, const char *name, const char *text)
{
    if (!text || !*text)
        return;
    grid_format(grid, COLOR_DIM, "%s", name);
    grid_text(grid, text);
}

/* What it hinged on: "column 'Company' says '200'". */
static void row_about(const struct decision_row *row, bool filtered, struct buffer *out)
{
    if (row->about.len == 0 && row->text.len == 0)
        return;
    if (row->about.len > 0)
        buffer_format(out, "%s%.*s%s", filtered ? "column '" : "", (int)row->about.len, (const char *)row->about.data,
                      filtered ? "'" : "");
    if (row->text.len > 0)
        buffer_format(out, "%s\"%.*s\"", row->about.len > 0 ? ": " : "", (int)row->text.len,
                      (const char *)row->text.data);
    else if (filtered)
        buffer_text(out, ": nothing that can be shown");
}

/* Where the file says so, for what is filtered out. */
static void where_line(struct query *query, const struct passed *passed, struct buffer *out)
{
    const struct connection *connection = passed->stream->connection;
    for (size_t m = 0; connection && connection->mappings && connection->mappings[m]; m++)
        if (strcmp(connection->mappings[m]->stream, passed->stream->stream) == 0 && connection->mappings[m]->where)
            ground_line(query, connection, connection->mappings[m]->where->node, out);
}

static void rest_tell(struct context *context, struct query *query, const struct passed *passed)
{
    static const char *const states[] = {"", "its source has it", "its source does not show it now",
                                         "its source has let it go"};
    TIDY_DONE(screen_buffer_done) struct buffer about = {0}, place = {0}, at = {0}, state = {0}, advice = {0};
    const char *reason = passed_reason(query, passed);
    bool filtered = strcmp(reason, REASON_CODE(filtered_out)) == 0;
    int64_t since = passed->decided ? passed->row.since_ms : passed->since_ms;
    uint32_t run = passed->decided ? passed->row.run : passed->run;
    char time[QUERY_TIME];
    struct grid grid;
    grid_start(&grid, &context->screen, "  ", "|");
    if (passed->decided) {
        row_about(&passed->row, filtered, &about);
        buffer_add(&place, passed->row.place.data, passed->row.place.len);
        if (place.len > 0)
            buffer_format(&place, ", in run %u", passed->row.run);
    }
    line(&grid, "because of", about.data);
    line(&grid, "where", place.data);
    if (filtered)
        where_line(query, passed, &at);
    line(&grid, "rule", at.data);
    if (run != 0) {
        query_time(query, since, time);
        grid_format(&grid, COLOR_DIM, "since");
        grid_format(&grid, COLOR_NONE, "run %u, %s", run, time);
    }
    if (passed->stored && passed->state < 4) {
        query_time(query, passed->since_ms, time);
        buffer_format(&state, "%s, since run %u, %s", states[passed->state], passed->run, time);
    }
    line(&grid, "record", state.data);
    passed_advice(query, passed, &advice);
    line(&grid, "what to do", advice.data);
    grid_end(&grid);
}

void passed_tell(struct context *context, struct query *query, const struct passed *passed)
{
    TIDY_DONE(screen_buffer_done) struct buffer record = {0};
    const char *reason = passed_reason(query, passed);
    record_name(query, passed, &record);
    if (*reason)
        screen_print(&context->screen, "%s was passed over: %s (%s)\n", record.data,
                     reason_text(reason) ? reason_text(reason) : "", reason);
    else
        screen_print(&context->screen, "%s belongs to nobody.\n", record.data);
    rest_tell(context, query, passed);
    if (passed->item_count > 0)
        waits_print(context, query, passed->items, passed->item_count);
}

void explain_statement(struct query *query, const struct statement *statement, struct buffer *out)
{
    static const struct {
        enum statement_type type;
        const char *words;
    } words[] = {{STATEMENT_LINK, "linked"},
                 {STATEMENT_ALONE, "stands by itself"},
                 {STATEMENT_APART, "kept apart"},
                 {STATEMENT_PIN, "pinned"},
                 {STATEMENT_SUPPRESS, "makes nobody"}};
    char time[QUERY_TIME];
    query_time(query, statement->time_ms, time);
    buffer_format(out, "s%lu", (unsigned long)statement->number);
    for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++)
        if (words[i].type == statement->type)
            buffer_format(out, " %s", words[i].words);
    if (statement->about)
        buffer_format(out, " (%s)", statement->about);
    buffer_format(out, " by %s, %s", statement->author ? statement->author : "nobody", time);
    if (statement->reason)
        buffer_format(out, ": %s", statement->reason);
    if (statement->type == STATEMENT_PIN && statement->ends == PIN_SOURCE_AGREES)
        buffer_text(out, "; until the source agrees");
    if (statement->type == STATEMENT_PIN && statement->ends == PIN_SOURCE_MOVES)
        buffer_text(out, "; until the source says something else");
    if (statement->type == STATEMENT_PIN && statement->ends == PIN_UNTIL && statement->until_ms) {
        query_time(query, statement->until_ms, time);
        buffer_format(out, "; until %s", time);
    }
}

/* What was wrong with, or is held of, one of somebody's records. */
static void member_tell(struct context *context, struct query *query, const struct member *member)
{
    struct passed passed;
    const struct stream_name *stream = streams_find(&query->streams, member->stream);
    if (!stream || !passed_read(query, stream, member->id, &passed))
        return;
    if (passed.decided || passed.item_count > 0)
        screen_print(&context->screen, "\n");
    if (passed.decided)
        passed_tell(context, query, &passed);
    else if (passed.item_count > 0)
        waits_print(context, query, passed.items, passed.item_count);
}

void explain_beside(struct context *context, struct query *query, enum kind kind, const struct entity *entity)
{
    struct statement *items;
    size_t count;
    int rc = grounds_statements(query, entity, &items, &count);
    screen_fail(rc);
    for (size_t i = 0; rc == 0 && i < count; i++) {
        TIDY_DONE(screen_buffer_done) struct buffer text = {0};
        explain_statement(query, &items[i], &text);
        screen_print(&context->screen, "%s%s\n", i == 0 ? "\n" : "", text.data);
    }
    for (uint16_t n = 0; kind == KIND_person && n < entity->member_count; n++)
        member_tell(context, query, &entity->members[n]);
}
