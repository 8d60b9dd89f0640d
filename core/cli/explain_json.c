/* explain_json - why a value is what it is, one object for each field. */
#include "cli/explain.h"

#include "base/date.h"
#include "base/jsontext.h"
#include "logic/reason.h"
#include "query/json.h"
#include "tables/journal.h"

#include <string.h>

static void member_instant(struct buffer *out, const char *name, int64_t ms)
{
    char text[25];
    instant_write(ms, text);
    json_member_text(out, name, text);
}

static void member_buffer(struct buffer *out, const char *name, const struct buffer *text)
{
    if (text->len > 0)
        json_member_text(out, name, text->data);
}

static void ground_json(const struct explained *explained, size_t nth, struct buffer *out)
{
    const struct ground *ground = &explained->grounds.items[nth];
    TIDY_DONE(screen_buffer_done) struct buffer record = {0}, text = {0}, place = {0}, at = {0};
    static const char *const states[] = {"", "present", "missing", "gone"};
    explain_record(explained, nth, &record);
    buffer_byte(out, '{');
    member_buffer(out, "record", &record);
    json_name(out, "says");
    if (ground->value.presence != PRESENCE_VALUE ||
        (ground->value.flags & VALUE_SEALED && !explained->query->unsealed)) {
        buffer_text(out, "null");
    } else {
        explain_said(explained, ground->value, &text);
        json_string(out, text.data ? text.data : "", text.len);
    }
    json_member_text(out, "why", ground_word(ground->why));
    json_member_text(out, "sentence", ground_sentence(ground->why));
    if (ground->state)
        json_member_text(out, "state", ground->state < 4 ? states[ground->state] : "");
    json_member_number(out, "run", ground->run);
    if (ground->run)
        member_instant(out, "since", ground->since_ms);
    ground_place(ground, &place);
    member_buffer(out, "place", &place);
    if (ground->file)
        json_member_text(out, "file", ground->file);
    if (ground->rule) {
        json_member_text(out, "rule", ground->rule->text);
        ground_line(explained->query, ground->stream->connection, ground->rule->node, &at);
        member_buffer(out, "rule_at", &at);
    }
    if (ground->held_reason) {
        TIDY_DONE(screen_buffer_done) struct buffer held = {0};
        explain_said(explained, ground->held, &held);
        json_member_text(out, "held_reason", ground->held_reason);
        if (ground->held.flags & VALUE_SEALED && !explained->query->unsealed)
            buffer_clear(&held);
        member_buffer(out, "held", &held);
    }
    if (ground->value.flags & VALUE_CARRIED) {
        json_name(out, "carried");
        buffer_text(out, "true");
    }
    buffer_byte(out, '}');
}

static void authority_json(const struct explained *explained, struct buffer *out)
{
    const struct authority *authority = explained->grounds.authority;
    const struct organization *organization = explained->query->organization;
    TIDY_DONE(screen_buffer_done) struct buffer at = {0};
    json_name(out, "decided_by");
    buffer_byte(out, '[');
    for (size_t i = 0; authority ? authority->connections[i] != NULL : i < organization->connection_count; i++) {
        const char *name = authority ? authority->connections[i]->name : organization->connections[i].name;
        buffer_text(out, i ? "," : "");
        json_text(out, name);
    }
    buffer_byte(out, ']');
    if (authority && authority->node)
        ground_line(explained->query, NULL, authority->node, &at);
    member_buffer(out, "authority_at", &at);
}

static void statement_json(const struct statement *statement, struct buffer *out)
{
    char id[32];
    snprintf(id, sizeof(id), "s%lu", (unsigned long)statement->number);
    json_name(out, "pinned");
    buffer_byte(out, '{');
    json_member_text(out, "id", id);
    json_member_text(out, "author", statement->author);
    json_member_text(out, "reason", statement->reason);
    member_instant(out, "at", statement->time_ms);
    if (statement->ends == PIN_UNTIL && statement->until_ms)
        member_instant(out, "until", statement->until_ms);
    buffer_byte(out, '}');
}

static void otherwise_json(const struct explained *explained, struct buffer *out)
{
    const struct grounds *grounds = &explained->grounds;
    bool supposes = explain_supposes(explained);
    json_name(out, "otherwise");
    buffer_byte(out, '[');
    for (size_t i = 0; supposes && i < grounds->otherwise_count; i++) {
        const struct ground_otherwise *otherwise = &grounds->otherwise[i];
        TIDY_DONE(screen_buffer_done) struct buffer when = {0}, text = {0};
        explain_otherwise(explained, otherwise, &when);
        buffer_text(out, i ? ",{" : "{");
        member_buffer(out, "when", &when);
        json_name(out, "value");
        struct value value =
            otherwise->ground == SIZE_MAX ? (struct value){0} : grounds->items[otherwise->ground].value;
        if (value.presence != PRESENCE_VALUE || (value.flags & VALUE_SEALED && !explained->query->unsealed)) {
            buffer_text(out, "null");
        } else {
            explain_said(explained, value, &text);
            json_string(out, text.data ? text.data : "", text.len);
        }
        buffer_byte(out, '}');
    }
    buffer_byte(out, ']');
}

static void since_json(const struct explained *explained, struct buffer *out)
{
    TIDY_DONE(screen_buffer_done) struct buffer record = {0};
    if (!explained->dated)
        return;
    json_name(out, "since");
    buffer_byte(out, '{');
    json_member_number(out, "run", explained->since.run);
    member_instant(out, "at", explained->since.time_ms);
    if (!explained->since.created && !(explained->since.was.flags & VALUE_BYGONE)) {
        json_name(out, "before");
        json_value(explained->query, explained->entity, explained->field, explained->since.was, out);
    }
    explain_seed(explained, explained->since.seed, &record);
    member_buffer(out, "record", &record);
    buffer_byte(out, '}');
}

static void today_json(const struct explained *explained, struct buffer *out)
{
    const struct grounds *grounds = &explained->grounds;
    TIDY_DONE(screen_buffer_done) struct buffer record = {0}, status = {0}, missing = {0};
    if (grounds->pinned)
        statement_json(&grounds->pin, out);
    else if (grounds->winner != SIZE_MAX)
        explain_record(explained, grounds->winner, &record);
    member_buffer(out, "said_by", &record);
    authority_json(explained, out);
    json_name(out, "records");
    buffer_byte(out, '[');
    for (size_t i = 0; i < grounds->count; i++) {
        buffer_text(out, i ? "," : "");
        ground_json(explained, i, out);
    }
    buffer_byte(out, ']');
    otherwise_json(explained, out);
    explain_status(explained, &status);
    member_buffer(out, "worked_out", &status);
    explain_missing(explained, "", &missing);
    if (missing.len > 0)
        member_buffer(out, "missing", &missing);
}

void explain_json(const struct explained *explained, struct buffer *out)
{
    TIDY_DONE(screen_buffer_done) struct buffer name = {0};
    struct value is = image_get(explained->entity->image, explained->field->number);
    explain_field_name(explained, &name);
    buffer_byte(out, '{');
    json_member_text(out, "organization", explained->query->organization->id);
    json_member_number(out, "person", explained->person);
    json_member_text(out, "field", name.data);
    json_member_text(out, "kind", kind_name(explained->kind));
    json_member_number(out, "id", explained->id);
    json_name(out, "value");
    json_value(explained->query, explained->entity, explained->field, is, out);
    if (explained->run != 0)
        json_member_number(out, "after_run", explained->run);
    since_json(explained, out);
    if (explained->run == 0)
        today_json(explained, out);
    buffer_text(out, "}\n");
}

void passed_json(struct query *query, const struct passed *passed, struct buffer *out)
{
    TIDY_DONE(screen_buffer_done) struct buffer record = {0}, advice = {0};
    const char *reason = passed_reason(query, passed);
    struct member member = {.stream = passed->stream->number, .id = passed->id};
    query_record(query, KIND_NONE, &member, &record);
    passed_advice(query, passed, &advice);
    buffer_byte(out, '{');
    json_member_text(out, "organization", query->organization->id);
    member_buffer(out, "record", &record);
    if (passed->person)
        json_member_number(out, "person", passed->person);
    if (*reason) {
        json_member_text(out, "reason", reason);
        json_member_text(out, "sentence", reason_text(reason));
    }
    if (passed->decided) {
        json_name(out, "about");
        json_string(out, passed->row.about.data, passed->row.about.len);
        json_name(out, "text");
        json_string(out, passed->row.text.data, passed->row.text.len);
        json_name(out, "place");
        json_string(out, passed->row.place.data, passed->row.place.len);
        json_member_number(out, "run", passed->row.run);
        member_instant(out, "since", passed->row.since_ms);
    } else if (passed->stored) {
        json_member_number(out, "run", passed->run);
        member_instant(out, "since", passed->since_ms);
    }
    member_buffer(out, "advice", &advice);
    json_name(out, "waits");
    buffer_byte(out, '[');
    for (size_t i = 0; i < passed->item_count; i++) {
        const struct wait_item *item = &passed->items[i];
        char id[32];
        snprintf(id, sizeof(id), "%c%lu", item->type, (unsigned long)item->number);
        buffer_text(out, i ? ",{" : "{");
        json_member_text(out, "id", id);
        json_member_text(out, "reason", item->reason);
        json_member_text(out, "field", item->field);
        json_member_text(out, "place", item->place);
        buffer_byte(out, '}');
    }
    buffer_text(out, "]}\n");
}
