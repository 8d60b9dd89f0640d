/* kept - what the store has of a lookup. */
#include "query/kept.h"

#include "base/mem.h"
#include "store/dict.h"

#include <string.h>

static const struct mapping *stream_nth(const struct connection *connection, const char *lookup, size_t *nth)
{
    for (; connection->mappings && connection->mappings[*nth]; ++*nth) {
        const char *own = connection->mappings[*nth]->lookup;
        if (own && strcmp(own, lookup) == 0)
            return connection->mappings[(*nth)++];
    }
    return NULL;
}

const struct mapping *kept_stream(const struct connection *connection, const char *lookup)
{
    size_t nth = 0;
    return stream_nth(connection, lookup, &nth);
}

/* As map makes an id of a key. */
static int id_write(const char *const *key, size_t count, struct buffer *out)
{
    for (size_t n = 0; n < count; n++) {
        buffer_text(out, n ? "|" : "");
        buffer_text(out, key[n]);
    }
    return out->rc;
}

static bool record_read(struct query *query, uint32_t stream, struct bytes id)
{
    struct buffer key __attribute__((cleanup(buffer_done))) = {0};
    struct bytes row;
    source_key(stream, id.data, id.len, &key);
    return key.rc == 0 && txn_get(&query->txn, TABLE_source, bytes(key.data, key.len), &row) &&
           source_read(row, query->record) && query->record->state == SOURCE_PRESENT;
}

static void streams_look(struct query *query, const struct connection *connection, const struct mapping *mapping,
                         struct bytes id, struct kept *found)
{
    for (size_t n = 0; n < query->streams.count; n++) {
        const struct stream_name *stream = &query->streams.items[n];
        if (stream->connection != connection || strcmp(stream->stream, mapping->stream) != 0 ||
            !record_read(query, stream->number, id) || (found->mapping && query->record->run <= found->run))
            continue;
        found->mapping = mapping;
        found->stream = stream->number;
        found->run = query->record->run;
    }
}

bool kept_find(struct query *query, const struct connection *connection, const char *lookup, const char *const *key,
               size_t count, struct kept *ret_kept)
{
    struct buffer id __attribute__((cleanup(buffer_done))) = {0};
    struct kept found = {.key = key};
    const struct mapping *mapping;
    if (id_write(key, count, &id) != 0)
        return false;
    struct bytes sought = bytes(id.data ? id.data : "", id.len);
    for (size_t nth = 0; (mapping = stream_nth(connection, lookup, &nth)) != NULL;)
        if (mapping->key_count == count)
            streams_look(query, connection, mapping, sought, &found);
    if (!found.mapping || !record_read(query, found.stream, sought))
        return false;
    *ret_kept = found;
    return true;
}

static const struct section_view *section_of(const struct source *record, enum kind kind)
{
    for (uint16_t n = 0; n < record->count; n++)
        if (record->sections[n].kind == kind)
            return &record->sections[n];
    return NULL;
}

/* A column that a field takes as it is. */
static bool mapped_value(struct query *query, const struct kept *kept, const char *column, struct buffer *out)
{
    const struct section *section = &kept->mapping->sections[0];
    const struct section_view *view = section_of(query->record, section->kind);
    for (size_t n = 0; view && n < section->rule_count; n++) {
        const struct rule *rule = &section->rules[n];
        if (rule->how != FROM_COLUMN || rule->column_count != 1 ||
            strcmp(kept->mapping->columns[rule->columns[0]], column) != 0)
            continue;
        struct value value = image_get(view->image, rule->field->number);
        if (value.presence == PRESENCE_VALUE)
            query_value(query, NULL, rule->field, value, out);
        return value.presence != PRESENCE_ABSENT;
    }
    return false;
}

bool kept_value(struct query *query, const struct kept *kept, const char *column, struct buffer *out)
{
    if (mapped_value(query, kept, column, out))
        return true;
    for (size_t n = 0; n < kept->mapping->key_count; n++)
        if (strcmp(kept->mapping->columns[kept->mapping->key[n]], column) == 0) {
            buffer_text(out, kept->key[n]);
            return true;
        }
    const struct section_view *raw = section_of(query->record, KIND_RAW);
    char *name __attribute__((cleanup(tidy_free))) = mem_format("column:%s", column);
    uint32_t number = raw && name ? dict_find(&query->txn, name) : 0;
    struct value value = number ? image_get(raw->image, (uint16_t)number) : (struct value){0};
    if (value.presence == PRESENCE_VALUE)
        buffer_add(out, value.bytes, value.len);
    return value.presence != PRESENCE_ABSENT;
}
