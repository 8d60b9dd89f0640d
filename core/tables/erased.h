/* erased - records of people who were erased: passed over whenever their source says them, until that is withdrawn.
 *
 * What is known of such a record is a keyed digest of its key, the subject of a
 * statement: who has the organization's key can say of an id whether it was
 * erased; nobody can tell the ids from the store. The statements are those of
 * erase.h. */
#ifndef TABLES_ERASED_H
#define TABLES_ERASED_H

#include "base/buffer.h"
#include "base/numbers.h"
#include "store/vault.h"
#include "tables/statement.h"

/* The subject that stands for a record; `key` as in the source table. It has SUBJECT_DIGEST. */
uint64_t erased_subject(const struct vault *vault, struct bytes key);
/* All subjects that stand. Costs a look at one counter where nobody was ever erased. */
int erased_load(struct store *store, struct numbers *ret_subjects);
/* The statement that stands about a record; false: none. Texts point into the snapshot. A person's records have one
 * each, and only the first is told: its number is in it. */
bool erased_about(struct txn *txn, const struct vault *vault, struct bytes key, struct statement *ret_statement);
/* Under which counter of `meta` it is kept that there ever was one. */
#define ERASED_EVER "erased"

#endif
