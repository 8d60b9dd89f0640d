/* verb_sync - fetch, work out, store; then say what came of it and what to do next. */
#include "base/clock.h"
#include "base/mem.h"
#include "broker/cassette.h"
#include "broker/sessions.h"
#include "cli/decide.h"
#include "cli/progress.h"
#include "cli/retaining.h"
#include "cli/sync.h"
#include "cli/telling.h"
#include "cli/verb.h"
#include "cli/waits.h"
#include "delivery/push.h"
#include "engine/dates.h"
#include "engine/run.h"
#include "engine/wanted.h"
#include "engine/warm.h"
#include "query/horizon.h"
#include "query/instead.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { SHOWN = 5 };

static atomic_bool cancelled;

/* The first interruption asks the run to end, the second one ends the process. */
static void interrupt(int signal_number)
{
    atomic_store(&cancelled, true);
    signal(signal_number, SIG_DFL);
}

void sync_catch_signals(void)
{
    static const int signals[] = {SIGINT, SIGTERM, SIGHUP};
    struct sigaction action = {.sa_handler = interrupt};
    for (size_t i = 0; i < sizeof(signals) / sizeof(signals[0]); i++)
        sigaction(signals[i], &action, NULL);
    signal(SIGPIPE, SIG_IGN); /* whoever reads our output may go, the run goes on */
}

const atomic_bool *sync_cancelled(void)
{
    return &cancelled;
}

enum color sync_color(enum outcome outcome)
{
    return outcome == OUTCOME_SUCCEEDED ? COLOR_GREEN : outcome == OUTCOME_FAILED ? COLOR_RED : COLOR_YELLOW;
}

void sync_tell_counts(const struct screen *screen, const struct run_report *report)
{
    const struct {
        uint64_t count;
        const char *word;
        bool always;
    } counts[] = {{report->created, "created", true},
                  {report->updated, "updated", true},
                  {report->unchanged, "unchanged", true},
                  {report->reactivated, "back again", false},
                  {report->linked, "linked", false},
                  {report->missing, "missing", false},
                  {report->deactivated, "deactivated", false},
                  {report->filtered, "not ours", false},
                  {report->erased, "erased passed over", false},
                  {report->outlived, "older than is kept", false},
                  {report->not_owner, "unknown and not created", false}};
    char number[32];
    progress_number(report->read, number);
    fprintf(screen->out, "  %s read", number);
    for (size_t i = 0; i < sizeof(counts) / sizeof(counts[0]); i++) {
        progress_number(counts[i].count, number);
        if (counts[i].always || counts[i].count > 0)
            fprintf(screen->out, ", %s %s", number, counts[i].word);
    }
    fprintf(screen->out, "  (%.1f s)\n", report->seconds);
}

/* "lookups, salary 2026-10: 120 rows, 3 changed" */
static void set_tell(const struct screen *screen, const struct run_set *set)
{
    bool plain = strcmp(set->outcome, "written") == 0 || strcmp(set->outcome, "planned") == 0;
    char number[32];
    progress_number(set->rows, number);
    screen_print(screen, "  %s, %s: %s row%s", set->stream, set->name, number, set->rows == 1 ? "" : "s");
    progress_number(set->changed, number);
    screen_print(screen, ", %s changed", number);
    progress_number(set->refused, number);
    if (set->refused > 0)
        screen_print(screen, ", %s not taken", number);
    screen_print(screen, "%s%s%s%s\n", plain ? "" : ": ", plain ? "" : set->outcome, *set->why && !plain ? ": " : "",
                 plain ? "" : set->why);
}

static void sets_tell(const struct screen *screen, const struct run_pushed *pushed)
{
    for (size_t i = 0; i < pushed->set_count && i < SHOWN; i++)
        set_tell(screen, &pushed->sets[i]);
    if (pushed->set_count > SHOWN)
        screen_print(screen, "  … %zu more: --json lists all\n", pushed->set_count - SHOWN);
}

void sync_tell_pushed(const struct screen *screen, const struct run_report *report)
{
    const struct run_pushed *pushed = &report->pushed;
    const struct {
        uint64_t count;
        const char *word;
        bool always;
    } counts[] = {{pushed->created, "created", true},
                  {pushed->updated, "updated", true},
                  {pushed->deactivated, "deactivated", true},
                  {pushed->reactivated, "reactivated", false},
                  {pushed->adopted, "found there already", false},
                  {pushed->failed, "not taken", false},
                  {pushed->unknown, "without an answer", false},
                  {pushed->drifted, "changed there by hand", false},
                  {pushed->manual, "to be done by hand", false},
                  {pushed->held, "held", false},
                  {pushed->put_off, "tried again later", false},
                  {pushed->heard, "told back", false}};
    const char *before = "  there: ";
    for (size_t i = 0; i < sizeof(counts) / sizeof(counts[0]); i++) {
        char number[32];
        if (!counts[i].always && counts[i].count == 0)
            continue;
        progress_number(counts[i].count, number);
        fprintf(screen->out, "%s%s %s", before, number, counts[i].word);
        before = ", ";
    }
    fprintf(screen->out, "  (%.1f s)\n", report->seconds);
    sets_tell(screen, pushed);
}

/* A few of what waits for this connection, then where the rest is. */
static void tell_waits(struct syncing *syncing, struct query *query, const char *connection)
{
    static const enum wait_type types[] = {WAIT_HELD, WAIT_REVIEW, WAIT_TASK, WAIT_DEAD, WAIT_DRIFT};
    struct context *context = syncing->context;
    TIDY(free) struct wait_item *items = NULL;
    size_t count;
    for (size_t t = 0; t < sizeof(types) / sizeof(types[0]); t++) {
        char type[] = {(char)types[t], '\0'}, text[64];
        size_t total = query_count_waits(query, types[t], connection, SIZE_MAX), shown = 0;
        free(TAKE(items));
        if (total == 0 || query_waits(query, type, SIZE_MAX, &items, &count) != 0)
            continue;
        waits_count_text(types[t], total, SIZE_MAX, text);
        screen_print(&context->screen, "  %s%s\n", text, types[t] == WAIT_HELD ? ": not taken" : ":");
        for (size_t i = 0; i < count && shown < SHOWN; i++) {
            const struct stream_name *stream = streams_find(&query->streams, items[i].stream);
            TIDY_DONE(screen_buffer_done) struct buffer sentence = {0};
            if (!stream || strcmp(stream->connection_name, connection) != 0)
                continue;
            if (strcmp(stream->partition, "main") != 0) /* one of several, whose ids may be the same */
                buffer_format(&sentence, "%s  ", stream->partition);
            waits_sentence(query, &items[i], true, &sentence);
            screen_print(&context->screen, "    %s\n", sentence.data ? sentence.data : "");
            shown++;
        }
        if (total > shown)
            screen_print(&context->screen, "    … %zu more: muster %s %s\n", total - shown,
                         types[t] == WAIT_DEAD ? "deadletters" : "inbox", query->organization->id);
    }
}

static void tell_next(struct syncing *syncing, const struct run_report *report)
{
    const struct screen *screen = &syncing->context->screen;
    if (report->held > 0 && !sync_held_whole(report))
        screen_print(screen,
                     "  Look at them: muster inbox %s\n"
                     "  Take them:    muster approve %s --where connection=%s --reason TEXT\n",
                     report->organization, report->organization, report->connection);
}

void sync_tell_partitions(const struct screen *screen, const struct run_report *report)
{
    /* a day has come, or somebody's time of grace is over */
    uint64_t changes = report->updated + report->deactivated + report->reactivated;
    for (size_t i = 0; i < report->partition_count; i++) {
        const struct run_partition *partition = &report->partitions[i];
        if (partition->reason && *partition->reason)
            screen_print(screen, "  %s%s%s\n", report->partition_count > 1 ? partition->name : "",
                         report->partition_count > 1 ? ": " : "", partition->reason);
        else if (partition->claim && strcmp(partition->claim, "unchanged") == 0)
            screen_print(screen, "  %s%sthe source is the same as last time%s\n",
                         report->partition_count > 1 ? partition->name : "", report->partition_count > 1 ? ": " : "",
                         changes > 0 ? "" : ": nothing to do");
    }
}

void sync_tell(struct syncing *syncing, const struct run_report *report)
{
    const struct screen *screen = &syncing->context->screen;
    if (syncing->context->json) {
        fprintf(screen->out, "%s\n", report->json ? report->json : "{}");
        fflush(screen->out);
        return;
    }
    if (syncing->context->quiet && report->outcome == OUTCOME_SUCCEEDED)
        return;
    screen_print(screen, "%s  run %u  ", report->connection, report->run);
    screen_text(screen, sync_color(report->outcome), outcome_name(report->outcome));
    fputc('\n', screen->out);
    sync_tell_partitions(screen, report);
    if (report->pushed.is)
        sync_tell_pushed(screen, report);
    else if (report->outcome != OUTCOME_FAILED && report->outcome != OUTCOME_CANCELLED)
        sync_tell_counts(screen, report);
    if (report->flagged > 0)
        screen_print(screen,
                     "  %lu value%s taken from numeric cells, first at %s: leading zeros may be lost; format the "
                     "column as text\n",
                     (unsigned long)report->flagged, report->flagged == 1 ? " was" : "s were",
                     report->flagged_place ? report->flagged_place : "?");
    for (size_t i = 0; i < report->reading_count; i++)
        screen_print(screen, "  %s\n", report->readings[i].sentence);
    struct query *query TIDY(query_close) = NULL;
    if (query_open(syncing->context->settings, syncing->organization, &query, NULL) == 0)
        tell_waits(syncing, query, report->connection);
    tell_next(syncing, report);
    fflush(screen->out);
}

void sync_count(struct syncing *syncing, const struct run_report *report)
{
    syncing->runs++;
    syncing->failed += report->outcome == OUTCOME_FAILED;
    syncing->held |= report->outcome == OUTCOME_HELD;
    syncing->partly |= report->outcome == OUTCOME_PARTIAL;
    syncing->cancelled |= report->outcome == OUTCOME_CANCELLED;
}

/* No source is asked; but the day has come of what was said before. */
static void sync_dates(struct syncing *syncing, const struct run_request *request)
{
    struct run_report report __attribute__((cleanup(run_report_done))) = {0};
    struct context *context = syncing->context;
    struct err err = {0};
    bool any = false;
    int rc = dates_take_effect(request, &report, &any, &err);
    if (rc != 0) {
        complain_rc(rc, &err);
        syncing->partly = true;
    } else if (any && context->json) {
        fprintf(context->screen.out, "%s\n", report.json ? report.json : "{}");
    } else if (any) {
        screen_print(&context->screen, "dates  run %u: what was due by today took effect without a source\n",
                     report.run);
        decide_tell(context, &report);
    }
}

/* What keeps all connections from running, as a pause or a folder that cannot be written, is said once. */
static void complain_once(struct syncing *syncing, int rc, const struct err *err)
{
    if (!syncing->said || !err->text[0] || strcmp(syncing->said, err->text) != 0)
        complain_rc(rc, err);
    syncing->said = arena_text(syncing->context->arena, err->text);
    syncing->runs++;
}

/* One run. *ret_next: the file that was taken, when another one of its sequence waits and all is well so far. */
static int sync_file(struct syncing *syncing, const struct connection *connection, bool push, const char **ret_next)
{
    struct context *context = syncing->context;
    struct progress progress;
    struct run_report report __attribute__((cleanup(run_report_done))) = {0};
    struct err err = {0};
    progress_start(&progress, connection->name, !context->quiet);
    struct run_request request = {.settings = context->settings,
                                  .organization = syncing->organization,
                                  .connectors = context->connectors,
                                  .connection = connection,
                                  .full = syncing->full || GIVEN(context, full),
                                  .anew = syncing->anew,
                                  .kept = !push && (syncing->kept || GIVEN(context, kept)),
                                  .partition = syncing->partition ? syncing->partition : VALUE(context, partition),
                                  .streams = syncing->streams,
                                  .again = push ? VALUE(context, again) : NULL,
                                  .wanted = push ? NULL : syncing->wanted,
                                  .person = push ? syncing->person : 0,
                                  .allow_held = syncing->allow_held,
                                  .author = context_author(),
                                  .reason = VALUE(context, reason),
                                  .cancel = &cancelled,
                                  .cassette = syncing->cassette,
                                  .sessions = syncing->sessions,
                                  .warm = syncing->warm,
                                  .progress = progress_tell,
                                  .context = &progress};
    int rc = push ? push_run(&request, &report, &err) : run_sync(&request, &report, &err);
    progress_end(&progress);
    if (rc == ERR_PAUSED) {
        complain_once(syncing, rc, &err);
        syncing->paused = true;
        if (!push)
            sync_dates(syncing, &request);
        return 0;
    }
    if (rc == ERR_UNKNOWN) {
        syncing->unknown = arena_text(context->arena, err.text);
        return rc;
    }
    if (rc != 0) {
        syncing->busy |= rc == ERR_BUSY;
        syncing->failed++;
        complain_once(syncing, rc, &err);
        return rc;
    }
    sync_tell(syncing, &report);
    sync_count(syncing, &report);
    syncing->refused |= report.refused;
    if (!syncing->wanted && report.more && report.file_count > 0 && report.outcome <= OUTCOME_PARTIAL)
        *ret_next = arena_text(syncing->context->arena, report.files[0]);
    else if (report.more_received && report.outcome <= OUTCOME_PARTIAL)
        *ret_next = arena_format(syncing->context->arena, "run %u", report.run);
    return 0;
}

/* A sequence of files is a run for each, until one does not come through. The same file twice means that it could not
 * be put away: the next ones wait. */
int sync_read(struct syncing *syncing, const struct connection *connection)
{
    const char *last = NULL;
    uint32_t allow_held = syncing->allow_held;
    for (;;) {
        const char *taken = NULL;
        int rc = sync_file(syncing, connection, false, &taken);
        syncing->allow_held = 0; /* what was held was of the first one */
        if (rc != 0 || !taken || (last && strcmp(last, taken) == 0) || atomic_load(&cancelled)) {
            syncing->allow_held = allow_held;
            return rc;
        }
        last = taken;
    }
}

static bool pulls(const struct syncing *syncing, const struct connection *connection)
{
    bool nothing = !connection->target && !syncing->streams; /* which is told */
    return (sync_reads(syncing, connection) || nothing) && sync_concerns(syncing, connection) &&
           !GIVEN(syncing->context, push_only) && !VALUE(syncing->context, again);
}

static bool pushes(const struct syncing *syncing, const struct connection *connection)
{
    return sync_tells(syncing, connection) && !GIVEN(syncing->context, pull_only);
}

static int sync_push(struct syncing *syncing, const struct connection *connection)
{
    const char *none = NULL;
    return sync_file(syncing, connection, true, &none);
}

/* What it says is taken, then it is told what changed. */
int sync_one(struct syncing *syncing, const struct connection *connection)
{
    syncing->refused = false;
    int rc = pulls(syncing, connection) ? sync_read(syncing, connection) : 0;
    if (rc == 0 && !syncing->refused && pushes(syncing, connection) && !atomic_load(&cancelled))
        rc = sync_push(syncing, connection);
    return rc;
}

int sync_status(const struct syncing *syncing)
{
    if (syncing->busy)
        return STATUS_BUSY;
    if (syncing->cancelled || (syncing->failed > 0 && syncing->failed == syncing->runs))
        return STATUS_FAILED;
    return syncing->held || syncing->paused     ? STATUS_HELD
           : syncing->partly || syncing->failed ? STATUS_PARTLY
                                                : STATUS_DONE;
}

/* A run that held nothing, or whose word does not count any more, has nothing to be let through. */
static int check_held(struct syncing *syncing)
{
    struct query *query TIDY(query_close) = NULL;
    const char *id = syncing->organization->id;
    struct err err = {0};
    struct bytes json;
    int rc = query_open(syncing->context->settings, syncing->organization, &query, &err);
    if (rc != 0)
        return complain_rc(rc, &err);
    if (!query_run(query, syncing->allow_held, &json)) {
        rc = horizon_no_run(&query->txn, query->organization, syncing->allow_held, &err);
        return complain_rc(rc, &err);
    }
    if (!query_run_held(query, syncing->allow_held))
        return complain_words("run %u held nothing: `muster inbox %s` lists what is held, `muster runs %s` which runs "
                              "held it",
                              syncing->allow_held, id, id);
    TIDY_DONE(buffer_done) struct buffer instead = {0};
    if (instead_of_run(query, syncing->allow_held, &instead) && instead.rc == 0)
        return complain_words("nothing that run %u held is held any more: %s; `muster inbox %s` lists what is held now",
                              syncing->allow_held, instead.data, id);
    rc = query_end(query, &err);
    return rc ? complain_rc(rc, &err) : STATUS_DONE;
}

int sync_read_words(struct syncing *syncing)
{
    const char *text = VALUE(syncing->context, allow_held), *reason = VALUE(syncing->context, reason);
    if (!text)
        return reason ? complain_words("--reason belongs to --allow-held") : STATUS_DONE;
    char *end;
    errno = 0;
    unsigned long run = strtoul(text, &end, 10);
    if (text[0] < '0' || text[0] > '9' || *end != '\0' || errno != 0 || run == 0 || run > UINT32_MAX)
        return complain_words("--allow-held takes the number of a run, not '%s': `muster runs %s` lists them", text,
                              syncing->organization->id);
    if (!reason || reason[strspn(reason, " \t\n")] == '\0')
        return complain_words("--allow-held needs a reason: --reason TEXT; it is kept in the history");
    syncing->allow_held = (uint32_t)run;
    return check_held(syncing);
}

/* With --allow-held and no connection: the one that the run was of. */
int sync_held_connection(struct syncing *syncing, const struct connection **ret_connection)
{
    struct query *query TIDY(query_close) = NULL;
    struct err err = {0};
    int rc = query_open(syncing->context->settings, syncing->organization, &query, &err);
    if (rc != 0)
        return complain_rc(rc, &err);
    const char *name = query_run_connection(query, syncing->allow_held);
    if (!*name)
        return complain_unknown("there is no run %u: `muster runs %s` lists them", syncing->allow_held,
                                syncing->organization->id);
    *ret_connection = organization_connection(syncing->organization, name);
    if (!*ret_connection)
        return complain_words("run %u was of connection '%s', which is no longer in %s", syncing->allow_held, name,
                              syncing->organization->file);
    return STATUS_DONE;
}

/* The nth that the words name, or of all there are; NULL after the last. */
static const struct connection *connection_nth(struct syncing *syncing, const char *const *words, size_t nth)
{
    const struct organization *organization = syncing->organization;
    const struct connection *connection = NULL;
    if (words[0] && words[nth])
        context_connection(syncing->organization, words[nth], &connection);
    else if (!words[0] && nth < organization->connection_count)
        connection = &organization->connections[nth];
    return connection;
}

/* All of them: first what they say, then what they are told. Where no run could be, or the log-in was refused, it is
 * not told anything either; what was set aside or paused is said once of a connection, whichever of the two it is for.
 */
static void sync_each(struct syncing *syncing, const char *const *words)
{
    struct organization *organization = syncing->organization;
    const struct connection *connection;
    struct fared {
        bool unread;
        const char *said;
    };
    TIDY(free) struct fared *all = mem_new(organization->connection_count + 1, sizeof(*all));
    for (size_t i = 0; (connection = connection_nth(syncing, words, i)); i++)
        if (pushes(syncing, connection))
            warm_expect(syncing->warm, connection);
    for (int push = 0; all && push < 2; push++) {
        if (push && sync_know_person(syncing) != STATUS_DONE) {
            syncing->failed = syncing->runs;
            return;
        }
        for (size_t i = 0; (connection = connection_nth(syncing, words, i)); i++) {
            struct fared *fared = &all[connection - organization->connections];
            if (!words[0] && !connection->target && !(connection->mappings && connection->mappings[0]))
                continue; /* nothing is read from it */
            int rc = 0;
            bool paused = syncing->paused;
            syncing->paused = syncing->refused = false;
            syncing->said = fared->said ? fared->said : syncing->said;
            if (!push && pulls(syncing, connection))
                rc = sync_read_parts(syncing, connection);
            else if (push && pushes(syncing, connection) && !fared->unread)
                rc = sync_push(syncing, connection);
            fared->unread |= rc != 0 || syncing->refused;
            fared->said = syncing->paused ? syncing->said : NULL;
            syncing->paused |= paused;
            if (rc == ERR_BUSY || atomic_load(&cancelled))
                return;
        }
    }
}

static int sync_all(struct syncing *syncing)
{
    struct organization *organization = syncing->organization;
    const char **words = syncing->context->arguments.words + 1;
    const struct connection *connection;
    for (size_t i = 0; words[i]; i++)
        if (context_connection(syncing->organization, words[i], &connection) != STATUS_DONE)
            return STATUS_WORDS;
    if (syncing->allow_held && !words[0]) {
        int status = sync_held_connection(syncing, &connection);
        if (status != STATUS_DONE)
            return status;
        sync_one(syncing, connection);
        return syncing->runs == 0 && syncing->unknown ? complain_words("%s", syncing->unknown) : sync_status(syncing);
    }
    sync_each(syncing, words);
    if (syncing->runs == 0 && syncing->unknown) /* else another connection has it */
        return complain_words("%s", syncing->unknown);
    if (syncing->runs == 0 && !syncing->only_failed)
        return complain_words("%s: nothing is read from any connection, and none has a target", organization->file);
    return sync_status(syncing);
}

/* --record FILE, of one connection. */
static int record_begin(struct syncing *syncing, struct cassette **ret_cassette)
{
    struct context *context = syncing->context;
    const char *path = VALUE(context, record), *const *words = (const char *const *)context->arguments.words;
    const struct connection *connection = NULL;
    struct err err = {0};
    if (!path)
        return STATUS_DONE;
    if (!words[1] || words[2])
        return complain_words("--record is of one connection: muster sync %s CONNECTION --record %s", words[0], path);
    int status = context_connection(syncing->organization, words[1], &connection);
    if (status != STATUS_DONE)
        return status;
    struct cassette_about about = {.organization = syncing->organization->id,
                                   .connection = connection->name,
                                   .connector = connection->connector,
                                   .now_ms = clock_now_ms(),
                                   .full = GIVEN(context, full)};
    int rc = cassette_record(path, &about, ret_cassette, &err);
    syncing->cassette = *ret_cassette;
    return rc ? complain_rc(rc, &err) : STATUS_DONE;
}

static void syncing_done(struct syncing *syncing)
{
    wanted_free(syncing->wanted);
    free(syncing->parts);
}

int verb_sync(struct context *context)
{
    TIDY(organization_free) struct organization *organization = NULL;
    int status = context_organization(context, context->arguments.words[0], &organization);
    if (status != STATUS_DONE)
        return status;
    TIDY_DONE(syncing_done) struct syncing syncing = {.context = context, .organization = organization};
    if (GIVEN(context, kept) && (GIVEN(context, full) || GIVEN(context, push_only) || VALUE(context, record)))
        return complain_words("--kept asks no source: it does not go with --full, --push-only or --record");
    const char *const *words = (const char *const *)context->arguments.words;
    if (VALUE(context, again) && (!words[1] || words[2] || GIVEN(context, pull_only)))
        return complain_words("--again is of one target: muster sync %s TARGET --again %s", words[0],
                              VALUE(context, again));
    const struct connection *again = VALUE(context, again) ? organization_connection(organization, words[1]) : NULL;
    if (again && !again->target)
        return complain_words("'%s' is no target: it writes no files", words[1]);
    status = sync_read_words(&syncing);
    status = status ? status : sync_read_person(&syncing);
    status = status ? status : sync_read_failed(&syncing);
    status = status ? status : sync_read_streams(&syncing, words + 1);
    if (status != STATUS_DONE)
        return status;
    TIDY(sessions_free) struct sessions *sessions = syncing.sessions = sessions_new();
    struct run_request like = {.settings = context->settings,
                               .organization = organization,
                               .connectors = context->connectors,
                               .cancel = &cancelled};
    TIDY(warm_free) struct warm *warm = syncing.warm = warm_new(&like);
    if (!sessions || !warm)
        return complain_rc(-ENOMEM, NULL);
    TIDY(cassette_free) struct cassette *cassette = NULL;
    status = record_begin(&syncing, &cassette);
    if (status != STATUS_DONE)
        return status;
    sync_catch_signals();
    status = sync_all(&syncing);
    struct err err = {0};
    if (cassette && cassette_end(cassette, &err) != 0)
        complain_rc(err.rc, &err); /* what was read is taken all the same */
    if (status != STATUS_WORDS && !syncing.wanted && !syncing.busy && !atomic_load(&cancelled))
        retain_after_sync(context, organization);
    if (status != STATUS_WORDS)
        telling_send(context, organization, false, false); /* whoever cannot be told fails no run */
    return status;
}
