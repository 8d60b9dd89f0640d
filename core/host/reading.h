/* reading - records that the engine gave: what fields there are, and the rows of values that stand for them.
 *
 * Everything points into the bytes that came, which somebody else keeps. A
 * field is found at the place after the last one that was asked for, else by
 * its hash: connectors ask for fields in one order, again and again. */
#ifndef HOST_READING_H
#define HOST_READING_H

#include "host/session.h"

/* The fields of one push, one lookup, one find. */
struct shape {
    size_t count;
    const char **names;
    uint8_t *types;
    uint32_t *slots; /* hash table: field + 1, 0 is free */
    size_t slot_count;
    size_t next; /* the field after the last one that was found */
};

struct cell {
    const char *text; /* terminated; NULL: absent or null */
    uint32_t len;
    uint8_t presence; /* 0, WIRE_IS_… */
    bool changed;
};

/* One row as a connector holds it. */
struct reading {
    struct muster_record head;
    struct session *session;
    struct shape *shape;
    const struct cell *cells; /* shape->count */
};

/* Reads the fields; they point into the bytes. Returns 0, ERR_CORRUPT or -ENOMEM; shape_done() is due in any case. */
int shape_read(struct shape *shape, struct wire *wire);
void shape_done(struct shape *shape);

/* Reads a row into `cells`, of which there are shape->count. False: there is none. What cannot be is wire->bad. */
bool reading_row(const struct shape *shape, struct wire *wire, struct cell *cells);

/* These stand in the host's table; connector.h says what they do. */
int32_t reading_present(const muster_record *record, const char *field);
const char *reading_get(const muster_record *record, const char *field);
const char *reading_json(muster_run *run, const muster_record *record);

#endif
