/* inbox - the inbox beyond the screen: as a workbook, and as lines for programs. */
#include "cli/inbox.h"

#include "base/clock.h"
#include "base/date.h"
#include "base/jsontext.h"
#include "cli/awaiting.h"
#include "cli/excel.h"
#include "cli/turn.h"
#include "cli/waits.h"
#include "logic/reason.h"

#include <stdlib.h>
#include <string.h>

int stopped_read(struct context *context, struct query *query, struct stopped *ret_stopped)
{
    struct stopped stopped = {0};
    int rc = brake_list(&query->txn, clock_now_ms(), context->arena, &stopped.pauses, &stopped.pause_count);
    if (rc == 0)
        rc = quarantine_list(&query->txn, query->organization, context->arena, &stopped.aside, &stopped.aside_count);
    if (rc == 0)
        *ret_stopped = stopped;
    return rc;
}

/* --- what is stopped, as something that waits --- */

struct line {
    int64_t since_ms;
    uint32_t run; /* 0: none */
    enum turn turn;
    const char *reason; /* code; NULL: none */
    struct buffer id, record, place, what, next;
};

static void line_done(struct line *line)
{
    struct buffer *buffers[] = {&line->id, &line->record, &line->place, &line->what, &line->next};
    for (size_t i = 0; i < sizeof(buffers) / sizeof(buffers[0]); i++)
        buffer_done(buffers[i]);
}

static int line_rc(const struct line *line)
{
    const struct buffer *buffers[] = {&line->id, &line->record, &line->place, &line->what, &line->next};
    int rc = 0;
    for (size_t i = 0; i < sizeof(buffers) / sizeof(buffers[0]); i++)
        rc = rc ? rc : buffers[i]->rc;
    return rc;
}

static void line_of_pause(const struct query *query, const struct pause *pause, struct line *line)
{
    *line = (struct line){.since_ms = pause->since_ms, .turn = TURN_HERE, .reason = "paused"};
    buffer_format(&line->id, "pause:%s", pause->connection);
    buffer_text(&line->record, pause->connection);
    brake_sentence(pause, query->zone, &line->what);
    buffer_format(&line->next, "muster resume %s%s%s", query->organization->id, *pause->connection ? " " : "",
                  pause->connection);
}

static void line_of_quarantine(const struct query *query, const struct quarantine *item, struct line *line)
{
    *line = (struct line){.since_ms = item->since_ms,
                          .run = item->run,
                          .turn = turn_of_quarantine(item),
                          .reason = quarantine_reason(item)};
    bool part = *item->partition;
    buffer_format(&line->record, "%s%s%s", item->connection, part ? "/" : "", item->partition);
    buffer_format(&line->id, "quarantine:%s%s%s%s", item->connection, part ? "/" : "", item->partition,
                  item->of == QUARANTINE_TELLING ? ":telling" : "");
    quarantine_sentence(item, query->zone, &line->what);
    buffer_format(&line->next, "muster release %s %s%s%s", query->organization->id, item->connection,
                  part ? " --partition " : "", item->partition);
}

static void line_of_awaiting(const struct organization *organization, const struct connection *connection,
                             struct line *line)
{
    *line = (struct line){.turn = TURN_ACCESS, .reason = REASON_CODE(awaiting_authorization)};
    buffer_format(&line->id, "authorization:%s", connection->name);
    buffer_text(&line->record, connection->name);
    awaiting_sentence(organization, connection, &line->what);
    buffer_format(&line->next, "muster check %s", organization->id);
}

static void line_json(struct context *context, const struct organization *organization, struct line *line)
{
    TIDY_DONE(screen_buffer_done) struct buffer out = {0};
    char since[25];
    instant_write(line->since_ms, since);
    buffer_byte(&out, '{');
    json_member_text(&out, "id", line->id.data);
    json_member_text(&out, "organization", organization->id);
    json_member_text(&out, "since", line->since_ms ? since : NULL);
    json_member_number(&out, "run", line->run);
    json_member_text(&out, "record", line->record.data);
    json_member_text(&out, "reason", line->reason);
    json_member_text(&out, "sentence", line->what.data);
    json_member_text(&out, "turn", turn_word(line->turn));
    json_member_text(&out, "next", line->next.data);
    buffer_text(&out, "}\n");
    screen_fail(out.rc ? out.rc : line_rc(line));
    fwrite(out.data, 1, out.len, context->screen.out);
    line_done(line);
}

void inbox_stopped_json(struct context *context, struct query *query, const struct stopped *stopped)
{
    struct line line;
    for (size_t i = 0; i < stopped->pause_count; i++) {
        line_of_pause(query, &stopped->pauses[i], &line);
        line_json(context, query->organization, &line);
    }
    for (size_t i = 0; i < stopped->aside_count; i++) {
        line_of_quarantine(query, &stopped->aside[i], &line);
        line_json(context, query->organization, &line);
    }
}

void inbox_awaiting_json(struct context *context, const struct organization *organization,
                         const struct connection *const *awaiting)
{
    struct line line;
    for (; awaiting && *awaiting; awaiting++) {
        line_of_awaiting(organization, *awaiting, &line);
        line_json(context, organization, &line);
    }
}

/* --- the workbook --- */

static const struct excel_column columns[] = {
    {"Organization", 14}, {"Id", 8},    {"Since", 17}, {"Whose turn", 24},   {"Record", 30},
    {"Place", 18},        {"What", 70}, {"Run", 7},    {"Next command", 48}, {"Reason", 24},
};
enum { COLUMNS = sizeof(columns) / sizeof(columns[0]) };

static void line_of_wait(struct query *query, const struct wait_item *item, struct line *line)
{
    *line = (struct line){
        .since_ms = item->since_ms, .run = item->run, .turn = turn_of(query, item), .reason = item->reason};
    buffer_format(&line->id, "%c%lu", item->type, (unsigned long)item->number);
    waits_record(query, item, &line->record);
    waits_place(item, &line->place);
    waits_sentence(query, item, false, &line->what);
    turn_command(query, item, &line->next);
}

static void cell(struct excel *book, const struct buffer *text)
{
    excel_cell(book, text->data ? text->data : "", text->len);
}

static int line_book(struct excel *book, const struct query *query, struct line *line)
{
    char since[QUERY_TIME], run[16];
    const char *organization = query->organization->id, *turn = turn_text(line->turn);
    const char *reason = line->reason ? line->reason : "";
    if (line->since_ms)
        query_time(query, line->since_ms, since);
    snprintf(run, sizeof(run), "%u", line->run);
    excel_cell(book, organization, strlen(organization));
    cell(book, &line->id);
    if (line->since_ms)
        excel_time(book, since);
    else
        excel_cell(book, "", 0);
    excel_cell(book, turn, strlen(turn));
    cell(book, &line->record);
    cell(book, &line->place);
    cell(book, &line->what);
    excel_cell(book, run, line->run ? strlen(run) : 0);
    cell(book, &line->next);
    excel_cell(book, reason, strlen(reason));
    int rc = line_rc(line);
    line_done(line);
    return rc;
}

static int organization_book(struct context *context, const char *id, struct excel *book)
{
    __attribute__((cleanup(opened_done))) struct opened opened = {0};
    TIDY(free) struct wait_item *items = NULL;
    struct stopped stopped = {0};
    struct line line;
    struct err err = {0};
    size_t count = 0;
    int status = context_open(context, id, &opened);
    if (status != STATUS_DONE)
        return status;
    int rc = query_waits(opened.query, NULL, SIZE_MAX, &items, &count);
    if (rc == 0)
        rc = stopped_read(context, opened.query, &stopped);
    if (rc == 0)
        waits_sort(opened.query, items, count);
    for (size_t i = 0; i < count && rc == 0; i++) {
        line_of_wait(opened.query, &items[i], &line);
        rc = line_book(book, opened.query, &line);
    }
    for (size_t i = 0; i < stopped.pause_count && rc == 0; i++) {
        line_of_pause(opened.query, &stopped.pauses[i], &line);
        rc = line_book(book, opened.query, &line);
    }
    for (size_t i = 0; i < stopped.aside_count && rc == 0; i++) {
        line_of_quarantine(opened.query, &stopped.aside[i], &line);
        rc = line_book(book, opened.query, &line);
    }
    const struct connection **awaiting = awaiting_now(context->arena, opened.organization);
    for (; awaiting && *awaiting && rc == 0; awaiting++) {
        line_of_awaiting(opened.organization, *awaiting, &line);
        rc = line_book(book, opened.query, &line);
    }
    return rc ? complain_rc(store_fail(opened.query->store, rc, &err), &err) : STATUS_DONE;
}

int inbox_workbook(struct context *context, const char *const *ids, const char *path)
{
    struct excel *book TIDY(excel_free) = NULL;
    struct err err = {0};
    int status = STATUS_DONE, rc = excel_new(path, "Inbox", columns, COLUMNS, &book, &err);
    for (; rc == 0 && *ids; ids++) {
        int one = organization_book(context, *ids, book);
        status = one > status ? one : status;
    }
    if (rc == 0)
        rc = excel_finish(book, &err);
    return rc ? complain_rc(rc, &err) : status;
}
