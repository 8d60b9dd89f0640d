/* explain - why a value is what it is, in words. */
#include "cli/explain.h"

#include "base/clock.h"
#include "base/date.h"
#include "logic/reason.h"
#include "tables/journal.h"

#include <string.h>

void explain_field_name(const struct explained *explained, struct buffer *out)
{
    if (explained->kind != KIND_person)
        buffer_text(out, kind_name(explained->kind));
    if (explained->nth > 0)
        buffer_format(out, "[%u]", explained->nth);
    buffer_format(out, "%s%s", explained->kind == KIND_person ? "" : ".", explained->field->name);
}

/* What stands there, "(nothing)" when nothing does. */
static void explain_value(const struct explained *explained, struct value value, struct buffer *out)
{
    size_t before = out->len;
    query_value(explained->query, explained->entity, explained->field, value, out);
    if (out->rc == 0 && out->len == before)
        buffer_text(out, "(nothing)");
}

void explain_said(const struct explained *explained, struct value value, struct buffer *out)
{
    struct reference reference;
    if (explained->field->type != TYPE_REF || value.presence != PRESENCE_VALUE ||
        !reference_read(value.bytes, value.len, &reference)) {
        explain_value(explained, value, out);
        return;
    }
    buffer_add(out, reference.text, reference.text_len);
    if (reference.text_len > 0 && reference.name_len > 0)
        buffer_byte(out, ' ');
    buffer_add(out, reference.name, reference.name_len);
}

void explain_record(const struct explained *explained, size_t ground, struct buffer *out)
{
    query_record(explained->query, explained->kind, explained->grounds.items[ground].member, out);
}

void explain_seed(const struct explained *explained, uint64_t seed, struct buffer *out)
{
    for (uint16_t n = 0; seed != 0 && n < explained->entity->member_count; n++)
        if (explained->entity->members[n].seed == seed)
            query_record(explained->query, explained->kind, &explained->entity->members[n], out);
}

static void add_day(int64_t day, struct buffer *out)
{
    char text[11];
    date_write(date_from_days(day), text);
    buffer_text(out, text);
}

/* What counts more for a status than any record's word. */
enum over { OVER_NOTHING, OVER_GONE, OVER_LEFT, OVER_UNREAD, OVER_TO_COME, OVER_UNSAID };

static enum over status_over(const struct explained *explained, struct ground_status *ret_status)
{
    if (explained->kind != KIND_person || explained->field->number != FIELD_person_status || explained->run != 0)
        return OVER_NOTHING;
    int rc = grounds_status(explained->query, explained->entity, ret_status);
    screen_fail(rc);
    bool left = ret_status->terminated_day != INT64_MIN && ret_status->terminated_day < ret_status->today;
    bool to_come = ret_status->hired_day != INT64_MIN && ret_status->hired_day > ret_status->today;
    return rc != 0                 ? OVER_NOTHING
           : !ret_status->exists   ? OVER_GONE
           : left                  ? OVER_LEFT
           : ret_status->unread    ? OVER_UNREAD
           : to_come               ? OVER_TO_COME
           : ret_status->said == 0 ? OVER_UNSAID
                                   : OVER_NOTHING;
}

void explain_status(const struct explained *explained, struct buffer *out)
{
    struct ground_status status;
    switch (status_over(explained, &status)) {
    case OVER_GONE:
        buffer_text(out, "No source that decides who exists has the person any more: they are inactive, whatever else "
                         "is said.");
        break;
    case OVER_LEFT:
        buffer_text(out, "The last day worked, ");
        add_day(status.terminated_day, out);
        buffer_text(out, ", is over: that counts more than what a source says.");
        break;
    case OVER_UNREAD:
        buffer_format(
            out,
            "What is said of %s is not understood, and nothing that is known stands in its place: they are inactive "
            "until it is, so that nobody gets an account by it. Mend it in the source or the mapping (`muster "
            "deadletters %s`), or `muster pin` says how it is.",
            status.unread == FIELD_person_status ? "it" : "their last day", explained->query->organization->id);
        break;
    case OVER_TO_COME:
        buffer_text(out, "The first day, ");
        add_day(status.hired_day, out);
        buffer_text(out, ", is still to come: they are pending until then.");
        break;
    case OVER_UNSAID:
        buffer_text(out, "No source says one; who is known and neither to come nor gone is active.");
        break;
    case OVER_NOTHING: break;
    }
}

void explain_missing(const struct explained *explained, const char *indent, struct buffer *out)
{
    bool status = explained->kind == KIND_person && explained->field->number == FIELD_person_status;
    for (size_t i = 0; status && explained->run == 0 && i < explained->grounds.count; i++) {
        const struct ground *ground = &explained->grounds.items[i];
        char since[QUERY_TIME], goes[QUERY_TIME];
        if (ground->state != SOURCE_MISSING)
            continue;
        int64_t goes_ms = ground_goes(explained->query, ground);
        query_time(explained->query, ground->since_ms, since);
        buffer_text(out, indent);
        explain_record(explained, i, out);
        buffer_format(out, " is missing since %s", since);
        if (goes_ms == INT64_MAX) {
            buffer_text(out, ", and its connection lets nobody go");
        } else if (goes_ms > clock_now_ms()) {
            query_time(explained->query, goes_ms, goes);
            buffer_format(out, ", goes on %s unless its source says it again", goes);
        }
        buffer_text(out, ".\n");
    }
}

bool explain_supposes(const struct explained *explained)
{
    TIDY_DONE(screen_buffer_done) struct buffer status = {0};
    if (explained->kind != KIND_person || explained->field->number != FIELD_person_status)
        return true;
    explain_status(explained, &status);
    return explained->grounds.pinned && status.len == 0;
}

void explain_otherwise(const struct explained *explained, const struct ground_otherwise *otherwise, struct buffer *out)
{
    const struct grounds *grounds = &explained->grounds;
    const struct ground *ground = otherwise->of == SIZE_MAX ? NULL : &grounds->items[otherwise->of];
    const char *name = ground && ground->stream ? ground->stream->connection_name : "";
    if (otherwise->how == OTHERWISE_UNPINNED) {
        buffer_format(out, "without the pin s%lu", (unsigned long)grounds->pin.number);
    } else if (otherwise->how == OTHERWISE_SILENT) {
        buffer_text(out, "if ");
        explain_record(explained, otherwise->of, out);
        buffer_text(out, " said nothing");
    } else if (otherwise->how == OTHERWISE_FIRST) {
        buffer_format(out, "if '%s' came first in the authority for it", name);
    } else {
        buffer_format(out, "if '%s' were asked, and first, in the authority for it", name);
    }
}

/* "hr, desk, in this order (acme.yaml:40)" */
static void add_authority(const struct explained *explained, struct buffer *out)
{
    const struct organization *organization = explained->query->organization;
    const struct authority *authority = explained->grounds.authority;
    for (size_t i = 0; authority && authority->connections[i]; i++)
        buffer_format(out, "%s%s", i ? ", then " : "", authority->connections[i]->name);
    for (size_t i = 0; !authority && i < organization->connection_count; i++)
        buffer_format(out, "%s%s", i ? ", then " : "", organization->connections[i].name);
    if (authority && authority->node) {
        buffer_text(out, " (");
        ground_line(explained->query, NULL, authority->node, out);
        buffer_byte(out, ')');
    } else {
        buffer_text(out, " (as they stand in the file: no authority is named)");
    }
}

static void line(struct grid *grid, const char *name, const struct buffer *text)
{
    if (text->len == 0)
        return;
    grid_format(grid, COLOR_DIM, "%s", name);
    grid_cell(grid, COLOR_NONE, text->data, text->len);
}

/* Why a record's value is the one of before: what it says now was not taken, or it says nothing any more. */
static void add_carried(const struct explained *explained, const struct ground *ground, struct buffer *out)
{
    struct passed passed;
    char field[128];
    snprintf(field, sizeof(field), "%s.%s", kind_name(explained->kind), explained->field->name);
    bool known = passed_read(explained->query, ground->stream, ground->member->id, &passed);
    for (size_t i = 0; known && i < passed.item_count; i++) {
        const struct wait_item *item = &passed.items[i];
        if (item->type == WAIT_DEAD && item->field && strcmp(item->field, field) == 0) {
            buffer_format(out, "what it says now was not taken: d%lu", (unsigned long)item->number);
            return;
        }
    }
    buffer_text(out, "its column is missing");
}

static void winner_tell(const struct explained *explained, struct grid *grid)
{
    const struct grounds *grounds = &explained->grounds;
    TIDY_DONE(screen_buffer_done) struct buffer record = {0}, place = {0}, rule = {0};
    if (grounds->winner == SIZE_MAX || grounds->pinned)
        return;
    const struct ground *ground = &grounds->items[grounds->winner];
    char since[QUERY_TIME];
    query_time(explained->query, ground->since_ms, since);
    explain_record(explained, grounds->winner, &record);
    buffer_format(&record, ", as it is since run %u, %s", ground->run, since);
    if (ground->value.flags & VALUE_CARRIED) {
        buffer_text(&record, "; carried: ");
        add_carried(explained, ground, &record);
        buffer_text(&record, ", what it said before stays");
    }
    ground_place(ground, &place);
    if (ground->file)
        buffer_format(&place, "%s%s", place.len ? " of " : "", ground->file);
    if (ground->rule) {
        buffer_format(&rule, "%s: %s  (", explained->field->name, ground->rule->text);
        ground_line(explained->query, ground->stream->connection, ground->rule->node, &rule);
        buffer_byte(&rule, ')');
    } else {
        buffer_text(&rule, "the mapping has none now: what it said before stays");
    }
    line(grid, "said by", &record);
    line(grid, "where", &place);
    line(grid, "rule", &rule);
}

static void since_tell(const struct explained *explained, struct grid *grid)
{
    TIDY_DONE(screen_buffer_done) struct buffer text = {0}, record = {0};
    char time[QUERY_TIME];
    if (!explained->dated)
        return;
    query_time(explained->query, explained->since.time_ms, time);
    buffer_format(&text, "run %u, %s", explained->since.run, time);
    if (explained->since.created) {
        buffer_text(&text, ", from the beginning");
    } else {
        buffer_text(&text, "; before: ");
        if (explained->since.was.flags & VALUE_BYGONE)
            buffer_text(&text, "(kept no longer)");
        else
            explain_value(explained, explained->since.was, &text);
    }
    if (explained->run != 0)
        explain_seed(explained, explained->since.seed, &record);
    line(grid, "said by", &record);
    line(grid, "since", &text);
}

/* `over`: dates or silence count more than what is said. */
static void says_tell(const struct explained *explained, bool over)
{
    const struct grounds *grounds = &explained->grounds;
    struct grid grid;
    grid_start(&grid, &explained->context->screen, "  ", "RECORD|SAYS|AND");
    for (size_t i = 0; i < grounds->count; i++) {
        const struct ground *ground = &grounds->items[i];
        TIDY_DONE(screen_buffer_done) struct buffer record = {0}, text = {0}, carried = {0};
        explain_record(explained, i, &record);
        explain_said(explained, ground->value, &text);
        if (ground->value.flags & VALUE_CARRIED)
            add_carried(explained, ground, &carried);
        grid_cell(&grid, COLOR_NONE, record.data ? record.data : "", record.len);
        grid_cell(&grid, COLOR_NONE, text.data ? text.data : "", text.len);
        bool counts = ground->why == GROUND_COUNTS && !over;
        grid_format(&grid, counts ? COLOR_GREEN : COLOR_DIM, "%s%s%s%s",
                    ground->why == GROUND_COUNTS && over ? "would count" : ground_sentence(ground->why),
                    carried.len ? " (" : "", carried.len ? carried.data : "",
                    carried.len ? "; what was said before)" : "");
    }
    grid_end(&grid);
}

/* What is held of it: the source says so already. */
static void held_tell(const struct explained *explained)
{
    for (size_t i = 0; i < explained->grounds.count; i++) {
        const struct ground *ground = &explained->grounds.items[i];
        TIDY_DONE(screen_buffer_done) struct buffer record = {0}, text = {0};
        if (!ground->held_reason)
            continue;
        explain_record(explained, i, &record);
        explain_said(explained, ground->held, &text);
        screen_print(&explained->context->screen, "  Held: %s says %s now; %s (%s). See `muster inbox %s`.\n",
                     record.data, text.data ? text.data : "",
                     reason_text(ground->held_reason) ? reason_text(ground->held_reason) : "", ground->held_reason,
                     explained->query->organization->id);
    }
}

static void otherwise_tell(const struct explained *explained)
{
    const struct grounds *grounds = &explained->grounds;
    bool supposes = explain_supposes(explained);
    for (size_t i = 0; supposes && i < grounds->otherwise_count; i++) {
        const struct ground_otherwise *otherwise = &grounds->otherwise[i];
        TIDY_DONE(screen_buffer_done) struct buffer text = {0}, when = {0};
        if (otherwise->ground != SIZE_MAX)
            explain_said(explained, grounds->items[otherwise->ground].value, &text);
        else
            buffer_text(&text, "(nothing)");
        explain_otherwise(explained, otherwise, &when);
        screen_print(&explained->context->screen, "  It would be %s %s.\n", text.data ? text.data : "",
                     when.data ? when.data : "");
    }
}

static void then_tell(const struct explained *explained)
{
    struct grid grid;
    TIDY_DONE(screen_buffer_done) struct buffer now = {0};
    grid_start(&grid, &explained->context->screen, "  ", "|");
    since_tell(explained, &grid);
    explain_value(explained, explained->now, &now);
    line(&grid, "today", &now);
    grid_end(&grid);
    screen_print(&explained->context->screen,
                 "  What other records said then is not kept; without --run it is told of today.\n");
}

void explain_tell(const struct explained *explained)
{
    const struct grounds *grounds = &explained->grounds;
    const struct screen *screen = &explained->context->screen;
    TIDY_DONE(screen_buffer_done) struct buffer name = {0}, value = {0}, authority = {0}, pin = {0}, status = {0};
    struct value is = image_get(explained->entity->image, explained->field->number);
    explain_field_name(explained, &name);
    explain_value(explained, is, &value);
    if (explained->run != 0) {
        screen_print(screen, "%s, after run %u: %s\n", name.data, explained->run, value.data);
        then_tell(explained);
        return;
    }
    screen_print(screen, "%s: %s\n", name.data, value.data);
    struct grid grid;
    grid_start(&grid, screen, "  ", "|");
    if (grounds->pinned)
        explain_statement(explained->query, &grounds->pin, &pin);
    line(&grid, "pinned", &pin);
    explain_status(explained, &status);
    if (status.len == 0)
        winner_tell(explained, &grid);
    add_authority(explained, &authority);
    line(&grid, "decided by", &authority);
    since_tell(explained, &grid);
    grid_end(&grid);
    says_tell(explained, status.len > 0);
    if (status.len > 0 && grounds->pinned)
        screen_print(screen, "  Without the pin s%lu: %s\n", (unsigned long)grounds->pin.number, status.data);
    else if (status.len > 0)
        screen_print(screen, "  %s\n", status.data);
    else if (grounds->winner == SIZE_MAX && !grounds->pinned && is.presence == PRESENCE_VALUE)
        screen_print(screen, "  This was worked out, no source says it.\n");
    TIDY_DONE(screen_buffer_done) struct buffer missing = {0};
    explain_missing(explained, "  ", &missing);
    screen_print(screen, "%s", missing.data ? missing.data : "");
    held_tell(explained);
    otherwise_tell(explained);
}

void explain_row(const struct explained *explained, struct grid *grid)
{
    const struct grounds *grounds = &explained->grounds;
    TIDY_DONE(screen_buffer_done) struct buffer name = {0}, value = {0}, record = {0}, rule = {0};
    explain_field_name(explained, &name);
    explain_value(explained, image_get(explained->entity->image, explained->field->number), &value);
    const struct ground *ground =
        explained->run == 0 && grounds->winner != SIZE_MAX ? &grounds->items[grounds->winner] : NULL;
    static const char *const over_words[] = {[OVER_GONE] = "no source has the person any more",
                                             [OVER_LEFT] = "the last day worked is over",
                                             [OVER_UNREAD] = "what is said is not understood",
                                             [OVER_TO_COME] = "the first day is still to come",
                                             [OVER_UNSAID] = "no source says one"};
    struct ground_status status;
    enum over over = grounds->pinned ? OVER_NOTHING : status_over(explained, &status);
    if (explained->run != 0)
        explain_seed(explained, explained->since.seed, &record);
    else if (grounds->pinned)
        buffer_format(&record, "pinned (s%lu)", (unsigned long)grounds->pin.number);
    else if (over != OVER_NOTHING)
        buffer_text(&record, "worked out");
    else if (ground)
        explain_record(explained, grounds->winner, &record);
    else
        buffer_text(&record, "worked out");
    if (over != OVER_NOTHING) {
        buffer_text(&rule, over_words[over]);
    } else if (ground && ground->rule && !grounds->pinned) {
        buffer_format(&rule, "%s  ", ground->rule->text);
        ground_line(explained->query, ground->stream->connection, ground->rule->node, &rule);
    }
    grid_cell(grid, COLOR_DIM, name.data, name.len);
    grid_cell(grid, COLOR_NONE, value.data, value.len);
    grid_cell(grid, COLOR_NONE, record.data ? record.data : "", record.len);
    grid_cell(grid, COLOR_DIM, rule.data ? rule.data : "", rule.len);
    if (explained->dated)
        grid_format(grid, COLOR_DIM, "run %u", explained->since.run);
    else
        grid_text(grid, "");
}
