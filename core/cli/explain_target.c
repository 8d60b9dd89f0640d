/* explain_target - what a target has of somebody, what it is to have, by which rule, and whose turn it is. */
#include "base/date.h"
#include "base/jsontext.h"
#include "base/mem.h"
#include "cli/explain.h"
#include "config/node.h"
#include "logic/reason.h"
#include "query/told.h"

#include <errno.h>
#include <muster/connector.h>
#include <stdlib.h>
#include <string.h>

struct showing {
    struct context *context;
    struct query *query;
    const char *field; /* NULL: all */
    size_t shown;
};

static const char *op_words(int op)
{
    switch (op) {
    case MUSTER_CREATE: return "to be created";
    case MUSTER_UPDATE: return "to be updated";
    case MUSTER_DEACTIVATE: return "to be switched off";
    case MUSTER_REACTIVATE: return "to be switched on again";
    default: return "to be told";
    }
}

/* Who has to do something now, and what. */
static void turn_write(const struct showing *showing, const struct told *told, struct buffer *out)
{
    const char *id = showing->query->organization->id;
    const struct delivery *row = &told->row;
    char time[QUERY_TIME];
    if (told->quiet) {
        buffer_format(out, "nobody's: %s said %s: %s (s%lu)", told->said.author,
                      told->said.type == STATEMENT_REJECT ? "that it may not be" : "to leave it", told->said.reason,
                      (unsigned long)told->said.number);
        return;
    }
    switch (told->next) {
    case TOLD_NOTHING:
        buffer_text(out, !told->there && !told->known ? "nobody's: there is nothing to be told"
                         : !told->inside              ? "nobody's: outside the scope, and settled"
                                                      : "nobody's: it has what it is to have");
        break;
    case TOLD_SEND:
        buffer_format(out, "ours: %s by the next push: muster sync %s %s", op_words(told->op), id,
                      told->connection->name);
        break;
    case TOLD_ASK: buffer_text(out, "ours: the next push asks the target whether it was done"); break;
    case TOLD_WAIT:
        if (row->state == DELIVERY_RETRY) {
            query_time(showing->query, row->next_ms, time);
            buffer_format(out, "ours: it is tried again at %s", time);
        } else if (row->state == DELIVERY_DRIFTED && told->waits) {
            buffer_format(out, "a person's: muster retry %s %c%lu puts ours there again, discard leaves theirs", id,
                          told->type, (unsigned long)told->waits);
        } else if (told->waits) {
            buffer_format(out, "somebody's who mends it, in the source or there; then muster retry %s %c%lu", id,
                          told->type, (unsigned long)told->waits);
        } else {
            buffer_text(out, "somebody's who mends it, in the source or there");
        }
        break;
    case TOLD_HELD:
        if (told->waits)
            buffer_format(out, "a person's: muster approve %s %c%lu --reason TEXT, or reject", id, told->type,
                          (unsigned long)told->waits);
        else
            buffer_text(out, "a person's, once the next push has held it");
        break;
    case TOLD_MANUAL: buffer_text(out, "a person's, in the target itself"); break;
    case TOLD_LATER: buffer_format(out, "ours: %s", told->why); break;
    }
}

static void state_write(const struct showing *showing, const struct told *told, struct buffer *out)
{
    const struct delivery *row = &told->row;
    char time[QUERY_TIME];
    if (!told->known) {
        buffer_text(out, "never told");
        return;
    }
    query_time(showing->query, row->since_ms, time);
    buffer_format(out, "%s since %s, by run %u", delivery_state_name(row->state), time, row->run);
    if (row->state != DELIVERY_SETTLED && row->op)
        buffer_format(out, ", %s", op_words(row->op));
    if (row->attempts > 0)
        buffer_format(out, ", tried %u time%s", row->attempts, row->attempts == 1 ? "" : "s");
    if (told->waits)
        buffer_format(out, " (%c%lu)", told->type, (unsigned long)told->waits);
}

static void there_write(const struct told *told, struct buffer *out)
{
    const struct delivery *row = &told->row;
    bool has = told->known && (row->remote_id.len > 0 || row->confirmed.len > 0);
    if (told->file) {
        buffer_format(out, "yes, in the file of %s", told->file);
        return;
    }
    if (!has) {
        buffer_text(out, "not that we know");
        return;
    }
    buffer_text(out, row->active ? "yes" : "yes, switched off");
    if (row->remote_id.len > 0) {
        buffer_text(out, ", as ");
        buffer_add(out, row->remote_id.data, row->remote_id.len);
    }
}

static void value_write(struct value value, bool unknown, struct buffer *out)
{
    if (value.flags & VALUE_SEALED)
        buffer_text(out, "•••");
    else if (value.presence == PRESENCE_VALUE)
        buffer_add(out, value.bytes, value.len);
    else
        buffer_text(out, unknown ? "?" : "(nothing)");
}

static bool field_asked(const struct showing *showing, const struct told_field *field)
{
    return !showing->field || strcmp(showing->field, field->field->name) == 0;
}

static void line(struct grid *grid, const char *head, const struct buffer *text)
{
    if (text->len == 0)
        return;
    grid_format(grid, COLOR_DIM, "%s", head);
    grid_cell(grid, COLOR_NONE, text->data, text->len);
}

static void head_tell(struct showing *showing, const struct told *told)
{
    TIDY_DONE(screen_buffer_done) struct buffer there = {0};
    TIDY_DONE(screen_buffer_done) struct buffer state = {0};
    TIDY_DONE(screen_buffer_done) struct buffer answer = {0};
    TIDY_DONE(screen_buffer_done) struct buffer turn = {0};
    struct grid grid;
    screen_print(&showing->context->screen, "\n%s, stream %s%s%s%s\n", told->connection->name, told->stream->name,
                 told->set ? ", " : "", told->set ? told->set : "",
                 told->there && !told->inside ? ", outside its scope" : "");
    there_write(told, &there);
    state_write(showing, told, &state);
    buffer_add(&answer, told->row.why.data, told->row.why.len);
    if (answer.len == 0 && told->next != TOLD_LATER)
        buffer_text(&answer, told->why);
    turn_write(showing, told, &turn);
    grid_start(&grid, &showing->context->screen, "  ", "|");
    line(&grid, "there", &there);
    line(&grid, "state", &state);
    line(&grid, "why", &answer);
    line(&grid, "turn", &turn);
    grid_end(&grid);
}

/* A row among many of its set, and nothing to be done about it. */
static bool is_at_rest(const struct told *told)
{
    return told->set && told->next == TOLD_NOTHING && told->known && told->row.state == DELIVERY_SETTLED;
}

static void told_tell(struct showing *showing, const struct told *told)
{
    struct grid grid;
    if (is_at_rest(told) && !showing->field) {
        screen_print(&showing->context->screen, "\n%s, stream %s, %s: %s, by run %u\n", told->connection->name,
                     told->stream->name, told->set, told->row.active ? "there as it is to be" : "no longer there",
                     told->row.run);
        return;
    }
    if (!showing->field)
        head_tell(showing, told);
    else
        screen_print(&showing->context->screen, "\n%s, stream %s\n", told->connection->name, told->stream->name);
    grid_start(&grid, &showing->context->screen, "  ", "FIELD|THERE|IS TO BE|MADE FROM|RULE");
    for (size_t n = 0; n < told->field_count; n++) {
        const struct told_field *field = &told->fields[n];
        TIDY_DONE(screen_buffer_done) struct buffer has = {0};
        TIDY_DONE(screen_buffer_done) struct buffer is = {0};
        TIDY_DONE(screen_buffer_done) struct buffer at = {0};
        if (!field_asked(showing, field))
            continue;
        showing->shown++;
        value_write(field->has, field->unknown, &has);
        value_write(field->is, false, &is);
        ground_line(showing->query, told->connection, field->rule->node, &at);
        grid_text(&grid, field->field->name);
        grid_cell(&grid, field->differs ? COLOR_YELLOW : COLOR_NONE, has.data ? has.data : "", has.len);
        grid_cell(&grid, field->differs ? COLOR_YELLOW : COLOR_NONE, is.data ? is.data : "", is.len);
        grid_text(&grid, field->rule->text);
        grid_text(&grid, at.data);
    }
    grid_end(&grid);
}

/* --- for programs --- */

static void member_value(struct buffer *out, const char *name, struct value value)
{
    TIDY_DONE(screen_buffer_done) struct buffer text = {0};
    bool told = value.presence == PRESENCE_VALUE && !(value.flags & VALUE_SEALED);
    buffer_add(&text, value.bytes, told ? value.len : 0);
    buffer_byte(&text, 0);
    json_member_text(out, name, told ? text.data : NULL);
}

static void member_bytes(struct buffer *out, const char *name, struct bytes value)
{
    json_name(out, name);
    if (value.len > 0)
        json_string(out, value.data, value.len);
    else
        buffer_text(out, "null");
}

static void member_bool(struct buffer *out, const char *name, bool value)
{
    json_name(out, name);
    buffer_text(out, value ? "true" : "false");
}

static void fields_json(struct showing *showing, const struct told *told, struct buffer *out)
{
    bool any = false;
    json_name(out, "fields");
    buffer_byte(out, '[');
    for (size_t n = 0; n < told->field_count; n++) {
        const struct told_field *field = &told->fields[n];
        TIDY_DONE(screen_buffer_done) struct buffer at = {0};
        if (!field_asked(showing, field))
            continue;
        showing->shown++;
        ground_line(showing->query, told->connection, field->rule->node, &at);
        buffer_text(out, any ? ",{" : "{");
        any = true;
        json_member_text(out, "field", field->field->name);
        member_value(out, "there", field->has);
        member_bool(out, "known", !field->unknown);
        member_value(out, "is_to_be", field->is);
        member_bool(out, "differs", field->differs);
        json_member_text(out, "from", field->rule->text);
        json_member_text(out, "rule", at.data);
        buffer_byte(out, '}');
    }
    buffer_byte(out, ']');
}

static void told_json(struct showing *showing, const struct told *told, uint64_t person)
{
    TIDY_DONE(screen_buffer_done) struct buffer out = {0};
    TIDY_DONE(screen_buffer_done) struct buffer turn = {0};
    const struct delivery *row = &told->row;
    char time[25], waits[32];
    buffer_byte(&out, '{');
    json_member_number(&out, "person", person);
    json_member_text(&out, "connection", told->connection->name);
    json_member_text(&out, "stream", told->stream->name);
    json_member_text(&out, "kind", kind_name(told->kind));
    json_member_number(&out, "id", told->unit);
    if (told->set)
        json_member_text(&out, "set", told->set);
    member_bool(&out, "inside", told->inside);
    member_bytes(&out, "remote_id", row->remote_id);
    member_bool(&out, "active", told->known && row->active);
    if (told->stream->period != PERIOD_NONE)
        json_member_text(&out, "file", told->file);
    json_member_text(&out, "state", told->known ? delivery_state_name(row->state) : NULL);
    json_member_text(&out, "operation", told->known && row->op ? told_op_name(row->op) : NULL);
    instant_write(row->since_ms, time);
    json_member_text(&out, "since", told->known ? time : NULL);
    json_member_number(&out, "run", row->run);
    json_member_number(&out, "tries", row->attempts);
    instant_write(row->next_ms, time);
    json_member_text(&out, "next_try", told->known && row->state == DELIVERY_RETRY ? time : NULL);
    if (row->why.len > 0)
        member_bytes(&out, "answer", row->why);
    else
        json_member_text(&out, "answer", *told->why ? told->why : NULL);
    snprintf(waits, sizeof(waits), "%c%lu", told->type, (unsigned long)told->waits);
    json_member_text(&out, "waits", told->waits ? waits : NULL);
    json_member_text(&out, "next", told_next_name(told->next));
    json_member_text(&out, "will", told->next == TOLD_SEND || told->next == TOLD_HELD ? told_op_name(told->op) : NULL);
    turn_write(showing, told, &turn);
    buffer_byte(&turn, 0);
    json_member_text(&out, "turn", turn.data);
    fields_json(showing, told, &out);
    buffer_text(&out, "}\n");
    if (out.rc == 0)
        fwrite(out.data, 1, out.len, showing->context->screen.out);
}

static int field_unknown(const struct showing *showing, const struct told *items, size_t count)
{
    const char *names[IMAGE_FIELDS_MAX + 1] = {NULL};
    size_t most = 0;
    for (size_t i = 0; i < count; i++)
        for (size_t n = 0; n < items[i].field_count && most < IMAGE_FIELDS_MAX; n++)
            names[most++] = items[i].fields[n].field->name;
    const char *near = nearest_name(showing->field, names);
    return complain_words("the target is told no '%s' of this person%s%s%s", showing->field,
                          near ? "; did you mean '" : "", near ? near : "", near ? "'?" : "");
}

int explain_target(struct context *context, struct query *query, const struct connection *connection, uint64_t person,
                   const char *field)
{
    struct showing showing = {.context = context, .query = query, .field = field};
    TIDY(free) struct told *items = NULL;
    size_t count = 0;
    struct err err = {0};
    int rc = query_unseal(query, context->settings, &err);
    if (rc == 0)
        rc = told_read(query, context->settings, connection, person, &items, &count);
    if (rc != 0)
        return complain_rc(err.rc ? rc : store_fail(query->store, rc, &err), &err);
    if (!context->json) {
        TIDY_DONE(screen_buffer_done) struct buffer name = {0};
        query_label(query, KIND_person, person, &name);
        screen_print(&context->screen, "%s  (id:%lu)\n", name.data, (unsigned long)person);
    }
    for (size_t n = 0; n < count; n++)
        if (context->json)
            told_json(&showing, &items[n], person);
        else
            told_tell(&showing, &items[n]);
    if (field && showing.shown == 0)
        return field_unknown(&showing, items, count);
    if (count == 0)
        screen_print(&context->screen, "connection '%s' is told nothing about this person\n", connection->name);
    return STATUS_DONE;
}
