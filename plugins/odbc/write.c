/* write - what a target is told: the stream's own statements, their :names bound, a transaction around a batch.
 *
 * A batch is done in one transaction. When one of its changes is refused, all of it is taken back and each is done once
 * more in a transaction of its own, so that the good ones stand: no database has to go on after a fault. Nothing is
 * said to be done before its transaction is. */
#include "odbc.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { BATCH = 100, MARKS = 200, WHY = 600 };

/* An SQL statement with ? in the places of its :names. */
struct order {
    char *sql;
    char *names[MARKS];
    size_t count;
    SQLHSTMT handle; /* prepared; NULL: not yet */
};

enum { ORDERS = MUSTER_DELETE + 1 };
static const char *const order_words[ORDERS] = {[MUSTER_CREATE] = "create",
                                                [MUSTER_UPDATE] = "update",
                                                [MUSTER_DEACTIVATE] = "deactivate",
                                                [MUSTER_REACTIVATE] = "reactivate",
                                                [MUSTER_DELETE] = "delete"};

struct outcome {
    const muster_change *change;
    muster_rc rc;
    char why[WHY], id[201];
};

struct writing {
    struct odbc *odbc;
    const muster_push *push;
    const muster_node *said; /* of option statements */
    struct order orders[ORDERS];
    const char *id_field;
    struct outcome outcomes[BATCH];
    size_t count;
};

static void order_done(struct order *order)
{
    for (size_t i = 0; i < order->count; i++)
        free(order->names[i]);
    free(order->sql);
    if (order->handle)
        SQLFreeHandle(SQL_HANDLE_STMT, order->handle);
    *order = (struct order){0};
}

static bool of_word(char c)
{
    return isalnum((unsigned char)c) || c == '_' || (unsigned char)c >= 0x80;
}

/* The end of what begins here and is no place for names: a text, a quoted name, a remark. Else `at` itself. */
static const char *beyond(const char *at)
{
    const char *end = NULL;
    if (*at == '\'' || *at == '"' || *at == '`')
        end = strchr(at + 1, *at);
    else if (*at == '[')
        end = strchr(at + 1, ']');
    else if (at[0] == '-' && at[1] == '-')
        end = strchr(at, '\n');
    else if (at[0] == '/' && at[1] == '*')
        end = (end = strstr(at + 2, "*/")) ? end + 1 : NULL;
    else
        return at;
    return end ? end + 1 : at + strlen(at);
}

/* ":name" becomes "?"; "::" is a cast. */
static muster_rc order_read(struct odbc *odbc, const char *text, struct order *order)
{
    muster_text sql = {0};
    for (const char *at = text; *at && !sql.failed;) {
        const char *after = beyond(at);
        if (after > at) {
            muster_text_add(&sql, at, (size_t)(after - at));
            at = after;
            continue;
        }
        if (at[0] == ':' && at[1] == ':') {
            muster_text_put(&sql, "::");
            at += 2;
            continue;
        }
        size_t len = 0;
        while (at[0] == ':' && of_word(at[1 + len]))
            len++;
        if (len > 0 && order->count < MARKS) {
            order->names[order->count] = strndup(at + 1, len);
            sql.failed |= !order->names[order->count++];
            muster_text_put(&sql, "?");
            at += len + 1;
            continue;
        }
        muster_text_add(&sql, at++, 1);
    }
    order->sql = sql.data;
    return sql.failed || !sql.data ? odbc->host->fail(odbc->run, MUSTER_FAIL, "no memory") : MUSTER_OK;
}

static int32_t type_of(const struct writing *writing, const char *field)
{
    for (const muster_field *one = writing->push->fields; one && one->name; one++)
        if (strcmp(one->name, field) == 0)
            return one->type;
    return MUSTER_TEXT;
}

static SQLSMALLINT sql_of(int32_t type, size_t units)
{
    switch (type) {
    case MUSTER_INTEGER:
    case MUSTER_SECONDS:
    case MUSTER_BYTES: return SQL_BIGINT;
    case MUSTER_DECIMAL: return SQL_DECIMAL;
    case MUSTER_BOOL: return SQL_BIT;
    case MUSTER_DATE: return SQL_TYPE_DATE;
    case MUSTER_TIME: return SQL_TYPE_TIME;
    case MUSTER_DATETIME: return SQL_TYPE_TIMESTAMP;
    default: return units > 4000 ? SQL_WLONGVARCHAR : SQL_WVARCHAR;
    }
}

/* What a name stands for: a field, "id" what the target knows it by, "key" what is the same for every repeat. What is
 * not among the wanted fields stays as it was confirmed last. */
static const char *value_of(const struct writing *writing, const muster_change *change, const char *name)
{
    const muster_host *host = writing->odbc->host;
    const muster_record *sides[] = {change->after, change->before};
    for (size_t i = 0; i < 2; i++)
        if (sides[i] && host->present(sides[i], name) != 0)
            return host->get(sides[i], name);
    return strcmp(name, "id") == 0 ? change->remote_id : strcmp(name, "key") == 0 ? change->key : NULL;
}

/* As ODBC reads it: a time has a blank and no zone, yes is 1. */
static void value_form(int32_t type, char *text)
{
    char *mark = type == MUSTER_DATETIME ? strchr(text, 'T') : NULL;
    if (mark) {
        *mark = ' ';
        mark[strcspn(mark, "Z+")] = '\0';
    }
    if (type == MUSTER_BOOL)
        memcpy(text, strcmp(text, "true") == 0 ? "1" : "0", 2);
}

static void parameters_done(struct parameter *parameters, size_t count)
{
    for (size_t i = 0; i < count; i++)
        free(parameters[i].text);
    free(parameters);
}

static bool parameter_fill(int32_t type, const char *value, struct parameter *parameter)
{
    size_t units = 0;
    char *text = value ? strdup(value) : NULL;
    if (value && !text)
        return false;
    if (text) {
        value_form(type, text);
        parameter->text = wide_of(text, &units);
        const char *point = strchr(text, '.');
        parameter->digits = type == MUSTER_DECIMAL && point    ? (SQLSMALLINT)strlen(point + 1)
                            : type == MUSTER_DATETIME && point ? 3
                                                               : 0;
    }
    free(text);
    parameter->len = value ? (SQLLEN)(units * sizeof(SQLWCHAR)) : SQL_NULL_DATA;
    parameter->sql = sql_of(type, units);
    parameter->size = type == MUSTER_DATETIME ? 23 : units > 0 ? units : 1;
    return !value || parameter->text;
}

static muster_rc order_prepare(struct writing *writing, struct order *order)
{
    struct odbc *odbc = writing->odbc;
    if (order->handle)
        return MUSTER_OK;
    muster_rc rc = link_statement(odbc, &order->handle);
    return rc == MUSTER_OK ? statement_prepare(odbc, order->handle, order->sql, "a statement of the target") : rc;
}

/* What the statement answers, or the field that is the id, is what the target knows it by. */
static void id_take(struct writing *writing, struct order *order, struct outcome *outcome)
{
    SQLSMALLINT columns = 0;
    SQLWCHAR wide[201] = {0};
    SQLLEN len = 0;
    muster_text text = {0};
    const char *field = writing->id_field ? value_of(writing, outcome->change, writing->id_field) : NULL;
    SQLNumResultCols(order->handle, &columns);
    if (columns > 0 && SQL_SUCCEEDED(SQLFetch(order->handle)) &&
        SQL_SUCCEEDED(SQLGetData(order->handle, 1, SQL_C_WCHAR, wide, sizeof(wide), &len)) && len > 0) {
        size_t units = (size_t)len / sizeof(SQLWCHAR);
        wide_add(&text, wide, units < 200 ? units : 200);
        field = text.data;
    }
    if (field && strlen(field) < sizeof(outcome->id))
        snprintf(outcome->id, sizeof(outcome->id), "%s", field);
    muster_text_done(&text);
}

static void refuse(struct outcome *outcome, muster_rc rc, const char *why)
{
    outcome->rc = rc;
    snprintf(outcome->why, sizeof(outcome->why), "%s", why);
}

/* One change. MUSTER_RETRY or MUSTER_AUTH of the line itself comes out; else it is in the outcome. */
static void change_do(struct writing *writing, struct outcome *outcome)
{
    struct odbc *odbc = writing->odbc;
    const muster_change *change = outcome->change;
    struct order *order = &writing->orders[change->op];
    char state[6];
    SQLLEN touched = -1;
    struct parameter *parameters = calloc(order->count + 1, sizeof(*parameters));
    if (!parameters) {
        refuse(outcome, MUSTER_FAIL, "no memory");
        return;
    }
    SQLRETURN rc = SQL_SUCCESS;
    for (size_t i = 0; i < order->count && SQL_SUCCEEDED(rc); i++) {
        int32_t type = type_of(writing, order->names[i]);
        struct parameter *one = &parameters[i];
        if (!parameter_fill(type, value_of(writing, change, order->names[i]), one))
            refuse(outcome, MUSTER_FAIL, "no memory");
        rc = SQLBindParameter(order->handle, (SQLUSMALLINT)(i + 1), SQL_PARAM_INPUT, SQL_C_WCHAR, one->sql, one->size,
                              one->digits, one->text, 0, &one->len);
    }
    if (SQL_SUCCEEDED(rc) && outcome->rc == MUSTER_OK)
        rc = SQLExecute(order->handle);
    if (!SQL_SUCCEEDED(rc) && rc != SQL_NO_DATA) {
        outcome->rc = fault_read(SQL_HANDLE_STMT, order->handle, state, outcome->why, sizeof(outcome->why));
        odbc->connected &= strncmp(state, "08", 2) != 0;
    } else if (outcome->rc == MUSTER_OK) {
        SQLRowCount(order->handle, &touched);
        if (change->op == MUSTER_CREATE)
            id_take(writing, order, outcome);
        else if (touched == 0 || rc == SQL_NO_DATA)
            refuse(outcome, MUSTER_GONE, "no row of the database is this one");
    }
    SQLFreeStmt(order->handle, SQL_CLOSE);
    SQLFreeStmt(order->handle, SQL_RESET_PARAMS);
    parameters_done(parameters, order->count);
}

static muster_rc commits(struct odbc *odbc)
{
    return SQL_SUCCEEDED(SQLEndTran(SQL_HANDLE_DBC, odbc->link, SQL_COMMIT))
               ? MUSTER_OK
               : fault_of(odbc, SQL_HANDLE_DBC, odbc->link, "the transaction");
}

/* Whoever is about to be done; others have their answer. */
static bool pending(const struct writing *writing, const struct outcome *outcome)
{
    return outcome->change->op != MUSTER_KEEP && writing->orders[outcome->change->op].sql;
}

static bool all_done(struct writing *writing)
{
    for (size_t i = 0; i < writing->count; i++) {
        struct outcome *outcome = &writing->outcomes[i];
        if (pending(writing, outcome))
            change_do(writing, outcome);
        if (outcome->rc != MUSTER_OK && pending(writing, outcome))
            return false;
    }
    return true;
}

static muster_rc each_done(struct writing *writing)
{
    muster_rc rc = MUSTER_OK;
    for (size_t i = 0; i < writing->count && rc == MUSTER_OK; i++) {
        struct outcome *outcome = &writing->outcomes[i];
        if (!pending(writing, outcome))
            continue;
        outcome->rc = MUSTER_OK;
        change_do(writing, outcome);
        if (outcome->rc == MUSTER_OK)
            rc = commits(writing->odbc);
        else
            SQLEndTran(SQL_HANDLE_DBC, writing->odbc->link, SQL_ROLLBACK);
    }
    return rc;
}

static muster_rc answer(struct writing *writing)
{
    struct odbc *odbc = writing->odbc;
    muster_rc rc = MUSTER_OK;
    for (size_t i = 0; i < writing->count && rc == MUSTER_OK; i++) {
        const struct outcome *outcome = &writing->outcomes[i];
        const char *id = *outcome->id ? outcome->id : outcome->change->remote_id;
        rc = outcome->rc == MUSTER_OK ? odbc->host->applied(odbc->run, outcome->change, id)
                                      : odbc->host->refused(odbc->run, outcome->change, outcome->rc, outcome->why);
    }
    writing->count = 0;
    return rc;
}

static muster_rc batch_do(struct writing *writing)
{
    struct odbc *odbc = writing->odbc;
    muster_rc rc = MUSTER_OK;
    for (size_t i = 0; i < writing->count && rc == MUSTER_OK; i++) {
        struct outcome *outcome = &writing->outcomes[i];
        char why[WHY];
        if (pending(writing, outcome)) {
            rc = order_prepare(writing, &writing->orders[outcome->change->op]);
        } else if (outcome->change->op != MUSTER_KEEP) {
            snprintf(why, sizeof(why), "option 'statements' has no %s for stream '%.100s'",
                     order_words[outcome->change->op], writing->push->stream);
            refuse(outcome, MUSTER_UNSUPPORTED, why);
        }
    }
    if (rc == MUSTER_OK && all_done(writing))
        rc = commits(odbc);
    else if (rc == MUSTER_OK) {
        SQLEndTran(SQL_HANDLE_DBC, odbc->link, SQL_ROLLBACK);
        rc = each_done(writing);
    }
    odbc->host->progress(odbc->run, writing->count, 0);
    return rc == MUSTER_OK ? answer(writing) : rc; /* what has no answer is looked up before it is repeated */
}

static muster_rc orders_read(struct writing *writing)
{
    muster_rc rc = MUSTER_OK;
    for (int op = MUSTER_CREATE; op < ORDERS && rc == MUSTER_OK; op++) {
        const char *text = muster_node_text(muster_node_member(writing->said, order_words[op]));
        if (text)
            rc = order_read(writing->odbc, text, &writing->orders[op]);
    }
    return rc;
}

static muster_rc changes_do(struct writing *writing)
{
    struct odbc *odbc = writing->odbc;
    for (;;) {
        const muster_change *change = NULL;
        muster_rc rc = odbc->host->next(odbc->run, &change);
        if (rc != MUSTER_OK)
            return rc;
        if (change)
            writing->outcomes[writing->count++] = (struct outcome){.change = change};
        if (writing->count == BATCH || (!change && writing->count > 0))
            rc = batch_do(writing);
        if (rc != MUSTER_OK || !change)
            return rc;
    }
}

muster_rc write_apply(struct odbc *odbc, const muster_push *push)
{
    struct writing *writing = calloc(1, sizeof(*writing));
    if (!writing)
        return odbc->host->fail(odbc->run, MUSTER_FAIL, "no memory");
    writing->odbc = odbc;
    writing->push = push;
    writing->said = muster_node_member(muster_document_root(odbc->statements), push->stream);
    writing->id_field = muster_node_text(muster_node_member(writing->said, "id"));
    muster_rc rc =
        writing->said && writing->said->kind == MUSTER_NODE_OBJECT
            ? orders_read(writing)
            : odbc->host->fail(odbc->run, MUSTER_CONFIG,
                               "option 'statements' needs a map for stream '%s', with create and update", push->stream);
    if (rc == MUSTER_OK)
        rc = link_open(odbc);
    if (rc == MUSTER_OK)
        SQLSetConnectAttr(odbc->link, SQL_ATTR_AUTOCOMMIT, (SQLPOINTER)SQL_AUTOCOMMIT_OFF, 0);
    if (rc == MUSTER_OK)
        rc = changes_do(writing);
    if (odbc->link && rc != MUSTER_OK)
        SQLEndTran(SQL_HANDLE_DBC, odbc->link, SQL_ROLLBACK);
    for (int op = 0; op < ORDERS; op++)
        order_done(&writing->orders[op]);
    if (odbc->link)
        SQLSetConnectAttr(odbc->link, SQL_ATTR_AUTOCOMMIT, (SQLPOINTER)SQL_AUTOCOMMIT_ON, 0);
    free(writing);
    return rc;
}

/* One row that was found: its first column is the id. */
static muster_rc found_tell(struct rows *rows, const char *stream, muster_text *value)
{
    struct odbc *odbc = rows->odbc;
    muster_record *record = NULL;
    muster_rc rc = MUSTER_OK;
    for (size_t i = 0; i < rows->count && rc == MUSTER_OK; i++) {
        char wrong[200] = "";
        bool null;
        rc = value_read(rows, 0, i, value, &null, wrong);
        const char *text = rc != MUSTER_OK || null ? NULL : value->data ? value->data : "";
        if (i == 0)
            record = odbc->host->record(odbc->run, stream, text, "find");
        if (rc == MUSTER_OK)
            odbc->host->put(record, rows->columns[i].name, rows->columns[i].type, text);
    }
    return rc == MUSTER_OK ? odbc->host->row(odbc->run, record) : rc;
}

static muster_rc found_all(struct odbc *odbc, const struct order *order, const char *stream)
{
    struct rows rows = {.odbc = odbc};
    muster_text value = {0};
    SQLUINTEGER getdata = odbc->getdata;
    muster_rc rc = statement_run(odbc, order->handle, "find");
    if (rc == MUSTER_OK)
        rc = rows_describe(odbc, order->handle, "find", &rows);
    odbc->getdata = 0; /* cell by cell: there are few */
    if (rc == MUSTER_OK)
        rc = rows_bind(&rows);
    odbc->getdata = getdata;
    while (rc == MUSTER_OK && (rc = rows_next(&rows, "find")) == MUSTER_OK && rows.fetched > 0)
        rc = found_tell(&rows, stream, &value);
    rows_done(&rows);
    muster_text_done(&value);
    return rc;
}

/* Who is there already with these values: the stream's `find`. */
muster_rc write_find(struct odbc *odbc, const char *stream, const muster_record *fields)
{
    const muster_node *said = muster_node_member(muster_document_root(odbc->statements), stream);
    const char *text = muster_node_text(muster_node_member(said, "find"));
    struct order order = {0};
    if (!text)
        return odbc->host->fail(odbc->run, MUSTER_UNSUPPORTED, "option 'statements' has no find for stream '%s'",
                                stream);
    muster_rc rc = order_read(odbc, text, &order);
    struct parameter *parameters = calloc(order.count + 1, sizeof(*parameters));
    if (!parameters)
        rc = odbc->host->fail(odbc->run, MUSTER_FAIL, "no memory");
    if (rc == MUSTER_OK)
        rc = link_statement(odbc, &order.handle);
    if (rc == MUSTER_OK)
        rc = statement_prepare(odbc, order.handle, order.sql, "find");
    for (size_t i = 0; i < order.count && rc == MUSTER_OK; i++) {
        struct parameter *one = &parameters[i];
        if (!parameter_fill(MUSTER_TEXT, odbc->host->get(fields, order.names[i]), one) ||
            !SQL_SUCCEEDED(SQLBindParameter(order.handle, (SQLUSMALLINT)(i + 1), SQL_PARAM_INPUT, SQL_C_WCHAR, one->sql,
                                            one->size, 0, one->text, 0, &one->len)))
            rc = fault_of(odbc, SQL_HANDLE_STMT, order.handle, "find");
    }
    if (rc == MUSTER_OK)
        rc = found_all(odbc, &order, stream);
    if (parameters)
        parameters_done(parameters, order.count);
    order_done(&order);
    return rc;
}
