/* unzip - a body that comes compressed. */
#include "web/unzip.h"

#include "base/error.h"
#include "base/mem.h"

#include <errno.h>
#include <zlib.h>

enum { RATIO = 100, SMALL = 64 << 10 /* so much may come out of anything */, PIECE = 16 << 10, ONLY_GZIP = 16 };

struct unzip {
    z_stream stream;
    size_t most, came, left;
    bool whole;
};

struct unzip *unzip_new(size_t most)
{
    struct unzip *unzip = mem_new(1, sizeof(*unzip));
    if (!unzip)
        return NULL;
    unzip->most = most;
    if (inflateInit2(&unzip->stream, MAX_WBITS + ONLY_GZIP) != Z_OK) {
        free(unzip);
        return NULL;
    }
    return unzip;
}

void unzip_free(struct unzip *unzip)
{
    if (!unzip)
        return;
    inflateEnd(&unzip->stream);
    free(unzip);
}

bool unzip_whole(const struct unzip *unzip)
{
    return unzip->whole;
}

static bool too_much(const struct unzip *unzip)
{
    return unzip->left > unzip->most || (unzip->left > SMALL && unzip->left / RATIO > unzip->came);
}

int unzip_add(struct unzip *unzip, const void *bytes, size_t len, struct buffer *out)
{
    char piece[PIECE];
    z_stream *stream = &unzip->stream;
    if (len > 0 && unzip->whole)
        return ERR_DATA; /* something stands behind its end */
    unzip->came += len;
    stream->next_in = (Bytef *)(uintptr_t)bytes;
    stream->avail_in = (uInt)len;
    int rc = Z_OK;
    do {
        stream->next_out = (Bytef *)piece;
        stream->avail_out = sizeof(piece);
        rc = inflate(stream, Z_NO_FLUSH);
        if (rc != Z_OK && rc != Z_STREAM_END && rc != Z_BUF_ERROR)
            return rc == Z_MEM_ERROR ? -ENOMEM : ERR_DATA;
        size_t more = sizeof(piece) - stream->avail_out;
        unzip->left += more;
        if (too_much(unzip))
            return ERR_LIMIT;
        buffer_add(out, piece, more);
    } while (rc == Z_OK && (stream->avail_in > 0 || stream->avail_out == 0) && out->rc == 0);
    unzip->whole = rc == Z_STREAM_END;
    return out->rc ? out->rc : stream->avail_in > 0 ? ERR_DATA : 0;
}
