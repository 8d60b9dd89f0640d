/* paths - the names of nested values, made once for a whole file.
 *
 * Reads member names and numbers of elements, writes names like
 * "emails[0].value" and remembers which column each has. */
#include "table_parts.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define STEPS_MAX ((size_t)MUSTER_TABLE_NAMES)
#define DEEP_STEPS_MAX (STEPS_MAX / 4 * 3) /* so that a list full of things cannot crowd out a row's own members */
#define KEY_MAX 1000
#define NAME_MAX_BYTES 4000
#define SLOTS 8192

muster_rc muster_paths_init(struct muster_paths *paths)
{
    *paths = (struct muster_paths){.slot_count = SLOTS};
    paths->slots = calloc(SLOTS, sizeof(*paths->slots));
    paths->steps = calloc(64, sizeof(*paths->steps));
    char *name = strdup("");
    if (!paths->slots || !paths->steps || !name) {
        free(name);
        return MUSTER_FAIL;
    }
    paths->room = 64;
    paths->count = 1;
    paths->steps[0] = (struct muster_path){.name = name, .column = UINT32_MAX};
    return MUSTER_OK;
}

void muster_paths_done(struct muster_paths *paths)
{
    for (size_t n = 0; n < paths->count; n++) {
        free(paths->steps[n].name);
        free(paths->steps[n].key);
    }
    free(paths->steps);
    free(paths->slots);
    free(paths->names); /* they are the steps' */
    free(paths->rows);
    *paths = (struct muster_paths){0};
}

void muster_paths_row(struct muster_paths *paths)
{
    paths->row++;
}

static uint32_t step_hash(uint32_t parent, enum muster_step kind, const void *key, size_t len)
{
    const unsigned char *bytes = key;
    uint32_t hash = 2166136261u ^ (parent * 2654435761u) ^ (uint32_t)kind;
    for (size_t n = 0; n < len; n++)
        hash = (hash ^ bytes[n]) * 16777619u;
    return hash ^ hash >> 15;
}

static bool step_is(const struct muster_path *step, uint32_t parent, enum muster_step kind, const void *key, size_t len)
{
    return step->parent == parent && step->kind == kind && step->key_len == len && memcmp(step->key, key, len) == 0;
}

/* "address" and "city": "address.city"; "emails" and 0: "emails[0]". */
static char *step_name(const struct muster_path *parent, enum muster_step kind, const void *key, size_t len)
{
    char *name = NULL;
    uint32_t index = 0;
    int made;
    if (kind == STEP_INDEX)
        memcpy(&index, key, sizeof(index));
    if (kind == STEP_INDEX)
        made = asprintf(&name, "%s[%u]", parent->name, index);
    else
        made = asprintf(&name, "%s%s%.*s", parent->name, *parent->name ? "." : "", (int)len, (const char *)key);
    return made < 0 ? NULL : name;
}

static bool step_room(struct muster_paths *paths)
{
    if (paths->count < paths->room)
        return true;
    struct muster_path *bigger = realloc(paths->steps, paths->room * 2 * sizeof(*bigger));
    if (!bigger)
        return false;
    paths->steps = bigger;
    paths->room *= 2;
    return true;
}

static bool key_plain(enum muster_step kind, const char *key, size_t len)
{
    bool plain = kind == STEP_MEMBER;
    for (size_t n = 0; n < len; n++)
        plain &= (unsigned char)key[n] >= ' ' && key[n] != '"' && key[n] != '\\';
    return plain;
}

/* A step that was never seen before. */
static uint32_t step_add(struct muster_paths *paths, uint32_t parent, enum muster_step kind, const void *key,
                         size_t len)
{
    /* The second of two elements stands beside the first, an array's element below it: both one deeper is fine. */
    uint32_t depth = paths->steps[parent].depth + 1;
    uint32_t index = 0;
    if (kind == STEP_INDEX)
        memcpy(&index, key, sizeof(index));
    if (depth > MUSTER_PATH_DEPTH || index >= MUSTER_PATH_INDEX)
        return MUSTER_NO_PATH;
    if (paths->count > (depth == 1 ? STEPS_MAX : DEEP_STEPS_MAX) || len > KEY_MAX ||
        strlen(paths->steps[parent].name) + len > NAME_MAX_BYTES) {
        paths->over = true;
        return MUSTER_NO_PATH;
    }
    char *copy = calloc(1, len + 16), *name = step_name(&paths->steps[parent], kind, key, len);
    if (!copy || !name || !step_room(paths)) {
        free(copy);
        free(name);
        paths->rc = MUSTER_FAIL;
        return MUSTER_NO_PATH;
    }
    if (len > 0)
        memcpy(copy, key, len);
    paths->steps[paths->count] = (struct muster_path){.name = name,
                                                      .key = copy,
                                                      .key_len = (uint32_t)len,
                                                      .parent = parent,
                                                      .depth = depth,
                                                      .kind = kind,
                                                      .plain = key_plain(kind, key, len),
                                                      .column = UINT32_MAX};
    return (uint32_t)paths->count++;
}

static uint32_t step_find(struct muster_paths *paths, uint32_t parent, enum muster_step kind, const void *key,
                          size_t len)
{
    size_t slot = step_hash(parent, kind, key, len) & (paths->slot_count - 1);
    for (; paths->slots[slot] != 0; slot = (slot + 1) & (paths->slot_count - 1))
        if (step_is(&paths->steps[paths->slots[slot]], parent, kind, key, len))
            return paths->slots[slot];
    uint32_t step = step_add(paths, parent, kind, key, len);
    if (step != MUSTER_NO_PATH)
        paths->slots[slot] = step;
    return step;
}

uint32_t muster_paths_step(struct muster_paths *paths, uint32_t parent, uint32_t after, enum muster_step kind,
                           const void *key, size_t len)
{
    if (parent == MUSTER_NO_PATH)
        return MUSTER_NO_PATH;
    uint32_t likely = after == MUSTER_NO_PATH ? paths->steps[parent].first : paths->steps[after].next;
    if (likely != 0 && step_is(&paths->steps[likely], parent, kind, key, len))
        return likely;
    uint32_t step = step_find(paths, parent, kind, key, len);
    if (step == MUSTER_NO_PATH)
        return step;
    if (after == MUSTER_NO_PATH)
        paths->steps[parent].first = step;
    else
        paths->steps[after].next = step;
    return step;
}

uint32_t muster_paths_nth(struct muster_paths *paths, uint32_t step)
{
    struct muster_path *path = &paths->steps[step];
    path->times = path->row == paths->row ? path->times + 1 : 0;
    path->row = paths->row;
    return path->times;
}

uint32_t muster_paths_depth(const struct muster_paths *paths, uint32_t step)
{
    return paths->steps[step].depth;
}

/* Two ways may lead to one name: {"a.b": 1} and {"a": {"b": 1}}. */
static uint32_t column_named(struct muster_paths *paths, const struct muster_path *step)
{
    for (size_t n = 0; n < paths->name_count; n++)
        if (strcmp(paths->names[n], step->name) == 0)
            return (uint32_t)n;
    if (paths->name_count == paths->name_room) {
        size_t room = paths->name_room ? paths->name_room * 2 : 64;
        char **names = realloc(paths->names, room * sizeof(*names));
        if (names)
            paths->names = names;
        uint64_t *rows = names ? realloc(paths->rows, room * sizeof(*rows)) : NULL;
        if (!rows) {
            paths->rc = MUSTER_FAIL;
            return UINT32_MAX;
        }
        paths->rows = rows;
        paths->name_room = room;
    }
    paths->names[paths->name_count] = step->name;
    paths->rows[paths->name_count] = 0;
    return (uint32_t)paths->name_count++;
}

uint32_t muster_paths_column(struct muster_paths *paths, uint32_t step, bool *ret_again)
{
    *ret_again = false;
    if (step == MUSTER_NO_PATH)
        return UINT32_MAX;
    struct muster_path *path = &paths->steps[step];
    if (path->column == UINT32_MAX)
        path->column = column_named(paths, path);
    if (path->column == UINT32_MAX)
        return UINT32_MAX;
    *ret_again = paths->rows[path->column] == paths->row;
    paths->rows[path->column] = paths->row;
    return path->column;
}

void muster_path_pointer(const char *name, char *ret_pointer, size_t room)
{
    size_t len = 0;
    if (*name && *name != '[' && len + 1 < room)
        ret_pointer[len++] = '/';
    for (; *name && len + 1 < room; name++)
        if (*name != ']')
            ret_pointer[len++] = *name == '.' || *name == '[' ? '/' : *name;
    ret_pointer[len] = '\0';
}
