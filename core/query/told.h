/* told - what a target has of one person, what it is to have, and what becomes of the difference: for people who ask.
 *
 * Judged by the very functions of a push, in the snapshot of a query; writes
 * nothing. Everything lies in the query's arena or its snapshot. Of what is
 * protected only whether it differs is known. */
#ifndef QUERY_TOLD_H
#define QUERY_TOLD_H

#include "query/query.h"
#include "tables/delivery.h"
#include "tables/statement.h"

enum told_next {
    TOLD_NOTHING,
    TOLD_SEND, /* `op` */
    TOLD_WAIT, /* for another try, or another change */
    TOLD_ASK,  /* whether it was done */
    TOLD_HELD,
    TOLD_MANUAL,
    TOLD_LATER, /* it goes into a file whose time has not come */
};
const char *told_next_name(enum told_next next); /* "send" */
const char *told_op_name(int op);                /* "create"; "" when it is none */

struct told_field {
    const struct field *field; /* of the target */
    const struct rule *rule;
    struct value has, is;
    bool unknown, differs; /* what it has; that it has something else */
};

/* One account, or thing, of the person in one stream. */
struct told {
    const struct connection *connection;
    const struct target_stream *stream;
    uint32_t number;
    enum kind kind;
    uint64_t unit;
    const char *set;    /* in which it is written, "salary 2026-10"; NULL: in none */
    bool there, inside; /* it exists, and the target is to have it */
    bool known;         /* there is a row */
    struct delivery row;
    const char *file; /* of what is written by the period: in which file it is, "2026-W09"; NULL: in none */
    enum told_next next;
    int op;
    const char *why;       /* a sentence; "" */
    bool quiet;            /* a person said to leave it: `said` */
    struct statement said; /* or approved it; author NULL: nobody said anything */
    uint64_t waits;        /* number in the inbox; 0: none */
    char type;
    struct told_field *fields; /* none when the thing is gone, or a rule cannot be applied */
    size_t field_count;
};

/* The query must be unsealed: protected values are compared by their digests. */
int told_read(struct query *query, const struct settings *settings, const struct connection *connection,
              uint64_t person, struct told **ret_items, size_t *ret_count);

#endif
