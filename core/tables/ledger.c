/* ledger - the files of a connection. */
#include "tables/ledger.h"

#include "base/buffer.h"
#include "base/error.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* A row: the head, the name, and since it tells more a '\0', the tail and the place. */
struct ledger_head {
    uint64_t size;
    int64_t mtime_ms;
    uint8_t sha256[32];
};

struct ledger_tail {
    int64_t at_ms;
    uint64_t rows, refused, created, updated, missing;
    uint32_t together;
    uint8_t outcome, after, padding[2];
};

struct seen_head {
    uint64_t size;
    int64_t mtime_ms, first_ms;
};

/* A row under LEDGER_INSTEAD: the head, then u64 first and u64 last of each range of numbers. */
struct instead_head {
    uint32_t first_run, last_run;
};

static void key_write(uint32_t stream, uint32_t run, uint32_t nth, uint32_t ret_key[3])
{
    ret_key[0] = __builtin_bswap32(stream);
    ret_key[1] = __builtin_bswap32(run);
    ret_key[2] = __builtin_bswap32(nth);
}

static bool key_read(struct bytes bytes, uint32_t ret_key[3])
{
    if (bytes.len != LEDGER_KEY)
        return false;
    memcpy(ret_key, bytes.data, LEDGER_KEY);
    for (int i = 0; i < 3; i++)
        ret_key[i] = __builtin_bswap32(ret_key[i]);
    return true;
}

void ledger_put(struct changeset *changeset, const struct ledger_row *row)
{
    struct buffer value __attribute__((cleanup(buffer_done))) = {0};
    struct ledger_head head = {.size = row->size, .mtime_ms = row->mtime_ms};
    struct ledger_tail tail = {.at_ms = row->at_ms,
                               .rows = row->rows,
                               .refused = row->refused,
                               .created = row->created,
                               .updated = row->updated,
                               .missing = row->missing,
                               .together = row->together,
                               .outcome = row->outcome,
                               .after = row->after};
    uint32_t key[3];
    key_write(row->stream, row->run, row->nth, key);
    memcpy(head.sha256, row->sha256, sizeof(head.sha256));
    buffer_add(&value, &head, sizeof(head));
    buffer_text(&value, row->name);
    buffer_byte(&value, '\0');
    buffer_add(&value, &tail, sizeof(tail));
    buffer_text(&value, row->place ? row->place : "");
    if (value.rc == 0)
        changeset_set(changeset, TABLE_file, bytes(key, sizeof(key)), bytes(value.data, value.len));
}

static void seen_write(const struct ledger_seen *seen, struct buffer *out)
{
    struct seen_head head = {.size = seen->size, .mtime_ms = seen->mtime_ms, .first_ms = seen->first_ms};
    buffer_add(out, &head, sizeof(head));
    buffer_text(out, seen->name);
    buffer_byte(out, '\0');
    buffer_text(out, seen->reason);
}

int ledger_put_seen(struct changeset *changeset, struct txn *txn, uint32_t stream, const struct ledger_seen *seen,
                    size_t count)
{
    struct buffer value __attribute__((cleanup(buffer_done))) = {0};
    uint32_t key[3];
    struct bytes old;
    bool more = true;
    for (uint32_t nth = 0; more || nth < count; nth++) {
        key_write(stream, LEDGER_SEEN, nth, key);
        more = txn_get(txn, TABLE_file, bytes(key, sizeof(key)), &old);
        buffer_clear(&value);
        if (nth < count)
            seen_write(&seen[nth], &value);
        if (value.rc != 0)
            return value.rc;
        if (nth >= count && more)
            changeset_delete(changeset, TABLE_file, bytes(key, sizeof(key)), old);
        else if (nth < count && (!more || old.len != value.len || memcmp(old.data, value.data, value.len) != 0))
            changeset_set(changeset, TABLE_file, bytes(key, sizeof(key)), bytes(value.data, value.len));
    }
    return 0;
}

bool ledger_first(struct cursor *cursor, uint32_t stream)
{
    uint32_t prefix = __builtin_bswap32(stream);
    return cursor_seek(cursor, bytes(&prefix, sizeof(prefix))) && ledger_of(cursor, stream);
}

bool ledger_of(const struct cursor *cursor, uint32_t stream)
{
    uint32_t prefix = __builtin_bswap32(stream);
    return cursor_has_prefix(cursor, bytes(&prefix, sizeof(prefix)));
}

static bool row_read(struct bytes bytes, struct bytes value, struct arena *arena, struct ledger_row *ret_row)
{
    struct ledger_head head;
    struct ledger_tail tail;
    uint32_t key[3];
    if (!key_read(bytes, key) || key[1] == LEDGER_SEEN || key[2] == LEDGER_INSTEAD || value.len < sizeof(head))
        return false;
    memcpy(&head, value.data, sizeof(head));
    struct ledger_row row = {.stream = key[0],
                             .run = key[1],
                             .nth = key[2],
                             .size = head.size,
                             .mtime_ms = head.mtime_ms,
                             .together = 1,
                             .place = ""};
    memcpy(row.sha256, head.sha256, sizeof(row.sha256));
    const char *name = (const char *)value.data + sizeof(head);
    size_t rest = value.len - sizeof(head);
    const char *end = memchr(name, '\0', rest);
    row.name = arena_copy(arena, name, end ? (size_t)(end - name) : rest);
    rest -= end ? (size_t)(end - name) + 1 : rest;
    if (row.name && end && rest >= sizeof(tail)) {
        memcpy(&tail, end + 1, sizeof(tail));
        row.told = true;
        row.at_ms = tail.at_ms;
        row.rows = tail.rows;
        row.refused = tail.refused;
        row.created = tail.created;
        row.updated = tail.updated;
        row.missing = tail.missing;
        row.together = tail.together;
        row.outcome = tail.outcome;
        row.after = tail.after;
        row.place = arena_copy(arena, end + 1 + sizeof(tail), rest - sizeof(tail));
    }
    *ret_row = row;
    return row.name && row.place;
}

bool ledger_read(const struct cursor *cursor, struct arena *arena, struct ledger_row *ret_row)
{
    return row_read(cursor->key, cursor->value, arena, ret_row);
}

bool ledger_get(struct txn *txn, uint32_t stream, uint32_t run, uint32_t nth, struct arena *arena,
                struct ledger_row *ret_row)
{
    uint32_t key[3];
    struct bytes value;
    key_write(stream, run, nth, key);
    return txn_get(txn, TABLE_file, bytes(key, sizeof(key)), &value) &&
           row_read(bytes(key, sizeof(key)), value, arena, ret_row);
}

static int ascending(const void *a_item, const void *b_item)
{
    uint64_t a = *(const uint64_t *)a_item, b = *(const uint64_t *)b_item;
    return a < b ? -1 : a > b;
}

void ledger_put_instead(struct changeset *changeset, struct ledger_instead *instead)
{
    struct buffer value __attribute__((cleanup(buffer_done))) = {0};
    struct instead_head head = {instead->first_run, instead->last_run};
    uint32_t key[3];
    if (instead->count == 0)
        return;
    qsort(instead->numbers, instead->count, sizeof(*instead->numbers), ascending);
    key_write(instead->stream, instead->run, LEDGER_INSTEAD, key);
    buffer_add(&value, &head, sizeof(head));
    for (size_t i = 0, end; i < instead->count; i = end) {
        for (end = i + 1; end < instead->count && instead->numbers[end] - instead->numbers[end - 1] <= 1;)
            end++;
        const uint64_t range[2] = {instead->numbers[i], instead->numbers[end - 1]};
        buffer_add(&value, range, sizeof(range));
    }
    if (value.rc == 0)
        changeset_set(changeset, TABLE_file, bytes(key, sizeof(key)), bytes(value.data, value.len));
}

/* The first row of the sort that `fits`, by run. */
static bool instead_find(struct txn *txn, uint32_t stream,
                         bool (*fits)(struct bytes value, uint32_t run, uint64_t what), uint64_t what,
                         uint32_t *ret_run)
{
    struct cursor cursor __attribute__((cleanup(tidy_cursor)));
    uint32_t key[3];
    cursor_open(&cursor, txn, TABLE_file);
    for (bool there = ledger_first(&cursor, stream); there;
         there = cursor_next(&cursor) && ledger_of(&cursor, stream)) {
        if (!key_read(cursor.key, key) || key[1] == LEDGER_SEEN || key[2] != LEDGER_INSTEAD ||
            cursor.value.len < sizeof(struct instead_head) || !fits(cursor.value, key[1], what))
            continue;
        *ret_run = key[1];
        return true;
    }
    return false;
}

static bool has_number(struct bytes value, uint32_t run, uint64_t number)
{
    const char *at = (const char *)value.data + sizeof(struct instead_head),
               *end = (const char *)value.data + value.len;
    uint64_t range[2];
    (void)run;
    for (; (size_t)(end - at) >= sizeof(range); at += sizeof(range)) {
        memcpy(range, at, sizeof(range));
        if (range[0] <= number && number <= range[1])
            return true;
    }
    return false;
}

static bool has_run(struct bytes value, uint32_t run, uint64_t held)
{
    struct instead_head head;
    memcpy(&head, value.data, sizeof(head));
    return run > held && head.first_run <= held && held <= head.last_run;
}

bool ledger_instead_of(struct txn *txn, uint32_t stream, uint64_t number, uint32_t *ret_run)
{
    return instead_find(txn, stream, has_number, number, ret_run);
}

bool ledger_instead_of_run(struct txn *txn, uint32_t stream, uint32_t run, uint32_t *ret_run)
{
    return instead_find(txn, stream, has_run, run, ret_run);
}

bool ledger_read_seen(const struct cursor *cursor, struct arena *arena, struct ledger_seen *ret_seen)
{
    struct seen_head head;
    uint32_t key[3];
    struct bytes value = cursor->value;
    if (!key_read(cursor->key, key) || key[1] != LEDGER_SEEN || value.len < sizeof(head))
        return false;
    memcpy(&head, value.data, sizeof(head));
    const char *name = (const char *)value.data + sizeof(head);
    size_t rest = value.len - sizeof(head);
    const char *end = memchr(name, '\0', rest);
    if (!end)
        return false;
    struct ledger_seen seen = {.size = head.size, .mtime_ms = head.mtime_ms, .first_ms = head.first_ms};
    seen.name = arena_copy(arena, name, (size_t)(end - name));
    seen.reason = arena_copy(arena, end + 1, rest - (size_t)(end - name) - 1);
    *ret_seen = seen;
    return seen.name && seen.reason;
}
