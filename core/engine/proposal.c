/* proposal - source records as their sources say them now, kept beside what is taken.
 *
 * Writes the `held` table. */
#include "engine/proposal.h"

#include "base/error.h"

#include <string.h>

enum { HEAD = 8, HOLD = 12 };

bool proposal_value(struct bytes row, struct bytes *ret_value)
{
    const uint8_t *at = row.data;
    if (row.len < HEAD || at[1] > PROPOSAL_HOLDS_MAX || row.len < HEAD + (size_t)at[1] * HOLD)
        return false;
    size_t begin = HEAD + (size_t)at[1] * HOLD;
    *ret_value = bytes(at + begin, row.len - begin);
    return true;
}

bool proposal_read(struct bytes key, struct bytes row, struct proposal *ret_proposal)
{
    const uint8_t *at = row.data;
    struct bytes value;
    if (!proposal_value(row, &value) || at[0] < STAGED_NEW || at[0] > STAGED_GONE)
        return false;
    ret_proposal->what = (enum staged_what)at[0];
    ret_proposal->hold_count = at[1];
    ret_proposal->value = value;
    memcpy(&ret_proposal->run, at + 4, sizeof(ret_proposal->run));
    at += HEAD;
    for (size_t i = 0; i < ret_proposal->hold_count; i++, at += HOLD) {
        struct hold *hold = &ret_proposal->holds[i];
        *hold = (struct hold){.record = hold_record(key), .gate = (enum gate)at[0], .kind = (enum kind)at[1]};
        memcpy(&hold->field, at + 2, sizeof(hold->field));
        memcpy(&hold->key, at + 4, sizeof(hold->key));
    }
    return true;
}

bool proposal_get(struct txn *txn, struct bytes key, struct proposal *ret_proposal)
{
    struct bytes row;
    return txn_get(txn, TABLE_held, key, &row) && proposal_read(key, row, ret_proposal);
}

/* --- writing --- */

static uint8_t write_holds(const struct holds *holds, uint64_t record, struct buffer *out)
{
    uint8_t count = 0;
    const struct hold *hold = holds ? holds_first(holds, record) : NULL;
    for (; hold && count < PROPOSAL_HOLDS_MAX; hold = holds_next(holds, hold)) {
        if (!hold->kept)
            continue;
        uint8_t head[2] = {(uint8_t)hold->gate, (uint8_t)hold->kind};
        buffer_add(out, head, sizeof(head));
        buffer_add(out, &hold->field, sizeof(hold->field));
        buffer_add(out, &hold->key, sizeof(hold->key));
        count++;
    }
    return count;
}

static bool leaving(uint8_t what)
{
    return what == STAGED_MISSING || what == STAGED_GONE;
}

/* Whether two rows propose the same, whenever they did: the words, the holds, the seeds. */
static bool same_words(struct stage *stage, struct bytes a, struct bytes b)
{
    struct bytes x, y;
    const uint8_t *p = a.data, *q = b.data;
    if (!proposal_value(a, &x) || !proposal_value(b, &y) || leaving(p[0]) != leaving(q[0]) || p[1] != q[1] ||
        memcmp(p + HEAD, q + HEAD, (size_t)p[1] * HOLD) != 0 || !source_read(x, &stage->proposed) ||
        !source_read(y, &stage->old) || stage->proposed.body.len != stage->old.body.len ||
        memcmp(stage->proposed.body.data, stage->old.body.data, stage->old.body.len) != 0)
        return false;
    for (uint16_t n = 0; n < stage->old.count; n++)
        if (stage->old.sections[n].seed != stage->proposed.sections[n].seed)
            return false;
    return true;
}

static void proposal_write(struct stage *stage, const struct staged *staged)
{
    uint8_t head[4] = {(uint8_t)staged->what};
    struct bytes old = {0};
    buffer_clear(&stage->row);
    buffer_add(&stage->row, head, sizeof(head));
    buffer_add(&stage->row, &stage->run, sizeof(stage->run));
    uint8_t count = write_holds(stage->holds, hold_record(staged->key), &stage->row);
    buffer_add(&stage->row, staged->value.data, staged->value.len);
    if (stage->row.rc != 0)
        return;
    stage->row.data[1] = (char)count;
    struct bytes row = bytes(stage->row.data, stage->row.len);
    if (stage->has_held && txn_get(stage->snapshot, TABLE_held, staged->key, &old) && same_words(stage, old, row))
        return;
    changeset_put(stage->changeset, TABLE_held, staged->key, old, row);
}

int proposals_write(struct stage *stage)
{
    for (size_t i = 0; i < stage->held_count; i++) {
        struct staged staged;
        int rc = stage_read(stage, stage->held[i], 0, &staged);
        if (rc != 0)
            return rc;
        proposal_write(stage, &staged);
        if (stage->row.rc != 0)
            return stage->row.rc;
    }
    return changeset_rc(stage->changeset);
}

static void row_drop(struct stage *stage, struct bytes key, struct bytes row)
{
    struct proposal proposal;
    struct bytes stored;
    bool fresh = proposal_read(key, row, &proposal) && proposal.what == STAGED_NEW;
    if (fresh && !txn_get(stage->snapshot, TABLE_source, key, &stored) && source_read(proposal.value, &stage->old) &&
        stage->old.count > 0 && !numbers_get(&stage->keys, hold_record(key)))
        stage_forget(stage, stage->old.sections[0].seed);
    changeset_delete(stage->changeset, TABLE_held, key, row);
}

void proposal_drop(struct stage *stage, struct bytes key)
{
    struct bytes row;
    if (txn_get(stage->snapshot, TABLE_held, key, &row))
        row_drop(stage, key, row);
}

/* In stage->keys: 1 a record that is staged, 2 one that is proposed. */
static int keys_mark(struct stage *stage)
{
    const struct {
        const uint64_t *places;
        size_t count;
        uint64_t mark;
    } lists[] = {{stage->places, stage->count, 1}, {stage->held, stage->held_count, 2}};
    for (size_t l = 0; l < 2; l++)
        for (size_t i = 0; i < lists[l].count; i++) {
            struct staged staged;
            int rc = stage_read(stage, lists[l].places[i], 0, &staged);
            if (rc == 0)
                rc = numbers_set(&stage->keys, hold_record(staged.key), lists[l].mark);
            if (rc != 0)
                return rc;
        }
    stage->known = stage->count;
    return 0;
}

int proposals_settle(struct stage *stage, uint32_t stream, bool complete)
{
    struct cursor cursor __attribute__((cleanup(tidy_cursor))) = {0};
    uint32_t be = __builtin_bswap32(stream);
    struct bytes prefix = bytes(&be, sizeof(be));
    if (!stage->has_held)
        return 0;
    int rc = keys_mark(stage);
    if (rc != 0)
        return rc;
    cursor_open(&cursor, stage->snapshot, TABLE_held);
    for (bool there = cursor_seek(&cursor, prefix); there && cursor_has_prefix(&cursor, prefix);
         there = cursor_next(&cursor)) {
        const uint64_t *mark = numbers_get(&stage->keys, hold_record(cursor.key));
        bool seen = mark || numbers_get(&stage->agreed, hold_record(cursor.key));
        if ((complete || seen) && !(mark && *mark == 2))
            row_drop(stage, cursor.key, cursor.value);
    }
    return stage->snapshot->rc ? stage->snapshot->rc : changeset_rc(stage->changeset);
}
