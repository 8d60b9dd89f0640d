/* weave - the golden records of everything that a run touched, out of all their source records.
 *
 * For each root (a person with employments, absences, pay; a unit; a thing of
 * its own) gathers the records that belong to it, staged or stored, lets merge
 * decide, resolves references, compares with what was held to be true, and
 * puts the differences into the changeset: entity, index, journal, due rows;
 * references through refer. */
#ifndef ENGINE_WEAVE_H
#define ENGINE_WEAVE_H

#include "engine/match.h"

struct weave_count {
    uint64_t created, updated, unchanged, deactivated, reactivated; /* persons */
    uint64_t others;                                                /* units and things of their own that changed */
    uint64_t retired; /* persons whose records all went to others, by a person's word */
};

/* Adds to the roots what a date brings: everything due up to today, whose rows go. */
int weave_due(struct match *match, int64_t today, int64_t now_ms);
/* Whether a row of `due` has come: its day, and the instant that its value may say. */
bool weave_is_due(const struct cursor *cursor, int64_t today, int64_t now_ms);
/* All roots of the match, sorted here. Raises `meta.sequence`. */
int weave_run(struct match *match, int64_t today, const char *scratch_dir, struct weave_count *ret_count);

/* For retain: an entry as it stands from now on, with what came before it kept no longer; no bytes: it goes. */
void weave_journal_keep(struct txn *txn, uint64_t sequence, struct bytes entry);

/* The field that says on which person a thing of the kind hangs; 0: none. */
uint16_t weave_owner_field(enum kind kind);

/* Rows of the index by which an undecided record is found when its person comes: those of `was` go, those of `is` come
 * (an image without bytes: none). */
void index_waiting(struct match *match, struct bytes record_key, uint64_t seed, struct image was, struct image is);

#endif
