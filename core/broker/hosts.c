/* hosts - where a connection may go. */
#include "broker/hosts.h"

#include <muster/connector.h>
#include <string.h>

/* Whether a host fits one of the patterns, with blanks or commas between; "*.example.com" is all below it. */
static bool hosts_match(const char *patterns, const char *host)
{
    size_t host_len = strlen(host);
    for (const char *at = patterns ? patterns : ""; *at;) {
        at += strspn(at, " ,\t");
        size_t len = strcspn(at, " ,\t"), name = len;
        const char *colon = memchr(at, ':', len);
        if (colon && *at != '[' && !memchr(colon + 1, ':', len - (size_t)(colon + 1 - at)))
            name = (size_t)(colon - at); /* of "host:port" */
        bool below = name > 2 && at[0] == '*' && at[1] == '.';
        if (below && host_len > name - 1 && strncasecmp(host + host_len - (name - 1), at + 1, name - 1) == 0)
            return true;
        if (!below && name == host_len && strncasecmp(host, at, name) == 0)
            return true;
        at += len;
    }
    return false;
}

static const muster_option *option_named(const muster_connector *connector, const muster_option *table,
                                         const char *path)
{
    size_t stride = connector->option_size ? connector->option_size : sizeof(*table), len = strcspn(path, "[.");
    for (const char *at = (const char *)table; at && ((const muster_option *)(const void *)at)->name; at += stride) {
        const muster_option *option = (const muster_option *)(const void *)at;
        if (strlen(option->name) != len || strncmp(option->name, path, len) != 0)
            continue;
        const char *dot = path[len] ? strchr(path + len, '.') : NULL;
        return dot ? option_named(connector, option->members, dot + 1) : option;
    }
    return NULL;
}

static bool text_names(const muster_option *option, const char *text, const char *host)
{
    if (option->type == MUSTER_HOSTS)
        return hosts_match(text, host);
    if (option->type != MUSTER_URL || !text)
        return false;
    struct arena *arena TIDY(arena_free) = arena_new();
    struct url url;
    return arena && url_read(arena, text, &url) == 0 && strcmp(url.host, host) == 0;
}

static bool named(const struct connection *connection, const char *host)
{
    const muster_connector *connector = connection->description;
    for (size_t i = 0; i < connection->option_count; i++) {
        const muster_option *option = option_named(connector, connector->options, connection->options[i].name);
        if (option && text_names(option, connection->options[i].text, host))
            return true;
    }
    /* What the file is silent about, the connector's initial value says. */
    size_t stride = connector->option_size ? connector->option_size : sizeof(muster_option);
    for (const char *at = (const char *)connector->options; at && ((const muster_option *)(const void *)at)->name;
         at += stride) {
        const muster_option *option = (const muster_option *)(const void *)at;
        if (option->initial && text_names(option, connection_option(connection, option->name), host))
            return true;
    }
    return hosts_match(connector->hosts, host);
}

int hosts_allow(const struct connection *connection, const struct url *url, struct err *err)
{
    const char *plain = connection_option(connection, "plain_http");
    if (!connection->description || !named(connection, url->host))
        return err_set(err, ERR_PERMISSION,
                       "the connector wants to call %s, which neither an option names nor connector '%s' declares: it "
                       "is not called",
                       url->host, connection->connector);
    if (!url->tls && !url_loopback(url->host) && !(plain && strcmp(plain, "true") == 0))
        return err_set(err, ERR_CONFIG,
                       "the connector wants to call http://%s: only https is used outside of this machine, unless "
                       "option 'plain_http' is true",
                       url->host);
    return 0;
}
