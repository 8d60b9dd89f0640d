/* statement - what option `statements` says: a stream's SQL, and the column that tells what is new. */
#include "odbc.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

static const char *const words[] = {"select",     "cursor", "begin", "create", "update", "deactivate",
                                    "reactivate", "delete", "id",    "find",   NULL};

static bool known(const char *name)
{
    for (size_t i = 0; words[i]; i++)
        if (strcmp(words[i], name) == 0)
            return true;
    return false;
}

static void statement_read(const muster_node *one, struct statement *ret_statement)
{
    bool whole = one->kind == MUSTER_NODE_OBJECT;
    *ret_statement = (struct statement){
        .stream = one->name,
        .select = whole ? muster_node_text(muster_node_member(one, "select")) : one->text,
        .cursor = whole ? muster_node_text(muster_node_member(one, "cursor")) : NULL,
        .begin = whole ? muster_node_text(muster_node_member(one, "begin")) : NULL,
        .told = muster_node_member(one, "create") || muster_node_member(one, "update"),
    };
}

static bool has_column(const muster_field *fields, const char *name)
{
    for (; fields->name; fields++)
        if (strcasecmp(fields->name, name) == 0)
            return true;
    return false;
}

/* A cursor and what stands for it, as far as they can be seen without the database. */
static muster_rc cursor_check(struct odbc *odbc, const struct statement *statement)
{
    char compared[200];
    const char *cursor = statement->cursor, *why = NULL;
    size_t marks = statement->select ? columns_marks(statement->select) : 0;
    muster_field *fields = statement->select ? columns_of(statement->select) : NULL;
    if (marks > 0 && !cursor) {
        statement_compared(statement->select, compared, sizeof(compared));
        cursor = *compared ? compared : NULL;
    }
    if (!statement->select && (cursor || statement->begin))
        why = "has a cursor or begin, and no select that they are for";
    else if (marks == 0 && (statement->cursor || statement->begin))
        why = "has a cursor or begin, and no ? in its select that stands for it, as in WHERE changed >= ?";
    else if (marks > 0 && !cursor)
        why = "has a ? in its select, and does not say which column it stands for: add cursor: COLUMN";
    else if (marks > 0 && fields && !has_column(fields, cursor))
        why = "does not select the column of its cursor, by which it is known what came last";
    columns_free(fields);
    return why ? odbc->host->fail(odbc->run, MUSTER_CONFIG, "option 'statements': stream '%s' %s", statement->stream,
                                  why)
               : MUSTER_OK;
}

/* One stream: a text is its select. */
static muster_rc one_check(struct odbc *odbc, const muster_node *one)
{
    struct statement statement;
    if (one->kind == MUSTER_NODE_TEXT && one->len > 0) {
        statement_read(one, &statement);
        return cursor_check(odbc, &statement);
    }
    if (one->kind != MUSTER_NODE_OBJECT)
        return odbc->host->fail(odbc->run, MUSTER_CONFIG,
                                "option 'statements': stream '%s' needs an SQL statement, or a map of them", one->name);
    for (const muster_node *word = muster_node_first(one); word; word = word->next)
        if (!known(word->name) || word->kind != MUSTER_NODE_TEXT)
            return odbc->host->fail(odbc->run, MUSTER_CONFIG,
                                    "option 'statements': stream '%s' has '%s', which is %s; known are select, "
                                    "cursor, begin, create, update, deactivate, reactivate, delete, id and find",
                                    one->name, word->name, known(word->name) ? "no text" : "not known here");
    statement_read(one, &statement);
    return cursor_check(odbc, &statement);
}

muster_rc statement_check(struct odbc *odbc)
{
    const muster_node *root = muster_document_root(odbc->statements);
    muster_rc rc = MUSTER_OK;
    if (root && root->kind != MUSTER_NODE_OBJECT)
        return odbc->host->fail(odbc->run, MUSTER_CONFIG, "option 'statements' has to be a map of streams to SQL");
    for (const muster_node *one = muster_node_first(root); one && rc == MUSTER_OK; one = one->next)
        rc = one_check(odbc, one);
    return rc;
}

muster_rc statement_find(struct odbc *odbc, const char *stream, struct statement *ret_statement)
{
    const muster_node *one = muster_node_member(muster_document_root(odbc->statements), stream);
    if (!one)
        return odbc->host->fail(odbc->run, MUSTER_CONFIG, "option 'statements' has nothing for stream '%s'", stream);
    statement_read(one, ret_statement);
    return MUSTER_OK;
}

/* A stream that is only written has no rows to be mapped. */
static muster_rc one_tell(struct odbc *odbc, const muster_node *one)
{
    static const char *const writes[] = {"create", "update", "deactivate", "reactivate", "delete"};
    struct statement statement;
    statement_read(one, &statement);
    muster_field *fields = statement.select ? columns_of(statement.select) : NULL;
    muster_stream stream = {.name = one->name, .fields = fields, .gone = MUSTER_BY_ABSENCE};
    stream.flags = (statement.select ? MUSTER_READ_FULL : 0u) | (fields ? MUSTER_CLOSED : 0u);
    for (size_t n = 0; n < sizeof(writes) / sizeof(*writes) && one->kind == MUSTER_NODE_OBJECT; n++)
        if (muster_node_member(one, writes[n]))
            stream.flags |= MUSTER_WRITE;
    if (!statement.told) /* then the first column is the id */
        stream.flags |= MUSTER_KEYLESS;
    muster_rc rc = odbc->host->stream(odbc->run, &stream);
    columns_free(fields);
    return rc;
}

muster_rc statements_tell(struct odbc *odbc)
{
    muster_rc rc = MUSTER_OK;
    const muster_node *one = muster_node_first(muster_document_root(odbc->statements));
    for (; one && rc == MUSTER_OK; one = one->next)
        rc = one_tell(odbc, one);
    return rc;
}

static bool of_name(char c)
{
    return isalnum((unsigned char)c) || c == '_' || (unsigned char)c >= 0x80;
}

static bool quotes(char c)
{
    return c == '"' || c == '`' || c == ']' || c == '[';
}

void statement_compared(const char *select, char *ret_name, size_t room)
{
    const char *mark = strchr(select, '?'), *end;
    ret_name[0] = '\0';
    if (!mark)
        return;
    for (end = mark; end > select && isspace((unsigned char)end[-1]);)
        end--;
    if (end > select && end[-1] == '=')
        end--;
    if (end == select || end[-1] != '>')
        return;
    for (end--; end > select && isspace((unsigned char)end[-1]);)
        end--;
    bool quoted = end > select && quotes(end[-1]);
    end -= quoted;
    const char *begin = end;
    while (begin > select && (quoted ? !quotes(begin[-1]) : of_name(begin[-1])))
        begin--;
    if (end > begin && (size_t)(end - begin) < room)
        snprintf(ret_name, room, "%.*s", (int)(end - begin), begin);
}

muster_rc statement_prepare(struct odbc *odbc, SQLHSTMT handle, const char *sql, const char *what)
{
    size_t units;
    SQLWCHAR *wide = wide_of(sql, &units);
    if (!wide)
        return odbc->host->fail(odbc->run, MUSTER_FAIL, "no memory");
    SQLRETURN rc = SQLPrepareW(handle, wide, (SQLINTEGER)units);
    free(wide);
    return SQL_SUCCEEDED(rc) ? MUSTER_OK : fault_of(odbc, SQL_HANDLE_STMT, handle, what);
}

static SQLRETURN executes(void *context)
{
    return SQLExecute(context);
}

muster_rc statement_run(struct odbc *odbc, SQLHSTMT handle, const char *what)
{
    SQLRETURN rc = link_wait(odbc, handle, executes, handle);
    if (SQL_SUCCEEDED(rc) || rc == SQL_NO_DATA)
        return MUSTER_OK;
    if (odbc->host->cancelled(odbc->run))
        return MUSTER_CANCELLED;
    return fault_of(odbc, SQL_HANDLE_STMT, handle, what);
}
