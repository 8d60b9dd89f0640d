/* delivery - what a target is known to have of each thing, and what is under way there. */
#include "tables/delivery.h"

#include "store/changeset.h"

#include <string.h>

enum { DELIVERY_KEY = 4 + 1 + 1 + 8 };
enum { FIXED = 4 + 4 + 4 + 4 + 8 + 8, HEAD = 8 + 16 + 16 + 8, MARK = 4 + 8, FILE_ROW = 4 + 4 + 8 + 8 + 8 };

const char *delivery_state_name(enum delivery_state state)
{
    static const char *const names[] = {"", "settled", "sent", "retry", "refused", "manual", "held", "drifted"};
    return names[state];
}

static void delivery_key(uint32_t stream, enum delivery_zone zone, enum kind kind, uint64_t id,
                         uint8_t ret_key[DELIVERY_KEY])
{
    uint32_t be = __builtin_bswap32(stream);
    uint64_t be_id = __builtin_bswap64(id);
    memcpy(ret_key, &be, sizeof(be));
    ret_key[4] = (uint8_t)zone;
    ret_key[5] = (uint8_t)kind;
    memcpy(ret_key + 6, &be_id, sizeof(be_id));
}

static bool text_take(const uint8_t **at, const uint8_t *end, struct bytes *ret_text)
{
    uint32_t len;
    if ((size_t)(end - *at) < sizeof(len))
        return false;
    memcpy(&len, *at, sizeof(len));
    *at += sizeof(len);
    if ((size_t)(end - *at) < len)
        return false;
    *ret_text = bytes(*at, len);
    *at += len;
    return true;
}

/* Rows of what is not written by the period have none. */
static bool marks_take(const uint8_t **at, const uint8_t *end, struct delivery *delivery)
{
    struct bytes marks;
    if (*at == end)
        return true;
    if (!text_take(at, end, &marks) || marks.len != (size_t)2 * MARK)
        return false;
    const uint8_t *mark = marks.data;
    memcpy(&delivery->in.file, mark, 4);
    memcpy(&delivery->in.thing, mark + 4, 8);
    memcpy(&delivery->into.file, mark + MARK, 4);
    memcpy(&delivery->into.thing, mark + MARK + 4, 8);
    return true;
}

static bool row_read(struct bytes row, struct delivery *ret_delivery)
{
    const uint8_t *at = row.data, *end = at + row.len;
    struct delivery made = {0};
    if (row.len < FIXED || at[0] < DELIVERY_SETTLED || at[0] > DELIVERY_DRIFTED)
        return false;
    made.state = (enum delivery_state)at[0];
    made.op = at[1];
    made.active = at[2];
    made.rc = -(int)at[3];
    memcpy(&made.attempts, at + 4, 4);
    memcpy(&made.run, at + 8, 4);
    memcpy(&made.intent, at + 12, 4);
    memcpy(&made.since_ms, at + 16, 8);
    memcpy(&made.next_ms, at + 24, 8);
    at += FIXED;
    if (!text_take(&at, end, &made.remote_id) || !text_take(&at, end, &made.confirmed) ||
        !text_take(&at, end, &made.wanted) || !text_take(&at, end, &made.why) || !marks_take(&at, end, &made) ||
        at != end)
        return false;
    *ret_delivery = made;
    return true;
}

bool delivery_get(struct txn *txn, uint32_t stream, enum kind kind, uint64_t id, struct delivery *ret_delivery)
{
    uint8_t key[DELIVERY_KEY];
    struct bytes row;
    delivery_key(stream, DELIVERY_UNIT, kind, id, key);
    if (!txn_get(txn, TABLE_delivery, bytes(key, sizeof(key)), &row))
        return false;
    if (row_read(row, ret_delivery))
        return true;
    if (txn->rc == 0)
        txn->rc = ERR_CORRUPT;
    return false;
}

static void text_add(struct buffer *out, struct bytes text)
{
    uint32_t len = (uint32_t)text.len;
    buffer_add(out, &len, sizeof(len));
    buffer_add(out, text.data, text.len);
}

void delivery_row(const struct delivery *delivery, struct buffer *out)
{
    uint8_t fixed[FIXED] = {(uint8_t)delivery->state, delivery->op, delivery->active, (uint8_t)-delivery->rc};
    memcpy(fixed + 4, &delivery->attempts, 4);
    memcpy(fixed + 8, &delivery->run, 4);
    memcpy(fixed + 12, &delivery->intent, 4);
    memcpy(fixed + 16, &delivery->since_ms, 8);
    memcpy(fixed + 24, &delivery->next_ms, 8);
    buffer_add(out, fixed, sizeof(fixed));
    text_add(out, delivery->remote_id);
    text_add(out, delivery->confirmed);
    text_add(out, delivery->wanted);
    text_add(out, delivery->why);
    if (delivery->in.file == 0 && delivery->into.file == 0)
        return;
    uint8_t marks[2 * MARK];
    memcpy(marks, &delivery->in.file, 4);
    memcpy(marks + 4, &delivery->in.thing, 8);
    memcpy(marks + MARK, &delivery->into.file, 4);
    memcpy(marks + MARK + 4, &delivery->into.thing, 8);
    text_add(out, bytes(marks, sizeof(marks)));
}

void delivery_put_row(struct txn *txn, uint32_t stream, enum kind kind, uint64_t id, struct bytes row)
{
    uint8_t key[DELIVERY_KEY];
    const uint8_t *state = row.data;
    if (txn->rc != 0)
        return;
    delivery_key(stream, DELIVERY_UNIT, kind, id, key);
    txn_put(txn, TABLE_delivery, bytes(key, sizeof(key)), row);
    delivery_key(stream, DELIVERY_OPEN, kind, id, key);
    if (*state == DELIVERY_SETTLED)
        txn_delete(txn, TABLE_delivery, bytes(key, sizeof(key)));
    else
        txn_put(txn, TABLE_delivery, bytes(key, sizeof(key)), bytes("", 1));
}

void delivery_put(struct txn *txn, uint32_t stream, enum kind kind, uint64_t id, const struct delivery *delivery)
{
    struct buffer out __attribute__((cleanup(buffer_done))) = {0};
    delivery_row(delivery, &out);
    if (out.rc != 0 && txn->rc == 0)
        txn->rc = out.rc;
    if (txn->rc == 0)
        delivery_put_row(txn, stream, kind, id, bytes(out.data, out.len));
}

void delivery_made(struct txn *txn, uint32_t stream, enum kind kind, uint64_t id)
{
    uint8_t key[DELIVERY_KEY];
    delivery_key(stream, DELIVERY_MADE, kind, id, key);
    txn_put(txn, TABLE_delivery, bytes(key, sizeof(key)), bytes("", 1));
}

void delivery_told(struct txn *txn, uint32_t stream, enum kind kind, uint64_t id)
{
    uint8_t key[DELIVERY_KEY];
    delivery_key(stream, DELIVERY_MADE, kind, id, key);
    txn_delete(txn, TABLE_delivery, bytes(key, sizeof(key)));
}

void delivery_plan(struct changeset *changeset, struct txn *snapshot, uint32_t stream, enum kind kind, uint64_t id,
                   const struct delivery *delivery)
{
    struct buffer out __attribute__((cleanup(buffer_done))) = {0};
    uint8_t key[DELIVERY_KEY];
    struct bytes old = {0};
    delivery_row(delivery, &out);
    delivery_key(stream, DELIVERY_UNIT, kind, id, key);
    txn_get(snapshot, TABLE_delivery, bytes(key, sizeof(key)), &old);
    if (out.rc == 0)
        changeset_put(changeset, TABLE_delivery, bytes(key, sizeof(key)), old, bytes(out.data, out.len));
}

bool delivery_planned(struct bytes key, struct bytes value, uint32_t *ret_stream, enum kind *ret_kind, uint64_t *ret_id,
                      struct delivery *ret_delivery)
{
    const uint8_t *at = key.data;
    uint32_t be;
    uint64_t be_id;
    if (key.len != DELIVERY_KEY || at[4] != DELIVERY_UNIT || !row_read(value, ret_delivery))
        return false;
    memcpy(&be, at, sizeof(be));
    memcpy(&be_id, at + 6, sizeof(be_id));
    *ret_stream = __builtin_bswap32(be);
    *ret_kind = (enum kind)at[5];
    *ret_id = __builtin_bswap64(be_id);
    return true;
}

/* --- of a whole stream --- */

bool delivery_head_get(struct txn *txn, uint32_t stream, struct delivery_head *ret_head)
{
    uint8_t key[DELIVERY_KEY];
    struct bytes row;
    delivery_key(stream, DELIVERY_HEAD, KIND_NONE, 0, key);
    if (!txn_get(txn, TABLE_delivery, bytes(key, sizeof(key)), &row))
        return false;
    const uint8_t *at = row.data;
    if (row.len < HEAD || !tally_read(at + HEAD, row.len - HEAD, &ret_head->tally)) {
        txn->rc = txn->rc ? txn->rc : ERR_CORRUPT;
        return false;
    }
    memcpy(&ret_head->sequence, at, 8);
    memcpy(ret_head->digest, at + 8, 16);
    memcpy(ret_head->day, at + 24, sizeof(ret_head->day));
    ret_head->day[sizeof(ret_head->day) - 1] = '\0';
    memcpy(&ret_head->active, at + 40, 8);
    return true;
}

static void head_write(const struct delivery_head *head, struct buffer *out)
{
    uint8_t row[HEAD] = {0};
    memcpy(row, &head->sequence, 8);
    memcpy(row + 8, head->digest, 16);
    memcpy(row + 24, head->day, sizeof(head->day));
    memcpy(row + 40, &head->active, 8);
    buffer_add(out, row, sizeof(row));
    tally_write(&head->tally, out);
}

void delivery_head_put(struct txn *txn, uint32_t stream, const struct delivery_head *head)
{
    struct buffer out __attribute__((cleanup(buffer_done))) = {0};
    uint8_t key[DELIVERY_KEY];
    delivery_key(stream, DELIVERY_HEAD, KIND_NONE, 0, key);
    head_write(head, &out);
    if (out.rc != 0 && txn->rc == 0)
        txn->rc = out.rc;
    if (txn->rc == 0)
        txn_put(txn, TABLE_delivery, bytes(key, sizeof(key)), bytes(out.data, out.len));
}

/* --- of a file --- */

bool delivery_file_get(struct txn *txn, uint32_t stream, enum kind kind, int64_t from, struct delivery_file *ret_file)
{
    uint8_t key[DELIVERY_KEY];
    struct bytes row;
    delivery_key(stream, DELIVERY_FILE, kind, (uint64_t)from, key);
    if (!txn_get(txn, TABLE_delivery, bytes(key, sizeof(key)), &row))
        return false;
    const uint8_t *at = row.data;
    if (row.len != FILE_ROW || at[0] < FILE_DUE || at[0] > FILE_CLOSED) {
        txn->rc = txn->rc ? txn->rc : ERR_CORRUPT;
        return false;
    }
    *ret_file = (struct delivery_file){.state = (enum delivery_file_state)at[0], .from = from};
    memcpy(&ret_file->run, at + 4, 4);
    memcpy(&ret_file->until, at + 8, 8);
    memcpy(&ret_file->at_ms, at + 16, 8);
    memcpy(&ret_file->rows, at + 24, 8);
    return true;
}

void delivery_file_put(struct txn *txn, uint32_t stream, enum kind kind, const struct delivery_file *file)
{
    uint8_t key[DELIVERY_KEY], row[FILE_ROW] = {(uint8_t)file->state};
    memcpy(row + 4, &file->run, 4);
    memcpy(row + 8, &file->until, 8);
    memcpy(row + 16, &file->at_ms, 8);
    memcpy(row + 24, &file->rows, 8);
    delivery_key(stream, DELIVERY_FILE, kind, (uint64_t)file->from, key);
    txn_put(txn, TABLE_delivery, bytes(key, sizeof(key)), bytes(row, sizeof(row)));
}

/* --- somebody is erased --- */

void delivery_erase(struct changeset *changeset, struct txn *snapshot, uint32_t stream, enum kind kind, uint64_t id)
{
    static const enum delivery_zone zones[] = {DELIVERY_UNIT, DELIVERY_OPEN, DELIVERY_MADE};
    for (size_t n = 0; n < sizeof(zones) / sizeof(zones[0]); n++) {
        uint8_t key[DELIVERY_KEY];
        struct bytes row;
        delivery_key(stream, zones[n], kind, id, key);
        if (txn_get(snapshot, TABLE_delivery, bytes(key, sizeof(key)), &row))
            changeset_delete(changeset, TABLE_delivery, bytes(key, sizeof(key)), row);
    }
}

void delivery_fewer(struct changeset *changeset, struct txn *snapshot, uint32_t stream, uint64_t count)
{
    struct buffer out __attribute__((cleanup(buffer_done))) = {0};
    struct delivery_head head;
    uint8_t key[DELIVERY_KEY];
    struct bytes row;
    delivery_key(stream, DELIVERY_HEAD, KIND_NONE, 0, key);
    if (count == 0 || !delivery_head_get(snapshot, stream, &head) ||
        !txn_get(snapshot, TABLE_delivery, bytes(key, sizeof(key)), &row))
        return;
    head.active -= count < head.active ? count : head.active;
    head_write(&head, &out);
    if (out.rc == 0)
        changeset_put(changeset, TABLE_delivery, bytes(key, sizeof(key)), row, bytes(out.data, out.len));
}

/* --- walking --- */

void delivery_walk_begin(struct delivery_walk *walk, struct txn *txn, uint32_t stream, enum delivery_zone zone)
{
    *walk = (struct delivery_walk){.stream = stream, .zone = zone};
    cursor_open(&walk->cursor, txn, TABLE_delivery);
}

bool delivery_walk_next(struct delivery_walk *walk, enum kind *ret_kind, uint64_t *ret_id)
{
    uint8_t key[DELIVERY_KEY];
    uint64_t be;
    delivery_key(walk->stream, walk->zone, KIND_NONE, 0, key);
    bool there = walk->begun ? cursor_next(&walk->cursor) : cursor_seek(&walk->cursor, bytes(key, sizeof(key)));
    walk->begun = true;
    if (!there || walk->cursor.key.len != DELIVERY_KEY || !cursor_has_prefix(&walk->cursor, bytes(key, 5)))
        return false;
    const uint8_t *at = walk->cursor.key.data;
    memcpy(&be, at + 6, sizeof(be));
    *ret_kind = (enum kind)at[5];
    *ret_id = __builtin_bswap64(be);
    return true;
}

bool delivery_walk_row(const struct delivery_walk *walk, struct delivery *ret_delivery)
{
    struct txn *txn = walk->cursor.txn;
    if (row_read(walk->cursor.value, ret_delivery))
        return true;
    if (txn->rc == 0)
        txn->rc = ERR_CORRUPT;
    return false;
}

void delivery_walk_end(struct delivery_walk *walk)
{
    cursor_close(&walk->cursor);
}
