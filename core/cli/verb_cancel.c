/* verb_cancel - asks the run that is going on to stop between two changes. */
#include "base/jsontext.h"
#include "cli/context.h"
#include "cli/runs.h"
#include "cli/verb.h"
#include "engine/run.h"
#include "store/holder.h"

#include <errno.h>
#include <string.h>

enum { WAIT_MS = 60000 };

static uint32_t last_run(struct context *context, struct organization *organization, struct run_line *ret_line,
                         struct query **ret_query)
{
    uint32_t run = 0;
    if (query_open(context->settings, organization, ret_query, NULL) == 0) {
        run = query_last_run(*ret_query);
        if (ret_line && run > 0 && !runs_line(*ret_query, run, ret_line))
            run = 0;
    }
    return run;
}

static int cancel_tell(struct context *context, struct organization *organization, uint32_t before)
{
    struct query *query TIDY(query_close) = NULL;
    struct run_line line = {.outcome = ""};
    uint32_t run = last_run(context, organization, &line, &query);
    const char *outcome = run > before ? line.outcome : "cancelled";
    if (context->json) {
        TIDY_DONE(screen_buffer_done) struct buffer out = {0};
        buffer_byte(&out, '{');
        json_member_text(&out, "organization", organization->id);
        if (run > before)
            json_member_number(&out, "run", run);
        json_member_text(&out, "outcome", outcome);
        fprintf(context->screen.out, "%s}\n", out.data ? out.data : "{");
        return STATUS_DONE;
    }
    if (context->quiet)
        return STATUS_DONE;
    if (strcmp(outcome, "cancelled") != 0)
        screen_print(&context->screen, "%s: run %u of %s was through already: it ended as %s\n", organization->id, run,
                     line.connection, outcome);
    else if (run > before)
        screen_print(&context->screen, "%s: run %u of %s is cancelled; what was confirmed before it stays\n",
                     organization->id, run, line.connection);
    else
        screen_print(&context->screen, "%s: it has stopped; nothing of it was taken\n", organization->id);
    return STATUS_DONE;
}

int verb_cancel(struct context *context)
{
    TIDY(organization_free) struct organization *organization = NULL;
    __attribute__((cleanup(holder_done))) struct holder holder = {.fd = -1};
    struct err err = {0};
    const char *id = context->arguments.words[0];
    int status = context_organization(context, id, &organization);
    if (status != STATUS_DONE)
        return status;
    const char *dir = run_store_dir(context->settings, id, context->arena);
    int rc = dir ? holder_find(dir, &holder, &err) : -ENOMEM;
    if (rc == ERR_GONE)
        err_set(&err, rc, "no run of '%s' is going on: there is nothing to cancel", id);
    if (rc != 0)
        return complain_rc(rc, &err);
    struct query *query TIDY(query_close) = NULL;
    uint32_t before = last_run(context, organization, NULL, &query);
    query_close(TAKE(query)); /* an old snapshot would not see how it ends */
    if (!holder_listens(&holder))
        return complain_rc(ERR_BUSY, &(struct err){.rc = ERR_BUSY,
                                                   .text = "what goes on there is being written down, or has been "
                                                           "asked to stop already: it ends by itself in a moment"});
    rc = holder_interrupt(&holder);
    if (rc != 0 && rc != ERR_GONE)
        return complain_rc(rc, NULL);
    if (!holder_ends(&holder, WAIT_MS)) {
        err_set(&err, ERR_BUSY, "process %ld has been asked to stop and is still at it: it stops between two changes",
                holder.pid);
        return complain_rc(ERR_BUSY, &err);
    }
    return cancel_tell(context, organization, before);
}
