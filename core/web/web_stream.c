/* web_stream - an answer that goes on while things happen: what is said waits here until the connection takes it. */
#include "web/web_inside.h"

#include "base/mem.h"

#include <errno.h>
#include <string.h>

enum { WAITING_MOST = 1 << 20, BLOCK = 4096 };

struct web_stream {
    pthread_mutex_t lock;
    struct server *server;
    struct MHD_Connection *connection; /* NULL: its answer has not begun */
    struct buffer waiting;
    bool sleeps, ended;
};

int web_stream_begins(struct web_request *request)
{
    struct web_stream *stream = mem_new(1, sizeof(*stream));
    if (!stream)
        return -ENOMEM;
    pthread_mutex_init(&stream->lock, NULL);
    stream->waiting.ceiling = WAITING_MOST;
    request->reply.stream = stream;
    return 0;
}

void web_stream_free(struct web_stream *stream)
{
    if (!stream)
        return;
    buffer_done(&stream->waiting);
    pthread_mutex_destroy(&stream->lock);
    free(stream);
}

/* Under the lock. */
static void wake(struct web_stream *stream)
{
    if (!stream->sleeps)
        return;
    stream->sleeps = false;
    server_resume(stream->server, stream->connection);
}

bool web_stream_says(struct web_request *request, const char *text, size_t len)
{
    struct web_stream *stream = request->reply.stream;
    pthread_mutex_lock(&stream->lock);
    buffer_add(&stream->waiting, text, len);
    bool good = stream->waiting.rc == 0 && !stream->ended;
    stream->ended |= stream->waiting.rc != 0;
    wake(stream);
    pthread_mutex_unlock(&stream->lock);
    return good;
}

void web_stream_ends(struct web_request *request)
{
    web_stream_stop(request->reply.stream);
}

void web_stream_stop(struct web_stream *stream)
{
    pthread_mutex_lock(&stream->lock);
    stream->ended = true;
    wake(stream);
    pthread_mutex_unlock(&stream->lock);
}

/* On the connection's thread: who has nothing to say sleeps. */
static ssize_t next_bytes(void *cls, uint64_t at, char *room, size_t most)
{
    struct web_stream *stream = cls;
    ssize_t count = 0;
    (void)at;
    pthread_mutex_lock(&stream->lock);
    size_t len = stream->waiting.len < most ? stream->waiting.len : most;
    if (len > 0) {
        memcpy(room, stream->waiting.data, len);
        memmove(stream->waiting.data, stream->waiting.data + len, stream->waiting.len - len);
        stream->waiting.len -= len;
        count = (ssize_t)len;
    } else if (stream->ended) {
        count = MHD_CONTENT_READER_END_OF_STREAM;
    } else {
        stream->sleeps = true;
        MHD_suspend_connection(stream->connection);
    }
    pthread_mutex_unlock(&stream->lock);
    return count;
}

struct MHD_Response *web_stream_response(struct web_stream *stream, struct server *server,
                                         struct MHD_Connection *connection)
{
    stream->server = server;
    stream->connection = connection;
    return MHD_create_response_from_callback(MHD_SIZE_UNKNOWN, BLOCK, next_bytes, stream, NULL);
}
