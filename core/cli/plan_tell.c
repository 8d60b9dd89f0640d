/* plan_tell - a plan as a diff that people read. */
#include "cli/plan.h"
#include "cli/progress.h"
#include "cli/waits.h"

#include <stdlib.h>
#include <string.h>

enum { SHOWN = 10 };

struct telling {
    struct context *context;
    struct plan_view *view;
    struct grid grid;
    bool all, values; /* values: also those of who is created */
    enum planned_what what;
    uint64_t told;
    int rc;
};

const char *plan_op_word(enum journal_op op)
{
    switch (op) {
    case JOURNAL_CREATED: return "created";
    case JOURNAL_GONE: return "gone";
    case JOURNAL_RETURNED: return "returned";
    case JOURNAL_ERASED: return "erased";
    case JOURNAL_EXPIRED: return "kept no longer";
    default: return "changed";
    }
}

void plan_rule_place(const struct plan_view *view, const struct planned_change *change, struct buffer *out)
{
    if (change->rule && change->rule->node && change->rule->node->line > 0)
        buffer_format(out, "%s:%u", view->query->organization->file, change->rule->node->line);
}

static void value_add(struct plan_view *view, const struct field *field, struct value value, struct buffer *out)
{
    size_t before = out->len;
    query_value(view->query, NULL, field, value, out);
    if (out->rc == 0 && out->len == before)
        buffer_text(out, "(nothing)");
}

/* Why a value is what it would be: "hr: E-mail | lower (acme.yaml:14)". */
static void origin_add(struct plan_view *view, const struct planned_change *change, struct buffer *out)
{
    if (change->gone && change->entity->member_count > 0) {
        buffer_text(out, "no source has them any more: ");
        query_record(view->query, KIND_person, &change->entity->members[0], out);
    } else if (change->stream) {
        buffer_text(out, change->stream->connection_name);
        if (change->rule)
            buffer_format(out, ": %s (", change->rule->text);
        plan_rule_place(view, change, out);
        buffer_text(out, change->rule ? ")" : "");
    } else {
        buffer_text(out, "worked out");
    }
}

static int change_tell(void *context, const struct planned_change *change)
{
    struct telling *telling = context;
    TIDY_DONE(screen_buffer_done) struct buffer text = {0};
    TIDY_DONE(screen_buffer_done) struct buffer origin = {0};
    const char *kind = change->kind == KIND_person ? "" : kind_name(change->kind);
    bool created = change->op == JOURNAL_CREATED;
    if (created && !telling->values && (telling->what == PLANNED_CREATED || telling->what == PLANNED_OTHER))
        return 0; /* the line above is enough */
    if (!change->field && change->kind == KIND_person)
        return 0; /* the line above says it */
    if (!change->field) {
        grid_format(&telling->grid, COLOR_DIM, "%s", kind);
        grid_text(&telling->grid, plan_op_word(change->op));
        grid_text(&telling->grid, "");
        return 0;
    }
    if (!created) {
        value_add(telling->view, change->field, change->was, &text);
        buffer_text(&text, " → ");
    }
    value_add(telling->view, change->field, change->is, &text);
    origin_add(telling->view, change, &origin);
    grid_format(&telling->grid, COLOR_DIM, "%s%s%s", kind, *kind ? "." : "", change->field->name);
    grid_cell(&telling->grid, COLOR_NONE, text.data ? text.data : "", text.len);
    grid_cell(&telling->grid, COLOR_DIM, origin.data ? origin.data : "", origin.len);
    return text.rc ? text.rc : origin.rc;
}

static int planned_tell(struct telling *telling, const struct planned *planned)
{
    static const enum color colors[PLANNED_WHATS] = {COLOR_GREEN, COLOR_NONE, COLOR_RED,
                                                     COLOR_GREEN, COLOR_RED,  COLOR_NONE};
    struct plan_view *view = telling->view;
    const struct screen *screen = &telling->context->screen;
    TIDY_DONE(screen_buffer_done) struct buffer label = {0};
    TIDY_DONE(screen_buffer_done) struct buffer record = {0};
    query_label(view->query, planned->kind, planned->id, &label);
    if (planned->what == PLANNED_CREATED && entity_get(&view->query->txn, KIND_person, planned->id, view->entity) &&
        view->entity->member_count > 0)
        query_record(view->query, KIND_person, &view->entity->members[0], &record);
    fputs("  ", screen->out);
    screen_text(screen, colors[planned->what], label.data ? label.data : "");
    screen_print(screen, "%s%s\n", record.len ? "  " : "", record.data ? record.data : "");
    grid_start(&telling->grid, screen, "    ", "||");
    int rc = planned_changes(view, planned, change_tell, telling);
    grid_end(&telling->grid);
    return rc;
}

static void more_tell(const struct telling *telling, const char *number)
{
    const struct plan *plan = telling->view->plan;
    const struct screen *screen = &telling->context->screen;
    screen_print(screen, plan->number ? "  … %s more: muster plan %s --show %u\n" : "  … %s more: -v lists all\n",
                 number, telling->view->query->organization->id, plan->number);
}

static int group_tell(struct telling *telling, enum planned_what what)
{
    static const char *const heads[PLANNED_WHATS] = {"Would be created",         "Would be updated",
                                                     "Would be deactivated",     "Would be back again",
                                                     "Would be nobody any more", "Units and others"};
    const struct screen *screen = &telling->context->screen;
    struct planned planned;
    uint64_t count = telling->view->counts[what], told = 0;
    char number[32];
    if (count == 0)
        return 0;
    telling->what = what;
    progress_number(count, number);
    screen_print(screen, "\n%s (%s)\n", heads[what], number);
    int rc = plan_view_rewind(telling->view);
    while (rc == 0 && (telling->all || told < SHOWN) && (rc = plan_view_next(telling->view, &planned)) == 1) {
        rc = planned.what == what ? planned_tell(telling, &planned) : 0;
        told += planned.what == what;
    }
    if (rc == 0 && told < count) {
        progress_number(count - told, number);
        more_tell(telling, number);
    }
    return rc;
}

static void waits_tell(struct telling *telling, const struct wait_item *items, size_t count, enum wait_type type)
{
    const struct screen *screen = &telling->context->screen;
    size_t total = 0, told = 0;
    char head[64];
    for (size_t i = 0; i < count; i++)
        total += items[i].type == type;
    if (total == 0)
        return;
    waits_count_text(type, total, SIZE_MAX, head);
    screen_print(screen, "\nWould wait for a person: %s\n", head);
    for (size_t i = 0; i < count && (telling->all || told < SHOWN); i++) {
        TIDY_DONE(screen_buffer_done) struct buffer sentence = {0};
        if (items[i].type != type)
            continue;
        waits_sentence(telling->view->query, &items[i], true, &sentence);
        screen_print(screen, "  %c%lu  %s\n", type, (unsigned long)items[i].number, sentence.data ? sentence.data : "");
        told++;
    }
    if (told < total) {
        char number[32];
        progress_number(total - told, number);
        more_tell(telling, number);
    }
}

int plan_tell(struct context *context, struct plan_view *view, bool all)
{
    static const enum wait_type types[] = {WAIT_HELD, WAIT_REVIEW, WAIT_TASK, WAIT_DEAD, WAIT_DRIFT};
    struct telling telling = {.context = context, .view = view, .all = all, .values = GIVEN(context, verbose)};
    TIDY(free) struct wait_item *items = NULL;
    size_t count = 0;
    if (view->plan->report.pushed.is)
        return plan_push_tell(context, view, all);
    int rc = 0;
    for (int what = 0; what < PLANNED_WHATS && rc == 0; what++)
        rc = group_tell(&telling, (enum planned_what)what);
    if (rc == 0)
        rc = plan_view_waits(view, &items, &count);
    for (size_t t = 0; rc == 0 && t < sizeof(types) / sizeof(types[0]); t++)
        waits_tell(&telling, items, count, types[t]);
    return rc ? rc : view->query->txn.rc;
}
