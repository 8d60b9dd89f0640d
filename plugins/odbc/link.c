/* link - the connection to the database: how it is made, and how its slowness is borne. */
#include "odbc.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <time.h>

enum { LOOK_MS = 100, ALIVE_MS = 5000 };

struct job {
    SQLRETURN (*work)(void *context);
    void *context;
    SQLRETURN rc;
    bool done;
    pthread_mutex_t lock;
    pthread_cond_t ended;
};

static void *job_run(void *context)
{
    struct job *job = context;
    SQLRETURN rc = job->work(job->context);
    pthread_mutex_lock(&job->lock);
    job->rc = rc;
    job->done = true;
    pthread_cond_signal(&job->ended);
    pthread_mutex_unlock(&job->lock);
    return NULL;
}

/* True when it has ended within the time. */
static bool job_ended(struct job *job, long ms)
{
    struct timespec until;
    clock_gettime(CLOCK_REALTIME, &until);
    until.tv_nsec += ms * 1000000;
    until.tv_sec += until.tv_nsec / 1000000000;
    until.tv_nsec %= 1000000000;
    pthread_mutex_lock(&job->lock);
    int rc = 0;
    while (!job->done && rc == 0)
        rc = pthread_cond_timedwait(&job->ended, &job->lock, &until);
    bool done = job->done;
    pthread_mutex_unlock(&job->lock);
    return done;
}

SQLRETURN link_wait(struct odbc *odbc, SQLHSTMT handle, SQLRETURN (*work)(void *context), void *context)
{
    struct job job = {.work = work,
                      .context = context,
                      .rc = SQL_ERROR,
                      .lock = PTHREAD_MUTEX_INITIALIZER,
                      .ended = PTHREAD_COND_INITIALIZER};
    pthread_t thread;
    if (pthread_create(&thread, NULL, job_run, &job) != 0)
        return work(context);
    bool stopped = false;
    for (long waited = 0; !job_ended(&job, LOOK_MS); waited += LOOK_MS) {
        if (waited % ALIVE_MS == 0)
            odbc->host->progress(odbc->run, 0, 0);
        if (!stopped && handle && odbc->host->cancelled(odbc->run)) {
            SQLCancel(handle);
            stopped = true;
        }
    }
    pthread_join(thread, NULL);
    return job.rc;
}

/* A value of a connection line; braces where it has what would end it. */
static void value_add(muster_text *line, const char *name, const char *value)
{
    muster_text_put(line, ";");
    muster_text_put(line, name);
    muster_text_put(line, "=");
    if (!strpbrk(value, "[]{}(),;?*=!@ ")) {
        muster_text_put(line, value);
        return;
    }
    muster_text_put(line, "{");
    for (const char *at = value; *at; at++) {
        muster_text_add(line, at, 1);
        if (*at == '}')
            muster_text_put(line, "}");
    }
    muster_text_put(line, "}");
}

struct beginning {
    SQLHDBC link;
    SQLWCHAR *line;
    size_t units;
};

static SQLRETURN connects(void *context)
{
    struct beginning *beginning = context;
    return SQLDriverConnectW(beginning->link, NULL, beginning->line, (SQLSMALLINT)beginning->units, NULL, 0, NULL,
                             SQL_DRIVER_NOPROMPT);
}

static muster_rc line_make(struct odbc *odbc, struct beginning *beginning)
{
    const char *connection = odbc->host->text(odbc->run, "connection");
    const char *user = odbc->host->text(odbc->run, "user"), *password = odbc->host->text(odbc->run, "password");
    muster_text line = {0};
    if (!strchr(connection, '='))
        muster_text_put(&line, "DSN=");
    muster_text_put(&line, connection);
    while (line.len > 0 && line.data[line.len - 1] == ';')
        line.data[--line.len] = '\0';
    if (user && *user)
        value_add(&line, "UID", user);
    if (password && *password)
        value_add(&line, "PWD", password);
    beginning->line = line.failed ? NULL : wide_of(line.data, &beginning->units);
    if (line.data)
        explicit_bzero(line.data, line.len);
    muster_text_done(&line);
    return beginning->line ? MUSTER_OK : odbc->host->fail(odbc->run, MUSTER_FAIL, "no memory");
}

static muster_rc handles_make(struct odbc *odbc)
{
    if (!odbc->environment) {
        if (!SQL_SUCCEEDED(SQLAllocHandle(SQL_HANDLE_ENV, SQL_NULL_HANDLE, &odbc->environment)))
            return odbc->host->fail(odbc->run, MUSTER_FAIL, "unixODBC does not start");
        SQLSetEnvAttr(odbc->environment, SQL_ATTR_ODBC_VERSION, (SQLPOINTER)SQL_OV_ODBC3, 0);
    }
    if (!SQL_SUCCEEDED(SQLAllocHandle(SQL_HANDLE_DBC, odbc->environment, &odbc->link)))
        return fault_of(odbc, SQL_HANDLE_ENV, odbc->environment, "no connection");
    return MUSTER_OK;
}

/* MariaDB's driver says that it can give a cell of a block once more, and reads beyond its memory when it is asked. */
static void extensions_ask(struct odbc *odbc)
{
    char driver[100] = "";
    SQLGetInfo(odbc->link, SQL_GETDATA_EXTENSIONS, &odbc->getdata, sizeof(odbc->getdata), NULL);
    SQLGetInfo(odbc->link, SQL_DRIVER_NAME, driver, sizeof(driver), NULL);
    if (strstr(driver, "maodbc"))
        odbc->getdata &= ~(SQLUINTEGER)(SQL_GD_BLOCK | SQL_GD_BOUND);
}

muster_rc link_open(struct odbc *odbc)
{
    struct beginning beginning = {0};
    if (odbc->connected)
        return MUSTER_OK;
    link_close(odbc);
    muster_rc rc = handles_make(odbc);
    if (rc == MUSTER_OK)
        rc = line_make(odbc, &beginning);
    if (rc != MUSTER_OK)
        return rc;
    beginning.link = odbc->link;
    SQLSetConnectAttr(odbc->link, SQL_ATTR_LOGIN_TIMEOUT, (SQLPOINTER)(intptr_t)odbc->timeout_s, 0);
    SQLRETURN done = link_wait(odbc, NULL, connects, &beginning);
    explicit_bzero(beginning.line, beginning.units * sizeof(*beginning.line));
    free(beginning.line);
    if (!SQL_SUCCEEDED(done))
        return fault_of(odbc, SQL_HANDLE_DBC, odbc->link, "no connection to the database");
    odbc->connected = true;
    extensions_ask(odbc);
    return MUSTER_OK;
}

void link_close(struct odbc *odbc)
{
    if (odbc->link) {
        SQLDisconnect(odbc->link);
        SQLFreeHandle(SQL_HANDLE_DBC, odbc->link);
    }
    odbc->link = NULL;
    odbc->connected = false;
}

muster_rc link_statement(struct odbc *odbc, SQLHSTMT *ret_handle)
{
    muster_rc rc = link_open(odbc);
    if (rc != MUSTER_OK)
        return rc;
    if (!SQL_SUCCEEDED(SQLAllocHandle(SQL_HANDLE_STMT, odbc->link, ret_handle)))
        return fault_of(odbc, SQL_HANDLE_DBC, odbc->link, "no statement can be made");
    SQLSetStmtAttr(*ret_handle, SQL_ATTR_QUERY_TIMEOUT, (SQLPOINTER)(intptr_t)odbc->timeout_s, 0);
    return MUSTER_OK;
}
