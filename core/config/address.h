/* address - the part of an address between "://" and its path: USER@HOST:PORT, as people write it.
 *
 * What follows it, from '/', '?' or '#' on, is passed over. */
#ifndef CONFIG_ADDRESS_H
#define CONFIG_ADDRESS_H

#include <stdbool.h>

/* A host's name or address, or several by a pattern; with a port if it has one, and nothing of an address before it. */
bool address_host(const char *host);
/* It names a user and a password. */
bool address_password(const char *authority);
/* It names no port, or one from 1 to 65535. */
bool address_port(const char *authority);
/* It is this machine. */
bool address_loopback(const char *authority);

#endif
