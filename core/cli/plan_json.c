/* plan_json - a plan as JSON. */
#include "base/date.h"
#include "base/jsontext.h"
#include "cli/plan.h"
#include "cli/waits.h"
#include "query/json.h"

#include <stdlib.h>

struct printing {
    struct context *context;
    struct plan_view *view;
    struct buffer out;
    bool any; /* of the list that is being written */
};

static void print(struct printing *printing)
{
    if (printing->out.rc == 0)
        fwrite(printing->out.data, 1, printing->out.len, printing->context->screen.out);
    screen_fail(printing->out.rc);
    buffer_clear(&printing->out);
}

static void member_instant(struct buffer *out, const char *name, int64_t ms)
{
    char text[25];
    instant_write(ms, text);
    json_member_text(out, name, text);
}

static void plan_head(const struct plan *plan, struct buffer *out)
{
    json_name(out, "plan");
    if (plan->number)
        buffer_format(out, "%u", plan->number);
    else
        buffer_text(out, "null");
    json_member_text(out, "organization", plan->report.organization);
    json_member_text(out, "connection", plan->connection);
    if (!plan->number)
        return;
    json_member_text(out, "state", plan_state_name(plan->state));
    member_instant(out, "made", plan->made_ms);
    member_instant(out, "expires", plan->expires_ms);
    if (plan->applied_ms)
        member_instant(out, "applied", plan->applied_ms);
}

static void report_member(const struct plan *plan, struct buffer *out)
{
    json_name(out, "report");
    buffer_text(out, plan->report.json ? plan->report.json : "{}");
}

static int change_print(void *context, const struct planned_change *change)
{
    struct printing *printing = context;
    struct buffer *out = &printing->out;
    TIDY_DONE(screen_buffer_done) struct buffer text = {0};
    buffer_text(out, printing->any ? ",{" : "{");
    printing->any = true;
    json_member_text(out, "kind", kind_name(change->kind));
    json_member_number(out, "id", change->id);
    json_member_text(out, "what", plan_op_word(change->op));
    if (change->field) {
        json_member_text(out, "field", change->field->name);
        json_name(out, "from");
        json_value(printing->view->query, NULL, change->field, change->was, out);
        json_name(out, "to");
        json_value(printing->view->query, NULL, change->field, change->is, out);
    }
    if (change->member && change->stream) {
        query_record(printing->view->query, change->kind, change->member, &text);
        json_member_text(out, "record", text.data);
        json_member_text(out, "connection", change->stream->connection_name);
    }
    if (change->gone)
        json_member_text(out, "because", "gone");
    if (change->rule) {
        buffer_clear(&text);
        plan_rule_place(printing->view, change, &text);
        json_member_text(out, "rule", change->rule->text);
        json_member_text(out, "place", text.len ? text.data : NULL);
    }
    buffer_byte(out, '}');
    return out->rc ? out->rc : text.rc;
}

static int planned_print(struct printing *printing, const struct planned *planned)
{
    struct query *query = printing->view->query;
    struct buffer *out = &printing->out;
    TIDY_DONE(screen_buffer_done) struct buffer text = {0};
    buffer_byte(out, '{');
    if (planned->kind == KIND_person && entity_get(&query->txn, KIND_person, planned->id, printing->view->entity)) {
        struct image image = printing->view->entity->image;
        struct value number = image_get(image, FIELD_person_employee_number);
        json_member_text(out, "what", planned_name(planned->what));
        json_member_number(out, "id", planned->id);
        json_name(out, "number");
        json_value(query, NULL, field_by_number(KIND_person, FIELD_person_employee_number), number, out);
        query_name(query, planned->id, image, &text);
        json_member_text(out, "name", text.data);
    } else {
        json_member_text(out, "kind", kind_name(planned->kind));
        json_member_number(out, "id", planned->id);
        query_label(query, planned->kind, planned->id, &text);
        json_member_text(out, "name", text.data);
    }
    json_name(out, "changes");
    buffer_byte(out, '[');
    bool before = printing->any;
    printing->any = false;
    int rc = planned_changes(printing->view, planned, change_print, printing);
    printing->any = before;
    buffer_text(out, "]}");
    return rc ? rc : out->rc;
}

/* All of the plan's persons, or all others. */
static int list_print(struct printing *printing, const char *name, bool persons)
{
    struct planned planned;
    json_name(&printing->out, name);
    buffer_byte(&printing->out, '[');
    printing->any = false;
    int rc = plan_view_rewind(printing->view);
    while (rc == 0 && (rc = plan_view_next(printing->view, &planned)) == 1) {
        rc = 0;
        if ((planned.kind == KIND_person) != persons)
            continue;
        if (printing->any)
            buffer_text(&printing->out, ",");
        rc = planned_print(printing, &planned);
        printing->any = true;
        print(printing);
    }
    buffer_byte(&printing->out, ']');
    return rc;
}

static int waits_print_list(struct printing *printing)
{
    struct buffer *out = &printing->out;
    TIDY(free) struct wait_item *items = NULL;
    size_t count = 0;
    int rc = plan_view_waits(printing->view, &items, &count);
    json_name(out, "waits");
    buffer_byte(out, '[');
    for (size_t i = 0; i < count && rc == 0; i++) {
        TIDY_DONE(screen_buffer_done) struct buffer record = {0};
        TIDY_DONE(screen_buffer_done) struct buffer why = {0};
        char id[32];
        snprintf(id, sizeof(id), "%c%lu", items[i].type, (unsigned long)items[i].number);
        waits_record(printing->view->query, &items[i], &record);
        buffer_text(out, i ? ",{" : "{");
        json_member_text(out, "id", id);
        json_member_text(out, "type", waits_type_word(items[i].type));
        json_member_text(out, "record", record.data);
        json_member_text(out, "place", items[i].place);
        json_member_text(out, "field", items[i].field);
        json_member_text(out, "reason", items[i].reason);
        waits_why(printing->view->query, &items[i], &why);
        json_member_text(out, "sentence", why.data);
        json_member_text(out, "text", items[i].text);
        buffer_byte(out, '}');
        rc = record.rc ? record.rc : why.rc;
    }
    buffer_byte(out, ']');
    return rc;
}

int plan_json(struct context *context, const struct plan *plan, struct plan_view *view)
{
    struct printing printing = {.context = context, .view = view};
    buffer_byte(&printing.out, '{');
    plan_head(plan, &printing.out);
    report_member(plan, &printing.out);
    int rc = view ? list_print(&printing, "people", true) : 0;
    if (view && rc == 0)
        rc = list_print(&printing, "others", false);
    if (view && rc == 0)
        rc = waits_print_list(&printing);
    if (view && rc == 0 && plan->report.pushed.is)
        rc = plan_push_json(view, &printing.out);
    buffer_text(&printing.out, "}\n");
    print(&printing);
    buffer_done(&printing.out);
    return rc ? rc : view ? view->query->txn.rc : 0;
}

int plan_line_json(struct context *context, const struct plan *plan)
{
    struct printing printing = {.context = context};
    buffer_byte(&printing.out, '{');
    plan_head(plan, &printing.out);
    report_member(plan, &printing.out);
    buffer_text(&printing.out, "}\n");
    print(&printing);
    buffer_done(&printing.out);
    return 0;
}
