/* decision - why a record was passed over. Writes the `decision` table. */
#include "tables/decision.h"

#include "base/digest.h"

#include <errno.h>
#include <string.h>

enum { HEAD = 4 + 8 + 1 + 1 + 2 + 2 + 2, TEXT_MOST = 1000 };

bool decision_read(struct bytes value, struct decision_row *ret_row)
{
    const uint8_t *at = value.data;
    uint16_t about, place, text;
    if (value.len < HEAD)
        return false;
    struct decision_row row = {.judge = (enum decision_judge)at[12]};
    memcpy(&row.run, at, sizeof(row.run));
    memcpy(&row.since_ms, at + 4, sizeof(row.since_ms));
    size_t reason = at[13];
    memcpy(&about, at + 14, sizeof(about));
    memcpy(&place, at + 16, sizeof(place));
    memcpy(&text, at + 18, sizeof(text));
    size_t texts = reason + about + place + text;
    if (value.len < HEAD + texts)
        return false;
    at += HEAD;
    row.kept = bytes(at + texts, value.len - HEAD - texts);
    row.reason = bytes(at, reason);
    row.about = bytes(at + reason, about);
    row.place = bytes(at + reason + about, place);
    row.text = bytes(at + reason + about + place, text);
    *ret_row = row;
    return true;
}

static uint16_t text_len(struct bytes text)
{
    return (uint16_t)(text.len > TEXT_MOST ? TEXT_MOST : text.len);
}

static void decision_write(const struct decision_row *row, struct buffer *out)
{
    uint8_t lens[2] = {(uint8_t)row->judge, (uint8_t)row->reason.len};
    uint16_t about = text_len(row->about), place = text_len(row->place), text = text_len(row->text);
    buffer_clear(out);
    buffer_add(out, &row->run, sizeof(row->run));
    buffer_add(out, &row->since_ms, sizeof(row->since_ms));
    buffer_add(out, lens, sizeof(lens));
    buffer_add(out, &about, sizeof(about));
    buffer_add(out, &place, sizeof(place));
    buffer_add(out, &text, sizeof(text));
    buffer_add(out, row->reason.data, row->reason.len);
    buffer_add(out, row->about.data, about);
    buffer_add(out, row->place.data, place);
    buffer_add(out, row->text.data, text);
    buffer_add(out, row->kept.data, row->kept.len);
}

static void decisions_fail(struct decision_rows *rows, int rc)
{
    rows->rc = rows->rc ? rows->rc : rc;
}

void decisions_init(struct decision_rows *rows)
{
    rows->any = txn_count(rows->snapshot, TABLE_decision) > 0;
    decisions_fail(rows, rows->snapshot->rc);
}

void decisions_done(struct decision_rows *rows)
{
    numbers_done(&rows->said);
    numbers_done(&rows->taken);
    buffer_done(&rows->value);
}

static bool kept_equal(struct bytes a, struct bytes b)
{
    return a.len == b.len && (a.len == 0 || memcmp(a.data, b.data, a.len) == 0);
}

static bool text_equal(struct bytes stored, struct bytes said)
{
    return stored.len == text_len(said) && (stored.len == 0 || memcmp(stored.data, said.data, stored.len) == 0);
}

/* Where it stood does not count: rows move when one is put above them. */
static bool row_says(const struct decision_row *stored, const struct decision_row *row)
{
    return stored->judge == row->judge && text_equal(stored->reason, row->reason) &&
           text_equal(stored->about, row->about) && text_equal(stored->text, row->text);
}

static uint64_t key_digest(struct bytes key)
{
    return digest_fast(key.data, key.len) | 1;
}

static bool key_among(const struct numbers *keys, struct bytes key)
{
    return keys->count > 0 && numbers_get(keys, key_digest(key)) != NULL;
}

/* What is wrong with a row stays so until a pull takes the row; who is who is judged by every run. */
static bool row_stands(const struct decision_rows *rows, struct bytes key, const struct decision_row *stored,
                       enum decision_judge judge)
{
    return stored->judge == JUDGE_MAP && judge != JUDGE_MAP && !key_among(&rows->taken, key);
}

void decision_taken(struct decision_rows *rows, struct bytes key)
{
    decisions_fail(rows, numbers_set(&rows->taken, key_digest(key), 1));
}

struct bytes decision_stored(struct decision_rows *rows, struct bytes key)
{
    struct bytes stored = {0};
    if (rows->any)
        txn_get(rows->snapshot, TABLE_decision, key, &stored);
    return stored;
}

void decision_say(struct decision_rows *rows, struct bytes key, struct bytes stored, const struct decision_row *row,
                  bool again)
{
    struct decision_row made = *row, old;
    if (rows->rc != 0 || key_among(&rows->said, key))
        return;
    if (again)
        decisions_fail(rows, numbers_set(&rows->said, key_digest(key), 1));
    bool had = stored.data && decision_read(stored, &old), says = had && row_says(&old, row);
    if ((says && kept_equal(old.kept, row->kept)) || (had && row_stands(rows, key, &old, row->judge)))
        return;
    made.run = says ? old.run : rows->run;
    made.since_ms = says ? old.since_ms : rows->now_ms;
    decision_write(&made, &rows->value);
    decisions_fail(rows, rows->value.rc);
    if (rows->rc == 0)
        changeset_put(rows->changeset, TABLE_decision, key, stored, bytes(rows->value.data, rows->value.len));
}

void decision_drop(struct decision_rows *rows, struct bytes key)
{
    struct bytes stored = decision_stored(rows, key);
    struct decision_row old;
    if (!stored.data || rows->rc != 0 || key_among(&rows->said, key))
        return;
    if (decision_read(stored, &old) && row_stands(rows, key, &old, JUDGE_MATCH))
        return;
    decisions_fail(rows, numbers_set(&rows->said, key_digest(key), 1));
    changeset_delete(rows->changeset, TABLE_decision, key, stored);
}

void decision_erase(struct decision_rows *rows, struct bytes key)
{
    struct bytes stored = decision_stored(rows, key);
    if (!stored.data || rows->rc != 0)
        return;
    decisions_fail(rows, numbers_set(&rows->said, key_digest(key), 1));
    changeset_delete(rows->changeset, TABLE_decision, key, stored);
}

/* --- beside a walk over the records of a stream --- */

void decision_walk_begin(struct decision_walk *walk, struct decision_rows *rows, uint32_t stream, bool proven)
{
    uint32_t be = __builtin_bswap32(stream);
    *walk = (struct decision_walk){.rows = rows, .proven = proven};
    memcpy(walk->prefix, &be, sizeof(be));
    if (!rows->any)
        return;
    struct bytes prefix = bytes(walk->prefix, sizeof(walk->prefix));
    cursor_open(&walk->cursor, rows->snapshot, TABLE_decision);
    walk->there = cursor_seek(&walk->cursor, prefix) && cursor_has_prefix(&walk->cursor, prefix);
}

static void walk_next(struct decision_walk *walk)
{
    struct bytes prefix = bytes(walk->prefix, sizeof(walk->prefix));
    walk->there = cursor_next(&walk->cursor) && cursor_has_prefix(&walk->cursor, prefix);
}

static int key_compare(struct bytes a, struct bytes b)
{
    int order = memcmp(a.data, b.data, a.len < b.len ? a.len : b.len);
    return order ? order : (a.len > b.len) - (a.len < b.len);
}

/* Neither the source nor the store has it any more. */
static void walk_pass(struct decision_walk *walk)
{
    if (walk->proven)
        changeset_delete(walk->rows->changeset, TABLE_decision, walk->cursor.key, walk->cursor.value);
    walk_next(walk);
}

struct bytes decision_walk_to(struct decision_walk *walk, struct bytes key)
{
    int order = 1;
    while (walk->there && (order = key_compare(walk->cursor.key, key)) < 0)
        walk_pass(walk);
    if (!walk->there || order != 0)
        return bytes(NULL, 0);
    struct bytes stored = walk->cursor.value;
    walk_next(walk);
    return stored;
}

void decision_walk_end(struct decision_walk *walk, bool whole)
{
    while (whole && walk->there)
        walk_pass(walk);
    cursor_close(&walk->cursor);
}

/* --- through the spool --- */

void decision_pack(const char *reason, const char *about, const char *text, struct buffer *out)
{
    const char *const texts[] = {reason, about, text};
    buffer_clear(out);
    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
        buffer_text(out, texts[i] ? texts[i] : "");
        buffer_byte(out, '\0');
    }
}

bool decision_unpack(struct bytes packed, struct decision_row *ret_row)
{
    struct bytes *const texts[] = {&ret_row->reason, &ret_row->about, &ret_row->text};
    const char *at = packed.data, *end = at + packed.len;
    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
        const char *stop = at < end ? memchr(at, '\0', (size_t)(end - at)) : NULL;
        if (!stop)
            return false;
        *texts[i] = bytes(at, (size_t)(stop - at));
        at = stop + 1;
    }
    return at == end && ret_row->reason.len <= UINT8_MAX;
}
