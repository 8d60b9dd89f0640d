/* report - what came of a run, as a JSON document. */
#include "engine/report.h"

#include "base/date.h"
#include "base/jsontext.h"
#include "broker/cassette.h"
#include "tables/ledger.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

const char *outcome_name(enum outcome outcome)
{
    static const char *const names[] = {"succeeded", "partial", "held", "failed", "cancelled"};
    return names[outcome];
}

enum outcome report_worse(enum outcome a, enum outcome b)
{
    return a > b ? a : b;
}

static const char *copied(struct run_report *report, const char *text, int *rc)
{
    const char *copy = text ? arena_text(report->arena, text) : NULL;
    *rc = text && !copy ? -ENOMEM : *rc;
    return copy;
}

/* Lists are short: each grows by being copied. */
static int column_add(struct run_report *report, struct run_column **columns, size_t *count,
                      const struct run_column *column)
{
    int rc = 0;
    struct run_column *more = arena_get(report->arena, (*count + 1) * sizeof(*more));
    if (!more)
        return -ENOMEM;
    if (*count > 0)
        memcpy(more, *columns, *count * sizeof(*more));
    struct run_column *last = &more[*count];
    *last = *column;
    last->partition = copied(report, column->partition, &rc);
    last->stream = copied(report, column->stream, &rc);
    last->column = copied(report, column->column, &rc);
    last->reason = copied(report, column->reason, &rc);
    last->offer = copied(report, column->offer, &rc);
    last->sentence = copied(report, column->sentence, &rc);
    *columns = more;
    *count += rc == 0;
    return rc;
}

int report_column(struct run_report *report, const struct run_column *column)
{
    return column_add(report, &report->columns, &report->column_count, column);
}

int report_reading(struct run_report *report, const struct run_column *column)
{
    return column_add(report, &report->readings, &report->reading_count, column);
}

/* Only where there is something to say. */
static void report_columns(const char *name, char letter, const struct run_column *columns, size_t count,
                           struct buffer *out)
{
    if (count == 0)
        return;
    json_name(out, name);
    buffer_byte(out, '[');
    for (size_t i = 0; i < count; i++) {
        const struct run_column *column = &columns[i];
        char id[32];
        snprintf(id, sizeof(id), "%c%lu", letter, (unsigned long)column->id);
        buffer_text(out, i ? ",{" : "{");
        json_member_text(out, "id", id);
        json_member_text(out, "partition", column->partition);
        json_member_text(out, "stream", column->stream);
        json_member_text(out, "column", column->column);
        json_member_text(out, "reason", column->reason);
        json_member_text(out, letter == 's' ? "reads" : "offer", column->offer);
        json_member_text(out, "sentence", column->sentence);
        buffer_byte(out, '}');
    }
    buffer_byte(out, ']');
}

/* Only where there are several: of one stream its partition says all. */
static void report_streams(const struct run_partition *partition, struct buffer *out)
{
    json_name(out, "streams");
    buffer_byte(out, '[');
    for (size_t i = 0; i < partition->stream_count; i++) {
        const struct run_stream *stream = &partition->streams[i];
        buffer_text(out, i ? ",{" : "{");
        json_member_text(out, "name", stream->name);
        json_member_text(out, "outcome", outcome_name(stream->outcome));
        json_member_text(out, "claim", stream->claim);
        json_member_text(out, "reason", stream->reason);
        buffer_byte(out, '}');
    }
    buffer_byte(out, ']');
}

static void report_partitions(const struct run_report *report, struct buffer *out)
{
    json_name(out, "partitions");
    buffer_byte(out, '[');
    for (size_t i = 0; i < report->partition_count; i++) {
        const struct run_partition *partition = &report->partitions[i];
        buffer_text(out, i ? ",{" : "{");
        json_member_text(out, "name", partition->name);
        json_member_text(out, "outcome", outcome_name(partition->outcome));
        json_member_text(out, "claim", partition->claim);
        json_member_text(out, "reason", partition->reason);
        if (partition->code)
            json_member_text(out, "code", partition->code);
        if (partition->stream_count > 1)
            report_streams(partition, out);
        buffer_byte(out, '}');
    }
    buffer_byte(out, ']');
}

static void report_files(const struct run_report *report, struct buffer *out)
{
    json_name(out, "files");
    buffer_byte(out, '[');
    for (size_t i = 0; i < report->file_count; i++) {
        buffer_text(out, i ? "," : "");
        json_text(out, report->files[i]);
    }
    buffer_byte(out, ']');
}

static void report_not_taken(const struct run_report *report, struct buffer *out)
{
    json_name(out, "not_taken");
    buffer_byte(out, '[');
    for (size_t i = 0; i < report->not_taken_count; i++) {
        buffer_text(out, i ? ",{" : "{");
        json_member_text(out, "file", report->not_taken[i].name);
        json_member_text(out, "reason", report->not_taken[i].reason);
        buffer_byte(out, '}');
    }
    buffer_byte(out, ']');
}

static void report_sets(const struct run_pushed *pushed, struct buffer *out)
{
    json_name(out, "sets");
    buffer_byte(out, '[');
    for (size_t i = 0; i < pushed->set_count; i++) {
        const struct run_set *set = &pushed->sets[i];
        buffer_text(out, i ? ",{" : "{");
        json_member_text(out, "stream", set->stream);
        json_member_text(out, "set", set->name);
        json_member_text(out, "outcome", set->outcome);
        json_member_number(out, "rows", set->rows);
        json_member_number(out, "changed", set->changed);
        json_member_number(out, "refused", set->refused);
        json_member_text(out, "why", *set->why ? set->why : NULL);
        buffer_byte(out, '}');
    }
    buffer_byte(out, ']');
}

static void report_pushed(const struct run_pushed *pushed, struct buffer *out)
{
    const struct {
        const char *name;
        uint64_t value;
        bool always;
    } counts[] = {{"created", pushed->created, true},
                  {"updated", pushed->updated, true},
                  {"deactivated", pushed->deactivated, true},
                  {"failed", pushed->failed, true},
                  {"reactivated", pushed->reactivated, false},
                  {"adopted", pushed->adopted, false},
                  {"unknown", pushed->unknown, false},
                  {"drifted", pushed->drifted, false},
                  {"manual", pushed->manual, false},
                  {"held", pushed->held, false},
                  {"put_off", pushed->put_off, false},
                  {"heard", pushed->heard, false},
                  {"people", pushed->people, false}};
    json_name(out, "pushed");
    buffer_byte(out, '{');
    for (size_t i = 0; i < sizeof(counts) / sizeof(counts[0]); i++)
        if (counts[i].always || counts[i].value > 0)
            json_member_number(out, counts[i].name, counts[i].value);
    if (pushed->set_count > 0)
        report_sets(pushed, out);
    buffer_byte(out, '}');
}

/* Where the run was recorded. */
static void report_cassette(const struct cassette *cassette, struct buffer *out)
{
    TIDY(free) char *path = cassette_records(cassette) ? realpath(cassette_path(cassette), NULL) : NULL;
    if (path)
        json_member_text(out, "cassette", path);
}

int report_write(struct run_report *report, const struct run_request *request)
{
    struct buffer out __attribute__((cleanup(buffer_done))) = {0};
    const struct {
        const char *name;
        uint64_t value;
    } counts[] = {
        {"read", report->read},
        {"created", report->created},
        {"updated", report->updated},
        {"unchanged", report->unchanged},
        {"missing", report->missing},
        {"deactivated", report->deactivated},
        {"reactivated", report->reactivated},
        {"linked", report->linked},
        {"not_owner", report->not_owner},
        {"filtered", report->filtered},
        {"held", report->held},
        {"dead_letters", report->dead_letters},
        {"reviews", report->reviews},
        {"drift", report->drift},
        {"flagged", report->flagged},
        {"population", report->population},
    };
    char started[25];
    instant_write(report->started_ms, started);
    buffer_byte(&out, '{');
    json_member_text(&out, "organization", report->organization);
    if (report->connection)
        json_member_text(&out, "connection", report->connection);
    if (report->verb) {
        json_member_text(&out, "verb", report->verb);
        json_member_text(&out, "author", report->author);
        json_member_text(&out, "reason", report->because);
    }
    json_member_number(&out, "run", report->run);
    if (report->plan)
        json_member_number(&out, "plan", report->plan);
    if (report->left_out)
        json_member_number(&out, "left_out", report->left_out);
    json_member_text(&out, "outcome", outcome_name(report->outcome));
    json_member_text(&out, "started", started);
    report_partitions(report, &out);
    for (size_t i = 0; i < sizeof(counts) / sizeof(counts[0]); i++)
        json_member_number(&out, counts[i].name, counts[i].value);
    if (report->erased > 0)
        json_member_number(&out, "erased", report->erased);
    if (report->outlived > 0)
        json_member_number(&out, "outlived", report->outlived);
    if (report->verb)
        json_member_number(&out, "retired", report->retired);
    if (report->puts > 0) /* the row in the store is written before they can be counted */
        json_member_number(&out, "puts", report->puts);
    if (report->flagged_place)
        json_member_text(&out, "flagged_place", report->flagged_place);
    report_columns("columns", 'c', report->columns, report->column_count, &out);
    report_columns("readings", 's', report->readings, report->reading_count, &out);
    report_files(report, &out);
    if (report->not_taken_count > 0)
        report_not_taken(report, &out);
    if (request->allow_held) {
        json_member_number(&out, "allowed_held", request->allow_held);
        json_member_text(&out, "reason", request->reason);
    }
    report_cassette(request->cassette, &out);
    report_pushed(&report->pushed, &out);
    json_name(&out, "seconds");
    buffer_format(&out, "%.3f}", report->seconds);
    if (out.rc != 0)
        return out.rc;
    const char *json = arena_copy(report->arena, out.data, out.len);
    report->json = json ? json : report->json;
    return json ? 0 : -ENOMEM;
}

void report_update(struct run_report *report, const struct run_request *request)
{
    (void)report_write(report, request);
}
