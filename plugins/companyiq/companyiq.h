/* companyiq - what the files of the companyiq connector share: companyiq (what it offers), call (talk with the Open
 * Platform), code (what its codes mean), users (the user import), text (bytes that grow). */
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

/* --- users.c --- */

muster_rc users_apply(struct companyiq *companyiq, const muster_push *push);

#endif
