/* sorter_read - a sorter's rows in order: out of memory, or run by run, or several runs merged. */
#include "store/sorter_inside.h"

#include "base/arena.h"
#include "base/error.h"
#include "base/mem.h"

#include <errno.h>

enum { READ_AHEAD = 1 << 16 };

void readers_free(struct sorter *sorter)
{
    for (size_t i = 0; i < sorter->reader_count; i++)
        free(sorter->readers[i].buffer);
    free(TAKE(sorter->readers));
    free(TAKE(sorter->heap));
    sorter->reader_count = sorter->reader_at = sorter->heap_count = 0;
}

/* Has the whole row at reader->at in the buffer, reading on when needed. 1, 0 at the end, or a code. */
static int reader_fill(struct sorter *sorter, struct reader *reader, size_t len)
{
    if (reader->filled - reader->at >= len)
        return 1;
    uint64_t left = reader->end - reader->offset;
    if (reader->filled == reader->at && left == 0)
        return 0;
    if (len - (reader->filled - reader->at) > left)
        return ERR_CORRUPT; /* asked before there is memory for what a damaged file promises */
    memmove(reader->buffer, reader->buffer + reader->at, reader->filled - reader->at);
    reader->filled -= reader->at;
    reader->at = 0;
    if (len > reader->room) {
        uint8_t *bigger = mem_resize(reader->buffer, len, 1);
        if (!bigger)
            return -ENOMEM;
        reader->buffer = bigger;
        reader->room = len;
    }
    size_t part = reader->room - reader->filled < left ? reader->room - reader->filled : (size_t)left;
    int rc = spill_read(sorter->spill, reader->offset, reader->buffer + reader->filled, part);
    if (rc != 0)
        return rc;
    reader->offset += part;
    reader->filled += part;
    return 1;
}

static int reader_step(struct sorter *sorter, struct reader *reader)
{
    int rc = reader_fill(sorter, reader, HEAD);
    if (rc != 1)
        return rc;
    uint32_t head[2];
    memcpy(head, reader->buffer + reader->at, sizeof(head));
    size_t len = HEAD + (size_t)head[0] + head[1];
    if (head[0] > STORE_KEY_MAX)
        return ERR_CORRUPT;
    rc = reader_fill(sorter, reader, len);
    if (rc != 1)
        return rc == 0 ? ERR_CORRUPT : rc;
    reader->row = reader->buffer + reader->at;
    reader->at += len;
    return 1;
}

static bool reader_before(const struct reader *a, const struct reader *b)
{
    int order = key_compare(row_key(a->row), row_key(b->row));
    return order ? order < 0 : a->nth < b->nth; /* the earlier run has the earlier rows */
}

static void heap_down(struct reader **heap, size_t count, size_t at)
{
    for (;;) {
        size_t least = at, left = 2 * at + 1, right = left + 1;
        if (left < count && reader_before(heap[left], heap[least]))
            least = left;
        if (right < count && reader_before(heap[right], heap[least]))
            least = right;
        if (least == at)
            return;
        struct reader *swap = heap[at];
        heap[at] = heap[least];
        heap[least] = swap;
        at = least;
    }
}

/* Begins to read the runs of a stripe. */
static int stripe_start(struct sorter *sorter, const struct stripe *stripe)
{
    readers_free(sorter);
    sorter->readers = mem_new(stripe->run_count, sizeof(*sorter->readers));
    sorter->heap = mem_new(stripe->run_count, sizeof(struct reader *));
    if (!sorter->readers || !sorter->heap)
        return -ENOMEM;
    sorter->reader_count = stripe->run_count;
    for (size_t i = 0; i < sorter->reader_count; i++) {
        struct reader *reader = &sorter->readers[i];
        *reader = (struct reader){.offset = stripe->runs[i].offset, .end = stripe->runs[i].end, .nth = i};
        if (stripe->runs_ordered)
            continue; /* its buffer comes when its turn does */
        reader->buffer = mem_new(1, reader->room = READ_AHEAD);
        int rc = reader->buffer ? reader_step(sorter, reader) : -ENOMEM;
        if (rc != 1)
            return rc == 0 ? ERR_CORRUPT : rc;
        sorter->heap[sorter->heap_count++] = reader;
    }
    for (size_t i = sorter->heap_count; i-- > 0;)
        heap_down(sorter->heap, sorter->heap_count, i);
    return 0;
}

int sorter_rewind(struct sorter *sorter)
{
    readers_free(sorter);
    sorter->stripe_at = sorter->row_at = 0;
    if (sorter->rc == 0 && sorter->on_disk)
        sorter->rc = sorter_spill(sorter);
    if (sorter->rc != 0)
        return sorter->rc;
    if (sorter->on_disk) { /* all of it is: give the memory back while it is read */
        free(TAKE(sorter->rows));
        sorter->room = 0;
    }
    for (size_t i = 0; i < sorter->stripe_count; i++) {
        struct stripe *stripe = &sorter->stripes[i];
        if (!sorter->on_disk && sorter->rc == 0)
            sorter->rc = stripe_order(sorter, stripe);
        if (!sorter->on_disk)
            continue;
        free(TAKE(stripe->order));
        stripe->room = 0;
    }
    free(TAKE(sorter->spare));
    return sorter->rc;
}

/* From the row's own bytes: what was stored a moment ago in halves would have to be waited for as a whole. */
static void row_give(const uint8_t *row, struct bytes *ret_key, struct bytes *ret_value)
{
    *ret_key = row_key(row);
    *ret_value = row_value(row);
}

static int sorter_next_queue(struct sorter *sorter, struct bytes *ret_key, struct bytes *ret_value)
{
    for (; sorter->reader_at < sorter->reader_count; sorter->reader_at++) {
        struct reader *reader = &sorter->readers[sorter->reader_at];
        if (!reader->buffer && !(reader->buffer = mem_new(1, reader->room = READ_AHEAD)))
            return -ENOMEM;
        int rc = reader_step(sorter, reader);
        if (rc == 1)
            row_give(reader->row, ret_key, ret_value);
        if (rc != 0)
            return rc;
        free(TAKE(reader->buffer));
    }
    return 0;
}

static int sorter_next_heap(struct sorter *sorter, struct bytes *ret_key, struct bytes *ret_value)
{
    /* The top row was handed out by the last call (reader_at marks that): step it first. */
    struct reader **heap = sorter->heap;
    if (sorter->reader_at == 1 && sorter->heap_count > 0) {
        int rc = reader_step(sorter, heap[0]);
        if (rc < 0)
            return rc;
        if (rc == 0) {
            free(TAKE(heap[0]->buffer));
            heap[0] = heap[--sorter->heap_count];
        }
        heap_down(heap, sorter->heap_count, 0);
    }
    sorter->reader_at = 1;
    if (sorter->heap_count == 0)
        return 0;
    row_give(heap[0]->row, ret_key, ret_value);
    return 1;
}

static int sorter_next_memory(struct sorter *sorter, struct bytes *ret_key, struct bytes *ret_value)
{
    for (; sorter->stripe_at < sorter->stripe_count; sorter->stripe_at++, sorter->row_at = 0) {
        const struct stripe *stripe = &sorter->stripes[sorter->stripe_at];
        if (sorter->row_at == stripe->count)
            continue;
        row_give(sorter->rows + stripe->order[sorter->row_at++].at, ret_key, ret_value);
        return 1;
    }
    return 0;
}

static int sorter_next_disk(struct sorter *sorter, struct bytes *ret_key, struct bytes *ret_value)
{
    for (; sorter->stripe_at < sorter->stripe_count; sorter->stripe_at++) {
        const struct stripe *stripe = &sorter->stripes[sorter->stripe_at];
        int rc = sorter->readers ? 0 : stripe_start(sorter, stripe);
        if (rc == 0)
            rc = stripe->runs_ordered ? sorter_next_queue(sorter, ret_key, ret_value)
                                      : sorter_next_heap(sorter, ret_key, ret_value);
        if (rc != 0)
            return rc;
        readers_free(sorter);
    }
    return 0;
}

int sorter_next(struct sorter *sorter, struct bytes *ret_key, struct bytes *ret_value)
{
    if (sorter->rc != 0)
        return sorter->rc;
    int rc =
        sorter->on_disk ? sorter_next_disk(sorter, ret_key, ret_value) : sorter_next_memory(sorter, ret_key, ret_value);
    if (rc < 0)
        sorter->rc = rc;
    return rc;
}

/* --- row by row, wherever it stands --- */

static int run_places(struct sorter *sorter, const struct sorter_run *run,
                      int (*each)(void *context, struct bytes key, uint64_t place), void *context)
{
    struct reader reader = {.offset = run->offset, .end = run->end, .room = READ_AHEAD};
    reader.buffer = mem_new(1, reader.room);
    int rc = reader.buffer ? 1 : -ENOMEM;
    while (rc == 1) {
        uint64_t place = reader.offset - (reader.filled - reader.at);
        rc = reader_step(sorter, &reader);
        int said = rc == 1 ? each(context, row_key(reader.row), place) : 0;
        rc = said ? said : rc;
    }
    free(reader.buffer);
    return rc;
}

int sorter_places(struct sorter *sorter, int (*each)(void *context, struct bytes key, uint64_t place), void *context)
{
    const struct sorter_run *runs;
    size_t count;
    int rc = sorter_flush(sorter, &runs, &count);
    for (size_t i = 0; i < count && rc == 0; i++)
        rc = run_places(sorter, &runs[i], each, context);
    return rc;
}

int sorter_at(struct sorter *sorter, uint64_t place, struct arena *arena, struct bytes *ret_key,
              struct bytes *ret_value)
{
    uint32_t head[2];
    int rc = spill_read(sorter->spill, place, head, sizeof(head));
    if (rc != 0)
        return rc;
    size_t len = HEAD + (size_t)head[0] + head[1];
    if (head[0] > STORE_KEY_MAX || len > spill_end(sorter->spill))
        return ERR_CORRUPT;
    uint8_t *row = arena_get(arena, len);
    rc = row ? spill_read(sorter->spill, place, row, len) : -ENOMEM;
    if (rc != 0)
        return rc;
    *ret_key = row_key(row);
    *ret_value = row_value(row);
    return 0;
}
