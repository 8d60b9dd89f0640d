/* write - what the files of the connector's target share: apply (what becomes of each change), find (who is there
 * already), value (fields as the service wants them). */
#ifndef POWEROFFICE_WRITE_H
#define POWEROFFICE_WRITE_H

#include "poweroffice.h"

#include <stdio.h>

/* A JSON text that grows. Failures show when it is closed. */
struct script {
    FILE *out;
    char *text;
    size_t len, count; /* count: of members or operations so far */
};
bool script_open(struct script *script);
/* The text is ready. False: there was no memory. */
bool script_close(struct script *script);
void script_done(struct script *script);

/* --- value.c --- */

/* One field of a target's stream on the wire. */
struct wire_field {
    const char *name; /* ours */
    const char *path; /* where a patch puts it; NULL: nowhere, it only says who it is */
    int32_t type;
    enum right unit;        /* its value is a code in this list, whose id goes into a patch; RIGHTS: it is none */
    bool manager, creation; /* a number of an employee, whose id goes into a patch; also told on creation by `path` */
};
extern const struct wire_field people_wire[], employments_wire[];

/* The JSON of one value, "null" when it is null or empty. Returns what finding an id gave. */
muster_rc value_write(struct poweroffice *po, const struct wire_field *field, const char *text, bool as_id,
                      struct script *script);
/* A string in its quotes. */
void script_string(struct script *script, const char *text);
/* Whether the object that is there has that value at the path already. */
bool value_same(const muster_node *object, const struct wire_field *field, const char *json);

/* --- find.c --- */

muster_rc find_one(struct poweroffice *po, const char *stream, const muster_record *fields);
/* The employee of that external number, external import reference or number, the first that is there; "" in ret_id:
 * nobody. */
muster_rc find_employee(struct poweroffice *po, const char *wanted, char ret_id[24]);
/* By one filter of the list of employees. */
muster_rc find_by(struct poweroffice *po, const char *filter, const char *value, struct list *ret_list);

/* --- apply.c --- */

muster_rc apply_all(struct poweroffice *po, const muster_push *push);

#endif
