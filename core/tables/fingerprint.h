/* fingerprint - what a column of a source holds, without holding any of it.
 *
 * How many rows there were, how many had something there, what it looked like,
 * and a sample of keyed digests: those of the values whose hash is lowest.
 * Two columns that say the same have the same sample, whatever their rows'
 * order, so that a renamed column is recognised. A digest is cut to 24 bits:
 * enough to compare columns, too little to prove that a value was there. */
#ifndef TABLES_FINGERPRINT_H
#define TABLES_FINGERPRINT_H

#include "base/arena.h"
#include "base/buffer.h"
#include "base/digest.h"
#include "store/vault.h"

#include <stdbool.h>

enum print_type {
    PRINT_TEXT,
    PRINT_NUMBER,
    PRINT_DATE,
    PRINT_MAIL,
    PRINT_BOOL,
    PRINT_TYPES,
    PRINT_MIXED = PRINT_TYPES
};
enum { PRINT_SAMPLE = 256, PRINT_SLOTS = 2 * PRINT_SAMPLE };

struct fingerprint {
    uint32_t rows, filled;
    uint32_t typed; /* so many of the filled ones were looked at for their type */
    uint32_t types[PRINT_TYPES];
    uint32_t level; /* a value is in the sample when its hash begins with so many zero bits */
    uint32_t count;
    const uint32_t *sample; /* ascending: 8 bits of zero bits, 24 of the digest */
};

/* Of one organization: samples of another one cannot be compared with its own. */
struct print_key {
    uint8_t key[32];
    uint64_t seed;
};
void print_key_init(struct print_key *key, const struct vault *vault);

/* Takes a fingerprint, value by value. Starts as {.most = UINT64_MAX}. */
struct sampler {
    uint64_t most; /* the highest hash that is still taken */
    uint32_t filled, typed, types[PRINT_TYPES];
    uint32_t level, count;
    uint64_t hashes[PRINT_SLOTS]; /* open hash; 0: free */
    uint32_t marks[PRINT_SLOTS];
};

void sampler_type(struct sampler *sampler, int type, const char *bytes, size_t len);
void sampler_take(struct sampler *sampler, const struct print_key *key, uint64_t hash, const char *bytes, size_t len);

/* On the way of every cell: most values end at the comparison. */
static inline void sampler_add(struct sampler *sampler, const struct print_key *key, int type, const char *bytes,
                               size_t len)
{
    enum { ALL = 512, THEN_EACH = 16 };
    if (len == 0)
        return;
    if (sampler->filled++ < ALL || sampler->filled % THEN_EACH == 0)
        sampler_type(sampler, type, bytes, len);
    uint64_t hash = digest_seeded(key->seed, bytes, len);
    if (hash <= sampler->most && hash != sampler->hashes[hash & (PRINT_SLOTS - 1)])
        sampler_take(sampler, key, hash, bytes, len);
}

/* What was seen, in the arena. Returns 0 or -ENOMEM. */
int sampler_finish(const struct sampler *sampler, uint64_t rows, struct arena *arena, struct fingerprint *ret_print);

/* The type that nearly all values have; PRINT_MIXED: there is none, or too few values to say. */
enum print_type fingerprint_type(const struct fingerprint *print);
const char *print_type_text(enum print_type type); /* "dates" */

/* How many of the values sampled in `before` are in `now` too, out of how many that can be compared. */
uint32_t fingerprint_shared(const struct fingerprint *before, const struct fingerprint *now, uint32_t *ret_of);

void fingerprint_write(const struct fingerprint *print, struct buffer *out);
/* Moves *at behind what was read. False: no fingerprint stands there. */
bool fingerprint_read(const uint8_t **at, const uint8_t *end, struct arena *arena, struct fingerprint *ret_print);

#endif
