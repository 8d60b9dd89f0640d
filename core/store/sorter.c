/* sorter - rows brought into key order, in memory as long as they fit, then in sorted runs on disk. */
#include "store/sorter.h"

#include "base/error.h"
#include "base/mem.h"

#include <assert.h>
#include <errno.h>
#include <stdbool.h>
#include <string.h>

/* A row in memory and in a run: u32 key length, u32 value length, key, value. */
enum { HEAD = 8, READ_AHEAD = 1 << 16, PREFIX_MAX = 4 };

/* One run while it is read. */
struct reader {
    uint64_t offset, end;
    uint8_t *buffer;
    size_t room, filled, at;
    size_t nth; /* which of the stripe's runs */
    struct bytes key, value;
};

/* A row in memory: where it is, and the first bytes of its key behind the stripe's prefix, which settle most
 * comparisons. */
struct entry {
    uint64_t head;
    uint64_t at;
};

/* Rows whose keys begin alike. */
struct stripe {
    uint32_t prefix;
    struct entry *order; /* those in memory */
    size_t count, room;
    bool sorted;
    struct sorter_run *runs; /* those on disk */
    size_t run_count, run_room;
    bool runs_ordered; /* each run begins after the one before ends */
    uint8_t last_key[STORE_KEY_MAX];
    size_t last_key_len;
};

struct sorter {
    struct spill *spill;
    size_t memory;
    size_t prefix; /* bytes by which rows go to their stripe */
    uint8_t *rows; /* rows in memory, one after the other */
    size_t filled, room;
    struct stripe *stripes; /* by prefix */
    size_t stripe_count, stripe_room;
    uint64_t total, total_bytes;
    bool on_disk;              /* there are runs */
    struct sorter_run *listed; /* runs of all stripes: see sorter_flush() */
    int rc;
    /* reading */
    size_t stripe_at, row_at;
    struct reader *readers; /* of a stripe: a heap, smallest key first; with ordered runs just a queue */
    size_t reader_count, reader_at;
};

int sorter_new(struct spill *spill, size_t memory, struct sorter **ret_sorter)
{
    struct sorter *sorter = mem_new(1, sizeof(*sorter));
    if (!sorter)
        return -ENOMEM;
    sorter->spill = spill;
    sorter->memory = memory;
    *ret_sorter = sorter;
    return 0;
}

void sorter_stripe(struct sorter *sorter, size_t prefix)
{
    assert(sorter->total == 0 && prefix <= PREFIX_MAX);
    sorter->prefix = prefix;
}

static void readers_free(struct sorter *sorter)
{
    for (size_t i = 0; i < sorter->reader_count; i++)
        free(sorter->readers[i].buffer);
    free(sorter->readers);
    sorter->readers = NULL;
    sorter->reader_count = sorter->reader_at = 0;
}

static void stripes_free(struct sorter *sorter)
{
    for (size_t i = 0; i < sorter->stripe_count; i++) {
        free(sorter->stripes[i].order);
        free(sorter->stripes[i].runs);
    }
    free(sorter->stripes);
    sorter->stripes = NULL;
    sorter->stripe_count = sorter->stripe_room = 0;
}

void sorter_free(struct sorter *sorter)
{
    if (!sorter)
        return;
    readers_free(sorter);
    stripes_free(sorter);
    free(sorter->rows);
    free(sorter->listed);
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

static int entry_compare(const void *a, const void *b, void *rows)
{
    const struct entry *x = a, *y = b;
    if (x->head != y->head)
        return x->head < y->head ? -1 : 1;
    int order = key_compare(row_key((uint8_t *)rows + x->at), row_key((uint8_t *)rows + y->at));
    return order ? order : x->at < y->at ? -1 : x->at > y->at; /* rows of one key keep their order */
}

static void stripe_order(struct stripe *stripe, uint8_t *rows)
{
    if (!stripe->sorted)
        qsort_r(stripe->order, stripe->count, sizeof(*stripe->order), entry_compare, rows);
    stripe->sorted = true;
}

/* The bytes from `from` on as a number that compares as they do; where there are none, 0. */
static uint64_t key_number(struct bytes key, size_t from, size_t width)
{
    uint64_t number = 0;
    if (key.len >= from + sizeof(number)) {
        memcpy(&number, (const uint8_t *)key.data + from, sizeof(number));
        return __builtin_bswap64(number) >> (64 - 8 * width);
    }
    for (size_t i = from; i < from + width; i++)
        number = number << 8 | (i < key.len ? ((const uint8_t *)key.data)[i] : 0);
    return number;
}

/* The stripe of a key, made when there is none. */
static struct stripe *stripe_for(struct sorter *sorter, struct bytes key)
{
    uint32_t prefix = sorter->prefix ? (uint32_t)key_number(key, 0, sorter->prefix) : 0;
    size_t low = 0, high = sorter->stripe_count;
    while (low < high) {
        size_t middle = (low + high) / 2;
        if (sorter->stripes[middle].prefix < prefix)
            low = middle + 1;
        else
            high = middle;
    }
    if (low < sorter->stripe_count && sorter->stripes[low].prefix == prefix)
        return &sorter->stripes[low];
    if (mem_grow(&sorter->stripes, sorter->stripe_count, &sorter->stripe_room, sizeof(*sorter->stripes)) != 0)
        return NULL;
    struct stripe *stripe = &sorter->stripes[low];
    memmove(stripe + 1, stripe, (sorter->stripe_count - low) * sizeof(*stripe));
    *stripe = (struct stripe){.prefix = prefix, .sorted = true, .runs_ordered = true};
    sorter->stripe_count++;
    return stripe;
}

/* Writes the stripe's rows in memory as one sorted run. */
static int stripe_spill(struct sorter *sorter, struct stripe *stripe)
{
    if (stripe->count == 0)
        return 0;
    stripe_order(stripe, sorter->rows);
    int rc = mem_grow(&stripe->runs, stripe->run_count, &stripe->run_room, sizeof(*stripe->runs));
    if (rc != 0)
        return rc;
    struct sorter_run run = {.offset = spill_end(sorter->spill), .rows = stripe->count};
    struct bytes first = row_key(sorter->rows + stripe->order[0].at);
    struct bytes last = row_key(sorter->rows + stripe->order[stripe->count - 1].at);
    if (stripe->run_count > 0 && key_compare(bytes(stripe->last_key, stripe->last_key_len), first) > 0)
        stripe->runs_ordered = false;
    stripe->last_key_len = last.len;
    memcpy(stripe->last_key, last.data, last.len);
    for (size_t i = 0; i < stripe->count && rc == 0; i++) {
        const uint8_t *row = sorter->rows + stripe->order[i].at;
        rc = spill_write(sorter->spill, row, HEAD + row_key(row).len + row_value(row).len);
    }
    run.end = spill_end(sorter->spill);
    stripe->runs[stripe->run_count++] = run;
    stripe->count = 0;
    return rc;
}

static int sorter_spill(struct sorter *sorter)
{
    int rc = 0;
    for (size_t i = 0; i < sorter->stripe_count && rc == 0; i++)
        rc = stripe_spill(sorter, &sorter->stripes[i]);
    sorter->on_disk |= sorter->filled > 0;
    sorter->filled = 0;
    return rc;
}

static int sorter_room(struct sorter *sorter, size_t len)
{
    if (sorter->filled + len > sorter->memory && sorter->filled > 0) {
        int rc = sorter_spill(sorter);
        if (rc != 0)
            return rc;
    }
    if (sorter->filled + len <= sorter->room)
        return 0;
    size_t wanted = sorter->room ? sorter->room : 1 << 16;
    while (wanted < sorter->filled + len)
        wanted *= 2;
    uint8_t *bigger = mem_resize(sorter->rows, wanted, 1);
    if (!bigger)
        return -ENOMEM;
    sorter->rows = bigger;
    sorter->room = wanted;
    return 0;
}

/* Whether the key may stand behind the stripe's last row. */
static bool stripe_ascends(const struct stripe *stripe, const uint8_t *rows, uint64_t head, struct bytes key)
{
    const struct entry *last = &stripe->order[stripe->count - 1];
    if (last->head != head)
        return last->head < head;
    return key_compare(row_key(rows + last->at), key) <= 0;
}

static int sorter_enter(struct sorter *sorter, struct bytes key)
{
    struct stripe *stripe = stripe_for(sorter, key);
    if (!stripe || mem_grow(&stripe->order, stripe->count, &stripe->room, sizeof(*stripe->order)) != 0)
        return -ENOMEM;
    uint64_t head = key_number(key, sorter->prefix, sizeof(head));
    if (stripe->sorted && stripe->count > 0)
        stripe->sorted = stripe_ascends(stripe, sorter->rows, head, key);
    stripe->order[stripe->count++] = (struct entry){head, sorter->filled};
    return 0;
}

void *sorter_reserve(struct sorter *sorter, struct bytes key, size_t value_len)
{
    size_t len = HEAD + key.len + value_len;
    if (sorter->rc == 0 && (key.len > STORE_KEY_MAX || value_len > UINT32_MAX))
        sorter->rc = ERR_LIMIT;
    if (sorter->rc == 0)
        sorter->rc = sorter_room(sorter, len);
    if (sorter->rc == 0)
        sorter->rc = sorter_enter(sorter, key);
    if (sorter->rc != 0)
        return NULL;
    uint8_t *row = sorter->rows + sorter->filled;
    uint32_t head[2] = {(uint32_t)key.len, (uint32_t)value_len};
    memcpy(row, head, sizeof(head));
    if (key.len > 0)
        memcpy(row + HEAD, key.data, key.len);
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
    return order ? order < 0 : a->nth < b->nth; /* the earlier run has the earlier rows */
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

/* Begins to read the runs of a stripe. */
static int stripe_start(struct sorter *sorter, const struct stripe *stripe)
{
    readers_free(sorter);
    sorter->readers = mem_new(stripe->run_count, sizeof(*sorter->readers));
    if (!sorter->readers)
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
    }
    for (size_t i = stripe->runs_ordered ? 0 : sorter->reader_count; i-- > 0;)
        heap_down(sorter->readers, sorter->reader_count, i);
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
        stripe_order(stripe, sorter->rows);
        if (!sorter->on_disk)
            continue;
        free(TAKE(stripe->order));
        stripe->room = 0;
    }
    return 0;
}

static int sorter_next_queue(struct sorter *sorter, struct bytes *ret_key, struct bytes *ret_value)
{
    for (; sorter->reader_at < sorter->reader_count; sorter->reader_at++) {
        struct reader *reader = &sorter->readers[sorter->reader_at];
        if (!reader->buffer && !(reader->buffer = mem_new(1, reader->room = READ_AHEAD)))
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

static int sorter_next_memory(struct sorter *sorter, struct bytes *ret_key, struct bytes *ret_value)
{
    for (; sorter->stripe_at < sorter->stripe_count; sorter->stripe_at++, sorter->row_at = 0) {
        const struct stripe *stripe = &sorter->stripes[sorter->stripe_at];
        if (sorter->row_at == stripe->count)
            continue;
        const uint8_t *row = sorter->rows + stripe->order[sorter->row_at++].at;
        *ret_key = row_key(row);
        *ret_value = row_value(row);
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

int sorter_flush(struct sorter *sorter, const struct sorter_run **ret_runs, size_t *ret_count)
{
    size_t count = 0, at = 0;
    if (sorter->rc == 0)
        sorter->rc = sorter_spill(sorter);
    if (sorter->rc != 0)
        return sorter->rc;
    for (size_t i = 0; i < sorter->stripe_count; i++)
        count += sorter->stripes[i].run_count;
    struct sorter_run *listed = mem_resize(sorter->listed, count + 1, sizeof(*listed));
    if (!listed)
        return -ENOMEM;
    sorter->listed = listed;
    for (size_t i = 0; i < sorter->stripe_count; i++)
        for (size_t n = 0; n < sorter->stripes[i].run_count; n++)
            listed[at++] = sorter->stripes[i].runs[n];
    *ret_runs = listed;
    *ret_count = count;
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
    struct stripe *stripe = stripe_for(sorter, bytes("", 0)); /* all in one: what they begin with is not told */
    struct sorter_run *own = mem_new(count ? count : 1, sizeof(*runs));
    if (!own || !stripe) {
        free(own);
        return -ENOMEM;
    }
    if (count > 0)
        memcpy(own, runs, count * sizeof(*runs));
    free(stripe->runs);
    stripe->runs = own;
    stripe->run_count = stripe->run_room = count;
    stripe->runs_ordered = count == 0;
    sorter->on_disk = count > 0;
    sorter->total = rows;
    sorter->total_bytes = all - rows * HEAD;
    return 0;
}
