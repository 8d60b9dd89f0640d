/* discover - what is there: the columns of each statement; without statements, tables and views with theirs. */
#include "odbc.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static muster_rc tell(struct odbc *odbc, const char *stream, const char *doc, const struct rows *rows)
{
    const muster_stream told = {.name = stream, .doc = doc, .flags = MUSTER_READ_FULL};
    muster_rc rc = odbc->host->stream(odbc->run, &told);
    for (size_t i = 0; i < rows->count && rc == MUSTER_OK; i++) {
        const muster_field field = {.name = rows->columns[i].name, .type = rows->columns[i].type};
        rc = odbc->host->field(odbc->run, stream, &field);
    }
    return rc;
}

/* Described, and where the driver knows nothing before, run and thrown away. */
static muster_rc of_select(struct odbc *odbc, const char *stream, const char *sql, const char *doc)
{
    SQLHSTMT handle = NULL;
    struct rows rows = {.odbc = odbc};
    char what[150];
    snprintf(what, sizeof(what), "stream '%.100s'", stream);
    muster_rc rc = link_statement(odbc, &handle);
    if (rc == MUSTER_OK)
        rc = statement_prepare(odbc, handle, sql, what);
    if (rc == MUSTER_OK)
        rc = rows_describe(odbc, handle, what, &rows);
    if (rc == MUSTER_OK)
        rc = tell(odbc, stream, doc, &rows);
    rows_done(&rows);
    if (handle)
        SQLFreeHandle(SQL_HANDLE_STMT, handle);
    return rc;
}

static bool of_system(const char *schema)
{
    static const char *const names[] = {"information_schema", "pg_catalog", "sys",
                                        "INFORMATION_SCHEMA", "mysql",      "performance_schema"};
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
        if (strcmp(names[i], schema) == 0)
            return true;
    return false;
}

struct name {
    char schema[200], table[200];
};

static void name_get(SQLHSTMT handle, SQLUSMALLINT column, char *ret_name, size_t room)
{
    SQLWCHAR wide[200] = {0};
    SQLLEN len = 0;
    muster_text text = {0};
    ret_name[0] = '\0';
    if (!SQL_SUCCEEDED(SQLGetData(handle, column, SQL_C_WCHAR, wide, sizeof(wide), &len)) || len < 0)
        return;
    wide_add(&text, wide, (size_t)len / sizeof(SQLWCHAR) < 199 ? (size_t)len / sizeof(SQLWCHAR) : 199);
    if (text.data)
        snprintf(ret_name, room, "%s", text.data);
    muster_text_done(&text);
}

static muster_rc tables_list(struct odbc *odbc, struct name **ret_names, size_t *ret_count)
{
    enum { TABLES_MOST = 1000 };
    SQLHSTMT handle = NULL;
    SQLCHAR types[] = "TABLE,VIEW";
    muster_rc rc = link_statement(odbc, &handle);
    if (rc != MUSTER_OK)
        return rc;
    *ret_names = calloc(TABLES_MOST, sizeof(**ret_names));
    if (!SQL_SUCCEEDED(SQLTables(handle, NULL, 0, NULL, 0, NULL, 0, types, SQL_NTS)))
        rc = fault_of(odbc, SQL_HANDLE_STMT, handle, "the list of tables");
    while (rc == MUSTER_OK && *ret_names && *ret_count < TABLES_MOST && SQL_SUCCEEDED(SQLFetch(handle))) {
        struct name *name = &(*ret_names)[*ret_count];
        name_get(handle, 2, name->schema, sizeof(name->schema));
        name_get(handle, 3, name->table, sizeof(name->table));
        *ret_count += !of_system(name->schema) && *name->table;
    }
    SQLFreeHandle(SQL_HANDLE_STMT, handle);
    return rc;
}

static void quoted_add(muster_text *sql, const char *quote, const char *name)
{
    muster_text_put(sql, quote);
    muster_text_put(sql, name);
    muster_text_put(sql, quote);
}

static muster_rc of_tables(struct odbc *odbc)
{
    struct name *names = NULL;
    size_t count = 0;
    char quote[10] = "\"";
    muster_rc rc = tables_list(odbc, &names, &count);
    if (rc == MUSTER_OK)
        SQLGetInfo(odbc->link, SQL_IDENTIFIER_QUOTE_CHAR, quote, sizeof(quote), NULL);
    for (size_t i = 0; i < count && rc == MUSTER_OK; i++) {
        muster_text sql = {0};
        muster_text_put(&sql, "SELECT * FROM ");
        if (*names[i].schema) {
            quoted_add(&sql, quote, names[i].schema);
            muster_text_put(&sql, ".");
        }
        quoted_add(&sql, quote, names[i].table);
        if (!sql.failed && of_select(odbc, names[i].table, sql.data, sql.data) != MUSTER_OK)
            odbc->host->log(odbc->run, MUSTER_INFO, "table %s cannot be described", names[i].table);
        muster_text_done(&sql);
    }
    free(names);
    return rc;
}

muster_rc discover_all(struct odbc *odbc)
{
    const muster_node *one = muster_node_first(muster_document_root(odbc->statements));
    muster_rc rc = MUSTER_OK;
    if (!one)
        return of_tables(odbc);
    for (; one && rc == MUSTER_OK; one = one->next) {
        struct statement statement;
        rc = statement_find(odbc, one->name, &statement);
        if (rc == MUSTER_OK && statement.select)
            rc = read_sample(odbc, one->name);
    }
    return rc;
}
