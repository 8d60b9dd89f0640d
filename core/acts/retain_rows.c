/* retain_rows - what rows said beside what was made of them goes, where their source has had them no more for long. */
#include "acts/retain_inside.h"
#include "base/mem.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

void retain_rows_done(struct rows *rows)
{
    buffer_done(&rows->at);
    buffer_done(&rows->position);
    arena_free(rows->arena);
    free(rows->keys);
}

bool retain_rows_more(const struct retaining *retaining)
{
    return retaining->request->organization->retention.source_ms > 0 && !retaining->rows.ended;
}

/* Whether retaining->record is gone for longer than its words are kept, and has any. Where a word of `retention` is
 * about what it says, the record goes as a whole by that one. */
static bool strips(const struct retaining *retaining)
{
    const struct retention *retention = &retaining->request->organization->retention;
    const struct source *record = retaining->record;
    bool raw = false;
    if (record->count == 0 || retention_limit(retention, record->sections[0].kind) > 0)
        return false;
    for (uint16_t n = 0; n < record->count; n++)
        raw |= kind_is_raw(record->sections[n].kind);
    return raw && record->state != SOURCE_PRESENT && record->since_ms < retaining->now_ms - retention->source_ms;
}

static int row_note(struct rows *rows, struct bytes key)
{
    char *copy = arena_copy(rows->arena, key.data, key.len);
    int rc = copy ? mem_grow(&rows->keys, rows->count, &rows->room, sizeof(*rows->keys)) : -ENOMEM;
    if (rc == 0)
        rows->keys[rows->count++] = bytes(copy, key.len);
    return rc;
}

/* --- the walk --- */

/* Kept is the day, and the key behind which it goes on; a day's walk that is at its end has none. */
static int rows_begin(struct retaining *retaining, struct txn *txn)
{
    struct rows *rows = &retaining->rows;
    int64_t today = retaining->now_ms / DAY_MS, day;
    struct bytes kept;
    rows->begun = true;
    if (retaining->how != RETAIN_SLICE || !meta_get(txn, META_RETAINED_ROWS, &kept) || kept.len < sizeof(day))
        return txn->rc;
    memcpy(&day, kept.data, sizeof(day));
    buffer_add(&rows->at, (const char *)kept.data + sizeof(day), kept.len - sizeof(day));
    rows->ended = day == today && rows->at.len == 0;
    return rows->at.rc;
}

int retain_rows_look(struct retaining *retaining, struct txn *txn)
{
    struct cursor cursor __attribute__((cleanup(tidy_cursor))) = {.mdb = NULL};
    struct rows *rows = &retaining->rows;
    size_t most = retain_most(retaining, "retain-things", RETAIN_THINGS);
    size_t looks = retain_most(retaining, "retain-rows", RETAIN_ROWS);
    arena_free(rows->arena);
    rows->arena = NULL;
    rows->count = 0;
    if (!retain_rows_more(retaining))
        return 0;
    int rc = (rows->arena = arena_new()) ? 0 : -ENOMEM;
    rc = rc == 0 && !rows->begun ? rows_begin(retaining, txn) : rc;
    if (rc != 0 || rows->ended)
        return rc;
    struct bytes behind = rows->at.len > 0 ? bytes(rows->at.data, rows->at.len) : bytes("", 0);
    cursor_open(&cursor, txn, TABLE_source);
    bool there = cursor_seek(&cursor, behind);
    if (there && behind.len == cursor.key.len && memcmp(behind.data, cursor.key.data, behind.len) == 0)
        there = cursor_next(&cursor);
    for (; there && rc == 0 && looks > 0 && rows->count < most; looks--) {
        if (!source_read(cursor.value, retaining->record))
            return ERR_CORRUPT;
        buffer_clear(&rows->at);
        buffer_add(&rows->at, cursor.key.data, cursor.key.len);
        rc = rows->at.rc ? rows->at.rc : strips(retaining) ? row_note(rows, cursor.key) : 0;
        there = cursor_next(&cursor);
    }
    rows->ended = !there;
    if (rows->ended)
        buffer_clear(&rows->at);
    if (retaining->how == RETAIN_LOOK)
        retaining->retained->source += rows->count;
    return rc ? rc : txn->rc;
}

struct bytes retain_rows_position(struct retaining *retaining)
{
    struct rows *rows = &retaining->rows;
    int64_t day = retaining->now_ms / DAY_MS;
    if (!rows->begun)
        return (struct bytes){0};
    buffer_clear(&rows->position);
    buffer_add(&rows->position, &day, sizeof(day));
    buffer_add(&rows->position, rows->at.data, rows->at.len);
    return bytes(rows->position.data, rows->position.len);
}

/* --- they go --- */

int retain_rows_take(struct retaining *retaining, struct match *match)
{
    int rc = 0;
    for (size_t n = 0; n < retaining->rows.count && rc == 0; n++) {
        struct bytes row, key = retaining->rows.keys[n];
        if (!txn_get(match->snapshot, TABLE_source, key, &row)) /* it went meanwhile */
            continue;
        if (!source_read(row, retaining->record))
            return ERR_CORRUPT;
        if (!strips(retaining)) /* it is back */
            continue;
        rc = stage_strip(match->stage, key, retaining->record);
        retaining->retained->source += rc == 0;
    }
    return rc ? rc : match->snapshot->rc;
}
