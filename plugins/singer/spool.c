/* spool - the records of a stream while the tap still runs: only of a good end is anything told, and of two records
 * with one key the later one counts, as in a table that they are written to.
 *
 * The lines lie in a scratch file without a name; memory holds 40 bytes of each. */
#include "singer.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { PENDING = 1 << 18, WINDOW = 1 << 20 };

muster_rc spool_open(struct singer *singer, struct spool *spool)
{
    *spool = (struct spool){.fd = -1};
    return singer->host->scratch(singer->run, &spool->fd);
}

static muster_rc no_room(struct singer *singer, int why)
{
    return singer->host->fail(singer->run, MUSTER_FAIL, "what the tap gave cannot be kept until it ends: %s%s",
                              strerror(why), why == EFBIG ? " (limits: memory)" : "");
}

static muster_rc flush(struct singer *singer, struct spool *spool)
{
    for (size_t done = 0; done < spool->pending.len;) {
        off_t at = (off_t)(spool->end - spool->pending.len + done);
        ssize_t wrote = pwrite(spool->fd, spool->pending.data + done, spool->pending.len - done, at);
        if (wrote < 0 && errno != EINTR)
            return no_room(singer, errno);
        done += wrote > 0 ? (size_t)wrote : 0;
    }
    muster_text_clear(&spool->pending);
    return MUSTER_OK;
}

/* Two digests of 64 bits, by different beginnings and steps. */
static void digest(const char *key, uint64_t ret_digest[2])
{
    uint64_t one = UINT64_C(14695981039346656037), two = UINT64_C(0x9e3779b97f4a7c15);
    for (const unsigned char *at = (const unsigned char *)key; *at; at++) {
        one = (one ^ *at) * UINT64_C(1099511628211);
        two = (two + *at) * UINT64_C(0xff51afd7ed558ccd);
        two ^= two >> 29;
    }
    ret_digest[0] = one ^ one >> 32;
    ret_digest[1] = two | 1; /* never none */
}

static size_t slot_of(const struct spool *spool, const uint64_t key[2])
{
    size_t slot = (size_t)key[0] & (spool->slot_count - 1);
    while (spool->slots[slot]) {
        const struct spool_row *row = &spool->rows[spool->slots[slot] - 1];
        if (row->key[0] == key[0] && row->key[1] == key[1])
            break;
        slot = (slot + 1) & (spool->slot_count - 1);
    }
    return slot;
}

static bool slots_grow(struct spool *spool)
{
    if ((spool->keyed + 1) * 2 <= spool->slot_count)
        return true;
    size_t wanted = spool->slot_count ? spool->slot_count * 2 : 1024;
    uint32_t *before = spool->slots, *slots = calloc(wanted, sizeof(*slots));
    if (!slots)
        return false;
    spool->slots = slots;
    spool->slot_count = wanted;
    for (size_t n = 0; n < spool->count; n++)
        if (spool->rows[n].key[1] && spool->rows[n].len)
            spool->slots[slot_of(spool, spool->rows[n].key)] = (uint32_t)n + 1;
    free(before);
    return true;
}

static bool rows_grow(struct spool *spool)
{
    if (spool->count < spool->room)
        return true;
    size_t room = spool->room ? spool->room * 2 : 1024;
    struct spool_row *rows = room <= UINT32_MAX ? realloc(spool->rows, room * sizeof(*rows)) : NULL;
    if (!rows)
        return false;
    spool->rows = rows;
    spool->room = room;
    return true;
}

muster_rc spool_add(struct singer *singer, struct spool *spool, const char *key, const char *line, size_t len,
                    uint64_t number)
{
    struct spool_row row = {.offset = spool->end, .line = number, .len = (uint32_t)len};
    if (!rows_grow(spool) || !slots_grow(spool))
        return no_room(singer, ENOMEM);
    if (key) {
        digest(key, row.key);
        uint32_t *slot = &spool->slots[slot_of(spool, row.key)];
        if (*slot)
            spool->rows[*slot - 1].len = 0;
        else
            spool->keyed++;
        *slot = (uint32_t)spool->count + 1;
    }
    spool->rows[spool->count++] = row;
    spool->end += len;
    muster_text_add(&spool->pending, line, len);
    if (spool->pending.failed)
        return no_room(singer, ENOMEM);
    return spool->pending.len >= PENDING ? flush(singer, spool) : MUSTER_OK;
}

muster_rc spool_line(struct singer *singer, struct spool *spool, const struct spool_row *row, const char **ret_line)
{
    bool there = row->offset >= spool->from && row->offset + row->len <= spool->from + spool->window_len;
    muster_rc rc = spool->pending.len > 0 ? flush(singer, spool) : MUSTER_OK;
    if (rc == MUSTER_OK && !there && spool->window_room < row->len + (size_t)WINDOW) {
        free(spool->window);
        spool->window_room = row->len + (size_t)WINDOW;
        spool->window = malloc(spool->window_room);
        if (!spool->window)
            return no_room(singer, ENOMEM);
    }
    for (size_t have = 0; rc == MUSTER_OK && !there && have < row->len; spool->window_len = have) {
        off_t at = (off_t)(row->offset + have);
        ssize_t got = pread(spool->fd, spool->window + have, spool->window_room - have, at);
        if (got == 0 || (got < 0 && errno != EINTR))
            return no_room(singer, got ? errno : EIO);
        have += got > 0 ? (size_t)got : 0;
        spool->from = row->offset;
    }
    if (rc == MUSTER_OK)
        *ret_line = spool->window + (row->offset - spool->from);
    return rc;
}

void spool_done(struct spool *spool)
{
    if (spool->fd >= 0)
        close(spool->fd);
    free(spool->rows);
    free(spool->slots);
    muster_text_done(&spool->pending);
    free(spool->window);
}
