/* verb_pause - pause and resume: a connection, or a whole organization, is left alone for a while. */
#include "base/clock.h"
#include "base/date.h"
#include "base/jsontext.h"
#include "cli/decide.h"
#include "cli/pauses.h"
#include "cli/sync.h"
#include "cli/verb.h"

#include <errno.h>
#include <string.h>

struct pausing {
    struct context *context;
    struct organization *organization;
    struct store *store;
    struct zone *zone;
    const char *id, *connection; /* connection: "" for all */
};

static void pausing_done(struct pausing *pausing)
{
    zone_free(pausing->zone);
    store_close(pausing->store);
    organization_free(pausing->organization);
}

/* Also of an organization from which nothing was fetched yet. */
static int pausing_open(struct context *context, struct pausing *pausing)
{
    const char *name = context->arguments.words[1];
    struct err err = {0};
    pausing->context = context;
    pausing->id = context->arguments.words[0];
    pausing->connection = name ? name : "";
    int status = context_organization(context, pausing->id, &pausing->organization);
    if (status != STATUS_DONE)
        return status;
    const struct connection *connection;
    if (name && (status = context_connection(pausing->organization, name, &connection)) != STATUS_DONE)
        return status;
    const char *dir = run_store_dir(context->settings, pausing->id, context->arena);
    int rc = dir ? store_open(dir, true, &pausing->store, &err) : -ENOMEM;
    if (rc == 0 && (rc = zone_open(pausing->organization->time_zone, &pausing->zone)) != 0)
        err_set(&err, rc, "%s: time zone '%s' cannot be read: %s", pausing->organization->file,
                pausing->organization->time_zone, err_text(rc));
    return rc ? complain_rc(rc, &err) : STATUS_DONE;
}

static int pause_until(struct pausing *pausing, struct pause *pause)
{
    const char *until = VALUE(pausing->context, until);
    struct err err = {0};
    if (!until)
        return STATUS_DONE;
    struct query clock = {.zone = pausing->zone};
    if (query_time_read(&clock, until, &pause->until_ms, &err) != 0)
        return complain_words("--until: %s", err.text);
    if (pause->until_ms <= pause->since_ms)
        return complain_words("--until %s is over already", until);
    return STATUS_DONE;
}

static void pause_json(const struct pause *pause, struct buffer *out)
{
    char time[25];
    buffer_byte(out, '{');
    json_member_text(out, "connection", *pause->connection ? pause->connection : NULL);
    json_member_text(out, "author", pause->author);
    json_member_text(out, "reason", pause->reason);
    instant_write(pause->since_ms, time);
    json_member_text(out, "since", time);
    instant_write(pause->until_ms, time);
    json_member_text(out, "until", pause->until_ms ? time : NULL);
    buffer_byte(out, '}');
}

static void pause_tell(struct pausing *pausing, const struct pause *pause)
{
    struct context *context = pausing->context;
    TIDY_DONE(screen_buffer_done) struct buffer out = {0};
    if (context->quiet && !context->json)
        return;
    if (context->json) {
        pause_json(pause, &out);
        fprintf(context->screen.out, "%s\n", out.data ? out.data : "{}");
        return;
    }
    brake_sentence(pause, pausing->zone, &out);
    screen_print(&context->screen, "%s%s%s is %s\n", pausing->id, *pause->connection ? ": " : "", pause->connection,
                 out.data ? out.data : "");
    screen_print(&context->screen, "  A run that is going on is not stopped by it: muster cancel %s\n", pausing->id);
    screen_print(&context->screen, "  To go on: muster resume %s%s%s\n", pausing->id, *pause->connection ? " " : "",
                 pause->connection);
}

int verb_pause(struct context *context)
{
    __attribute__((cleanup(pausing_done))) struct pausing pausing = {0};
    struct pause pause = {.author = context_author(), .since_ms = clock_now_ms()};
    struct err err = {0};
    int status = decide_reason(context, &pause.reason);
    if (status == STATUS_DONE)
        status = pausing_open(context, &pausing);
    if (status == STATUS_DONE)
        status = pause_until(&pausing, &pause);
    if (status != STATUS_DONE)
        return status;
    pause.connection = pausing.connection;
    int rc = brake_pause(pausing.store, &pause, &err);
    if (rc != 0)
        return complain_rc(rc, &err);
    pause_tell(&pausing, &pause);
    return STATUS_DONE;
}

/* What is still in the way of a connection, or of all. */
static int resume_tell(struct pausing *pausing)
{
    struct context *context = pausing->context;
    struct txn txn __attribute__((cleanup(tidy_txn))) = {0};
    struct pause *pauses = NULL;
    size_t count = 0;
    txn_begin(&txn, pausing->store, false);
    int rc = brake_list(&txn, clock_now_ms(), context->arena, &pauses, &count);
    if (rc != 0)
        return complain_rc(rc, NULL);
    if (context->json) {
        TIDY_DONE(screen_buffer_done) struct buffer out = {0};
        pauses_json(pauses, count, &out);
        fprintf(context->screen.out, "{%s}\n", out.data ? out.data : "");
        return STATUS_DONE;
    }
    if (context->quiet)
        return STATUS_DONE;
    screen_print(&context->screen, "%s%s%s is no longer paused\n", pausing->id, *pausing->connection ? ": " : "",
                 pausing->connection);
    pauses_tell(context, pausing->id, pausing->zone, pauses, count);
    return STATUS_DONE;
}

int verb_resume(struct context *context)
{
    __attribute__((cleanup(pausing_done))) struct pausing pausing = {0};
    struct err err = {0};
    int status = pausing_open(context, &pausing);
    if (status != STATUS_DONE)
        return status;
    int rc = brake_resume(pausing.store, pausing.connection, clock_now_ms(), &err);
    if (rc == ERR_GONE) {
        err_set(&err, rc, "%s%s%s is not paused%s; `muster status %s` shows what is", pausing.id,
                *pausing.connection ? ": " : "", pausing.connection, *pausing.connection ? " by itself" : " as a whole",
                pausing.id);
        return complain_rc(rc, &err);
    }
    return rc ? complain_rc(rc, &err) : resume_tell(&pausing);
}

/* --- for status and inbox --- */

void pauses_tell(struct context *context, const char *id, const struct zone *zone, const struct pause *pauses,
                 size_t count)
{
    for (size_t i = 0; i < count; i++) {
        TIDY_DONE(screen_buffer_done) struct buffer out = {0};
        const char *connection = pauses[i].connection;
        brake_sentence(&pauses[i], zone, &out);
        screen_print(&context->screen, "  %s is %s (muster resume %s%s%s)\n", *connection ? connection : "all of it",
                     out.data ? out.data : "", id, *connection ? " " : "", connection);
    }
}

void pauses_json(const struct pause *pauses, size_t count, struct buffer *out)
{
    json_name(out, "paused");
    buffer_byte(out, '[');
    for (size_t i = 0; i < count; i++) {
        buffer_text(out, i ? "," : "");
        pause_json(&pauses[i], out);
    }
    buffer_byte(out, ']');
}
