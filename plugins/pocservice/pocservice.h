/* pocservice - what the files of this connector share: pocservice (options, routes, streams), employee (what is said of
 * somebody, and what is wrong with it), read (a body becomes employees), answer (what who calls is told), seat (who
 * sits where). */
#ifndef POCSERVICE_H
#define POCSERVICE_H

#include <muster/connector.h>
#include <muster/document.h>
#include <muster/text.h>

#include <stdbool.h>

enum field {
    SITE_NUMBER,
    EMPLOYEE_NUMBER,
    FIRST_NAME,
    SURNAME,
    DEPARTMENT,
    TEAM,
    EMPLOYEE_TYPE,
    JOB_CONFIGURATION,
    JOB_TITLE,
    EMPLOYEE_STATUS,
    MOBILE_NUMBER,
    EXTENSION,
    EMAIL,
    WORKSTATION_NUMBER,
    TERMINATION_DATE,
    HIERARCHY_1,
    FIELDS = HIERARCHY_1 + 9
};
enum { FAULTS = 8, SENTENCE = 160, ID_ROOM = 200, PLACE_ROOM = 80, TEXT_ROOM = 512 };

/* Names as the page on the interface has them, and what the streams' fields are called. */
extern const muster_field employee_fields[];
#define EMPLOYEES "employees"

struct service {
    muster_run *run;
    const muster_host *host;
    muster_document *names; /* option `names`; NULL: none */
    const char *none, *date_format;
    char today[16]; /* YYYY-MM-DD, in UTC */
};

/* What a field is called on the wire. */
const char *service_name(const struct service *service, enum field field);

struct fault {
    const char *code; /* "E101" */
    enum field field;
    char why[SENTENCE];
};

/* What is said of somebody. */
struct employee {
    char *values[FIELDS]; /* NULL: nothing is said; "": it is cleared */
    bool gone[FIELDS];    /* JSON's null */
    struct fault faults[FAULTS];
    size_t fault_count; /* also those that there was no room for */
    char id[ID_ROOM];   /* of the record, when there is no fault in what it is made of */
    char date[40];      /* TerminationDate as YYYY-MM-DD; "" */
};

void employee_fault(struct employee *employee, const char *code, enum field field, const char *format, ...)
    __attribute__((format(printf, 4, 5)));
/* One value, as it came; `text` NULL: null. False: no memory. */
bool employee_put(struct employee *employee, enum field field, const char *text);
/* All is there: looks whether it can be. */
void employee_check(const struct service *service, struct employee *employee);
void employee_done(struct employee *employee);
/* "12/1001": whom this connection calls so. False: it is too long. */
bool employee_id(const char *site, const char *number, char ret_id[ID_ROOM]);
/* Hands it to the host, or what is wrong with it. */
muster_rc employee_emit(const struct service *service, const struct employee *employee, const char *place);

/* A body, one employee after the other. `taken` returns false to end it. */
typedef bool employee_taken_fn(void *context, struct employee *employee, size_t nth);
/* One JSON object. False: it is none; `ret_why` says why. */
bool read_one(const struct service *service, const muster_http *inbound, struct employee *ret_employee,
              char ret_why[SENTENCE]);
/* A batch, as JSON or XML. False: it is none. */
bool read_batch(const struct service *service, const muster_http *inbound, employee_taken_fn *taken, void *context,
                char ret_why[SENTENCE]);

/* What a header of a call says; "": nothing. */
const char *call_header(const muster_http *inbound, const char *name);
/* A value of the query, decoded; false: it is not there. */
bool call_query(const muster_http *inbound, const char *name, char ret_text[TEXT_ROOM]);
/* The nth part of the path, from 0, decoded; false: there is none. */
bool call_part(const muster_http *inbound, size_t nth, char ret_text[TEXT_ROOM]);

/* Somebody waits for an answer; else a run takes what was answered before. */
bool call_waits(const muster_http *inbound);

muster_rc answer_send(const struct service *service, int status, muster_text *body);
/* {"Status":"ERROR",…} with one thing that is wrong. */
muster_rc answer_error(const struct service *service, int status, const char *code, const char *field, const char *why);
/* {"Code":…,"Message":…,"Field":…} */
void answer_fault(const struct service *service, const struct fault *fault, muster_text *body);
/* An upsert. */
muster_rc answer_employee(const struct service *service, const struct employee *employee);
void answer_member(muster_text *body, const char *name, const char *text);

/* The person of an employee; *ret_person NULL: nobody is known by that. `site` "": whatever the site. */
muster_rc seat_find(const struct service *service, const char *site, const char *number, muster_record **ret_person);
muster_rc seat_answer(const struct service *service, const muster_http *inbound);

#endif
