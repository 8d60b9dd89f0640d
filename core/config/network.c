/* network - the options that every connector with HTTP has. */
#include "config/network.h"

#include "config/reading.h"

#include <string.h>

static const muster_option options[] = {
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

const muster_option *network_options(void)
{
    return options;
}

const muster_option *network_option(const char *name)
{
    for (const muster_option *option = options; option->name; option++)
        if (strcmp(option->name, name) == 0)
            return option;
    return NULL;
}

static bool names_hosts(const muster_connector *connector, const muster_option *table)
{
    const muster_option *option;
    for (size_t n = 0; (option = option_nth(connector, table, n)); n++)
        if (option->type == MUSTER_URL || option->type == MUSTER_HOSTS ||
            (option->members && names_hosts(connector, option->members)))
            return true;
    return false;
}

bool network_offered(const muster_connector *connector)
{
    return connector && ((connector->hosts && *connector->hosts) || names_hosts(connector, connector->options));
}
