/* rows - what a statement answers: its columns, and its rows in blocks where the driver can give a cell once more that
 * did not fit; else cell by cell. */
#include "odbc.h"

#include <stdlib.h>
#include <string.h>

enum { NAME_UNITS = 300, TEXT_MOST = 500, TEXT_LEAST = 40 };

/* Decimals and integers come as the driver writes them, which is exact. NULL: a type that is refused. */
static const char *kind_set(struct column *column)
{
    column->type = MUSTER_TEXT;
    column->c = SQL_C_WCHAR;
    switch (column->sql) {
    case SQL_BINARY:
    case SQL_VARBINARY:
    case SQL_LONGVARBINARY: return NULL;
    case SQL_DECIMAL:
    case SQL_NUMERIC: column->type = MUSTER_DECIMAL; break;
    case SQL_TINYINT:
    case SQL_SMALLINT:
    case SQL_INTEGER:
    case SQL_BIGINT: column->type = MUSTER_INTEGER; break;
    case SQL_REAL:
    case SQL_FLOAT:
    case SQL_DOUBLE:
        column->type = MUSTER_DECIMAL;
        column->c = SQL_C_DOUBLE;
        break;
    case SQL_BIT:
        column->type = MUSTER_BOOL;
        column->c = SQL_C_BIT;
        break;
    case SQL_TYPE_DATE:
        column->type = MUSTER_DATE;
        column->c = SQL_C_TYPE_DATE;
        break;
    case SQL_TYPE_TIME:
        column->type = MUSTER_TIME;
        column->c = SQL_C_TYPE_TIME;
        break;
    case SQL_TYPE_TIMESTAMP:
        column->type = MUSTER_DATETIME;
        column->c = SQL_C_TYPE_TIMESTAMP;
        break;
    case SQL_CHAR:
    case SQL_WCHAR: column->padded = true; break;
    default: break;
    }
    return "";
}

/* A time that names its zone, as far as the driver lets that be seen. */
static void zone_set(SQLHSTMT handle, SQLUSMALLINT nth, struct column *column)
{
    enum { SQL_SERVER_TIME_WITH_ZONE = -155 };
    SQLWCHAR name[60] = {0};
    SQLSMALLINT bytes = 0;
    muster_text text = {0};
    if (column->sql == SQL_SERVER_TIME_WITH_ZONE) {
        column->type = MUSTER_DATETIME;
        column->zoned = true;
    }
    if (column->sql != SQL_TYPE_TIMESTAMP ||
        !SQL_SUCCEEDED(SQLColAttributeW(handle, nth, SQL_DESC_TYPE_NAME, name, sizeof(name), &bytes, NULL)))
        return;
    wide_add(&text, name, bytes < 0 ? 0 : (size_t)bytes / sizeof(SQLWCHAR));
    column->zoned = text.data && (strcasestr(text.data, "timestamptz") || strcasestr(text.data, "with time zone") ||
                                  strcasestr(text.data, "with local time zone"));
    muster_text_done(&text);
}

static muster_rc column_describe(struct rows *rows, SQLUSMALLINT nth, struct column *column)
{
    SQLWCHAR name[NAME_UNITS] = {0};
    SQLSMALLINT units = 0, nullable;
    muster_text text = {0};
    struct odbc *odbc = rows->odbc;
    if (!SQL_SUCCEEDED(SQLDescribeColW(rows->handle, nth, name, NAME_UNITS, &units, &column->sql, &column->size,
                                       &column->digits, &nullable)))
        return fault_of(odbc, SQL_HANDLE_STMT, rows->handle, "the columns of the answer");
    wide_add(&text, name, units < 0 ? 0 : units < NAME_UNITS ? (size_t)units : NAME_UNITS - 1);
    if (text.failed || text.len == 0) {
        muster_text_done(&text);
        return odbc->host->fail(odbc->run, MUSTER_CONFIG, "column %u of the answer has no name: give it one with AS",
                                nth);
    }
    column->name = text.data;
    zone_set(rows->handle, nth, column);
    bool zoned = column->zoned && column->sql != SQL_TYPE_TIMESTAMP;
    if (!zoned && !kind_set(column))
        return odbc->host->fail(odbc->run, MUSTER_CONFIG,
                                "column '%s' is binary: leave it out of the statement, or select it as text",
                                column->name);
    if (zoned)
        column->c = SQL_C_WCHAR;
    if (column->zoned && !zoned && !*odbc->time_zone)
        return odbc->host->fail(
            odbc->run, MUSTER_CONFIG,
            "column '%s' is a time with a zone, which the driver leaves out: select it AT TIME ZONE "
            "'UTC' and say option time_zone: UTC",
            column->name);
    return MUSTER_OK;
}

muster_rc rows_describe(struct odbc *odbc, SQLHSTMT handle, const char *what, struct rows *ret_rows)
{
    SQLSMALLINT count = 0;
    *ret_rows = (struct rows){.odbc = odbc, .handle = handle};
    if (!SQL_SUCCEEDED(SQLNumResultCols(handle, &count)))
        return fault_of(odbc, SQL_HANDLE_STMT, handle, what);
    ret_rows->columns = calloc((size_t)count + 1, sizeof(*ret_rows->columns));
    if (!ret_rows->columns)
        return odbc->host->fail(odbc->run, MUSTER_FAIL, "no memory");
    muster_rc rc = MUSTER_OK;
    for (SQLSMALLINT i = 0; i < count && rc == MUSTER_OK; i++) {
        ret_rows->count = (size_t)i + 1;
        rc = column_describe(ret_rows, (SQLUSMALLINT)(i + 1), &ret_rows->columns[i]);
    }
    return rc;
}

static size_t room_of(const struct column *column)
{
    if (column->c == SQL_C_TYPE_TIMESTAMP)
        return sizeof(SQL_TIMESTAMP_STRUCT);
    if (column->c == SQL_C_TYPE_DATE)
        return sizeof(SQL_DATE_STRUCT);
    if (column->c == SQL_C_TYPE_TIME)
        return sizeof(SQL_TIME_STRUCT);
    if (column->c == SQL_C_DOUBLE)
        return sizeof(double);
    if (column->c == SQL_C_BIT)
        return sizeof(SQLCHAR);
    size_t units = column->size > TEXT_MOST ? TEXT_MOST : column->size < TEXT_LEAST ? TEXT_LEAST : column->size;
    return (units + 4) * sizeof(SQLWCHAR);
}

muster_rc rows_bind(struct rows *rows)
{
    const SQLUINTEGER wanted = SQL_GD_BLOCK | SQL_GD_BOUND;
    struct odbc *odbc = rows->odbc;
    rows->bound = odbc->block > 1 && (odbc->getdata & wanted) == wanted;
    rows->block = rows->bound ? (SQLULEN)odbc->block : 1;
    rows->states = calloc(rows->block, sizeof(*rows->states));
    if (!rows->states)
        return odbc->host->fail(odbc->run, MUSTER_FAIL, "no memory");
    SQLSetStmtAttr(rows->handle, SQL_ATTR_ROW_ARRAY_SIZE, (SQLPOINTER)rows->block, 0);
    SQLSetStmtAttr(rows->handle, SQL_ATTR_ROWS_FETCHED_PTR, &rows->fetched, 0);
    SQLSetStmtAttr(rows->handle, SQL_ATTR_ROW_STATUS_PTR, rows->states, 0);
    for (size_t i = 0; rows->bound && i < rows->count; i++) {
        struct column *column = &rows->columns[i];
        column->room = room_of(column);
        column->cells = calloc(rows->block, column->room);
        column->lens = calloc(rows->block, sizeof(*column->lens));
        if (!column->cells || !column->lens)
            return odbc->host->fail(odbc->run, MUSTER_FAIL, "no memory");
        if (!SQL_SUCCEEDED(SQLBindCol(rows->handle, (SQLUSMALLINT)(i + 1), column->c, column->cells,
                                      (SQLLEN)column->room, column->lens)))
            return fault_of(odbc, SQL_HANDLE_STMT, rows->handle, column->name);
    }
    return MUSTER_OK;
}

muster_rc rows_next(struct rows *rows, const char *what)
{
    struct odbc *odbc = rows->odbc;
    rows->fetched = 0;
    SQLRETURN rc = SQLFetch(rows->handle);
    if (rc == SQL_NO_DATA) {
        rows->fetched = 0;
        return MUSTER_OK;
    }
    if (!SQL_SUCCEEDED(rc))
        return fault_of(odbc, SQL_HANDLE_STMT, rows->handle, what);
    if (rows->fetched == 0)
        rows->fetched = 1; /* a driver that does not count */
    return MUSTER_OK;
}

void rows_done(struct rows *rows)
{
    for (size_t i = 0; i < rows->count; i++) {
        free(rows->columns[i].name);
        free(rows->columns[i].cells);
        free(rows->columns[i].lens);
    }
    free(rows->columns);
    free(rows->states);
    free(rows->wide);
}
