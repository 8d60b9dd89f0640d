/* streams - the numbers of (connection, partition, stream). */
#include "tables/streams.h"

#include "base/mem.h"
#include "store/dict.h"

#include <errno.h>
#include <string.h>

/* In the dict: "stream:CONNECTION/PARTITION/STREAM"; neither part holds a slash. */
static const char prefix[] = "nstream:";

char *streams_entry(struct arena *arena, const char *connection, const char *partition, const char *stream)
{
    return arena_format(arena, "stream:%s/%s/%s", connection, partition, stream);
}

int streams_number(struct store *store, const char *connection, const char *partition, const char *stream,
                   uint32_t *ret_number)
{
    TIDY(arena_free) struct arena *arena = arena_new();
    char *name = arena ? streams_entry(arena, connection, partition, stream) : NULL;
    return name ? dict_number(store, name, ret_number) : -ENOMEM;
}

/* `name`: "CONNECTION/PARTITION/STREAM". */
static int stream_add(struct streams *streams, const struct organization *organization, struct bytes name,
                      uint32_t number)
{
    int rc = mem_grow(&streams->items, streams->count, &streams->room, sizeof(*streams->items));
    if (rc != 0)
        return rc;
    char *text = arena_copy(streams->arena, name.data, name.len);
    char *first = text ? strchr(text, '/') : NULL, *last = text ? strrchr(text, '/') : NULL;
    if (!first || first == last)
        return text ? ERR_CORRUPT : -ENOMEM;
    *first = *last = '\0';
    streams->items[streams->count++] =
        (struct stream_name){.number = number,
                             .connection_name = text,
                             .partition = first + 1,
                             .stream = last + 1,
                             .connection = organization ? organization_connection(organization, text) : NULL};
    return 0;
}

int streams_add(struct streams *streams, const struct organization *organization, struct bytes key, uint32_t number)
{
    size_t begin = sizeof(prefix) - 1;
    if (key.len < begin || memcmp(key.data, prefix, begin) != 0)
        return 0;
    return stream_add(streams, organization, bytes((const char *)key.data + begin, key.len - begin), number);
}

/* Those that are only remembered: see dict_defer(). */
static int streams_remembered(struct streams *streams, const struct organization *organization, struct store *store)
{
    enum { OURS = sizeof(prefix) - 2 }; /* without the table's own letter */
    uint32_t number;
    const char *name;
    int rc = 0;
    for (size_t i = 0; rc == 0 && (name = dict_remembered(store, i, &number)); i++)
        if (strncmp(name, prefix + 1, OURS) == 0)
            rc = stream_add(streams, organization, bytes(name + OURS, strlen(name) - OURS), number);
    return rc;
}

static int stream_compare(const void *a, const void *b)
{
    uint32_t x = ((const struct stream_name *)a)->number, y = ((const struct stream_name *)b)->number;
    return x < y ? -1 : x > y;
}

void streams_sort(struct streams *streams)
{
    if (streams->count > 1)
        qsort(streams->items, streams->count, sizeof(*streams->items), stream_compare);
}

int streams_load(const struct organization *organization, struct txn *txn, struct streams *ret_streams)
{
    struct streams streams = {.arena = arena_new()};
    int rc = streams.arena ? 0 : -ENOMEM;
    struct cursor cursor __attribute__((cleanup(tidy_cursor)));
    cursor_open(&cursor, txn, TABLE_dict);
    struct bytes begins = bytes(prefix, sizeof(prefix) - 1);
    for (bool there = cursor_seek(&cursor, begins); rc == 0 && there && cursor_has_prefix(&cursor, begins);
         there = cursor_next(&cursor)) {
        uint32_t number;
        rc = cursor.value.len == sizeof(number) ? 0 : ERR_CORRUPT;
        if (rc == 0) {
            memcpy(&number, cursor.value.data, sizeof(number));
            rc = streams_add(&streams, organization, cursor.key, number);
        }
    }
    if (rc == 0)
        rc = streams_remembered(&streams, organization, txn->store);
    rc = rc ? rc : txn->rc;
    if (rc != 0) {
        streams_done(&streams);
        return rc;
    }
    streams_sort(&streams);
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
