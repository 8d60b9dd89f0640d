/* arena - many small allocations that end together. */
#include "base/arena.h"

#include "base/mem.h"

#include <stdarg.h>
#include <stdalign.h>
#include <stdint.h>
#include <string.h>

/* The first block, and the largest that is made for small ones: each is twice as large as the one before, so that an
 * arena that hardly holds anything hardly costs anything. */
enum { FIRST = 480, BLOCK = 8160 };

struct block {
    struct block *next;
    size_t used, room;
    alignas(max_align_t) char bytes[];
};

struct arena {
    struct block *first, *last; /* last is the one that is filled */
    size_t next;                /* room of the next block */
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
    arena->first = arena->last = block_new(FIRST);
    arena->next = 2 * FIRST;
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
    struct block *kept = arena->first;
    for (struct block *block = kept->next, *next; block; block = next) {
        struct block *other = block->room > kept->room && block->room <= BLOCK ? kept : block;
        next = block->next;
        kept = other == block ? kept : block;
        free(other);
    }
    kept->next = NULL;
    memset(kept->bytes, 0, kept->used);
    kept->used = 0;
    arena->first = arena->last = kept;
}

void *arena_get(struct arena *arena, size_t size)
{
    if (size > SIZE_MAX / 2)
        return NULL;
    size = (size + alignof(max_align_t) - 1) & ~(alignof(max_align_t) - 1);
    struct block *block = arena->last;
    if (block->room - block->used < size) {
        block = block_new(size > arena->next ? size : arena->next);
        if (!block)
            return NULL;
        arena->next = 2 * arena->next < BLOCK ? 2 * arena->next : BLOCK;
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
