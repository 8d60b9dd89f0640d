/* retain_runs - runs that are over for longer than they are kept go, and with them what was held to be true before.
 *
 * Goes by `retention: runs`. Reads the reports of runs in their order up to
 * the first that is young enough, deletes those that nothing needs, and goes
 * once through the entries of the journal up to there: each takes out of
 * the older ones of its root what it says anew, and forgets what was before.
 * So there stays since when that stands which stood then. What was kept for
 * its time goes with all its entries, and of what was erased only that stays.
 * How far it has come stands in `meta` (struct bygone), in the same commit. */
#include "acts/retain_inside.h"

#include "base/date.h"
#include "base/fault.h"
#include "base/jsonobject.h"
#include "base/mem.h"
#include "engine/home.h"
#include "engine/quarantine.h"
#include "engine/running.h"
#include "engine/weave.h"
#include "tables/checkpoint.h"
#include "tables/journal.h"

#include <errno.h>
#include <stdlib.h>

/* What of a report says whether it is needed. */
struct told {
    const struct organization *organization;
    int64_t started_ms;
    size_t connection; /* its place in the file; SIZE_MAX: none there */
    bool by_person, pushed, succeeded;
};

struct candidate {
    uint32_t run;
    size_t way; /* SIZE_MAX: of no connection of the file */
};

struct letting {
    struct retaining *retaining;
    struct txn *txn;
    struct bygone bygone;
    int64_t before_ms; /* runs that began earlier go */
    size_t rows;       /* so many more may be looked at */
    bool more, moved;
    struct candidate *candidates;
    size_t count, room;
    uint32_t *needed;
    size_t needed_count, needed_room;
    struct journal_anew anew;
    struct journal_entry entry, newer;
    struct arena *arena;
};

static void letting_done(struct letting *letting)
{
    free(letting->candidates);
    free(letting->needed);
    free(letting->anew.items);
    buffer_done(&letting->entry.bytes);
    buffer_done(&letting->newer.bytes);
    arena_free(letting->arena);
}

/* --- which runs --- */

static int take_member(void *context, const struct jsonobject_member *member)
{
    struct told *told = context;
    bool text = member->type == JSONOBJECT_STRING;
    if (text && strcmp(member->name, "started") == 0)
        instant_read(member->text, member->text_len, &told->started_ms);
    for (size_t n = 0; text && strcmp(member->name, "connection") == 0 && n < told->organization->connection_count; n++)
        if (strcmp(told->organization->connections[n].name, member->text) == 0)
            told->connection = n;
    told->by_person |= text && strcmp(member->name, "verb") == 0;
    told->pushed |= strcmp(member->name, "pushed") == 0;
    told->succeeded |= text && strcmp(member->name, "outcome") == 0 && strcmp(member->text, "succeeded") == 0;
    return 0;
}

static int report_told(const struct letting *letting, struct bytes json, struct told *ret_told)
{
    const char *why;
    size_t at;
    *ret_told = (struct told){.organization = letting->retaining->request->organization, .connection = SIZE_MAX};
    int rc = jsonobject_split(json.data, json.len, take_member, ret_told, &why, &at);
    return rc == ERR_DATA ? 0 : rc; /* what cannot be read is of no use to anybody */
}

/* A connection is read, and told; each of it has a last run of its own. */
static size_t way_of(const struct told *told)
{
    return told->by_person || told->connection == SIZE_MAX ? SIZE_MAX : told->connection * 2 + told->pushed;
}

static uint32_t run_of(const struct cursor *cursor)
{
    uint32_t be = 0;
    if (cursor->key.len == sizeof(be))
        memcpy(&be, cursor->key.data, sizeof(be));
    return __builtin_bswap32(be);
}

/* All that are there and over: those that were needed until now, and those that are over now. */
static int candidates_find(struct letting *letting)
{
    struct cursor cursor __attribute__((cleanup(tidy_cursor)));
    int rc = 0;
    cursor_open(&cursor, letting->txn, TABLE_run);
    for (bool there = cursor_seek(&cursor, bytes("", 1)); there && rc == 0; there = cursor_next(&cursor)) {
        struct told told;
        uint32_t run = run_of(&cursor);
        rc = report_told(letting, cursor.value, &told);
        if (rc != 0 || (run > letting->bygone.run && told.started_ms >= letting->before_ms))
            break;
        if (letting->rows == 0) {
            letting->more = true;
            break;
        }
        letting->rows -= run > letting->bygone.run;
        if (run > letting->bygone.run) {
            letting->bygone.run = run;
            letting->moved = true;
        }
        rc = mem_grow(&letting->candidates, letting->count, &letting->room, sizeof(*letting->candidates));
        if (rc == 0)
            letting->candidates[letting->count++] = (struct candidate){run, way_of(&told)};
    }
    return rc ? rc : letting->txn->rc;
}

/* --- which of them stay --- */

static int needed_add(struct letting *letting, uint32_t run)
{
    if (run == 0 || run > letting->bygone.run)
        return 0;
    int rc = mem_grow(&letting->needed, letting->needed_count, &letting->needed_room, sizeof(*letting->needed));
    if (rc == 0)
        letting->needed[letting->needed_count++] = run;
    return rc;
}

/* What waits for a person says by which run; and what is set aside, by which it failed. */
static int needed_waits(struct letting *letting)
{
    struct cursor cursor __attribute__((cleanup(tidy_cursor)));
    struct wait_item item;
    struct quarantine *aside = NULL;
    size_t count = 0;
    int rc = quarantine_list(letting->txn, letting->retaining->request->organization, letting->arena, &aside, &count);
    for (size_t n = 0; n < count && rc == 0; n++)
        rc = needed_add(letting, aside[n].run);
    cursor_open(&cursor, letting->txn, TABLE_wait);
    for (bool there = cursor_seek(&cursor, bytes("", 0)); there && rc == 0; there = cursor_next(&cursor))
        rc = wait_read(cursor.key, cursor.value, letting->arena, &item) ? needed_add(letting, item.run) : ERR_CORRUPT;
    return rc ? rc : letting->txn->rc;
}

/* By which each stream of the file was read well last. */
static int needed_pulls(struct letting *letting)
{
    struct streams *streams = &letting->retaining->streams;
    struct checkpoint checkpoint;
    streams_done(streams);
    *streams = (struct streams){0};
    int rc = streams_load(letting->retaining->request->organization, letting->txn, streams);
    for (size_t n = 0; n < streams->count && rc == 0; n++)
        if (streams->items[n].connection &&
            checkpoint_get(letting->txn, streams->items[n].number, letting->arena, &checkpoint))
            rc = needed_add(letting, checkpoint.run);
    return rc ? rc : letting->txn->rc;
}

/* Of each connection the last one, and the last that succeeded: looked for from the end, as mostly all is there soon.
 */
static int needed_last(struct letting *letting)
{
    enum { SEEN = 1, SUCCEEDED = 2, WANTED = 4 };
    struct cursor cursor __attribute__((cleanup(tidy_cursor)));
    size_t ways = letting->retaining->request->organization->connection_count * 2, left = 0;
    uint8_t *found = arena_get(letting->arena, ways + 1);
    int rc = found ? 0 : -ENOMEM;
    if (rc == 0)
        memset(found, 0, ways + 1);
    for (size_t n = 0; n < letting->count && rc == 0; n++)
        if (letting->candidates[n].way != SIZE_MAX && !found[letting->candidates[n].way]) {
            found[letting->candidates[n].way] = WANTED;
            left++;
        }
    cursor_open(&cursor, letting->txn, TABLE_run);
    bool there = cursor_last(&cursor);
    rc = rc == 0 && there ? needed_add(letting, run_of(&cursor)) : rc; /* the next number is looked for behind it */
    for (; there && rc == 0 && left > 0; there = cursor_previous(&cursor)) {
        struct told told;
        rc = report_told(letting, cursor.value, &told);
        size_t way = way_of(&told);
        if (rc != 0 || way == SIZE_MAX || !(found[way] & WANTED) || (found[way] & SUCCEEDED))
            continue;
        if (!(found[way] & SEEN) || told.succeeded)
            rc = needed_add(letting, run_of(&cursor));
        found[way] |= SEEN | (told.succeeded ? SUCCEEDED : 0);
        left -= told.succeeded;
    }
    return rc ? rc : letting->txn->rc;
}

static bool is_needed(const struct letting *letting, uint32_t run)
{
    for (size_t n = 0; n < letting->needed_count; n++)
        if (letting->needed[n] == run)
            return true;
    return false;
}

static int runs_let(struct letting *letting)
{
    bool keeps = letting->retaining->how == RETAIN_LOOK;
    int rc = needed_waits(letting);
    rc = rc ? rc : needed_pulls(letting);
    rc = rc ? rc : needed_last(letting);
    for (size_t n = 0; n < letting->count && rc == 0; n++)
        if (!is_needed(letting, letting->candidates[n].run)) {
            letting->retaining->retained->runs++;
            if (!keeps)
                run_row_drop(letting->txn, letting->candidates[n].run);
        }
    return rc ? rc : letting->txn->rc;
}

/* --- history --- */

static bool entry_get(struct letting *letting, uint64_t sequence, struct bytes *ret_value,
                      struct journal_reader *ret_reader)
{
    uint64_t be = __builtin_bswap64(sequence);
    return txn_get(letting->txn, TABLE_journal, bytes(&be, sizeof(be)), ret_value) &&
           journal_open(ret_reader, *ret_value);
}

static int entry_broken(const struct letting *letting)
{
    return letting->txn->rc ? letting->txn->rc : ERR_CORRUPT;
}

/* An entry and all those of its root before it. */
static int chain_drop(struct letting *letting, uint64_t sequence)
{
    for (uint64_t previous; sequence != 0; sequence = previous) {
        struct journal_reader reader;
        struct bytes value;
        if (!entry_get(letting, sequence, &value, &reader) || reader.previous >= sequence)
            return entry_broken(letting);
        previous = reader.previous;
        weave_journal_keep(letting->txn, sequence, bytes(NULL, 0));
    }
    return letting->txn->rc;
}

/* letting->newer, as it stands now, is written again behind `previous`. */
static int newer_put(struct letting *letting, uint64_t sequence, uint64_t previous)
{
    struct journal_entry *newer = &letting->newer;
    journal_hang(newer, previous);
    if (newer->bytes.rc == 0)
        weave_journal_keep(letting->txn, sequence, bytes(newer->bytes.data, newer->bytes.len));
    return newer->bytes.rc ? newer->bytes.rc : letting->txn->rc;
}

/* What was kept for its time goes with all that is said of it; of what was erased stays that it was: whoever keeps a
 * copy erases that, too, however late they come. */
static int ended_let(struct letting *letting, uint64_t sequence, struct bytes value, uint64_t previous)
{
    uint64_t none = 0;
    if (journal_ends(value) == JOURNAL_EXPIRED)
        return chain_drop(letting, sequence);
    int rc = journal_forget(value, &letting->newer, &none);
    rc = rc ? rc : chain_drop(letting, previous);
    return rc ? rc : newer_put(letting, sequence, 0);
}

static bool is_no_more(struct letting *letting, const struct journal_reader *reader, struct bytes value)
{
    uint8_t key[ENTITY_KEY];
    struct bytes row;
    entity_key(reader->kind, reader->id, key);
    return journal_ends(value) && !txn_get(letting->txn, TABLE_entity, bytes(key, sizeof(key)), &row);
}

/* What the entry of letting->newer says anew is taken out of older ones of its root. One of which nothing is left goes,
 * and the one behind it hangs on the one before it. */
static int older_let(struct letting *letting, uint64_t sequence, uint64_t at)
{
    while (at != 0 && letting->anew.count > 0) {
        struct journal_reader reader;
        struct bytes value;
        bool less = false;
        if (!entry_get(letting, at, &value, &reader) || reader.previous >= at)
            return entry_broken(letting);
        int rc = journal_older(value, &letting->anew, &letting->entry, &less);
        if (rc != 0)
            return rc;
        if (letting->entry.parts == 0 && reader.previous != 0) {
            weave_journal_keep(letting->txn, at, bytes(NULL, 0));
            if ((rc = newer_put(letting, sequence, reader.previous)) != 0)
                return rc;
        } else {
            if (less)
                weave_journal_keep(letting->txn, at, bytes(letting->entry.bytes.data, letting->entry.bytes.len));
            buffer_clear(&letting->newer.bytes);
            buffer_add(&letting->newer.bytes, letting->entry.bytes.data, letting->entry.bytes.len);
            sequence = at;
        }
        at = reader.previous;
    }
    return letting->newer.bytes.rc ? letting->newer.bytes.rc : letting->txn->rc;
}

static int entry_let(struct letting *letting, uint64_t sequence, struct bytes value, struct journal_reader *reader)
{
    bool keeps = letting->retaining->how == RETAIN_LOOK;
    uint64_t forgot = 0, previous = reader->previous;
    if (!keeps && is_no_more(letting, reader, value))
        return ended_let(letting, sequence, value, previous);
    int rc = keeps ? 0 : journal_anew(value, &letting->anew);
    rc = rc ? rc : journal_forget(value, &letting->newer, &forgot);
    letting->retaining->retained->replaced += forgot;
    if (rc != 0 || keeps)
        return rc;
    if (forgot > 0)
        weave_journal_keep(letting->txn, sequence, bytes(letting->newer.bytes.data, letting->newer.bytes.len));
    return older_let(letting, sequence, previous);
}

static uint64_t sequence_of(const struct cursor *cursor)
{
    uint64_t be = 0;
    if (cursor->key.len == sizeof(be))
        memcpy(&be, cursor->key.data, sizeof(be));
    return __builtin_bswap64(be);
}

/* Entries of runs that are over, from where the last slice came to. The very last one stays: readers go by its number.
 */
static int history_let(struct letting *letting)
{
    uint64_t last = meta_number(letting->txn, "sequence");
    for (int rc = 0;;) {
        struct cursor cursor __attribute__((cleanup(tidy_cursor)));
        uint64_t be = __builtin_bswap64(letting->bygone.sequence + 1);
        struct journal_reader reader;
        cursor_open(&cursor, letting->txn, TABLE_journal);
        if (!cursor_seek(&cursor, bytes(&be, sizeof(be))))
            return letting->txn->rc;
        uint64_t sequence = sequence_of(&cursor);
        if (!journal_open(&reader, cursor.value))
            return ERR_CORRUPT;
        if (reader.run > letting->bygone.run || sequence >= last)
            return letting->txn->rc;
        if (letting->rows == 0 || letting->txn->dirty > TXN_DIRTY_MAX / 2) {
            letting->more = true;
            return letting->txn->rc;
        }
        letting->rows--;
        if ((rc = entry_let(letting, sequence, cursor.value, &reader)) != 0)
            return rc;
        letting->bygone.sequence = sequence;
        if (reader.time_ms > letting->bygone.until_ms)
            letting->bygone.until_ms = reader.time_ms;
        letting->moved = true;
    }
}

/* --- one slice --- */

static int slice_let(struct letting *letting, bool *ret_more)
{
    int rc = candidates_find(letting);
    if (rc == 0 && letting->moved && letting->before_ms > letting->bygone.until_ms)
        letting->bygone.until_ms = letting->before_ms;
    rc = rc == 0 && letting->moved ? runs_let(letting) : rc;
    letting->rows = retain_most(letting->retaining, "retain-rows", RETAIN_ROWS);
    rc = rc ? rc : history_let(letting);
    *ret_more = letting->more;
    return rc;
}

/* With each sync whole days go, or each would have a few. */
static int letting_begin(struct letting *letting, struct retaining *retaining, struct txn *txn)
{
    int64_t limit = retention_runs(&retaining->request->organization->retention),
            now = retaining->how == RETAIN_SLICE ? retaining->now_ms / DAY_MS * DAY_MS : retaining->now_ms;
    *letting = (struct letting){.retaining = retaining,
                                .txn = txn,
                                .before_ms = now - limit,
                                .rows = retain_most(retaining, "retain-rows", RETAIN_ROWS),
                                .arena = arena_new()};
    if (!bygone_get(txn, &letting->bygone))
        letting->bygone = (struct bygone){0};
    return letting->arena ? txn->rc : -ENOMEM;
}

/* Whether there is anything to do: seldom, and then nobody has to wait for a lock. */
static bool is_over(struct letting *letting)
{
    struct cursor cursor __attribute__((cleanup(tidy_cursor)));
    uint32_t be = __builtin_bswap32(letting->bygone.run + 1);
    struct journal_reader reader;
    struct told told;
    cursor_open(&cursor, letting->txn, TABLE_run);
    if (cursor_seek(&cursor, bytes(&be, sizeof(be))) && report_told(letting, cursor.value, &told) == 0 &&
        told.started_ms < letting->before_ms)
        return true;
    struct cursor entries __attribute__((cleanup(tidy_cursor)));
    uint64_t behind = __builtin_bswap64(letting->bygone.sequence + 1);
    cursor_open(&entries, letting->txn, TABLE_journal);
    return cursor_seek(&entries, bytes(&behind, sizeof(behind))) && journal_open(&reader, entries.value) &&
           reader.run <= letting->bygone.run && sequence_of(&entries) < meta_number(letting->txn, "sequence");
}

static int runs_look(struct retaining *retaining, struct store *store, bool *ret_over)
{
    struct txn txn __attribute__((cleanup(tidy_txn)));
    struct letting letting __attribute__((cleanup(letting_done)));
    bool more;
    txn_begin(&txn, store, false);
    int rc = letting_begin(&letting, retaining, &txn);
    *ret_over = rc == 0 && is_over(&letting);
    if (*ret_over && retaining->how == RETAIN_LOOK)
        rc = slice_let(&letting, &more);
    int end = txn_end(&txn);
    return rc ? rc : end;
}

static int runs_take(struct retaining *retaining, struct store *store, bool *ret_more)
{
    struct txn txn __attribute__((cleanup(tidy_txn)));
    struct letting letting __attribute__((cleanup(letting_done)));
    struct retained before = *retaining->retained;
    txn_begin(&txn, store, true);
    int rc = letting_begin(&letting, retaining, &txn);
    rc = rc ? rc : slice_let(&letting, ret_more);
    if (rc == 0 && letting.moved)
        bygone_set(&txn, &letting.bygone);
    txn.rc = txn.rc ? txn.rc : rc;
    fault_kill("runs");
    rc = txn_end(&txn);
    if (rc != 0)
        *retaining->retained = before;
    return rc;
}

int retain_runs(struct retaining *retaining, struct err *err)
{
    TIDY(store_close) struct store *store = NULL;
    bool over = false, more = true, finished;
    int lock = -1;
    if (retention_runs(&retaining->request->organization->retention) == 0)
        return 0;
    int rc = store_open(retaining->dir, false, &store, err);
    if (rc != 0)
        return rc == ERR_GONE ? 0 : rc;
    rc = runs_look(retaining, store, &over);
    if (rc == 0 && over && retaining->how != RETAIN_LOOK) {
        rc = store_lock(store, &lock, err);
        rc = rc ? rc : home_claim(retaining->request->settings, retaining->request->organization, retaining->dir, err);
        rc = rc ? rc : changeset_recover(store, &finished, err);
        for (; rc == 0 && more; more = more && retaining->how == RETAIN_ALL) {
            more = false;
            rc = runs_take(retaining, store, &more);
        }
        if (lock >= 0)
            store_unlock(lock);
    }
    return rc && !err->rc ? store_fail(store, rc, err) : rc;
}
