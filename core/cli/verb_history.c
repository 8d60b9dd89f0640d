/* verb_history - history and explain: what changed when, and why a value is what it is. */
#include "base/date.h"
#include "base/jsontext.h"
#include "base/mem.h"
#include "cli/json.h"
#include "cli/runs.h"
#include "cli/verb.h"
#include "cli/context.h"
#include "config/node.h"
#include "engine/merge.h"
#include "engine/past.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

static const char *op_word(enum journal_op op, bool person)
{
    if (person && op == JOURNAL_GONE)
        return "all records went to others";
    if (person && op == JOURNAL_RETURNED)
        return "has records again";
    switch (op) {
    case JOURNAL_CREATED: return "created";
    case JOURNAL_GONE: return "no longer said";
    case JOURNAL_RETURNED: return "said again";
    default: return "changed";
    }
}

/* The entity whose values a part shows, for opening seals. */
static const struct entity *part_entity(struct query *query, const struct past_part *part, struct entity *scratch)
{
    return entity_get(&query->txn, part->kind, part->id, scratch) ? scratch : NULL;
}

static bool change_shown(const struct query *query, enum kind kind, const struct past_change *change,
                         const struct field **ret_field)
{
    *ret_field = organization_field_number(query->organization, kind, change->field);
    return *ret_field &&
           !(kind != KIND_person && (*ret_field)->refers_to == KIND_person && !strcmp((*ret_field)->name, "person"));
}

static void value_shown(struct query *query, const struct entity *entity, const struct field *field, struct value value,
                        struct buffer *out)
{
    size_t before = out->len;
    query_value(query, entity, field, value, out);
    if (out->rc == 0 && out->len == before)
        buffer_text(out, "(nothing)");
}

static void part_tell(struct query *query, const struct past_part *part, struct entity *scratch, struct grid *grid)
{
    const struct entity *entity = part_entity(query, part, scratch);
    const char *kind = part->kind == KIND_person ? "" : kind_name(part->kind);
    if (part->op != JOURNAL_CHANGED) {
        grid_format(grid, COLOR_DIM, "%s", part->kind == KIND_person ? "person" : kind);
        grid_text(grid, op_word(part->op, part->kind == KIND_person));
    }
    for (size_t i = 0; i < part->count; i++) {
        const struct past_change *change = &part->changes[i];
        const struct field *field;
        TIDY_DONE(screen_buffer_done) struct buffer text = {0};
        if (!change_shown(query, part->kind, change, &field))
            continue;
        if (part->op != JOURNAL_CREATED) {
            value_shown(query, entity, field, change->was, &text);
            buffer_text(&text, " → ");
        }
        value_shown(query, entity, field, change->is, &text);
        grid_format(grid, COLOR_DIM, "%s%s%s", kind, *kind ? "." : "", field->name);
        grid_cell(grid, COLOR_NONE, text.data ? text.data : "", text.len);
    }
}

static void past_tell(struct context *context, struct query *query, const struct past *past, struct entity *scratch)
{
    const struct screen *screen = &context->screen;
    for (size_t i = 0; i < past->count; i++) {
        const struct past_entry *entry = &past->entries[i];
        struct run_line line;
        char time[QUERY_TIME];
        query_time(query, entry->time_ms, time);
        runs_line(query, entry->run, &line);
        screen_print(screen, "%s%s  run %u%s%s\n", i ? "\n" : "", time, entry->run, *line.connection ? " of " : "",
                     line.connection);
        if (line.allowed_held)
            screen_print(screen, "  what run %u held was taken: %s\n", line.allowed_held,
                         line.reason ? line.reason : "");
        else if (line.verb)
            screen_print(screen, "  %s by %s: %s\n", line.verb, line.author ? line.author : "somebody",
                         line.reason ? line.reason : "");
        struct grid grid;
        grid_start(&grid, screen, "  ", "|");
        for (size_t p = 0; p < entry->count; p++)
            part_tell(query, &entry->parts[p], scratch, &grid);
        grid_end(&grid);
    }
}

/* One object per change of one thing and run. */
static int part_json(struct context *context, struct query *query, const struct past_entry *entry,
                     const struct past_part *part, struct entity *scratch)
{
    TIDY_DONE(screen_buffer_done) struct buffer out = {0};
    const struct entity *entity = part_entity(query, part, scratch);
    struct run_line line;
    char time[25];
    instant_write(entry->time_ms, time);
    runs_line(query, entry->run, &line);
    buffer_byte(&out, '{');
    json_member_text(&out, "at", time);
    json_member_number(&out, "sequence", entry->sequence);
    json_member_number(&out, "run", entry->run);
    json_member_text(&out, "connection", line.connection);
    if (line.verb)
        json_member_text(&out, "verb", line.verb);
    if (line.verb)
        json_member_text(&out, "author", line.author);
    if (line.allowed_held || line.verb)
        json_member_text(&out, "reason", line.reason);
    json_member_text(&out, "kind", kind_name(part->kind));
    json_member_number(&out, "id", part->id);
    json_member_text(&out, "what", op_word(part->op, part->kind == KIND_person));
    json_name(&out, "changes");
    buffer_byte(&out, '{');
    for (size_t i = 0; i < part->count; i++) {
        const struct past_change *change = &part->changes[i];
        const struct field *field;
        if (!change_shown(query, part->kind, change, &field))
            continue;
        json_name(&out, field->name);
        buffer_text(&out, "{\"from\":");
        json_value(query, entity, field, change->was, &out);
        buffer_text(&out, ",\"to\":");
        json_value(query, entity, field, change->is, &out);
        buffer_byte(&out, '}');
    }
    buffer_text(&out, "}}\n");
    if (out.rc == 0)
        fwrite(out.data, 1, out.len, context->screen.out);
    return out.rc;
}

int verb_history(struct context *context)
{
    __attribute__((cleanup(opened_done))) struct opened opened = {0};
    __attribute__((cleanup(past_done))) struct past past = {0};
    const char *organization = context->arguments.words[0];
    uint64_t id;
    int status = context_open(context, organization, &opened);
    if (status == STATUS_DONE)
        status = context_person(context, opened.query, organization, context->arguments.words[1], &id);
    if (status != STATUS_DONE)
        return status;
    TIDY(free) struct entity *scratch = mem_new(1, sizeof(*scratch));
    int rc = scratch ? past_read(opened.query, KIND_person, id, &past) : -ENOMEM;
    if (rc == 0 && !context->json)
        past_tell(context, opened.query, &past, scratch);
    for (size_t i = 0; rc == 0 && context->json && i < past.count; i++)
        for (size_t p = 0; rc == 0 && p < past.entries[i].count; p++)
            rc = part_json(context, opened.query, &past.entries[i], &past.entries[i].parts[p], scratch);
    struct err err = {0};
    if (rc == 0)
        rc = query_end(opened.query, &err);
    if (rc != 0)
        return complain_rc(store_fail(opened.query->store, rc, &err), &err);
    return STATUS_DONE;
}

/* --- explain --- */

static const char *verdict(const struct query *query, enum kind kind, const struct field *field,
                           const struct connection *connection, struct value value, bool gone, bool won)
{
    if (won)
        return "counts";
    if (!connection)
        return "its connection is no longer in the file";
    if (merge_rank(query->organization, kind, field, connection) < 0)
        return "this connection's word does not count for this field";
    if (value.presence == PRESENCE_ABSENT)
        return "says nothing about it";
    if (value.presence != PRESENCE_VALUE)
        return value.flags & VALUE_CLEARS ? "says \"no value\", but another one counts more" : "empty: falls through";
    if (gone)
        return "the source has let the record go";
    return "another one counts more";
}

static void explain_entity(struct context *context, struct query *query, enum kind kind, const struct entity *entity,
                           const struct field *field)
{
    struct query_winner *winners = NULL;
    size_t count = 0;
    TIDY_DONE(screen_buffer_done) struct buffer golden = {0};
    screen_fail(query_winners(query, kind, entity, &winners, &count));
    value_shown(query, entity, field, image_get(entity->image, field->number), &golden);
    screen_print(&context->screen, "%s%s%s: %s\n", kind == KIND_person ? "" : kind_name(kind),
                 kind == KIND_person ? "" : ".", field->name, golden.data);
    bool worked_out = true;
    struct grid grid;
    grid_start(&grid, &context->screen, "  ", "RECORD|SAYS|AND");
    for (uint16_t n = 0; n < entity->member_count; n++) {
        const struct member *member = &entity->members[n];
        const struct stream_name *stream = streams_find(&query->streams, member->stream);
        TIDY_DONE(screen_buffer_done) struct buffer record = {0};
        TIDY_DONE(screen_buffer_done) struct buffer text = {0};
        const struct section_view *section = query_section(query, member);
        struct value value = section ? image_get(section->image, field->number) : (struct value){0};
        bool gone = query->record->state == SOURCE_GONE, won = false;
        for (size_t w = 0; w < count; w++)
            won |= winners[w].field == field->number && winners[w].member == n;
        worked_out &= !won;
        query_record(query, kind, member, &record);
        struct reference reference;
        if (field->type == TYPE_REF && value.presence == PRESENCE_VALUE &&
            reference_read(value.bytes, value.len, &reference))
            buffer_format(&text, "%.*s %.*s", (int)reference.text_len, reference.text, (int)reference.name_len,
                          reference.name);
        else
            value_shown(query, entity, field, value, &text);
        grid_cell(&grid, COLOR_NONE, record.data ? record.data : "", record.len);
        grid_cell(&grid, COLOR_NONE, text.data ? text.data : "", text.len);
        grid_format(&grid, won ? COLOR_GREEN : COLOR_DIM, "%s%s",
                    verdict(query, kind, field, stream ? stream->connection : NULL, value, gone, won),
                    value.flags & VALUE_CARRIED ? " (its column is missing now; what was said before)" : "");
    }
    grid_end(&grid);
    if (kind == KIND_person && field->number == FIELD_person_status)
        screen_print(&context->screen,
                     "  Status is worked out: somebody whom no source keeps is inactive, dates of begin and end come "
                     "next, then what a source says, else active.\n");
    else if (worked_out && image_get(entity->image, field->number).presence == PRESENCE_VALUE)
        screen_print(&context->screen, "  This was worked out, no source says it.\n");
}

/* "work_email", "employment.title". */
static int explain_field(const struct query *query, const char *text, enum kind *ret_kind,
                         const struct field **ret_field)
{
    const char *dot = strchr(text, '.');
    char kind[32] = "person";
    if (dot && strncmp(text, "custom.", 7) != 0) {
        snprintf(kind, sizeof(kind), "%.*s", (int)(dot - text), text);
        text = dot + 1;
    }
    *ret_kind = kind_by_name(kind);
    if (*ret_kind == KIND_NONE)
        return complain_words("there is no kind '%s'", kind);
    *ret_field = organization_field(query->organization, *ret_kind, text);
    if (*ret_field && (*ret_field)->number)
        return STATUS_DONE;
    const char *names[IMAGE_FIELDS_MAX + 1] = {NULL};
    const struct field *field;
    for (size_t n = 0; n < IMAGE_FIELDS_MAX && (field = field_nth(*ret_kind, n)); n++)
        names[n] = field->name;
    const char *near = nearest_name(text, names);
    return complain_words("%s has no field '%s'%s%s%s", kind, text, near ? "; did you mean '" : "", near ? near : "",
                          near ? "'?" : "");
}

int verb_explain(struct context *context)
{
    __attribute__((cleanup(opened_done))) struct opened opened = {0};
    const char *organization = context->arguments.words[0];
    const struct field *field;
    enum kind kind;
    uint64_t id;
    int status = context_open(context, organization, &opened);
    if (status == STATUS_DONE)
        status = explain_field(opened.query, context->arguments.words[2], &kind, &field);
    if (status == STATUS_DONE)
        status = context_person(context, opened.query, organization, context->arguments.words[1], &id);
    if (status != STATUS_DONE)
        return status;
    TIDY(free) struct entity *person = mem_new(1, sizeof(*person));
    TIDY(free) struct entity *child = mem_new(1, sizeof(*child));
    if (!person || !child)
        return complain_rc(-ENOMEM, NULL);
    bool any = false;
    if (entity_get(&opened.query->txn, KIND_person, id, person) && kind == KIND_person)
        explain_entity(context, opened.query, kind, person, field), any = true;
    for (uint16_t n = 0; kind != KIND_person && n < person->child_count; n++)
        if (person->children[n].kind == kind && entity_get(&opened.query->txn, kind, person->children[n].id, child))
            explain_entity(context, opened.query, kind, child, field), any = true;
    struct err err = {0};
    int rc = query_end(opened.query, &err);
    if (rc != 0)
        return complain_rc(rc, &err);
    if (!any)
        fprintf(stderr, "muster: nothing of kind %s belongs to this person\n", kind_name(kind));
    return STATUS_DONE;
}
