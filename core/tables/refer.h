/* refer - who refers to whom, and who waits for somebody not known yet.
 *
 * Rows: REFER_TO, target kind and id → up to LIST_MAX roots that refer to it, each u8 kind, u64 id big-endian; where
 * there are more, REFER_TO, target kind and id, root kind, root id >> 9 → 512 bits, one per root; REFER_WAITING, index
 * key of what is waited for, root kind and id → nothing. A root is the person (or thing) that is merged as a whole. A
 * manager of ten is one row, a department of a thousand few; neither is written anew for each of them. */
#ifndef TABLES_REFER_H
#define TABLES_REFER_H

#include "store/changeset.h"
#include "store/sorter.h"
#include "tables/entity.h"

enum { REFER_TO = 1, REFER_WAITING = 2 };

/* Adds everything that refers to the target to the list of roots. */
int refer_each(struct txn *txn, enum kind kind, uint64_t id, struct root **roots, size_t *count, size_t *room);

/* Notes that a root begins or ends to refer; `edits` collects them until refer_write(). */
int refer_note(struct sorter *edits, enum kind target_kind, uint64_t target, enum kind root_kind, uint64_t root,
               bool add);
int refer_note_waiting(struct sorter *edits, struct bytes index_key, enum kind root_kind, uint64_t root, bool add);
/* Turns the notes into rows of the changeset. */
int refer_write(struct sorter *edits, struct txn *snapshot, struct changeset *changeset);

#endif
