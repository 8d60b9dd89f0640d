/* arena - many small allocations that end together. */
#include "base/arena.h"

#include "base/mem.h"

#include <stdarg.h>
#include <stdalign.h>
#include <stdint.h>
#include <string.h>

#define BLOCK 8160

struct block {
    struct block *next;
    size_t used, room;
    alignas(max_align_t) char bytes[];
};

struct arena {
    struct block *first, *last; /* last is the one that is filled */
};

static struct block *block_new(size_t room)
{
    struct block *block = mem_new(1, sizeof(*block) + room);
    if (block)
        block->room = room;
    return block;
}

struct arena *arena_new(void)
{
    struct arena *arena = mem_new(1, sizeof(*arena));
    if (!arena)
        return NULL;
    arena->first = arena->last = block_new(BLOCK);
    if (!arena->first) {
        free(arena);
        return NULL;
    }
    return arena;
}

static void blocks_free(struct block *block)
{
    while (block) {
        struct block *next = block->next;
        free(block);
        block = next;
    }
}

void arena_free(struct arena *arena)
{
    if (!arena)
        return;
    blocks_free(arena->first);
    free(arena);
}

void arena_clear(struct arena *arena)
{
    blocks_free(arena->first->next);
    arena->first->next = NULL;
    memset(arena->first->bytes, 0, arena->first->used);
    arena->first->used = 0;
    arena->last = arena->first;
}

void *arena_get(struct arena *arena, size_t size)
{
    if (size > SIZE_MAX / 2)
        return NULL;
    size = (size + alignof(max_align_t) - 1) & ~(alignof(max_align_t) - 1);
    struct block *block = arena->last;
    if (block->room - block->used < size) {
        block = block_new(size > BLOCK ? size : BLOCK);
        if (!block)
            return NULL;
        arena->last->next = block;
        arena->last = block;
    }
    void *place = block->bytes + block->used;
    block->used += size;
    return place;
}

char *arena_copy(struct arena *arena, const void *bytes, size_t len)
{
    char *copy = arena_get(arena, len + 1);
    if (copy && len > 0)
        memcpy(copy, bytes, len);
    return copy;
}

char *arena_text(struct arena *arena, const char *text)
{
    return text ? arena_copy(arena, text, strlen(text)) : NULL;
}

char *arena_format(struct arena *arena, const char *format, ...)
{
    va_list args, again;
    va_start(args, format);
    va_copy(again, args);
    int len = vsnprintf(NULL, 0, format, again);
    va_end(again);
    char *text = len < 0 ? NULL : arena_get(arena, (size_t)len + 1);
    if (text)
        vsnprintf(text, (size_t)len + 1, format, args);
    va_end(args);
    return text;
}
