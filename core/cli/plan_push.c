/* plan_push - a plan of what a target would be told, as people read it and as JSON. */
#include "base/jsontext.h"
#include "cli/plan.h"
#include "cli/progress.h"
#include "config/target.h"
#include "logic/reason.h"
#include "model/image.h"
#include "query/json.h"
#include "store/changeset.h"
#include "store/dict.h"
#include "tables/delivery_wait.h"

#include <muster/connector.h>
#include <string.h>

enum { SHOWN = 10, GROUPS = 6 };

/* What people are told in one heap. */
static const struct group {
    enum delivery_state state;
    int op;
    const char *head, *word;
} groups[GROUPS] = {{DELIVERY_SENT, MUSTER_CREATE, "Would be created there", "create"},
                    {DELIVERY_SENT, MUSTER_UPDATE, "Would be updated there", "update"},
                    {DELIVERY_SENT, MUSTER_DEACTIVATE, "Would be switched off there", "deactivate"},
                    {DELIVERY_SENT, MUSTER_REACTIVATE, "Would be switched on again there", "reactivate"},
                    {DELIVERY_HELD, 0, "Held", "held"},
                    {DELIVERY_MANUAL, 0, "Manual action needed", "manual"}};

struct unit {
    uint32_t stream;
    enum kind kind;
    uint64_t id;
    struct delivery row;
};

static const struct group *group_of(const struct unit *unit)
{
    for (size_t n = 0; n < GROUPS; n++)
        if (groups[n].state == unit->row.state && (groups[n].op == 0 || groups[n].op == unit->row.op))
            return &groups[n];
    return &groups[0];
}

/* 1 and the next one; 0 after the last. */
static int unit_next(struct changeset *changeset, struct unit *ret_unit)
{
    struct changeset_row row;
    int rc;
    while ((rc = changeset_next(changeset, TABLE_delivery, &row)) == 1)
        if (delivery_planned(row.key, row.value, &ret_unit->stream, &ret_unit->kind, &ret_unit->id, &ret_unit->row))
            return 1;
    return rc;
}

static struct value value_of(struct bytes image, uint16_t field)
{
    return image_get((struct image){image.data, (uint32_t)image.len}, field);
}

static void value_show(struct value value, struct buffer *out)
{
    if (value.flags & VALUE_SEALED)
        buffer_text(out, "•••");
    else if (value.presence == PRESENCE_VALUE)
        buffer_add(out, value.bytes, value.len);
    else
        buffer_text(out, "(nothing)");
}

/* The field's name behind a number. */
static bool field_name(struct plan_view *view, uint16_t number, struct bytes *ret_name)
{
    if (!dict_name(&view->query->txn, number, ret_name) || ret_name->len < 5)
        return false;
    *ret_name = bytes((const char *)ret_name->data + 5, ret_name->len - 5); /* "sent:" */
    return true;
}

/* The nth field of what is wanted that differs from what is there. */
static bool change_next(struct plan_view *view, const struct unit *unit, uint16_t *nth, struct bytes *ret_name,
                        struct value *ret_was, struct value *ret_is)
{
    struct image wanted = {unit->row.wanted.data, (uint32_t)unit->row.wanted.len};
    while (*nth < image_count(wanted)) {
        uint16_t number;
        *ret_is = image_nth(wanted, (*nth)++, &number);
        *ret_was = value_of(unit->row.confirmed, number);
        bool blank = ret_is->presence != PRESENCE_VALUE && ret_was->presence != PRESENCE_VALUE;
        if (!blank && !value_equal(*ret_was, *ret_is) && field_name(view, number, ret_name))
            return true;
    }
    return false;
}

static void unit_tell(struct context *context, struct plan_view *view, const struct unit *unit, bool values)
{
    const struct screen *screen = &context->screen;
    TIDY_DONE(screen_buffer_done) struct buffer label = {0};
    struct bytes name;
    struct value was, is;
    uint16_t nth = 0;
    query_label_whose(view->query, unit->kind, unit->id, &label);
    screen_print(screen, "  %s\n", label.data ? label.data : "");
    if (unit->row.why.len > 0)
        screen_print(screen, "    %s%.*s\n",
                     unit->row.state == DELIVERY_HELD ? "" : "by hand: ", (int)unit->row.why.len,
                     (const char *)unit->row.why.data);
    if (unit->row.op == MUSTER_DEACTIVATE || (unit->row.op == MUSTER_CREATE && !values))
        return;
    struct grid grid;
    grid_start(&grid, screen, "    ", "|");
    while (change_next(view, unit, &nth, &name, &was, &is)) {
        TIDY_DONE(screen_buffer_done) struct buffer text = {0};
        if (unit->row.op != MUSTER_CREATE) {
            value_show(was, &text);
            buffer_text(&text, " → ");
        }
        value_show(is, &text);
        grid_format(&grid, COLOR_DIM, "%.*s", (int)name.len, (const char *)name.data);
        grid_cell(&grid, COLOR_NONE, text.data ? text.data : "", text.len);
    }
    grid_end(&grid);
}

/* --- files of periods --- */

enum { FILES = 64 };

struct planned_file {
    const struct target_stream *stream;
    uint32_t number;
    int32_t from;
    uint64_t rows, corrected, taken_out;
};

static const struct target_stream *target_of(const struct plan_view *view, uint32_t number)
{
    const struct stream_name *name = streams_find(&view->query->streams, number);
    const struct connection *connection = organization_connection(view->query->organization, view->plan->connection);
    return name && connection ? target_stream(connection->target, name->stream + strlen(DELIVERY_STREAM)) : NULL;
}

/* Where a unit's file is counted; NULL: it goes into none, or there are too many. */
static struct planned_file *file_of(const struct plan_view *view, const struct unit *unit, struct planned_file *files,
                                    size_t *count)
{
    const struct target_stream *stream = unit->row.into.file > 0 ? target_of(view, unit->stream) : NULL;
    for (size_t n = 0; n < *count; n++)
        if (files[n].number == unit->stream && files[n].from == unit->row.into.file)
            return &files[n];
    if (!stream || *count == FILES)
        return NULL;
    files[*count] = (struct planned_file){.stream = stream, .number = unit->stream, .from = unit->row.into.file};
    return &files[(*count)++];
}

static int files_tell(struct context *context, struct plan_view *view)
{
    struct planned_file files[FILES];
    struct changeset *changeset = view->plan->changeset;
    struct unit unit;
    size_t count = 0;
    int rc = changeset_rewind(changeset, TABLE_delivery);
    while (rc == 0 && (rc = unit_next(changeset, &unit)) == 1) {
        struct planned_file *file = unit.row.state == DELIVERY_SENT ? file_of(view, &unit, files, &count) : NULL;
        rc = 0;
        if (!file)
            continue;
        file->rows += unit.row.op != MUSTER_DEACTIVATE;
        file->corrected += unit.row.op == MUSTER_UPDATE;
        file->taken_out += unit.row.op == MUSTER_DEACTIVATE;
    }
    for (size_t n = 0; n < count; n++) {
        char name[PERIOD_TEXT], rows[32];
        period_name(files[n].stream->period, files[n].from, name);
        progress_number(files[n].rows, rows);
        screen_print(&context->screen, "\nThe file of %s, stream %s: %s new or changed", name, files[n].stream->name,
                     rows);
        if (files[n].corrected > 0)
            screen_print(&context->screen, ", %lu of them corrected", (unsigned long)files[n].corrected);
        if (files[n].taken_out > 0)
            screen_print(&context->screen, ", %lu taken out", (unsigned long)files[n].taken_out);
        screen_print(&context->screen, "\n");
    }
    return rc;
}

static int group_tell(struct context *context, struct plan_view *view, const struct group *group, bool all)
{
    struct changeset *changeset = view->plan->changeset;
    struct unit unit;
    uint64_t count = 0, told = 0;
    char number[32];
    int rc = changeset_rewind(changeset, TABLE_delivery);
    while (rc == 0 && (rc = unit_next(changeset, &unit)) == 1) {
        count += group_of(&unit) == group;
        rc = 0;
    }
    if (rc != 0 || count == 0)
        return rc;
    progress_number(count, number);
    screen_print(&context->screen, "\n%s (%s)\n", group->head, number);
    rc = changeset_rewind(changeset, TABLE_delivery);
    while (rc == 0 && (all || told < SHOWN) && (rc = unit_next(changeset, &unit)) == 1) {
        rc = 0;
        if (group_of(&unit) != group)
            continue;
        unit_tell(context, view, &unit, all || GIVEN(context, verbose));
        told++;
    }
    if (told < count) {
        progress_number(count - told, number);
        screen_print(&context->screen, "  … %s more: muster plan %s --show %u\n", number, view->query->organization->id,
                     view->plan->number);
    }
    return rc;
}

int plan_push_tell(struct context *context, struct plan_view *view, bool all)
{
    int rc = files_tell(context, view);
    for (size_t n = 0; rc == 0 && n < GROUPS; n++)
        rc = group_tell(context, view, &groups[n], all);
    return rc;
}

static void unit_json(struct plan_view *view, const struct unit *unit, struct buffer *out)
{
    TIDY_DONE(screen_buffer_done) struct buffer label = {0};
    const struct stream_name *stream = streams_find(&view->query->streams, unit->stream);
    struct bytes name;
    struct value was, is;
    uint16_t nth = 0;
    bool any = false;
    query_label_whose(view->query, unit->kind, unit->id, &label);
    json_member_text(out, "what", group_of(unit)->word);
    json_member_text(out, "stream", stream ? stream->stream + 3 : NULL); /* "to:" */
    json_member_text(out, "kind", kind_name(unit->kind));
    json_member_number(out, "id", unit->id);
    json_member_text(out, "name", label.data);
    const struct target_stream *target = unit->row.into.file > 0 ? target_of(view, unit->stream) : NULL;
    if (target) {
        char file[PERIOD_TEXT];
        period_name(target->period, unit->row.into.file, file);
        json_member_text(out, "file", file);
    }
    if (unit->row.why.len > 0) {
        char why[400];
        snprintf(why, sizeof(why), "%.*s", (int)unit->row.why.len, (const char *)unit->row.why.data);
        json_member_text(out, "why", why);
    }
    json_name(out, "changes");
    buffer_byte(out, '[');
    while (change_next(view, unit, &nth, &name, &was, &is)) {
        TIDY_DONE(screen_buffer_done) struct buffer text = {0};
        buffer_add(&text, name.data, name.len);
        buffer_byte(&text, 0);
        buffer_text(out, any ? ",{" : "{");
        any = true;
        json_member_text(out, "field", text.data);
        for (int side = 0; side < 2; side++) {
            struct value value = side ? is : was;
            buffer_clear(&text);
            value_show(value, &text);
            buffer_byte(&text, 0);
            json_member_text(out, side ? "is" : "was", value.presence == PRESENCE_VALUE ? text.data : NULL);
        }
        buffer_byte(out, '}');
    }
    buffer_byte(out, ']');
}

int plan_push_json(struct plan_view *view, struct buffer *out)
{
    struct changeset *changeset = view->plan->changeset;
    struct unit unit;
    bool any = false;
    json_name(out, "there");
    buffer_byte(out, '[');
    int rc = changeset_rewind(changeset, TABLE_delivery);
    while (rc == 0 && (rc = unit_next(changeset, &unit)) == 1) {
        rc = 0;
        buffer_text(out, any ? ",{" : "{");
        unit_json(view, &unit, out);
        buffer_byte(out, '}');
        any = true;
    }
    buffer_byte(out, ']');
    return rc ? rc : out->rc;
}
