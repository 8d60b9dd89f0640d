/* verb_adopt - adopt: first contact with a target that has people already. */
#include "base/jsontext.h"
#include "cli/progress.h"
#include "cli/sync.h"
#include "cli/verb.h"
#include "delivery/push.h"

#include <errno.h>
#include <string.h>

enum { SHOWN = 10 };

static const struct {
    const char *word, *name, *head;
} kinds_of[ADOPTED_COUNT] = {
    [ADOPTED_LINKED] = {"linked", "linked", "The same here and there"},
    [ADOPTED_DOUBTFUL] = {"in doubt", "doubtful", "In doubt"},
    [ADOPTED_ONLY_HERE] = {"only here", "only_here", "Only here: the next push creates them"},
    [ADOPTED_ONLY_THERE] = {"only there", "only_there", "Only there: left alone"},
    [ADOPTED_KNOWN] = {"known before", "known", NULL},
};

static void found_tell(struct context *context, struct query *query, const struct push_found *found)
{
    TIDY_DONE(screen_buffer_done) struct buffer label = {0};
    if (found->id)
        query_label_whose(query, found->kind, found->id, &label);
    else
        buffer_text(&label, found->text ? found->text : found->remote_id);
    screen_print(&context->screen, "  %s", label.data ? label.data : "");
    if (found->remote_id && found->id)
        screen_print(&context->screen, "  %s %s", found->what == ADOPTED_DOUBTFUL ? "could be" : "is",
                     found->remote_id);
    else if (found->remote_id && found->text)
        screen_print(&context->screen, "  (%s)", found->remote_id);
    if (found->by)
        screen_print(&context->screen, ", by %s", found->by);
    if (found->outside && found->what == ADOPTED_LINKED)
        screen_print(&context->screen, "; is not to be there: the next push switches it off");
    fputc('\n', context->screen.out);
}

static void adoption_tell(struct context *context, struct query *query, const struct push_adoption *adoption)
{
    bool all = GIVEN(context, verbose);
    for (unsigned what = 0; what < ADOPTED_KNOWN; what++) {
        char number[32];
        uint64_t shown = 0, count = adoption->counts[what];
        if (count == 0)
            continue;
        progress_number(count, number);
        screen_print(&context->screen, "\n%s (%s)\n", kinds_of[what].head, number);
        for (size_t n = 0; n < adoption->count && (all || shown < SHOWN); n++)
            if (adoption->items[n].what == what) {
                found_tell(context, query, &adoption->items[n]);
                shown++;
            }
        if (shown < count) {
            progress_number(count - shown, number);
            screen_print(&context->screen, "  … %s more, with -v\n", number);
        }
    }
}

static void tell(struct context *context, struct query *query, const struct push_adoption *adoption,
                 const struct run_report *report)
{
    const struct screen *screen = &context->screen;
    const char **words = context->arguments.words;
    if (context->quiet)
        return;
    if (adoption->dry)
        screen_print(screen, "%s: nothing is changed yet, here or there; it would be\n", words[1]);
    else
        screen_print(screen, "%s  run %u\n", words[1], report->run);
    for (unsigned what = 0; what < ADOPTED_COUNT; what++) {
        char number[32];
        progress_number(adoption->counts[what], number);
        if (what != ADOPTED_ONLY_THERE || adoption->there_known)
            screen_print(screen, "%s%s %s", what ? ", " : "  ", number, kinds_of[what].word);
    }
    fputc('\n', screen->out);
    adoption_tell(context, query, adoption);
    if (adoption->counts[ADOPTED_DOUBTFUL] > 0)
        screen_print(screen, "\nWho is who of those in doubt: muster adopt %s %s KEY THEIR-ID\n", words[0], words[1]);
    screen_print(screen,
                 adoption->dry ? "\nDo it: muster adopt %s %s%s%s%s%s\n"
                               : "\nWhat differs now: muster plan %s %s --push\n",
                 words[0], words[1],
                 adoption->where ? " --where "
                 : words[2]      ? " "
                                 : "",
                 adoption->where ? adoption->where
                 : words[2]      ? words[2]
                                 : "",
                 words[2] ? " " : "", words[2] ? words[3] : "");
}

static void found_json(struct query *query, const struct push_found *found, struct buffer *out)
{
    TIDY_DONE(screen_buffer_done) struct buffer label = {0};
    json_member_text(out, "what", kinds_of[found->what].name);
    json_member_text(out, "stream", found->stream);
    json_member_text(out, "kind", kind_name(found->kind));
    if (found->id) {
        query_label_whose(query, found->kind, found->id, &label);
        json_member_number(out, "id", found->id);
    }
    json_member_text(out, "name", found->id ? label.data : found->text);
    json_member_text(out, "remote_id", found->remote_id);
    json_member_text(out, "by", found->by);
    json_name(out, "outside");
    buffer_text(out, found->outside ? "true" : "false");
}

static void tell_json(struct context *context, struct query *query, const struct push_adoption *adoption,
                      const struct run_report *report)
{
    TIDY_DONE(screen_buffer_done) struct buffer out = {0};
    buffer_byte(&out, '{');
    json_member_text(&out, "organization", context->arguments.words[0]);
    json_member_text(&out, "connection", context->arguments.words[1]);
    if (!adoption->dry)
        json_member_number(&out, "run", report->run);
    for (unsigned what = 0; what < ADOPTED_COUNT; what++)
        if (what != ADOPTED_ONLY_THERE || adoption->there_known)
            json_member_number(&out, kinds_of[what].name, adoption->counts[what]);
    json_name(&out, "found");
    buffer_byte(&out, '[');
    for (size_t n = 0; n < adoption->count; n++) {
        buffer_text(&out, n ? ",{" : "{");
        found_json(query, &adoption->items[n], &out);
        buffer_byte(&out, '}');
    }
    buffer_text(&out, "]}\n");
    if (out.rc == 0)
        fwrite(out.data, 1, out.len, context->screen.out);
}

static int adopt(struct context *context, struct opened *opened, const struct connection *connection,
                 struct push_adoption *adoption)
{
    struct run_report report __attribute__((cleanup(run_report_done))) = {0};
    struct query *query TIDY(query_close) = NULL;
    struct err err = {0};
    struct run_request request = {.settings = context->settings,
                                  .organization = opened->organization,
                                  .connectors = context->connectors,
                                  .connection = connection,
                                  .author = context_author(),
                                  .cancel = sync_cancelled()};
    sync_catch_signals();
    int rc = push_adopt(&request, adoption, &report, &err);
    if (rc == 0)
        rc = query_open(context->settings, opened->organization, &query, &err);
    if (rc != 0)
        return complain_rc(rc, &err);
    if (context->json)
        tell_json(context, query, adoption, &report);
    else
        tell(context, query, adoption, &report);
    rc = query_end(query, &err);
    return rc ? complain_rc(rc, &err) : adoption->counts[ADOPTED_DOUBTFUL] > 0 ? STATUS_HELD : STATUS_DONE;
}

int verb_adopt(struct context *context)
{
    __attribute__((cleanup(opened_done))) struct opened opened = {0};
    __attribute__((cleanup(push_adoption_done))) struct push_adoption adoption = {.dry = GIVEN(context, plan),
                                                                                  .where = VALUE(context, where)};
    const char **words = context->arguments.words;
    const struct connection *connection;
    if (words[2] && !words[3])
        return complain_words("KEY and THEIR-ID go together: whom of ours, and which of theirs");
    if (words[2] && adoption.where)
        return complain_words("say whom, or --where, not both");
    int status = context_open(context, words[0], &opened);
    if (status != STATUS_DONE)
        return status;
    status = context_connection(opened.organization, words[1], &connection);
    if (status == STATUS_DONE && !connection->target)
        return complain_words("connection '%s' has no target: nobody is told to it", connection->name);
    if (status == STATUS_DONE && words[2])
        status = context_person(context, opened.query, words[0], words[2], &adoption.unit);
    adoption.remote_id = words[2] ? words[3] : NULL;
    return status ? status : adopt(context, &opened, connection, &adoption);
}
