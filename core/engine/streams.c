/* streams - the numbers of (connection, partition, stream). */
#include "engine/streams.h"

#include "base/mem.h"
#include "store/dict.h"

#include <errno.h>
#include <string.h>

/* In the dict: "stream:CONNECTION/PARTITION/STREAM"; neither part holds a slash. */
static const char prefix[] = "nstream:";

int streams_number(struct store *store, const char *connection, const char *partition, const char *stream,
                   uint32_t *ret_number)
{
    char *name __attribute__((cleanup(tidy_free))) = mem_format("stream:%s/%s/%s", connection, partition, stream);
    return name ? dict_number(store, name, ret_number) : -ENOMEM;
}

static bool stream_split(struct arena *arena, struct bytes key, struct stream_name *ret_name)
{
    size_t begin = sizeof(prefix) - 1;
    char *text = arena_copy(arena, (const char *)key.data + begin, key.len - begin);
    char *first = text ? strchr(text, '/') : NULL, *last = text ? strrchr(text, '/') : NULL;
    if (!first || first == last)
        return false;
    *first = *last = '\0';
    ret_name->connection_name = text;
    ret_name->partition = first + 1;
    ret_name->stream = last + 1;
    return true;
}

static int stream_compare(const void *a, const void *b)
{
    uint32_t x = ((const struct stream_name *)a)->number, y = ((const struct stream_name *)b)->number;
    return x < y ? -1 : x > y;
}

int streams_load(const struct organization *organization, struct txn *txn, struct streams *ret_streams)
{
    struct streams streams = {.arena = arena_new()};
    size_t room = 0;
    int rc = streams.arena ? 0 : -ENOMEM;
    struct cursor cursor __attribute__((cleanup(tidy_cursor)));
    cursor_open(&cursor, txn, TABLE_dict);
    struct bytes begins = bytes(prefix, sizeof(prefix) - 1);
    for (bool there = cursor_seek(&cursor, begins); rc == 0 && there && cursor_has_prefix(&cursor, begins);
         there = cursor_next(&cursor)) {
        rc = mem_grow(&streams.items, streams.count, &room, sizeof(*streams.items));
        if (rc != 0)
            break;
        struct stream_name *name = &streams.items[streams.count];
        *name = (struct stream_name){0};
        if (cursor.value.len != sizeof(name->number) || !stream_split(streams.arena, cursor.key, name)) {
            rc = ERR_CORRUPT;
            break;
        }
        memcpy(&name->number, cursor.value.data, sizeof(name->number));
        name->connection = organization ? organization_connection(organization, name->connection_name) : NULL;
        streams.count++;
    }
    rc = rc ? rc : txn->rc;
    if (rc != 0) {
        streams_done(&streams);
        return rc;
    }
    if (streams.count > 1)
        qsort(streams.items, streams.count, sizeof(*streams.items), stream_compare);
    *ret_streams = streams;
    return 0;
}

void streams_done(struct streams *streams)
{
    arena_free(streams->arena);
    free(streams->items);
    *streams = (struct streams){0};
}

const struct stream_name *streams_find(const struct streams *streams, uint32_t number)
{
    size_t low = 0, high = streams->count;
    while (low < high) {
        size_t middle = (low + high) / 2;
        if (streams->items[middle].number == number)
            return &streams->items[middle];
        if (streams->items[middle].number < number)
            low = middle + 1;
        else
            high = middle;
    }
    return NULL;
}
