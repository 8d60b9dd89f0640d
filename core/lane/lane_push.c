/* lane_push - writing: changes go out by the batch, answers come back one by one, and each is looked at twice. */
#include "lane/lane_inside.h"

#include "base/mem.h"
#include "base/text.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { BATCH_FULL = 240 * 1024, BATCH_MAX = 128 * 1024 * 1024, REMOTE_ID_MAX = 200, WHY_MAX = 1000, CELL_HEAD = 8 };

void lane_put_fields(struct buffer *out, const struct lane_fields *fields)
{
    wire_put_u32(out, (uint32_t)fields->count);
    for (size_t i = 0; i < fields->count; i++) {
        wire_put_text(out, fields->names[i]);
        wire_put_u32(out, fields->types[i]);
    }
}

static void put_cell(struct buffer *out, size_t field, const struct lane_cell *cell)
{
    uint32_t len = cell->presence == PRESENCE_VALUE ? cell->len : 0;
    char *place = buffer_reserve(out, CELL_HEAD + (size_t)len + 1);
    if (!place)
        return;
    uint16_t number = (uint16_t)field;
    memcpy(place, &number, sizeof(number));
    place[2] = (char)((unsigned)cell->presence | (cell->changed ? WIRE_HAS_CHANGED : 0));
    place[3] = 0;
    memcpy(place + 4, &len, sizeof(len));
    if (len > 0)
        memcpy(place + CELL_HEAD, cell->bytes, len);
    place[CELL_HEAD + len] = '\0';
}

void lane_put_row(struct buffer *out, const struct lane_fields *fields, const struct lane_cell *cells)
{
    if (!cells) {
        wire_put_u32(out, WIRE_NO_ROW);
        return;
    }
    size_t count_at = out->len;
    uint32_t count = 0;
    wire_put_u32(out, 0);
    for (size_t i = 0; i < fields->count; i++) {
        if (cells[i].presence == PRESENCE_ABSENT && !cells[i].changed)
            continue;
        put_cell(out, i, &cells[i]);
        count++;
    }
    if (out->rc == 0)
        memcpy(out->data + count_at, &count, sizeof(count));
}

static bool readable(const struct lane_fields *fields, const struct lane_cell *cells)
{
    for (size_t i = 0; cells && i < fields->count; i++)
        if (cells[i].presence == PRESENCE_VALUE && memchr(cells[i].bytes, '\0', cells[i].len))
            return false;
    return true;
}

bool lane_batch_full(const struct lane_batch *batch)
{
    return batch->bytes.len >= BATCH_FULL;
}

/* The bit of a change that is in a batch; 32 above it is that of one without an answer to come. */
static uint64_t handed_bit(uint32_t nth)
{
    return (uint64_t)1 << nth % 32;
}

static int number_note(struct lane_batch *batch, uint32_t nth)
{
    struct numbers *out = &batch->lane->pushing->out;
    uint64_t key = nth / 32 + 1, bit = handed_bit(nth);
    const uint64_t *known = numbers_get(out, key);
    if (known && (*known & bit))
        return -EEXIST;
    int rc = mem_grow(&batch->numbers, batch->count, &batch->room, sizeof(*batch->numbers));
    if (rc == 0)
        rc = numbers_set(out, key, (known ? *known : 0) | bit | bit << 32);
    if (rc == 0)
        batch->numbers[batch->count++] = nth;
    return rc;
}

int lane_batch_add(struct lane_batch *batch, const struct lane_change *change)
{
    struct buffer *out = &batch->bytes;
    const struct lane_fields *fields = &batch->lane->pushing->push->fields;
    if (!readable(fields, change->before) || !readable(fields, change->after))
        return ERR_DATA;
    int rc = number_note(batch, change->nth);
    if (rc != 0)
        return rc;
    wire_put_u32(out, change->nth);
    wire_put_u32(out, (uint32_t)change->op);
    wire_put_text(out, change->key);
    wire_put_text(out, change->remote_id);
    lane_put_row(out, fields, change->before);
    lane_put_row(out, fields, change->after);
    return out->rc != 0 ? out->rc : out->len > BATCH_MAX ? ERR_LIMIT : 0;
}

/* From now on there may be answers to them. */
static void batch_goes(struct lane_batch *batch)
{
    for (size_t i = 0; i < batch->count; i++) {
        uint64_t *known = numbers_get(&batch->lane->pushing->out, batch->numbers[i] / 32 + 1);
        *known &= ~(handed_bit(batch->numbers[i]) << 32);
    }
    wire_put_u32(&batch->lane->out, (uint32_t)batch->count);
    buffer_add(&batch->lane->out, batch->bytes.data, batch->bytes.len);
    buffer_clear(&batch->bytes);
    batch->count = 0;
}

int lane_next(struct lane *lane, struct wire *message)
{
    struct lane_pushing *pushing = lane->pushing;
    if (!wire_finished(message) || !pushing)
        return lane_nonsense(lane, "a question for changes where there are none");
    int no = lane->cancelled_until != 0 ? ERR_CANCELLED : lane->sink->next ? 0 : ERR_UNSUPPORTED;
    size_t begin = lane_answer(lane, no, NULL);
    if (no == 0) {
        int rc = pushing->ended ? 0 : lane_sink_says(lane, lane->sink->next(lane->sink->context, &pushing->batch));
        if (rc != 0)
            return rc;
        pushing->ended = pushing->batch.count == 0;
        batch_goes(&pushing->batch);
    }
    int rc = lane_answer_sends(lane, begin, -1);
    bool ahead = rc == 0 && no == 0 && !pushing->ended && lane->sink->ahead;
    return ahead ? lane_sink_says(lane, lane->sink->ahead(lane->sink->context, &pushing->batch)) : rc;
}

/* That it was handed out and not answered before; then it is. */
static int takes_answer(struct lane *lane, uint32_t nth)
{
    uint64_t *known = lane->pushing ? numbers_get(&lane->pushing->out, nth / 32 + 1) : NULL;
    uint64_t handed = handed_bit(nth), answered = handed << 32;
    if (!known || !(*known & handed))
        return lane_nonsense(lane, "an answer to change %u, which it was not given", nth);
    if (*known & answered)
        return lane_nonsense(lane, "a second answer to change %u", nth);
    *known |= answered;
    return 0;
}

int lane_applied(struct lane *lane, struct wire *message)
{
    uint32_t nth = wire_get_u32(message);
    const char *remote_id = wire_get_text(message);
    size_t len = remote_id ? strlen(remote_id) : 1;
    if (!wire_finished(message))
        return lane_nonsense(lane, "an answer to a change that is none");
    if (len == 0 || len > REMOTE_ID_MAX || (remote_id && !text_valid(remote_id, len)))
        return lane_nonsense(lane, "a remote id that is empty, longer than %d bytes or no UTF-8", REMOTE_ID_MAX);
    int rc = takes_answer(lane, nth);
    const struct lane_sink *sink = lane->sink;
    return rc == 0 && sink->applied ? lane_sink_says(lane, sink->applied(sink->context, nth, remote_id)) : rc;
}

int lane_refuses(struct lane *lane, struct wire *message)
{
    uint32_t nth = wire_get_u32(message);
    muster_rc code = (muster_rc)wire_get_u32(message);
    const char *why = wire_need_text(message);
    if (!wire_finished(message) || strlen(why) > WHY_MAX || !text_valid(why, strlen(why)))
        return lane_nonsense(lane, "a refusal of a change that is none");
    if (code > MUSTER_RETRY || code < MUSTER_FAIL)
        return lane_nonsense(lane, "a refusal with the code %d, which is none", (int)code);
    int rc = takes_answer(lane, nth);
    const struct lane_sink *sink = lane->sink;
    return rc == 0 && sink->refused ? lane_sink_says(lane, sink->refused(sink->context, nth, code, why)) : rc;
}

int lane_untouched(struct lane *lane, struct wire *message)
{
    uint32_t count = wire_get_u32(message);
    if (message->bad || (size_t)(message->end - message->at) != (size_t)count * sizeof(uint32_t))
        return lane_nonsense(lane, "changes it did not look at, which are none");
    int rc = 0;
    const struct lane_sink *sink = lane->sink;
    for (uint32_t i = 0; rc == 0 && i < count; i++) {
        uint32_t nth = wire_get_u32(message);
        rc = takes_answer(lane, nth);
        if (rc == 0 && sink->untouched)
            rc = lane_sink_says(lane, sink->untouched(sink->context, nth));
    }
    return rc;
}

static void put_push(struct buffer *out, const void *context)
{
    const struct lane_push *push = context;
    wire_put_text(out, push->partition);
    wire_put_text(out, push->stream);
    wire_put_u32(out, push->snapshot);
    lane_put_fields(out, &push->fields);
}

int lane_apply(struct lane *lane, const struct lane_push *push, const struct lane_sink *sink,
               struct lane_result *ret_result, struct err *err)
{
    struct lane_pushing pushing = {.push = push, .batch = {.lane = lane}};
    lane->pushing = &pushing;
    int rc = lane_call(lane, &(struct lane_call){WIRE_APPLY, put_push, push}, sink, ret_result, err);
    lane->pushing = NULL;
    numbers_done(&pushing.out);
    buffer_done(&pushing.batch.bytes);
    free(pushing.batch.numbers);
    if (rc == 0 && ret_result->rc == MUSTER_OK && !pushing.ended && ret_result->claim != CLAIM_PARTIAL) {
        ret_result->claim = CLAIM_PARTIAL;
        snprintf(ret_result->why, sizeof(ret_result->why), "connector '%s' ended before it had asked for all changes",
                 lane->name);
    }
    return rc;
}
