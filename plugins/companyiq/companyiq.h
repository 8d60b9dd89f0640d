/* companyiq - what the files of the companyiq connector share: companyiq (what it offers), call (talk with the Open
 * Platform), code (what its codes mean), users (the user import), member (one field of a user), lookups (rows of the
 * lookup modules, set by set), part (one file of such a set), upload (sends it, and waits for its outcome), text (bytes
 * that grow). */
#ifndef COMPANYIQ_COMPANYIQ_H
#define COMPANYIQ_COMPANYIQ_H

#include <muster/connector.h>
#include <muster/document.h>

#include <stdbool.h>

/* --- text.c --- */

struct text {
    char *data; /* ends in '\0' once something was added */
    size_t len, room;
    bool failed; /* there was no memory: nothing is added any more */
};

void text_done(struct text *text);
void text_add(struct text *text, const char *bytes, size_t len);
void text_put(struct text *text, const char *string);
/* A string of JSON, in its quotes. */
void text_json(struct text *text, const char *string);

/* --- companyiq.c --- */

enum { COMPANYIQ_LINKS = 10, COMPANYIQ_NAME = 64 };

/* One connection. */
struct companyiq {
    muster_run *run;
    const muster_host *host;
    char token_url[2048];
    /* How a call is proved to be ours. `empty`: of calls without a body; `form`: of files. */
    muster_auth links[COMPANYIQ_LINKS], empty[COMPANYIQ_LINKS], form[COMPANYIQ_LINKS];
};

/* An option's value; "" when it is unset. */
const char *companyiq_option(const struct companyiq *companyiq, const char *name);

/* --- login.c --- */

/* Makes the links from the options. */
void login_make(struct companyiq *companyiq);

/* --- code.c --- */

enum { CODE_WHY = 700 };

/* What a code of the platform means when it is about a whole call, and when it is about one row. */
struct code {
    int number;
    muster_rc of_call, of_row;
    const char *turn; /* whose it is: a sentence's second half */
};

/* Never NULL: an unknown number means that nobody knows. */
const struct code *code_find(int number);
/* "CompanyIQ says 41002 (field not updatable: name): …". */
void code_why(const struct code *code, const char *number, const char *message, char ret_why[CODE_WHY]);

/* --- call.c --- */

/* What the platform says to one call. */
struct answer {
    muster_rc rc;
    char why[CODE_WHY];        /* when rc is not OK */
    bool told;                 /* the host has told a better sentence already */
    bool later;                /* just this was not taken, whatever rc says */
    muster_document *document; /* released with answer_done(); NULL: none that can be read */
};

void answer_done(struct answer *answer);
/* Posts a body of JSON; or gets, with body NULL. It may be repeated: what it does twice is done once. */
void call_json(struct companyiq *companyiq, const char *path_option, const char *more, const struct text *body,
               struct answer *ret_answer);
/* Posts a form. */
void call_form(struct companyiq *companyiq, const char *path_option, const muster_part *const *parts, bool repeatable,
               struct answer *ret_answer);
/* What stands at an option's JSON pointer; NULL: nothing does. */
const muster_node *answer_at(const struct companyiq *companyiq, const struct answer *answer,
                             const char *pointer_option);
/* A whole number that is not below 0; -1: it is none. */
int64_t node_count(const muster_node *node);
/* A member that is a text or a number; NULL: there is none. */
const char *node_text(const muster_node *node, const char *member);

/* Whether a call that failed so is the connection's fault: the next one would fail like it. */
bool answer_ends_it(const struct answer *answer);
/* As what the rows of a call that failed are refused: what is wrong with the connection is no row's fault, and does not
 * count as a try of it. */
muster_rc answer_of_rows(const struct answer *answer);

/* --- member.c --- */

/* A field of users. */
struct member {
    const char *field, *name; /* ours; what it is called there */
    struct text begin;        /* "name": */
    enum { MEMBER_TEXT, MEMBER_STATUS, MEMBER_DAY } how;
    bool number; /* it is sent as one */
};

struct members {
    struct member *items; /* as the push has its fields, then those that are written anyway */
    size_t count;
    const char *date_format, *active_code, *resigned_code;
};

/* members_done() in any case. False: no memory. */
bool members_make(const struct companyiq *companyiq, const muster_field *fields, struct members *ret_members);
void members_done(struct members *members);
const struct member *member_find(const struct members *members, const char *field);
/* Appends "name": value. NULL: fine; else why it cannot be written. */
const char *member_write(const struct members *members, const struct member *member, const char *value,
                         struct text *body);

/* --- users.c --- */

muster_rc users_apply(struct companyiq *companyiq, const muster_push *push);

/* --- lookups.c --- */

/* One row on its way: a change that says what is in the set, or what is no longer in it. */
struct lookup_row {
    const muster_change *change;
    size_t line;  /* of the file it went in, from 1 behind the header; 0: of none */
    muster_rc rc; /* when it is refused by itself */
    char *why;
};

/* All that comes of one module and period. */
struct lookup_set {
    struct companyiq *companyiq;
    char *module, *period; /* as they are called here; "" when a row has none */
    struct lookup_row *rows;
    size_t count, room;
    char **names, **headers; /* of the columns behind the first: of values, and in the file */
    size_t column_count;
    const char *code;     /* of the module there */
    char wire_period[16]; /* as it is told */
};

muster_rc lookups_apply(struct companyiq *companyiq, const muster_push *push);
/* A row is refused by itself; the first reason counts. */
void row_refuse(struct lookup_row *row, muster_rc rc, const char *why);
bool row_leaves(const struct lookup_row *row);

/* --- part.c --- */

/* One file of a set. */
struct part {
    int fd;
    size_t from, until; /* rows of the set that are in it, as far as they can be written */
    size_t lines;       /* without the header */
    char name[120];     /* "SAL01-2026-10.csv" */
    const char *type;
};

/* Writes rows from `from` on, as many as the file may hold; and packs it when it is large. The first part may be empty.
 * What cannot be written of a row refuses it. Returns MUSTER_OK, or the sentence in ret_why. */
muster_rc part_make(struct lookup_set *set, size_t from, unsigned nth, struct part *ret_part, char ret_why[CODE_WHY]);
void part_done(struct part *part);
/* Which columns there are: those that option modules names, else all that the rows have. False: no memory. */
bool columns_find(struct lookup_set *set);

/* --- upload.c --- */

/* Sends one part and waits for what becomes of it; rows that were not taken are refused. ret_answer->rc: of the part.
 */
void upload(struct lookup_set *set, const struct part *part, bool first, struct answer *ret_answer);

#endif
