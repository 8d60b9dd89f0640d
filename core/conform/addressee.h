/* addressee - one stream of a target under trial, and whom it is told of. */
#ifndef CONFORM_ADDRESSEE_H
#define CONFORM_ADDRESSEE_H

#include "config/target.h"
#include "conform/walk.h"

struct addressee {
    const struct walk *walk;
    struct visit *visit;
    const char *name; /* of the stream */
    const muster_stream *stream;
    const struct target_stream *mapped; /* NULL: the organization's file does not name it */
    const muster_field *declared;
    struct lane_fields fields;
    struct lane_cell *create, *update, *known, *leave; /* one for each field */
    bool says_more;                                    /* of who leaves */
    const char *found; /* the id under which find() gave who was created; NULL: it did not */
};

/* A value that is told; NULL: nothing is. */
struct lane_cell addressee_cell(const char *text, bool changed);
/* The fields of a stream: as declared, or as the organization's file maps them where any may be told; in the arena. */
const muster_field *addressee_fields(const struct target_stream *mapped, const muster_stream *stream,
                                     struct arena *arena);
/* What somebody is created with; what may be told of them when they change; what the system has of them then. */
int addressee_make(struct addressee *target);

/* whole.c: what is written whole, or in sets (T9). */
int whole_judge(struct addressee *target, struct err *err);

#endif
