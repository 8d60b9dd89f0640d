/* sessions - log-ins at SFTP servers that outlive one run. */
#include "broker/sessions.h"

#include "base/mem.h"

#include <errno.h>
#include <string.h>

enum { SERVERS_MAX = 16 };

struct sessions {
    struct sftp *items[SERVERS_MAX];
    size_t count;
};

struct sessions *sessions_new(void)
{
    return mem_new(1, sizeof(struct sessions));
}

void sessions_free(struct sessions *sessions)
{
    if (!sessions)
        return;
    for (size_t i = 0; i < sessions->count; i++)
        sftp_free(sessions->items[i]);
    free(sessions);
}

static const struct option_value *option_of(const struct connection *connection, const char *name)
{
    for (size_t i = 0; i < connection->option_count; i++)
        if (strcmp(connection->options[i].name, name) == 0)
            return &connection->options[i];
    return NULL;
}

static bool same_text(const char *a, const char *b)
{
    return a && b ? strcmp(a, b) == 0 : a == b;
}

static bool same_option(const struct option_value *a, const struct option_value *b)
{
    if (!a || !b)
        return a == b;
    if (a->secret && b->secret)
        return a->secret->how == b->secret->how && strcmp(a->secret->name, b->secret->name) == 0;
    return !a->secret && !b->secret && same_text(a->text, b->text);
}

/* What says who we are and who the server must be. */
static bool same_login(const struct connection *a, const struct connection *b)
{
    static const char *const names[] = {"host_key", "known_hosts", "password", "private_key", "passphrase"};
    for (size_t i = 0; a != b && i < sizeof(names) / sizeof(names[0]); i++)
        if (!same_option(option_of(a, names[i]), option_of(b, names[i])))
            return false;
    return true;
}

int sessions_get(struct sessions *sessions, const struct connection *connection, const struct place *place,
                 const struct patience *patience, struct sftp **ret_sftp, struct err *err)
{
    for (size_t i = 0; i < sessions->count; i++)
        if (sftp_serves(sessions->items[i], place) && same_login(sftp_connection(sessions->items[i]), connection)) {
            sftp_use(sessions->items[i], connection, patience);
            *ret_sftp = sessions->items[i];
            return 0;
        }
    size_t at = sessions->count, own = 0;
    for (size_t i = 0; i < sessions->count; i++)
        if (sftp_connection(sessions->items[i]) == connection)
            own++;
        else
            at = i;
    if (own == SERVERS_MAX)
        return err_set(err, ERR_LIMIT, "connection '%s' uses more than %d servers: make several connections of it",
                       connection->name, SERVERS_MAX);
    struct sftp *sftp = NULL;
    int rc = sftp_new(connection, place, patience, &sftp, err);
    if (rc != 0)
        return rc;
    if (sessions->count < SERVERS_MAX)
        at = sessions->count++;
    else
        sftp_free(sessions->items[at]); /* another connection's, which logs in again when it must */
    sessions->items[at] = sftp;
    *ret_sftp = sftp;
    return 0;
}
