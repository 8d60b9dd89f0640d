/* given - the options that the broker gives. */
#include "config/given.h"

#include "config/reading.h"

#include <string.h>

static const muster_option http[] = {
    {.name = "ca_file",
     .type = MUSTER_TEXT,
     .flags = MUSTER_ADVANCED,
     .doc = "Certificates of those who may vouch for the system, in a PEM file; without it those that this machine "
            "trusts"},
    {.name = "proxy",
     .type = MUSTER_TEXT,
     .flags = MUSTER_ADVANCED,
     .doc = "Through which all calls go, as in http://proxy.acme.example:3128; the environment's is not used"},
    {.name = "plain_http",
     .type = MUSTER_BOOL,
     .flags = MUSTER_ADVANCED,
     .initial = "false",
     .doc = "Also call http:// addresses that are not on this machine: everybody on the way can read along"},
    {.name = "requests_per_second",
     .type = MUSTER_DECIMAL,
     .flags = MUSTER_ADVANCED,
     .max = 10000,
     .doc = "How many calls the provider's account may take, over all connections and organizations that use it; "
            "without it what the connector says"},
    {.name = "attempts",
     .type = MUSTER_INTEGER,
     .flags = MUSTER_ADVANCED,
     .min = 1,
     .max = 5,
     .doc =
         "How often a call is made in all that fails in a way that may pass by itself; without it 5, within a minute"},
    {0},
};

static const muster_option files[] = {
    {.name = "host_key",
     .type = MUSTER_TEXT,
     .doc = "The server's key fingerprint (SHA256:…); this or known_hosts is required for sftp://."},
    {.name = "known_hosts", .type = MUSTER_TEXT, .doc = "A file in the format of OpenSSH that holds the server's key."},
    {.name = "password", .type = MUSTER_TEXT, .flags = MUSTER_SECRET, .doc = "The password to log in with."},
    {.name = "private_key",
     .type = MUSTER_TEXT,
     .flags = MUSTER_SECRET,
     .doc = "The private key to log in with, in the format of OpenSSH or PEM."},
    {.name = "passphrase",
     .type = MUSTER_TEXT,
     .flags = MUSTER_SECRET,
     .serves = "private_key",
     .doc = "What the private key is locked with."},
    {0},
};

static const muster_option *const tables[] = {[GIVEN_http] = http, [GIVEN_files] = files};

static bool is_told_hosts(const muster_option *option)
{
    return option->type == MUSTER_URL || option->type == MUSTER_HOSTS;
}

static bool is_place(const muster_option *option)
{
    return (option->flags & MUSTER_PLACE) != 0;
}

static bool any(const muster_connector *connector, const muster_option *table, bool fits(const muster_option *))
{
    const muster_option *option;
    for (size_t n = 0; (option = option_nth(connector, table, n)); n++)
        if (fits(option) || (option->members && any(connector, option->members, fits)))
            return true;
    return false;
}

bool given_has(const muster_connector *connector, enum given which)
{
    if (!connector)
        return false;
    return which == GIVEN_files
               ? any(connector, connector->options, is_place)
               : (connector->hosts && *connector->hosts) || any(connector, connector->options, is_told_hosts);
}

static bool declares(const muster_connector *connector, const char *name)
{
    const muster_option *option;
    for (size_t n = 0; (option = option_nth(connector, connector->options, n)); n++)
        if (strcmp(option->name, name) == 0)
            return true;
    return false;
}

const muster_option *given_nth(const muster_connector *connector, enum given which, size_t n)
{
    if (!given_has(connector, which))
        return NULL;
    for (const muster_option *option = tables[which]; option->name; option++)
        if (!declares(connector, option->name) && n-- == 0)
            return option;
    return NULL;
}

const muster_option *given_option(const muster_connector *connector, const char *name)
{
    for (enum given which = 0; which < GIVEN_COUNT; which++)
        for (const muster_option *option = tables[which]; option->name; option++)
            if (strcmp(option->name, name) == 0)
                return given_has(connector, which) && !declares(connector, name) ? option : NULL;
    return NULL;
}
