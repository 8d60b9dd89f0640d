/* wanted - one person out of all that a source has: which of its records are theirs.
 *
 * Somebody who is known by the ids of their records, and by their number and
 * e-mail address; somebody who is not by what was typed. A record is theirs
 * when it has one of these ids, says that number or address of its person, or
 * refers to its person by it. Nobody else's record is taken, and of nobody is
 * it concluded that they are missing. */
#ifndef ENGINE_WANTED_H
#define ENGINE_WANTED_H

#include "config/mapping.h"
#include "tables/entity.h"

struct wanted;

/* `key` as query_find() takes it; `person` 0: nobody known has it, and `txn` may be NULL. ERR_DATA with a sentence:
 * who is not known is found by a number or an e-mail address only. */
int wanted_new(struct txn *txn, const char *key, uint64_t person, struct wanted **ret_wanted, struct err *err);
void wanted_free(struct wanted *wanted);

/* Whether a stream that is mapped so has anything of a person. */
bool wanted_concerns(const struct mapping *mapping);
bool wanted_id(const struct wanted *wanted, uint32_t stream, const char *id, size_t len);
/* By what the record says, too; `body` as in a spooled row. */
bool wanted_body(struct wanted *wanted, struct bytes body);

DEFINE_TIDY(struct wanted *, wanted_free)

#endif
