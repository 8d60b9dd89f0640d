/* verb_history - history: what changed when, from what, to what, by which run or whom. */
#include "base/date.h"
#include "base/jsontext.h"
#include "base/mem.h"
#include "cli/context.h"
#include "cli/runs.h"
#include "cli/verb.h"
#include "query/horizon.h"
#include "query/json.h"
#include "query/past.h"

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
    case JOURNAL_ERASED: return "erased";
    case JOURNAL_EXPIRED: return "kept no longer";
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
        if (part->op != JOURNAL_CREATED && !(change->was.flags & VALUE_BYGONE)) {
            value_shown(query, entity, field, change->was, &text);
            buffer_text(&text, " → ");
        }
        value_shown(query, entity, field, change->is, &text);
        grid_format(grid, COLOR_DIM, "%s%s%s", kind, *kind ? "." : "", field->name);
        grid_cell(grid, COLOR_NONE, text.data ? text.data : "", text.len);
    }
}

/* Of what is older only that is left which stood when it was let go. */
static void bygone_tell(const struct screen *screen, struct query *query, uint32_t first)
{
    TIDY_DONE(screen_buffer_done) struct buffer text = {0};
    struct bygone bygone;
    if (!bygone_get(&query->txn, &bygone) || first > bygone.run)
        return;
    horizon_tell(query->organization, &bygone, &text);
    screen_print(
        screen, "\nWhole from run %u on. Runs of before %s; of older changes is left what stood then, and since when\n",
        bygone.run + 1, text.data ? text.data : "");
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
    if (past->count > 0)
        bygone_tell(screen, query, past->entries[past->count - 1].run);
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
        buffer_byte(&out, '{');
        if (!(change->was.flags & VALUE_BYGONE)) {
            json_name(&out, "from");
            json_value(query, entity, field, change->was, &out);
        }
        json_name(&out, "to");
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
