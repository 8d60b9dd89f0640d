/* feed - a text file in pieces of UTF-8: what readers of nested rows read from. */
#include "blocks.h"
#include "table_parts.h"

#include <stdlib.h>
#include <string.h>

#define CHUNK 65536

muster_rc muster_feed_open(struct muster_feed *feed, const struct muster_source *source, enum muster_encoding encoding,
                           size_t skip, muster_table_error *error)
{
    *feed =
        (struct muster_feed){.fd = source->fd,
                             .name = source->name,
                             .encoding = encoding,
                             .skip = skip,
                             .size = source->size,
                             .chunk = source->trial.chunk && source->trial.chunk < CHUNK ? source->trial.chunk : CHUNK,
                             .decoded = {.ceiling = (size_t)4 * CHUNK + MUSTER_FEED_PAD}};
    feed->raw = malloc(CHUNK + MUSTER_FEED_PAD);
    if (!feed->raw)
        return muster_table_fail(error, MUSTER_FAIL, "%s: out of memory", feed->name);
    muster_feed_rewind(feed);
    return MUSTER_OK;
}

void muster_feed_done(struct muster_feed *feed)
{
    free(feed->raw);
    feed->raw = NULL;
    muster_bytes_done(&feed->decoded);
}

void muster_feed_rewind(struct muster_feed *feed)
{
    feed->at = feed->skip;
    feed->raw_len = feed->len = 0;
    feed->lines = 0;
    feed->before = 0;
    feed->over = false;
}

uint64_t muster_feed_line(const struct muster_feed *feed, size_t offset)
{
    return feed->lines + 1 + block_count(feed->data, offset < feed->len ? offset : feed->len, '\n', '\n');
}

/* One read, decoded; nothing may come out of it when a character is cut off at its end. */
static muster_rc feed_read(struct muster_feed *feed, muster_table_error *error)
{
    size_t room = CHUNK - feed->raw_len, chunk = feed->chunk < room ? feed->chunk : room;
    uint64_t left = feed->at < feed->size ? feed->size - feed->at : 0; /* one that grows would never end */
    int64_t got = muster_pread(feed->fd, feed->raw + feed->raw_len, chunk < left ? chunk : (size_t)left, feed->at);
    if (got < 0)
        return muster_table_fail(error, MUSTER_FAIL, "%s cannot be read", feed->name);
    feed->at += (uint64_t)got;
    feed->over = got == 0;
    if (feed->encoding == ENCODING_UTF8) {
        feed->data = (const char *)feed->raw;
        feed->len = (size_t)got;
        memset(feed->raw + got, 0, MUSTER_FEED_PAD);
        return MUSTER_OK;
    }
    feed->raw_len += (size_t)got;
    feed->decoded.len = 0;
    size_t used = muster_encoding_decode(feed->encoding, feed->raw, feed->raw_len, feed->over, &feed->decoded);
    memmove(feed->raw, feed->raw + used, feed->raw_len - used);
    feed->raw_len -= used;
    char *pad = muster_bytes_reserve(&feed->decoded, MUSTER_FEED_PAD);
    if (feed->decoded.rc != MUSTER_OK)
        return muster_table_fail(error, MUSTER_FAIL, "%s: out of memory", feed->name);
    memset(pad, 0, MUSTER_FEED_PAD);
    feed->data = feed->decoded.data;
    feed->len = feed->decoded.len - MUSTER_FEED_PAD;
    return MUSTER_OK;
}

muster_rc muster_feed_next(struct muster_feed *feed, muster_table_error *error)
{
    feed->lines += block_count(feed->data, feed->len, '\n', '\n');
    feed->before += feed->len;
    feed->len = 0;
    muster_rc rc = MUSTER_OK;
    while (rc == MUSTER_OK && feed->len == 0 && !feed->over)
        rc = feed_read(feed, error);
    return rc;
}
