/* poc - what the files of the P.O.C connector share.
 *
 * employee.c makes of a change what the system is told of somebody, wire.c
 * writes it as JSON or XML, call.c asks and reads answers, answer.c says what
 * a refusal means, each.c, batch.c and file.c are the three ways of sending,
 * seats.c reads workstations. */
#ifndef POC_POC_H
#define POC_POC_H

#include <muster/connector.h>
#include <muster/document.h>
#include <muster/text.h>

#include <stdbool.h>

/* ---- an employee ---- */

enum field {
    SITE_NUMBER,
    EMPLOYEE_NUMBER,
    FIRST_NAME,
    SURNAME,
    DEPARTMENT,
    TEAM,
    HIERARCHIES,
    EMPLOYEE_TYPE,
    JOB_CONFIGURATION,
    JOB_TITLE,
    EMPLOYEE_STATUS,
    MOBILE_NUMBER,
    EXTENSION,
    EMAIL,
    WORKSTATION_NUMBER,
    TERMINATION_DATE,
    FIELDS
};
enum { LEVELS = 9, DAY = 40, COPIES = 512 };

extern const muster_field poc_fields[]; /* as they are declared: those above, then Hierarchy1 … Hierarchy9 */

/* What the system is told of somebody. Texts are trimmed and without control characters. */
struct employee {
    const muster_change *change;
    bool ending;                /* the entry under a site or number that the person has left */
    const char *values[FIELDS]; /* NULL: not told, so that it stays; "": cleared */
    const char *levels[LEVELS]; /* names of the hierarchy by level, from 1; NULL: none */
    bool has_levels;
    char day[DAY];
    char *copies[FIELDS + LEVELS]; /* what values and levels point to */
};

struct settings {
    muster_run *run;
    const muster_host *host;
    muster_document *names; /* option `names` */
    bool send_workstation, from_the_top, keeps_moved;
    const char *none, *leaver_status, *date_format;
    char today[DAY]; /* ISO */
};

muster_rc settings_read(muster_run *run, struct settings *ret_settings);
void settings_done(struct settings *settings);
/* What a field is called on the wire. */
const char *settings_name(const struct settings *settings, enum field field);
/* YYYY-MM-DD as the system wants days; `day` has DAY bytes. */
const char *settings_day(const struct settings *settings, const char *iso, char *ret_day);

/* Of a change; of who leaves with the day on which that is. MUSTER_FAIL: no memory. */
muster_rc employee_make(const struct settings *settings, const muster_change *change, struct employee *ret_employee);
/* The entry that is left behind, when the change moves somebody to another site or number. False: there is none. */
bool employee_left(const struct settings *settings, const muster_change *change, struct employee *ret_employee);
void employee_done(struct employee *employee);
/* "1/1001", the remote id; NULL when it would be too long. */
const char *employee_id(const struct employee *employee, char ret_id[200]);

/* What is recommended and not there, counted; told once at the end. */
struct lacking {
    uint64_t surname, department;
};
void lacking_count(struct lacking *lacking, const struct employee *employee);
void lacking_tell(const struct lacking *lacking, const muster_run *run);

/* ---- how it is written ---- */

void wire_json(const struct settings *settings, const struct employee *employee, muster_text *out);
void wire_xml(const struct settings *settings, const struct employee *employee, muster_text *out);
/* What stands around the employees of a batch or a file; between two of JSON a comma. */
void wire_begin(bool xml, const char *mode, int64_t now_ms, muster_text *out);
void wire_end(bool xml, const char *mode, muster_text *out);

/* ---- asking ---- */

/* An answer: its document, and how it is to be taken. */
struct answer {
    muster_rc rc;
    char why[500]; /* of a refusal: whose turn it is */
    muster_document *document;
};

/* The URL of one of the path options, with {EmployeeNumber} and ?siteNumber= filled in; NULL where they are not to
 * be. */
muster_rc call_url(const struct settings *settings, const char *path_option, const char *number, const char *site,
                   muster_text *ret_url);
void call_make(const struct settings *settings, const char *method, const char *url, const muster_text *body, bool xml,
               muster_http *ret_ask);
/* What was answered, read. */
void answer_read(const struct settings *settings, muster_rc rc, const muster_http *reply, struct answer *ret_answer);
void answer_done(struct answer *answer);
/* One of the system's codes: whose turn it is, and what to do. */
muster_rc code_meaning(const char *code, const char *field, char *ret_why, size_t room);
/* The call was in vain whatever it was about: nothing more need be tried now. */
bool answer_ends_it(const struct answer *answer);

/* ---- sending ---- */

muster_rc each_apply(struct settings *settings, const muster_push *push);
muster_rc batch_apply(struct settings *settings, const muster_push *push, bool full);
/* Whether option file_out can be written at all. */
muster_rc file_check(const struct settings *settings);
muster_rc file_apply(struct settings *settings, const muster_push *push);

/* ---- workstations ---- */

#define SEATS "workstations"
#define SEATS_FILE "workstations_file"

muster_rc seats_pull(struct settings *settings, const muster_pull *pull);
muster_rc seats_pull_file(struct settings *settings, const muster_pull *pull);
muster_rc seats_lookup(struct settings *settings, const muster_record *arguments);
/* What an upsert said of somebody's seat becomes a record of the stream. */
muster_rc seats_say(const struct settings *settings, const struct employee *employee, const char *number);
/* Whether the system lets us in. */
muster_rc seats_check(struct settings *settings);

#endif
