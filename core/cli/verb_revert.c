/* verb_revert - revert: what a run brought, taken back. */
#include "acts/revert.h"

#include "base/jsontext.h"
#include "base/mem.h"
#include "cli/decide.h"
#include "cli/verb.h"
#include "logic/reason.h"
#include "query/json.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

enum { SHOWN = 20 };

/* --- for people --- */

static void item_row(struct query *query, const struct revert_item *item, struct grid *grid)
{
    TIDY_DONE(screen_buffer_done) struct buffer text = {0};
    uint64_t id = item->root ? item->root : item->id;
    query_label(query, item->root ? KIND_person : item->kind, id, &text);
    grid_cell(grid, COLOR_NONE, text.data ? text.data : "", text.len);
    bool person = item->kind == KIND_person;
    if (item->field)
        grid_format(grid, COLOR_DIM, "%s%s%s", person ? "" : kind_name(item->kind), person ? "" : ".",
                    item->field->name);
    else
        grid_format(grid, COLOR_DIM, "%s", kind_name(item->kind));
    if (item->left) {
        grid_text(grid, reason_text(item->left));
        return;
    }
    buffer_clear(&text);
    if (item->field) {
        query_value(query, NULL, item->field, item->is, &text);
        buffer_text(&text, text.len > 0 ? " → " : "(nothing) → ");
        size_t before = text.len;
        query_value(query, NULL, item->field, item->was, &text);
        buffer_text(&text, text.len > before ? "" : "(nothing)");
    } else {
        buffer_text(&text, person ? "makes nobody" : "is not there");
    }
    grid_cell(grid, COLOR_NONE, text.data ? text.data : "", text.len);
}

static void items_tell(struct context *context, struct query *query, const struct revert *revert, bool left)
{
    struct grid grid;
    size_t count = 0, most = GIVEN(context, verbose) ? SIZE_MAX : SHOWN;
    for (size_t i = 0; i < revert->count; i++) {
        if ((revert->items[i].left != NULL) != left || count++ >= most)
            continue;
        if (count == 1) {
            screen_print(&context->screen, left ? "Left as it is:\n" : "Taken back:\n");
            grid_start(&grid, &context->screen, "  ", "||");
        }
        item_row(query, &revert->items[i], &grid);
    }
    if (count > 0)
        grid_end(&grid);
    if (count > most)
        screen_print(&context->screen, "  and %zu more: -v lists all\n", count - most);
}

/* Nothing was sent: targets are told by a push. */
static void targets_tell(struct context *context, const struct organization *organization,
                         const struct run_report *report)
{
    TIDY_DONE(screen_buffer_done) struct buffer targets = {0};
    for (size_t i = 0; i < organization->connection_count; i++)
        if (organization->connections[i].target)
            buffer_format(&targets, " %s", organization->connections[i].name);
    if (targets.len == 0 || targets.rc != 0 ||
        report->created + report->updated + report->deactivated + report->reactivated + report->retired == 0)
        return;
    screen_print(&context->screen, "  Targets hear of it with their next push: muster sync %s%s --push-only\n",
                 organization->id, targets.data);
}

static void tell(struct context *context, struct query *query, const struct revert *revert,
                 const struct run_report *report)
{
    const struct screen *screen = &context->screen;
    const char *org = context->arguments.words[0];
    bool dry = GIVEN(context, plan);
    size_t fields = 0, things = 0;
    for (size_t i = 0; i < revert->count; i++) {
        fields += !revert->items[i].left && revert->items[i].field;
        things += !revert->items[i].left && !revert->items[i].field;
    }
    if (dry)
        screen_print(screen, "run %u: nothing is taken back yet; it would be\n", revert->run);
    else if (revert->withdrawn > 0)
        screen_print(screen, "run %u is taken back (run %u): %lu statement%s of it withdrawn\n", revert->run,
                     report->run, (unsigned long)revert->withdrawn, revert->withdrawn == 1 ? "" : "s");
    if (!dry && revert->first > 0)
        screen_print(screen,
                     "run %u is taken back (run %u): %zu value%s as before, %zu thing%s of it no more, each until its "
                     "source says something else; `muster withdraw %s run:%u --reason TEXT` gives it back\n",
                     revert->run, report->run, fields, fields == 1 ? "" : "s", things, things == 1 ? "" : "s", org,
                     revert->run);
    decide_tell(context, report);
    if (!dry)
        targets_tell(context, query->organization, report);
    if (dry)
        items_tell(context, query, revert, false);
    items_tell(context, query, revert, true);
    if (dry && *revert->held)
        screen_print(screen, "Held: %s. It would need --anyway.\n", revert->held);
}

/* --- for programs --- */

static void item_json(struct query *query, const struct revert_item *item, struct buffer *out)
{
    buffer_byte(out, '{');
    if (item->root)
        json_member_number(out, "person", item->root);
    json_member_text(out, "kind", kind_name(item->kind));
    json_member_number(out, "id", item->id);
    if (item->field) {
        json_member_text(out, "field", item->field->name);
        json_name(out, "from");
        json_value(query, NULL, item->field, item->is, out);
        json_name(out, "to");
        json_value(query, NULL, item->field, item->was, out);
    }
    if (item->left)
        json_member_text(out, "reason", item->left);
    buffer_byte(out, '}');
}

static void items_json(struct query *query, const struct revert *revert, bool left, struct buffer *out)
{
    size_t count = 0;
    json_name(out, left ? "left" : "taken_back");
    buffer_byte(out, '[');
    for (size_t i = 0; i < revert->count; i++)
        if ((revert->items[i].left != NULL) == left) {
            buffer_text(out, count++ ? "," : "");
            item_json(query, &revert->items[i], out);
        }
    buffer_byte(out, ']');
}

static void tell_json(struct context *context, struct query *query, const struct revert *revert,
                      const struct run_report *report)
{
    TIDY_DONE(screen_buffer_done) struct buffer out = {0};
    buffer_byte(&out, '{');
    json_member_text(&out, "organization", query->organization->id);
    json_member_number(&out, "reverted", revert->run);
    json_name(&out, "planned");
    buffer_text(&out, GIVEN(context, plan) ? "true" : "false");
    json_member_text(&out, "held", *revert->held ? revert->held : NULL);
    json_member_number(&out, "withdrawn", revert->withdrawn);
    items_json(query, revert, false, &out);
    items_json(query, revert, true, &out);
    json_name(&out, "report");
    buffer_text(&out, report->json ? report->json : "{}");
    buffer_text(&out, "}\n");
    if (out.rc == 0)
        fwrite(out.data, 1, out.len, context->screen.out);
}

static int read_run(struct context *context, struct revert *revert)
{
    const char *word = context->arguments.words[1];
    char *end;
    unsigned long run = word[0] >= '0' && word[0] <= '9' ? strtoul(word, &end, 10) : 0;
    if (run == 0 || run > UINT32_MAX || *end != '\0')
        return complain_words("'%s' is no run: `muster runs %s` lists them, as in 12", word,
                              context->arguments.words[0]);
    revert->run = (uint32_t)run;
    return STATUS_DONE;
}

int verb_revert(struct context *context)
{
    __attribute__((cleanup(opened_done))) struct opened opened = {0};
    __attribute__((cleanup(revert_done))) struct revert revert = {
        .author = context_author(), .dry = GIVEN(context, plan), .anyway = GIVEN(context, anyway)};
    struct run_report report __attribute__((cleanup(run_report_done))) = {0};
    struct err err = {0};
    int status = decide_reason(context, &revert.reason);
    if (status == STATUS_DONE)
        status = read_run(context, &revert);
    if (status == STATUS_DONE)
        status = context_open(context, context->arguments.words[0], &opened);
    if (status != STATUS_DONE)
        return status;
    struct run_request request = context_request(context, opened.organization, NULL);
    struct act act = {.verb = "revert",
                      .author = revert.author,
                      .reason = revert.reason,
                      .dry = revert.dry,
                      .state = revert_state,
                      .judge = revert_judge,
                      .context = &revert};
    int rc = act_run(&request, &act, &report, &err);
    if (rc != 0 && !context->json) /* what stands in the way */
        items_tell(context, opened.query, &revert, true);
    if (rc != 0)
        return complain_rc(rc, &err);
    if (context->json)
        tell_json(context, opened.query, &revert, &report);
    else
        tell(context, opened.query, &revert, &report);
    rc = query_end(opened.query, &err);
    return rc ? complain_rc(rc, &err) : revert.dry && *revert.held && !revert.anyway ? STATUS_HELD : STATUS_DONE;
}
