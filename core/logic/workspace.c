/* workspace - scratch memory of one thread that applies rules, and the bytes of one record's values. */
#include "logic/workspace.h"

#include "base/error.h"
#include "base/mem.h"
#include "base/text.h"

#define PCRE2_CODE_UNIT_WIDTH 8
#include <errno.h>
#include <pcre2.h>
#include <string.h>

enum {
    CHUNK = 16 << 10,
    MATCH_LIMIT = 200000, /* steps: no pattern may hang a run */
    HEAP_LIMIT = 8 << 10, /* KiB, where there is no JIT */
    JIT_STACK = 1 << 20,
};

struct chunk {
    struct chunk *next;
    size_t room;
    char bytes[];
};

int transform_new(struct transform **ret_transform)
{
    TIDY(transform_free) struct transform *transform = mem_new(1, sizeof(*transform));
    if (!transform)
        return -ENOMEM;
    transform->match = pcre2_match_data_create(TAKE_MAX + 1, NULL);
    transform->context = pcre2_match_context_create(NULL);
    transform->stack = pcre2_jit_stack_create(32 << 10, JIT_STACK, NULL); /* NULL where there is no JIT */
    if (!transform->match || !transform->context)
        return -ENOMEM;
    pcre2_set_match_limit(transform->context, MATCH_LIMIT);
    pcre2_set_heap_limit(transform->context, HEAP_LIMIT);
    if (transform->stack)
        pcre2_jit_stack_assign(transform->context, NULL, transform->stack);
    *ret_transform = TAKE(transform);
    return 0;
}

void transform_free(struct transform *transform)
{
    if (!transform)
        return;
    pcre2_match_data_free(transform->match);
    pcre2_match_context_free(transform->context);
    pcre2_jit_stack_free(transform->stack);
    buffer_done(&transform->scratch[0]);
    buffer_done(&transform->scratch[1]);
    buffer_done(&transform->normal);
    while (transform->first) {
        struct chunk *next = transform->first->next;
        free(transform->first);
        transform->first = next;
    }
    free(transform);
}

void transform_start(struct transform *transform)
{
    transform->chunk = transform->first;
    transform->used = 0;
}

/* The next chunk with room, made when there is none. Those that are too small wait for the next record. */
static bool next_chunk(struct transform *transform, size_t len)
{
    struct chunk **at = transform->chunk ? &transform->chunk->next : &transform->first;
    while (*at && (*at)->room < len)
        at = &(*at)->next;
    if (!*at) {
        size_t room = len > CHUNK ? len : CHUNK;
        struct chunk *made = mem_new(1, sizeof(*made) + room);
        if (!made)
            return false;
        made->room = room;
        *at = made;
    }
    transform->chunk = *at;
    transform->used = 0;
    return true;
}

const char *workspace_keep(struct transform *transform, const char *bytes, size_t len)
{
    if ((!transform->chunk || transform->chunk->room - transform->used < len) && !next_chunk(transform, len))
        return NULL;
    char *kept = transform->chunk->bytes + transform->used;
    if (len > 0)
        memcpy(kept, bytes, len);
    transform->used += len;
    return kept;
}

struct buffer *workspace_scratch(struct transform *transform)
{
    transform->turn ^= 1;
    buffer_clear(&transform->scratch[transform->turn]);
    return &transform->scratch[transform->turn];
}

bool workspace_normal(struct transform *transform, const char *bytes, size_t len, const char **ret_text,
                      size_t *ret_len)
{
    buffer_clear(&transform->normal);
    text_normalize(bytes, len, &transform->normal);
    *ret_text = transform->normal.data;
    *ret_len = transform->normal.len;
    return transform->normal.rc == 0;
}

int workspace_reject(struct rejection *ret_rejection, const char *reason, int column)
{
    *ret_rejection = (struct rejection){reason, column};
    return ERR_DATA;
}
