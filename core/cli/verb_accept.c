/* verb_accept - accept: decisions about headers that changed. */
#include "base/date.h"
#include "base/jsontext.h"
#include "base/zone.h"
#include "cli/verb.h"
#include "cli/waits.h"
#include "engine/drift.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { PLACES_SHOWN = 20 };

/* "c12" with the letter c. */
static int read_id(const char *text, char letter, const char *what, uint64_t *ret_number)
{
    char *end = NULL;
    errno = 0;
    unsigned long long number = text[0] == letter ? strtoull(text + 1, &end, 10) : 0;
    if (!end || text[1] < '0' || text[1] > '9' || *end != '\0' || errno != 0 || number == 0)
        return complain_words("'%s' is no %s: it is written as %c12", text, what, letter);
    *ret_number = number;
    return STATUS_DONE;
}

static enum verdict verdict_said(const struct context *context)
{
    static const enum verdict verdicts[] = {VERDICT_RENAMED, VERDICT_NEW, VERDICT_VANISHED};
    const char *text = VALUE(context, as); /* one of these: the table of options has them */
    for (size_t i = 0; text && i < sizeof(verdicts) / sizeof(verdicts[0]); i++)
        if (strcmp(text, verdict_text(verdicts[i])) == 0)
            return verdicts[i];
    return VERDICT_NONE;
}

static int read_reason(const struct context *context, const char *verb)
{
    const char *reason = VALUE(context, reason);
    return reason && reason[strspn(reason, " \t\n")] != '\0'
               ? STATUS_DONE
               : complain_words("%s needs a reason: --reason TEXT; it is kept with the decision", verb);
}

/* "in acme.yaml write 'Staff no' for 'Employee number' at 14:14, 16:28": nothing when the file does not name it. */
static void waits_edit(const struct organization *organization, const struct mapping *mapping,
                       const struct acceptance *decision, struct buffer *out)
{
    const struct node *nodes[PLACES_SHOWN];
    size_t count = mapping ? mapping_column_nodes(mapping, decision->column, nodes, PLACES_SHOWN) : 0;
    if (count == 0 || decision->verdict != VERDICT_RENAMED)
        return;
    buffer_format(out, "in %s write '%s' for '%s' at ", organization->file, decision->other, decision->column);
    for (size_t i = 0; i < count && i < PLACES_SHOWN; i++)
        buffer_format(out, "%s%u:%u", i ? ", " : "", nodes[i]->line, nodes[i]->column);
    if (count > PLACES_SHOWN)
        buffer_format(out, " and %zu more", count - PLACES_SHOWN);
}

/* A line of a decision that is in force. */
static void reading_tell(struct context *context, struct query *query, const struct acceptance *decision,
                         const char *indent)
{
    const struct stream_name *name = streams_find(&query->streams, decision->stream);
    TIDY_DONE(screen_buffer_done) struct buffer line = {0};
    TIDY_DONE(screen_buffer_done) struct buffer edit = {0};
    acceptance_sentence(decision, query->zone, &line);
    waits_edit(query->organization, drift_mapping(name), decision, &edit);
    screen_print(&context->screen, "%s%s/%s/%s %s%s%s\n", indent, name ? name->connection_name : "",
                 name ? name->partition : "", name ? name->stream : "", line.data ? line.data : "",
                 edit.len ? "; to make it permanent " : "", edit.len ? edit.data : "");
}

void waits_readings(struct context *context, struct query *query, const char *indent)
{
    struct acceptances decisions = {0};
    screen_fail(acceptances_now(&query->txn, &query->streams, query->arena, &decisions));
    for (size_t i = 0; i < decisions.count; i++)
        reading_tell(context, query, &decisions.items[i], indent);
}

void waits_readings_json(struct query *query, struct buffer *out)
{
    struct acceptances decisions = {0};
    screen_fail(acceptances_now(&query->txn, &query->streams, query->arena, &decisions));
    if (decisions.count == 0)
        return;
    json_name(out, "readings");
    for (size_t i = 0; i < decisions.count; i++) {
        const struct acceptance *decision = &decisions.items[i];
        const struct stream_name *name = streams_find(&query->streams, decision->stream);
        TIDY_DONE(screen_buffer_done) struct buffer sentence = {0};
        char id[32];
        snprintf(id, sizeof(id), "s%lu", (unsigned long)decision->number);
        acceptance_sentence(decision, query->zone, &sentence);
        buffer_text(out, i ? ",{" : "[{");
        json_member_text(out, "id", id);
        json_member_text(out, "connection", name ? name->connection_name : NULL);
        json_member_text(out, "partition", name ? name->partition : NULL);
        json_member_text(out, "stream", name ? name->stream : NULL);
        json_member_text(out, "as", verdict_text(decision->verdict));
        json_member_text(out, "column", decision->column);
        json_member_text(out, "reads", decision->other);
        json_member_text(out, "sentence", sentence.data);
        buffer_byte(out, '}');
    }
    buffer_byte(out, ']');
}

static int answer_json(struct context *context, const struct organization *organization,
                       const struct drift_answer *answer)
{
    TIDY_DONE(screen_buffer_done) struct buffer out = {0};
    TIDY_DONE(screen_buffer_done) struct buffer edit = {0};
    const struct acceptance *decision = &answer->decision;
    char id[32], time[25];
    snprintf(id, sizeof(id), "s%lu", (unsigned long)decision->number);
    instant_write(decision->time_ms, time);
    waits_edit(organization, answer->mapping, decision, &edit);
    buffer_byte(&out, '{');
    json_member_text(&out, "organization", organization->id);
    json_member_text(&out, "statement", id);
    json_member_text(&out, "connection", answer->connection);
    json_member_text(&out, "as", verdict_text(decision->verdict));
    json_member_text(&out, "column", decision->column);
    json_member_text(&out, "other", decision->other);
    json_member_text(&out, "author", decision->author);
    json_member_text(&out, "time", time);
    json_member_text(&out, "reason", decision->reason);
    if (answer->withdrawn) {
        instant_write(decision->withdrawn_ms, time);
        json_member_text(&out, "withdrawn", time);
        json_member_text(&out, "withdrawn_by", decision->withdrawn_by);
        json_member_text(&out, "withdrawn_reason", decision->withdrawn_reason);
    } else {
        json_member_text(&out, "edit", edit.len ? edit.data : NULL);
    }
    buffer_text(&out, "}\n");
    if (out.rc != 0 || edit.rc != 0)
        return complain_rc(out.rc ? out.rc : edit.rc, NULL);
    fwrite(out.data, 1, out.len, context->screen.out);
    return STATUS_DONE;
}

static void answer_tell(struct context *context, const struct organization *organization,
                        const struct drift_answer *answer)
{
    const struct screen *screen = &context->screen;
    const struct acceptance *decision = &answer->decision;
    TIDY_DONE(screen_buffer_done) struct buffer sentence = {0};
    TIDY_DONE(screen_buffer_done) struct buffer edit = {0};
    TIDY(zone_free) struct zone *zone = NULL;
    screen_fail(zone_open(organization->time_zone, &zone));
    if (!zone)
        return;
    acceptance_sentence(decision, zone, &sentence);
    waits_edit(organization, answer->mapping, decision, &edit);
    const char *connection = answer->connection ? answer->connection : "";
    screen_print(screen, "%s%s %s\n", connection, answer->withdrawn ? " no longer" : "", sentence.data);
    screen_print(screen, "  From the next run on: muster sync %s %s\n", organization->id, connection);
    if (edit.len > 0 && !answer->withdrawn)
        screen_print(screen, "  To make it permanent: %s\n", edit.data);
    if (!answer->withdrawn)
        screen_print(screen, "  To take it back: muster withdraw %s s%lu --reason TEXT\n", organization->id,
                     (unsigned long)decision->number);
}

static int decide(struct context *context, struct drift_request *request,
                  int (*act)(const struct drift_request *, struct arena *, struct drift_answer *, struct err *))
{
    TIDY(organization_free) struct organization *organization = NULL;
    struct drift_answer answer;
    struct err err = {0};
    int status = context_organization(context, context->arguments.words[0], &organization);
    if (status != STATUS_DONE)
        return status;
    request->settings = context->settings;
    request->organization = organization;
    request->author = context_author();
    request->reason = VALUE(context, reason);
    int rc = request->author ? act(request, context->arena, &answer, &err) : -ENOMEM;
    if (rc != 0)
        return complain_rc(rc, &err);
    if (context->json)
        return answer_json(context, organization, &answer);
    if (!context->quiet)
        answer_tell(context, organization, &answer);
    return STATUS_DONE;
}

int verb_accept(struct context *context)
{
    struct drift_request request = {.column = VALUE(context, column), .as = verdict_said(context)};
    int status = read_reason(context, "accept");
    if (status == STATUS_DONE)
        status = read_id(context->arguments.words[1], 'c', "changed column", &request.item);
    return status ? status : decide(context, &request, drift_accept);
}
