/* odbc - what the files of the connector `odbc` share: odbc (options, streams, lifetime), link (the connection, and
 * waiting for the database), fault (SQLSTATEs as result codes), wide (UTF-16), statement (what the organization's file
 * says), rows (what a statement answers), value (one cell as text), read (a pull), discover, write (a target). */
#ifndef ODBC_H
#define ODBC_H

#include <muster/connector.h>
#include <muster/document.h>
#include <muster/text.h>

#include <sql.h>
#include <sqlext.h>
#include <sqlucode.h>

#include <stdbool.h>
#include <stddef.h>

struct odbc {
    muster_run *run;
    const muster_host *host;
    SQLHENV environment;
    SQLHDBC link;
    bool connected;
    SQLUINTEGER getdata; /* SQL_GD_… of the driver */
    muster_document *statements;
    const char *time_zone; /* "", "UTC" or "+01:00" */
    bool trim;
    long timeout_s, block;
};

/* One stream as option `statements` has it. Texts live as long as the option does; NULL: not said. */
struct statement {
    const char *stream, *select, *cursor, *begin;
    bool told; /* it is a target's, too */
};

/* A column of what a statement answers. */
struct column {
    char *name;
    SQLSMALLINT sql; /* SQL_… type */
    SQLULEN size;
    SQLSMALLINT digits;
    int32_t type;  /* MUSTER_… */
    SQLSMALLINT c; /* SQL_C_…: as what it is asked for */
    bool padded, zoned;
    size_t room; /* bytes of one cell */
    char *cells; /* of a block; NULL: asked for one by one */
    SQLLEN *lens;
};

struct rows {
    struct odbc *odbc;
    SQLHSTMT handle;
    struct column *columns;
    size_t count;
    bool bound;
    SQLULEN block, fetched; /* rows that are asked for at once, that came */
    SQLUSMALLINT *states;
    SQLWCHAR *wide; /* a long text while it comes */
    size_t wide_room;
};

/* What is bound to a '?'. */
struct parameter {
    SQLWCHAR *text;
    SQLLEN len; /* bytes, or SQL_NULL_DATA */
    SQLSMALLINT sql;
    SQLULEN size;
    SQLSMALLINT digits;
};

/* link.c */
muster_rc link_open(struct odbc *odbc); /* once; again after it was lost */
void link_close(struct odbc *odbc);
/* Does what takes long on a thread of its own; meanwhile the engine is told that we live, and asked whether to stop. */
SQLRETURN link_wait(struct odbc *odbc, SQLHSTMT handle, SQLRETURN (*work)(void *context), void *context);
muster_rc link_statement(struct odbc *odbc, SQLHSTMT *ret_handle);

/* fault.c: the first thing that went wrong, as a code and a sentence; `what` is what was tried. */
muster_rc fault_of(struct odbc *odbc, SQLSMALLINT type, SQLHANDLE handle, const char *what);
/* The same for one that is told of a record, not of the call; ret_why has room for 600 bytes. */
muster_rc fault_read(SQLSMALLINT type, SQLHANDLE handle, char ret_state[6], char *ret_why, size_t room);

/* wide.c: NULL: no memory. */
SQLWCHAR *wide_of(const char *text, size_t *ret_units);
void wide_add(muster_text *text, const SQLWCHAR *wide, size_t units);

/* statement.c */
muster_rc statement_find(struct odbc *odbc, const char *stream, struct statement *ret_statement);
muster_rc statement_check(struct odbc *odbc);
/* Says which streams there are, and their columns where these can be told from the select. */
muster_rc statements_tell(struct odbc *odbc);
/* The column that a lone "COLUMN >= ?" compares, in the select's own words; "" when it cannot be told. */
void statement_compared(const char *select, char *ret_name, size_t room);
muster_rc statement_prepare(struct odbc *odbc, SQLHSTMT handle, const char *sql, const char *what);
muster_rc statement_run(struct odbc *odbc, SQLHSTMT handle, const char *what);

/* columns.c: what a select answers, as far as its text says it; ends with a NULL name. NULL: the database knows. */
muster_field *columns_of(const char *select);
void columns_free(muster_field *fields);
size_t columns_marks(const char *select); /* how many ? stand for a value */

/* rows.c */
muster_rc rows_describe(struct odbc *odbc, SQLHSTMT handle, const char *what, struct rows *ret_rows);
muster_rc rows_bind(struct rows *rows);
muster_rc rows_next(struct rows *rows, const char *what); /* the next block; fetched is 0 at the end */
void rows_done(struct rows *rows);

/* value.c: one cell of the block under way. MUSTER_DATA: this one is unusable, as ret_why (200 bytes) says. */
muster_rc value_read(struct rows *rows, size_t row, size_t column, muster_text *text, bool *ret_null, char *ret_why);
void value_decimal(muster_text *text); /* ".5" is "0.5" */
/* Which of two cursors is later. */
int value_compare(int32_t type, const char *a, const char *b);

/* read.c, discover.c */
muster_rc read_pull(struct odbc *odbc, const muster_pull *asked);
muster_rc read_sample(struct odbc *odbc, const char *stream); /* its first rows, for people to look at */
muster_rc discover_all(struct odbc *odbc);

/* write.c */
muster_rc write_apply(struct odbc *odbc, const muster_push *push);
muster_rc write_find(struct odbc *odbc, const char *stream, const muster_record *fields);

#endif
