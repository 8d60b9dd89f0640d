/* match_inside - what the files of a match share: match (record by record), match_person (whose a person's record is),
 * match_keys (by what they are found), match_said (what people said), match_reused (numbers that are somebody else's
 * now), match_shared (keys that two people have), match_link (clusters). */
#ifndef ENGINE_MATCH_INSIDE_H
#define ENGINE_MATCH_INSIDE_H

#include "engine/match.h"

static inline uint64_t removed_hash(uint64_t hash, uint64_t id)
{
    return (hash ^ (id * 0x9e3779b97f4a7c15u)) | 1;
}

/* --- match_keys.c --- */

/* Hash of the index key of a text under a slot; the key itself stays in match->key. */
uint64_t match_key_hash(struct match *match, enum kind kind, uint16_t slot, const char *text, size_t len);
/* Whether who had a key in the store has it no more. */
bool match_is_lost(struct match *match, enum kind kind, uint16_t slot, const char *text, size_t len, uint64_t id);
/* A record of a person, who has others too, says that key no more; when all that is known was heard: whose key is gone
 * with it. */
void match_lost_note(struct match *match, const struct match_lost *lost);
void match_lost_settle(struct match *match);
/* Records that wait for a person with this key, and things that refer to one: they come again. */
void match_wake(struct match *match, enum kind kind, struct bytes prefix);
/* What was woken is staged: not at once, because what is staged moves while something is added to it. */
void match_woken(struct match *match);
/* A record's keys find its person, or unit, from now on. */
void match_fresh_person(struct match *match, struct image image, uint64_t id, uint32_t stream);
void match_fresh_unit(struct match *match, struct image image, uint64_t id);
/* Whether a record of this run and stream is that person's. */
bool match_stands_in(const struct match *match, uint64_t id, uint32_t stream);

void match_root(struct match *match, enum kind kind, uint64_t id, uint64_t place);
/* --- match_person.c: of the record in match->record --- */

/* A linked one. */
void match_known_person(struct match *match, const struct staged *staged, uint64_t place);
/* One that is nobody's yet: a person said whose it is, or it is judged, at once or among what is pending. */
void match_new_person(struct match *match, const struct staged *staged, uint64_t place);
/* Judges what is pending. Whether any of it found its person, or became one: then others may, too. */
bool match_pending(struct match *match);
/* The rest stays undecided. */
void match_pending_settle(struct match *match);
/* What an undecided record is found by when its person comes: what it says now instead of what it said before. */
void match_waits(struct match *match, const struct staged *staged, bool waits);

/* A review about a record, for a person to decide. */
void match_review(struct match *match, struct bytes key, const char *reason, uint64_t entity, const char *text);

/* --- match_shared.c --- */

/* A known person's record says this key now; a review about one stands; when all is matched; the end.
 */
void match_shared_note(struct match *match, struct bytes key, uint64_t seed, uint64_t id, size_t rule,
                       struct bytes text);
void match_shared_again(struct match *match, const struct wait_item *item);
void match_shared_settle(struct match *match);
void match_shared_done(struct match *match);

/* --- match_said.c --- */

/* Whether a person said that the record in match->record makes nobody; what its source says anew lifts a statement that
 * was made for what it said before. */
bool match_is_out(struct match *match);
/* The record in match->record is nobody's any more: its person is looked at again without it. */
void match_leaves(struct match *match);
/* Such a record: its person, if it had one, is looked at again without it. */
void match_out(struct match *match, const struct staged *staged);

/* --- match_reused.c --- */

/* Whether match->record, which says another name and birth date than `was`, is held until a person says
 * who it is: it is in the list of what is proposed then. False: all is well, or it was said that it is the same
 * person. */
bool match_reused(struct match *match, const struct staged *staged, uint64_t place, uint64_t id, struct image was);

#endif
