/* numbers - a map from 64-bit numbers to 64-bit numbers. */
#include "base/numbers.h"

#include "base/mem.h"

#include <errno.h>
#include <stdlib.h>

void numbers_done(struct numbers *numbers)
{
    free(numbers->slots);
    *numbers = (struct numbers){0};
}

enum { LEAST = 64, BLOCK = 8 };

/* Numbers that follow each other lie side by side, eight and eight; these are scattered over the room, which is any
 * number of eights: twice as much as is needed would be felt where there are millions. */
static size_t numbers_home(uint64_t key, size_t room)
{
    uint64_t scattered = ((key >> 4) * 0x9e3779b97f4a7c15u) >> 32;
    return (size_t)(scattered * (room / BLOCK) >> 32) * BLOCK + (key >> 1) % BLOCK;
}

/* The slot of the key, or the free one where it belongs. At most two thirds of the slots are taken. */
static uint64_t *numbers_slot(uint64_t *slots, size_t room, uint64_t key)
{
    size_t at = numbers_home(key, room);
    while (slots[2 * at] != 0 && slots[2 * at] != key)
        at = at + 1 < room ? at + 1 : 0;
    return &slots[2 * at];
}

uint64_t *numbers_get(const struct numbers *numbers, uint64_t key)
{
    if (numbers->count == 0)
        return NULL;
    uint64_t *slot = numbers_slot(numbers->slots, numbers->room, key);
    return slot[0] == key ? &slot[1] : NULL;
}

static int numbers_grow(struct numbers *numbers, size_t room)
{
    uint64_t *slots = mem_new(room, 2 * sizeof(*slots));
    if (!slots)
        return -ENOMEM;
    for (size_t i = 0; i < numbers->room; i++)
        if (numbers->slots[2 * i] != 0) {
            uint64_t *slot = numbers_slot(slots, room, numbers->slots[2 * i]);
            slot[0] = numbers->slots[2 * i];
            slot[1] = numbers->slots[2 * i + 1];
        }
    free(numbers->slots);
    numbers->slots = slots;
    numbers->room = room;
    return 0;
}

int numbers_reserve(struct numbers *numbers, size_t count)
{
    size_t wanted = numbers->count + count, room = LEAST;
    if (wanted > SIZE_MAX / 64)
        return -ENOMEM;
    if (wanted > LEAST / 2)
        room = (wanted + wanted / 2 + BLOCK) / BLOCK * BLOCK;
    return room > numbers->room ? numbers_grow(numbers, room) : 0;
}

int numbers_set(struct numbers *numbers, uint64_t key, uint64_t value)
{
    if (numbers->count >= numbers->room / 3 * 2) {
        int rc = numbers_grow(numbers, numbers->room ? numbers->room * 2 : LEAST);
        if (rc != 0)
            return rc;
    }
    uint64_t *slot = numbers_slot(numbers->slots, numbers->room, key);
    numbers->count += slot[0] == 0;
    slot[0] = key;
    slot[1] = value;
    return 0;
}
