/* partial - what a broken transfer has brought, kept for the next run.
 *
 * A sealed file in the folder of the organization, `.partial-…`: the bytes are
 * somebody's personal data. It is good only for the same file of the same
 * size and time; a damaged, foreign or old one is removed and nothing of it
 * used. */
#ifndef BROKER_PARTIAL_H
#define BROKER_PARTIAL_H

#include "base/sha256.h"

#include <stdint.h>

enum { PARTIAL_LEAST = 1 << 20 }; /* bytes; less is fetched anew as fast */

struct partials {
    uint8_t key[32];
};

/* Whose part it is. */
struct partial {
    const char *of; /* "user@host:22 /path" */
    uint64_t size;
    int64_t mtime; /* seconds */
};

/* Writes what was kept into fd and adds it to sum; returns how many bytes that was, 0 when there is none. It is used up
 * by that. */
uint64_t partial_load(const struct partials *partials, const char *dir, const struct partial *partial, int fd,
                      struct sha256 *sum);
/* Keeps the first `len` bytes of fd, if it can. */
void partial_save(const struct partials *partials, const char *dir, const struct partial *partial, int fd,
                  uint64_t len);

#endif
