/* partial - what a broken transfer has brought, kept for the next run.
 *
 * A sealed file in the folder of the organization, `.partial-…`: the bytes are
 * somebody's personal data. It grows while its file comes, so that it outlives
 * a process that is killed. It is good only for the same file of the same size
 * and time; a damaged, foreign or old one is removed and nothing of it used. */
#ifndef BROKER_PARTIAL_H
#define BROKER_PARTIAL_H

#include "base/seal.h"
#include "base/sha256.h"

#include <stdbool.h>
#include <stdint.h>

enum {
    PARTIAL_LEAST = 1 << 20,  /* bytes; less is fetched anew as fast */
    PARTIAL_MOST = 1 << 30,   /* no more of a file than that is kept */
    PARTIAL_BLOCK = 64 << 10, /* only whole ones are */
    PARTIAL_EVERY_MS = 2000   /* how much time of a transfer may be lost */
};

struct partials {
    uint8_t key[32];
    int every_ms;
};

/* Whose part it is. */
struct partial {
    const char *of; /* "user@host:22 /path" */
    uint64_t size;
    int64_t mtime; /* seconds */
};

/* One that grows. Starts as {.fd = -1}. */
struct partial_growing {
    int fd;
    bool off;     /* it could not be written: there is none */
    uint64_t len; /* plain bytes in it */
    struct seal seal;
};

/* Writes what was kept into fd and adds it to sum; returns how many bytes that was, 0 when there is none. It stays
 * until it is dropped or another one has taken its place. */
uint64_t partial_load(const struct partials *partials, const char *dir, const struct partial *partial, int fd,
                      struct sha256 *sum);
/* Keeps what is new of the first `len` bytes of fd, if it can. */
void partial_grow(const struct partials *partials, const char *dir, const struct partial *partial,
                  struct partial_growing *growing, int fd, uint64_t len);
/* Nobody needs it any more. */
void partial_drop(const struct partials *partials, const char *dir, const struct partial *partial);
void partial_growing_done(struct partial_growing *growing);

#endif
