/* checkpoint - what is kept about the last good pull of a stream. */
#include "tables/checkpoint.h"

#include <string.h>

struct checkpoint_head {
    uint32_t run, columns_len, cursor_len, held;
    int64_t at_ms;
    uint64_t people;
    uint8_t mapping[16], files[32];
}; /* then, with CHECKPOINT_FULL, when everybody was read; with CHECKPOINT_LAYOUT its u32 length and bytes; the columns,
      the cursor, and the header to the end */
enum { CHECKPOINT_HELD = 1, CHECKPOINT_FULL = 2, CHECKPOINT_LAYOUT = 4, CHECKPOINT_GRACE = 8 }; /* in `held` */

void checkpoint_write(const struct checkpoint *checkpoint, struct buffer *out)
{
    struct checkpoint_head head = {.run = checkpoint->run,
                                   .columns_len = (uint32_t)strlen(checkpoint->columns),
                                   .cursor_len = (uint32_t)strlen(checkpoint->cursor),
                                   .held = (checkpoint->held ? CHECKPOINT_HELD : 0) |
                                           (checkpoint->grace ? CHECKPOINT_GRACE : 0) | CHECKPOINT_FULL |
                                           CHECKPOINT_LAYOUT,
                                   .at_ms = checkpoint->at_ms,
                                   .people = checkpoint->people};
    memcpy(head.mapping, checkpoint->mapping, sizeof(head.mapping));
    memcpy(head.files, checkpoint->files, sizeof(head.files));
    buffer_add(out, &head, sizeof(head));
    uint32_t layout_len = (uint32_t)checkpoint->layout.len;
    buffer_add(out, &checkpoint->full_ms, sizeof(checkpoint->full_ms));
    buffer_add(out, &layout_len, sizeof(layout_len));
    buffer_add(out, checkpoint->layout.data, layout_len);
    buffer_text(out, checkpoint->columns);
    buffer_text(out, checkpoint->cursor);
    buffer_add(out, checkpoint->header.data, checkpoint->header.len);
    uint32_t tally_len = (uint32_t)checkpoint->tally.len;
    buffer_add(out, checkpoint->tally.data, tally_len);
    buffer_add(out, &tally_len, sizeof(tally_len));
}

bool checkpoint_get(struct txn *txn, uint32_t stream, struct arena *arena, struct checkpoint *ret_checkpoint)
{
    uint32_t key = __builtin_bswap32(stream);
    struct bytes value;
    struct checkpoint_head head;
    if (!txn_get(txn, TABLE_cursor, bytes(&key, sizeof(key)), &value) || value.len < sizeof(head))
        return false;
    memcpy(&head, value.data, sizeof(head));
    struct checkpoint found = {.run = head.run,
                               .held = head.held & CHECKPOINT_HELD,
                               .grace = head.held & CHECKPOINT_GRACE,
                               .at_ms = head.at_ms,
                               .people = head.people};
    size_t begin = sizeof(head) + (head.held & CHECKPOINT_FULL ? sizeof(found.full_ms) : 0);
    uint32_t layout_len = 0;
    if (head.held & CHECKPOINT_LAYOUT) {
        if (value.len < begin + sizeof(layout_len))
            return false;
        memcpy(&layout_len, (const char *)value.data + begin, sizeof(layout_len));
        begin += sizeof(layout_len);
        if (value.len - begin < layout_len)
            return false;
        found.layout = bytes(arena_copy(arena, (const char *)value.data + begin, layout_len), layout_len);
        begin += layout_len;
    }
    size_t known = begin + (size_t)head.columns_len + head.cursor_len;
    if (value.len < known)
        return false;
    const char *at = (const char *)value.data + begin;
    if (head.held & CHECKPOINT_FULL)
        memcpy(&found.full_ms, (const char *)value.data + sizeof(head), sizeof(found.full_ms));
    memcpy(found.mapping, head.mapping, sizeof(found.mapping));
    memcpy(found.files, head.files, sizeof(found.files));
    found.columns = arena_copy(arena, at, head.columns_len);
    found.cursor = arena_copy(arena, at + head.columns_len, head.cursor_len);
    uint32_t tally_len = 0;
    size_t behind = value.len - known; /* nothing in a row of before */
    if (behind >= sizeof(tally_len))
        memcpy(&tally_len, (const char *)value.data + value.len - sizeof(tally_len), sizeof(tally_len));
    if (behind > 0 && (behind < sizeof(tally_len) || tally_len > behind - sizeof(tally_len)))
        return false;
    found.header.len = behind > 0 ? behind - sizeof(tally_len) - tally_len : 0;
    found.header.data = arena_copy(arena, (const char *)value.data + known, found.header.len);
    found.tally.len = tally_len;
    found.tally.data = arena_copy(arena, (const char *)value.data + known + found.header.len, tally_len);
    if ((layout_len > 0 && !found.layout.data) || !found.columns || !found.cursor || !found.header.data ||
        !found.tally.data)
        return false;
    *ret_checkpoint = found;
    return true;
}
