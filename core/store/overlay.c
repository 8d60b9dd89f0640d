/* overlay - a store as it would be if a changeset were applied. */
#include "store/overlay.h"

#include "base/arena.h"
#include "base/digest.h"
#include "base/mem.h"
#include "base/numbers.h"
#include "store/changeset_inside.h"

#include <errno.h>
#include <string.h>

struct overlay {
    struct changeset *changeset;
    struct arena *arena;
    struct numbers places[TABLE_COUNT]; /* digest of a key → where its row stands, + 1; made when first asked */
    bool placed[TABLE_COUNT];
};

int overlay_new(struct changeset *changeset, struct overlay **ret_overlay)
{
    struct overlay *overlay TIDY(overlay_free) = mem_new(1, sizeof(*overlay));
    if (!overlay || !(overlay->arena = arena_new()))
        return -ENOMEM;
    overlay->changeset = changeset;
    *ret_overlay = TAKE(overlay);
    return 0;
}

void overlay_free(struct overlay *overlay)
{
    if (!overlay)
        return;
    for (int table = 0; table < TABLE_COUNT; table++)
        numbers_done(&overlay->places[table]);
    arena_free(overlay->arena);
    free(overlay);
}

void overlay_clear(struct overlay *overlay)
{
    arena_clear(overlay->arena);
}

static uint64_t key_digest(struct bytes key)
{
    uint64_t digest = digest_fast(key.data, key.len);
    return digest ? digest : 1;
}

static int place_note(void *context, struct bytes key, uint64_t place)
{
    return numbers_set(context, key_digest(key), place + 1);
}

int overlay_get(struct overlay *overlay, enum table table, struct bytes key, struct bytes *ret_value)
{
    struct sorter *sorter = overlay->changeset->tables[table];
    struct bytes found, row;
    int rc = 0;
    if (sorter_count(sorter) == 0)
        return 0;
    if (!overlay->placed[table])
        rc = sorter_places(sorter, place_note, &overlay->places[table]);
    overlay->placed[table] = rc == 0;
    const uint64_t *place = rc == 0 ? numbers_get(&overlay->places[table], key_digest(key)) : NULL;
    if (!place)
        return rc;
    rc = sorter_at(sorter, *place - 1, overlay->arena, &found, &row);
    if (rc == 0 && !row_valid(found, row))
        rc = ERR_CORRUPT;
    if (rc != 0)
        return rc;
    if (found.len != key.len || memcmp(found.data, key.data, key.len) != 0)
        return 0; /* another key with the same digest */
    const uint8_t *at = row.data;
    *ret_value = at[0] == OP_DELETE ? bytes(NULL, 0) : bytes(at + ROW_HEAD, row.len - ROW_HEAD);
    return 1;
}
