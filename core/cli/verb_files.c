/* verb_files - the ledger of files: what was taken and what it gave; what was seen and left, and why. */
#include "base/clock.h"
#include "base/date.h"
#include "base/digest.h"
#include "base/jsontext.h"
#include "base/mem.h"
#include "broker/place.h"
#include "cli/context.h"
#include "cli/next.h"
#include "cli/runs.h"
#include "cli/verb.h"
#include "engine/run.h"
#include "tables/ledger.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

struct files_shown {
    struct context *context;
    const struct organization *organization;
    struct query *query;
    const char *connection; /* NULL: all */
    struct ledger_row *rows;
    size_t count, room;
    struct ledger_seen *seen;
    const struct stream_name **seen_streams; /* beside seen */
    size_t seen_count, seen_room, seen_streams_room;
};

static void shown_done(struct files_shown *shown)
{
    free(shown->rows);
    free(shown->seen);
    free(shown->seen_streams);
}

static int shown_row(struct files_shown *shown, const struct cursor *cursor, const struct stream_name *stream)
{
    struct ledger_row row;
    struct ledger_seen seen;
    int rc = 0;
    if (ledger_read(cursor, shown->query->arena, &row)) {
        rc = mem_grow(&shown->rows, shown->count, &shown->room, sizeof(*shown->rows));
        if (rc == 0)
            shown->rows[shown->count++] = row;
    } else if (ledger_read_seen(cursor, shown->query->arena, &seen)) {
        rc = mem_grow(&shown->seen, shown->seen_count, &shown->seen_room, sizeof(*shown->seen));
        if (rc == 0)
            rc = mem_grow(&shown->seen_streams, shown->seen_count, &shown->seen_streams_room,
                          sizeof(*shown->seen_streams));
        if (rc == 0) {
            shown->seen[shown->seen_count] = seen;
            shown->seen_streams[shown->seen_count++] = stream;
        }
    }
    return rc;
}

static int newest_run_first(const void *a_item, const void *b_item)
{
    const struct ledger_row *a = a_item, *b = b_item;
    if (a->run != b->run)
        return a->run < b->run ? 1 : -1;
    if (a->stream != b->stream)
        return a->stream < b->stream ? -1 : 1;
    return a->nth < b->nth ? -1 : a->nth > b->nth;
}

static int shown_read(struct files_shown *shown)
{
    struct cursor cursor __attribute__((cleanup(tidy_cursor)));
    const struct streams *streams = &shown->query->streams;
    int rc = 0;
    cursor_open(&cursor, &shown->query->txn, TABLE_file);
    for (size_t i = 0; i < streams->count && rc == 0; i++) {
        const struct stream_name *stream = &streams->items[i];
        if (shown->connection && strcmp(stream->connection_name, shown->connection) != 0)
            continue;
        for (bool there = ledger_first(&cursor, stream->number); there && rc == 0;
             there = cursor_next(&cursor) && ledger_of(&cursor, stream->number))
            rc = shown_row(shown, &cursor, stream);
    }
    if (shown->count > 1)
        qsort(shown->rows, shown->count, sizeof(*shown->rows), newest_run_first);
    return rc;
}

/* The run that read other files in the place of this one, of which something was held; 0: none. Rows stand newest run
 * first. */
static uint32_t row_overtaken(const struct files_shown *shown, size_t nth)
{
    const struct ledger_row *row = &shown->rows[nth];
    uint32_t by = 0, again = 0;
    if (!row->told || row->outcome != OUTCOME_HELD)
        return 0;
    for (size_t i = nth; i-- > 0;) {
        const struct ledger_row *later = &shown->rows[i];
        if (later->stream != row->stream || later->run == row->run)
            continue;
        bool same = memcmp(later->sha256, row->sha256, sizeof(row->sha256)) == 0;
        if (same && later->outcome != OUTCOME_HELD)
            return 0;
        if (same) {
            again = later->run;
            by = 0;
        } else if (by == 0 && later->run != again) {
            by = later->run;
        }
    }
    return by;
}

static const char *row_outcome(const struct ledger_row *row)
{
    if (!row->told)
        return "";
    return row->outcome == LEDGER_UNCHANGED    ? "unchanged"
           : row->outcome <= OUTCOME_CANCELLED ? outcome_name(row->outcome)
                                               : "?";
}

/* "archived", "removed", "" */
static const char *row_put(const struct ledger_row *row)
{
    return row->after == MUSTER_ARCHIVE ? "archived" : row->after == MUSTER_REMOVE ? "removed" : "";
}

/* A file by its own name, as it reads best in a table. */
static void name_cell(struct grid *grid, const char *name)
{
    __attribute__((cleanup(place_done))) struct place place = {0};
    grid_text(grid, place_read(name, PLACE_NAME, &place, NULL) == 0 ? place.last : name);
}

static enum color outcome_color(const struct ledger_row *row)
{
    if (!row->told || row->outcome == LEDGER_UNCHANGED || row->outcome == OUTCOME_SUCCEEDED)
        return COLOR_GREEN;
    return row->outcome == OUTCOME_FAILED ? COLOR_RED : COLOR_YELLOW;
}

static void tell_rows(const struct files_shown *shown)
{
    struct grid grid;
    grid_start(&grid, &shown->context->screen, "",
               ">RUN|TAKEN|CONNECTION|FILE|>BYTES|DIGEST|>ROWS|>REFUSED|>CREATED|>UPDATED|OUTCOME|PUT");
    for (size_t i = 0; i < shown->count; i++) {
        const struct ledger_row *row = &shown->rows[i];
        const struct stream_name *stream = streams_find(&shown->query->streams, row->stream);
        char time[QUERY_TIME] = "", digest[17];
        if (row->told)
            query_time(shown->query, row->at_ms, time);
        digest_hex(row->sha256, 6, digest);
        grid_number(&grid, row->run);
        grid_text(&grid, time);
        grid_text(&grid, stream ? stream->connection_name : "");
        name_cell(&grid, row->name);
        grid_number(&grid, row->size);
        grid_text(&grid, digest);
        const uint64_t counts[] = {row->rows, row->refused, row->created, row->updated};
        for (size_t c = 0; c < 4; c++)
            if (row->told)
                grid_number(&grid, counts[c]);
            else
                grid_text(&grid, "");
        uint32_t by = row_overtaken(shown, i);
        if (by)
            grid_format(&grid, COLOR_YELLOW, "held, overtaken by run %u", by);
        else
            grid_format(&grid, outcome_color(row), "%s", row_outcome(row));
        grid_text(&grid, *row->place ? row->place : row_put(row));
    }
    grid_end(&grid);
}

static bool was_left(const struct files_shown *shown, const struct connection *connection)
{
    for (size_t i = 0; i < shown->seen_count; i++)
        if (strcmp(shown->seen_streams[i]->connection_name, connection->name) == 0)
            return true;
    return false;
}

/* Its last run; false: it never ran. */
static bool last_run(struct query *query, const struct connection *connection, struct run_line *ret_line)
{
    for (uint32_t run = query_last_run(query); run > 0; run--)
        if (runs_line(query, run, ret_line) && !ret_line->verb && strcmp(ret_line->connection, connection->name) == 0)
            return true;
    return false;
}

/* When it ran last; 0: never. */
static int64_t last_ran(struct query *query, const struct connection *connection)
{
    struct run_line line;
    return last_run(query, connection, &line) ? line.started_ms : 0;
}

/* Where the last run found no file at all: its name may have changed, and nothing above says so. */
static void tell_none(const struct files_shown *shown, const struct connection *connection)
{
    struct run_line line;
    const char *partition, *reason;
    if (!last_run(shown->query, connection, &line) || line.push || strcmp(line.outcome, "failed") != 0 ||
        (line.files && strcmp(line.files, "[]") != 0) || was_left(shown, connection))
        return;
    const char *at = line.partitions;
    while (runs_reason(shown->query, &at, &partition, &reason))
        screen_print(&shown->context->screen, "run %u took no file: %s\n", line.run, reason);
}

static void tell_none_found(const struct files_shown *shown)
{
    for (size_t i = 0; i < shown->organization->connection_count; i++) {
        const struct connection *connection = &shown->organization->connections[i];
        if (shown->connection ? strcmp(connection->name, shown->connection) == 0
                              : connection_option(connection, "location") != NULL)
            tell_none(shown, connection);
    }
}

/* When those that were left are looked at again by themselves. */
static void tell_next(const struct files_shown *shown)
{
    const struct organization *organization = shown->organization;
    struct query *query = shown->query;
    TIDY(free) struct next *items = mem_new(organization->connection_count + 1, sizeof(*items));
    struct pause *pauses = NULL;
    struct quarantine *aside = NULL;
    size_t pause_count = 0, aside_count = 0, count = 0;
    screen_fail(items ? 0 : -ENOMEM);
    screen_fail(brake_list(&query->txn, clock_now_ms(), query->arena, &pauses, &pause_count));
    screen_fail(quarantine_list(&query->txn, organization, query->arena, &aside, &aside_count));
    for (size_t i = 0; items && i < organization->connection_count; i++) {
        const struct connection *connection = &organization->connections[i];
        if (was_left(shown, connection))
            items[count++] =
                next_of(connection, query->zone, last_ran(query, connection), pauses, pause_count, aside, aside_count);
    }
    if (items)
        next_tell(shown->context, query->zone, items, count);
}

static void tell_seen(const struct files_shown *shown)
{
    const struct screen *screen = &shown->context->screen;
    if (shown->seen_count == 0)
        return;
    screen_print(screen, "%sSeen and not taken:\n", shown->count ? "\n" : "");
    struct grid grid;
    grid_start(&grid, screen, "  ", "SINCE|CONNECTION|FILE|>BYTES|WHY");
    for (size_t i = 0; i < shown->seen_count; i++) {
        char time[QUERY_TIME];
        query_time(shown->query, shown->seen[i].first_ms, time);
        grid_text(&grid, time);
        grid_text(&grid, shown->seen_streams[i]->connection_name);
        name_cell(&grid, shown->seen[i].name);
        grid_number(&grid, shown->seen[i].size);
        grid_text(&grid, shown->seen[i].reason);
    }
    grid_end(&grid);
    tell_next(shown);
}

static void json_time(struct buffer *out, const char *name, int64_t ms)
{
    char time[25];
    instant_write(ms, time);
    json_member_text(out, name, time);
}

static void json_file(struct buffer *out, const struct stream_name *stream, const char *name, uint64_t size,
                      int64_t mtime_ms, bool taken)
{
    buffer_byte(out, '{');
    json_member_text(out, "connection", stream ? stream->connection_name : "");
    json_member_text(out, "partition", stream ? stream->partition : "");
    json_member_text(out, "stream", stream ? stream->stream : "");
    json_member_text(out, "file", name);
    json_member_number(out, "size", size);
    json_time(out, "changed", mtime_ms);
    json_name(out, "taken");
    buffer_text(out, taken ? "true" : "false");
}

static int json_rows(const struct files_shown *shown)
{
    TIDY_DONE(screen_buffer_done) struct buffer out = {0};
    for (size_t i = 0; i < shown->count && out.rc == 0; i++) {
        const struct ledger_row *row = &shown->rows[i];
        char digest[DIGEST_HEX];
        digest_hex(row->sha256, sizeof(row->sha256), digest);
        buffer_clear(&out);
        json_file(&out, streams_find(&shown->query->streams, row->stream), row->name, row->size, row->mtime_ms, true);
        json_member_text(&out, "sha256", digest);
        json_member_number(&out, "run", row->run);
        if (row->told) {
            json_time(&out, "at", row->at_ms);
            uint32_t by = row_overtaken(shown, i);
            json_member_text(&out, "outcome", by ? "overtaken" : row_outcome(row));
            if (by)
                json_member_number(&out, "overtaken_by", by);
            json_member_number(&out, "rows", row->rows);
            json_member_number(&out, "refused", row->refused);
            json_member_number(&out, "created", row->created);
            json_member_number(&out, "updated", row->updated);
            json_member_number(&out, "missing", row->missing);
            json_member_number(&out, "together", row->together);
            json_member_text(&out, "put", row_put(row));
            json_member_text(&out, "place", row->place);
        }
        buffer_text(&out, "}\n");
        if (out.rc == 0)
            fwrite(out.data, 1, out.len, shown->context->screen.out);
    }
    for (size_t i = 0; i < shown->seen_count && out.rc == 0; i++) {
        const struct ledger_seen *seen = &shown->seen[i];
        buffer_clear(&out);
        json_file(&out, shown->seen_streams[i], seen->name, seen->size, seen->mtime_ms, false);
        json_time(&out, "since", seen->first_ms);
        json_member_text(&out, "reason", seen->reason);
        buffer_text(&out, "}\n");
        if (out.rc == 0)
            fwrite(out.data, 1, out.len, shown->context->screen.out);
    }
    return out.rc;
}

int verb_files(struct context *context)
{
    __attribute__((cleanup(opened_done))) struct opened opened = {0};
    __attribute__((cleanup(shown_done))) struct files_shown shown = {.context = context,
                                                                     .connection = context->arguments.words[1]};
    const char *organization = context->arguments.words[0];
    int status = context_open(context, organization, &opened);
    if (status != STATUS_DONE)
        return status;
    const struct connection *connection;
    if (shown.connection)
        status = context_connection(opened.organization, shown.connection, &connection);
    if (status != STATUS_DONE)
        return status;
    shown.query = opened.query;
    shown.organization = opened.organization;
    int rc = shown_read(&shown);
    if (rc == 0 && context->json) {
        rc = json_rows(&shown);
    } else if (rc == 0) {
        if (shown.count > 0)
            tell_rows(&shown);
        tell_seen(&shown);
        if (shown.count + shown.seen_count == 0)
            screen_print(&context->screen, "no file was taken yet\n");
        tell_none_found(&shown);
    }
    struct err err = {0};
    if (rc == 0)
        rc = query_end(opened.query, &err);
    return rc ? complain_rc(rc, &err) : STATUS_DONE;
}
