/* remnants - what deleted rows leave behind in the data file, and how it is wiped.
 *
 * LMDB writes nothing in place: a row that is deleted stands on in the page
 * that was free from then on, in the gap of the page that it was taken out of,
 * and as a key that leads to its neighbours. Once somebody is erased, nothing
 * of them may be found there.
 *
 * So each table is written anew, row after row into new pages, in one
 * transaction: nobody sees a difference, and whatever dies in between leaves a
 * whole store. Then all pages that hold nothing are made zeros where they lie,
 * which gives their room back to the disk. It is the same file, so nobody has
 * to close it: readers are waited for that still look at what stood there
 * before, and processes that had such rows in hand themselves begin with new
 * buffers when they write next (txn.c).
 *
 * The file reads as zeros there; what a file system, or a disk, keeps beneath is
 * not ours to promise. What came in and waits lies sealed (inbox.h); a backup is
 * a file of its own. */
#ifndef STORE_REMNANTS_H
#define STORE_REMNANTS_H

#include "store/store.h"

/* A counter in `meta` that is not 0 while something must be wiped. Who deletes rows for good sets it in the same
 * transaction, so that it is not forgotten, whatever dies in between. */
#define REMNANTS_LEFT "remnants"

bool remnants_left(struct txn *txn);

/* Wipes the file and takes the mark away. Call with run.lock held, and while no transaction of this process is open.
 * For a moment it needs room for all rows once more, and memory for those of the largest table (at most half a
 * gigabyte). Returns 0, or a code with a sentence: ERR_BUSY (somebody reads for longer than half a minute), -ENOSPC,
 * ERR_CORRUPT (the file is not what we take it for: no page was wiped). Whatever fails, no row is another, and it may
 * be tried again. */
int remnants_wipe(struct store *store, struct err *err);

#endif
