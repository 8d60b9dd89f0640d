/* weave_inside - what the files of a weave share: weave (roots, one by one), weave_gather (whose records they are),
 * weave_golden (what is held to be true), weave_gate (who says a change), weave_pin (what people put above it),
 * weave_reference (whom it refers to), weave_orders (which work order is meant), weave_hours (what follows from
 * punches), weave_erase (roots that are erased), weave_index, weave_due (their rows). */
#ifndef ENGINE_WEAVE_INSIDE_H
#define ENGINE_WEAVE_INSIDE_H

#include "base/arena.h"
#include "base/mem.h"
#include "engine/weave.h"
#include "logic/merge.h"
#include "store/sorter.h"
#include "tables/census.h"
#include "tables/journal.h"

#include <errno.h>
#include <string.h>

enum { GROUPS_MAX = MEMBERS_MAX, LINKS_MAX = 4096 };

/* One source record that belongs to the root. */
struct group {
    const struct stream_name *stream;
    struct bytes id;
    bool staged;
    struct source *record; /* as it is now */
};

/* One section of a group, and the thing it speaks of. */
struct part {
    enum kind kind;
    uint64_t entity;
    uint16_t group, section;
};

/* Somebody the root refers to, or a key it waits for. */
struct link {
    bool waiting;
    enum kind kind;
    uint64_t id;
    struct bytes key; /* index key, waiting only */
};

struct links {
    struct link items[LINKS_MAX];
    size_t count;
};

/* Which of a person's records a change was noted of: those that were read before, those that are new, all. */
enum gated { GATED_NONE, GATED_KNOWN, GATED_NEW, GATED_ALL };

struct weave {
    struct match *match;
    struct txn *snapshot;
    struct changeset *changeset;
    struct sorter *refer_edits;
    struct numbers claimed; /* ids of what hangs on persons → person, when people have moved records */
    struct numbers units;   /* digest of a unit's reference → id, so that a department is looked up once */
    int64_t today;
    uint64_t sequence;
    uint32_t run;
    int64_t now_ms;
    struct weave_count count;
    struct census census;        /* who came in, less who went out */
    struct weave_orders *orders; /* work orders by their stems; NULL: nobody asked yet */
    struct weave_hours *hours;   /* of whoever's punches were touched; NULL: nobody's */
    uint64_t gated;              /* the person whose update was noted last */
    enum gated gated_of;         /* which of their records were */
    int rc;
    /* one root */
    struct arena *arena;
    enum kind kind;
    uint64_t id;
    struct group groups[GROUPS_MAX];
    size_t group_count;
    struct source *pool[GROUPS_MAX]; /* for groups[].record */
    struct part *parts;
    size_t part_count, part_room;
    struct entity *old_root, *old, *made;
    bool had_root;
    struct links *was, *is;
    struct image_maker *maker;
    struct merge_input *inputs;
    struct merge_winner *winners;
    struct buffer image, value, text, key;
    struct journal_entry entry;
    int64_t due, pin_due; /* days on which it changes by itself; INT64_MAX: none */
};

static inline void weave_fail(struct weave *weave, int rc)
{
    weave->rc = weave->rc ? weave->rc : rc;
}

static inline struct section_view *part_section(const struct weave *weave, const struct part *part)
{
    return &weave->groups[part->group].record->sections[part->section];
}

/* The records that belong to the root, staged or stored; then which of their sections speak of which thing. */
void weave_gather(struct weave *weave, const struct root *roots, size_t count);
void weave_parts(struct weave *weave);

/* Golden image of the parts [begin, end), in weave->image. Returns the number of winners. */
size_t weave_image(struct weave *weave, size_t begin, size_t end);

/* The winners of the parts [begin, end) with what people have pinned; `inputs` is how many inputs they come from.
 * Returns how many winners there are then. */
size_t weave_pins(struct weave *weave, size_t begin, size_t end, size_t inputs, size_t winners);
/* The same for the status of a person, which is worked out after all else. */
char weave_pinned_status(struct weave *weave, size_t begin, size_t end, char status);

/* What a reference is in the golden record: the id, or itself, waiting. */
struct value weave_reference(struct weave *weave, struct value value);
/* Collects whom an image refers to. */
void links_of(struct weave *weave, enum kind kind, struct image image, struct links *links);
/* Notes what is in `from` and not in `against`: added or gone. */
void links_note(struct weave *weave, const struct links *from, const struct links *against, bool add);

/* A thing that no record says, which follows from others: weave->kind and id as it is now; an image without bytes: it
 * is no more. */
void weave_derived(struct weave *weave, struct image image);

/* weave.c: a golden record goes; nothing stays of what was said in the entries of a root, from its last one back, but
 * when it was, by which run, of what; the root's entry is written. */
void weave_erase_entity(struct weave *weave, enum kind kind, uint64_t id);
void weave_erase_journal(struct weave *weave, uint64_t last);
void weave_journal(struct weave *weave);

/* weave_erase.c: all that match->erased names; whether a root is among it: then it is not woven. */
void weave_erased(struct weave *weave);
bool weave_is_erased(const struct match *match, enum kind kind, uint64_t id);

/* weave_orders.c: the root, a work order, is another one now (an image without bytes: it is no more). A
 * root is woven: it is not looked at again. Which order the root means, by the stem in weave->maker, is put there.
 * After all roots: those of before that mean another order now; the caller frees. */
void weave_order_woven(struct weave *weave, struct image image);
void weave_order_seen(struct weave *weave);
void weave_order_put(struct weave *weave);
size_t weave_orders_follow(struct weave *weave, struct root **ret_roots);
/* The order behind a digest of tenant, customer, and stem or number; 0: none yet. */
uint64_t weave_order_find(struct weave *weave, uint64_t digest);
void weave_orders_done(struct weave *weave);

/* weave_hours.c: a punch was woven (weave->old_root: as it was); after all roots what follows. */
void weave_hours_punch(struct weave *weave, const struct entity *made);
void weave_hours(struct weave *weave);
void weave_hours_done(struct weave *weave);

/* A golden value of a known person is another now: noted for each record that says so. */
void weave_gate(struct weave *weave, enum kind kind, uint16_t field, struct value old, struct value new);

/* The root's rows of the index. */
void weave_index(struct weave *weave);
/* After all roots: rows that no rule asks for any more go. */
void index_sweep(struct match *match);
/* The rows for the days on which something of the root changes by itself: weave->due, weave->pin_due. */
void weave_due_rows(struct weave *weave);
/* No date brings those who are erased. */
void weave_due_erase(struct weave *weave);
/* The root of that kind and id is looked at once more by the first run from then on. */
void weave_due_at(struct weave *weave, enum kind kind, uint64_t id, int64_t at_ms);

#endif
