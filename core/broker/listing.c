/* listing - the files that match a place. */
#include "broker/listing.h"

#include "base/mem.h"

#include <errno.h>
#include <string.h>

void listing_clear(struct listing *listing)
{
    listing->count = 0;
    listing->ignored_count = 0;
    listing->others = 0;
    for (int i = 0; i < LISTING_NAMED; i++) {
        free(listing->named[i]);
        listing->named[i] = NULL;
    }
}

void listing_done(struct listing *listing)
{
    listing_clear(listing);
    free(listing->entries);
    free(listing->ignored);
    ignore_done(&listing->ignore);
    arena_free(listing->arena);
    *listing = (struct listing){0};
}

int listing_add(struct listing *listing, const struct place *place, const char *folder, const char *name, uint64_t size,
                int64_t mtime_ms, struct err *err)
{
    enum ignored ignored = place->pattern || !*place->last ? ignore_hits(&listing->ignore, name) : IGNORED_NOT;
    if (ignored != IGNORED_NOT)
        listing_other(listing, name);
    if (ignored == IGNORED_COMPANION || (ignored == IGNORED_UPLOAD && listing->ignored_count == LISTING_IGNORED))
        return 0;
    if (listing->count == LISTING_MAX)
        return err_set(err, ERR_LIMIT,
                       "more than %d files match '%s' in %s: write a pattern that fits fewer, or move old files away",
                       LISTING_MAX, *place->last ? place->last : "*", folder);
    __attribute__((cleanup(buffer_done))) struct buffer whole = {0};
    place_write(place, folder, name, &whole);
    if (!listing->arena)
        listing->arena = arena_new();
    char *kept = whole.rc == 0 && listing->arena ? arena_copy(listing->arena, whole.data, whole.len) : NULL;
    struct file_entry **entries = ignored ? &listing->ignored : &listing->entries;
    size_t *count = ignored ? &listing->ignored_count : &listing->count;
    if (!kept ||
        mem_grow(entries, *count, ignored ? &listing->ignored_room : &listing->room, sizeof(struct file_entry)) < 0)
        return err_set(err, -ENOMEM, "%s", err_text(-ENOMEM));
    (*entries)[(*count)++] = (struct file_entry){.name = kept, .size = size, .mtime_ms = mtime_ms};
    return 0;
}

void listing_other(struct listing *listing, const char *name)
{
    if (name[0] == '.')
        return;
    if (listing->others++ >= LISTING_NAMED)
        return;
    char *kept = mem_copy(name, strnlen(name, 80));
    for (char *c = kept; c && *c; c++)
        if ((unsigned char)*c < 0x20 || *c == 0x7f)
            *c = '?'; /* a stranger's name must not talk to a terminal */
    listing->named[listing->others - 1] = kept;
}

static int newest_first(const void *a_item, const void *b_item)
{
    const struct file_entry *a = a_item, *b = b_item;
    if (a->mtime_ms != b->mtime_ms)
        return a->mtime_ms < b->mtime_ms ? 1 : -1;
    return strcmp(b->name, a->name);
}

int listing_end(struct listing *listing, const struct place *place, const char *folder, struct err *err)
{
    if (listing->count > 0) {
        qsort(listing->entries, listing->count, sizeof(listing->entries[0]), newest_first);
        return 0;
    }
    __attribute__((cleanup(buffer_done))) struct buffer there = {0};
    if (listing->others == 0)
        buffer_text(&there, "the folder holds no files");
    else
        buffer_format(&there, "the folder holds %zu file%s: ", listing->others, listing->others == 1 ? "" : "s");
    for (size_t i = 0; i < LISTING_NAMED && i < listing->others; i++)
        buffer_format(&there, "%s%s", i > 0 ? ", " : "", listing->named[i] ? listing->named[i] : "?");
    if (listing->others > LISTING_NAMED)
        buffer_text(&there, ", …");
    char where[300];
    return err_set(err, ERR_GONE, "no file matches %s in %s%s (%s)", *place->last ? place->last : "*", folder,
                   place_where(place, where, sizeof(where)), there.rc == 0 ? there.data : err_text(there.rc));
}
