/* verb_plan - plan and apply: what a sync would do, shown and kept; and exactly that, done. */
#include "base/clock.h"
#include "cli/idle.h"
#include "cli/plan.h"
#include "cli/progress.h"
#include "cli/sync.h"
#include "cli/verb.h"

#include <errno.h>
#include <string.h>

/* --- which --- */

static bool reads(const struct connection *connection)
{
    return connection->mappings && connection->mappings[0];
}

/* A plan is what one sync would do; of several each sees what those before it brought, and that is not there yet. */
static int several(const struct organization *organization)
{
    struct buffer names __attribute__((cleanup(buffer_done))) = {0};
    const char *first = NULL;
    for (size_t i = 0; i < organization->connection_count; i++) {
        if (!reads(&organization->connections[i]))
            continue;
        buffer_format(&names, "%s%s", first ? ", then " : "", organization->connections[i].name);
        first = first ? first : organization->connections[i].name;
    }
    return complain_words("a plan is of one connection. A sync runs %s, and each sees what those before it brought: "
                          "plan one, as in `muster plan %s %s`, apply it, then plan the next",
                          names.data ? names.data : "several", organization->id, first ? first : "CONNECTION");
}

static int plan_of(struct syncing *syncing, const struct connection **ret_connection)
{
    const struct organization *organization = syncing->organization;
    const char **words = syncing->context->arguments.words + 1;
    size_t count = 0;
    for (size_t i = 0; words[i]; i++)
        if (context_connection(syncing->organization, words[i], ret_connection) != STATUS_DONE)
            return STATUS_WORDS;
    if (words[0])
        return words[1] ? several(organization) : STATUS_DONE;
    if (syncing->allow_held)
        return sync_held_connection(syncing, ret_connection);
    for (size_t i = organization->connection_count; i-- > 0;)
        if (reads(&organization->connections[i])) {
            *ret_connection = &organization->connections[i];
            count++;
        }
    if (count == 0)
        return complain_words("%s: no connection is read from: none has streams", organization->file);
    return count > 1 ? several(organization) : STATUS_DONE;
}

static int read_number(const char *text, const char *organization, uint32_t *ret_number)
{
    char *end;
    errno = 0;
    unsigned long number = strtoul(text, &end, 10);
    if (text[0] < '0' || text[0] > '9' || *end != '\0' || errno != 0 || number == 0 || number > UINT32_MAX)
        return complain_words("'%s' is no number of a plan: `muster plan %s --list` lists them", text, organization);
    *ret_number = (uint32_t)number;
    return STATUS_DONE;
}

/* --- showing --- */

static void age_text(int64_t ms, char ret_text[32])
{
    const struct {
        int64_t ms;
        const char *word;
    } units[] = {{86400000, "day"}, {3600000, "hour"}, {60000, "minute"}};
    for (size_t i = 0; i < sizeof(units) / sizeof(units[0]); i++)
        if (ms >= units[i].ms) {
            long count = (long)(ms / units[i].ms);
            snprintf(ret_text, 32, "%ld %s%s", count, units[i].word, count == 1 ? "" : "s");
            return;
        }
    snprintf(ret_text, 32, "just now");
}

static void tell_end(struct context *context, const struct plan *plan, const struct query *query)
{
    const char *id = plan->report.organization;
    char over[QUERY_TIME];
    query_time(query, plan->expires_ms, over);
    if (plan->report.more)
        screen_print(&context->screen, "\nAnother file waits for its turn: plan again when this one is applied\n");
    switch (plan->state) {
    case PLAN_OPEN:
        screen_print(&context->screen, "\nNothing is stored yet. Until %s: muster apply %s %u\n", over, id,
                     plan->number);
        break;
    case PLAN_MOVED:
        screen_print(&context->screen,
                     "\nAnother run has changed what is stored since. What is still as shown: muster apply %s %u\n"
                     "Anew: muster plan %s %s\n",
                     id, plan->number, id, plan->connection);
        break;
    case PLAN_EXPIRED:
        screen_print(&context->screen, "\nIt was good until %s: muster plan %s %s\n", over, id, plan->connection);
        break;
    case PLAN_APPLIED:
        screen_print(&context->screen, "\nIt was applied, as run %u: muster run %s %u\n", plan->report.run, id,
                     plan->report.run);
        break;
    }
}

static void tell_head(struct context *context, const struct plan *plan)
{
    const struct screen *screen = &context->screen;
    const struct run_report *report = &plan->report;
    screen_print(screen, "%s  ", plan->connection);
    if (plan->number)
        screen_print(screen, "plan %u  ", plan->number);
    screen_text(screen, sync_color(report->outcome), outcome_name(report->outcome));
    fputc('\n', screen->out);
    sync_tell_partitions(screen, report);
    if (plan->report.pushed.is && plan->number)
        sync_tell_pushed(screen, report);
    else if (plan->report.pushed.is)
        screen_print(screen, "  there: nothing to do\n");
    else if (plan->number)
        sync_tell_counts(screen, report);
    else
        screen_print(screen, "  nothing could be taken, so there is no plan\n");
}

static int plan_show(struct context *context, struct organization *organization, const struct plan *plan, bool all)
{
    struct plan_view *view __attribute__((cleanup(tidy_plan_view_close))) = NULL;
    struct err err = {0};
    int rc = plan->changeset ? plan_view_open(context->settings, organization, plan, &view, &err) : 0;
    if (rc != 0)
        return complain_rc(rc, &err);
    if (context->json) {
        rc = plan_json(context, plan, view);
    } else if (!context->quiet || plan->report.outcome != OUTCOME_SUCCEEDED) {
        tell_head(context, plan);
        rc = view ? plan_tell(context, view, all) : 0;
        if (rc == 0 && view)
            tell_end(context, plan, view->query);
        else if (plan->number)
            screen_print(&context->screen, "  It is over (%s): only what it came to is left.\n",
                         plan_state_name(plan->state));
    }
    fflush(context->screen.out);
    if (rc != 0)
        err_set(&err, rc, "plan %u cannot be shown: %s", plan->number, err_text(rc));
    return rc ? complain_rc(rc, &err) : STATUS_DONE;
}

static int show_one(struct context *context, struct organization *organization)
{
    struct plan plan __attribute__((cleanup(plan_done))) = {0};
    struct err err = {0};
    uint32_t number;
    int status = read_number(VALUE(context, show), organization->id, &number);
    if (status != STATUS_DONE)
        return status;
    int rc = plan_read(context->settings, organization, number, true, &plan, &err);
    return rc ? complain_rc(rc, &err) : plan_show(context, organization, &plan, true);
}

static int list_all(struct context *context, struct organization *organization)
{
    struct plans plans __attribute__((cleanup(plans_done))) = {0};
    struct err err = {0};
    int rc = plans_read(context->settings, organization, &plans, &err);
    if (rc != 0)
        return complain_rc(rc, &err);
    for (size_t i = 0; context->json && i < plans.count; i++)
        plan_line_json(context, &plans.items[i]);
    if (context->json)
        return STATUS_DONE;
    if (plans.count == 0) {
        screen_print(&context->screen, "no plans: `muster plan %s` makes one\n", organization->id);
        return STATUS_DONE;
    }
    struct grid grid;
    grid_start(&grid, &context->screen, "", ">PLAN|AGE|CONNECTION|OUTCOME|>CREATED|>UPDATED|>DEACTIVATED|>HELD|STATE");
    for (size_t i = 0; i < plans.count; i++) {
        const struct plan *plan = &plans.items[i];
        char age[32];
        age_text(clock_now_ms() - plan->made_ms, age);
        grid_number(&grid, plan->number);
        grid_text(&grid, age);
        grid_text(&grid, plan->connection);
        grid_format(&grid, sync_color(plan->report.outcome), "%s", outcome_name(plan->report.outcome));
        const struct run_report *report = &plan->report;
        bool push = report->pushed.is;
        grid_number(&grid, push ? report->pushed.created : report->created);
        grid_number(&grid, push ? report->pushed.updated : report->updated);
        grid_number(&grid, push ? report->pushed.deactivated : report->deactivated);
        grid_number(&grid, push ? report->pushed.held : report->held);
        grid_text(&grid, plan_state_name(plan->state));
    }
    grid_end(&grid);
    return STATUS_DONE;
}

/* --- the verbs --- */

static int plan_new(struct syncing *syncing)
{
    struct context *context = syncing->context;
    struct plan plan __attribute__((cleanup(plan_done))) = {0};
    const struct connection *connection = NULL;
    struct progress progress;
    struct err err = {0};
    int status = plan_of(syncing, &connection);
    if (status != STATUS_DONE)
        return status;
    struct run_request request = {.settings = context->settings,
                                  .organization = syncing->organization,
                                  .connectors = context->connectors,
                                  .connection = connection,
                                  .full = GIVEN(context, full),
                                  .kept = GIVEN(context, kept),
                                  .push = GIVEN(context, push) || (connection->target && !reads(connection)),
                                  .partition = VALUE(context, partition),
                                  .allow_held = syncing->allow_held,
                                  .author = context_author(),
                                  .reason = VALUE(context, reason),
                                  .cancel = sync_cancelled(),
                                  .progress = progress_tell,
                                  .context = &progress};
    if (request.push && !connection->target)
        return complain_words("connection '%s' has no target: it is told nothing", connection->name);
    if (request.kept && (request.full || request.push))
        return complain_words("--kept asks nobody: it goes neither with --full nor with what a target is told");
    if (request.push && !context->quiet)
        idle_target(context, syncing->organization, connection);
    sync_catch_signals();
    progress_start(&progress, connection->name, !context->quiet);
    int rc = plan_make(&request, &plan, &err);
    progress_end(&progress);
    if (rc != 0)
        return complain_rc(rc, &err);
    status = plan_show(context, syncing->organization, &plan, false);
    sync_count(syncing, &plan.report);
    return status ? status : sync_status(syncing);
}

int verb_plan(struct context *context)
{
    TIDY(organization_free) struct organization *organization = NULL;
    int status = context_organization(context, context->arguments.words[0], &organization);
    if (status != STATUS_DONE)
        return status;
    if (GIVEN(context, list) || GIVEN(context, show)) {
        if (context->arguments.words[1])
            return complain_words("--list and --show are of all connections of %s", organization->id);
        return GIVEN(context, list) ? list_all(context, organization) : show_one(context, organization);
    }
    struct syncing syncing = {.context = context, .organization = organization};
    status = sync_read_words(&syncing);
    return status ? status : plan_new(&syncing);
}

int verb_apply(struct context *context)
{
    TIDY(organization_free) struct organization *organization = NULL;
    struct plan plan __attribute__((cleanup(plan_done))) = {0};
    struct err err = {0};
    uint32_t number;
    int status = context_organization(context, context->arguments.words[0], &organization);
    if (status == STATUS_DONE)
        status = read_number(context->arguments.words[1], organization->id, &number);
    if (status != STATUS_DONE)
        return status;
    struct syncing syncing = {.context = context, .organization = organization};
    struct run_request request = context_request(context, organization, NULL);
    request.cancel = sync_cancelled();
    sync_catch_signals();
    int rc = plan_apply(&request, number, GIVEN(context, strict), &plan, &err);
    if (rc != 0)
        return complain_rc(rc, &err);
    sync_tell(&syncing, &plan.report);
    if (plan.left_out > 0 && !context->json)
        screen_print(&context->screen,
                     "  %lu left out: what they are, or would become, has changed since the plan was made.\n"
                     "  Look at them: muster plan %s %s\n",
                     (unsigned long)plan.left_out, organization->id, plan.connection);
    sync_count(&syncing, &plan.report);
    return sync_status(&syncing);
}
