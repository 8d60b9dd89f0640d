/* write - what the files of the connector's target share: apply (what becomes of each change), body (what is sent),
 * find (who is there already), manager (who is made after those they lead), value (fields as the service wants them).
 */
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

/* A stream of the target. */
enum target_kind { TARGET_PEOPLE, TARGET_EMPLOYMENTS, TARGET_LINES };
struct target_stream {
    const char *name;
    const struct wire_field *fields; /* the first says which one it is */
    enum target_kind kind;
    const char *asked; /* what the service calls it, for sentences */
    const char *path;  /* of lines: behind an employment */
    const char *day;   /* of lines: the field by which one is told from another of its employment */
};
/* NULL: there is none of that name. */
const struct target_stream *target_named(const char *name);

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
/* The employment "1001|2024-01-01": number of the employee and first day, as EMPLOYEE/EMPLOYMENT; "" : there is none.
 * Several of them: MUSTER_CONFLICT, with a sentence. */
muster_rc find_employment(struct poweroffice *po, const char *which, char ret_remote[64]);
/* By one filter of the list of employees. */
muster_rc find_by(struct poweroffice *po, const char *filter, const char *value, struct list *ret_list);

/* --- body.c --- */

/* One change on its way. */
struct change {
    struct poweroffice *po;
    const muster_change *given;
    const struct target_stream *stream;
    bool posted;     /* a creation was sent */
    bool no_manager; /* their manager is not there yet */
    char way[200];   /* below base_url */
    char why[600];
};
/* What it is to be; NULL: that is not said, or it is to be nothing. */
const char *change_value(const struct change *change, const char *field);
/* What a creation says. */
muster_rc body_write(struct change *change, struct script *body);
/* The operations by which what is there becomes what it is to be, with commas between. */
muster_rc patch_write(struct change *change, const muster_node *there, struct script *patch);
void patch_operation(struct script *patch, const char *path, const char *json);

/* --- manager.c --- */

/* A change of an employee was made: who waits for this one is told, and whose manager is not there waits. */
muster_rc managers_settle(struct change *change, const char *id);
void managers_done(struct poweroffice *po);

/* --- apply.c --- */

/* Asks the service for what the change's way leads to; ret_document is NULL when it answers with nothing. What it says
 * against it stands in change->why. */
muster_rc change_send(struct change *change, const char *method, const char *type, const struct script *body,
                      muster_document **ret_document);

muster_rc apply_all(struct poweroffice *po, const muster_push *push);

#endif
