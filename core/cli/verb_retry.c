/* verb_retry - retry and discard: dead letters and what is left to be done by hand, one by one. */
#include "base/mem.h"
#include "broker/sessions.h"
#include "cli/decide.h"
#include "cli/outgoing.h"
#include "cli/sync.h"
#include "cli/verb.h"
#include "cli/waits.h"
#include "engine/discard.h"
#include "engine/pull.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* Their types. */
#define LETTERS "dt"

/* What was named; texts live as long as the query. */
struct letters {
    struct context *context;
    struct opened opened;
    struct wait_item *items;
    size_t count, dead;
};

static void letters_done(struct letters *letters)
{
    free(letters->items);
    opened_done(&letters->opened);
}

static const struct wait_item *letter_find(const struct wait_item *all, size_t count, const char *word)
{
    char *end;
    unsigned long number = word[0] != '\0' && word[1] >= '0' && word[1] <= '9' ? strtoul(word + 1, &end, 10) : 0;
    for (size_t i = 0; i < count && number > 0 && *end == '\0'; i++)
        if (all[i].type == (enum wait_type)word[0] && all[i].number == number)
            return &all[i];
    return NULL;
}

static int letters_read(struct context *context, struct letters *letters)
{
    TIDY(free) struct wait_item *all = NULL;
    const char **words = context->arguments.words;
    size_t count = 0;
    letters->context = context;
    int status = context_open(context, words[0], &letters->opened);
    if (status != STATUS_DONE)
        return status;
    int rc = query_waits(letters->opened.query, LETTERS, SIZE_MAX, &all, &count);
    letters->items = rc == 0 ? mem_new(context->arguments.word_count, sizeof(*letters->items)) : NULL;
    if (!letters->items)
        return complain_rc(rc ? rc : -ENOMEM, NULL);
    for (size_t i = 1; words[i]; i++) {
        const struct wait_item *item = letter_find(all, count, words[i]);
        bool twice = item && letter_find(letters->items, letters->count, words[i]);
        if (!item)
            return complain_unknown("there is no dead letter '%s': ids are written as in d12, or as in t12 of what a "
                                    "target leaves to be done by hand; `muster inbox %s` lists them",
                                    words[i], words[0]);
        if (twice)
            continue;
        letters->items[letters->count++] = *item;
        letters->dead += item->type == WAIT_DEAD;
    }
    return STATUS_DONE;
}

struct discarding {
    struct context *context;
    const struct discard *discard;
};

static void discard_tell(void *of, const struct run_report *report)
{
    const struct discarding *discarding = of;
    const struct discard *discard = discarding->discard;
    struct context *context = discarding->context;
    if (context->quiet)
        return;
    size_t dead = 0;
    for (size_t i = 0; i < discard->count; i++)
        dead += discard->items[i].type == WAIT_DEAD;
    screen_print(&context->screen, "%zu %s%s %s (run %u); said in s%lu%s\n", discard->count,
                 dead == discard->count ? "dead letter" : "change", discard->count == 1 ? "" : "s",
                 GIVEN(context, plan) ? "would be discarded" : "discarded", report->run, (unsigned long)discard->first,
                 discard->last > discard->first ? " and on" : "");
    if (!GIVEN(context, plan))
        screen_print(&context->screen,
                     "  Asked again when the value changes, or after `muster withdraw %s s%lu --reason TEXT`.\n",
                     report->organization, (unsigned long)discard->first);
}

int verb_discard(struct context *context)
{
    __attribute__((cleanup(letters_done))) struct letters letters = {0};
    struct discard discard = {.author = context_author()};
    struct discarding discarding = {context, &discard};
    int status = decide_reason(context, &discard.reason);
    if (status == STATUS_DONE)
        status = letters_read(context, &letters);
    if (status != STATUS_DONE)
        return status;
    discard.items = letters.items;
    discard.count = letters.count;
    struct act act = {
        .state = discard_state, .decided = discard_decided, .context = &discard, .reason = discard.reason};
    return decide_carry_out(context, letters.opened.organization, &act, discard_tell, &discarding);
}

/* --- retry --- */

static const struct mapping *letter_mapping(const struct stream_name *stream)
{
    const struct mapping *const *at = stream && stream->connection ? stream->connection->mappings : NULL;
    for (; at && *at; at++)
        if (strcmp((*at)->stream, stream->stream) == 0)
            return *at;
    return NULL;
}

/* What its row said is kept, and the mapping asks for nothing else: no source need be asked. */
static bool letter_kept(struct letters *letters, const struct wait_item *item)
{
    struct query *query = letters->opened.query;
    const struct mapping *mapping = letter_mapping(streams_find(&query->streams, item->stream));
    return mapping && item->id && pull_kept_has(&query->txn, mapping, item->stream, item->id, query->arena);
}

/* 1: the same row can come to something else now; 0: not; or a negative code. */
static int mapping_moved(struct letters *letters, const struct wait_item *item)
{
    struct query *query = letters->opened.query;
    const struct mapping *mapping = letter_mapping(streams_find(&query->streams, item->stream));
    struct pull now = {.mapping = mapping, .stream = item->stream};
    struct acceptances decisions = {0};
    struct checkpoint before;
    if (!mapping)
        return 0;
    if (!checkpoint_get(&query->txn, item->stream, query->arena, &before))
        return query->txn.rc ? query->txn.rc : 1;
    int rc = acceptances_load(&query->txn, item->stream, query->arena, &decisions);
    if (rc != 0)
        return rc;
    pull_mapping_digest(&now, &decisions);
    return memcmp(now.mapping_digest, before.mapping, sizeof(before.mapping)) != 0;
}

/* The same mapping reads the same row the same way: what else can be done. */
static void tell_mend(struct letters *letters, const struct wait_item *item)
{
    TIDY_DONE(screen_buffer_done) struct buffer sentence = {0};
    const struct stream_name *stream = streams_find(&letters->opened.query->streams, item->stream);
    const struct screen *screen = &letters->context->screen;
    waits_sentence(letters->opened.query, item, true, &sentence);
    screen_print(screen, "%c%lu  %s\n", item->type, (unsigned long)item->number, sentence.data ? sentence.data : "");
    if (stream && stream->connection && outgoing_is(letters->opened.query, item))
        screen_print(screen, "  muster discard %s %c%lu --reason TEXT leaves it as it is\n",
                     letters->opened.organization->id, item->type, (unsigned long)item->number);
    else if (!stream || !stream->connection)
        screen_print(screen, "  its connection is no longer in %s: discard it, or put the connection back\n",
                     letters->opened.organization->file);
    else
        screen_print(
            screen,
            "  this mapping cannot take it: mend it in the source, then `muster sync %s %s`; or mend the mapping of "
            "'%s' in %s, then try again\n",
            letters->opened.organization->id, stream->connection_name, stream->stream,
            letters->opened.organization->file);
}

/* What has become of them: each is gone, or waits still. */
static int tell_left(struct letters *letters)
{
    struct query *query TIDY(query_close) = NULL;
    struct context *context = letters->context;
    TIDY(free) struct wait_item *all = NULL;
    struct err err = {0};
    size_t count = 0, left = 0;
    int rc = query_open(context->settings, letters->opened.organization, &query, &err);
    if (rc == 0)
        rc = query_waits(query, LETTERS, SIZE_MAX, &all, &count);
    if (rc != 0)
        return complain_rc(rc, &err);
    for (size_t i = 0; i < letters->count; i++) {
        char word[32];
        snprintf(word, sizeof(word), "%c%lu", letters->items[i].type, (unsigned long)letters->items[i].number);
        const struct wait_item *still = letter_find(all, count, word);
        left += still != NULL;
        if (still && !context->json)
            tell_mend(letters, still);
    }
    if (!context->json && !context->quiet)
        screen_print(&context->screen, "%zu of %zu %s %s settled\n", letters->count - left, letters->count,
                     letters->dead == letters->count ? "dead letters" : "changes",
                     letters->count - left == 1 ? "is" : "are");
    return left > 0 ? STATUS_PARTLY : STATUS_DONE;
}

static int connection_again(struct letters *letters, const struct connection *connection, bool kept,
                            struct syncing *syncing)
{
    struct run_report report __attribute__((cleanup(run_report_done))) = {0};
    struct err err = {0};
    struct run_request request = {.settings = letters->context->settings,
                                  .organization = letters->opened.organization,
                                  .connectors = letters->context->connectors,
                                  .connection = connection,
                                  .kept = kept,
                                  .author = context_author(),
                                  .reason = kept ? "retry" : NULL,
                                  .cancel = sync_cancelled(),
                                  .sessions = syncing->sessions};
    int rc = run_sync(&request, &report, &err);
    if (rc != 0)
        return complain_rc(rc, &err);
    sync_tell(syncing, &report);
    sync_count(syncing, &report);
    return STATUS_DONE;
}

int verb_retry(struct context *context)
{
    __attribute__((cleanup(letters_done))) struct letters letters = {0};
    int status = letters_read(context, &letters);
    if (status != STATUS_DONE)
        return status;
    struct organization *organization = letters.opened.organization;
    size_t size = (organization->connection_count + 1) * sizeof(bool);
    bool *again = arena_get(context->arena, size), *asks = arena_get(context->arena, size), any = false;
    TIDY(sessions_free) struct sessions *sessions = sessions_new();
    if (!again || !asks || !sessions)
        return complain_rc(-ENOMEM, NULL);
    bool outgoing = false;
    for (size_t i = 0; i < letters.count; i++) {
        if (outgoing_is(letters.opened.query, &letters.items[i])) {
            outgoing = true;
            continue;
        }
        const struct stream_name *stream = streams_find(&letters.opened.query->streams, letters.items[i].stream);
        int moved = mapping_moved(&letters, &letters.items[i]);
        if (moved < 0)
            return complain_rc(moved, NULL);
        if (moved > 0) {
            size_t nth = (size_t)(stream->connection - organization->connections);
            again[nth] = any = true;
            asks[nth] |= !letter_kept(&letters, &letters.items[i]);
        }
    }
    if (!any && !outgoing)
        return tell_left(&letters);
    struct syncing syncing = {.context = context, .organization = organization, .sessions = sessions};
    sync_catch_signals();
    for (size_t c = 0; c < organization->connection_count && status == STATUS_DONE; c++)
        if (again[c])
            status = connection_again(&letters, &organization->connections[c], !asks[c], &syncing);
    if (status == STATUS_DONE && outgoing)
        status = outgoing_push(&syncing, letters.opened.query, letters.items, letters.count);
    if (status != STATUS_DONE)
        return status;
    int left = tell_left(&letters), ran = sync_status(&syncing);
    return ran == STATUS_DONE || left != STATUS_DONE ? left : ran;
}
