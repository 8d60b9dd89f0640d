/* poweroffice - what the files of the poweroffice connector share: poweroffice (what it offers), call (questions to the
 * service, and lists in pages), account (what this account may), stamp (times of 100 ns), cursor (how far was read),
 * people (employees with all that hangs on them), loader (what hangs on each, several at once), row (records), units
 * (departments, locations, enterprises), tables (the mapping it ships). */
#ifndef POWEROFFICE_POWEROFFICE_H
#define POWEROFFICE_POWEROFFICE_H

#include <muster/connector.h>
#include <muster/document.h>

#include <stdbool.h>

enum { URL_ROOM = 2048, WHY_ROOM = 400 };

/* What can be read, each behind a privilege of its own. Those from SUB_FIRST hang on one employment each. */
enum right {
    RIGHT_EMPLOYEES,
    RIGHT_EMPLOYMENTS,
    RIGHT_DEPARTMENTS,
    RIGHT_LOCATIONS,
    RIGHT_ENTERPRISES,
    SUB_FIRST,
    SUB_SALARIES = SUB_FIRST,
    SUB_FTE,
    SUB_FIXED,
    SUB_LEAVES,
    SUB_LAYOFFS,
    RIGHTS
};
enum { SUBS = RIGHTS - SUB_FIRST };

struct right_name {
    const char *privilege; /* "EmploymentSalary" */
    const char *path;      /* "Salaries" */
    const char *option;    /* in sub_lists; NULL: it is none */
    const char *count;     /* field of an employment; NULL: none */
};
extern const struct right_name rights[RIGHTS];

/* A list of the service, read whole. */
struct list {
    muster_document **pages;
    size_t page_count, count; /* count: of rows */
};

/* One connection. */
struct poweroffice {
    muster_run *run;
    const muster_host *host;
    muster_auth token, key;
    bool asked;             /* the account was asked for its privileges */
    bool untold;            /* and may not know them */
    bool lacks[RIGHTS];     /* it may not read this */
    bool wanted[RIGHTS];    /* sub_lists */
    bool addresses;         /* likewise: also of who has not changed */
    struct list of[RIGHTS]; /* departments, locations, enterprises: read once */
    bool read[RIGHTS];
    uint64_t rows;           /* that this pull has given */
    struct waiting *waiting; /* who was made before their manager */
    char client[200];        /* its name */
};

/* --- call.c --- */

/* Where something is, and its query: an address that grows. */
struct address {
    char text[URL_ROOM];
    size_t len;
    bool query, failed;
};
void address_start(struct poweroffice *po, struct address *address);
__attribute__((format(printf, 2, 3))) void address_path(struct address *address, const char *format, ...);
void address_query(struct address *address, const char *name, const char *value);

/* How a call begins that asks for JSON. */
void call_get(struct poweroffice *po, const struct address *address, muster_http *ret_ask);
/* What a reply holds: NULL in *ret_document when there is nothing (204). `rc` is what http() gave; `asked` names what
 * was asked for, for the sentence that is told to the host. */
muster_rc call_document(struct poweroffice *po, const char *asked, muster_rc rc, const muster_http *reply,
                        muster_document **ret_document);
/* Asks for one object. */
muster_rc call_object(struct poweroffice *po, const struct address *address, const char *asked,
                      muster_document **ret_document);

void list_done(struct list *list);
/* Adds a page, which is then the list's, and says whether there is another one behind it, by what the reply says of it.
 * *ret_total is how many rows there are in all; untouched where that is not said. */
muster_rc list_add(struct poweroffice *po, struct list *list, const char *asked, muster_rc rc, const muster_http *reply,
                   bool *ret_more, int64_t *ret_total);
/* Reads all pages, by Id; once more when it is seen to have changed meanwhile. `address` has its filters already. */
muster_rc list_read(struct poweroffice *po, const struct address *address, const char *asked, struct list *ret_list);
/* Rows one after the other: *at begins as NULL. */
const muster_node *list_next(const struct list *list, size_t *page, const muster_node *at);
int64_t page_size(const struct poweroffice *po);

/* A member's text; NULL: none, or null. */
const char *text_of(const muster_node *object, const char *member);
/* A whole number; 0: there is none. */
int64_t number_of(const muster_node *object, const char *member);

/* --- account.c --- */

/* Once: what the account may, into po->lacks. */
muster_rc account_ask(struct poweroffice *po);
/* "permission: the account of Klient AS lacks the privilege EmploymentSalary: …", with a way out. */
void account_sentence(const struct poweroffice *po, const enum right *which, size_t count, char ret_why[WHY_ROOM]);
/* The list was refused although the account was said to have the privilege. */
void account_lacks(struct poweroffice *po, enum right right);

/* --- stamp.c --- */

/* Ticks of 100 ns since 1970; INT64_MIN: it is no time. */
int64_t stamp_read(const char *text);
/* As a filter wants it, in whole ms; what is below is cut off, so that nothing is lost. */
void stamp_filter(int64_t ticks, char ret_text[32]);
/* The day it is in UTC. */
void stamp_day(int64_t ms, char ret_day[11]);
void day_before(const char *day, char ret_day[11]);

/* --- cursor.c --- */

/* How far one list was read: the latest change seen, and who had one within the overlap before it, for these will be
 * shown again. */
struct seen {
    int64_t id, ticks;
};
struct mark {
    int64_t ticks; /* 0: nothing yet */
    struct seen *seen;
    size_t count, room;
};
struct cursor {
    struct mark employees, employments;
};
void cursor_done(struct cursor *cursor);
bool cursor_read(const char *text, struct cursor *ret_cursor);
/* malloc()ed; NULL: no memory. */
char *cursor_write(struct cursor *cursor, int64_t overlap_ticks);
/* A row that a list showed. False: no memory. */
bool mark_add(struct mark *mark, int64_t id, int64_t ticks);
/* Whether the row was shown, as it is, by an earlier pull. */
bool mark_knows(const struct mark *before, int64_t id, int64_t ticks);

/* --- people.c --- */

muster_rc people_pull(struct poweroffice *po, const muster_pull *what);

/* --- loader.c --- */

/* One employee on the way. */
struct employee {
    const muster_node *node;
    int64_t id;
    size_t expected; /* employments that were seen of them */
    struct list employments;
    struct list *subs; /* SUBS for each employment, in their order */
    size_t employment_count;
};

/* Loads what hangs on each, several at once, and hands them on in their order. `give` keeps nothing. */
muster_rc loader_run(struct poweroffice *po, struct employee *employees, size_t count,
                     muster_rc (*give)(void *context, const struct employee *employee), void *context);

/* --- row.c --- */

/* All records' rows of one employee. */
muster_rc row_give(struct poweroffice *po, const char *stream, const struct employee *employee);

/* --- units.c --- */

muster_rc units_pull(struct poweroffice *po, enum right right, const muster_pull *what);
/* Reads the list if it may be read; a privilege that lacks is no failure. */
muster_rc units_load(struct poweroffice *po, enum right right);
/* The unit of that id; NULL: it is not known. */
const muster_node *units_find(const struct poweroffice *po, enum right right, const char *id);

/* --- tables.c --- */

extern const muster_stream poweroffice_streams[];

#endif
