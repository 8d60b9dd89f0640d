/* wait - what waits for a person: dead letters, held changes, reviews, header drift. One writer, one id space.
 *
 * A run collects items; at its end they are compared with what waited before
 * for the same pull: an item that is found again keeps its number (d17), one
 * that is not found again is settled and goes. */
#ifndef TABLES_WAIT_H
#define TABLES_WAIT_H

#include "base/arena.h"
#include "base/numbers.h"
#include "store/changeset.h"

enum wait_type { WAIT_DEAD = 'd', WAIT_HELD = 'h', WAIT_REVIEW = 'r', WAIT_DRIFT = 'c', WAIT_TASK = 't' };

struct wait_item {
    enum wait_type type;
    uint32_t stream;    /* number of (connection, partition, stream) */
    const char *id;     /* source id; NULL: the row has none */
    const char *place;  /* "Employees!C17"; NULL: none */
    const char *reason; /* stable code, see reason.def */
    const char *field;  /* "person.hired_on"; NULL: the whole record */
    const char *text;   /* what stood there, or the sentence; never a protected value; NULL: none */
    const char *offer;  /* of a missing column: the one that it may be now; NULL: none */
    uint64_t entity;    /* whom it is about; 0: nobody yet */
    bool other; /* of a held change: not the one that waited in this place before; it gets a number of its own */
    /* told by the store */
    uint64_t number;
    uint32_t run; /* that saw it last */
    int64_t since_ms;
};

struct wait_list {
    struct arena *arena;
    struct wait_item *items;
    size_t count, room;
    int rc;
};

int wait_list_init(struct wait_list *list);
void wait_list_done(struct wait_list *list);
/* Copies texts into the list. Sticky: the first failure stays in list->rc. */
void wait_add(struct wait_list *list, const struct wait_item *item);
/* How many of a type there are. */
size_t wait_list_count(const struct wait_list *list, enum wait_type type);
/* Forgets what was added behind the first so many. */
void wait_cut(struct wait_list *list, size_t count);

/* Forgets those that are not to be kept; the others stay in their order. */
void wait_keep(struct wait_list *list, bool (*keeps)(void *context, const struct wait_item *item), void *context);

/* One run's settling, over all its streams. */
struct wait_settling {
    struct txn *txn;
    struct changeset *changeset;
    uint32_t run;
    int64_t now_ms;
    uint64_t last_number; /* starts as meta_number("wait"); wait_settled() keeps it */
    /* hold_record() of those that a pull showed which is not all there is: what waited because of them is looked at
     * anew; NULL: none */
    const struct numbers *seen;
    const struct numbers *hours; /* persons whose hours were worked out anew; NULL: nobody's */
    /* What is held of the stream no longer, because something else was read; NULL: nobody asks */
    struct ledger_instead *instead;
};
/* Compares the list with what waits in the store for one stream, and puts the differences into the changeset. What is
 * not in the list goes when `all` is known; else only what is about records that were seen, and reviews about who is
 * who, which every run finds anew. Items of other streams are passed over. */
int wait_settle(struct wait_settling *settling, struct wait_list *list, uint32_t stream, bool all);
void wait_settled(struct wait_settling *settling);

/* The stored item that is the same as `like` (type, stream, id, reason, field; place without an id); texts in the
 * arena. */
bool wait_find(struct txn *txn, const struct wait_item *like, struct arena *arena, struct wait_item *ret_item);
/* The stored item with this number. Returns 0, ERR_GONE (there is none), or what failed. */
int wait_numbered(struct txn *txn, enum wait_type type, uint64_t number, struct arena *arena,
                  struct wait_item *ret_item);
/* How many of a type wait for one stream. */
uint64_t wait_count(struct txn *txn, enum wait_type type, uint32_t stream);
/* How many of a type wait in all; how many of them have a number above `after`, with the first of those. */
enum { WAIT_TALLY_FIRST = 8 };
struct wait_tally {
    uint64_t count, newer, newest;
    uint64_t first[WAIT_TALLY_FIRST]; /* ascending */
};
int wait_tally(struct txn *txn, enum wait_type type, uint64_t after, struct wait_tally *ret_tally);
/* It was decided: it waits no longer. Or it waits with other words, under its number. */
int wait_remove(struct txn *txn, struct changeset *changeset, const struct wait_item *item);
int wait_reword(struct txn *txn, struct changeset *changeset, const struct wait_item *item);
/* Reads one row of the table; texts point into it or into the arena. */
bool wait_read(struct bytes key, struct bytes value, struct arena *arena, struct wait_item *ret_item);

#endif
