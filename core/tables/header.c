/* header - the accepted description of a stream. */
#include "tables/header.h"

#include "base/text.h"

/* One column behind the other: u32 run, u16 length of the name, name, fingerprint. */
enum { FIXED = 4 + 2 };

void header_column_write(const struct header_column *column, struct buffer *out)
{
    size_t len = strlen(column->name);
    uint16_t name_len = (uint16_t)(len < UINT16_MAX ? len : UINT16_MAX);
    buffer_add(out, &column->run, sizeof(column->run));
    buffer_add(out, &name_len, sizeof(name_len));
    buffer_add(out, column->name, name_len);
    fingerprint_write(&column->print, out);
}

static bool header_column_read(const uint8_t **at, const uint8_t *end, struct arena *arena,
                               struct header_column *ret_column)
{
    uint16_t name_len;
    if (end - *at < FIXED)
        return false;
    memcpy(&ret_column->run, *at, sizeof(ret_column->run));
    memcpy(&name_len, *at + 4, sizeof(name_len));
    *at += FIXED;
    if (end - *at < name_len)
        return false;
    ret_column->name = arena_copy(arena, *at, name_len);
    *at += name_len;
    return ret_column->name && fingerprint_read(at, end, arena, &ret_column->print);
}

bool header_read(struct bytes value, struct arena *arena, struct header *ret_header)
{
    const uint8_t *at = value.data, *end = at ? at + value.len : at;
    struct header_column column;
    struct header header = {0};
    for (const uint8_t *look = at; look < end; header.count++)
        if (!header_column_read(&look, end, arena, &column))
            return false;
    header.columns = arena_get(arena, (header.count + 1) * sizeof(*header.columns));
    if (!header.columns)
        return false;
    for (size_t i = 0; i < header.count; i++)
        if (!header_column_read(&at, end, arena, &header.columns[i]))
            return false;
    *ret_header = header;
    return true;
}

const struct header_column *header_find(const struct header *header, const char *name)
{
    for (size_t i = 0; i < header->count; i++)
        if (text_same(header->columns[i].name, strlen(header->columns[i].name), name, strlen(name)))
            return &header->columns[i];
    return NULL;
}
