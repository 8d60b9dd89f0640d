/* instead - what took the place of what was held. */
#include "query/instead.h"

#include "base/date.h"
#include "base/jsonobject.h"
#include "broker/place.h"
#include "tables/ledger.h"

#include <stdlib.h>
#include <string.h>

struct teller {
    uint32_t allowed_held;
    int64_t started_ms;
};

static int take_member(void *context, const struct jsonobject_member *member)
{
    struct teller *teller = context;
    if (strcmp(member->name, "allowed_held") == 0 && member->type == JSONOBJECT_NUMBER)
        teller->allowed_held = (uint32_t)strtoul(member->text, NULL, 10);
    if (strcmp(member->name, "started") == 0 && member->type == JSONOBJECT_STRING)
        (void)instant_read(member->text, member->text_len, &teller->started_ms);
    return 0;
}

/* What the run read of the stream: a file's own name, how many, or the connection. */
static void tell_read(struct query *query, const struct stream_name *stream, uint32_t run, struct buffer *out)
{
    __attribute__((cleanup(place_done))) struct place place = {0};
    struct ledger_row row = {.together = 0};
    if (!ledger_get(&query->txn, stream->number, run, 0, query->arena, &row))
        buffer_text(out, stream->connection_name);
    else if (row.together > 1)
        buffer_format(out, "%u files", row.together);
    else
        buffer_text(out, place_read(row.name, PLACE_NAME, &place, NULL) == 0 ? place.last : row.name);
}

static void tell(struct query *query, const struct stream_name *stream, uint32_t run, struct buffer *out)
{
    struct teller teller = {0};
    struct bytes json;
    const char *why;
    size_t at;
    char time[QUERY_TIME] = "";
    if (query_run(query, run, &json))
        (void)jsonobject_split(json.data, json.len, take_member, &teller, &why, &at);
    buffer_format(out, "run %u of %s", run, stream->connection_name);
    if (teller.started_ms != 0) {
        query_time(query, teller.started_ms, time);
        buffer_format(out, " (%s)", time);
    }
    if (teller.allowed_held != 0) {
        buffer_format(out, " let through what run %u held", teller.allowed_held);
        return;
    }
    buffer_text(out, " has read ");
    tell_read(query, stream, run, out);
    buffer_text(out, " since, and what that says counts");
}

bool instead_of_held(struct query *query, uint64_t number, struct buffer *out)
{
    uint32_t run;
    for (size_t i = 0; i < query->streams.count; i++) {
        const struct stream_name *stream = &query->streams.items[i];
        if (!ledger_instead_of(&query->txn, stream->number, number, &run))
            continue;
        tell(query, stream, run, out);
        return true;
    }
    return false;
}

/* Whether anything still waits that the run, or one before it, held of the stream. */
static bool waits(struct query *query, const struct stream_name *stream, uint32_t run)
{
    struct cursor cursor __attribute__((cleanup(tidy_cursor)));
    struct wait_item item;
    uint8_t prefix[5] = {WAIT_HELD};
    uint32_t be = __builtin_bswap32(stream->number);
    memcpy(prefix + 1, &be, sizeof(be));
    struct bytes begins = bytes(prefix, sizeof(prefix));
    cursor_open(&cursor, &query->txn, TABLE_wait);
    for (bool there = cursor_seek(&cursor, begins); there && cursor_has_prefix(&cursor, begins);
         there = cursor_next(&cursor))
        if (!wait_read(cursor.key, cursor.value, query->arena, &item) || item.run <= run)
            return true;
    return false;
}

bool instead_of_run(struct query *query, uint32_t run, struct buffer *out)
{
    const char *connection = query_run_connection(query, run);
    const struct stream_name *found = NULL;
    uint32_t by = 0, first = UINT32_MAX;
    for (size_t i = 0; i < query->streams.count; i++) {
        const struct stream_name *stream = &query->streams.items[i];
        if (strcmp(stream->connection_name, connection) != 0)
            continue;
        if (waits(query, stream, run))
            return false;
        if (ledger_instead_of_run(&query->txn, stream->number, run, &by) && by < first) {
            found = stream;
            first = by;
        }
    }
    if (found)
        tell(query, found, first, out);
    return found != NULL;
}
