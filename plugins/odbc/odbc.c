/* odbc - rows of a database by ODBC: an SQL statement is a stream.
 *
 * A database's driver opens its own connection and wants the password itself: the only connector that is given a
 * secret, and a network. muster-odbc(7) says what that means and what to do about it. */
#include "odbc.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

static const muster_option options[] = {
    {.name = "connection",
     .type = MUSTER_TEXT,
     .flags = MUSTER_REQUIRED,
     .doc = "A connection line without user and password, as in Driver=PostgreSQL Unicode;Server=db.example;Port=5432;"
            "Database=hr, or the name of a data source of /etc/odbc.ini."},
    {.name = "user", .type = MUSTER_TEXT, .doc = "Who logs in: somebody who may read these tables and nothing else."},
    {.name = "password", .type = MUSTER_TEXT, .flags = MUSTER_SECRET, .doc = "The password of that user."},
    {.name = "statements",
     .needed = "@*",
     .type = MUSTER_JSON,
     .doc =
         "A map of streams: each an SQL select, or { select: SQL, cursor: COLUMN, begin: VALUE }. With a cursor, ? in "
         "the select stands for its last value; in \"COLUMN >= ?\" the cursor need not be named. As a target: "
         "{ create: SQL, update: SQL, deactivate: SQL, reactivate: SQL, delete: SQL, find: SQL, id: FIELD }, with "
         ":FIELD "
         "for its values."},
    {.name = "files",
     .type = MUSTER_LIST,
     .doc = "Absolute paths of files and folders that the driver itself opens: the database file of SQLite, a socket's "
            "folder, a driver outside of /usr/lib. Needs files in allow."},
    {.name = "time_zone",
     .type = MUSTER_TEXT,
     .initial = "",
     .doc = "In which zone times without one are: UTC, or as in +02:00; unset: the organization's."},
    {.name = "timeout",
     .type = MUSTER_SECONDS,
     .initial = "300",
     .min = 1,
     .max = 86400,
     .doc = "How long a log-in or a statement may take."},
    {.name = "trim",
     .type = MUSTER_BOOL,
     .initial = "true",
     .doc = "Blanks and zero bytes at the end of CHAR columns are padding."},
    {.name = "block",
     .type = MUSTER_INTEGER,
     .initial = "100",
     .min = 1,
     .max = 10000,
     .flags = MUSTER_ADVANCED,
     .doc = "How many rows are fetched at once, where the driver can."},
    {0},
};

static const muster_stream streams[] = {
    {.name = "rows",
     .doc = "What a statement answers.",
     .flags = MUSTER_READ_FULL | MUSTER_READ_CHANGES | MUSTER_WRITE | MUSTER_DYNAMIC,
     .gone = MUSTER_BY_ABSENCE},
    {0},
};

static void close_it(muster_run *run, void *self)
{
    struct odbc *odbc = self;
    odbc->run = run;
    link_close(odbc);
    if (odbc->environment)
        SQLFreeHandle(SQL_HANDLE_ENV, odbc->environment);
    muster_document_free(odbc->statements);
    free(odbc);
}

static bool zone_fine(const char *zone)
{
    static const char form[] = "+00:00";
    if (!*zone || strcmp(zone, "UTC") == 0)
        return true;
    if ((*zone != '+' && *zone != '-') || strlen(zone) != sizeof(form) - 1)
        return false;
    for (size_t i = 1; form[i]; i++)
        if (form[i] == ':' ? zone[i] != ':' : (zone[i] < '0' || zone[i] > '9'))
            return false;
    return true;
}

static bool says_where(const char *key)
{
    static const char *const keys[] = {"driver", "dsn", "filedsn"};
    key += strspn(key, " \t");
    for (size_t n = 0; n < sizeof(keys) / sizeof(*keys); n++) {
        size_t len = strlen(keys[n]);
        if (strncasecmp(key, keys[n], len) == 0 && key[len + strspn(key + len, " \t")] == '=')
            return true;
    }
    return false;
}

/* A name alone is that of a data source; a line has to say which driver, or which source. */
static muster_rc connection_check(muster_run *run)
{
    const char *line = run->host->text(run, "connection");
    if (strcasestr(line, "pwd=") || strcasestr(line, "password="))
        return run->host->fail(run, MUSTER_CONFIG,
                               "option 'connection' has a password in it: it belongs into `password: !secret …`");
    if (!strchr(line, '='))
        return MUSTER_OK;
    for (const char *at = line; at; at = strchr(at, ';') ? strchr(at, ';') + 1 : NULL)
        if (says_where(at))
            return MUSTER_OK;
    return run->host->fail(
        run, MUSTER_CONFIG,
        "option 'connection' says neither Driver=… nor DSN=…: write pairs with semicolons between, as "
        "in Driver=FreeTDS;Server=db.example;Database=hr");
}

static muster_rc open_it(muster_run *run, void **ret_self)
{
    struct odbc *odbc = calloc(1, sizeof(*odbc));
    const char *why = "", *text = run->host->text(run, "statements");
    if (!odbc)
        return run->host->fail(run, MUSTER_FAIL, "no memory");
    odbc->run = run;
    odbc->host = run->host;
    odbc->time_zone = run->host->text(run, "time_zone");
    odbc->trim = run->host->number(run, "trim") != 0;
    odbc->timeout_s = run->host->number(run, "timeout");
    odbc->block = run->host->number(run, "block");
    muster_rc rc = MUSTER_OK;
    if (text && *text && !(odbc->statements = muster_document_read(text, strlen(text), &why)))
        rc = run->host->fail(run, MUSTER_CONFIG, "option 'statements': %s", why);
    if (rc == MUSTER_OK)
        rc = statement_check(odbc);
    if (rc == MUSTER_OK)
        rc = connection_check(run);
    if (rc == MUSTER_OK && !zone_fine(odbc->time_zone))
        rc = run->host->fail(run, MUSTER_CONFIG, "option 'time_zone' has to be UTC or as in +02:00");
    if (rc == MUSTER_OK)
        rc = statements_tell(odbc);
    if (rc != MUSTER_OK) {
        close_it(run, odbc);
        return rc;
    }
    *ret_self = odbc;
    return MUSTER_OK;
}

static muster_rc check_it(muster_run *run, void *self)
{
    struct odbc *odbc = self;
    odbc->run = run;
    return link_open(odbc);
}

static muster_rc discover_it(muster_run *run, void *self)
{
    struct odbc *odbc = self;
    odbc->run = run;
    return discover_all(odbc);
}

static muster_rc pull_it(muster_run *run, void *self, const muster_pull *asked)
{
    struct odbc *odbc = self;
    odbc->run = run;
    return read_pull(odbc, asked);
}

static muster_rc apply_it(muster_run *run, void *self, const muster_push *push)
{
    struct odbc *odbc = self;
    odbc->run = run;
    return write_apply(odbc, push);
}

static muster_rc find_it(muster_run *run, void *self, const char *stream, const muster_record *fields)
{
    struct odbc *odbc = self;
    odbc->run = run;
    return write_find(odbc, stream, fields);
}

MUSTER_CONNECTOR(odbc, .version = "1.0", .summary = "Databases by ODBC: an SQL statement is a stream",
                 .needs = MUSTER_NEEDS_NETWORK | MUSTER_NEEDS_SECRETS, .options = options, .streams = streams,
                 .open = open_it, .close = close_it, .check = check_it, .discover = discover_it, .pull = pull_it,
                 .find = find_it, .apply = apply_it)
