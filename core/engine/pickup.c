/* pickup - which of a connection's files are taken now, and why others are not. */
#include "engine/pickup.h"

#include "base/clock.h"
#include "base/log.h"
#include "base/mem.h"
#include "broker/place.h"
#include "engine/pull.h"
#include "engine/run.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

/* Longer than this nobody waits: the next run looks again. How many that wait are remembered. */
enum { WAIT_MOST_MS = 120 * 1000, SLICE_MS = 50, SEEN_MOST = 200 };

/* A row of the ledger, in the order of streams and runs. */
struct taken {
    struct ledger_row row;
    bool open; /* by the last run, which held something of it: it is not done */
};

struct pickup {
    struct pickup_setup setup;
    struct arena *arena;
    struct pickup_rule rule;
    uint32_t *streams;
    size_t stream_count, stream_room;
    /* what earlier runs left; read at the first question */
    bool read;
    struct taken *taken;
    size_t taken_count, taken_room;
    struct ledger_seen *before;
    size_t before_count, before_room;
    /* what was decided for a place */
    const char *place;
    struct file_entry *offered;
    const char **reasons; /* beside offered; NULL: it is ready */
    size_t offered_count;
    bool more;
    struct err err;
    struct ledger_seen *seen;
    size_t seen_count, seen_room;
    struct pickup_overtaken *overtaken;
    size_t overtaken_count, overtaken_room;
};

void pickup_rule_read(const struct connection *connection, struct pickup_rule *ret_rule)
{
    const char *files = connection_option(connection, "files"), *order = connection_option(connection, "order");
    const char *stable = connection_option(connection, "stable_for");
    const char *marker = connection_option(connection, "ready_marker");
    const char *after = connection_option(connection, "after_read"), *to = connection_option(connection, "archive_to");
    *ret_rule = (struct pickup_rule){.mode = files && strcmp(files, "all") == 0        ? PICKUP_ALL
                                             : files && strcmp(files, "sequence") == 0 ? PICKUP_SEQUENCE
                                                                                       : PICKUP_NEWEST,
                                     .by_name = order && strcmp(order, "name") == 0,
                                     .keeps = !after || strcmp(after, "keep") == 0,
                                     .stable_ms = stable ? strtoll(stable, NULL, 10) * 1000 : 0,
                                     .marker = marker && *marker ? marker : NULL,
                                     .after = !after || strcmp(after, "keep") == 0 ? MUSTER_LEAVE
                                              : strcmp(after, "delete") == 0       ? MUSTER_REMOVE
                                                                                   : MUSTER_ARCHIVE,
                                     .to = to && *to ? to : "archive"};
}

int pickup_new(const struct pickup_setup *setup, struct pickup **ret_pickup)
{
    struct pickup *pickup = mem_new(1, sizeof(*pickup));
    if (!pickup)
        return -ENOMEM;
    pickup->setup = *setup;
    pickup_rule_read(setup->connection, &pickup->rule);
    pickup->arena = arena_new();
    if (!pickup->arena) {
        pickup_free(pickup);
        return -ENOMEM;
    }
    *ret_pickup = pickup;
    return 0;
}

void pickup_free(struct pickup *pickup)
{
    if (!pickup)
        return;
    arena_free(pickup->arena);
    free(pickup->streams);
    free(pickup->taken);
    free(pickup->before);
    free(pickup->seen);
    free(pickup->overtaken);
    free(pickup);
}

int pickup_stream(struct pickup *pickup, uint32_t stream)
{
    int rc = mem_grow(&pickup->streams, pickup->stream_count, &pickup->stream_room, sizeof(*pickup->streams));
    if (rc == 0)
        pickup->streams[pickup->stream_count++] = stream;
    return rc;
}

bool pickup_is_sequence(const struct pickup *pickup)
{
    return pickup->rule.mode == PICKUP_SEQUENCE;
}

bool pickup_by_name(const struct pickup *pickup)
{
    return pickup->rule.mode == PICKUP_SEQUENCE && pickup->rule.by_name;
}

bool pickup_more(const struct pickup *pickup)
{
    return pickup->more;
}

bool pickup_looked(const struct pickup *pickup)
{
    return pickup->place && (pickup->err.rc == 0 || pickup->err.rc == ERR_GONE || pickup->err.rc == ERR_UNREADY);
}

const struct ledger_seen *pickup_seen(const struct pickup *pickup, size_t *ret_count)
{
    *ret_count = pickup->seen_count;
    return pickup->seen;
}

const struct pickup_overtaken *pickup_overtaken(const struct pickup *pickup, size_t *ret_count)
{
    *ret_count = pickup->overtaken_count;
    return pickup->overtaken;
}

const struct pickup_rule *pickup_rule(const struct pickup *pickup)
{
    return &pickup->rule;
}

/* --- what earlier runs left --- */

static int history_row(struct pickup *pickup, const struct cursor *cursor, const struct checkpoint *last)
{
    struct ledger_row row;
    struct ledger_seen seen;
    if (ledger_read_seen(cursor, pickup->arena, &seen)) {
        int rc = mem_grow(&pickup->before, pickup->before_count, &pickup->before_room, sizeof(*pickup->before));
        if (rc == 0)
            pickup->before[pickup->before_count++] = seen;
        return rc;
    }
    if (!ledger_read(cursor, pickup->arena, &row))
        return 0;
    int rc = mem_grow(&pickup->taken, pickup->taken_count, &pickup->taken_room, sizeof(*pickup->taken));
    if (rc == 0)
        pickup->taken[pickup->taken_count++] = (struct taken){row, last->held && row.run == last->run};
    return rc;
}

static int history_read(struct pickup *pickup)
{
    struct txn txn __attribute__((cleanup(tidy_txn)));
    struct cursor cursor __attribute__((cleanup(tidy_cursor)));
    int rc = 0;
    txn_begin(&txn, pickup->setup.store, false);
    cursor_open(&cursor, &txn, TABLE_file);
    for (size_t i = 0; i < pickup->stream_count && rc == 0; i++) {
        uint32_t stream = pickup->streams[i];
        struct checkpoint last = {0};
        (void)checkpoint_get(&txn, stream, pickup->arena, &last);
        for (bool there = ledger_first(&cursor, stream); there && rc == 0;
             there = cursor_next(&cursor) && ledger_of(&cursor, stream))
            rc = history_row(pickup, &cursor, &last);
    }
    pickup->read = rc == 0;
    return rc ? rc : txn.rc;
}

static bool is_of(const struct ledger_row *row, uint32_t stream, const struct file_entry *entry)
{
    return row->stream == stream && row->size == entry->size && row->mtime_ms == entry->mtime_ms &&
           strcmp(row->name, entry->name) == 0;
}

/* Whether every stream of this run has taken this very file. */
static bool taken_by_all(const struct pickup *pickup, const struct file_entry *entry)
{
    for (size_t s = 0; s < pickup->stream_count; s++) {
        bool found = false;
        for (size_t i = 0; i < pickup->taken_count && !found; i++) {
            const struct taken *taken = &pickup->taken[i];
            found = !taken->open && is_of(&taken->row, pickup->streams[s], entry);
        }
        if (!found)
            return false;
    }
    return pickup->stream_count > 0;
}

/* How a stream noted this very file last; NULL: never. */
static const struct taken *taken_last(const struct pickup *pickup, uint32_t stream, const struct file_entry *entry)
{
    for (size_t i = pickup->taken_count; i-- > 0;)
        if (is_of(&pickup->taken[i].row, stream, entry))
            return &pickup->taken[i];
    return NULL;
}

/* Whether something of this very file was held, by a stream that has not taken it since, nor was it put away: then
 * somebody has put it there again. *ret_open: it is what waits now. */
static bool was_held(const struct pickup *pickup, const struct file_entry *entry, bool *ret_open)
{
    bool held = false;
    *ret_open = false;
    for (size_t s = 0; s < pickup->stream_count; s++) {
        const struct taken *last = taken_last(pickup, pickup->streams[s], entry);
        held |= last && last->row.told && last->row.outcome == OUTCOME_HELD && last->row.after == MUSTER_LEAVE;
        *ret_open |= last && last->open;
    }
    return held;
}

static int64_t first_seen(const struct pickup *pickup, const struct file_entry *entry, int64_t now)
{
    for (size_t i = 0; i < pickup->before_count; i++) {
        const struct ledger_seen *seen = &pickup->before[i];
        if (seen->size == entry->size && seen->mtime_ms == entry->mtime_ms && seen->first_ms <= now &&
            strcmp(seen->name, entry->name) == 0)
            return seen->first_ms;
    }
    return now;
}

static int seen_add(struct pickup *pickup, const struct file_entry *entry, const char *reason)
{
    if (pickup->seen_count == SEEN_MOST)
        return 0;
    int rc = mem_grow(&pickup->seen, pickup->seen_count, &pickup->seen_room, sizeof(*pickup->seen));
    struct ledger_seen seen = {.name = arena_text(pickup->arena, entry->name),
                               .size = entry->size,
                               .mtime_ms = entry->mtime_ms,
                               .first_ms = first_seen(pickup, entry, clock_now_ms()),
                               .reason = arena_text(pickup->arena, reason)};
    if (rc != 0 || !seen.name || !seen.reason)
        return rc ? rc : -ENOMEM;
    pickup->seen[pickup->seen_count++] = seen;
    return 0;
}

static int overtaken_add(struct pickup *pickup, const struct file_entry *entry)
{
    int rc = mem_grow(&pickup->overtaken, pickup->overtaken_count, &pickup->overtaken_room, sizeof(*pickup->overtaken));
    struct ledger_row *held = arena_get(pickup->arena, pickup->stream_count * sizeof(*held));
    struct pickup_overtaken overtaken = {.entry = *entry, .held = held};
    overtaken.entry.name = arena_text(pickup->arena, entry->name);
    if (rc != 0 || !held || !overtaken.entry.name)
        return rc ? rc : -ENOMEM;
    for (size_t s = 0; s < pickup->stream_count; s++) {
        const struct taken *last = taken_last(pickup, pickup->streams[s], entry);
        if (last && last->row.told && last->row.outcome == OUTCOME_HELD)
            held[overtaken.held_count++] = last->row;
    }
    pickup->overtaken[pickup->overtaken_count++] = overtaken;
    return 0;
}

/* Of files that are put away when they were taken, what was held and has been overtaken is not taken any more. */
static int pass_overtaken(struct pickup *pickup, struct file_entry *entries, size_t *count)
{
    size_t kept = 0;
    pickup->overtaken_count = 0;
    for (size_t i = 0; i < *count; i++) {
        bool open, held = was_held(pickup, &entries[i], &open);
        bool goes = held && (!open || kept > 0); /* newest first: in the place of an open one the newer is taken now */
        int rc = goes ? overtaken_add(pickup, &entries[i]) : 0;
        if (rc != 0)
            return rc;
        if (!goes)
            entries[kept++] = entries[i];
    }
    *count = kept;
    return 0;
}

/* --- companions --- */

char *pickup_companion(const char *pattern, const char *name, const char *date, uint32_t run)
{
    struct buffer out __attribute__((cleanup(buffer_done))) = {0};
    __attribute__((cleanup(place_done))) struct place place = {0};
    const char *base = place_read(name, PLACE_NAME, &place, NULL) == 0 ? place.last : "";
    const char *dot = strrchr(base, '.');
    int stem = dot && dot != base ? (int)(dot - base) : (int)strlen(base);
    while (*pattern) {
        if (strncmp(pattern, "{name}", 6) == 0)
            buffer_text(&out, base), pattern += 6;
        else if (strncmp(pattern, "{stem}", 6) == 0)
            buffer_format(&out, "%.*s", stem, base), pattern += 6;
        else if (date && strncmp(pattern, "{date}", 6) == 0)
            buffer_text(&out, date), pattern += 6;
        else if (run && strncmp(pattern, "{run}", 5) == 0)
            buffer_format(&out, "%u", run), pattern += 5;
        else
            buffer_byte(&out, (unsigned char)*pattern++);
    }
    return out.rc == 0 ? buffer_take(&out) : NULL;
}

bool pickup_shared(const char *pattern)
{
    return !strstr(pattern, "{name}") && !strstr(pattern, "{stem}");
}

/* *ret_reason stays NULL when the marker is there. One that lies there from an earlier upload says nothing; where they
 * are put away with their files there is none such. */
int pickup_marked(const struct pickup_rule *rule, struct files *files, const struct file_entry *entry,
                  struct arena *arena, const char **ret_reason, struct err *err)
{
    __attribute__((cleanup(tidy_free))) char *marker = pickup_companion(rule->marker, entry->name, NULL, 0);
    bool there = false;
    int64_t mtime_ms = 0;
    int rc = marker ? files_beside_look(files, entry->name, marker, &there, &mtime_ms, err) : -ENOMEM;
    if (rc != 0 || (there && (!rule->keeps || mtime_ms / 1000 >= entry->mtime_ms / 1000)))
        return rc;
    *ret_reason = arena_format(
        arena, there ? "its marker %s is older than the file: it is of an earlier upload" : "its marker %s is missing",
        marker);
    return *ret_reason ? 0 : -ENOMEM;
}

/* --- deciding --- */

static int oldest_first(const void *a_item, const void *b_item)
{
    const struct file_entry *a = a_item, *b = b_item;
    if (a->mtime_ms != b->mtime_ms)
        return a->mtime_ms < b->mtime_ms ? -1 : 1;
    return strcmp(a->name, b->name);
}

static int by_name(const void *a_item, const void *b_item)
{
    return strcmp(((const struct file_entry *)a_item)->name, ((const struct file_entry *)b_item)->name);
}

/* Lists, and picks those that are to be taken if they are ready. The other members of a sequence stand behind them. */
static int choose(struct pickup *pickup, struct file_entry **ret_entries, size_t *ret_count, size_t *ret_chosen,
                  struct err *err)
{
    const struct file_entry *listed;
    size_t count, kept = 0;
    int rc = files_list(pickup->setup.files, pickup->place, &listed, &count, err);
    if (rc != 0)
        return rc;
    struct file_entry *entries = arena_get(pickup->arena, count * sizeof(*entries));
    if (!entries)
        return -ENOMEM;
    memcpy(entries, listed, count * sizeof(*entries));
    if (pickup->rule.mode == PICKUP_NEWEST && !pickup->rule.keeps) {
        rc = pass_overtaken(pickup, entries, &count);
        if (rc != 0 || count == 0)
            return rc ? rc
                      : err_set(err, ERR_GONE, "nothing but %s lies there, in whose place a newer file was taken",
                                pickup->overtaken[0].entry.name);
    }
    if (pickup->rule.mode == PICKUP_SEQUENCE) {
        for (size_t i = 0; i < count; i++)
            if (!pickup->rule.keeps || !taken_by_all(pickup, &entries[i]))
                entries[kept++] = entries[i];
        if (kept > 0) {
            count = kept;
            qsort(entries, count, sizeof(*entries), pickup->rule.by_name ? by_name : oldest_first);
        } else if (pickup->rule.by_name) { /* all were taken: the last one is looked at again */
            qsort(entries, count, sizeof(*entries), by_name);
            entries[0] = entries[count - 1];
            count = 1;
        } else {
            count = 1;
        }
    }
    *ret_entries = entries;
    *ret_count = count;
    *ret_chosen = pickup->rule.mode == PICKUP_ALL ? count : 1;
    return 0;
}

static int offer(struct pickup *pickup, struct err *err, size_t *ret_behind)
{
    size_t count = 0, chosen = 0;
    int rc = choose(pickup, &pickup->offered, &count, &chosen, err);
    if (rc != 0)
        return rc;
    pickup->offered_count = chosen;
    pickup->more = pickup->rule.mode == PICKUP_SEQUENCE && count > chosen;
    *ret_behind = pickup->rule.mode == PICKUP_SEQUENCE ? count - chosen : 0;
    pickup->reasons = arena_get(pickup->arena, chosen * sizeof(*pickup->reasons));
    if (!pickup->reasons)
        return -ENOMEM;
    memset(pickup->reasons, 0, chosen * sizeof(*pickup->reasons));
    return 0;
}

static int wait_ms(struct pickup *pickup, int64_t ms, struct err *err)
{
    for (int64_t until = clock_steady_ms() + ms; clock_steady_ms() < until;) {
        if (pickup->setup.cancelled && pickup->setup.cancelled(pickup->setup.context))
            return err_set(err, ERR_CANCELLED, "cancelled while it was watched whether %s still grows", pickup->place);
        struct timespec slice = {.tv_nsec = SLICE_MS * 1000L * 1000L};
        (void)nanosleep(&slice, NULL);
    }
    return 0;
}

/* What has become of a file since it was listed first. NULL: nothing, or no memory, which err says. */
static const char *changed_since(struct pickup *pickup, const struct file_entry *now, const struct file_entry *before,
                                 size_t count)
{
    for (size_t i = 0; i < count; i++) {
        if (strcmp(before[i].name, now->name) != 0)
            continue;
        if (before[i].size != now->size)
            return arena_format(pickup->arena, "still %s: %lu bytes, then %lu",
                                before[i].size < now->size ? "growing" : "changing", (unsigned long)before[i].size,
                                (unsigned long)now->size);
        return before[i].mtime_ms != now->mtime_ms ? "still being written: its time has changed" : NULL;
    }
    return arena_format(pickup->arena, "it has just arrived, and must stay the same for %ld s",
                        (long)(pickup->rule.stable_ms / 1000));
}

/* Watches those that were not seen for long enough. */
static int settle(struct pickup *pickup, size_t *ret_behind, struct err *err)
{
    int64_t now = clock_now_ms(), longest = 0;
    for (size_t i = 0; i < pickup->offered_count; i++) {
        int64_t left = pickup->rule.stable_ms - (now - first_seen(pickup, &pickup->offered[i], now));
        if (left <= 0 || taken_by_all(pickup, &pickup->offered[i]))
            continue;
        longest = left > longest ? left : longest;
        if (left > WAIT_MOST_MS)
            pickup->reasons[i] = arena_format(pickup->arena, "it must stay the same for %ld s, of which %ld are left",
                                              (long)(pickup->rule.stable_ms / 1000), (long)((left + 999) / 1000));
    }
    if (longest == 0 || longest > WAIT_MOST_MS)
        return 0;
    const struct file_entry *before = pickup->offered;
    size_t count = pickup->offered_count;
    int rc = wait_ms(pickup, longest, err);
    if (rc == 0)
        rc = offer(pickup, err, ret_behind);
    for (size_t i = 0; rc == 0 && i < pickup->offered_count; i++)
        pickup->reasons[i] = changed_since(pickup, &pickup->offered[i], before, count);
    return rc;
}

/* Notes what is not taken, and the sentence of the first one. */
static int judge(struct pickup *pickup, size_t behind, struct err *err)
{
    size_t unready = 0, first = 0;
    int rc = 0;
    for (size_t i = pickup->offered_count; i-- > 0;)
        if (pickup->reasons[i])
            unready++, first = i;
    if (unready == 0)
        return 0;
    for (size_t i = 0; rc == 0 && i < pickup->offered_count + behind; i++) {
        const char *reason = i < pickup->offered_count ? pickup->reasons[i] : NULL;
        if (!reason)
            reason = arena_format(pickup->arena, "it waits for %s", pickup->offered[first].name);
        rc = reason ? seen_add(pickup, &pickup->offered[i], reason) : -ENOMEM;
    }
    if (rc != 0)
        return rc;
    char rest[160] = "";
    if (pickup->offered_count > 1)
        snprintf(rest, sizeof(rest), " (%zu of %zu files are not ready; they are one snapshot, so none was taken)",
                 unready, pickup->offered_count);
    return err_set(err, ERR_UNREADY, "%s was not taken: %s%s", pickup->offered[first].name, pickup->reasons[first],
                   rest);
}

static int note_ignored(struct pickup *pickup)
{
    const struct file_entry *ignored;
    size_t count = files_ignored(pickup->setup.files, &ignored);
    int rc = 0;
    for (size_t i = 0; i < count && rc == 0; i++)
        rc = seen_add(pickup, &ignored[i], "its name is that of an unfinished upload (option ignore)");
    return rc;
}

static int decide(struct pickup *pickup, struct err *err)
{
    size_t behind = 0;
    int rc = pickup->read ? 0 : history_read(pickup);
    if (rc == 0)
        rc = offer(pickup, err, &behind);
    if (rc == 0 && pickup->rule.stable_ms > 0)
        rc = settle(pickup, &behind, err);
    if (rc == 0 || rc == ERR_GONE) {
        int noted = note_ignored(pickup);
        rc = noted ? noted : rc;
    }
    for (size_t i = 0; rc == 0 && pickup->rule.marker && i < pickup->offered_count; i++)
        if (!pickup->reasons[i] && !taken_by_all(pickup, &pickup->offered[i]))
            rc = pickup_marked(&pickup->rule, pickup->setup.files, &pickup->offered[i], pickup->arena,
                               &pickup->reasons[i], err);
    return rc ? rc : judge(pickup, behind, err);
}

int pickup_list(struct pickup *pickup, const char *place, const struct file_entry **ret_entries, size_t *ret_count,
                struct err *err)
{
    if (!pickup->place || strcmp(pickup->place, place) != 0) {
        pickup->place = arena_text(pickup->arena, place);
        pickup->err = (struct err){0};
        pickup->offered_count = 0;
        int rc = pickup->place ? decide(pickup, &pickup->err) : -ENOMEM;
        if (rc != 0)
            err_set(&pickup->err, rc, "%s", err_text(rc));
    }
    if (pickup->err.rc != 0)
        return err_set(err, pickup->err.rc, "%s", pickup->err.text);
    *ret_entries = pickup->offered;
    *ret_count = pickup->offered_count;
    return 0;
}

int pickup_left(struct pickup *pickup, const char *name, const char *reason)
{
    struct file_entry found = {.name = name};
    for (size_t i = 0; i < pickup->seen_count; i++)
        if (strcmp(pickup->seen[i].name, name) == 0)
            return 0;
    for (size_t i = 0; i < pickup->offered_count; i++)
        if (strcmp(pickup->offered[i].name, name) == 0)
            found = pickup->offered[i];
    return seen_add(pickup, &found, reason);
}

int pickup_refuse(struct pickup *pickup, const char *name, const char *reason, struct err *err)
{
    int rc = pickup_left(pickup, name, reason);
    pickup->more = false;
    return rc ? rc : err_set(err, ERR_UNREADY, "%s was not taken: %s", name, reason);
}
