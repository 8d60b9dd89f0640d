/* cidr - addresses that something may come from: "203.0.113.0/24", "2001:db8::/32", or one address. */
#ifndef CONFIG_CIDR_H
#define CONFIG_CIDR_H

#include <stdbool.h>
#include <stdint.h>

struct sockaddr;

struct cidr {
    uint8_t bytes[16]; /* an IPv4 address as IPv6 has it: ::ffff:203.0.113.0 */
    unsigned bits;
};

/* False: it is none, or has bits behind its end. */
bool cidr_read(const char *text, struct cidr *ret_cidr);
bool cidr_has(const struct cidr *cidr, const struct sockaddr *address);

#endif
