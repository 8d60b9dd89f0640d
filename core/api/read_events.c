/* read_events - what happens in an organization, told while it does. */
#include "api/api_inside.h"
#include "base/jsontext.h"

#include <string.h>

enum { RUNS_MOST = 100 /* told of those that were missed */ };

uint64_t events_tell(struct visitor *visitor, struct events_seen *seen)
{
    TIDY_DONE(buffer_done) struct buffer out = {0};
    __attribute__((cleanup(tidy_cursor))) struct cursor cursor = {0};
    struct book *book = NULL;
    struct err err = {0};
    struct bytes json;
    uint64_t sequence = 0;
    if (shelf_take(visitor->shelf, visitor->organization, false, &book, &err) != 0)
        return 0; /* the next commit tells */
    if (!book->query) {
        shelf_give(book);
        return 0;
    }
    uint32_t last = query_last_run(book->query);
    if (!seen->known)
        seen->run = last;
    if (last > seen->run + RUNS_MOST)
        seen->run = last - RUNS_MOST;
    for (; seen->run < last; seen->run++)
        if (query_run(book->query, seen->run + 1, &json))
            buffer_format(&out, "event: run.ended\nid: %u\ndata: %.*s\n\n", seen->run + 1, (int)json.len,
                          (const char *)json.data);
    cursor_open(&cursor, &book->query->txn, TABLE_journal);
    if (cursor_last(&cursor) && cursor.key.len == sizeof(sequence)) {
        memcpy(&sequence, cursor.key.data, sizeof(sequence));
        sequence = __builtin_bswap64(sequence);
    }
    if (seen->known && sequence != seen->sequence)
        buffer_format(&out, "event: change\ndata: {\"sequence\":%lu}\n\n", (unsigned long)sequence);
    uint64_t commit = txn_last_commit(&book->query->txn);
    if (seen->known && out.len == 0 && commit != seen->commit)
        buffer_format(&out, "event: written\ndata: {\"commit\":%lu}\n\n", (unsigned long)commit);
    seen->commit = commit;
    seen->sequence = sequence;
    seen->known = true;
    cursor_close(&cursor);
    cursor = (struct cursor){0};
    shelf_give(book);
    if (out.rc == 0 && out.len > 0)
        web_stream_says(visitor->request, out.data, out.len);
    return out.len;
}

bool read_events(struct visitor *visitor)
{
    static const char first[] = "retry: 2000\n\n";
    static const struct trouble ending = {503, "ending", NULL, "Come again soon."};
    struct web_reply *reply = &visitor->request->reply;
    struct events_seen seen = {0};
    const char *last = web_header(visitor->request, "Last-Event-ID");
    if (!visitor_opens(visitor))
        return true;
    visitor_closes(visitor);
    if (last && *last && strspn(last, "0123456789") == strlen(last) && strlen(last) < 10) {
        seen.run = (uint32_t)strtoul(last, NULL, 10);
        seen.known = true;
    }
    if (web_stream_begins(visitor->request) != 0)
        return visitor_fails(visitor, -ENOMEM, NULL);
    reply->status = 200;
    reply->type = "text/event-stream";
    web_stream_says(visitor->request, first, sizeof(first) - 1);
    if (!feed_follow(visitor->api->feed, visitor, &seen)) {
        reply->status = 0;
        return visitor_refuse(visitor, &ending, "The service is ending.");
    }
    return true;
}
