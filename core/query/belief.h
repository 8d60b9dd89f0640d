/* belief - what was held to be true of a person at an earlier point: today's golden records with everything that
 * happened since taken back.
 *
 * Reads the journal of the person and of everybody to whom something of theirs
 * belonged meanwhile. Asks no source, and decides nothing again. */
#ifndef QUERY_BELIEF_H
#define QUERY_BELIEF_H

#include "query/query.h"

/* How a field came to what it was at the cut. */
struct belief_change {
    uint32_t run; /* that changed it last, up to the cut */
    int64_t time_ms;
    uint64_t seed; /* of the section that said so; 0: nobody's word, or not known: the thing was created with it */
    bool created;  /* it has it from the beginning */
    struct value was;
};

struct belief;

/* A root and what hangs on it. ERR_GONE: there is no such root, or it was not known yet. Everything lives as long as
 * the query. */
int belief_read(struct query *query, enum kind kind, uint64_t id, struct cut cut, struct belief **ret_belief);
void belief_free(struct belief *belief);
/* One of its things: the root, or one of its children. Members are those of today. False: it was not there. */
bool belief_entity(struct belief *belief, enum kind kind, uint64_t id, struct entity *ret_entity);
bool belief_field(struct belief *belief, enum kind kind, uint64_t id, uint16_t field, struct belief_change *ret_change);
/* The first time that the root was known: ERR_GONE tells why. 0: never. */
int64_t belief_begins(struct query *query, enum kind kind, uint64_t id, uint32_t *ret_run);

DEFINE_TIDY(struct belief *, belief_free)

#endif
