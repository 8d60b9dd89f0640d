/* cidr - addresses that something may come from. */
#include "config/cidr.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>

enum { MAPPED = 96 }; /* bits before an IPv4 address */
static const uint8_t mapped[12] = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff};

static bool same_bits(const uint8_t *a, const uint8_t *b, unsigned bits)
{
    unsigned whole = bits / 8, rest = bits % 8;
    uint8_t mask = (uint8_t)(0xff00u >> rest);
    return memcmp(a, b, whole) == 0 && (rest == 0 || ((a[whole] ^ b[whole]) & mask) == 0);
}

bool cidr_read(const char *text, struct cidr *ret_cidr)
{
    struct cidr cidr = {{0}, 0}, masked = {{0}, 0};
    char address[64];
    size_t len = strcspn(text, "/");
    if (len >= sizeof(address))
        return false;
    memcpy(address, text, len);
    address[len] = '\0';
    bool four = inet_pton(AF_INET, address, cidr.bytes + sizeof(mapped)) == 1;
    if (four)
        memcpy(cidr.bytes, mapped, sizeof(mapped));
    else if (inet_pton(AF_INET6, address, cidr.bytes) != 1)
        return false;
    unsigned most = four ? 32 : 128, bits = most;
    if (text[len] == '/') {
        const char *digits = text + len + 1;
        if (*digits == '\0' || strlen(digits) > 3 || digits[strspn(digits, "0123456789")] != '\0')
            return false;
        bits = (unsigned)strtoul(digits, NULL, 10);
    }
    if (bits > most)
        return false;
    cidr.bits = bits + (four ? MAPPED : 0);
    for (unsigned bit = 0; bit < cidr.bits; bit++)
        masked.bytes[bit / 8] |= (uint8_t)(cidr.bytes[bit / 8] & (0x80u >> bit % 8));
    if (memcmp(masked.bytes, cidr.bytes, sizeof(cidr.bytes)) != 0)
        return false;
    *ret_cidr = cidr;
    return true;
}

bool cidr_has(const struct cidr *cidr, const struct sockaddr *address)
{
    uint8_t bytes[16];
    if (address->sa_family == AF_INET) {
        memcpy(bytes, mapped, sizeof(mapped));
        memcpy(bytes + sizeof(mapped), &((const struct sockaddr_in *)address)->sin_addr, 4);
    } else if (address->sa_family == AF_INET6) {
        memcpy(bytes, &((const struct sockaddr_in6 *)address)->sin6_addr, sizeof(bytes));
    } else {
        return false;
    }
    return same_bits(cidr->bytes, bytes, cidr->bits);
}
