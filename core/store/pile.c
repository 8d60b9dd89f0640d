/* pile - things put one on the other and looked at again by where they lie. */
#include "store/pile.h"

#include "base/buffer.h"
#include "base/mem.h"

#include <errno.h>
#include <string.h>

enum { SLOTS = 4, MUCH = 1 << 20 };

struct pile {
    struct buffer memory; /* each thing: u32 length, bytes */
    size_t limit;
    struct spill *spill;
    struct buffer slots[SLOTS];
};

int pile_new(const char *dir, size_t memory, struct pile **ret_pile)
{
    struct pile *pile TIDY(pile_free) = mem_new(1, sizeof(*pile));
    if (!pile)
        return -ENOMEM;
    pile->limit = memory;
    int rc = spill_new(dir, &pile->spill);
    if (rc != 0)
        return rc;
    *ret_pile = TAKE(pile);
    return 0;
}

void pile_free(struct pile *pile)
{
    if (!pile)
        return;
    buffer_done(&pile->memory);
    for (int slot = 0; slot < SLOTS; slot++)
        buffer_done(&pile->slots[slot]);
    spill_free(pile->spill);
    free(pile);
}

int pile_add(struct pile *pile, struct bytes thing, uint64_t *ret_place)
{
    if (thing.len > UINT32_MAX)
        return ERR_LIMIT;
    uint32_t len = (uint32_t)thing.len;
    bool fits = pile->memory.len + sizeof(len) + thing.len <= pile->limit && spill_end(pile->spill) == 0;
    uint64_t place = pile->memory.len + spill_end(pile->spill);
    int rc;
    if (fits) {
        if (pile->memory.len > MUCH && pile->memory.room < pile->limit) /* once, instead of moving it step by step */
            buffer_room(&pile->memory, pile->limit - pile->memory.len);
        char *room = buffer_reserve(&pile->memory, sizeof(len) + thing.len);
        if (room) {
            memcpy(room, &len, sizeof(len));
            if (thing.len > 0)
                memcpy(room + sizeof(len), thing.data, thing.len);
        }
        rc = pile->memory.rc;
    } else {
        rc = spill_write(pile->spill, &len, sizeof(len));
        rc = rc != 0 ? rc : spill_write(pile->spill, thing.data, thing.len);
    }
    if (rc == 0)
        *ret_place = place;
    return rc;
}

int pile_get(struct pile *pile, uint64_t place, unsigned slot, struct bytes *ret_thing)
{
    uint32_t len;
    if (place < pile->memory.len) {
        memcpy(&len, pile->memory.data + place, sizeof(len));
        *ret_thing = bytes(pile->memory.data + place + sizeof(len), len);
        return 0;
    }
    place -= pile->memory.len;
    int rc = spill_read(pile->spill, place, &len, sizeof(len));
    if (rc != 0)
        return rc;
    struct buffer *buffer = &pile->slots[slot];
    buffer_clear(buffer);
    char *room = buffer_reserve(buffer, len);
    if (!room)
        return buffer->rc;
    rc = spill_read(pile->spill, place + sizeof(len), room, len);
    if (rc == 0)
        *ret_thing = bytes(room, len);
    return rc;
}
