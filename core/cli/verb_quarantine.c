/* verb_quarantine - quarantine and release: connections and partitions that are set aside because they failed. */
#include "base/date.h"
#include "base/jsontext.h"
#include "broker/sessions.h"
#include "cli/pauses.h"
#include "cli/sync.h"
#include "cli/telling.h"
#include "cli/verb.h"
#include "logic/reason.h"

#include <errno.h>
#include <string.h>

static void instant_member(struct buffer *out, const char *name, int64_t ms)
{
    char time[25];
    instant_write(ms, time);
    json_member_text(out, name, time);
}

static void quarantine_json(const struct quarantine *item, struct buffer *out)
{
    const char *reason = quarantine_reason(item);
    int64_t next_ms = quarantine_next(item);
    buffer_byte(out, '{');
    json_member_text(out, "connection", item->connection);
    if (*item->partition)
        json_member_text(out, "partition", item->partition);
    json_member_text(out, "direction", quarantine_word(item->of));
    json_member_text(out, "reason", reason);
    json_member_text(out, "sentence", reason ? reason_text(reason) : NULL);
    json_member_number(out, "failures", item->failures);
    json_member_number(out, "run", item->run);
    instant_member(out, "since", item->since_ms);
    instant_member(out, "last", item->last_ms);
    if (next_ms == INT64_MAX)
        json_member_text(out, "next", NULL);
    else
        instant_member(out, "next", next_ms);
    json_member_text(out, "error", item->sentence);
    buffer_byte(out, '}');
}

void quarantines_json(const struct quarantine *items, size_t count, struct buffer *out)
{
    json_name(out, "quarantine");
    buffer_byte(out, '[');
    for (size_t i = 0; i < count; i++) {
        buffer_text(out, i ? "," : "");
        quarantine_json(&items[i], out);
    }
    buffer_byte(out, ']');
}

void quarantines_tell(struct context *context, const char *id, const struct zone *zone, const struct quarantine *items,
                      size_t count)
{
    for (size_t i = 0; i < count; i++) {
        TIDY_DONE(screen_buffer_done) struct buffer out = {0};
        quarantine_sentence(&items[i], zone, &out);
        bool part = *items[i].partition;
        screen_print(&context->screen, "  %s%s%s is %s (%s; muster release %s %s%s%s)\n", items[i].connection,
                     part ? "/" : "", items[i].partition, out.data ? out.data : "", quarantine_reason(&items[i]), id,
                     items[i].connection, part ? " --partition " : "", items[i].partition);
    }
}

int verb_quarantine(struct context *context)
{
    __attribute__((cleanup(opened_done))) struct opened opened = {0};
    struct quarantine *items = NULL;
    size_t count = 0;
    const char *id = context->arguments.words[0];
    int status = context_open(context, id, &opened);
    if (status != STATUS_DONE)
        return status;
    int rc = quarantine_list(&opened.query->txn, opened.organization, context->arena, &items, &count);
    if (rc != 0)
        return complain_rc(rc, NULL);
    for (size_t i = 0; context->json && i < count; i++) {
        TIDY_DONE(screen_buffer_done) struct buffer out = {0};
        quarantine_json(&items[i], &out);
        fprintf(context->screen.out, "%s\n", out.data ? out.data : "{}");
    }
    if (context->json)
        return STATUS_DONE;
    if (count == 0 && !context->quiet)
        screen_print(&context->screen, "Nothing is set aside in '%s'.\n", id);
    quarantines_tell(context, id, opened.query->zone, items, count);
    return STATUS_DONE;
}

int verb_release(struct context *context)
{
    __attribute__((cleanup(opened_done))) struct opened opened = {0};
    const char *id = context->arguments.words[0], *name = context->arguments.words[1];
    const char *partition = VALUE(context, partition);
    const struct connection *connection;
    struct err err = {0};
    int status = context_open(context, id, &opened);
    if (status != STATUS_DONE)
        return status;
    struct syncing syncing = {.context = context, .organization = opened.organization};
    if ((status = context_connection(opened.organization, name, &connection)) != STATUS_DONE)
        return status;
    TIDY(sessions_free) struct sessions *sessions = syncing.sessions = sessions_new();
    int rc = sessions ? quarantine_release(opened.query->store, opened.organization, name, partition, &err) : -ENOMEM;
    if (rc == ERR_GONE)
        err_set(&err, rc, "%s%s%s is not set aside; `muster quarantine %s` lists what is", name, partition ? "/" : "",
                partition ? partition : "", id);
    if (rc != 0)
        return complain_rc(rc, &err);
    if (!context->json && !context->quiet)
        screen_print(&context->screen, "%s: %s%s%s is no longer set aside, and is tried now\n", id, name,
                     partition ? "/" : "", partition ? partition : "");
    sync_catch_signals();
    sync_one(&syncing, connection);
    telling_send(context, opened.organization, false, false);
    return sync_status(&syncing);
}
