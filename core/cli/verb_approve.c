/* verb_approve - approve and reject: what is held, taken or kept out. */
#include "acts/approval.h"
#include "base/date.h"
#include "base/zone.h"
#include "broker/sessions.h"
#include "cli/decide.h"
#include "cli/outgoing.h"
#include "cli/verb.h"
#include "config/node.h"
#include "query/instead.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

struct choosing {
    struct context *context;
    struct query *query;
    struct wait_item *items; /* all that is held */
    size_t count;
    bool *chosen;
};

/* "h12"; SIZE_MAX after a complaint. */
static size_t find_item(struct choosing *choosing, const char *word, size_t len)
{
    char *end;
    unsigned long number = len > 1 && word[0] == WAIT_HELD ? strtoul(word + 1, &end, 10) : 0;
    if (number == 0 || word[1] < '0' || word[1] > '9' || end != word + len) {
        complain_words("'%.*s' is nothing that is held: ids are written as in h12; `muster inbox %s` lists them",
                       (int)len, word, choosing->query->organization->id);
        return SIZE_MAX;
    }
    for (size_t i = 0; i < choosing->count; i++)
        if (choosing->items[i].number == number)
            return i;
    TIDY_DONE(buffer_done) struct buffer instead = {0};
    if (instead_of_held(choosing->query, number, &instead) && instead.rc == 0)
        complain_unknown("h%lu is held no longer: %s; `muster inbox %s` lists what is held now", number, instead.data,
                         choosing->query->organization->id);
    else
        complain_unknown("no h%lu is held: `muster inbox %s` lists what is", number, choosing->query->organization->id);
    return SIZE_MAX;
}

/* --- --where --- */

static const char *const names[] = {"connection", "partition", "stream", "reason", "field", "run", NULL};

static const char *item_text(struct choosing *choosing, const struct wait_item *item, const char *name, char number[32])
{
    const struct stream_name *stream = streams_find(&choosing->query->streams, item->stream);
    snprintf(number, 32, "%u", item->run);
    const char *const texts[] = {stream ? stream->connection_name : "", stream ? stream->partition : "",
                                 stream ? stream->stream : "",          item->reason ? item->reason : "",
                                 item->field ? item->field : "",        number};
    for (size_t i = 0; names[i]; i++)
        if (strcmp(names[i], name) == 0)
            return texts[i];
    return NULL;
}

/* One condition, "partition=0042": what does not fit is not chosen. */
static int narrow(struct choosing *choosing, const char *condition)
{
    const char *equals = strchr(condition, '=');
    if (!equals)
        return complain_words("--where takes NAME=VALUE, as in partition=0042, not '%s'", condition);
    char *name = arena_copy(choosing->context->arena, condition, (size_t)(equals - condition)), number[32];
    bool known = false;
    for (size_t i = 0; name && names[i]; i++)
        known |= strcmp(names[i], name) == 0;
    if (!known) {
        const char *near = name ? nearest_name(name, names) : NULL;
        return complain_words("--where knows no '%s'%s%s%s; it is one of connection, partition, stream, reason, field, "
                              "run",
                              name ? name : "", near ? "; did you mean '" : "", near ? near : "", near ? "'?" : "");
    }
    for (size_t i = 0; i < choosing->count; i++)
        choosing->chosen[i] &= strcmp(item_text(choosing, &choosing->items[i], name, number), equals + 1) == 0;
    return STATUS_DONE;
}

/* --- which --- */

static int each_piece(struct choosing *choosing, const char *list, int (*take)(struct choosing *, const char *))
{
    for (const char *at = list; *at; at += strcspn(at, ","), at += *at == ',') {
        char *piece = arena_copy(choosing->context->arena, at, strcspn(at, ","));
        int status = piece ? take(choosing, piece) : complain_rc(-ENOMEM, NULL);
        if (status != STATUS_DONE)
            return status;
    }
    return STATUS_DONE;
}

static int leave_out(struct choosing *choosing, const char *id)
{
    size_t nth = find_item(choosing, id, strlen(id));
    if (nth == SIZE_MAX)
        return STATUS_WORDS;
    choosing->chosen[nth] = false;
    return STATUS_DONE;
}

static int choose(struct choosing *choosing)
{
    struct context *context = choosing->context;
    const char **words = context->arguments.words, *where = VALUE(context, where), *except = VALUE(context, except);
    if (words[1] && (GIVEN(context, all) || where))
        return complain_words("name them, or say --all or --where, not both");
    if (!words[1] && !GIVEN(context, all) && !where)
        return complain_words("which ones? Name them, as in h12 (`muster inbox %s` lists them), or say --where "
                              "partition=NAME, or --all",
                              words[0]);
    for (size_t i = 0; i < choosing->count; i++)
        choosing->chosen[i] = !words[1];
    for (size_t i = 1; words[i]; i++) {
        size_t nth = find_item(choosing, words[i], strlen(words[i]));
        if (nth == SIZE_MAX)
            return STATUS_WORDS;
        choosing->chosen[nth] = true;
    }
    int status = where ? each_piece(choosing, where, narrow) : STATUS_DONE;
    if (status == STATUS_DONE && except)
        status = each_piece(choosing, except, leave_out);
    size_t count = 0;
    for (size_t i = 0; i < choosing->count && status == STATUS_DONE; i++)
        if (choosing->chosen[i])
            choosing->items[count++] = choosing->items[i];
    choosing->count = status == STATUS_DONE ? count : choosing->count;
    return status;
}

/* --- carrying it out --- */

/* The last day counts. */
static int read_end(struct context *context, struct query *query, int64_t *ret_until_ms)
{
    const char *until = VALUE(context, until);
    struct date date;
    if ((until != NULL) == GIVEN(context, for_good))
        return complain_words("say how long: --until DAY, as in 2026-12-31, or --for-good");
    if (until && !date_read(until, strlen(until), &date))
        return complain_words("--until takes a day, as in 2026-12-31, not '%s'", until);
    bool flagged;
    *ret_until_ms = until ? zone_to_utc(query->zone, (date_days(date) + 1) * 86400000, &flagged) : 0;
    return STATUS_DONE;
}

struct told {
    struct context *context;
    const struct approval *approval;
    size_t outgoing; /* of these, about targets */
};

static void tell(void *of, const struct run_report *report)
{
    const struct told *told = of;
    struct context *context = told->context;
    const struct approval *approval = told->approval;
    const struct screen *screen = &context->screen;
    const char *id = context->arguments.words[0], *until = VALUE(context, until);
    bool dry = GIVEN(context, plan);
    screen_print(screen, "%zu held change%s %s", approval->count, approval->count == 1 ? "" : "s",
                 dry                 ? "chosen; nothing is done yet"
                 : approval->rejects ? "rejected"
                                     : "taken");
    if (!dry && approval->rejects)
        screen_print(screen, "%s%s", until ? " through " : " for good", until ? until : "");
    if (!dry)
        screen_print(screen, " (run %u); said in s%lu%s", report->run, (unsigned long)approval->first,
                     approval->last > approval->first ? " and on" : "");
    screen_print(screen, "\n");
    if (!approval->rejects && told->outgoing < approval->count)
        decide_tell(context, report);
    if (approval->rejects && !dry)
        screen_print(screen, "  It is asked again after `muster withdraw %s s%lu --reason TEXT`.\n", id,
                     (unsigned long)approval->first);
}

/* Targets are told at once what was let through. */
static int told_now(struct opened *opened, const struct told *told)
{
    TIDY(sessions_free) struct sessions *sessions = sessions_new();
    struct syncing syncing = {.context = told->context, .organization = opened->organization, .sessions = sessions};
    if (!sessions)
        return complain_rc(-ENOMEM, NULL);
    sync_catch_signals();
    int status = outgoing_push(&syncing, opened->query, told->approval->items, told->approval->count);
    return status ? status : sync_status(&syncing);
}

static int held_verb(struct context *context, bool rejects)
{
    __attribute__((cleanup(opened_done))) struct opened opened = {0};
    struct approval approval = {.author = context_author(), .rejects = rejects};
    TIDY(free) struct wait_item *items = NULL;
    struct choosing choosing = {.context = context};
    int status = decide_reason(context, &approval.reason);
    if (status == STATUS_DONE)
        status = context_open(context, context->arguments.words[0], &opened);
    if (status == STATUS_DONE && rejects)
        status = read_end(context, opened.query, &approval.until_ms);
    if (status != STATUS_DONE)
        return status;
    int rc = query_waits(opened.query, "h", SIZE_MAX, &items, &choosing.count);
    choosing.query = opened.query;
    choosing.items = items;
    choosing.chosen = arena_get(context->arena, choosing.count + 1);
    if (rc != 0 || !choosing.chosen)
        return complain_rc(rc ? rc : -ENOMEM, NULL);
    status = choose(&choosing);
    if (status != STATUS_DONE)
        return status;
    approval.items = choosing.items;
    approval.count = choosing.count;
    if (approval.count == 0) {
        fprintf(stderr, "muster: nothing that is held fits: `muster inbox %s` lists what is\n",
                context->arguments.words[0]);
        return STATUS_FAILED;
    }
    struct act act = {
        .state = approval_state, .decided = approval_decided, .context = &approval, .reason = approval.reason};
    struct told told = {context, &approval, 0};
    for (size_t i = 0; i < approval.count; i++)
        told.outgoing += outgoing_is(opened.query, &approval.items[i]);
    status = decide_carry_out(context, opened.organization, &act, tell, &told);
    if (status != STATUS_DONE || rejects || told.outgoing == 0 || act.dry)
        return status;
    return told_now(&opened, &told);
}

int verb_approve(struct context *context)
{
    return held_verb(context, false);
}

int verb_reject(struct context *context)
{
    return held_verb(context, true);
}
