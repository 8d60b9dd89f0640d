/* sorter - rows brought into key order, in memory as long as they fit, then in sorted runs on disk. */
#include "store/sorter_inside.h"

#include "base/error.h"
#include "base/mem.h"

#include <assert.h>
#include <errno.h>

enum { PREFIX_MAX = 4, MUCH = 1 << 20, LARGE = 64 << 20, PIECE_MAX = 2 << 20 };

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
    free(sorter->spare);
    free(sorter->listed);
    free(sorter);
}

static int entry_compare(const void *a, const void *b, void *rows)
{
    const struct entry *x = a, *y = b;
    if (x->head != y->head)
        return x->head < y->head ? -1 : 1;
    int order = key_compare(row_key((uint8_t *)rows + x->at), row_key((uint8_t *)rows + y->at));
    return order ? order : x->at < y->at ? -1 : x->at > y->at; /* rows of one key keep their order */
}

/* Entries by their heads, byte by byte from the last; those with equal heads keep their order. */
static void heads_order(struct entry *entries, struct entry *other, size_t count)
{
    uint32_t counts[8][256] = {0};
    struct entry *from = entries, *to = other;
    for (size_t i = 0; i < count; i++)
        for (unsigned byte = 0; byte < 8; byte++)
            counts[byte][entries[i].head >> 8 * byte & 0xff]++;
    for (unsigned byte = 0; byte < 8; byte++) {
        uint32_t *at = counts[byte], sum = 0;
        if (at[entries[0].head >> 8 * byte & 0xff] == count)
            continue; /* all have the same one */
        for (unsigned value = 0; value < 256; value++) {
            uint32_t here = at[value];
            at[value] = sum;
            sum += here;
        }
        for (size_t i = 0; i < count; i++)
            to[at[from[i].head >> 8 * byte & 0xff]++] = from[i];
        struct entry *swap = from;
        from = to;
        to = swap;
    }
    if (from != entries)
        memcpy(entries, from, count * sizeof(*entries));
}

/* Those with equal heads, where they are not in order by chance. */
static void equals_order(struct entry *entries, size_t count, uint8_t *rows)
{
    for (size_t begin = 0, end; begin < count; begin = end) {
        bool sorted = true;
        for (end = begin + 1; end < count && entries[end].head == entries[begin].head; end++)
            sorted = sorted && entry_compare(&entries[end - 1], &entries[end], rows) < 0;
        if (!sorted)
            qsort_r(entries + begin, end - begin, sizeof(*entries), entry_compare, rows);
    }
}

int stripe_order(struct sorter *sorter, struct stripe *stripe)
{
    enum { FEW = 256 };
    if (stripe->sorted)
        return 0;
    if (stripe->count <= FEW || stripe->count > UINT32_MAX) {
        qsort_r(stripe->order, stripe->count, sizeof(*stripe->order), entry_compare, sorter->rows);
    } else {
        struct entry *spare = mem_resize(sorter->spare, stripe->count, sizeof(*spare));
        if (!spare)
            return -ENOMEM;
        sorter->spare = spare;
        heads_order(stripe->order, spare, stripe->count);
        equals_order(stripe->order, stripe->count, sorter->rows);
    }
    stripe->sorted = true;
    return 0;
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

/* Adds a run to the stripe's; one that goes on where the one before ends, in the file and in order, becomes part of it.
 */
static void stripe_run(struct stripe *stripe, struct sorter_run run)
{
    struct sorter_run *last = stripe->run_count > 0 ? &stripe->runs[stripe->run_count - 1] : NULL;
    if (last && stripe->runs_ordered && last->end == run.offset) {
        last->end = run.end;
        last->rows += run.rows;
    } else {
        stripe->runs[stripe->run_count++] = run;
    }
}

/* Writes the stripe's rows in memory as one sorted run. */
static int stripe_spill(struct sorter *sorter, struct stripe *stripe)
{
    if (stripe->count == 0)
        return 0;
    int rc = stripe_order(sorter, stripe);
    if (rc == 0)
        rc = mem_grow(&stripe->runs, stripe->run_count, &stripe->run_room, sizeof(*stripe->runs));
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
    stripe_run(stripe, run);
    stripe->count = 0;
    return rc;
}

int sorter_spill(struct sorter *sorter)
{
    int rc = 0;
    bool ordered = sorter->by_pieces || !sorter->on_disk;
    for (size_t i = 0; i < sorter->stripe_count && rc == 0; i++) {
        ordered = ordered && sorter->stripes[i].sorted;
        rc = stripe_spill(sorter, &sorter->stripes[i]);
        ordered = ordered && sorter->stripes[i].runs_ordered;
    }
    sorter->by_pieces = ordered;
    sorter->on_disk |= sorter->filled > 0;
    sorter->filled = 0;
    return rc;
}

/* How much is kept in memory. What comes in order anyway goes on to the disk in small pieces: whoever gives it never
 * waits for long, and the memory is had back. */
static size_t sorter_limit(const struct sorter *sorter)
{
    size_t piece = sorter->memory / 2 < PIECE_MAX ? sorter->memory / 2 : PIECE_MAX;
    return sorter->by_pieces ? piece : sorter->memory;
}

static int sorter_room(struct sorter *sorter, size_t len)
{
    if (sorter->filled + len > sorter_limit(sorter) && sorter->filled > 0) {
        int rc = sorter_spill(sorter);
        if (rc != 0)
            return rc;
        if (sorter->by_pieces && sorter->room > sorter_limit(sorter)) {
            free(TAKE(sorter->rows));
            sorter->room = 0;
        }
    }
    if (sorter->filled + len <= sorter->room)
        return 0;
    size_t wanted = sorter->room ? sorter->room : 1 << 16;
    while (wanted < sorter->filled + len)
        wanted *= 2;
    size_t limit = sorter_limit(sorter);
    if (wanted > MUCH && wanted < limit && limit <= LARGE)
        wanted = limit; /* what is not touched costs nothing, but moving it does */
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
    sorter->by_pieces = sorter->by_pieces && stripe->sorted;
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

int sorter_rest(struct sorter *sorter)
{
    if (sorter->rc == 0)
        sorter->rc = sorter_spill(sorter);
    free(TAKE(sorter->rows));
    free(TAKE(sorter->spare));
    sorter->room = 0;
    for (size_t i = 0; i < sorter->stripe_count; i++) {
        free(TAKE(sorter->stripes[i].order));
        sorter->stripes[i].room = 0;
    }
    struct stripe *fewer =
        sorter->stripe_count > 0 ? mem_resize(sorter->stripes, sorter->stripe_count, sizeof(*fewer)) : NULL;
    if (fewer) {
        sorter->stripes = fewer;
        sorter->stripe_room = sorter->stripe_count;
    }
    return sorter->rc;
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
