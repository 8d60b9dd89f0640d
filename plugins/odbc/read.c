/* read - a pull: the stream's select, from its cursor on where it has one. */
#include "odbc.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

enum { WHY = 200 };

struct pull {
    struct odbc *odbc;
    const muster_pull *asked;
    struct statement statement;
    char what[150];   /* for sentences: "stream 'salary'" */
    char cursor[200]; /* its column; "": there is none */
    size_t cursor_nth;
    bool incremental; /* the cursor of the last time is bound */
    bool sample;      /* a few rows to look at: nothing is claimed */
    muster_text latest, value;
    uint64_t count;
    struct rows rows;
    struct parameter parameter;
};

/* Smaller than all that such a column can have; chosen so that it fits the column itself. */
static const char *beginning_of(const struct column *column, char *room, size_t len)
{
    switch (column->type) {
    case MUSTER_DATE: return "1753-01-01"; /* the first day that all databases know */
    case MUSTER_DATETIME: return "1753-01-01 00:00:00";
    case MUSTER_TIME: return "00:00:00";
    case MUSTER_INTEGER:
        return column->sql == SQL_TINYINT    ? "0"
               : column->sql == SQL_SMALLINT ? "-32768"
               : column->sql == SQL_INTEGER  ? "-2147483648"
                                             : "-9223372036854775808";
    case MUSTER_DECIMAL: {
        int whole = (int)column->size - column->digits;
        whole = whole < 1 ? 1 : whole > 18 ? 18 : whole;
        snprintf(room, len, "-%.*s", whole, "999999999999999999");
        return room;
    }
    default: return "";
    }
}

static bool is_cursor(const struct pull *pull, const char *name)
{
    return *pull->cursor && strcasecmp(pull->cursor, name) == 0;
}

static muster_rc cursor_find(struct pull *pull)
{
    for (size_t i = 0; i < pull->rows.count; i++)
        if (is_cursor(pull, pull->rows.columns[i].name)) {
            pull->cursor_nth = i;
            return MUSTER_OK;
        }
    return pull->odbc->host->fail(pull->odbc->run, MUSTER_CONFIG,
                                  "%s: the cursor '%s' is none of the columns that are selected", pull->what,
                                  pull->cursor);
}

/* What the '?' of a statement stand for. */
static muster_rc cursor_bind(struct pull *pull, SQLHSTMT handle)
{
    struct odbc *odbc = pull->odbc;
    SQLSMALLINT marks = 0;
    char room[40];
    if (!SQL_SUCCEEDED(SQLNumParams(handle, &marks)))
        return fault_of(odbc, SQL_HANDLE_STMT, handle, pull->what);
    if (marks == 0)
        return *pull->cursor && pull->statement.cursor
                   ? odbc->host->fail(odbc->run, MUSTER_CONFIG,
                                      "%s has the cursor '%s', and no ? in its select that stands for it", pull->what,
                                      pull->cursor)
                   : MUSTER_OK;
    if (!*pull->cursor)
        return odbc->host->fail(odbc->run, MUSTER_CONFIG,
                                "%s: which column does ? stand for? Say it: { select: …, cursor: COLUMN }", pull->what);
    muster_rc rc = cursor_find(pull);
    if (rc != MUSTER_OK)
        return rc;
    const struct column *column = &pull->rows.columns[pull->cursor_nth];
    pull->incremental = !pull->asked->full && pull->asked->cursor;
    const char *from = pull->incremental       ? pull->asked->cursor
                       : pull->statement.begin ? pull->statement.begin
                                               : beginning_of(column, room, sizeof(room));
    size_t units;
    pull->parameter = (struct parameter){.sql = column->sql == SQL_CHAR    ? SQL_VARCHAR
                                                : column->sql == SQL_WCHAR ? SQL_WVARCHAR
                                                                           : column->sql,
                                         .size = column->size,
                                         .digits = column->digits,
                                         .text = wide_of(from, &units)};
    if (!pull->parameter.text)
        return odbc->host->fail(odbc->run, MUSTER_FAIL, "no memory");
    pull->parameter.len = (SQLLEN)(units * sizeof(SQLWCHAR));
    if (pull->parameter.size < units)
        pull->parameter.size = units;
    for (SQLUSMALLINT i = 1; i <= marks; i++)
        if (!SQL_SUCCEEDED(SQLBindParameter(handle, i, SQL_PARAM_INPUT, SQL_C_WCHAR, pull->parameter.sql,
                                            pull->parameter.size, pull->parameter.digits, pull->parameter.text,
                                            (SQLLEN)((units + 1) * sizeof(SQLWCHAR)), &pull->parameter.len)))
            return fault_of(odbc, SQL_HANDLE_STMT, handle, pull->what);
    return MUSTER_OK;
}

static void cursor_seen(struct pull *pull, const struct column *column, const muster_text *value)
{
    if (value->len == 0 || (pull->latest.len > 0 && value_compare(column->type, value->data, pull->latest.data) <= 0))
        return;
    muster_text_clear(&pull->latest);
    muster_text_put(&pull->latest, value->data);
}

/* One row becomes a record, or is told why it cannot. */
static muster_rc row_emit(struct pull *pull, size_t row)
{
    struct odbc *odbc = pull->odbc;
    const muster_host *host = odbc->host;
    char place[60], why[WHY] = "", sentence[WHY + 300];
    const char *wrong = NULL;
    snprintf(place, sizeof(place), "row %llu", (unsigned long long)++pull->count);
    muster_record *record = NULL;
    if (!host->take(odbc->run, pull->statement.stream, NULL, place))
        return MUSTER_OK;
    for (size_t i = 0; i < pull->rows.count; i++) {
        const struct column *column = &pull->rows.columns[i];
        bool null = false;
        muster_rc rc = value_read(&pull->rows, row, i, &pull->value, &null, why);
        if (pull->value.failed)
            return host->fail(odbc->run, MUSTER_FAIL, "no memory");
        if (i == 0) /* of a target's stream it is what the database knows the row by */
            record = host->record(odbc->run, pull->statement.stream,
                                  pull->statement.told && !null ? pull->value.data : NULL, place);
        if (rc == MUSTER_DATA && *why) {
            wrong = wrong ? wrong : column->name;
            continue;
        }
        if (rc != MUSTER_OK)
            return rc;
        if (*pull->cursor && i == pull->cursor_nth && !null)
            cursor_seen(pull, column, &pull->value);
        host->put_nth(record, i, column->type,
                      null               ? NULL
                      : pull->value.data ? pull->value.data
                                         : "",
                      null ? 0 : pull->value.len);
    }
    if (wrong) {
        snprintf(sentence, sizeof(sentence), "column '%.200s': %s", wrong, why);
        return host->reject(odbc->run, pull->statement.stream, NULL, place, sentence);
    }
    muster_rc rc = host->emit(odbc->run, record);
    return rc == MUSTER_DATA ? MUSTER_OK : rc;
}

static muster_rc rows_emit(struct pull *pull)
{
    struct odbc *odbc = pull->odbc;
    muster_rc rc;
    const char **names = calloc(pull->rows.count + 1, sizeof(*names));
    if (!names)
        return odbc->host->fail(odbc->run, MUSTER_FAIL, "no memory");
    for (size_t i = 0; i < pull->rows.count; i++)
        names[i] = pull->rows.columns[i].name;
    rc = odbc->host->columns(odbc->run, pull->statement.stream, names, names, pull->rows.count);
    free(names);
    while (rc == MUSTER_OK && (rc = rows_next(&pull->rows, pull->what)) == MUSTER_OK && pull->rows.fetched > 0) {
        for (size_t row = 0; row < pull->rows.fetched && rc == MUSTER_OK; row++) {
            if (pull->asked->limit && pull->count == pull->asked->limit)
                return MUSTER_OK;
            rc = row_emit(pull, row);
        }
        if (rc == MUSTER_OK && odbc->host->cancelled(odbc->run))
            rc = MUSTER_CANCELLED;
        odbc->host->progress(odbc->run, pull->count, 0);
    }
    return rc;
}

/* A cursor is kept as the database writes it, which is how it is bound the next time. */
static muster_rc claim(struct pull *pull)
{
    const muster_host *host = pull->odbc->host;
    muster_run *run = pull->odbc->run;
    if (pull->asked->limit && pull->count == pull->asked->limit)
        return host->partial(run, "a sample");
    const char *kept = pull->latest.len > 0 ? pull->latest.data : pull->asked->cursor;
    if (*pull->cursor && pull->latest.len > 0) {
        char *mark = strchr(pull->latest.data, 'T');
        bool stamp = pull->rows.columns[pull->cursor_nth].type == MUSTER_DATETIME;
        if (stamp && mark) {
            *mark = ' ';
            mark[strcspn(mark, "Z+")] = '\0';
        }
    }
    muster_rc rc = *pull->cursor && kept ? host->cursor(run, kept) : MUSTER_OK;
    if (rc != MUSTER_OK)
        return rc;
    /* Who stands before a beginning that somebody chose is not missing. */
    bool some = pull->incremental || (*pull->cursor && pull->statement.begin);
    return some ? host->changes(run, pull->count) : host->complete(run, pull->count);
}

static muster_rc pull_run(struct pull *pull, SQLHSTMT handle)
{
    muster_rc rc = statement_prepare(pull->odbc, handle, pull->statement.select, pull->what);
    if (rc == MUSTER_OK && strchr(pull->statement.select, '?'))
        rc = rows_describe(pull->odbc, handle, pull->what, &pull->rows);
    if (rc == MUSTER_OK)
        rc = cursor_bind(pull, handle);
    if (rc == MUSTER_OK)
        rc = statement_run(pull->odbc, handle, pull->what);
    if (rc != MUSTER_OK)
        return rc;
    rows_done(&pull->rows);
    pull->rows = (struct rows){.odbc = pull->odbc, .handle = handle};
    rc = rows_describe(pull->odbc, handle, pull->what, &pull->rows); /* some drivers know types only now */
    if (rc == MUSTER_OK && *pull->cursor)
        rc = cursor_find(pull);
    if (rc == MUSTER_OK && pull->rows.count == 0)
        rc = pull->odbc->host->fail(pull->odbc->run, MUSTER_CONFIG,
                                    "%s: its statement answers no rows: is it a select?", pull->what);
    if (rc == MUSTER_OK)
        rc = rows_bind(&pull->rows);
    if (rc == MUSTER_OK)
        rc = rows_emit(pull);
    return rc == MUSTER_OK && !pull->sample ? claim(pull) : rc;
}

static muster_rc read_rows(struct odbc *odbc, const muster_pull *asked, bool sample)
{
    struct pull pull = {.odbc = odbc, .asked = asked, .sample = sample};
    SQLHSTMT handle = NULL;
    muster_rc rc = statement_find(odbc, asked->stream, &pull.statement);
    if (rc != MUSTER_OK)
        return rc;
    snprintf(pull.what, sizeof(pull.what), "stream '%.100s'", pull.statement.stream);
    if (!pull.statement.select)
        return odbc->host->fail(
            odbc->run, MUSTER_CONFIG,
            "%s has no select in option 'statements': it cannot be read. For a target's stream its first "
            "column is the id",
            pull.what);
    if (pull.statement.cursor)
        snprintf(pull.cursor, sizeof(pull.cursor), "%s", pull.statement.cursor);
    else
        statement_compared(pull.statement.select, pull.cursor, sizeof(pull.cursor));
    rc = link_statement(odbc, &handle);
    if (rc == MUSTER_OK && asked->limit)
        SQLSetStmtAttr(handle, SQL_ATTR_MAX_ROWS, (SQLPOINTER)(uintptr_t)asked->limit, 0);
    if (rc == MUSTER_OK)
        rc = pull_run(&pull, handle);
    rows_done(&pull.rows);
    if (handle)
        SQLFreeHandle(SQL_HANDLE_STMT, handle);
    free(pull.parameter.text);
    muster_text_done(&pull.latest);
    muster_text_done(&pull.value);
    return rc;
}

muster_rc read_pull(struct odbc *odbc, const muster_pull *asked)
{
    return read_rows(odbc, asked, false);
}

muster_rc read_sample(struct odbc *odbc, const char *stream)
{
    enum { SAMPLE = 100 };
    const muster_pull asked = {.size = sizeof(asked), .stream = stream, .full = 1, .limit = SAMPLE};
    return read_rows(odbc, &asked, true);
}
