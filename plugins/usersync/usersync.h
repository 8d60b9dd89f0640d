/* usersync - what the files of the usersync connector share: usersync (what it offers), row (what is told of one
 * account), batch (calls with many of them, and what came of each), code (what a refusal means). */
#ifndef USERSYNC_USERSYNC_H
#define USERSYNC_USERSYNC_H

#include <muster/connector.h>
#include <muster/document.h>
#include <muster/text.h>

#include <stdbool.h>

enum { WHY = 700 };

/* One connection. */
struct usersync {
    muster_run *run;
    const muster_host *host;
    muster_document *names, *codes; /* of the options; NULL: none */
    muster_auth login;
};

/* An option's value; "" when it is unset. */
const char *usersync_option(const struct usersync *usersync, const char *name);

/* --- row.c --- */

/* How a stream's rows are written: users, communities, functions. */
struct row_form {
    const char *stream, *path_option, *member_option;
    bool people; /* accounts, with an address and communities */
};

/* NULL: there is no such stream. */
const struct row_form *row_form(const char *stream);
/* Who it is there: as it was called when it was made; else by the field. NULL: it has no value. */
const char *row_id(const struct usersync *usersync, const muster_change *change);
/* Appends an object. False and a sentence where the account cannot be told: nothing was appended then. */
bool row_write(const struct usersync *usersync, const struct row_form *form, const muster_field *fields,
               const muster_change *change, muster_text *out, char ret_why[WHY]);

/* --- code.c --- */

/* A refused row: whose turn it is, as a result code and in a sentence. `code` may be NULL. */
muster_rc code_meaning(const struct usersync *usersync, const char *code, const char *message, char ret_why[WHY]);

/* --- batch.c --- */

muster_rc batch_apply(struct usersync *usersync, const muster_push *push);
/* Whether the platform lets us in: tells it of nobody. */
muster_rc batch_check(struct usersync *usersync);

#endif
