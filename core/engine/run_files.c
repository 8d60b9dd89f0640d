/* run_files - a run's files: which are taken, what the ledger keeps of them, where they go, what their sender is told.
 */
#include "engine/running.h"

#include "base/date.h"
#include "base/digest.h"
#include "base/log.h"
#include "base/mem.h"
#include "broker/partial.h"
#include "broker/place.h"
#include "engine/receipt.h"
#include "logic/spelling.h"

#include <errno.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

int run_pickup(struct run *run)
{
    static const char *const words[] = {"partial of a file, one", "partial of a file, two"};
    const struct run_request *request = run->request;
    uint8_t key[2 * DIGEST_KEYED];
    for (int i = 0; i < 2; i++)
        digest_keyed(run->vault.wrap_key, words[i], strlen(words[i]), key + (size_t)i * DIGEST_KEYED);
    files_keep_partials(run->files, key, PARTIAL_EVERY_MS);
    explicit_bzero(key, sizeof(key));
    files_share(run->files, request->sessions);
    struct pickup_setup setup = {.connection = request->connection,
                                 .files = run->files,
                                 .store = run->store,
                                 .cancelled = run_cancelled,
                                 .context = (void *)(uintptr_t)request};
    return pickup_new(&setup, &run->pickup);
}

void run_files_left(struct run *run, const struct strand *strand)
{
    const struct pull *pull = &strand->pull;
    const struct run_stream *stream = &run->report->partitions[strand->partition].streams[strand->nth];
    if (!run->pickup || pull_rc(pull) == 0 || pull_rc(pull) == ERR_UNREADY)
        return;
    for (size_t i = 0; i < pull->listed_count; i++)
        (void)pickup_left(run->pickup, pull->listed[i].name, stream->reason); /* without memory there is one less */
}

void run_files(struct run *run)
{
    struct run_report *report = run->report;
    size_t count = 0;
    for (size_t i = 0; i < run->strand_count; i++)
        count += run->strands[i].pull.fetched_count;
    report->files = arena_get(run->arena, (count + 1) * sizeof(*report->files));
    for (size_t i = 0; report->files && i < run->strand_count; i++)
        for (size_t f = 0; f < run->strands[i].pull.fetched_count; f++)
            report->files[report->file_count++] = run->strands[i].pull.fetched[f].name;
    if (!run->pickup)
        return;
    report->not_taken = pickup_seen(run->pickup, &report->not_taken_count);
    report->more = pickup_more(run->pickup);
}

/* --- the ledger --- */

static size_t file_refused(struct strand *strand, const struct pulled_file *file)
{
    size_t count = 0;
    for (size_t i = 0; i < strand->waits.count; i++)
        count += strand->waits.items[i].type == WAIT_DEAD &&
                 pull_file_of(&strand->pull, strand->waits.items[i].place) == file;
    return count;
}

static void ledger_file(struct run *run, struct strand *strand, size_t nth)
{
    const struct pulled_file *file = &strand->pull.fetched[nth];
    const struct run_report *report = run->report;
    struct ledger_row row = {.stream = strand->pull.stream,
                             .run = report->run,
                             .nth = (uint32_t)nth,
                             .name = file->name,
                             .size = file->size,
                             .mtime_ms = file->mtime_ms,
                             .at_ms = run->now_ms,
                             .rows = file->rows,
                             .refused = file_refused(strand, file),
                             .together = (uint32_t)strand->pull.fetched_count,
                             .outcome = LEDGER_UNCHANGED,
                             .after = (uint8_t)(file->now ? file->after : 0),
                             .place = file->now};
    memcpy(row.sha256, file->sha256, sizeof(row.sha256));
    if (strand->compared) {
        row.created = report->created;
        row.updated = report->updated;
        row.missing = report->missing;
        row.outcome = (uint8_t)report->partitions[strand->partition].outcome;
    }
    ledger_put(run->changeset, &row);
}

int run_ledger(struct run *run)
{
    int rc = 0;
    for (size_t i = 0; i < run->strand_count; i++)
        for (size_t f = 0; f < run->strands[i].pull.fetched_count && run->strands[i].compared; f++)
            ledger_file(run, &run->strands[i], f);
    for (size_t i = 0; i < run->strand_count && run->pickup && pickup_looked(run->pickup) && rc == 0; i++) {
        const struct ledger_seen *seen;
        size_t count;
        seen = pickup_seen(run->pickup, &count);
        rc = ledger_put_seen(run->changeset, &run->snapshot, run->strands[i].pull.stream, seen, i == 0 ? count : 0);
    }
    return rc;
}

/* What became of files after the commit; and a file that was the last one once more, where it must be known as taken
 * or is put away. */
static int ledger_again(struct run *run)
{
    bool any = false;
    int rc = 0;
    for (size_t i = 0; i < run->strand_count && rc == 0; i++) {
        struct strand *strand = &run->strands[i];
        bool again = strand->pull.same && pickup_is_sequence(run->pickup) && run->report->more;
        for (size_t f = 0; f < strand->pull.fetched_count && rc == 0; f++) {
            if (!strand->pull.fetched[f].now && !again)
                continue;
            if (!any) {
                changeset_free(TAKE(run->changeset));
                rc = changeset_new(run->store, &run->changeset);
                any = rc == 0;
            }
            if (any)
                ledger_file(run, strand, f);
        }
    }
    return rc == 0 && any ? changeset_apply(run->changeset, NULL) : rc;
}

/* --- where they go --- */

bool strand_taken(const struct strand *strand)
{
    return (strand->compared || strand->pull.same) && !strand->look_again;
}

void run_file_trouble(struct run *run, const struct strand *strand, const struct err *err)
{
    if (err->rc == 0)
        return;
    strand_outcome(run, strand, OUTCOME_PARTIAL, "complete", err->text);
    run->report->outcome = report_worse(run->report->outcome, OUTCOME_PARTIAL);
}

void run_marker_away(struct run *run, const struct strand *strand, const char *name, int after, const char *to,
                     const char *pattern)
{
    char *marker __attribute__((cleanup(tidy_free))) = pickup_companion(pattern, name, NULL, 0);
    struct err err = {0};
    int rc = !marker                   ? err_set(&err, -ENOMEM, "%s", err_text(-ENOMEM))
             : after == MUSTER_ARCHIVE ? files_beside_archive(run->files, name, marker, to, &err)
                                       : files_beside_remove(run->files, name, marker, &err);
    if (rc != ERR_GONE) /* then it is as it shall be */
        run_file_trouble(run, strand, &err);
}

/* Moves or removes one file. What was done is told to every strand that read it. */
static void file_away(struct run *run, struct strand *strand, struct pulled_file *file)
{
    char *place __attribute__((cleanup(tidy_free))) = NULL;
    struct err err = {0};
    int rc = file->after == MUSTER_ARCHIVE ? files_archive(run->files, file->name, file->to, &place, &err)
                                           : files_remove(run->files, file->name, &err);
    run_file_trouble(run, strand, &err);
    if (rc != 0)
        return;
    const char *now = arena_text(run->arena, place ? place : "");
    for (size_t i = 0; i < run->strand_count; i++)
        for (size_t f = 0; f < run->strands[i].pull.fetched_count; f++)
            if (strcmp(run->strands[i].pull.fetched[f].name, file->name) == 0)
                run->strands[i].pull.fetched[f].now = now ? now : "";
    const char *marker = connection_option(run->request->connection, "ready_marker");
    bool shared = marker && pickup_shared(marker);
    if (marker && *marker && (!shared || !run->report->more))
        run_marker_away(run, strand, file->name, file->after, file->to, marker);
}

/* A file goes only when every strand that read it took it. */
static bool all_took(const struct run *run, const char *name)
{
    for (size_t i = 0; i < run->strand_count; i++)
        for (size_t f = 0; f < run->strands[i].pull.fetched_count; f++)
            if (strcmp(run->strands[i].pull.fetched[f].name, name) == 0 && !strand_taken(&run->strands[i]))
                return false;
    return true;
}

/* --- what their sender is told --- */

static int receipt_send(struct run *run, const struct pulled_file *file, const char *of, const char *pattern,
                        const struct buffer *text, struct err *err)
{
    char day[25];
    instant_write(run->now_ms, day);
    day[10] = '\0';
    char *name __attribute__((cleanup(tidy_free))) = pickup_companion(pattern, file->name, day, run->report->run);
    int fd __attribute__((cleanup(tidy_close))) = memfd_create("receipt", MFD_CLOEXEC);
    if (!name || text->rc != 0)
        return err_set(err, -ENOMEM, "%s", err_text(-ENOMEM));
    if (strcmp(name, of) == 0)
        return err_set(err, ERR_CONFIG, "the receipt of %s would replace it: give it another name in option receipts",
                       file->name);
    if (fd < 0 || write(fd, text->data, text->len) != (ssize_t)text->len)
        return err_set(err, -EIO, "the receipt of %s could not be made", file->name);
    return files_beside_store(run->files, file->name, name, fd, err);
}

static void receipt_make(struct run *run, struct strand *strand, const struct pulled_file *file, const char *pattern)
{
    struct buffer text __attribute__((cleanup(buffer_done))) = {0};
    __attribute__((cleanup(place_done))) struct place place = {0};
    struct err err = {0};
    enum outcome outcome = run->report->partitions[strand->partition].outcome;
    struct receipt receipt = {.name = place_read(file->name, PLACE_NAME, &place, NULL) == 0 ? place.last : file->name,
                              .at_ms = run->now_ms,
                              .run = run->report->run,
                              .outcome = strand->compared ? outcome_name(outcome) : "unchanged"};
    for (size_t i = 0; i < run->strand_count; i++)
        for (size_t f = 0; f < run->strands[i].pull.fetched_count; f++)
            if (strcmp(run->strands[i].pull.fetched[f].name, file->name) == 0) {
                receipt.rows += run->strands[i].pull.fetched[f].rows;
                receipt.refused += file_refused(&run->strands[i], &run->strands[i].pull.fetched[f]);
            }
    receipt_head(&receipt, &text);
    for (size_t i = 0; i < run->strand_count; i++)
        for (size_t w = 0; w < run->strands[i].waits.count; w++) {
            const struct wait_item *item = &run->strands[i].waits.items[w];
            const struct pulled_file *of = pull_file_of(&run->strands[i].pull, item->place);
            if (item->type != WAIT_DEAD || !of || strcmp(of->name, file->name) != 0)
                continue;
            TIDY_DONE(buffer_done) struct buffer why = {0};
            const struct pull *pull = &run->strands[i].pull;
            spelling_sentence(pull->connection, pull->mapping->stream, item->field, item->reason, &why);
            receipt_refusal(&receipt, item, why.rc || !why.data ? "" : why.data, &text);
        }
    (void)receipt_send(run, file, receipt.name, pattern, &text, &err);
    run_file_trouble(run, strand, &err);
}

/* Whether an earlier strand has read it too, and so has dealt with it. */
static bool dealt_with(const struct run *run, size_t strand, const char *name)
{
    for (size_t i = 0; i < strand; i++)
        for (size_t f = 0; f < run->strands[i].pull.fetched_count; f++)
            if (strcmp(run->strands[i].pull.fetched[f].name, name) == 0)
                return true;
    return false;
}

static void rejects_send(struct run *run, struct strand *strand, const struct pulled_file *file, const char *pattern)
{
    struct err err = {0};
    int rc = run_rejects(run, strand, file, pattern, &err);
    if (rc != 0 && err.rc == 0)
        err_set(&err, rc, "the rows that were not taken could not be sent back: %s", err_text(rc));
    struct log from = {.organization = run->request->organization->id, .connection = run->request->connection->name};
    if (rc != 0) /* the partition may have a worse word already */
        log_warn(&from, "%s", err.text);
    run_file_trouble(run, strand, &err);
}

void run_files_afterwards(struct run *run)
{
    const char *receipts = connection_option(run->request->connection, "receipts");
    const char *rejects = connection_option(run->request->connection, "rejects");
    struct err err = {0};
    for (size_t i = 0; i < run->strand_count; i++)
        for (size_t f = 0; f < run->strands[i].pull.fetched_count; f++) {
            struct strand *strand = &run->strands[i];
            struct pulled_file *file = &strand->pull.fetched[f];
            if (rejects && *rejects && strand->compared && strand->pull.rejects)
                rejects_send(run, strand, file, rejects);
            if (dealt_with(run, i, file->name))
                continue;
            bool away = file->after != MUSTER_LEAVE && all_took(run, file->name);
            if (away)
                file_away(run, strand, file);
            if (receipts && *receipts && (strand->compared || (strand->pull.same && away)))
                receipt_make(run, strand, file, receipts);
        }
    int rc = run->pickup ? ledger_again(run) : 0;
    if (rc == 0 && run->pickup)
        rc = run_overtaken(run);
    if (rc != 0 && run->strand_count > 0) {
        err_set(&err, rc, "where files were put is not noted: %s", err_text(rc));
        run_file_trouble(run, &run->strands[0], &err);
    }
}
