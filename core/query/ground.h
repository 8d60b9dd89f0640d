/* ground - why a value is what it is: what each record says about a field, whose word counts and why the others' does
 * not, what a person put above it, and what it would be otherwise.
 *
 * Asks merge again with what the store has; writes nothing. Everything lies in
 * the query's arena or its snapshot. */
#ifndef QUERY_GROUND_H
#define QUERY_GROUND_H

#include "query/query.h"
#include "tables/statement.h"

enum ground_why {
    GROUND_COUNTS,
    GROUND_PINNED,    /* it would count, but a person's word stands above */
    GROUND_SILENT,    /* says nothing about it */
    GROUND_BLANK,     /* blank, which is as if nothing was said */
    GROUND_GONE,      /* the source has let the record go */
    GROUND_UNASKED,   /* the connection's word does not count for this field */
    GROUND_OUTRANKED, /* another connection's counts more */
    GROUND_LATER,     /* an older record of the same connection counts */
    GROUND_UNKNOWN,   /* its connection is no longer in the file */
    GROUND_UNREAD,    /* says something that nobody understood */
};
const char *ground_word(enum ground_why why);     /* "outranked" */
const char *ground_sentence(enum ground_why why); /* "another connection's word counts more" */

/* What one record says. */
struct ground {
    const struct member *member;
    const struct stream_name *stream;
    struct value value;
    enum source_state state;
    uint32_t run; /* that took it as it is */
    int64_t since_ms;
    const char *place; /* where that stood, without the column; "" when nobody said */
    bool around;       /* there, or in another row of the same key */
    const char *file;  /* that it stood in; NULL: not known */
    const struct mapping *mapping;
    const struct rule *rule; /* that made the value; NULL: the mapping has none */
    struct value held;       /* what its source says now and is held; with a reason */
    const char *held_reason; /* a code; NULL: nothing is held of it */
    enum ground_why why;
    int rank; /* among those whose word counts; -1: it does not */
};

/* What it would be otherwise. */
struct ground_otherwise {
    enum { OTHERWISE_SILENT, OTHERWISE_FIRST, OTHERWISE_ASKED, OTHERWISE_UNPINNED } how;
    size_t of;     /* the ground that would be silent, come first, be asked */
    size_t ground; /* whose value it would be; SIZE_MAX: nobody's */
};

struct grounds {
    enum kind kind;
    const struct field *field;
    struct ground *items;
    size_t count;
    size_t winner; /* SIZE_MAX: nobody's word: worked out, or there is no value */
    bool pinned;
    struct statement pin;
    const struct authority *authority; /* NULL: all, in the order of the file */
    struct ground_otherwise *otherwise;
    size_t otherwise_count;
};

int grounds_read(struct query *query, enum kind kind, const struct entity *entity, const struct field *field,
                 struct grounds *ret_grounds);

/* "acme.yaml:22", or "the mapping that connector 'pmt' ships". */
void ground_line(const struct query *query, const struct connection *connection, const struct node *node,
                 struct buffer *out);
/* "Employees, row 17, column 'E-mail'": where the value stood. Nothing when nobody said. */
void ground_place(const struct ground *ground, struct buffer *out);

/* Why a person's status is what it is. */
struct ground_status {
    bool exists; /* a source that decides who exists still has them */
    uint8_t said;
    uint16_t unread;                          /* the field of which something is said that nobody understood; 0: none */
    int64_t hired_day, terminated_day, today; /* INT64_MIN: none */
};
int grounds_status(struct query *query, const struct entity *person, struct ground_status *ret_status);

/* When a record that is missing counts as gone, if its source does not say it again: with the first complete pull from
 * then on. INT64_MAX: its connection lets nobody go. */
int64_t ground_goes(const struct query *query, const struct ground *ground);

/* Statements of people that stand about these seeds, each once. */
int grounds_statements(struct query *query, const struct entity *entity, struct statement **ret_items,
                       size_t *ret_count);

#endif
