/* fault - SQLSTATEs as result codes: whose turn it is, and a sentence without the values of people's rows. */
#include "odbc.h"

#include <stdio.h>
#include <string.h>

struct meaning {
    const char *begins; /* the SQLSTATE's beginning */
    muster_rc rc;
    const char *turn;
};

/* The first that fits counts. */
static const struct meaning meanings[] = {
    {"28", MUSTER_AUTH, "the log-in was refused: options user and password"},
    {"08004", MUSTER_AUTH, "the server refused the connection: options user and password, and who may connect"},
    {"08", MUSTER_RETRY, "the server cannot be reached, or the line broke: it is tried again"},
    {"HYT0", MUSTER_RETRY, "it took longer than option timeout allows: it is tried again"},
    {"40", MUSTER_RETRY, "another transaction was in the way: it is tried again"},
    {"53", MUSTER_RETRY, "the server has no room or memory left: its administrator's turn; it is tried again"},
    {"57", MUSTER_RETRY, "the server was stopped, is starting, or stopped the statement: it is tried again"},
    {"HY008", MUSTER_CANCELLED, "it was cancelled"},
    {"42501", MUSTER_PERMISSION, "this user lacks a right: the database administrator's turn"},
    {"IM002", MUSTER_CONFIG, "no such data source or driver is set up here: option connection, or /etc/odbcinst.ini"},
    {"IM", MUSTER_CONFIG, "the driver could not be used: is it installed, and named in /etc/odbcinst.ini?"},
    {"3D", MUSTER_CONFIG, "there is no such database: option connection"},
    {"42", MUSTER_CONFIG, "the statement is wrong, or names what is not there: option statements"},
    {"37", MUSTER_CONFIG, "the statement is wrong: option statements"},
    {"S0", MUSTER_CONFIG, "the statement names what is not there: option statements"},
    {"07", MUSTER_CONFIG, "the statement and its parameters do not fit: option statements"},
    {"23", MUSTER_CONFLICT, "another row is in the way, or one that this one needs is missing"},
    {"22", MUSTER_DATA, "a value does not fit its column"},
    {"25", MUSTER_PERMISSION, "the server takes no changes here"},
};

/* Where drivers use one SQLSTATE for much, the server's own number says more. */
static const struct {
    const char *state;
    SQLINTEGER native;
    muster_rc rc;
    const char *turn;
} natives[] = {
    {"42000", 1142, MUSTER_PERMISSION, "this user lacks a right: the database administrator's turn"}, /* MariaDB */
    {"42000", 1143, MUSTER_PERMISSION, "this user lacks a right: the database administrator's turn"},
    {"42000", 1044, MUSTER_PERMISSION, "this user lacks a right: the database administrator's turn"},
    {"42000", 1370, MUSTER_PERMISSION, "this user lacks a right: the database administrator's turn"},
    {"42000", 229, MUSTER_PERMISSION, "this user lacks a right: the database administrator's turn"}, /* SQL Server */
    {"42000", 230, MUSTER_PERMISSION, "this user lacks a right: the database administrator's turn"},
    {"42000", 4060, MUSTER_CONFIG, "there is no such database, or this user may not open it: option connection"},
    {"42000", 1049, MUSTER_CONFIG, "there is no such database: option connection"},
    {"HY000", 1049, MUSTER_CONFIG, "there is no such database: option connection"},
    {"HY000", 1045, MUSTER_AUTH, "the log-in was refused: options user and password"},
    {"HY000", 1698, MUSTER_AUTH, "the log-in was refused: options user and password"},
    {"HY000", 2002, MUSTER_RETRY, "the server cannot be reached: it is tried again"},
    {"HY000", 2003, MUSTER_RETRY, "the server cannot be reached: it is tried again"},
    {"HY000", 2006, MUSTER_RETRY, "the line broke: it is tried again"},
    {"HY000", 2013, MUSTER_RETRY, "the line broke: it is tried again"},
    {"HY000", 5, MUSTER_RETRY, "the database is locked: it is tried again"}, /* SQLite */
    {"HY000", 1, MUSTER_CONFIG, "the statement is wrong, or names what is not there: option statements"},
    {"HY000", 14, MUSTER_CONFIG, "the file cannot be opened: is it among option files, and files in allow?"},
    {"HY000", 19, MUSTER_CONFLICT, "another row is in the way, or one that this one needs is missing"},
};

/* Drivers whose SQLSTATE for a failed beginning says nothing: what they say in words. */
static const struct {
    const char *words;
    muster_rc rc;
    const char *turn;
} spoken[] = {
    {"password authentication failed", MUSTER_AUTH, "the log-in was refused: options user and password"},
    {"no password supplied", MUSTER_AUTH, "the log-in was refused: options user and password"},
    {"no pg_hba.conf entry", MUSTER_AUTH, "the server lets nobody in from here: its administrator's turn"},
    {"role \"", MUSTER_AUTH, "there is no such user: option user"},
    {"does not exist", MUSTER_CONFIG, "there is no such thing on the server: options connection and statements"},
    {"Can't open lib", MUSTER_CONFIG, "the driver is not installed: option connection names it"},
    {"database is locked", MUSTER_RETRY, "the database is locked: it is tried again"},
    {"no such table", MUSTER_CONFIG, "the statement names what is not there: option statements"},
    {"no such column", MUSTER_CONFIG, "the statement names what is not there: option statements"},
    {"unable to open database", MUSTER_CONFIG,
     "the file cannot be opened: is it among option files, and files in allow?"},
    {"constraint failed", MUSTER_CONFLICT, "another row is in the way, or one that this one needs is missing"},
};

/* What stands in quotes or parentheses becomes one '*'. */
static void message_mask(char *message)
{
    char *to = message;
    for (char *from = message; *from; from++) {
        char until = *from == '(' ? ')' : *from == '\'' || *from == '"' ? *from : '\0';
        char *end = until ? strchr(from + 1, until) : NULL;
        *to++ = *from;
        if (!end || end < from + 2)
            continue;
        *to++ = '*';
        *to++ = until;
        from = end;
    }
    *to = '\0';
}

/* The first line, without the driver's names in brackets before it; values that might be a person's are left out. */
static void message_clean(char *message, bool about_values)
{
    message[strcspn(message, "\r\n")] = '\0';
    char *at = message;
    while (*at == '[' && strchr(at, ']'))
        at = strchr(at, ']') + 1;
    at += strspn(at, " ");
    memmove(message, at, strlen(at) + 1);
    if (about_values)
        message_mask(message);
}

static const char *meaning_of(const char *state, SQLINTEGER native, const char *message, muster_rc *ret_rc)
{
    for (size_t i = 0; i < sizeof(natives) / sizeof(natives[0]); i++)
        if (strcmp(natives[i].state, state) == 0 && natives[i].native == native)
            return *ret_rc = natives[i].rc, natives[i].turn;
    bool vague = strncmp(state, "HY", 2) == 0 || strncmp(state, "08", 2) == 0 || strcmp(state, "01000") == 0;
    for (size_t i = 0; vague && i < sizeof(spoken) / sizeof(spoken[0]); i++)
        if (strstr(message, spoken[i].words))
            return *ret_rc = spoken[i].rc, spoken[i].turn;
    for (size_t i = 0; i < sizeof(meanings) / sizeof(meanings[0]); i++)
        if (strncmp(state, meanings[i].begins, strlen(meanings[i].begins)) == 0)
            return *ret_rc = meanings[i].rc, meanings[i].turn;
    *ret_rc = MUSTER_FAIL;
    return "nothing is known of this fault";
}

muster_rc fault_read(SQLSMALLINT type, SQLHANDLE handle, char ret_state[6], char *ret_why, size_t room)
{
    SQLWCHAR state[6] = {0}, message[1000] = {0};
    SQLINTEGER native = 0;
    SQLSMALLINT len = 0;
    muster_text text = {0};
    muster_rc rc = MUSTER_FAIL;
    memcpy(ret_state, "HY000", 6);
    if (SQL_SUCCEEDED(SQLGetDiagRecW(type, handle, 1, state, &native, message, 1000, &len))) {
        for (int i = 0; i < 5; i++)
            ret_state[i] = (char)state[i];
        wide_add(&text, message, len < 0 ? 0 : len > 999 ? 999 : (size_t)len);
    }
    char *said = text.data ? text.data : (char[]){""};
    const char *turn = meaning_of(ret_state, native, said, &rc);
    message_clean(said, rc == MUSTER_DATA || rc == MUSTER_CONFLICT);
    snprintf(ret_why, room, "%s (SQLSTATE %s: %.400s)", turn, ret_state, *said ? said : "the driver says nothing");
    muster_text_done(&text);
    return rc;
}

muster_rc fault_of(struct odbc *odbc, SQLSMALLINT type, SQLHANDLE handle, const char *what)
{
    char state[6], why[600];
    muster_rc rc = fault_read(type, handle, state, why, sizeof(why));
    if (strncmp(state, "08", 2) == 0)
        odbc->connected = false; /* the next one begins anew */
    return odbc->host->fail(odbc->run, rc, "%s: %s", what, why);
}
