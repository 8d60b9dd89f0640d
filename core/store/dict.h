/* dict - names and their 32-bit numbers: for (connection, partition, stream) keys, custom fields, slots, columns.
 *
 * A name is "what:name". Numbers are never given twice. */
#ifndef STORE_DICT_H
#define STORE_DICT_H

#include "store/store.h"

enum { DICT_FIRST = 1000 }; /* so that numbers of custom fields and slots never meet those of the model */

/* 0 when the name has no number yet. */
uint32_t dict_find(struct txn *txn, const char *name);
/* Gives it one in a transaction of its own when it has none. Returns 0 or a negative code. */
int dict_number(struct store *store, const char *name, uint32_t *ret_number);
/* The name of a number, until the transaction ends; false when there is none. */
bool dict_name(struct txn *txn, uint32_t number, struct bytes *ret_name);

#endif
