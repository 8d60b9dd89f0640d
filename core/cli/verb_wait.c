/* verb_wait - inbox and deadletters: what waits for a person. */
#include "base/clock.h"
#include "base/date.h"
#include "base/jsontext.h"
#include "cli/awaiting.h"
#include "cli/inbox.h"
#include "cli/outgoing.h"
#include "cli/runs.h"
#include "cli/turn.h"
#include "cli/verb.h"
#include "cli/waits.h"
#include "logic/reason.h"
#include "logic/spelling.h"
#include "tables/delivery_wait.h"

#include <stdlib.h>
#include <string.h>

const char *waits_type_word(enum wait_type type)
{
    switch (type) {
    case WAIT_DEAD: return "dead_letter";
    case WAIT_HELD: return "held";
    case WAIT_REVIEW: return "review";
    case WAIT_TASK: return "task";
    default: return "header";
    }
}

void waits_count_text(enum wait_type type, size_t count, size_t most, char ret_text[64])
{
    const char *one = type == WAIT_DEAD     ? "dead letter"
                      : type == WAIT_HELD   ? "held change"
                      : type == WAIT_REVIEW ? "review"
                      : type == WAIT_TASK   ? "change to be made by hand"
                                            : "changed column";
    const char *many = type == WAIT_TASK ? "changes to be made by hand" : NULL;
    snprintf(ret_text, 64, "%zu%s %s%s", count, count >= most ? " or more" : "", many && count != 1 ? many : one,
             count == 1 || many ? "" : "s");
}

void waits_record(const struct query *query, const struct wait_item *item, struct buffer *out)
{
    const struct stream_name *stream = streams_find(&query->streams, item->stream);
    if (stream)
        buffer_format(out, "%s/%s/%s", stream->connection_name, stream->partition, stream->stream);
    if (item->id && item->type != WAIT_DRIFT)
        buffer_format(out, "%s%s", stream ? "/" : "", item->id);
}

void waits_place(const struct wait_item *item, struct buffer *out)
{
    bool drift = item->type == WAIT_DRIFT;
    if (item->place && !(drift && item->id && strcmp(item->place, item->id) == 0))
        buffer_format(out, "%s%s", drift ? "column " : "", item->place);
}

void waits_why(const struct query *query, const struct wait_item *item, struct buffer *out)
{
    const struct stream_name *stream = streams_find(&query->streams, item->stream);
    spelling_sentence(stream ? stream->connection : NULL, stream ? stream->stream : NULL, item->field, item->reason,
                      out);
}

void waits_sentence(struct query *query, const struct wait_item *item, bool alone, struct buffer *out)
{
    bool of_place = item->field && item->place && strcmp(item->field, item->place) == 0;
    size_t before = out->len;
    if (alone)
        waits_place(item, out);
    const struct stream_name *stream = streams_find(&query->streams, item->stream);
    bool told = delivery_is_stream(stream); /* what a target was to be told */
    if (alone && out->len == before && item->id && item->type != WAIT_DRIFT && !told)
        buffer_text(out, item->id);
    if (out->len > before)
        buffer_text(out, "  ");
    if (item->type == WAIT_DRIFT) {
        drift_sentence(item, out);
        return;
    }
    uint64_t person = item->entity;
    if (person == 0 && item->type == WAIT_HELD && item->id)
        person = query_record_person(query, item->stream, item->id);
    if (person != 0 && (item->type != WAIT_DEAD || told)) {
        query_label(query, KIND_person, person, out);
        buffer_text(out, ": ");
    }
    if (item->field && !of_place)
        buffer_format(out, "%s: ", item->field);
    if (item->text)
        buffer_format(out, told ? "%s: " : "\"%s\": ", item->text);
    before = out->len;
    waits_why(query, item, out);
    bool sentence = out->len > before;
    if (item->reason)
        buffer_format(out, "%s%s%s", sentence ? " (" : "", item->reason, sentence ? ")" : "");
}

static int waits_json(struct context *context, struct query *query, const struct wait_item *item)
{
    TIDY_DONE(screen_buffer_done) struct buffer out = {0};
    TIDY_DONE(screen_buffer_done) struct buffer record = {0};
    TIDY_DONE(screen_buffer_done) struct buffer next = {0};
    TIDY_DONE(screen_buffer_done) struct buffer why = {0};
    char id[32], since[25];
    waits_record(query, item, &record);
    turn_command(query, item, &next);
    snprintf(id, sizeof(id), "%c%lu", item->type, (unsigned long)item->number);
    instant_write(item->since_ms, since);
    buffer_byte(&out, '{');
    json_member_text(&out, "id", id);
    json_member_text(&out, "organization", query->organization->id);
    json_member_text(&out, "since", since);
    json_member_number(&out, "run", item->run);
    json_member_text(&out, "record", record.data);
    json_member_text(&out, "place", item->place);
    json_member_text(&out, "field", item->field);
    json_member_text(&out, "reason", item->reason);
    waits_why(query, item, &why);
    json_member_text(&out, "sentence", why.data);
    json_member_text(&out, "text", item->text);
    if (item->type == WAIT_DRIFT) {
        json_member_text(&out, "column", item->id);
        json_member_text(&out, "offer", item->offer);
    }
    if (item->entity)
        json_member_number(&out, "entity", item->entity);
    json_member_text(&out, "turn", turn_word(turn_of(query, item)));
    json_member_text(&out, "next", next.data);
    buffer_text(&out, "}\n");
    int rc = out.rc ? out.rc : record.rc ? record.rc : next.rc ? next.rc : why.rc;
    if (rc != 0)
        return complain_rc(rc, NULL);
    fwrite(out.data, 1, out.len, context->screen.out);
    return STATUS_DONE;
}

static ptrdiff_t connection_order(const struct query *query, const struct wait_item *item)
{
    const struct stream_name *stream = streams_find(&query->streams, item->stream);
    return stream && stream->connection ? stream->connection - query->organization->connections : PTRDIFF_MAX;
}

static int by_connection(const void *a_item, const void *b_item, void *query)
{
    static const char types[] = {WAIT_HELD, WAIT_REVIEW, WAIT_DRIFT, WAIT_TASK, WAIT_DEAD, '\0'};
    const struct wait_item *a = a_item, *b = b_item;
    ptrdiff_t x = connection_order(query, a), y = connection_order(query, b);
    if (x != y)
        return x < y ? -1 : 1;
    if (a->type != b->type)
        return strchr(types, (char)a->type) < strchr(types, (char)b->type) ? -1 : 1;
    return a->number < b->number ? -1 : a->number > b->number;
}

void waits_sort(struct query *query, struct wait_item *items, size_t count)
{
    if (count > 1)
        qsort_r(items, count, sizeof(*items), by_connection, query);
}

int waits_print(struct context *context, struct query *query, const struct wait_item *items, size_t count)
{
    int status = STATUS_DONE;
    for (size_t i = 0; context->json && i < count && status == STATUS_DONE; i++)
        status = waits_json(context, query, &items[i]);
    if (context->json || count == 0)
        return status;
    struct grid grid;
    grid_start(&grid, &context->screen, "", "ID|SINCE|PLACE|RECORD|WHAT IS WRONG");
    for (size_t i = 0; i < count; i++) {
        TIDY_DONE(screen_buffer_done) struct buffer record = {0};
        TIDY_DONE(screen_buffer_done) struct buffer sentence = {0};
        TIDY_DONE(screen_buffer_done) struct buffer place = {0};
        char since[QUERY_TIME];
        waits_place(&items[i], &place);
        waits_record(query, &items[i], &record);
        waits_sentence(query, &items[i], false, &sentence);
        query_time(query, items[i].since_ms, since);
        grid_format(&grid, COLOR_BOLD, "%c%lu", items[i].type, (unsigned long)items[i].number);
        grid_text(&grid, since);
        grid_text(&grid, place.data);
        grid_text(&grid, record.data);
        grid_text(&grid, sentence.data);
    }
    grid_end(&grid);
    return STATUS_DONE;
}

enum { WHYS_MAX = 10 };

/* Whether the run read that: what was put off waits again since a run that may have been another connection's, or have
 * failed, and what such a one says is not why. */
static bool is_of(const struct run_line *line, const struct stream_name *stream)
{
    return line->connection && strcmp(line->connection, stream->connection_name) == 0 && line->outcome &&
           strcmp(line->outcome, "failed") != 0;
}

/* Why so many: what the run said that held them, once for each part of it. */
static void held_whys(struct context *context, struct query *query, const struct wait_item *items, size_t count)
{
    const struct stream_name *before = NULL;
    uint32_t run = 0; /* the last one that was looked at, with a part of its source */
    for (size_t i = 0, told = 0; i < count && told < WHYS_MAX; i++) {
        const struct stream_name *stream = streams_find(&query->streams, items[i].stream);
        struct run_line line;
        const char *name, *why;
        bool same = before && stream && run == items[i].run && before->connection == stream->connection &&
                    strcmp(before->partition, stream->partition) == 0;
        bool reused = items[i].reason && strcmp(items[i].reason, REASON_CODE(identity_reused)) == 0;
        if (items[i].type != WAIT_HELD || !stream || same || reused)
            continue;
        before = stream;
        run = items[i].run;
        if (!runs_line(query, items[i].run, &line) || !is_of(&line, stream))
            continue;
        for (const char *at = line.partitions; runs_reason(query, &at, &name, &why);)
            if (strcmp(name, stream->partition) == 0) {
                screen_print(&context->screen, "  run %u, %s/%s: %s\n", items[i].run, stream->connection_name, name,
                             why);
                told++;
                break;
            }
    }
}

enum { HELD_BY_ID = 3 }; /* more are not typed one by one */

/* What names the held ones: "ID…", or of many the --where that fits them all. A number that somebody else has now is
 * looked at one by one. */
static void held_which(const struct query *query, const struct wait_item *items, size_t count, struct buffer *out)
{
    const struct stream_name *first = NULL;
    bool same_connection = true, same_partition = true;
    size_t held = 0;
    for (size_t i = 0; i < count && same_connection; i++) {
        const struct stream_name *stream = streams_find(&query->streams, items[i].stream);
        if (items[i].type != WAIT_HELD)
            continue;
        held++;
        first = first ? first : stream;
        same_connection = stream && strcmp(stream->connection_name, first->connection_name) == 0 &&
                          !(items[i].reason && strcmp(items[i].reason, REASON_CODE(identity_reused)) == 0);
        same_partition = same_partition && same_connection && strcmp(stream->partition, first->partition) == 0;
    }
    if (held <= HELD_BY_ID || !same_connection)
        buffer_text(out, "ID…");
    else if (same_partition && strcmp(first->partition, "main") != 0 &&
             !first->partition[strcspn(first->partition, ", '\"")])
        buffer_format(out, "--where partition=%s", first->partition);
    else
        buffer_format(out, "--where connection=%s", first->connection_name);
}

/* What to type next, once for each kind of thing that waits. */
static void waits_ways_out(struct context *context, struct query *query, const struct wait_item *items, size_t count)
{
    const char *id = query->organization->id;
    bool dead = false, review = false, reused = false, outgoing = false;
    const struct wait_item *held = NULL, *drift = NULL;
    for (size_t i = 0; i < count; i++) {
        bool told = outgoing_is(query, &items[i]);
        dead |= items[i].type == WAIT_DEAD && !told;
        outgoing |= told && items[i].type != WAIT_HELD;
        if (items[i].type == WAIT_DRIFT && (!drift || (items[i].offer && !drift->offer)))
            drift = &items[i];
        review |= items[i].type == WAIT_REVIEW;
        reused |= items[i].reason && strcmp(items[i].reason, REASON_CODE(identity_reused)) == 0;
        held = items[i].type == WAIT_HELD && (!held || items[i].run > held->run) ? &items[i] : held;
    }
    if (context->json || context->quiet || count == 0)
        return;
    fputc('\n', context->screen.out);
    if (dead)
        screen_print(
            &context->screen,
            "Dead letters: mend them in the source or the mapping, then `muster sync %s`; `muster discard %s ID… "
            "--reason TEXT` leaves them as they are.\n",
            id, id);
    if (outgoing)
        screen_print(&context->screen,
                     "Targets: mend it in the source or there, then `muster retry %s ID…` tries it again; `muster "
                     "discard %s ID… --reason TEXT` leaves just that change as it is.\n",
                     id, id);
    if (held) {
        TIDY_DONE(screen_buffer_done) struct buffer which = {0};
        held_which(query, items, count, &which);
        screen_print(&context->screen,
                     "Held: `muster approve %s %s --reason TEXT` takes them, `muster reject %s %s --until DAY --reason "
                     "TEXT` keeps them out; what the source takes back goes by itself.\n",
                     id, which.data ? which.data : "ID…", id, which.data ? which.data : "ID…");
        held_whys(context, query, items, count);
    }
    if (reused)
        screen_print(&context->screen, "A number that is somebody else's now: `muster unlink %s ID --reason TEXT`.\n",
                     id);
    if (review)
        screen_print(
            &context->screen,
            "Reviews: say whose it is, `muster link %s ID KEY --reason TEXT`, or that it is nobody's here, "
            "`muster unlink %s ID --reason TEXT`; or make the source or the matching rules say who is who, then "
            "`muster sync %s`.\n",
            id, id, id);
    if (drift)
        screen_print(&context->screen,
                     "Changed columns: mend the header or the mapping, or decide, as in `muster accept %s c%lu%s "
                     "--reason TEXT`; nothing was cleared meanwhile.\n",
                     id, (unsigned long)drift->number, drift->offer ? " --as renamed" : "");
}

static void stopped_tell(struct context *context, struct query *query, const struct stopped *stopped)
{
    const char *id = query->organization->id;
    if (stopped->pause_count > 0)
        screen_print(&context->screen, "Paused:\n");
    pauses_tell(context, id, query->zone, stopped->pauses, stopped->pause_count);
    if (stopped->aside_count > 0)
        screen_print(&context->screen, "Set aside:\n");
    quarantines_tell(context, id, query->zone, stopped->aside, stopped->aside_count);
}

static void awaiting_show(struct context *context, const struct organization *organization,
                          const struct connection *const *awaiting)
{
    if (context->json) {
        inbox_awaiting_json(context, organization, awaiting);
        return;
    }
    if (awaiting && *awaiting)
        screen_print(&context->screen, "Awaiting authorization:\n");
    awaiting_tell(context, organization, awaiting);
}

/* What `status` would say of it. */
static int inbox_status(const struct wait_item *items, size_t count, const struct stopped *stopped, bool awaiting)
{
    int status = stopped->pause_count + stopped->aside_count > 0 || awaiting ? STATUS_HELD : STATUS_DONE;
    for (size_t i = 0; i < count && status != STATUS_HELD; i++) {
        if (items[i].type == WAIT_HELD || items[i].type == WAIT_REVIEW || items[i].type == WAIT_DRIFT)
            status = STATUS_HELD;
        else if (items[i].type == WAIT_DEAD)
            status = STATUS_PARTLY;
    }
    return status;
}

static int show_waits(struct context *context, const char *id, const char *types, const char *none)
{
    __attribute__((cleanup(opened_done))) struct opened opened = {0};
    TIDY(free) struct wait_item *items = NULL;
    size_t count;
    struct err err = {0};
    int status = context_organization(context, id, &opened.organization);
    if (status != STATUS_DONE)
        return status;
    struct stopped stopped = {0};
    const struct connection **awaiting = types ? NULL : awaiting_now(context->arena, opened.organization);
    int rc = query_open(context->settings, opened.organization, &opened.query, &err);
    if (rc == ERR_GONE && awaiting && *awaiting) { /* nothing was ever stored, and they wait all the same */
        awaiting_show(context, opened.organization, awaiting);
        return STATUS_HELD;
    }
    if (rc != 0)
        return complain_rc(rc, &err);
    rc = query_waits(opened.query, types, SIZE_MAX, &items, &count);
    if (rc == 0 && !types)
        rc = stopped_read(context, opened.query, &stopped);
    if (rc != 0)
        return complain_rc(store_fail(opened.query->store, rc, &err), &err);
    waits_sort(opened.query, items, count);
    bool nothing = count + stopped.pause_count + stopped.aside_count == 0 && !(awaiting && *awaiting);
    if (nothing && !context->json && !context->quiet)
        screen_print(&context->screen, "%s in '%s'.\n", none, id);
    status = waits_print(context, opened.query, items, count);
    waits_ways_out(context, opened.query, items, count);
    if (context->json)
        inbox_stopped_json(context, opened.query, &stopped);
    else
        stopped_tell(context, opened.query, &stopped);
    awaiting_show(context, opened.organization, awaiting);
    if (status != STATUS_DONE || types)
        return status;
    return inbox_status(items, count, &stopped, awaiting && *awaiting);
}

int verb_deadletters(struct context *context)
{
    return show_waits(context, context->arguments.words[0], "d", "No dead letters");
}

/* Into a workbook: of one organization, or of all. */
static int inbox_format(struct context *context, const char *const *ids, bool *ret_workbook)
{
    const char *format = VALUE(context, format), *output = VALUE(context, output);
    bool workbook = format && strcmp(format, "xlsx") == 0;
    if (format && strcmp(format, "jsonl") != 0 && !workbook)
        return complain_words("an inbox is jsonl or xlsx: people read the workbook, programs the lines");
    if (output && !workbook)
        return complain_words("--output is for --format xlsx: all else goes to standard output");
    if (workbook && !output)
        return complain_words("a workbook is no text for a screen: say where it goes, as in --output inbox.xlsx");
    context->json |= format && !workbook;
    *ret_workbook = workbook;
    return workbook ? inbox_workbook(context, ids, output) : STATUS_DONE;
}

int verb_inbox(struct context *context)
{
    static const char none[] = "Nothing waits for a person";
    const char *const one_id[] = {context->arguments.words[0], NULL}, *const *ids = one_id;
    bool workbook = false;
    int status = context_settings(context);
    if (status != STATUS_DONE)
        return status;
    int rc = *ids ? 0 : organization_list(context->settings, context->arena, &ids);
    if (rc != 0)
        return complain_rc(rc, NULL);
    status = inbox_format(context, ids, &workbook);
    if (status != STATUS_DONE || workbook)
        return status;
    for (; *ids; ids++) {
        if (ids != one_id && !context->json && !context->quiet)
            screen_print(&context->screen, "%s\n", *ids);
        int one = show_waits(context, *ids, NULL, none);
        status = one > status ? one : status;
    }
    return status;
}
