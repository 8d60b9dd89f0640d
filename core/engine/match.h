/* match - which person (or unit) each changed record belongs to.
 *
 * Reads staged records, statements and the index; decides by the
 * organization's rules, the first rule with exactly one candidate. A match is
 * a statement, sticky until withdrawn. Ambiguity is a review for a person,
 * never a guess; an unknown person from a source that does not decide who
 * exists is counted, not created. Writes statements, the staged records with
 * their situation, and the list of roots that must be merged again. */
#ifndef ENGINE_MATCH_H
#define ENGINE_MATCH_H

#include "base/numbers.h"
#include "base/zone.h"
#include "engine/gate.h"
#include "engine/stage.h"
#include "tables/entity.h"
#include "tables/slot.h"
#include "tables/statement.h"
#include "tables/streams.h"

/* What is erased in this run: a root, or a thing that hangs on one. */
struct erased_thing {
    struct child root, thing;
};

struct match_count {
    uint64_t linked, created, not_owner, disputed, reused;
};

/* A key that a record of a known person says, by one of the matching rules: does somebody else have it, too? */
struct match_shared {
    struct bytes key, text; /* of the source table; normalized, under the rule's slot */
    uint64_t seed, id;
    size_t rule;
};

/* What the rules say of a record. */
struct judgement {
    enum situation situation;
    uint64_t entity; /* to link with; 0: none */
    unsigned rule;   /* from 1 */
    const char *reason;
};

/* A record of which they could not say whose it is, so far. */
struct pending {
    uint64_t seed, place; /* in the pile */
    struct judgement verdict;
};

/* A key that a record of a person with several says no more: do the others say it? */
struct match_lost {
    uint64_t hash, id;    /* of the index key, of the person */
    uint64_t seed, place; /* of the record */
    size_t slot;
};

struct match {
    const struct organization *organization;
    struct streams *streams;
    const struct slots *slots;
    const struct zone *zone; /* of the organization; NULL: UTC */
    struct txn *snapshot;
    struct stage *stage;
    struct changeset *changeset;
    struct wait_list *waits;
    struct gates *gates; /* that see what passes; NULL: nobody looks */
    struct root *roots;
    size_t root_count, root_room;
    struct match_count count;
    /* in this run: index key → entity, seed → entity, ids that are leaving, index keys that are no longer true */
    struct numbers fresh, fresh_stream, links, leaving, removed, grown;
    struct statements statements;
    struct numbers undecided; /* seeds of records that only a person's withdrawn word had linked */
    struct numbers restored;  /* seeds of records that were somebody's when a person's withdrawn word took them out */
    bool touched;             /* persons were touched: records may go from one to another */
    struct numbers out;       /* seeds of records that are nobody's any more */
    struct numbers moved;     /* seeds of records that stand elsewhere now: what is stored under them does not count */
    struct numbers hours;     /* persons whose hours were worked out anew */
    struct erased_thing *erased; /* what is erased in this run, in the order of roots */
    size_t erased_count, erased_room;
    bool outlived;          /* it goes because it is kept no longer: nobody asked for it */
    bool reindex;           /* the rules have changed, and there are rows that were made by others */
    struct numbers indexed; /* then: digests of all rows of the index that there should be */
    bool everything;        /* the rules have changed: every root is merged again, every index row checked */
    struct bytes *woken;    /* keys of records that waited for a key that has come, in the snapshot */
    size_t woken_count, woken_room;
    struct pending *pending;
    size_t pending_count, pending_room;
    struct match_shared *shared;
    size_t shared_count, shared_room;
    struct match_lost *lost;
    size_t lost_count, lost_room;
    bool has_index, has_waiting_records, has_waiting_refs;
    /* scratch */
    struct buffer text, key;
    struct source record, other;
    struct entity *entity;
    int rc;
};

/* No id: more than one has the key. */
#define MATCH_SEVERAL UINT64_MAX
/* So many of those who have one key are told apart. */
enum { CANDIDATES_MAX = 16 };

int match_init(struct match *match);
void match_done(struct match *match);

/* The first failure counts. */
static inline void match_fail(struct match *match, int rc)
{
    match->rc = match->rc ? match->rc : rc;
}

/* All staged records, in their order. `left` are the records of this run that nobody saw, also held ones: they do not
 * stand in the way of a record that takes their place. */
int match_run(struct match *match, const struct stage_missing *left, size_t left_count);

/* Adds all persons and units there are to the roots. */
int match_everything(struct match *match);

/* A person and all their records come again, because a statement about them was made or withdrawn; so does who refers
 * to them. Nothing happens when there is no such person. */
void match_touch_person(struct match *match, uint64_t id);

/* A person is erased: nobody is known by their keys any more, who refers to them is looked at again. */
void match_forget_person(struct match *match, uint64_t id);

/* All persons that any link, also one that does not count now, has to do with a seed: of a record, or an employment. */
void match_touch_cluster(struct match *match, uint64_t seed);

/* The entity of a seed: the lowest seed of its cluster. */
uint64_t match_resolve(struct match *match, uint64_t seed);
/* Whether a record of that seed, which the entity had, is another's or nobody's now: only people move records. */
bool match_left(struct match *match, uint64_t id, uint64_t seed);

/* States that two seeds are the same thing, and gives its id: the lower one, or that of `other` when the seed
 * `follows`. `rule` from 1; 0: by kind's own rule. `late`: see struct statement. */
uint64_t match_link(struct match *match, uint64_t seed, uint64_t other, unsigned rule, bool follows, bool late);
/* Who has this index key now: an id, 0 for nobody, MATCH_SEVERAL. */
uint64_t match_find(struct match *match, enum kind kind, uint16_t slot, const char *text, size_t len);

/* Who has a key, in the store and in this run; at most `most`. */
size_t match_candidates(struct match *match, enum kind kind, uint16_t slot, const char *text, size_t len,
                        uint64_t *ret_ids, size_t most);
/* Takes out the candidates with whom a person said that this record is never to be linked. Returns how many stay. */
size_t match_apart(struct match *match, uint64_t seed, uint64_t *ids, size_t count);

/* Rows of the index for records that wait for their person. */
#define KIND_WAITING(k) ((enum kind)((k) | 0x80))

#endif
