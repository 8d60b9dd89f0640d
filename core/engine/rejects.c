/* rejects - rows that were not taken, as their source has them. */
#include "engine/rejects.h"

#include "base/arena.h"
#include "base/digest.h"
#include "base/mem.h"
#include "base/numbers.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

struct rejects {
    struct arena *arena;
    const char **names;
    size_t name_count, name_room;
    struct rejected *rows;
    size_t count, room, bytes;
    struct numbers by_record, by_place; /* digest of the text → position + 1 */
    int rc;
};

int rejects_new(struct rejects **ret_rejects)
{
    TIDY(rejects_free) struct rejects *rejects = mem_new(1, sizeof(*rejects));
    if (!rejects || !(rejects->arena = arena_new()))
        return -ENOMEM;
    *ret_rejects = TAKE(rejects);
    return 0;
}

void rejects_free(struct rejects *rejects)
{
    if (!rejects)
        return;
    arena_free(rejects->arena);
    free(rejects->names);
    free(rejects->rows);
    numbers_done(&rejects->by_record);
    numbers_done(&rejects->by_place);
    free(rejects);
}

static uint64_t text_digest(const char *text)
{
    return digest_fast(text, strlen(text)) | 1;
}

/* The source may name more columns while records come. */
static int names_keep(struct rejects *rejects, const struct lane_stream *stream)
{
    while (rejects->name_count < stream->count) {
        int rc = mem_grow(&rejects->names, rejects->name_count, &rejects->name_room, sizeof(*rejects->names));
        const char *name = rc == 0 ? arena_text(rejects->arena, stream->names[rejects->name_count]) : NULL;
        if (!name)
            return -ENOMEM;
        rejects->names[rejects->name_count++] = name;
    }
    return 0;
}

static int cells_keep(struct rejects *rejects, const struct lane_record *record, struct rejected *ret_row)
{
    size_t count = rejects->name_count;
    struct lane_cell *cells = arena_get(rejects->arena, (count + 1) * sizeof(*cells));
    if (!cells)
        return -ENOMEM;
    memset(cells, 0, (count + 1) * sizeof(*cells));
    for (size_t n = 0; n < record->count; n++) {
        const struct lane_value *value = &record->values[n];
        const char *kept = value->len ? arena_copy(rejects->arena, value->bytes, value->len) : "";
        if (!kept)
            return -ENOMEM;
        if (value->column < count)
            cells[value->column] = (struct lane_cell){value->presence, false, value->len, kept};
        rejects->bytes += value->len;
    }
    *ret_row = (struct rejected){cells, count};
    return 0;
}

static int record_keep(struct rejects *rejects, const struct lane_record *record, size_t *ret_at)
{
    uint64_t digest = text_digest(record->place);
    const uint64_t *there = numbers_get(&rejects->by_record, digest);
    if (there) {
        *ret_at = *there;
        return 0;
    }
    *ret_at = 0;
    if (rejects->count >= REJECTS_ROWS || rejects->bytes >= REJECTS_BYTES)
        return 0;
    int rc = names_keep(rejects, record->stream);
    if (rc == 0)
        rc = mem_grow(&rejects->rows, rejects->count, &rejects->room, sizeof(*rejects->rows));
    if (rc == 0)
        rc = cells_keep(rejects, record, &rejects->rows[rejects->count]);
    if (rc == 0)
        rc = numbers_set(&rejects->by_record, digest, ++rejects->count);
    *ret_at = rejects->count;
    return rc;
}

void rejects_keep(struct rejects *rejects, const struct lane_record *record, const char *place)
{
    size_t at = 0;
    if (rejects->rc == 0)
        rejects->rc = record_keep(rejects, record, &at);
    if (rejects->rc == 0 && at > 0)
        rejects->rc = numbers_set(&rejects->by_place, text_digest(place), at);
}

int rejects_rc(const struct rejects *rejects)
{
    return rejects->rc;
}

const char *const *rejects_columns(const struct rejects *rejects, size_t *ret_count)
{
    *ret_count = rejects->name_count;
    return rejects->names;
}

size_t rejects_find(const struct rejects *rejects, const char *place)
{
    const uint64_t *at = numbers_get(&rejects->by_place, text_digest(place));
    return at ? (size_t)*at : 0;
}

size_t rejects_count(const struct rejects *rejects)
{
    return rejects->count;
}

struct rejected rejects_nth(const struct rejects *rejects, size_t nth)
{
    return rejects->rows[nth - 1];
}
