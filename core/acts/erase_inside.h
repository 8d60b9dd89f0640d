/* erase_inside - what the files of an erasure share: erase (the act), erase_find (what is theirs), erase_take (what
 * goes), erase_certificate (what is told of it); and retain, by which things go that are kept no longer. */
#ifndef ACTS_ERASE_INSIDE_H
#define ACTS_ERASE_INSIDE_H

#include "acts/erase.h"
#include "base/mem.h"
#include "engine/match.h"

#include <errno.h>
#include <string.h>

/* A source record of theirs. */
struct erase_record {
    struct bytes key; /* of the source table; in the arena */
    bool former;      /* its id is somebody else's now: what its source says is not about them */
};

struct erasing {
    struct erase *erase;
    struct match *match;
    struct numbers persons; /* ids: theirs, and those under which they were known before */
    uint64_t *person_list;
    size_t person_count, person_room;
    struct numbers things; /* thing_key() of all that goes */
    struct child *units;   /* all that a target may know them by, also of long ago */
    size_t unit_count, unit_room;
    struct numbers unit_keys;
    struct erase_record *records;
    size_t record_count, record_room;
    struct numbers record_keys, seeds;
    struct numbers others; /* thing_key() of whoever refers to them */
    struct entity *entity, *other;
    struct source *record;
};

/* Not 0; ids of two kinds may be the same: a period has that of its first punch. */
static inline uint64_t thing_key(enum kind kind, uint64_t id)
{
    return id << 5 | (uint64_t)kind;
}

static inline bool erasing_has(const struct numbers *set, uint64_t key)
{
    return key != 0 && set->count > 0 && numbers_get(set, key);
}

int erasing_init(struct erasing *erasing);
void erasing_done(struct erasing *erasing);

/* erase_find.c: persons, things, units, records, others; then match->erased. */
int erase_find(struct erasing *erasing, struct err *err);
/* A thing of its own, with its records and all that these make; a thing alone; all that was found so, in order. */
int erase_thing(struct erasing *erasing, const struct entity *entity, struct child thing);
int erase_root(struct erasing *erasing, struct child thing);
void erase_order(struct match *match);
/* erase_take.c: all of it goes; accounts, sources and counts are told. The same without a word that keeps the records
 * away from then on. */
int erase_take(struct erasing *erasing);
int erase_rows(struct erasing *erasing);

#endif
