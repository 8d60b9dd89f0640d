/* mem - allocation that can be made to fail, and growing arrays. */
#include "base/mem.h"

#include "base/fault.h"

#include <errno.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

/* Much memory that will be filled is had in large pages, where the system has them: fewer faults, fewer misses. */
static void *mem_large(void *memory, size_t count, size_t size)
{
    enum { PAGE = 2 << 20, LARGE = 4 << 20 };
    if (!memory || size == 0 || count < LARGE / size)
        return memory;
    uintptr_t begin = ((uintptr_t)memory + PAGE - 1) & ~(uintptr_t)(PAGE - 1);
    uintptr_t end = ((uintptr_t)memory + count * size) & ~(uintptr_t)(PAGE - 1);
    if (end > begin)
        madvise((void *)begin, end - begin, MADV_HUGEPAGE); /* no more than advice */
    return memory;
}

void *mem_new(size_t count, size_t size)
{
    return fault_hit("alloc") ? NULL : mem_large(calloc(count, size), count, size);
}

void *mem_resize(void *old, size_t count, size_t size)
{
    return fault_hit("alloc") ? NULL : mem_large(reallocarray(old, count, size), count, size);
}

char *mem_copy(const void *bytes, size_t len)
{
    char *copy = fault_hit("alloc") ? NULL : malloc(len + 1);
    if (!copy)
        return NULL;
    if (len > 0)
        memcpy(copy, bytes, len);
    copy[len] = '\0';
    return copy;
}

char *mem_text(const char *text)
{
    return text ? mem_copy(text, strlen(text)) : NULL;
}

char *mem_format(const char *format, ...)
{
    char *text = NULL;
    va_list args;
    va_start(args, format);
    int len = fault_hit("alloc") ? -1 : vasprintf(&text, format, args);
    va_end(args);
    return len < 0 ? NULL : text;
}

int mem_grow(void *array, size_t count, size_t *room, size_t size)
{
    if (count < *room)
        return 0;
    size_t wanted = *room ? *room * 2 : 8;
    void *bigger = mem_resize(*(void **)array, wanted, size);
    if (!bigger)
        return -ENOMEM;
    *(void **)array = bigger;
    *room = wanted;
    return 0;
}
