/* tap - an export as a Singer tap writes it: a schema, the records, and how far they go.
 *
 * SCHEMA, RECORD and STATE of Singer 0.3.0, a line each. The stream is the kind, its key the id. How far is the number
 * of the last change in the journal: each golden record has that of its own, so what changed since is found without
 * reading what has not. A record that is gone comes with _sdc_deleted_at, but not to somebody who never had it. */
#ifndef CLI_TAP_H
#define CLI_TAP_H

#include "query/query.h"

struct tap {
    struct query *query;
    enum kind kind;
    const struct field *const *fields; /* ended by NULL; one of KIND_NONE is the id */
    uint64_t since;                    /* 0: everything */
    char *before;                      /* the state that was given, JSON; NULL: none */
    char seen[25];                     /* when all this was looked at */
};

/* `file` is the value of the last STATE, or NULL. Returns 0, ERR_CONFIG or another code, with a sentence. */
int tap_begin(struct tap *tap, const char *file, struct err *err);
void tap_done(struct tap *tap);
void tap_schema(const struct tap *tap, struct buffer *out);
/* Nothing where it did not change since. */
void tap_record(const struct tap *tap, uint64_t id, const struct entity *entity, struct buffer *out);
/* Behind the records: those of people, or things, that were erased since. */
int tap_erased(const struct tap *tap, struct buffer *out);
/* Last, when all records are out. What others have in the state stays there. */
int tap_state(const struct tap *tap, struct buffer *out);

#endif
