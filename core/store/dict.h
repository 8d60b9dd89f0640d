/* dict - names and their 32-bit numbers: for (connection, partition, stream) keys, custom fields, slots, columns.
 *
 * A name is "what:name". Numbers are never given twice. */
#ifndef STORE_DICT_H
#define STORE_DICT_H

#include "store/changeset.h"

enum { DICT_FIRST = 1000 }; /* so that numbers of custom fields and slots never meet those of the model */

/* 0 when the name has no number yet. */
uint32_t dict_find(struct txn *txn, const char *name);
/* Gives it one in a transaction of its own when it has none. Returns 0 or a negative code. */
int dict_number(struct store *store, const char *name, uint32_t *ret_number);
/* The same of many, in one transaction for all that have none. */
int dict_numbers(struct store *store, const char *const *names, size_t count, uint32_t *ret_numbers);
/* The name of a number, until the transaction ends; false when there is none. */
bool dict_name(struct txn *txn, uint32_t number, struct bytes *ret_name);

/* --- for who decides and writes nothing --- */

/* From here on a new name's number is only remembered, by this process; the functions above tell it all the same. */
void dict_defer(struct store *store);
/* Puts what is remembered into a changeset. Returns 0 or a negative code. */
int dict_settle(struct store *store, struct changeset *changeset);
/* Forgets it: numbers are given for good again. */
void dict_forget(struct store *store);
/* The nth remembered name and its number, in the order of numbers; NULL after the last. */
const char *dict_remembered(struct store *store, size_t nth, uint32_t *ret_number);

#endif
