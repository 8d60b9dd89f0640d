/* pull - one stream of one partition, from the connector into a spool. */
#include "engine/pull.h"

#include "base/clock.h"
#include "base/digest.h"
#include "base/fault.h"
#include "base/log.h"
#include "base/mem.h"
#include "broker/cassette.h"
#include "broker/http.h"
#include "broker/place.h"
#include "engine/wanted.h"
#include "engine/warm.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>

enum { SPOOL_MEMORY = 32 << 20 };

/* --- what the connector asks for: files --- */

static int file_add(struct pulled_file **files, size_t *count, size_t *room, const struct pulled_file *file)
{
    int rc = mem_grow(files, *count, room, sizeof(**files));
    if (rc == 0)
        (*files)[(*count)++] = *file;
    return rc;
}

/* A file that is not whole yet ends the pull, whatever the connector makes of it. */
static int pull_unready(struct pull *pull, int rc, const struct err *err)
{
    if (rc == ERR_UNREADY)
        err_set(&pull->talk->unready, rc, "%s", err ? err->text : err_text(rc));
    return rc;
}

static int pull_list(void *context, const char *place, size_t nth, const char **ret_name, uint64_t *ret_size,
                     int64_t *ret_mtime, struct err *err)
{
    struct pull *pull = context;
    const struct file_entry *entries;
    size_t count;
    int rc = pull->pickup ? pickup_list(pull->pickup, place, &entries, &count, err)
                          : files_list(pull->files, place, &entries, &count, err);
    if (rc != 0)
        return pull_unready(pull, rc, err);
    if (nth >= count)
        return ERR_GONE;
    struct pulled_file listed = {.name = arena_text(pull->arena, entries[nth].name),
                                 .size = entries[nth].size,
                                 .mtime_ms = entries[nth].mtime_ms};
    rc = listed.name ? file_add(&pull->listed, &pull->listed_count, &pull->listed_room, &listed) : -ENOMEM;
    *ret_name = entries[nth].name;
    *ret_size = entries[nth].size;
    *ret_mtime = entries[nth].mtime_ms;
    return rc;
}

/* How a connector that reads several files writes places in this one: "hr-2.xlsx:Employees!C17". */
static const char *file_prefix(struct pull *pull, const char *name)
{
    __attribute__((cleanup(place_done))) struct place place = {0};
    const char *slash = strrchr(name, '/');
    const char *base = place_read(name, PLACE_NAME, &place, NULL) == 0 ? place.last : slash ? slash + 1 : name;
    return arena_format(pull->arena, "%s:", base);
}

static int pull_fetch(void *context, const char *name, int *ret_fd, struct err *err)
{
    struct pull *pull = context;
    struct pulled_file file = {.name = arena_text(pull->arena, name), .prefix = file_prefix(pull, name)};
    const struct pulled_file *listed = NULL;
    for (size_t i = 0; i < pull->listed_count; i++)
        if (strcmp(pull->listed[i].name, name) == 0)
            listed = &pull->listed[i];
    int fd __attribute__((cleanup(tidy_close))) = -1;
    struct err why = {0};
    int rc = file.name && file.prefix
                 ? files_fetch(pull->files, name, pull->scratch_dir, &fd, file.sha256, &file.size, &why)
                 : -ENOMEM;
    if (rc == 0 && pull->pickup && listed && listed->size != file.size)
        rc = err_set(&why, ERR_UNREADY, "it has become another file since it was listed");
    if (rc == 0 && (fstat(fd, &file.is) < 0 || (uint64_t)file.is.st_size != file.size))
        rc = err_set(&why, ERR_UNREADY, "it is still being written");
    if (rc == ERR_UNREADY && pull->pickup)
        rc = pickup_refuse(pull->pickup, name, why.text, err);
    else if (rc != 0)
        err_set(err, rc, "%s", why.rc != 0 ? why.text : err_text(rc));
    if (rc != 0)
        return pull_unready(pull, rc, err);
    file.mtime_ms = listed ? listed->mtime_ms : 0;
    rc = file_add(&pull->fetched, &pull->fetched_count, &pull->fetched_room, &file);
    if (rc == 0)
        *ret_fd = take_fd(&fd);
    return rc;
}

struct pulled_file *pull_file_of(struct pull *pull, const char *place)
{
    if (pull->fetched_count == 1)
        return &pull->fetched[0];
    for (size_t i = 0; place && i < pull->fetched_count; i++) {
        size_t nth = (pull->last_file + i) % pull->fetched_count;
        const char *prefix = pull->fetched[nth].prefix;
        if (strncmp(place, prefix, strlen(prefix)) == 0) {
            pull->last_file = nth;
            return &pull->fetched[nth];
        }
    }
    return NULL;
}

/* A sum, so that two equal files do not make nothing. */
static void digest_add(uint8_t sum[DIGEST_SHA256], const uint8_t one[DIGEST_SHA256])
{
    unsigned carry = 0;
    for (size_t b = 0; b < DIGEST_SHA256; b++) {
        carry += sum[b] + (unsigned)one[b];
        sum[b] = (uint8_t)carry;
        carry >>= 8;
    }
}

/* Where a file lies, or goes, is no way to read it. */
static bool option_reads(const struct option_value *option)
{
    return option->text && strcmp(option->name, "location") != 0 && strcmp(option->name, "archive_to") != 0;
}

/* All files of the pull as one digest, whatever their order, and how they are read: the same file is another source
 * when another sheet of it is asked for. */
static int pull_files_digest(struct pull *pull)
{
    TIDY_DONE(buffer_done) struct buffer options = {0};
    for (size_t i = 0; i < pull->connection->option_count; i++) {
        const struct option_value *option = &pull->connection->options[i];
        if (option_reads(option))
            buffer_format(&options, "%s=%s\n", option->name, option->text);
    }
    if (options.rc != 0)
        return options.rc;
    digest_sha256(options.data ? options.data : "", options.len, pull->files_digest);
    for (size_t i = 0; i < pull->fetched_count; i++)
        digest_add(pull->files_digest, pull->fetched[i].sha256);
    return 0;
}

/* Whether what was fetched is older than what the last good pull took: then taking it would undo what newer files
 * said. Leaves the sentence. */
static void pull_older(struct pull *pull)
{
    struct txn txn __attribute__((cleanup(tidy_txn)));
    struct cursor cursor __attribute__((cleanup(tidy_cursor)));
    int64_t last_taken = INT64_MIN;
    uint32_t again = 0; /* the run that took the very same */
    bool last = false;  /* it is what the last one took, read in another way */
    const struct pulled_file *newest = &pull->fetched[0];
    for (size_t i = 1; i < pull->fetched_count; i++)
        if (pull->fetched[i].mtime_ms > newest->mtime_ms)
            newest = &pull->fetched[i];
    txn_begin(&txn, pull->store, false);
    cursor_open(&cursor, &txn, TABLE_file);
    for (bool there = ledger_first(&cursor, pull->stream); there;
         there = cursor_next(&cursor) && ledger_of(&cursor, pull->stream)) {
        struct ledger_row row;
        if (!ledger_read(&cursor, pull->arena, &row))
            continue;
        if (row.run < pull->before.run && memcmp(row.sha256, newest->sha256, sizeof(row.sha256)) == 0)
            again = row.run;
        if (row.run == pull->before.run && row.mtime_ms > last_taken)
            last_taken = row.mtime_ms;
        last |= row.run == pull->before.run && memcmp(row.sha256, newest->sha256, sizeof(row.sha256)) == 0;
    }
    if (last)
        return;
    /* when the last one is held, its sender may well have sent the one before once more */
    if (again != 0 && !(pull->before.held && newest->mtime_ms > last_taken))
        err_set(&pull->talk->err, ERR_HELD,
                "%s is what run %u took already, and run %u took a newer one since: it is held. If it is right, "
                "take it with `muster sync %s %s --full`.",
                newest->name, again, pull->before.run, pull->organization, pull->connection->name);
    if (newest->mtime_ms < last_taken && !(pull->pickup && pickup_by_name(pull->pickup)))
        err_set(&pull->talk->err, ERR_HELD,
                "%s is older than the file that run %u took: it is held. If it is right, take it with `muster sync %s "
                "%s --full`.",
                newest->name, pull->before.run, pull->organization, pull->connection->name);
}

static int pull_unchanged(void *context)
{
    struct pull *pull = context;
    int rc = pull_files_digest(pull);
    if (rc != 0 || !pull->had_checkpoint)
        return rc;
    if (pull->fetched_count == 0)
        return 1; /* nothing new lies there, and what was taken before is stored */
    const struct checkpoint *before = &pull->before;
    bool differs = memcmp(before->files, pull->files_digest, sizeof(before->files)) != 0;
    if (differs)
        warm_up(pull->warm); /* it is likely that targets are to be told of it: there is time while it is read */
    if (pull->full)
        return 0;
    if (differs) {
        pull_older(pull);
        return 0;
    }
    return !before->held && !before->grace &&
           memcmp(before->mapping, pull->mapping_digest, sizeof(before->mapping)) == 0;
}

static int pull_afterwards(void *context, const char *name, int what, const char *to)
{
    struct pull *pull = context;
    for (size_t i = 0; i < pull->fetched_count; i++)
        if (strcmp(pull->fetched[i].name, name) == 0) {
            pull->fetched[i].after = what;
            pull->fetched[i].to = arena_text(pull->arena, to ? to : "");
            return pull->fetched[i].to ? 0 : -ENOMEM;
        }
    return err_set(&pull->talk->err, ERR_CONNECTOR, "the connector wants to put away %s, which it did not fetch", name);
}

void pull_file_sink(struct pull *pull, struct lane_sink *ret_sink)
{
    *ret_sink = (struct lane_sink){.context = pull, .list = pull_list, .fetch = pull_fetch, .http = pull->http};
}

/* --- what the connector says --- */

static int pull_columns(void *context, struct lane_stream *stream)
{
    struct pull *pull = context;
    if (strcmp(stream->name, pull->mapping->stream) != 0)
        return err_set(&pull->talk->err, ERR_CONNECTOR, "the connector gave stream '%s' when '%s' was asked for",
                       stream->name, pull->mapping->stream);
    return pull->talk->err.rc ? pull->talk->err.rc : map_columns(pull->map, stream, &pull->talk->err);
}

static bool pull_wants(void *context, size_t column)
{
    const struct pull *pull = context;
    return map_wants(pull->map, column);
}

static int pull_record(void *context, const struct lane_record *record)
{
    struct pull *pull = context;
    struct pulled_file *file = pull_file_of(pull, record->place);
    if (file)
        file->rows++;
    return pull->talk->err.rc ? pull->talk->err.rc : map_record(pull->map, record, &pull->talk->err);
}

static int pull_reject(void *context, const char *stream, const char *source_id, const char *place, const char *why)
{
    struct pull *pull = context;
    struct pulled_file *file = pull_file_of(pull, place);
    (void)stream;
    if (file)
        file->rows++;
    return pull->talk->err.rc ? pull->talk->err.rc : map_reject(pull->map, source_id, place, why, &pull->talk->err);
}

/* What it lacks, once. */
static int pull_tell_lacking(struct pull *pull, const char *why)
{
    if (*why && !strstr(pull->lacking ? pull->lacking : "", why))
        pull->lacking =
            pull->lacking ? arena_format(pull->arena, "%s; %s", pull->lacking, why) : arena_text(pull->arena, why);
    return !*why || pull->lacking ? 0 : -ENOMEM;
}

static int pull_gone(void *context, const char *stream, const char *source_id)
{
    struct pull *pull = context;
    if (strcmp(stream, pull->mapping->stream) != 0)
        return err_set(&pull->talk->err, ERR_CONNECTOR,
                       "the connector said of stream '%s' what is gone, '%s' was asked for", stream,
                       pull->mapping->stream);
    int rc = map_gone(pull->map, source_id, &pull->talk->err);
    if (rc != ERR_UNSUPPORTED)
        return rc;
    return pull_tell_lacking(pull,
                             "the source says what is gone by ids of its own, and `key` of the mapping names others: "
                             "without `key`, they go; with it, when everybody is read");
}

/* Something of the source may not be read: what is known of it stays, and the run says so. */
static int pull_lacking(void *context, const char *stream, const char *field, const char *why)
{
    struct pull *pull = context;
    if (strcmp(stream, pull->mapping->stream) != 0)
        return err_set(&pull->talk->err, ERR_CONNECTOR,
                       "the connector lacks something of stream '%s' when '%s' was asked for", stream,
                       pull->mapping->stream);
    map_lacks(pull->map, field);
    return pull_tell_lacking(pull, why);
}

static int pull_cursor(void *context, const char *value, bool checkpoint)
{
    struct pull *pull = context;
    (void)checkpoint; /* a file connector has none in the middle */
    pull->cursor = arena_text(pull->arena, value);
    return pull->cursor ? 0 : -ENOMEM;
}

static void pull_progress(void *context, uint64_t done, uint64_t total)
{
    struct pull *pull = context;
    if (pull->progress)
        pull->progress(pull->context, pull->label, done, total);
}

static void pull_log(void *context, int level, const char *text)
{
    struct pull *pull = context;
    struct log from = {.connection = pull->connection->name};
    log_line(&from, (enum log_level)level, "%s", text);
}

/* A column that is read under another name changes what a record becomes, as an edited mapping does. */
void pull_mapping_digest(struct pull *pull, const struct acceptances *decisions)
{
    uint64_t digest = 0;
    for (size_t i = 0; i < pull->mapping->column_count; i++) {
        const struct acceptance *about = acceptances_about(decisions, pull->stream, pull->mapping->columns[i]);
        if (about && about->verdict == VERDICT_RENAMED)
            digest = digest_seeded(digest + i + 1, about->other, strlen(about->other));
    }
    memcpy(pull->mapping_digest, pull->mapping->digest, sizeof(pull->mapping_digest));
    for (size_t b = 0; b < sizeof(digest); b++)
        pull->mapping_digest[b] ^= (uint8_t)(digest >> 8 * b);
}

/* Changes since the last time are not enough when that is too long ago to know who is gone, when what a record becomes
 * is another matter now, and while something of it waits for a person or for its grace to end. */
static bool pull_needs_all(const struct pull *pull)
{
    const struct checkpoint *before = &pull->before;
    if (!pull->had_checkpoint || *before->cursor == '\0')
        return false; /* it has no other way */
    return before->held || before->grace || clock_now_ms() - before->full_ms >= pull->connection->full_every_ms ||
           memcmp(before->mapping, pull->mapping_digest, sizeof(before->mapping)) != 0;
}

struct err *pull_opens(struct pull *pull)
{
    if (!pull->talk && !(pull->talk = mem_new(1, sizeof(*pull->talk))))
        pull->rc = -ENOMEM;
    return pull->talk ? &pull->talk->err : NULL;
}

const char *pull_sentence(const struct pull *pull)
{
    return pull->talk && pull->talk->err.rc != 0 ? pull->talk->err.text : err_text(pull->rc);
}

void pull_rest(struct pull *pull)
{
    pull->rc = pull_rc(pull);
    free(TAKE(pull->talk));
    free(TAKE(pull->listed));
    pull->listed_count = pull->listed_room = 0;
}

int pull_begin(struct pull *pull)
{
    if (!pull_opens(pull))
        return -ENOMEM;
    struct txn txn __attribute__((cleanup(tidy_txn)));
    struct acceptances decisions = {0};
    struct header header = {0};
    txn_begin(&txn, pull->store, false);
    pull->had_checkpoint = checkpoint_get(&txn, pull->stream, pull->arena, &pull->before);
    int rc = acceptances_load(&txn, pull->stream, pull->arena, &decisions);
    if (rc == 0)
        rc = txn_end(&txn);
    if (rc == 0 && pull->had_checkpoint &&
        (!header_read(pull->before.header, pull->arena, &header) ||
         !rawrow_layout_read(pull->before.layout, pull->arena, &pull->layout)))
        rc = ERR_CORRUPT;
    pull_mapping_digest(pull, &decisions);
    pull->full |= pull->wanted || pull_needs_all(pull);
    if (rc == 0 && !pull->spill)
        rc = spill_new(pull->scratch_dir, &pull->own_spill);
    if (rc == 0)
        rc = sorter_new(pull->spill ? pull->spill : pull->own_spill, SPOOL_MEMORY, &pull->spool);
    const char *rejects = connection_option(pull->connection, "rejects");
    if (rc == 0 && rejects && *rejects && !pull->kept && !pull->wanted)
        rc = rejects_new(&pull->rejects);
    struct map_setup setup = {
        .rejects = pull->rejects,
        .mapping = pull->mapping,
        .organization = pull->organization,
        .stream = pull->stream,
        .partition = pull->kept && *pull->layout.label ? pull->layout.label : pull->label,
        .partition_id = pull->partition,
        .zone = pull->zone,
        .vault = pull->vault,
        .store = pull->store,
        .spool = pull->spool,
        .spool_max = pull->settings->limits.spool_bytes,
        .waits = pull->waits,
        .columns_before = pull->had_checkpoint ? pull->before.columns : NULL,
        .header = header,
        .decisions = decisions,
        .wanted = pull->wanted,
        .kept = pull->kept ? &pull->layout : NULL,
        .run = pull->run,
    };
    return rc ? rc : map_new(&setup, &pull->map);
}

int pull_result_code(muster_rc rc)
{
    switch (rc) {
    case MUSTER_RETRY: return ERR_NETWORK;
    case MUSTER_AUTH: return ERR_AUTH;
    case MUSTER_PERMISSION: return ERR_PERMISSION;
    case MUSTER_CONFIG: return ERR_CONFIG;
    case MUSTER_DATA: return ERR_DATA;
    case MUSTER_CONFLICT: return ERR_CONFLICT;
    case MUSTER_GONE: return ERR_GONE;
    case MUSTER_UNSUPPORTED: return ERR_UNSUPPORTED;
    case MUSTER_CANCELLED: return ERR_CANCELLED;
    default: return ERR_CONNECTOR;
    }
}

/* A file of this machine is read as it lies there: whoever wrote to it meanwhile has made another file of it than the
 * one whose digest is known. One that was put in its place by a rename is a file of its own. */
static void pull_check_files(struct pull *pull)
{
    for (size_t i = 0; i < pull->fetched_count && pull->talk->err.rc == 0; i++) {
        const struct pulled_file *file = &pull->fetched[i];
        struct stat now;
        if (file->is.st_nlink == 0 || stat(file->name, &now) < 0 || now.st_ino != file->is.st_ino ||
            now.st_dev != file->is.st_dev)
            continue;
        if (now.st_size != file->is.st_size || now.st_mtim.tv_sec != file->is.st_mtim.tv_sec ||
            now.st_mtim.tv_nsec != file->is.st_mtim.tv_nsec)
            (void)pickup_refuse(pull->pickup, file->name, "it was written to while it was read", &pull->talk->err);
    }
}

/* The connector says how many there were; if that is not what came, it is not everybody. */
static void pull_check_claim(struct pull *pull)
{
    uint64_t read = map_count(pull->map)->read;
    if (pull->talk->result.claim != CLAIM_COMPLETE || pull->talk->result.count == read)
        return;
    pull->talk->result.claim = CLAIM_PARTIAL;
    snprintf(pull->talk->result.why, sizeof(pull->talk->result.why),
             "the connector claims %lu records and gave %lu: nobody is concluded to be missing",
             (unsigned long)pull->talk->result.count, (unsigned long)read);
}

/* A provider that wants to be left alone for longer than a call may wait: nothing is wrong, it goes on later. */
static void pull_paused(struct pull *pull)
{
    int64_t until = pull->http ? http_paused_until_ms(pull->http) : 0;
    if (pull->talk->result.rc != MUSTER_RETRY || until == 0)
        return;
    int64_t minute = (until / 1000 + zone_offset(pull->zone, until)) / 60 % (24 * 60);
    err_set(&pull->talk->unready, ERR_UNREADY, "paused until %02d:%02d: %s", (int)(minute / 60), (int)(minute % 60),
            pull->talk->result.text);
}

void pull_record_sink(struct pull *pull, struct lane_sink *ret_sink)
{
    *ret_sink =
        (struct lane_sink){.context = pull, .columns = pull_columns, .wanted = pull_wants, .record = pull_record};
}

/* Where the last pull ended; of a cassette's run where the one before it did. */
static const char *pull_begins_at(struct pull *pull)
{
    const char *cursor = pull->had_checkpoint && *pull->before.cursor ? pull->before.cursor : NULL;
    if (!pull->cassette)
        return cursor;
    char *asked = arena_format(pull->arena, "%s %s", pull->partition, pull->mapping->stream);
    struct exchange exchange = {.what = "cursor", .asked = asked ? asked : "", .reply = cursor}, answer;
    if (cassette_plays(pull->cassette) && cassette_has(pull->cassette, &exchange, &answer) && answer.reply)
        return arena_text(pull->arena, answer.reply);
    exchange.reply_len = cursor ? strlen(cursor) : 0;
    if (cursor && cassette_records(pull->cassette))
        cassette_note(pull->cassette, &exchange);
    return cursor;
}

int pull_start(struct pull *pull, struct lane *lane)
{
    int rc = pull_begin(pull);
    if (rc != 0)
        return err_set(pull_opens(pull), rc, "the pull could not begin: %s", err_text(rc));
    struct lane_sink *sink = &pull->talk->sink;
    pull_file_sink(pull, sink);
    sink->columns = pull_columns;
    sink->wanted = pull_wants;
    sink->record = pull_record;
    sink->reject = pull_reject;
    sink->gone = pull_gone;
    sink->cursor = pull_cursor;
    sink->progress = pull_progress;
    sink->log = pull_log;
    sink->unchanged = pull_unchanged;
    sink->afterwards = pull_afterwards;
    sink->lacking = pull_lacking;
    muster_pull ask = {.size = sizeof(ask),
                       .partition = pull->partition,
                       .locator = pull->locator,
                       .stream = pull->mapping->stream,
                       .full = pull->full,
                       .cursor = pull_begins_at(pull)};
    return lane_pull_start(lane, &ask, pull->talk->falls.left_out, pull->talk->falls.left_count, sink,
                           &pull->talk->result, &pull->talk->err);
}

/* Of nobody else anything is said, nor of the header. */
static bool pull_about_wanted(void *context, const struct wait_item *item)
{
    const struct pull *pull = context;
    return item->id && wanted_id(pull->wanted, pull->stream, item->id, strlen(item->id));
}

int pull_end(struct pull *pull, int rc)
{
    fault_kill("pull");
    if (rc != 0)
        return err_set(&pull->talk->err, rc, "%s", err_text(rc));
    pull->same = pull->talk->result.rc == MUSTER_SAME;
    if (pull->pickup && !pull->same)
        pull_check_files(pull);
    pull_paused(pull);
    if (pull->talk->unready.rc != 0)
        err_set(&pull->talk->err, pull->talk->unready.rc, "%s", pull->talk->unready.text);
    if (pull->talk->result.rc < 0)
        err_set(&pull->talk->err, pull_result_code(pull->talk->result.rc), "%s",
                *pull->talk->result.text ? pull->talk->result.text : "the connector failed without a word");
    else if (!pull->same && pull->talk->err.rc == 0 && (rc = map_finish(pull->map, &pull->talk->err)) != 0)
        err_set(&pull->talk->err, rc, "%s", err_text(rc));
    pull_check_claim(pull);
    pull->claim = pull->wanted ? CLAIM_CHANGES : pull->talk->result.claim;
    if (pull->wanted)
        wait_keep(pull->waits, pull_about_wanted, pull);
    return 0;
}

void pull_unlisted(struct pull *pull)
{
    int rc = pull_begin(pull);
    if (rc == 0) {
        pull->talk->result = (struct lane_result){.rc = MUSTER_OK, .claim = CLAIM_COMPLETE};
        rc = pull_end(pull, 0);
    }
    if (rc != 0)
        err_set(pull_opens(pull), rc, "what is kept of it could not be read: %s", err_text(rc));
}

void pull_done(struct pull *pull)
{
    map_free(pull->map);
    rejects_free(pull->rejects);
    sorter_free(pull->spool);
    spill_free(pull->own_spill);
    free(pull->fetched);
    pull_rest(pull);
}
