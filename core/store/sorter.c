/* sorter - rows brought into key order, in memory as long as they fit, then in sorted runs on disk. */
#include "store/sorter.h"

#include "base/error.h"
#include "base/mem.h"

#include <errno.h>
#include <stdbool.h>
#include <string.h>

/* A row in memory and in a run: u32 key length, u32 value length, key, value. */
enum { HEAD = 8, READ_AHEAD = 1 << 16 };

struct reader { /* one run while it is read, or the rows in memory */
    uint64_t offset, end;
    uint8_t *buffer;
    size_t room, filled, at;
    bool memory;
    size_t nth;
    struct bytes key, value;
};

struct sorter {
    struct spill *spill;
    size_t memory;
    uint8_t *rows; /* rows in memory, one after the other */
    size_t filled, room;
    uint64_t *order; /* offsets into rows */
    size_t count, order_room;
    bool sorted;
    uint64_t total, total_bytes;
    struct sorter_run *runs;
    size_t run_count, run_room;
    bool runs_ordered; /* each run begins after the one before ends */
    uint8_t last_key[STORE_KEY_MAX];
    size_t last_key_len;
    int rc;
    struct reader *readers; /* a heap, smallest key first; with ordered runs just a queue */
    size_t reader_count, reader_at;
};

int sorter_new(struct spill *spill, size_t memory, struct sorter **ret_sorter)
{
    struct sorter *sorter = mem_new(1, sizeof(*sorter));
    if (!sorter)
        return -ENOMEM;
    sorter->spill = spill;
    sorter->memory = memory;
    sorter->sorted = sorter->runs_ordered = true;
    *ret_sorter = sorter;
    return 0;
}

static void readers_free(struct sorter *sorter)
{
    for (size_t i = 0; i < sorter->reader_count; i++)
        free(sorter->readers[i].buffer);
    free(sorter->readers);
    sorter->readers = NULL;
    sorter->reader_count = sorter->reader_at = 0;
}

void sorter_free(struct sorter *sorter)
{
    if (!sorter)
        return;
    readers_free(sorter);
    free(sorter->rows);
    free(sorter->order);
    free(sorter->runs);
    free(sorter);
}

static struct bytes row_key(const uint8_t *row)
{
    uint32_t len;
    memcpy(&len, row, sizeof(len));
    return bytes(row + HEAD, len);
}

static struct bytes row_value(const uint8_t *row)
{
    uint32_t key_len, len;
    memcpy(&key_len, row, sizeof(key_len));
    memcpy(&len, row + 4, sizeof(len));
    return bytes(row + HEAD + key_len, len);
}

static int key_compare(struct bytes a, struct bytes b)
{
    size_t len = a.len < b.len ? a.len : b.len;
    int order = len ? memcmp(a.data, b.data, len) : 0;
    return order ? order : a.len < b.len ? -1 : a.len > b.len;
}

static int order_compare(const void *a, const void *b, void *rows)
{
    uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;
    int order = key_compare(row_key((uint8_t *)rows + x), row_key((uint8_t *)rows + y));
    return order ? order : x < y ? -1 : x > y; /* rows of one key keep their order */
}

static void sorter_order(struct sorter *sorter)
{
    if (!sorter->sorted)
        qsort_r(sorter->order, sorter->count, sizeof(*sorter->order), order_compare, sorter->rows);
    sorter->sorted = true;
}

/* Writes the rows in memory as one sorted run. */
static int sorter_spill(struct sorter *sorter)
{
    if (sorter->count == 0)
        return 0;
    sorter_order(sorter);
    int rc = mem_grow(&sorter->runs, sorter->run_count, &sorter->run_room, sizeof(*sorter->runs));
    if (rc != 0)
        return rc;
    struct sorter_run run = {.offset = spill_end(sorter->spill), .rows = sorter->count};
    for (size_t i = 0; i < sorter->count && rc == 0; i++) {
        const uint8_t *row = sorter->rows + sorter->order[i];
        struct bytes key = row_key(row);
        if (i == 0 && sorter->run_count > 0 && key_compare(bytes(sorter->last_key, sorter->last_key_len), key) > 0)
            sorter->runs_ordered = false;
        if (i == sorter->count - 1) {
            sorter->last_key_len = key.len;
            memcpy(sorter->last_key, key.data, key.len);
        }
        rc = spill_write(sorter->spill, row, HEAD + key.len + row_value(row).len);
    }
    run.end = spill_end(sorter->spill);
    sorter->runs[sorter->run_count++] = run;
    sorter->count = sorter->filled = 0;
    return rc;
}

static int sorter_room(struct sorter *sorter, size_t len)
{
    if (sorter->filled + len > sorter->memory && sorter->count > 0) {
        int rc = sorter_spill(sorter);
        if (rc != 0)
            return rc;
    }
    if (sorter->filled + len > sorter->room) {
        size_t wanted = sorter->room ? sorter->room : 1 << 16;
        while (wanted < sorter->filled + len)
            wanted *= 2;
        uint8_t *bigger = mem_resize(sorter->rows, wanted, 1);
        if (!bigger)
            return -ENOMEM;
        sorter->rows = bigger;
        sorter->room = wanted;
    }
    return mem_grow(&sorter->order, sorter->count, &sorter->order_room, sizeof(*sorter->order));
}

void *sorter_reserve(struct sorter *sorter, struct bytes key, size_t value_len)
{
    size_t len = HEAD + key.len + value_len;
    if (sorter->rc == 0 && (key.len > STORE_KEY_MAX || value_len > UINT32_MAX))
        sorter->rc = ERR_LIMIT;
    if (sorter->rc == 0)
        sorter->rc = sorter_room(sorter, len);
    if (sorter->rc != 0)
        return NULL;
    uint8_t *row = sorter->rows + sorter->filled;
    if (sorter->count > 0 && key_compare(row_key(sorter->rows + sorter->order[sorter->count - 1]), key) > 0)
        sorter->sorted = false;
    uint32_t head[2] = {(uint32_t)key.len, (uint32_t)value_len};
    memcpy(row, head, sizeof(head));
    if (key.len > 0)
        memcpy(row + HEAD, key.data, key.len);
    sorter->order[sorter->count++] = sorter->filled;
    sorter->filled += len;
    sorter->total++;
    sorter->total_bytes += key.len + value_len;
    return row + HEAD + key.len;
}

int sorter_add(struct sorter *sorter, struct bytes key, struct bytes value)
{
    void *place = sorter_reserve(sorter, key, value.len);
    if (place && value.len > 0)
        memcpy(place, value.data, value.len);
    return sorter->rc;
}

int sorter_rc(const struct sorter *sorter)
{
    return sorter->rc;
}

uint64_t sorter_count(const struct sorter *sorter)
{
    return sorter->total;
}

uint64_t sorter_bytes(const struct sorter *sorter)
{
    return sorter->total_bytes;
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
    if (reader->memory) {
        if (reader->nth >= sorter->count)
            return 0;
        const uint8_t *row = sorter->rows + sorter->order[reader->nth++];
        reader->key = row_key(row);
        reader->value = row_value(row);
        return 1;
    }
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
    const uint8_t *row = reader->buffer + reader->at;
    reader->key = row_key(row);
    reader->value = row_value(row);
    reader->at += len;
    return 1;
}

static bool reader_before(const struct reader *a, const struct reader *b)
{
    int order = key_compare(a->key, b->key);
    return order ? order < 0 : a->nth < b->nth; /* nth of a run's reader is its number */
}

static void heap_down(struct reader *readers, size_t count, size_t at)
{
    for (;;) {
        size_t least = at, left = 2 * at + 1, right = left + 1;
        if (left < count && reader_before(&readers[left], &readers[least]))
            least = left;
        if (right < count && reader_before(&readers[right], &readers[least]))
            least = right;
        if (least == at)
            return;
        struct reader swap = readers[at];
        readers[at] = readers[least];
        readers[least] = swap;
        at = least;
    }
}

static int readers_start(struct sorter *sorter)
{
    for (size_t i = 0; i < sorter->reader_count; i++) {
        struct reader *reader = &sorter->readers[i];
        *reader = (struct reader){.offset = sorter->runs[i].offset, .end = sorter->runs[i].end, .nth = i};
        if (sorter->runs_ordered)
            continue; /* its buffer comes when its turn does */
        reader->buffer = mem_new(1, reader->room = READ_AHEAD);
        int rc = reader->buffer ? reader_step(sorter, reader) : -ENOMEM;
        if (rc != 1)
            return rc == 0 ? ERR_CORRUPT : rc;
    }
    if (!sorter->runs_ordered)
        for (size_t i = sorter->reader_count; i-- > 0;)
            heap_down(sorter->readers, sorter->reader_count, i);
    return 0;
}

int sorter_rewind(struct sorter *sorter)
{
    readers_free(sorter);
    if (sorter->rc == 0 && sorter->run_count > 0)
        sorter->rc = sorter_spill(sorter);
    if (sorter->rc != 0)
        return sorter->rc;
    sorter_order(sorter);
    size_t count = sorter->run_count ? sorter->run_count : 1;
    sorter->readers = mem_new(count, sizeof(*sorter->readers));
    if (!sorter->readers)
        return sorter->rc = -ENOMEM;
    sorter->reader_count = count;
    if (sorter->run_count == 0) {
        sorter->readers[0].memory = true;
        return 0;
    }
    free(TAKE(sorter->rows)); /* all is on disk: give the memory back while it is read */
    free(TAKE(sorter->order));
    sorter->room = sorter->order_room = 0;
    return sorter->rc = readers_start(sorter);
}

static int sorter_next_queue(struct sorter *sorter, struct bytes *ret_key, struct bytes *ret_value)
{
    for (; sorter->reader_at < sorter->reader_count; sorter->reader_at++) {
        struct reader *reader = &sorter->readers[sorter->reader_at];
        if (!reader->memory && !reader->buffer && !(reader->buffer = mem_new(1, reader->room = READ_AHEAD)))
            return -ENOMEM;
        int rc = reader_step(sorter, reader);
        if (rc == 1) {
            *ret_key = reader->key;
            *ret_value = reader->value;
        }
        if (rc != 0)
            return rc;
        free(TAKE(reader->buffer));
    }
    return 0;
}

static int sorter_next_heap(struct sorter *sorter, struct bytes *ret_key, struct bytes *ret_value)
{
    /* The top row was handed out by the last call (reader_at marks that): step it first. */
    struct reader *readers = sorter->readers;
    if (sorter->reader_at == 1 && sorter->reader_count > 0) {
        int rc = reader_step(sorter, &readers[0]);
        if (rc < 0)
            return rc;
        if (rc == 0) {
            free(readers[0].buffer);
            readers[0] = readers[--sorter->reader_count];
        }
        heap_down(readers, sorter->reader_count, 0);
    }
    sorter->reader_at = 1;
    if (sorter->reader_count == 0)
        return 0;
    *ret_key = readers[0].key;
    *ret_value = readers[0].value;
    return 1;
}

int sorter_next(struct sorter *sorter, struct bytes *ret_key, struct bytes *ret_value)
{
    if (sorter->rc != 0)
        return sorter->rc;
    int rc = sorter->runs_ordered ? sorter_next_queue(sorter, ret_key, ret_value)
                                  : sorter_next_heap(sorter, ret_key, ret_value);
    if (rc < 0)
        sorter->rc = rc;
    return rc;
}

int sorter_flush(struct sorter *sorter, const struct sorter_run **ret_runs, size_t *ret_count)
{
    if (sorter->rc == 0)
        sorter->rc = sorter_spill(sorter);
    if (sorter->rc != 0)
        return sorter->rc;
    *ret_runs = sorter->runs;
    *ret_count = sorter->run_count;
    return 0;
}

int sorter_adopt(struct sorter *sorter, const struct sorter_run *runs, size_t count)
{
    uint64_t end = spill_end(sorter->spill), all = 0, rows = 0;
    for (size_t i = 0; i < count; i++) {
        uint64_t len = runs[i].end - runs[i].offset;
        if (runs[i].offset > runs[i].end || runs[i].end > end || runs[i].rows == 0 || runs[i].rows > len / HEAD)
            return ERR_CORRUPT;
        if ((all += len) > end)
            return ERR_CORRUPT; /* they cannot overlap */
        rows += runs[i].rows;
    }
    struct sorter_run *own = mem_new(count ? count : 1, sizeof(*runs));
    if (!own)
        return -ENOMEM;
    if (count > 0)
        memcpy(own, runs, count * sizeof(*runs));
    free(sorter->runs);
    sorter->runs = own;
    sorter->run_count = sorter->run_room = count;
    sorter->total = rows;
    sorter->total_bytes = all - rows * HEAD;
    sorter->runs_ordered = count == 0;
    return 0;
}
