/* listing - the files that match a place, and a few that do not, for the sentence when there is none. */
#ifndef BROKER_LISTING_H
#define BROKER_LISTING_H

#include "base/arena.h"
#include "broker/file.h"
#include "broker/ignore.h"
#include "broker/place.h"

enum { LISTING_MAX = 100 * 1000, LISTING_NAMED = 3, LISTING_IGNORED = 100 };

struct listing {
    struct arena *arena; /* names of all lists: they live as long as the files they name */
    struct file_entry *entries;
    size_t count, room;
    size_t others; /* regular files that do not match */
    char *named[LISTING_NAMED];
    struct ignore ignore;
    struct file_entry *ignored; /* that match, but by their names are not to be taken: LISTING_IGNORED at most */
    size_t ignored_count, ignored_room;
};

void listing_clear(struct listing *listing); /* forgets the entries; their names live on */
void listing_done(struct listing *listing);

/* One that matches; of a pattern or a folder those to be ignored are put aside. ERR_LIMIT after LISTING_MAX. */
int listing_add(struct listing *listing, const struct place *place, const char *folder, const char *name, uint64_t size,
                int64_t mtime_ms, struct err *err);
/* One that does not. */
void listing_other(struct listing *listing, const char *name);
/* Newest first, then by name descending. None is ERR_GONE with a sentence that says what there is. */
int listing_end(struct listing *listing, const struct place *place, const char *folder, struct err *err);

#endif
