/* pmt - what the files of the pmt connector share: pmt (what it offers), call (questions to a server, and what it
 * answers), stores (chains, stores, and where they are), departments, people (users and their memberships), schedule
 * (somebody's own shifts), clock (local times), tables (the mapping it ships). */
#ifndef PMT_PMT_H
#define PMT_PMT_H

#include <muster/connector.h>
#include <muster/document.h>

#include <stdbool.h>
#include <time.h>

enum { URL_ROOM = 1024, CODE_ROOM = 200, DAY_ROOM = 40 };

/* A partition: one store, on a server of its own. */
struct store {
    char id[CODE_ROOM], name[CODE_ROOM];
    char url[URL_ROOM]; /* without a '/' at its end */
};

/* What a server calls a department, and what we do. */
struct department {
    const char *id, *name, *shortcode; /* as they came; NULL: nothing */
    char code[CODE_ROOM];
};

struct departments {
    muster_document *document;
    struct department *items;
    size_t count;
};

/* One connection. */
struct pmt {
    muster_run *run;
    const muster_host *host;
    muster_auth key;                /* of the partner */
    struct store of;                /* the store whose departments these are */
    struct departments departments; /* read once for all streams of a store */
    bool read;
};

/* --- call.c --- */

/* GET of JSON with the partner's key; an object with `list` in it, which is a list of objects. Anything else is a
 * failure with a sentence that begins with `who`. The document is the caller's. */
muster_rc call_list(struct pmt *pmt, const char *who, const char *url, const char *list, muster_document **ret_document,
                    const muster_node **ret_list);
/* The same of a reply that is there. */
muster_rc call_read(struct pmt *pmt, const char *who, muster_rc rc, const muster_http *reply, const char *list,
                    muster_document **ret_document, const muster_node **ret_list);
/* A text or number of an object; NULL: none, null, or nothing but white space. */
const char *text_of(const muster_node *object, const char *member);
/* "store 116 (Dam)", for sentences. */
void store_call(const struct store *store, char ret_who[2 * CODE_ROOM + 20]);

/* --- stores.c --- */

/* Tells of each store that the options name. */
muster_rc stores_each(struct pmt *pmt, muster_rc (*each)(struct pmt *pmt, const struct store *store, void *context),
                      void *context);
/* The store of a pull, from its partition and what partitions() said of it. */
muster_rc store_of(struct pmt *pmt, const muster_pull *what, struct store *ret_store);

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
/* "13-09-2016 10:00:00", Amsterdam's. */
bool clock_read(const char *text, struct moment *ret_moment);
int clock_minutes(const char *text); /* of "00:30:00" */
/* The day it is there, as YYYY-MM-DD. */
void clock_day(int64_t now_ms, char ret_day[DAY_ROOM]);

/* --- schedule.c --- */

muster_rc schedule_lookup(struct pmt *pmt, const char *name, const muster_record *args);
muster_rc schedule_action(struct pmt *pmt, const char *name, const muster_record *args);

/* --- tables.c --- */

extern const muster_stream pmt_streams[];

#endif
