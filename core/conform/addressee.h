/* addressee - one stream of a target under trial, and whom it is told of. */
#ifndef CONFORM_ADDRESSEE_H
#define CONFORM_ADDRESSEE_H

#include "config/target.h"
#include "conform/walk.h"

/* Somebody whom it is told of: a cell for each field. */
struct somebody {
    struct lane_cell *create, *update; /* when they come; what may be told when they change */
    struct lane_cell *back;            /* what may be told when that is taken back */
    struct lane_cell *had;             /* what it has of them when they have come */
    struct lane_cell *known, *leave;   /* what it has of them then; what may be told of who leaves */
    bool says_more;                    /* of who leaves */
};

struct addressee {
    const struct walk *walk;
    struct visit *visit;
    const char *name; /* of the stream */
    const muster_stream *stream;
    const struct target_stream *mapped; /* NULL: the organization's file does not name it */
    const muster_field *declared;
    struct lane_fields fields;
    struct somebody first;
    const char *found; /* the id under which find() gave who was created; NULL: it did not */
    /* What was seen when it was told alone. */
    const char *id; /* of who was created; NULL: none */
    bool created, changes, leaves, returns;
    const struct lane_change *bad; /* a change that was refused, as bad_rc; NULL: none was */
    muster_rc bad_rc;
};

/* A value that is told; NULL: nothing is. */
struct lane_cell addressee_cell(const char *text, bool changed);
/* The fields of a stream: as declared, or as the organization's file maps them where any may be told; in the arena. */
const muster_field *addressee_fields(const struct target_stream *mapped, const muster_stream *stream,
                                     struct arena *arena);
/* Its fields, and the first one whom it is told of. */
int addressee_make(struct addressee *target);
/* The nth of those who are told together, from 1. ERR_GONE: nobody says who else there could be. */
int addressee_other(const struct addressee *target, size_t nth, struct somebody *ret_somebody);
/* Whom the system does not take. ERR_GONE: nobody says so. */
int addressee_refused(const struct addressee *target, struct somebody *ret_somebody);

/* Where `text` has it as a word of its own; NULL: nowhere. */
const char *addressee_stands(const char *text, const char *word);
/* A value of the nth of them that none of the others has; NULL: none. */
const char *addressee_word(const struct addressee *target, const struct somebody *people, size_t count, size_t nth);

/* together.c: several changes in one call (T6, T10 to T12). */
int together_judge(struct addressee *target, struct err *err);
/* whole.c: what is written whole, or in sets (T9, T14). */
int whole_judge(struct addressee *target, struct err *err);

#endif
