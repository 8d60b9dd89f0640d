/* address - the part of an address between "://" and its path. */
#include "config/address.h"

#include <stddef.h>
#include <stdlib.h>
#include <string.h>

static bool host_char(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || strchr(".-_*:/[]", c) != NULL;
}

bool address_host(const char *host)
{
    if (*host == '\0' || strstr(host, "://"))
        return false;
    for (; *host; host++)
        if (!host_char(*host))
            return false;
    return true;
}

/* Where "user@" ends. */
static const char *server_of(const char *authority)
{
    const char *at = memchr(authority, '@', strcspn(authority, "/?#"));
    return at ? at + 1 : authority;
}

bool address_password(const char *authority)
{
    const char *server = server_of(authority);
    return server > authority && memchr(authority, ':', (size_t)(server - authority));
}

bool address_port(const char *authority)
{
    const char *server = server_of(authority), *end = server + strcspn(server, "/?#");
    const char *close = *server == '[' ? memchr(server, ']', (size_t)(end - server)) : NULL,
               *host = close ? close : server;
    const char *colon = memchr(host, ':', (size_t)(end - host));
    if (!colon)
        return true;
    size_t digits = strspn(colon + 1, "0123456789");
    if (digits == 0 || digits > 5 || colon + 1 + digits != end)
        return false;
    unsigned long port = strtoul(colon + 1, NULL, 10);
    return port >= 1 && port <= 65535;
}

bool address_loopback(const char *authority)
{
    static const char *const names[] = {"localhost", "127.0.0.1", "[::1]"};
    for (size_t i = 0; i < 3; i++) {
        size_t len = strlen(names[i]);
        if (strncmp(authority, names[i], len) == 0 && strchr(":/?#", authority[len]))
            return true;
    }
    return false;
}
