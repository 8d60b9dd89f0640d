/* pmt - what the files of the pmt connector share: pmt (its roles), verbs (lookups and actions), tables (streams, and
 * the mapping they ship), call (questions to a server, and what it answers), rows (lists, in pages where the dialect
 * has them), stores (chains, stores, and where they are), departments, people (users and their memberships), shifts
 * (everybody's), person (who is logged in), schedule (somebody's own shifts), exchange (shifts that change hands),
 * clock (local times). */
#ifndef PMT_PMT_H
#define PMT_PMT_H

#include <muster/connector.h>
#include <muster/document.h>

#include <stdbool.h>
#include <time.h>

enum { URL_ROOM = 1024, CODE_ROOM = 200, DAY_ROOM = 40, WHO_ROOM = 2 * CODE_ROOM + 20, PATH_ROOM = 400 };
/* A whole address, with what is asked. */
enum { ADDRESS_ROOM = URL_ROOM + PATH_ROOM + 80 };

/* A partition: one store, on a server of its own. */
struct store {
    char id[CODE_ROOM], name[CODE_ROOM];
    char url[URL_ROOM];     /* without a '/' at its end */
    char tenant[CODE_ROOM]; /* how api/v2 calls it; "": it was not said and is not asked for */
};

/* A list of a server, in as many documents as it came. */
struct rows {
    muster_document **documents;
    size_t document_count;
    const muster_node **items; /* each an object */
    size_t count;
};

/* What a server calls a department, and what we do. */
struct department {
    const char *id, *name, *shortcode; /* as they came; NULL: nothing */
    char code[CODE_ROOM];
};

struct departments {
    struct rows rows;
    struct department *items;
    size_t count;
};

/* One connection. */
struct pmt {
    muster_run *run;
    const muster_host *host;
    bool v2;                        /* the dialect of the vendor's own screens */
    muster_auth key;                /* of the partner, or of the application */
    muster_auth reader;             /* v2: the account that reads; its token is the store's */
    char log_in_url[ADDRESS_ROOM];  /* v2: where the reader logs in at the store at hand */
    struct store of;                /* the store whose departments these are */
    struct departments departments; /* read once for all streams of a store */
    bool read;
};

/* --- call.c --- */

/* What is asked for, and how. */
struct question {
    const char *who; /* "store 116 (Dam)": how sentences begin */
    const char *url;
    const char *list;        /* the member of the answer that is a list of objects */
    const muster_auth *auth; /* NULL: the partner's key alone */
};

/* GET of JSON; an object with `list` in it, which is a list of objects. Anything else is a failure with a sentence. The
 * document is the caller's. */
muster_rc call_list(struct pmt *pmt, const struct question *question, muster_document **ret_document,
                    const muster_node **ret_list);
/* The same of a reply that is there. */
muster_rc call_read(struct pmt *pmt, const struct question *question, muster_rc rc, const muster_http *reply,
                    muster_document **ret_document, const muster_node **ret_list);
/* How long a server may take. */
uint32_t call_timeout(const struct pmt *pmt);
/* A text or number of an object; NULL: none, null, or nothing but white space. */
const char *text_of(const muster_node *object, const char *member);
/* What a server says is wrong: {"error": …} or {"result": [{"code", "message"}]}; NULL: it says nothing of the kind.
 * *ret_code: its own word for it, or NULL. */
const char *said_of(const muster_document *document, const char **ret_code);
/* "store 116 (Dam)", for sentences. */
void store_call(const struct store *store, char ret_who[WHO_ROOM]);
muster_rc no_memory(struct pmt *pmt);

/* --- rows.c --- */

/* Where a list is in either dialect, behind the store's address. */
struct place {
    const char *partner, *list; /* "users", "data" */
    const char *v2;             /* "employees" */
};
/* The list of a store, read whole, as the connection's own account. */
muster_rc rows_read(struct pmt *pmt, const struct store *store, const struct place *place, struct rows *ret_rows);
/* The same as `auth`; `who` is for sentences. */
muster_rc rows_read_as(struct pmt *pmt, const struct store *store, const char *who, const muster_auth *auth,
                       const struct place *place, struct rows *ret_rows);
void rows_done(struct rows *rows);
/* Whoever reads there. */
const muster_auth *rows_reader(struct pmt *pmt, const struct store *store);

/* --- stores.c --- */

/* Tells of each store that the options name. */
muster_rc stores_each(struct pmt *pmt, muster_rc (*each)(struct pmt *pmt, const struct store *store, void *context),
                      void *context);
/* The store of a pull, from its partition and what partitions() said of it. */
muster_rc store_of(struct pmt *pmt, const muster_pull *what, struct store *ret_store);
/* What partitions() is to say of it. */
void store_locator(const struct store *store, char *ret_locator, size_t room);

/* --- departments.c --- */

void departments_done(struct departments *departments);
/* Those of a store, in pmt->departments; asked for once, `anew` again. */
muster_rc departments_read(struct pmt *pmt, const struct store *store, bool anew);
const struct department *department_find(const struct pmt *pmt, const char *id);
/* The code that one has with us whether or not the store's list has it. */
void department_code(const struct pmt *pmt, const struct store *store, const char *id, char ret_code[CODE_ROOM]);
muster_rc departments_pull(struct pmt *pmt, const muster_pull *what, const struct store *store);

/* --- people.c --- */

muster_rc people_pull(struct pmt *pmt, const muster_pull *what, const struct store *store);

/* --- clock.c --- */

struct moment {
    int64_t utc_minutes;
    char text[40]; /* with its offset: "2016-09-13T10:00:00+02:00" */
};
/* "13-09-2016 10:00:00" or "2016-09-13 10:00:00", Amsterdam's. */
bool clock_read(const char *text, struct moment *ret_moment);
int clock_minutes(const char *text); /* of "00:30:00" */
/* The day it is there, so many days on, as YYYY-MM-DD. */
void clock_day(int64_t now_ms, int days, char ret_day[DAY_ROOM]);
/* A day as YYYY-MM-DD, so many days on; false: it is none. */
bool day_shift(const char *day, int days, char ret_day[DAY_ROOM]);
/* YYYY-MM-DD as the partner's interface wants it: DD-MM-YYYY; false: it is no day. */
bool day_turn(const char *day, char ret_day[DAY_ROOM]);

/* --- shifts.c --- */

/* One planned shift of somebody, and an exchange of it. */
struct shift {
    const char *user, *id, *department, *status;
    struct moment begin, end;
    int break_minutes;
    const muster_node *exchange; /* NULL: there is none */
    const char *eligible;        /* JSON: users who may take it over; NULL: not asked */
};

struct shifts {
    struct rows rows, exchanges;
    struct shift *items; /* by user, then id */
    size_t count;
    char **texts; /* of `eligible` */
    size_t text_count;
};

/* A shift as a server tells it. False: without an id, or with times that cannot be read. */
bool shift_read(const muster_node *row, struct shift *ret_shift);
/* Everybody's, where option shift_mode says so; what the account may not see is told to the host. */
muster_rc shifts_read(struct pmt *pmt, const muster_pull *what, const struct store *store, struct shifts *ret_shifts);
void shifts_done(struct shifts *shifts);
/* The first of a user; *ret_count: how many follow it, that one included. */
const struct shift *shifts_of(const struct shifts *shifts, const char *user, size_t *ret_count);

/* --- person.c --- */

/* Who it is about, and where. */
struct whom {
    const char *key; /* as somebody typed it */
    char name[CODE_ROOM], username[CODE_ROOM], id[CODE_ROOM], subject[2 * CODE_ROOM];
    struct store store;
};

/* By the arguments person and store. */
muster_rc whom_find(struct pmt *pmt, const muster_record *args, struct whom *ret_whom);
/* "NAME, store 116: SENTENCE". */
__attribute__((format(printf, 4, 5))) muster_rc whom_fail(struct pmt *pmt, muster_rc rc, const struct whom *whom,
                                                          const char *format, ...);
/* The store that an argument names. */
muster_rc store_named(struct pmt *pmt, const char *id, struct store *ret_store);
muster_rc person_log_in(struct pmt *pmt, struct whom *whom, const char *username);
muster_rc person_log_out(struct pmt *pmt, const struct whom *whom);
/* What is asked as somebody who has logged in: `path` behind the store's address; a body makes it a POST unless
 * `method` says otherwise. The document is NULL where the answer has none. */
struct asked {
    const char *method, *path, *body;
    const char *list; /* the answer is to have it; NULL: whatever it is */
};
muster_rc person_ask(struct pmt *pmt, const struct whom *whom, const struct asked *asked,
                     muster_document **ret_document, const muster_node **ret_list);
/* As somebody, or with `whom` without a name as the account that reads. */
muster_rc person_reply(struct pmt *pmt, const struct whom *whom, muster_rc rc, const muster_http *reply);

/* --- schedule.c --- */

muster_rc schedule_lookup(struct pmt *pmt, const char *name, const muster_record *args);

/* --- exchange.c --- */

muster_rc exchange_lookup(struct pmt *pmt, const char *name, const muster_record *args);
muster_rc exchange_action(struct pmt *pmt, const char *name, const muster_record *args);

/* --- verbs.c, tables.c --- */

extern const muster_verb pmt_lookups[], pmt_actions[];
extern const muster_stream pmt_streams[];

#endif
